"""Two cells side by side on one page: equations, counts, paths from step to step with their bounds, measured gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from autorecur.page.catalogue import Words
from autorecur.page.context import STANDARD, Page, require_passed
from autorecur.page.counts import counts_of, polynomial
from autorecur.page.flows import flow_plot
from autorecur.page.rules import rule_book, scientific_number
from autorecur.page.vanishing import LE
from autorecur.render.blocks import Document, Inlines, Math, Paragraph, Table, TableRow
from autorecur.symbolic import carriers as c
from autorecur.symbolic.display import compose_sides
from autorecur.symbolic.layout import Fence, Layout, Num, Sign, Space, binary, relation, row
from autorecur.vanishing.flow import STEPS, Curve, flow

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation
    from autorecur.language.cell import Cell

Pair = tuple[Page, Page]
DISTANCES = (2, 10, STEPS)
TERMS = 2
COUNTED = ("states", "gates", "parameters", "kept", "forward", "backward")


def comparison(first: Cell, second: Cell, language: str = "en", seed: int = 0) -> Document:
    """One page about two cells; both derivations must pass their checks, the bounds among them."""
    pages = (
        _page(first.derive(language=language), language, seed),
        _page(second.derive(language=language), language, seed),
    )
    words = Words(language)
    titles = [page.headline() for page in pages]
    measured = flow([first, second], seed=seed)
    header: TableRow = ((), (titles[0],), (titles[1],))
    groups = tuple(
        tuple(rows)
        for rows in (
            _equations(pages, words),
            _counts(pages, words),
            _paths(pages, words),
            _norms(pages, words, measured.curves),
        )
    )
    checked = str(sum(len(page.report.checks) for page in pages))
    error = scientific_number(max(page.report.max_error for page in pages))
    return words.document(
        title=words.text("comparison.title", first=titles[0], second=titles[1]),
        blocks=(
            Table(header, tuple(group for group in groups if group), "lll", full=True),
            flow_plot(measured, words, 230.0, 110.0),
            Paragraph(words("comparison.checked", checks=checked, error=error, seed=str(seed))),
        ),
        footer=words.text("comparison.title", first=titles[0], second=titles[1]),
    )


def _page(derivation: Derivation, language: str, seed: int) -> Page:
    report = derivation.verify(seed, bounds=True)
    require_passed(report)
    notation = derivation.naming
    words = Words(language, notation.in_line, {})
    return Page(derivation, notation, words, STANDARD, report, rule_book(derivation))


def _equations(pages: Pair, words: Words) -> Iterator[TableRow]:
    lines = [[compose_sides(e, page.notation) for e in page.section("cell")] for page in pages]
    label = words("comparison.equations")
    for left, right in zip_longest(*lines):
        yield (label, _equation(left), _equation(right))
        label = ()


def _equation(sides: tuple[Layout, Layout] | None) -> Inlines:
    return () if sides is None else (Math(row(sides[0], relation("="), sides[1])),)


def _counts(pages: Pair, words: Words) -> Iterator[TableRow]:
    found = [{count.key: count for count in counts_of(page)} for page in pages]
    for key in COUNTED:
        cells: list[Inlines] = []
        for page, known in zip(pages, found, strict=True):
            count = known.get(key)
            shown = None if count is None else count.shown or polynomial(page, count.amount)
            cells.append(("—",) if shown is None else (Math(shown),))
        yield (words(f"comparison.{key}"), cells[0], cells[1])


def _paths(pages: Pair, words: Words) -> Iterator[TableRow]:
    """For every block the number of paths, the direct one, and the bound."""
    lines = [list(_bounds(page, words)) for page in pages]
    label = words("comparison.paths")
    for left, right in zip_longest(*lines, fillvalue=()):
        yield (label, left, right)
        label = ()


def _bounds(page: Page, words: Words) -> Iterator[Inlines]:
    """A line for each two terms, so that columns stay narrow."""
    bounds = page.derivation.bounds
    if bounds.reason:
        yield words("comparison.unbounded")
    for block in bounds.blocks:
        top, bottom = page.name(block.top), page.name(block.bottom, c.t - 1)
        quotient = row(Sign("partial"), top, Sign("/"), Sign("partial"), bottom)
        count = len(block.chains)
        many = words("comparison.many" if count > 1 else "comparison.one", count=words.number(count))
        terms = [page.composer(term.expression) for term in block.equation.terms]
        for at in range(0, len(terms), TERMS):
            items: list[Layout] = [Fence(quotient, "norm", 1), LE] if at == 0 else [Space("quad"), binary("+")]
            for i, term in enumerate(terms[at : at + TERMS]):
                items.extend((binary("+"), term) if i else (term,))
            yield (Math(row(*items)), *((" (", *many, ")") if at + TERMS >= len(terms) else ()))


def _norms(pages: Pair, words: Words, curves: Sequence[Curve]) -> Iterator[TableRow]:
    """The measured norms at some distances; of a cell that runs both ways those of its first recurrence."""
    known = [_of(page, curves) for page in pages]
    for distance in DISTANCES:
        cells = [scientific_number(float(curve.mean[distance])) for curve in known]
        yield (words("comparison.norm", steps=str(distance)), cells[0], cells[1])
    factors: list[Inlines] = [(Math(Num(f"{curve.factor:.3f}")),) for curve in known]
    yield (words("comparison.factor"), factors[0], factors[1])


def _of(page: Page, curves: Sequence[Curve]) -> Curve:
    return next(curve for curve in curves if curve.cell in (page.derivation.written, page.derivation.cell))
