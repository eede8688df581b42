"""The constants and polynomials of float32, under the names of ``doubles.py``.

The fits are to 1e-8 and 1e-11.
"""

from __future__ import annotations

from typing import Any

import numpy as np

real, integer, bits = np.float32, np.int32, np.uint32
ZERO, HALF, ONE, TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
DENSITY, ROOT_HALF = np.float32(0.3989422804014327), np.float32(0.7071067811865476)
LEAK = np.float32(0.01)
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


def fraction(r: Any) -> Any:
    """eʳ − 1 for |r| ≤ ln(2)/2."""
    p = P4 * r + P3
    p = p * r + P2
    p = p * r + P1
    p = p * r + P0
    return r * r * p + r


def series(z: Any) -> Any:
    """(log((1+s)/(1−s)) − 2s)/s³ for z = s² and |s| ≤ 3 − 2√2."""
    p = L3 * z + L2
    p = p * z + L1
    return p * z + L0
