"""``ar.gradcheck``: right rules pass at any scale, wrong ones do not, and what cannot be compared is counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.ops import TABLE
from autorecur.tape.tensor import apply

R = np.random.default_rng(3)
X = R.standard_normal((3, 4))
Y = R.standard_normal((4, 2))


def op(name: str, **attributes: Any) -> Any:
    """A function that applies an op of the table."""
    return lambda *inputs: apply(TABLE[name], inputs, attributes)


def scaled(factor: float) -> Any:
    """The identity, with a rule that is off by a factor."""

    @ar.primitive
    def identity(x: Any) -> Any:
        return x * 1.0

    @identity.vjp
    def _(g: Any, out: Any, x: Any) -> Any:
        return g * factor

    return identity


def test_right_gradients_pass() -> None:
    """The report is true, everything was compared, and the complex step served as reference."""
    report = ar.gradcheck(lambda x, y: ar.tanh(x @ y) * ar.exp(x.sum() / 10), X, Y)
    assert report
    assert report.passed
    assert (report.compared, report.skipped) == (20, 0)
    assert report.max_error < 1e-12
    assert {c.reference for c in report.comparisons} == {"complex step"}
    assert (report.diagnosis, report.curve, report.test) == ("", (), "")


def test_functions_that_are_not_analytic_are_compared_with_differences() -> None:
    """A kernel that looks at the absolute value spoils complex numbers: they are not believed."""
    report = ar.gradcheck(lambda x: op("sigmoid")(x) * ar.tensor(np.abs(x.data)), np.array([-1.0]))
    assert report.worst.reference == "differences"
    assert not report


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e-9, 1.0, 1e9, 1e30, 1e200])
def test_the_scale_of_the_value_does_not_matter(scale: float) -> None:
    """Right rules pass and rules that are off by a millionth fail, for tiny and for huge gradients."""
    assert ar.gradcheck(lambda x: ar.tanh(x) * scale, X)
    assert not ar.gradcheck(lambda x: scaled(1 + 1e-6)(ar.tanh(x)) * scale, X)


@pytest.mark.parametrize("scale", [1e-8, 1e-3, 1e3, 1e8])
def test_the_scale_of_the_inputs_does_not_matter(scale: float) -> None:
    """Steps fit the numbers."""
    assert ar.gradcheck(lambda x: op("log")(x), np.array([0.5, 1.0, 2.0]) * scale).compared == 3
    assert not ar.gradcheck(lambda x: scaled(1 + 1e-6)(op("log")(x)), np.array([0.5, 1.0, 2.0]) * scale)


@pytest.mark.parametrize("factor", [-1, 2, 0.5, 1.001, 1 + 1e-6, 1 - 1e-6, 0, np.nan, np.inf])
def test_wrong_gradients_fail(factor: float) -> None:
    """Down to a relative error of a millionth, and for what is no number."""
    report = ar.gradcheck(lambda x: ar.exp(scaled(factor)(x)), X)
    assert not report
    assert report.worst.wrong > 0


def test_one_wrong_entry_among_many_is_named() -> None:
    """With its index, its values, and the other input is not blamed."""
    factors = np.ones((3, 4))
    factors[1, 2] = 1.5

    report = ar.gradcheck(lambda x, y: ar.exp(scaled(factors)(x)) * y, X, X + 1)
    wrong, right = report.comparisons
    assert (wrong.wrong, wrong.index, right.wrong) == (1, (1, 2), 0)
    assert wrong.analytic == pytest.approx(1.5 * wrong.numeric)
    assert report.worst is wrong


def test_zero_gradients_pass() -> None:
    """Exact ones, ones that rounding leaves a trace of, and ones in which terms cancel."""
    softmax = op("softmax", axis=(-1,))
    assert ar.gradcheck(lambda x: x * 0.0, X)
    assert ar.gradcheck(lambda x: softmax(x).sum(), X)
    assert ar.gradcheck(lambda x: (softmax(x) - softmax(x + 1.0)).sum(), X)
    assert ar.gradcheck(lambda x, y: x * 2.0, X, Y).comparisons[1].compared == 8
    assert ar.gradcheck(lambda x: (x + 1e8) - 1e8, X)


def test_a_gradient_that_should_be_zero_is_found() -> None:
    """There is no true scale to compare with, and yet."""

    @ar.primitive
    def step(x: Any) -> Any:
        return np.zeros(x.shape)

    @step.vjp
    def _(g: Any, out: Any, x: Any) -> Any:
        return g * 1e-9

    assert not ar.gradcheck(step, X)


def test_kinks_are_skipped_and_counted() -> None:
    """Only those: a point next to a kink is compared."""
    report = ar.gradcheck(op("relu"), np.array([0.0, 1e-3, -1e-3, 1e-6, 2.0]))
    assert report
    assert (report.worst.kinks, report.compared) == (1, 4)
    assert report.summary().startswith("4 entries agree; 1 skipped (1 at a kink); ")


def test_a_wrong_rule_beside_a_kink_fails() -> None:
    """A skipped entry excuses no other."""
    report = ar.gradcheck(lambda x: scaled(1.001)(op("relu")(x)), np.array([0.0, 1.0]))
    assert (report.worst.kinks, report.worst.wrong) == (1, 1)
    assert not report


def test_if_all_is_skipped_nothing_is_known() -> None:
    """The report is false, and says so; it accuses nobody."""
    report = ar.gradcheck(op("abs"), np.zeros(2))
    assert report.empty
    assert not report
    assert report.summary() == "nothing was compared; 2 skipped (2 at a kink)"
    assert report.diagnosis == ""


def test_the_edge_of_the_domain_is_skipped() -> None:
    """So is a value that is not finite."""
    report = ar.gradcheck(op("sqrt"), np.array([0.0, 1.0]))
    assert (report.worst.edges, report.compared) == (1, 1)
    with np.errstate(all="ignore"):
        report = ar.gradcheck(op("log"), np.array([0.0, 1.0]))
    assert report.empty
    assert report.summary() == "nothing was compared; 2 skipped (2 at the edge of the domain)"


def test_float32_has_its_own_tolerance() -> None:
    """Differences are taken in float64, so four digits are promised and a thousandth is found."""
    x = X.astype(np.float32)
    report = ar.gradcheck(lambda x: ar.tanh(x @ x.reshape(4, 3)), x)
    assert report
    assert (report.worst.tolerance, report.worst.dtype) == (1e-4, "float32")
    assert not ar.gradcheck(lambda x: ar.tanh(scaled(1.001)(x)), x)


def test_functions_that_insist_on_float32_are_given_more_room() -> None:
    """Then the differences themselves have only a few digits: a hundredth is found."""

    @ar.primitive
    def single(x: Any) -> Any:
        return np.tanh(np.asarray(x, np.float32))

    @single.vjp
    def _(g: Any, out: Any, x: Any) -> Any:
        return g * (1 - out * out)

    x = X.astype(np.float32)
    report = ar.gradcheck(single, x)
    assert report
    assert report.worst.tolerance == pytest.approx(2e-3)
    assert not ar.gradcheck(lambda x: scaled(1.01)(single(x)), x)


def test_the_tolerance_can_be_chosen() -> None:
    """A looser one lets a small error pass."""
    assert ar.gradcheck(lambda x: scaled(1.001)(x), X, rtol=1e-2)


def test_inputs_and_outputs_are_trees() -> None:
    """Dicts, lists and tuples; integers and texts are passed on; each array has a row with its place."""

    def f(p: Any, k: int, how: str) -> Any:
        assert (k, how) == (2, "twice")
        return {"a": ar.tanh(p["w"]), "b": [p["v"][0] * p["v"][1] * k, p["n"]]}

    report = ar.gradcheck(f, {"w": X, "v": (Y, 2.5), "n": np.array([1, 2])}, 2, "twice")
    assert report
    assert [c.name for c in report.comparisons] == ["input 0['w']", "input 0['v'][0]", "input 0['v'][1]"]


def test_tensors_and_numbers_are_inputs() -> None:
    """A tensor that requires a gradient is left alone."""
    x = ar.tensor(X, requires_grad=True)
    assert ar.gradcheck(lambda x, y: x * y, x, 2.0).compared == 13
    assert x.grad is None


def test_empty_inputs_pass() -> None:
    """There is nothing to be wrong, and nothing was skipped."""
    report = ar.gradcheck(lambda x: x * 2.0, np.zeros((0, 3)))
    assert report
    assert report.compared == 0


def test_big_inputs_are_sampled() -> None:
    """A seeded sample, and one direction through all, which finds what the sample misses."""
    x = R.standard_normal((60, 60))
    report = ar.gradcheck(ar.tanh, x, max_entries=20)
    assert (report.compared, bool(report)) == (21, True)
    assert report == ar.gradcheck(ar.tanh, x, max_entries=20)
    factors = np.ones((60, 60))
    factors[R.random((60, 60)) < 0.01] = 3.0
    report = ar.gradcheck(lambda x: scaled(factors)(x), x, max_entries=3)
    assert not report
    assert ar.gradcheck(ar.tanh, x[:5], max_entries=None).compared == 300


def test_second_order() -> None:
    """The derivative of the gradient, by the inputs and by the cotangent."""
    report = ar.gradcheck(lambda x, y: ar.tanh(x @ y), X, Y, order=2)
    assert report
    assert [c.label for c in report.comparisons] == [
        "input 0", "input 1", "input 0, 2nd", "input 1, 2nd", "cotangent 0, 2nd",
    ]  # fmt: skip


def test_a_rule_that_is_wrong_only_in_the_second_order_is_found() -> None:
    """Its first derivative is right, and computed behind the tape's back."""

    @ar.primitive
    def cube(x: Any) -> Any:
        return x**3

    @cube.vjp
    def _(g: Any, out: Any, x: Any) -> Any:
        return g * (3 * (x.detach() if isinstance(x, ar.Tensor) else x) * x)

    assert ar.gradcheck(cube, X)
    report = ar.gradcheck(cube, X, order=2)
    assert not report
    assert report.worst.label == "input 0, 2nd"
    assert report.diagnosis == "input 0, 2nd: off by a factor of 1/2"
    assert "assert_gradients(cube, x0, order=2)" in report.test


@pytest.mark.parametrize(
    ("f", "inputs", "message"),
    [
        (ar.tanh, (np.array([1, 2]),), "there is nothing to differentiate: none of the inputs holds floats"),
        (lambda x: x.data > 0, (X,), "there is nothing to differentiate: the function returns bool, and no floats"),
        (
            lambda x: x * R.standard_normal(),
            (X,),
            "the function gives another value each time it is called with the same inputs; "
            "give its random numbers a seed inside the function",
        ),
    ],
)
def test_what_has_no_gradient_is_refused(f: Any, inputs: Any, message: str) -> None:
    """With the reason."""
    with pytest.raises(ar.GradientError) as error:
        ar.gradcheck(f, *inputs)
    assert str(error.value) == message


def test_an_unknown_order_is_refused() -> None:
    """One or two."""
    with pytest.raises(ValueError, match="gradcheck: order must be 1 or 2, not 3"):
        ar.gradcheck(ar.tanh, X, order=3)


def test_hooks_and_own_ops_work_inside() -> None:
    """A hook that changes the gradient is a wrong gradient."""

    def hooked(x: Any) -> Any:
        y = ar.exp(x)
        if y.requires_grad:
            y.register_hook(lambda g: g * 2)
        return y

    assert "off by a factor of 2" in ar.gradcheck(hooked, X).diagnosis
    assert ar.gradcheck(scaled(1.0), X)


K = np.array([1.0, 1e5])


def opaque(f: Any, slope: Any) -> Any:
    """An op with a rule, on real numbers only: the complex step has nothing to say."""
    made = ar.primitive(lambda x: f(np.asarray(x, float) if np.isrealobj(x) else np.full(np.shape(x), np.nan)))
    made.vjp(lambda g, out, x: g * slope(x))
    return made


@pytest.mark.parametrize("factor", [2.0, 1 + 1e-6])
def test_fast_waves_are_no_kinks_and_excuse_no_wrong_rule(factor: float) -> None:
    """Steps become narrow enough to follow them, with the complex step or without."""
    point, wrong = np.array([0.3, 0.7]), K * np.array([1.0, factor])
    analytic = ar.primitive(lambda x: np.sin(K * x))
    analytic.vjp(lambda g, out, x: g * wrong * ar.cos(K * x))
    for f in (analytic, opaque(lambda x: np.sin(K * x), lambda x: wrong * ar.cos(K * x))):
        report = ar.gradcheck(f, point)
        assert not report
        assert (report.worst.wrong, report.worst.index, report.skipped) == (1, (1,), 0)


@pytest.mark.parametrize(
    ("f", "inputs"),
    [
        (ar.sin, [np.array([1.0, 1e6])]),
        (lambda x: ar.sin(1e4 * x), [np.array([0.3, 0.7, 0.9])]),
        (lambda x: ar.sin(1e7 * x), [np.array([0.3, 0.7])]),
        (lambda x: 1 / x, [np.array([1e-5, 1.0])]),
        (lambda x: ar.exp(-x * x * 1e8), [1e-4]),
        (lambda x, t: ar.sin(2 * np.pi * 440 * x * t), [np.array([1.0, 2.0]), np.array([0.1, 0.5])]),
        (lambda x: ar.sin(2 * np.pi * 2.0**20 * x), [np.array([0.25, 0.5])]),
        (lambda x: x + 1e-3 * ar.exp(-((x - 0.5) ** 2) * 1e10), [np.array([0.500005, 0.3])]),
    ],
)
def test_right_gradients_of_fast_functions_pass_and_wrong_ones_fail(f: Any, inputs: list[Any]) -> None:
    """Where a wide step meets many waves, or a pole; all entries are compared, and a millionth is found."""
    report = ar.gradcheck(f, *inputs)
    assert report, str(report)
    assert report.skipped == 0
    assert not ar.gradcheck(lambda x, *others: f(scaled(1 + 1e-6)(x), *others), *inputs)


@pytest.mark.parametrize(
    ("f", "slope", "x"),
    [
        (lambda x: np.sin(1e4 * x), lambda x: 1e4 * ar.cos(1e4 * x), np.array([0.3, 0.7, 0.9])),
        (lambda x: 1 / x, lambda x: -1 / (x * x), np.array([1e-5, 1.0])),
        (lambda x: np.exp(-x * x * 1e8), lambda x: -2e8 * x * ar.exp(-x * x * 1e8), np.array([1e-4, 3e-5])),
        (lambda x: np.sin(880 * np.pi * x), lambda x: 880 * np.pi * ar.cos(880 * np.pi * x), np.array([0.5, 1.0])),
    ],
)
def test_differences_alone_follow_fast_functions(f: Any, slope: Any, x: Any) -> None:
    """The plateau of narrow steps counts, not what wide ones happen to see."""
    report = ar.gradcheck(opaque(f, slope), x)
    assert report, str(report)
    assert (report.compared, report.worst.reference) == (len(x), "differences")
    assert not ar.gradcheck(opaque(f, lambda x: slope(x) * (1 + 1e-6)), x)


def test_waves_too_short_for_any_step_are_not_resolved() -> None:
    """Neither a right rule nor a wrong one is accused: no two steps agree."""
    for factor in (1.0, 2.0):
        f = opaque(lambda x: np.sin(1e12 * x), lambda x, c=factor: c * 1e12 * ar.cos(1e12 * x))
        report = ar.gradcheck(f, np.array([0.3, 0.7]))
        assert report.summary() == "nothing was compared; 2 skipped (2 not resolved by differences)"


def test_kinks_beside_fast_waves_are_told_apart() -> None:
    """At 0 the slope of |sin 10⁴x| jumps; at 0.3 it is steep, and no more."""
    report = ar.gradcheck(lambda x: ar.abs(ar.sin(1e4 * x)), np.array([0.0, 0.3]))
    assert report
    assert (report.worst.kinks, report.compared) == (1, 1)
