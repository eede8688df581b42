"""``cell.value_and_grad``: arrays in, arrays out, nothing recorded.

Where sizes are small, most of the time of a recorded run goes into its record. Here the memory of a case and the addresses in
it are kept from call to call, and a call is two runs of the machine and a copy of what they found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.compile.workspace import address
from autorecur.errors import ArgumentError, ShapeError
from autorecur.recurrence.run import Asked, asked_for
from autorecur.tape.modes import enable_grad, state
from autorecur.tape.numbers import as_array
from autorecur.tape.sweep import reachable, sweep
from autorecur.tape.tensor import Tensor

if TYPE_CHECKING:
    from autorecur.language.cell import Cell
    from autorecur.recurrence.case import Case

Arrays = dict[str, np.ndarray]
Cotangents = Mapping[str, Any] | Callable[[Arrays], Mapping[str, Any]]
SMALL = 1 << 19
"""Up to so many numbers of memory are kept for the next call."""
MOST = 8
"""So many settings of one cell are kept."""


def value_and_grad(
    cell: Cell,
    x: Any,
    params: Mapping[str, Any] | None,
    cotangents: Any,
    initial: Mapping[str, Any] | None = None,
    lengths: Any = None,
    steps: int | None = None,
    truncate: int | None = None,
    outputs: Sequence[str] | None = None,
) -> tuple[Arrays, Arrays]:
    """What :meth:`autorecur.language.cell.Cell.value_and_grad` does."""
    if outputs is None and isinstance(cotangents, Mapping):
        outputs = tuple(cotangents)
    asked = asked_for(cell, x, params, initial, lengths, steps, truncate, False, outputs)
    values = [v._array if isinstance(v, Tensor) else v for v in asked.given.values()]
    if lengths is None and state.watch is None and values:
        kept = asked.prepared.kept
        key = (asked.names, tuple(asked.given), asked.steps, asked.truncate, values[0].shape)
        kernel: _Kernel | None = kept.get(key)
        if kernel is not None and (space := kernel.space(values)) is not None:
            return kernel.run(space, values, cotangents)
        result, case = _on_the_tape(asked, values, cotangents)
        if case is not None and (made := _Kernel.of(case, tuple(asked.given), values)) is not None:
            if len(kept) >= MOST:
                kept.clear()
            kept[key] = made
        return result
    return _on_the_tape(asked, values, cotangents)[0]


def _on_the_tape(asked: Asked, values: list[Any], cotangents: Any) -> tuple[tuple[Arrays, Arrays], Case | None]:
    """The same by a recorded run, and the compiled case behind it, if there is one."""
    leaves = {key: Tensor(value.copy()) for key, value in zip(asked.given, values, strict=True)}
    for leaf in leaves.values():
        if leaf.dtype.kind == "f":
            leaf.requires_grad_()
    with enable_grad():
        asked = asked._replace(given=leaves)
        fused = asked.fused("auto")
        run = asked.eager() if fused is None else asked.compiled(fused)
        found = {name: run[name] for name in asked.names}
    outs = {name: np.array(out.numpy()) for name, out in found.items()}
    sent = _checked(cotangents, outs)
    start = {found[name]: g for name, g in sent.items() if found[name].requires_grad}
    arrived = sweep(reachable(list(start)), start)
    gradients = {
        key: np.array(arrived[leaf]) if leaf in arrived else np.zeros(leaf.shape, leaf.dtype)
        for key, leaf in leaves.items()
        if leaf.requires_grad
    }
    return (outs, gradients), None if fused is None else fused.call.case


def _checked(cotangents: Any, outs: Mapping[str, np.ndarray]) -> Arrays:
    """One array for each output that has a cotangent, of its shape and dtype."""
    given = cotangents(dict(outs)) if callable(cotangents) else cotangents
    if not isinstance(given, Mapping):
        if len(outs) != 1:
            raise ArgumentError(f"there are the outputs {', '.join(outs)}: pass a mapping from names to cotangents")
        given = dict.fromkeys(outs, given)
    found = {}
    for name, value in given.items():
        if name not in outs:
            raise ArgumentError(f"there is a cotangent for {name!r}, but the outputs are {', '.join(outs)}")
        out = outs[name]
        array = value if type(value) is np.ndarray and value.dtype == out.dtype else as_array(value)
        if array.shape != out.shape:
            raise ShapeError(f"the cotangent of {name} has shape {array.shape}, and {name} {out.shape}")
        found[name] = np.ascontiguousarray(array, out.dtype)
    return found


class _Kernel:
    """A case that reads every array where the user has it, with memory of its own."""

    def __init__(self, case: Case, keys: Sequence[str], values: Sequence[Any]) -> None:
        self.case = case
        self.back = back = case.backward(case.names)
        self.about = [(value.shape, value.dtype) for value in values]
        self.pieces = [(p.begin, p.end, p.shape, [keys[i] for i in p.positions]) for p in back.pieces]
        self.inputs = {given.key: back.inputs[given.name] for given in case.others}
        reached = {*self.inputs, *(key for _, _, _, names in self.pieces for key in names)}
        about = zip(keys, self.about, strict=True)
        self.unread = [(key, shape, dtype) for key, (shape, dtype) in about if key not in reached and dtype.kind == "f"]
        self.free: list[_Space] = [_Space(self)]

    @classmethod
    def of(cls, case: Case, keys: Sequence[str], values: Sequence[Any]) -> _Kernel | None:
        """None where a run needs more than the two programs: arrays to be copied or put together, or much memory."""
        back = case.backward(case.names)
        simple = (
            case.index is None
            and not back.joined
            and all(as_it_is and given.first < 0 for _, as_it_is, given in case.reads)
            and all(given.kind == "input" and back.inputs[given.name] is not None for given in case.others)
            and case.count + back.plan.memory.count + back.plan.count <= SMALL
        )
        return cls(case, keys, values) if simple else None

    def space(self, values: list[Any]) -> _Space | None:
        """Memory that nobody uses now, with the addresses of these arrays; None if they are no case of this."""
        space = self.free.pop() if self.free else _Space(self)
        if space.fits(values, self.about):
            return space
        self.free.append(space)
        return None

    def run(self, space: _Space, values: list[Any], cotangents: Any) -> tuple[Arrays, Arrays]:
        space.forward()
        views = self.case.views
        outs = {name: views[name].of(space.memory).copy() for name in self.case.names}
        sent = _checked(cotangents, outs)
        for place, name in enumerate(self.back.names, space.first_cotangent):
            array = sent.get(name)
            if array is None:
                array = sent[name] = np.zeros_like(outs[name])
            space.backward_addresses[place] = address(array)
        space.backward()
        found: Arrays = {}
        for key, view in self.inputs.items():
            assert view is not None
            found[key] = view.of(space.behind).copy()
        gradients = space.gradients.copy()
        for begin, end, shape, keys in self.pieces:
            found.update(zip(keys, gradients[begin:end].reshape(shape), strict=True))
        for key, shape, dtype in self.unread:
            found[key] = np.zeros(shape, dtype)
        self.free.append(space)
        return outs, found


class _Space:
    """The memory of one call, and the two programs on it."""

    def __init__(self, kernel: _Kernel) -> None:
        case, back = kernel.case, kernel.back
        self.reads = [(i, given.offset) for i, _, given in case.reads]
        self.memory = np.empty(case.count, case.dtype)
        self.behind = np.empty(back.plan.memory.count, case.dtype)
        self.gradients = np.empty(back.plan.count, case.dtype)
        self.first_cotangent = 3 + len(case.reads)
        unknown = [0] * len(case.reads)
        self.forward_addresses, self.forward = case.plan.machine.bound([address(self.memory), 0, 0, *unknown])
        places = [address(self.memory), address(self.behind), address(self.gradients)]
        cotangents = [0] * len(back.names)
        self.backward_addresses, self.backward = back.plan.machine.bound([*places, *unknown, *cotangents])
        self.known: list[Any] = [None] * len(kernel.about)
        """The arrays of the last call. They are kept, so that their memory can neither move nor be given to another."""

    def fits(self, values: list[Any], about: list[tuple[Any, Any]]) -> bool:
        """Whether these arrays have the shapes of the case; if so, the programs read them."""
        changed = False
        for value, known, (shape, dtype) in zip(values, self.known, about, strict=True):
            if value is known and value.shape == shape:
                continue
            if value.shape != shape or value.dtype != dtype or not value.flags.c_contiguous:
                return False
            changed = True
        if changed:
            self.known = values
            for place, (i, offset) in enumerate(self.reads, 3):
                self.forward_addresses[place] = self.backward_addresses[place] = address(values[i]) + offset
        return True
