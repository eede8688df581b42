"""Trigonometric and hyperbolic functions and their inverses; sin, cos and tanh stand with the functions of a cell.

The derivatives are arranged so that nothing overflows and no digits are lost near the ends of a domain: ``(1 − x)(1 + x)``
instead of ``1 − x²``, ``hypot(1, x)`` instead of ``√(1 + x²)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autorecur.ops.arithmetic import divide, elementwise, ratio
from autorecur.ops.functions import is_complex, sqrt, square
from autorecur.ops.op import Op


def _function(name: str, partial: Callable[[Any, Any], Any]) -> Op:
    """NumPy's function of this name, with derivative ``partial(out, x)``."""
    return elementwise(name, getattr(np, name), lambda g, out, x: g * partial(out, x))


tan = _function("tan", lambda out, x: 1 + square(out))
arcsin = _function("arcsin", lambda out, x: divide(1, sqrt((1 - x) * (1 + x))))
arccos = _function("arccos", lambda out, x: divide(-1, sqrt((1 - x) * (1 + x))))
arctan = _function("arctan", lambda out, x: divide(1, 1 + square(x)))
sinh: Op = _function("sinh", lambda out, x: cosh(x))
cosh: Op = _function("cosh", lambda out, x: sinh(x))
arcsinh = _function("arcsinh", lambda out, x: divide(1, hypot(1.0, x)))
arccosh = _function("arccosh", lambda out, x: divide(1, sqrt(x - 1) * sqrt(x + 1)))
arctanh = _function("arctanh", lambda out, x: divide(1, (1 - x) * (1 + x)))


def _hypot(a: Any, b: Any) -> Any:
    return np.sqrt(a * a + b * b) if is_complex(a) or is_complex(b) else np.hypot(a, b)


def _distance_to_origin(a: Any, b: Any) -> Any:
    return np.hypot(np.real(a), np.real(b))


hypot: Op = elementwise(
    "hypot",
    _hypot,
    lambda g, out, a, b: g * ratio(a, out),
    lambda g, out, a, b: g * ratio(b, out),
    kink=_distance_to_origin,
)
"""``√(a² + b²)``; at the origin the derivative is 0."""


def _arctan2(y: Any, x: Any) -> Any:
    """For complex numbers the angle grows with the imaginary parts as its derivative says, on the branch of the real parts."""
    if not (is_complex(y) or is_complex(x)):
        return np.arctan2(y, x)
    real_y, real_x = np.real(y), np.real(x)
    wide = np.abs(real_x) >= np.abs(real_y)
    angle = np.arctan(np.where(wide, y, -x) / np.where(wide, x, y))
    turned = np.where(wide, np.where(real_x < 0, np.copysign(np.pi, real_y), 0.0), np.copysign(np.pi / 2, real_y))
    return angle + turned


arctan2 = elementwise(
    "arctan2",
    _arctan2,
    lambda g, out, y, x: g * ratio(ratio(x, hypot(y, x)), hypot(y, x)),
    lambda g, out, y, x: -(g * ratio(ratio(y, hypot(y, x)), hypot(y, x))),
    kink=_distance_to_origin,
)
"""The angle of the point (x, y); at the origin the derivative is 0. On the negative x-axis the value jumps, not the slope."""
