"""Functions made of flat or straight pieces: numbers rounded, taken modulo another, held within bounds.

Where a piece is flat the derivative is 0, also at its ends; checks with complex numbers branch on real parts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autorecur.ops.arithmetic import elementwise
from autorecur.ops.comparisons import greater, less, less_equal, logical_and, logical_or
from autorecur.ops.functions import is_complex, where
from autorecur.ops.op import Op


def _real(x: Any) -> Any:
    return np.real(x) if is_complex(x) else x


def _flat(g: Any, out: Any, *inputs: Any, **_: Any) -> Any:
    return g * 0.0


def _to_whole(name: str, kernel: Callable[..., Any], offset: float = 0.0) -> Op:
    """An op that rounds to whole numbers, and jumps ``offset`` behind each."""

    def distance(x: Any) -> Any:
        shifted = np.real(x) - offset
        return np.abs(shifted - np.rint(shifted))

    return elementwise(name, lambda x: kernel(_real(x)), _flat, kink=distance)


floor = _to_whole("floor", np.floor)
ceil = _to_whole("ceil", np.ceil)
trunc = _to_whole("trunc", np.trunc)
rint = _to_whole("rint", np.rint, offset=0.5)
"""To the nearest whole number, from the middle to the even one."""


def _decimal_distance(x: Any, decimals: int) -> Any:
    shifted = np.real(x) * 10.0**decimals - 0.5
    return np.abs(shifted - np.rint(shifted)) / 10.0**decimals


round_to = elementwise("round", lambda x, decimals: np.round(x, decimals), _flat, kink=_decimal_distance)
"""To so many decimals."""


def _distance_to_multiple(a: Any, b: Any) -> Any:
    quotient = np.real(a) / np.real(b)
    return np.abs((quotient - np.rint(quotient)) * np.real(b))


floor_divide: Op = elementwise(
    "floor_divide",
    lambda a, b: np.floor_divide(_real(a), _real(b)),
    _flat,
    _flat,
    kind="arithmetic",
    kink=_distance_to_multiple,
)


def _remainder(a: Any, b: Any) -> Any:
    if is_complex(a) or is_complex(b):
        return a - np.floor_divide(_real(a), _real(b)) * b
    return np.remainder(a, b)


remainder = elementwise(
    "remainder",
    _remainder,
    lambda g, out, a, b: g,
    lambda g, out, a, b: -(g * floor_divide(a, b)),
    kind="arithmetic",
    kink=_distance_to_multiple,
)
"""``a − ⌊a/b⌋ b``: at a multiple of b the derivative is that of the piece which begins there."""


def _clip(x: Any, low: Any, high: Any) -> Any:
    if is_complex(x) or is_complex(low) or is_complex(high):
        raised = np.where(np.real(x) < np.real(low), low, x)
        return np.where(np.real(raised) > np.real(high), high, raised)
    return np.minimum(np.maximum(x, low), high)


clip = elementwise(
    "clip",
    _clip,
    lambda g, out, x, low, high: where(logical_and(less_equal(low, x), less_equal(x, high)), g, 0.0),
    lambda g, out, x, low, high: where(logical_and(less(x, low), less(low, high)), g, 0.0),
    lambda g, out, x, low, high: where(logical_or(greater(x, high), less(high, low)), g, 0.0),
    kink=lambda x, low, high: np.minimum(np.abs(np.real(x) - np.real(low)), np.abs(np.real(x) - np.real(high))),
)
"""The number of [low, high] nearest to x. At the bounds themselves the derivative goes to x."""
