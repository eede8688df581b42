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


def test_a_rule_that_leaves_the_tape_is_told_where_it_matters() -> None:
    """A first derivative on bare arrays is fine; jvp and second derivatives would be zero without a word."""

    @ar.primitive
    def cube(x: Any) -> Any:
        return x**3

    cube.vjp(lambda g, out, x: g * 3 * (x.numpy() if isinstance(x, ar.Tensor) else x) ** 2)
    assert ar.grad(cube)(2.0).item() == 12
    cube.vjp(lambda g, out, x: np.array(getattr(g, "data", g)) * 3 * np.array(getattr(x, "data", x)) ** 2)
    assert ar.grad(cube)(2.0).item() == 12
    for action in (lambda: ar.jvp(cube, (2.0,), (1.0,)), lambda: ar.hessian(cube)(2.0)):
        with pytest.raises(ar.GradientError, match=r"^the rule of cube leaves the tape: "):
            action()


def test_arrays_of_the_function_are_copied() -> None:
    """Neither what it returned, nor what it was given by keyword, can be changed behind the tape."""
    store, k = np.array([1.0, 2.0]), np.array([3.0, 4.0])

    @ar.primitive
    def scaled(x: Any, *, k: Any) -> Any:
        return store[:]

    scaled.vjp(lambda g, out, x, *, k: g * k)
    x = ar.tensor([1.0, 1.0], requires_grad=True)
    y = scaled(x, k=k)
    store[:] = 0
    k[:] = 0
    assert y.tolist() == [1, 2]
    y.backward(np.ones(2))
    assert x.grad is not None
    assert x.grad.tolist() == [3, 4]
    assert store.flags.writeable


@pytest.mark.parametrize(("value", "kind"), [(None, "NoneType"), ((1.0, 2.0), "tuple"), ("a", "str")])
def test_a_function_that_returns_no_array_is_named(value: Any, kind: str) -> None:
    """One array of numbers."""

    @ar.primitive
    def odd(x: Any) -> Any:
        return value

    with pytest.raises(ar.ArgumentError, match=rf"^odd must return one array of numbers, not {kind}$"):
        odd(1.0)


def test_defaults_by_position() -> None:
    """The rule gets them as well."""

    @ar.primitive
    def raised(x: Any, n: Any = 2) -> Any:
        return x**n

    raised.vjp(lambda g, out, x, n: (g * n * x ** (n - 1), None))
    assert ar.grad(raised)(3.0).item() == 6
    with pytest.raises(ar.ArgumentError, match=r"^raised\(x: .* was called wrongly: too many positional arguments$"):
        raised(1.0, 2, 3)
