"""All words of the page in one language: templates with named fields, read from a data file.

``{name}`` is a field, ``$…$`` a formula (see :mod:`autorecur.page.formula`), ``*…*`` emphasis, ``**…**`` strong,
``<back>…</back>`` words in the accent colour, ``<shade>…</shade>`` shaded ones, ``<br>`` a new line. A missing entry or field
is an error.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from autorecur.errors import RenderError
from autorecur.page.formula import formula
from autorecur.render.blocks import (
    Coloured,
    Emphasis,
    Inline,
    Inlines,
    LineBreak,
    Math,
    Reference,
    RuleReference,
    SectionReference,
    Shaded,
    Strong,
)
from autorecur.symbolic.layout import Layout
from autorecur.symbolic.names import DEFAULT, Notation

Field = "str | int | Layout | Inline | Inlines"
_PIECE = re.compile(r"(\{[a-z_]+\}|\$[^$]*\$|\*\*|\*|</?[a-z]+>)")
_WRAPS: Mapping[str, Any] = {"**": Strong, "*": Emphasis, "<back>": Coloured, "<shade>": Shaded}
_INLINES = (Math, Reference, RuleReference, SectionReference, Strong, Emphasis, Coloured, Shaded, LineBreak)


@cache
def entries(language: str) -> Mapping[str, str]:
    """Every entry of a language under its dotted key."""
    source = files(__package__).joinpath("words", f"{language}.toml")
    if not source.is_file():
        raise RenderError(f"there is no catalogue of words for the language {language!r}")
    flat: dict[str, str] = {}
    _flatten("", tomllib.loads(source.read_text(encoding="utf-8")), flat)
    return flat


def languages() -> tuple[str, ...]:
    found = (entry.name for entry in files(__package__).joinpath("words").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def _flatten(prefix: str, table: Mapping[str, Any], flat: dict[str, str]) -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            _flatten(f"{prefix}{key}.", value, flat)
        else:
            flat[prefix + key] = str(value)


@dataclass(frozen=True)
class Words:
    """The catalogue of one language, with formulas in one notation."""

    language: str = "en"
    notation: Notation = DEFAULT

    def has(self, key: str) -> bool:
        return key in entries(self.language)

    def template(self, key: str) -> str:
        try:
            return entries(self.language)[key]
        except KeyError:
            raise RenderError(f"the catalogue {self.language!r} has no entry {key!r}") from None

    def text(self, key: str, **fields: str | int) -> str:
        """An entry as plain text."""
        try:
            return self.template(key).format_map(fields)
        except KeyError as missing:
            raise RenderError(f"the entry {key!r} needs the field {missing}") from None

    def formula(self, key: str, **fields: Layout) -> Layout:
        """An entry that is a formula as a whole."""
        return formula(self.template(key), self.notation, fields)

    def __call__(self, key: str, **fields: Any) -> Inlines:
        """An entry as prose; fields are words, layouts or pieces of prose."""
        return _read(self.template(key), key, self.notation, fields)

    def listed(self, parts: Sequence[Any], word: str = "and") -> Inlines:
        """``a``, ``a and b``, ``a, b and c``."""
        if not parts:
            return ()
        items = list(pieces(parts[0]))
        last = f" {self.template(f'list.{word}')} "
        for i, part in enumerate(parts[1:], 2):
            items.append(last if i == len(parts) else ", ")
            items.extend(pieces(part))
        return tuple(items)

    def number(self, count: int) -> str:
        """Small numbers as words."""
        key = f"number.{count}"
        return self.template(key) if self.has(key) else str(count)


def pieces(value: Any) -> Inlines:
    """A field's value as pieces of prose."""
    if isinstance(value, Layout):
        return (Math(value),)
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, int):
        return (str(value),)
    if isinstance(value, _INLINES):
        return (value,)
    return tuple(piece for part in value for piece in pieces(part))


def _read(template: str, key: str, notation: Notation, fields: Mapping[str, Any]) -> Inlines:
    """Fields, formulas and marks put in; what a mark opens is kept until the same mark closes it."""
    stack: list[tuple[str, list[Inline]]] = [("", [])]
    for part in _PIECE.split(template):
        if not part:
            continue
        opened, items = stack[-1]
        if part[0] == "{":
            name = part[1:-1]
            if name not in fields:
                raise RenderError(f"the entry {key!r} needs the field {name!r}")
            items.extend(pieces(fields[name]))
        elif part[0] == "$":
            layouts = {name: value for name, value in fields.items() if isinstance(value, Layout)}
            items.append(Math(formula(part[1:-1], notation, layouts)))
        elif part == "<br>":
            items.append(LineBreak())
        elif part == opened or (part.startswith("</") and opened == f"<{part[2:]}"):
            stack.pop()
            stack[-1][1].append(_WRAPS[opened](_merged(items)))
        elif part in _WRAPS:
            stack.append((part, []))
        else:
            items.append(part)
    if len(stack) != 1:
        raise RenderError(f"a mark is left open in the entry {key!r}")
    return _merged(stack[0][1])


def _merged(items: list[Inline]) -> Inlines:
    """Neighbouring words as one string."""
    result: list[Inline] = []
    for item in items:
        if isinstance(item, str) and result and isinstance(result[-1], str):
            result[-1] += item
        else:
            result.append(item)
    return tuple(result)
