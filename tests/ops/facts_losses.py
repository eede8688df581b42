"""How the losses of the table are tried, and what they are worth by NumPy or SciPy; see ``samples.py``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

CUT = math.exp(-100)
SURE = np.array([0.0, 0.0, 1.0, 1.0])
DOMAINS: dict[str, tuple[float, float]] = {"probability_loss": (0.05, 0.95)}
REFERENCES: dict[str, Callable[..., Any]] = {
    "probability_loss": lambda p, target: (
        -(target * np.log(np.maximum(p, CUT)) + (1 - target) * np.log(np.maximum(1 - p, CUT)))
    ),
}
KINKS: dict[str, list[tuple[tuple[Any, ...], dict[str, Any], list[Any]]]] = {
    "probability_loss": [
        ((SURE, np.array([0.0, 1.0, 0.0, 1.0])), {}, [[0, -1e12, 1e12, 0], [100, 100, -100, -100]]),
    ],
}
