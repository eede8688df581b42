"""Functions put together from those of ``elementary.py``, and like them for both dtypes.

No argument, however large, overflows on the way to a finite result.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autorecur.kernels.doubles import DENSITY, HALF, LEAK, ONE, TWO, ZERO
from autorecur.kernels.elementary import choose, exp, expm1, expm1_of_negative, log_of


def tanh(x: Any) -> Any:
    e = expm1_of_negative(-TWO * np.abs(x))
    y = -e / (e + TWO)
    return choose(x == ZERO, x, choose(x < ZERO, -y, y))


def sigmoid(x: Any) -> Any:
    e = exp(-np.abs(x))
    return choose(x >= ZERO, ONE, e) / (ONE + e)


def softplus(x: Any) -> Any:
    e = exp(-np.abs(x))
    u = ONE + e
    return choose(x < ZERO, ZERO, x) + log_of(u, (e - (u - ONE)) / u)


def silu(x: Any) -> Any:
    return x * sigmoid(x)


def larger(a: Any, b: Any) -> Any:
    """For the top of a row that is subtracted from the row: a NaN in the row may be overlooked here, it comes back there."""
    return choose(a > b, a, b)


def elu(x: Any) -> Any:
    return choose(x > ZERO, x, expm1(choose(x > ZERO, ZERO, x)))


def relu(x: Any) -> Any:
    return choose(x <= ZERO, ZERO, x)


def leaky_relu(x: Any) -> Any:
    return choose(x > ZERO, x, LEAK * x)


def softsign(x: Any) -> Any:
    return x / (ONE + np.abs(x))


def maximum(a: Any, b: Any) -> Any:
    """A NaN is passed on, whichever of the two it is."""
    return choose((a >= b) | (a != a), a, b)


def minimum(a: Any, b: Any) -> Any:
    return choose((a <= b) | (a != a), a, b)


def heaviside(x: Any) -> Any:
    return choose(x > ZERO, ONE, ZERO)


def half_step(x: Any) -> Any:
    return choose(x > ZERO, ONE, choose(x < ZERO, ZERO, HALF))


def sign(x: Any) -> Any:
    return choose(x > ZERO, ONE, choose(x < ZERO, -ONE, x))


def ratio(a: Any, b: Any) -> Any:
    return choose(b == ZERO, ZERO, a / b)


def indicator(condition: Any) -> Any:
    return choose(condition, ONE, ZERO)


def erf(x: Any) -> Any:
    """Compiled, the C library's; so is the next."""
    import scipy.special

    return scipy.special.erf(x)


def normal_cdf(x: Any) -> Any:
    import scipy.special

    return scipy.special.ndtr(x)


def gelu(x: Any) -> Any:
    return x * normal_cdf(x)


def normal_pdf(x: Any) -> Any:
    return exp(-HALF * x * x) * DENSITY
