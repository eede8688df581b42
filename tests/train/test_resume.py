"""A training that was stopped goes on to exactly what an unbroken one gives, wherever it was stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur import random
from autorecur.train.stopping import EarlyStopping
from tests.train.small import Trained, assert_same, model, sums

HOW = ["plain", "cut", "pieces", "list"]


@pytest.mark.parametrize("how", HOW)
def test_whatever_was_done_the_rest_is_the_same(how: str, tmp_path: Path) -> None:
    """Stopped behind every update in turn, within epochs and truncated sequences: weights, history, random numbers."""
    whole = Trained(how, tmp_path)
    history = whole.fit(epochs=3)
    state = random.state()
    assert len(history.updates) == {"plain": 12, "cut": 18, "pieces": 18, "list": 9}[how]
    for stop in range(1, len(history.updates)):
        broken = Trained(how, tmp_path)
        broken.path.unlink(missing_ok=True)
        first = broken.fit(epochs=3, updates=stop, checkpoint=broken.path)
        assert len(first.updates) == stop
        again = broken.fit(epochs=3, checkpoint=broken.path, resume=True)
        assert again == history
        assert_same(broken.numbers(), whole.numbers())
        assert random.state() == state


@pytest.mark.parametrize("how", HOW)
def test_update_by_update(how: str, tmp_path: Path) -> None:
    """Stopped behind every single update of one run."""
    whole, broken = Trained(how, tmp_path), Trained(how, tmp_path)
    history = whole.fit(epochs=2)
    again = broken.fit(epochs=2, updates=1, checkpoint=broken.path)
    for stop in range(2, len(history.updates) + 1):
        again = broken.fit(epochs=2, updates=stop, checkpoint=broken.path, resume=True)
    again = broken.fit(epochs=2, checkpoint=broken.path, resume=True)
    assert again == history
    assert_same(broken.numbers(), whole.numbers())


def test_checkpoints_in_between_change_nothing(tmp_path: Path) -> None:
    """Written every update or never: the same numbers; and one that is done is not done again."""
    whole, kept = Trained("plain", tmp_path), Trained("plain", tmp_path)
    history = whole.fit(epochs=2)
    assert kept.fit(epochs=2, checkpoint=kept.path, checkpoint_every=1) == history
    assert_same(kept.numbers(), whole.numbers())
    written = kept.path.stat().st_mtime_ns
    assert kept.fit(epochs=2, checkpoint=kept.path, resume=True) == history
    assert_same(kept.numbers(), whole.numbers())
    assert kept.path.stat().st_mtime_ns == written


def test_more_epochs_than_were_asked_for_at_first(tmp_path: Path) -> None:
    """Two epochs and then two more are four, though the best weights were given to the model in between."""
    whole, broken = Trained("plain", tmp_path), Trained("plain", tmp_path)
    history = whole.fit(epochs=4)
    broken.fit(epochs=2, checkpoint=broken.path)
    assert broken.fit(epochs=4, checkpoint=broken.path, resume=True) == history
    assert_same(broken.numbers(), whole.numbers())


def test_early_stopping_is_remembered(tmp_path: Path) -> None:
    """Epochs without improvement count on; what has stopped stays stopped, unless there is more patience."""

    def run(updates: int | None = None, patience: int = 2, resume: bool = True) -> tuple[Any, Any]:
        net = model()
        optimizer = ar.optim.SGD(net.parameters(), lr=0.6)
        settings = {"epochs": 12, "updates": updates, "patience": patience, "resume": resume, "progress": False}
        data = ar.data.Loader(sums(4), 2)
        path = tmp_path / "run.safetensors"
        return ar.train.fit(net, data, optimizer, validation=sums(4, 1), checkpoint=path, **settings), net

    whole, net = run(resume=False)
    assert whole.stopped == "patience"
    assert len(whole.epochs) - whole.best.epoch == 2
    again, _ = run()
    assert again == whole
    assert len(run(patience=4)[0].epochs) > len(whole.epochs)
    run(updates=2 * len(whole.epochs) - 1, resume=False)
    again, other = run()
    assert again == whole
    assert_same(other.state_dict(), net.state_dict())


def test_callbacks_keep_their_state(tmp_path: Path) -> None:
    """One that has a state finds it again."""

    class Total:
        def __init__(self) -> None:
            self.total = np.zeros(2)

        def on_update(self, training: Any) -> None:
            self.total = self.total + np.array([training.loss, training.gradient_norm])

        def state_dict(self) -> dict[str, Any]:
            return {"total": self.total}

        def load_state_dict(self, state: dict[str, Any]) -> None:
            self.total = state["total"]

    run, unbroken, second = Trained("list", tmp_path), Total(), Total()
    run.fit(epochs=2, callbacks=unbroken)
    run.fit(epochs=2, updates=4, checkpoint=run.path, callbacks=Total())
    run.fit(epochs=2, checkpoint=run.path, resume=True, callbacks=[second])
    np.testing.assert_array_equal(second.total, unbroken.total)


def test_parameters_beside_the_model_are_kept(tmp_path: Path) -> None:
    """Those of a loss, which the optimiser steps as well."""

    def run(**settings: Any) -> tuple[Any, float]:
        net, scale = model("every"), ar.nn.Parameter(0.5)
        optimizer = ar.optim.Adam([*net.parameters(), scale], lr=0.05)
        data = [tuple(np.random.default_rng(i).standard_normal((2, 4, 3, 1))) for i in range(3)]
        loss = {"loss": lambda output, batch: ((output * scale - batch.y) ** 2).mean() + scale**2}
        return ar.train.fit(net, data, optimizer, epochs=2, progress=False, **loss, **settings), scale.item()

    whole = run()
    run(updates=2, checkpoint=tmp_path / "run")
    assert run(checkpoint=tmp_path / "run", resume=True) == whole


def test_without_a_checkpoint_yet_it_begins(tmp_path: Path) -> None:
    """So that one command starts and goes on."""
    run, whole = Trained("list", tmp_path), Trained("list", tmp_path)
    assert run.fit(epochs=1, checkpoint=run.path, resume=True) == whole.fit(epochs=1)


def test_another_model_is_told_apart(tmp_path: Path) -> None:
    """By keys, by shapes, by dtype; and its weights stay as they are."""
    path, settings = tmp_path / "run", {"epochs": 1, "progress": False}
    small = model()
    data = ar.data.Loader(sums(), 5)
    ar.train.fit(small, data, ar.optim.Adam(small.parameters()), checkpoint=path, **settings)
    for other, message in (
        (ar.nn.SequenceModel("rnn", 1, 4, 1, readout="last"), r"is \(3, 1\) in the file and \(4, 1\) here"),
        (ar.nn.SequenceModel("rnn", 1, 3, 1, num_layers=2, readout="last"), "the file lacks .*_l1"),
        (model().float(), "float64 in the file and float32 here"),
    ):
        before = other.state_dict()
        with pytest.raises(ar.train.CheckpointError, match=f"another model than this SequenceModel: .*{message}"):
            ar.train.fit(other, data, ar.optim.Adam(other.parameters()), checkpoint=path, resume=True, **settings)
        assert_same(other.state_dict(), before)


def test_another_training_is_told_apart(tmp_path: Path) -> None:
    """Another optimiser, other data, a scheduler too many are errors; another clipping is a warning."""
    path = tmp_path / "run"

    def run(optimizer: Any = ar.optim.Adam, batch: int = 5, scheduled: bool = False, **settings: Any) -> Any:
        net = model()
        made = optimizer(net.parameters(), lr=0.01)
        scheduler = ar.optim.lr_scheduler.ExponentialLR(made, 0.9) if scheduled else None
        given = {"checkpoint": path, "scheduler": scheduler, "progress": False, **settings}
        return ar.train.fit(net, ar.data.Loader(sums(), batch), made, **given)

    run(epochs=1)
    for settings, message in (
        ({"optimizer": ar.optim.SGD}, "made with Adam, and the optimizer here is SGD"),
        ({"batch": 4}, "batch_size"),
        ({"scheduled": True}, "a scheduler here, and no scheduler in the checkpoint"),
    ):
        with pytest.raises(ar.train.CheckpointError, match=message):
            run(epochs=2, resume=True, **settings)
    with pytest.warns(RuntimeWarning, match="with clip_norm=1.0 in place of None: this is not what an unbroken run"):
        assert len(run(epochs=2, resume=True, clip_norm=1.0).epochs) == 2


def test_a_loss_that_is_the_same_is_no_improvement() -> None:
    """The first of equal epochs is the best one, and patience runs out."""
    stopping, net = EarlyStopping(2), model()
    stopping.judge(1.0, net)
    first = net.state_dict()
    for parameter in net.parameters():
        parameter.data = parameter.data + 1.0
    stopping.judge(1.0, net)
    assert not stopping.is_due
    stopping.judge(float("nan"), net)
    assert stopping.is_due
    stopping.restore(net)
    assert_same(net.state_dict(), first)
