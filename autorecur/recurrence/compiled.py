"""``backend="compiled"``: what depends on shapes alone is worked out once, and found again by a key.

A *case* is a cell for given shapes, outputs and gradients (``case.py``); ``call.py`` runs it on numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import ref

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
        ends = None
        if asked.lengths is not None:
            array = np.asarray(asked.lengths)
            ends = (array.dtype.char, array.shape, array.tobytes())
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
        bases = None if latest is None else latest.bases(values)
        if latest is None or bases is None:
            settings = tuple(about(v) for v in values)
            found = self.found(asked, (*key, settings))
            if found is None:
                return None
            latest = self.latest[key] = Latest(found, settings)
            bases = latest.bases(values)
        assert bases is not None
        return CompiledRun(latest.case, asked, values, bases)

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
            self.prepared.refuse(str(reason), 8)
            return reason

    def program(self, key: Any, make: Callable[[], Program]) -> Program:
        """A program is the same for all sizes."""
        if key not in self.programs:
            self.programs[key] = make()
        found: Program = self.programs[key]
        return found


class Latest:
    """The case that was run last, and the parameters it ran on: mostly the next run has the same.

    Several threads may ask at once, so that what is known is never changed, only replaced.
    """

    __slots__ = ("about", "case", "known")

    def __init__(self, case: Case, about: Sequence[Any]) -> None:
        self.case, self.about = case, about
        self.known: tuple[list[Any], list[int]] = [None] * len(about), [0] * len(case.reads)
        """Weak references to the arrays of parameters, and an address for each array that the program reads where it is."""

    def bases(self, values: list[Any]) -> list[int] | None:
        """The addresses of what the program reads, 0 for what has to be looked at; None if these values are no case of this.

        Only those arrays are looked at that are not those of last time.
        """
        arrays, found = self.known
        for value, known, known_about in zip(values, arrays, self.about, strict=True):
            if isinstance(value, Tensor):
                if known is not None and value._array is known():
                    if value.requires_grad is known_about[2]:
                        continue
                    return None
                array = value._array
                if (array.shape, array.dtype, value.requires_grad) != known_about:
                    return None
            elif (value.shape, value.dtype, False) != known_about:
                return None
        if any(arrays[i] is None or values[i]._array is not arrays[i]() for i in self.case.kept):
            self.known = arrays, found = self.looked_up(values)
        return found

    def looked_up(self, values: list[Any]) -> tuple[list[Any], list[int]]:
        """Where the program reads parameters until it is given other numbers."""
        arrays: list[Any] = [None] * len(values)
        found = [0] * len(self.case.reads)
        for i in self.case.kept:
            arrays[i] = ref(values[i]._array)
        for j, (i, _, given) in enumerate(self.case.reads):
            if i in self.case.kept and values[i]._array.flags.c_contiguous:
                found[j] = address(values[i]._array) + given.offset
        return arrays, found
