"""A cell in another notation: what it looks like, that it means the same, and what cannot be."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from autorecur.derive.derivation import Derivation, derive
from autorecur.notations.profile import Mathematics
from autorecur.notations.rewriting import rewrite
from tests.derive.test_evaluate import given as random_values
from tests.frames import texts

ROWS, COLUMNS = Mathematics("row"), Mathematics("column")
TRANSPOSED, RIGHT = Mathematics(weights="transposed"), Mathematics(weights="right")
JOINED, SPLIT = Mathematics(concatenate=True), Mathematics(concatenate=False)
EVERYTHING = [
    ROWS,
    COLUMNS,
    TRANSPOSED,
    RIGHT,
    JOINED,
    SPLIT,
    Mathematics("column", "right", True),
    Mathematics("row", "right", False),
    Mathematics("row", "transposed", True),
    Mathematics("column", "transposed", False),
]


def equations(text: str, mathematics: Mathematics) -> tuple[str, ...]:
    return rewrite(ar.cell(text), mathematics).cell.equations


# ---------------------------------------------------------------- what it looks like


@pytest.mark.parametrize(
    ("mathematics", "text", "wanted"),
    [
        (ROWS, "h[t] = tanh(W x[t] + U h[t-1] + b)", "h[t] = tanh(x[t] W + h[t-1] U + b)"),
        (COLUMNS, "a[t] = tanh(a[t-1] W_a + x[t] W_x + b_a)", "a[t] = tanh(W_a a[t-1] + W_x x[t] + b_a)"),
        (ROWS, "h[t] = tanh(W_hh^T h[t-1] + W_xh^T x[t])", "h[t] = tanh(h[t-1] W_hh^T + x[t] W_xh^T)"),
        (TRANSPOSED, "h[t] = tanh(W x[t] + U h[t-1] + b)", "h[t] = tanh(W^T x[t] + U^T h[t-1] + b)"),
        (TRANSPOSED, "h[t] = tanh(x[t] W + h[t-1] U)", "h[t] = tanh(x[t] W^T + h[t-1] U^T)"),
        (RIGHT, "h[t] = tanh(W_hh^T h[t-1] + W_xh^T x[t])", "h[t] = tanh(W_hh h[t-1] + W_xh x[t])"),
        (RIGHT, "h[t] = tanh(W^T x[t] + W y[t-1])\ny[t] = h[t]", "h[t] = tanh(W^T x[t] + W y[t-1])"),
        (JOINED, "a[t] = tanh(W_aa a[t-1] + W_ax x[t] + b_a)", "a[t] = tanh(W_a [a[t-1], x[t]] + b_a)"),
        (JOINED, "i[t] = sigmoid(W_i x[t] + U_i i[t-1] + b_i)", "i[t] = sigmoid(W_i [i[t-1], x[t]] + b_i)"),
        (JOINED, "h[t] = tanh(b - W_c c[t] + W_x x[t] + W_h h[t-1])", "h[t] = tanh(b - W_c c[t] + W_h [h[t-1], x[t]])"),
        (JOINED, "h[t] = tanh(W_hh^T h[t-1] + W_xh^T x[t])", "h[t] = tanh(W_h^T [h[t-1], x[t]])"),
        (JOINED, "a[t] = tanh(a[t-1] W_a + x[t] W_x + b_a)", "a[t] = tanh([a[t-1], x[t]] W_a + b_a)"),
        (JOINED, "h[t] = tanh(W (r[t] * h[t-1]) + V x[t])", "h[t] = tanh(W [r[t] * h[t-1], x[t]])"),
        (JOINED, "h[t] = tanh(W h[t-1] + b)", "h[t] = tanh(W h[t-1] + b)"),
        (SPLIT, "a[t] = tanh(W_a [a[t-1], x[t]] + b_a)", "a[t] = tanh(W_aa a[t-1] + W_ax x[t] + b_a)"),
        (SPLIT, "h[t] = tanh(b - W [h[t-1], x[t]])", "h[t] = tanh(b - W_h h[t-1] - W_x x[t])"),
        (SPLIT, "h[t] = tanh([h[t-1], x[t]] W_h^T)", "h[t] = tanh(h[t-1] W_hh^T + x[t] W_hx^T)"),
        (SPLIT, "h[t] = tanh(W_n [r[t] * h[t-1], x[t]])", "h[t] = tanh(W_nh (r[t] * h[t-1]) + W_nx x[t])"),
    ],
)
def test_a_cell_in_another_notation(mathematics: Mathematics, text: str, wanted: str) -> None:
    """Rows and columns, transposed weights, weights of stacks."""
    assert equations(text, mathematics)[0] == wanted


def test_names_of_joined_weights_are_nobody_elses() -> None:
    """``W_a`` is taken by another weight: the joined one is called after what it serves, or gets a number."""
    found = equations("a[t] = tanh(W_aa a[t-1] + W_ax x[t])\ny[t] = W_a a[t]", JOINED)
    assert found == ("a[t] = tanh(W_a_2 [a[t-1], x[t]])", "y[t] = W_a a[t]")


def test_a_weight_of_two_places_is_left() -> None:
    """It would have to be joined in both."""
    text = "h[t] = tanh(W x[t] + U h[t-1])\ny[t] = U h[t]"
    assert equations(text, JOINED) == ar.cell(text).equations


def test_a_weight_that_the_loss_reads_is_left() -> None:
    """A loss has no name for a part of a weight."""
    cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1])")
    d = derive(cell, loss="sum(square(h[t])) + sum(square(U^T U h[t]))", mathematics=JOINED)
    assert d.cell.equations == cell.equations


def test_titles_headers_and_sizes_stay() -> None:
    """Only right-hand sides and shapes of weights change."""
    cell = ar.cells["lstm"]
    found = rewrite(cell, Mathematics("row", "right", True)).cell
    assert (found.name, found.titles, found.source, found.sizes) == (cell.name, cell.titles, cell.source, cell.sizes)
    assert (found.states, found.inputs, found.outputs) == (cell.states, cell.inputs, cell.outputs)
    assert [a.titles for a in found.assignments] == [a.titles for a in cell.assignments]
    assert found.parameters["W_i"] == ("n_h + n_x", "n_h")


def test_a_printed_cell_is_a_cell() -> None:
    """Its text parses to the same equations and shapes."""
    for mathematics in EVERYTHING:
        found = rewrite(ar.cells["gru"], mathematics).cell
        again = ar.cell(str(found))
        assert again.equations == found.equations
        assert dict(again.shapes) == dict(found.shapes)


# ---------------------------------------------------------------- that it means the same


def both(name: str, mathematics: Mathematics) -> tuple[Derivation, Derivation]:
    cell = ar.cells[name]
    return derive(cell), derive(cell, mathematics=mathematics)


@pytest.mark.parametrize("mathematics", EVERYTHING, ids=str)
def test_numbers_are_those_of_the_cell_as_written(mathematics: Mathematics) -> None:
    """The same values go in under the same keys, and the same numbers come out."""
    written, printed = both("gru", mathematics)
    values, _ = random_values(written, 3, 2, 0)
    wanted, found = written.evaluate(values), printed.evaluate(values)
    for key in [
        "L",
        "h[2]",
        "n[3]",
        "dL/dh[2]",
        "dL/dh[0]",
        "dL/dx[1]",
        *(f"dL/d{p}" for p in written.cell.parameters),
    ]:
        np.testing.assert_allclose(found[key], wanted[key], rtol=1e-10, atol=1e-14, err_msg=key)
    assert {key for key in wanted if "[" not in key} == {key for key in found if "[" not in key}


def test_gradients_are_found_by_their_names_as_written() -> None:
    """Both parts of a joined weight lead to its one equation."""
    _, d = both("lstm", JOINED)
    assert set(d.gradients) == {*ar.cells["lstm"].parameters, "x", "h[0]", "c[0]"}
    assert d.gradients["U_i"] is d.gradients["W_i"] is d["dL/dW_i"]
    assert d.gradients["W_i"].shape == ("n_h", "n_h + n_x")


def test_a_report_speaks_of_the_cell_as_written() -> None:
    """Every parameter as written has checks of its own, also against the derivative of the cell as written."""
    _, d = both("lstm", Mathematics("row", "right", True))
    report = d.verify()
    assert report
    for reference in ("complex step", "central differences", "adjoint pass", "end to end", "cell as written"):
        found = {check.quantity for check in report.checks if check.reference == reference}
        assert {f"dL/d{name}" for name in ar.cells["lstm"].parameters} <= found


def test_an_error_planted_in_a_joined_gradient_is_found() -> None:
    """And the block that is wrong is named."""
    _, d = both("rnn", JOINED)
    wrong = d.replace("dL/dW_h", "dL/da[t] [h[t], x[t]]^T")
    assert {check.quantity for check in wrong.verify().failures} == {"dL/dW_h"}


def test_a_wrong_map_of_the_parameters_is_found() -> None:
    """Two blocks in the wrong order: each printed equation holds, but not for the cell as written."""
    from dataclasses import replace

    cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1] + b)\nx_2[t] = h[t]")
    d = derive(cell, mathematics=TRANSPOSED)
    assert d.rewriting is not None
    parts = tuple(replace(p, turned=False) if p.printed.name == "U" else p for p in d.rewriting.parts)
    failures = replace(d, rewriting=replace(d.rewriting, parts=parts), _reports={}).verify().failures
    assert failures
    assert {check.reference for check in failures} == {"cell as written"}


def test_a_loss_is_rewritten_with_its_cell() -> None:
    """A user's loss is in the names and the notation of the cell as written."""
    cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1] + b)")
    loss = "(h[t] - target[t])^T A (h[t] - target[t]) + k[t]^T h[t]"
    written, printed = derive(cell, loss=loss), derive(cell, loss=loss, mathematics=Mathematics("row", "right", True))
    values, sizes = random_values(written, 3, 2, 0)
    values["A"] = np.random.default_rng(0).standard_normal((sizes["n_h"], sizes["n_h"]))
    wanted, found = written.evaluate(values), printed.evaluate(values)
    for key in ("L", "dL/dW", "dL/dU", "dL/dx[1]"):
        np.testing.assert_allclose(found[key], wanted[key], rtol=1e-10)
    assert printed.verify()


def test_the_loss_of_a_header_is_rewritten_with_its_cell() -> None:
    """The printed cell's text says it in its own notation."""
    cell = ar.cell("loss: h[t]^T A k[t]\nh[t] = tanh(W x[t] + U h[t-1])")
    printed = rewrite(cell, ROWS).cell
    assert printed.headers["loss"] == "k[t] A h[t]^T"
    assert derive(cell, mathematics=ROWS).verify()


def test_a_learned_initial_state_keeps_its_key() -> None:
    """``h[0]`` is a parameter of every notation."""
    cell = ar.cell("learned: h\nh[t] = tanh(W x[t] + U h[t-1] + b)")
    written, printed = derive(cell), derive(cell, mathematics=Mathematics("row", "right", True))
    values, _ = random_values(written, 3, 2, 0)
    values["h[0]"] = np.arange(1.0, 1 + len(np.ravel(values["b"])))
    np.testing.assert_allclose(printed.evaluate(values)["dL/dh[0]"], written.evaluate(values)["dL/dh[0]"], rtol=1e-10)
    assert printed.verify()


SMALL = ["rnn", "rnn_row", "gru_concatenated", "rnn_bidirectional"]


@pytest.mark.parametrize("name", SMALL)
def test_rows_and_back_is_the_same_cell(name: str) -> None:
    """To the other convention and back, letter by letter."""
    check_there_and_back(name)


@pytest.mark.long
@pytest.mark.parametrize("name", list(ar.cells))
def test_every_cell_goes_there_and_back(name: str) -> None:
    """To the other convention and back, letter by letter."""
    if name == "mlstm":
        pytest.skip("a matrix from step to step has no row")
    check_there_and_back(name)


def check_there_and_back(name: str) -> None:
    cell = ar.cells[name]
    there, back = (ROWS, COLUMNS) if cell.convention == "column" else (COLUMNS, ROWS)
    again = rewrite(rewrite(cell, there).cell, back).cell
    assert again.equations == cell.equations
    assert dict(again.parameters) == dict(cell.parameters)
    flipped = rewrite(rewrite(cell, TRANSPOSED).cell, RIGHT).cell
    assert flipped.equations == rewrite(cell, RIGHT).cell.equations


@pytest.mark.parametrize("name", ["gru_concatenated", "lstm_no_output_tanh"])
def test_split_and_joined_again_is_the_same_cell(name: str) -> None:
    """Letter by letter, where the author's stacks have the state first."""
    cell = ar.cells[name]
    assert rewrite(rewrite(cell, SPLIT).cell, JOINED).cell.equations == cell.equations


def test_a_cell_in_two_notations_verifies() -> None:
    """One sample of each kind; the longer set has every cell in every notation."""
    assert derive(ar.cells["rnn"], mathematics=Mathematics("row", "transposed", True)).verify()
    assert derive(ar.cells["rnn_concatenated"], loss="ce", at="all", mathematics=SPLIT).verify()


@pytest.mark.long
@pytest.mark.parametrize("mathematics", EVERYTHING, ids=str)
@pytest.mark.parametrize("name", list(ar.cells))
def test_every_cell_in_every_notation_verifies(name: str, mathematics: Mathematics) -> None:
    """Each printed equation, and each gradient mapped back."""
    if name == "mlstm" and mathematics.vectors == "row":
        pytest.skip("a matrix from step to step has no row")
    report = derive(ar.cells[name], mathematics=mathematics).verify()
    assert report, report


@pytest.mark.parametrize("mathematics", [ROWS, Mathematics("column", "right", True)], ids=str)
def test_a_text_with_parts_is_rewritten(mathematics: Mathematics) -> None:
    """Part by part, with the same parts and initial values; gradients are those of the text as written."""
    frame = ar.cell(texts.TRANSLATOR)
    printed = derive(frame, mathematics=mathematics)
    assert printed.rewriting is not None
    assert printed.cell.sizes == frame.sizes
    assert printed.verify()
    assert printed.to_latex()


def test_a_text_with_parts_that_has_no_such_form() -> None:
    """The error says what would not be read."""
    with pytest.raises(ar.CellError, match="cannot be written so: nothing ties the rows of W_0"):
        derive(ar.cell(texts.CAPTION), mathematics=Mathematics("column", "transposed"))


# ---------------------------------------------------------------- what cannot be


def test_a_matrix_from_step_to_step_has_no_row() -> None:
    """The line of the matrix is shown."""
    with pytest.raises(ar.CellError, match=r"mlstm cannot be written in rows: C\[t\] is a matrix") as caught:
        rewrite(ar.cells["mlstm"], ROWS)
    assert caught.value.line == 11
    assert rewrite(ar.cells["mlstm"], JOINED).cell.equations == ar.cells["mlstm"].equations


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "h[t] = tanh(W [h[t-1], x[t]])\ny[t] = W [x[t], h[t]]",
            "W cannot be taken apart: it meets stacks with different",
        ),
        ("h[t] = tanh(W [h[t-1], x[t]])\nz[t] = W c[t]", "W cannot be taken apart: it stands"),
        ("h[t] = tanh(W [h[t-1], 1])", "W cannot be taken apart: the number 1 stands in"),
    ],
)
def test_a_weight_that_cannot_be_taken_apart(text: str, why: str) -> None:
    """The error says what stands in the way."""
    with pytest.raises(ar.CellError, match=why):
        rewrite(ar.cell(text), SPLIT)


def test_an_unknown_choice() -> None:
    """The words that there are."""
    with pytest.raises(ar.CellError, match="no 'rows'; known: None, column, row"):
        rewrite(ar.cells["rnn"], Mathematics("rows"))


# ---------------------------------------------------------------- on the page


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a[t] = tanh(W_aa a[t-1] + W_ax x[t] + b_a)", r"W_a &= [W_{aa}\; \vert\; W_{ax}]"),
        ("a[t] = tanh(a[t-1] W_aa + x[t] W_ax + b_a)", r"W_a^{\!\top} &= [W_{aa}^{\!\top}\; \vert\; W_{ax}^{\!\top}]"),
    ],
)
def test_the_page_says_what_a_joined_weight_is_made_of(text: str, wanted: str) -> None:
    """Side by side; transposed where the weights lie below each other."""
    document = derive(ar.cell(text), mathematics=JOINED).to_latex(fragment=True)
    assert wanted in document
    assert "holds those of its parts side by side:" in document
