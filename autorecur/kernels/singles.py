"""exp, expm1, log, log1p of float32: what ``doubles.py`` does, with the constants and polynomials of half the width.

The fits are to 1e-8 and 1e-11.
"""

from __future__ import annotations

from typing import Any

import numpy as np

ZERO, HALF, ONE, TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
DENSITY = np.float32(0.3989422804014327)
INFINITY, NAN = np.float32(np.inf), np.float32(np.nan)
TOP, BOTTOM = np.float32(89), np.float32(-104)
LOWEST = np.float32(-30)
BINARY = np.float32(1.4426950408889634)
HIGH, LOW = np.float32(0.693115234375), np.float32(3.1946184945309415e-05)
SHIFT = np.float32(12582912.0)
BIAS, FRACTION = np.int32(127), np.int32(23)

P0, P1, P2 = np.float32(0.5000000061873122), np.float32(0.16666543119482452), np.float32(0.041666282190980564)
P3, P4 = np.float32(0.008366571721731808), np.float32(0.0013946440749271014)

L0, L1 = np.float32(0.6666666566440764), np.float32(0.400003319230629)
L2, L3 = np.float32(0.28537478573909997), np.float32(0.2357939752332759)

SMALLEST, LIFT, LIFTED = np.float32(1.1754943508222875e-38), np.float32(2.0**25), np.float32(25)
ROOT = np.uint32(0x3F3504F3)
OFFSET = np.uint32(0x40000000 - 0x3F3504F3)
MANTISSA, POINT = np.uint32(0x007FFFFF), np.uint32(23)
WHOLE, UNBIASED = np.uint32(0x4B000000), np.float32(2.0**23 + 128)


def choose(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, else ``b``; compiled, a selection without a branch."""
    return np.where(condition, a, b)


def fraction(r: Any) -> Any:
    """eʳ − 1 for |r| ≤ ln(2)/2."""
    p = P4 * r + P3
    p = p * r + P2
    p = p * r + P1
    p = p * r + P0
    return r * r * p + r


def two_to_the(k: Any) -> Any:
    """2ᵏ for an integer k of a normal number."""
    return np.int32((k + BIAS) << FRACTION).view(np.float32)


def exp(x: Any) -> Any:
    x = choose(x > TOP, TOP, x)
    x = choose(x < BOTTOM, BOTTOM, x)
    shifted = x * BINARY + SHIFT
    n = shifted - SHIFT
    p = fraction((x - n * HIGH) - n * LOW) + ONE
    k = np.float32(shifted).view(np.int32)
    half = np.float32(n * HALF + SHIFT).view(np.int32)  # 2ⁿ alone may be out of range where the result is not
    return p * two_to_the(half) * two_to_the(k - half)


def expm1(x: Any) -> Any:
    small = x == ZERO
    y = choose(x > TOP, TOP, x)
    y = choose(y < LOWEST, LOWEST, y)
    shifted = y * BINARY + SHIFT
    n = shifted - SHIFT
    p = fraction((y - n * HIGH) - n * LOW)
    k = np.float32(shifted).view(np.int32)
    half = np.float32(n * HALF + SHIFT).view(np.int32)
    first, rest = two_to_the(half), k - half
    return choose(small, x, (p * first + (first - two_to_the(-rest))) * two_to_the(rest))


def expm1_of_negative(x: Any) -> Any:
    """The same for x ≤ 0, where one power of two will do; the sign of a zero is lost."""
    y = choose(x < LOWEST, LOWEST, x)
    shifted = y * BINARY + SHIFT
    n = shifted - SHIFT
    scale = two_to_the(np.float32(shifted).view(np.int32))
    return fraction((y - n * HIGH) - n * LOW) * scale + (scale - ONE)


def log_of(x: Any, correction: Any) -> Any:
    """log(x) + correction for a positive finite x."""
    tiny = x < SMALLEST
    y = choose(tiny, x * LIFT, x)
    lifted = choose(tiny, LIFTED, ZERO)
    bits = np.float32(y).view(np.uint32) + OFFSET
    n = np.uint32((bits >> POINT) | WHOLE).view(np.float32) - UNBIASED - lifted
    f = np.uint32((bits & MANTISSA) + ROOT).view(np.float32) - ONE
    s = f / (TWO + f)
    z = s * s
    p = L3 * z + L2
    p = p * z + L1
    p = p * z + L0
    return n * HIGH + (f - (s * (f - z * p) - (n * LOW + correction)))


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
