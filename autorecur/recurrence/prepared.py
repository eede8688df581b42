"""What is known of a cell before any number is: its step, who needs whom, and later its compiled programs."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autorecur.errors import ShapeError
from autorecur.graph.loading import Loader
from autorecur.graph.step import Step, build
from autorecur.graph.walk import variables
from autorecur.language.cell import Cell
from autorecur.language.filling import example, require_filled
from autorecur.language.nearest import did_you_mean

if TYPE_CHECKING:
    from autorecur.recurrence.compiled import CompiledCell


class Prepared:
    """A cell's step and all that follows from it, worked out once."""

    def __init__(self, cell: Cell) -> None:
        require_filled(cell, f"cell.with_functions({example(cell)})")
        self.cell = cell
        self.step: Step = build(cell)
        self.reads = self.step.reads()
        self.assigned = tuple(dict.fromkeys(assignment.name for assignment in cell.assignments))
        self.needs: dict[tuple[str, ...], tuple[frozenset[str], frozenset[str]]] = {}
        self.refusals: set[str] = set()
        self.kept: dict[Any, Any] = {}
        """What :mod:`autorecur.recurrence.gradients` keeps from call to call."""

    def shown(self, record: bool) -> tuple[str, ...]:
        """States and outputs, or every named quantity."""
        cell = self.cell
        return tuple(name for name in self.assigned if record or name in cell.states or name in cell.outputs)

    def needed(self, names: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
        """The quantities that the named ones are computed from, and the parameters, inputs and states that these do not read.

        Raises ShapeError for a name that the cell does not compute."""
        if names not in self.needs:
            unknown = [name for name in names if name not in self.assigned]
            if unknown:
                close = did_you_mean(unknown[0], self.assigned)
                raise ShapeError(f"{self.cell.name} does not compute {unknown[0]!r}.{close}")
            needed = needed_for(names, self.reads)
            used = {v.name for name in needed for v in variables(self.step.assignments[name].node)}
            used |= {key for name in used if name in self.cell.states for key in self.cell.initial_keys(name)}
            keys = [key for name in self.cell.states for key in self.cell.initial_keys(name)]
            known = (*self.cell.parameters, *self.cell.inputs, *self.cell.states, *keys)
            self.needs[names] = frozenset(needed), frozenset(name for name in known if name not in used)
        return self.needs[names]

    def loader(self, names: tuple[str, ...], given: Mapping[str, Any], steps: int | None) -> Loader:
        cell = self.cell
        return Loader(cell, cell.inputs, given, steps, unneeded=self.needed(names)[1], own_learned=True)

    @cached_property
    def compiled(self) -> CompiledCell:
        from autorecur.recurrence.compiled import CompiledCell

        return CompiledCell(self)

    def refuse(self, reason: str, depth: int) -> None:
        """Says once why the cell runs eagerly; the user's line stands ``depth`` calls above."""
        if reason not in self.refusals:
            self.refusals.add(reason)
            warnings.warn(f"{self.cell.name} runs eagerly, since it cannot be compiled: {reason}", stacklevel=depth)


def needed_for(wanted: Iterable[str], reads: Mapping[str, list[tuple[str, int]]]) -> set[str]:
    """The wanted names and all that they are computed from."""
    found: set[str] = set()
    pending = [name for name in wanted if name in reads]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(other for other, _ in reads[name] if other in reads)
    return found
