"""``frame.run``: the parts of a frame one after the other on the tape, each over its own number of steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autorecur.arrays import stack
from autorecur.errors import ArgumentError
from autorecur.graph.clocks import ONCE, Horizon
from autorecur.graph.loading import Loader
from autorecur.graph.node import Fixed
from autorecur.graph.program import Array, Part, compile_node
from autorecur.graph.program import run as run_program
from autorecur.graph.range import EVERY
from autorecur.graph.step import Step
from autorecur.graph.walk import variables
from autorecur.language.frame import Frame
from autorecur.language.order import schedule
from autorecur.recurrence.eager import Eager, kernel
from autorecur.recurrence.prepared import Prepared
from autorecur.recurrence.run import Run, arrays_of
from autorecur.tape.tensor import Tensor


class EagerFrame(Eager):
    """One run of a frame on the tape."""

    def __init__(
        self, prepared: Prepared, names: Sequence[str], given: Mapping[str, Any], steps: Any, record: bool
    ) -> None:
        frame, step = prepared.cell, prepared.step
        clocks = step.clocks
        assert isinstance(frame, Frame)
        assert clocks is not None
        self.cell, self.clocks = frame, clocks
        needed, _ = prepared.needed(tuple(names))
        unneeded = unread(frame, step, needed)
        once = [name for name in frame.inputs if frame.clock(name) == ONCE]
        loader = Loader(frame, frame.inputs, given, steps, once, unneeded, own_learned=True)
        self.values, self.batch = loader.load()
        self.values.dtype = loader.dtype
        assert isinstance(self.values.steps, Horizon)
        self.values.steps = Horizon(clocks, self.values.steps.lengths)
        self.lengths, self.arrived = None, {}
        read = [value for key, value in given.items() if key not in unneeded]
        self.traced = any(isinstance(value, Tensor) and value.requires_grad for value in read)
        reads = {name: read for name, read in step.reads().items() if name in needed}
        parts = {
            name: [Part(compile_node(step.assignments[name].node, self.values.sizes, kernel, self.values.dtype), EVERY)]
            for name in reads
        }
        run_program(schedule(reads), parts, self.values, self._seen if record else None)

    def _seen(self, name: str, t: int, value: Array) -> Array:
        named = name in self.cell.shapes and name not in self.clocks.starts
        return self.record(name, t, value) if named else value

    def whole(self, name: str) -> Tensor:
        """All steps of a quantity; of one that has no time its only value."""
        if self.clocks.once(name):
            return self.step(name, 1)
        return stack([self.step(name, t) for t in range(1, self.values.last(name) + 1)])

    def end(self, name: str) -> Tensor:
        """The value with which a quantity ends."""
        backwards = any(offset > 0 for offset in self.cell.offsets.get(name, ()))
        return self.step(name, 1 if backwards else self.values.last(name))

    def adjoint(self, name: str, whole: Tensor) -> Tensor:
        once = self.clocks.once(name)
        found = np.zeros((1, *whole.shape) if once else whole.shape, whole.dtype)
        for t in range(1, len(found) + 1):
            if (name, t) in self.arrived:
                found[t - 1] = self.arrived[name, t].data.reshape(found[t - 1].shape)
        return Tensor(found[0] if once else found)


def unread(frame: Frame, step: Step, needed: frozenset[str]) -> frozenset[str]:
    """The parameters, inputs and initial states that the needed quantities do not read."""
    read = [v for name in needed for v in variables(step.assignments[name].node)]
    used = {v.name for v in read} | {v.base for v in read if isinstance(v, Fixed)}
    used |= {key for name in used if name in frame.states for key in frame.initial_keys(name)}
    keys = [key for name in frame.states for key in frame.initial_keys(name)]
    return frozenset(name for name in (*frame.parameters, *frame.inputs, *frame.states, *keys) if name not in used)


def run(
    frame: Frame,
    x: Any,
    params: Mapping[str, Any] | None,
    initial: Mapping[str, Any] | None,
    steps: Any,
    record: bool,
    outputs: Sequence[str] | None,
    backend: str,
) -> Run:
    """What :meth:`autorecur.language.frame.Frame.run` does."""
    if backend not in ("auto", "eager"):
        raise ArgumentError(
            f"{frame.name} is a frame, which runs on the tape: its backend is 'auto' or 'eager', not {backend!r}"
        )
    known = frame.prepared
    shown = [name for name in known.shown(record) if name not in frame.starts]
    names = tuple(shown if outputs is None else [outputs] if isinstance(outputs, str) else outputs)
    found = EagerFrame(known, names, arrays_of(frame, x, params, initial), steps, record)
    return Run(frame, names, found.whole, None, found.adjoint if record else None, found.end)
