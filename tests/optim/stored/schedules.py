"""Schedules of every kind. ``python -m tests.optim.stored.schedules`` stores PyTorch's learning rates beside this file."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

STORED = Path(__file__).with_suffix(".json")
STEPS = 50
Make = Callable[[Any, Any], Any]

SCHEDULES: dict[str, Make] = {
    "a stair": lambda S, o: S.StepLR(o, 7, 0.5),
    "milestones, one twice": lambda S, o: S.MultiStepLR(o, [3, 3, 20, 40], 0.25),
    "a milestone at the beginning": lambda S, o: S.MultiStepLR(o, milestones=[0, 12]),
    "constant, then full": lambda S, o: S.ConstantLR(o, 0.25, 9),
    "constant, by default": lambda S, o: S.ConstantLR(o),
    "a line up": lambda S, o: S.LinearLR(o, start_factor=0.2, total_iters=11),
    "a line down": lambda S, o: S.LinearLR(o, 1.0, 0.0, 30),
    "exponential": lambda S, o: S.ExponentialLR(o, 0.93),
    "a cosine": lambda S, o: S.CosineAnnealingLR(o, T_max=50),
    "a cosine that rises again": lambda S, o: S.CosineAnnealingLR(o, 9, eta_min=0.01),
    "restarts": lambda S, o: S.CosineAnnealingWarmRestarts(o, 10),
    "restarts, each later": lambda S, o: S.CosineAnnealingWarmRestarts(o, T_0=4, T_mult=2, eta_min=0.01),
    "a function": lambda S, o: S.LambdaLR(o, lambda t: 1 / math.sqrt(1 + t)),
    "a function for each": lambda S, o: S.LambdaLR(o, [lambda t: 0.9**t, lambda t: 1.0 + (t > 5)]),
    "warm up, then a cosine": lambda S, o: S.SequentialLR(
        o, [S.LinearLR(o, 0.1, total_iters=8), S.CosineAnnealingLR(o, 42, 0.001)], milestones=[8]
    ),
    "three in a row": lambda S, o: S.SequentialLR(
        o, [S.CosineAnnealingWarmRestarts(o, 3, 2), S.ConstantLR(o, 0.5, 4), S.StepLR(o, 5)], [10, 30]
    ),
}


def loss_of(epoch: int) -> float:
    """A loss that falls, waits, jumps about, and falls again."""
    return 2.0 - 0.1 * min(epoch, 8) + 0.05 * (epoch % 3) - (0.5 if epoch > 30 else 0.0)


PLATEAUS: dict[str, Make] = {
    "by default": lambda S, o: S.ReduceLROnPlateau(o),
    "a short patience": lambda S, o: S.ReduceLROnPlateau(o, factor=0.5, patience=2, min_lr=0.01),
    "a cooldown, absolute": lambda S, o: S.ReduceLROnPlateau(
        o, patience=1, cooldown=3, threshold=0.06, threshold_mode="abs", min_lr=[0.05, 0.001]
    ),
    "what should grow": lambda S, o: S.ReduceLROnPlateau(o, mode="max", patience=3, threshold=0.2),
    "what should grow, absolute": lambda S, o: S.ReduceLROnPlateau(o, "max", patience=3, threshold_mode="abs"),
}
EVERY = {**SCHEDULES, **PLATEAUS}


def step(name: str, scheduler: Any, epoch: int) -> None:
    """One step of a schedule, with a loss if it wants one."""
    scheduler.step(*([loss_of(epoch)] if name in PLATEAUS else []))


def rates(name: str, optim: Any, parameter: Callable[[], Any], steps: int = STEPS) -> list[list[float]]:
    """The learning rates of two groups before each step, of any library."""
    optimizer = two_groups(optim, parameter)
    scheduler = EVERY[name](optim.lr_scheduler, optimizer)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, about its own calls
        for epoch in range(steps):
            found.append([float(group["lr"]) for group in optimizer.param_groups])
            optimizer.step()
            step(name, scheduler, epoch)
    return found


def two_groups(optim: Any, parameter: Callable[[], Any]) -> Any:
    return optim.SGD([{"params": [parameter()]}, {"params": [parameter()], "lr": 0.3}], lr=0.5)


def main() -> None:
    import torch

    found = {name: rates(name, torch.optim, lambda: torch.nn.Parameter(torch.zeros(1))) for name in EVERY}
    told = json.dumps({"PyTorch": torch.__version__, **found}).replace("]], ", "]],\n")
    STORED.write_text(told + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
