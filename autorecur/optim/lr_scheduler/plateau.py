"""A schedule that goes by what is measured: smaller steps where a loss has stopped falling."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

from autorecur.errors import ArgumentError, DtypeError
from autorecur.language.nearest import did_you_mean
from autorecur.optim.groups import arguments_of, is_number
from autorecur.optim.lr_scheduler.scheduler import check_number, require
from autorecur.optim.optimizer import Optimizer


class ReduceLROnPlateau:
    """Multiplies learning rates by ``factor`` when a number has not improved for ``patience`` steps. (PyTorch's class.)

    ``step(metric)`` is given a validation loss, or, with ``mode="max"``, something that should grow. What counts as better
    is better than the best by ``threshold``, a part of it (``"rel"``) or as it is (``"abs"``). For ``cooldown`` steps after a
    reduction nothing is counted.

    >>> import autorecur as ar
    >>> optimizer = ar.optim.SGD([ar.nn.Parameter([1.0])], lr=1.0)
    >>> scheduler = ar.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.5]
    """

    SETTINGS = ("factor", "patience", "threshold", "mode", "threshold_mode", "cooldown", "eps", "min_lrs")
    COUNTERS = ("best", "num_bad_epochs", "cooldown_counter", "last_epoch")

    def __new__(cls, *arguments: Any, **named: Any) -> Self:
        arguments_of(cls, named)
        return super().__new__(cls)

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise DtypeError(f"ReduceLROnPlateau takes an optimiser first, not a {type(optimizer).__name__}")
        for name, value, known in (("mode", mode, ("min", "max")), ("threshold_mode", threshold_mode, ("rel", "abs"))):
            if value not in known:
                hint = did_you_mean(str(value), known)
                raise ArgumentError(f"ReduceLROnPlateau: {name} is {known[0]!r} or {known[1]!r}, not {value!r}.{hint}")
        check_number(self, "factor", factor, 0)
        if factor >= 1:
            raise ArgumentError(f"ReduceLROnPlateau: factor is below 1, or nothing would be reduced, and is {factor!r}")
        for name, count in (("patience", patience), ("cooldown", cooldown)):
            check_number(self, name, count, 0, whole=True)
        groups = optimizer.param_groups
        self.min_lrs = [float(min_lr)] * len(groups) if is_number(min_lr) else [float(m) for m in min_lr]  # type: ignore
        if len(self.min_lrs) != len(groups):
            raise ArgumentError(f"ReduceLROnPlateau: {len(self.min_lrs)} min_lr are given for {len(groups)} groups")
        self.optimizer, self.mode, self.threshold_mode = optimizer, mode, threshold_mode
        self.factor, self.patience, self.threshold = factor, patience, threshold
        self.cooldown, self.eps = cooldown, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0

    def is_better(self, metric: float) -> bool:
        """Whether a number is better than the best so far, by more than the threshold."""
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            return sign * metric > sign * self.best * (1 + sign * self.threshold)
        return sign * metric > sign * self.best + self.threshold

    def step(self, metrics: Any) -> None:
        """Takes the number of this epoch into account."""
        metric = float(metrics)
        self.last_epoch += 1
        if self.is_better(metric):
            self.best, self.num_bad_epochs = metric, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _reduce(self) -> None:
        for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            lr = max(group["lr"] * self.factor, least)
            if group["lr"] - lr > self.eps:
                group["lr"] = lr

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group as it is now."""
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule is, and what it is: numbers, words and lists of numbers."""
        found = {name: getattr(self, name) for name in (*self.SETTINGS, *self.COUNTERS)}
        return found | {"min_lrs": list(self.min_lrs), "_last_lr": self.get_last_lr()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Goes on from a kept state, ours or PyTorch's; raises ArgumentError for the state of another schedule."""
        require(self, state_dict, (*self.SETTINGS, *self.COUNTERS))
        for name in (*self.SETTINGS, *self.COUNTERS):
            setattr(self, name, state_dict[name])
        self.min_lrs = list(state_dict["min_lrs"])
