"""The points of an arrow: its shaft, shortened, and the head at its end, in the same form for every format."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from autorecur.render.blocks import Arrow

Point = tuple[float, float]

_LENGTH, _HALF, _NOTCH = 5.7, 2.1, 4.2


@dataclass(frozen=True, slots=True)
class Drawn:
    """``shaft`` is a polyline, or four points of a Bézier curve; ``head`` a filled polygon."""

    shaft: tuple[Point, ...]
    head: tuple[Point, ...]


def drawn(arrow: Arrow) -> Drawn:
    if not arrow.head:
        return Drawn(arrow.points, ())
    end = arrow.points[-1]
    ux, uy = _direction(arrow)
    notch = (end[0] - _NOTCH * ux, end[1] - _NOTCH * uy)
    back = (end[0] - _LENGTH * ux, end[1] - _LENGTH * uy)
    sides = [(back[0] - side * _HALF * uy, back[1] + side * _HALF * ux) for side in (1, -1)]
    return Drawn((*arrow.points[:-1], notch), (end, sides[0], notch, sides[1]))


def _direction(arrow: Arrow) -> Point:
    """The unit vector at the arrow's end; of points that coincide, any."""
    end = arrow.points[-1]
    for start in reversed(arrow.points[:-1]):
        dx, dy = end[0] - start[0], end[1] - start[1]
        length = hypot(dx, dy)
        if length > 1e-9:
            return dx / length, dy / length
    return 1.0, 0.0
