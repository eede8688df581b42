"""Axes as NumPy writes them, as the ops want them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

from autorecur.errors import ShapeError

Axis = int | Sequence[int] | None


def normal_axis(axis: int, ndim: int, name: str) -> int:
    """An axis counted from the front; raises ShapeError if there is none of that number."""
    try:
        axis = index(axis)
    except TypeError:
        raise ShapeError(f"{name}: an axis is an integer, not {axis!r:.60}") from None
    if not -ndim <= axis < ndim:
        axes = "no axes" if ndim == 0 else "1 axis" if ndim == 1 else f"{ndim} axes"
        raise ShapeError(f"{name}: there is no axis {axis} in a tensor with {axes}")
    return axis % ndim


def plain_axis(axis: Axis, name: str) -> int | tuple[int, ...] | None:
    """An axis as a Python integer or a tuple of these; raises ShapeError for anything else."""
    try:
        if axis is None or not isinstance(axis, (tuple, list)):
            return None if axis is None else index(axis)  # type: ignore[arg-type]
        return tuple([index(a) for a in axis])
    except TypeError:
        raise ShapeError(f"{name}: an axis is an integer, a tuple of integers, or None, not {axis!r:.60}") from None


def normal_axes(axis: Axis, ndim: int, name: str) -> tuple[int, ...]:
    """All axes for None, else those listed, counted from the front and in order; raises ShapeError for one listed twice."""
    axis = plain_axis(axis, name)
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, int):
        return (normal_axis(axis, ndim, name),)
    axes = tuple(sorted(normal_axis(a, ndim, name) for a in axis))
    if len(set(axes)) != len(axes):
        raise ShapeError(f"{name}: an axis is listed twice in {axis}")
    return axes
