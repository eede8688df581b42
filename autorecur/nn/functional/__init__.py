"""Activations, layers and losses as functions, with PyTorch's names, arguments, order and defaults.

    >>> import autorecur as ar
    >>> F = ar.nn.functional
    >>> F.cross_entropy([[2.0, 1.0, 0.0]], [0])
    tensor(0.40760596)

Left out are ``inplace`` and what PyTorch itself calls deprecated (``size_average``, ``reduce``); arguments that stand behind
one of those in PyTorch are passed by keyword. Every function takes tensors, arrays, numbers and nested lists, keeps float32,
and can be differentiated any number of times; where two branches meet, it has PyTorch's derivative, which its description
names.
"""

from autorecur.nn.functional.activations import (
    celu,
    elu,
    gelu,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    tanh,
)
from autorecur.nn.functional.binary import binary_cross_entropy, binary_cross_entropy_with_logits
from autorecur.nn.functional.classes import cross_entropy, nll_loss
from autorecur.nn.functional.distances import huber_loss, l1_loss, mse_loss, smooth_l1_loss
from autorecur.nn.functional.layers import dropout, embedding, layer_norm, linear, one_hot

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "gelu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "huber_loss",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "mish",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]
