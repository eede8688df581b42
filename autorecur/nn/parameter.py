"""The numbers that a module learns."""

from __future__ import annotations

from typing import Any

import numpy as np

from autorecur.errors import DtypeError
from autorecur.tape.numbers import as_array, frozen
from autorecur.tape.tensor import Tensor


class Parameter(Tensor):
    """A leaf tensor with a copy of ``data`` that asks for a gradient; as an attribute of a module it is learned.

    Lists of floats become float64, arrays keep their dtype. Raises GradientError for what is no float, unless
    ``requires_grad`` is False.

    >>> import autorecur as ar
    >>> p = ar.nn.Parameter([1.0, 2.0])
    >>> (p * p).sum().backward()
    >>> p.grad
    tensor([2., 4.])
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(as_array(data, copy=True), requires_grad)

    def become(self, dtype: Any) -> None:
        """The numbers and the gradient in another dtype of floats, in place; what was computed before keeps its own."""
        self._array = frozen(np.asarray(self._array, np.dtype(dtype)))
        if self.grad is not None:
            self.grad = self.grad.detach().astype(dtype)

    def __repr__(self) -> str:
        return f"parameter{super().__repr__().removeprefix('tensor').replace(', requires_grad=True', '')}"

    def __reduce__(self) -> tuple[Any, ...]:
        return Parameter, (np.array(self.data), self.requires_grad)


def plain_numbers(value: Any) -> Any:
    """The numbers of an array, a tensor or another library's tensor, without history; raises DtypeError."""
    for step in ("detach", "cpu"):  # as PyTorch's tensors need it, on a device and with a gradient
        value = getattr(value, step)() if hasattr(value, step) else value
    array = as_array(value)
    if array.dtype.kind not in "biuf":
        raise DtypeError(f"a parameter holds real numbers, not {array.dtype}")
    return array
