"""Functions of single numbers, and those that make probabilities of many.

The smooth ones are put together from rows of the op table so that nothing overflows or cancels on the way. Those made of
straight pieces are a product with the slope, or a choice: their second derivative is 0 on every piece.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autorecur.arrays.axes import normal_axis
from autorecur.errors import ArgumentError
from autorecur.nn.functional.arguments import check_positive, check_word
from autorecur.ops import functions as ops
from autorecur.ops import reductions
from autorecur.ops.rounding import clip
from autorecur.ops.shape import astype
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor


def sigmoid(input: ArrayLike) -> Tensor:
    """σ(x) = 1 / (1 + e⁻ˣ) of each number.

    >>> import autorecur as ar
    >>> ar.nn.functional.sigmoid([0.0, -1000.0])
    tensor([0.5, 0. ])
    """
    return apply(ops.sigmoid, (input,))


def tanh(input: ArrayLike) -> Tensor:
    """The hyperbolic tangent of each number.

    >>> import autorecur as ar
    >>> ar.nn.functional.tanh([0.0, 1000.0])
    tensor([0., 1.])
    """
    return apply(ops.tanh, (input,))


def relu(input: ArrayLike) -> Tensor:
    """max(x, 0) of each number; at 0 the derivative is 0.

    >>> import autorecur as ar
    >>> ar.nn.functional.relu([-2.0, 3.0])
    tensor([0., 3.])
    """
    return apply(ops.relu, (input,))


def relu6(input: ArrayLike) -> Tensor:
    """min(max(x, 0), 6) of each number; at 0 and at 6 the derivative is 0.

    >>> import autorecur as ar
    >>> ar.nn.functional.relu6([-2.0, 3.0, 7.0])
    tensor([0., 3., 6.])
    """
    return hardtanh(input, 0.0, 6.0)


def leaky_relu(input: ArrayLike, negative_slope: float | Tensor = 0.01) -> Tensor:
    """x for x > 0, else ``negative_slope``·x; at 0 the derivative is ``negative_slope``. (Maas et al. 2013.)

    >>> import autorecur as ar
    >>> ar.nn.functional.leaky_relu([-2.0, 3.0], 0.1)
    tensor([-0.2,  3. ])
    """
    x = as_tensor(input)
    usual = not isinstance(negative_slope, Tensor) and negative_slope == ops.LEAK
    return apply(ops.leaky_relu, (x,)) if usual else x * _by_side(x, 1.0, negative_slope)


def elu(input: ArrayLike, alpha: float | Tensor = 1.0) -> Tensor:
    """x for x > 0, else ``alpha``·(eˣ − 1); at 0 the derivative is ``alpha``. (Clevert et al. 2016.)

    >>> import autorecur as ar
    >>> ar.nn.functional.elu([-1000.0, 3.0], 2.0)
    tensor([-2.,  3.])
    """
    x = as_tensor(input)
    y = _elu(x)
    return y * _by_side(x, 1.0, alpha) if isinstance(alpha, Tensor) or alpha != 1 else y


def _elu(x: Tensor) -> Tensor:
    """x for x > 0, else eˣ − 1; x itself at +∞, where the rule of the row is 1 + 0·∞."""
    endless = x.data == np.inf
    if not endless.any():
        return apply(ops.elu, (x,))
    return _where(endless, x, apply(ops.elu, (_where(endless, 0.0, x),)))


SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
"""With these two, mean 0 and variance 1 are a fixed point of a layer whose weights have mean 0 and variance 1/inputs."""


def selu(input: ArrayLike) -> Tensor:
    """1.0507…·elu(x, 1.6732…): keeps mean 0 and variance 1 from layer to layer. (Klambauer et al. 2017.)

    At 0 the derivative is that from below, 1.0507…·1.6732….

    >>> import autorecur as ar
    >>> ar.nn.functional.selu([-1.0, 1.0])
    tensor([-1.11133074,  1.05070099])
    """
    x = as_tensor(input)
    return _elu(x) * _by_side(x, SELU_SCALE, SELU_SCALE * SELU_ALPHA)


def celu(input: ArrayLike, alpha: float | Tensor = 1.0) -> Tensor:
    """x for x > 0, else ``alpha``·(e^(x/alpha) − 1), which has the derivative 1 at 0. (Barron 2017.)

    ``alpha`` has to be larger than 0 (ArgumentError).

    >>> import autorecur as ar
    >>> ar.nn.functional.celu([-1000.0, 3.0], 2.0)
    tensor([-2.,  3.])
    """
    check_positive("celu", "alpha", alpha)
    return _elu(as_tensor(input) / alpha) * alpha


APPROXIMATIONS = ("none", "tanh")
CUBIC = 0.044715
FAR = 100.0
"""Beyond this the tanh of the approximate gelu is 1 to the last bit, and its derivatives are 0."""


def gelu(input: ArrayLike, approximate: str = "none") -> Tensor:
    """x·Φ(x), with Φ the distribution function of the normal law. (Hendrycks & Gimpel 2016.)

    With ``approximate="tanh"``, x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2. Raises ArgumentError for any other word.

    >>> import autorecur as ar
    >>> ar.nn.functional.gelu([-1.0, 1.0])
    tensor([-0.15865525,  0.84134475])
    >>> ar.nn.functional.gelu([-1.0, 1.0], approximate="tanh")
    tensor([-0.15880801,  0.84119199])
    """
    check_word("gelu", "approximation", approximate, APPROXIMATIONS)
    if approximate == "none":
        return apply(ops.gelu, (input,))
    x = near = as_tensor(input)
    far = np.abs(x.data) > FAR
    if far.any():
        near = _where(far, np.copysign(FAR, x.data), x)
    slope = 2 * math.sqrt(2 / math.pi)
    return x * apply(ops.sigmoid, (near * (slope + slope * CUBIC * apply(ops.square, (near,))),))


def silu(input: ArrayLike) -> Tensor:
    """x·σ(x), also called swish. (Elfwing et al. 2018, Ramachandran et al. 2017.)

    >>> import autorecur as ar
    >>> ar.nn.functional.silu([0.0, 1000.0])
    tensor([   0., 1000.])
    """
    return apply(ops.silu, (input,))


def mish(input: ArrayLike) -> Tensor:
    """x·tanh(log(1 + eˣ)). (Misra 2019.)

    >>> import autorecur as ar
    >>> ar.nn.functional.mish([0.0, 1.0])
    tensor([0.        , 0.86509839])
    """
    x = as_tensor(input)
    return x * apply(ops.tanh, (apply(ops.softplus, (x,)),))


def softplus(input: ArrayLike, beta: float | Tensor = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + e^(beta·x)) / beta, and x itself where beta·x is larger than ``threshold``. (Dugas et al. 2001.)

    The threshold is PyTorch's, and moves the value by e⁻²⁰ at most; nothing overflows without it either: with
    ``threshold=math.inf`` the value is right to rounding. ``beta`` is not 0 (ArgumentError).

    >>> import autorecur as ar
    >>> ar.nn.functional.softplus([0.0, 1000.0])
    tensor([6.93147181e-01, 1.00000000e+03])
    """
    if beta == 0:
        raise ArgumentError("softplus: beta is 0, and the result is divided by it")
    x = as_tensor(input)
    plain = not isinstance(beta, Tensor) and beta == 1
    scaled = x if plain else x * beta
    y = apply(ops.softplus, (scaled,))
    y = y if plain else y / beta
    straight = scaled.data > threshold
    return _where(straight, x, y) if straight.any() else y


def softsign(input: ArrayLike) -> Tensor:
    """x / (1 + |x|) of each number.

    >>> import autorecur as ar
    >>> ar.nn.functional.softsign([-1.0, 3.0])
    tensor([-0.5 ,  0.75])
    """
    return apply(ops.softsign, (input,))


def logsigmoid(input: ArrayLike) -> Tensor:
    """log σ(x) = −log(1 + e⁻ˣ) of each number.

    >>> import autorecur as ar
    >>> ar.nn.functional.logsigmoid([0.0, -1000.0])
    tensor([-6.93147181e-01, -1.00000000e+03])
    """
    return -apply(ops.softplus, (-as_tensor(input),))


def hardsigmoid(input: ArrayLike) -> Tensor:
    """min(max(x + 3, 0), 6) / 6; at −3 and 3 the derivative is 0. (Courbariaux et al. 2015, with these constants Howard 2019.)

    >>> import autorecur as ar
    >>> ar.nn.functional.hardsigmoid([-4.0, 0.0, 4.0])
    tensor([0. , 0.5, 1. ])
    """
    return hardtanh(as_tensor(input) + 3.0, 0.0, 6.0) / 6.0


def hardtanh(input: ArrayLike, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """min(max(x, ``min_val``), ``max_val``); at both bounds the derivative is 0. (Collobert 2004.)

    ``min_val`` must not be larger than ``max_val`` (ArgumentError).

    >>> import autorecur as ar
    >>> ar.nn.functional.hardtanh([-2.0, 0.5, 2.0])
    tensor([-1. ,  0.5,  1. ])
    """
    if min_val > max_val:
        raise ArgumentError(f"hardtanh: min_val is {min_val}, and larger than max_val, which is {max_val}")
    x = as_tensor(input)
    on_a_bound = (x.data == min_val) | (x.data == max_val)
    if on_a_bound.any():
        x = _where(on_a_bound, x.data, x)
    return apply(clip, (x, min_val, max_val))


def hardswish(input: ArrayLike) -> Tensor:
    """x·hardsigmoid(x); the derivative is 0 at −3 and 1 at 3. (Howard et al. 2019.)

    >>> import autorecur as ar
    >>> ar.nn.functional.hardswish([-4.0, 1.5, 4.0])
    tensor([-0.   ,  1.125,  4.   ])
    """
    x = as_tensor(input)
    return x * hardsigmoid(x)


def softmax(input: ArrayLike, dim: int, *, dtype: Any = None) -> Tensor:
    """eˣ divided by the sum of eˣ along the axis ``dim``: positive numbers whose sum is 1.

    ``dtype`` is taken on before anything is computed. Raises ShapeError for an axis that does not exist.

    >>> import autorecur as ar
    >>> ar.nn.functional.softmax([1000.0, 1000.0], dim=0)
    tensor([0.5, 0.5])
    """
    x = _floats(input, dtype)
    return apply(reductions.softmax, (x,), {"axis": (normal_axis(dim, x.ndim, "softmax"),)})


def log_softmax(input: ArrayLike, dim: int, *, dtype: Any = None) -> Tensor:
    """The logarithm of :func:`softmax` along the axis ``dim``, exact also where the softmax itself is 0.

    >>> import autorecur as ar
    >>> ar.nn.functional.log_softmax([0.0, 10000.0], dim=-1)
    tensor([-10000.,      0.])
    """
    x = _floats(input, dtype)
    return apply(reductions.log_softmax, (x,), {"axis": (normal_axis(dim, x.ndim, "log_softmax"),)})


def _floats(input: ArrayLike, dtype: Any) -> Tensor:
    """The input in the dtype that was asked for; integers as floats."""
    x = as_tensor(input)
    wanted = np.dtype(dtype) if dtype is not None else x.dtype if x.dtype.kind in "fc" else np.dtype(float)
    return x if x.dtype == wanted else apply(astype, (x,), {"dtype": wanted})


def _where(condition: np.ndarray, a: Any, b: Any) -> Tensor:
    """``a`` where the condition holds, else ``b``; an array among them is one that was just computed."""
    chosen = (Tensor(each) if isinstance(each, np.ndarray) else each for each in (np.asarray(condition), a, b))
    return apply(ops.where, tuple(chosen))


def _by_side(x: Tensor, above: float, below: float | Tensor) -> Tensor:
    """The slope of two straight pieces: ``above`` for x > 0, else ``below``, which may have a derivative."""
    if isinstance(below, Tensor):
        return _where(x.data > 0, above, below)
    dtype = np.result_type(x.dtype, np.float32) if x.dtype.kind != "f" else x.dtype
    positive = x.data > 0
    slopes = positive * dtype.type(above) + ~positive * dtype.type(below)  # much faster than a choice
    return Tensor(np.asarray(slopes, dtype))
