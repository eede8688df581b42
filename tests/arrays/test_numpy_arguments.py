"""Arguments of NumPy's functions on tensors: what means the same is taken, anything else is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special

import autorecur as ar
from autorecur.errors import ArgumentError, DtypeError, GradientError

X = np.array([[0.5, -0.2, 0.3], [0.1, 0.9, -0.4]])
V = X[0]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.sum(x, 0, None, None, True),
        lambda x: np.sum(x, 0, where=True),
        lambda x: np.max(x, 1, None, True),
        lambda x: np.std(x, 0, None, None, 1),
        lambda x: np.argmax(x, 0, None, keepdims=True),
        lambda x: np.take(x, [0, 4], 1, None, "clip"),
        lambda x: np.nan_to_num(x, True, 1.0),
        lambda x: np.reshape(x, (3, 2), "C"),
        lambda x: np.concatenate([x, x], 1, None),
        lambda x: np.einsum("ij,kj", x, x, optimize=True),
        lambda x: np.full_like(x, 7.0, order="K"),
        lambda x: np.around(x, 1, None),
        lambda x: np.positive(x),
        lambda x: +x,
        lambda x: np.add.reduce(x, None),
        lambda x: np.add.reduce(x, keepdims=True),
        lambda x: np.multiply.outer(x, x),
        lambda x: np.subtract.outer(x, 2.0),
        lambda x: np.linalg.norm(x),
        lambda x: np.linalg.norm(x, "fro"),
        lambda x: np.linalg.norm(x, "fro", (1, 0), True),
        lambda x: np.linalg.norm(x, 1, 1),
        lambda x: np.linalg.norm(x[0], np.inf),
        lambda x: np.linalg.vector_norm(x, ord=1),
        lambda x: np.linalg.matmul(x, x.T),
        lambda x: np.linspace(0.0, x, 3),
        lambda x: np.linspace(x[0], x, 4, False),
        lambda x: np.pad(x, 1, constant_values=x[0, 1]),
        lambda x: scipy.special.erf(x),
    ],
)  # fmt: skip
def test_arguments_mean_what_they_mean_in_numpy(call: Any) -> None:
    """By place and by name, with NumPy's value."""
    found = call(ar.tensor(X))
    assert isinstance(found, ar.Tensor)
    assert found.shape == np.shape(call(X))
    assert np.allclose(found.numpy(), call(X), rtol=1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.sum(x, 0, np.float32), "np.sum of a tensor has no argument dtype; it takes a, axis, keepdims"),
        (lambda x: np.mean(x, 0, np.float64), "np.mean of a tensor has no argument dtype; it takes a, axis, keepdims"),
        (lambda x: np.sum(x, where=X > 0), "np.sum of a tensor has no argument where; it takes a, axis, keepdims"),
        (lambda x: np.max(x, initial=3.0), "np.max of a tensor has no argument initial; it takes a, axis, keepdims"),
        (lambda x: np.ravel(x, order="F"), "np.ravel of a tensor has no argument order; it takes a"),
        (lambda x: np.add(x, x, where=X > 0), "np.add of a tensor has no argument where; it takes x1, x2"),
        (lambda x: np.add(x, x, dtype=np.float32), "np.add of a tensor has no argument dtype; it takes x1, x2"),
        (lambda x: np.dot(x, x.T, np.empty((2, 2))), "np.dot of a tensor has no argument out; it takes a, b"),
        (
            lambda x: np.add.reduce(x, initial=5.0),
            "np.add.reduce of a tensor has no argument initial; it takes a, axis, keepdims",
        ),
        (
            lambda x: np.einsum("ij", x, dtype=float),
            "np.einsum of a tensor has no argument dtype; it takes subscripts, operands",
        ),
        (
            lambda x: np.linspace(0.0, x, 3, True, True),
            "np.linspace of a tensor has no argument retstep; it takes start, stop, num, endpoint, dtype",
        ),
        (
            lambda x: np.where(x > 0),
            "np.where of a tensor: missing a required argument: 'x'; it takes condition, x, y",
        ),
    ],
)
def test_other_arguments_are_refused(call: Any, message: str) -> None:
    """In one sentence that names the function and the argument."""
    with pytest.raises(ArgumentError) as told:
        call(ar.tensor(X))
    assert str(told.value) == message


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.linalg.norm(x, 2),
        lambda x: np.linalg.norm(x, 1),
        lambda x: np.linalg.norm(x, ord=np.inf),
        lambda x: np.linalg.norm(x, "nuc"),
        lambda x: np.linalg.norm(x[None], 2, axis=(1, 2)),
    ],
)
def test_norms_of_matrices_are_refused(call: Any) -> None:
    """They have the names of norms of vectors, and other values."""
    with pytest.raises(
        ArgumentError, match=r"^np\.linalg\.norm of a tensor with 2 axes has no derivative rule for ord="
    ):
        call(ar.tensor(X))


def test_the_order_of_a_norm() -> None:
    """None and "fro" are Euclidean, other words are none."""
    assert ar.norm(X, None).item() == ar.norm(X, "fro").item() == ar.norm(X).item()
    with pytest.raises(ArgumentError, match=r"^norm: ord is a number, not 'nuc'$"):
        ar.norm(X, "nuc")


def test_names_of_functions_stand_with_their_module() -> None:
    """And a ufunc of somebody else is not taken for NumPy's of that name."""
    with pytest.raises(DtypeError, match=r"^scipy\.special\.expit has no derivative rule"):
        scipy.special.expit(ar.tensor(X))
    with pytest.raises(DtypeError, match=r"^abs \(vectorized\) has no derivative rule"):
        np.frompyfunc(abs, 1, 1)(ar.tensor(X))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: ar.norm(X, t), "norm is not differentiated by ord: pass a number, or detach() the tensor"),
        (lambda t: ar.var(X, ddof=t), "var is not differentiated by ddof: pass a number, or detach() the tensor"),
        (lambda t: ar.arange(t), "arange is not differentiated by start: pass a number, or detach() the tensor"),
        (lambda t: ar.arange(0, 9, t), "arange is not differentiated by step: pass a number, or detach() the tensor"),
        (
            lambda t: ar.pad(X, 1, constant_values=ar.stack([t, t])),
            "pad is not differentiated by several constant_values: pass a number, or detach() the tensor",
        ),
    ],
)
def test_gradients_of_constants_are_not_lost_without_a_word(call: Any, message: str) -> None:
    """A tensor without a gradient is taken for its number."""
    t = ar.tensor(3.0, requires_grad=True)
    with pytest.raises(GradientError) as told:
        call(t)
    assert str(told.value) == message
    assert isinstance(call(t.detach()), ar.Tensor)


def test_constants_that_are_no_numbers() -> None:
    """One sentence."""
    with pytest.raises(ArgumentError, match=r"^var: ddof is a number, not 'a'$"):
        ar.var(X, ddof="a")


def test_ranges_and_surroundings_are_differentiated() -> None:
    """By both ends of a range, and by a single constant value."""
    start, stop = ar.grad(lambda a, b: ar.sum(ar.linspace(a, b, 5) * [1.0, 2, 3, 4, 5]), argnums=(0, 1))(1.0, 3.0)
    assert (start.item(), stop.item()) == (5.0, 10.0)
    assert ar.grad(lambda c: ar.sum(ar.pad(V, 2, constant_values=c)))(1.5).item() == 4.0
    assert ar.linspace(ar.tensor(np.float32(1)), 2, 3).dtype == np.float32


def test_formats_are_those_of_each_number() -> None:
    """A single number has no brackets."""
    assert f"{ar.tensor([[1.0, 2.0]]):.2f}" == "[[1.00, 2.00]]"
    assert f"{ar.tensor(2.0):.3e}" == "2.000e+00"
    assert f"{ar.tensor([1.0])}" == "tensor([1.])"


def test_sizes_and_axes_as_arrays() -> None:
    """Sizes may be an array of integers; an axis is an integer."""
    assert ar.reshape(X, np.array([3, 2])).shape == ar.reshape(X, ar.tensor([3, 2])).shape == (3, 2)
    for call, message in (
        (lambda: ar.reshape(X, 2.5), "2.5 is neither an integer nor a tuple of integers"),
        (lambda: ar.cumsum(X, axis=(0, 1)), "cumsum: an axis is an integer, not (0, 1)"),
        (lambda: ar.cumsum(X, axis=1.0), "cumsum: an axis is an integer, not 1.0"),
        (lambda: ar.cumsum(X, axis=np.array([0])), "cumsum: an axis is an integer, not array([0])"),
        (
            lambda: ar.sum(X, axis=np.array([0])),
            "sum: an axis is an integer, a tuple of integers, or None, not array([0])",
        ),
    ):
        with pytest.raises(ar.ShapeError) as told:
            call()
        assert str(told.value) == message


def test_what_can_be_done_at_an_index() -> None:
    """The error names all of it."""
    with pytest.raises(AttributeError, match=r"^x\.at\[index\] has no mul, only set, add, multiply, min and max$"):
        ar.tensor(V).at[0].mul(2)


def test_an_array_of_truths_and_a_tensor() -> None:
    """On either side of & | ^."""
    x = ar.tensor(X)
    for found in ((X > 0) & (x < 0.4), (x < 0.4) & (X > 0), np.bitwise_and(X > 0, x < 0.4)):
        assert isinstance(found, ar.Tensor)
        assert np.array_equal(found.numpy(), (X > 0) & (X < 0.4))
    assert np.array_equal(np.invert(x > 0).numpy(), X <= 0)
