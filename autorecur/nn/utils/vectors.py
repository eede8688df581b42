"""All parameters as one vector, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from autorecur.arrays import concatenate
from autorecur.errors import ArgumentError, ShapeError
from autorecur.nn.utils.clipping import named_parameters_of
from autorecur.tape.tensor import Tensor, as_tensor


def parameters_to_vector(parameters: Any) -> Tensor:
    """The numbers of all parameters one behind the other, a differentiable function of them.

    >>> import autorecur as ar
    >>> ar.nn.utils.parameters_to_vector(ar.nn.Linear(3, 2).parameters()).shape
    (8,)
    """
    tensors = [tensor for _, tensor in named_parameters_of(parameters)]
    if not tensors:
        raise ArgumentError("parameters_to_vector: there are no parameters")
    return concatenate([tensor.reshape(-1) for tensor in tensors])


def vector_to_parameters(vec: Any, parameters: Any) -> None:
    """Gives the parameters new numbers, one behind the other from ``vec``. Raises ShapeError unless it has as many as they.

    >>> import autorecur as ar
    >>> p = ar.nn.Parameter([[0.0, 0.0]])
    >>> ar.nn.utils.vector_to_parameters([1.0, 2.0], [p])
    >>> p
    parameter([[1., 2.]])
    """
    numbers = as_tensor(vec).data
    tensors = [tensor for _, tensor in named_parameters_of(parameters)]
    count = sum(tensor.size for tensor in tensors)
    if numbers.shape != (count,):
        raise ShapeError(
            f"vector_to_parameters: the vector has shape {numbers.shape}, and the parameters need ({count},)"
        )
    ends = np.cumsum([tensor.size for tensor in tensors])
    for tensor, part in zip(tensors, np.split(numbers, ends[:-1]), strict=True):
        tensor.data = part.reshape(tensor.shape)
