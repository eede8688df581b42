"""A sheet on which pictures are put together: nodes, pairs of edges (forward and backward), labels; then a diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import hypot

from autorecur.render.blocks import Arrow, Box, Diagram, Disc, Inlines, Label, Polygon, Shape, Stroke
from autorecur.render.measure import width
from autorecur.symbolic.layout import Layout

RADIUS = 12.0
APART = 3.0
"""Half the distance between an edge and the adjoint edge beside it."""
LABEL = 3.5
SMALL = 8.0
"""The size of a label's type."""

TEXT = 10.0

Point = tuple[float, float]


def fits_disc(label: Layout) -> bool:
    """Whether a name is short enough to stand in a disc."""
    return width(label) * TEXT <= 2 * RADIUS


@dataclass
class Sheet:
    """Shapes in any coordinates; :meth:`diagram` moves them to where they belong."""

    shapes: list[Shape] = field(default_factory=list)

    def node(self, at: Point, label: Layout, side: int = 0) -> None:
        """A disc, or a box where the name is long; ``side`` says which of its sides edges need at the disc's rim."""
        if fits_disc(label):
            self.shapes.append(Disc(at[0], at[1], RADIUS, label))
            return
        wide = width(label) * TEXT + 8.0
        left = {0: at[0] - wide / 2, 1: at[0] + RADIUS - wide, -1: at[0] - RADIUS}[side]
        self.shapes.append(Box(left, at[1] - RADIUS, wide, 2 * RADIUS, label))

    def box(self, left: float, bottom: float, wide: float, high: float, label: Layout | None) -> None:
        self.shapes.append(Box(left, bottom, wide, high, label))

    def label(self, at: Point, layout: Layout | None, anchor: str, backward: bool = False) -> None:
        if layout is not None:
            self.shapes.append(Label(at[0], at[1], layout, anchor, backward))

    def pair(
        self, start: Point, end: Point, forward: Layout | None, back: Layout | None, adjoint: bool, at: float = 0.5
    ) -> None:
        """A straight edge, its label above or to the left, the adjoint edge beside it; ``at`` is how far along labels stand."""
        (dx, dy), length = (end[0] - start[0], end[1] - start[1]), hypot(end[0] - start[0], end[1] - start[1])
        ux, uy = dx / length, dy / length
        # The normal that points up for an edge along the line, and left for one that rises.
        nx, ny = (-uy, ux) if abs(ux) < abs(uy) or ux > 0 else (uy, -ux)
        shift = APART if adjoint else 0.0
        self.shapes.append(Arrow((_moved(start, nx, ny, shift), _moved(end, nx, ny, shift))))
        middle = (start[0] + at * dx, start[1] + at * dy)
        upright = abs(uy) > abs(ux)
        self.label(_moved(middle, nx, ny, shift + LABEL), forward, "left" if upright else "above")
        if adjoint:
            self.shapes.append(Arrow((_moved(end, nx, ny, -shift), _moved(start, nx, ny, -shift)), backward=True))
            self.label(_moved(middle, nx, ny, -shift - LABEL), back, "right" if upright else "below", backward=True)

    def arc(self, start: Point, end: Point, height: float, label: Layout | None, backward: bool = False) -> None:
        """A curve above (or, with a negative height, below) what stands between two points."""
        bend = height * 4 / 3
        first, last = (start[0], start[1] + bend), (end[0], end[1] + bend)
        self.shapes.append(Arrow((start, first, last, end), backward=backward, curved=True))
        # The label stands a quarter of the way from the left end, where no edge from below crosses.
        left, right = sorted((start, end))
        at = (left[0] + 0.17 * (right[0] - left[0]), left[1] + 0.75 * height + (LABEL if height > 0 else -LABEL))
        self.label(at, label, "above" if height > 0 else "below", backward)

    def line(
        self, points: Sequence[Point], label: Layout | None, at: Point, anchor: str, backward: bool = False
    ) -> None:
        self.shapes.append(Arrow(tuple(points), backward=backward))
        self.label(at, label, anchor, backward)

    def diagram(self, caption: Inlines, alt: Inlines) -> Diagram:
        """The smallest frame that holds everything."""
        left, bottom, right, top = bounds(self.shapes)
        moved = tuple(shifted(shape, -left, -bottom) for shape in self.shapes)
        return Diagram(right - left, top - bottom, moved, caption, alt)


def _moved(point: Point, nx: float, ny: float, by: float) -> Point:
    return point[0] + nx * by, point[1] + ny * by


def shifted(shape: Shape, dx: float, dy: float) -> Shape:
    if isinstance(shape, (Arrow, Stroke, Polygon)):
        return replace(shape, points=tuple((x + dx, y + dy) for x, y in shape.points))
    return replace(shape, x=shape.x + dx, y=shape.y + dy)


def bounds(shapes: Sequence[Shape]) -> tuple[float, float, float, float]:
    boxes = [_extent(shape) for shape in shapes]
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _extent(shape: Shape) -> tuple[float, float, float, float]:
    match shape:
        case Disc():
            return shape.x - shape.radius, shape.y - shape.radius, shape.x + shape.radius, shape.y + shape.radius
        case Box():
            return shape.x, shape.y, shape.x + shape.width, shape.y + shape.height
        case Arrow() | Stroke() | Polygon():
            xs, ys = [p[0] for p in shape.points], [p[1] for p in shape.points]
            return min(xs), min(ys), max(xs), max(ys)
    wide = width(shape.layout) * SMALL
    left = {"left": wide, "right": 0.0}.get(shape.anchor, wide / 2)
    below = {"above": 0.0, "below": SMALL}.get(shape.anchor, SMALL / 2)
    return shape.x - left, shape.y - below, shape.x - left + wide, shape.y - below + SMALL
