"""The lines before the first equation, and the comments behind equations that name quantities."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from autorecur.language.nearest import nearest
from autorecur.language.syntax import Span
from autorecur.language.text import Source

HEADERS = (
    "name",
    "title",
    "source",
    "loss",
    "scalar",
    "function",
    "learned",
    "output",
    "input",
    "target",
    "steps",
    "decay",
)
FREE_TEXTS = ("name", "title", "source")
"""Headers in which every character is text, also #."""

_HEADER = re.compile(r"\s*([^\W\d_][\w .\-]*?)[ \t]*:(?!=)[ \t]*(.*)")
_TITLE = re.compile(r"title\.([a-z]{2,3})")
_COMMENT = re.compile(r"(?:^|\s)#.*")


@dataclass(slots=True)
class Headers:
    """What the headers say; ``spans`` tell where each value stands."""

    values: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)

    def words(self, key: str) -> tuple[str, ...]:
        """The names that a header lists."""
        return tuple(word for word in re.split(r"[\s,]+", self.values.get(key, "")) if word)

    def word_span(self, key: str, word: str) -> Span:
        span = self.spans[key]
        found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", self.values[key])
        start = span.start + (found.start() if found else 0)
        return Span(start, start + len(word))


def header_on(line: str) -> re.Match[str] | None:
    """A match of key and value if this line is a header, not an equation."""
    found = _HEADER.match(line)
    if found is None or "=" in found[1] or "#" in found[1]:
        return None
    return found


def read_header(headers: Headers, source: Source, start: int, found: re.Match[str]) -> None:
    """Add the header on the line that begins at ``start``."""
    key = found[1].lower()
    span = Span(start + found.start(1), start + found.end(1))
    language = _TITLE.fullmatch(key)
    free = language or key in FREE_TEXTS
    value = (found[2] if free else _COMMENT.sub("", found[2])).strip()
    if key not in HEADERS and not language:
        close = nearest(key, (*HEADERS, "title.fr"))
        hint = f"Did you mean '{close}'?" if close else f"Headers are {', '.join(HEADERS)} and title.fr."
        raise source.error(f"there is no header '{found[1]}'.", span, hint=hint)
    if key in headers.spans:
        raise source.error(f"the header '{key}' stands here a second time.", span)
    if not value:
        raise source.error(
            f"the header '{key}' says nothing.", span, hint="Write something behind the colon, or delete the line."
        )
    headers.spans[key] = Span(start + found.start(2), start + found.start(2) + len(value))
    if language or key == "title":
        headers.titles[language[1] if language else "en"] = value
    else:
        headers.values[key] = value


def read_titles(comment: str) -> dict[str, str]:
    """``output gate | porte de sortie``: English before the bar, French behind it."""
    english, _, french = (part.strip() for part in comment.partition("|"))
    return {language: text for language, text in (("en", english), ("fr", french)) if text}


def write_titles(titles: dict[str, str]) -> str:
    """The comment that says these titles, or nothing."""
    if "fr" in titles:
        return f"{titles.get('en', '')} | {titles['fr']}".strip()
    return titles.get("en", "")
