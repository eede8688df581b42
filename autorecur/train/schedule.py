"""The learning rate's course: a scheduler that is stepped behind each epoch or behind each update."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from autorecur.errors import ArgumentError

WHEN = ("epoch", "update")


class Schedule:
    """A scheduler of ``ar.optim.lr_scheduler``, or anything with ``step()`` and a state; None changes nothing."""

    def __init__(self, scheduler: Any, when: str = "epoch") -> None:
        if when not in WHEN:
            raise ArgumentError(
                f"fit: the scheduler is stepped behind each {' or '.join(map(repr, WHEN))}, not {when!r}"
            )
        self.scheduler = scheduler
        self._each_update = scheduler is not None and when == "update"
        self._each_epoch = scheduler is not None and when == "epoch"
        self._judges = scheduler is not None and _asks_for_the_loss(scheduler)
        if self._judges and self._each_update:
            raise ArgumentError("fit: a scheduler that looks at the loss is stepped behind each epoch")

    def rate(self, optimizer: Any) -> float:
        """The learning rate of the first group."""
        return float(optimizer.param_groups[0].get("lr", float("nan")))

    def on_update(self) -> None:
        if self._each_update:
            self.scheduler.step()

    def on_epoch(self, loss: float) -> None:
        if self._each_epoch:
            self.scheduler.step(loss) if self._judges else self.scheduler.step()

    def state_dict(self) -> Any:
        return None if self.scheduler is None else self.scheduler.state_dict()

    def load_state_dict(self, state: Mapping[str, Any] | None) -> None:
        if (state is None) != (self.scheduler is None):
            here, there = ("a", "no") if state is None else ("no", "a")
            raise ArgumentError(f"fit: there is {here} scheduler here, and {there} scheduler in the checkpoint")
        if state is not None:
            self.scheduler.load_state_dict(state)


def _asks_for_the_loss(scheduler: Any) -> bool:
    """Whether ``step`` cannot be called without an argument, as that of ReduceLROnPlateau."""
    parameters = inspect.signature(scheduler.step).parameters.values()
    return any(each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters)
