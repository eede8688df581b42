"""An op with several results: one record, the *bundle*, from which the results are taken by name.

What comes back to the results is gathered as :class:`Parts` and reaches the op's joint rule at once; results that nobody used
have no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autorecur.ops import Op
from autorecur.tape.numbers import Array
from autorecur.tape.tensor import Tensor, recorded


class Parts:
    """The cotangent of a bundle: that of each result, by name."""

    __slots__ = ("by_name", "dtype")

    def __init__(self, by_name: Mapping[str, Any], dtype: Any) -> None:
        self.by_name, self.dtype = by_name, dtype

    def __add__(self, other: Parts) -> Parts:
        found = dict(self.by_name)
        for name, g in other.by_name.items():
            found[name] = found[name] + g if name in found else g
        return Parts(found, self.dtype)

    @property
    def differentiable(self) -> bool:
        """Whether the cotangents are tensors, which are differentiated in their turn."""
        return any(isinstance(g, Tensor) for g in self.by_name.values())


def bundle(
    op: Op,
    inputs: tuple[Any, ...],
    arrays: Sequence[Array],
    receivers: Sequence[int],
    dtype: Any,
    attributes: Mapping[str, Any],
) -> Tensor:
    """The record of an op whose results have been computed already; ``op.joint`` is given Parts.

    ``arrays`` are the numbers of the inputs, which nobody can change; ``receivers`` says which inputs require a gradient.
    """
    return recorded(np.zeros((), dtype), op, inputs, arrays, attributes, receivers)


def nothing(*arrays: Array, **attributes: Any) -> Array:
    """The kernel of such an op: a bundle holds no numbers of its own."""
    return np.zeros(())


def result(of: Tensor, name: str, array: Array) -> Tensor:
    """One result of a bundle. ``array`` is taken as it is and becomes read-only."""
    return recorded(array, _RESULT, (of,), (of._array,), {"name": name}, (0,) if of.requires_grad else ())


_RESULT = Op(
    "result",
    "primitive",
    lambda shape, **_: shape,
    nothing,
    (lambda g, out, of, name: Parts({name: g}, of.dtype),),
)
