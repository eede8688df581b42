"""Numbers of mean 0 and standard deviation 1, by what the training part shows alone."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np

from autorecur.data.sequences import Sequences
from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.tape.numbers import Array


class Standardiser:
    """Shifts and scales the columns of x, and with ``targets`` also the numbers of y, as fitted on the training part.

    Mean and standard deviation are taken over all steps of all sequences; a column that never changes is shifted only.
    ``restore`` takes predictions back to the units of the data. Raises DtypeError for tokens, ShapeError for data with
    other columns.

    >>> import autorecur as ar
    >>> train, valid = ar.data.windows([1.0, 3.0, 1.0, 3.0, 5.0, 7.0], 2).split(0.7, by="order")
    >>> standardise = ar.data.Standardiser(train)
    >>> standardise.mean, standardise.std
    (array([2.]), array([1.]))
    >>> standardise(valid).x[0].ravel().tolist()
    [1.0, 3.0]
    """

    def __init__(self, train: Sequences, targets: bool = False) -> None:
        if train.tokens:
            raise DtypeError("tokens are not standardised: they are numbers of words, not measurements")
        self.mean, self.std = _moments(np.concatenate(train.x))
        self.target_mean: Array | None = None
        self.target_std: Array | None = None
        if targets:
            if train.kind != "regression":
                raise DtypeError(f"targets=True takes numbers that are predicted, and the targets are {train.kind}")
            self.target_mean, self.target_std = _moments(
                train.y if train.readout == "last" else np.concatenate(train.y)
            )

    def __call__(self, data: Sequences) -> Sequences:
        """The data set in the new units."""
        if data.tokens or data.input_size != len(self.mean):
            raise ShapeError(f"this was fitted on {len(self.mean)} columns, and x has {data.input_size}")
        made = data.with_inputs([(x - self.mean) / self.std for x in data.x])
        if self.target_mean is not None:
            made = copy(made)
            made._stated = None
            last = data.readout == "last"
            made.y = self._scaled(data.y) if last else [self._scaled(y) for y in data.y]
        return made

    def restore(self, predictions: Any) -> Any:
        """Predictions, an array or a tensor (…, m), in the units of the data."""
        if self.target_mean is None:
            raise ArgumentError("the targets were not standardised: Standardiser(train, targets=True) does it")
        return predictions * self.target_std + self.target_mean

    def restore_inputs(self, x: Any) -> Any:
        """Inputs (…, n) in the units of the data."""
        return x * self.std + self.mean

    def state_dict(self) -> dict[str, Array]:
        """The moments, as arrays."""
        held = {"mean": self.mean, "std": self.std}
        if self.target_mean is not None and self.target_std is not None:
            held |= {"target_mean": self.target_mean, "target_std": self.target_std}
        return held

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Standardiser:
        """The one whose :meth:`state_dict` this is."""
        made = cls.__new__(cls)
        try:
            made.mean, made.std = np.asarray(state["mean"]), np.asarray(state["std"])
        except KeyError as error:
            raise ArgumentError(f"this is no state of a standardiser: {error} is missing") from None
        both = "target_mean" in state
        made.target_mean = np.asarray(state["target_mean"]) if both else None
        made.target_std = np.asarray(state["target_std"]) if both else None
        return made

    def _scaled(self, y: Array) -> Array:
        return (y - self.target_mean) / self.target_std

    def __repr__(self) -> str:
        return f"<standardiser of {len(self.mean)} columns{', and targets' if self.target_mean is not None else ''}>"


def _moments(rows: Array) -> tuple[Array, Array]:
    mean, std = rows.mean(axis=0), rows.std(axis=0)
    return mean, np.where(std > 1e-12 * np.maximum(1.0, np.abs(mean)), std, 1.0)
