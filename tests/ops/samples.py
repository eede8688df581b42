"""Arguments on which every op of the table can be tried, and the derivative of an op by numbers alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autorecur.ops import TABLE, Op, pull_back
from autorecur.ops.reductions import COMPONENTS
from autorecur.symbolic.numbers import complex_kernel
from tests.ops import facts_arrays, facts_numbers, facts_reductions

POSITIVE = {"log", "log1p", "sqrt", "divide", "ratio", "power"}
"""Ops that are tried on positive numbers only."""
DIFFERENTIABLE = [op for op in TABLE.values() if any(rule is not None for rule in op.pullbacks)]
SCALAR = [op for op in TABLE.values() if op.formula is not None]
H = 1e-3
SAMPLES = {**facts_arrays.SAMPLES, **facts_numbers.SAMPLES, **facts_reductions.SAMPLES}
REFERENCES = {**facts_arrays.REFERENCES, **facts_numbers.REFERENCES, **facts_reductions.REFERENCES}
"""The value of each op by NumPy or SciPy."""


@dataclass(frozen=True)
class Sample:
    """One way to call an op."""

    op: Op
    arrays: tuple[np.ndarray, ...]
    attributes: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.op.name} {[array.shape for array in self.arrays]} {dict(self.attributes)}"

    @property
    def differentiable(self) -> list[int]:
        """The inputs that have a derivative."""
        rules = self.op.pullbacks * (len(self.arrays) if self.op.arity < 0 else 1)
        return [i for i, rule in enumerate(rules) if rule is not None]

    def value(self, *arrays: Any) -> Any:
        return self.op.kernel(*arrays, **self.attributes)

    def pulled(self, g: np.ndarray, i: int) -> Any:
        return pull_back(self.op, i, g, self.value(*self.arrays), self.arrays, self.attributes)


SHAPES: dict[str, list[tuple[tuple[int, ...], ...]]] = {
    "one": [((3, 4),), ((2, 3, 1),)],
    "two": [((3, 4), (3, 4)), ((3, 4), (1, 1)), ((1, 1), (3, 1)), ((2, 3, 1), (3, 1)), ((3, 1), (1, 4))],
}


def samples(op: Op) -> Iterator[Sample]:
    """Ways to call an op; an op of a kind that is not known here has none, which fails a test."""
    generator = np.random.default_rng(len(op.name))

    def draw(*shapes: tuple[int, ...]) -> tuple[np.ndarray, ...]:
        arrays = tuple(generator.standard_normal(shape) * 1.3 for shape in shapes)
        return tuple(np.abs(a) + 0.3 for a in arrays) if op.name in POSITIVE else arrays

    if op.name in SAMPLES:
        for arguments, attributes in SAMPLES[op.name]:
            drawn = tuple(draw(argument)[0] if isinstance(argument, tuple) else argument for argument in arguments)
            yield Sample(op, drawn, attributes)
    elif op.kind in ("arithmetic", "elementwise"):
        for shapes in SHAPES["one" if op.arity == 1 else "two"]:
            for exponent in (2, 3, -1) if op.name == "power" else (None,):
                yield Sample(op, draw(*shapes), {} if exponent is None else {"exponent": exponent})
    elif op.kind in ("reduction", "componentwise"):
        yield Sample(op, draw((4, 1)), {"axis": COMPONENTS})
        yield Sample(op, draw((2, 1, 3)), {"axis": COMPONENTS})
        yield Sample(op, draw((2, 3)), {"axis": (-1,)})
    elif op.kind == "loss":
        yield Sample(op, draw((4, 1), (4, 1)), {"axis": COMPONENTS})
        yield Sample(op, draw((2, 4, 1), (4, 1)), {"axis": COMPONENTS})


def away_from_kinks(sample: Sample) -> bool:
    return sample.op.kink is None or bool(np.min(sample.op.kink(*sample.arrays, **sample.attributes)) > 4 * H)


def smooth_samples(op: Op) -> list[Sample]:
    return [sample for sample in samples(op) if away_from_kinks(sample)]


def entries(sample: Sample, i: int) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Every component of input i, with a direction that moves it alone."""
    for index in np.ndindex(sample.arrays[i].shape):
        direction = np.zeros(sample.arrays[i].shape)
        direction[index] = 1
        yield index, direction


def moved(sample: Sample, i: int, shift: Any) -> list[Any]:
    return [array + shift if j == i else array for j, array in enumerate(sample.arrays)]


def by_differences(sample: Sample, g: np.ndarray, i: int) -> np.ndarray:
    """The gradient of ⟨g, op(inputs)⟩ by input i: central differences of two widths, extrapolated."""
    found = np.zeros(sample.arrays[i].shape)
    for index, direction in entries(sample, i):
        wide, narrow = (
            np.sum(
                g * (sample.value(*moved(sample, i, h * direction)) - sample.value(*moved(sample, i, -h * direction)))
            )
            / (2 * h)
            for h in (H, H / 2)
        )
        found[index] = (4 * narrow - wide) / 3
    return found


def by_complex_step(sample: Sample, g: np.ndarray, i: int) -> np.ndarray:
    """The same along the imaginary axis, by the symbolic form where there is one."""
    kernel = complex_kernel(sample.op)
    found = np.zeros(sample.arrays[i].shape)
    for index, direction in entries(sample, i):
        shifted = kernel(*moved(sample, i, 1e-30j * direction), **sample.attributes)
        found[index] = np.sum(g * np.imag(shifted)) / 1e-30
    return found


def cotangent(sample: Sample) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(np.shape(sample.value(*sample.arrays)))


def error(pulled: Any, true: np.ndarray) -> float:
    """The largest difference relative to the largest true number; a wrong shape is infinitely wrong."""
    if np.shape(pulled) != true.shape:
        return float("inf")
    return float(np.max(np.abs(pulled - true)) / max(1e-9, float(np.max(np.abs(true)))))


def worst_error(op: Op) -> float:
    """The largest error of any rule of an op on any of its samples, against central differences."""
    return max(
        error(sample.pulled(g, i), by_differences(sample, g, i))
        for sample in smooth_samples(op)
        for g in (cotangent(sample),)
        for i in sample.differentiable
    )
