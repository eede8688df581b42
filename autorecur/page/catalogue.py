"""All words of the page in one language: templates with named fields, read from a data file.

``{name}`` is a field, ``{name:the}`` a title behind its article (see :mod:`autorecur.page.typography`), ``{section_paths}`` a
link to a section of the page, ``$…$`` a formula (see :mod:`autorecur.page.formula`), ``*…*`` emphasis, ``**…**`` strong,
``<back>…</back>`` words in the accent colour, ``<shade>…</shade>`` shaded ones, ``<br>`` a new line. A missing entry or field
is an error.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from autorecur.errors import RenderError
from autorecur.language.nearest import did_you_mean
from autorecur.languages import languages, words_of
from autorecur.page.formula import formula
from autorecur.page.typography import Typography
from autorecur.render.blocks import (
    Coloured,
    Document,
    Emphasis,
    Inline,
    Inlines,
    LineBreak,
    Math,
    Reference,
    RuleReference,
    Screen,
    SectionReference,
    Shaded,
    Strong,
)
from autorecur.symbolic.layout import Layout, Sign, Space, row
from autorecur.symbolic.names import DEFAULT, Notation

Field = "str | int | Layout | Inline | Inlines"
_PIECE = re.compile(r"(\{[a-z_]+(?::[a-z]+)?\}|\$[^$]*\$|\*\*|\*|</?[a-z]+>)")
_FIELD = re.compile(r"\{([a-z_]+)(?::([a-z]+))?\}")
_RULES = ("typography", "noun", "form")
"""The tables that say how the language is written; the others are its words."""
_WRAPS: Mapping[str, Any] = {"**": Strong, "*": Emphasis, "<back>": Coloured, "<shade>": Shaded}
_INLINES = (Math, Reference, RuleReference, SectionReference, Strong, Emphasis, Coloured, Shaded, LineBreak)


@cache
def _catalogue(language: str) -> Mapping[str, Any]:
    if language not in languages():
        known = ", ".join(languages())
        raise RenderError(f"there is no language {language!r}.{did_you_mean(language, languages())} There are {known}.")
    return tomllib.loads(words_of(language))


@cache
def typography(language: str) -> Typography:
    """How a language is written."""
    return Typography.read(_catalogue(language))


@cache
def entries(language: str) -> Mapping[str, str]:
    """Every entry of a language under its dotted key, with the spaces and apostrophes of the language."""
    flat: dict[str, str] = {}
    _flatten("", {key: table for key, table in _catalogue(language).items() if key not in _RULES}, flat)
    rules = typography(language)
    return {key: rules.typeset_template(template) for key, template in flat.items()}


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
    places: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The numbers of the page's sections."""

    @property
    def typography(self) -> Typography:
        return typography(self.language)

    def has(self, key: str) -> bool:
        return key in entries(self.language)

    def template(self, key: str) -> str:
        try:
            return entries(self.language)[key]
        except KeyError:
            raise RenderError(f"the catalogue {self.language!r} has no entry {key!r}") from None

    def text(self, key: str, **fields: str | int) -> str:
        """An entry as plain text."""
        return _FIELD.sub(lambda found: str(self._field(found[0], key, fields)), self.template(key))

    def formula(self, key: str, **fields: Layout) -> Layout:
        """An entry that is a formula as a whole."""
        return formula(self.template(key), self.notation, fields)

    def __call__(self, key: str, **fields: Any) -> Inlines:
        """An entry as prose; fields are words, layouts or pieces of prose."""
        stack: list[tuple[str, list[Inline]]] = [("", [])]
        for part in _PIECE.split(self.template(key)):
            if part:
                self._piece(part, key, fields, stack)
        if len(stack) != 1:
            raise RenderError(f"a mark is left open in the entry {key!r}")
        return _merged(stack[0][1])

    def _piece(self, part: str, key: str, fields: Mapping[str, Any], stack: list[tuple[str, list[Inline]]]) -> None:
        """A field, a formula or a mark put in; what a mark opens is kept until the same mark closes it."""
        opened, items = stack[-1]
        if part[0] == "{":
            items.extend(pieces(self._field(part, key, fields)))
        elif part[0] == "$":
            layouts = {name: value for name, value in fields.items() if isinstance(value, Layout)}
            items.append(Math(formula(part[1:-1], self.notation, layouts)))
        elif part == "<br>":
            items.append(LineBreak())
        elif part == opened or (part.startswith("</") and opened == f"<{part[2:]}"):
            stack.pop()
            stack[-1][1].append(_WRAPS[opened](_merged(items)))
        elif part in _WRAPS:
            stack.append((part, []))
        else:
            items.append(part)

    def _field(self, part: str, key: str, fields: Mapping[str, Any]) -> Any:
        """The value of ``{name}``, of ``{name:form}``, or of ``{section_name}``."""
        found = _FIELD.fullmatch(part)
        assert found is not None
        name, form = found.groups()
        section = name.removeprefix("section_")
        if name in fields:
            value = fields[name]
        elif section != name and section in self.places:
            value = self.section(section)
        else:
            raise RenderError(f"the entry {key!r} needs the field {name!r}")
        if form is None:
            return value
        if form not in self.typography.forms:
            raise RenderError(
                f"the entry {key!r} wants the form {form!r}, which the language {self.language!r} does not have"
            )
        return self.typeset(self.typography.formed(form, str(value)))

    def section(self, key: str) -> SectionReference:
        """A link to a section of the page."""
        number = self.places[key]
        return SectionReference(number, self.text("place.section", number=number))

    def document(self, **parts: Any) -> Document:
        """A document of these parts that is written as the language is."""
        rules = self.typography
        parts.setdefault("screen", self.screen(" ".join(parts["title"].split())))
        return Document(
            language=self.language,
            decimal=rules.decimal,
            joint=rules.typeset(rules.joint),
            patterns=rules.tex,
            even_spaces=rules.even_spaces,
            **parts,
        )

    def screen(self, description: str) -> Screen:
        """The words of a page on a screen."""
        fixed = {key: self.text(f"screen.{key}") for key in ("contents", "skip", "theme", "copy", "copied")}
        return Screen(description, **fixed)

    def typeset(self, text: str) -> str:
        """Text of the author's with the spaces and apostrophes of the language."""
        return self.typography.typeset(text)

    def listed(self, parts: Sequence[Any], word: str = "and") -> Inlines:
        """``a``, ``a and b``, ``a, b and c``."""
        if len(parts) < 2:
            return tuple(piece for part in parts for piece in pieces(part))
        last = f" {self.template(f'list.{word}')} "
        return (*self.joined(parts[:-1]), last, *pieces(parts[-1]))

    def joined(self, parts: Sequence[Any], sign: str = "comma") -> Inlines:
        """``a, b, c``; with ``sign="semicolon"``, ``a; b; c``."""
        items: list[Inline] = []
        for at, part in enumerate(parts):
            if at:
                items.append(self.template(f"list.{sign}"))
            items.extend(pieces(part))
        return tuple(items)

    def components(self, parts: Sequence[Layout]) -> Layout:
        """Numbers that are components of one vector, apart by a sign that is no decimal mark."""
        sign = self.typography.components
        items: list[Layout] = []
        for at, part in enumerate(parts):
            if at:
                items.extend(
                    (Sign(sign, "punct"),) if sign == "," else (Space("thin"), Sign(sign, "punct"), Space("thin"))
                )
            items.append(part)
        return row(*items)

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


def _merged(items: list[Inline]) -> Inlines:
    """Neighbouring words as one string."""
    result: list[Inline] = []
    for item in items:
        if isinstance(item, str) and result and isinstance(result[-1], str):
            result[-1] += item
        else:
            result.append(item)
    return tuple(result)
