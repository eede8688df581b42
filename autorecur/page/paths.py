"""Section 7: the same gradient as a product of Jacobians, path by path, or the reason why this cell has no such form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy
from sympy.matrices.expressions import Identity, Transpose

from autorecur.graph.walk import variables
from autorecur.page.context import Page, capital, plain
from autorecur.render.blocks import Block, Cell, Display, EquationRow, Inlines, Math, Paragraph, Reference, Strong
from autorecur.render.measure import width
from autorecur.symbolic import carriers as c
from autorecur.symbolic.display import compose_sides
from autorecur.symbolic.layout import (
    Backward,
    Fence,
    Layout,
    Matrix,
    Num,
    Row,
    Script,
    Space,
    Underbrace,
    Words,
    binary,
    relation,
    row,
)

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation, Term

ROOM = 29.0


def paths(page: Page) -> Iterator[Block]:
    """The whole section without its heading."""
    form = page.derivation.paths
    if not form.equations:
        yield Paragraph(page.words(f"paths.none.{form.reason or 'shape'}"))
        return
    yield from without_penalty(page)
    yield from PathSection(page).blocks()


def without_penalty(page: Page) -> Iterator[Block]:
    """No path leads through weight decay, so the section leaves it aside."""
    if page.derivation.decay is not None:
        coefficient = page.name(page.derivation.decay.coefficient, None)
        yield Paragraph(page.words("decay.paths", coefficient=coefficient))


@dataclass
class PathSection:
    page: Page

    def blocks(self) -> Iterator[Block]:
        words, page = self.page.words, self.page
        state = page.derivation.paths.states[0]
        rows = "_rows" if page.jacobians_in_rows else ""
        yield Paragraph(words(self.opening(rows), adjoint=page.adjoint(state), state=page.name(state)))
        yield from self.jacobians(rows)
        yield from self.immediate()
        yield from self.sums(rows)

    def opening(self, rows: str) -> str:
        """The entry that says how factors stand."""
        layout = self.page.other_layout
        return f"notation.opening_{layout}" if layout else f"paths.opening{rows}"

    def of(self, rule: str) -> list[Equation]:
        return [e for e in self.page.section("paths") if e.rule == rule]

    def row(self, equation: Equation, note: Inlines = ()) -> EquationRow:
        """One row; several terms are labelled with the quantities that they run through."""
        labels = [self.through(term) for term in equation.terms] if len(equation.terms) > 1 else None
        return self.page.display_row(equation, labels, note)

    def through(self, term: Term) -> Layout:
        if not term.through:
            return Words(self.page.words.text("label.directly"))
        items: list[Layout] = []
        for name in term.through.split(">"):
            layout = self.page.name(name)
            items.extend((relation("to"), layout) if items else (layout,))
        return row(*items)

    def jacobians(self, rows: str) -> Iterator[Block]:
        words, page = self.page.words, self.page
        one, several, seed = (self.of(rule)[0] for rule in ("jacobian", "chain", "seed"))
        if any(isinstance(part, c.Diagonal) for part in sympy.preorder_traversal(one.rhs)):
            yield Paragraph(words("paths.diagonal"))
        rule = capital(page.rule("chain"))
        chain_note = words(f"paths.chain_note{rows}", rule=page.rule_names(["chain"]))
        yield Display((self.row(one, (*rule, ".")), self.row(several, chain_note)))
        yield Paragraph(words("paths.seed"))
        yield Display((self.row(seed, words(f"paths.seed_note{rows}")),))

    def immediate(self) -> Iterator[Block]:
        words, page = self.page.words, self.page
        for i, equation in enumerate(self.of("immediate")):
            name = equation.lhs.bottom.name
            parameter = page.name(name, None)
            if i == 0:
                state = page.composer(equation.lhs.top)
                yield Paragraph(words("paths.immediate", parameter=parameter, state=state))
            yield Display((self.row(equation, words("paths.immediate_note", parameter=parameter) if i == 0 else ()),))
            if i == 0 and (example := self.spread_example(equation)) is not None:
                yield example

    def state(self, step: Any) -> Layout:
        return self.page.name(self.page.derivation.paths.state, step)

    def spread_example(self, equation: Equation) -> Block | None:
        """What ``I ⊗ h``, or ``h ⊗ I``, looks like for two components."""
        found = [part for part in sympy.preorder_traversal(equation.rhs) if isinstance(part, c.Spread)]
        if not found:
            return None
        (spread, *_) = found
        block = self.page.composer(spread.vector)
        zero = Num("0")
        if spread.inner:
            vector = spread.vector.arg if isinstance(spread.vector, Transpose) else spread.vector
            inner = self.page.composer(vector)
            one = self.page.composer(Identity(spread.copies))
            parts = [row(Script(Fence(inner), Num(str(i))), Space("thin"), one) for i in (1, 2)]
            matrix = Matrix((tuple(parts),) if spread.vector.shape[0] == 1 else tuple((part,) for part in parts))
            note = self.page.words("paths.spread_note_inner", vector=inner)
        else:
            matrix = Matrix(((block, zero), (zero, block)))
            two = row(self.page.composer.size(c.size_text(spread.copies)), relation("="), Num("2"))
            note = self.page.words("paths.spread_note", size=two)
        body = row(self.page.composer(spread), relation("="), matrix)
        return Display((EquationRow((Cell(None, (body,), None),), (), (), note),))

    def sums(self, rows: str) -> Iterator[Block]:
        words, page = self.page.words, self.page
        everywhere = page.derivation.loss.at == "all"
        key = "all" if everywhere else "last"
        whole, expansions = self.of("paths"), self.of("expansion")
        leaves = words.listed([Math(self.bottom(e)) for e in whole], "or")
        yield Paragraph(words(f"paths.whole.{key}", parameters=leaves))
        for i, equation in enumerate(whole):
            if i:
                yield Paragraph(words("paths.likewise", parameter=self.bottom(equation)))
            yield Display((self.row(equation, words(f"paths.whole_note{rows}") if i == 0 else ()),))
            for expansion in (e for e in expansions if e.lhs == equation.lhs):
                if i == 0:
                    yield self.reading(expansion, key)
                yield self.expansion(expansion, plain(equation.number))
        if rest := self.others(whole):
            yield Paragraph(rest)
        for column in self.of("column"):
            link = page.reference(f"dL/d{whole[0].lhs.bottom.name}")
            yield Paragraph(words(f"paths.column.{key}", adjoint=page.adjoint(page.derivation.paths.state, c.k)))
            yield Display((self.row(column, words("paths.column_note", equation=link)),))

    def reading(self, expansion: Equation, key: str) -> Block:
        """How the terms of an expansion are to be read."""
        words = self.page.words
        one = "" if self.single() else "_several"
        title = words(f"paths.expansion{one}.{key}", count=words.number(len(expansion.terms)))
        return Paragraph((Strong(title), " ", *words(f"paths.expansion_reading{one}.{key}")))

    def single(self) -> bool:
        """Whether one path, and no more, leads from a step to the next, from a loss to its state, and to the parameter."""
        shown = ("jacobian", "seed", "immediate")
        return all(len(equation.terms) == 1 for rule in shown for equation in self.of(rule))

    def others(self, whole: Sequence[Equation]) -> Inlines:
        """A sentence for the parameters that go alike: those that the equations up to the state read."""
        step = self.page.derivation.step
        reads = step.reads()
        behind, waiting = set[str](), [*self.page.derivation.paths.states]
        while waiting:
            name = waiting.pop()
            if name in behind or name not in step.assignments:
                continue
            behind.add(name)
            waiting.extend(other for other, offset in reads[name] if offset == 0)
        used = {v.name for name in behind for v in variables(step.assignments[name].node) if v.offset is None}
        shown = {equation.lhs.bottom.name for equation in whole}
        rest = [n for n in self.page.derivation.cell.parameters if n in used - shown]
        if not rest:
            return ()
        listed = self.page.words.listed([Math(self.page.name(n, None)) for n in rest])
        return self.page.words("paths.alike" if len(rest) > 1 else "paths.alike_one", parameters=listed)

    def bottom(self, equation: Equation) -> Layout:
        return self.page.composer(equation.lhs.bottom)

    def expansion(self, equation: Equation, number: str) -> Block:
        """Every path with its own label: one line, or a triangle with one row for each loss."""
        left, _ = compose_sides(equation, self.page.notation)
        parts = [Underbrace(self.page.composer(term.expression), Backward(self.way(term))) for term in equation.terms]
        losses = [(term.through or "").split(">")[0] for term in equation.terms]
        note = self.page.words(
            "paths.expansion_note",
            equation=Reference(number),
            last=self.page.steps_name(),
            count=Num(str(equation.horizon)),
        )
        own = (plain(equation.number),)
        if len(set(losses)) == 1:
            whole = joined(parts)
            body = (whole,) if width(whole) < ROOM else (parts[0], *(row(binary("+"), part) for part in parts[1:]))
            return Display((EquationRow((Cell(left, body),), own, (), note),))
        lines = _triangle(left, parts, losses)
        rows = [EquationRow(line) for line in lines]
        rows[len(rows) // 2] = EquationRow(lines[len(rows) // 2], own, (), note)
        return Display(tuple(rows))

    def way(self, term: Term) -> Layout:
        """``ℓ_3 → h_3 → h_2``."""
        last, visit = (int(part) for part in (term.through or "").split(">"))
        items: list[Layout] = [self.page.name(self.page.derivation.loss.name, last)]
        for step in range(last, visit - 1, -1):
            items.extend((relation("to"), self.state(sympy.Integer(step))))
        return Row(tuple(items))


def joined(parts: Sequence[Layout]) -> Layout:
    items: list[Layout] = []
    for part in parts:
        items.extend((binary("+"), part) if items else (part,))
    return row(*items)


def _triangle(left: Layout, parts: Sequence[Layout], losses: list[str]) -> list[tuple[Cell | None, ...]]:
    """Rows collect a loss, columns a visit to the parameter."""
    lines: dict[str, list[Cell]] = {}
    for part, loss in zip(parts, losses, strict=True):
        lines.setdefault(loss, []).append(Cell(None, (part,), binary("+")))
    first = next(iter(lines.values()))
    first[0] = Cell(left, first[0].lines)
    columns = max(len(line) for line in lines.values())
    return [(*line, *([None] * (columns - len(line)))) for line in lines.values()]
