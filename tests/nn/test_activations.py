"""Activations: values and two derivatives against many digits, far out, at kinks; axes, dtypes, errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import scipy.special

import autorecur as ar
from autorecur.errors import AutorecurError, ShapeError
from tests.nn.numbers import check_derivatives, curve, precise_curve

F = ar.nn.functional


def _mp_clip(x: Any, low: float, high: float) -> Any:
    return min(max(x, low), high)


def _mp_elu(x: Any, alpha: float = 1) -> Any:
    return x if x > 0 else alpha * mp.expm1(x)


def _mp_softplus(x: Any) -> Any:
    return max(x, 0) + mp.log1p(mp.exp(-abs(x)))


def _mp_gelu_tanh(x: Any) -> Any:
    return x * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3))) / 2


CURVES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sigmoid": (F.sigmoid, lambda x: 1 / (1 + mp.exp(-x))),
    "tanh": (F.tanh, mp.tanh),
    "relu": (F.relu, lambda x: max(x, 0)),
    "relu6": (F.relu6, lambda x: _mp_clip(x, 0, 6)),
    "leaky_relu": (F.leaky_relu, lambda x: x if x > 0 else x * 0.01),
    "leaky_relu 0.3": (partial(F.leaky_relu, negative_slope=0.3), lambda x: x if x > 0 else x * 0.3),
    "elu": (F.elu, _mp_elu),
    "elu 2": (partial(F.elu, alpha=2.0), lambda x: _mp_elu(x, 2)),
    "elu -0.5": (partial(F.elu, alpha=-0.5), lambda x: _mp_elu(x, -0.5)),
    "selu": (
        F.selu,
        lambda x: mp.mpf("1.0507009873554804934193349852946") * _mp_elu(x, mp.mpf("1.6732632423543772848170429916717")),
    ),
    "celu": (F.celu, lambda x: max(x, 0) + min(0, mp.expm1(x))),
    "celu 2": (partial(F.celu, alpha=2.0), lambda x: max(x, 0) + min(0, 2 * mp.expm1(x / 2))),
    "gelu": (F.gelu, lambda x: x * mp.ncdf(x)),
    "gelu tanh": (partial(F.gelu, approximate="tanh"), _mp_gelu_tanh),
    "silu": (F.silu, lambda x: x / (1 + mp.exp(-x))),
    "mish": (F.mish, lambda x: x * mp.tanh(_mp_softplus(x))),
    "softplus": (F.softplus, lambda x: x if x > 20 else mp.log1p(mp.exp(x))),
    "softplus 2, 5": (
        partial(F.softplus, beta=2.0, threshold=5.0),
        lambda x: x if 2 * x > 5 else mp.log1p(mp.exp(2 * x)) / 2,
    ),
    "softplus -1": (partial(F.softplus, beta=-1.0), lambda x: x if -x > 20 else -_mp_softplus(-x)),
    "softplus exact": (partial(F.softplus, threshold=math.inf), _mp_softplus),
    "softsign": (F.softsign, lambda x: x / (1 + abs(x))),
    "logsigmoid": (F.logsigmoid, lambda x: -_mp_softplus(-x)),
    "hardsigmoid": (F.hardsigmoid, lambda x: _mp_clip(x + 3, 0, 6) / 6),
    "hardtanh": (F.hardtanh, lambda x: _mp_clip(x, -1, 1)),
    "hardtanh -2, 5": (partial(F.hardtanh, min_val=-2.0, max_val=5.0), lambda x: _mp_clip(x, -2, 5)),
    "hardswish": (F.hardswish, lambda x: x * _mp_clip(x + 3, 0, 6) / 6),
}
every_curve = pytest.mark.parametrize("name", CURVES)
POINTS = np.array([-45.3, -12.5, -4.4, -2.6, -1.3, -0.4, -1e-3, 1e-3, 0.3, 0.7, 1.6, 2.7, 3.9, 5.6, 9.1, 19.5, 44.1])
FAR_OUT = np.array([-1e4, -800.5, -101.0, 101.0, 800.5, 1e4])


@every_curve
def test_values_and_two_derivatives(name: str) -> None:
    """Value, slope and curvature are those of the formula, computed with forty digits."""
    f, formula = CURVES[name]
    for order, found, true in zip("012", curve(f, POINTS), precise_curve(formula, POINTS), strict=True):
        np.testing.assert_allclose(found, true, rtol=1e-12, atol=1e-14, err_msg=f"derivative {order}")


@pytest.mark.filterwarnings("error")
@every_curve
def test_far_out(name: str) -> None:
    """At ±10⁴ values and derivatives are finite and right, and no warning is seen."""
    f, formula = CURVES[name]
    for order, found, true in zip("012", curve(f, FAR_OUT), precise_curve(formula, FAR_OUT), strict=True):
        np.testing.assert_allclose(found, true, rtol=1e-12, atol=1e-14, err_msg=f"derivative {order}")


@pytest.mark.parametrize("name", ["silu", "mish", "gelu", "gelu tanh", "softplus", "logsigmoid", "sigmoid"])
def test_small_values_keep_their_digits(name: str) -> None:
    """What vanishes far out vanishes with a small relative error, in the value and in the slope."""
    f, formula = CURVES[name]
    x = np.array([30.0, 35.0]) if name == "logsigmoid" else np.array([-8.0, -6.0, -5.0])
    found, true = curve(f, x), precise_curve(formula, x)
    np.testing.assert_allclose(found[0], true[0], rtol=1e-12, atol=0)
    np.testing.assert_allclose(found[1], true[1], rtol=1e-12, atol=0)


@pytest.mark.filterwarnings("error")
def test_the_approximate_gelu_does_not_overflow() -> None:
    """Where x³ is infinite the value is still x, and the slope 1."""
    value, slope, bend = curve(CURVES["gelu tanh"][0], np.array([-1e300, 1e300]))
    assert value.tolist() == [0, 1e300]
    assert slope.tolist() == [0, 1]
    assert bend.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("name", "x", "slope"),
    [
        ("relu", 0, 0),
        ("relu6", 0, 0),
        ("relu6", 6, 0),
        ("leaky_relu", 0, 0.01),
        ("leaky_relu 0.3", 0, 0.3),
        ("elu", 0, 1),
        ("elu 2", 0, 2),
        ("elu -0.5", 0, -0.5),
        ("selu", 0, 1.7580993408473766),
        ("celu 2", 0, 1),
        ("softsign", 0, 1),
        ("softplus", 20, 1 / (1 + math.exp(-20))),
        ("softplus", 20.001, 1),
        ("hardsigmoid", -3, 0),
        ("hardsigmoid", 3, 0),
        ("hardtanh", -1, 0),
        ("hardtanh", 1, 0),
        ("hardswish", -3, 0),
        ("hardswish", 3, 1),
    ],
)
def test_slopes_where_two_branches_meet(name: str, x: float, slope: float) -> None:
    """At a kink the derivative is the one that the description names."""
    assert curve(CURVES[name][0], np.array([float(x)]))[1][0] == pytest.approx(slope, rel=1e-15)


@every_curve
def test_float32_stays(name: str) -> None:
    """Value and gradient of float32 are float32, also of a single number, and right to its precision."""
    f, _ = CURVES[name]
    for x in (POINTS[3:12], POINTS[5]):
        single = np.asarray(x, np.float32)
        leaf = ar.tensor(single, requires_grad=True)
        y = f(leaf)
        y.sum().backward()
        assert y.dtype == np.float32
        assert leaf.grad.dtype == np.float32
        np.testing.assert_allclose(y.numpy(), f(single.astype(float)).numpy(), rtol=3e-6)


@every_curve
def test_shapes_and_integers(name: str) -> None:
    """Any shape is kept, also one with nothing in it; integers are taken as numbers; nan stays nan."""
    f, _ = CURVES[name]
    for shape in [(), (0,), (2, 0, 3), (2, 3)]:
        assert f(np.ones(shape)).shape == shape
    np.testing.assert_allclose(f([-2, 0, 2]).numpy(), f([-2.0, 0.0, 2.0]).numpy(), rtol=1e-15)
    assert np.isnan(f(np.nan).item()) or name in ("relu",)
    strided = np.linspace(-2, 2, 12).reshape(3, 4)[::-1, ::2]
    np.testing.assert_array_equal(f(strided).numpy(), f(strided.copy()).numpy())


@pytest.mark.parametrize(
    ("f", "reference"), [(F.softmax, scipy.special.softmax), (F.log_softmax, scipy.special.log_softmax)]
)
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_softmax_along_an_axis(f: Any, reference: Any, dim: int) -> None:
    """Values are SciPy's, both derivatives those by differences."""
    x = np.random.default_rng(0).standard_normal((2, 3, 2))
    np.testing.assert_allclose(f(x, dim).numpy(), reference(x, axis=dim), rtol=1e-14)
    check_derivatives(lambda x: f(x, dim=dim), x)


@pytest.mark.filterwarnings("error")
def test_softmax_far_out() -> None:
    """At ±10⁴ the probabilities are 0 and 1, and their logarithms exact; a logit of −∞ is a class that cannot be."""
    x = np.array([-1e4, 0.0, 1e4])
    assert F.softmax(x, 0).tolist() == [0, 0, 1]
    assert F.log_softmax(x, 0).tolist() == [-2e4, -1e4, 0]
    np.testing.assert_allclose(ar.jacobian(lambda x: F.log_softmax(x, 0))(x).numpy(), np.eye(3) - [[0, 0, 1]])
    barred = np.array([-np.inf, 0.0, 0.0])
    np.testing.assert_allclose(F.log_softmax(barred, 0).numpy(), [-np.inf, -math.log(2), -math.log(2)])
    assert F.softmax(barred, 0).tolist() == [0, 0.5, 0.5]


def test_the_logarithm_of_softmax_keeps_its_digits() -> None:
    """A probability that is 0 in floating point has an exact logarithm, and a common shift of 10⁸ costs no digits."""
    x = np.array([0.0, 2.0, 1000.0])
    np.testing.assert_allclose(F.log_softmax(x, 0).numpy(), [-1000, -998, 0], rtol=1e-15)
    np.testing.assert_array_equal(F.log_softmax(x + 1e8, 0).numpy(), F.log_softmax(x, 0).numpy())


def test_softmax_takes_on_a_dtype_first() -> None:
    """Float32 stays; ``dtype`` changes it before anything is computed; integers become floats."""
    x = np.array([1.0, 2.0], np.float32)
    assert F.softmax(x, 0).dtype == F.log_softmax(x, 0).dtype == np.float32
    assert F.softmax(x, 0, dtype=np.float64).dtype == np.float64
    assert F.log_softmax([1, 2], -1).tolist() == F.log_softmax([1.0, 2.0], -1).tolist()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: F.gelu(1.0, "tan"),
            "gelu: there is no approximation 'tan', only 'none' and 'tanh'. Did you mean 'tanh'?",
        ),
        (lambda: F.gelu(1.0, True), "gelu: there is no approximation True, only 'none' and 'tanh'."),
        (lambda: F.celu(1.0, alpha=0.0), "celu: alpha is 0.0, and it has to be larger than 0"),
        (lambda: F.celu(1.0, alpha=-1.5), "celu: alpha is -1.5, and it has to be larger than 0"),
        (lambda: F.softplus(1.0, beta=0), "softplus: beta is 0, and the result is divided by it"),
        (lambda: F.hardtanh(1.0, 2.0, -2.0), "hardtanh: min_val is 2.0, and larger than max_val, which is -2.0"),
    ],
)
def test_arguments_that_cannot_be(call: Callable[[], Any], text: str) -> None:
    """Each is refused in one sentence with the number in it, as a ValueError and as an error of the package."""
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == text
    assert isinstance(caught.value, AutorecurError)


def test_an_axis_that_does_not_exist() -> None:
    """Softmax names itself, the axis and the number of axes."""
    with pytest.raises(ShapeError) as caught:
        F.softmax([[1.0]], 2)
    assert str(caught.value) == "softmax: there is no axis 2 in a tensor with 2 axes"
    with pytest.raises(ShapeError, match=r"^log_softmax: there is no axis 0 in a tensor with no axes$"):
        F.log_softmax(1.0, 0)
