"""Memory stays flat however long a training is."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import pytest

import autorecur as ar
from tests.train.small import model, wave

BYTES = 64
"""What an update may leave: its row in the history has 48."""


class Memory:
    """Bytes that are in use behind some updates."""

    def __init__(self, *updates: int) -> None:
        self.updates, self.bytes = updates, []

    def on_update(self, training: Any) -> None:
        if training.update in self.updates:
            gc.collect()
            self.bytes.append(tracemalloc.get_traced_memory()[0])


def grown(first: int, last: int) -> float:
    """Bytes an update between two of them, in a truncated training with dropout and clipping."""
    net, memory = model("every", dropout=0.2), Memory(first, last)
    optimizer = ar.optim.Adam(net.parameters())
    batches = list(ar.data.Loader(wave(), 2)) * 40  # few epochs: each has a row, too
    gc.collect()
    tracemalloc.start()
    try:
        ar.train.fit(net, batches, optimizer, updates=last, truncate=4, clip_norm=1.0, callbacks=memory, progress=False)
    finally:
        tracemalloc.stop()
    return (memory.bytes[1] - memory.bytes[0]) / (last - first)


def test_an_update_leaves_its_row_in_the_history() -> None:
    """And nothing else: no graph, no state, no gradient of the one before."""
    assert grown(60, 360) < BYTES + 10_000 / 300


@pytest.mark.long
def test_memory_is_flat_over_ten_thousand_updates() -> None:
    """Half a megabyte of history."""
    assert grown(100, 10_100) < BYTES
