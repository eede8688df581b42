"""The derivation of a frame: that of a cell, with as many numbers of steps as the frame has recurrences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from autorecur.derive.derivation import Derivation
from autorecur.graph.clocks import Horizon
from autorecur.language.frame import Frame

if TYPE_CHECKING:
    from autorecur.graph.program import Values
    from autorecur.vanishing.bounds import Bounds


@dataclass(frozen=True)
class FrameDerivation(Derivation):
    """All equations of a frame, from the loss in its last part to the inputs of the first; used like a Derivation.

    Numbers of equations run through all parts, and labels are unqualified, since names are unique over the frame.
    """

    @property
    def part_names(self) -> tuple[str, ...]:
        assert isinstance(self.cell, Frame)
        return tuple(part.name for part in self.cell.parts if part.name)

    @cached_property
    def bounds(self) -> Bounds:
        """None: a bound speaks of one recurrence."""
        from autorecur.vanishing.bounds import Bounds

        return Bounds(reason="shape")

    def horizon(self, steps: int | None = None) -> Horizon:
        """A number of steps for each part: all different, so that none is taken for another."""
        clocks = self.clocks
        assert clocks is not None
        first = steps or self.checked_steps
        return Horizon(clocks, {name: first + i for i, name in enumerate(clocks.named)})

    def is_computed(self, name: str, step: int, values: Values) -> bool:
        if super().is_computed(name, step, values):
            return True
        assert self.clocks is not None
        places = ((state, bound.at(values.last(state))) for state, bound in self.clocks.starts.values())
        return (name, step) in places
