"""Shapes as people write them, as the ops want them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

from autorecur.errors import ShapeError

Sizes = int | Sequence[int]


def sizes_of(shape: Sizes) -> tuple[int, ...]:
    """A shape as a tuple; a single number is a shape with one axis. Raises ShapeError for anything but integers."""
    try:
        several = isinstance(shape, Sequence) or bool(getattr(shape, "ndim", 0))
        return tuple(map(index, shape)) if several else (index(shape),)  # type: ignore[arg-type]
    except TypeError:
        raise ShapeError(f"{shape!r:.60} is neither an integer nor a tuple of integers") from None


def new_sizes(shape: Sizes, name: str) -> tuple[int, ...]:
    """The shape of a new tensor; raises ShapeError for a negative size."""
    sizes = sizes_of(shape)
    if any(size < 0 for size in sizes):
        raise ShapeError(f"{name}: a size cannot be negative in the shape {sizes}")
    return sizes
