"""When a training runs away: what is seen, what is said, and the last weights that were good."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.errors import AutorecurError
from autorecur.tape.tensor import Tensor

if TYPE_CHECKING:
    from autorecur.data.batches import Batch
    from autorecur.train.history import History

EXPLOSION = 1e6
"""A loss or a gradient norm that is so many times as large as the first one, and as 1, has exploded."""
GOOD = 10.0
"""Weights are kept as good while the loss is less than so many times its running mean."""


class Diverged(AutorecurError, ArithmeticError):  # noqa: N818 - what happened, as the message says
    """A training ran away: a loss or a gradient that is nan, infinite, or has exploded.

    ``update`` is the number of the update at which it showed; ``parameter`` the dotted name of the parameter concerned, None
    where the data are to blame; ``history`` all updates including this one. The model has the last good weights.
    """

    def __init__(self, message: str, update: int, parameter: str | None, history: History) -> None:
        super().__init__(message)
        self.update, self.parameter, self.history = update, parameter, history


class Guard:
    """Looks at every loss and gradient norm, and keeps the weights that gave the last good ones."""

    def __init__(self, named: Sequence[tuple[str, Tensor]], clipped: bool) -> None:
        self._named, self._clipped = list(named), clipped
        self._pairs = [(np.array(p.data), p) for _, p in self._named]
        self._first_loss = self._first_norm = 0.0
        self._mean = math.nan
        """Of the good losses, those of long ago forgotten."""

    def finds(self, loss: float, norm: float) -> str:
        """What is wrong with a loss and a gradient norm, empty if nothing is; 0 stands for a norm that is not known yet."""
        if not math.isfinite(loss):
            return f"the loss is {loss}"
        if abs(loss) > EXPLOSION * (self._first_loss or max(1.0, abs(loss))):
            return f"the loss is {loss:.3g}, after {self._first_loss:.3g} at first"
        if not math.isfinite(norm):
            return f"the gradient norm is {norm}"
        if not self._clipped and norm > EXPLOSION * (self._first_norm or max(1.0, norm)):
            return f"the gradient norm is {norm:.3g}, after {self._first_norm:.3g} at first"
        return ""

    def keep(self, loss: float, norm: float) -> None:
        """Called with a loss and a norm that nothing is wrong with, before the step: keeps these weights if they are good."""
        if not self._first_loss:
            self._first_loss, self._first_norm = max(1.0, abs(loss)), max(1.0, norm)
            self._mean = loss
        if not loss > self._mean + GOOD * abs(self._mean):
            self._mean += 0.1 * (loss - self._mean)
            for kept, parameter in self._pairs:
                np.copyto(kept, parameter._array)

    def restore(self) -> None:
        """Gives the model the weights that were kept last."""
        for kept, parameter in self._pairs:
            parameter.data = kept

    def state_dict(self) -> dict[str, Any]:
        return {"loss": self._first_loss, "norm": self._first_norm, "mean": self._mean}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._first_loss, self._first_norm, self._mean = state["loss"], state["norm"], state["mean"]
        self._pairs = [(np.array(p.data), p) for _, p in self._named]

    # ---------------------------------------------------------------- what is said

    def report(self, what: str, update: int, batch: Batch, history: History) -> Diverged:
        """The error; to be called while weights and gradients are those that went wrong."""
        blame = _of_the_data(batch)
        parameter = None
        if not blame:
            parameter, how = self._suspect("gradient" in what)
            blame = f"{how}; {self._hint()}"
        message = f"training diverged at update {update}: {what}; {blame}. The model has the last good weights again."
        return Diverged(message, update, parameter, history)

    def _suspect(self, by_gradient: bool) -> tuple[str, str]:
        """A parameter and what is the matter with it: the first that is not finite, or of which the gradient is not.

        If all are finite, or no gradient is, it is the largest gradient, or what moved farthest.
        """
        learning = [(name, p.grad.data) for name, p in self._named if p.grad is not None]
        infinite = [name for name, p in self._named if not np.isfinite(p.data).all()]
        if infinite:
            return infinite[0], f"{infinite[0]} is not finite"
        wrong = [name for name, gradient in learning if not np.isfinite(gradient).all()]
        if wrong and (by_gradient or len(wrong) < len(learning)):
            return wrong[0], f"the gradient of {wrong[0]} is not finite"
        if by_gradient:
            name = max(learning, key=lambda pair: float(np.abs(pair[1]).max(initial=0.0)))[0]
            return name, f"the largest gradient is that of {name}"
        moves = [_moved(kept, p) for kept, p in self._pairs]
        farthest = int(np.argmax(moves))
        name = self._named[farthest][0]
        return name, f"{name} has moved farthest since all was well, by {moves[farthest]:.2g} times its own norm"

    def _hint(self) -> str:
        clip = "clip_norm=1.0" if not self._clipped else "a smaller clip_norm"
        return f"try {clip} or a smaller learning rate, and ar.debug_anomalies() finds the operation where a nan begins"


def _moved(kept: Any, parameter: Tensor) -> float:
    """How far a parameter is from its last good numbers, in units of their norm."""
    with np.errstate(all="ignore"):
        distance = float(np.linalg.norm(np.asarray(parameter.data - kept, np.float64)))
        return distance / (float(np.linalg.norm(kept)) + 1e-12) if math.isfinite(distance) else math.inf


def _of_the_data(batch: Batch) -> str:
    """Where a batch holds a number that is not finite; empty if it does not."""
    for name in ("x", "y", "dt"):
        array = getattr(batch, name, None)
        if array is None or np.asarray(array).dtype.kind != "f" or np.isfinite(array).all():
            continue
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        sequence = f", sequence {int(batch.index[place[1]])}" if name != "y" and len(place) > 1 else ""
        return f"{name} of this batch holds {array[place]} at index {place}{sequence}: the data are to blame"
    return ""
