"""``assert_gradients`` and ``assert_vjp``: whose rules they take, what they say, when they reject an example."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample, Unsatisfiable

import autorecur as ar
from autorecur.testing import assert_gradients, assert_vjp

R = np.random.default_rng(11)
A, C = R.standard_normal((2, 3)), R.standard_normal(3)

FAILURE = """\
a gradient is wrong

input    shape  entries  worst  analytic      numeric       error    tolerance  reference
input 0  (1,)   1        [0]    0.2514604422  0.1257302211  1.0e+00  1e-07      complex step  FAILED
1 of 1 entries are wrong

input 0: off by a factor of 2 (only one entry tells)

Distance of the central difference from the analytic value, relative, against its step:
    1e-01  5.0e-01  #######################################
    1e-02  5.0e-01  #######################################
    1e-03  5.0e-01  #######################################
    1e-04  5.0e-01  #######################################
    1e-05  5.0e-01  #######################################
    1e-06  5.0e-01  #######################################
    1e-07  5.0e-01  #######################################
    1e-08  5.0e-01  #######################################
    1e-09  5.0e-01  #######################################
    1e-10  5.0e-01  #######################################
A floor at 5e-01 that no step gets below: the rule is wrong by that much; rounding would fall and rise.

A test to paste:

import numpy as np
from autorecur.testing import assert_vjp


def test_the_gradient_of_linear():
    x0 = np.array([0.5])
    assert_vjp(linear, wrong, x0)"""


def linear(x: Any) -> Any:
    return 1.0 * x


def wrong(g: Any, out: Any, x: Any) -> Any:
    return 2 * g


def test_the_whole_text_of_a_failure() -> None:
    """The table, the likely slip, the curve, and a test to paste."""
    with pytest.raises(AssertionError) as error:
        assert_vjp(linear, wrong, np.array([0.5]))
    assert str(error.value) == FAILURE


def test_the_test_to_paste_fails_in_the_same_way() -> None:
    """It is a program: the inputs are written out so that they are the same."""
    x = R.standard_normal((2, 2))
    with pytest.raises(AssertionError) as error:
        assert_vjp(linear, wrong, {"a": x, "b": [C, np.float32(0.1)]}["a"])
    pasted = str(error.value).split("A test to paste:\n\n")[1]
    names: dict[str, Any] = {"linear": linear, "wrong": wrong}
    exec(pasted, names)
    with pytest.raises(AssertionError) as again:
        names["test_the_gradient_of_linear"]()
    assert str(again.value) == str(error.value)


def test_a_rule_of_numpy() -> None:
    """The rule may return a tuple, or for one input the gradient alone."""
    assert_vjp(np.sin, lambda g, out, x: g * np.cos(x), A)
    assert_vjp(np.sin, lambda g, out, x: (g * np.cos(x),), A)
    assert_vjp(lambda x, y: x * y, lambda g, out, x, y: [g * y, (g * x).sum(0)], A, C)


def test_a_rule_of_pytorch() -> None:
    """Inputs, cotangent and output are PyTorch's own, and float64 where the inputs are float32, for the differences."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed; it is in the extra 'peers'")

    def by_pytorch(g: Any, out: Any, x: Any, w: Any) -> Any:
        leaves = [x.clone().requires_grad_(), w.clone().requires_grad_()]
        return torch.autograd.grad(torch.nn.functional.gelu(leaves[0] @ leaves[1]), leaves, g)

    def f(x: Any, w: Any) -> Any:
        return torch.nn.functional.gelu(x @ w)

    for dtype in (torch.float64, torch.float32):
        inputs = (torch.as_tensor(A, dtype=dtype), torch.as_tensor(A.T.copy(), dtype=dtype))
        assert_vjp(f, by_pytorch, *inputs)
        with pytest.raises(AssertionError, match="input 1: the sign is wrong"):
            assert_vjp(f, lambda g, out, x, w: [*by_pytorch(g, out, x, w)[:1], -by_pytorch(g, out, x, w)[1]], *inputs)


def test_a_rule_of_jax() -> None:
    """JAX's own pull-back, on JAX's arrays."""
    jax: Any = pytest.importorskip("jax", reason="JAX is not installed; it is in the extra 'peers'")
    f = jax.numpy.tanh
    assert_vjp(f, lambda g, out, x: jax.vjp(f, x)[1](g), jax.numpy.asarray(A.astype(np.float32)))


def test_a_rule_of_this_package() -> None:
    """``ar.vjp`` on tensors."""
    assert_vjp(ar.tanh, lambda g, out, x: ar.vjp(ar.tanh, x)[1](g), ar.tensor(A))


def test_inputs_that_are_no_floats_have_no_gradient() -> None:
    """None stands in their place; None for floats claims that nothing depends on them."""
    rows = np.array([1, 0, 1])

    def spread(g: Any, out: Any, x: Any, i: Any) -> Any:
        found = np.zeros(x.shape)
        np.add.at(found, i, g)
        return found, None

    assert_vjp(lambda x, i: x[i], spread, A, rows)
    with pytest.raises(AssertionError, match="no gradient arrives: a path is lost"):
        assert_vjp(lambda x, i: x[i], lambda g, out, x, i: (None, None), A, rows)


def test_the_rule_cannot_spoil_the_inputs() -> None:
    """It works on copies."""
    given_x = A.copy()

    def rude(g: Any, out: Any, x: Any) -> Any:
        x *= 0
        return g * 2.0

    assert_vjp(lambda x: x * 2.0, rude, given_x)
    assert np.array_equal(given_x, A)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda g, out, x, y: (g,), "the rule returns 1 gradient for 2 inputs"),
        (lambda g, out, x, y: (g, g, g), "the rule returns 3 gradients for 2 inputs"),
    ],
)
def test_a_wrong_number_of_gradients_is_told(rule: Any, message: str) -> None:
    """With both numbers."""
    with pytest.raises(AssertionError) as error:
        assert_vjp(lambda x, y: x + y, rule, A, A)
    assert str(error.value) == message


def test_a_gradient_arranged_differently_is_told() -> None:
    """It must be a tree like the input."""
    with pytest.raises(
        ar.ShapeError, match="the gradient must be arranged like what it belongs to: a dict with the keys w"
    ):
        assert_vjp(lambda p: p["w"], lambda g, out, p: ({"v": g},), {"w": A})


def test_outside_of_hypothesis_nothing_compared_is_an_error() -> None:
    """It is no failure of the rule, and no success either."""
    with pytest.raises(ar.GradientError) as error:
        assert_vjp(np.abs, lambda g, out, x: g * np.sign(x), np.zeros(3))
    assert str(error.value) == "nothing was compared; 3 skipped (3 at a kink): choose other inputs"


def test_inside_of_hypothesis_nothing_compared_rejects_the_example() -> None:
    """If every example is at a kink, the test is unsatisfiable; if some are, the others count."""
    seen = []

    @settings(database=None, max_examples=20, suppress_health_check=[HealthCheck.filter_too_much])
    @given(st.just(np.zeros(2)))
    def never(x: Any) -> None:
        assert_vjp(np.abs, lambda g, out, x: g * np.sign(x), x)

    @settings(database=None, max_examples=20)
    @given(st.sampled_from([0.0, 1.0]))
    def sometimes(x: float) -> None:
        assert_vjp(np.abs, lambda g, out, x: g * np.sign(x), np.array(x))
        seen.append(x)

    with pytest.raises(Unsatisfiable):
        never()
    sometimes()
    assert set(seen) == {1.0}


def test_the_time_of_a_check_is_not_that_of_the_example() -> None:
    """A check calls a function hundreds of times; the default deadline of 200 ms is not for that."""
    import time

    def slow(x: Any) -> Any:
        time.sleep(0.02)
        return np.sin(x)

    @settings(database=None, max_examples=1)
    @given(st.just(np.ones(4)))
    def check(x: Any) -> None:
        assert_vjp(slow, lambda g, out, x: g * np.cos(x), x)

    check()


def test_a_wrong_rule_shrinks_to_a_small_example() -> None:
    """A rule that forgets the sum over a broadcast axis is shown on a single pair of numbers where the axis has size 2."""

    def forgetful(g: Any, out: Any, x: Any, y: Any) -> Any:
        return g, g[0] if g.ndim > y.ndim else g

    def fails(inputs: Any) -> bool:
        try:
            assert_vjp(lambda x, y: x + y, forgetful, *inputs)
        except AssertionError:
            return True
        return False

    arrays = ar.testing.tensors(ar.testing.shapes(min_dims=2, max_dims=2)).map(lambda t: t.numpy())
    small = find(arrays.map(lambda x: (x, x[0])), fails, settings=settings(database=None))
    assert (small[0].tolist(), small[1].tolist()) == ([[0.0], [0.0]], [0.0])
    with pytest.raises(NoSuchExample):
        find(arrays.map(lambda x: (x[:1], x[:1])), fails, settings=settings(database=None, max_examples=20))


def test_big_inputs_are_described_in_the_test_to_paste() -> None:
    """Nobody reads a thousand numbers."""
    with pytest.raises(
        AssertionError, match=r"x0 = \.\.\.  # float64 of shape \(500,\), from 0\.0 to 1\.0: too large to print"
    ):
        assert_vjp(linear, wrong, np.linspace(0, 1, 500))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((2, 3)), "np.zeros((2, 3))"),
        (np.array([[0.1, -np.inf], [np.nan, 1e300]]), "np.array([[0.1, -np.inf], [np.nan, 1e+300]])"),
        (np.array([0.1], np.float32), "np.array([0.1], dtype=np.float32)"),
        (np.array([-0.0]), "np.array([-0.0])"),
        (np.zeros((0, 2), np.float32), "np.zeros((0, 2), dtype=np.float32)"),
        (ar.tensor([1, 2]), "np.array([1, 2])"),
        ({"a": (np.ones(1), [2, "x"])}, "{'a': (np.array([1.0]), [2, 'x'])}"),
        ((1.5,), "(np.array(1.5),)"),
        (None, "None"),
    ],
)
def test_inputs_as_literals(value: Any, text: str) -> None:
    """Readable, and the same numbers in the same dtype."""
    from autorecur.testing.literals import literal

    assert literal(value) == text


def test_assert_gradients_returns_nothing_and_raises_with_the_report() -> None:
    """Whose text it is."""
    assert assert_gradients(lambda x: ar.exp(x), A, order=2) is None  # type: ignore[func-returns-value]
    with pytest.raises(
        AssertionError, match=r"(?s)a gradient is wrong.*no gradient arrives.*assert_gradients\(f, x0\)"
    ):
        assert_gradients(lambda x: ar.tensor(x.data * 2), A)
