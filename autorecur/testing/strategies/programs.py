"""Random programs: straight lines of operations on arrays, in which results are used several times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autorecur.testing.strategies.arrays import broadcastable, require_range, tensors

Array = Any
Shape = tuple[int, ...]
SMOOTH = ("tanh", "sin", "cos", "square", "arctan")
KINKED = ("abs",)
"""Functions of one argument that stay small where their argument does."""


@dataclass(frozen=True, eq=False)
class Program:
    """A function of arrays as text, and inputs for it: ``program(*program.inputs)`` runs it."""

    inputs: tuple[Array, ...]
    lines: tuple[str, ...]
    """Assignments ``v3 = ar.tanh(v1)``; the inputs are v0, v1, …"""
    result: str
    _compiled: dict[str, Any] = field(default_factory=dict, repr=False)

    __name__ = "program"

    @property
    def source(self) -> str:
        """The program as a Python function."""
        names = ", ".join(f"v{i}" for i in range(len(self.inputs)))
        body = [f"    {line}" for line in self.lines]
        return "\n".join([f"def program({names}):", *body, f"    return {self.result}"])

    def __call__(self, *inputs: Any) -> Any:
        if not self._compiled:
            import autorecur

            exec(self.source, {"ar": autorecur}, self._compiled)
        return self._compiled["program"](*inputs)

    def __repr__(self) -> str:
        shapes = ", ".join(str(x.shape) for x in self.inputs)
        return f"{self.source}\n# with inputs of shape {shapes}"


@dataclass
class _Writer:
    """Writes one line after the other, knowing the shape of each value."""

    draw: st.DrawFn
    shapes: list[Shape]
    functions: tuple[str, ...]
    lines: list[str] = field(default_factory=list)

    def any_value(self) -> int:
        """A value so far; the last one is the simplest choice, so that programs shrink to chains."""
        return len(self.shapes) - 1 - self.draw(st.integers(0, len(self.shapes) - 1))

    def assign(self, expression: str, shape: Shape) -> None:
        self.lines.append(f"v{len(self.shapes)} = {expression}")
        self.shapes.append(shape)

    def step(self) -> None:
        a = self.any_value()
        shape = self.shapes[a]
        kinds = ["function", "scaled", "binary", *(["sum", "reshape", "matmul"] if shape else [])]
        match self.draw(st.sampled_from(kinds)):
            case "function":
                self.assign(f"ar.{self.draw(st.sampled_from(self.functions))}(v{a})", shape)
            case "scaled":
                self.assign(f"v{a} * {self.draw(st.sampled_from(['0.5', '-1.0', '2.0']))}", shape)
            case "binary":
                self._binary(a)
            case "sum":
                axis = self.draw(st.integers(0, len(shape) - 1))
                self.assign(f"ar.sum(v{a}, axis={axis})", (*shape[:axis], *shape[axis + 1 :]))
            case "reshape":
                flat = self.draw(st.booleans())
                new = (int(np.prod(shape)),) if flat else (*shape, 1)
                self.assign(f"ar.reshape(v{a}, {new})", new)
            case "matmul":
                fitting = [
                    i for i, other in enumerate(self.shapes) if shape and len(other) == 2 and other[0] == shape[-1]
                ]
                if not fitting:
                    return self._binary(a)
                b = self.draw(st.sampled_from(fitting))
                self.assign(f"v{a} @ v{b}", (*shape[:-1], self.shapes[b][-1]))
        return None

    def _binary(self, a: int) -> None:
        """With any other value that broadcasts with this one, most simply with itself."""
        shape = self.shapes[a]
        fitting = [i for i, other in enumerate(self.shapes) if i != a and _together(shape, other) is not None]
        b = self.draw(st.sampled_from([a, *fitting]))
        operator = self.draw(st.sampled_from(["+", "*", "-", "/"]))
        text = f"v{a} / (1.5 + v{b} * v{b})" if operator == "/" else f"v{a} {operator} v{b}"
        self.assign(text, np.broadcast_shapes(shape, self.shapes[b]))


def _together(one: Shape, other: Shape) -> Shape | None:
    try:
        return np.broadcast_shapes(one, other)
    except ValueError:
        return None


@st.composite
def _programs(draw: st.DrawFn, ops: tuple[int, int], count: tuple[int, int], side: int, smooth: bool) -> Program:
    number = draw(st.integers(*count))
    shapes = draw(broadcastable(count=number, max_dims=2, max_side=side))
    inputs = tuple(draw(tensors(shape, min_value=-2.0, max_value=2.0)).numpy() for shape in shapes)
    writer = _Writer(draw, list(shapes), SMOOTH if smooth else SMOOTH + KINKED)
    for _ in range(draw(st.integers(*ops))):
        writer.step()
    return Program(inputs, tuple(writer.lines), f"v{len(writer.shapes) - 1}")


def programs(
    *,
    min_ops: int = 1,
    max_ops: int = 6,
    min_inputs: int = 1,
    max_inputs: int = 2,
    max_side: int = 3,
    smooth: bool = True,
) -> st.SearchStrategy[Program]:
    """Random functions of arrays with ``min_ops`` to ``max_ops`` operations, and inputs for them.

    A :class:`Program` is called like a function; ``program.inputs`` are arrays that it takes, and ``program.source`` is its
    text. Values are used several times, broadcast, summed, multiplied as matrices. With ``smooth=False`` there are
    functions with a kink. Shrinks to one operation on a zero.

    >>> from hypothesis import find
    >>> import autorecur as ar
    >>> find(ar.testing.programs(), lambda program: True)
    def program(v0):
        v1 = ar.tanh(v0)
        return v1
    # with inputs of shape ()
    """
    require_range("ops", min_ops, max_ops, 1)
    require_range("inputs", min_inputs, max_inputs, 1)
    if max_side < 1:
        raise ValueError(f"max_side={max_side} is less than 1")
    return _programs((min_ops, max_ops), (min_inputs, max_inputs), max_side, smooth)
