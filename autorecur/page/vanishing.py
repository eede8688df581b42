"""Section 8: why gradients vanish or explode: the bound with its proof, the measured norms, the carousel, the remedies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from sympy.matrices.expressions import OneMatrix

from autorecur.page.context import Page, plain
from autorecur.page.remedies import remedies
from autorecur.page.rules import scientific_number
from autorecur.render.blocks import Block, Cell, Display, EquationRow, Inlines, Math, Paragraph, Reference
from autorecur.render.plot import Curve, Plot, styled
from autorecur.symbolic import carriers as c
from autorecur.symbolic.layout import Fence, Layout, Script, Sign, Words, binary, row
from autorecur.symbolic.marks import differential
from autorecur.symbolic.names import name_layout

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation
    from autorecur.derive.jacobians import Chain
    from autorecur.vanishing.bounds import Block as Bounded
    from autorecur.vanishing.bounds import Bounds
    from autorecur.vanishing.flow import Curve as Measured

LE = Sign("le", "relation")
COMPANIONS = ("rnn", "gru", "lstm")
STEPS, HIDDEN, SAMPLES = 40, 12, 2
MOST_FACTS = 6
LONGEST = 22
"""Letters of the name of a curve."""
HEADROOM = 1e3
"""How far above the largest measured norm the bound is followed."""


def vanishing(page: Page) -> Iterator[Block]:
    """The whole section without its heading."""
    bounds = page.derivation.bounds
    if not page.derivation.cell.states:
        yield Paragraph(page.words("vanishing.none_none"))
        return
    section = _Section(page, bounds)
    yield Paragraph(page.words("vanishing.opening"))
    if bounds.reason:
        yield Paragraph(page.words(f"vanishing.none_{bounds.reason}"))
    else:
        yield from section.bound()
    yield from section.measured()
    yield from section.carousel()
    yield from remedies(page)


@dataclass
class _Section:
    page: Page
    bounds: Bounds

    # ----------------------------------------------------------------------------------------------------- the bound

    def bound(self) -> Iterator[Block]:
        words, bounds = self.page.words, self.bounds
        whole = bounds.whole
        assert whole is not None
        used = [s for s in bounds.states if s in bounds.kept and self.assumed(s)]
        names = words.listed([Math(self.page.name(s)) for s in used])
        opening = words("vanishing.step")
        if used:
            stay = words("vanishing.stay" if len(used) > 1 else "vanishing.stays")
            opening = (*words("vanishing.step")[:1], " ", *words("vanishing.kept", states=names, stay=stay))
        yield Paragraph(opening)
        yield Display(tuple(self.inequality(block.equation) for block in bounds.blocks))
        if len(bounds.states) > 1:
            yield Paragraph(words("vanishing.blocks"))
        facts = words("vanishing.facts") if bounds.facts else ()
        yield Paragraph(words("vanishing.proof", facts=facts))
        if bounds.facts:
            yield self.facts()
        last, early = self.page.composer.at(c.T), self.page.composer.at(c.k)
        yield Paragraph(words("vanishing.several", last=last, early=early))
        yield Display((self.inequality(whole),))
        yield from self.letters()
        gated = any(isinstance(term.expression, OneMatrix) for b in bounds.blocks for term in b.equation.terms)
        yield Paragraph(words("vanishing.vanish_gated" if gated else "vanishing.vanish"))
        yield from self.searched()

    def assumed(self, state: str) -> bool:
        """Whether a bound rests on a state's staying between −1 and 1."""
        atoms = [part for fact, _ in self.bounds.facts for part in sympy.preorder_traversal(fact)]
        return any(isinstance(a, c.Quantity) and a.name == state and a.step != c.t for a in atoms)

    def inequality(self, equation: Equation) -> EquationRow:
        left, right = self.page.composer(equation.lhs), self.page.composer(equation.rhs)
        return EquationRow((Cell(left, (right,), LE),), (plain(equation.number),))

    def facts(self) -> Block:
        """``‖z ⊙ (1 − z)‖_∞ ≤ 1/4``, two in a row."""
        cells = []
        for vector, number in self.bounds.facts[:MOST_FACTS]:
            left = Script(Fence(self.page.composer(vector), "norm", 1), Sign("infty"))
            cells.append(Cell(left, (self.page.composer(number),), LE))
        return Display(tuple(EquationRow(tuple(cells[i : i + 2])) for i in range(0, len(cells), 2)))

    def letters(self) -> Iterator[Block]:
        """What the factor of the product over steps is."""
        page, bounds = self.page, self.bounds
        letter = name_layout(bounds.letter, page.notation)
        numbers = [Reference(plain(block.equation.number)) for block in bounds.blocks]
        if len(bounds.states) > 1:
            states = page.words.listed([Math(page.name(s, None)) for s in bounds.states])
            joint = name_layout(bounds.joint, page.notation)
            span: Inlines = (numbers[0], "–", numbers[-1]) if len(numbers) > 1 else tuple(numbers)
            yield Paragraph(page.words("vanishing.matrix", letter=letter, equations=span, states=states, joint=joint))
        elif not bounds.constant:
            yield Paragraph(page.words("vanishing.number", letter=letter, equation=numbers[0]))

    def searched(self) -> Iterator[Block]:
        found = [check for check in self.page.report.checks if check.section == "bounds"]
        reached = self.page.derivation.reached(self.page.report.seed)
        if found and reached:
            steps = [reached[block.equation.label] for block in self.bounds.blocks]
            low = min(f.reached for f in steps)
            text = self.page.words(
                "vanishing.searched",
                points=str(sum(check.entries for check in found)),
                best=self.page.words.text("number.percent", number=int(100 * min(1.0, low))),
                seed=str(self.page.report.seed),
            )
            yield Paragraph(text)

    # ------------------------------------------------------------------------------------------------------ measured

    def measured(self) -> Iterator[Block]:
        page, words = self.page, self.page.words
        from autorecur.cells import cells
        from autorecur.vanishing.measured import beside

        own = page.derivation.cell
        others = [cells[name] for name in COMPANIONS if cells[name] != own]
        flow, bound = beside(page.derivation, others, STEPS, HIDDEN, SAMPLES, page.report.seed)
        curves = styled([Curve(curve.distances, curve.mean, Words(self.label(curve))) for curve in flow])
        top = max(float(np.nanmax(curve.mean[np.isfinite(curve.mean)], initial=1.0)) for curve in flow)
        low = min(float(np.min(curve.mean[curve.mean > 0], initial=1.0)) for curve in flow)
        if bound is not None:
            label = Words(words.text("vanishing.bound"))
            curves.append(Curve(range(len(bound)), bound, label, "dotted", width=1.2))
            top = max(top, min(top * HEADROOM, float(np.max(bound[np.isfinite(bound)], initial=1.0))))
        joint = own.states[0] if len(own.states) == 1 else self.bounds.joint
        ends = {"late": self.joint(joint, c.T), "early": self.joint(joint, c.k)}
        yield Paragraph(words("vanishing.measured", **ends))
        sign = differential(self.page.notation)
        quotient = row(sign, ends["late"], Sign("/"), sign, ends["early"])
        low_end = max(low, top * 1e-14)
        plot = Plot(
            curves,
            row(self.page.composer.at(c.T), binary("-"), self.page.composer.at(c.k)),
            Fence(quotient, "norm", 1),
            logarithmic=True,
            y_range=(10.0 ** np.floor(np.log10(low_end)), 10.0 ** np.ceil(np.log10(top))),
        )
        caption = words(
            "vanishing.figure",
            samples=str(SAMPLES),
            hidden=str(flow.curves[0].hidden),
            seed=str(flow.seed),
            bound=words("vanishing.figure_bound") if bound is not None else (),
        )
        colon = words.typeset(words.typography.joint)
        listed = words.listed([(self.label(curve), colon, *scientific_number(float(curve.mean[-1]))) for curve in flow])
        yield plot.diagram(caption, words("vanishing.alt", steps=str(STEPS), values=listed))

    def label(self, curve: Measured) -> str:
        """``LSTM``; of a cell of the author's own the title in the language of the page, if it is short enough."""
        from autorecur.cells import cells

        name, title = curve.cell.name, self.page.headline()
        own = curve.cell in (self.page.derivation.cell, self.page.derivation.written)
        if name in COMPANIONS and curve.cell == cells[name]:
            shown = name.upper()
        else:
            shown = title if own and len(title) <= LONGEST else name
        whole = shown + curve.label.removeprefix(name)
        return whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"

    def joint(self, name: str, step: Any) -> Layout:
        return self.page.name(name, step)

    # ------------------------------------------------------------------------------------------------------ carousel

    def carousel(self) -> Iterator[Block]:
        """The path of a state to itself that meets only gates."""
        for block in self.bounds.blocks:
            if block.top != block.bottom:
                continue
            direct = [chain for chain in block.chains if not chain.through and _is_gate(chain)]
            if direct:
                yield from self.direct(block, direct[0])
                return

    def direct(self, block: Bounded, chain: Chain) -> Iterator[Block]:
        page, words = self.page, self.page.words
        composer = page.composer
        before, now = page.name(block.top, c.t - 1), page.name(block.top)
        gate = chain.factors[0]
        title = words("vanishing.carousel.title", before=Math(before), now=Math(now))
        yield Paragraph(title)
        left = composer(c.Derivative(*(self.quantity(block.top, s) for s in (c.t, c.t - 1)), 0, int(page.in_rows)))
        label = Words(words.text("vanishing.carousel.direct"), small=True)
        bar = Script(Fence(left, "evaluated", 1), label)
        yield Display((EquationRow((Cell(bar, (composer(gate),)),)),))
        others: list[Inlines] = []
        through = list(dict.fromkeys(other.through[-1] for other in block.chains if other.through))
        if through:
            names = words.listed(
                [Math(page.name(page.owner(name))) for name in dict.fromkeys(map(page.owner, through))]
            )
            others.append(words("vanishing.carousel.through", state=Math(before), quantities=names))
        reads = self.page.derivation.step.reads()
        hears = [s for s in self.bounds.states if s != block.top and (block.top, 0) in reads[s]]
        if hears:
            names = words.listed([Math(page.name(s, c.t - 1)) for s in hears])
            others.append(words("vanishing.carousel.earlier", state=Math(before), others=names))
        if others:
            yield Paragraph(words("vanishing.carousel.more", others=words.listed(others)))
        else:
            yield Paragraph(words("vanishing.carousel.only", now=now, before=before))
        last, first = (composer(gate.xreplace({c.t: step})) for step in (c.T, c.k + 1))
        order = (first, last) if page.in_rows else (last, first)
        yield Display((EquationRow((Cell(None, (row(order[0], Sign("cdots"), order[1], Sign(",")),), None),)),))
        yield Paragraph(words("vanishing.carousel.over"))

    def quantity(self, name: str, step: Any) -> c.Quantity:
        return c.quantity(name, step, self.page.derivation.cell.shapes[name])


def _is_gate(chain: Chain) -> bool:
    """One diagonal of quantities, and nothing else."""
    return len(chain.factors) == 1 and isinstance(chain.factors[0], c.Diagonal) and not chain.scalars
