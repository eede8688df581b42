"""Schedules that are a function of time: stairs, lines, exponentials, cosines, a function of one's own."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from autorecur.errors import ArgumentError
from autorecur.optim.lr_scheduler.scheduler import LRScheduler, check_number, require
from autorecur.optim.optimizer import Optimizer


class StepLR(LRScheduler):
    """f(t) = γ^⌊t / ``step_size``⌋: a stair. (PyTorch's ``StepLR``.)

    >>> import autorecur as ar
    >>> optimizer = ar.optim.SGD([ar.nn.Parameter([1.0])], lr=1.0)
    >>> scheduler = ar.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for epoch in range(5):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    SETTINGS = ("step_size", "gamma")

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        check_number(self, "step_size", step_size, 1, whole=True)
        check_number(self, "gamma", gamma, 0)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, t: float) -> float:
        return float(self.gamma ** (t // self.step_size))


class MultiStepLR(LRScheduler):
    """f(t) = γ^(how many ``milestones`` are at or before t). (PyTorch's ``MultiStepLR``.)"""

    SETTINGS = ("milestones", "gamma")

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        check_number(self, "gamma", gamma, 0)
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, t: float) -> float:
        return float(self.gamma ** bisect_right(self.milestones, t))

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        require(self, state_dict, ["milestones"])
        kept = state_dict["milestones"]
        if isinstance(kept, Mapping):  # PyTorch counts each of them
            kept = sorted(milestone for milestone, count in kept.items() for _ in range(count))
        super().load_state_dict({**state_dict, "milestones": kept})


class ConstantLR(LRScheduler):
    """f(t) = ``factor`` before ``total_iters``, then 1. (PyTorch's ``ConstantLR``.)"""

    SETTINGS = ("scale", "total_iters")

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        check_number(self, "factor", factor, 0, 1)
        check_number(self, "total_iters", total_iters, 0)
        self.scale, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, t: float) -> float:
        return float(self.scale) if t < self.total_iters else 1.0

    def state_dict(self) -> dict[str, Any]:
        found = super().state_dict()
        return {"factor": found.pop("scale")} | found

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        require(self, state_dict, ["factor"])
        super().load_state_dict({**state_dict, "scale": state_dict["factor"]})


class LinearLR(LRScheduler):
    """f goes in a straight line from ``start_factor`` to ``end_factor`` in ``total_iters`` steps. (PyTorch's ``LinearLR``.)"""

    SETTINGS = ("start_factor", "end_factor", "total_iters")

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        check_number(self, "start_factor", start_factor, 0, 1)
        if start_factor == 0:
            raise ArgumentError("LinearLR: start_factor is above 0, or the first steps would not be any")
        check_number(self, "end_factor", end_factor, 0, 1)
        check_number(self, "total_iters", total_iters, 1)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, t: float) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * min(t / self.total_iters, 1.0)


class ExponentialLR(LRScheduler):
    """f(t) = γᵗ. (PyTorch's ``ExponentialLR``.)"""

    SETTINGS = ("gamma",)

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        check_number(self, "gamma", gamma, 0)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, t: float) -> float:
        return float(self.gamma**t)


class CosineAnnealingLR(LRScheduler):
    """η(t) = η_min + ½ (η₀ − η_min)(1 + cos(π t / T_max)); behind T_max it rises again. (PyTorch's ``CosineAnnealingLR``.)

    Loshchilov and Hutter (2017), SGDR: stochastic gradient descent with warm restarts, equation 5, without restarts.
    """

    SETTINGS = ("T_max", "eta_min")

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        check_number(self, "T_max", T_max, 1)
        check_number(self, "eta_min", eta_min, 0)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    @property
    def floor(self) -> float:  # type: ignore[override]
        return float(self.eta_min)

    def factor(self, t: float) -> float:
        if t % (2 * self.T_max) == self.T_max:
            return 0.0
        return (1 + math.cos(math.pi * t / self.T_max)) / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """η(t) = η_min + ½ (η₀ − η_min)(1 + cos(π s / Tᵢ)), s steps after the last restart. (PyTorch's class of that name.)

    The first period has T₀ steps, each further one ``T_mult`` times as many. ``step(epoch)`` also takes fractions of an
    epoch. Loshchilov and Hutter (2017), SGDR: stochastic gradient descent with warm restarts, equation 5.
    """

    SETTINGS = ("T_0", "T_mult", "eta_min")
    CHAINED = False

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        check_number(self, "T_0", T_0, 1, whole=True)
        check_number(self, "T_mult", T_mult, 1, whole=True)
        check_number(self, "eta_min", eta_min, 0)
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    @property
    def floor(self) -> float:  # type: ignore[override]
        return float(self.eta_min)

    def factor(self, t: float) -> float:
        period = self.T_0
        if self.T_mult == 1:
            t %= period
        while t >= period:
            t, period = t - period, period * self.T_mult
        return (1 + math.cos(math.pi * t / period)) / 2


class LambdaLR(LRScheduler):
    """f is a function of your own, or a list with one for each group. (PyTorch's ``LambdaLR``.)

    The function is no part of the state.
    """

    CHAINED = False

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        groups = getattr(optimizer, "param_groups", [])
        several = isinstance(lr_lambda, (list, tuple))
        self.lr_lambdas: list[Callable[[Any], float]] = list(lr_lambda) if several else [lr_lambda] * len(groups)  # type: ignore
        if len(self.lr_lambdas) != len(groups):
            raise ArgumentError(
                f"LambdaLR has {len(self.lr_lambdas)} functions for {len(groups)} groups of parameters; give one for each"
            )
        super().__init__(optimizer, last_epoch)

    def _closed(self, i: int, base: float, t: float) -> float:
        return base * float(self.lr_lambdas[i](t))
