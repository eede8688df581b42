"""A training in a process of its own, which somebody may kill: ``python -m tests.train.killed FOLDER``.

It goes on from its checkpoint, if there is one, and writes one behind every update; most of its time goes into writing them.
At the end the weights and the history are stored.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.train.small import Trained


class Ballast:
    """Makes the checkpoints large and says that an update is done."""

    def __init__(self, count: int) -> None:
        self.weight = np.random.default_rng(0).standard_normal(count)

    def on_update(self, training: Any) -> None:
        print(training.update, flush=True)

    def state_dict(self) -> dict[str, Any]:
        return {"weight": self.weight}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        np.testing.assert_array_equal(self.weight, state["weight"])


def train(folder: Path, count: int, **settings: Any) -> Any:
    run = Trained("cut", folder)
    history = run.fit(epochs=5, callbacks=Ballast(count), **settings)
    np.savez(folder / "weights.npz", **run.numbers())
    history.save(folder / "history.json")
    return run, history


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    train(folder, int(sys.argv[2]), checkpoint=folder / "cut.safetensors", checkpoint_every=1, resume=True)
