"""A training that runs away stops: update, parameter and hint are told, and the model has its last good weights."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.train import checkpoints
from tests.train.small import assert_same, model, sums


class Line(ar.nn.Module):
    """y = w x, and a parameter beside that has no part in it."""

    def __init__(self, w: float = 0.0) -> None:
        self.still = ar.nn.Parameter([1.0])
        self.slope = ar.nn.Module()
        self.slope.w = ar.nn.Parameter([[w]])

    def forward(self, x: Any) -> Any:
        return x @ self.slope.w


PAIR = (np.ones((1, 4, 1)), np.full((1, 4, 1), 2.0))


def diverge(net: Any, data: Any, lr: float = 1.0, **settings: Any) -> tuple[ar.train.Diverged, list[Any]]:
    """The error, and the weights before each update."""
    before: list[Any] = [net.state_dict()]
    keep = type("Keep", (), {"on_update": lambda self, training: before.append(training.model.state_dict())})()
    optimizer = ar.optim.SGD(net.parameters(), lr=lr)
    with pytest.raises(ar.train.Diverged) as caught:
        ar.train.fit(net, data, optimizer, **{"updates": 500, "progress": False, "callbacks": keep, **settings})
    return caught.value, before


def test_a_loss_that_explodes() -> None:
    """The loss is four times as large after each step; the weights come back from when it was not yet large."""
    net = Line()
    error, before = diverge(net, PAIR, lr=1.5)
    message = str(error)
    assert message.startswith(f"training diverged at update {error.update}: the loss is ")
    assert "after 4 at first; slope.w has moved farthest since all was well, by " in message
    assert "try clip_norm=1.0 or a smaller learning rate" in message
    assert message.endswith("The model has the last good weights again.")
    assert error.parameter == "slope.w"
    assert 5 < error.update < 15
    losses = error.history.column("loss")
    assert error.history.stopped == "diverged"
    assert len(losses) == error.update
    kept = next(i for i, weights in enumerate(before) if weights["slope.w"] == net.slope.w.numpy())
    assert losses[kept] < 1000


def test_a_gradient_that_is_not_finite() -> None:
    """The root's slope at zero is infinite: its parameter is named; nothing has moved."""
    net = Line()

    def loss(output: Any, batch: Any) -> Any:
        return ar.sqrt(output).sum() + (net.still**2).sum()

    error, before = diverge(net, PAIR, loss=loss)
    assert str(error).startswith(
        "training diverged at update 1: the gradient norm is nan; the gradient of slope.w is not"
    )
    assert (error.update, error.parameter) == (1, "slope.w")
    assert math.isnan(error.history.updates[0].gradient_norm)
    assert_same(net.state_dict(), before[0])


def test_a_loss_that_is_nan() -> None:
    """The last good weights are those of the last finite loss, and the one that went over the edge is named."""
    net = Line(1.0)

    def loss(output: Any, batch: Any) -> Any:
        return ar.log(output).mean()

    with np.errstate(invalid="ignore"):
        error, before = diverge(net, PAIR, loss=loss, lr=0.4)
    assert str(error).startswith("training diverged at update 3: the loss is nan; slope.w has moved farthest")
    assert_same(net.state_dict(), before[1])
    assert "debug_anomalies" in str(error)


@pytest.mark.parametrize("clip", [{}, {"clip_norm": 1.0}])
def test_a_gradient_that_explodes(clip: dict[str, Any]) -> None:
    """Its norm tells, unless it is clipped: then the step is small and the training goes on."""
    net = Line()
    optimizer = ar.optim.SGD(net.parameters(), lr=1e-9)
    small = (PAIR[0] * 1e-3, PAIR[1])
    large = (PAIR[0] * 1e6, PAIR[1])
    settings: dict[str, Any] = {"epochs": 1, "loss": lambda out, batch: ar.tanh(out).mean(), "progress": False}
    if clip:
        assert len(ar.train.fit(net, [small, large], optimizer, **settings, **clip).updates) == 2
    else:
        with pytest.raises(
            ar.train.Diverged, match=r"at update 2: the gradient norm is 1.01e\+06, after 1 at first; the largest"
        ):
            ar.train.fit(net, [small, (large[0] * 1.01, large[1])], optimizer, **settings)


def test_weights_that_are_infinite() -> None:
    """Named before any gradient."""
    net = Line()
    error, _ = diverge(net, PAIR, lr=1e308, clip_value=3.0)
    assert "slope.w" in str(error)
    assert "a smaller clip_norm or a smaller learning rate" in str(error)
    assert np.isfinite(net.slope.w.numpy()).all()


def test_data_that_are_not_finite_are_to_blame() -> None:
    """Step, sequence and column, and no word about the learning rate."""
    x, y = np.ones((3, 4, 2)), np.ones((3, 4, 1))
    x[1, 2, 0] = np.nan
    net = ar.nn.SequenceModel("rnn", 2, 3, 1)
    before = net.state_dict()
    error, _ = diverge(net, (x, y))
    assert str(error).startswith(
        "training diverged at update 1: the loss is nan; x of this batch holds nan at index (1, 2, 0), sequence 2: the data"
    )
    assert error.parameter is None
    assert "learning rate" not in str(error)
    assert_same(net.state_dict(), before)


def test_noise_is_no_divergence() -> None:
    """Losses of one sequence at once, of very different sizes, are not taken for an explosion."""
    x = np.random.default_rng(0).standard_cauchy((1, 200, 1)) * 0.01
    net = Line()
    batches = [(x[:, i : i + 1], x[:, i : i + 1]) for i in range(200)]
    ar.train.fit(net, batches, ar.optim.SGD(net.parameters(), lr=1e-4), epochs=2, progress=False)


def test_a_recurrent_network_with_too_large_a_rate(tmp_path: Path) -> None:
    """The checkpoint on the disk is one from before, and the error is an ArithmeticError of this package."""
    net, path = ar.nn.SequenceModel("rnn", 1, 3, 1, readout="last", nonlinearity="relu"), tmp_path / "run"
    error, _ = diverge(net, ar.data.Loader(sums(), 5), lr=3.0, checkpoint=path, checkpoint_every=1)
    assert isinstance(error, (ar.AutorecurError, ArithmeticError))
    assert error.parameter in dict(net.named_parameters())
    assert checkpoints.load(path)["update"] == error.update - 1
    assert all(np.isfinite(array).all() for array in net.state_dict().values())


def test_the_guard_changes_nothing() -> None:
    """Kept weights are copies."""
    net = model()
    first = net.state_dict()
    ar.train.fit(net, ar.data.Loader(sums(), 5), ar.optim.Adam(net.parameters()), epochs=1, progress=False)
    assert any((first[name] != array).any() for name, array in net.state_dict().items())
