"""What a notation decides, as values. This module knows no cell and no printer; it loads the standard library alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Mathematics:
    """The choices that change the mathematics: the cell is rewritten before it is differentiated.

    ``vectors`` is column or row (None: as written). ``weights`` says how a weight meets its vector: ``as written`` keeps the
    author's matrices; ``transposed`` is ``W^T h`` for columns and ``h W^T`` for rows, ``right`` no transpose at all: ``W h``
    for columns, and to the right of its vector, ``h W``, for rows. ``concatenate`` joins ``U h + W x`` to ``W [h, x]``
    (True) or takes such a product apart (False); None leaves it as it is.
    """

    vectors: str | None = None
    weights: str = "as written"
    concatenate: bool | None = None

    @property
    def nothing(self) -> bool:
        """True where the cell stays as its author wrote it."""
        return self == Mathematics()


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Profile:
    """A notation: each field is a key of its file (see ``notes/notations.md``); None leaves the choice to the house.

    >>> from autorecur.notations import load
    >>> load("bracket-time").time, load("row").mathematics.vectors
    ('angle', 'row')
    """

    name: str
    title: str = ""
    symbols: Mapping[str, str] = field(default_factory=_nothing, hash=False)
    sizes: Mapping[str, str] = field(default_factory=_nothing, hash=False)
    blocks: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing, hash=False)
    steps: str | None = None
    target: str | None = None
    loss: str | None = None
    step_loss: str | None = None
    preactivations: str | None = None
    sigmoid: str | None = None
    time: str | None = None
    first: int | None = None
    layers: str | None = None
    hadamard: str | None = None
    derivative: str | None = None
    transpose: str | None = None
    concatenation: str | None = None
    bold: bool | None = None
    adjoint: str | None = None
    preactivation: str | None = None
    immediate: str | None = None
    jacobian: str | None = None
    components: str | None = None
    mathematics: Mathematics = field(default_factory=Mathematics)
    lines: Mapping[str, tuple[str, int, str]] = field(default_factory=_nothing, compare=False, repr=False)
    """Key -> the file, the line and its text where it was set, for errors."""
