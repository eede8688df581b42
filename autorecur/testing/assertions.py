"""Assertions for tests: a gradient is right, by the tape or by a rule of any library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autorecur.errors import GradientError
from autorecur.tape.trees import flatten_like
from autorecur.testing import example
from autorecur.testing.checking import compare, gradcheck
from autorecur.testing.inquiry import Settings
from autorecur.testing.point import Point, numbers
from autorecur.testing.report import Report

Array = Any
Rule = Callable[..., Any]
"""``vjp(g, out, *inputs)``: the cotangents of the inputs for that of the output."""


def assert_gradients(
    f: Callable[..., Any],
    *inputs: Any,
    order: int = 1,
    rtol: float | None = None,
    max_entries: int | None = 200,
    seed: int = 0,
) -> None:
    """Raises AssertionError, with the report of :func:`autorecur.gradcheck`, if a gradient of f at the inputs is wrong.

    The arguments are those of :func:`autorecur.gradcheck`. Where every entry is at a kink, or otherwise out of the reach of
    differences, nothing is known: inside a test of Hypothesis the example is rejected, elsewhere GradientError is raised.

    >>> import autorecur as ar
    >>> ar.testing.assert_gradients(lambda x: ar.exp(x) / x, 2.0, order=2)
    """
    with example.untimed():
        report = gradcheck(f, *inputs, order=order, rtol=rtol, max_entries=max_entries, seed=seed)
    _settle(report)


def assert_vjp(
    f: Callable[..., Any],
    vjp: Rule,
    *inputs: Any,
    rtol: float | None = None,
    max_entries: int | None = 200,
    seed: int = 0,
) -> None:
    """Raises AssertionError if ``vjp(g, out, *inputs)`` is not the pull-back of f: a rule by hand, or of any library.

    f and vjp take what the inputs are: NumPy arrays, tensors of PyTorch or of this package, arrays of JAX, nested dicts,
    lists and tuples of these. ``g`` is a cotangent of ``out = f(*inputs)`` and arranged like it. The rule returns one
    gradient for each input, arranged like it (for a single input also without a tuple), and None for an input without a
    derivative. The other arguments are those of :func:`autorecur.gradcheck`; if nothing can be compared, what is said in
    :func:`assert_gradients` holds.

    >>> import autorecur as ar
    >>> import numpy as np
    >>> ar.testing.assert_vjp(np.sin, lambda g, out, x: g * np.cos(x), np.array([0.3, 2.0]))
    """
    with example.untimed():
        point = Point(f, inputs, None, seed)
        report = compare(point, gradients_by(vjp, point), Settings(rtol, max_entries, seed), vjp=vjp)
    _settle(report)


def gradients_by(vjp: Rule, point: Point) -> list[Array | None]:
    """What a rule returns for each array of floats among the inputs of a point."""
    found = vjp(point.cotangent(), *(point.arguments(output=True)))
    gradients: Sequence[Any] = found if isinstance(found, (tuple, list)) else (found,)
    if len(point.given) == 1 and isinstance(point.given[0], (tuple, list)) and len(gradients) != 1:
        gradients = (found,)
    if len(gradients) != len(point.given):
        inputs = "1 input" if len(point.given) == 1 else f"{len(point.given)} inputs"
        given = "1 gradient" if len(gradients) == 1 else f"{len(gradients)} gradients"
        raise AssertionError(f"the rule returns {given} for {inputs}")
    leaves: list[Any] = []
    for x, gradient in zip(point.given, gradients, strict=True):
        count = len(flatten_like(x, x, "input"))
        leaves += [None] * count if gradient is None else flatten_like(x, gradient, "gradient")
    return [None if leaves[v.place] is None else numbers(leaves[v.place]) for v in point.variables]


def _settle(report: Report) -> None:
    if report.empty:
        hypothesis = example.current()
        if hypothesis is not None:
            hypothesis.reject()
        raise GradientError(f"{report.summary()}: choose other inputs")
    if not report:
        raise AssertionError(f"a gradient is wrong\n\n{report}")
