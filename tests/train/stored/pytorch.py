"""The same trainings in PyTorch, as its users write them."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.train.stored.curves import UPDATES, Case, network

LAYERS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


class Sequence(torch.nn.Module):
    """Numbers or tokens, a recurrence, a readout at every step or at the last."""

    def __init__(self, case: Case, hidden: int) -> None:
        super().__init__()
        self.count, self.every = case.columns, case.data.readout == "every"
        settings = dict(case.model)
        size = settings.pop("embedding", None)
        self.embedding = torch.nn.Embedding(case.columns, size) if isinstance(size, int) else None
        self.one_hot = size == "one_hot"
        self.recurrent = LAYERS[case.cell](size if isinstance(size, int) else case.columns, hidden, **settings)
        self.readout = torch.nn.Linear(hidden * (2 if settings.get("bidirectional") else 1), case.outputs)

    def forward(self, batch: Any, state: Any = None) -> Any:
        x = torch.tensor(batch.x)
        if self.embedding is not None:
            x = self.embedding(x)
        elif self.one_hot:
            x = torch.nn.functional.one_hot(x, self.count).double()
        if batch.dt is not None:
            x = torch.cat([x, torch.tensor(batch.dt)], -1)
        output, state = over_time(self.recurrent, x, batch.lengths, state)
        if not self.every:
            ends = torch.full((x.shape[1],), len(x)) if batch.lengths is None else torch.tensor(batch.lengths)
            output = output[ends - 1, torch.arange(x.shape[1])]
        return self.readout(output), state


class Translation(torch.nn.Module):
    """An encoder, whose last state begins a decoder, which is given the true tokens (2 begins, 3 stands behind the end)."""

    def __init__(self, case: Case, hidden: int) -> None:
        super().__init__()
        size = case.model["embedding"]
        self.source_embedding = torch.nn.Embedding(case.columns, size)
        self.encoder = LAYERS[case.cell](size, hidden)
        self.target_embedding = torch.nn.Embedding(case.outputs, size)
        self.decoder = LAYERS[case.cell](size, hidden)
        self.readout = torch.nn.Linear(hidden, case.outputs)

    def forward(self, batch: Any, state: Any = None) -> Any:
        _, state = over_time(self.encoder, self.source_embedding(torch.tensor(batch.x)), batch.lengths, state)
        y = torch.tensor(batch.y)
        before = torch.where(y < 0, 3, y)[:-1]
        given = torch.cat([torch.full((1, y.shape[1]), 2), before])
        output, state = self.decoder(self.target_embedding(given), state)
        return self.readout(output), state


def over_time(layer: Any, x: Any, lengths: Any, state: Any) -> Any:
    if lengths is None:
        return layer(x, state)
    packed = pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    output, state = layer(packed, state)
    return pad_packed_sequence(output, total_length=len(x))[0], state


def theirs(case: Case) -> list[float]:
    """The losses of the updates."""
    torch.set_num_threads(1)
    own = network(case)
    hidden = own.readout.weight.shape[1] // (2 if case.model.get("bidirectional") else 1)
    net = (Translation if case.data.readout == "own" else Sequence)(case, hidden).double()
    net.load_state_dict({name: torch.tensor(array) for name, array in own.state_dict().items()})
    optimizer = getattr(torch.optim, case.optimizer)(net.parameters(), **case.options)
    loader, losses = case.loader, []
    while True:
        for batch in loader:
            state = None
            for piece in pieces(batch, case.truncate):
                optimizer.zero_grad()
                output, state = net(piece, state)
                loss = loss_of(case, output, torch.tensor(piece.y))
                loss.backward()
                if case.clip_norm is not None:
                    torch.nn.utils.clip_grad_norm_(net.parameters(), case.clip_norm)
                optimizer.step()
                state = None if case.truncate is None else detached(state)
                losses.append(float(loss.detach()))
                if len(losses) == UPDATES:
                    return losses


def pieces(batch: Any, steps: int | None) -> list[Any]:
    """The batch cut along time."""
    from dataclasses import replace

    if steps is None:
        return [batch]
    return [replace(batch, x=batch.x[i : i + steps], y=batch.y[i : i + steps]) for i in range(0, len(batch.x), steps)]


def loss_of(case: Case, output: Any, y: Any) -> Any:
    if case.loss == "mse":
        return torch.nn.functional.mse_loss(output, y)
    return torch.nn.functional.cross_entropy(output.flatten(0, -2), y.flatten())


def detached(state: Any) -> Any:
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
