"""The picture of the README's small experiments: the adding problem, learned by an LSTM and not by an RNN.

python notes/pictures/adding.py    (needs matplotlib: pip install 'autorecur[plot]')
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import autorecur as ar

STEPS, HIDDEN, UPDATES = 50, 16, 600


def fresh(cell: str) -> ar.nn.SequenceModel:
    """The LSTM's gates begin with time scales up to the length of the sequences (Tallec and Ollivier 2018)."""
    ar.manual_seed(0)
    model = ar.nn.SequenceModel(cell, 2, HIDDEN, 1, readout="last")
    if cell == "lstm":
        scales = np.log(np.random.default_rng(0).uniform(1, 399, HIDDEN))
        model.recurrent.bias_ih_l0.data = np.concatenate([-scales, scales, np.zeros(2 * HIDDEN)])
        model.recurrent.bias_hh_l0.data = np.zeros(4 * HIDDEN)
    return model


def main() -> None:
    train = ar.data.tasks.adding(count=2000, length=STEPS, seed=STEPS)
    batch = next(iter(ar.data.Loader(ar.data.tasks.adding(count=8, length=400, seed=5), 8)))
    histories, runs = {}, {}
    for name in ("RNN", "LSTM"):
        model = fresh(name.lower())
        optimizer = ar.optim.Adam(model.parameters(), lr=0.01)
        loader = ar.data.Loader(train, 20, shuffle=True, seed=0)
        histories[name] = ar.train.fit(model, loader, optimizer, "mse", updates=UPDATES, clip_norm=1.0, progress=False)
        with ar.nn.record() as recorded:
            output, _ = model(batch.x)
        ar.nn.functional.mse_loss(output, batch.y).backward()
        runs[name] = recorded[f"{name.lower()}_l0"]
    figure = Figure(figsize=(10.5, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    ar.plot.loss(histories, ax=left, theme="light").ax.axhline(1 / 6, color="gray", linestyle=":")
    ar.plot.gradient_through_time(runs, "h", ax=right, theme="light").save(Path(__file__).with_name("adding.png"))


if __name__ == "__main__":
    main()
