"""The picture of any cell: one box a step, its states as edges between the boxes, each with the adjoint edge beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from autorecur.page.context import Page
from autorecur.page.drawing import APART, LABEL, RADIUS, SMALL, Point, Sheet
from autorecur.page.edges import PITCH, STEPS, contributions, loss_bar, loss_steps, sent, to_loss
from autorecur.symbolic.layout import Layout, Matrix, Row

LANE = 36.0
BOX = 64.0
RISE = 24.0
"""The length of the edges to inputs, outputs and the loss."""
LEFT = 42.0
"""From the middle of an initial state to the first box."""
DETOUR = 26.0
MOST_INSIDE = 6
MOST_BESIDE = 3


@dataclass
class Boxes:
    """Draws the boxes of three steps. A state with a longer delay takes a detour below the boxes."""

    page: Page
    drawn: Sheet = field(default_factory=Sheet)

    def sheet(self) -> Sheet:
        page = self.page
        self.cell = page.derivation.cell
        self.lanes = list(self.cell.states)
        self.height = LANE * max(1, len(self.lanes)) + 8.0
        self.long = [s for s in self.lanes if any(abs(o) > 1 for o in self.cell.offsets[s])]
        self.low = DETOUR * len(self.long)
        for step in range(1, STEPS + 1):
            self.drawn.box(self.left(step), 0.0, BOX, self.height, self.inside(step))
            self.inputs(step)
        for state in self.lanes:
            for offset in filter(None, self.cell.offsets[state]):
                for step in range(1, STEPS + 1):
                    self.state(state, offset, step)
        self.outputs()
        return self.drawn

    def left(self, step: int) -> float:
        return LEFT + PITCH * (step - 1)

    def middle(self, step: int) -> float:
        return self.left(step) + BOX / 2

    def inside(self, step: int) -> Layout | None:
        """What the step computes besides its states and outputs."""
        page = self.page
        names = [a.name for a in self.cell.assignments if a.name not in self.lanes and a.name not in self.cell.outputs]
        names = names or [a.name for a in self.cell.assignments if a.name in self.lanes] or list(self.cell.outputs)
        cells = [page.name(name, step) for name in names[:MOST_INSIDE]]
        if not cells:
            return None
        if len(cells) % 2 and len(cells) > 1:
            cells.append(Row(()))
        rows = [tuple(cells[i : i + 2]) for i in range(0, len(cells), 2)]
        return cells[0] if len(cells) == 1 else Matrix(tuple(rows), "none")

    # ------------------------------------------------------------------------------------------------- states

    def height_of(self, state: str) -> float:
        return self.height - LANE * (self.lanes.index(state) + 0.5) - 4.0

    def state(self, state: str, offset: int, step: int) -> None:
        """The edge by which ``step`` reads the state of ``step + offset``, and the adjoint edge back."""
        source = step + offset
        parts = [p for p in contributions(self.page, state, source) if p.offset == -offset]
        label, back = self.page.name(state, source), sent(self.page, state, source, parts)
        y = self.height_of(state)
        outside = not 1 <= source <= STEPS
        if abs(offset) > 1:
            self.detour(state, source, step, label, back, bool(parts))
            return
        if outside:
            x = 0.0 if offset < 0 else self.left(STEPS) + BOX + LEFT
            self.drawn.node((x, y), label, 1 if offset < 0 else -1)
            start = (x + RADIUS + 1, y) if offset < 0 else (x - RADIUS - 1, y)
            end = (self.left(step), y) if offset < 0 else (self.left(step) + BOX, y)
            room = (LEFT - RADIUS - 5.0) / SMALL
            self.drawn.pair(start, end, None, sent(self.page, state, source, parts, room), bool(parts))
            return
        start = (self.left(source) + BOX, y) if offset < 0 else (self.left(source), y)
        end = (self.left(step), y) if offset < 0 else (self.left(step) + BOX, y)
        self.drawn.pair(start, end, label, back, bool(parts))

    def detour(self, state: str, source: int, step: int, label: Layout, back: Layout | None, adjoint: bool) -> None:
        """Round the boxes in between, below them."""
        if not 1 <= source <= STEPS:
            return
        nth = self.long.index(state)
        y = 5.0 + APART + 2 * APART * nth
        right = self.left(source) + BOX if source < step else self.left(source)
        left = self.left(step) if source < step else self.left(step) + BOX
        out = 14.0 if source < step else -14.0
        low = -DETOUR * (nth + 1) + 8.0
        middle = right + (24.0 if source < step else -24.0) + out
        points = [(right, y), (right + out, y), (right + out, low), (left - out, low), (left - out, y), (left, y)]
        self.drawn.line(points, label, (middle, low + LABEL), "above")
        if adjoint:
            inner = 2 * APART
            back_points = [
                (left, y - inner),
                (left - out - inner, y - inner),
                (left - out - inner, low - inner),
                (right + out + inner, low - inner),
                (right + out + inner, y - inner),
                (right, y - inner),
            ]
            at = (middle, low - inner - LABEL)
            self.drawn.line(back_points, back, at, "below", backward=True)

    # -------------------------------------------------------------------------------------- inputs and outputs

    def inputs(self, step: int) -> None:
        names = self.cell.inputs[:MOST_BESIDE]
        for x, name in zip(self.spread(step, len(names)), names, strict=True):
            low = -self.low - RISE - RADIUS
            self.drawn.node((x, low), self.page.name(name, step))
            parts = [p for p in contributions(self.page, name, step) if p.offset == 0]
            back = sent(self.page, name, step, parts)
            where = 0.5 * RISE / (self.low + RISE)
            self.drawn.pair((x, low + RADIUS + 1), (x, 0.0), None, back, bool(parts), where)

    def spread(self, step: int, count: int) -> list[float]:
        distance = min(34.0, BOX / max(1, count))
        return [self.middle(step) + (i - (count - 1) / 2) * distance for i in range(count)]

    def outputs(self) -> None:
        """Outputs above the boxes, and the loss above those that it reads."""
        page = self.page
        loss = page.derivation.loss
        shown = [name for name in self.cell.outputs if name not in self.lanes][:MOST_BESIDE]
        read = [name for name in loss.outputs if name not in shown][:1]
        names = shown or read
        level = self.height + RISE + RADIUS
        top = level + RADIUS + RISE if shown else self.height + RISE
        columns = []
        for step in range(1, STEPS + 1):
            for x, name in zip(self.spread(step, len(names)), names, strict=True):
                if name in shown:
                    self.output(name, step, (x, level))
                if step in loss_steps(page) and (name in loss.outputs or name in read):
                    columns.append(x)
                    start = (x, level + RADIUS + 1) if name in shown else (x, self.height)
                    to_loss(page, self.drawn, name, step, start, top)
        if columns:
            loss_bar(page, self.drawn, columns, top)

    def output(self, name: str, step: int, at: Point) -> None:
        page = self.page
        self.drawn.node(at, page.name(name, step))
        given = contributions(page, name, step)
        self.drawn.pair((at[0], self.height), (at[0], at[1] - RADIUS - 1), None, self.back(name, step), bool(given))

    def back(self, name: str, step: int) -> Layout | None:
        """What an output sends into its box: its term in the adjoint of the quantity that it reads, if that is one."""
        page = self.page
        read = dict.fromkeys(n for n, offset in page.derivation.step.reads()[name] if offset == 0)
        found = {n: contributions(page, n, step, name, 0) for n in read if n not in self.cell.inputs}
        sending = {n: parts for n, parts in found.items() if parts}
        if len(sending) != 1:
            return page.adjoint(name, step) if contributions(page, name, step) else None
        ((one, parts),) = sending.items()
        return sent(page, one, step, parts)
