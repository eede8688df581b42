"""A function at a point: its inputs taken apart into arrays, its outputs joined into one vector, a cotangent for these.

The function and its arrays may belong to any library; numbers cross over as NumPy arrays.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import autorecur.arrays  # noqa: F401 - gives tensors their methods
from autorecur.errors import GradientError
from autorecur.tape.tensor import Tensor
from autorecur.tape.trees import flatten

Array = Any
Maker = Callable[[Array], Any]
"""Turns an array into what the function takes."""


def numbers(value: Any) -> Array:
    """The numbers of a tensor of any library, of an array or of a number."""
    if isinstance(value, Tensor):
        return value.numpy()
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    return np.asarray(value)


def as_tensor(array: Array) -> Tensor:
    return Tensor(np.array(array))


def maker_for(given: Any) -> Maker:
    """What turns an array into an object of the library that ``given`` belongs to."""
    library = type(given).__module__.partition(".")[0]
    if isinstance(given, Tensor):
        return as_tensor
    if library == "torch":
        return lambda array: sys.modules["torch"].as_tensor(np.array(array))
    if library in ("jax", "jaxlib"):
        return lambda array: sys.modules["jax"].numpy.asarray(array)
    return np.array


def places(tree: Any, name: str) -> Iterator[str]:
    """How one would write each leaf of a tree, in the order of :func:`~autorecur.tape.trees.flatten`."""
    if isinstance(tree, Mapping):
        for key, part in tree.items():
            yield from places(part, f"{name}[{key!r}]")
    elif isinstance(tree, (list, tuple)):
        for i, part in enumerate(tree):
            yield from places(part, f"{name}[{i}]")
    elif tree is not None:
        yield name


@dataclass(frozen=True)
class Variable:
    """An array of floats among the inputs: its name, its place among all leaves, its numbers."""

    name: str
    place: int
    array: Array
    make: Maker


class Point:
    """``f(*inputs)`` as a function of the arrays of floats in the inputs; everything else stays as it was given.

    ``make`` turns an array into what f takes; None keeps to the library of each input. Raises GradientError where nothing
    can be compared: no floats, a value that is not finite, a value that is another one each time.
    """

    def __init__(self, f: Callable[..., Any], inputs: Sequence[Any], make: Maker | None, seed: int) -> None:
        self.f = f
        self.given = tuple(inputs)
        self.leaves, self.rebuild = flatten(list(inputs))
        names = [name for i, part in enumerate(inputs) for name in places(part, f"input {i}")]
        self.variables = [
            Variable(name, i, np.array(numbers(leaf)), make or maker_for(leaf))
            for i, (name, leaf) in enumerate(zip(names, self.leaves, strict=True))
            if numbers(leaf).dtype.kind == "f"
        ]
        if not self.variables:
            raise GradientError("there is nothing to differentiate: none of the inputs holds floats")
        arrays = [variable.array for variable in self.variables]
        self.output = self.call(arrays)
        parts, self.arrange = flatten(self.output)
        self.parts = [numbers(part) for part in parts]
        self.floats = [i for i, part in enumerate(self.parts) if part.dtype.kind == "f"]
        if not self.floats:
            kinds = ", ".join(str(part.dtype) for part in self.parts) or "nothing"
            raise GradientError(f"there is nothing to differentiate: the function returns {kinds}, and no floats")
        again = [numbers(part) for part in flatten(self.call(arrays))[0]]
        if any(not np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(self.parts, again, strict=True)):
            raise GradientError(
                "the function gives another value each time it is called with the same inputs; "
                "give its random numbers a seed inside the function"
            )
        generator = np.random.default_rng(seed)
        self.cotangents = [
            np.asarray(generator.standard_normal(part.shape)).astype(part.dtype if part.dtype.kind == "f" else float)
            for part in self.parts
        ]
        self.weights = self._joined(self.cotangents).astype(np.float64)
        self.wide, base = self._widest()
        self.base = base.astype(np.float64)
        self.eps = float(np.finfo(base.dtype).eps)
        self.rounding = self._rounding()

    def call(self, arrays: Sequence[Array]) -> Any:
        """What f returns with these arrays in place of the floats."""
        leaves = list(self.leaves)
        for variable, array in zip(self.variables, arrays, strict=True):
            leaves[variable.place] = variable.make(array)
        return self.f(*self.rebuild(leaves))

    def arguments(self, output: bool = False) -> list[Any]:
        """The inputs once more, in arrays of their own; with what f returns for them in front."""
        leaves = list(self.leaves)
        for variable in self.variables:
            leaves[variable.place] = variable.make(variable.array)
        inputs = list(self.rebuild(leaves))
        return [self.f(*inputs), *inputs] if output else inputs

    def cotangent(self) -> Any:
        """The cotangent, arranged like the output and in its library; zeros for what is no float."""
        parts = flatten(self.output)[0]
        made = []
        for i, (part, g) in enumerate(zip(parts, self.cotangents, strict=True)):
            made.append(maker_for(part)(g if i in self.floats else np.zeros(g.shape)))
        return self.arrange(made)

    def _joined(self, parts: Sequence[Array]) -> Array:
        return np.concatenate([np.ravel(parts[i]) for i in self.floats])

    def vector(self, arrays: Sequence[Array]) -> Array:
        """All floats that f returns, one after the other."""
        return self._joined([numbers(part) for part in flatten(self.call(arrays))[0]])

    def _widest(self) -> tuple[bool, Array]:
        """Whether f can be computed in float64, and its value that way: float32 would drown differences in rounding."""
        own = self._joined(self.parts)
        if all(variable.array.dtype == np.float64 for variable in self.variables):
            return True, own
        try:
            wide = self.vector([variable.array.astype(np.float64) for variable in self.variables])
        except Exception:
            return False, own
        return (True, wide) if wide.shape == own.shape else (False, own)

    def _rounding(self) -> Array:
        """By how much each output may be off: its last digit, or what the last digits of the inputs make of it.

        Numbers that cancel inside f leave more than the last digit of the result. What moves it by far more is a jump of f.
        """
        arrays = [v.array.astype(np.float64) if self.wide else v.array for v in self.variables]
        largest = max((float(np.max(np.abs(a), initial=0.0)) for a in arrays), default=0.0)
        most = 2.0**22 * self.eps * max(1.0, largest)
        found = self.eps * np.abs(self.base)
        generator = np.random.default_rng(0)
        for _ in range(4):
            shaken = []
            for a in arrays:
                size = np.where(a == 0, np.max(np.abs(a), initial=0.0) or 1.0, np.abs(a))
                shaken.append((a + generator.integers(-2, 3, a.shape) * self.eps * size).astype(a.dtype))
            vector = self.tolerant(lambda _, moved=shaken: self.vector(moved))(1.0)  # type: ignore[misc]
            moved = np.abs(vector.astype(np.float64) - self.base)
            found = np.maximum(found, np.where(moved <= most, moved, 0.0))
        return found

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self._joined(self.parts)).all())

    @property
    def coarsest(self) -> np.dtype[Any]:
        """The dtype with the fewest digits of all that take part."""
        dtypes = [variable.array.dtype for variable in self.variables] + [self.parts[i].dtype for i in self.floats]
        return max(dtypes, key=lambda dtype: float(np.finfo(dtype).eps))

    def along(self, which: int, direction: Array | tuple[int, ...]) -> Callable[[Any], Array]:
        """The outputs as variable number ``which`` moves: one entry of it, or along a whole array."""
        arrays = [v.array.astype(np.float64) if self.wide else v.array for v in self.variables]
        whole = isinstance(direction, np.ndarray)

        def at(step: Any) -> Array:
            if step == 0:
                return self.base
            moved = arrays[which].astype(np.complex128 if isinstance(step, complex) else arrays[which].dtype)
            if whole:
                moved = moved + step * direction
            else:
                moved[direction] += step
            vector = self.vector([moved if i == which else array for i, array in enumerate(arrays)])
            return vector if isinstance(step, complex) else vector.astype(np.float64)

        return at

    def tolerant(self, at: Callable[[Any], Array]) -> Callable[[Any], Array]:
        """The same, with NaN where f refuses numbers outside its domain."""

        def values(step: Any) -> Array:
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    return at(step)
            except (ArithmeticError, ValueError):
                return np.full(self.base.shape, np.nan)

        return values
