"""Derivatives by numbers: how exact they are, and what they say at kinks, jumps and edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autorecur.testing.differences import Derivative, Line, complex_step, confirmed, curve, measure, steps, window

EPS = float(np.finfo(float).eps)


def line(f: Callable[[float], Any], x: float) -> Line:
    """The only output of a function of one number."""

    def at(step: float) -> Any:
        with np.errstate(all="ignore"):
            return np.array([f(x + step)], dtype=float)

    return Line(at, np.ones(1), EPS * np.abs(at(0.0)), EPS, x)


def found(f: Callable[[float], Any], x: float, scale: float = 1.0) -> tuple[str, float]:
    derivative = measure(line(f, x), x, abs(x), 1e-7, 1e-8 * scale)
    return derivative.verdict, derivative.best.value


@pytest.mark.parametrize(
    ("f", "x", "true"),
    [
        (np.tanh, 0.5, 1 - np.tanh(0.5) ** 2),
        (np.exp, 1e-10, 1.0),
        (np.log, 1e-6, 1e6),
        (np.sqrt, 1e-12, 5e5),
        (lambda x: x**3, 1e6, 3e12),
        (lambda x: np.sin(1000 * x), 0.3, 1000 * np.cos(300)),
        (lambda x: np.abs(x) * 3, 1e-5, 3.0),
        (lambda x: np.maximum(x, 1.0), 1.0001, 1.0),
    ],
)
def test_smooth_points_have_nine_digits(f: Callable[[float], Any], x: float, true: float) -> None:
    """Also close to a kink, to the end of the domain, for large numbers and for small ones."""
    verdict, value = found(f, x, abs(true))
    assert verdict == "smooth"
    assert value == pytest.approx(true, rel=1e-8)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (np.abs, 0.0),
        (lambda x: np.maximum(x, 0.0), 0.0),
        (lambda x: np.maximum(x, x * x), 1.0),
        (lambda x: np.where(x > 0, x, 0.999 * x), 0.0),
        (np.floor, 2.0),
        (np.sign, 0.0),
    ],
)
def test_kinks_and_jumps_are_told(f: Callable[[float], Any], x: float) -> None:
    """Whether the slope jumps, by much or by little, or the value."""
    assert found(f, x)[0] == "kink"


@pytest.mark.parametrize("f", [np.sqrt, np.log])
def test_the_edge_of_a_domain_is_told(f: Callable[[float], Any]) -> None:
    """Where one side is not defined."""
    assert found(f, 0.0)[0] == "edge"


def test_an_even_function_has_a_zero_derivative_and_no_kink() -> None:
    """The one-sided quotients differ at any step, and come together."""
    for f in (np.cosh, np.cos, lambda x: np.tanh(2 * x * np.sin(2 * x)), lambda x: x**4):
        verdict, value = found(f, 0.0)
        assert verdict == "smooth"
        assert abs(value) < 1e-12


def test_noise_is_not_a_kink() -> None:
    """What is lost to cancellation leaves the derivative open."""
    generator = np.random.default_rng(0)
    assert found(lambda x: np.sin(x) + 1e-3 * generator.standard_normal(), 0.3)[0] == "unresolved"


def test_a_window_knows_how_far_it_can_be_trusted() -> None:
    """The true error stays below the uncertainty, at wide steps and at narrow ones."""
    for k in range(1, 24):
        seen = window(line(np.exp, 0.3), 2.0**-k)
        assert abs(seen.value - np.exp(0.3)) <= seen.uncertainty


def test_the_first_step_suits_numbers_of_the_size_of_one() -> None:
    """The others follow, none twice, and none that leaves x as it is."""
    tried = list(steps(3.0, 100.0))
    assert tried[0] == 2.0**-5
    assert len(set(tried)) == len(tried)
    assert all(3.0 + step / 4 != 3.0 for step in tried)


def test_the_complex_step_is_exact_for_analytic_functions() -> None:
    """All digits; a function that loses imaginary parts is refused."""
    value, real = complex_step(lambda step: np.array([np.tanh(0.5 + step)]), np.ones(1))
    assert value == pytest.approx(1 - np.tanh(0.5) ** 2, rel=1e-15)
    assert real == [np.tanh(0.5)]
    with pytest.raises(TypeError, match="real numbers came back"):
        complex_step(lambda step: np.array([abs(0.5 + step)]), np.ones(1))


def test_the_curve_tells_a_wrong_rule_from_rounding() -> None:
    """A right value leaves a valley, a wrong one a floor as high as its error."""
    true = float(np.exp(0.3))
    valley = [error for _, error in curve(line(np.exp, 0.3), true, 0.3)]
    floor = [error for _, error in curve(line(np.exp, 0.3), true * 1.0001, 0.3)]
    assert min(valley) < 1e-9
    assert valley[0] > 1e-4
    assert valley[-1] > 10 * min(valley)
    assert min(floor) > 0.8e-4
    assert sum(error < 1.1e-4 for error in floor) >= 5


@pytest.mark.parametrize(
    ("f", "x", "true"),
    [
        (lambda x: np.sin(1e5 * x), 0.7, 1e5 * np.cos(7e4)),
        (lambda x: 1 / x, 1e-5, -1e10),
        (lambda x: np.exp(-1e8 * x * x), 1e-4, -2e4 * np.exp(-1.0)),
        (lambda x: np.sin(2 * np.pi * 440 * x), 0.5, 880 * np.pi),
    ],
)
def test_narrow_windows_overrule_wide_ones(f: Callable[[float], Any], x: float, true: float) -> None:
    """Also where nothing is known of the scale, so that no window is certain enough by it."""
    derivative = measure(line(f, x), x, x, 1e-7, 0.0)
    assert derivative.verdict == "smooth"
    assert derivative.best.value == pytest.approx(true, rel=1e-7)


def test_a_slope_that_only_wide_windows_see_jump_is_smooth() -> None:
    """A kink is claimed only where no narrower window sees that it is gone."""
    assert found(lambda x: np.sqrt(x * x + 1e-12), 0.0)[0] == "smooth"
    assert found(lambda x: np.sqrt(np.abs(x)), 0.0)[0] == "kink"


def test_a_value_that_narrower_and_odd_steps_refute_is_not_confirmed() -> None:
    """sin 2²⁰πx stands still at every power of two down to 2⁻¹⁹."""
    wave, slope = line(lambda x: np.sin(2**20 * np.pi * x), 0.5), 2**20 * np.pi
    still = Derivative(window(wave, 2.0**-5), "smooth")
    assert abs(still.best.value) < 1e-6
    assert not confirmed(wave, still, slope, 1e-7, 1e-8)
    exp = line(np.exp, 0.3)
    assert confirmed(exp, Derivative(window(exp, 2.0**-5), "smooth"), float(np.exp(0.3)) * 1.5, 1e-7, 1e-8)
