"""The scalar functions, applied element by element: value, derivative, symbolic form, in one row each.

A derivative is stated as the partial ``f'`` in terms of the output and the input, whichever is shorter; one generic
pull-back multiplies it with the cotangent. At a kink the choice is PyTorch's and stands in the row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autorecur.ops.arithmetic import divide, elementwise, power
from autorecur.ops.op import Op


class Constant(float):
    """A number with a name: computed as a float, printed as ``text`` (in SymPy's syntax)."""

    text: str

    def __new__(cls, value: float, text: str) -> Constant:
        self = super().__new__(cls, value)
        self.text = text
        return self


TWO_OVER_ROOT_PI = Constant(2 / math.sqrt(math.pi), "2/sqrt(pi)")


def function(name: str, kernel: Any, partial: Callable[[Any, Any], Any], formula: Any, **facts: Any) -> Op:
    """A function of one variable with derivative ``partial(out, x)``."""
    return elementwise(name, kernel, lambda g, out, x: g * partial(out, x), formula=formula, **facts)


def _special(name: str) -> Callable[[Any], Any]:
    def kernel(x: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(x)

    return kernel


def _positive(x: Any) -> Any:
    return np.real(x) > 0


def _sign(x: Any) -> Any:
    return np.sign(np.real(x))


def _sigmoid(x: Any) -> Any:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def _heaviside(at_zero: float) -> Callable[[Any], Any]:
    return lambda x: np.heaviside(np.real(x), at_zero)


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _distance(x: Any) -> Any:
    return np.abs(np.real(x))


tanh = function("tanh", np.tanh, lambda out, x: 1 - out * out, lambda s, x: s.tanh(x))
sigmoid = function("sigmoid", _sigmoid, lambda out, x: out * (1 - out), lambda s, x: 1 / (1 + s.exp(-x)))
exp = function("exp", np.exp, lambda out, x: out, lambda s, x: s.exp(x))
expm1 = function("expm1", np.expm1, lambda out, x: exp(x), lambda s, x: s.exp(x) - 1)
log = function("log", np.log, lambda out, x: divide(1, x), lambda s, x: s.log(x))
log1p = function("log1p", np.log1p, lambda out, x: divide(1, 1 + x), lambda s, x: s.log(1 + x))
sqrt = function("sqrt", np.sqrt, lambda out, x: divide(1, 2 * out), lambda s, x: s.sqrt(x))
square = function("square", np.square, lambda out, x: 2 * x, lambda s, x: x**2)
sin = function("sin", np.sin, lambda out, x: cos(x), lambda s, x: s.sin(x))
cos: Op = function("cos", np.cos, lambda out, x: -sin(x), lambda s, x: s.cos(x))
erf = function("erf", _special("erf"), lambda out, x: TWO_OVER_ROOT_PI * exp(-square(x)), lambda s, x: s.erf(x))

normal_pdf = function(
    "normal_pdf",
    lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    lambda out, x: -(x * out),
    lambda s, x: s.exp(-(x**2) / 2) / s.sqrt(2 * s.pi),
)
normal_cdf = function(
    "normal_cdf", _special("ndtr"), lambda out, x: normal_pdf(x), lambda s, x: (1 + s.erf(x / s.sqrt(2))) / 2
)
gelu = function(
    "gelu",
    lambda x: x * _special("ndtr")(x),
    lambda out, x: normal_cdf(x) + x * normal_pdf(x),
    lambda s, x: x * (1 + s.erf(x / s.sqrt(2))) / 2,
)
silu = function(
    "silu",
    lambda x: x * _sigmoid(x),
    lambda out, x: sigmoid(x) + out * (1 - sigmoid(x)),
    lambda s, x: x / (1 + s.exp(-x)),
)
softplus = function("softplus", _softplus, lambda out, x: sigmoid(x), lambda s, x: s.log(1 + s.exp(x)))

heaviside = elementwise(
    "heaviside", _heaviside(0.0), None, formula=lambda s, x: s.Piecewise((1, x > 0), (0, True)), kink=_distance
)
"""1 for x > 0, else 0."""
half_step = elementwise(
    "half_step",
    _heaviside(0.5),
    None,
    formula=lambda s, x: s.Piecewise((1, x > 0), (0, x < 0), (s.Rational(1, 2), True)),
    kink=_distance,
)
"""1 for x > 0, 0 for x < 0, a half at 0."""
sign = elementwise(
    "sign", _sign, None, formula=lambda s, x: s.Piecewise((1, x > 0), (-1, x < 0), (0, True)), kink=_distance
)

relu = function(
    "relu",
    lambda x: np.where(_positive(x), x, 0),
    lambda out, x: heaviside(x),
    lambda s, x: s.Piecewise((x, x > 0), (0, True)),
    kink=_distance,
)
"""At 0 the derivative is 0."""
LEAK = 0.01
leaky_relu = function(
    "leaky_relu",
    lambda x: np.where(_positive(x), x, LEAK * x),
    lambda out, x: LEAK + (1 - LEAK) * heaviside(x),
    lambda s, x: s.Piecewise((x, x > 0), (x / 100, True)),
    kink=_distance,
)
"""Slope 0.01 below 0; at 0 the derivative is 0.01."""
elu = function(
    "elu",
    lambda x: np.where(_positive(x), x, np.expm1(np.where(_positive(x), 0, x))),
    lambda out, x: heaviside(x) + (1 - heaviside(x)) * (1 + out),
    lambda s, x: s.Piecewise((x, x > 0), (s.exp(x) - 1, True)),
    kink=_distance,
)
absolute = function(
    "abs",
    lambda x: np.where(_positive(x), x, -x),
    lambda out, x: sign(x),
    lambda s, x: s.Piecewise((x, x > 0), (-x, True)),
    kink=_distance,
)
"""At 0 the derivative is 0."""
softsign = function(
    "softsign",
    lambda x: x / (1 + absolute.kernel(x)),
    lambda out, x: divide(1, power(1 + absolute(x), exponent=2)),
    lambda s, x: s.Piecewise((x / (1 + x), x > 0), (x / (1 - x), True)),
    kink=_distance,
)


raised: Op = elementwise(
    "raised",
    np.power,
    lambda g, out, a, b: g * (b * raised(a, b - 1)),
    lambda g, out, a, b: g * where(equal(a, 0), 0.0, out * log(where(equal(a, 0), 1.0, a))),
)
"""``a ** b`` for any exponent; where a is 0, the derivative by the exponent is 0."""


def _choice(larger: bool) -> Any:
    def kernel(a: Any, b: Any) -> Any:
        return np.where((np.real(a) > np.real(b)) == larger, a, b)

    return kernel


maximum = elementwise(
    "maximum",
    _choice(True),
    lambda g, out, a, b: g * half_step(a - b),
    lambda g, out, a, b: g * half_step(b - a),
    formula=lambda s, a, b: s.Piecewise((a, a > b), (b, True)),
    kink=lambda a, b: _distance(np.subtract(a, b)),
)
"""A tie sends half of the cotangent to each side."""
minimum = elementwise(
    "minimum",
    _choice(False),
    lambda g, out, a, b: g * half_step(b - a),
    lambda g, out, a, b: g * half_step(a - b),
    formula=lambda s, a, b: s.Piecewise((b, a > b), (a, True)),
    kink=lambda a, b: _distance(np.subtract(a, b)),
)
equal: Op = elementwise("equal", lambda a, b: np.where(np.real(a) == np.real(b), 1.0, 0.0), None, None)
"""1 where two numbers are the same, else 0."""
where: Op = elementwise(
    "where",
    lambda condition, a, b: np.where(condition, a, b),
    None,
    lambda g, out, condition, a, b: where(condition, g, 0.0),
    lambda g, out, condition, a, b: where(condition, 0.0, g),
)
"""``a`` where the condition holds, else ``b``."""
