"""The reason beside an equation: the rules behind its terms, by title and by their names in the appendix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autorecur.page.context import Page, capital
from autorecur.page.rules import rule_keys
from autorecur.render.blocks import Inlines

if TYPE_CHECKING:
    from autorecur.derive.equation import Term


def keys_of(page: Page, terms: Sequence[Term]) -> list[str]:
    """The rules behind some terms, each once; a sum goes without saying where there is more to say."""
    found = list(
        dict.fromkeys(key for term in terms for key in rule_keys(term.rules, term.through or "", page.derivation))
    )
    rest = [key for key in found if key != "sum"]
    return rest or found


def reason(page: Page, terms: Sequence[Term], readers: int = 1, sums: bool = False) -> Inlines:
    """``Matrix product R3; two readers, R1.``"""
    keys = keys_of(page, terms)
    parts: list[Inlines] = [page.rule(key) for key in keys]
    if readers > 1:
        parts.append(page.words("reason.readers", count=page.words.number(readers), rule=page.rule_names(["readers"])))
    if sums:
        parts.append(page.rule("shared"))
    return (*capital(page.words.joined(parts, "semicolon")), ".") if parts else ()


def short_reason(page: Page, terms: Sequence[Term], sums: bool = False) -> Inlines:
    """``R3, R6.``: for the rows below a row that said it in words."""
    keys = keys_of(page, terms) + (["shared"] if sums else [])
    names = page.rule_names(keys)
    return (*names, ".") if names else ()
