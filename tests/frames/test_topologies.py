"""Topologies: each is a text in the language, from any cell, and is checked like one."""

from __future__ import annotations

import pytest

import autorecur as ar
from autorecur import topologies
from autorecur.cli import options
from autorecur.cli.options import AT_EVERY_STEP, TOPOLOGIES
from autorecur.language.cell import Cell
from autorecur.topologies import many_to_one, with_topology

SAMPLE = ("rnn", "rnn_row")
OPTIONS = ({"layers": 2}, {"bidirectional": True}, {"embedding": True, "readout": "softmax"}, {"learned": True})


def _verified(cell: Cell, topology: str) -> None:
    report = cell.derive(at="all" if topology in AT_EVERY_STEP else "last").verify()
    assert report.passed, str(report)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("name", SAMPLE)
def test_every_topology_of_a_sample_holds(name: str, topology: str) -> None:
    _verified(with_topology(ar.cells[name], topology), topology)


@pytest.mark.long
@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("name", list(ar.cells))
def test_every_topology_of_every_cell_holds_or_says_why_not(name: str, topology: str) -> None:
    try:
        model = with_topology(ar.cells[name], topology)
    except ar.CellError as error:
        assert "cannot be" in str(error)  # noqa: PT017 (either is right)
        return
    _verified(model, topology)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options_hold_behind_the_last_step(options: dict[str, object]) -> None:
    _verified(many_to_one(ar.cells["rnn"], **options), "many-to-one")


def test_the_command_line_offers_what_there_is() -> None:
    """It names them once more, so that its help loads nothing."""
    for name in ("TOPOLOGIES", "READOUTS", "MOST_LAYERS"):
        assert getattr(options, name) == getattr(topologies, name), name


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_text_reads_back(topology: str) -> None:
    for name in ar.cells:
        try:
            model = with_topology(ar.cells[name], topology)
        except ar.CellError:
            continue
        assert ar.cell(str(model)) == model


def test_the_texts_say_what_the_slides_say() -> None:
    cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1] + b)")
    assert many_to_one(cell, readout="softmax").equations[-1] == "y = softmax(W_y h[T] + b_y)"
    assert with_topology(cell, "one-to-many").equations[0] == "y[0] = x"
    joined = with_topology(cell, "encoder-decoder").equations
    assert joined[:2] == ("h[t] = tanh(W x[t] + U h[t-1] + b)", "h_d[0] = encoder.h[T]")
    both = with_topology(cell, "many-to-one", bidirectional=True).equations
    assert both[-1] == "y = W_y [h[T], h_b[1]] + b_y"
    stacked = with_topology(cell, "many-to-many", layers=2).equations
    assert stacked[1] == "h_2[t] = tanh(W_2 h_1[t] + U_2 h_2[t-1] + b_2)"


ERRORS = {
    "already in both directions": (
        "rnn_bidirectional",
        "encoder-decoder",
        {},
        "its last state would be that of step 1",
    ),
    "a second direction too many": (
        "rnn_bidirectional",
        "many-to-many",
        {"bidirectional": True},
        "backwards in time already",
    ),
    "a matrix that is given": ("mlstm", "one-to-one", {}, "it keeps a matrix"),
    "feedback needs one direction": ("rnn", "one-to-many", {"bidirectional": True}, "runs forwards"),
    "a near miss": ("rnn", "many-to-on", {}, "there is no topology 'many-to-on'"),
    "layers": ("rnn", "many-to-one", {"layers": 0}, "layers is a whole number from 1 to 20"),
}


@pytest.mark.parametrize(("name", "topology", "options", "why"), ERRORS.values(), ids=ERRORS)
def test_a_topology_that_cannot_be_says_why(name: str, topology: str, options: dict[str, object], why: str) -> None:
    with pytest.raises(ar.CellError, match=why):
        with_topology(ar.cells[name], topology, **options)


def test_a_cell_without_state_or_input_says_so() -> None:
    with pytest.raises(ar.CellError, match="it has no state"):
        many_to_one(ar.cell("y[t] = W x[t]"))
    with pytest.raises(ar.CellError, match="it has no input"):
        many_to_one(ar.cell("h[t] = tanh(U h[t-1])"))
    with pytest.raises(ar.CellError, match="it is a frame already"):
        many_to_one(many_to_one(ar.cells["rnn"]))
