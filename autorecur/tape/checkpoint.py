"""Trading time for memory: a function whose inside is computed again in the backward pass instead of being stored.

The tape is numbered, so "inside" is what was made since the call began. The forward call records as usual to find what
the results depend on (arguments, and tensors that the function reads from outside); then the inside is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from autorecur import random as randomness
from autorecur.errors import GradientError
from autorecur.ops import Op
from autorecur.ops.linear import block
from autorecur.ops.shape import astype, reshape
from autorecur.tape.modes import enable_grad, state
from autorecur.tape.sweep import leading_to, reachable, sweep
from autorecur.tape.tensor import Tensor, apply, next_serial
from autorecur.tape.trees import flatten


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """f, with the same values and derivatives, but storing nothing between its arguments and its results.

    f must compute the same thing when it is called again (GradientError if it does not); random numbers of
    :func:`autorecur.manual_seed`'s generator are drawn again as they were. Results are tensors or nested dicts, lists and
    tuples of them.

    >>> import autorecur as ar
    >>> layer = ar.checkpoint(lambda x: ar.tanh(x * x))
    >>> ar.grad(lambda x: layer(x).sum())(ar.tensor([0.0, 1.0]))
    tensor([0.        , 0.83994868])
    """

    @wraps(f)
    def recomputed(*arguments: Any, **constants: Any) -> Any:
        def call() -> tuple[list[Any], Callable[[Sequence[Any]], Any]]:
            return flatten(f(*arguments, **constants))

        if not state.recording:
            return f(*arguments, **constants)
        before, start = randomness.state(), next_serial()
        outputs, rebuild = call()
        kept = [i for i, x in enumerate(outputs) if isinstance(x, Tensor) and x.requires_grad]
        order = reachable([outputs[i] for i in kept], oldest=start)
        outside = tuple(t for t in order if t._serial < start)
        if not outside:
            return rebuild(outputs)
        packed = _packed([outputs[i].data for i in kept])
        rule = _Recomputation(lambda: [call()[0][i] for i in kept], outside, before, packed)
        op = Op("checkpoint", "primitive", lambda *shapes: packed.shape, lambda *arrays: packed, (), joint=rule)
        results = list(outputs)
        for i, part in zip(kept, _unpacked(apply(op, outside), [outputs[i] for i in kept]), strict=True):
            results[i] = part
        return rebuild(results)

    return recomputed


def _packed(arrays: Sequence[Any]) -> Any:
    """All numbers in one vector: a tensor has one value."""
    return np.concatenate([np.ravel(array) for array in arrays])


def _unpacked(vector: Any, like: Sequence[Tensor]) -> list[Any]:
    parts, start = [], 0
    for x in like:
        part = reshape(block(vector, axis=-1, start=start, size=x.size), shape=x.shape)
        parts.append(part if part.dtype == x.dtype else astype(part, dtype=x.dtype))
        start += x.size
    return parts


class _Recomputation:
    """The joint rule of a checkpoint: runs the function again, on the tape, and sweeps back to what stands outside."""

    def __init__(
        self, call: Callable[[], list[Tensor]], outside: Sequence[Tensor], random_state: Any, values: Any
    ) -> None:
        self.call, self.outside, self.random_state, self.values = call, outside, random_state, values
        self.arrays = [t._array for t in outside]

    def __call__(self, g: Any, out: Any, *inputs: Any, wanted: Sequence[int]) -> list[Any]:
        if any(t._array is not array for t, array in zip(self.outside, self.arrays, strict=True)):
            raise GradientError("a tensor was given new numbers after a checkpoint had used it; run it again first")
        now = randomness.state()
        randomness.set_state(self.random_state)
        try:
            with enable_grad():
                outputs = self.call()
        finally:
            randomness.set_state(now)
        if not np.array_equal(_packed([x.data for x in outputs]), self.values, equal_nan=True):
            raise GradientError(
                "a checkpointed function gave other values when it was called again: it may read nothing that changes, and "
                "draw random numbers from autorecur's generator alone"
            )
        order = reachable(outputs, set(self.outside))
        start: dict[Tensor, Any] = {}
        for x, part in zip(outputs, _unpacked(g, outputs), strict=True):
            start[x] = start[x] + part if x in start else part
        goals = {self.outside[i] for i in wanted}
        arrived = sweep(order, start, goals, isinstance(g, Tensor), useful=leading_to(goals, order), boundary=True)
        return [arrived.get(t) for t in self.outside]
