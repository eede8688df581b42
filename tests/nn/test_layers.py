"""Layers: values by NumPy, derivatives by differences, dropout by statistics, errors to the letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.errors import AutorecurError, DtypeError, ShapeError
from tests.nn.numbers import check_derivatives

F = ar.nn.functional
generator = np.random.default_rng(11)


def drawn(*shape: int) -> np.ndarray:
    return generator.standard_normal(shape)


# ---------------------------------------------------------------- linear


@pytest.mark.parametrize("front", [(), (5,), (2, 3), (2, 0, 3)])
@pytest.mark.parametrize("outputs", [(3,), (), (1,)])
def test_linear(front: tuple[int, ...], outputs: tuple[int, ...]) -> None:
    """input · weightᵀ + bias for any axes in front, with and without a bias."""
    x, w, b = drawn(*front, 4), drawn(*outputs, 4), drawn(*outputs)
    true = np.tensordot(x, w, (-1, -1)) + b
    np.testing.assert_allclose(F.linear(x, w, b).numpy(), true, atol=1e-14)
    np.testing.assert_allclose(F.linear(x, w).numpy(), true - b, atol=1e-14)
    check_derivatives(F.linear, x, w, b)


def test_linear_keeps_float32() -> None:
    """Three float32 operands give float32, and gradients of float32."""
    x, w, b = (ar.tensor(np.ones(shape, np.float32), requires_grad=True) for shape in ((2, 3, 4), (5, 4), (5,)))
    y = F.linear(x, w, b)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == w.grad.dtype == b.grad.dtype == np.float32


# ---------------------------------------------------------------- layer norm


@pytest.mark.parametrize(("shape", "last"), [((2, 3), 3), ((2, 3), (3,)), ((2, 3, 4), [3, 4]), ((4,), 4), ((0, 3), 3)])
def test_layer_norm(shape: tuple[int, ...], last: Any) -> None:
    """The last axes are brought to mean 0 and variance 1, scaled and shifted."""
    x = drawn(*shape)
    sizes = tuple(last) if not isinstance(last, int) else (last,)
    axes = tuple(range(-len(sizes), 0))
    weight, bias = drawn(*sizes), drawn(*sizes)
    plain = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)
    np.testing.assert_allclose(F.layer_norm(x, last).numpy(), plain, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(F.layer_norm(x, last, weight, bias).numpy(), plain * weight + bias, atol=1e-13)
    check_derivatives(lambda x, w, b: F.layer_norm(x, last, w, b, eps=0.01), x, weight, bias)


@pytest.mark.filterwarnings("error")
def test_layer_norm_of_equal_numbers_is_zero() -> None:
    """Without variance ``eps`` keeps value and derivatives finite, also at ±10⁴ and in float32."""
    x = ar.tensor(np.full((2, 3), -1e4, np.float32), requires_grad=True)
    y = F.layer_norm(x, 3)
    y.backward(np.ones((2, 3)))
    assert y.dtype == np.float32
    assert not y.numpy().any()
    assert np.isfinite(x.grad.numpy()).all()


# ---------------------------------------------------------------- dropout


def test_dropout_keeps_the_mean() -> None:
    """A share p of the numbers is 0, the others are divided by 1 − p, and the mean stays within its error."""
    ar.manual_seed(1)
    y = F.dropout(np.ones(200_000), p=0.3).numpy()
    assert set(np.unique(y)) == {0, 1 / 0.7}
    assert np.mean(y == 0) == pytest.approx(0.3, abs=5 * np.sqrt(0.3 * 0.7 / 200_000))
    assert y.mean() == pytest.approx(1, abs=5 * np.sqrt(0.3 / 0.7 / 200_000))


def test_dropout_repeats_with_the_seed() -> None:
    """The same seed gives the same mask; without a new seed the next one is another."""
    x = np.ones(50)
    ar.manual_seed(4)
    first, second = F.dropout(x).tolist(), F.dropout(x).tolist()
    ar.manual_seed(4)
    assert F.dropout(x).tolist() == first != second


@pytest.mark.parametrize("settings", [{"training": False}, {"p": 0.0}])
def test_no_dropout(settings: dict[str, Any]) -> None:
    """When not training, or with p = 0, the tensor itself comes back and no random number is drawn."""
    from autorecur import random

    x, before = ar.tensor([1.0, 2.0]), random.state()
    assert F.dropout(x, **settings) is x
    assert random.state() == before


def test_dropout_of_everything() -> None:
    """With p = 1 all numbers are 0, and so are the gradients."""
    x = ar.tensor([1.0, 2.0], requires_grad=True)
    y = F.dropout(x, 1.0)
    y.sum().backward()
    assert y.tolist() == x.grad.tolist() == [0, 0]


def test_the_gradient_of_dropout_goes_through_its_mask() -> None:
    """Value and gradient share one mask, and float32 stays."""
    x = ar.tensor(np.ones((3, 40), np.float32), requires_grad=True)
    y = F.dropout(x, 0.25)
    y.sum().backward()
    assert y.dtype == np.float32
    np.testing.assert_array_equal(x.grad.numpy(), y.numpy())


# ---------------------------------------------------------------- embedding, one hot


def test_embedding() -> None:
    """Rows are picked for indices of any shape; rows picked twice receive the sum."""
    weight = drawn(5, 3)
    for indices in ([0, 4, 4], [[1, 2], [3, 3]], 2, []):
        np.testing.assert_array_equal(F.embedding(indices, weight).numpy(), weight[np.asarray(indices, int)])
        check_derivatives(lambda w, indices=indices: F.embedding(indices, w), weight)


@pytest.mark.parametrize("padding", [1, -3])
def test_the_padding_row_receives_no_gradient(padding: int) -> None:
    """Its value is read as any other's; counted from the end it is the same row."""
    weight = ar.tensor(np.arange(8.0).reshape(4, 2), requires_grad=True)
    y = F.embedding([1, 2, 1, 2], weight, padding_idx=padding)
    y.sum().backward()
    assert y[0].tolist() == [2, 3]
    assert weight.grad.tolist() == [[0, 0], [0, 0], [2, 2], [0, 0]]


def test_one_hot() -> None:
    """A new last axis of integers; the number of classes is given or found."""
    assert F.one_hot([2, 0]).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert F.one_hot([[1], [0]], 2).tolist() == [[[0, 1]], [[1, 0]]]
    assert F.one_hot(np.uint8(1), 3).tolist() == [0, 1, 0]
    assert F.one_hot([1, 0]).dtype == np.int64
    assert F.one_hot([], 3).shape == (0, 3)


# ---------------------------------------------------------------- errors

X, W = np.zeros((2, 5)), np.zeros((3, 4))


@pytest.mark.parametrize(
    ("kind", "call", "text"),
    [
        (
            ShapeError,
            lambda: F.linear(X, W),
            "linear: the last axis of the input, of shape (2, 5), has size 5, and the weight of shape (3, 4) takes 4",
        ),
        (
            ShapeError,
            lambda: F.linear(1.0, W),
            "linear: the input has shape () and the weight (3, 4); they have to be (…, in) and (out, in)",
        ),
        (
            ShapeError,
            lambda: F.linear(X, np.zeros((3, 5)), [0.0]),
            "linear: the bias has shape (1,), and the weight of shape (3, 5) needs (3,)",
        ),
        (
            ShapeError,
            lambda: F.layer_norm(X, 2),
            "layer_norm: the last axes of an input of shape (2, 5) are not (2,)",
        ),
        (
            ShapeError,
            lambda: F.layer_norm(X, ()),
            "layer_norm: the last axes of an input of shape (2, 5) are not ()",
        ),
        (
            ShapeError,
            lambda: F.layer_norm(X, 5, np.ones(2)),
            "layer_norm: the weight has shape (2,), and normalized_shape is (5,)",
        ),
        (
            ShapeError,
            lambda: F.layer_norm(X, 5, np.ones(5), 0.0),
            "layer_norm: the bias has shape (), and normalized_shape is (5,)",
        ),
        (ValueError, lambda: F.dropout(X, 1.5), "dropout: p is 1.5, and it has to lie between 0 and 1"),
        (ValueError, lambda: F.dropout(X, -0.1, False), "dropout: p is -0.1, and it has to lie between 0 and 1"),
        (
            ShapeError,
            lambda: F.embedding([[0, 1], [3, 0]], W),
            "embedding: the input holds 3 at index (1, 0), and there are 3 rows, 0 to 2",
        ),
        (ShapeError, lambda: F.embedding(-1, W), "embedding: the input holds -1, and rows count from 0"),
        (ShapeError, lambda: F.embedding([0], W[:0]), "embedding: the input holds 0 at index 0, and there are no rows"),
        (
            ShapeError,
            lambda: F.embedding([0], W[0]),
            "embedding: the weight has shape (4,), and has to have two axes, (count, size)",
        ),
        (
            DtypeError,
            lambda: F.embedding([0.0], W),
            "embedding: the input holds float64, and has to hold integers: astype(int) makes them",
        ),
        (ValueError, lambda: F.embedding([0], W, 3), "embedding: padding_idx is 3, and there are 3 rows"),
        (
            ShapeError,
            lambda: F.one_hot([0, 3], 3),
            "one_hot: the tensor holds 3 at index 1, and there are 3 classes, 0 to 2",
        ),
        (ShapeError, lambda: F.one_hot([-1]), "one_hot: the tensor holds -1 at index 0, and classes count from 0"),
        (ShapeError, lambda: F.one_hot(1, 1), "one_hot: the tensor holds 1, and there is 1 class"),
        (
            DtypeError,
            lambda: F.one_hot([True]),
            "one_hot: the tensor holds bool, and has to hold integers: astype(int) makes them",
        ),
        (ValueError, lambda: F.one_hot([1], -2), "one_hot: num_classes is -2"),
        (
            ValueError,
            lambda: F.one_hot([]),
            "one_hot: num_classes is -1, and there are no integers to count them by",
        ),
    ],
)
def test_arguments_that_do_not_fit(kind: type[Exception], call: Callable[[], Any], text: str) -> None:
    """Each is refused in one sentence with the numbers in it, by an error of the package."""
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text
    assert isinstance(caught.value, AutorecurError)
