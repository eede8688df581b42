"""Gives tensors the functions of this room as methods, and the manners of a Python container."""

from __future__ import annotations

from typing import Any

import numpy as np

from autorecur.arrays import reductions
from autorecur.arrays.shapes import reshape
from autorecur.errors import ShapeError
from autorecur.tape.tensor import Tensor


def _reshape(self: Tensor, *shape: Any) -> Tensor:
    return reshape(self, shape[0] if len(shape) == 1 else shape)


def item(self: Tensor) -> Any:
    """The only number, as a Python number; raises ShapeError if there are several."""
    if self.size != 1:
        raise ShapeError(f"a tensor of shape {self.shape} is not a single number")
    return self.data.item()


def _shown(self: Tensor) -> str:
    numbers = np.array2string(self.data, separator=", ", prefix="tensor(")
    dtype = "" if self.dtype in (np.float64, np.int64, np.bool_) else f", dtype={self.dtype}"
    return f"tensor({numbers}{dtype}{', requires_grad=True' if self.requires_grad else ''})"


def give_methods(tensor: type[Any]) -> None:
    """Called once, when the room is first entered."""
    tensor.sum = reductions.sum
    tensor.item = item
    tensor.tolist = lambda self: self.data.tolist()
    tensor.reshape = _reshape
    tensor.__repr__ = _shown  # type: ignore[assignment]
