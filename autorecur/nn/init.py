"""Initial values, with PyTorch's names: each gives a tensor new numbers in place and returns it.

    >>> import autorecur as ar
    >>> ar.manual_seed(0)
    >>> layer = ar.nn.Linear(3, 4)
    >>> _ = ar.nn.init.xavier_uniform_(layer.weight)

The numbers are drawn in float64 from the generator of :func:`autorecur.manual_seed`, so that a layer in float32 starts
from the same ones, rounded. A matrix has the shape (fan out, fan in); further axes multiply both.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autorecur import random
from autorecur.errors import ArgumentError, ShapeError
from autorecur.nn.functional.arguments import check_word
from autorecur.nn.module import Module
from autorecur.tape.tensor import Tensor

NONLINEARITIES = ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu")
FAN_MODES = ("fan_in", "fan_out")


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """U(a, b).

    >>> import autorecur as ar
    >>> bool((ar.nn.init.uniform_(ar.nn.Parameter([0.0] * 5), 2.0, 3.0).data >= 2.0).all())
    True
    """
    if not a <= b:
        raise ArgumentError(f"uniform_: the lower bound is {a}, and the upper one {b}")
    return _given(tensor, random.generator.uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """N(mean, std²)."""
    if std < 0:
        raise ArgumentError(f"normal_: std is {std}, and must not be negative")
    return _given(tensor, random.generator.normal(mean, std, tensor.shape))


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> Tensor:
    """N(mean, std²), drawn again until it lies between a and b, which are values, not multiples of ``std``.

    Computed as mean + std·Φ⁻¹(u) with u uniform between Φ((a − mean)/std) and Φ((b − mean)/std).
    """
    from scipy.special import ndtr, ndtri

    if not std > 0 or not a < b:
        raise ArgumentError(f"trunc_normal_: std is {std} and has to be larger than 0, a is {a} and b {b}: a < b")
    low, high = (a - mean) / std, (b - mean) / std
    if low > 0:  # in the lower tail probabilities have more digits
        drawn = -ndtri(random.generator.uniform(ndtr(-high), ndtr(-low), tensor.shape))
    else:
        drawn = ndtri(random.generator.uniform(ndtr(low), ndtr(high), tensor.shape))
    return _given(tensor, np.clip(mean + std * drawn, a, b))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """``val`` everywhere."""
    return _given(tensor, np.full(tensor.shape, val))


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere."""
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity of a matrix: as recurrent weights it lets a relu network keep what it has seen. (Le et al. 2015.)"""
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: a tensor of shape {tensor.shape} is no matrix")
    return _given(tensor, np.eye(*tensor.shape))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights are larger in front of a nonlinearity: linear and sigmoid 1, tanh 5/3, relu √2, selu 3/4.

    leaky_relu √(2/(1 + s²)) with the slope ``param``, 0.01 if that is None. (He et al. 2015; PyTorch's table.)

    >>> import autorecur as ar
    >>> ar.nn.init.calculate_gain("leaky_relu", 1.0)
    1.0
    """
    check_word("calculate_gain", "nonlinearity", nonlinearity, NONLINEARITIES)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1.0 + slope**2))
    return {"tanh": 5.0 / 3.0, "relu": math.sqrt(2.0), "selu": 0.75}.get(nonlinearity, 1.0)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """U(−r, r), r = gain·√(6 / (fan in + fan out)). (Glorot & Bengio 2010, eq. 16.)

    A compromise between activations that keep their variance and gradients that keep theirs.
    """
    fan_in, fan_out = _fans("xavier_uniform_", tensor)
    bound = gain * math.sqrt(6.0 / (fan_in + fan_out))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """N(0, σ²), σ = gain·√(2 / (fan in + fan out)). (Glorot & Bengio 2010, eq. 12.)"""
    fan_in, fan_out = _fans("xavier_normal_", tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / (fan_in + fan_out)))


def kaiming_uniform_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """U(−r, r), r = gain·√(3 / fan), so that the variance is that of :func:`kaiming_normal_`. (He et al. 2015.)

    ``mode`` is ``"fan_in"`` or ``"fan_out"``; ``a`` is the slope of a leaky_relu, see :func:`calculate_gain`.
    """
    bound = math.sqrt(3.0) * _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """N(0, σ²), σ = gain / √fan. (He et al. 2015, eq. 10 for fan in, eq. 14 for fan out.)

    ``mode`` is ``"fan_in"`` or ``"fan_out"``; ``a`` is the slope of a leaky_relu, see :func:`calculate_gain`.
    """
    return normal_(tensor, 0.0, _kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity))


def lecun_uniform_(tensor: Tensor) -> Tensor:
    """U(−r, r), r = √(3 / fan in): sums of inputs of variance 1 have variance 1. (LeCun et al. 1998, eq. 16.)"""
    bound = math.sqrt(3.0 / _fans("lecun_uniform_", tensor)[0])
    return uniform_(tensor, -bound, bound)


def lecun_normal_(tensor: Tensor) -> Tensor:
    """N(0, 1 / fan in), as networks of selu need it. (LeCun et al. 1998; Klambauer et al. 2017.)"""
    return normal_(tensor, 0.0, math.sqrt(1.0 / _fans("lecun_normal_", tensor)[0]))


def orthogonal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """A random matrix with orthonormal rows or columns, whichever are fewer, times ``gain``. (Saxe et al. 2014.)

    Q of the QR decomposition of normal numbers, with the signs that make it uniform (Mezzadri 2007). All further axes
    count as columns. A recurrent matrix of this kind neither grows nor shrinks what it multiplies.

    >>> import numpy as np
    >>> import autorecur as ar
    >>> U = ar.nn.init.orthogonal_(ar.nn.Parameter(np.zeros((4, 4)))).data
    >>> bool(np.allclose(U @ U.T, np.eye(4)))
    True
    """
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_: a tensor of shape {tensor.shape} has no rows and columns")
    rows = tensor.shape[0]
    columns = tensor.size // rows if rows else 0
    drawn = random.generator.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(drawn)
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return _given(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))


def forget_gate_bias_(layer: Module, value: float = 1.0) -> Module:
    """Gives forget gates the bias ``value`` in place, 1 to begin with remembering. (Gers et al. 2000; Jozefowicz et al. 2015.)

    ``layer``: an LSTM or LSTMCell, whose two biases then add up to it, a :class:`autorecur.nn.Recurrent` of a cell with
    the parameter ``b_f``, or a model: all such layers within. Returns the layer; raises ArgumentError if there is no
    forget gate.

    >>> import autorecur as ar
    >>> layer = ar.nn.init.forget_gate_bias_(ar.nn.LSTM(1, 2), 1.0)
    >>> (layer.bias_ih_l0 + layer.bias_hh_l0).data[2:4]
    array([1., 1.])
    """
    from autorecur.nn.recurrent.any_cell import Recurrent
    from autorecur.nn.recurrent.weights import StackedWeights

    found = False
    for module in layer.modules():
        if isinstance(module, StackedWeights) and module.bias and "b_f" in module._layout.rows:
            module._set_forget_bias(float(value))
        elif isinstance(module, Recurrent) and "b_f" in module._parameters:
            constant_(module._parameters["b_f"], value)
        else:
            continue
        found = True
    if not found:
        raise ArgumentError(
            f"forget_gate_bias_: {type(layer).__name__} has no forget gate with a bias, as LSTM and LSTMCell have"
        )
    return layer


def _kaiming_std(function: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    check_word(function, "mode", mode, FAN_MODES)
    fan = _fans(function, tensor)[FAN_MODES.index(mode)]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _fans(function: str, tensor: Tensor) -> tuple[int, int]:
    """(fan in, fan out)"""
    if tensor.ndim < 2 or not tensor.size:
        raise ShapeError(
            f"{function}: a tensor of shape {tensor.shape} has no fan in and fan out; a matrix (out, in) has"
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _given(tensor: Tensor, numbers: Any) -> Tensor:
    tensor.data = numbers
    return tensor
