"""Wrong rules, planted on purpose: a test that does not reject them does not test the rule."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autorecur.tape.trees import flatten
from autorecur.testing.assertions import Rule, assert_vjp, gradients_by
from autorecur.testing.point import Point, maker_for, numbers

Array = Any
Change = Callable[[Array, Any, Any], Array]
"""From a gradient, its input and the output: the wrong gradient."""
FACTORS = {"factor 2": 2.0, "factor 1.001": 1.001, "factor 1 + 1e-6": 1 + 1e-6, "factor 1/2": 0.5}


@dataclass(frozen=True)
class Mutant:
    """A rule with one slip in it; called like the rule, it returns a tuple with one gradient for each input."""

    name: str
    """What was done, such as ``"sign of input 0"``."""
    rule: Rule
    alter: Callable[[Rule, Any, Any, tuple[Any, ...]], tuple[Any, ...]]

    def __call__(self, g: Any, out: Any, *inputs: Any) -> tuple[Any, ...]:
        return self.alter(self.rule, g, out, inputs)

    @property
    def __name__(self) -> str:
        return f"mutant({self.name})"

    def __repr__(self) -> str:
        return f"<mutant: {self.name}>"

    def changes(self, f: Callable[..., Any], *inputs: Any, least: float = 5e-7, seed: int = 0) -> bool:
        """Whether the slip makes a difference at these inputs, larger than ``least`` times the largest entry.

        A transpose changes nothing for a vector, a lost broadcast sum nothing where nothing was broadcast.
        """
        point = Point(f, inputs, None, seed)
        for right, wrong in zip(gradients_by(self.rule, point), gradients_by(self, point), strict=True):
            if right is None or wrong is None:
                if (right is None) != (wrong is None):
                    return True
                continue
            if right.shape != wrong.shape:
                return True
            apart, size = np.max(np.abs(right - wrong), initial=0.0), np.max(np.abs(right), initial=0.0)
            if apart > least * size:
                return True
        return False


def mutants(vjp: Rule, count: int | None = None) -> list[Mutant]:
    """The wrong rules that come of a right one, ``vjp(g, out, *inputs)``, by one slip each.

    For each input: its gradient with the wrong sign, times 2, 1.001, 1 + 1e-6 or a half, transposed, shifted by one along
    its first axis, lost (zero), wrong in one entry, with the sum over broadcast axes missing (of a wrong shape, or the
    first slice alone). For each two inputs: their gradients exchanged. For the rule: a part of the output whose cotangent
    is lost. ``count`` is the number of inputs; it is read from the rule's signature if that lists them.

    >>> import numpy as np
    >>> from autorecur.testing import mutants
    >>> [wrong.name for wrong in mutants(lambda g, out, x: g * np.cos(x))][:3]
    ['sign of input 0', 'factor 2 of input 0', 'factor 1.001 of input 0']
    """
    number = _count(vjp) if count is None else count
    found = []
    for i in range(number):
        changes = {"sign": lambda a, x, out: -a}
        changes |= {name: _times(factor) for name, factor in FACTORS.items()}
        changes |= {"transpose": _transposed, "shift": _shifted, "lost path": lambda a, x, out: 0 * a}
        changes |= {"one entry": _one_entry, "no broadcast sum": _unsummed}
        found += [Mutant(f"{name} of input {i}", vjp, _altered(i, change)) for name, change in changes.items()]
        found.append(Mutant(f"first slice in place of the broadcast sum of input {i}", vjp, _first_slice(i)))
    for i in range(number):
        found += [Mutant(f"inputs {i} and {j} exchanged", vjp, _exchanged(i, j)) for j in range(i + 1, number)]
    found.append(Mutant("lost path from the last entries of the output", vjp, _lost_end))
    found.append(Mutant("lost path from the first output", vjp, _lost_output))
    return found


def assert_mutants_rejected(
    f: Callable[..., Any],
    vjp: Rule,
    *inputs: Any,
    check: Callable[..., Any] = assert_vjp,
    least: float = 5e-7,
) -> tuple[str, ...]:
    """Raises AssertionError if ``check(f, vjp, *inputs)`` passes for any mutant of the rule, or fails for the rule itself.

    Mutants that change nothing at these inputs, or by less than ``least`` of the largest entry, are left out. Returns the
    names of those that were rejected, so that a test can ask for the ones that matter.

    >>> import numpy as np
    >>> from autorecur.testing import assert_mutants_rejected
    >>> rejected = assert_mutants_rejected(np.sin, lambda g, out, x: g * np.cos(x), np.array([0.3, 2.0]))
    >>> "factor 1 + 1e-6 of input 0" in rejected
    True
    """
    check(f, vjp, *inputs)
    rejected, survivors = [], []
    for mutant in mutants(vjp, len(inputs)):
        if not mutant.changes(f, *inputs, least=least):
            continue
        try:
            check(f, mutant, *inputs)
        except AssertionError:
            rejected.append(mutant.name)
        else:
            survivors.append(mutant.name)
    if survivors:
        raise AssertionError("the check passes for wrong rules: " + "; ".join(survivors))
    return tuple(rejected)


def _count(vjp: Rule) -> int:
    kinds = [parameter.kind for parameter in inspect.signature(vjp).parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        raise ValueError("mutants: this rule takes any number of inputs; say how many with count=")
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return max(1, sum(kind in positional for kind in kinds) - 2)


def _gradients(rule: Rule, g: Any, out: Any, inputs: tuple[Any, ...]) -> list[Any]:
    found = rule(g, out, *inputs)
    return list(found) if isinstance(found, (tuple, list)) and len(found) == len(inputs) else [found]


def _altered(which: int, change: Change) -> Callable[..., tuple[Any, ...]]:
    def alter(rule: Rule, g: Any, out: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        gradients = _gradients(rule, g, out, inputs)
        if gradients[which] is not None:
            leaves, rebuild = flatten(gradients[which])
            given = flatten(inputs[which])[0]
            pairs = zip(leaves, given, strict=True)
            gradients[which] = rebuild([a if a is None else change(numbers(a), x, out) for a, x in pairs])
        return tuple(gradients)

    return alter


def _times(factor: float) -> Change:
    return lambda a, x, out: (a * np.asarray(factor)).astype(a.dtype)


def _transposed(a: Array, x: Any, out: Any) -> Array:
    """In the shape of the input: a slip that leaves another shape would be found by that alone."""
    return np.swapaxes(a, -1, -2).reshape(a.shape) if a.ndim > 1 else a


def _shifted(a: Array, x: Any, out: Any) -> Array:
    return np.roll(a, 1, axis=0) if a.ndim else a


def _one_entry(a: Array, x: Any, out: Any) -> Array:
    wrong = np.array(a)
    if wrong.size:
        wrong.flat[int(np.argmax(np.abs(wrong)))] *= 1.5
    return wrong


def _shape_of_only(out: Any) -> tuple[int, ...] | None:
    leaves = flatten(out)[0]
    return numbers(leaves[0]).shape if len(leaves) == 1 else None


def _unsummed(a: Array, x: Any, out: Any) -> Array:
    shape = _shape_of_only(out)
    try:
        return a if shape is None else np.broadcast_to(a, shape)
    except ValueError:
        return a


def _first_slice(which: int) -> Callable[..., tuple[Any, ...]]:
    """The cotangent is cut to its first slice along the axes along which the input is stretched."""

    def alter(rule: Rule, g: Any, out: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        gradients = _gradients(rule, g, out, inputs)
        shape, leaves = _shape_of_only(out), flatten(inputs[which])[0]
        if shape is None or len(leaves) != 1:
            return tuple(gradients)
        own = numbers(leaves[0]).shape
        try:
            fits = np.broadcast_shapes(own, shape) == shape
        except ValueError:
            fits = False
        if fits:
            padded = (1,) * (len(shape) - len(own)) + own
            first = tuple(
                slice(0, 1) if have != want else slice(None) for have, want in zip(padded, shape, strict=True)
            )
            mask = np.zeros(shape)
            mask[first] = 1
            gradients[which] = _gradients(rule, _masked(g, mask), out, inputs)[which]
        return tuple(gradients)

    return alter


def _masked(g: Any, mask: Array) -> Any:
    leaves, rebuild = flatten(g)
    array = numbers(leaves[0])
    return rebuild([maker_for(leaves[0])((array * mask).astype(array.dtype)), *leaves[1:]])


def _exchanged(one: int, other: int) -> Callable[..., tuple[Any, ...]]:
    def alter(rule: Rule, g: Any, out: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        gradients = _gradients(rule, g, out, inputs)
        gradients[one], gradients[other] = gradients[other], gradients[one]
        return tuple(gradients)

    return alter


def _lost_end(rule: Rule, g: Any, out: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    shape = numbers(flatten(g)[0][0]).shape
    mask = np.ones(shape)
    if mask.size > 1:
        mask.flat[-1] = 0
    return tuple(_gradients(rule, _masked(g, mask), out, inputs))


def _lost_output(rule: Rule, g: Any, out: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    several = len(flatten(g)[0]) > 1
    return tuple(_gradients(rule, _masked(g, np.asarray(0.0)) if several else g, out, inputs))
