"""The constants and polynomials of float64, for ``elementary.py`` and ``angles.py``.

The coefficients are minimax fits to the relative error (Remez' exchange at 50 digits), rounded to double:
``P`` with eʳ − 1 = r + r²·P(r) for |r| ≤ ln(2)/2, error 3e-19; ``L`` with log((1+s)/(1−s)) = 2s + s³·L(s²) for
|s| ≤ 3 − 2√2, error 2e-20; ``S`` and ``C`` with sin r = r + r³·S(r²), cos r = 1 − r²/2 + r⁴·C(r²) for |r| ≤ π/4, 3e-18.
"""

from __future__ import annotations

from typing import Any

import numpy as np

real, integer, bits = np.float64, np.int64, np.uint64
"""The numbers, and the integers of the same width."""
ZERO, HALF, ONE, TWO = np.float64(0), np.float64(0.5), np.float64(1), np.float64(2)
DENSITY, ROOT_HALF = np.float64(0.3989422804014327), np.float64(0.7071067811865476)
LEAK = np.float64(0.01)
"""The slope of leaky_relu below 0."""
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


def series(z: Any) -> Any:
    """(log((1+s)/(1−s)) − 2s)/s³ for z = s² and |s| ≤ 3 − 2√2."""
    p = L7 * z + L6
    p = p * z + L5
    p = p * z + L4
    p = p * z + L3
    p = p * z + L2
    p = p * z + L1
    return p * z + L0
