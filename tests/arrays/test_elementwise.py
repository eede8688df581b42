"""Functions of single numbers: NumPy's values and dtypes, and the documented derivative where there is a choice."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.errors import DtypeError, ShapeError

INF = float("inf")
ONE = """abs absolute sign sqrt square exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh
arcsinh arctanh floor ceil trunc rint negative reciprocal isnan isinf isfinite logical_not"""
TWO = """add subtract multiply divide true_divide maximum minimum arctan2 hypot logaddexp floor_divide remainder mod equal
not_equal less less_equal greater greater_equal logical_and logical_or logical_xor power"""
every_one, every_two = pytest.mark.parametrize("name", ONE.split()), pytest.mark.parametrize("name", TWO.split())
X, Y = np.array([[0.3, 0.8, 0.55]]), np.array([[0.7], [0.55]])


def slopes(f: Callable[..., Any], *values: Any) -> list[float]:
    """The derivatives by each of the arguments."""
    found = ar.grad(f, argnums=tuple(range(len(values))))(*(float(value) for value in values))
    return [float(g) for g in found]


def second(f: Callable[..., Any], value: float) -> float:
    return float(ar.grad(ar.grad(f))(float(value)))


def by_differences(f: Callable[[float], Any], x: float, h: float = 1e-6) -> float:
    return (float(f(x + h)) - float(f(x - h))) / (2 * h)


@every_one
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.bool_], ids=str)
def test_functions_of_one_number_are_numpys(name: str, dtype: Any) -> None:
    """Value and dtype; what NumPy does not take is a DtypeError that names the op."""
    x = (X * (1 if np.dtype(dtype).kind == "f" else 2)).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = getattr(np, name)(x)
        except TypeError:
            with pytest.raises(DtypeError, match=r"cannot take \(1, 3\) of bool"):
                getattr(ar, name)(x)
            return
        found = getattr(ar, name)(x)
    assert found.dtype == expected.dtype
    assert np.allclose(found.data, expected, equal_nan=True, rtol=1e-6)


@every_two
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64], ids=str)
def test_functions_of_two_numbers_are_numpys(name: str, dtype: Any) -> None:
    """With broadcasting, with a Python number, and in the dtype of NumPy."""
    x, y = (np.ceil(X * 4).astype(dtype), np.ceil(Y * 5).astype(dtype))
    for a, b in ((x, y), (x, 2), (2, x), (x, x), (x[0, 0], y)):
        found, expected = getattr(ar, name)(a, b), getattr(np, name)(a, b)
        assert found.dtype == expected.dtype
        assert np.allclose(found.data, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "name", ["tanh", "sigmoid", "softplus", "relu", "exp", "erf", "erfc", "abs", "clip", "nan_to_num"]
)
def test_float32_meets_python_numbers(name: str) -> None:
    """Python's numbers do not make float64 of float32, forward or backward."""
    a = ar.tensor(np.array([0.5, -0.25], np.float32), requires_grad=True)
    found = ar.clip(a, -1, 2.0) if name == "clip" else getattr(ar, name)(a)
    found = 2.0 * found**3 + 1
    found.backward(np.ones(2, np.float32))
    assert found.dtype == a.grad.dtype == np.float32


@pytest.mark.parametrize(
    ("f", "values", "expected"),
    [
        (ar.abs, [0], [0]),
        (ar.sign, [0.0], [0]),
        (ar.sign, [2.0], [0]),
        (ar.relu, [0], [0]),
        (ar.sqrt, [0], [INF]),
        (ar.maximum, [1.5, 1.5], [0.5, 0.5]),
        (ar.maximum, [INF, INF], [0.5, 0.5]),
        (ar.minimum, [-INF, -INF], [0.5, 0.5]),
        (ar.maximum, [-INF, 1.0], [0, 1]),
        (ar.hypot, [0, 0], [0, 0]),
        (ar.arctan2, [0, 0], [0, 0]),
        (lambda x: ar.clip(x, 0, 1), [0], [1]),
        (lambda x: ar.clip(x, 0, 1), [1], [1]),
        (lambda x: ar.clip(x, 0, 1), [1.5], [0]),
        (lambda x: ar.clip(x, a_min=0), [7], [1]),
        (lambda x: ar.clip(x, a_max=0), [7], [0]),
        (ar.clip, [0, 1, 2], [0, 1, 0]),
        (ar.clip, [3, 1, 2], [0, 0, 1]),
        (ar.clip, [1.5, 2, 1], [0, 0, 1]),
        (ar.floor, [1.5], [0]),
        (ar.ceil, [1], [0]),
        (ar.rint, [0.5], [0]),
        (ar.trunc, [-1.5], [0]),
        (lambda x: ar.round(x, 1), [0.25], [0]),
        (ar.floor_divide, [5, 3], [0, 0]),
        (ar.remainder, [5, 3], [1, -1]),
        (ar.remainder, [-5, 3], [1, 2]),
        (ar.remainder, [6, 3], [1, -2]),
        (ar.nan_to_num, [INF], [0]),
        (ar.nan_to_num, [float("nan")], [0]),
        (ar.nan_to_num, [2.0], [1]),
        (ar.arcsin, [1], [INF]),
        (ar.arccosh, [1], [INF]),
    ],
)
def test_derivatives_at_kinks_ties_and_ends(f: Callable[..., Any], values: list[Any], expected: list[Any]) -> None:
    """The documented choices, which are PyTorch's where it has one that is finite."""
    assert slopes(f, *values) == expected


@pytest.mark.parametrize(
    ("base", "exponent", "first", "then"),
    [
        (0, 0, 0, 0),
        (0, 1, 1, 0),
        (0, 2, 0, 2),
        (0, 3, 0, 0),
        (0, 0.5, INF, None),
        (0, 1.5, 0, INF),
        (-2, 3, 12, -12),
        (-2, 2, -4, 2),
        (-2, -1, -0.25, -0.25),
        (-2, 0, 0, 0),
        (-1.5, 4, -13.5, 27),
    ],
)
def test_powers_with_a_fixed_exponent(base: float, exponent: float, first: float, then: float | None) -> None:
    """Also at 0, and of negative numbers with whole exponents; as PyTorch has it."""
    assert slopes(lambda x: x**exponent, base) == pytest.approx([first])
    if then is not None:
        assert second(lambda x: x**exponent, base) == pytest.approx(then)
        assert second(lambda x: ar.power(x, np.array(exponent)), base) == pytest.approx(then)


@pytest.mark.parametrize(
    ("base", "exponent", "expected"),
    [(0, 0, [0, 0]), (0, 2, [0, 0]), (0, 0.5, [INF, 0]), (2, 0, [0, np.log(2)]), (2, 3, [12, 8 * np.log(2)])],
)
def test_powers_with_an_exponent_that_varies(base: float, exponent: float, expected: list[float]) -> None:
    """0**0 has the derivatives 0; where the base is 0 the exponent changes nothing."""
    assert slopes(ar.power, base, exponent) == pytest.approx(expected)


def test_mixed_second_derivatives_of_a_power() -> None:
    """∂²(aᵇ)/∂a∂b = aᵇ⁻¹ (1 + b log a), also for b = 0."""
    for a, b in ((2.0, 3.0), (2.0, 0.0), (0.5, -1.5)):
        mixed = ar.grad(lambda x, y: ar.grad(ar.power, 1)(x, y))(a, b)
        assert float(mixed) == pytest.approx(a ** (b - 1) * (1 + b * np.log(a)))


def test_a_negative_base_has_no_derivative_by_its_exponent() -> None:
    """It is NaN there, and right by the base."""
    by_base, by_exponent = slopes(ar.power, -2, 3)
    assert by_base == 12
    assert np.isnan(by_exponent)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("f", "x", "value", "first", "then"),
    [
        (ar.sigmoid, 1e4, 1, 0, 0),
        (ar.sigmoid, -1e4, 0, 0, 0),
        (ar.softplus, 1e4, 1e4, 1, 0),
        (ar.softplus, -1e4, 0, 0, 0),
        (ar.tanh, 1e4, 1, 0, 0),
        (ar.expm1, -1e4, -1, 0, 0),
        (ar.expm1, 1e-20, 1e-20, 1, 1),
        (ar.log1p, 1e4, np.log(10001), 1 / 10001, -1 / 10001**2),
        (ar.log1p, 1e-20, 1e-20, 1, -1),
        (ar.arctan, 1e4, np.arctan(1e4), 1 / (1 + 1e8), -2e4 / (1 + 1e8) ** 2),
        (ar.arcsinh, -1e4, np.arcsinh(-1e4), 1 / np.hypot(1, 1e4), 1e4 / np.hypot(1, 1e4) ** 3),
        (ar.erf, 1e4, 1, 0, 0),
        (ar.erfc, 1e4, 0, 0, 0),
        (lambda x: ar.logaddexp(x, 0.0), 1e4, 1e4, 1, 0),
        (lambda x: ar.logaddexp(x, -INF), 1e4, 1e4, 1, 0),
        (lambda x: ar.logaddexp(-INF, x), -1e4, -1e4, 1, 0),
        (lambda x: ar.logaddexp(x, 1e4), -1e4, 1e4, 0, 0),
        (lambda x: ar.logaddexp(x, x + 0.0), 1e4, 1e4 + np.log(2), 1, 0),
        (lambda x: ar.hypot(x, 1e200), 1e200, np.sqrt(2) * 1e200, np.sqrt(0.5), 0),
    ],
)
def test_extremes(f: Callable[..., Any], x: float, value: float, first: float, then: float) -> None:
    """Nothing overflows on the way to a finite value or derivative, of the first order or the second."""
    assert float(f(x)) == pytest.approx(value, rel=1e-14, abs=1e-300)
    assert slopes(f, x) == pytest.approx([first], rel=1e-12, abs=1e-300)
    assert second(f, x) == pytest.approx(then, rel=1e-12, abs=1e-180)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=str)
def test_large_arrays_are_added_in_the_logarithm_as_small_ones_are(dtype: Any) -> None:
    """To rounding; infinities and NaN included."""
    a = np.resize(np.array([0.0, 3.0, -1e4, 1e4, -INF, INF, np.nan], dtype), 10_003)
    b = np.roll(np.resize(np.array([-INF, 2.5, 3.0, -1e4, -INF, INF, 1.0, 0.0, 0.0], dtype), 10_003), 1)
    found = ar.logaddexp(a, b)
    with np.errstate(invalid="ignore"):
        expected = np.logaddexp(a, b)
    assert found.dtype == dtype
    assert np.allclose(found.data, expected, rtol=4 * np.finfo(dtype).eps, atol=0, equal_nan=True)


@pytest.mark.parametrize("values", [(-INF, -INF), (INF, INF)])
def test_two_equal_infinities_have_no_slope_in_a_logarithmic_sum(values: tuple[float, float]) -> None:
    """The value is that infinity, the derivative NaN."""
    assert float(ar.logaddexp(*values)) == values[0]
    assert np.isnan(slopes(ar.logaddexp, *values)).all()


@pytest.mark.parametrize(
    "name", ["tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arctanh", "exp2", "log2"]
)
@pytest.mark.parametrize("x", [0.05, 0.4, 0.93])
def test_derivatives_by_differences(name: str, x: float) -> None:
    """The first and the second."""
    f = getattr(ar, name)
    assert slopes(f, x) == pytest.approx([by_differences(f, x)], rel=1e-6)
    assert second(f, x) == pytest.approx(by_differences(ar.grad(f), x), rel=1e-6, abs=1e-8)


def test_where_sends_each_number_its_own() -> None:
    """What is not chosen receives 0, even where its own derivative is infinite; conditions may be of any shape."""
    a = ar.tensor([0.0, 4.0], requires_grad=True)
    ar.where(a > 0, 0.5 * a, ar.square(a)).sum().backward()
    assert a.grad.tolist() == [0, 0.5]
    assert ar.where([[True], [False]], 1, [2.0, 3.0]).tolist() == [[1, 1], [2, 3]]


def test_rounding() -> None:
    """To the even digit from the middle, to places before and behind the point; integers stay integers."""
    assert ar.round([0.5, 1.5, -2.5]).tolist() == [0, 2, -2]
    assert ar.round([1.26, 0.349], 1).tolist() == [1.3, 0.3]
    assert ar.round([14, 16], -1).dtype == np.int64
    assert ar.round([14, 16], -1).tolist() == [10, 20]


def test_bounds() -> None:
    """One bound may be missing; of crossed bounds the upper holds; integers stay integers; NaN stays NaN."""
    assert ar.clip([1, 5, 9], 2, 6).tolist() == [2, 5, 6]
    assert ar.clip([1, 5, 9], a_max=6).dtype == np.int64
    assert ar.clip([1, 5], a_min=2).tolist() == [2, 5]
    assert ar.clip([1.0, 5.0]).tolist() == [1, 5]
    assert ar.clip([0.0, 5.0], 3, 2).tolist() == [2, 2]
    assert np.isnan(ar.clip(float("nan"), 0, 1).item())


def test_comparisons_answer_with_booleans_that_have_no_history() -> None:
    """A comparison of tensors that require a gradient requires none."""
    a = ar.tensor([1.0, 2.0], requires_grad=True)
    for name in ("equal", "less", "greater_equal", "isnan", "logical_not"):
        found = getattr(ar, name)(*(a, 1.5)[: 1 if name in ("isnan", "logical_not") else 2])
        assert found.dtype == np.bool_
        assert not found.requires_grad


def test_closeness() -> None:
    """isclose number by number, allclose and array_equal as Python's bools."""
    assert ar.isclose([1.0, 1.0], [1.0 + 1e-9, 1.1]).tolist() == [True, False]
    assert ar.allclose([1.0], 1.0 + 1e-9) is True
    assert ar.allclose(float("nan"), float("nan")) is False
    assert ar.allclose(float("nan"), float("nan"), equal_nan=True) is True
    assert ar.array_equal([1, 2], [[1, 2]]) is False
    assert ar.array_equal([1, 2], ar.tensor([1.0, 2.0])) is True


@pytest.mark.parametrize("shape", [(0,), (2, 0), ()])
def test_no_numbers_and_single_numbers(shape: tuple[int, ...]) -> None:
    """Shapes of size 0 and () go through forward and backward."""
    a = ar.tensor(np.full(shape, 0.5), requires_grad=True)
    found = ar.maximum(ar.sin(a) ** 2, ar.sigmoid(a)) + ar.clip(a, 0, 1)
    found.backward(np.ones(shape))
    assert found.shape == a.grad.shape == shape


def test_what_does_not_fit_is_told_in_one_sentence() -> None:
    """The op, both shapes, or both dtypes."""
    with pytest.raises(ShapeError) as told:
        ar.add([1.0, 2.0], np.zeros((2, 3)))
    assert str(told.value) == (
        "add: the shapes (2,) and (2, 3) do not fit together element by element: 2 meets 3 along axis -1"
    )
    with pytest.raises(ShapeError) as told:
        ar.where([True, False], [1.0, 2.0, 3.0], 0.0)
    assert str(told.value) == (
        "where: the shapes (2,) and (3,) and () do not fit together element by element: 2 meets 3 along axis -1"
    )
    with pytest.raises(DtypeError) as refused:
        ar.power([1, 2], -1)
    whole = "power: integers have no negative powers among the integers; make floats of them: astype(float)"
    assert str(refused.value) == whole
    with pytest.raises(DtypeError) as refused:
        ar.power([1, 2], [-1, 2])
    assert str(refused.value) == whole
    with pytest.raises(DtypeError) as refused:
        ar.subtract([True], [False])
    assert str(refused.value) == "subtract cannot take (1,) of bool, (1,) of bool"
