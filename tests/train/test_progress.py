"""Progress is shown live in a terminal, in lines elsewhere, and not at all where there is nothing to wait for."""

from __future__ import annotations

import io
from typing import Any

import pytest

import autorecur as ar
from autorecur.train.progress import Progress
from tests.train.small import model, sums


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(stream: io.StringIO, seconds: float, shown: bool | None = None, first: float = 0.0) -> str:
    """A training of a hundred updates that takes so long."""
    clock = Clock()
    progress = Progress(shown, stream, clock)
    progress.begin(first)
    for update in range(1, 101):
        clock.now += seconds / 100
        if clock.now >= progress.next:
            part = first + (1 - first) * update / 100
            progress.show(part, f"update {update}/100", 1 / update, 2.0, validation=0.25)
    progress.end("done")
    return stream.getvalue()


def test_nothing_is_shown_of_short_work() -> None:
    """In less than two seconds, wherever it is shown; and nothing ever where silence was asked for."""
    for stream in (io.StringIO, Terminal):
        assert run(stream(), 1.9) == ""
        assert run(stream(), 1000.0, shown=False) == ""


def test_plain_lines_where_there_is_no_terminal() -> None:
    """The first after two seconds, then one each ten seconds, and the last line; with time left."""
    lines = run(io.StringIO(), 40.0).splitlines()
    assert lines[0] == "update 5/100  loss 0.2  validation 0.25  gradient 2  00:38 left"
    assert [line.split()[1] for line in lines[:-1]] == ["5/100", "30/100", "55/100", "80/100"]
    assert lines[-1] == "done"


def test_time_left_of_a_training_that_goes_on() -> None:
    """What was done before is no work of today: half of the rest in 20 seconds leaves 20 seconds."""
    lines = run(io.StringIO(), 40.0, first=0.9).splitlines()
    assert lines[1].endswith("00:28 left")


def test_one_live_line_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is drawn again in its place, with loss, gradient norm and time left."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    shown = run(Terminal(), 40.0)
    assert "\x1b[" in shown
    assert "loss 0.2" in shown
    assert "gradient 2" in shown
    assert "00:38 left" in shown
    assert shown.count("\n") < 5
    assert shown.endswith("done\n")


def test_time_left_that_nobody_knows() -> None:
    """Is not shown."""
    stream, clock = io.StringIO(), Clock()
    progress = Progress(True, stream, clock)
    clock.now += 5
    progress.show(float("nan"), "update 3", 1.0, 2.0)
    assert stream.getvalue() == "update 3  loss 1  gradient 2\n"


def test_a_training_shows_its_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """At once with ``progress=True``: the epoch, the update, the mean loss of the epoch so far; then how it ended."""
    net = model()
    settings: dict[str, Any] = {"epochs": 2, "validation": sums(4, 1), "progress": True}
    ar.train.fit(net, ar.data.Loader(sums(), 5), ar.optim.SGD(net.parameters(), lr=0.1), **settings)
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("epoch 1/2  loss ")
    assert "gradient" in first
    assert last.startswith("History: 4 updates, 2 epochs, loss ")
