"""From whole numbers, such as those of tokens, to vectors."""

from __future__ import annotations

from operator import index
from typing import Any, Self

import numpy as np

from autorecur.errors import ArgumentError
from autorecur.nn import init
from autorecur.nn.functional.arguments import CLASSES, check_range, check_whole
from autorecur.nn.functional.layers import embedding
from autorecur.nn.module import Module
from autorecur.nn.parameter import Parameter
from autorecur.nn.recurrent.arguments import whole_from_one
from autorecur.tape.tensor import Tensor, as_tensor


class Embedding(Module):
    """A table of vectors: integers of shape (…) give their rows, (…, embedding_dim). (PyTorch's ``nn.Embedding``.)

    ``weight`` (num_embeddings, embedding_dim) starts with normal numbers of mean 0 and variance 1. Row ``padding_idx``,
    which may be counted from the end, starts with zeros and receives no gradient. The gradient of the others is added
    row by row, and costs as much as there are tokens, however long the table is. Raises ShapeError for a number that
    has no row, DtypeError for numbers that are no integers, ArgumentError.

    >>> import autorecur as ar
    >>> table = ar.nn.Embedding(10, 3, padding_idx=0)
    >>> table([[1, 2], [4, 0]]).shape
    (2, 2, 3)
    >>> table([0]).detach()
    tensor([[0., 0., 0.]])
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None) -> None:
        self.num_embeddings = whole_from_one("Embedding", "num_embeddings", num_embeddings)
        self.embedding_dim = whole_from_one("Embedding", "embedding_dim", embedding_dim)
        self.padding_idx = _padding(padding_idx, self.num_embeddings)
        self.weight = Parameter(np.zeros((self.num_embeddings, self.embedding_dim)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all numbers anew, from the package's generator; the row of the padding is zero."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            numbers = np.array(self.weight.data)
            numbers[self.padding_idx] = 0.0
            self.weight.data = numbers

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, padding_idx: int | None = None) -> Self:
        """A table with these rows, which are not learned unless ``freeze`` is False."""
        numbers = np.array(as_tensor(embeddings).data, dtype=float)
        if numbers.ndim != 2:
            raise ArgumentError(f"Embedding: a table has two axes, and this array the shape {numbers.shape}")
        table = cls(numbers.shape[0], numbers.shape[1], padding_idx)
        table.weight.data = numbers
        table.weight.requires_grad_(not freeze)
        return table

    def forward(self, x: Any) -> Tensor:
        return embedding(x, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"

    def _output_shape(self) -> str:
        return f"(…, {self.embedding_dim})"


class OneHot(Module):
    """Integers of shape (…) as vectors (…, num_classes) with a 1 at the place that each names: an embedding without parameters.

    The vector of ``padding_idx`` is zero. The numbers are float64, or float32 after ``float()``. Raises ShapeError for
    an integer that has no place, DtypeError for numbers that are no integers, ArgumentError.

    >>> import autorecur as ar
    >>> ar.nn.OneHot(3)([2, 0])
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """

    def __init__(self, num_classes: int, padding_idx: int | None = None) -> None:
        self.num_classes = whole_from_one("OneHot", "num_classes", num_classes)
        self.padding_idx = _padding(padding_idx, self.num_classes)
        self._turn_into(np.dtype(float))

    def _turn_into(self, dtype: Any) -> None:
        self._vectors = np.eye(self.num_classes, dtype=dtype)
        if self.padding_idx is not None:
            self._vectors[self.padding_idx] = 0.0

    def forward(self, x: Any) -> Tensor:
        numbers = as_tensor(x)
        if numbers.size:
            check_whole("OneHot", "input", numbers)
        check_range("OneHot", "input", numbers.data, self.num_classes, CLASSES)
        return Tensor(self._vectors.take(numbers.data.astype(np.intp), 0))

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_classes}{padding}"

    def _output_shape(self) -> str:
        return f"(…, {self.num_classes})"


def _padding(padding_idx: Any, count: int) -> int | None:
    """The row of the padding, counted from the beginning."""
    if padding_idx is None:
        return None
    if isinstance(padding_idx, bool) or not hasattr(padding_idx, "__index__"):
        raise ArgumentError(f"padding_idx is a whole number or None, not {padding_idx!r}")
    if not -count <= index(padding_idx) < count:
        raise ArgumentError(f"padding_idx is {index(padding_idx)}, and there are {count} rows")
    return index(padding_idx) % count
