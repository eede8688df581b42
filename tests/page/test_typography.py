"""How a language is written: spaces that do not break, apostrophes, articles; all of it data of its catalogue."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autorecur.languages import languages
from autorecur.page.catalogue import Words, entries, typography
from autorecur.page.typography import NARROW, NO_BREAK, Typography
from autorecur.symbolic.layout import Num, Row

FRENCH = typography("fr")
PROSE = st.text(st.sampled_from("aé '’;:!?«»,.  12\u00a0\u202f"))


@given(PROSE)
def test_no_line_breaks_before_a_french_sign(text: str) -> None:
    """No ordinary space is left before ; : ? ! », nor behind «."""
    assert not re.search(r" [;:?!»]|« ", FRENCH.typeset(text))


@given(PROSE)
def test_only_spaces_and_apostrophes_change(text: str) -> None:
    """Nothing is added and nothing lost; what is set once stays as it is."""
    done = FRENCH.typeset(text)
    plain = str.maketrans({NARROW: " ", NO_BREAK: " ", "’": "'"})
    assert done.translate(plain) == text.translate(plain)
    assert FRENCH.typeset(done) == done


@given(PROSE)
def test_english_is_left_as_it_is(text: str) -> None:
    """English has no such rules."""
    assert typography("en").typeset(text) == text


def test_the_french_spaces_are_those_of_the_printers() -> None:
    """Narrow before ; ? !, wide before : and inside quotation marks; the apostrophe is a curved one."""
    assert (
        FRENCH.typeset("Qu'est-ce ? « non » : oui ; là !")
        == "Qu’est-ce\u202f? «\u00a0non\u00a0»\u00a0: oui\u202f; là\u202f!"
    )


def test_formulas_keep_their_signs() -> None:
    """A prime is no apostrophe and a formula has no spaces of prose; its words have them."""
    assert (
        FRENCH.typeset_template("l'a $f' : g'$ b : $x \\text{l'un : }$")
        == "l’a $f' : g'$ b\u00a0: $x \\text{l’un\u00a0: }$"
    )


@pytest.mark.parametrize(
    ("title", "le", "du"),
    [
        ("porte d'oubli", "la porte d'oubli", "de la porte d'oubli"),
        ("état caché", "l'état caché", "de l'état caché"),
        ("entrée", "l'entrée", "de l'entrée"),
        ("candidat", "le candidat", "du candidat"),
        ("unités cachées", "les unités cachées", "des unités cachées"),
        ("normalisation", "la normalisation", "de la normalisation"),
        ("horloge", "l'horloge", "de l'horloge"),
        ("haut de la pile", "le haut de la pile", "du haut de la pile"),
        ("biais", "le biais", "du biais"),
        ("la grille", "la grille", "de la grille"),
        ("l’écart", "l'écart", "de l'écart"),
    ],
)
def test_titles_have_their_article(title: str, le: str, du: str) -> None:
    """By the beginning of the noun; an article that the author wrote is kept, and not said twice."""
    assert (FRENCH.formed("le", title), FRENCH.formed("du", title)) == (le, du)


def test_an_english_title_has_the() -> None:
    """Once, if the author wrote it."""
    assert [typography("en").formed("the", title) for title in ("gate", "the gate")] == ["the gate", "the gate"]


def test_every_form_knows_every_kind_of_noun() -> None:
    """And the last kind takes whatever the others leave."""
    for language in languages():
        rules = typography(language)
        assert list(rules.nouns.values())[-1] == ""
        assert all(set(form) == set(rules.nouns) for form in rules.forms.values())


def test_every_language_says_how_it_is_written() -> None:
    """No rule of typography is left to chance."""
    for language in languages():
        rules = typography(language)
        assert rules.tex
        assert rules.components != rules.decimal
        assert isinstance(rules, Typography)


def test_the_catalogues_are_typed_with_spaces_before_signs() -> None:
    """Every entry in French has its space before ; : ? ! and its closing quotation mark."""
    for key, entry in entries("fr").items():
        for part in re.split(r"\$[^$]*\$", entry):
            bare = re.sub(r"\{[a-z_]+(:[a-z]+)?\}", "x", part)
            assert not re.search(r"[^\u202f][;?!%]|[^\u00a0][:»]|«[^\u00a0]", bare), key


def test_components_are_apart_by_what_is_no_decimal_mark() -> None:
    """``0.5, 0.3`` in English and ``0,5 ; 0,3`` in French."""
    english, french = (Words(language).components([Num("0.5"), Num("0.3")]) for language in ("en", "fr"))
    assert isinstance(english, Row)
    assert isinstance(french, Row)
    assert (len(english.items), len(french.items)) == (3, 5)
