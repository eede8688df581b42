"""Sequences of different lengths in one array, and back. Nothing need be packed: layers take ``lengths``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autorecur.arrays import concatenate, stack, swapaxes
from autorecur.errors import ArgumentError, ShapeError
from autorecur.nn.functional.arguments import check_word
from autorecur.tape.tensor import Tensor, as_tensor

SIDES = ("right", "left")


def pad_sequence(
    sequences: Sequence[Any], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences of shapes (T_i, …) as (T, B, …), or (B, T, …), T the longest; differentiable. Raises ShapeError.

    >>> import autorecur as ar
    >>> ar.nn.utils.rnn.pad_sequence([[1, 2, 3], [4]], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])
    """
    check_word("pad_sequence", "padding_side", padding_side, SIDES)
    tensors = [as_tensor(sequence) for sequence in sequences]
    if not tensors:
        raise ArgumentError("pad_sequence: there are no sequences")
    for number, tensor in enumerate(tensors):
        if not tensor.ndim or tensor.shape[1:] != tensors[0].shape[1:]:
            raise ShapeError(
                f"pad_sequence: sequence {number} has shape {tensor.shape}, and the first one {tensors[0].shape}; "
                "they may differ in the number of steps alone"
            )
    longest = max(tensor.shape[0] for tensor in tensors)
    padded = []
    for tensor in tensors:
        missing = longest - tensor.shape[0]
        padding = np.full((missing, *tensor.shape[1:]), padding_value, tensor.dtype)
        pieces = [tensor, padding] if padding_side == "right" else [padding, tensor]
        padded.append(concatenate(pieces) if missing else tensor)
    whole = stack(padded)
    return whole if batch_first else swapaxes(whole, 0, 1)


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded array, each with its own number of steps: the inverse of :func:`pad_sequence`.

    >>> import autorecur as ar
    >>> ar.nn.utils.rnn.unpad_sequence([[1, 2, 3], [4, 0, 0]], [3, 1], batch_first=True)
    [tensor([1, 2, 3]), tensor([4])]
    """
    padded = as_tensor(padded_sequences)
    if padded.ndim < 2:
        raise ShapeError(
            f"unpad_sequence: padded sequences have at least two axes, and the shape here is {padded.shape}"
        )
    whole = padded if batch_first else swapaxes(padded, 0, 1)
    ends = np.asarray(as_tensor(lengths).data)
    fits = ends.shape == whole.shape[:1] and ends.dtype.kind in "iu"
    if not fits or (ends.size and (ends.min() < 0 or ends.max() > whole.shape[1])):
        raise ShapeError(
            f"unpad_sequence: lengths are {whole.shape[0]} whole numbers from 0 to {whole.shape[1]}, not {ends.tolist()}"
        )
    return [whole[i, : int(end)] for i, end in enumerate(ends)]
