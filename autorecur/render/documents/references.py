"""Every reference must have its target: a page never points at an equation that it does not show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from autorecur.errors import RenderError
from autorecur.render.blocks import (
    Document,
    EquationRow,
    Heading,
    Reference,
    RuleReference,
    RuleStatement,
    SectionReference,
)
from autorecur.symbolic.layout import Layout


def equation_key(number: str) -> str:
    return "eq:" + number.strip("()")


def rule_key(name: str) -> str:
    return "rule:" + name


def section_key(number: str) -> str:
    return "sec:" + number


def check_references(document: Document) -> None:
    """Raises where a reference has no target, or two targets have one name."""
    targets: set[str] = set()
    wanted: list[str] = []
    for part in _parts(document):
        for target in _targets(part):
            if target in targets:
                raise RenderError(f"the document has two places called {_spoken(target)}")
            targets.add(target)
        wanted.extend(_wanted(part))
    for reference in wanted:
        if reference not in targets:
            raise RenderError(f"the document refers to {_spoken(reference)}, which it does not have")


def _spoken(key: str) -> str:
    kind, _, name = key.partition(":")
    return {"eq": f"equation ({name})", "rule": f"rule {name}", "sec": f"section {name}"}[kind]


def _targets(part: Any) -> list[str]:
    match part:
        case EquationRow():
            return [equation_key(number) for number in part.numbers]
        case RuleStatement():
            return [rule_key(part.name)]
        case Heading() if part.number:
            return [section_key(part.number)]
    return []


def _wanted(part: Any) -> list[str]:
    match part:
        case Reference():
            return [equation_key(part.number)]
        case RuleReference():
            return [rule_key(part.name)]
        case SectionReference():
            return [section_key(part.number)]
    return []


def _parts(root: object) -> Iterator[Any]:
    """Every block and inline piece of the document, by a stack of its own."""
    stack: list[object] = [root]
    while stack:
        part = stack.pop()
        if isinstance(part, tuple):
            stack.extend(part)
        elif is_dataclass(part) and not isinstance(part, Layout):
            yield part
            stack.extend(getattr(part, field.name) for field in fields(part))
