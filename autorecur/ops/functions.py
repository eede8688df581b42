"""The scalar functions, applied element by element: value, derivative, symbolic form, in one row each.

A derivative is stated as the partial ``f'`` in terms of the output and the input, whichever is shorter; one generic
pull-back multiplies it with the cotangent. At a kink the choice is PyTorch's and stands in the row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autorecur.kernels.choice import large
from autorecur.ops.arithmetic import divide, elementwise, no_integer_powers, power
from autorecur.ops.op import Op


class Constant(float):
    """A number with a name: computed as a float, printed as ``text`` (in SymPy's syntax)."""

    text: str

    def __new__(cls, value: float, text: str) -> Constant:
        self = super().__new__(cls, value)
        self.text = text
        return self

    def __mul__(self, other: Any) -> Any:
        """For numbers a plain float, which leaves their dtype alone; the nodes of a graph see the name."""
        return float(self) * other if hasattr(other, "dtype") else NotImplemented


TWO_OVER_ROOT_PI = Constant(2 / math.sqrt(math.pi), "2/sqrt(pi)")


def function(name: str, kernel: Any, partial: Callable[[Any, Any], Any], formula: Any, **facts: Any) -> Op:
    """A function of one variable with derivative ``partial(out, x)``."""
    return elementwise(name, large(name, kernel), lambda g, out, x: g * partial(out, x), formula=formula, **facts)


def _special(name: str) -> Callable[[Any], Any]:
    def kernel(x: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(x)

    return kernel


def is_complex(x: Any) -> bool:
    """Whether these are the complex numbers of a check, whose real part decides at every branch."""
    return getattr(x, "dtype", _FLOAT).kind == "c"


_FLOAT = np.dtype(float)


def _positive(x: Any) -> Any:
    return np.real(x) > 0


def _sign(x: Any) -> Any:
    return np.sign(np.real(x) if is_complex(x) else x)


def _absolute(x: Any) -> Any:
    return np.where(_positive(x), x, -x) if is_complex(x) else np.absolute(x)


def _sigmoid(x: Any) -> Any:
    growth = np.exp(np.minimum(x, _LARGEST_EXPONENT.get(getattr(x, "dtype", None), 709.0)))
    return growth / (1.0 + growth)


_LARGEST_EXPONENT = {np.dtype(np.float32): 88.0, np.dtype(np.float16): 11.0}
"""Where exp comes near the largest number; 709 for float64. From there on a sigmoid is 1."""


def _heaviside(x: Any) -> Any:
    return np.greater(np.real(x) if is_complex(x) else x, 0).astype(_float_of(x))


def _float_of(x: Any) -> Any:
    dtype = getattr(x, "dtype", None)
    return dtype if dtype is not None and dtype.kind == "f" else float


def _half_step(x: Any) -> Any:
    step = np.heaviside(np.real(x) if is_complex(x) else x, 0.5)
    whole = np.add.reduce(step, axis=None)
    return step if whole == whole else np.where(np.isnan(step), 0.5, step)


def _softplus(x: Any) -> Any:
    if is_complex(x):
        return np.where(_positive(x), x, 0) + np.log1p(np.exp(-_absolute(x)))
    with np.errstate(invalid="ignore"):  # a NaN stays one, without a word
        return np.logaddexp(x, 0.0)


def _relu(x: Any) -> Any:
    return np.where(_positive(x), x, 0) if is_complex(x) else np.maximum(x, 0)


def _leaky_relu(x: Any) -> Any:
    return np.where(_positive(x), x, LEAK * x) if is_complex(x) else np.maximum(x, LEAK * x)


def _elu(x: Any) -> Any:
    if is_complex(x):
        return np.where(_positive(x), x, np.expm1(np.where(_positive(x), 0, x)))
    return np.maximum(x, 0.0) + np.expm1(np.minimum(x, 0.0))


def _distance(x: Any) -> Any:
    return np.abs(np.real(x))


def _flat(g: Any, out: Any, x: Any) -> Any:
    """The rule of a function whose pieces are constant."""
    return g * 0.0


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
    "heaviside", _heaviside, _flat, formula=lambda s, x: s.Piecewise((1, x > 0), (0, True)), kink=_distance
)
"""1 for x > 0, else 0."""
half_step = elementwise(
    "half_step",
    _half_step,
    _flat,
    formula=lambda s, x: s.Piecewise((1, x > 0), (0, x < 0), (s.Rational(1, 2), True)),
    kink=_distance,
)
"""1 for x > 0, 0 for x < 0, a half at 0, and for the difference of two equal infinities."""
sign = elementwise(
    "sign", _sign, _flat, formula=lambda s, x: s.Piecewise((1, x > 0), (-1, x < 0), (0, True)), kink=_distance
)
LEAK = 0.01

relu = function(
    "relu",
    _relu,
    lambda out, x: heaviside(x),
    lambda s, x: s.Piecewise((x, x > 0), (0, True)),
    kink=_distance,
)
"""At 0 the derivative is 0."""
leaky_relu = function(
    "leaky_relu",
    _leaky_relu,
    lambda out, x: LEAK + (1 - LEAK) * heaviside(x),
    lambda s, x: s.Piecewise((x, x > 0), (x / 100, True)),
    kink=_distance,
)
"""Slope 0.01 below 0; at 0 the derivative is 0.01."""
elu = function(
    "elu",
    _elu,
    lambda out, x: heaviside(x) + (1 - heaviside(x)) * (1 + out),
    lambda s, x: s.Piecewise((x, x > 0), (s.exp(x) - 1, True)),
    kink=_distance,
)
absolute = function(
    "abs",
    _absolute,
    lambda out, x: sign(x),
    lambda s, x: s.Piecewise((x, x > 0), (-x, True)),
    kink=_distance,
)
"""At 0 the derivative is 0."""
softsign = function(
    "softsign",
    lambda x: x / (1 + _absolute(x)),
    lambda out, x: divide(1, power(1 + absolute(x), exponent=2)),
    lambda s, x: s.Piecewise((x / (1 + x), x > 0), (x / (1 - x), True)),
    kink=_distance,
)


def _raised(a: Any, b: Any) -> Any:
    try:
        return np.power(a, b)
    except ValueError as error:
        raise no_integer_powers("power") if "negative integer" in str(error) else error from None


def _by_base(g: Any, out: Any, a: Any, b: Any) -> Any:
    exponent = where(equal(a, 0) * equal(b, 0), 1.0, b)
    return g * (b * raised(a, exponent - 1))


def _by_exponent(g: Any, out: Any, a: Any, b: Any) -> Any:
    base = where(equal(a, 0), 1.0, a)
    return g * (raised(base, b) * log(base))


raised: Op = elementwise("raised", _raised, _by_base, _by_exponent)
"""``a ** b`` for any exponent; the derivatives at 0**0 are 0, and where a is 0 that by the exponent is."""


def _choice(larger: bool) -> Any:
    fast = np.maximum if larger else np.minimum

    def kernel(a: Any, b: Any) -> Any:
        if is_complex(a) or is_complex(b):
            return np.where((np.real(a) > np.real(b)) == larger, a, b)
        return fast(a, b)

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


def _equal(a: Any, b: Any) -> Any:
    return np.equal(np.real(a), np.real(b)).astype(_float_of(a))


equal: Op = elementwise("equal", _equal, None, None)
"""1 where two numbers are the same, else 0."""
where: Op = elementwise(
    "where",
    np.where,
    None,
    lambda g, out, condition, a, b: where(condition, g, 0.0),
    lambda g, out, condition, a, b: where(condition, 0.0, g),
)
"""``a`` where the condition holds, else ``b``."""
