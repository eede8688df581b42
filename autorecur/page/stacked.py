"""Section 7 of a cell with several states: their stack, the blocks of its Jacobian, the gradient as a product of such matrices.

The sum over paths comes first, its factors after it. The standard page ends with the factors; the full one goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sympy

from autorecur.page.context import FULL, Page, capital, plain
from autorecur.page.packing import ROOM, packed
from autorecur.page.paths import PathSection, without_penalty
from autorecur.render.blocks import Block, Display, EquationRow, Inlines, Math, Paragraph
from autorecur.render.measure import width
from autorecur.symbolic import carriers as c
from autorecur.symbolic.layout import row

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation


def stacked(page: Page) -> Iterator[Block]:
    """The whole section without its heading."""
    yield from without_penalty(page)
    yield from _Stacked(page).blocks()


@dataclass
class _Stacked(PathSection):
    def blocks(self) -> Iterator[Block]:
        words, page = self.page.words, self.page
        paths = page.derivation.paths
        rows = "_rows" if page.jacobians_in_rows else ""
        key = page.derivation.loss.at
        first = paths.states[0]
        names = words.listed([Math(page.name(name)) for name in paths.states])
        opening = words(self.opening(rows), adjoint=page.adjoint(first), state=page.name(first))
        yield Paragraph((*opening, " ", *words("stacked.stack", states=names)))
        yield from self.matrices(rows)
        (whole,) = self.of("paths")
        yield Paragraph(words(f"paths.whole.{key}", parameters=self.bottom(whole)))
        yield Display((self.row(whole, words(f"paths.whole_note{rows}")),))
        if page.detail == FULL:
            yield from self.factors(rows)
            yield from self.more(whole, key)

    def beside(self, equations: list[Equation], note: Inlines, above: Sequence[Equation] = ()) -> Iterator[EquationRow]:
        """Short equations in one row, if they fit behind the left sides of those that stand below."""
        left = max((width(self.page.cell(e).lhs or row()) for e in above), default=0.0)
        cells = {plain(e.number): self.page.cell(e) for e in equations}
        for at, line in enumerate(packed([(cell, number) for number, cell in cells.items()], room=ROOM - left)):
            alone = (cells[line.numbers[0]],) if above and len(line.numbers) == 1 else line.cells
            yield replace(line, cells=alone, note=note if at == 0 else ())

    def matrices(self, rows: str) -> Iterator[Block]:
        """The stack, the blocks that have a name, the Jacobian of a step and of several."""
        words, page = self.page.words, self.page
        stack, within, named = self.of("stack"), self.of("within"), self.of("block")
        one, several = (self.of(rule)[0] for rule in ("jacobian", "chain"))
        free = words("stacked.free", stack=page.composer(stack[0].lhs))
        if page.detail == FULL:
            yield Display((self.row(stack[0], free),))
        shown = [*within, *named, one]
        text = words("stacked.block" if page.detail == FULL else "stacked.brief_block")
        if page.detail == FULL and any(
            isinstance(part, c.Diagonal) for e in shown for part in sympy.preorder_traversal(e.rhs)
        ):
            text = (*text, " ", *words("paths.diagonal"))
        if page.detail == FULL:
            yield Paragraph(text)
            if within or named:
                yield Display(tuple(self.row(e, self.block_note(e)) for e in (*within, *named)))
            yield Paragraph(words("stacked.joined"))
        else:
            lines = [*self.beside([*stack, *within], free, named)]
            lines += [page.display_row(e, None, self.block_note(e)) for e in named]
            yield Display(tuple(lines))
            yield Paragraph(text)
        note = (*capital(page.rule("chain")), ".")
        chain_note = words(f"paths.chain_note{rows}", rule=page.rule_names(["chain"]))
        if page.detail == FULL:
            yield Display((self.row(one, note), self.row(several, chain_note)))
        else:
            yield Display(tuple(self.beside([one, several], chain_note)))

    def block_note(self, equation: Equation) -> Inlines:
        """Which state is on the way: read by another one in the same step."""
        top = equation.lhs.top
        if equation.rule == "within":
            names = {"top": self.page.composer(top), "read": self.page.composer(equation.lhs.bottom)}
            return self.page.words("stacked.within", **names)
        by = [t.through for t in equation.terms if t.through in self.page.derivation.paths.states]
        listed = self.page.words.listed([Math(self.page.name(name)) for name in by])
        return (
            self.page.words("stacked.through" if len(equation.terms) > len(by) else "stacked.only", read=listed)
            if by
            else ()
        )

    def factors(self, rows: str) -> Iterator[Block]:
        """The first and the last factor of a path, one by one."""
        words = self.page.words
        yield Paragraph(words("paths.seed"))
        yield Display((self.row(self.of("seed")[0], words(f"paths.seed_note{rows}")),))
        yield from self.immediate()
        (stack,) = self.of("immediate stack")
        yield Display((self.row(stack, words("stacked.immediate_note")),))

    def more(self, whole: Equation, key: str) -> Iterator[Block]:
        """The expansion, what section 5 has to do with it, and what a block is not."""
        words, page = self.page.words, self.page
        for expansion in self.of("expansion"):
            yield self.reading(expansion, key)
            yield self.expansion(expansion, plain(whole.number))
        if rest := self.others([whole]):
            yield Paragraph(rest)
        states = page.derivation.paths.states
        for column in self.of("column"):
            adjoints = words.listed([Math(page.adjoint(state, c.k)) for state in states])
            yield Paragraph(words(f"stacked.column.{key}", adjoints=adjoints))
            yield Display((self.row(column, words("stacked.column_note") if self.of("within") else ()),))
        for total in self.of("total"):
            state = total.lhs.bottom
            others = [page.name(term.through, c.t - 1) for term in total.terms if term.through]
            listed = words.listed([Math(other) for other in others])
            yield Paragraph(words("stacked.total", state=page.composer(state), others=listed))
            yield Display((page.display_row(total, None, words("stacked.total_note")),))

    def single(self) -> bool:
        """Each visit collects the paths through all states."""
        return False
