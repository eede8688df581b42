"""Wrong rules: the slips that people make, planted in the rule of any op.

Some change what a rule sends as a whole: its sign, a factor, a transpose, the sum over a stretched axis. The others leave
out one call inside the rule, which then gives back one of its own operands: a factor is lost, or one of two paths, or a
transpose, or a minus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autorecur.ops import TABLE, Op
from autorecur.ops.functions import raised
from tests.ops.numerical import trials
from tests.ops.samples import pulled


def _turned(x: Any) -> Any:
    return np.swapaxes(x, -1, -2) if np.ndim(x) > 1 and x.shape[-1] == x.shape[-2] else x


WHOLE: dict[str, Callable[[Any], Any]] = {
    "sign": lambda x: -x,
    "factor 2": lambda x: 2 * x,
    "factor 1.001": lambda x: 1.001 * x,
    "factor 1.000001": lambda x: 1.000001 * x,
    "zero": lambda x: 0 * x,
    "plus 0.001": lambda x: x + 0.001,
    "transposed": _turned,
}


def changed(op: Op, wanted: int, change: Callable[[Any], Any]) -> Op:
    """The op with a slip in what it sends to one input."""
    if op.joint is not None:
        joint = op.joint

        def together(*given: Any, **attributes: Any) -> Any:
            return [change(c) if i == wanted else c for i, c in enumerate(joint(*given, **attributes))]

        return replace(op, joint=together)

    def slipped(i: int, rule: Any) -> Any:
        if op.arity < 0:
            return lambda *given, **attributes: (
                change(rule(*given, **attributes)) if attributes["wanted"] == wanted else rule(*given, **attributes)
            )
        return (lambda *given, **attributes: change(rule(*given, **attributes))) if i == wanted else rule

    return replace(op, pullbacks=tuple(slipped(i, rule) for i, rule in enumerate(op.pullbacks)))


def not_summed(op: Op) -> Op:
    """The op as if nothing had been stretched."""
    return replace(op, broadcasts=False)


@dataclass
class Calls:
    """Counts the calls of a rule; call number ``leave_out`` gives back its operand number ``operand``."""

    leave_out: int = -1
    operand: int = 0
    made: list[tuple[str, int]] = field(default_factory=list)
    """Name and number of operands of each call."""

    def __call__(self, op: Op, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Followed:
        arrays = tuple(x.array if isinstance(x, Followed) else x for x in inputs)
        self.made.append((op.name, len(arrays)))
        if len(self.made) - 1 == self.leave_out:
            return Followed(np.asarray(arrays[self.operand]), self)
        return Followed(op.kernel(*arrays, **attributes), self)


class Followed:
    """An array whose calls are counted."""

    __array_ufunc__ = None

    def __init__(self, array: Any, calls: Calls) -> None:
        self.array, self.calls = np.asarray(array), calls
        self.shape, self.dtype, self.ndim = self.array.shape, self.array.dtype, self.array.ndim

    def __autorecur_apply__(self, op: Op, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Followed:
        return self.calls(op, inputs, attributes)

    def __neg__(self) -> Any:
        return TABLE["negative"](self)

    def __pow__(self, exponent: Any) -> Any:
        return TABLE["power"](self, exponent=exponent) if np.isscalar(exponent) else raised(self, exponent)


def _operator(name: str, turned: bool) -> Callable[[Any, Any], Any]:
    return lambda a, b: TABLE[name](b, a) if turned else TABLE[name](a, b)


for _name, _op in {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "matmul": "matmul"}.items():
    setattr(Followed, f"__{_name}__", _operator(_op, turned=False))
    setattr(Followed, f"__r{_name}__", _operator(_op, turned=True))


def sent(op: Op, wanted: int, trial: Any, calls: Calls) -> Any:
    """What the rule of one input sends, its calls counted or one of them left out."""
    sample, g, _ = trial
    given = tuple(Followed(x, calls) for x in sample.arrays)
    [found] = pulled(op, [wanted], Followed(g, calls), Followed(sample.value(), calls), given, sample.attributes)
    return found.array if isinstance(found, Followed) else found


def left_out(op: Op) -> Iterator[tuple[int, int, int, str]]:
    """Every slip of the kind "one call is left out": input, number of the call, operand that it gives back, and its name."""
    most: dict[int, list[tuple[str, int]]] = {}
    for trial in trials(op):
        for i in trial[0].floats:
            calls = Calls()
            sent(op, i, trial, calls)
            most[i] = max(most.get(i, []), calls.made, key=len)
    for i, made in most.items():
        for number, (name, operands) in enumerate(made):
            for operand in range(operands):
                yield i, number, operand, f"input {i}: call {number} of its rule, {name}, gives back operand {operand}"
