"""Which path form a cell has: of its one state, of the stack of its states, or none, and then why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecur.derive.jacobians import NoPathFormError
from autorecur.derive.paths import PathForm, Paths
from autorecur.derive.stacked import StackedPaths

if TYPE_CHECKING:
    from autorecur.derive.equations import Draft

MOST_STATES = 4
"""Of more states the matrix of blocks is too wide for a page."""


def path_form(draft: Draft) -> PathForm:
    """Section 7 for a cell, or the reason why it has none."""
    try:
        states = _states(draft)
        return (Paths if len(states) == 1 else StackedPaths)(draft, states).form()
    except NoPathFormError as reason:
        return PathForm(reason=str(reason))


def _states(draft: Draft) -> tuple[str, ...]:
    """The states, if each is a vector that is handed on from step to step."""
    states = draft.original.states
    if not states:
        raise NoPathFormError("none")
    offsets = [offset for state in states for offset in draft.original.offsets[state]]
    if any(offset > 0 for offset in offsets):
        raise NoPathFormError("both" if any(offset < 0 for offset in offsets) else "backward")
    if min(offsets) < -1:
        raise NoPathFormError("delay")
    if any(1 not in draft.cell.shapes[state] for state in states):
        raise NoPathFormError("matrix")
    if len(states) > MOST_STATES:
        raise NoPathFormError("many")
    return tuple(states)
