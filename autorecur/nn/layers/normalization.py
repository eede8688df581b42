"""Layers that give numbers mean 0 and variance 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autorecur.errors import ArgumentError
from autorecur.nn import init
from autorecur.nn.functional.layers import layer_norm
from autorecur.nn.module import Module
from autorecur.nn.parameter import Parameter
from autorecur.nn.recurrent.arguments import whole_from_one
from autorecur.tape.tensor import Tensor


class LayerNorm(Module):
    """Mean 0 and variance 1 over the last axes, then times ``weight`` plus ``bias``. (Ba et al. 2016.)

    ``normalized_shape`` is the shape of the last axes, a number for one; ``weight`` and ``bias`` have it too, and start
    with ones and zeros; ``elementwise_affine=False`` leaves out both. Raises ArgumentError, ShapeError for an input
    that ends otherwise.

    >>> import autorecur as ar
    >>> ar.nn.LayerNorm(3, eps=0.0)([1.0, 2.0, 3.0]).detach()
    tensor([-1.22474487,  0.        ,  1.22474487])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        sizes = normalized_shape if isinstance(normalized_shape, Sequence) else (normalized_shape,)
        self.normalized_shape = tuple(whole_from_one("LayerNorm", "normalized_shape", size) for size in sizes)
        if not self.normalized_shape:
            raise ArgumentError("LayerNorm: normalized_shape is empty, and names the axes to normalize over")
        self.eps, self.elementwise_affine = eps, bool(elementwise_affine)
        self.weight = Parameter(np.ones(self.normalized_shape)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape)) if elementwise_affine and bias else None

    def reset_parameters(self) -> None:
        """Ones and zeros."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, x: Any) -> Tensor:
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        affine = "" if self.elementwise_affine else ", elementwise_affine=False"
        return f"{self.normalized_shape}, eps={self.eps}{affine}"

    def _output_shape(self) -> str:
        return f"(…, {', '.join(map(str, self.normalized_shape))})"
