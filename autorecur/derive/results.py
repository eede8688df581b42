"""Evaluates a derivation: from arrays of the user's, through the displayed expressions, to numbers by key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.derive.equation import Equation
from autorecur.errors import ShapeError
from autorecur.graph.adjoint import adjoint_name, initial_steps
from autorecur.graph.program import Array, Kernels, Part, Values, real, run
from autorecur.graph.range import EVERY, Bound
from autorecur.language.nearest import did_you_mean
from autorecur.language.sizes import resolve
from autorecur.symbolic.express import express
from autorecur.symbolic.numbers import Evaluator

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

_KEY = re.compile(r"(?P<name>.+?)(?:\[(?P<end>[A-Z]\w*)?(?P<step>[+-]?\d+)?\])?")


class Results(Mapping[str, np.ndarray]):
    """Numbers by key: ``"L"``, ``"h[2]"``, ``"dL/dW_i"``, ``"dL/dh[0]"``; steps count from 1 to T."""

    def __init__(self, derivation: Derivation, values: Values, batch: int | None) -> None:
        self._derivation = derivation
        self._values = values
        self._batch = batch
        self.steps = values.steps

    def _place(self, key: str) -> tuple[str, int | None]:
        match = _KEY.fullmatch(key)
        if match is None or (match["step"] is None and match["end"] is None):
            return key, None
        return match["name"], int(match["step"] or 0) + (self.steps if match["end"] == "T" else 0)

    def __getitem__(self, key: str) -> np.ndarray:
        name, step = self._place(key)
        found = self._values.parameters.get(name) if step is None else self._values.quantities.get((name, step))
        if found is None:
            raise KeyError(f"there is no number for {key!r}.{did_you_mean(key, self)}")
        batched = step is not None and self._batch is not None
        if step is not None and self._learned(name.removeprefix("dL/d"), step):
            batched = False
            found = self._values.summed(found) if name.startswith("dL/d") else found
        return self._shaped(np.asarray(found), name, batched)

    def _learned(self, state: str, step: int) -> bool:
        """True for an initial state that is a parameter: it is the same for all samples, and its gradient their sum."""
        cell = self._derivation.cell
        if state not in cell.learned:
            return False
        return any(bound.at(self.steps) == step for bound in initial_steps(cell.offsets, state))

    def _shaped(self, array: Array, name: str, batched: bool) -> np.ndarray:
        """Without the axis that makes a vector a matrix."""
        rows, columns = self._derivation.shape_of(name)
        shape = self._derivation.cell.parameters.get(name.removeprefix("dL/d"))
        sizes = tuple(resolve(size, self._values.sizes) for size in shape or user_shape((rows, columns)))
        lead = (self._batch,) if batched and self._batch is not None else ()
        full = (*lead, *(resolve(size, self._values.sizes) for size in (rows, columns)))
        return np.array(np.broadcast_to(array, full) if batched else array).reshape((*lead, *sizes))

    def __iter__(self) -> Iterator[str]:
        yield from self._values.parameters
        yield from (f"{name}[{step}]" for name, step in self._values.quantities)

    def __len__(self) -> int:
        return len(self._values.parameters) + len(self._values.quantities)


def user_shape(shape: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """The shape that users see: () for one number, (n,) for a vector, (rows, columns) for a matrix."""
    return tuple(size for size in shape if size != 1)


def evaluate(derivation: Derivation, values: Mapping[str, Any], steps: int | None) -> Results:
    loaded, batch = load(derivation, values, steps)
    calculate(derivation, loaded)
    loss = loaded.parameters["L"]
    loaded.parameters["L"] = loaded.summed(loss)
    return Results(derivation, loaded, batch)


def load(derivation: Derivation, values: Mapping[str, Any], steps: int | None) -> tuple[Values, int | None]:
    """The user's arrays in the shapes of the equations; sizes, T and the batch are read off them."""
    return _Loader(derivation, values, steps).load()


class _Loader:
    def __init__(self, derivation: Derivation, values: Mapping[str, Any], steps: int | None) -> None:
        self.d = derivation
        self.given = {key.replace(" ", ""): np.asarray(array) for key, array in values.items()}
        self.cell = derivation.extended
        self.inputs = (*derivation.cell.inputs, *derivation.loss.inputs)
        self.steps = steps
        self.sizes: dict[str, int] = {}
        self.origin: dict[str, str] = {}
        self.batch: int | None = None
        self.batched: dict[str, bool] = {}
        """Which inputs and initial states have a batch."""

    def load(self) -> tuple[Values, int | None]:
        self.refuse_unknown()
        self.steps = self.found_steps()
        self.refuse_unknown_steps()
        parameters = [name for name in self.d.extended.parameters if not name.endswith("]")]
        for name in parameters:
            self.bind(name, self.require(name), 0)
        for name in self.inputs:
            self.bind(name, self.require(name), 0 if self.at_last(name) else 1, batched=True)
        initial = {
            (name, step.at(self.steps)): key
            for name in self.d.extended.states
            for step in initial_steps(self.d.extended.offsets, name)
            if (key := self.initial_key(name, step)) is not None
        }
        for (name, _), key in initial.items():
            self.bind(name, self.given[key], 0, batched=key not in self.d.cell.parameters, key=key)
        self.refuse_mixed_batches()
        loaded = Values(self.sizes, self.steps)
        loaded.parameters = {name: self.shaped(name, self.given[name], 0) for name in parameters}
        for name in self.inputs:
            self.load_input(name, loaded)
        for name in self.d.extended.states:
            for step in initial_steps(self.d.extended.offsets, name):
                found = initial.get((name, step.at(self.steps)))
                array = self.shaped(name, self.given[found], 0) if found else self.zero(name)
                loaded.quantities[name, step.at(self.steps)] = array
        return loaded, self.batch

    def initial_key(self, name: str, step: Bound) -> str | None:
        """The key of a given initial state; a learned one must be given."""
        names = {f"{name}[{step}]", f"{name}[{step.at(self.steps or 0)}]"}
        found = next((key for key in self.given if key in names), None)
        if found is None and f"{name}[{step}]" in self.d.cell.parameters:
            raise ShapeError(f"a value for '{name}[{step}]' is missing; its shape is {self.expected(name)}.")
        return found

    def at_last(self, name: str) -> bool:
        return name == "target" and self.d.loss.at == "last"

    def refuse_unknown(self) -> None:
        states = {
            f"{name}[{step}]"
            for name in self.d.extended.states
            for step in initial_steps(self.d.extended.offsets, name)
        }
        known = {*self.d.extended.parameters, *self.inputs, *states}
        for key in self.given:
            base = key.split("[")[0]
            if key not in known and not ("[" in key and base in self.d.extended.states):
                raise ShapeError(f"{key!r} is no parameter, input or initial state.{did_you_mean(key, known)}")

    def refuse_unknown_steps(self) -> None:
        """Initial states are keyed by steps that some equation reads."""
        assert self.steps is not None
        for key in self.given:
            name = key.split("[")[0]
            if "[" not in key or name not in self.d.extended.states:
                continue
            steps = initial_steps(self.d.extended.offsets, name)
            if key not in {f"{name}[{shown}]" for step in steps for shown in (step, step.at(self.steps))}:
                wanted = ", ".join(f"{name}[{step}]" for step in steps)
                raise ShapeError(f"{key!r} is no initial state; those of {name} are {wanted}.")

    def require(self, name: str) -> Array:
        if name not in self.given:
            raise ShapeError(f"a value for {name!r} is missing; its shape is {self.expected(name)}.")
        return self.given[name]

    def expected(self, name: str, batch: bool = False) -> str:
        sizes = [*(["B"] if batch else []), *(str(size) for size in user_shape(self.cell.shapes[name]))]
        if name in self.inputs and not self.at_last(name):
            sizes = ["T", *sizes]
        return "(" + ", ".join(sizes) + ("," if len(sizes) == 1 else "") + ")"

    def found_steps(self) -> int:
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
        if len(shape) != len(wanted) + lead or (lead and shape[0] != self.steps):
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
            known.append(f"T = {self.steps}")
        where = f" ({', '.join(known)})" if known else ""
        return f"{shown!r} has the shape {array.shape}, but {self.expected(name)} is needed{where}."

    def zero(self, name: str) -> Array:
        return np.zeros([resolve(size, self.sizes) for size in self.cell.shapes[name]])

    def shaped(self, name: str, array: Array, lead: int) -> Array:
        """(lead, batch, rows, columns), as the equations need it."""
        full = tuple(resolve(size, self.sizes) for size in self.cell.shapes[name])
        wanted = len(user_shape(self.cell.shapes[name]))
        batch = array.shape[lead : array.ndim - wanted] if array.ndim > lead + wanted else ()
        try:
            return np.asarray(array, dtype=np.result_type(array, np.float32)).reshape(
                (*array.shape[:lead], *batch, *full)
            )
        except ValueError:
            raise ShapeError(self.wrong(name, name, array)) from None

    def load_input(self, name: str, loaded: Values) -> None:
        assert self.steps is not None
        if self.at_last(name):
            loaded.quantities[name, self.steps] = self.shaped(name, self.given[name], 0)
            return
        array = self.shaped(name, self.given[name], 1)
        for t in range(1, self.steps + 1):
            loaded.quantities[name, t] = array[t - 1]
        for step in initial_steps(self.d.extended.offsets, name):
            loaded.quantities[name, step.at(self.steps)] = self.zero(name)


def calculate(derivation: Derivation, values: Values, kernels: Kernels = real) -> Values:
    """All displayed quantities from the displayed equations, in place: forward, adjoints, then gradients."""
    evaluator = Evaluator(values.sizes, kernels)
    forward(derivation, values, evaluator)
    values.parameters["L"] = evaluator.compile(derivation["L"].rhs)(values, {"T": values.steps})
    parts = adjoint_parts(derivation, evaluator, values.steps)
    zeros = {name: evaluator.compile(_zero(derivation, name))(values, {}) for name in parts}
    run(derivation.adjoint_loops, parts, values, absent=zeros.__getitem__)
    for name, adjoint_terms in parts.items():
        if (name, 1) not in values.quantities:
            for t in range(1, values.steps + 1):
                index = {"t": t, "T": values.steps}
                found = [p.compute(values, index) for p in adjoint_terms if t in p.steps.at(values.steps)]
                values.quantities[name, t] = sum(found[1:], found[0]) if found else zeros[name]
    _initial_states(derivation, values, evaluator)
    generic = values.steps >= derivation.smallest_generic
    for equation in derivation.section("parameters"):
        if generic or equation.altered:
            total = evaluator.compile(equation.rhs)(values, {"T": values.steps})
        else:
            total = _each_step(derivation, equation, values, evaluator)
        values.parameters[equation.label] = values.summed(total)
    return values


def _each_step(derivation: Derivation, equation: Equation, values: Values, evaluator: Evaluator) -> Array:
    """A parameter's gradient as the sum of what each step sends, of those steps that exist for so small a T."""
    parts = _each_contribution(derivation, equation.label, evaluator)
    steps = range(1, values.steps + 1)
    found = [
        part.compute(values, {"t": t, "T": values.steps})
        for part in parts
        for t in part.steps.at(values.steps)
        if t in steps
    ]
    zero = evaluator.compile(_zero(derivation, equation.label))(values, {})
    return sum(found, zero)


def forward(derivation: Derivation, values: Values, evaluator: Evaluator) -> None:
    """The forward quantities from their printed equations."""
    parts = {}
    for equation in derivation.equations:
        if equation.section in ("cell", "names") or equation.label == derivation.loss.name:
            steps = derivation.loss.steps if equation.label == derivation.loss.name else EVERY
            parts[equation.label] = [Part(evaluator.compile(equation.rhs), steps)]
    run(derivation.loops, parts, values)


def _zero(derivation: Derivation, label: str) -> Any:
    from autorecur.symbolic.carriers import total

    rows, columns = derivation.shape_of(label)
    return total([], (rows, columns))


def adjoint_parts(derivation: Derivation, evaluator: Evaluator, steps: int) -> dict[str, list[Part]]:
    """The terms of every displayed adjoint.

    Where T is so small that ranges of steps meet, each contribution counts by itself."""
    generic = steps >= derivation.smallest_generic
    parts: dict[str, list[Part]] = {}
    for equation in derivation.equations:
        if equation.section not in ("loss", "backward", "inputs") or not equation.label.startswith("dL/d"):
            continue
        label = equation.label.split("@")[0]
        here = parts.setdefault(label, [])
        if not generic and not equation.altered:
            if not here:
                here.extend(_each_contribution(derivation, label, evaluator))
        elif equation.terms and equation.steps is not None:
            here.append(Part(evaluator.compile(equation.rhs), equation.steps))
    return parts


def _each_contribution(derivation: Derivation, label: str, evaluator: Evaluator) -> list[Part]:
    adjoint = derivation.adjoints.get(label.removeprefix("dL/d"))
    if adjoint is None:
        return []
    return [Part(evaluator.compile(express(c.node)), c.steps) for c in adjoint.contributions]


def _initial_states(derivation: Derivation, values: Values, evaluator: Evaluator) -> None:
    generic = values.steps >= derivation.smallest_generic
    for equation in derivation.section("initial"):
        name = equation.lhs.name.removeprefix("dL/d")
        assert equation.steps is not None
        t = equation.steps.first.at(values.steps)
        index = {"t": t, "T": values.steps}
        key = (adjoint_name(name), t)
        if generic or equation.altered:
            values.quantities[key] = evaluator.compile(equation.rhs)(values, index)
            continue
        parts = _each_contribution(derivation, equation.lhs.name, evaluator)
        found = [part.compute(values, index) for part in parts if t in part.steps.at(values.steps)]
        zero = evaluator.compile(_zero(derivation, equation.lhs.name))(values, {})
        values.quantities[key] = sum(found[1:], found[0]) if found else zero
