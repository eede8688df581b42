"""Parameters that are rows of larger tensors, as layers keep the weights of all gates in one.

The compiled programs read such rows where they are; on the tape they are cut out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autorecur.ops.indexing import getitem
from autorecur.tape.tensor import Tensor, apply


class Pattern(Mapping[str, tuple[int, int, int]]):
    """Which rows of which tensor a parameter is: name → (number of the tensor, first row, past the last).

    Patterns are compared by identity: keep one for all calls.
    """

    __slots__ = ("pieces",)

    def __init__(self, pieces: Mapping[str, tuple[int, int, int]]) -> None:
        self.pieces = dict(pieces)

    def __getitem__(self, name: str) -> tuple[int, int, int]:
        return self.pieces[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.pieces)

    def __len__(self) -> int:
        return len(self.pieces)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class Stacked(Mapping[str, Tensor]):
    """The parameters of a pattern, cut out of these tensors when they are asked for."""

    __slots__ = ("pattern", "tensors")

    def __init__(self, tensors: tuple[Tensor, ...], pattern: Pattern) -> None:
        self.tensors, self.pattern = tensors, pattern

    def __getitem__(self, name: str) -> Tensor:
        number, first, past = self.pattern[name]
        whole = self.tensors[number]
        if first == 0 and past == whole.shape[0]:
            return whole
        return apply(getitem, (whole,), {"index": (slice(first, past),)})

    def __iter__(self) -> Iterator[str]:
        return iter(self.pattern)

    def __len__(self) -> int:
        return len(self.pattern)
