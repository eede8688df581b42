"""Functions that are left open, ``g`` with ``g′``, ``g″``, …: ops made by name, acting on each component.

The rule of the open function g is ``cotangent * g′(x)``, and ``g′`` is an op of the same kind. What g computes is said for a
while, by :func:`filled`: the name of a function of the table. Numbers of g′ then come from that function's own rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from autorecur.errors import ArgumentError
from autorecur.ops import arithmetic, functions
from autorecur.ops.op import Op

PRIME = "'"
_NOTHING: Mapping[str, str] = MappingProxyType({})
_filling: ContextVar[Mapping[str, str]] = ContextVar("what open functions are", default=_NOTHING)


@dataclass(frozen=True, eq=False)
class OpenOp(Op):
    """The derivative of order ``order`` of a function that is left open; order 0 is the function itself."""

    base: str = ""
    order: int = 0


_known: set[str] = set()


def is_open(name: str) -> bool:
    """Whether an open function, or a derivative of one, has this name."""
    return name.rstrip(PRIME) in _known


@cache
def open_function(base: str, order: int = 0) -> OpenOp:
    """The op of an open function or of its derivative: one for each name and order."""
    name = base + PRIME * order
    _known.add(base)

    def kernel(x: Any) -> Any:
        return derivative(function_of(base), order, x)

    def rule(g: Any, out: Any, x: Any) -> Any:
        return g * open_function(base, order + 1)(x)

    return OpenOp(name, "elementwise", lambda x: x, kernel, (rule,), broadcasts=True, base=base, order=order)


def function_of(base: str) -> Op:
    """The function of the table that an open one stands for now."""
    name = _filling.get().get(base)
    if name is None:
        raise ArgumentError(
            f"{base} is left open: its numbers are those of a function that you choose, such as functions={{'{base}': 'tanh'}}."
        )
    found: Op = getattr(functions, name if name != "abs" else "absolute")
    return found


@contextmanager
def filled(names: Mapping[str, str]) -> Iterator[None]:
    """Open functions stand for functions of the table, as long as this lasts: ``{"g_1": "tanh"}``."""
    before = _filling.set({**_filling.get(), **names})
    try:
        yield
    finally:
        _filling.reset(before)


def derivative(op: Op, order: int, x: Any) -> Any:
    """The derivative of an op of one variable, of any order, by the op's own rule."""
    if order == 0:
        return op(x)
    slope = derivative(op, order - 1, _Moving(x, 1.0))
    return slope.tangent if isinstance(slope, _Moving) else 0.0 * x


class _Moving:
    """A number and how fast it moves. What each op adds to that is its own rule: it acts on each component."""

    __array_ufunc__ = None

    def __init__(self, now: Any, tangent: Any) -> None:
        self.now, self.tangent = now, tangent

    @property
    def shape(self) -> Any:
        return getattr(self.now, "shape", ())

    def __autorecur_apply__(self, op: Op, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> _Moving:
        now = tuple(part.now if isinstance(part, _Moving) else part for part in inputs)
        out = op(*now, **attributes)
        tangent: Any = 0.0
        for rule, part in zip(op.pullbacks, inputs, strict=True):
            if isinstance(part, _Moving) and rule is not None:
                tangent = tangent + rule(part.tangent, out, *now, **attributes)
        return _Moving(out, tangent)

    def __add__(self, other: Any) -> Any:
        return arithmetic.add(self, other)

    def __radd__(self, other: Any) -> Any:
        return arithmetic.add(other, self)

    def __sub__(self, other: Any) -> Any:
        return arithmetic.subtract(self, other)

    def __rsub__(self, other: Any) -> Any:
        return arithmetic.subtract(other, self)

    def __mul__(self, other: Any) -> Any:
        return arithmetic.multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return arithmetic.multiply(other, self)

    def __truediv__(self, other: Any) -> Any:
        return arithmetic.divide(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return arithmetic.divide(other, self)

    def __neg__(self) -> Any:
        return arithmetic.negative(self)


CONCRETE = ("tanh", "sigmoid", "softplus", "sin")
"""Smooth functions with derivatives that differ: what open functions are while equations are checked."""
