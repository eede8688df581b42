"""The folded graph, one box with its loops, and beside it the inside of the box: what one step does, and what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from autorecur.page.context import Page
from autorecur.page.drawing import LABEL, RADIUS, Point, Sheet, bounds, shifted
from autorecur.page.inside import Inside, Piece
from autorecur.page.layers import Edge, Size, layered
from autorecur.render.blocks import Arrow, Block, Disc, Inlines, Math, Paragraph
from autorecur.render.page import FULL_WIDTH
from autorecur.symbolic.layout import Layout, Num, Sign, row

ACROSS, APART = (18.0, 15.0, 12.0), 11.0
"""Between layers, as wide as there is room; between neighbours in a layer."""
BETWEEN = 22.0
NAME = 4.0
MOST_PIECES = 48
BESIDE = 1.6
"""Half the distance between an edge and its adjoint edge."""
LOOP, DELAY = 15.0, 14.0
WIDE, HIGH = 46.0, 40.0
RISE = 22.0


def inside(page: Page) -> Iterator[Block]:
    """The folded graph and the inside of the cell, as one picture or two; of a very large cell the folded graph alone."""
    words = page.words
    sheet = Sheet()
    folded = _folded(page, sheet)
    found = Inside(page)
    alt = (*words("folded.alt"), " ", *_in_words(page))
    if len(found.pieces) > MOST_PIECES:
        yield sheet.diagram(words("folded.caption"), alt)
        yield Paragraph(words("folded.large", count=str(len(found.pieces))))
        return
    for across in ACROSS:
        picture = Sheet()
        wide = _Drawn(page, found, picture, across).draw()
        if folded + BETWEEN + wide <= FULL_WIDTH:
            (_, low, _, high), (_, bottom, _, top) = bounds(sheet.shapes), bounds(picture.shapes)
            up = (bottom + top - low - high) / 2
            picture.shapes.extend(shifted(shape, -folded - BETWEEN, up) for shape in sheet.shapes)
            yield picture.diagram((*words("folded.caption"), " ", *words("folded.inside")), alt)
            return
    yield sheet.diagram(words("folded.caption"), alt)
    yield picture.diagram(words("folded.inside_alone"), _in_words(page))


def _in_words(page: Page) -> Inlines:
    """Each quantity with what it is made of."""
    items: list[object] = []
    reads = page.derivation.step.reads()
    for assignment in page.derivation.cell.assignments:
        pending, seen = [assignment.name], dict[tuple[str, int], None]()
        while pending:
            for name, offset in reads[pending.pop()]:
                if offset == 0 and page.kind(name) not in ("cell", "input", "loss"):
                    pending.append(name)
                else:
                    seen[name, offset] = None
        made = page.words.listed([Math(page.name(n, page.at(o))) for n, o in seen])
        items.extend((" ", *page.words("folded.made", quantity=page.name(assignment.name), parts=made)))
    return tuple(items[1:])  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------ the folded graph


def _folded(page: Page, sheet: Sheet) -> float:
    """One box; inputs below, outputs above, a loop for each state through a square that delays. Its width."""
    cell = page.derivation.cell
    loops = [(state, offset) for state in cell.states for offset in cell.offsets[state] if offset]
    high = max(HIGH, 2 * LOOP * (len(loops) + 1))
    sheet.box(0.0, 0.0, WIDE, high, row(*_listed([page.name(name) for name in cell.states[:3]])))
    for i, name in enumerate(cell.inputs[:3]):
        x = WIDE * (i + 1) / (min(3, len(cell.inputs)) + 1)
        sheet.node((x, -RISE - RADIUS), page.name(name))
        sheet.shapes.append(Arrow(((x, -RISE), (x, 0.0))))
    outputs = [name for name in cell.outputs if name not in cell.states][:3]
    for i, name in enumerate(outputs):
        x = WIDE * (i + 1) / (len(outputs) + 1)
        sheet.node((x, high + RISE + RADIUS), page.name(name))
        sheet.shapes.append(Arrow(((x, high), (x, high + RISE))))
    right = WIDE
    for i, (state, offset) in enumerate(loops):
        upper, lower = high / 2 + LOOP * (i + 0.7), high / 2 - LOOP * (i + 0.7)
        x = WIDE + 24.0 + 26.0 * i
        delay = Num(str(-offset)) if offset < 0 else row(Sign("-"), Num(str(offset)))
        sheet.shapes.append(Arrow(((WIDE, upper), (x, upper), (x, high / 2 + DELAY / 2)), head=False))
        sheet.box(x - DELAY / 2, high / 2 - DELAY / 2, DELAY, DELAY, delay)
        sheet.shapes.append(Arrow(((x, high / 2 - DELAY / 2), (x, lower), (WIDE, lower))))
        sheet.label((WIDE + 10.0, upper + LABEL - 1.0), page.name(state), "above")
        right = x + DELAY / 2
    return right


def _listed(parts: Sequence[Layout]) -> Iterator[Layout]:
    for i, part in enumerate(parts):
        if i:
            yield Sign(",", "punct")
        yield part


# ------------------------------------------------------------------------------------------------------------ the inside


@dataclass
class _Drawn:
    page: Page
    inside: Inside
    sheet: Sheet
    across: float

    def draw(self) -> float:
        pieces, edges = self.inside.pieces, list(dict.fromkeys(self.inside.edges))
        self.layout = layered({key: _room(piece) for key, piece in pieces.items()}, edges, self.across, APART)
        for edge in edges:
            self.edge(edge)
        for key, piece in pieces.items():
            self.piece(piece, self.layout.places[key])
        return max((x + pieces[key].size.x for key, (x, _) in self.layout.places.items()), default=0.0)

    def piece(self, piece: Piece, at: Point) -> None:
        size = piece.size
        if piece.kind == "box" or (piece.kind == "disc" and size.x > RADIUS):
            self.sheet.box(at[0] - size.x, at[1] - size.y, 2 * size.x, 2 * size.y, piece.label)
        else:
            self.sheet.shapes.append(Disc(at[0], at[1], size.y, piece.label))
        if piece.name:
            self.sheet.label((at[0], at[1] + size.y + 0.5), self.page.name(piece.name), "above")

    def edge(self, edge: Edge) -> None:
        """A curve through its points, and against it, a little below, what comes back."""
        a, b = (self.inside.pieces[key] for key in edge)
        (x, y), (u, v) = (self.layout.places[key] for key in edge)
        points = [(x + a.size.x, y), *self.layout.bends[edge], (u - b.size.x - 1.0, v)]
        back = self.page.reaches_loss(self.inside.owners[edge[1]])
        shift = BESIDE if back else 0.0
        self.curve([(p, q + shift) for p, q in points], backward=False)
        if back:
            points = [(points[0][0] + 1.0, points[0][1]), *points[1:-1], (u - b.size.x, v)]
            self.curve([(p, q - shift) for p, q in reversed(points)], backward=True)

    def curve(self, points: Sequence[Point], backward: bool) -> None:
        pairs = list(pairwise(points))
        for i, ((x, y), (u, v)) in enumerate(pairs):
            last = i == len(pairs) - 1
            if abs(y - v) < 0.5:
                self.sheet.shapes.append(Arrow(((x, y), (u, v)), backward, head=last))
                continue
            middle = (x + u) / 2
            self.sheet.shapes.append(
                Arrow(((x, y), (middle, y), (middle, v), (u, v)), backward, curved=True, head=last)
            )


def _room(piece: Piece) -> Size:
    """A piece with its name above it."""
    return Size(piece.size.x, piece.size.y + NAME) if piece.name else piece.size
