"""Who reads a quantity, in words and as labels under the terms of its adjoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sympy import Integer

from autorecur.derive.decay import PENALTY
from autorecur.page.context import Page, capital
from autorecur.render.blocks import Inlines, Math, Reference
from autorecur.symbolic import carriers as c
from autorecur.symbolic.carriers import TimeSum
from autorecur.symbolic.layout import Layout, Row, Words, row

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation, Term
    from autorecur.graph.range import Bound


@dataclass(frozen=True)
class Reader:
    """The equation of ``name`` at step t + ``offset`` reads the quantity."""

    name: str
    offset: int
    boundary: Bound | None = None
    """The step at which another part of a frame reads it."""


def readers(page: Page, name: str) -> list[Reader]:
    """Every reader that sends something back, those of the same step first."""
    adjoint = page.derivation.adjoints.get(name)
    if adjoint is None:
        return []
    found = dict.fromkeys(Reader(part.through[0], part.offset, part.boundary) for part in adjoint.contributions)
    return sorted(found, key=lambda reader: abs(reader.offset))


def sentence(page: Page, name: str) -> Inlines:
    """``Two equations read h_t: the output (2) of the same step, and the pre-activation (3) of the next.``"""
    found = readers(page, name)
    quantity = Math(page.name(name))
    if not found:
        return page.words("readers.none", quantity=quantity)
    crossing = [reader for reader in found if reader.boundary is not None]
    found = [reader for reader in found if reader.boundary is None]
    if crossing:
        return _with_crossing(page, name, found, crossing)
    offsets = list(dict.fromkeys(reader.offset for reader in found))
    if len(found) == 1:
        (reader,) = found
        what = equations(page, [reader.name])
        if reader.offset == 0:
            return page.words("readers.one", equation=what, quantity=quantity)
        return page.words("readers.one_other", equation=what, quantity=quantity, step=page.from_step(reader.offset))
    parts = []
    for offset in offsets:
        what = equations(page, [reader.name for reader in found if reader.offset == offset])
        parts.append(
            page.words("readers.of_same", equations=what)
            if offset == 0
            else page.words("readers.of_other", equations=what, step=page.from_step(offset))
        )
    if len(offsets) == 1 and offsets[0] == 0:
        parts = [equations(page, [reader.name for reader in found])]
    count = page.words.number(len(found))
    return capital(page.words("readers.many", count=count, quantity=quantity, list=page.words.listed(parts)))


def _with_crossing(page: Page, name: str, own: Sequence[Reader], crossing: Sequence[Reader]) -> Inlines:
    """Who reads a quantity in its own part, and who in another part, at one step of it."""
    parts = []
    for offset in dict.fromkeys(reader.offset for reader in own):
        what = equations(page, [reader.name for reader in own if reader.offset == offset])
        key = "readers.of_other" if offset else "readers.of_same"
        parts.append(page.words(key, equations=what, **({"step": page.from_step(offset)} if offset else {})))
    for bound in dict.fromkeys(reader.boundary for reader in crossing):
        assert bound is not None
        what = equations(page, [reader.name for reader in crossing if reader.boundary == bound])
        parts.append(page.words("frames.crossing", equations=what, step=page.bound(bound, name)))
    count = len(own) + len(crossing)
    key = "frames.reader" if count == 1 else "readers.many"
    fields = {"count": page.words.number(count), "quantity": Math(page.name(name)), "list": page.words.listed(parts)}
    return capital(page.words(key, **fields))


def equations(page: Page, names: Sequence[str]) -> Inlines:
    """``the output (2)`` and ``the pre-activations (8)–(11)``: kinds of a sort together."""
    shared = [name for name in names if page.kind(name) == "preactivation"]
    parts: list[Inlines] = []
    for name in names:
        if name in shared and len(shared) > 1:
            if name == shared[0]:
                links = page.references(shared)
                parts.append((*page.words("called.preactivations"), *((" ", *links) if links else ())))
            continue
        links = page.reference(name)
        parts.append((*page.called(name), *((" ", *links) if links else ())))
    return page.words.listed(parts)


def labels(page: Page, equation: Equation) -> list[Layout | None] | None:
    """A label under each term, if there are several: through which equation it came, or from which step."""
    terms = equation.terms
    if len(terms) < 2 or equation.altered or page.brief:
        return None
    if any(term.through == PENALTY for term in terms):
        return _beside_penalty(page, equation)
    others = [term for term in terms if term.offset]
    short = len(terms) > 2
    result: list[Layout | None] = []
    for term in terms:
        if term.offset and len(others) == 1:
            step = page.composer.at(equation.lhs.step + term.offset)
            result.append(_mixed(page.words("label.from_step", step=step)))
        else:
            result.append(_through(page, equation, term, short))
    # Two readers of one title: the reader's kind tells them apart.
    return [
        _by_kind(page, equation, term) if label is not None and result.count(label) > 1 else label
        for term, label in zip(terms, result, strict=True)
    ]


def _beside_penalty(page: Page, equation: Equation) -> list[Layout | None]:
    """The label of the term of weight decay, and those of the others if there are several."""
    rest = [term for term in equation.terms if term.through != PENALTY]
    found = iter(labels(page, replace(equation, terms=tuple(rest))) or [None] * len(rest))
    penalty = Words(page.words.text("decay.label"))
    return [penalty if term.through == PENALTY else next(found) for term in equation.terms]


def _by_kind(page: Page, equation: Equation, term: Term) -> Layout:
    name = (term.through or "").split(">")[0]
    if page.kind(name) == "cell":
        return _through(page, equation, term, False)
    return _named(page, equation, term, name)


def _through(page: Page, equation: Equation, term: Term, short: bool) -> Layout:
    name = (term.through or "").split(">")[0]
    if name == page.derivation.loss.name:
        return Words(page.words.text("label.loss" if short else "label.through_loss"))
    if _shared(page, name):
        return _named(page, equation, term, name)
    title = page.title(page.owner(name))
    if not title:
        return _named(page, equation, term, page.owner(name))
    return Words(title if short else page.words.text("label.through", title=title))


def _named(page: Page, equation: Equation, term: Term, name: str) -> Layout:
    """``through a_{t+1}``: a quantity at the step of this term."""
    lhs = getattr(equation.lhs, "step", None)
    if lhs is not None:
        step = lhs + term.offset
    elif term.steps is not None and term.steps.single and not isinstance(term.expression, TimeSum):
        bound = term.steps.first
        step = c.T + bound.offset if bound.from_end else Integer(bound.offset)
    else:
        step = c.t
    return _mixed(page.words("label.through_name", name=page.name(name, step)))


def _shared(page: Page, name: str) -> bool:
    """A part of several equations, such as a stack that two gates read: it belongs to none of them."""
    return page.kind(name) in ("operand", "stack", "factor") and len(readers(page, name)) > 1


def _mixed(inlines: Inlines) -> Layout:
    """Prose with formulas as one layout."""
    items: list[Layout] = []
    for piece in inlines:
        if isinstance(piece, Math):
            items.append(piece.layout)
        elif isinstance(piece, Reference):
            items.append(Words(f"({piece.number})"))
        elif isinstance(piece, str):
            items.append(Words(piece))
    return items[0] if len(items) == 1 else Row(tuple(items)) if items else row()
