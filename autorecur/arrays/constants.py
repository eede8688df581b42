"""Arguments that choose a function rather than enter it: plain numbers, by which nothing is differentiated."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from autorecur.errors import ArgumentError, GradientError
from autorecur.tape.modes import state
from autorecur.tape.tensor import Tensor


def refuse_gradient(value: Any, function: str, argument: str) -> None:
    """Raises GradientError for a tensor whose gradient would be lost without a word."""
    if isinstance(value, Tensor) and value.requires_grad and state.recording:
        raise GradientError(f"{function} is not differentiated by {argument}: pass a number, or detach() the tensor")


def constant(value: Any, function: str, argument: str) -> Any:
    """A single real number as Python has it; raises GradientError for a tensor with a gradient, ArgumentError for no number."""
    refuse_gradient(value, function, argument)
    if isinstance(value, (Tensor, np.ndarray)) and value.size == 1:
        value = value.item()
    if not isinstance(value, (Real, np.bool_)):
        raise ArgumentError(f"{function}: {argument} is a number, not {value!r:.60}")
    return value
