"""exp, expm1, log, log1p, sin, cos of float64: Cody and Waite's reduction, a polynomial, the exponent put together from bits.

There is no branch, so that a compiler turns a loop over numbers into one over vectors of numbers. The same text runs
compiled on one number at a time and, without a compiler, on NumPy's arrays and numbers. All constants carry their type.

The coefficients are minimax fits to the relative error (Remez' exchange at 50 digits), rounded to double:
``P`` with eʳ − 1 = r + r²·P(r) for |r| ≤ ln(2)/2, error 3e-19; ``L`` with log((1+s)/(1−s)) = 2s + s³·L(s²) for
|s| ≤ 3 − 2√2, error 2e-20; ``S`` and ``C`` with sin r = r + r³·S(r²), cos r = 1 − r²/2 + r⁴·C(r²) for |r| ≤ π/4, 3e-18.
"""

from __future__ import annotations

from typing import Any

import numpy as np

ZERO, HALF, ONE, TWO = np.float64(0), np.float64(0.5), np.float64(1), np.float64(2)
DENSITY = np.float64(0.3989422804014327)
INFINITY, NAN = np.float64(np.inf), np.float64(np.nan)
TOP, BOTTOM = np.float64(710), np.float64(-746)
"""Above and below, exp is infinite and 0."""
LOWEST = np.float64(-60)
"""Below, expm1 is −1."""
BINARY = np.float64(1.4426950408889634)
HIGH, LOW = np.float64(0.6931471803691238), np.float64(1.9082149292705877e-10)
"""ln 2 in two parts: a multiple of the first by an exponent is exact."""
SHIFT = np.float64(6755399441055744.0)
"""1.5·2⁵²: a number added to it is rounded to an integer, which stands in the last bits."""
BIAS, FRACTION = np.int64(1023), np.int64(52)

P0, P1, P2 = np.float64(0.5), np.float64(0.16666666666666677), np.float64(0.0416666666666667)
P3, P4, P5 = np.float64(0.008333333333321648), np.float64(0.001388888888886673), np.float64(0.00019841269886084964)
P6, P7, P8 = np.float64(2.48015873607364e-05), np.float64(2.7557244250017725e-06), np.float64(2.7557242628293133e-07)
P9, P10 = np.float64(2.5109022788201927e-08), np.float64(2.0924477950239687e-09)

L0, L1, L2 = np.float64(0.6666666666666666), np.float64(0.4000000000000593), np.float64(0.2857142856916428)
L3, L4, L5 = np.float64(0.22222222637096936), np.float64(0.18181776324584403), np.float64(0.15387065703795244)
L6, L7 = np.float64(0.1325061800625975), np.float64(0.1324725161414868)

SMALLEST, LIFT, LIFTED = np.float64(2.2250738585072014e-308), np.float64(2.0**54), np.float64(54)
ROOT = np.uint64(0x3FE6A09E667F3BCD)
"""The bits of √½: an exponent is counted from there."""
OFFSET = np.uint64(0x4000000000000000 - 0x3FE6A09E667F3BCD)
MANTISSA, POINT = np.uint64(0x000FFFFFFFFFFFFF), np.uint64(52)
WHOLE, UNBIASED = np.uint64(0x4330000000000000), np.float64(2.0**52 + 1024)

TURNS = np.float64(0.6366197723675814)
TURN_HIGH, TURN_MIDDLE, TURN_LOW = (
    np.float64(1.5707963267341256),
    np.float64(6.077100506303966e-11),
    np.float64(2.0222662487959506e-21),
)
"""π/2 in three parts."""
REACH = np.float64(500_000)
"""Beyond, an angle has to be reduced with more digits than these."""
S0, S1, S2 = np.float64(-0.16666666666666632), np.float64(0.008333333333322427), np.float64(-0.00019841269829816766)
S3, S4, S5 = np.float64(2.7557313694572965e-06), np.float64(-2.5050758481057913e-08), np.float64(1.5896814700517028e-10)
C0, C1, C2 = np.float64(0.0416666666666666), np.float64(-0.0013888888888874136), np.float64(2.4801587289489018e-05)
C3, C4, C5 = (
    np.float64(-2.7557314354111635e-07),
    np.float64(2.0875723494505767e-09),
    np.float64(-1.1359658409446207e-11),
)
ODD, HALF_TURN, NEXT = np.int64(1), np.int64(2), np.int64(1)


def choose(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, else ``b``; compiled, a selection without a branch."""
    return np.where(condition, a, b)


def fraction(r: Any) -> Any:
    """eʳ − 1 for |r| ≤ ln(2)/2."""
    p = P10 * r + P9
    p = p * r + P8
    p = p * r + P7
    p = p * r + P6
    p = p * r + P5
    p = p * r + P4
    p = p * r + P3
    p = p * r + P2
    p = p * r + P1
    p = p * r + P0
    return r * r * p + r


def two_to_the(k: Any) -> Any:
    """2ᵏ for an integer k of a normal number."""
    return np.int64((k + BIAS) << FRACTION).view(np.float64)


def exp(x: Any) -> Any:
    x = choose(x > TOP, TOP, x)
    x = choose(x < BOTTOM, BOTTOM, x)
    shifted = x * BINARY + SHIFT
    n = shifted - SHIFT
    p = fraction((x - n * HIGH) - n * LOW) + ONE
    k = np.float64(shifted).view(np.int64)
    half = np.float64(n * HALF + SHIFT).view(np.int64)  # 2ⁿ alone may be out of range where the result is not
    return p * two_to_the(half) * two_to_the(k - half)


def expm1(x: Any) -> Any:
    small = x == ZERO
    y = choose(x > TOP, TOP, x)
    y = choose(y < LOWEST, LOWEST, y)
    shifted = y * BINARY + SHIFT
    n = shifted - SHIFT
    p = fraction((y - n * HIGH) - n * LOW)
    k = np.float64(shifted).view(np.int64)
    half = np.float64(n * HALF + SHIFT).view(np.int64)
    first, rest = two_to_the(half), k - half
    return choose(small, x, (p * first + (first - two_to_the(-rest))) * two_to_the(rest))


def expm1_of_negative(x: Any) -> Any:
    """The same for x ≤ 0, where one power of two will do; the sign of a zero is lost."""
    y = choose(x < LOWEST, LOWEST, x)
    shifted = y * BINARY + SHIFT
    n = shifted - SHIFT
    scale = two_to_the(np.float64(shifted).view(np.int64))
    return fraction((y - n * HIGH) - n * LOW) * scale + (scale - ONE)


def log_of(x: Any, correction: Any) -> Any:
    """log(x) + correction for a positive finite x."""
    tiny = x < SMALLEST
    y = choose(tiny, x * LIFT, x)
    lifted = choose(tiny, LIFTED, ZERO)
    bits = np.float64(y).view(np.uint64) + OFFSET
    n = np.uint64((bits >> POINT) | WHOLE).view(np.float64) - UNBIASED - lifted
    f = np.uint64((bits & MANTISSA) + ROOT).view(np.float64) - ONE
    s = f / (TWO + f)
    z = s * s
    p = L7 * z + L6
    p = p * z + L5
    p = p * z + L4
    p = p * z + L3
    p = p * z + L2
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


def quarter(x: Any, ahead: Any) -> Any:
    """The sine of x + ahead·π/2, for |x| ≤ REACH."""
    shifted = x * TURNS + SHIFT
    n = shifted - SHIFT
    k = np.float64(shifted).view(np.int64) + ahead
    r = ((x - n * TURN_HIGH) - n * TURN_MIDDLE) - n * TURN_LOW
    z = r * r
    p = S5 * z + S4
    p = p * z + S3
    p = p * z + S2
    p = p * z + S1
    p = p * z + S0
    sine = z * r * p + r
    q = C5 * z + C4
    q = q * z + C3
    q = q * z + C2
    q = q * z + C1
    q = q * z + C0
    y = choose((k & ODD) != 0, ONE - (HALF * z - z * z * q), sine)
    return choose((k & HALF_TURN) != 0, -y, y)


def sin(x: Any) -> Any:
    return choose(x == ZERO, x, quarter(x, NEXT - NEXT))


def cos(x: Any) -> Any:
    return quarter(x, NEXT)
