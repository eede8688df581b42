"""exp, expm1, log, log1p: Cody and Waite's reduction, a polynomial, the exponent put together from bits.

The text is float64's; read with the names of ``singles.py`` in place of those of ``doubles.py``, it serves float32.

There is no branch, so that a compiler turns a loop over numbers into one over vectors of numbers. The same text runs
compiled on one number at a time and, without a compiler, on NumPy's arrays and numbers. All constants carry their type.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autorecur.kernels.doubles import (
    BIAS,
    BINARY,
    BOTTOM,
    FRACTION,
    HALF,
    HIGH,
    INFINITY,
    LIFT,
    LIFTED,
    LOW,
    LOWEST,
    MANTISSA,
    NAN,
    OFFSET,
    ONE,
    POINT,
    ROOT,
    SHIFT,
    SMALLEST,
    TOP,
    TWO,
    UNBIASED,
    WHOLE,
    ZERO,
    bits,
    fraction,
    integer,
    real,
    series,
)


def choose(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, else ``b``; compiled, a selection without a branch."""
    return np.where(condition, a, b)


def two_to_the(k: Any) -> Any:
    """2ᵏ for an integer k of a normal number."""
    return integer((k + BIAS) << FRACTION).view(real)


def exp(x: Any) -> Any:
    x = choose(x > TOP, TOP, x)
    x = choose(x < BOTTOM, BOTTOM, x)
    shifted = x * BINARY + SHIFT
    n = shifted - SHIFT
    p = fraction((x - n * HIGH) - n * LOW) + ONE
    k = real(shifted).view(integer)
    half = real(n * HALF + SHIFT).view(integer)  # 2ⁿ alone may be out of range where the result is not
    return p * two_to_the(half) * two_to_the(k - half)


def expm1(x: Any) -> Any:
    small = x == ZERO
    y = choose(x > TOP, TOP, x)
    y = choose(y < LOWEST, LOWEST, y)
    shifted = y * BINARY + SHIFT
    n = shifted - SHIFT
    p = fraction((y - n * HIGH) - n * LOW)
    k = real(shifted).view(integer)
    half = real(n * HALF + SHIFT).view(integer)
    first, rest = two_to_the(half), k - half
    return choose(small, x, (p * first + (first - two_to_the(-rest))) * two_to_the(rest))


def expm1_of_negative(x: Any) -> Any:
    """The same for x ≤ 0, where one power of two will do; the sign of a zero is lost."""
    y = choose(x < LOWEST, LOWEST, x)
    shifted = y * BINARY + SHIFT
    n = shifted - SHIFT
    scale = two_to_the(real(shifted).view(integer))
    return fraction((y - n * HIGH) - n * LOW) * scale + (scale - ONE)


def log_of(x: Any, correction: Any) -> Any:
    """log(x) + correction for a positive finite x."""
    tiny = x < SMALLEST
    y = choose(tiny, x * LIFT, x)
    lifted = choose(tiny, LIFTED, ZERO)
    pattern = real(y).view(bits) + OFFSET
    n = bits((pattern >> POINT) | WHOLE).view(real) - UNBIASED - lifted
    f = bits((pattern & MANTISSA) + ROOT).view(real) - ONE
    s = f / (TWO + f)
    z = s * s
    return n * HIGH + (f - (s * (f - z * series(z)) - (n * LOW + correction)))


def log(x: Any) -> Any:
    y = log_of(x, ZERO)
    y = choose(x == INFINITY, x, y)
    y = choose(x == ZERO, -INFINITY, y)
    return choose(x >= ZERO, y, NAN)


def log1p(x: Any) -> Any:
    u = ONE + x
    y = log_of(u, (x - (u - ONE)) / u)
    y = choose(u == INFINITY, u, y)
    y = choose(u == ZERO, -INFINITY, y)
    y = choose(u >= ZERO, y, NAN)
    return choose(x == ZERO, x, y)
