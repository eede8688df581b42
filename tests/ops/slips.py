"""Wrong rules from inside: one call of a rule is left out and gives back one of its own operands.

So a factor is lost, or one of two paths, or a transpose, or a minus. (``ar.testing.mutants`` are wrong from outside: they
change what a rule sends as a whole.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autorecur.ops import TABLE, Op
from autorecur.ops.functions import raised
from tests.ops.numerical import trials
from tests.ops.samples import pulled


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


@np.errstate(all="ignore")
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
