"""The cells of the courses, in the notation of their texts."""

from __future__ import annotations

from pathlib import Path

import pytest

import autorecur as ar

FOLDER = Path(__file__).resolve().parents[2] / "notes" / "courses"
PATHS = sorted(FOLDER.glob("*.cell"))


def cell(path: Path) -> ar.Cell:
    return ar.cell(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_cell_is_written_canonically_and_in_two_languages(path: Path) -> None:
    """Its name is that of the file; every quantity has an English and a French name."""
    found = cell(path)
    assert str(found) == path.read_text(encoding="utf-8")
    assert found.name == path.stem
    assert set(found.titles) == {"en", "fr"}
    assert found.source
    assert all(set(assignment.titles) == {"en", "fr"} for assignment in found.assignments)


def test_each_text_has_its_conventions() -> None:
    """Stacks, a learned state, rows with a target ȳ after N steps, no biases, transposed weights."""
    found = {path.stem: cell(path) for path in PATHS}
    assert found["thread_rnn"].equations == ("a[t] = tanh(W_a [a[t-1], x[t]] + b_a)",)
    assert found["claret_rnn"].learned == ("h",)
    rows = found["notes_rnn"]
    assert (rows.convention, rows.target, rows.steps_name, rows.loss) == ("row", "y_bar", "N", "squared")
    assert found["ensia_rnn"].equations[0] == "h[t] = tanh(W_hh h[t-1] + W_hx x[t])"
    assert found["slides_rnn"].equations[0] == "h[t] = tanh(W_hh^T h[t-1] + W_xh^T x[t])"


@pytest.mark.parametrize(
    "path", [path for path in PATHS if path.stem in ("notes_rnn", "thread_gru", "ensia_lstm")], ids=str
)
def test_a_cell_verifies(path: Path) -> None:
    """A sample; the longer set has all of them."""
    assert cell(path).derive().verify()


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_cell_verifies(path: Path) -> None:
    """With a loss at the last step and at every step."""
    for at in ("last", "all"):
        assert cell(path).derive(at=at).verify()
