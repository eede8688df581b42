"""Losses whose rule is not the one that their parts would give: cut-off logarithms of probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from autorecur.ops.arithmetic import divide, elementwise
from autorecur.ops.functions import heaviside, log, log1p, maximum, where
from autorecur.ops.op import Op

LOWEST = -100.0
"""No logarithm of a probability is taken to be smaller."""
LEAST = float(np.exp(LOWEST))
STEEPEST = 1e-12
"""The slope of the loss is not taken at a product p(1 − p) smaller than this."""


def _cut_log(p: Any) -> Any:
    """log p, or −100 if that is larger; it is written with ops, so that the rule by the target can use it."""
    inside = heaviside(p - LEAST)
    return where(inside, log(where(inside, p, 1.0)), LOWEST)


def _cut_log_of_rest(p: Any) -> Any:
    """log(1 − p), or −100 if that is larger."""
    inside = heaviside((1 - p) - LEAST)
    return where(inside, log1p(-where(inside, p, 0.0)), LOWEST)


probability_loss: Op = elementwise(
    "probability_loss",
    lambda p, target: -(target * _cut_log(p) + (1 - target) * _cut_log_of_rest(p)),
    lambda g, out, p, target: g * divide(p - target, maximum(p * (1 - p), STEEPEST)),
    lambda g, out, p, target: g * (_cut_log_of_rest(p) - _cut_log(p)),
)
"""``−(target log p + (1 − target) log(1 − p))``; where a logarithm is cut off, the rule keeps a large, finite slope."""
