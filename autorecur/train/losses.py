"""Losses by name: from a model's output and a batch to one number, averaged over what is no padding.

Each returns the loss and how many targets it is the mean of, so that means of batches can be averaged rightly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autorecur.data.batches import Batch
from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.language.nearest import did_you_mean
from autorecur.nn import functional
from autorecur.tape.numbers import Array
from autorecur.tape.tensor import Tensor

IGNORED = -100
Weighted = Callable[[Any, Batch], tuple[Tensor, float]]


def loss_of(loss: Any) -> Weighted:
    """The loss of this name, or the user's own function of (output, batch); raises ArgumentError, DtypeError."""
    if callable(loss):
        _check_is_of_batches(loss)
        return lambda output, batch: (_number(loss(output, batch)), float(len(batch.index)))
    if not isinstance(loss, str) or loss not in LOSSES:
        close = did_you_mean(loss, LOSSES) if isinstance(loss, str) else ""
        names = ", ".join(map(repr, LOSSES))
        raise ArgumentError(f"fit: loss is {names} or a function of (output, batch), not {loss!r:.60}.{close}")
    return LOSSES[loss]


BY_NAME = {
    "MSELoss": "mse",
    "mse_loss": "mse",
    "CrossEntropyLoss": "cross_entropy",
    "cross_entropy": "cross_entropy",
    "BCEWithLogitsLoss": "bce",
    "binary_cross_entropy_with_logits": "bce",
}
"""Losses of :mod:`autorecur.nn` that ``fit`` has as well."""


def _check_is_of_batches(loss: Any) -> None:
    """The losses of :mod:`autorecur.nn`, which are called in PyTorch's way, would take the batch for a target."""
    kind = loss if hasattr(loss, "__name__") else type(loss)
    if not kind.__module__.startswith(("autorecur.nn.functional.", "autorecur.nn.layers.")):
        return
    name = BY_NAME.get(kind.__name__)
    given = f"loss={name!r}, which leaves padding out, or " if name else ""
    raise ArgumentError(
        f"fit: {kind.__name__} is called with (output, target), and a loss of fit with (output, batch): {given}"
        f"loss=lambda output, batch: criterion(output, batch.y)"
    )


def _number(value: Any) -> Tensor:
    if not isinstance(value, Tensor) or value.size != 1:
        shown = f"a tensor of shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
        raise DtypeError(f"fit: the loss has to return one number as a tensor, such as tensor.mean(), not {shown}")
    return value.reshape(()) if value.ndim else value


def mse(output: Tensor, batch: Batch) -> tuple[Tensor, float]:
    """(1/N) Σ (output − y)² over all components of all targets that are no padding."""
    goal = _numbers_like(output, batch.y, "mse")
    counted = _weights(output, batch)
    if counted is None:
        return functional.mse_loss(output, goal), float(output.size)
    share, count = counted
    return (((output - goal) ** 2) * share).sum(), count


def bce(output: Tensor, batch: Batch) -> tuple[Tensor, float]:
    """Binary cross entropy of logits with 0, 1 or probabilities, averaged like :func:`mse`."""
    goal = _numbers_like(output, batch.y, "bce")
    counted = _weights(output, batch)
    _check_probabilities(goal if counted is None else goal[counted[0] > 0])
    if counted is None:
        return functional.binary_cross_entropy_with_logits(output, goal), float(output.size)
    share, count = counted
    known = np.where(share > 0, goal, goal.dtype.type(0))  # labels at padding are -100
    return functional.binary_cross_entropy_with_logits(output, known, weight=share, reduction="sum"), count


def cross_entropy(output: Tensor, batch: Batch) -> tuple[Tensor, float]:
    """−log softmax(output) at the class y, averaged over all classes that are not −100; the last axis has the logits.

    It is 0 where none is left, so that a piece of a sequence without a class changes nothing.
    """
    _one_tensor(output, "cross_entropy")
    goal = np.asarray(_given(batch.y, "cross_entropy"))
    if goal.dtype.kind not in "iu":
        raise DtypeError(f"cross_entropy: the target holds {goal.dtype}, and classes are integers")
    if goal.shape != output.shape[:-1]:
        raise ShapeError(
            f"cross_entropy: the output has shape {output.shape}, for classes of shape {output.shape[:-1]}, "
            f"and the target has {goal.shape}{_hint(output, goal)}"
        )
    known = counted(batch)
    if known is not None:
        goal = np.where(known, goal, IGNORED)
    count = float(np.count_nonzero(goal != IGNORED))
    if output.ndim > 2:
        output, goal = output.reshape(-1, output.shape[-1]), goal.reshape(-1)
    how = "mean" if count else "sum"  # of nothing: a piece of a sequence in which there is nothing to be said yet
    return functional.cross_entropy(output, goal, ignore_index=IGNORED, reduction=how), count


LOSSES: dict[str, Weighted] = {"mse": mse, "cross_entropy": cross_entropy, "bce": bce}


def _one_tensor(output: Any, name: str) -> None:
    if not isinstance(output, Tensor):
        raise DtypeError(
            f"{name}: the model returns a {type(output).__name__}, and this loss takes one tensor; "
            f"write loss=lambda output, batch: ar.nn.functional.{name if name != 'mse' else 'mse_loss'}(output[…], batch.y)"
        )


def _given(y: Any, name: str) -> Any:
    if y is None:
        raise ArgumentError(f"{name}: the data have no targets; give ar.data.Sequences a y, or fit a loss of your own")
    return y


def _numbers_like(output: Tensor, y: Any, name: str) -> Any:
    """The target in the output's dtype and shape: a missing last axis of one is no difference, anything else is."""
    _one_tensor(output, name)
    goal = np.asarray(_given(y, name), output.dtype)
    if goal.shape == output.shape:
        return goal
    if (*goal.shape, 1) == output.shape or goal.shape == (*output.shape, 1):
        return goal.reshape(output.shape)
    raise ShapeError(f"{name}: the output has shape {output.shape} and the target {goal.shape}{_hint(output, goal)}")


def _check_probabilities(goal: Any) -> None:
    outside = (goal < 0) | (goal > 1)  # a nan is told as such, when the loss is one
    if outside.any():
        raise ArgumentError(
            f"bce: the target holds {goal[outside][0]}, and has to lie between 0 and 1; for classes, 'cross_entropy'"
        )


def _hint(output: Tensor, goal: Any) -> str:
    if output.ndim == 3 and goal.ndim < 3 and goal.shape[:1] == output.shape[1:2]:
        return "; for one target a sequence the model answers at the last step only: readout='last'"
    if output.ndim == 2 and goal.ndim >= 2 and goal.shape[1] == output.shape[0]:
        return "; for a target at every step the model answers at every step: readout='every'"
    return ""


def counted(batch: Batch) -> Array | None:
    """Which targets count, along the axes of time and batch or, of labels, all: no padding, no −100. None if all do."""
    y, mask = np.asarray(batch.y), batch.mask
    found = None
    if batch.y_lengths is not None:  # sequences of their own, for which the mask of the inputs says nothing
        ends = np.asarray(batch.y_lengths)
        found = np.arange(int(ends.max()))[:, None] < ends
        found = found if found.shape == y.shape[:2] else found.T
    elif mask is not None and mask.shape == y.shape[:2] and not _is_one_each(y, batch):
        found = mask
    if y.dtype.kind in "iu":
        labelled = y != IGNORED
        found = labelled if found is None else labelled & _spread(found, y.ndim)
    return None if found is None or found.all() else found


def _is_one_each(y: Array, batch: Batch) -> bool:
    """Whether these are vectors, one a sequence, though their axes are as long as those of time and batch."""
    return y.ndim == 2 and y.dtype.kind == "f" and len(y) == len(batch.index)


def _spread(found: Array, axes: int) -> Array:
    return found.reshape(found.shape + (1,) * (axes - found.ndim))


def _weights(output: Tensor, batch: Batch) -> tuple[Any, float] | None:
    """The share of each component in the mean, and how many components count; None if all do."""
    found = counted(batch)
    if found is None:
        return None
    if found.shape != output.shape[: found.ndim]:  # a last axis of one, which the output lacks
        found = found.reshape(output.shape)
    counts = np.broadcast_to(_spread(found, output.ndim), output.shape)
    count = float(np.count_nonzero(counts))
    return (counts / max(count, 1.0)).astype(output.dtype), count
