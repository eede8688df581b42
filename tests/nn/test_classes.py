"""Losses of a choice among classes: values by a plain loop, derivatives by differences, extremes, errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax

import autorecur as ar
from autorecur.errors import AutorecurError, DtypeError, ShapeError
from tests.nn.numbers import check_derivatives

F = ar.nn.functional
generator = np.random.default_rng(8)
SHAPES = [(3,), (4, 3), (2, 3, 4), (2, 3, 2, 2)]
every_shape = pytest.mark.parametrize("shape", SHAPES)
every_reduction = pytest.mark.parametrize("reduction", ["none", "mean", "sum"])


def example(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Logits, class numbers, probabilities, and weights of the classes."""
    axis = 0 if len(shape) == 1 else 1
    logits = 2 * generator.standard_normal(shape)
    classes = generator.integers(0, shape[axis], shape[:axis] + shape[axis + 1 :])
    shares = generator.uniform(0.1, 1, shape)
    return logits, np.asarray(classes), shares / shares.sum(axis, keepdims=True), generator.uniform(0.5, 2, shape[axis])


def by_loop(
    logits: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """The cross entropy as its description says it, one example after the other."""
    axis = 0 if logits.ndim == 1 else 1
    scores = np.moveaxis(log_softmax(logits, axis=axis), axis, -1)
    count = scores.shape[-1]
    weight = np.ones(count) if weight is None else weight
    numbered = target.dtype.kind == "i"
    losses = np.zeros(scores.shape[:-1])
    share = 0.0
    for place in np.ndindex(losses.shape):
        if numbered and target[place] == ignore_index:
            continue
        goal = np.eye(count)[target[place]] if numbered else np.moveaxis(target, axis, -1)[place]
        share += weight[target[place]] if numbered else 1.0
        mixed = (1 - label_smoothing) * goal + label_smoothing / count
        losses[place] = -np.sum(weight * mixed * scores[place])
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / share}[reduction]


@every_shape
@every_reduction
@pytest.mark.parametrize("smoothing", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy(shape: tuple[int, ...], reduction: str, smoothing: float, weighted: bool) -> None:
    """Values are those of the loop, for class numbers and for probabilities."""
    logits, classes, shares, weight = example(shape)
    settings: dict[str, Any] = {"reduction": reduction, "label_smoothing": smoothing}
    if weighted:
        settings["weight"] = weight
    for target in (classes, shares):
        found = F.cross_entropy(logits, target, **settings).numpy()
        np.testing.assert_allclose(found, by_loop(logits, target, **settings), rtol=1e-13)


@every_shape
@every_reduction
def test_derivatives(shape: tuple[int, ...], reduction: str) -> None:
    """First and second derivatives by logits, probabilities and weights are those by differences."""
    logits, classes, shares, weight = example(shape)
    for smoothing in (0.0, 0.2):
        settings: dict[str, Any] = {"reduction": reduction, "label_smoothing": smoothing}
        check_derivatives(lambda z, w, s=settings: F.cross_entropy(z, classes, w, **s), logits, weight)
        check_derivatives(lambda z, p, w, s=settings: F.cross_entropy(z, p, w, **s), logits, shares, weight)


@every_shape
@every_reduction
def test_nll_loss(shape: tuple[int, ...], reduction: str) -> None:
    """Of logarithms of a softmax it is the cross entropy; its derivatives are those by differences."""
    logits, classes, _, weight = example(shape)
    axis = 0 if len(shape) == 1 else 1
    for settings in ({}, {"weight": weight}, {"ignore_index": 1}):
        if len(shape) == 1 and "ignore_index" in settings:
            continue
        found = F.nll_loss(log_softmax(logits, axis=axis), classes, reduction=reduction, **settings)
        np.testing.assert_allclose(found.numpy(), by_loop(logits, classes, reduction=reduction, **settings), rtol=1e-13)
    check_derivatives(lambda x, w: F.nll_loss(x, classes, w, reduction=reduction), logits, weight)


@every_reduction
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("ignored", [-100, 2])
def test_ignored_examples(reduction: str, smoothing: float, ignored: int) -> None:
    """They have no loss and no gradient and are not counted, whatever their logits are."""
    logits, _, _, weight = example((5, 3))
    classes = np.array([0, ignored, 1, ignored, 0])
    settings: dict[str, Any] = {"ignore_index": ignored, "reduction": reduction, "label_smoothing": smoothing}
    for more in ({}, {"weight": weight}):
        found = F.cross_entropy(logits, classes, **settings, **more).numpy()
        np.testing.assert_allclose(found, by_loop(logits, classes, **settings, **more), rtol=1e-13)
    logits[1] = np.inf
    with np.errstate(invalid="ignore"):
        gradient = ar.grad(lambda z: F.nll_loss(z, classes, weight, ignore_index=ignored))(logits).numpy()
    assert not gradient[[1, 3]].any()
    assert np.isfinite(gradient).all()


@pytest.mark.filterwarnings("error")
def test_when_nothing_counts() -> None:
    """If all examples are ignored, or there are none, the sum is 0 and the mean nan, without a warning."""
    for logits, classes in (
        (np.zeros((2, 3)), [-100, -100]),
        (np.zeros((0, 3)), np.zeros(0, int)),
        (np.zeros((0, 3)), []),
    ):
        for smoothing in (0.0, 0.1):
            settings = {"label_smoothing": smoothing}
            assert F.cross_entropy(logits, classes, reduction="sum", **settings).item() == 0
            assert math.isnan(F.cross_entropy(logits, classes, **settings).item())
    assert math.isnan(F.cross_entropy(np.zeros((0, 3)), np.zeros((0, 3))).item())


@pytest.mark.filterwarnings("error")
def test_logits_far_out() -> None:
    """At ±10⁴ the loss is exact and finite, and so are the gradient and the curvature."""
    logits = np.array([[1e4, 0.0, -1e4], [-1e4, 1e4, 0.0]])
    for target, expected in (([2, 1], [2e4, 0]), (np.array([[0, 0.5, 0.5], [0.25, 0.5, 0.25]]), [1.5e4, 7.5e3])):
        losses = F.cross_entropy(logits, target, reduction="none")
        assert losses.tolist() == expected
        assert np.isfinite(ar.grad(lambda z, y=target: F.cross_entropy(z, y))(logits).numpy()).all()
        assert np.isfinite(ar.hessian(lambda z, y=target: F.cross_entropy(z, y))(logits).numpy()).all()


@pytest.mark.filterwarnings("error")
def test_classes_that_cannot_be() -> None:
    """A logit of −∞ takes its class out: no nan as long as the target does not name it."""
    logits = np.array([[0.0, -np.inf, 0.0]])
    for target in ([0], np.array([[1.0, 0.0, 0.0]])):
        gradient = ar.grad(lambda z, y=target: F.cross_entropy(z, y))(logits)
        np.testing.assert_allclose(F.cross_entropy(logits, target).item(), math.log(2), rtol=1e-15)
        np.testing.assert_allclose(gradient.numpy(), [[-0.5, 0, 0.5]], rtol=1e-15)


def test_a_sure_choice_still_learns() -> None:
    """Where the loss is 0 to rounding, the gradient by the other classes is still their probability."""
    loss, gradient = ar.value_and_grad(lambda z: F.cross_entropy(z, 0))(np.array([45.0, 0.0]))
    assert abs(loss.item()) < 1e-16
    assert gradient[1].item() == pytest.approx(math.exp(-45), rel=1e-13, abs=0)


def test_float32_stays() -> None:
    """Logits of float32 give a loss and a gradient of float32 in every form."""
    logits, classes, shares, weight = example((4, 3))
    for target in (classes, shares.astype(np.float32)):
        for smoothing in (0.0, 0.1):
            for importance in (None, weight.astype(np.float32)):
                x = ar.tensor(logits.astype(np.float32), requires_grad=True)
                loss = F.cross_entropy(x, target, importance, label_smoothing=smoothing)
                loss.backward()
                assert loss.dtype == x.grad.dtype == np.float32


def test_class_numbers_of_every_dtype() -> None:
    """Signed and unsigned integers of any width are class numbers."""
    logits = np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
    losses = {F.cross_entropy(logits, np.array([0, 2], kind)).item() for kind in ("i1", "i4", "i8", "u1", "u4")}
    assert len(losses) == 1


# ---------------------------------------------------------------- errors

Z = np.zeros((2, 3))
IMAGE = np.zeros((2, 3, 4))


@pytest.mark.parametrize(
    ("kind", "call", "text"),
    [
        (
            ShapeError,
            lambda: F.cross_entropy(Z, [0, 3]),
            "cross_entropy: the target holds 3 at index 1, and there are 3 classes, 0 to 2",
        ),
        (
            ShapeError,
            lambda: F.nll_loss(IMAGE, np.array([[0, 0, 0, 0], [0, -1, 0, 0]])),
            "nll_loss: the target holds -1 at index (1, 1), and classes count from 0",
        ),
        (
            ShapeError,
            lambda: F.cross_entropy(Z, [0, 1, 2]),
            "cross_entropy: class numbers for an input of shape (2, 3) have the shape (2,), not (3,)",
        ),
        (
            ShapeError,
            lambda: F.cross_entropy(Z, np.eye(3, dtype=int)[:2]),
            "cross_entropy: class numbers for an input of shape (2, 3) have the shape (2,), not (2, 3); "
            "for probabilities give floats",
        ),
        (
            ShapeError,
            lambda: F.cross_entropy(IMAGE, np.zeros((2, 4))),
            "cross_entropy: floats as target are probabilities and need the input's shape, (2, 3, 4), not (2, 4); "
            "class numbers are integers",
        ),
        (
            ShapeError,
            lambda: F.cross_entropy(0.0, 0),
            "cross_entropy: the input is a single number; its shape has to be (C,), (N, C) or (N, C, d₁, …)",
        ),
        (
            ShapeError,
            lambda: F.cross_entropy(Z, [0, 1], [1.0, 2.0]),
            "cross_entropy: the weight has shape (2,), and the 3 classes need (3,)",
        ),
        (
            DtypeError,
            lambda: F.nll_loss(Z, [0.0, 1.0]),
            "nll_loss: the target holds float64, and has to hold integers: astype(int) makes them",
        ),
        (
            DtypeError,
            lambda: F.cross_entropy(Z, [True, False]),
            "cross_entropy: the target holds bool, and has to hold integers: astype(int) makes them",
        ),
        (
            ValueError,
            lambda: F.cross_entropy(Z, [0, 1], label_smoothing=1.5),
            "cross_entropy: label_smoothing is 1.5, and it has to lie between 0 and 1",
        ),
        (
            ValueError,
            lambda: F.nll_loss(Z, [0, 1], reduction="Sum"),
            "nll_loss: there is no reduction 'Sum', only 'none', 'mean' and 'sum'. Did you mean 'sum'?",
        ),
    ],
)
def test_arguments_that_do_not_fit(kind: type[Exception], call: Callable[[], Any], text: str) -> None:
    """Each is refused in one sentence with the numbers in it, by an error of the package."""
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text
    assert isinstance(caught.value, AutorecurError)
