"""New shapes, other orders of axes, joining and splitting, with NumPy's names."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

from autorecur.ops import shape as ops
from autorecur.tape.tensor import ArrayLike, Tensor, apply


def reshape(x: ArrayLike, shape: int | Sequence[int]) -> Tensor:
    """The same numbers in row-major order, in another shape, one size of which may be left open with −1.

    >>> import autorecur as ar
    >>> ar.reshape([1.0, 2.0, 3.0, 4.0], (2, -1))
    tensor([[1., 2.],
            [3., 4.]])
    """
    sizes = tuple(index(size) for size in shape) if isinstance(shape, Sequence) else (index(shape),)
    return apply(ops.reshape, (x,), {"shape": sizes})
