"""How a language is written: the spaces that do not break before its signs, its apostrophe, the articles of its nouns.

The rules are data, the tables ``[typography]``, ``[noun]`` and ``[form.…]`` of a catalogue of words; nothing here knows a
language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NO_BREAK = "\u00a0"
NARROW = "\u202f"

_FORMULA = re.compile(r"(\$[^$]*\$)")
_WORDS_IN_FORMULA = re.compile(r"\\text\{[^{}]*\}")


@dataclass(frozen=True)
class Typography:
    """``narrow`` and ``wide`` are signs before which an ordinary space becomes a narrow one, or one as wide, that does not
    break; ``behind`` are those with such a space behind them. Spaces are never added or left out: text that another
    language wrote stays as it is."""

    decimal: str = "."
    components: str = ","
    """Between numbers that are components of a vector."""
    joint: str = ": "
    """Between a title and what continues it."""
    narrow: str = ""
    wide: str = ""
    behind: str = ""
    apostrophe: str = "'"
    tex: str = ""
    """What TeX calls the language's patterns of hyphenation."""
    even_spaces: bool = False
    """Whether the space behind a full stop is as wide as any other."""
    nouns: Mapping[str, str] = field(default_factory=dict)
    """Kinds of nouns in order, with the pattern of their beginning."""
    article: str = ""
    """The pattern of an article that an author may have written before a noun."""
    forms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What stands before a noun of each kind, by the name of the form."""

    @classmethod
    def read(cls, catalogue: Mapping[str, Any]) -> Typography:
        nouns = dict(catalogue.get("noun", {}))
        article = nouns.pop("article", "")
        return cls(**catalogue.get("typography", {}), nouns=nouns, article=article, forms=catalogue.get("form", {}))

    def typeset(self, text: str) -> str:
        """Plain text with the spaces and apostrophes of the language."""
        for signs, space in ((self.narrow, NARROW), (self.wide, NO_BREAK)):
            if signs:
                text = re.sub(f" (?=[{re.escape(signs)}])", space, text)
        if self.behind:
            text = re.sub(f"(?<=[{re.escape(self.behind)}]) ", NO_BREAK, text)
        return re.sub(r"(?<=\w)'", self.apostrophe, text) if self.apostrophe != "'" else text

    def typeset_template(self, template: str) -> str:
        """The same for an entry of the catalogue: in a formula only the words are text."""
        parts = _FORMULA.split(template)
        for at, part in enumerate(parts):
            if at % 2:
                parts[at] = _WORDS_IN_FORMULA.sub(lambda found: self.typeset(found[0]), part)
            else:
                parts[at] = self.typeset(part)
        return "".join(parts)

    def formed(self, form: str, noun: str) -> str:
        """A noun behind its article; one that the author wrote says the kind, and is left out."""
        for kind, pattern in self.nouns.items():
            if re.match(pattern, noun):
                own = re.match(self.article, noun) if self.article else None
                return self.forms[form][kind] + (noun[own.end() :] if own else noun)
        raise KeyError(form)
