"""Trainings that take milliseconds, for the tests of this room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import autorecur as ar
from autorecur.train import History


def model(readout: str = "last", dropout: float = 0.0, outputs: int = 1, seed: int = 0) -> Any:
    ar.manual_seed(seed)
    return ar.nn.SequenceModel("rnn", 1, 3, outputs, readout=readout, dropout=dropout)


def sums(count: int = 10, seed: int = 0) -> Any:
    """Short sequences of different lengths, each with its sum."""
    draw = np.random.default_rng(seed)
    x = [draw.standard_normal((int(steps), 1)) for steps in draw.integers(2, 6, count)]
    return ar.data.Sequences(x, [part.sum(0) for part in x])


def wave(steps: int = 12, count: int = 4) -> Any:
    """Longer sequences, the target of each step being the next one."""
    x = np.sin(np.arange(steps + 1)[:, None] / 2 + np.arange(count))
    return ar.data.Sequences([x[:-1, i, None] for i in range(count)], [x[1:, i, None] for i in range(count)])


class Trained:
    """A training with everything that has a state; each call of ``fit`` stands for a process of its own."""

    def __init__(self, how: str, folder: Path) -> None:
        self.how, self.path = how, folder / f"{how}.safetensors"
        self.model: Any = None

    def fit(self, **settings: Any) -> History:
        cut = self.how in ("cut", "pieces", "list")
        self.model = model("every" if cut else "last", dropout=0.3)
        optimizer = ar.optim.Adam(self.model.parameters(), lr=0.02)
        scheduler = ar.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        ar.manual_seed(1000)  # whatever was drawn in this process before
        settings = {"scheduler": scheduler, "clip_norm": 1.0, "seed": 7, "progress": False, **settings}
        if not cut:
            settings |= {
                "validation": ar.data.Loader(sums(7, seed=1), 3, shuffle=True),
                "metrics": "mae",
                "patience": 2,
            }
        if self.how == "cut":
            settings["truncate"] = 5
        return ar.train.fit(self.model, self.data(), optimizer, **settings)

    def data(self) -> Any:
        if self.how == "list":
            x = np.stack(wave().x, axis=1)
            return [(x[:, :2], x[:, :2] ** 2), (x[:, 2:], x[:, 2:] ** 2), (x[:, 1:3], x[:, 1:3])]
        if self.how == "pieces":
            return ar.data.Loader(wave(), 2, shuffle=True, steps=5)
        data = wave() if self.how == "cut" else sums()
        return ar.data.Loader(data, 3, shuffle=True, bucket=2 if self.how == "plain" else None)

    def numbers(self) -> dict[str, Any]:
        return dict(self.model.state_dict())


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """To the bit."""
    assert list(one) == list(other)
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)
