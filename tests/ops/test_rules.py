"""Every derivative rule of the table, against numbers; and every wrong rule is seen to be wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import autorecur.arrays  # noqa: F401 - gives tensors their methods
from autorecur.errors import AutorecurError
from autorecur.ops import Op
from autorecur.symbolic.numbers import complex_kernel
from autorecur.tape.tensor import Tensor
from autorecur.tape.transforms import jvp, vjp
from autorecur.testing import assert_mutants_rejected
from tests.ops.numerical import along, by_complex_step, error, errors, gradient, trials
from tests.ops.samples import CONSTANT, DIFFERENTIABLE, OF_CELLS, Sample, pulled, samples, smooth_samples
from tests.ops.slips import Calls, left_out, sent

TOLERANCE = 1e-9
ROUNDING = 1e-12
CRASHES = (ValueError, TypeError, AttributeError, IndexError, AutorecurError)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

every_rule = pytest.mark.parametrize("op", DIFFERENTIABLE, ids=str)


def inner(a: Any, b: Any) -> float:
    """⟨a, b⟩ of two lists of arrays."""
    return float(sum(np.sum(x * y) for x, y in zip(a, b, strict=True)))


# ---------------------------------------------------------------- right rules


@every_rule
def test_pull_backs_are_the_gradients_by_differences(op: Op) -> None:
    """⟨g, op(x)⟩ changes with each component of x as the rule says, also where operands are stretched.

    At a kink, where differences say nothing, the rule gives what the facts of the op document.
    """
    assert max(errors(op)) < TOLERANCE


def takes_complex(sample: Sample) -> bool:
    """Whether the op can be computed with complex numbers."""
    try:
        value = complex_kernel(sample.op)(*sample.inputs([x + 0j for x in sample.primals]), **sample.attributes)
    except TypeError:  # a function of NumPy or SciPy for real numbers alone
        return False
    return np.iscomplexobj(value)


@every_rule
def test_pull_backs_are_the_gradients_by_the_complex_step(op: Op) -> None:
    """The same along the imaginary axis, to rounding: for all that cells are made of, and whatever else is analytic."""
    tried = [sample for sample in smooth_samples(op) if takes_complex(sample)]
    if not tried and op not in OF_CELLS:
        pytest.skip("not an analytic function, or its kernel is for real numbers alone")
    assert tried
    for sample in tried:
        g = sample.cotangent()
        for found, true in zip(sample.pulled(g), by_complex_step(sample, g), strict=True):
            assert error(found, true) < 1e-13, sample


@every_rule
def test_rules_on_tensors_give_the_second_derivative(op: Op) -> None:
    """The pull-back, traced on tensors, has the gradient that differences of the pull-back on arrays have."""
    for sample in smooth_samples(op):
        g, v = sample.cotangent(), sample.direction()

        def first(*primals: Any, sample: Sample = sample, g: Any = g, v: Any = v) -> Any:
            cotangents = vjp(sample.traced, *primals)[1](g)
            return sum((c * d).sum() for c, d in zip(cotangents, v, strict=True))

        def by_arrays(*primals: Any, sample: Sample = sample, g: Any = g, v: Any = v) -> float:
            return inner(sample.pulled(g, *primals), v)

        value, pull = vjp(first, *sample.primals)
        assert error(value.data, np.array(by_arrays(*sample.primals))) < ROUNDING
        for found, true in zip(pull(1.0), gradient(by_arrays, sample.primals), strict=True):
            assert error(found.data, true) < 10 * TOLERANCE, sample


@every_rule
def test_push_forward_and_pull_back_are_adjoint(op: Op) -> None:
    """J v is the derivative along v, and ⟨J v, w⟩ = ⟨v, Jᵀ w⟩."""
    for sample in smooth_samples(op):
        w, v = sample.cotangent(), sample.direction()
        _, pushed = jvp(sample.traced, tuple(sample.primals), tuple(v))
        moved = along(lambda *primals, sample=sample, w=w: float(np.sum(w * sample.value(*primals))), sample.primals, v)
        assert inner([pushed.data], [w]) == pytest.approx(moved, rel=1e-9, abs=1e-9), sample
        _, pull = vjp(sample.traced, *sample.primals)
        assert inner([pushed.data], [w]) == pytest.approx(inner(v, [c.data for c in pull(w)]), rel=1e-11, abs=1e-11)


@every_rule
def test_pull_backs_are_linear_in_the_cotangent(op: Op) -> None:
    """2g − k is sent back as twice what g gives, minus what k gives."""
    for sample in samples(op):
        g = sample.cotangent()
        k = np.cos(3 * g)
        for both, one, other in zip(*map(sample.pulled, (2 * g - k, g, k)), strict=True):
            assert error(both, 2 * one - other) < ROUNDING


@every_rule
def test_pull_backs_have_the_dtype_and_shape_of_their_input(op: Op) -> None:
    """With float32 everything stays float32, and the numbers are those of float64 to its rounding."""
    for sample in smooth_samples(op):
        short = sample.changed(lambda x: x.astype(np.float32) if x.dtype.kind == "f" else x)
        g = short.cotangent()
        if np.result_type(short.value()) != np.float32:
            continue
        true = short.changed(lambda x: x.astype(float) if x.dtype.kind == "f" else x).pulled(g.astype(float))
        for found, x, exact in zip(short.pulled(g), short.primals, true, strict=True):
            assert (found.dtype, found.shape) == (x.dtype, x.shape), sample
            assert error(found, exact) < 2e-5, sample


@pytest.mark.parametrize("op", CONSTANT, ids=str)
def test_an_op_without_a_derivative_says_so(op: Op) -> None:
    """Steps, signs, comparisons and positions send nothing back: their results require no gradient."""
    for sample in samples(op):
        leaves = [Tensor(np.array(x, float), requires_grad=True) for x in sample.arrays if x.dtype.kind == "f"]
        assert not sample.floats
        given = iter(leaves)
        inputs = tuple(next(given) if x.dtype.kind == "f" else x for x in sample.arrays)
        assert not leaves[0].__autorecur_apply__(op, inputs, sample.attributes).requires_grad


# ---------------------------------------------------------------- wrong rules


def rejected(sample: Sample) -> tuple[str, ...]:
    """The mutants of a rule that the public check rejects; an error if it lets one pass that makes a difference."""
    return assert_mutants_rejected(
        sample.value, lambda g, out, *primals: tuple(sample.pulled(g, *primals)), *sample.primals
    )


def telling(op: Op) -> list[Sample]:
    """A small sample with a square matrix in it and operands of different shapes; or one of each; or the smallest."""
    known = sorted(smooth_samples(op), key=lambda sample: sum(x.size for x in sample.primals))
    square = [s for s in known if any(x.ndim > 1 and x.shape[-1] == x.shape[-2] > 1 for x in s.primals)]
    stretched = [s for s in known if len({x.shape for x in s.primals}) > 1 and min(x.size for x in s.primals) > 1]
    several = [s for s in known if sum(x.size for x in s.primals) > 1]
    return [s for s in square if s in stretched][:1] or square[:1] + stretched[:1] or several[:1]


def sent_somewhere(sample: Sample) -> list[int]:
    """The inputs that are sent something other than zero: no multiple of zero is wrong."""
    return [i for i, c in enumerate(sample.pulled(sample.cotangent())) if np.any(c)]


@every_rule
def test_every_mutant_of_a_rule_is_rejected(op: Op) -> None:
    """Sign, factors from 2 to 1.000001, transpose, lost path, lost sum, in what one input is sent: ``ar.testing`` sees each."""
    for sample in telling(op):
        if some := sent_somewhere(sample):
            found = rejected(sample)
            assert {f"{slip} of input {i}" for slip in ("sign", "factor 1 + 1e-6") for i in some} <= set(found), sample


@pytest.mark.long
@every_rule
def test_every_mutant_of_a_rule_is_rejected_on_every_sample(op: Op) -> None:
    """The same for every way in which the op is tried."""
    for sample in smooth_samples(op):
        if sent_somewhere(sample):
            assert rejected(sample), sample


@pytest.mark.parametrize("op", [op for op in DIFFERENTIABLE if op.broadcasts and op.arity != 1], ids=str)
def test_a_missing_sum_over_a_stretched_axis_is_seen(op: Op) -> None:
    """An op that does not say that it broadcasts, has cotangents of wrong shapes."""
    wrong = replace(op, broadcasts=False)
    for sample, g, _ in trials(op):
        found = pulled(wrong, sample.floats, g, sample.value(), sample.arrays, sample.attributes)
        if [c.shape for c in found] != [x.shape for x in sample.primals]:
            return
    pytest.fail("nothing is stretched in any sample")


def without_call(op: Op, i: int, number: int, operand: int) -> float:
    """How wrong a rule is that leaves out one of its calls; −1 if it gives the same numbers everywhere."""
    found: list[float] = []
    same = True
    for trial in trials(op):
        sample, g, true = trial
        if i not in sample.floats:
            continue
        try:
            wrong = sent(op, i, trial, Calls(number, operand))
        except CRASHES:
            return float("inf")
        [right] = pulled(op, [i], g, sample.value(), sample.arrays, sample.attributes)
        same = same and error(wrong, right) < ROUNDING
        found.append(error(wrong, true[sample.floats.index(i)]))
    return -1.0 if same else max(found)


@every_rule
def test_a_call_left_out_of_a_rule_is_seen(op: Op) -> None:
    """A lost factor, a lost path, a lost transpose or a lost minus anywhere in a rule: each gives a wrong gradient.

    (A rule that gives the same numbers without a call, on all samples and at all kinks, is still right.)
    """
    wrong = {name: without_call(op, i, number, operand) for i, number, operand, name in left_out(op)}
    assert [name for name, size in wrong.items() if 0 <= size <= 100 * TOLERANCE] == []
