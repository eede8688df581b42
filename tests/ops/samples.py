"""Ways to call every op of the table: arguments of all shapes that fit, made from the facts of the op and its kind.

The facts stand in ``facts_*.py`` beside this file. ``SAMPLES``: ways to call an op, for each input a shape (its numbers are
drawn) or an array. ``REFERENCES``: its value by NumPy or SciPy. ``DOMAINS``: between which numbers its arguments are drawn.
``KINKS``: inputs at which it has no derivative, and the cotangents that it sends there for a cotangent of ones.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import autorecur.ops
from autorecur.ops import FUNCTIONS, TABLE, Op, pull_back
from autorecur.ops.reductions import COMPONENTS
from autorecur.tape.tensor import apply

FACTS = [import_module(f"tests.ops.{path.stem}") for path in sorted(Path(__file__).parent.glob("facts_*.py"))]


def facts(name: str) -> dict[str, Any]:
    """What all files of facts say under one heading."""
    return {op: fact for room in FACTS for op, fact in getattr(room, name, {}).items()}


SAMPLES, REFERENCES, KINKS = facts("SAMPLES"), facts("REFERENCES"), facts("KINKS")
POSITIVE = (0.3, 3.0)
DOMAINS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(
        ["log", "log2", "log10", "log1p", "sqrt", "reciprocal", "divide", "ratio", "power", "raised"], POSITIVE
    ),
    **dict.fromkeys(["arcsin", "arccos", "arctanh"], (-0.9, 0.9)),
    "arccosh": (1.2, 4.0),
    **facts("DOMAINS"),
}
DIFFERENTIABLE = [op for op in TABLE.values() if op.differentiable]
CONSTANT = [op for op in TABLE.values() if not op.differentiable]
SCALAR = [op for op in TABLE.values() if op.formula is not None]
_IN_EQUATIONS = """add subtract multiply divide negative power matmul matrix_transpose concatenate block place sum_to
broadcast_to cross_entropy binary_cross_entropy"""
OF_CELLS = [TABLE[name] for name in dict.fromkeys([*_IN_EQUATIONS.split(), *FUNCTIONS])]
"""What stands in the equations of cells and in those derived from them: it runs on nodes and on complex numbers, too."""
CLEARANCE = 0.03
"""How far from a kink an argument is that differences may be taken around."""

ELEMENTWISE = ("arithmetic", "elementwise", "comparison")

Shapes = list[tuple[int, ...]]
BROADCAST: list[Shapes] = [
    [(2, 3)],
    [(3, 3)],
    [(2, 2), (2, 1)],
    [()],
    [(), (2, 3)],
    [(3,), (2, 3)],
    [(2, 1), (1, 3)],
    [(2, 1, 3), (4, 1)],
    [(2, 3, 1), (3, 1)],
    [(1, 1), (3, 1)],
    [(1,), ()],
]
"""Shapes of operands that meet element by element; an op with more operands than listed begins the list again."""
EMPTY: list[Shapes] = [[(0,)], [(2, 0), ()], [(0, 3), (3,)], [(2, 1), (1, 0)]]
AXES: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((4, 1), {"axis": COMPONENTS}),
    ((2, 1, 3), {"axis": COMPONENTS}),
    ((3, 3), {"axis": (-1,)}),
    ((2, 3, 2), {"axis": (0, 2), "keepdims": False}),
    ((2, 3, 2), {"axis": (1,), "keepdims": True}),
    ((3, 3), {"axis": (0, 1), "keepdims": False}),
    ((3,), {"axis": (0,), "keepdims": False}),
    ((), {"axis": (), "keepdims": False}),
]
"""Shapes and axes of what is joined."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One way to call an op."""

    op: Op
    arrays: tuple[np.ndarray, ...]
    attributes: Mapping[str, Any]

    def __post_init__(self) -> None:
        for array in self.arrays:
            array.flags.writeable = False  # whoever writes into an input is caught by every test

    def __str__(self) -> str:
        return f"{self.op.name} {[array.shape for array in self.arrays]} {dict(self.attributes)}"

    @property
    def floats(self) -> list[int]:
        """The inputs that have a derivative."""
        rules = self.op.pullbacks * (len(self.arrays) if self.op.arity < 0 else 1)
        return [
            i
            for i, array in enumerate(self.arrays)
            if array.dtype.kind == "f" and (self.op.joint is not None or rules[i] is not None)
        ]

    @property
    def primals(self) -> list[np.ndarray]:
        return [self.arrays[i] for i in self.floats]

    @property
    def smooth(self) -> bool:
        """Whether no argument is near a kink."""
        kink = self.op.kink
        if kink is None or any(array.size == 0 for array in self.arrays):
            return True
        return bool(np.min(kink(*self.arrays, **self.attributes), initial=np.inf) > CLEARANCE)

    def inputs(self, primals: Any) -> tuple[Any, ...]:
        """All inputs, with these in the places that have a derivative."""
        given = dict(zip(self.floats, primals, strict=True))
        return tuple(given.get(i, array) for i, array in enumerate(self.arrays))

    def value(self, *primals: Any) -> Any:
        """The kernel's value: at the sample's own numbers, or with others where there is a derivative."""
        return self.op.kernel(*(self.inputs(primals) if primals else self.arrays), **self.attributes)

    def traced(self, *primals: Any) -> Any:
        """The same on the tape."""
        return apply(self.op, self.inputs(primals), self.attributes)

    def pulled(self, g: Any, *primals: Any) -> list[Any]:
        """What the rules of the op send to each input that has a derivative, on arrays."""
        inputs = self.inputs(primals) if primals else self.arrays
        return pulled(self.op, self.floats, g, self.op.kernel(*inputs, **self.attributes), inputs, self.attributes)

    def cotangent(self) -> np.ndarray:
        value = self.value()
        dtype = np.result_type(value) if np.result_type(value).kind == "f" else float
        return np.asarray(random(7).standard_normal(np.shape(value)), dtype)

    def direction(self) -> list[np.ndarray]:
        return [np.asarray(random(i).standard_normal(x.shape), x.dtype) for i, x in enumerate(self.primals)]

    def changed(self, change: Callable[[np.ndarray], np.ndarray]) -> Sample:
        """The same call with each array changed."""
        return Sample(self.op, tuple(np.asarray(change(array)) for array in self.arrays), self.attributes)


def pulled(op: Op, wanted: list[int], g: Any, out: Any, inputs: Any, attributes: Mapping[str, Any]) -> list[Any]:
    """The cotangents of the wanted inputs, by the op's joint rule or by one rule each."""
    if op.joint is not None:
        together = op.joint(g, out, *inputs, wanted=wanted, **attributes)
        return [together[i] for i in wanted]
    return [pull_back(op, i, g, out, inputs, attributes) for i in wanted]


def random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def reference(op: Op) -> Callable[..., Any] | None:
    """The value by NumPy or SciPy: what the facts say, or the one universal function that has the op's name."""
    import scipy.special

    by_name = getattr(np, op.name, None) or getattr(scipy.special, op.name, None)
    return REFERENCES.get(op.name) or (by_name if isinstance(by_name, np.ufunc) else None)


@cache
def samples(op: Op) -> list[Sample]:
    """Ways to call an op; an op of a kind that is not known here, and without facts, has none."""
    generator = random(zlib.crc32(op.name.encode()))
    return [_clear(op, arguments, attributes, generator) for arguments, attributes in _ways(op)]


def smooth_samples(op: Op) -> list[Sample]:
    return [sample for sample in samples(op) if sample.smooth]


def _ways(op: Op) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Arguments, each a shape or an array, and attributes."""
    known = SAMPLES.get(op.name, [])
    yield from known
    if op.kind in ELEMENTWISE:
        first, attributes = known[0] if known else ((None,) * op.arity, {})
        for shapes in shapes_for(op.arity, BROADCAST):
            yield tuple(_repeated(a, shape) for a, shape in zip(first, shapes, strict=True)), attributes
    elif op.kind == "reduction" and not known:
        yield from (((shape,), attributes) for shape, attributes in AXES)
    elif op.kind == "componentwise" and not known:
        yield from (((shape,), {"axis": attributes["axis"]}) for shape, attributes in AXES)
    elif op.kind == "loss" and not known:
        yield ((4, 1), (4, 1)), {"axis": COMPONENTS}
        yield ((2, 4, 1), (4, 1)), {"axis": COMPONENTS}
        yield ((3, 3), (3, 3)), {"axis": COMPONENTS}


def _repeated(argument: Any, shape: tuple[int, ...]) -> Any:
    """The numbers of an array again and again until the shape is full; a shape where numbers are to be drawn."""
    return np.resize(argument, shape) if isinstance(argument, np.ndarray) else shape


def shapes_for(arity: int, patterns: list[Shapes]) -> list[tuple[tuple[int, ...], ...]]:
    """Each pattern for so many operands, begun at each of its places."""
    found = (
        tuple(pattern[(start + i) % len(pattern)] for i in range(arity))
        for pattern in patterns
        if len(pattern) <= max(arity, 1)
        for start in range(len(pattern))
    )
    return list(dict.fromkeys(found))


def _clear(op: Op, arguments: Any, attributes: Mapping[str, Any], generator: np.random.Generator) -> Sample:
    """Numbers drawn again until no kink is near; arrays that are given may lie on one."""
    for _ in range(100):
        drawn = tuple(_drawn(op, a, generator) if isinstance(a, tuple) else np.array(a) for a in arguments)
        sample = Sample(op, drawn, attributes)
        if sample.smooth:
            break
    return sample


def _drawn(op: Op, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    if op.name in DOMAINS:
        return np.asarray(generator.uniform(*DOMAINS[op.name], shape))
    return np.asarray(generator.standard_normal(shape) * 1.3)


def empties(op: Op) -> list[Sample]:
    """Ways to call an op with no numbers at all: every size of every sample, where it is more than 1, made 0."""
    found = [sample for sample in samples(op) if any(array.size == 0 for array in sample.arrays)]
    if op.kind in ELEMENTWISE and samples(op):
        whole = samples(op)[0]
        for shapes in shapes_for(op.arity, EMPTY):
            arrays = tuple(np.resize(a, shape) for a, shape in zip(whole.arrays, shapes, strict=True))
            found.append(Sample(op, arrays, whole.attributes))
        return found
    for sample in samples(op):
        for size in sorted({size for array in sample.arrays for size in array.shape if size > 1}):
            arrays = tuple(np.resize(a, [0 if n == size else n for n in a.shape]) for a in sample.arrays)
            attributes = {name: _without(value, size) for name, value in sample.attributes.items()}
            found.append(Sample(op, arrays, attributes))
    return found


def _without(attribute: Any, size: int) -> Any:
    """A shape among the attributes loses the same size."""
    if isinstance(attribute, tuple) and all(type(n) is int for n in attribute):
        return tuple(0 if n == size else n for n in attribute)
    return attribute


def missing(op: Op) -> list[str]:
    """The facts that an op of the table lacks."""
    try:
        can_be_called = [np.shape(sample.value()) for sample in samples(op)]
    except TypeError:
        can_be_called = []
    lacks = {
        "a way to call it": not can_be_called,
        "a way to call it away from its kinks": bool(can_be_called) and op.differentiable and not smooth_samples(op),
        "its value by NumPy or SciPy": reference(op) is None,
        "what it does at its kink": op.differentiable and op.kink is not None and not kinks(op),
    }
    return [fact for fact, lacking in lacks.items() if lacking]


def kinks(op: Op) -> list[tuple[Sample, list[np.ndarray]]]:
    """Calls at a point without a derivative, and what is sent to each input for a cotangent of ones."""
    return [
        (Sample(op, tuple(np.array(a) for a in inputs), attributes), [np.asarray(c, float) for c in cotangents])
        for inputs, attributes, cotangents in KINKS.get(op.name, [])
    ]


def incomplete() -> dict[str, list[str]]:
    """The ops of the table that lack facts."""
    return {name: missing(op) for name, op in autorecur.ops.TABLE.items() if missing(op)}
