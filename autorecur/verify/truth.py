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
from autorecur.symbolic import carriers as c
from autorecur.symbolic.numbers import complex_kernel, whole

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

    ``magnitude`` is the size of what differences are taken of, if a longer run from the same point tells it."""

    def __init__(
        self,
        derivation: Derivation,
        values: Values,
        cotangents: Mapping[Target, Array],
        magnitude: float | None = None,
    ) -> None:
        self.derivation = derivation
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
                found += [(name, t) for t in equation.steps.at(self.values.steps)]
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

    def value(self, target: Target) -> Array:
        name, step = target
        return self.values.parameters[name] if step is None else self.values.quantities[name, step]

    def _chunk(self, quotient: Quotient, entries: Entries, tops: Sequence[Target], result: Derivatives) -> None:
        lanes, count = {}, 0
        for target, which in entries.items():
            lanes[target] = (count, which)
            count += len(which)
        runs = [self._run(quotient, shift, lanes, count) for shift in quotient.shifts]
        with_cotangents = quotient.derivative([self._functional(values, count) for values in runs])
        plain = quotient.derivative([self._loss(values, count) for values in runs])
        others = {
            top: quotient.derivative([_flat(values.quantities[top], count) for values in runs])  # type: ignore[index]
            for top in tops
        }
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
            shape = array.shape[-2:]
            batch = array.shape[-3:-2] if array.ndim > 2 else (1,)
            whole_ = np.array(np.broadcast_to(array, (count, *batch, *shape)), dtype=np.result_type(array, shift))
            flat = whole_.reshape(count, *batch, -1)
            flat[np.arange(start, start + len(which)), ..., which] += shift
            return flat.reshape(whole_.shape)

        values = self.values.copy()
        for name in values.parameters:
            if (name, None) in lanes:
                values.parameters[name] = shifted((name, None), values.parameters[name])
        assigned = set(self.derivation.nodes)
        for key, array in self.values.quantities.items():
            given = key[0] not in assigned or not 1 <= key[1] <= values.steps
            if given and key in lanes:
                values.quantities[key] = shifted(key, array)

        def changed(name: str, t: int, value: Array) -> Array:
            return shifted((name, t), value) if (name, t) in lanes else value

        return run(self.derivation.loops, self._parts(quotient.kernels), values, changed)

    def _parts(self, kernels: Kernels) -> dict[str, list[Part]]:
        """The equations compiled once, however many runs there are."""
        if kernels not in self._compiled:
            self._compiled[kernels] = forward_parts(self.derivation, self.values.sizes, kernels)
        return self._compiled[kernels]

    def _magnitude(self) -> float:
        """The size of L' and of every quantity: what differences are taken of."""
        values = self.values.quantities
        parts = [float(np.max(np.abs(array), initial=0.0)) for array in values.values()]
        cotangents = sum(float(np.sum(np.abs(k * values[name, t or 0]))) for (name, t), k in self.cotangents.items())
        return max(*parts, cotangents, 1.0)

    def _loss(self, values: Values, lanes: int) -> Array:
        """L for each lane and each sample of the batch."""
        d = self.derivation
        parts = [values.quantities[d.loss.name, t] for t in d.loss.steps.at(values.steps)]
        return self._per_sample(sum(parts[1:], parts[0]), lanes)

    def _functional(self, values: Values, lanes: int) -> Array:
        """L', that is L plus the cotangents' inner products."""
        total = self._loss(values, lanes)
        for key, k in self.cotangents.items():
            product = np.sum(k * values.quantities[key], axis=(-2, -1), keepdims=True)  # type: ignore[index]
            total = total + self._per_sample(product, lanes)
        return total

    def _per_sample(self, array: Array, lanes: int) -> Array:
        return np.broadcast_to(array, (lanes, self.batch, 1, 1)).reshape(lanes, self.batch)

    @cached_property
    def batch(self) -> int:
        return max(a.shape[-3] if a.ndim > 2 else 1 for a in self.values.quantities.values())

    def immediate(self, quotient: Quotient, top: str, parameter: str, t: int) -> Array:
        """∂⁺u_t/∂W: the parameter is shifted at step t alone, other steps hold their true values."""
        runs = [self._one_step(quotient, shift, parameter, t).quantities[top, t] for shift in quotient.shifts]
        count = int(np.prod(self.values.parameters[parameter].shape))
        return np.moveaxis(quotient.derivative([_flat(run, count) for run in runs]), 0, -1)

    def _one_step(self, quotient: Quotient, shift: complex, parameter: str, t: int) -> Values:
        """Step t once more, each lane with one component of the parameter shifted."""
        array = self.values.parameters[parameter]
        count = int(np.prod(array.shape))
        lanes = np.array(np.broadcast_to(array, (count, 1, *array.shape)), dtype=np.result_type(array, shift))
        lanes.reshape(count, -1)[np.arange(count), np.arange(count)] += shift
        values = self.values.copy()
        values.parameters[parameter] = lanes
        parts = self._parts(quotient.kernels)
        for loop in self.derivation.loops:
            for name in loop.names:
                if name != self.derivation.loss.name:
                    values.quantities[name, t] = parts[name][0].compute(values, {"t": t, "T": values.steps})
        return values


def forward_parts(derivation: Derivation, sizes: Mapping[str, int], kernels: Kernels) -> dict[str, list[Part]]:
    return {
        name: [Part(compile_node(node, sizes, kernels), _steps(derivation, name))]
        for name, node in derivation.nodes.items()
    }


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
        self._immediate: dict[tuple[Target, Target], Array] = {}

    def __call__(self, x: c.Derivative, index: Index) -> Array:
        bottom, top = self._target(x.bottom, index), self._target(x.top, index)
        if x.immediate:
            if (top, bottom) not in self._immediate:
                assert top[1] is not None
                self._immediate[top, bottom] = self.reference.immediate(self.truth, top[0], bottom[0], top[1])
            array = self._immediate[top, bottom]
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

    def _target(self, x: Any, index: Index) -> Target:
        if isinstance(x, MatrixSymbol):
            return x.name, None
        return x.name, whole(x.step)(index)
