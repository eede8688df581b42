"""The catalogue of words: templates become prose, and whatever is missing is an error."""

from __future__ import annotations

import re
from typing import Any

import pytest

from autorecur.errors import RenderError
from autorecur.page.catalogue import Words, entries, languages
from autorecur.render.blocks import Coloured, Emphasis, LineBreak, Math, Strong
from autorecur.symbolic.layout import Ident


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> Words:
    texts = {
        "plain": "a {thing} here",
        "math": "of $x = @value$.",
        "marks": "*one* and **two {thing}**<br><back>three</back>",
        "open": "*one",
        "list.and": "and",
        "list.comma": ", ",
        "number.2": "two",
    }
    monkeypatch.setattr("autorecur.page.catalogue.entries", lambda language: texts)
    return Words()


def test_fields_are_put_in(words: Words) -> None:
    """Words join their neighbours; a layout becomes a formula in the line."""
    assert words("plain", thing="cat") == ("a cat here",)
    assert words("plain", thing=Ident("h")) == ("a ", Math(Ident("h")), " here")
    assert words.text("plain", thing="cat") == "a cat here"


def test_formulas_take_layouts(words: Words) -> None:
    """``@value`` inside a formula is the layout of that name."""
    found = words("math", value=Ident("h"))
    assert found[0] == "of "
    assert isinstance(found[1], Math)


def test_marks_become_pieces_of_prose(words: Words) -> None:
    """Emphasis, strong, colour and line breaks nest around words and fields."""
    found = words("marks", thing="cat")
    assert found == (Emphasis(("one",)), " and ", Strong(("two cat",)), LineBreak(), Coloured(("three",)))


def test_lists_and_small_numbers_are_words(words: Words) -> None:
    """Lists end with the word for and; numbers without a word are digits."""
    assert words.listed(["a", "b", "c"]) == ("a", ", ", "b", " and ", "c")
    assert words.listed(["a"]) == ("a",)
    assert (words.number(2), words.number(99)) == ("two", "99")


@pytest.mark.parametrize(("key", "fields"), [("none", {}), ("plain", {}), ("open", {})])
def test_what_is_missing_is_an_error(words: Words, key: str, fields: dict[str, str]) -> None:
    """No entry, no field, a mark that is never closed: each is refused."""
    with pytest.raises(RenderError):
        words(key, **fields)


def test_a_missing_language_is_an_error() -> None:
    """A language without a file is refused by name."""
    assert "en" in languages()
    with pytest.raises(RenderError, match="'xx'"):
        entries("xx")


def test_every_entry_can_be_read() -> None:
    """All formulas and marks of every language are sound, whatever their fields hold."""
    for language in languages():
        words = Words(language)
        for key, template in entries(language).items():
            fields: dict[str, Any] = {name: Ident("h") for name in re.findall(r"[{@]([a-z_]+)", template)}
            fields |= dict.fromkeys(re.findall(r"\{([a-z_]+):", template), "gate")
            if key == "adjoint.formula":
                assert words.formula(key, **fields)
            else:
                assert words(key, **fields)


def test_every_language_has_every_entry() -> None:
    """A translation is complete or it is not there."""
    for language in languages():
        assert set(entries(language)) == set(entries("en"))
