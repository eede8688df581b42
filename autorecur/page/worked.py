"""Section 9: the equations with numbers in them, table by table, to be redone by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from sympy import Integer

from autorecur.graph.clocks import ONCE, Horizon, last_step
from autorecur.language.frame import Frame
from autorecur.page.catalogue import Words
from autorecur.page.context import Page, plain
from autorecur.page.derivatives import derivative
from autorecur.page.packing import packed
from autorecur.page.parts import called
from autorecur.render.blocks import (
    Block,
    Cell,
    Display,
    Document,
    Heading,
    Inlines,
    Math,
    Paragraph,
    Reference,
    Span,
    Table,
    TableRow,
)
from autorecur.render.breaking import fit
from autorecur.render.measure import width
from autorecur.render.page import FULL_WIDTH, TEXT_WIDTH
from autorecur.symbolic import carriers as c
from autorecur.symbolic import scalars
from autorecur.symbolic.compose import Composer
from autorecur.symbolic.functions import head
from autorecur.symbolic.layout import Layout, Num, Sign, Space, relation, row
from autorecur.symbolic.layout import Row as LayoutRow

if TYPE_CHECKING:
    from autorecur.worked.example import Part, Row, WorkedExample

MOST_QUANTITIES = 14
"""Of a cell with more of them, one step is shown in full."""
MOST_STEPS = 3
TABLE_SIZE = 9.0
GAPS = 4 * 6.0
SYMBOLS = 0.36
"""The part of a wide table that symbols may take, before their sums are broken."""
EQUALS = relation("=")


def worked(page: Page) -> Iterator[Block]:
    """The whole section without its heading."""
    if page.example is None:
        assert page.no_example is not None
        yield Paragraph(page.words(f"worked.none.{page.no_example.reason}"))
        return
    yield from _Section(page.example, page.words, page).blocks()


def alone(example: WorkedExample, language: str) -> Document:
    """The section as a document of its own, for a notebook."""
    words = Words(language, example.derivation.naming.in_line)
    title = words.text("section.worked")
    cell = example.derivation.cell
    whole = f"{cell.titles.get(language) or cell.title}\n{title}"
    blocks = tuple(_Section(example, words, None).blocks())
    return words.document(title=whole, blocks=(Heading("", title), *blocks))


@dataclass(frozen=True)
class _Section:
    example: WorkedExample
    words: Words
    page: Page | None

    @property
    def composer(self) -> Composer:
        return Composer(self.words.notation)

    @property
    def rate(self) -> Layout:
        return scalars.scalar(self.example.rate, self.composer.notation).layout

    def blocks(self) -> Iterator[Block]:
        yield from self.opening()
        for kind, parts in groupby(self.example.parts, lambda part: part.kind):
            yield from getattr(self, kind)(list(parts))
        yield Paragraph(self.ending())

    # ------------------------------------------------------------------------------------------------------- given

    def opening(self) -> Iterator[Block]:
        given = self.example.given
        sizes = [Math(row(self.composer.size(name), EQUALS, Num(str(n)))) for name, n in given.sizes.items()]
        digits = self.words.number(self.example.digits)
        text = self.words("worked.opening", sizes=self.sizes(sizes), digits=digits)
        if given.rounded:
            text = (*text, " ", *self.words("worked.rounded", digits=digits))
        yield Paragraph(text)
        yield from self.chosen()
        yield Paragraph(self.words("worked.given", rate=self.rate, value=Num(self.example.rate_text)))
        yield Display(tuple(packed([(self.stated(name, step), "") for name, step in self.needed()])))

    def sizes(self, sizes: Sequence[Math]) -> Inlines:
        """``n_h = 2 and n_x = 1, 3 steps``; of a frame the last step of each part stands among the sizes."""
        steps = self.example.given.steps
        if not isinstance(steps, Horizon):
            return self.words("worked.sizes", sizes=self.words.listed(sizes), count=self.words.number(steps))
        lasts = [
            Math(row(self.composer.at(c.last(clock)), EQUALS, Num(str(steps.lengths[clock]))))
            for clock in steps.clocks.named
        ]
        return self.words.listed([*sizes, *lasts])

    def chosen(self) -> Iterator[Block]:
        """What functions are that the cell leaves open, and their slopes."""
        parts: list[Inlines] = []
        for name, function in self.example.functions.items():
            chosen = row(head(self.composer, name), EQUALS, head(self.composer, function))
            parts.append(self.words("worked.chosen", chosen=chosen, slope=derivative(function, self.composer)))
        if parts:
            yield Paragraph(self.words("worked.open", functions=self.words.joined(parts, "semicolon")))

    def needed(self) -> Iterator[tuple[str, int | None]]:
        """What is given, but for zeros before the first step."""
        for (name, step), numbers in self.example.given.numbers.items():
            if step is None or set(numbers.texts) != {"0"} or 1 <= step <= last_step(self.example.steps, name):
                yield name, step

    def stated(self, name: str, step: int | None) -> Cell:
        numbers = self.example.given.numbers[name, step]
        lhs = self.composer.name(name, None if step is None else Integer(step))
        return Cell(lhs, (self.composer(numbers),))

    # ------------------------------------------------------------------------------------------------------ tables

    def forward(self, parts: list[Part]) -> Iterator[Block]:
        yield from self.steps(parts, "forward")

    def backward(self, parts: list[Part]) -> Iterator[Block]:
        yield from self.steps(parts, "backward")

    def steps(self, parts: list[Part], kind: str) -> Iterator[Block]:
        """All steps in one table; of a large cell, or for many steps, the first ones, and the results of the others."""
        longest = max((len(part.rows) for part in parts if part.step is not None), default=0)
        large = longest > MOST_QUANTITIES
        frame = isinstance(self.example.steps, Horizon)
        yield Paragraph(self.words(f"worked.{kind}_parts" if frame else f"worked.{kind}"))
        if kind == "backward" and self.example.derivation.truncate is not None:
            yield Paragraph(self.cuts())
        if large and kind == "forward":
            yield Paragraph(self.words("worked.large_part" if frame else "worked.large", count=longest))
        shown: list[Part] = []
        for timed, stretch in groupby(parts, lambda part: (part.step is not None, part.clock)):
            some = list(stretch)
            most = len(some) if not timed[0] else 1 if large else MOST_STEPS
            shown += some[:most]
            if others := some[most:]:
                yield self.table(shown)
                yield Paragraph(self.words("worked.others"))
                yield from self.results(others)
                shown = []
        if shown:
            yield self.table(shown)

    def cuts(self) -> Inlines:
        """Where the gradient is cut, or that it is not within so few steps."""
        every = self.example.derivation.truncate
        if not self.example.cuts:
            return self.words("worked.uncut", every=every, count=self.words.number(self.example.steps))
        time = self.composer.at(c.t)
        steps = [Math(row(time, EQUALS, Num(str(step)))) for step in self.example.cuts]
        return self.words("worked.cut", steps=self.words.listed(steps))

    def gradients(self, parts: list[Part]) -> Iterator[Block]:
        yield Paragraph(self.words("worked.gradients"))
        yield self.table(parts)

    def update(self, parts: list[Part]) -> Iterator[Block]:
        yield Paragraph(self.words("worked.update", rate=self.rate))
        yield self.table(parts)

    def after(self, parts: list[Part]) -> Iterator[Block]:
        yield Paragraph(self.words("worked.after"))
        for _, timed in groupby((part for part in parts if part.rows[0].label != "L (new)"), lambda part: part.clock):
            yield from self.results(list(timed))
        before, after = (Math(self.example[label].result_layout) for label in ("L", "L (new)"))
        yield Paragraph(self.words("worked.fell", before=before, after=after))

    def ending(self) -> Inlines:
        example = self.example
        exact = [float(example.exact[label].ravel()[0]) for label in ("L", "L (new)")]
        before, after = (Num(f"{value:.{example.digits + 2}f}") for value in exact)
        distance = Num(f"{example.distance:.{example.digits + 1}f}")
        return self.words("worked.distance", distance=distance, exact_before=before, exact_after=after)

    # -------------------------------------------------------------------------------------------------------- rows

    def table(self, parts: Sequence[Part]) -> Table:
        """Quantity, symbols, numbers, result; sums that are too wide go on in the next line."""
        rows = [line for part in parts for line in part.rows]
        heads = ("quantity", "symbols", "numbers", "result")
        header: TableRow = tuple((self.words.text(f"worked.column.{key}"),) for key in heads)
        room = FULL_WIDTH - GAPS - (TABLE_SIZE * 2.5 if self.page else 0.0)
        names = max(width(line.quantity_layout) for line in rows)
        results = max(width(line.result_layout) for line in rows) + 1.5
        left = room / TABLE_SIZE - max(names, 4.0) - results
        symbols = min(max(width(line.symbols_layout) + 1.5 for line in rows), SYMBOLS * left)
        if self.page is not None:
            header = ((), *header)
        groups: list[tuple[TableRow, ...]] = []
        for part in parts:
            title = self.step(part, len(header))
            for line in part.rows:
                groups.append((*title, *self.lines(line, symbols, left - symbols)))
                title = ()
        return Table(header, tuple(groups), "rrlll" if self.page else "rlll", long=True)

    def step(self, part: Part, columns: int) -> tuple[TableRow, ...]:
        """The line above the rows of a step."""
        if part.step is None:
            return ((Span(self.words("worked.once"), columns, "l"),),) if part.clock == ONCE else ()
        time = Math(row(self.composer.at(c.t), EQUALS, self.composer.at(Integer(part.step))))
        name = self.part_name(part)
        text = self.words("worked.part_step", part=name, step=time) if name else self.words("worked.step", step=time)
        return ((Span(text, columns, "l"),),)

    def part_name(self, part: Part) -> str:
        """The name of the part of a frame whose step it is."""
        cell = self.example.derivation.cell
        parts = cell.parts if isinstance(cell, Frame) else ()
        return next((called(self.words, each) for each in parts if each.clock == part.clock and each.name), "")

    def lines(self, line: Row, symbols: float, numbers: float) -> Iterator[TableRow]:
        left = [Math(part) for part in _equal(line.symbols_layout, symbols)]
        middle = [Math(part) for link in line.links_layouts for part in _equal(link, numbers)]
        last = max(len(left), len(middle)) - 1
        for at, (a, b) in enumerate(zip_longest(left, middle)):
            cells: list[Inlines] = [self.number(line)] if self.page and at == 0 else [()] if self.page else []
            cells.append((Math(line.quantity_layout),) if at == 0 else ())
            cells += [(part,) if part is not None else () for part in (a, b)]
            cells.append((Math(row(EQUALS, line.result_layout)),) if at == last else ())
            yield tuple(cells)

    def number(self, line: Row) -> Inlines:
        """A link to the equation of the page."""
        number = plain(line.equation.number)
        return (Reference(number),) if number else ()

    def results(self, parts: list[Part]) -> Iterator[Table]:
        """Results alone: a column for each quantity, as many as fit, a row for each step."""
        steps = list(dict.fromkeys(part.step for part in parts))
        found = {(line.equation.lhs.name, part.step): line for part in parts for line in part.rows}
        names = list(dict.fromkeys(name for name, _ in found))
        time = self.composer.at(c.t)
        for some in self.side_by_side(names, list(found.values())):
            header: TableRow = ((), *((Math(self.heading(name, found)),) for name in some))
            groups = tuple(
                (
                    (
                        () if step is None else (Math(row(time, EQUALS, self.composer.at(Integer(step)))),),
                        *(self.cell(found.get((name, step))) for name in some),
                    ),
                )
                for step in sorted(steps, key=lambda step: step or 0)
            )
            yield Table(header, groups, "r" + "c" * len(some))

    def heading(self, name: str, found: Mapping[tuple[str, int | None], Row]) -> Layout:
        """The quantity at t, or as it stands if it is computed once."""
        once = found.get((name, None))
        return once.quantity_layout if once is not None else self.composer.name(name, c.t)

    def side_by_side(self, names: list[str], rows: list[Row]) -> Iterator[list[str]]:
        """The names in parts of nearly the same length, each as wide as the text at most."""
        widest = max(width(line.result_layout) for line in rows) + 1.4
        most = max(1, int((TEXT_WIDTH / TABLE_SIZE - 4.0) / widest))
        count = -(-len(names) // most)
        each = -(-len(names) // count)
        for start in range(0, len(names), each):
            yield names[start : start + each]

    def cell(self, line: Row | None) -> Inlines:
        return (Math(line.result_layout),) if line is not None else ("–",)


def _equal(layout: Layout, room: float) -> Iterator[Layout]:
    """``= …`` in as many lines as it needs."""
    first, *others = fit(layout, room - 1.5)
    yield row(EQUALS, first)
    for line in others:
        items = line.items if isinstance(line, LayoutRow) else (line,)
        # A sign at the start of a formula would stand close to what follows.
        yield row(items[0], Space("thin"), *items[1:]) if isinstance(items[0], Sign) else line
