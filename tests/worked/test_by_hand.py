"""Whoever redoes the worked example from its printed digits finds its printed digits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autorecur.cells import cells
from autorecur.language.building import cell as read
from autorecur.page import document
from autorecur.page.worked import alone
from autorecur.render.blocks import Table
from autorecur.render.formats import save, text_of
from autorecur.symbolic.carriers import Numbers
from autorecur.worked import WorkedExample, worked_example
from autorecur.worked.example import Row
from tests.frames.texts import ALL, CAPTION, CLASSIFIER, TRANSLATOR
from tests.worked.pocket_calculator import Calculator

SHORT = ("rnn", "lstm", "rnn_row", "gru_concatenated")
OTHERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "softmax": ("h[t] = tanh(W x[t] + U h[t-1])\ny[t] = softmax(V h[t])", {"loss": "ce", "at": "all"}),
    "logits": ("h[t] = tanh(W x[t] + U h[t-1])\ny[t] = V h[t]", {"loss": "ce"}),
    "probability": ("h[t] = tanh(W x[t] + U h[t-1])\ny[t] = sigmoid(v^T h[t] + b)", {"loss": "bce"}),
    "learned start": ("learned: h\nh[t] = tanh(W x[t] + U h[t-1] + b)", {"loss": "half_squared", "at": "all"}),
    "delay of two": ("h[t] = tanh(W x[t] + U h[t-2] + b)", {"at": "all"}),
    "scalars": ("scalar: a\nh[t] = a * h[t-1] + x[t]", {"loss": "squared"}),
    "quotient": ("h[t] = (W x[t] + U h[t-1]) / (1 + exp(h[t-1]))", {}),
    "directions": ("h[t] = tanh(W x[t] + U h[t-1])\ny[t] = V h[t]", {"loss": None}),
    "logarithm": ("h[t] = log(1 + exp(W x[t] + U h[t-1])) * tanh(x[t-1])", {}),
    "truncated": ("h[t] = tanh(W x[t] + U h[t-1])\ny[t] = V h[t]", {"truncate": 2}),
    "truncated, all": ("h[t] = tanh(W x[t] + U h[t-1])", {"truncate": 1, "at": "all"}),
    "open": ("function: g\nh[t] = g(W x[t] + U h[t-1])\ny[t] = V h[t]", {}),
    "rows": ("h[t] = tanh(W x[t] + U h[t-1] + b)\ny[t] = V h[t]", {"notation": "row"}),
    "transposed": ("h[t] = tanh(W x[t] + U h[t-1] + b)\ny[t] = V h[t]", {"notation": "transposed"}),
    "joined": ("h[t] = tanh(W x[t] + U h[t-1] + b)\ny[t] = V h[t]", {"notation": "bracket-time"}),
    "columns": ("h[t] = tanh(x[t] W + h[t-1] U + b)", {"notation": "column"}),
    "apart": ("learned: h\nh[t] = tanh(W [h[t-1], x[t]] + b)", {"notation": "index"}),
    "classifier": (CLASSIFIER, {"loss": "ce"}),
    "translator": (TRANSLATOR, {"loss": "ce", "at": "all"}),
    "context at every step": (ALL["context"], {"at": "all"}),
    "caption in rows": (CAPTION, {"notation": "row"}),
    "once": ("input: x\ny = tanh(W x + b)", {"loss": "squared"}),
    "two directions": (
        "h[t] = tanh(W x[t] + U h[t-1])\ng[t] = tanh(P x[t] + Q g[t+1])\ny = V h[T] + R g[1]",
        {"loss": "half_squared"},
    ),
    "backwards": ("h[t] = tanh(W x[t] + U h[t-1])\ng[t] = tanh(P h[t] + Q g[t+1])", {"at": "all"}),
}


def example(name: str) -> WorkedExample:
    if name in OTHERS:
        text, options = OTHERS[name]
        return read(text).derive(**options).worked_example()
    return cells[name].derive().worked_example()


def printed(row: Row) -> list[list[str]]:
    return [[str(float(x)) for x in line] for line in row.value + 0.0]


def wrong(found: WorkedExample) -> list[str]:
    """The labels of the rows whose result is not what a pocket calculator gives for any link of the row."""
    calculator = Calculator(found.digits)
    return [
        row.label
        for row in found.rows
        if any(calculator(link) != printed(row) for link in (row.numbers.split(" = ") if row.links else ()))
    ]


@pytest.mark.parametrize("name", [*SHORT, *OTHERS])
def test_a_pocket_calculator_finds_every_printed_digit(name: str) -> None:
    """Each link of each row, computed from its own printed numbers, gives the row's printed result."""
    assert not wrong(example(name))


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in cells if name not in SHORT])
def test_a_pocket_calculator_finds_every_printed_digit_of_all_cells(name: str) -> None:
    """No built-in cell lacks an example that can be redone."""
    assert not wrong(example(name))


def test_a_planted_digit_is_found() -> None:
    """The calculator would notice one wrong digit, in a result or in a number that is used."""
    found = cells["rnn"].derive().worked_example()
    for label in ("h[2]", "dL/da[1]", "dL/dW_h", "W_h (new)"):
        row = found[label]
        texts = [str(float(row.outcome.texts[0]) + 0.0001), *row.outcome.texts[1:]]
        slipped = replace(row, outcome=Numbers(*row.outcome.shape, *texts))
        assert wrong(_with(found, slipped)) == [label]
        slipped = replace(row, links=tuple(_nudged(link) for link in row.links))
        assert wrong(_with(found, slipped)) == [label]


def _with(found: WorkedExample, row: Row) -> WorkedExample:
    parts = tuple(replace(p, rows=tuple(row if r.label == row.label else r for r in p.rows)) for p in found.parts)
    return replace(found, parts=parts)


def _nudged(link: Any) -> Any:
    """One number of the link, changed a little."""
    first = sorted(link.atoms(Numbers) or link.find(Numbers), key=str)[0]
    texts = [str(float(first.texts[0]) + 0.05), *first.texts[1:]]
    return link.xreplace({first: Numbers(*first.shape, *texts)})


@pytest.mark.parametrize("name", SHORT)
def test_numbers_stand_where_symbols_stood(name: str) -> None:
    """Every matrix of numbers in a row was printed before: as given, as a result, transposed, or as part of a stack."""
    found = example(name)
    after = {row.label for part in found.of("after") for row in part.rows}
    known = list(found.given.numbers.values())
    for row in found.rows:
        if row.label in after:
            continue
        for used in row.links[0].find(Numbers) if row.links else ():
            whole = [x for n in known for x in n.texts]
            assert set(used.texts) - {"1", "0"} <= set(whole), row.label
        known.append(row.outcome)


@pytest.mark.parametrize("name", [*SHORT, *OTHERS])
def test_with_many_digits_the_example_is_the_exact_gradient(name: str) -> None:
    """The rows are the derivation's own equations: rounding alone keeps them from the gradient in double precision."""
    found = example(name)
    assert 0 < found.distance < 0.01 or name == "scalars"
    precise = worked_example(found.derivation, digits=12)
    assert precise.distance < 1e-9
    for label in ("L", "L (new)"):
        assert precise[label].value[0, 0] == pytest.approx(float(found.exact[label].ravel()[0]), abs=1e-2)


def test_an_altered_equation_is_what_the_row_shows() -> None:
    """The numbers come from the equation that stands on the page, so a wrong one gives wrong numbers."""
    derivation = cells["rnn"].derive()
    slipped = derivation.replace("dL/da", "dL/dh[t]").worked_example()
    assert slipped["dL/da[2]"].symbols == r"\bar{h}_2"
    wrong_by = np.abs(slipped["dL/dW_h"].value - derivation.worked_example().exact["dL/dW_h"]).max()
    assert wrong_by > 10 * derivation.worked_example().distance


@pytest.mark.parametrize("name", list(cells))
def test_default_values_are_pleasant(name: str) -> None:
    """One decimal, two units, nothing zero, nothing saturated; the loss falls."""
    found = cells[name].derive().worked_example()
    for (_, step), numbers in found.given.numbers.items():
        assert all(len(text.partition(".")[2]) <= 1 for text in numbers.texts)
        assert step is not None or "0" not in numbers.texts
    assert 2 <= found.steps <= 3
    assert set(found.given.sizes.values()) <= {1, 2}
    for row in found.rows:
        if row.label.startswith("h["):
            assert 0.005 < np.abs(row.value).max() < 3
    gradients = [row for part in found.of("gradients") for row in part.rows]
    assert all(np.abs(row.value).max() > 0.001 for row in gradients if row.equation.terms)
    assert found.loss_after < found.loss


def test_a_tie_is_rounded_away_from_zero() -> None:
    """0.25 · 0.5 = 0.125 is 0.13 with two decimals, and −0.125 is −0.13."""
    derivation = read("h[t] = w * h[t-1] + x[t]").derive(loss="squared")
    for sign, result in ((1.0, "0.13"), (-1.0, "-0.13")):
        values = {"w": [0.25 * sign], "h[0]": [0.5], "x": [[0.0]], "target": [0.3]}
        assert derivation.worked_example(values, digits=2)["h[1]"].result == result


def test_the_update_ends_in_the_loss_after_it() -> None:
    """w ← w − η ∂L/∂w, then the same equations again."""
    derivation = read("h[t] = w * h[t-1] + x[t]").derive(loss="squared")
    values = {"w": [0.5], "h[0]": [1], "x": [[1]], "target": [2], "learning_rate": 0.1}
    found = derivation.worked_example(values)
    assert [found[label].result for label in ("h[1]", "L", "dL/dw", "w (new)")] == ["1.5", "0.25", "-1", "0.6"]
    assert found.loss_after == 0.16


# ------------------------------------------------------------------------------------------------------- on the page


def table_rows(markdown: str) -> Iterator[tuple[str, str, str]]:
    """Quantity, numbers and result of every row of the tables; sums that go on in the next line are joined."""
    quantity, numbers = "", ""
    for line in markdown.splitlines():
        cells_ = [cell.strip().strip("$").strip() for cell in line.strip("| ").split(" | ")]
        if not line.startswith("|") or len(line.split(" | ")) not in (4, 5) or "step" in line or ":--" in line:
            continue
        _, *found = ["", *line.strip().strip("|").split(" | ")] if len(line.split(" | ")) == 4 else line.split(" | ")
        cells_ = [cell.strip(" |").strip("$").strip() for cell in found]
        if cells_[-4] not in ("", "quantity"):
            quantity, numbers = cells_[-4], ""
        numbers += " " + cells_[-2]
        if cells_[-1].startswith("="):
            yield quantity, numbers.strip(), cells_[-1].removeprefix("=")


@pytest.mark.parametrize("name", ["rnn", "lstm", "rnn_row"])
def test_the_page_shows_the_same_digits(name: str) -> None:
    """The numbers of the Markdown, recomputed from the text alone."""
    derivation = cells[name].derive()
    text = text_of(document(derivation, "full"), "md")
    section = text[text.index("By hand, with numbers") : text.index("**Forward again**")]
    calculator = Calculator(4)
    seen = 0
    for quantity, numbers, result in table_rows(section):
        wanted = calculator(result)
        for link in filter(None, (part.strip() for part in numbers.split("="))):
            assert calculator(link) == wanted, quantity
            seen += 1
    assert seen > 20


def test_only_the_full_page_has_an_example_of_its_own() -> None:
    """``standard`` shows one where numbers are given."""
    derivation = cells["rnn"].derive()
    values = {
        "W_h": [[0.5, -0.3], [0.1, 0.4]],
        "W_x": [[0.2], [0.1]],
        "b_h": [0.1, 0.2],
        "W_y": [[1, 0.5]],
        "b_y": [0.1],
        "x": [[1], [0.5]],
        "target": [0.3],
    }
    title = "By hand, with numbers"
    assert title not in text_of(document(derivation), "md")
    assert title in text_of(document(derivation, values=values), "md")
    assert title in text_of(document(derivation, "full"), "md")


def test_a_large_cell_shows_one_step_in_full_and_says_so() -> None:
    """The results of the other steps are there."""
    text = text_of(document(cells["mlstm"].derive(), "full"), "md")
    assert re.search(r"one step is shown in full", text)


def test_a_notebook_shows_the_example_in_a_frame_of_its_own() -> None:
    """The page of the HTML writer, escaped: its mathematics, and the digits of the rows."""
    found = cells["rnn"].derive().worked_example()
    shown = found._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert shown.count('"') == shown.count('="') * 2
    page = unescape(shown)
    assert "<math" in page
    assert f"<mn>{found.rate_text}</mn>" in page
    assert "By hand, with numbers" in page


@pytest.mark.parametrize("lines", [3, 7])
def test_a_row_of_several_lines_stands_on_one_page(lines: int, tmp_path: Path) -> None:
    """Where typst sets the page: every page begins with the first line of a row and ends with the last of one."""
    pypdf = pytest.importorskip("pypdf")
    whole = alone(cells["rnn"].derive().worked_example(), "en")
    rows = tuple(tuple(((), (), (), (f"{i}/{j}",), ()) for j in range(lines)) for i in range(60))
    table = Table(((), ("q",), ("s",), ("n",), ("r",)), rows, "rrlll", long=True)
    save(replace(whole, blocks=(whole.blocks[0], table)), tmp_path / "a.pdf", engine="typst")
    pages = [
        re.findall(r"^(\d+)/(\d+)$", page.extract_text(), re.M) for page in pypdf.PdfReader(tmp_path / "a.pdf").pages
    ]
    assert len(pages) > 2
    for found in pages:
        inside = [int(line) for row, line in found if int(row) < 60 and int(line) < lines]
        assert inside[0] == 0
        assert lines - 1 in inside[-2:]
