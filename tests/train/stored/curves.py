"""Fifty updates of a small model on each task, ours; run as a program, this stores PyTorch's losses of the same.

``python -m tests.train.stored.curves`` writes ``curves.json``; it takes PyTorch, and is due when a task has other data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import autorecur as ar

FILE = Path(__file__).parent / "curves.json"
UPDATES = 50


@dataclass(frozen=True)
class Case:
    """What both libraries are given."""

    task: str
    cell: str
    optimizer: str
    options: dict[str, Any]
    sizes: dict[str, int] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    clip_norm: float | None = None
    truncate: int | None = None

    @cached_property
    def data(self) -> Any:
        return ar.data.tasks.make(self.task, count=24, seed=1, **self.sizes)

    @property
    def loader(self) -> Any:
        return ar.data.Loader(self.data, 4, shuffle=True, seed=3)

    @property
    def loss(self) -> str:
        return "mse" if self.data.kind == "regression" else "cross_entropy"

    @property
    def columns(self) -> int:
        data = self.data
        return int(data.input_size) + (data.dt is not None)

    @property
    def outputs(self) -> int:
        data = self.data
        return int(data.output_size if data.kind == "regression" else data.classes)


CASES = {
    "adding": Case("adding", "lstm", "Adam", {"lr": 0.02}, {"length": 8}, clip_norm=0.5),
    "copy_memory": Case(
        "copy_memory",
        "lstm",
        "RMSprop",
        {"lr": 0.01, "momentum": 0.5},
        {"length": 4, "symbols": 3, "memory": 2},
        {"embedding": "one_hot"},
    ),
    "parity": Case(
        "parity", "rnn", "SGD", {"lr": 0.2, "momentum": 0.9, "nesterov": True}, {"length": 6}, clip_norm=1.0
    ),
    "sine": Case("sine", "rnn", "Adam", {"lr": 0.02}, {"length": 10}),
    "sine, cut": Case("sine", "gru", "Adam", {"lr": 0.02}, {"length": 10}, clip_norm=0.3, truncate=4),
    "mackey_glass": Case("mackey_glass", "gru", "AdamW", {"lr": 0.02, "amsgrad": True}, {"length": 10}),
    "lorenz": Case("lorenz", "lstm", "NAdam", {"lr": 0.005}, {"length": 10}, {"num_layers": 2}, clip_norm=1.0),
    "logistic_map": Case("logistic_map", "rnn", "Adagrad", {"lr": 0.1}, {"length": 10}),
    "irregular": Case("irregular", "gru", "Adadelta", {"lr": 1.0}, {"length": 8}),
    "dates": Case("dates", "gru", "Adamax", {"lr": 0.02}, model={"embedding": 4}, clip_norm=1.0),
    "sentiment": Case("sentiment", "lstm", "RMSprop", {"lr": 0.01}, model={"embedding": 4}),
    "tagging": Case("tagging", "lstm", "RAdam", {"lr": 0.02}, model={"embedding": 4, "bidirectional": True}),
}


def network(case: Case) -> Any:
    """The model, with numbers that do not depend on how it is initialised."""
    if case.data.readout == "own":
        net: Any = ar.nn.EncoderDecoder(case.cell, case.columns, case.outputs, 5, **case.model)
    else:
        net = ar.nn.SequenceModel(case.cell, case.columns, 5, case.outputs, readout=case.data.readout, **case.model)
    draw = np.random.default_rng(0)
    for parameter in net.parameters():
        parameter.data = draw.uniform(-0.5, 0.5, parameter.shape)
    return net


def ours(case: Case) -> list[float]:
    """The losses of the updates, by ``fit``."""
    net = network(case)
    optimizer = getattr(ar.optim, case.optimizer)(net.parameters(), **case.options)
    settings = {"clip_norm": case.clip_norm, "truncate": case.truncate, "progress": False}
    history = ar.train.fit(net, case.loader, optimizer, case.loss, updates=UPDATES, **settings)
    return [float(loss) for loss in history.column("loss")]


def fingerprint(case: Case) -> float:
    """A number that other data do not have."""
    total = 0.0
    for i, batch in enumerate(case.loader, 1):
        for array in (batch.x, batch.y, batch.dt):
            if array is not None:
                total += i * float((array.ravel() * np.cos(np.arange(array.size))).sum())
    return total


if __name__ == "__main__":
    import torch

    from tests.train.stored.pytorch import theirs

    stored = {name: {"data": fingerprint(case), "losses": theirs(case)} for name, case in CASES.items()}
    FILE.write_text(json.dumps({"PyTorch": torch.__version__, "curves": stored}, indent=1) + "\n", encoding="utf-8")
