"""Documents hold every equation once, refer only to what they show, and are as long as they should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autorecur.cells import cells
from autorecur.derive import Derivation
from autorecur.errors import RenderError
from autorecur.language.building import cell as read
from autorecur.page import document
from autorecur.page.context import DETAILS
from autorecur.render.blocks import Diagram, Display, Document, Heading, Paragraph, RuleStatement, SideNote, Table
from autorecur.render.formats import save, text_of
from autorecur.render.latex import LatexPrinter

SAMPLE = ("rnn", "lstm", "gru", "rnn_row", "rnn_bidirectional", "mlstm")


def numbers(page: Document) -> Counter[str]:
    displays = (block for block in page.blocks if isinstance(block, Display))
    return Counter(number for display in displays for row in display.rows for number in row.numbers)


def words(part: Any) -> Iterator[str]:
    """All plain words of a block or of a piece of prose."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple):
        for inner in part:
            yield from words(inner)
    elif isinstance(part, Paragraph) or hasattr(part, "inlines"):
        yield from words(part.inlines)


def prose(page: Document) -> str:
    return " ".join("".join(words(block)) for block in page.blocks if isinstance(block, Paragraph))


@pytest.fixture(scope="module")
def lstm() -> Derivation:
    return cells["lstm"].derive(at="all")


@pytest.mark.parametrize("name", SAMPLE)
def test_every_equation_stands_on_the_page_once(name: str) -> None:
    """The full page shows each numbered equation exactly once; the standard one leaves out factors of stacked states alone."""
    derivation = cells[name].derive()
    wanted = Counter(e.number.strip("()") for e in derivation.equations)
    bounds = Counter(e.number.strip("()") for e in derivation.bounds.equations)
    assert numbers(document(derivation, "full")) == wanted + bounds
    left_out = wanted - numbers(document(derivation))
    assert bool(left_out) == derivation.paths.stacked


@pytest.mark.parametrize(
    "name", [name if name in SAMPLE else pytest.param(name, marks=pytest.mark.long) for name in cells]
)
def test_every_cell_prints_in_every_detail_and_format(name: str) -> None:
    """No cell, detail or format lacks a word, a rule or a target of a reference."""
    derivation = cells[name].derive()
    for detail in DETAILS:
        page = document(derivation, detail)
        for suffix in ("tex", "typ", "md"):
            assert text_of(page, suffix)


@pytest.mark.long
@pytest.mark.parametrize("name", list(cells))
@pytest.mark.parametrize(
    "options", [{"at": "all"}, {"loss": "ce"}, {"loss": "bce", "at": "all"}, {"loss": None}, {"steps": 3}]
)
def test_every_loss_prints(name: str, options: dict[str, Any]) -> None:
    """Losses at all steps, through logits, linear ones, and steps that are written out."""
    derivation = cells[name].derive(**options)
    for detail in DETAILS:
        assert text_of(document(derivation, detail), "tex")


def test_the_brief_page_leaves_out_names_and_rules(lstm: Derivation) -> None:
    """The equations alone: no pre-activations of the forward pass, no picture, no appendix."""
    page = document(lstm, "brief")
    shown = numbers(page)
    hidden = {e.number.strip("()") for e in lstm.equations if e.section == "names"}
    assert not hidden & set(shown)
    assert {e.number.strip("()") for e in lstm.equations if e.section == "backward"} <= set(shown)
    assert not any(isinstance(block, RuleStatement) for block in page.blocks)


def test_the_table_of_checks_has_a_line_for_each_kind(lstm: Derivation) -> None:
    """The worst of each kind on one line, whatever the detail; ``autorecur check --json`` lists every check."""
    for detail in ("standard", "full"):
        table = next(b for b in document(lstm, detail).blocks if isinstance(b, Table) and b.full and b.over)
        assert 5 < sum(len(group) for group in table.groups) < 16


@pytest.mark.parametrize(("detail", "most"), [("brief", 1), ("standard", 4)])
def test_the_lstm_is_as_short_as_promised(lstm: Derivation, detail: str, most: int, tmp_path: Path) -> None:
    """One page in brief, at most four as standard, with the loss at every step."""
    pytest.importorskip("typst")
    pypdf = pytest.importorskip("pypdf")
    path = tmp_path / "lstm.pdf"
    save(document(lstm, detail), path, engine="typst")
    assert len(pypdf.PdfReader(str(path)).pages) <= most


@pytest.mark.parametrize(("notation", "most"), [("bracket-time", 4), ("index", 5)])
def test_the_lstm_is_short_in_wide_notations_and_in_french(notation: str, most: int, tmp_path: Path) -> None:
    """Four pages with stacked weights, five with an index form of every equation."""
    pytest.importorskip("typst")
    pypdf = pytest.importorskip("pypdf")
    path = tmp_path / "lstm.pdf"
    derivation = cells["lstm"].derive(notation=notation, language="fr")
    save(document(derivation, language="fr"), path, engine="typst")
    assert len(pypdf.PdfReader(str(path)).pages) <= most


def test_the_picture_leaves_no_page_half_empty(lstm: Derivation) -> None:
    """Where there is no room for it, it goes to the head of the next page, and the text goes on; not in a fragment."""
    page = document(lstm)
    assert [block.floats for block in page.blocks if isinstance(block, Diagram)] == [True]
    assert "\\arfloat{%" in text_of(page, "tex")
    assert "\\arfloat{%" not in text_of(page, "tex", fragment=True)


@pytest.mark.parametrize("notation", ["bracket-time", "index"])
def test_the_brief_lstm_keeps_to_one_page_in_wide_notations(notation: str, tmp_path: Path) -> None:
    """Sums as low as a line, and shapes beside the text: one page with stacked weights, and with indices."""
    pytest.importorskip("typst")
    pypdf = pytest.importorskip("pypdf")
    path = tmp_path / "lstm.pdf"
    save(document(cells["lstm"].derive(notation=notation), "brief"), path, engine="typst")
    assert len(pypdf.PdfReader(str(path)).pages) == 1


def test_the_brief_page_with_indices_shows_each_gradient_once() -> None:
    """The cell in both forms; what goes backwards by components alone."""
    derivation = cells["lstm"].derive(notation="index")
    shown = numbers(document(derivation, "brief"))
    forms = {e.number.strip("()").removesuffix("′") for e in derivation.components}
    sections = ("cell", "backward", "parameters", "inputs", "initial")
    for equation in (e for name in sections for e in derivation.section(name)):
        number = equation.number.strip("()")
        assert number in forms
        assert shown[f"{number}′"] == 1
        assert shown[number] == (equation.section == "cell")


def test_equations_of_the_brief_page_say_for_which_steps_they_hold() -> None:
    """The steps stand behind the equation, where no note of the margin is in their way."""
    page = document(cells["lstm"].derive(), "brief")
    rows = [row for block in page.blocks if isinstance(block, Display) for row in block.rows]
    assert not any(row.comment or row.note for row in rows)
    assert sum(r"\le t < T" in LatexPrinter()(row.cells[0].lines[-1]) for row in rows if row.cells[0]) == 2


def test_sections_are_numbered_in_order(lstm: Derivation) -> None:
    """Headings count 1, 2, 3, …; steps that are written out have a section of their own."""
    plain = [block for block in document(lstm).blocks if isinstance(block, Heading)]
    assert [heading.number for heading in plain] == [str(i) for i in range(1, len(plain) + 1)]
    longer = document(cells["rnn"].derive(steps=2))
    assert "The recursion, written out" in [b.text for b in longer.blocks if isinstance(b, Heading)]


def test_readers_are_named(lstm: Derivation) -> None:
    """The page says how many equations read the hidden state, and which."""
    text = prose(document(lstm))
    assert "Five equations read" in text
    assert "the output" in text
    assert "of the next step" in text


def test_a_reader_that_the_loss_sees_late_is_mentioned() -> None:
    """With the loss at the last step, the output of an earlier step changes nothing, and the page says so."""
    text = prose(document(cells["lstm"].derive()))
    assert "The output reaches the loss only for" in text


@pytest.mark.parametrize(
    ("name", "reason"), [("mlstm", "is a matrix"), ("rnn_bidirectional", "run forwards in time and some run backwards")]
)
def test_a_cell_without_a_path_form_says_why(name: str, reason: str) -> None:
    """Section 7 is there for every cell, if only with its reason."""
    assert reason in prose(document(cells[name].derive()))


def test_several_states_are_stacked_and_only_the_full_page_expands_their_product(lstm: Derivation) -> None:
    """The blocks stand on both pages; what a page leaves out it does not count as checked."""
    standard, full = (document(lstm, detail) for detail in ("standard", "full"))
    assert "we stack them" in prose(standard)
    assert "Three steps" in prose(full)
    assert "Three steps" not in prose(standard)
    last = lstm.equations[-1].number.strip("()")
    numbers = [
        {n for b in page.blocks if isinstance(b, Display) for r in b.rows for n in r.numbers}
        for page in (standard, full)
    ]
    assert last in numbers[1] - numbers[0]
    assert f"of {len(numbers[0])} equations" in side_notes(standard)
    assert f"of {len(numbers[1])} equations" in side_notes(full)


def test_long_recursions_are_cut() -> None:
    """All steps up to twelve are written out; of more, the first and the last ones."""
    short, long = (document(cells["rnn"].derive(steps=steps)) for steps in (12, 500))
    assert len(long.blocks) < len(short.blocks)


def test_an_unknown_detail_is_refused(lstm: Derivation) -> None:
    """The known ones are named."""
    with pytest.raises(RenderError, match="brief, standard, full"):
        document(lstm, "huge")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("lstm", r"4n_h(n_x+n_h+1)+n_y(n_h+1)"), ("leaky_rnn", r"n_h(n_h+n_x+1)+n_y(n_h+1)+1")],
)
def test_the_number_of_parameters_is_a_formula_in_sizes(name: str, expected: str) -> None:
    """Grouped by what the parameters give, the common factor in front."""
    text = text_of(document(cells[name].derive()), "md").replace(" ", "").replace(r"\,", "").replace(r"\thinspace", "")
    assert expected in text


def side_notes(page: Document) -> str:
    return " ".join(
        "".join(words(item)) for b in (page.seal, *page.blocks) if isinstance(b, SideNote) for item in b.items
    )


def test_a_shared_stack_is_named_by_its_symbol() -> None:
    """What comes through a stack that two gates read is not said to come through one of them; its step is that of the term."""
    text = text_of(document(cells["gru_concatenated"].derive()), "md")
    assert r"\text{through }s_{t+1}" in text
    assert r"\text{through }s_1" in text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rnn", "an adjoint, times what the parameter multiplied, transposed. A bias"),
        ("rnn_row", "what the parameter multiplied, transposed, times an adjoint. A bias"),
        ("rnn_transposed", "what the transposed parameter multiplied, times an adjoint, transposed"),
    ],
)
def test_the_pattern_of_gradients_is_that_of_the_cell(name: str, expected: str) -> None:
    """The order of factors as the equations have it; biases only where there are some."""
    page = document(cells[name].derive())
    assert expected in prose(page)
    assert ("A bias multiplies" in text_of(page, "md")) == (name != "rnn_transposed")


@pytest.mark.parametrize(("name", "expected"), [("rnn", "three paths"), ("gru", "three visits")])
def test_a_term_is_a_path_only_where_one_path_leads_through_a_step(name: str, expected: str) -> None:
    """Gated cells have several paths in each step; the other parameters are mentioned."""
    text = text_of(document(cells[name].derive()), "md")
    assert f"Three steps, {expected}." in text
    assert "The same holds for" in text


def test_a_state_that_is_the_output_is_kept_too() -> None:
    """A Jordan network keeps its output; the loss on it is counted at the last step."""
    text = prose(document(cells["rnn_jordan"].derive()))
    assert "from step to step and gives it as its output" in text
    assert "Only the loss at" in text
    assert "The loss reaches the loss" not in text


def test_a_softmax_is_excepted_from_elementwise_functions() -> None:
    """The conventions name what acts on whole vectors."""
    assert "of a whole vector" in side_notes(document(cells["rnn_jordan"].derive(loss="ce")))
    assert "of a whole vector" not in side_notes(document(cells["rnn_jordan"].derive()))


def test_the_brief_page_speaks_of_what_it_shows(lstm: Derivation) -> None:
    """No picture and no rules in its notes; bars are defined."""
    notes = side_notes(document(lstm, "brief"))
    assert "picture" not in notes
    assert "rules" not in notes
    assert "along all paths" in notes


def test_a_picture_has_words_where_none_can_be_drawn() -> None:
    """The alternative text says what runs along the edges."""
    text = text_of(document(cells["lstm"].derive()), "md")
    assert "In words, since this format has no drawings" in text


def test_an_initial_state_that_is_learned_is_a_parameter() -> None:
    """Not given, as the others are."""
    text = "learned: h\nh[t] = tanh(W x[t] + U h[t-1])\nc[t] = tanh(V h[t] + P c[t-1])"
    assert "$c_0$ is given and $h_0$ is a parameter" in text_of(document(read(text).derive()), "md")
