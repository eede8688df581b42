"""sin and cos of float64, as ``elementary.py`` does it; float32 has NumPy's own, which are faster."""

from __future__ import annotations

from typing import Any

from autorecur.kernels.doubles import (
    C0,
    C1,
    C2,
    C3,
    C4,
    C5,
    HALF,
    HALF_TURN,
    NEXT,
    ODD,
    ONE,
    S0,
    S1,
    S2,
    S3,
    S4,
    S5,
    SHIFT,
    TURN_HIGH,
    TURN_LOW,
    TURN_MIDDLE,
    TURNS,
    ZERO,
    integer,
    real,
)
from autorecur.kernels.elementary import choose


def quarter(x: Any, ahead: Any) -> Any:
    """The sine of x + ahead·π/2, for |x| ≤ REACH."""
    shifted = x * TURNS + SHIFT
    n = shifted - SHIFT
    k = real(shifted).view(integer) + ahead
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
