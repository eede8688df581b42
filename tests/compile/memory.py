"""Arrays as the slots of a program, for tests of single instructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from autorecur.compile import runner

dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])
FULL, ROLLING = 0, 1


class Memory:
    """Arrays as the slots of a program, and what is common to programs of tests."""

    def __init__(self, dtype: str, rows: Sequence[int], pads: int = 1) -> None:
        self.dtype, self.rows, self.pads, self.steps = dtype, list(rows), pads, len(rows)
        self.slots: list[np.ndarray] = []
        self.places: list[tuple[int, int, int, int, int]] = []
        self.generator = np.random.default_rng(7)
        padded = [0] * pads + [0, *rows] + [0] * pads
        self.padded = padded if pads else [0, *rows]
        starts = np.concatenate([[0], np.cumsum(self.padded)])[:-1]
        turns = [(t % 2) * max(rows) for t in range(-pads, self.steps + pads + 1)]
        self.starts = [list(starts), turns]

    def array(self, *shape: int) -> np.ndarray:
        found = self.generator.standard_normal(shape).astype(self.dtype)
        self.slots.append(found)
        return found

    def sequence(self, width: int) -> np.ndarray:
        """A quantity at all steps: its rows stand one after the other."""
        return self.array(sum(self.padded), width)

    def place(self, array: np.ndarray, table: int = FULL, away: int = 0, column: int = 0, fixed: bool = False) -> int:
        slot = next(i for i, own in enumerate(self.slots) if own is array)
        size = array.itemsize
        self.places.append((slot, column * size, 0 if fixed else array.shape[-1] * size, table, away))
        return len(self.places) - 1

    def at(self, array: np.ndarray, t: int, table: int = FULL) -> np.ndarray:
        first = self.starts[table][t + self.pads]
        count = self.padded[t + self.pads]
        return array[first : first + count]

    def run(self, code: Sequence[Sequence[int]], direction: int = 1, **more: Any) -> None:
        more = {"numbers": [1.0], **more}
        loops = more.pop("loops", [(0, len(code), direction)])
        program = runner.assemble(
            loops=loops,
            code=code,
            places=self.places,
            starts=self.starts,
            rows=self.padded,
            pads=self.pads,
            steps=self.steps,
            dtype=self.dtype,
            **more,
        )
        program.run(np.array([array.ctypes.data for array in self.slots]))

    def close(self, found: np.ndarray, true: np.ndarray, terms: int = 10) -> None:
        eps = np.finfo(self.dtype).eps
        np.testing.assert_allclose(found, true, rtol=1e2 * eps, atol=4 * terms * eps)
