"""A page in another language: complete, and with nothing of English left in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import autorecur as ar
from autorecur.errors import RenderError
from autorecur.languages import languages
from autorecur.page import document
from autorecur.page.catalogue import Words, entries
from autorecur.page.context import DETAILS
from autorecur.render.formats import text_of

OTHERS = [language for language in languages() if language != "en"]
OFTEN = ("gru", "lstm", "rnn", "rnn_bidirectional")
CELLS = [name if name in OFTEN else pytest.param(name, marks=pytest.mark.long) for name in ar.cells]


def fields(template: str) -> set[str]:
    return set(re.findall(r"\{([a-z_]+)(?::[a-z]+)?\}", re.sub(r"\$[^$]*\$", "", template)))


def formulas(template: str) -> set[str]:
    """The formulas of an entry without the words in them."""
    return {re.sub(r"\\text\{[^{}]*\}", "", formula) for formula in re.findall(r"\$([^$]*)\$", template)}


def letters(text: str) -> set[str]:
    """The words of some text, without its formulas, commands and fields."""
    bare = re.sub(r"\$[^$]*\$|\{[a-z_:]+\}|</?[a-z]+>|\\[A-Za-z]+", " ", text)
    return set(re.findall(r"[A-Za-zÀ-ÿ]{3,}", bare.lower()))


@pytest.mark.parametrize("language", OTHERS)
def test_every_entry_has_the_fields_and_formulas_of_the_english_one(language: str) -> None:
    """What a translation says of the mathematics is what English says."""
    for key, english in entries("en").items():
        other = entries(language)[key]
        assert fields(other) == fields(english), key
        assert formulas(other) == formulas(english), key


TITLES = " ".join(title for cell in ar.cells.values() for a in cell.assignments if (title := a.titles.get("fr")))
ENGLISH = letters(" ".join(entries("en").values())) - letters(" ".join(entries("fr").values())) - letters(TITLES)
"""Words that only the English catalogue has, and that no French title of a built-in cell needs."""


def test_the_list_of_english_words_is_long() -> None:
    """Else the next test would say nothing."""
    assert {"the", "and", "step", "through"} <= ENGLISH
    assert len(ENGLISH) > 200


def prose(name: str, detail: str, **options: object) -> str:
    """What a page of a cell says in French, without the cell's source and name, which belong to no language."""
    derivation = ar.cells[name].derive(language="fr", **options)  # type: ignore[arg-type]
    text = text_of(document(derivation, detail, "fr"), "md")
    source = derivation.cell.source or ""
    lines = [line for line in text.splitlines() if line[:30] not in (source[:30], "")]
    inside = " ".join(re.findall(r"\\text\{([^{}]*)\}", text))
    bare = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " ", "\n".join(lines), flags=re.S)
    return f"{bare} {inside}".replace("\\_", "_").replace(name, "")


@pytest.mark.parametrize("name", CELLS)
def test_no_english_word_is_left_on_a_french_page(name: str) -> None:
    """Neither from code nor from a cell that lacks a title in French."""
    for detail in DETAILS:
        assert not letters(prose(name, detail)) & ENGLISH


@pytest.mark.long
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(
    "options", [{"at": "all", "steps": 3}, {"loss": "ce"}, {"loss": None}, {"loss": "sum(exp(y[t]))"}]
)
def test_no_loss_brings_english_back(name: str, options: dict[str, object]) -> None:
    """Nor does any option of a derivation."""
    if options.get("loss") == "sum(exp(y[t]))" and "y" not in ar.cells[name].outputs:
        pytest.skip("the output has another name")
    assert not letters(prose(name, "full", **options)) & ENGLISH


def test_an_english_word_in_a_french_page_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail."""
    assert letters("La cellule reads $x$ and gives") & ENGLISH == {"reads", "and", "gives"}


def test_every_quantity_of_the_built_in_cells_has_a_title_in_every_language() -> None:
    """And so has every cell."""
    for cell in ar.cells.values():
        for language in languages():
            assert language in cell.titles, cell.name
            assert all(assignment.titles.get(language) for assignment in cell.assignments), cell.name


def test_a_missing_title_stands_in_english() -> None:
    """The author wrote one title: it is shown in any language."""
    cell = ar.cell("title: My cell\nh[t] = tanh(W x[t] + U h[t-1])  # own state")
    text = cell.derive(language="fr").to_markdown()
    assert "My cell" in text
    assert "own state" in text
    assert "Rétropropagation" in text


def test_decimals_have_a_comma_in_french() -> None:
    """In errors and in formulas, on every route."""
    page = document(ar.cell("h[t] = 0.5 * h[t-1] + x[t]").derive(language="fr"), "standard", "fr")
    for suffix, half in (("tex", "0{,}5"), ("md", "0{,}5"), ("typ", '"0,5"')):
        text = text_of(page, suffix)
        assert half in text
        assert "0.5" not in re.sub(r"\d+\.\d+(mm|pt|em|ex)|[\d.]+(?=\\)|: [\d.]+", "", text) or suffix != "md"


def test_latex_knows_the_language() -> None:
    """The title of the PDF keeps its accents; words are divided as in French if TeX can."""
    text = ar.cells["rnn"].derive(language="fr").to_latex()
    assert "pdflang={fr}" in text
    assert "pdftitle={Réseau d'Elman : Rétropropagation à travers le temps}" in text
    assert "l@french" in text
    assert "l@english" not in ar.cells["rnn"].derive().to_latex()


def test_a_fragment_survives_active_signs() -> None:
    """French packages make ; and : active; a fragment makes them plain for itself."""
    text = ar.cells["rnn"].derive(language="fr").to_latex(fragment=True)
    assert text.index("\\catcode`\\;=12") < text.index("\\begin{tikzpicture}")


def test_typst_knows_the_language(tmp_path: Path) -> None:
    """The PDF says in which language it is."""
    assert 'lang: "fr"' in text_of(document(ar.cells["rnn"].derive(), language="fr"), "typ")


@pytest.mark.parametrize("language", ["xx", "fra", ""])
def test_an_unknown_language_is_refused(language: str) -> None:
    """With those that there are, and the nearest."""
    with pytest.raises(ar.CellError, match="There are en, fr"):
        ar.cells["rnn"].derive(language=language)
    with pytest.raises(RenderError, match="There are en, fr"):
        Words(language).template("list.and")


def test_a_near_miss_is_named() -> None:
    """``fre`` was meant to be ``fr``."""
    with pytest.raises(ar.CellError, match="Did you mean 'fr'"):
        ar.cells["rnn"].derive(language="fre")
