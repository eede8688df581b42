"""The built-in cells: complete, canonical, titled in two languages, ready for a loss."""

from __future__ import annotations

import subprocess
import sys

import pytest

import autorecur
from autorecur.cells import cells
from autorecur.errors import CellError
from autorecur.language import cell

NAMES = [
    "gru", "gru_chung", "gru_concatenated", "gru_decay", "gru_reset_after", "gru_simplified", "indrnn", "leaky_rnn", "lstm",
    "lstm_1997", "lstm_coupled", "lstm_no_output_tanh", "lstm_peephole", "mgu", "min_gru", "min_lstm", "mlstm",
    "rnn", "rnn_bidirectional", "rnn_concatenated", "rnn_jordan", "rnn_no_bias", "rnn_relu", "rnn_row",
    "rnn_stacked", "rnn_transposed", "ugrnn",
]  # fmt: skip


def test_all_are_there() -> None:
    """The list is the promised one."""
    assert list(cells) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_cell_is_complete(name: str) -> None:
    """Name, titles, source, and a name in both languages for each quantity."""
    c = cells[name]
    assert c.name == name
    assert set(c.titles) == {"en", "fr"}
    assert c.source
    assert all(set(assignment.titles) == {"en", "fr"} for assignment in c.assignments)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_written_as_the_language_writes_it(name: str) -> None:
    """The canonical text is the file, but for the space before comments, and parses back."""
    text = str(cells[name])
    assert [line.split() for line in text.splitlines()] == [line.split() for line in cells.text(name).splitlines()]
    assert cell(text) == cells[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_cell_takes_a_loss(name: str) -> None:
    """Each has a readout, which a target can be compared with, and a state or two."""
    c = cells[name]
    output = c.outputs[-1]
    e = c.extended({"loss": f"mean(square({output}[t] - target[t]))"})
    assert e.shapes["target"] == c.shapes[output]
    assert c.states
    assert c.init(dict.fromkeys(c.sizes, 2)).keys() == c.parameters.keys()


@pytest.mark.parametrize(
    ("name", "convention", "states", "parameters"),
    [
        ("rnn", "column", ("h",), {"W_h": ("n_h", "n_h"), "W_x": ("n_h", "n_x"), "b_y": ("n_y",)}),
        ("rnn_row", "row", ("a",), {"W_a": ("n_a", "n_a"), "W_x": ("n_x", "n_a"), "W_y": ("n_a", "n_y")}),
        ("rnn_transposed", "column", ("h",), {"W_hh": ("n_h", "n_h"), "W_xh": ("n_x", "n_h"), "W_hy": ("n_h", "n_y")}),
        ("gru_concatenated", "column", ("c",), {"W_u": ("n_c", "n_c + n_x")}),
        ("gru_decay", "column", ("h",), {"W_gamma": ("n_h", "n_Delta"), "b_gamma": ("n_h",), "U_n": ("n_h", "n_h")}),
        ("lstm", "column", ("h", "c"), {"U_f": ("n_h", "n_h")}),
        ("lstm_peephole", "column", ("h", "c"), {"p_o": ("n_h",)}),
        ("leaky_rnn", "column", ("h",), {"alpha": ()}),
        ("indrnn", "column", ("h",), {"u": ("n_h",)}),
        ("mlstm", "column", ("C", "n"), {"w_i": ("n_x",), "b_f": (), "W_v": ("n_v", "n_x")}),
    ],
)
def test_shapes(name: str, convention: str, states: tuple[str, ...], parameters: dict[str, tuple[str, ...]]) -> None:
    """Conventions, states and shapes are those of the papers."""
    c = cells[name]
    assert (c.convention, c.states) == (convention, states)
    assert {key: c.parameters[key] for key in parameters} == parameters


def test_directions() -> None:
    """The bidirectional cell holds a loop each way."""
    assert [loop.direction for loop in cells["rnn_bidirectional"].loops] == [1, -1, 0]


def test_headers_of_the_course_text_in_rows() -> None:
    """The third course text compares with y, over N steps, by the squared error."""
    c = cells["rnn_row"]
    assert (c.target, c.steps_name, c.loss) == ("y", "N", "squared")


def test_an_unknown_name() -> None:
    """A near miss is named; the error is a KeyError too."""
    with pytest.raises(KeyError) as caught:
        cells["lstmm"]
    assert isinstance(caught.value, CellError)
    assert str(caught.value) == "there is no built-in cell 'lstmm'; did you mean 'lstm'?"
    with pytest.raises(CellError, match="There are: gru, "):
        cells["transformer"]


def test_the_mapping_is_read_only() -> None:
    """Cells are added by files, not by assignment."""
    with pytest.raises(TypeError):
        cells["mine"] = cells["lstm"]  # type: ignore[index]


def test_cells_are_parsed_once() -> None:
    """The same name gives the same object."""
    assert cells["gru"] is cells["gru"] is autorecur.cells["gru"]


def test_the_package_stands_for_its_mapping() -> None:
    """Whoever imports the package first, ``autorecur.cells`` answers like the mapping."""
    code = (
        "import autorecur.cells, autorecur as ar; c = ar.cells; "
        "print(len(c), c['lstm'].name, 'gru' in c, c.get('x'), {c} == {c})"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "27 lstm True None True\n"
