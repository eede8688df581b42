"""How the losses of the table are tried, and what they are worth by NumPy or SciPy; see ``samples.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy.special import xlog1py, xlogy

DOMAINS: dict[str, tuple[float, float]] = {"probability_loss": (0.05, 0.95)}
REFERENCES: dict[str, Callable[..., Any]] = {
    "probability_loss": lambda p, target: -xlogy(target, p) - xlog1py(1 - target, -p),
}
