"""What functions are that a cell leaves open, while it is computed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any

from autorecur.language.filling import check_fillings

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

CHOICES = (("tanh", "sigmoid"), ("sigmoid",), ("softplus",))
"""Tried in this order: functions in turn that have a key on a calculator. Later ones are positive, for logarithms."""


def fillings(derivation: Derivation, values: Any) -> tuple[Mapping[str, str], ...]:
    """The choices to try, at least one; with values of the user's the first, or what ``"functions"`` says there."""
    names = derivation.cell.functions
    if values is not None:
        from autorecur.worked.reading import functions_of

        given = functions_of(derivation, values)
        check_fillings(derivation.cell, given)
        return ({**dict(zip(names, cycle(CHOICES[0]), strict=False)), **given},)
    found = [dict(zip(names, cycle(choice), strict=False)) for choice in CHOICES]
    return tuple(found) if names else ({},)
