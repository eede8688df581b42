"""Why a derivation has no worked example."""

from __future__ import annotations

from autorecur.errors import CellError


class NoExampleError(CellError):
    """A derivation that is not shown in numbers, for a ``reason`` that a page can put in its own words.

    ``decay``: the loss has a penalty. ``large``: more equations than anybody computes by hand.
    ``numbers``: no small decimals were found at which every function is defined.
    """

    def __init__(self, reason: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
