"""``fit`` is the loop that one would write: the same numbers; epochs, validation, stopping; and it tells what is wrong."""

from __future__ import annotations

import math
import os
import signal
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.nn import functional
from tests.train.small import Trained, assert_same, model, sums, wave

QUIET: dict[str, Any] = {"progress": False}


def fit(net: Any, data: Any, lr: float = 0.05, **settings: Any) -> Any:
    return ar.train.fit(net, data, ar.optim.SGD(net.parameters(), lr=lr), **{**QUIET, **settings})


def test_it_is_the_loop_that_one_would_write() -> None:
    """Loss, norm, clipping, step: to the bit; the epoch's loss is the mean over the targets."""
    own, by_hand = model(), model()
    history = fit(own, ar.data.Loader(sums(), 4, shuffle=True), epochs=2, clip_norm=0.1)
    optimizer = ar.optim.SGD(by_hand.parameters(), lr=0.05)
    loader, losses, norms, sizes = ar.data.Loader(sums(), 4, shuffle=True), [], [], []
    for _ in range(2):
        for batch in loader:
            optimizer.zero_grad()
            loss = functional.mse_loss(by_hand(batch.x, lengths=batch.lengths)[0], batch.y)
            loss.backward()
            norms.append(ar.nn.utils.clip_grad_norm_(list(by_hand.parameters()), 0.1).item())
            optimizer.step()
            losses.append(loss.item())
            sizes.append(len(batch))
    assert history.column("loss").tolist() == losses
    assert history.column("gradient_norm").tolist() == norms
    assert_same(own.state_dict(), by_hand.state_dict())
    assert history.column("epoch").tolist() == [1, 1, 1, 2, 2, 2]
    assert history.epochs[0].loss == pytest.approx(np.average(losses[:3], weights=sizes[:3]), rel=1e-15)
    assert history.stopped == "epochs"


def test_truncated_it_is_the_loop_with_a_carried_state() -> None:
    """Pieces of five steps, an update each, the state detached and carried on; each sequence begins at zero."""
    own, by_hand = model("every"), model("every")
    x = np.stack(wave().x, axis=1)
    batches = [(x[:, :2], x[:, :2] ** 2), (x[:, 2:], x[:, 2:])]
    history = fit(own, batches, epochs=1, truncate=5)
    optimizer, losses = ar.optim.SGD(by_hand.parameters(), lr=0.05), []
    for inputs, targets in batches:
        state = None
        for start in (0, 5, 10):
            optimizer.zero_grad()
            output, last = by_hand(inputs[start : start + 5], initial=state)
            loss = functional.mse_loss(output, targets[start : start + 5])
            loss.backward()
            optimizer.step()
            state = ar.detach(last)
            losses.append(loss.item())
    assert history.column("loss").tolist() == losses
    assert_same(own.state_dict(), by_hand.state_dict())


def test_a_loader_that_gives_pieces_is_as_good_as_truncate() -> None:
    """``Loader(steps=5)`` and ``truncate=5``."""
    one, other = model("every"), model("every")
    first = fit(one, ar.data.Loader(wave(), 2, steps=5), epochs=2)
    second = fit(other, ar.data.Loader(wave(), 2), epochs=2, truncate=5)
    assert first == second
    assert_same(one.state_dict(), other.state_dict())


def test_truncated_padding_costs_nothing() -> None:
    """Sequences of different lengths in pieces: the masked loss of each piece, whatever stands in the padding."""
    data = ar.data.Sequences(list(sums().x), [np.cumsum(x, 0) for x in sums().x])
    [batch] = ar.data.Loader(data, 10)
    spoilt = np.where(batch.mask[..., None], batch.x, 1e3)
    results = []
    for x in (batch.x, spoilt):
        net = model("every")
        given = ar.data.Batch(x, batch.y, batch.lengths, batch.mask, None, None, batch.index)
        results.append((fit(net, [given], epochs=2, truncate=2), net.state_dict()))
    assert results[0][0] == results[1][0]
    assert_same(results[0][1], results[1][1])


def test_both_ways_of_clipping() -> None:
    """By value first, then by norm; the norm in the history is the one before."""
    net = model()
    seen: list[float] = []

    class Look:
        def on_update(self, training: Any) -> None:
            gradients = [p.grad.numpy() for p in training.model.parameters()]
            seen.append(max(float(np.abs(g).max()) for g in gradients))
            seen.append(math.sqrt(sum(float((g**2).sum()) for g in gradients)))

    history = fit(net, ar.data.Loader(sums(), 10), updates=1, clip_value=0.05, callbacks=Look())
    assert seen[0] == 0.05
    assert history.updates[0].gradient_norm > seen[1]
    fit(net, ar.data.Loader(sums(), 10), updates=1, clip_value=0.05, clip_norm=0.01, callbacks=Look())
    assert seen[3] == pytest.approx(0.01, rel=1e-3)


def test_it_stops_at_epochs_or_updates_whichever_comes_first() -> None:
    """An epoch that is complete has its row, also if its last update is the last of all."""
    loader = ar.data.Loader(sums(), 5)
    for settings, stopped, updates, epochs in (
        ({"epochs": 2}, "epochs", 4, 2),
        ({"updates": 3}, "updates", 3, 1),
        ({"updates": 4}, "updates", 4, 2),
        ({"epochs": 1, "updates": 9}, "epochs", 2, 1),
        ({"epochs": 9, "updates": 1}, "updates", 1, 0),
    ):
        history = fit(model(), loader, **settings)
        assert (history.stopped, len(history.updates), len(history.epochs)) == (stopped, updates, epochs)


def test_validation_and_metrics_are_those_of_evaluate() -> None:
    """Means over all sequences whatever the batches, without dropout, and the model is in training again."""
    net = model(dropout=0.5)
    metrics = {"mae": "mae", "largest": lambda output, batch: float(output.data.max())}
    history = fit(net, ar.data.Loader(sums(), 5), epochs=1, validation=sums(7, 1), metrics=metrics)
    assert net.training
    whole = ar.train.evaluate(net, ar.data.Loader(sums(7, 1), 7), "mse", metrics)
    in_parts = ar.train.evaluate(net, ar.data.Loader(sums(7, 1), 2), "mse", ["mae"])
    assert history.epochs[0].validation == pytest.approx(whole["loss"], rel=1e-14)
    assert history.epochs[0].metrics == pytest.approx({"mae": whole["mae"], "largest": whole["largest"]})
    assert in_parts["mae"] == pytest.approx(whole["mae"], rel=1e-14)
    net.recurrent.eval()
    fit(net, ar.data.Loader(sums(), 5), epochs=1)
    assert net.training
    assert not net.recurrent.training


def test_without_validation_metrics_are_those_of_training() -> None:
    """Beside the mean of the loss."""
    history = fit(model(), ar.data.Loader(sums(), 4), epochs=1, metrics="mse")
    assert history.epochs[0].metrics["mse"] == pytest.approx(history.epochs[0].loss, rel=1e-14)


def test_patience_stops_and_gives_the_best_weights_back() -> None:
    """Those of the epoch with the smallest validation loss, also when it ends for another reason."""
    best = 0
    for stopped in ("patience", "epochs"):
        net, weights = model(), []
        settings = {"epochs": best + 2 if best else 30, "patience": 3}
        keep = type("Keep", (), {"on_epoch": lambda self, training, w=weights: w.append(training.model.state_dict())})()
        loader = ar.data.Loader(sums(4), 2)
        history = fit(net, loader, lr=0.6, validation=sums(4, 1), callbacks=keep, **settings)
        best = history.best.epoch
        assert history.stopped == stopped
        assert best < len(history.epochs)
        assert_same(net.state_dict(), weights[best - 1])


def test_a_scheduler_is_stepped_each_epoch_or_each_update() -> None:
    """The history has the rate that a step was made with."""
    for every, rates in (("epoch", [0.5, 0.5, 0.25, 0.25]), ("update", [0.5, 0.25, 0.125, 0.0625])):
        net = model()
        optimizer = ar.optim.SGD(net.parameters(), lr=0.5)
        settings = {"scheduler": ar.optim.lr_scheduler.ExponentialLR(optimizer, 0.5), "scheduler_every": every, **QUIET}
        history = ar.train.fit(net, ar.data.Loader(sums(), 5), optimizer, epochs=2, **settings)
        assert history.column("learning_rate").tolist() == rates


def test_the_same_seed_gives_the_same_training(tmp_path: Path) -> None:
    """Another one gives another dropout."""
    runs = [Trained("list", tmp_path) for _ in range(3)]
    first, second, third = (run.fit(epochs=2, seed=seed) for run, seed in zip(runs, (1, 1, 2), strict=True))
    assert first == second
    assert first != third


def test_data_may_be_lists_of_numbers() -> None:
    """A pair is one batch; a list of pairs are several."""
    x, y = [[[0.0], [1.0]], [[2.0], [3.0]], [[4.0], [5.0]]], [[1.0], [2.0]]
    one, other = fit(model(), (x, y), epochs=1), fit(model(), [(x, y)], epochs=1)
    assert one == other
    assert len(fit(model(), ((x, y), (x, y)), epochs=1).updates) == 2


def test_callbacks_see_and_stop() -> None:
    """Each event in its turn; a reason ends the training behind the update or epoch that runs."""
    seen: list[str] = []

    class See(ar.train.Callback):
        def on_update(self, training: Any) -> None:
            seen.append(f"update {training.update} of epoch {training.epoch}")
            assert training.loss == training.history.updates[-1].loss
            if training.update == 3:
                training.stop("enough")

        def on_epoch(self, training: Any) -> None:
            seen.append(f"epoch {training.epoch}")

        def on_end(self, training: Any) -> None:
            seen.append(training.history.stopped)

    history = fit(model(), ar.data.Loader(sums(), 5), epochs=9, callbacks=[See()])
    assert seen == ["update 1 of epoch 1", "update 2 of epoch 1", "epoch 1", "update 3 of epoch 2", "enough"]
    assert history.stopped == "enough"
    stop = type("Stop", (), {"on_epoch": lambda self, training: training.stop()})()
    assert fit(model(), ar.data.Loader(sums(), 5), epochs=9, callbacks=stop).stopped == "stopped"
    with pytest.raises(
        ar.DtypeError, match="a callback has a method on_update, on_epoch or on_end, and function has none"
    ):
        fit(model(), ar.data.Loader(sums(), 5), epochs=1, callbacks=[lambda training: None])


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_stops_cleanly_and_resume_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The update that runs is finished, a checkpoint is written, the history so far returned; and the handler is as before."""
    whole, run = Trained("cut", tmp_path), Trained("cut", tmp_path)
    history = whole.fit(epochs=2)
    press = type(
        "Press", (), {"on_update": lambda self, t: os.kill(os.getpid(), signal.SIGINT) if t.update == 5 else None}
    )()
    before = signal.getsignal(signal.SIGINT)
    first = run.fit(epochs=2, checkpoint=run.path, callbacks=press, progress=None)
    assert (first.stopped, len(first.updates)) == ("interrupted", 5)
    assert signal.getsignal(signal.SIGINT) is before
    said = capsys.readouterr().err
    assert said == "stopped by Ctrl-C at update 5; its checkpoint is written, and resume=True goes on\n"
    assert run.fit(epochs=2, checkpoint=run.path, resume=True) == history
    assert_same(run.numbers(), whole.numbers())


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_a_second_ctrl_c_stops_at_once() -> None:
    """Whatever is being computed."""

    class Press:
        def on_update(self, training: Any) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit(model(), ar.data.Loader(sums(), 5), epochs=9, callbacks=Press())


def test_it_runs_in_any_thread() -> None:
    """Where signals cannot be handled, they are not."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(fit(model(), ar.data.Loader(sums(), 5), epochs=1)))
    thread.start()
    thread.join()
    assert found[0].stopped == "epochs"


def test_float32_stays_float32() -> None:
    """Data of float64 are turned into the model's dtype."""
    net = model().float()
    fit(net, ar.data.Loader(sums(), 5), epochs=1)
    assert {p.dtype.name for p in net.parameters()} == {"float32"}
    assert net.readout.weight.grad.dtype == np.float32


def test_a_way_of_calling_of_ones_own() -> None:
    """``forward`` takes model and batch, and the state where it is carried."""
    one, other, third = model("every"), model("every"), model("every")
    loader = ar.data.Loader(wave(), 2)
    expected = fit(one, loader, epochs=1, truncate=6)
    assert (
        fit(other, loader, epochs=1, truncate=6, forward=lambda m, batch, initial=None: m(batch.x, initial)) == expected
    )
    fit(third, loader, epochs=1, forward=lambda m, batch: m(batch.x)[0])


class Blind(ar.nn.Module):
    def __init__(self) -> None:
        self.w = ar.nn.Parameter([[1.0]])

    def forward(self, x: Any) -> Any:
        return x @ self.w


WRONG = [
    ({"epochs": None}, ar.ArgumentError, "say how long: epochs=10, or updates=1000"),
    ({"epochs": 0}, ar.ArgumentError, "epochs is at least 1, not 0"),
    ({"epochs": 1.5}, ar.DtypeError, "epochs is a whole number, not 1.5"),
    ({"clip_norm": -1}, ar.ArgumentError, "clip_norm is larger than 0"),
    ({"clip_value": "a"}, ar.DtypeError, "clip_value is a number"),
    ({"loss": "mes"}, ar.ArgumentError, r"not 'mes'\. Did you mean 'mse'\?"),
    ({"loss": lambda output, batch: output}, ar.DtypeError, "one number as a tensor.*, not a tensor of shape"),
    ({"loss": lambda output, batch: 1.0}, ar.DtypeError, "one number as a tensor.*, not float"),
    ({"loss": "cross_entropy"}, ar.DtypeError, "the target holds float64, and classes are integers"),
    ({"metrics": "accurcy"}, ar.ArgumentError, "Did you mean 'accuracy'"),
    ({"resume": True}, ar.ArgumentError, "say which one: checkpoint="),
    ({"checkpoint_every": 5}, ar.ArgumentError, "say where, too"),
    ({"checkpoint": "none/such/run"}, ar.train.CheckpointError, "there is no folder none/such"),
    ({"scheduler_every": "step"}, ar.ArgumentError, "behind each 'epoch' or 'update', not 'step'"),
    ({"truncate": 2}, ar.ArgumentError, "takes a target for every step"),
]


@pytest.mark.parametrize(("settings", "error", "message"), WRONG)
def test_arguments_that_make_no_sense_are_told(settings: Any, error: Any, message: str) -> None:
    """One sentence each."""
    with pytest.raises(error, match=message):
        fit(model(), ar.data.Loader(sums(), 5), **{"epochs": 1, **settings})


DATA = [
    (sums(), ar.DtypeError, r"a data set is cut into batches first: pass ar\.data\.Loader\(data, batch_size=32"),
    (iter([]), ar.DtypeError, "an iterator can be gone through only once"),
    (5, ar.DtypeError, r"data are an ar\.data\.Loader, or a list of pairs \(x, y\), not int"),
    ([], ar.ArgumentError, "the data have no batch"),
    ([np.ones((3, 2, 1))], ar.DtypeError, r"a batch is one of an ar\.data\.Loader or a pair \(x, y\), not ndarray"),
    (
        (np.ones((3, 2, 1)), np.ones((3, 2, 1))),
        ar.ShapeError,
        r"output has shape \(2, 1\) and the target \(3, 2, 1\); .*'every'",
    ),
    (ar.data.Loader(ar.data.Sequences([[1.0]]), 1), ar.ArgumentError, "mse: the data have no targets"),
]


@pytest.mark.parametrize(("data", "error", "message"), DATA)
def test_data_that_do_not_fit_are_told(data: Any, error: Any, message: str) -> None:
    """One sentence each."""
    with pytest.raises(error, match=message):
        fit(model(), data, epochs=1)


def test_models_that_do_not_fit_are_told() -> None:
    """No module; no lengths; no state; parameters that nobody steps; a direction that runs backwards."""
    loader, net = ar.data.Loader(wave(), 2), model("every")
    with pytest.raises(ar.DtypeError, match=r"the model is an ar\.nn\.Module, not function"):
        ar.train.fit(lambda x: x, loader, ar.optim.SGD(net.parameters()), epochs=1)  # type: ignore[arg-type]
    with pytest.raises(ar.ArgumentError, match="none of the model's parameters"):
        ar.train.fit(net, loader, ar.optim.SGD(model().parameters()), epochs=1)
    with pytest.raises(ar.DtypeError, match=r"the optimizer is one of ar\.optim, such as"):
        ar.train.fit(net, loader, "adam", epochs=1)
    with pytest.raises(
        ar.ArgumentError, match=r"not equally long, and Blind\.forward has no argument 'lengths'; .*lambda"
    ):
        fit(Blind(), ar.data.Loader(sums(), 5), epochs=1)
    with pytest.raises(ar.ArgumentError, match=r"Blind returns none: it has to return \(output, last\)"):
        fit(Blind(), loader, epochs=1, truncate=5)
    both = ar.nn.SequenceModel("rnn", 1, 3, 1, bidirectional=True)
    with pytest.raises(ar.ArgumentError, match=r"a direction of this model .*runs backwards"):
        fit(both, loader, epochs=1, truncate=5)
    with pytest.raises(ar.ShapeError, match="readout='last'"):
        fit(net, ar.data.Loader(sums(4), 4), epochs=1)


def test_a_model_that_reads_time_first_is_not_given_the_batch_first() -> None:
    """Both axes would run without a word, and nothing would be learned."""
    swapped = ar.data.Loader(wave(), 2, batch_first=True)
    with pytest.raises(ar.ArgumentError, match="SequenceModel reads time first, and the loader has batch_first=True"):
        fit(model("every"), swapped, epochs=1)
    with pytest.raises(ar.ArgumentError, match="SequenceModel reads time first"):
        fit(model("every"), ar.data.Loader(wave(), 2), epochs=1, validation=swapped)
    with pytest.raises(ar.ArgumentError, match="SequenceModel reads time first"):
        ar.train.evaluate(model("every"), swapped)
    with pytest.raises(ar.ArgumentError, match="RNN reads the batch first, and the loader gives time first"):
        fit(ar.nn.RNN(1, 1, batch_first=True), ar.data.Loader(wave(), 2), epochs=1)
    fit(ar.nn.RNN(1, 1, batch_first=True), swapped, epochs=1)
    fit(model("every"), swapped, epochs=1, forward=lambda net, batch: net(batch.x.swapaxes(0, 1))[0].swapaxes(0, 1))


def test_nothing_warns() -> None:
    """An ordinary training is silent."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(model(), ar.data.Loader(sums(), 5), epochs=1, progress=None)
