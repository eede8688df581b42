"""Diagrams as SVG: the shapes are drawn, the labels stand over them as MathML, placed in the unit of the picture's type.

All lengths are in em, so that a picture is as large as the type around it: ten of its points are one em. Text inside SVG
would need ``foreignObject``, which browsers place differently.
"""

from __future__ import annotations

from collections.abc import Sequence

from autorecur.errors import RenderError
from autorecur.render.blocks import DASHES, Arrow, Box, Diagram, Disc, Label, Polygon, Shape, Stroke
from autorecur.render.geometry import Point, drawn
from autorecur.render.mathml import mathml
from autorecur.render.source import HtmlSource
from autorecur.symbolic.layout import Layout

POINTS_PER_EM = 10.0
_ANCHORS = ("center", "above", "below", "left", "right")


def picture(diagram: Diagram, decimal: str = ".") -> HtmlSource:
    """The drawing in a box of its own size; readers that see nothing get the words beside it."""
    size = f"width:{_em(diagram.width)};height:{_em(diagram.height)}"
    frame = f"0 0 {_number(diagram.width)} {_number(diagram.height)}"
    shapes = "".join(_shape(shape, diagram.height) for shape in diagram.shapes)
    labels = "".join(_label(shape, diagram.height, decimal) for shape in diagram.shapes)
    return HtmlSource(f'<div class="picture" style="{size}"><svg viewBox="{frame}">{shapes}</svg>{labels}</div>')


def _shape(shape: Shape, height: float) -> str:
    match shape:
        case Box():
            x, y = _number(shape.x), _number(height - shape.y - shape.height)
            size = f'width="{_number(shape.width)}" height="{_number(shape.height)}"'
            return f'<rect x="{x}" y="{y}" {size} rx="4"/>'
        case Disc():
            middle = f'cx="{_number(shape.x)}" cy="{_number(height - shape.y)}"'
            return f'<circle class="disc" {middle} r="{_number(shape.radius)}"/>'
        case Arrow():
            return _arrow(shape, height)
        case Stroke():
            dash = f' stroke-dasharray="{" ".join(map(_number, DASHES[shape.dash]))}"' if DASHES[shape.dash] else ""
            kind = "line faint" if shape.faint else "line"
            points = _points(shape.points, height)
            return f'<polyline class="{kind}" style="stroke-width:{_number(shape.width)}"{dash} points="{points}"/>'
        case Polygon():
            kind = f"area {shape.fill}" + ("" if shape.outline else " bare")
            return f'<polygon class="{kind}" points="{_points(shape.points, height)}"/>'
        case Label():
            return ""
    raise RenderError(f"the HTML document has no rule for the shape {type(shape).__name__}")


def _arrow(arrow: Arrow, height: float) -> str:
    parts = drawn(arrow)
    kind = ' class="back"' if arrow.backward else ""
    if arrow.curved:
        first, *others = (_point(point, height) for point in parts.shaft)
        shaft = f'<path{kind} d="M{first} C{" ".join(others)}"/>'
    else:
        shaft = f'<polyline{kind} points="{_points(parts.shaft, height)}"/>'
    if not parts.head:
        return shaft
    head = "head back" if arrow.backward else "head"
    return f'{shaft}<polygon class="{head}" points="{_points(parts.head, height)}"/>'


def _label(shape: Shape, height: float, decimal: str) -> str:
    match shape:
        case Box(label=Layout() as layout):
            middle = (shape.x + shape.width / 2, shape.y + shape.height / 2)
            return _placed(layout, middle, height, "center", decimal)
        case Disc(label=Layout() as layout):
            return _placed(layout, (shape.x, shape.y), height, "center", decimal)
        case Label():
            if shape.anchor not in _ANCHORS:
                raise RenderError(f"the HTML document places no label {shape.anchor!r}")
            kind = shape.anchor + (" small" if shape.small else "") + (" b" if shape.backward else "")
            return _placed(shape.layout, (shape.x, shape.y), height, kind, decimal)
    return ""


def _placed(layout: Layout, point: Point, height: float, kind: str, decimal: str) -> str:
    """The span has no size of its own; what stands in it is moved from there by its class."""
    at = f"left:{_em(point[0])};top:{_em(height - point[1])}"
    return f'<span class="at" style="{at}"><span class="{kind}">{mathml(layout, decimal=decimal)}</span></span>'


def _points(points: Sequence[Point], height: float) -> str:
    return " ".join(_point(point, height) for point in points)


def _point(point: Point, height: float) -> str:
    """SVG counts downwards."""
    return f"{_number(point[0])},{_number(height - point[1])}"


def _em(points: float) -> str:
    return f"{round(points / POINTS_PER_EM, 3):g}em"


def _number(value: float) -> str:
    return f"{round(value, 2):g}"
