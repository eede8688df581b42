"""What all schedules share: one function of time, and steps through it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Self

from autorecur.errors import ArgumentError, DtypeError
from autorecur.optim.groups import arguments_of, is_number
from autorecur.optim.optimizer import Optimizer


class LRScheduler:
    """What all schedules share. (PyTorch's ``LRScheduler``.)

    It begins at t = ``last_epoch`` + 1, and ``step()`` goes one further; an optimiser's step comes before. A ``last_epoch``
    other than −1 goes on with groups that know their ``initial_lr``, such as those of a loaded state.

    A subclass has ``factor(t)``, and a ``floor`` if the learning rate does not fall to zero: it is
    floor + (initial − floor) f(t).

    Raises ArgumentError for arguments that do not exist or cannot be.
    """

    SETTINGS: tuple[str, ...] = ()
    """The attributes that say what the schedule is; they are a part of its state."""
    CHAINED = True
    """Whether a step changes what others made of the learning rate; else it is computed from the initial one."""
    floor: float = 0.0

    def __new__(cls, *arguments: Any, **named: Any) -> Self:
        arguments_of(cls, named)
        return super().__new__(cls)

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise DtypeError(f"{type(self).__name__} takes an optimiser first, not a {type(optimizer).__name__}")
        self.optimizer = optimizer
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ArgumentError(
                    f"{type(self).__name__}: group {number} has no 'initial_lr' to go on from after epoch {last_epoch}; "
                    "load the state of its optimiser first"
                )
        self.base_lrs: list[float] = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.step()

    def factor(self, t: float) -> float:
        """What stands before the initial learning rate at time t."""
        raise NotImplementedError(f"{type(self).__name__} has no factor(t), which says what the learning rate is at t")

    def step(self, epoch: float | None = None) -> None:
        """One step further in time, or to an ``epoch``; the groups of the optimiser get their new learning rates."""
        groups = self.optimizer.param_groups
        if len(groups) != len(self.base_lrs):
            raise ArgumentError(
                f"{type(self).__name__} was made for {len(self.base_lrs)} groups of parameters, and now there are "
                f"{len(groups)}: make it after the last add_param_group"
            )
        t = self.last_epoch + 1 if epoch is None else epoch
        self.last_epoch = math.floor(t)
        for i, (group, base) in enumerate(zip(groups, self.base_lrs, strict=True)):
            follows = self.CHAINED and epoch is None
            group["lr"] = self._next(float(group["lr"]), base, t) if follows else self._closed(i, base, t)

    def _closed(self, i: int, base: float, t: float) -> float:
        """The learning rate of group i at time t, if nothing else acts on it."""
        return self.floor + (base - self.floor) * self.factor(t)

    def _next(self, lr: float, base: float, t: float) -> float:
        """The learning rate that comes after ``lr``."""
        after = self.factor(t)
        if t == 0:
            return self.floor + (lr - self.floor) * after if after != 1 else lr
        before = self.factor(t - 1)
        if after == before:
            return lr
        if before == 0:
            return lr + (base - self.floor) * after
        return self.floor + (lr - self.floor) * (after / before)

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group as it is now."""
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Where the schedule is, and what it is: numbers and lists of numbers."""
        names = (*self.SETTINGS, "base_lrs", "last_epoch")
        found = {name: getattr(self, name) for name in names}
        copies = {name: list(value) if isinstance(value, list) else value for name, value in found.items()}
        return copies | {"_last_lr": self.get_last_lr()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Goes on from a kept state, ours or PyTorch's. The learning rates themselves are kept by the optimiser.

        Raises ArgumentError for the state of another schedule; then nothing has changed.
        """
        names = (*self.SETTINGS, "base_lrs", "last_epoch")
        require(self, state_dict, names)
        if len(state_dict["base_lrs"]) != len(self.base_lrs):
            raise ArgumentError(
                f"this state does not fit {type(self).__name__}: it is of {len(state_dict['base_lrs'])} groups of parameters, "
                f"and here are {len(self.base_lrs)}"
            )
        for name in names:
            value = state_dict[name]
            setattr(self, name, list(value) if isinstance(value, (list, tuple)) else value)


def require(scheduler: object, state: Any, names: Iterable[str]) -> None:
    """Raises ArgumentError unless a state has all that a schedule needs to go on from it."""
    if not isinstance(state, Mapping):
        raise DtypeError(f"the state of a schedule is a mapping, not a {type(state).__name__}")
    missing = [name for name in names if name not in state]
    if missing:
        raise ArgumentError(f"this state is not one of {type(scheduler).__name__}: it has no {missing[0]!r}")


def check_number(
    scheduler: object, name: str, value: Any, least: float, most: float = math.inf, whole: bool = False
) -> None:
    """Raises ArgumentError unless a setting is a number between bounds."""
    kind = "a whole number" if whole else "a number"
    if not is_number(value) or (whole and int(value) != value) or not least <= value <= most:
        bounds = f"of at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
        raise ArgumentError(f"{type(scheduler).__name__}: {name} is {kind} {bounds}, not {value!r:.60}")
