"""A history keeps rows of numbers, goes to JSON and back, and shows itself as a table."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import autorecur as ar
from autorecur.train import Epoch, History


def example(epochs: int = 2, validated: bool = True) -> History:
    history = History()
    for i in range(1, 2 * epochs + 1):
        history.add_update(i, (i + 1) // 2, 1 / i, 0.1 * i, 0.01, 0.5 * i)
    for e in range(1, epochs + 1):
        validation = abs(e - 2) + 0.3 if validated else None
        history.epochs.append(Epoch(e, 2 * e, 1 / e, validation, {"accuracy": 0.1 * e}, 0.01, float(e)))
    return history


def test_rows_have_names() -> None:
    """An update by its number, several by a slice, all of them in a loop; a column as an array."""
    updates = example().updates
    assert len(updates) == 4
    assert updates[-1] == (4, 2, 0.25, 0.4, 0.01, 2.0)
    assert updates[-1].gradient_norm == 0.4
    assert [row.update for row in updates[1:3]] == [2, 3]
    assert [row.epoch for row in updates] == [1, 1, 2, 2]
    assert example().column("loss").tolist() == [1, 1 / 2, 1 / 3, 1 / 4]
    with pytest.raises(ar.ArgumentError, match=r"no column 'los'\. Did you mean 'loss'"):
        example().column("los")


def test_the_best_epoch_is_that_of_the_smallest_validation_loss() -> None:
    """Of the smallest loss where nothing was validated; a nan is no best; without epochs there is none."""
    assert example(3).best == example(3).epochs[1]
    assert example(3, validated=False).best == example(3).epochs[2]._replace(validation=None)
    history = example(2)
    history.epochs[1] = history.epochs[1]._replace(validation=math.nan)
    assert history.best == history.epochs[0]
    assert History().best is None


def test_a_history_goes_to_a_file_and_back(tmp_path: Path) -> None:
    """To the bit, what is not finite included, and the file is strict JSON."""
    history = example()
    history.add_update(5, 3, math.nan, math.inf, 1 / 3, 2.5)
    history.epochs.append(Epoch(3, 5, math.nan, None, {}, 1 / 3, 2.5))
    history.stopped = "diverged"
    history.save(tmp_path / "h.json")
    again = History.load(tmp_path / "h.json")
    assert again == history
    np.testing.assert_array_equal(again.column("seconds"), history.column("seconds"))
    assert again.epochs[0] == history.epochs[0]

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    json.loads((tmp_path / "h.json").read_text(encoding="utf-8"), parse_constant=refuse)


def test_equal_histories_differ_in_the_clock_at_most() -> None:
    """Another loss, by one bit, makes another history."""
    one, other = example(), example()
    other._columns["seconds"][0] = 100.0
    other.epochs[0] = other.epochs[0]._replace(seconds=7.0)
    assert one == other
    other._columns["loss"][2] = np.nextafter(1 / 3, 1)
    assert one != other
    assert one != "history"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"history": 1, "updates": {}}', '{"history": "1"}', "null"])
def test_what_is_no_history_is_told(text: str, tmp_path: Path) -> None:
    """As a file, too; and a later version is not guessed at."""
    (tmp_path / "h").write_text(text, encoding="utf-8")
    with pytest.raises(ar.train.CheckpointError, match="this is no history of a training"):
        History.load(tmp_path / "h")
    with pytest.raises(ar.train.CheckpointError, match="a history of version 2"):
        History.from_json(History().to_json().replace('"history": 1', '"history": 2'))
    with pytest.raises(ar.train.CheckpointError, match="cannot be read"):
        History.load(tmp_path / "none")


def test_a_history_shows_itself() -> None:
    """One line, a table as text, a table in a notebook; long ones without their middle."""
    assert repr(example(3)) == "<History: 6 updates, 3 epochs, loss 0.1667, validation 0.3 in epoch 2>"
    lines = str(example(2)).splitlines()
    assert lines[0].split() == ["epoch", "loss", "validation", "accuracy", "learning", "rate", "seconds"]
    assert lines[1].split() == ["1", "1", "1.3", "0.1", "0.01", "1.0"]
    html = example(40)._repr_html_()
    assert html.count("<tr>") == 14
    assert "<td>…</td>" in html
    assert "<td>40</td>" in html
    history = History()
    history.add_update(1, 1, 0.5, 1.0, 0.1, 0.2)
    assert "gradient norm" in str(history)


def test_a_name_of_a_metric_is_no_markup() -> None:
    """It is escaped in the notebook's table."""
    history = History()
    history.epochs.append(Epoch(1, 1, 1.0, None, {"<b>": 1.0}, 0.1, 1.0))
    assert "<th>&lt;b&gt;</th>" in history._repr_html_()
