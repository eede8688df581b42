"""Every derivative rule of the table, against numbers; and every wrong rule is seen to be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autorecur.ops import FUNCTIONS, TABLE, Op
from autorecur.ops.linear import matmul, matrix_transpose
from tests.ops.samples import (
    DIFFERENTIABLE,
    Sample,
    by_complex_step,
    by_differences,
    cotangent,
    error,
    moved,
    samples,
    smooth_samples,
    worst_error,
)

TOLERANCE = 1e-7

every_op = pytest.mark.parametrize("op", TABLE.values(), ids=str)
every_rule = pytest.mark.parametrize("op", DIFFERENTIABLE, ids=str)


@every_op
def test_an_op_can_be_tried(op: Op) -> None:
    """Every op has samples, and its shape rule says what its kernel gives."""
    found = list(samples(op))
    assert found, f"{op.name} is of a kind that these tests do not know"
    for sample in found:
        shapes = [array.shape for array in sample.arrays]
        if all(len(shape) == 2 for shape in shapes):
            assert op.shape(*shapes, **sample.attributes) == np.shape(sample.value(*sample.arrays))


@every_op
def test_an_op_states_its_facts(op: Op) -> None:
    """One rule an input (one for all, if there may be any number), names that agree, a formula for each function."""
    assert TABLE[op.name] is op
    assert len(op.pullbacks) == abs(op.arity)
    if op.name in FUNCTIONS and op.kind == "elementwise":
        assert op.formula is not None


@every_rule
def test_pull_backs_are_the_gradients_by_differences(op: Op) -> None:
    """⟨g, op(x)⟩ changes with each component of x as the rule says, also where operands are stretched."""
    assert smooth_samples(op)
    assert worst_error(op) < TOLERANCE


@every_rule
def test_pull_backs_are_the_gradients_by_the_complex_step(op: Op) -> None:
    """The same along the imaginary axis, to rounding."""
    for sample in smooth_samples(op):
        g = cotangent(sample)
        for i in sample.differentiable:
            assert error(sample.pulled(g, i), by_complex_step(sample, g, i)) < 1e-13, sample


@every_rule
def test_pull_backs_are_linear_in_the_cotangent(op: Op) -> None:
    """2g − k is sent back as twice what g gives, minus what k gives."""
    for sample in smooth_samples(op):
        g, k = cotangent(sample), cotangent(sample)[::-1]
        for i in sample.differentiable:
            both = sample.pulled(2 * g - k, i)
            assert error(both, 2 * sample.pulled(g, i) - sample.pulled(k, i)) < 1e-13


@every_rule
def test_pull_back_and_directional_derivative_are_adjoint(op: Op) -> None:
    """⟨J v, w⟩ = ⟨v, Jᵀ w⟩ along a random direction v."""
    for sample in smooth_samples(op):
        w = cotangent(sample)
        for i in sample.differentiable:
            v = np.random.default_rng(i).standard_normal(sample.arrays[i].shape)
            h = 1e-5
            forward = (sample.value(*moved(sample, i, h * v)) - sample.value(*moved(sample, i, -h * v))) / (2 * h)
            assert np.sum(w * forward) == pytest.approx(np.sum(v * sample.pulled(w, i)), rel=1e-6, abs=1e-8)


# ---------------------------------------------------------------- wrong rules


def with_rule(op: Op, change: Callable[[Any], Any]) -> Op:
    """The op with a slip in each of its rules."""

    def slipped(rule: Any) -> Any:
        return rule and (lambda g, out, *inputs, **attributes: change(rule(g, out, *inputs, **attributes)))

    return replace(op, pullbacks=tuple(slipped(rule) for rule in op.pullbacks))


@every_rule
@pytest.mark.parametrize("change", [lambda x: -x, lambda x: 1.001 * x, lambda x: x + 1e-3], ids=["sign", "1.001", "+"])
def test_a_wrong_rule_is_seen(op: Op, change: Callable[[Any], Any]) -> None:
    """A flipped sign, a factor 1.001 or a small additive mistake in the rule of any op is far outside the tolerance."""
    assert worst_error(with_rule(op, change)) > 100 * TOLERANCE


@pytest.mark.parametrize("i", [0, 1])
@pytest.mark.parametrize("op", [op for op in DIFFERENTIABLE if op.arity == 2], ids=str)
def test_a_slip_in_one_of_two_rules_is_seen(op: Op, i: int) -> None:
    """A sign in the rule of one operand alone is enough."""
    wrong = with_rule(op, lambda x: -x)
    mixed = replace(op, pullbacks=tuple(wrong.pullbacks[j] if j == i else op.pullbacks[j] for j in (0, 1)))
    assert worst_error(mixed) > 100 * TOLERANCE


@pytest.mark.parametrize("op", [op for op in DIFFERENTIABLE if op.broadcasts and op.arity != 1], ids=str)
def test_a_missing_sum_over_a_stretched_axis_is_seen(op: Op) -> None:
    """Without undoing broadcasting the shapes are wrong."""
    assert worst_error(replace(op, broadcasts=False)) == float("inf")


@pytest.mark.parametrize(
    "rules",
    [
        (lambda g, out, a, b: matmul(g, b), lambda g, out, a, b: matmul(matrix_transpose(a), g)),
        (lambda g, out, a, b: matmul(g, matrix_transpose(b)), lambda g, out, a, b: matmul(a, g)),
        (lambda g, out, a, b: matmul(matrix_transpose(b), g), lambda g, out, a, b: matmul(matrix_transpose(a), g)),
    ],
    ids=["b not transposed", "a not transposed", "wrong order"],
)
def test_a_lost_transpose_is_seen_even_if_matrices_are_square(rules: Any) -> None:
    """Square operands hide no lost transpose in the rules of the matrix product."""
    square = next(sample for sample in samples(matmul) if sample.arrays[0].shape == (2, 3, 3))
    wrong = Sample(replace(matmul, pullbacks=rules), square.arrays, {})
    g = cotangent(wrong)
    assert max(error(wrong.pulled(g, i), by_differences(wrong, g, i)) for i in (0, 1)) > 0.1


def test_an_input_without_a_derivative_receives_nothing() -> None:
    """Steps, sign and equal send no cotangent back."""
    for name in ("heaviside", "half_step", "sign", "equal"):
        sample = next(samples(TABLE[name]))
        assert sample.pulled(cotangent(sample), 0) is None
        assert not sample.differentiable
