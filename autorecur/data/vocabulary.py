"""Tokens and their numbers: words or characters, with what stands for the unknown, padding, start and end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autorecur.data.arguments import whole
from autorecur.errors import ArgumentError, DtypeError
from autorecur.language.nearest import did_you_mean
from autorecur.tape.numbers import Array

PADDING, UNKNOWN, START, END = "<pad>", "<unk>", "<start>", "<end>"
FORMAT = "autorecur vocabulary 1"


class Vocabulary:
    """Numbers for tokens: ``Vocabulary(tokens)`` in the order given, or :meth:`of` texts, the most frequent first.

    ``padding`` is number 0 where it is used; ``unknown`` stands for every token that is not known, ``start`` and ``end`` are
    put around a text by ``encode(…, start=True, end=True)``. Each may be None: then there is none.

    Raises ArgumentError for a token that stands twice.

    >>> import autorecur as ar
    >>> letters = ar.data.Vocabulary("abc", padding=None, start=None, end=None)
    >>> letters.encode("cabd"), letters.decode([2, 0, 1])
    (array([3, 1, 2, 0]), ['b', '<unk>', 'a'])
    """

    def __init__(
        self,
        tokens: Iterable[str] = (),
        *,
        padding: str | None = PADDING,
        unknown: str | None = UNKNOWN,
        start: str | None = START,
        end: str | None = END,
    ) -> None:
        self.padding, self.unknown, self.start, self.end = padding, unknown, start, end
        self.specials = tuple(token for token in (padding, unknown, start, end) if token is not None)
        self.tokens: tuple[str, ...] = (*self.specials, *tokens)
        """Every token, at its number."""
        self._numbers: dict[str, int] = {}
        for i, token in enumerate(self.tokens):
            if not isinstance(token, str):
                raise DtypeError(f"a token is a text, not {token!r:.60}")
            if self._numbers.setdefault(token, i) != i:
                raise ArgumentError(f"the token {token!r} stands twice in this vocabulary")

    @classmethod
    def of(
        cls,
        texts: Iterable[str | Sequence[str]],
        *,
        min_count: int = 1,
        most: int | None = None,
        **specials: str | None,
    ) -> Vocabulary:
        """The tokens of ``texts``: of a text its characters, of a list of words the words.

        The most frequent stand first, equally frequent ones in alphabetical order. Tokens that occur less often than
        ``min_count`` times, or are not among the ``most`` frequent, are left to ``unknown``.

        >>> Vocabulary.of([["to", "be"], ["or", "not", "to", "be"]], min_count=2).tokens
        ('<pad>', '<unk>', '<start>', '<end>', 'be', 'to')

        From texts of one's own to a data set, by :func:`autorecur.data.words`:

        >>> import autorecur as ar
        >>> texts = [ar.data.words(text) for text in ("A fine film!", "How dull.")]
        >>> vocabulary = Vocabulary.of(texts)
        >>> ar.data.Sequences([vocabulary.encode(text) for text in texts], [1, 0], vocabulary=vocabulary)
        <2 sequences of 3 to 4 steps of tokens of 11; 2 classes, one a sequence>
        """
        if isinstance(texts, str):
            raise DtypeError("texts is a list of texts, and this is one: write [text]")
        least = whole("min_count", min_count)
        reserved = cls((), **specials).specials
        counts = Counter(token for text in texts for token in text)
        ranked = sorted(counts, key=lambda token: (-counts[token], token))
        kept = [token for token in ranked if counts[token] >= least and token not in reserved]
        return cls(kept if most is None else kept[: whole("most", most)], **specials)

    @classmethod
    def characters(cls, *texts: str, min_count: int = 1, **specials: str | None) -> Vocabulary:
        """The characters of texts in the order of Unicode, without padding, start and end unless they are asked for.

        >>> Vocabulary.characters("banana").tokens
        ('<unk>', 'a', 'b', 'n')
        """
        counts = Counter(character for text in texts for character in text)
        kept = sorted(character for character, count in counts.items() if count >= whole("min_count", min_count))
        chosen: dict[str, str | None] = {"padding": None, "start": None, "end": None, **specials}
        return cls(kept, **chosen)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self.tokens)

    def __getitem__(self, token: str) -> int:
        """The number of a token, that of the unknown for one that is not there; raises ArgumentError if there is none."""
        found = self._numbers.get(token)
        if found is None:
            if self.unknown is None:
                hint = did_you_mean(token, self.tokens) if isinstance(token, str) else ""
                raise ArgumentError(f"the token {token!r:.60} is not in this vocabulary.{hint}")
            found = self._numbers[self.unknown]
        return found

    def encode(self, text: Iterable[str], start: bool = False, end: bool = False) -> Array:
        """The numbers of a text's characters or of a list of words, (T,) integers."""
        before = [self._special("start")] if start else []
        after = [self._special("end")] if end else []
        return np.array([*before, *(self[token] for token in text), *after], dtype=np.int64)

    def decode(self, numbers: Any, specials: bool = True) -> list[str]:
        """The tokens with these numbers; without ``specials`` those of the text alone, up to the end.

        Raises ArgumentError, with the place, for a number that no token has.
        """
        found = []
        for place, number in enumerate(np.asarray(numbers).reshape(-1).tolist()):
            if not isinstance(number, int) or not 0 <= number < len(self):
                raise ArgumentError(f"no token has the number {number!r} (at index {place}): there are {len(self)}")
            token = self.tokens[number]
            if not specials and token == self.end:
                break
            if specials or token == self.unknown or token not in self.specials:
                found.append(token)
        return found

    def text(self, numbers: Any, between: str = "") -> str:
        """The text that these numbers stand for: characters, or words with a space ``between``."""
        return between.join(self.decode(numbers, specials=False))

    def save(self, path: str | Path) -> None:
        """Writes the vocabulary as JSON, whole or not at all."""
        held = {
            "format": FORMAT,
            "padding": self.padding,
            "unknown": self.unknown,
            "start": self.start,
            "end": self.end,
            "tokens": list(self.tokens[len(self.specials) :]),
        }
        from autorecur.render.writing import write_text

        write_text(path, json.dumps(held, ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def load(cls, path: str | Path) -> Vocabulary:
        """Reads what :meth:`save` wrote; raises ArgumentError for anything else."""
        try:
            held = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ArgumentError(f"{path}: no vocabulary, for it is no JSON ({error})") from None
        if not isinstance(held, dict) or held.pop("format", None) != FORMAT:
            raise ArgumentError(f"{path}: no vocabulary of this version; Vocabulary.save writes one")
        try:
            return cls(held.pop("tokens"), **held)
        except (KeyError, TypeError) as error:
            raise ArgumentError(f"{path}: a damaged vocabulary ({error})") from None

    def _special(self, which: str) -> int:
        token = getattr(self, which)
        if token is None:
            raise ArgumentError(f"this vocabulary has no {which}: make it with {which}='<{which}>'")
        return self._numbers[token]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return (self.tokens, self.specials) == (other.tokens, other.specials)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = " ".join(repr(token) for token in self.tokens[:8])
        return f"<vocabulary of {len(self)} tokens: {shown}{' …' if len(self) > 8 else ''}>"
