"""Tensors in the place of numbers, and numbers without an end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.errors import GradientError
from tests.nn.numbers import check_derivatives

F = ar.nn.functional
X = np.array([[-1.3, 0.4, 2.1], [0.7, -0.2, -2.5]])
KINDS = np.array([2, 0])


@pytest.mark.parametrize(
    ("f", "number"),
    [
        (lambda s: F.leaky_relu(X, s), 0.2),
        (lambda s: F.leaky_relu(X, s), 0.01),
        (lambda s: F.elu(X, s), 1.0),
        (lambda s: F.elu(X, s), 1.7),
        (lambda s: F.celu(X, s), 1.3),
        (lambda s: F.softplus(X, s), 1.0),
        (lambda s: F.softplus(X, s), 2.0),
        (lambda s: F.hardtanh(X, -1.0, s), 1.5),
        (lambda s: F.huber_loss(X, 0.0, delta=s), 1.1),
        (lambda s: F.layer_norm(X, 3, eps=s), 0.1),
        (lambda s: F.cross_entropy(X, KINDS, label_smoothing=s), 0.2),
    ],
)
def test_numbers_that_are_tensors_are_differentiated(f: Any, number: float) -> None:
    """With the value that the number has, also where the number has a shortcut."""
    assert np.allclose(f(ar.tensor(number, requires_grad=True)).numpy(), f(number).numpy(), rtol=1e-14)
    check_derivatives(f, np.asarray(number))


@pytest.mark.parametrize("target", [KINDS, np.full((2, 3), 1 / 3)])
def test_smoothing_by_nothing_is_differentiated(target: Any) -> None:
    """0 lies at the end of the range, so the slope is that of the line."""
    slope = ar.grad(lambda s: F.cross_entropy(X, target, label_smoothing=s))(0.0).item()
    line = F.cross_entropy(X, target, label_smoothing=1.0).item() - F.cross_entropy(X, target).item()
    assert slope == pytest.approx(line, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: F.dropout(X, t), "dropout is not differentiated by p: pass a number, or detach() the tensor"),
        (
            lambda t: F.smooth_l1_loss(X, 0.0, beta=t),
            "smooth_l1_loss is not differentiated by beta at 0: pass a number, or detach() the tensor",
        ),
    ],
)
def test_gradients_are_not_lost_without_a_word(call: Any, message: str) -> None:
    """A tensor without a gradient is taken for its number."""
    t = ar.tensor(0.0, requires_grad=True)
    with pytest.raises(GradientError) as told:
        call(t)
    assert str(told.value) == message
    assert isinstance(call(t.detach()), ar.Tensor)


@pytest.mark.parametrize(
    ("f", "ends"),
    [(F.elu, (0, 1)), (F.selu, (0, 1.0507009873554805)), (F.celu, (0, 1)), (lambda x: F.elu(x, 2.0), (0, 1))],
)
def test_slopes_at_infinity(f: Any, ends: tuple[float, float]) -> None:
    """0 on the left, that of the line on the right, and the numbers beside them keep their own."""
    x = np.array([-np.inf, np.inf, 0.3, -0.3])
    slopes = ar.grad(lambda t: f(t).sum())(x).numpy()
    assert tuple(slopes[:2]) == ends
    assert np.array_equal(slopes[2:], ar.grad(lambda t: f(t).sum())(x[2:]).numpy())
    assert f(x.astype(np.float32)).dtype == np.float32
