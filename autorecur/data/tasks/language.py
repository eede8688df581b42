"""Texts from small grammars: dates to translate, opinions to judge, words to tag."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from autorecur.data.arguments import whole
from autorecur.data.sequences import Sequences
from autorecur.data.vocabulary import Vocabulary

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DATE_FORMATS = 8


def dates(count: int = 1000, seed: int = 0) -> Sequences:
    """Dates as people write them, to be translated into 1998-03-03, character by character.

    x: the characters of "3 March 1998", "March 3, 1998", "Tue 3 Mar 1998", "03/03/1998", … (day before month); y: those
    of the ISO date and ``<end>``, 11 tokens (a decoder begins with ``<start>``). Years 1950 to 2049. Both vocabularies
    have ``<pad>`` at 0.

    ``baseline`` is the cross entropy of who knows how often each character occurs in the answers, but not where: 2.3.

    An exercise for encoders and decoders as in Cho et al. (2014) and Sutskever, Vinyals & Le (2014).

    >>> data = dates(count=100, seed=0)
    >>> data.vocabulary.text(data.x[1]), data.target_vocabulary.text(data.y[1])
    ('12.9.2013', '2013-09-12')
    """
    draw = np.random.default_rng(whole("seed", seed, 0))
    first = date(1950, 1, 1)
    span = (date(2050, 1, 1) - first).days
    days = [first + timedelta(days=int(n)) for n in draw.integers(0, span, whole("count", count))]
    written = [_written(day, int(form)) for day, form in zip(days, draw.integers(0, DATE_FORMATS, count), strict=True)]
    source = Vocabulary(_letters(), start=None, end=None)
    target = Vocabulary("-0123456789")
    return Sequences(
        [source.encode(text) for text in written],
        [target.encode(day.isoformat(), end=True) for day in days],
        readout="own",
        kind="tokens",
        vocabulary=source,
        target_vocabulary=target,
    )


def _letters() -> list[str]:
    """Every character that a date may be written with."""
    return sorted({*"".join((*MONTHS, *DAYS)), *"".join(MONTHS).lower(), *"0123456789 ,./-"})


def _written(day: date, form: int) -> str:
    month, weekday, short = MONTHS[day.month - 1], DAYS[day.weekday()], f"{day.year % 100:02d}"
    return (
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{weekday}, {day.day} {month} {day.year}",
        f"{weekday[:3]} {day.day} {month[:3]} {day.year}",
        f"{day.day:02d}/{day.month:02d}/{day.year}",
        f"{day.day}/{day.month}/{day.year}",
        f"{day.day}.{day.month}.{day.year}",
        f"{month[:3].lower()} {day.day} {short}" if day.year >= 2000 else f"{day.day}-{month[:3].lower()}-{day.year}",
    )[form]


GOOD = ("good", "great", "lovely", "clever", "moving", "funny", "brilliant", "charming")
BAD = ("bad", "dull", "awful", "boring", "clumsy", "weak", "flat", "dreadful")
THINGS = ("film", "story", "acting", "music", "plot", "ending", "book", "cast", "dialogue", "first half")
DEGREES = ("", "", "really", "very", "rather", "so")
FRAMES = ("the {thing} was {what}", "the {thing} is {what}", "I found the {thing} {what}", "what {what} , this {thing}")


def sentiment(count: int = 1000, seed: int = 0) -> Sequences:
    """Short reviews made by a grammar: is the opinion positive?

    x: the numbers of 4 to 16 words; y: 0 negative, 1 positive, equally often. "not" turns an opinion round, and what
    comes behind "but" outweighs what stood before it, so that counting good and bad words does not do.

    Who guesses has a cross entropy of ln 2 (``baseline``).

    >>> data = sentiment(count=4, seed=3)
    >>> data.vocabulary.text(data.x[0], between=" "), data.labels[data.y[0]]
    ('the music was rather good', 'positive')
    """
    draw = np.random.default_rng(whole("seed", seed, 0))
    y = draw.permutation(np.arange(whole("count", count)) % 2)
    texts = [_review(draw, bool(label)) for label in y]
    known = " ".join((*GOOD, *BAD, *THINGS, *DEGREES, *FRAMES, "not but and .")).split()
    vocabulary = Vocabulary(sorted({word for word in known if "{" not in word}), start=None, end=None)
    return Sequences(
        [vocabulary.encode(text) for text in texts],
        y,
        readout="last",
        labels=("negative", "positive"),
        vocabulary=vocabulary,
        baseline=float(np.log(2)),
    )


def _review(draw: np.random.Generator, positive: bool) -> list[str]:
    """One clause, two that agree, or one that is outweighed by another."""
    shape = int(draw.integers(3))
    clauses = [_clause(draw, positive)]
    if shape == 1:
        clauses.insert(0, [*_clause(draw, positive), "and"])
    elif shape == 2:
        clauses.insert(0, [*_clause(draw, not positive), ",", "but"])
    return [word for clause in clauses for word in clause]


def _clause(draw: np.random.Generator, positive: bool) -> list[str]:
    turned = draw.random() < 0.4
    words = GOOD if positive != turned else BAD
    degree = "not" if turned else _one_of(draw, DEGREES)
    what = f"{degree} {_one_of(draw, words)}"
    return _one_of(draw, FRAMES).format(thing=_one_of(draw, THINGS), what=what).split()


def _one_of(draw: np.random.Generator, words: Sequence[str]) -> str:
    return words[int(draw.integers(len(words)))]


TAGS = ("DET", "ADJ", "NOUN", "VERB", "ADV", "PREP", "PRON")
WORDS = {
    "DET": ("the", "a", "every", "this"),
    "ADJ": ("old", "small", "red", "quiet", "light"),
    "NOUN": ("cat", "sailor", "garden", "river", "watch", "light", "fish", "walk", "play"),
    "VERB": ("sees", "finds", "follows", "watch", "fish", "walk", "play", "light"),
    "ADV": ("slowly", "often", "fast", "here"),
    "PREP": ("in", "near", "behind", "with"),
    "PRON": ("they", "we", "you", "I"),
}
"""Some words have several tags: "watch", "light", "fish", "walk" and "play" are told apart by what stands before them."""


def tagging(count: int = 1000, seed: int = 0) -> Sequences:
    """Sentences made by a grammar: what part of speech is each word?

    x: the numbers of 2 to 16 words; y: the tag of each (determiner, adjective, noun, verb, adverb, preposition,
    pronoun). A few words are noun or verb, noun or adjective, depending on what stands before them.

    ``baseline`` is the cross entropy of who knows only how often each tag occurs: about 1.8.

    Sentences from a small grammar, read word by word: Elman (1990), Finding structure in time, Cognitive Science 14.

    >>> data = tagging(count=3, seed=1)
    >>> sentence, tags, _ = data[2]
    >>> [f"{word}/{data.labels[tag]}" for word, tag in zip(data.vocabulary.decode(sentence), tags)]
    ['we/PRON', 'fish/VERB', 'this/DET', 'garden/NOUN', 'behind/PREP', 'the/DET', 'garden/NOUN']
    """
    draw = np.random.default_rng(whole("seed", seed, 0))
    sentences = [_sentence(draw) for _ in range(whole("count", count))]
    vocabulary = Vocabulary(sorted({word for words in WORDS.values() for word in words}), start=None, end=None)
    return Sequences(
        [vocabulary.encode([_one_of(draw, WORDS[tag]) for tag in tags]) for tags in sentences],
        [np.array([TAGS.index(tag) for tag in tags]) for tags in sentences],
        readout="every",
        kind="classes",
        labels=TAGS,
        vocabulary=vocabulary,
    )


def _sentence(draw: np.random.Generator) -> list[str]:
    subject = ["PRON"] if draw.random() < 0.4 else _noun_phrase(draw)
    verb = ["ADV", "VERB"] if draw.random() < 0.2 else ["VERB"]
    thing = _noun_phrase(draw) if draw.random() < 0.7 else []
    place = ["PREP", *_noun_phrase(draw)] if draw.random() < 0.4 else []
    return [*subject, *verb, *thing, *place, *(["ADV"] if draw.random() < 0.2 else [])]


def _noun_phrase(draw: np.random.Generator) -> list[str]:
    return ["DET", *["ADJ"] * max(0, int(draw.integers(-1, 3))), "NOUN"]
