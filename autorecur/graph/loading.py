"""Values that a user passes in: sizes, T and the batch are read off their shapes; what does not fit is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from autorecur.errors import ShapeError
from autorecur.graph.adjoint import initial_steps
from autorecur.graph.clocks import Horizon
from autorecur.graph.program import Array, Values
from autorecur.graph.range import Bound
from autorecur.language.cell import Cell
from autorecur.language.nearest import did_you_mean
from autorecur.language.sizes import resolve


def user_shape(shape: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """The shape that users see: () for one number, (n,) for a vector, (rows, columns) for a matrix."""
    return tuple(size for size in shape if size != 1)


def _floating(array: Array) -> Array:
    """Integers and booleans as floats; floats as they are."""
    dtype = np.result_type(array.dtype, np.float32)
    return array if array.dtype == dtype else array.astype(dtype)


class Loader:
    """The user's arrays or tensors by key, as values in the shapes of the equations.

    ``at_last`` are inputs that exist at the last step alone, ``unneeded`` parameters, inputs and states that nothing asked for
    reads. With ``own_learned`` a learned initial state may be given for each sample.
    """

    def __init__(
        self,
        cell: Cell,
        inputs: Sequence[str],
        given: Mapping[str, Any],
        steps: int | None,
        at_last: Collection[str] = (),
        unneeded: Collection[str] = (),
        own_learned: bool = False,
    ) -> None:
        self.cell = cell
        self.given = dict(given)
        self.known_inputs = tuple(inputs)
        self.inputs = tuple(name for name in inputs if name not in unneeded)
        self.states = tuple(name for name in cell.states if name not in unneeded)
        self.own_learned = own_learned
        self.steps = steps
        self.dtype = np.result_type(np.float32, *(array.dtype for array in self.given.values()))
        self.last_only = frozenset(at_last)
        self.unneeded = frozenset(unneeded)
        self.sizes: dict[str, int] = {}
        self.origin: dict[str, str] = {}
        self.batch: int | None = None
        self.batched: dict[str, bool] = {}
        """Which inputs and initial states have a batch."""

    def bind_all(self) -> None:
        """Reads sizes, steps and batch off what is given; raises ShapeError where it does not fit or something is missing."""
        self.refuse_unknown()
        self.steps = self.found_steps()
        self.refuse_unknown_steps()
        self.parameters = tuple(
            name for name in self.cell.parameters if not name.endswith("]") and name not in self.unneeded
        )
        for name in self.parameters:
            self.bind(name, self.require(name), 0)
        for name in self.inputs:
            self.bind(name, self.require(name), 0 if self.at_last(name) else 1, batched=True)
        self.initial = {
            (name, step.at(self.last(name))): key
            for name in self.states
            for step in self.given_steps(name)
            if (key := self.initial_key(name, step)) is not None
        }
        for (name, _), key in self.initial.items():
            self.bind(name, self.given[key], 0, batched=self.own_learned or key not in self.cell.parameters, key=key)
        self.refuse_mixed_batches()

    def given_steps(self, name: str) -> list[Bound]:
        """The steps outside 1 … T at which a state is given, or an input counts as zero."""
        steps = initial_steps(self.cell.offsets, name)
        return [step for step in steps if f"{name}[{step}]" not in self.cell.starts]

    def last(self, name: str) -> int:
        """The number of steps of a quantity."""
        return self.steps.last(name) if isinstance(self.steps, Horizon) else self.steps or 0

    def load(self) -> tuple[Values, int | None]:
        self.bind_all()
        assert self.steps is not None
        loaded = Values(self.sizes, self.steps)
        loaded.parameters = {name: self.shaped(name, self.given[name], 0) for name in self.parameters}
        for name in self.inputs:
            self.load_input(name, loaded)
        for name in self.states:
            for step in self.given_steps(name):
                found = self.initial.get((name, step.at(self.last(name))))
                array = self.shaped(name, self.given[found], 0) if found else self.zero(name)
                loaded.quantities[name, step.at(self.last(name))] = array
        return loaded, self.batch

    def initial_key(self, name: str, step: Bound) -> str | None:
        """The key of a given initial state; a learned one must be given."""
        names = {f"{name}[{step}]", f"{name}[{step.at(self.last(name))}]"}
        found = next((key for key in self.given if key in names), None)
        if found is None and f"{name}[{step}]" in self.cell.parameters:
            raise ShapeError(f"a value for '{name}[{step}]' is missing; its shape is {self.expected(name)}.")
        return found

    def at_last(self, name: str) -> bool:
        return name in self.last_only

    def refuse_unknown(self) -> None:
        states = {f"{name}[{step}]" for name in self.cell.states for step in self.given_steps(name)}
        known = {*self.cell.parameters, *self.known_inputs, *states}
        for key in self.given:
            base = key.split("[")[0]
            if key in self.cell.starts:
                raise ShapeError(f"{key!r} is computed by an equation: leave it out.")
            if key not in known and not ("[" in key and base in self.cell.states):
                raise ShapeError(f"{key!r} is no parameter, input or initial state.{did_you_mean(key, known)}")

    def refuse_unknown_steps(self) -> None:
        """Initial states are keyed by steps that some equation reads."""
        assert self.steps is not None
        for key in self.given:
            name = key.split("[")[0]
            if "[" not in key or name not in self.cell.states:
                continue
            steps = self.given_steps(name)
            if key not in {f"{name}[{shown}]" for step in steps for shown in (step, step.at(self.last(name)))}:
                wanted = ", ".join(f"{name}[{step}]" for step in steps)
                raise ShapeError(f"{key!r} is no initial state; those of {name} are {wanted}.")

    def require(self, name: str) -> Array:
        if name not in self.given:
            raise ShapeError(f"a value for {name!r} is missing; its shape is {self.expected(name)}.")
        return self.given[name]

    def expected(self, name: str, batch: bool = False) -> str:
        sizes = [*(["B"] if batch else []), *(str(size) for size in user_shape(self.cell.shapes[name]))]
        if name in self.inputs and not self.at_last(name):
            sizes = [self.cell.clock(name), *sizes]
        return "(" + ", ".join(sizes) + ("," if len(sizes) == 1 else "") + ")"

    def found_steps(self) -> int:
        if self.cell.clocks is not None:
            from autorecur.graph.lengths import found_lengths

            return found_lengths(self)
        if self.steps is not None:
            if isinstance(self.steps, bool) or not hasattr(self.steps, "__index__") or self.steps.__index__() < 1:
                raise ShapeError(f"steps is a whole number from 1, not {self.steps!r}.")
            return self.steps.__index__()
        timed = [name for name in self.inputs if not self.at_last(name)]
        for name in timed:
            if name in self.given and self.given[name].ndim and len(self.given[name]):
                return len(self.given[name])
        if timed:
            self.require(timed[0])
        raise ShapeError("the number of steps is not known: pass steps=T, or an input of shape (T, n).")

    def bind(self, name: str, array: Array, lead: int, batched: bool = False, key: str = "") -> None:
        """Reads sizes off an array and refuses what contradicts what is known."""
        wanted = user_shape(self.cell.shapes[name])
        shape = tuple(array.shape)
        shown = key or name
        if not wanted and shape and not batched:
            shape = () if shape in ((1,), (1, 1)) else shape
        if batched:
            self.batched[shown] = len(shape) == len(wanted) + lead + 1
        if self.batched.get(shown):
            self.bind_batch(shown, shape[lead])
            shape = shape[:lead] + shape[lead + 1 :]
        if len(shape) != len(wanted) + lead or (lead and shape[0] != self.last(name)):
            raise ShapeError(self.wrong(shown, name, array))
        for size, length in zip(wanted, shape[lead:], strict=True):
            self.bind_size(size, length, shown, name, array)

    def bind_size(self, size: int | str, length: int, shown: str, name: str, array: Array) -> None:
        if isinstance(size, int) or " + " in size:
            parts = str(size).split(" + ")
            if all(part.isdigit() or part in self.sizes for part in parts) and resolve(size, self.sizes) != length:
                raise ShapeError(self.wrong(shown, name, array))
            return
        if self.sizes.setdefault(size, length) != length:
            if self.origin[size] == shown:
                raise ShapeError(f"{shown!r} has the shape {array.shape}, but {self.expected(name)} is needed.")
            raise ShapeError(
                f"{shown!r} has the shape {array.shape}: {size} = {length} there, "
                f"but {self.origin[size]!r} says {size} = {self.sizes[size]}."
            )
        self.origin.setdefault(size, shown)

    def bind_batch(self, shown: str, length: int) -> None:
        if self.batch not in (None, length):
            raise ShapeError(f"{shown!r} has a batch of {length}, but others have a batch of {self.batch}.")
        self.batch = length

    def refuse_mixed_batches(self) -> None:
        """All inputs have a batch, or none; an initial state without one is the same for all samples."""
        without = [name for name in self.inputs if not self.batched[name]]
        if self.batch is not None and without:
            first = next(name for name, batched in self.batched.items() if batched)
            raise ShapeError(
                f"{first!r} has a batch of {self.batch}, but {without[0]!r} has none; its shape is "
                f"{self.expected(without[0])}, or {self.expected(without[0], batch=True)} with a batch."
            )

    def wrong(self, shown: str, name: str, array: Array) -> str:
        known = [f"{size} = {length}" for size, length in self.sizes.items()]
        if name in self.inputs and not self.at_last(name):
            known.append(f"{self.cell.clock(name)} = {self.last(name)}")
        where = f" ({', '.join(known)})" if known else ""
        return f"{shown!r} has the shape {array.shape}, but {self.expected(name)} is needed{where}."

    def zero(self, name: str) -> Array:
        return np.zeros([resolve(size, self.sizes) for size in self.cell.shapes[name]], self.dtype)

    def shaped(self, name: str, array: Array, lead: int) -> Array:
        """(lead, batch, rows, columns), as the equations need it."""
        full = tuple(resolve(size, self.sizes) for size in self.cell.shapes[name])
        wanted = len(user_shape(self.cell.shapes[name]))
        batch = array.shape[lead : array.ndim - wanted] if array.ndim > lead + wanted else ()
        try:
            return _floating(array).reshape((*array.shape[:lead], *batch, *full))
        except ValueError:
            raise ShapeError(self.wrong(name, name, array)) from None

    def load_input(self, name: str, loaded: Values) -> None:
        assert self.steps is not None
        if self.at_last(name):
            loaded.quantities[name, self.last(name)] = self.shaped(name, self.given[name], 0)
            return
        array = self.shaped(name, self.given[name], 1)
        for t in range(1, self.last(name) + 1):
            loaded.quantities[name, t] = array[t - 1]
        for step in self.given_steps(name):
            loaded.quantities[name, step.at(self.last(name))] = self.zero(name)
