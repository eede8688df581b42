"""Axes as NumPy writes them, as the ops want them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

from autorecur.errors import ShapeError

Axis = int | Sequence[int] | None


def normal_axis(axis: int, ndim: int, name: str) -> int:
    """An axis counted from the front; raises ShapeError if there is none of that number."""
    if not -ndim <= axis < ndim:
        axes = "no axes" if ndim == 0 else "1 axis" if ndim == 1 else f"{ndim} axes"
        raise ShapeError(f"{name}: there is no axis {axis} in a tensor with {axes}")
    return axis % ndim


def normal_axes(axis: Axis, ndim: int, name: str) -> tuple[int, ...]:
    """All axes for None, else those listed, counted from the front and in order; raises ShapeError for one listed twice."""
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, Sequence):
        axes = tuple(sorted(normal_axis(index(a), ndim, name) for a in axis))
        if len(set(axes)) != len(axes):
            raise ShapeError(f"{name}: an axis is listed twice in {tuple(axis)}")
        return axes
    return (normal_axis(index(axis), ndim, name),)
