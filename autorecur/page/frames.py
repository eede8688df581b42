"""The picture of a frame: its parts side by side, each with its first and its last step, and what crosses between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sympy import Expr, Integer

from autorecur.graph.clocks import ONCE
from autorecur.language.frame import absolutes
from autorecur.page.context import Page
from autorecur.page.drawing import RADIUS, Point, Sheet
from autorecur.page.parts import frame_of, name_of
from autorecur.render.blocks import Block, Diagram
from autorecur.symbolic import carriers as c
from autorecur.symbolic.layout import Layout, Matrix, Sign, relation, row

if TYPE_CHECKING:
    from autorecur.language.frame import Frame, Part

BOX, LANE, RISE, GAP, BETWEEN = 50.0, 34.0, 24.0, 62.0, 78.0
"""The width of a step, the height of a lane; the length of edges: upright, from the first step to the last, between parts."""
MOST = 3


def picture(page: Page) -> Block:
    """The whole picture, with its caption."""
    return _Picture(page).diagram()


@dataclass
class _Picture:
    page: Page
    sheet: Sheet = field(default_factory=Sheet)

    def diagram(self) -> Diagram:
        page = self.page
        frame = frame_of(page)
        assert frame is not None
        self.frame: Frame = frame
        self.running = [part for part in frame.parts if part.clock]
        self.lanes = max(1, *(len(self.states(part)) for part in self.running))
        self.height = LANE * self.lanes + 6.0
        self.right: dict[str, float] = {}
        self.left: dict[str, float] = {}
        x = 0.0
        for part in self.running:
            x = self.part(part, x) + BETWEEN
        self.crossings()
        self.once(x - BETWEEN)
        return self.sheet.diagram(page.words("frames.picture.caption"), page.words("frames.picture.alt"))

    def states(self, part: Part) -> list[str]:
        return [name for name in self.frame.states if name in part.names]

    def steps(self, part: Part) -> tuple[Expr, Expr]:
        return Integer(1), c.last(part.clock)

    def lane(self, nth: int) -> float:
        return self.height - LANE * (nth + 0.5) - 3.0

    # ---------------------------------------------------------------- a part

    def part(self, part: Part, x: float) -> float:
        """Two boxes with dots between them, inputs below and outputs above; gives the right edge."""
        states = self.states(part)
        given = [name for name in states if not any(state == name for state, *_ in self.frame.starts.values())]
        if given:
            x += 34.0
        self.left[part.clock] = x
        second = x + BOX + GAP
        self.right[part.clock] = second + BOX
        for left, step in zip((x, second), self.steps(part), strict=True):
            self.sheet.box(left, 0.0, BOX, self.height, self.inside(part, step))
            self.inputs(part, left, step)
            self.outputs(part, left, step)
        for nth, state in enumerate(states):
            self.chain(part, state, self.lane(nth), x, second, state in given)
        if part.name:
            label = _words(name_of(self.page, part))
            self.sheet.label((x + BOX + GAP / 2, -RISE - 2 * RADIUS - 10.0), label, "below")
        return second + BOX

    def inside(self, part: Part, step: Expr) -> Layout | None:
        shown = [n for n in part.names if n not in self.frame.starts and self.frame.clock_of[n] == part.clock]
        shown = [n for n in self.states(part) if n in shown] or shown[:1]
        names = [self.page.name(name, step) for name in shown]
        if len(names) < 2:
            return names[0] if names else None
        return Matrix(tuple((name,) for name in names), "none")

    def chain(self, part: Part, state: str, y: float, first: float, second: float, given: bool) -> None:
        """A state from step to step: into the first box, and through the dots."""
        page = self.page
        backwards = any(offset > 0 for offset in self.frame.offsets[state])
        back = state in page.derivation.adjoints
        if given and not backwards:
            self.sheet.node((first - 34.0, y), page.name(state, Integer(0)), 1)
            edge = (first - 34.0 + RADIUS + 1, y), (first, y)
            self.sheet.pair(*edge, None, None, back)
        middle = first + BOX + GAP / 2
        dots = row(Sign("cdots"))
        ends = ((first + BOX, y), (middle - 8.0, y)), ((middle + 8.0, y), (second, y))
        for start, end in ends:
            if backwards:
                start, end = end, start
            self.sheet.pair(start, end, None, None, back)
        self.sheet.label((middle, y + 4.0), dots, "below")

    def inputs(self, part: Part, left: float, step: Expr) -> None:
        names = [n for n in part.inputs if self.frame.clock_of[n] == part.clock][:MOST]
        for x, name in zip(_spread(left, len(names)), names, strict=True):
            self.sheet.node((x, -RISE - RADIUS), self.page.name(name, step))
            back = name in self.page.derivation.adjoints
            self.sheet.pair((x, -RISE), (x, 0.0), None, None, back)

    def outputs(self, part: Part, left: float, step: Expr) -> None:
        """The outputs of this step above its box, and the loss above those that it reads."""
        page, loss = self.page, self.page.derivation.loss
        clocks = page.derivation.clocks
        assert clocks is not None
        shown = [n for n in (*self.frame.outputs, *loss.outputs) if self.frame.clock_of.get(n) == part.clock]
        names = list(dict.fromkeys(n for n in shown if n not in self.frame.states))[:MOST]
        level = self.height + RISE + RADIUS
        for x, name in zip(_spread(left, len(names)), names, strict=True):
            self.sheet.node((x, level), page.name(name, step))
            back = (name in page.derivation.adjoints or name == loss.bypassed) and self.counted(part, step)
            self.sheet.pair((x, self.height), (x, level - RADIUS), None, None, back)
        if clocks.clock(loss.name) != part.clock or not self.counted(part, step):
            return
        read = [n for n in loss.outputs if n in names]
        x = _spread(left, len(names))[names.index(read[0])] if read else left + BOX / 2
        low = level + RADIUS if read else self.height
        self.sheet.pair((x, low), (x, low + RISE), None, None, True)
        self.sheet.box(x - 24.0, low + RISE, 48.0, 20.0, page.name(loss.name, step))

    def counted(self, part: Part, step: Expr) -> bool:
        """Whether the loss stands at this step."""
        loss = self.page.derivation.loss
        clocks = self.page.derivation.clocks
        assert clocks is not None
        return clocks.clock(loss.name) == part.clock and (loss.at == "all" or step == c.last(part.clock))

    # ---------------------------------------------------------------- between the parts

    def crossings(self) -> None:
        """An edge for each initial value that is computed from an earlier part, and for each context."""
        lanes: dict[tuple[str, str], int] = {}
        for start, (state, *_) in self.frame.starts.items():
            source = self.source(start)
            target = self.frame.clock_of[state]
            states = [n for n in self.frame.states if self.frame.clock_of[n] == target]
            y = self.lane(states.index(state))
            if source is None:
                self.start_alone(start, target, y)
                continue
            clock, name = source
            lanes[clock, target] = lanes.get((clock, target), 0) + 1
            self.cross(clock, target, y, self.page.name(start, None), self.page.name(f"dL/d{start}", None))
        for name in self.frame.clock_of:
            self.context(name, lanes)

    def context(self, name: str, lanes: dict[tuple[str, str], int]) -> None:
        """A quantity that another part reads at each of its steps."""
        for assignment in self.frame.assignments:
            for leaf in absolutes(assignment.expression):
                target = self.frame.clock_of.get(assignment.name, ONCE)
                clock = self.frame.clock_of[leaf.name]
                if leaf.name != name or ONCE in (target, clock) or target == clock or (clock, target) in lanes:
                    continue
                lanes[clock, target] = 1
                step = c.last(clock) if leaf.from_end else Integer(leaf.offset)
                names = self.page.name(name, step), self.page.adjoint(name, step)
                self.cross(clock, target, 7.0, *names)

    def source(self, start: str) -> tuple[str, str] | None:
        """The part and the quantity that an initial value is computed from, directly or through what is computed once."""
        by_name = {a.name: a for a in self.frame.assignments}
        pending, seen = [start], {start}
        while pending:
            assignment = by_name.get(pending.pop())
            if assignment is None:
                continue
            for leaf in absolutes(assignment.expression):
                if self.frame.clock_of.get(leaf.name, ONCE) != ONCE:
                    return self.frame.clock_of[leaf.name], leaf.name
            read = {n for n, _ in self.page.derivation.step.reads()[assignment.name]} - seen
            seen |= read
            pending.extend(read)
        return None

    def cross(self, clock: str, target: str, y: float, value: Layout, back: Layout) -> None:
        start, end = (self.right[clock], y), (self.left[target], y)
        self.sheet.pair(start, end, value, back, True)

    def start_alone(self, start: str, target: str, y: float) -> None:
        """An initial value that is computed from what is given once."""
        x = self.left[target] - 34.0
        self.sheet.node((x, y), self.page.name(start, None), 1)
        self.sheet.pair((x + RADIUS + 1, y), (self.left[target], y), None, None, True)

    def once(self, right: float) -> None:
        """What is computed once behind the last step, in a row, and the loss if it stands there."""
        page, loss = self.page, self.page.derivation.loss
        shown = [a.name for a in self.frame.assignments if self.frame.clock_of.get(a.name) == ONCE][:MOST]
        read = [leaf.name for a in self.frame.assignments if a.name in shown for leaf in absolutes(a.expression)]
        lanes = [self.states(part).index(name) for part in self.running for name in read if name in self.states(part)]
        x, y = right + 46.0, self.lane(lanes[0] if lanes else 0)
        origin: Point = (right, y)
        for name in shown:
            self.sheet.node((x, y), page.name(name, None), 1)
            back = page.derivation.is_once(name) and (name in page.derivation.adjoints or name == loss.bypassed)
            self.sheet.pair(origin, (x - RADIUS - 1, y), None, None, back)
            origin, x = (x + RADIUS + 1, y), x + 46.0
        if shown and page.derivation.is_once(loss.name):
            wide = 40.0
            self.sheet.box(
                x - RADIUS, y - 10.0, wide, 20.0, row(page.name("L", None), relation("="), page.name(loss.name))
            )
            self.sheet.pair(origin, (x - RADIUS, y), None, None, True)


def _spread(left: float, count: int) -> Sequence[float]:
    distance = min(34.0, BOX / max(1, count))
    return [left + BOX / 2 + (i - (count - 1) / 2) * distance for i in range(count)]


def _words(text: str) -> Layout:
    from autorecur.symbolic.layout import Words

    return Words(text)
