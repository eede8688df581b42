"""Losses of numbers and of two classes: values by NumPy, derivatives by differences, kinks, extremes, errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from scipy.special import expit, xlog1py, xlogy

import autorecur as ar
from autorecur.errors import AutorecurError, ShapeError
from tests.nn.numbers import check_derivatives, curve, precise_curve

F = ar.nn.functional
generator = np.random.default_rng(5)
REDUCTIONS = {"none": lambda x: x, "mean": np.mean, "sum": np.sum}


def huber(x: Any, y: Any, delta: float) -> Any:
    d = np.abs(x - y)
    return np.where(d <= delta, d**2 / 2, delta * (d - delta / 2))


LOSSES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "mse": (F.mse_loss, lambda x, y: (x - y) ** 2),
    "l1": (F.l1_loss, lambda x, y: np.abs(x - y)),
    "huber": (F.huber_loss, partial(huber, delta=1.0)),
    "huber 0.3": (partial(F.huber_loss, delta=0.3), partial(huber, delta=0.3)),
    "smooth l1": (F.smooth_l1_loss, partial(huber, delta=1.0)),
    "smooth l1 2": (partial(F.smooth_l1_loss, beta=2.0), lambda x, y: huber(x, y, 2.0) / 2),
    "smooth l1 0": (partial(F.smooth_l1_loss, beta=0.0), lambda x, y: np.abs(x - y)),
    "probabilities": (F.binary_cross_entropy, lambda x, y: -xlogy(y, x) - xlog1py(1 - y, -x)),
    "logits": (
        F.binary_cross_entropy_with_logits,
        lambda x, y: -xlogy(y, expit(x)) - xlogy(1 - y, expit(-x)),
    ),
}
every_loss = pytest.mark.parametrize("name", LOSSES)


def drawn(name: str, *shape: int) -> list[np.ndarray]:
    """Input and target, away from kinks; probabilities where they are asked for."""
    if name in ("probabilities", "logits"):
        x, y = generator.uniform(0.1, 0.9, (2, *shape))
        return [np.asarray(x if name == "probabilities" else 3 * np.log(x / (1 - x))), np.asarray(y)]
    y = np.asarray(generator.standard_normal(shape))
    return [np.asarray(y + generator.choice([-2.7, -0.7, -0.2, 0.2, 0.7, 1.4, 2.7], shape)), y]


@every_loss
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(), (7,), (2, 3)])
def test_values_and_derivatives(name: str, reduction: str, shape: tuple[int, ...]) -> None:
    """Values are the formula's; first and second derivatives by input and target those by differences."""
    f, formula = LOSSES[name]
    x, y = drawn(name, *shape)
    true = REDUCTIONS[reduction](formula(x, y))
    np.testing.assert_allclose(f(x, y, reduction=reduction).numpy(), true, rtol=1e-13)
    check_derivatives(lambda x, y: f(x, y, reduction=reduction), x, y)


@every_loss
def test_float32_stays(name: str) -> None:
    """Float32 gives float32, also beside integers and booleans as target, and so does the gradient."""
    f, _ = LOSSES[name]
    for target in (np.ones(3, np.float32), np.ones(3, np.int64), np.ones(3, bool)):
        x = ar.tensor(np.full(3, 0.25, np.float32), requires_grad=True)
        loss = f(x, target)
        loss.backward()
        assert loss.dtype == x.grad.dtype == np.float32


@every_loss
@pytest.mark.filterwarnings("error")
def test_of_nothing(name: str) -> None:
    """The sum of no losses is 0; their mean is nan, without a warning."""
    f, _ = LOSSES[name]
    empty = np.zeros((0, 3))
    assert f(empty, empty, reduction="sum").item() == 0
    assert math.isnan(f(empty, empty).item())
    assert f(empty, empty, reduction="none").shape == (0, 3)


@pytest.mark.parametrize(
    ("name", "difference", "expected"),
    [
        ("l1", 0, (0, 0, 0)),
        ("huber", 0, (0, 0, 1)),
        ("huber", 1, (0.5, 1, 0)),
        ("huber", -1, (0.5, -1, 0)),
        ("huber 0.3", 0.3, (0.045, 0.3, 0)),
        ("smooth l1", 0, (0, 0, 1)),
        ("smooth l1", -1, (0.5, -1, 0)),
        ("smooth l1 2", 2, (1, 1, 0)),
        ("smooth l1 0", 0, (0, 0, 0)),
    ],
)
def test_where_two_branches_meet(name: str, difference: float, expected: tuple[float, ...]) -> None:
    """Value, slope and curvature at a kink are PyTorch's."""
    f, _ = LOSSES[name]
    assert [part.item() for part in curve(lambda x: f(x, 0.0), np.array(float(difference)))] == pytest.approx(expected)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["l1", "huber", "huber 0.3", "smooth l1", "smooth l1 2", "smooth l1 0"])
def test_far_apart(name: str) -> None:
    """A difference of ±10⁴, or one whose square is infinite, has a finite loss and the full slope."""
    f, formula = LOSSES[name]
    steepest = 0.3 if name == "huber 0.3" else 1
    for x in (-1e200, -1e4, 1e4, 1e200):
        value, slope, bend = (part.item() for part in curve(lambda x: f(x, 0.0), np.array(x)))
        with np.errstate(over="ignore"):
            assert value == pytest.approx(float(formula(np.array(x), 0.0)), rel=1e-14)
        assert slope == pytest.approx(steepest * math.copysign(1, x))
        assert bend == 0


# ---------------------------------------------------------------- two classes


def test_certain_probabilities_have_a_finite_loss() -> None:
    """The logarithm is cut off at −100; the slope keeps its sign and is at most 10¹²; certainty that is right has none."""
    x = np.array([0.0, 0.0, 1.0, 1.0, 1e-60])
    y = np.array([0.0, 1.0, 0.0, 1.0, 1.0])
    value, slope, bend = curve(lambda x: F.binary_cross_entropy(x, y, reduction="none"), x)
    assert value.tolist() == [0, 100, 100, 0, 100]
    np.testing.assert_allclose(slope, [0, -1e12, 1e12, 0, -1e12])
    assert np.isfinite(bend).all()


def test_the_slope_by_a_certain_target() -> None:
    """By the target the derivative is log(1 − p) − log p, with both logarithms cut off, and can be differentiated again."""
    p, y = np.array([0.0, 1.0, 0.25]), np.array([0.5, 0.5, 0.5])
    slope = ar.grad(lambda y: F.binary_cross_entropy(p, y, reduction="sum"))(y)
    np.testing.assert_allclose(slope.numpy(), [100, -100, math.log(3)])
    mixed = ar.grad(lambda p: ar.grad(lambda y: F.binary_cross_entropy(p, y, reduction="sum"))(y).sum())(p)
    assert np.isfinite(mixed.numpy()).all()


def test_small_probabilities_keep_their_digits() -> None:
    """−log(1 − p) of a tiny p is p."""
    assert F.binary_cross_entropy(1e-20, 0.0).item() == pytest.approx(1e-20, rel=1e-14, abs=0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
def test_logits_far_out(target: float) -> None:
    """At ±10⁴ loss, slope and curvature are right, and small ones keep their digits."""
    x = np.array([-1e4, -700.0, -40.0, -3.0, 0.0, 3.0, 40.0, 700.0, 1e4])
    found = curve(lambda x: F.binary_cross_entropy_with_logits(x, np.full(9, target), reduction="none"), x)

    def formula(x: Any) -> Any:
        return target * (mp.log1p(mp.exp(-abs(x))) + max(-x, 0)) + (1 - target) * (
            mp.log1p(mp.exp(-abs(x))) + max(x, 0)
        )

    for order, (mine, true) in enumerate(zip(found, precise_curve(formula, x), strict=True)):
        np.testing.assert_allclose(mine, true, rtol=1e-12, atol=0 if order < 2 and target in (0, 1) else 1e-14)


def test_weights_of_two_classes() -> None:
    """``weight`` multiplies each loss, ``pos_weight`` the part of the target; both may stretch and be differentiated."""
    x, y = drawn("logits", 4, 3)
    weight, positive = generator.uniform(0.5, 2, (4, 1)), generator.uniform(0.5, 2, 3)
    part_true, part_false = -y * np.log(expit(x)), -(1 - y) * np.log(expit(-x))
    found = F.binary_cross_entropy_with_logits(x, y, weight, pos_weight=positive)
    assert found.item() == pytest.approx(np.mean(weight * (positive * part_true + part_false)), rel=1e-13)
    assert F.binary_cross_entropy(expit(x), y, weight).item() == pytest.approx(
        np.mean(weight * (part_true + part_false)), rel=1e-13
    )
    check_derivatives(
        lambda x, y, w, p: F.binary_cross_entropy_with_logits(x, y, w, pos_weight=p), x, y, weight, positive
    )


# ---------------------------------------------------------------- errors

TWO, THREE = np.full((2, 3), 0.5), np.full(3, 0.5)


@pytest.mark.parametrize(
    ("kind", "call", "text"),
    [
        (
            ShapeError,
            lambda: F.mse_loss(TWO, THREE),
            "mse_loss: the input has shape (2, 3) and the target (3,); give both the same shape",
        ),
        (
            ShapeError,
            lambda: F.binary_cross_entropy(THREE, TWO),
            "binary_cross_entropy: the input has shape (3,) and the target (2, 3); give both the same shape",
        ),
        (
            ValueError,
            lambda: F.l1_loss(TWO, TWO, reduction="men"),
            "l1_loss: there is no reduction 'men', only 'none', 'mean' and 'sum'. Did you mean 'mean'?",
        ),
        (
            ValueError,
            lambda: F.huber_loss(TWO, TWO, None),
            "huber_loss: there is no reduction None, only 'none', 'mean' and 'sum'.",
        ),
        (
            ValueError,
            lambda: F.huber_loss(TWO, TWO, delta=0.0),
            "huber_loss: delta is 0.0, and it has to be larger than 0",
        ),
        (
            ValueError,
            lambda: F.smooth_l1_loss(TWO, TWO, beta=-1.0),
            "smooth_l1_loss: beta is -1.0, and must not be negative",
        ),
        (
            ValueError,
            lambda: F.binary_cross_entropy([[0.5, 1.5]], [[0.0, 1.0]]),
            "binary_cross_entropy: the input holds 1.5 at index (0, 1), and probabilities lie between 0 and 1; "
            "for logits take binary_cross_entropy_with_logits",
        ),
        (
            ValueError,
            lambda: F.binary_cross_entropy(0.5, -1),
            "binary_cross_entropy: the target holds -1.0, and probabilities lie between 0 and 1",
        ),
        (
            ShapeError,
            lambda: F.binary_cross_entropy(THREE, THREE, TWO),
            "binary_cross_entropy: the weight of shape (2, 3) does not stretch to the losses, (3,)",
        ),
        (
            ShapeError,
            lambda: F.binary_cross_entropy_with_logits(THREE, THREE, pos_weight=[1.0, 2.0]),
            "binary_cross_entropy_with_logits: the pos_weight of shape (2,) does not stretch to the losses, (3,)",
        ),
    ],
)
def test_arguments_that_do_not_fit(kind: type[Exception], call: Callable[[], Any], text: str) -> None:
    """Each is refused in one sentence with the numbers in it, by an error of the package."""
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text
    assert isinstance(caught.value, AutorecurError)
