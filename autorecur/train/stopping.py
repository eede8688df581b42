"""Early stopping: no improvement for a number of epochs, and the best weights back. (Prechelt 1998.)"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autorecur.nn.module import Module
from autorecur.tape.numbers import Array


class EarlyStopping:
    """Keeps the weights of the best epoch, and says when ``patience`` epochs in a row were no better."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.best = math.inf
        self.worse = 0
        """Epochs since the best one."""
        self.weights: dict[str, Array] = {}

    def judge(self, loss: float, model: Module) -> None:
        """Takes note of an epoch's loss; nan is no improvement."""
        if loss < self.best:
            self.best, self.worse = loss, 0
            self.weights = model.state_dict()
        else:
            self.worse += 1

    @property
    def is_due(self) -> bool:
        return self.worse >= self.patience

    def restore(self, model: Module) -> None:
        """Gives the model the weights of the best epoch, if there was one."""
        if self.weights:
            model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "worse": self.worse, "weights": dict(self.weights)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best, self.worse = state["best"], state["worse"]
        self.weights = {name: np.array(array) for name, array in state["weights"].items()}
