"""One schedule after the other, such as a warm-up and what comes after it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from autorecur.errors import ArgumentError, DtypeError
from autorecur.optim.groups import is_number
from autorecur.optim.lr_scheduler.scheduler import LRScheduler, require
from autorecur.optim.optimizer import Optimizer


class SequentialLR(LRScheduler):
    """One schedule after the other: the i-th from ``milestones[i - 1]`` on, with a time of its own. (PyTorch's class.)

    Warm up in a straight line, then a cosine:

    >>> import autorecur as ar
    >>> optimizer = ar.optim.SGD([ar.nn.Parameter([1.0])], lr=1.0)
    >>> warm = ar.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> cool = ar.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> scheduler = ar.optim.lr_scheduler.SequentialLR(optimizer, [warm, cool], milestones=[3])
    >>> rates = []
    >>> for epoch in range(6):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.25, 0.5, 0.75, 1.0, 0.5, 0.0]
    """

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]) -> None:
        schedulers, milestones = list(schedulers), list(milestones)
        if not schedulers or len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                f"SequentialLR: {len(schedulers)} schedules need {max(0, len(schedulers) - 1)} milestones between them, "
                f"not {len(milestones)}"
            )
        if sorted(set(milestones)) != milestones or not all(is_number(m) and m >= 1 for m in milestones):
            raise ArgumentError(f"SequentialLR: milestones are rising whole numbers from 1, not {milestones}")
        for position, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise DtypeError(
                    f"SequentialLR: schedule {position} is a {type(scheduler).__name__}, which does not go by time alone"
                )
            if scheduler.optimizer is not optimizer:
                raise ArgumentError(f"SequentialLR: schedule {position} is one of another optimiser")
        self.schedulers, self.milestones = schedulers, milestones
        self.optimizer, self.base_lrs, self.last_epoch = optimizer, list(schedulers[0].base_lrs), -1
        self.rewind()

    def rewind(self) -> None:
        """Back to the beginning: all schedules have acted when they were made, and only the first may."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self.last_epoch = -1
        self.step()

    def step(self, epoch: float | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else math.floor(epoch)
        i = bisect_right(self.milestones, self.last_epoch)
        begin = self.milestones[i - 1] if i else 0
        scheduler = self.schedulers[i]
        if isinstance(scheduler, SequentialLR) and self.last_epoch == begin:
            scheduler.rewind()
        elif epoch is not None or self.last_epoch == begin:
            scheduler.step(self.last_epoch - begin)
        else:
            scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        return {
            "last_epoch": self.last_epoch,
            "_milestones": list(self.milestones),
            "_last_lr": self.get_last_lr(),
            "_schedulers": [scheduler.state_dict() for scheduler in self.schedulers],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        require(self, state_dict, ["last_epoch", "_milestones", "_schedulers"])
        if len(state_dict["_schedulers"]) != len(self.schedulers):
            raise ArgumentError(
                f"this state is of {len(state_dict['_schedulers'])} schedules after each other, not {len(self.schedulers)}"
            )
        for scheduler, kept in zip(self.schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(kept)
        self.last_epoch, self.milestones = state_dict["last_epoch"], list(state_dict["_milestones"])
