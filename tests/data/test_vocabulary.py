"""Vocabularies: tokens to numbers and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autorecur as ar
from autorecur.data import Vocabulary


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5))
def test_a_text_of_known_characters_comes_back(texts: list[str]) -> None:
    """Encoding and decoding are inverse, with start and end around the text and padding behind it."""
    vocabulary = Vocabulary.of(texts)
    for text in texts:
        numbers = vocabulary.encode(text, start=True, end=True)
        assert numbers[0] == vocabulary["<start>"]
        assert vocabulary.text([*numbers, 0, 0]) == text


def test_frequent_tokens_come_first_and_rare_ones_are_unknown() -> None:
    """By count, then by the alphabet; ``min_count`` and ``most`` cut."""
    words = [["the", "cat", "saw", "the", "dog"], ["the", "dog", "ran"]]
    assert Vocabulary.of(words).tokens[4:] == ("the", "dog", "cat", "ran", "saw")
    few = Vocabulary.of(words, min_count=2)
    assert few.decode(few.encode(["the", "cat"])) == ["the", "<unk>"]
    assert Vocabulary.of(words, most=1).tokens[4:] == ("the",)


def test_padding_is_number_zero() -> None:
    """As ``Embedding(padding_idx=0)`` and the padding of batches want it."""
    assert Vocabulary.of(["abc"])["<pad>"] == 0


def test_specials_can_be_left_out_or_named() -> None:
    """Without a special token for the unknown, an unknown token is an error with a near miss."""
    vocabulary = Vocabulary(["north", "south"], padding=None, unknown=None, start="<s>", end=None)
    assert vocabulary.tokens == ("<s>", "north", "south")
    with pytest.raises(ar.ArgumentError, match=r"the token 'nort' is not in this vocabulary. Did you mean 'north'\?"):
        vocabulary.encode(["nort"])
    with pytest.raises(ar.ArgumentError, match="this vocabulary has no end: make it with end='<end>'"):
        vocabulary.encode(["north"], end=True)


def test_a_vocabulary_is_saved_and_loaded(tmp_path: Path) -> None:
    """As JSON, with its special tokens."""
    vocabulary = Vocabulary("éß☂", unknown="?", end=None)
    vocabulary.save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json") == vocabulary


@pytest.mark.parametrize("text", ["", "[]", '{"tokens": []}', '{"format": "autorecur vocabulary 1", "token": []}'])
def test_what_is_no_vocabulary_is_refused(tmp_path: Path, text: str) -> None:
    """With the path, and no traceback from inside."""
    path = tmp_path / "v.json"
    path.write_text(text)
    with pytest.raises(ar.ArgumentError, match=r"v\.json: .*vocabulary"):
        Vocabulary.load(path)


def test_what_makes_no_sense_is_refused() -> None:
    """Tokens that stand twice, numbers that no token has, one text where several are meant."""
    with pytest.raises(ar.ArgumentError, match="the token 'a' stands twice"):
        Vocabulary("aba")
    with pytest.raises(ar.ArgumentError, match=r"no token has the number 9 \(at index 1\): there are 5"):
        Vocabulary("a").decode([0, 9])
    with pytest.raises(ar.DtypeError, match=r"write \[text\]"):
        Vocabulary.of("text")
