"""Derivatives of functions: gradients, products with Jacobians and Hessians, nested, over trees."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autorecur as ar

Point = namedtuple("Point", "x y")
numbers = st.floats(-2, 2).map(lambda x: round(x, 3))


def cube(x: ar.Tensor) -> ar.Tensor:
    return x**3


def test_derivatives_of_every_order() -> None:
    """x⁴ has 4x³, 12x², 24x, 24, 0."""
    f, found = (lambda x: x**4), []
    for _ in range(5):
        f = ar.grad(f)
        found.append(f(2.0).item())
    assert found == [32, 48, 48, 24, 0]


def test_arguments_are_chosen_by_number() -> None:
    """One, several (then a tuple), counted from the end."""

    def f(x: ar.Tensor, y: ar.Tensor) -> ar.Tensor:
        return x * y * y

    assert ar.grad(f, 1)(2.0, 3.0).item() == 12
    assert [g.item() for g in ar.grad(f, (0, 1))(2.0, 3.0)] == [9, 12]
    assert ar.grad(f, -1)(2.0, 3.0).item() == 12


def test_keyword_arguments_are_constants() -> None:
    """They are passed on."""
    assert ar.grad(lambda x, *, k: k * x * x)(3.0, k=2.0).item() == 12


def test_trees_come_back_as_they_went_in() -> None:
    """Dicts, lists, tuples, named tuples, None."""

    def f(p: dict[str, object]) -> ar.Tensor:
        (a, b), c = p["ab"], p["c"]
        return a * b.x * b.y + c[0] * 2 + c[1].sum()  # type: ignore[index, attr-defined, operator, no-any-return]

    tree = {"ab": (2.0, Point(3.0, 4.0)), "c": [1.0, ar.tensor([1.0, 2.0])], "none": None}
    gradient = ar.grad(f)(tree)
    assert gradient["ab"][0].item() == 12
    assert isinstance(gradient["ab"][1], Point)
    assert [g.item() for g in gradient["ab"][1]] == [8, 6]
    assert gradient["c"][1].tolist() == [1, 1]
    assert gradient["none"] is None


def test_has_aux_returns_what_else_there_is() -> None:
    """value_and_grad: ((value, aux), gradient); grad: (gradient, aux)."""

    def f(x: ar.Tensor) -> tuple[ar.Tensor, dict[str, ar.Tensor]]:
        return x * x, {"twice": 2 * x}

    (value, aux), gradient = ar.value_and_grad(f, has_aux=True)(3.0)
    assert (value.item(), aux["twice"].item(), gradient.item()) == (9, 6, 6)
    assert not aux["twice"].requires_grad
    gradient, aux = ar.grad(f, has_aux=True)(3.0)
    assert (gradient.item(), aux["twice"].item()) == (6, 6)
    _, pull, aux = ar.vjp(f, 3.0, has_aux=True)
    assert pull(1.0)[0].item() == 6


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            lambda: ar.grad(cube)(3),
            r"grad: argument 0 holds int64, and only floats have a derivative: write 1\.0 for 1, .*",
        ),
        (
            lambda: ar.grad(cube)(np.ones(2)),
            r"grad needs a function with a single number as its value, of shape \(\); this one has \(2,\): .*",
        ),
        (lambda: ar.grad(lambda x: (x > 1).sum())(2.0), r"grad of a tensor of int64: only floats have a gradient; .*"),
        (
            lambda: ar.grad(lambda x: None)(2.0),
            r"grad needs a function with .* has none \(did it forget to return\?\): .*",
        ),
        (
            lambda: ar.grad(lambda x, y: x * y, (0, 0))(1.0, 2.0),
            r"grad: argnums is a number, or different numbers, of arguments, not \(0, 0\)",
        ),
        (lambda: ar.grad(cube, 1)(1.0), r"grad: there is no argument number 1; the function was called with 1"),
        (lambda: ar.grad(cube, has_aux=True)(1.0), r"grad with has_aux needs a function that returns a pair .*"),
        (lambda: ar.vjp(cube, 1.0)[1](np.ones(2)), r"the cotangent has shape \(2,\), and what it belongs to \(\)"),
        (
            lambda: ar.jvp(cube, (1.0,), (1.0, 2.0)),
            r"the tangents of jvp must be arranged like .*: a tuple of 1, not .*",
        ),
        (
            lambda: ar.hvp(lambda p: p["a"], {"a": 1.0}, {"b": 1.0}),
            r"the cotangent must be arranged like what it belongs to: a dict with the keys a, not .* the keys b",
        ),
    ],
)
def test_errors_say_what_is_wrong(action: object, message: str) -> None:
    """One sentence with the numbers in it."""
    with pytest.raises(ar.AutorecurError, match=f"^{message}$"):
        action()  # type: ignore[operator]


def test_perturbations_are_not_confused() -> None:
    """d/dx (x · d/dy (x + y)) is 1, not 2."""
    assert ar.grad(lambda x: x * ar.grad(lambda y: x + y)(1.0))(1.0).item() == 1


def test_an_inner_derivative_depends_on_the_outer_argument() -> None:
    """d/dx of (d/dy x²y³ at y = 2) is 24x; the same with jvp inside and out."""
    inner = lambda x: ar.grad(lambda y: x * x * y**3)(2.0)  # noqa: E731
    assert ar.grad(inner)(3.0).item() == 72
    pushed = lambda x: ar.jvp(lambda y: x * x * y**3, (2.0,), (1.0,))[1]  # noqa: E731
    assert ar.grad(pushed)(3.0).item() == 72
    assert ar.jvp(pushed, (3.0,), (1.0,))[1].item() == 72


def test_a_parameter_outside_is_seen_by_an_outer_backward() -> None:
    """A gradient that depends on a tensor outside can be differentiated by it."""
    w = ar.tensor(3.0, requires_grad=True)
    g = ar.grad(lambda x: w * w * x * x)(2.0)
    g.backward()
    assert w.grad is not None
    assert w.grad.item() == 24


def test_a_transform_leaves_gradients_alone() -> None:
    """ar.grad does not touch .grad of anything."""
    w, x = ar.tensor(3.0, requires_grad=True), ar.tensor(2.0, requires_grad=True)
    ar.grad(lambda x: w * x)(x)
    assert w.grad is None
    assert x.grad is None


def test_results_without_an_outside_have_no_history() -> None:
    """Nothing is held that nobody can ask for."""
    value, gradient = ar.value_and_grad(cube)(2.0)
    assert not value.requires_grad
    assert not gradient.requires_grad
    assert not ar.jvp(cube, (2.0,), (1.0,))[1].requires_grad


def test_a_finished_inner_derivative_leaves_no_history() -> None:
    """An outer one does not take its leaves for tensors that somebody watches."""
    gradient = ar.grad(lambda x: x * ar.grad(lambda y: x * y**2)(3.0))(2.0)
    assert gradient.item() == 24
    assert not gradient.requires_grad
    assert not ar.hessian(lambda x: (x**3).sum())(np.ones(2)).requires_grad


def test_an_output_that_stands_in_two_places_has_one_jacobian() -> None:
    """Not twice the sum."""
    first, second = ar.jacobian(lambda x: (y := x * x, y))(2.0)
    assert (first.item(), second.item()) == (4, 4)


def test_an_aux_carries_outer_derivatives() -> None:
    """What else a function returns may depend on the outer argument, or on a parameter."""
    inner = lambda x: ar.grad(lambda y: (y * y, 5 * x), has_aux=True)(2.0)[1]  # noqa: E731
    assert ar.grad(inner)(3.0).item() == 5
    assert ar.grad(lambda x: ar.vjp(lambda y: (y * y, 7 * x), 2.0, has_aux=True)[2])(3.0).item() == 7
    assert ar.grad(lambda x: ar.jvp(lambda y: (y * y, 7 * x), (2.0,), (1.0,), has_aux=True)[2])(3.0).item() == 7


def test_an_inner_derivative_does_not_walk_the_history_outside() -> None:
    """A closure over a long computation costs what the inner function costs."""
    x = ar.tensor(1.0, requires_grad=True)
    h = x
    for _ in range(3000):
        h = h + ar.grad(lambda y, h=h: y * h * 1e-4)(1.0)
    h.backward()
    assert x.grad is not None
    assert x.grad.item() == pytest.approx(1.0001**3000)


@pytest.mark.parametrize(
    "cut",
    [
        lambda x: ar.tensor(np.array([x, 2 * x])).sum(),
        lambda x: ar.tensor(np.asarray(x)) * x,
        lambda x: ar.tensor(x) ** 2,
        lambda x: x * float(x),
        lambda x: (np.ones(2).dot(ar.stack([x, x])) * x).sum(),
        lambda x: np.sum([x, x]) * x,
    ],
)
def test_a_gradient_is_not_cut_without_a_word(cut: object) -> None:
    """What makes plain numbers of a traced tensor behind one's back is an error; item() and numpy() say so."""
    with pytest.raises(ar.GradientError, match=r"would cut the gradient of a tensor|cannot carry the gradients"):
        ar.grad(cut)(3.0)  # type: ignore[arg-type]
    assert ar.grad(lambda x: x * x.item())(3.0).item() == 3
    assert ar.grad(lambda x: x * x.detach())(3.0).item() == 3
    t = ar.tensor(3.0, requires_grad=True)
    assert float(t) == np.asarray(t) == 3


def test_transforms_work_inside_no_grad() -> None:
    """They record for themselves."""
    with ar.no_grad():
        assert ar.grad(ar.grad(cube))(2.0).item() == 12


def test_a_function_that_does_not_depend_on_its_argument() -> None:
    """Its gradient is zero, of the argument's shape."""
    assert ar.grad(lambda x: ar.tensor(1.0))(np.ones(2)).tolist() == [0, 0]
    assert ar.jvp(lambda x: 5.0, (1.0,), (1.0,))[1].item() == 0
    assert ar.jacobian(lambda x: np.ones(2))(np.ones(3)).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_a_tensor_that_is_returned_twice_gets_both_cotangents() -> None:
    """As an output of vjp, and as a cotangent inside jvp."""
    assert ar.vjp(lambda x: (x, x), 1.0)[1]((2.0, 3.0))[0].item() == 5
    assert ar.jvp(lambda a, b: a + b, (1.0, 2.0), (1.0, 10.0))[1].item() == 11


def test_the_identity_has_a_derivative() -> None:
    """The argument itself may be the result."""
    assert ar.grad(lambda x: x)(2.0).item() == 1
    assert ar.jacobian(lambda x: x)(np.ones(2)).tolist() == [[1, 0], [0, 1]]


def test_a_pull_back_can_be_used_often() -> None:
    """With trees of outputs."""
    value, pull = ar.vjp(lambda x: {"s": x * x, "t": (x, 3 * x)}, ar.tensor([1.0, 2.0]))
    assert value["s"].tolist() == [1, 4]
    zero = np.zeros(2)
    assert pull({"s": [1.0, 1.0], "t": (zero, zero)})[0].tolist() == [2, 4]
    assert pull({"s": zero, "t": (np.ones(2), np.ones(2))})[0].tolist() == [4, 4]


def test_a_jacobian_has_the_shape_of_output_and_input() -> None:
    """Also of trees, and empty ones."""
    x, y = np.ones((2, 3)), np.ones(4)
    jac = ar.jacobian(lambda x, y: {"a": x.sum() * y, "b": x}, (0, 1))(x, y)
    assert jac["a"][0].shape == (4, 2, 3)
    assert jac["a"][1].shape == (4, 4)
    assert jac["b"][0].shape == (2, 3, 2, 3)
    assert ar.jacobian(lambda x: x)(np.ones(0)).shape == (0, 0)


def test_a_hessian_is_the_jacobian_of_the_gradient() -> None:
    """Of x² y: [[2y, 2x], [2x, 0]]; by two arguments, blocks."""
    h = ar.hessian(lambda p: p[0] ** 2 * p[1])(ar.tensor([3.0, 5.0]))
    assert h.tolist() == [[10, 6], [6, 0]]
    blocks = ar.hessian(lambda x, y: x**2 * y, (0, 1))(3.0, 5.0)
    assert [[b.item() for b in row] for row in blocks] == [[10, 6], [6, 0]]


@given(st.lists(numbers, min_size=1, max_size=4))
def test_products_with_the_hessian(values: list[float]) -> None:
    """hvp is the Hessian times v."""
    x = np.array(values)
    v = np.arange(1.0, len(x) + 1)
    f = lambda x: (x * x.sum() * ar.tanh(x)).sum()  # noqa: E731
    assert np.allclose(ar.hvp(f, x, v), ar.hessian(f)(x).numpy() @ v)


@given(st.lists(numbers, min_size=1, max_size=4))
def test_forward_and_reverse_agree(values: list[float]) -> None:
    """⟨w, J v⟩ = ⟨Jᵀ w, v⟩, and both are the Jacobian's."""
    x = np.array(values)
    v, w = np.cos(x + 1), np.sin(x + 2)
    f = lambda x: ar.tanh(x * x.sum())  # noqa: E731
    jv, (jw,) = ar.jvp(f, (x,), (v,))[1], ar.vjp(f, x)[1](w)
    assert np.isclose(np.dot(w, jv.numpy()), np.dot(jw.numpy(), v))
    assert np.allclose(jv, ar.jacobian(f)(x).numpy() @ v)


def test_float32_stays_float32() -> None:
    """Gradients, tangents, Jacobians."""
    x = np.ones(2, np.float32)
    assert ar.grad(lambda x: (x * x).sum())(x).dtype == np.float32
    assert ar.jvp(cube, (x,), (x,))[1].dtype == np.float32
    assert ar.jacobian(cube)(x).dtype == np.float32
