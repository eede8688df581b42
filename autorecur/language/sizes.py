"""Sizes of dimensions: a number, a name such as ``n_h``, or a sum of those, ``n_h + n_x``."""

from __future__ import annotations

from collections.abc import Mapping

from autorecur.errors import ShapeError

Size = int | str


def names_in(size: Size) -> tuple[str, ...]:
    """The names a size is made of: ``n_h`` and ``n_x`` for ``n_h + n_x``."""
    if isinstance(size, int):
        return ()
    return tuple(part for part in size.split(" + ") if not part.isdigit())


def resolve(size: Size, sizes: Mapping[str, int]) -> int:
    """The number that a size stands for; a missing name is a ShapeError."""
    if isinstance(size, int):
        return size
    return sum(int(part) if part.isdigit() else _known(part, sizes) for part in size.split(" + "))


def _known(name: str, sizes: Mapping[str, int]) -> int:
    if name not in sizes:
        raise ShapeError(f"the size {name} is missing: give {name}=…")
    return int(sizes[name])
