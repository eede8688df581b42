"""The picture of a cell with one state, node by node: states from left to right, inputs below, outputs and loss above."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from autorecur.page.context import Page
from autorecur.page.drawing import RADIUS, SMALL, Point, Sheet, fits_disc
from autorecur.page.edges import PITCH, STEPS, WIDEST_LABEL, contributions, loss_bar, loss_steps, sent, to_loss, word

ROW = 50.0
"""From the states up to what stands above them, and down to the inputs."""
MOST_LANE = 3
"""More quantities between two states are too many to be drawn."""


@dataclass(frozen=True)
class Chain:
    """A cell with one state: the quantities from the state of one step to that of the next, and those behind it."""

    state: str
    lane: tuple[str, ...]
    above: tuple[str, ...]
    inputs: tuple[str, ...]
    skip: bool
    """The state reads itself past the other quantities of the lane."""


def chain_of(page: Page) -> Chain | None:
    """The chain of a cell that is simple enough to be drawn node by node."""
    derivation = page.derivation
    cell, loss = derivation.cell, derivation.loss
    order = [name for loop in derivation.loops for name in loop.names if name != loss.name]
    if len(cell.states) != 1 or set(cell.offsets[cell.states[0]]) - {0} != {-1} or len(cell.inputs) > 2:
        return None
    (state,) = cell.states
    lane, above = order[: order.index(state) + 1], order[order.index(state) + 1 :]
    reads = derivation.step.reads()
    if len(lane) > MOST_LANE or len(above) > 2 or loss.outputs != ((above or [state])[-1],):
        return None
    inputs = [(name, 0) for name in cell.inputs]
    skip = len(lane) > 1 and (state, -1) in reads[state]
    for i, name in enumerate(lane):
        allowed = {*inputs, (lane[i - 1], 0)} if i else {*inputs, (state, -1)}
        allowed |= {(state, -1)} if skip and name == state else set()
        if not set(reads[name]) <= allowed or (i == 0 and (state, -1) not in reads[name]):
            return None
    for before, name in zip([state, *above], above, strict=False):
        if set(reads[name]) != {(before, 0)}:
            return None
    if any(sum((x, 0) in reads[name] for name in lane) != 1 for x in cell.inputs):
        return None
    if not all(fits_disc(page.name(name)) for name in (*lane, *above, *cell.inputs)):
        return None
    return Chain(state, tuple(lane), tuple(above), tuple(cell.inputs), skip)


@dataclass
class Chains:
    """Draws a chain: states from left to right, inputs below, outputs and loss above."""

    page: Page
    chain: Chain

    def sheet(self) -> Sheet:
        self.drawn = Sheet()
        chain = self.chain
        self.drawn.node((0.0, 0.0), self.page.name(chain.state, 0))
        for step in range(1, STEPS + 1):
            self.step(step)
        top = ROW * len(chain.above) + RADIUS + 27.0
        columns = [self.place(chain.state, step)[0] for step in loss_steps(self.page)]
        loss_bar(self.page, self.drawn, columns, top)
        last = chain.above[-1] if chain.above else chain.state
        for step in loss_steps(self.page):
            x, y = self.place(last, step)
            to_loss(self.page, self.drawn, last, step, (x, y + RADIUS), top)
        return self.drawn

    def place(self, name: str, step: int) -> Point:
        chain = self.chain
        if name in chain.above:
            return PITCH * step, ROW * (chain.above.index(name) + 1)
        return PITCH * (step - 1) + PITCH * (chain.lane.index(name) + 1) / len(chain.lane), 0.0

    def step(self, step: int) -> None:
        page, chain, drawn = self.page, self.chain, self.drawn
        before: tuple[str, int, Point] = (chain.state, step - 1, (PITCH * (step - 1), 0.0))
        for name in chain.lane:
            here = self.place(name, step)
            drawn.node(here, page.name(name, step))
            self.edge(before, name, step, here)
            self.inputs(name, step, here)
            before = (name, step, here)
        for name in chain.above:
            here = self.place(name, step)
            drawn.node(here, page.name(name, step))
            self.edge(before, name, step, here)
            before = (name, step, here)
        if chain.skip:
            self.skip(step)

    def edge(self, source: tuple[str, int, Point], reader: str, step: int, end: Point) -> None:
        """From a quantity to its reader, and back."""
        name, own, start = source
        parts = contributions(self.page, name, own, reader, step - own)
        upright = start[0] == end[0]
        gap = RADIUS + 1.0
        room = WIDEST_LABEL if upright else min(WIDEST_LABEL, (abs(end[0] - start[0]) - 2 * gap) / SMALL)
        back = sent(self.page, name, own, parts, room)
        node = self.page.derivation.step.assignments[reader].node
        a = (start[0], start[1] + gap) if upright else (start[0] + gap, start[1])
        b = (end[0], end[1] - gap) if upright else (end[0] - gap, end[1])
        self.drawn.pair(a, b, word(self.page, node, name), back, bool(parts))

    def inputs(self, reader: str, step: int, here: Point) -> None:
        reads = self.page.derivation.step.reads()[reader]
        own = [name for name in self.chain.inputs if (name, 0) in reads]
        for i, name in enumerate(own):
            x = here[0] + (i - (len(own) - 1) / 2) * 44.0
            low = (x, here[1] - ROW - (24.0 if self.chain.skip else 0.0))
            self.drawn.node(low, self.page.name(name, step))
            parts = contributions(self.page, name, step, reader, 0)
            node = self.page.derivation.step.assignments[reader].node
            start, end = _between(low, here)
            self.drawn.pair(start, end, word(self.page, node, name), sent(self.page, name, step, parts), bool(parts))

    def skip(self, step: int) -> None:
        """The state reads itself directly: a curve past the lane."""
        chain, page = self.chain, self.page
        left, right = PITCH * (step - 1), PITCH * step
        side, lift = RADIUS * 0.75, RADIUS * 0.75
        self.drawn.arc((left + side, lift), (right - side, lift), 16.0, None)
        parts = contributions(page, chain.state, step - 1, chain.state, 1)
        if parts:
            label = sent(page, chain.state, step - 1, parts)
            self.drawn.arc((right - side, -lift), (left + side, -lift), -16.0, label, backward=True)


def _between(low: Point, high: Point) -> tuple[Point, Point]:
    """From the rim of one disc to that of another."""
    dx, dy = high[0] - low[0], high[1] - low[1]
    length = hypot(dx, dy)
    gap = (RADIUS + 1.0) / length
    return (low[0] + dx * gap, low[1] + dy * gap), (high[0] - dx * gap, high[1] - dy * gap)
