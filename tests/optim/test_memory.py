"""Training does not fill the memory."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

import autorecur as ar

ALLOWED = 40_000
"""Bytes: some counters grow, some dicts are resized."""


@pytest.mark.parametrize(
    ("updates", "name"),
    [
        (300, "Adam"),
        (300, "SGD"),
        *(pytest.param(10_000, name, marks=pytest.mark.long) for name in ("Adam", "RMSprop")),
    ],
)
def test_memory_is_flat(updates: int, name: str) -> None:
    """Layer, loss, backward, step, schedule: after many updates there is no more in memory than after a few."""
    layer = ar.nn.RNN(3, 32)
    optimizer = getattr(ar.optim, name)(layer.parameters(), lr=1e-4)
    scheduler = ar.optim.lr_scheduler.ExponentialLR(optimizer, 0.9999)
    x = np.random.default_rng(0).standard_normal((4, 2, 3))

    def update() -> None:
        optimizer.zero_grad()
        output, _ = layer(x)
        (output**2).mean().backward()
        optimizer.step()
        scheduler.step()

    for _ in range(100):
        update()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(20):
            update()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(updates):
            update()
        gc.collect()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < ALLOWED
    assert peak - before < 1_000_000
