"""Exponentials and logarithms that no cell's text uses: other bases, sums of exponentials, what erf leaves to 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autorecur.ops.arithmetic import divide, elementwise
from autorecur.ops.functions import TWO_OVER_ROOT_PI, exp, is_complex, sigmoid, softplus, square

LOG_2, LOG_10 = math.log(2), math.log(10)

exp2 = elementwise("exp2", np.exp2, lambda g, out, x: g * (LOG_2 * out))
log2 = elementwise("log2", np.log2, lambda g, out, x: g * divide(1, LOG_2 * x))
log10 = elementwise("log10", np.log10, lambda g, out, x: g * divide(1, LOG_10 * x))


def _erfc(x: Any) -> Any:
    import scipy.special

    return scipy.special.erfc(x)


erfc = elementwise("erfc", _erfc, lambda g, out, x: -(g * (TWO_OVER_ROOT_PI * exp(-square(x)))))


LARGE = 4096
"""From so many numbers on a sum in the logarithm is put together from compiled functions."""


def _logaddexp(a: Any, b: Any) -> Any:
    if is_complex(a) or is_complex(b):
        first = np.real(a) > np.real(b)
        larger, smaller = np.where(first, a, b), np.where(first, b, a)
        return larger + np.log1p(np.exp(smaller - larger))
    if np.size(a) + np.size(b) < LARGE:
        return np.logaddexp(a, b)
    with np.errstate(invalid="ignore"):
        gap = np.fmin(-np.abs(np.subtract(a, b)), 0.0)  # 0 for two equal infinities
    return np.maximum(a, b) + softplus.kernel(gap)


logaddexp = elementwise(
    "logaddexp",
    _logaddexp,
    lambda g, out, a, b: g * sigmoid(a - b),
    lambda g, out, a, b: g * sigmoid(b - a),
)
"""``log(eᵃ + eᵇ)``; −∞ stands for nothing to add, and of two equal infinities the derivative is NaN."""
