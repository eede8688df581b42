"""``backend="compiled"``: what depends on shapes alone is worked out once, and found again by a key.

A *case* is a cell for given shapes, outputs and gradients (``case.py``); ``call.py`` runs it on numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.compile.equations import NotCompilable
from autorecur.compile.program import Lowered, Program
from autorecur.compile.runner import is_available
from autorecur.compile.workspace import address
from autorecur.recurrence.call import CompiledRun
from autorecur.recurrence.case import Case, about
from autorecur.recurrence.prepared import Prepared
from autorecur.tape.modes import state
from autorecur.tape.tensor import Tensor

if TYPE_CHECKING:
    from autorecur.recurrence.run import Asked

PLANS = 64
"""So many settings of one cell are remembered, those used last."""


class CompiledCell:
    """A cell and all that has been worked out about running it."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.lowered = Lowered(prepared.step)
        self.cases: OrderedDict[Any, Case | NotCompilable] = OrderedDict()
        """NotCompilable for what has to run eagerly."""
        self.latest: dict[Any, Latest] = {}
        self.programs: dict[Any, Any] = {}

    def run(self, asked: Asked) -> CompiledRun | None:
        """One run; None where there is no compiler, or no program is possible. Raises ShapeError."""
        stacked = asked.stacked
        values = list(asked.given.values())
        pattern = None
        if stacked is not None:
            values += stacked.tensors
            pattern = stacked.pattern
        ends = None if asked.lengths is None else tuple(np.ravel(asked.lengths).tolist())
        key = (
            asked.names,
            tuple(asked.given),
            pattern,
            asked.steps,
            ends,
            asked.truncate,
            asked.record,
            state.recording,
        )
        latest = self.latest.get(key)
        if latest is None or not latest.fits(values):
            settings = tuple(about(v) for v in values)
            found = self.found(asked, (*key, settings))
            if found is None:
                return None
            latest = self.latest[key] = Latest(found, settings)
            latest.fits(values)
        return CompiledRun(latest.case, asked, values, latest.bases)

    def found(self, asked: Asked, key: Any) -> Case | None:
        """The case of a key, made if it is new."""
        case = self.cases.get(key)
        if case is None:
            if not is_available("float64"):
                return None
            case = self.cases[key] = self.made(asked)
            while len(self.cases) > PLANS:
                self.cases.popitem(last=False)
            if len(self.latest) > PLANS:
                self.latest.clear()
        self.cases.move_to_end(key)
        return None if isinstance(case, NotCompilable) else case

    def made(self, asked: Asked) -> Case | NotCompilable:
        try:
            return Case(self, asked)
        except NotCompilable as reason:
            self.prepared.refuse(str(reason))
            return reason

    def program(self, key: Any, make: Callable[[], Program]) -> Program:
        """A program is the same for all sizes."""
        if key not in self.programs:
            self.programs[key] = make()
        found: Program = self.programs[key]
        return found


class Latest:
    """The case that was run last, and the parameters it ran on: mostly the next run has the same."""

    __slots__ = ("about", "arrays", "bases", "case")

    def __init__(self, case: Case, about: Sequence[Any]) -> None:
        self.case, self.about = case, about
        self.arrays: list[Any] = [None] * len(about)
        self.bases = [0] * len(case.reads)
        """An address for each array that the program reads where it is; 0 for those that are looked up in every run."""

    def fits(self, values: list[Any]) -> bool:
        """Whether these can be run by this case; looks at those arrays alone that are not those of last time."""
        for value, known, known_about in zip(values, self.arrays, self.about, strict=True):
            if isinstance(value, Tensor):
                if value._array is known:
                    if value.requires_grad is known_about[2]:
                        continue
                    return False
                array = value._array
                if (array.shape, array.dtype, value.requires_grad) != known_about:
                    return False
            elif (value.shape, value.dtype, False) != known_about:
                return False
        for i in self.case.kept:
            value = values[i]
            if isinstance(value, Tensor) and value._array is not self.arrays[i]:
                self.remember(i, value._array)
        return True

    def remember(self, position: int, array: Any) -> None:
        """Where the program will read a parameter until it is given other numbers."""
        found = array.flags.c_contiguous
        self.arrays[position] = array if found else None
        for j, (i, _, given) in enumerate(self.case.reads):
            if i == position:
                self.bases[j] = address(array) + given.offset if found else 0
