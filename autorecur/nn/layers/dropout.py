"""Numbers left out by chance."""

from __future__ import annotations

from typing import Any

from autorecur.nn.functional.layers import dropout
from autorecur.nn.module import Module
from autorecur.nn.recurrent.arguments import fraction
from autorecur.tape.tensor import Tensor


class Dropout(Module):
    """In training each number is 0 with probability ``p``, else divided by 1 − p; after ``eval()`` nothing happens.

    (Srivastava et al. 2014; PyTorch's ``nn.Dropout``.) The numbers drawn start anew with :func:`autorecur.manual_seed`.
    Raises ArgumentError for a p outside 0 … 1.

    >>> import autorecur as ar
    >>> ar.nn.Dropout(0.5).eval()([1.0, 2.0])
    tensor([1., 2.])
    """

    def __init__(self, p: float = 0.5) -> None:
        self.p = fraction("Dropout", "p", p)

    def forward(self, x: Any) -> Tensor:
        return dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"
