"""Plots as diagrams: axes with ticks, curves that differ in dashes and marks, a legend. They read in black and white.

A plot is data until :meth:`Plot.diagram` turns it into lines, polygons and labels, which every format prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import cos, floor, inf, isfinite, log10, pi, sin

from autorecur.render.blocks import Diagram, Inlines, Label, Polygon, Shape, Stroke
from autorecur.render.measure import width as width_of
from autorecur.symbolic.layout import Layout, Num, Script

Point = tuple[float, float]

SMALL = 8.0
"""The size of the type of labels."""
SAMPLE = 24.0
"""The length of the line in the legend."""
ENTRY = 13.0
MARK = 2.1
TICK = 3.0
DEEPEST = 16
"""How many decades a logarithmic axis shows at most: below, rounding is seen."""

STYLES: tuple[tuple[str, str], ...] = (
    ("solid", "disc"),
    ("dashed", "square"),
    ("dashdot", "triangle"),
    ("long", "circle"),
    ("dotted", "diamond"),
    ("solid", "white square"),
    ("dashed", "white triangle"),
    ("dashdot", "white diamond"),
)
"""Dashes and marks of the curves of a plot, in order."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through points with its name in the legend; ``mark`` is empty, disc, circle, square, triangle or diamond."""

    xs: Sequence[float]
    ys: Sequence[float]
    label: Layout | None = None
    dash: str = "solid"
    mark: str = ""
    width: float = 0.8
    faint: bool = False


def styled(curves: Sequence[Curve]) -> list[Curve]:
    """The curves, each in a style of its own; with more curves than styles, styles come again."""
    marked = [STYLES[at % len(STYLES)] for at in range(len(curves))]
    return [replace(curve, dash=dash, mark=mark) for curve, (dash, mark) in zip(curves, marked, strict=True)]


@dataclass(frozen=True)
class Plot:
    """Curves in a frame of ``width`` by ``height`` points; ``logarithmic`` is said of the vertical axis.

    ``legend`` stands at the ``right`` of the frame or ``below`` it. Points that are not finite, or not positive on a
    logarithmic axis, break a curve."""

    curves: Sequence[Curve]
    x_label: Layout | None = None
    y_label: Layout | None = None
    width: float = 220.0
    height: float = 120.0
    logarithmic: bool = False
    legend: str = "right"
    y_range: tuple[float, float] | None = None
    grid: bool = True

    def diagram(self, caption: Inlines = (), alt: Inlines = ()) -> Diagram:
        return framed(self.shapes(), caption, alt)

    def shapes(self) -> list[Shape]:
        """Everything in points, the lower left corner of the frame at (0, 0)."""
        axes = _Axes(self)
        found: list[Shape] = []
        found += axes.ticks()
        for curve in self.curves:
            found += axes.drawn(curve)
        found.append(Polygon(((0, 0), (self.width, 0), (self.width, self.height), (0, self.height)), "none"))
        if self.x_label is not None:
            found.append(Label(self.width / 2, -TICK - SMALL - 4.0, self.x_label, "below"))
        if self.y_label is not None:
            found.append(Label(width_of(self.y_label) * SMALL / 2 - 14.0, self.height + 7.0, self.y_label, "above"))
        named = [curve for curve in self.curves if curve.label is not None]
        if self.legend == "right":
            corner = (self.width + 12.0, self.height - ENTRY / 2)
        else:
            corner = (0.0, -TICK - SMALL - (8.0 if self.x_label is None else 24.0))
        for at, curve in enumerate(named):
            found += _entry(curve, (corner[0], corner[1] - at * ENTRY))
        return found


def side_by_side(
    plots: Sequence[Plot], titles: Sequence[Layout | None], gap: float = 44.0, caption: Inlines = (), alt: Inlines = ()
) -> Diagram:
    """Several plots in a row, each under its title."""
    found: list[Shape] = []
    left = 0.0
    for plot, title in zip(plots, titles, strict=True):
        shapes = plot.shapes()
        if title is not None:
            low = plot.height + (20.0 if plot.y_label is not None else 4.0)
            shapes.append(Label(plot.width / 2, low, title, "above"))
        found += [moved(shape, left, 0.0) for shape in shapes]
        right = max(_extent(shape)[2] for shape in shapes)
        left += max(right, plot.width) + gap
    return framed(found, caption, alt)


def framed(shapes: Sequence[Shape], caption: Inlines = (), alt: Inlines = ()) -> Diagram:
    """The smallest picture that holds the shapes."""
    boxes = [_extent(shape) for shape in shapes]
    left, bottom = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, top = max(box[2] for box in boxes), max(box[3] for box in boxes)
    shifted = tuple(moved(shape, -left, -bottom) for shape in shapes)
    return Diagram(right - left, top - bottom, shifted, caption, alt)


def moved(shape: Shape, dx: float, dy: float) -> Shape:
    if isinstance(shape, (Stroke, Polygon)):
        return replace(shape, points=tuple((x + dx, y + dy) for x, y in shape.points))
    assert isinstance(shape, Label)
    return replace(shape, x=shape.x + dx, y=shape.y + dy)


def _extent(shape: Shape) -> tuple[float, float, float, float]:
    if isinstance(shape, (Stroke, Polygon)):
        xs, ys = [p[0] for p in shape.points], [p[1] for p in shape.points]
        return min(xs), min(ys), max(xs), max(ys)
    assert isinstance(shape, Label)
    wide = width_of(shape.layout) * SMALL + 3.2
    left = shape.x - {"left": wide, "right": 0.0}.get(shape.anchor, wide / 2)
    low = shape.y - {"above": 0.0, "below": SMALL + 3.2}.get(shape.anchor, SMALL / 2 + 1.6)
    return left, low, left + wide, low + SMALL + 3.2


class _Axes:
    """Maps data to points, and knows where ticks stand."""

    def __init__(self, plot: Plot) -> None:
        self.plot = plot
        xs = [float(x) for curve in plot.curves for x in curve.xs]
        self.left, self.right = (min(xs), max(xs)) if xs else (0.0, 1.0)
        if self.left == self.right:
            self.right = self.left + 1.0
        ys = [v for curve in plot.curves for y in curve.ys if (v := self.scaled(y)) is not None]
        if plot.y_range is not None:
            low, high = (self.scaled(y) or 0.0 for y in plot.y_range)
        else:
            low, high = (min(ys), max(ys)) if ys else (0.0, 1.0)
            if plot.logarithmic:
                low, high = float(floor(max(low, high - DEEPEST) + 1e-9)), -float(floor(-high + 1e-9))
            else:
                low, high = min(low, 0.0), high + 0.06 * (high - min(low, 0.0))
        self.low, self.high = low, high if high > low else low + 1.0

    def scaled(self, y: float) -> float | None:
        """The value on the axis; None where there is none."""
        y = float(y)
        if self.plot.logarithmic:
            return log10(y) if 0 < y < inf else None
        return y if isfinite(y) else None

    def x(self, value: float) -> float:
        return (value - self.left) / (self.right - self.left) * self.plot.width

    def y(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low) * self.plot.height

    def ticks(self) -> Iterator[Shape]:
        plot = self.plot
        for value, label in _linear(self.left, self.right, max(2, int(plot.width / 38))):
            x = self.x(value)
            yield Stroke(((x, 0.0), (x, -TICK)), width=0.5)
            yield Label(x, -TICK, label, "below")
        marks = max(2, int(plot.height / 17))
        for value, label in (_decades if plot.logarithmic else _linear)(self.low, self.high, marks):
            y = self.y(value)
            if plot.grid and 0.5 < y < plot.height - 0.5:
                yield Stroke(((0.0, y), (plot.width, y)), width=0.4, faint=True)
            yield Stroke(((0.0, y), (-TICK, y)), width=0.5)
            yield Label(-TICK, y, label, "left")

    def drawn(self, curve: Curve) -> Iterator[Shape]:
        """The curve where it lies in the frame, and a mark at some of its points."""
        points = [
            None if (v := self.scaled(y)) is None else (self.x(float(x)), self.y(v))
            for x, y in zip(curve.xs, curve.ys, strict=True)
        ]
        for piece in _clipped(points, self.plot.height):
            yield Stroke(piece, curve.dash, curve.width, curve.faint)
        if curve.mark:
            inside = [p for p in points if p is not None and -0.01 <= p[1] <= self.plot.height + 0.01]
            apart = max(1, -(-len(points) // 8))
            for at in range(apart // 2, len(inside), apart):
                yield mark(curve.mark, inside[at])


def _clipped(points: Sequence[Point | None], height: float) -> Iterator[tuple[Point, ...]]:
    """The polyline between y = 0 and the height of the frame, in as many pieces as it takes."""
    piece: list[Point] = []
    for start, end in pairwise(points):
        if start is None or end is None:
            if len(piece) > 1:
                yield tuple(piece)
            piece = []
            continue
        cut = _inside(start, end, height)
        if cut is None or (piece and piece[-1] != cut[0]):
            if len(piece) > 1:
                yield tuple(piece)
            piece = []
        if cut is not None:
            piece = [*piece, cut[1]] if piece else [*cut]
    if len(piece) > 1:
        yield tuple(piece)


def _inside(start: Point, end: Point, height: float) -> tuple[Point, Point] | None:
    (x0, y0), (x1, y1) = start, end
    if max(y0, y1) < 0 or min(y0, y1) > height:
        return None

    def at(y: float) -> Point:
        return x0 + (x1 - x0) * (y - y0) / (y1 - y0), y

    first = at(0.0) if y0 < 0 else at(height) if y0 > height else start
    last = at(0.0) if y1 < 0 else at(height) if y1 > height else end
    return first, last


def _linear(low: float, high: float, most: int) -> Iterator[tuple[float, Layout]]:
    """Round numbers, at most so many, between two ends."""
    rough = (high - low) / most
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first = -floor(-low / step + 1e-9)
    for at in range(first, floor(high / step + 1e-9) + 1):
        value = at * step
        yield value, Num(f"{value:.10g}")


def _decades(low: float, high: float, most: int) -> Iterator[tuple[float, Layout]]:
    """Powers of ten, thinned out evenly."""
    whole = high - low
    step = next(s for s in (1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1000) if whole / s <= most)
    for power in range(-floor(-low / step + 1e-9) * step, floor(high + 1e-9) + 1, step):
        yield float(power), Num("1") if power == 0 else Script(Num("10"), None, Num(str(power)))


def _entry(curve: Curve, at: Point) -> Iterator[Shape]:
    """The line of a curve in the legend, and its name behind it."""
    x, y = at
    yield Stroke(((x, y), (x + SAMPLE, y)), curve.dash, curve.width, curve.faint)
    if curve.mark:
        yield mark(curve.mark, (x + SAMPLE / 2, y))
    assert curve.label is not None
    yield Label(x + SAMPLE + 2.0, y, curve.label, "right")


_CORNERS = {
    "circle": (12, 0.0, 1.0),
    "square": (4, pi / 4, 1.25),
    "triangle": (3, pi / 2, 1.35),
    "diamond": (4, 0.0, 1.4),
}
"""Of each mark: how many corners, the direction of the first, the radius."""


def mark(kind: str, at: Point) -> Polygon:
    """The outline of a mark: filled, or white where its name says so."""
    name = {"disc": "circle"}.get(kind, kind.removeprefix("white "))
    corners, first, radius = _CORNERS[name]
    angles = [first + 2 * pi * corner / corners for corner in range(corners)]
    points = tuple((at[0] + MARK * radius * cos(angle), at[1] + MARK * radius * sin(angle)) for angle in angles)
    return Polygon(points, "paper" if kind == "circle" or kind.startswith("white ") else "ink")
