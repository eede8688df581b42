"""A matrix and a bias, and what stands in a place where nothing is to be done."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autorecur.errors import ShapeError
from autorecur.nn import init
from autorecur.nn.functional.layers import linear
from autorecur.nn.module import Module
from autorecur.nn.parameter import Parameter
from autorecur.nn.recurrent.arguments import whole_from_one
from autorecur.tape.tensor import Tensor, as_tensor


class Linear(Module):
    """y = x·weightᵀ + bias: (…, in_features) gives (…, out_features). (PyTorch's ``nn.Linear``.)

    ``weight`` (out_features, in_features) and ``bias`` (out_features,) start uniform within ±1/√in_features. Raises
    ArgumentError for sizes that are no whole numbers from 1, ShapeError for an input that does not fit.

    >>> import autorecur as ar
    >>> layer = ar.nn.Linear(3, 2)
    >>> layer([[1.0, 0.0, 2.0]] * 5).shape
    (5, 2)
    >>> layer
    Linear(in_features=3, out_features=2)
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        self.in_features = whole_from_one("Linear", "in_features", in_features)
        self.out_features = whole_from_one("Linear", "out_features", out_features)
        self.weight = Parameter(np.zeros((self.out_features, self.in_features)))
        self.bias = Parameter(np.zeros(self.out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all numbers anew, from the package's generator."""
        init.kaiming_uniform_(self.weight, math.sqrt(5))  # ±√(6 / (1 + 5) / in_features), as PyTorch writes it
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features)
            init.uniform_(self.bias, -bound, bound)

    def forward(self, x: Any) -> Tensor:
        given = as_tensor(x)
        if not given.ndim or given.shape[-1] != self.in_features:
            raise ShapeError(
                f"Linear: the input has shape {given.shape}, and its last axis has to have the size "
                f"in_features = {self.in_features}"
            )
        return linear(given, self.weight, self.bias)

    def extra_repr(self) -> str:
        bias = "" if self.bias is not None else ", bias=False"
        return f"in_features={self.in_features}, out_features={self.out_features}{bias}"

    def _output_shape(self) -> str:
        return f"(…, {self.out_features})"


class Identity(Module):
    """Gives back what it is given, and takes any arguments. (PyTorch's ``nn.Identity``.)

    >>> import autorecur as ar
    >>> ar.nn.Identity(54, unused=True)([1.0, 2.0])
    tensor([1., 2.])
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """What is given here has no effect."""

    def forward(self, x: Any) -> Tensor:
        return as_tensor(x)
