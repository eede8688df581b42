"""Each rule of the appendix, measured: its pull-back on random arrays against the complex step and central differences.

A rule is tried on an example: a function of arrays, and what the rule says each input receives. Rules of one operation
take both from the op table; rules that join several operations state what they claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from autorecur.graph.program import Array, Kernels, real
from autorecur.ops import TABLE, op_named, pull_back
from autorecur.ops.open import CONCRETE, filled, is_open
from autorecur.ops.reductions import COMPONENTS
from autorecur.symbolic.numbers import complex_kernel

SEED = 0
COMPLEX_STEP = 1e-30
CENTRAL_STEP = 1e-2
FAR_FROM_KINK = 0.1

Apply = Callable[..., Array]


@dataclass(frozen=True)
class Measured:
    """The largest errors, relative to the largest reference value; None where a reference does not apply."""

    complex_step: float | None
    central: float | None

    @property
    def worst(self) -> float:
        return max(error for error in (self.complex_step, self.central, 0.0) if error is not None)


@dataclass(frozen=True)
class Example:
    """``value(apply, *inputs)`` runs ops; ``claimed(g, out, *inputs)`` is what the rule sends to each input."""

    inputs: tuple[Array, ...]
    value: Callable[..., Array]
    claimed: Callable[..., Sequence[Array]]
    analytic: bool = True
    """Whether the complex step applies: no branches."""


@cache
def measure(key: str, functions: tuple[str, ...] = ()) -> Measured:
    """The errors of a rule over all of its examples."""
    generator = np.random.default_rng(SEED)
    names = functions if key == "function" else _EXAMPLES[key]
    if not isinstance(names, tuple):
        found = [_compare(names(generator), generator)]
    else:
        found = [measured for name in names for measured in _each(name, generator)]
    steps = [m.complex_step for m in found if m.complex_step is not None]
    central = [m.central for m in found if m.central is not None]
    return Measured(max(steps, default=None), max(central, default=None))


def _each(name: str, generator: Any) -> Iterator[Measured]:
    """An op by itself; a function that is left open as each of several."""
    for concrete in CONCRETE if is_open(name) else ("",):
        with filled({name: concrete} if concrete else {}):
            yield _compare(_of_op(name, generator), generator)


def _compare(example: Example, generator: Any) -> Measured:
    out = example.value(_with(real), *example.inputs)
    g = generator.normal(size=out.shape)
    claimed = example.claimed(g, out, *example.inputs)
    pairs = list(zip(example.inputs, claimed, strict=True))
    central = max(_error(c, _central(example, g, i)) for i, (_, c) in enumerate(pairs))
    if not example.analytic:
        return Measured(None, central)
    return Measured(max(_error(c, _complex(example, g, i)) for i, (_, c) in enumerate(pairs)), central)


def _with(kernels: Kernels) -> Apply:
    return lambda op, *arrays, **attributes: kernels(op_named(op))(*arrays, **attributes)


def _error(claimed: Array, reference: Array) -> float:
    scale = float(np.max(np.abs(reference))) or 1.0
    return float(np.max(np.abs(claimed - reference))) / scale


def _perturbed(example: Example, which: int, index: tuple[int, ...], step: complex) -> list[Array]:
    dtype = complex if isinstance(step, complex) else float
    inputs = [np.array(x, dtype=dtype) for x in example.inputs]
    inputs[which][index] += step
    return inputs


def _complex(example: Example, g: Array, which: int) -> Array:
    result = np.zeros_like(example.inputs[which])
    for index in np.ndindex(result.shape):
        out = example.value(_with(complex_kernel), *_perturbed(example, which, index, complex(0, COMPLEX_STEP)))
        result[index] = np.sum(g * np.imag(out)) / COMPLEX_STEP
    return result


def _central(example: Example, g: Array, which: int) -> Array:
    """Central differences at four step sizes, extrapolated."""
    result = np.zeros_like(example.inputs[which])
    for index in np.ndindex(result.shape):
        rows = [_slope(example, g, which, index, CENTRAL_STEP / 2**level) for level in range(4)]
        for order in range(1, 4):
            rows = [(4**order * b - a) / (4**order - 1) for a, b in pairwise(rows)]
        result[index] = rows[0]
    return result


def _slope(example: Example, g: Array, which: int, index: tuple[int, ...], step: float) -> float:
    up, down = (example.value(_with(real), *_perturbed(example, which, index, s)) for s in (step, -step))
    return float(np.sum(g * (up - down))) / (2 * step)


# -------------------------------------------------------------------------------------------------------- examples


def _of_op(name: str, generator: Any) -> Example:
    """One op of the table with its own pull-backs; positive inputs for those that need them."""
    op = op_named(name)
    shapes = {"matmul": ((3, 4), (4, 2)), "concatenate": ((3, 1), (2, 1))}.get(name) or ((4, 1),) * max(1, op.arity)
    attributes: dict[str, Any] = {}
    if op.kind in ("reduction", "componentwise", "loss"):
        attributes = {"axis": COMPONENTS}
    elif name == "power":
        attributes = {"exponent": 3}
    elif name == "concatenate":
        attributes = {"axis": -2}
    inputs = tuple(_away(generator.normal(size=shape), positive=name in _POSITIVE) for shape in shapes)
    inputs = _apart(inputs)

    def value(apply: Apply, *arrays: Array) -> Array:
        return apply(name, *arrays, **attributes)

    def claimed(g: Array, out: Array, *arrays: Array) -> Sequence[Array]:
        return [pull_back(op, i, g, out, arrays, attributes) for i in range(len(arrays))]

    return Example(inputs, value, claimed, analytic=op.kink is None)


_POSITIVE = frozenset({"log", "sqrt", "log1p", "divide", "ratio"})


def _away(x: Array, positive: bool) -> Array:
    """Away from 0, where functions have kinks and poles."""
    x = np.abs(x) if positive else x
    return np.where(np.abs(x) < FAR_FROM_KINK, np.where(x < 0, -1.0, 1.0) * (np.abs(x) + FAR_FROM_KINK), x)


def _apart(inputs: tuple[Array, ...]) -> tuple[Array, ...]:
    """No two components alike, in one array or across two: ties are kinks of the largest and of the larger."""
    if len(inputs) != 2 or inputs[0].shape != inputs[1].shape:
        return inputs
    a, b = inputs
    return a, np.where(np.abs(a - b) < FAR_FROM_KINK, b + 3 * FAR_FROM_KINK, b)


def _readers(generator: Any) -> Example:
    """v is read twice: ``L = g·(tanh(v) + A v)``."""
    v, A = generator.normal(size=(4, 1)), generator.normal(size=(4, 4))

    def value(apply: Apply, x: Array) -> Array:
        return apply("add", apply("tanh", x), apply("matmul", A, x))

    def claimed(g: Array, out: Array, x: Array) -> Sequence[Array]:
        u = np.tanh(x)
        first = pull_back(TABLE["tanh"], 0, g, u, (x,), {})
        second = pull_back(TABLE["matmul"], 1, g, A @ x, (A, x), {})
        assert first is not None
        return [first + second]

    return Example((v,), value, claimed)


def _scalar(generator: Any) -> Example:
    """``u = s v`` with a single number s."""
    s, v = generator.normal(size=(1, 1)), generator.normal(size=(4, 1))
    op = TABLE["multiply"]

    def value(apply: Apply, a: Array, b: Array) -> Array:
        return apply("multiply", a, b)

    def claimed(g: Array, out: Array, a: Array, b: Array) -> Sequence[Array]:
        return [pull_back(op, i, g, out, (a, b), {}) for i in (0, 1)]

    return Example((s, v), value, claimed)


def _squared_error(generator: Any) -> Example:
    """``ℓ = c ‖u − y‖²`` sends ``2c (u − y)`` to u."""
    u, y = generator.normal(size=(4, 1)), generator.normal(size=(4, 1))
    c = 0.3

    def value(apply: Apply, x: Array) -> Array:
        return apply("multiply", c, apply("sum", apply("square", apply("subtract", x, y)), axis=COMPONENTS))

    def claimed(g: Array, out: Array, x: Array) -> Sequence[Array]:
        return [g * 2 * c * (x - y)]

    return Example((u,), value, claimed)


def _shared(generator: Any) -> Example:
    """``u_t = W v_t`` for three steps: the cotangents of all steps stand below each other."""
    W = generator.normal(size=(4, 3))
    v = [generator.normal(size=(3, 1)) for _ in range(3)]

    def value(apply: Apply, w: Array) -> Array:
        return apply("concatenate", *(apply("matmul", w, x) for x in v), axis=-2)

    def claimed(g: Array, out: Array, w: Array) -> Sequence[Array]:
        return [sum(g[4 * t : 4 * t + 4] @ v[t].T for t in range(3))]

    return Example((W,), value, claimed)


def _chain(generator: Any) -> Example:
    """``z = tanh(A tanh(B v))``: the product of two Jacobians, the outer one on the left."""
    v, A, B = generator.normal(size=(3, 1)), generator.normal(size=(2, 4)), generator.normal(size=(4, 3))

    def value(apply: Apply, x: Array) -> Array:
        return apply("tanh", apply("matmul", A, apply("tanh", apply("matmul", B, x))))

    def claimed(g: Array, out: Array, x: Array) -> Sequence[Array]:
        u = np.tanh(B @ x)
        outer = np.diag((1 - out * out).ravel()) @ A
        inner = np.diag((1 - u * u).ravel()) @ B
        return [(outer @ inner).T @ g]

    return Example((v,), value, claimed)


def _decay(generator: Any) -> Example:
    """``λ/2 ‖W‖²`` sends ``λ W`` to W."""
    W, coefficient = generator.normal(size=(4, 3)), 0.3

    def value(apply: Apply, w: Array) -> Array:
        return apply("multiply", coefficient / 2, apply("sum", apply("square", w), axis=COMPONENTS))

    def claimed(g: Array, out: Array, w: Array) -> Sequence[Array]:
        return [g * coefficient * w]

    return Example((W,), value, claimed)


_EXAMPLES: dict[str, tuple[str, ...] | Callable[[Any], Example]] = {
    "readers": _readers,
    "sum": ("add", "subtract", "negative"),
    "product": ("multiply",),
    "scalar": _scalar,
    "quotient": ("divide",),
    "power": ("square", "power"),
    "matmul": ("matmul",),
    "transpose": ("matrix_transpose",),
    "choice": ("maximum", "minimum"),
    "stack": ("concatenate",),
    "squared_error": _squared_error,
    "sum_components": ("sum",),
    "mean": ("mean",),
    "max": ("max",),
    "norm": ("norm",),
    "softmax": ("softmax",),
    "logsumexp": ("logsumexp",),
    "cross_entropy": ("cross_entropy",),
    "binary_cross_entropy": ("binary_cross_entropy",),
    "shared": _shared,
    "chain": _chain,
    "decay": _decay,
}
