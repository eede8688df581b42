"""Sums, means, extrema over axes, with NumPy's names, arguments and defaults."""

from __future__ import annotations

from autorecur.arrays.axes import Axis, normal_axes
from autorecur.ops import reductions
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor


def sum(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum over all numbers, or over the listed axes, which are dropped or kept with size 1.

    >>> import autorecur as ar
    >>> ar.sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    tensor([4., 6.])
    """
    x = as_tensor(x)
    return apply(reductions.total, (x,), {"axis": normal_axes(axis, x.ndim, "sum"), "keepdims": keepdims})
