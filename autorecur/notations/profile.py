"""What a notation decides, as values. This module knows no cell and no printer; it loads the standard library alone."""

from __future__ import annotations

from dataclasses import dataclass


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
