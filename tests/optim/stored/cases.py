"""Every optimiser with each of its options, and the walk that it takes on a small landscape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autorecur as ar

STEPS = 20
DECAY = ({"weight_decay": 0.125}, {"maximize": True, "weight_decay": 0.25})
OF_ADAM = ({}, {"lr": 0.03, "betas": (0.5, 0.75), "eps": 0.01})
DECOUPLED = ({"decoupled_weight_decay": True, "weight_decay": 0.5, "lr": 0.0625},)
SETTINGS: dict[str, tuple[dict[str, Any], ...]] = {
    "SGD": (
        {},
        {"lr": 0.1},
        {"momentum": 0.875},
        {"momentum": 0.5, "dampening": 0.25, "weight_decay": 0.125},
        {"momentum": 0.875, "nesterov": True, "lr": 0.01},
        {"momentum": 0.5, "nesterov": True, "maximize": True, "weight_decay": 0.125},
        *DECAY,
    ),
    "RMSprop": (
        {},
        {"alpha": 0.5, "eps": 0.125, "lr": 0.03},
        {"momentum": 0.75},
        {"centered": True},
        {"centered": True, "momentum": 0.5, "weight_decay": 0.125, "maximize": True},
        *DECAY,
    ),
    "Adam": (*OF_ADAM, {"amsgrad": True, "betas": (0.5, 0.25)}, *DECAY, *DECOUPLED),
    "AdamW": (*OF_ADAM, {"amsgrad": True, "betas": (0.5, 0.25), "maximize": True}, *DECAY),
    "Adagrad": ({}, {"lr": 0.5, "lr_decay": 0.25}, {"initial_accumulator_value": 0.5, "eps": 0.125}, *DECAY),
    "Adadelta": ({}, {"lr": 0.5, "rho": 0.5, "eps": 0.03125}, *DECAY),
    "Adamax": (*OF_ADAM, *DECAY),
    "NAdam": (*OF_ADAM, {"momentum_decay": 0.5}, *DECAY, *DECOUPLED),
    "RAdam": (*OF_ADAM, {"betas": (0.75, 0.9375)}, *DECAY, *DECOUPLED),
}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    ", ".join([name, *(f"{key}={value}" for key, value in options.items())]): (name, options)
    for name, all_options in SETTINGS.items()
    for options in all_options
}
BEGIN = [np.array([[1.5, -0.75, 0.25], [0.0, 2.0, -1.25]]), np.array([0.5, -0.5]), np.array(0.875)]


def slope(p: Any, step: int) -> Any:
    """The gradient at a point, another one at every step; some components of it are zero at times."""
    return np.round(16 * (p + np.sin(3 * p + step))) / 16


def walk(
    name: str, options: dict[str, Any], begin: list[np.ndarray] = BEGIN, dtype: str = "float64", steps: int = STEPS
) -> np.ndarray:
    """Where the parameters are after each step, one row a step."""
    parameters = [ar.nn.Parameter(array.astype(dtype)) for array in begin]
    optimizer = getattr(ar.optim, name)(parameters, **options)
    return trail(parameters, optimizer, lambda p: p.numpy(), lambda g: g, steps)


def trail(
    parameters: list[Any],
    optimizer: Any,
    numbers: Callable[[Any], np.ndarray],
    constant: Callable[[np.ndarray], Any],
    steps: int = STEPS,
    first: int = 0,
) -> np.ndarray:
    """The same for any library: ``numbers`` of its tensors, and its tensor of numbers."""
    rows = []
    for step in range(first, first + steps):
        for p in parameters:
            here = numbers(p)
            p.grad = constant(slope(here, step).astype(here.dtype))
        optimizer.step()
        rows.append(np.concatenate([numbers(p) for p in parameters], axis=None))
    return np.array(rows)
