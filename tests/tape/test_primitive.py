"""Ops of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar


def scaled() -> Any:
    @ar.primitive
    def scaled(x: Any, y: Any, *, k: float = 2.0) -> Any:
        """k · x · y"""
        return k * x * y

    return scaled


def test_a_rule_is_used_for_derivatives_of_every_order() -> None:
    """Written with operators, it can be differentiated again."""
    op = scaled()

    @op.vjp
    def _(g: Any, out: Any, x: Any, y: Any, *, k: float = 2.0) -> Any:
        return k * g * y, k * g * x

    assert op.__doc__ == "k · x · y"
    assert [d.item() for d in ar.grad(op, (0, 1))(3.0, 5.0)] == [10, 6]
    assert ar.grad(ar.grad(lambda x, y: op(x, y, k=7.0), 0), 1)(3.0, 5.0).item() == 7
    assert ar.jvp(op, (3.0, 5.0), (1.0, 0.0))[1].item() == 10


def test_a_rule_may_use_ar_functions_on_bare_arrays() -> None:
    """The first derivative runs on arrays; what ar functions make of them counts."""

    @ar.primitive
    def expo(x: Any) -> Any:
        return np.exp(x)

    @expo.vjp
    def _(g: Any, out: Any, x: Any) -> Any:
        return g * ar.exp(x)

    x = ar.tensor([1.0], requires_grad=True)
    expo(x).sum().backward()
    assert np.allclose(x.grad, np.exp(1))
    assert np.allclose(ar.grad(ar.grad(lambda x: expo(x)))(1.0), np.exp(1))


def test_an_input_without_a_derivative() -> None:
    """None in its place."""
    op = scaled()
    op.vjp(lambda g, out, x, y, *, k=2.0: (g * k * y, None))
    assert ar.grad(op, 1)(3.0, 5.0).item() == 0


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda g, out, x: g, r"the rule of scaled takes \(g, out, x\), and must take \(g, out, x, y, \*, k\)"),
        (lambda g, out, x, y: g, r"the rule of scaled takes \(g, out, x, y\), and must take \(g, out, x, y, \*, k\)"),
    ],
)
def test_a_wrong_signature_is_told_at_once(rule: Any, message: str) -> None:
    """With the one that is expected."""
    with pytest.raises(ar.GradientError, match=f"^{message}$"):
        scaled().vjp(rule)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            lambda g, out, x, y, *, k=2.0: g,
            r"the rule of scaled returned 1 cotangents for 2 inputs: return a tuple with one for each input, None .*",
        ),
        (
            lambda g, out, x, y, *, k=2.0: (k * g * y, k * g * x),
            r"the rule of scaled returned a cotangent of shape \(2, 3\) for input 1, whose shape is \(3,\): sum over .*",
        ),
    ],
)
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_wrong_cotangent_is_told_with_the_shape_that_is_expected(rule: Any, message: str, create_graph: bool) -> None:
    """In the first derivative and in later ones."""
    op = scaled()
    op.vjp(rule)
    x, y = ar.tensor(np.ones((2, 3)), requires_grad=True), ar.tensor(np.ones(3), requires_grad=True)
    with pytest.raises(ar.AutorecurError, match=f"^{message}$"):
        op(x, y).backward(np.ones((2, 3)), create_graph=create_graph)


def test_an_op_without_a_rule() -> None:
    """It runs, and says what is missing when a derivative is asked for."""
    op = scaled()
    assert op(2.0, 3.0).item() == 12
    with pytest.raises(ar.GradientError, match=r"^scaled has no derivative rule: write one under @scaled\.vjp$"):
        ar.grad(op)(2.0, 3.0)


def test_what_the_function_raises_is_not_dressed_up() -> None:
    """One's own error comes through as it is."""

    @ar.primitive
    def picky(x: Any) -> Any:
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"^no$"):
        picky(1.0)
