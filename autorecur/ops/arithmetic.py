"""Sums, differences, products, quotients and powers, element by element.

Two operands have one shape, or one of them is a single number (1×1), or NumPy's broadcasting joins them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autorecur.errors import DtypeError, ShapeError
from autorecur.ops.op import Op, Rule, Shape, shown


def broadcast_shapes(*shapes: Shape, name: str = "") -> Shape:
    """NumPy's rule, for sizes that may be names: equal, or one of the two is 1; the error begins with the op's name."""
    length = max(len(shape) for shape in shapes)
    padded = [(1,) * (length - len(shape)) + tuple(shape) for shape in shapes]
    result = []
    for axis, sizes in enumerate(zip(*padded, strict=True), -length):
        proper = {size: None for size in sizes if size != 1}
        if len(proper) > 1:
            all_shown = " and ".join(shown(shape) for shape in shapes)
            prefix = f"{name}: " if name else ""
            met = " meets ".join(map(str, proper))
            raise ShapeError(
                f"{prefix}the shapes {all_shown} do not fit together element by element: {met} along axis {axis}"
            )
        result.append(next(iter(proper), 1))
    return tuple(result)


def elementwise(name: str, kernel: Any, *pullbacks: Rule | None, **facts: Any) -> Op:
    """An op on numbers that stand at the same place of arrays which are broadcast together."""
    return Op(
        name,
        facts.pop("kind", "elementwise"),
        facts.pop("shape", lambda *shapes, **_: broadcast_shapes(*shapes, name=name)),
        kernel,
        pullbacks,
        arity=len(pullbacks),
        broadcasts=True,
        **facts,
    )


add = elementwise("add", np.add, lambda g, out, a, b: g, lambda g, out, a, b: g, kind="arithmetic")
subtract = elementwise("subtract", np.subtract, lambda g, out, a, b: g, lambda g, out, a, b: -g, kind="arithmetic")
multiply = elementwise(
    "multiply", np.multiply, lambda g, out, a, b: g * b, lambda g, out, a, b: g * a, kind="arithmetic"
)
divide = elementwise(
    "divide", np.divide, lambda g, out, a, b: g / b, lambda g, out, a, b: -(g * out) / b, kind="arithmetic"
)
negative = elementwise("negative", np.negative, lambda g, out, a: -g, kind="arithmetic")


reciprocal = elementwise("reciprocal", np.reciprocal, lambda g, out, a: -(g * (out * out)), kind="arithmetic")


def no_integer_powers(op: str) -> DtypeError:
    return DtypeError(f"{op}: integers have no negative powers among the integers; make floats of them: astype(float)")


_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


def _raised(a: Any, exponent: float) -> Any:
    """A few products are many times faster than a power."""
    if exponent in (3, 4) and getattr(a, "dtype", None) in _FLOATS:
        squares = a * a
        return squares * (a if exponent == 3 else squares)
    try:
        return a**exponent
    except ValueError:
        raise no_integer_powers("power") from None


power: Op = elementwise(
    "power",
    _raised,
    lambda g, out, a, exponent: (
        g * 0.0 if exponent == 0 else g * (exponent * (a if exponent == 2 else power(a, exponent=exponent - 1)))
    ),
    kind="arithmetic",
)
"""``a ** exponent`` for a fixed exponent; the derivative of a**0 is 0 everywhere."""


def _ratio(a: Any, b: Any) -> Any:
    zero = b == 0
    return np.where(zero, 0, a / np.where(zero, 1, b))


ratio: Op = elementwise(
    "ratio", _ratio, lambda g, out, a, b: ratio(g, b), lambda g, out, a, b: -ratio(g * out, b), kind="arithmetic"
)
"""``a / b``, and 0 where b is 0: the derivative of a norm at the origin."""
