"""Sums, products, extrema, norms, scans: NumPy's values over all axes, and derivatives at ties, zeros and far out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special

import autorecur as ar
from autorecur.errors import ArgumentError, ShapeError

INF = float("inf")
AXES = [None, 0, -1, (0, 2), (2, 1), (-3, 1), ()]
JOINING = ["sum", "mean", "prod", "max", "min", "amax", "amin", "var", "std", "any", "all"]
X = np.random.default_rng(0).standard_normal((2, 3, 4))


def gradient(f: Callable[..., Any], x: Any) -> Any:
    return ar.grad(f)(ar.tensor(x, dtype=float)).data


def hessian(f: Callable[..., Any], x: Any) -> Any:
    return ar.hessian(f)(ar.tensor(x, dtype=float)).data


def by_differences(f: Callable[..., Any], x: Any, h: float = 1e-5) -> Any:
    """The derivative of a function (of any shape) by each number of a vector, in its last axis."""
    moves = h * np.eye(len(x))
    return np.stack([(np.asarray(f(x + d)) - np.asarray(f(x - d))) / (2 * h) for d in moves], -1)


@pytest.mark.parametrize("name", JOINING)
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_values_over_any_axes_are_numpys(name: str, axis: Any, keepdims: bool) -> None:
    """One axis, several, all, none; dropped or kept."""
    found = getattr(ar, name)(X, axis=axis, keepdims=keepdims)
    expected = getattr(np, name)(X, axis=axis, keepdims=keepdims)
    assert found.shape == np.shape(expected)
    assert np.allclose(found.data, expected)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "std", "logsumexp", "norm"])
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_gradients_over_any_axes(name: str, axis: Any, keepdims: bool) -> None:
    """Along a random direction the value changes as the gradient says."""
    generator = np.random.default_rng(1)
    g, v = generator.standard_normal(getattr(ar, name)(X, axis=axis, keepdims=keepdims).shape), 1e-6 * X[::-1]

    def f(x: Any) -> Any:
        return ar.sum(g * getattr(ar, name)(x, axis=axis, keepdims=keepdims))

    change = (f(X + v).item() - f(X - v).item()) / 2
    assert np.sum(gradient(f, X) * v) == pytest.approx(change, rel=1e-5, abs=1e-13)


@pytest.mark.parametrize("ddof", [0, 1, 2, 0.5])
@pytest.mark.parametrize("name", ["var", "std"])
def test_degrees_of_freedom(name: str, ddof: float) -> None:
    """``ddof`` is taken off the number of numbers; if nothing is left the result is NaN."""
    assert np.allclose(getattr(ar, name)(X, 1, ddof=ddof).data, getattr(np, name)(X, axis=1, ddof=ddof))
    assert np.isnan(getattr(ar, name)([1.0], ddof=1).item())


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.int32, np.bool_], ids=str)
@pytest.mark.parametrize("name", [*JOINING, "cumsum", "cumprod", "argmax", "argmin"])
def test_dtypes_are_numpys(name: str, dtype: Any) -> None:
    """Means of integers are floats, sums of small integers and booleans are int64, float32 stays."""
    x = np.array([[1, 0, 1], [1, 1, 1]]).astype(dtype)
    for axis in (None, 1):
        found, expected = getattr(ar, name)(x, axis=axis), getattr(np, name)(x, axis=axis)
        assert found.dtype == np.asarray(expected).dtype
        assert np.allclose(found.data, expected)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_positions_of_extrema(name: str) -> None:
    """The first of several, in one row for None; no gradient passes."""
    x = np.array([[1.0, 3.0, 3.0], [0.0, 0.0, 2.0]])
    for axis in (None, 0, 1, -1):
        for keepdims in (False, True):
            found = getattr(ar, name)(ar.tensor(x, requires_grad=True), axis, keepdims=keepdims)
            assert np.array_equal(found.data, getattr(np, name)(x, axis=axis, keepdims=keepdims))
            assert not found.requires_grad


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_scans_are_numpys(name: str, axis: int | None) -> None:
    """Along any axis, or in one row."""
    assert np.allclose(getattr(ar, name)(X, axis).data, getattr(np, name)(X, axis=axis))
    assert getattr(ar, name)(2.0).tolist() == [2]


ZEROS = [[2.0, 3.0, 0.5], [2.0, 0.0, 3.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], [0.0, -2.0, 0.5, 3.0], [4.0]]


@pytest.mark.parametrize("x", ZEROS, ids=str)
def test_products_with_zeros(x: list[float]) -> None:
    """Of one zero, of two and of none: gradient and Hessian are the products of the others."""
    others = [np.prod(np.delete(x, i)) for i in range(len(x))]
    assert gradient(ar.prod, x) == pytest.approx(np.array(others))
    pairs = [[0.0 if i == j else np.prod(np.delete(x, [i, j])) for j in range(len(x))] for i in range(len(x))]
    assert hessian(ar.prod, x) == pytest.approx(np.array(pairs))


@pytest.mark.parametrize("x", ZEROS, ids=str)
def test_running_products_with_zeros(x: list[float]) -> None:
    """First and second derivatives of a weighted sum of running products, against differences."""
    weights = np.arange(1.0, len(x) + 1)

    def f(y: Any) -> Any:
        return ar.sum(weights * ar.cumprod(y))

    assert gradient(f, x) == pytest.approx(by_differences(lambda y: f(y).item(), np.array(x)), abs=1e-8)
    assert hessian(f, x) == pytest.approx(by_differences(lambda y: gradient(f, y), np.array(x)), abs=1e-8)


def test_a_product_over_several_axes_with_zeros() -> None:
    """Each number receives the product of the others of its own group, in place."""
    x = np.arange(12.0).reshape(2, 3, 2) - 1
    found = gradient(lambda a: ar.sum(ar.prod(a, axis=(0, 2))), x)
    for index in np.ndindex(x.shape):
        kept = x.copy()
        kept[index] = 1
        assert found[index] == np.prod(kept[:, index[1], :])


def test_a_long_running_product_is_differentiated_in_linear_time() -> None:
    """100,000 numbers, one of them 0."""
    x = np.full(100_000, 1.0)
    x[50_000] = 0
    found = gradient(lambda a: ar.sum(ar.cumprod(a)), x)
    assert found[0] == found[1] + 1 == 50_000
    assert found[50_000] == 50_000
    assert found[50_001] == 0


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=str)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_large_recurrences_are_the_small_ones(dtype: Any, axis: int) -> None:
    """The gradient of running products of many numbers at once is that of each row alone."""
    x = np.random.default_rng(2).uniform(-1.5, 1.5, (7, 8, 11)).astype(dtype)
    x[3, 3, 3] = 0
    weights = np.random.default_rng(3).standard_normal(x.shape).astype(dtype)
    found = ar.grad(lambda a: ar.sum(weights * ar.cumprod(a, axis)))(x).data
    rows, factors = (np.moveaxis(array, axis, -1).reshape(-1, x.shape[axis]) for array in (x, weights))
    alone = [ar.grad(lambda a, w=w: ar.sum(w * ar.cumprod(a)))(row).data for row, w in zip(rows, factors, strict=True)]
    assert found.dtype == dtype
    assert np.allclose(
        np.moveaxis(found, axis, -1).reshape(rows.shape), alone, rtol=1e-5 if dtype == np.float32 else 1e-13
    )


def test_ties_share() -> None:
    """Equal extrema receive equal parts."""
    assert gradient(ar.max, [1.0, 3.0, 3.0, 3.0, 3.0]).tolist() == [0, 0.25, 0.25, 0.25, 0.25]
    assert gradient(ar.min, [1.0, 3.0, 1.0]).tolist() == [0.5, 0, 0.5]
    assert gradient(lambda x: ar.max(x, axis=1).sum(), [[1.0, 1.0], [0.0, 2.0]]).tolist() == [[0.5, 0.5], [0, 1]]
    assert gradient(ar.max, [-INF, -INF]).tolist() == [0.5, 0.5]


@pytest.mark.filterwarnings("error")
def test_choices_where_there_is_no_derivative() -> None:
    """A norm at the origin and a standard deviation of equal numbers have the derivative 0, as in PyTorch."""
    for ord in (1, 1.5, 2, 3):
        assert gradient(lambda x, ord=ord: ar.norm(x, ord), [0.0, 0.0]).tolist() == [0, 0]
    assert gradient(ar.std, [2.0, 2.0, 2.0]).tolist() == [0, 0, 0]
    assert gradient(lambda x: ar.norm(x, 1.5), [0.0, -2.0]).tolist() == [0, -1]
    assert gradient(lambda x: ar.norm(x, INF), [1.0, -2.0]).tolist() == [0, -1]


@pytest.mark.parametrize("ord", [0.5, 1, 1.5, 2, 3, INF])
@pytest.mark.parametrize("axis", [None, 0, (0, 2)], ids=str)
def test_norms(ord: float, axis: Any) -> None:
    """Of any order above 0, as vectors."""
    sizes = np.abs(X)
    expected = sizes.max(axis) if ord == INF else np.sum(sizes**ord, axis) ** (1 / ord)
    assert np.allclose(ar.norm(X, ord, axis).data, expected)
    assert ar.norm(X, ord, axis, keepdims=True).ndim == 3


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_norms_neither_overflow_nor_underflow(size: float) -> None:
    """Squares that cannot be represented do no harm, in value and gradient."""
    x = np.array([3.0, 4.0]) * size
    assert ar.norm(x).item() == pytest.approx(5 * size)
    assert ar.norm(x, 3).item() == pytest.approx(91 ** (1 / 3) * size)
    assert gradient(ar.norm, x) == pytest.approx([0.6, 0.8])
    assert ar.std(x).item() == pytest.approx(0.5 * size)
    assert ar.norm([x, [3.0, 4.0]], axis=1).tolist() == pytest.approx([5 * size, 5])
    assert ar.norm(np.float32([3e25, 4e25])).item() == pytest.approx(5e25)


@pytest.mark.filterwarnings("error")
def test_logarithms_of_sums_far_out() -> None:
    """±10,000 and −∞ in; finite values, gradients and Hessians out."""
    for x in ([1e4, 1e4, -1e4], [-1e4, -1e4, -2e4], [-INF, 1e4, 1e4]):
        p = scipy.special.softmax(x)
        assert ar.logsumexp(x).item() == scipy.special.logsumexp(x)
        assert ar.softmax(x).data == pytest.approx(p)
        assert gradient(ar.logsumexp, x) == pytest.approx(p)
        assert hessian(ar.logsumexp, x) == pytest.approx(np.diag(p) - np.outer(p, p))
    assert ar.logsumexp([-INF, -INF]).item() == -INF
    assert ar.logsumexp([INF, 0.0]).item() == INF
    assert ar.logsumexp(np.zeros((2, 0)), axis=1).tolist() == [-INF, -INF]
    assert np.isnan(gradient(ar.logsumexp, [-INF, -INF])).all()


@pytest.mark.filterwarnings("error")
def test_softmax_and_its_logarithm() -> None:
    """Along any axes; the logarithm is finite where softmax rounds to 0, with the right first and second derivative."""
    for axis in AXES[:-1]:
        assert np.allclose(ar.softmax(X, axis).data, scipy.special.softmax(X, axis))
        assert np.allclose(ar.log_softmax(X, axis).data, scipy.special.log_softmax(X, axis))
    x = [0.0, -1e4, 1e4]
    assert ar.log_softmax(x).tolist() == [-1e4, -2e4, 0]
    assert gradient(lambda a: ar.log_softmax(a)[0], x).tolist() == [1, 0, -1]
    y = [0.3, -0.2, 1.0]
    p = scipy.special.softmax(y)
    assert hessian(lambda a: ar.log_softmax(a)[1], y) == pytest.approx(np.outer(p, p) - np.diag(p))
    assert ar.softmax([1, 2]).dtype == ar.log_softmax([1, 2]).dtype == float


def test_no_numbers() -> None:
    """A sum of nothing is 0, a product 1, a mean NaN; an axis may be empty as long as nothing is sought along it."""
    x = np.zeros((0, 3))
    assert ar.sum(x).item() == 0
    assert ar.prod(x, axis=0).tolist() == [1, 1, 1]
    assert ar.norm(x).item() == 0
    assert np.isnan(ar.mean(x).item())
    assert ar.max(x, axis=1).shape == (0,)
    assert ar.any(x).item() is False
    assert ar.all(x).item() is True
    assert ar.cumsum(x, 0).shape == ar.softmax(x, 0).shape == ar.cumprod(x, 0).shape == (0, 3)
    for name in ("sum", "prod", "mean", "norm", "logsumexp"):
        assert gradient(lambda a, name=name: ar.sum(getattr(ar, name)(a, axis=0)), x).shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ar.max(np.zeros((0, 3))),
            "max: there is no largest number along the axes 0, 1 of a tensor of shape (0, 3)",
        ),
        (
            lambda: ar.min(np.zeros((2, 0)), 1),
            "min: there is no smallest number along axis 1 of a tensor of shape (2, 0)",
        ),
        (lambda: ar.argmax(np.zeros((0, 3)), 0), "argmax: there is no number along axis 0 of a tensor of shape (0, 3)"),
        (lambda: ar.argmin([]), "argmin: there is no number along axis 0 of a tensor of shape (0,)"),
        (lambda: ar.sum(X, 3), "sum: there is no axis 3 in a tensor with 3 axes"),
        (lambda: ar.std(1.0, 0), "std: there is no axis 0 in a tensor with no axes"),
        (lambda: ar.mean(X, (0, -3)), "mean: an axis is listed twice in (0, -3)"),
        (lambda: ar.cumsum(X, -4), "cumsum: there is no axis -4 in a tensor with 3 axes"),
        (lambda: ar.argmax([1.0], 1), "argmax: there is no axis 1 in a tensor with 1 axis"),
        (lambda: ar.norm(X, 0), "norm: ord must be a number above 0, and is 0"),
    ],
)
def test_errors_name_the_axis_and_the_shape(call: Callable[[], Any], message: str) -> None:
    """One sentence each."""
    with pytest.raises((ShapeError, ArgumentError)) as told:
        call()
    assert str(told.value) == message
