"""True values: derivatives of the forward run by perturbing it, one lane for each component.

The true adjoint of every named quantity is found alike: a perturbation is added to it right after its assignment, in a lane
of its own, and all lanes run forward together. Along the complex axis (Squire and Trapp 1998) the derivative is an imaginary
part, without cancellation; along the real axis it is a central difference, which ``references.py`` makes exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy.matrices.expressions import MatrixSymbol

from autorecur.graph.program import Array, Index, Kernels, Part, Values, compile_node, real, run
from autorecur.graph.range import EVERY, Steps
from autorecur.ops import TABLE
from autorecur.symbolic import carriers as c
from autorecur.symbolic.numbers import complex_kernel, whole
from autorecur.verify.held import held

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation
    from autorecur.verify.references import Reference

Target = tuple[str, int | None]
"""A quantity at a step, or a parameter (step None)."""
Entries = Mapping[Target, Array]
"""Which components of which targets are differentiated, as flat indices in order."""
LANES = 4096
"""The most lanes that run together; more are run in chunks."""
NUMBERS = 20_000_000
"""How many numbers the quantities of all lanes that run together may have, so that memory stays small."""
IMAGINARY = 1e-30


@dataclass(frozen=True)
class Quotient:
    """How lanes are perturbed, and how derivatives are read off the perturbed results."""

    shifts: tuple[complex, ...]
    derivative: Callable[[Sequence[Array]], Array]
    kernels: Kernels


def _imaginary_part(results: Sequence[Array]) -> Array:
    return np.imag(results[0]) / IMAGINARY


IMAGINARY_QUOTIENT = Quotient((1j * IMAGINARY,), _imaginary_part, complex_kernel)


def central_quotient(step: float) -> Quotient:
    """(f(x + h) − f(x − h)) / 2h."""
    return Quotient((step, -step), lambda results: (results[0] - results[1]) / (2 * step), real)


@dataclass
class Derivatives:
    """Derivatives by one reference, with the batch in front: of L with cotangents, of L alone, of states and losses."""

    loss: dict[Target, Array] = field(default_factory=dict)
    """dL'/d(target): L' is L plus a random cotangent on every displayed adjoint. Components left out are masked."""
    plain: dict[Target, Array] = field(default_factory=dict)
    """dL/d(target)."""
    doubt: dict[Target, float] = field(default_factory=dict)
    """How exact dL'/d(target) is known to be, where that is not to the last digits."""
    rounding: float = 0.0
    """By how much rounding may have altered any of the derivatives."""
    others: dict[tuple[Target, Target], Array] = field(default_factory=dict)
    """du/dv for the quantities that were asked for: (B, components of u, rows of v, columns of v)."""


class Truth:
    """The forward run of a derivation around one point, and every derivative of it that equations need.

    ``magnitude`` is the size of what differences are taken of, if a longer run from the same point tells it; without
    ``penalised`` L is the loss alone, without what weight decay adds."""

    def __init__(
        self,
        derivation: Derivation,
        values: Values,
        cotangents: Mapping[Target, Array],
        magnitude: float | None = None,
        penalised: bool = True,
    ) -> None:
        self.derivation = derivation
        self.penalised = penalised and derivation.decay is not None
        self.values = values
        self.cotangents = cotangents
        self.magnitude = self._magnitude() if magnitude is None else magnitude
        self._compiled: dict[Kernels, dict[str, list[Part]]] = {}

    def targets(self) -> list[Target]:
        """Every quantity that has a displayed adjoint, with every step at which it has one, and every parameter."""
        d = self.derivation
        found: list[Target] = []
        for name, adjoint in d.adjoints.items():
            if not adjoint.timed:
                found.append((name, None))
        found += [
            (name, None) for name in d.extended.parameters if (name, None) not in found and not name.endswith("]")
        ]
        for equation in d.equations:
            if (
                equation.steps is not None
                and isinstance(equation.lhs, c.Quantity)
                and equation.lhs.name.startswith("dL/d")
            ):
                name = equation.lhs.name.removeprefix("dL/d")
                found += [(name, t) for t in equation.steps.at(self.values.last(name))]
        return list(dict.fromkeys(found))

    def components(self, target: Target) -> Array:
        return np.arange(int(np.prod(self.value(target).shape[-2:])))

    def all_components(self, targets: Sequence[Target]) -> Entries:
        return {target: self.components(target) for target in targets}

    def differentiate(self, quotient: Quotient, entries: Entries, tops: Sequence[Target] = ()) -> Derivatives:
        """Derivatives by one quotient; lanes beyond :data:`LANES` run in further chunks."""
        result = Derivatives()
        most = max(1, min(LANES, NUMBERS // sum(array.size for array in self.values.quantities.values())))
        chunk: dict[Target, Array] = {}
        count = 0
        for target, which in entries.items():
            if chunk and count + len(which) > most:
                self._chunk(quotient, chunk, tops, result)
                chunk, count = {}, 0
            chunk[target] = which
            count += len(which)
        if chunk:
            self._chunk(quotient, chunk, tops, result)
        return result

    @property
    def states(self) -> tuple[str, ...]:
        """What the Jacobians of the path form are taken of."""
        return self.derivation.paths.states

    def is_stack(self, target: Target) -> bool:
        """Whether all states of a step are meant, each of them free of the others."""
        paths = self.derivation.paths
        return paths.stacked and target[0] == paths.state

    def value(self, target: Target) -> Array:
        name, step = target
        if self.is_stack(target):
            assert step is not None
            parts = [self.values.quantities[state, step] for state in self.states]
            return TABLE["concatenate"].kernel(*parts, axis=-1 if parts[0].shape[-2] == 1 else -2)
        return self.values.parameters[name] if step is None else self.values.quantities[name, step]

    def _chunk(self, quotient: Quotient, entries: Entries, tops: Sequence[Target], result: Derivatives) -> None:
        lanes, count = {}, 0
        for target, which in entries.items():
            lanes[target] = (count, which)
            count += len(which)
        runs = [self._run(quotient, shift, lanes, count) for shift in quotient.shifts]
        with_cotangents = quotient.derivative([self._functional(values, count, quotient.kernels) for values in runs])
        plain = quotient.derivative([self._loss(values, count, quotient.kernels) for values in runs])
        others = {top: quotient.derivative([self._components(values, top, count) for values in runs]) for top in tops}
        for target, (start, which) in lanes.items():
            shape = self.value(target).shape[-2:]
            here = slice(start, start + len(which))
            result.loss[target] = self._shaped(with_cotangents[here], which, target)
            result.plain[target] = self._shaped(plain[here], which, target)
            for top, array in others.items():
                moved = np.moveaxis(array[here], 0, -1)
                result.others[top, target] = moved.reshape((*moved.shape[:-1], *shape))

    def _shaped(self, lanes: Array, which: Array, target: Target) -> Array:
        """(lanes, B) as (B, rows, columns); a parameter's is summed over the batch. What was left out is masked."""
        shape = self.value(target).shape[-2:]
        size = int(np.prod(shape))
        moved = np.moveaxis(lanes, 0, -1)
        if len(which) < size:
            known = np.zeros((*moved.shape[:-1], size))
            left_out = np.ones(known.shape, dtype=bool)
            known[..., which], left_out[..., which] = moved, False
            moved = np.ma.MaskedArray(known, left_out)
        array = moved.reshape((*moved.shape[:-1], *shape))
        return array.sum(axis=tuple(range(array.ndim - 2))) if target[1] is None else array

    def _run(self, quotient: Quotient, shift: complex, lanes: Mapping[Target, tuple[int, Array]], count: int) -> Values:
        """One forward run in which each lane has one component of one quantity shifted."""

        def shifted(target: Target, array: Array) -> Array:
            start, which = lanes[target]
            flat, shape = _wide(array, count, shift)
            flat[np.arange(start, start + len(which)), ..., which] += shift
            return flat.reshape(shape)

        def held(name: str, step: int, array: Array) -> Array:
            """A state in the lanes of its stack: it does not follow the other states of its step."""
            start, which = lanes[stack, step]
            flat, shape = _wide(array, count, shift)
            sizes = [int(np.prod(self.value((state, step)).shape[-2:])) for state in self.states]
            first = sum(sizes[: self.states.index(name)])
            own = (which >= first) & (which < first + flat.shape[-1])
            flat[start : start + len(which)] = _flat(self.value((name, step)), len(which))
            flat[start + np.flatnonzero(own), ..., which[own] - first] += shift
            return flat.reshape(shape)

        def changed(name: str, t: int, value: Array) -> Array:
            name, t = values.key(name, t)
            value = shifted((name, t), value) if (name, t) in lanes else value
            return held(name, t, value) if name in members and (stack, t) in lanes else value

        stack = self.derivation.paths.state
        members = self.states if self.derivation.paths.stacked else ()

        values = self.values.copy()
        for name in values.parameters:
            if (name, None) in lanes:
                values.parameters[name] = shifted((name, None), values.parameters[name])
        for key, array in self.values.quantities.items():
            if not self.derivation.is_computed(*key, values):
                values.quantities[key] = changed(*key, array)

        return run(self.derivation.loops, self._parts(quotient.kernels), values, changed)

    def _parts(self, kernels: Kernels) -> dict[str, list[Part]]:
        """The equations compiled once, however many runs there are."""
        if kernels not in self._compiled:
            self._compiled[kernels] = forward_parts(self.derivation, self.values.sizes, kernels, self.values)
        return self._compiled[kernels]

    def _magnitude(self) -> float:
        """The size of L' and of every quantity: what differences are taken of."""
        values = self.values.quantities
        parts = [float(np.max(np.abs(array), initial=0.0)) for array in values.values()]
        cotangents = sum(float(np.sum(np.abs(k * values[name, t or 0]))) for (name, t), k in self.cotangents.items())
        return max(*parts, cotangents, 1.0)

    def _loss(self, values: Values, lanes: int, kernels: Kernels) -> Array:
        """L for each lane and each sample of the batch."""
        d = self.derivation
        parts = [values.quantities[d.loss.name, t] for t in d.loss.steps.at(values.last(d.loss.name))]
        total = self._per_sample(sum(parts[1:], parts[0]), lanes)
        if self.penalised and d.decay is not None:
            # The penalty belongs to no sample: each has its share, and their sum has all of it.
            total = total + self._per_sample(d.decay.value(values, kernels), lanes) / self.batch
        return total

    def _functional(self, values: Values, lanes: int, kernels: Kernels) -> Array:
        """L', that is L plus the cotangents' inner products."""
        total = self._loss(values, lanes, kernels)
        for key, k in self.cotangents.items():
            product = np.sum(k * values.quantities[key], axis=(-2, -1), keepdims=True)  # type: ignore[index]
            total = total + self._per_sample(product, lanes)
        return total

    def _per_sample(self, array: Array, lanes: int) -> Array:
        return np.broadcast_to(array, (lanes, self.batch, 1, 1)).reshape(lanes, self.batch)

    @cached_property
    def batch(self) -> int:
        return max(a.shape[-3] if a.ndim > 2 else 1 for a in self.values.quantities.values())

    def _components(self, values: Values, target: Target, count: int) -> Array:
        """A quantity, or all states of a step, as (lanes, B, components)."""
        name, step = target
        assert step is not None
        names = self.states if self.is_stack(target) else (name,)
        return np.concatenate([_flat(values.quantities[part, step], count) for part in names], axis=-1)

    def immediate(self, quotient: Quotient, bottom: Target, t: int) -> Sequence[Array]:
        """∂⁺ of each state of step t: a parameter is shifted at step t alone, a state once; other steps hold their values."""
        runs = [self._one_step(quotient, shift, bottom, t) for shift in quotient.shifts]
        count = len(self.components(bottom))
        found = [quotient.derivative([self._components(run, (u, t), count) for run in runs]) for u in self.states]
        return [np.moveaxis(array, 0, -1) for array in found]

    def _one_step(self, quotient: Quotient, shift: complex, bottom: Target, t: int) -> Values:
        """Step t once more, each lane with one component of a parameter or of a state shifted."""

        def shifted(array: Array) -> Array:
            count = int(np.prod(array.shape[-2:]))
            flat, shape = _wide(array, count, shift)
            flat[np.arange(count), ..., np.arange(count)] += shift
            return flat.reshape(shape)

        name, step = bottom
        values = self.values.copy()
        if step is None:
            values.parameters[name] = shifted(values.parameters[name])
        elif step != t:
            values.quantities[name, step] = shifted(values.quantities[name, step])
        parts = self._parts(quotient.kernels)
        for loop in self.derivation.loops:
            for own in loop.names:
                if own != self.derivation.loss.name:
                    value = parts[own][0].compute(values, values.index(t))
                    values.quantities[own, t] = shifted(value) if (own, t) == bottom else value
        return values


def _wide(array: Array, count: int, shift: complex) -> tuple[Array, tuple[int, ...]]:
    """A copy of (B, rows, columns) or of as many lanes as (lanes, B, components), and the shape that it is to have."""
    batch = array.shape[-3:-2] if array.ndim > 2 else (1,)
    shape = (count, *batch, *array.shape[-2:])
    copy = np.array(np.broadcast_to(array, shape), dtype=np.result_type(array, shift))
    return copy.reshape(count, *batch, -1), shape


def forward_parts(
    derivation: Derivation, sizes: Mapping[str, int], kernels: Kernels, base: Values | None = None
) -> dict[str, list[Part]]:
    """``base`` is the run that is perturbed; a truncated gradient holds its states where it is cut."""
    parts = {}
    for name, node in derivation.nodes.items():
        compute = compile_node(node, sizes, kernels)
        if derivation.truncate is not None:
            compute = held(compute, derivation.truncate, frozenset(derivation.cell.states), base)
        parts[name] = [Part(compute, _steps(derivation, name))]
    return parts


def _steps(derivation: Derivation, name: str) -> Steps:
    return derivation.loss.steps if name == derivation.loss.name else EVERY


def forward(derivation: Derivation, values: Values, kernels: Kernels = real, changed: Any = None) -> Values:
    return run(derivation.loops, forward_parts(derivation, values.sizes, kernels), values, changed)


def _flat(array: Array, lanes: int) -> Array:
    """(lanes, B, components)."""
    batch = array.shape[-3:-2] if array.ndim > 2 else (1,)
    full = np.broadcast_to(array, (lanes, *batch, *array.shape[-2:]))
    return full.reshape(lanes, *batch, -1)


class Jacobians:
    """Answers for ∂u/∂v in the equations of the path form, from derivatives that were found by perturbation."""

    def __init__(self, truth: Truth, reference: Reference, derivatives: Derivatives) -> None:
        self.truth = truth
        self.reference = reference
        self.derivatives = derivatives
        self._immediate: dict[tuple[Target, int], Sequence[Array]] = {}

    def __call__(self, x: c.Derivative, index: Index) -> Array:
        bottom, top = self._target(x.bottom, index), self._target(x.top, index)
        if x.immediate:
            array = self._immediately(top, bottom)
        elif top == bottom:
            size = int(np.prod(self.truth.value(top).shape[-2:]))
            array = np.eye(size)
        elif top == ("L", None):
            plain = self.derivatives.plain[bottom]
            array = plain.reshape((*plain.shape[:-2], 1, -1))
        else:
            found = self.derivatives.others[top, bottom]
            array = found.reshape((*found.shape[:-2], -1))
        return np.swapaxes(array, -2, -1) if x.row else array

    def _immediately(self, top: Target, bottom: Target) -> Array:
        name, t = top
        assert t is not None
        if (bottom, t) not in self._immediate:
            self._immediate[bottom, t] = self.reference.immediate(self.truth, bottom, t)
        found = self._immediate[bottom, t]
        if self.truth.is_stack(top):
            return np.concatenate(found, axis=-2)
        return found[self.truth.states.index(name)]

    def _target(self, x: Any, index: Index) -> Target:
        if isinstance(x, MatrixSymbol):
            return x.name, None
        return x.name, whole(x.step)(index)
