"""From the last states of an encoder to the first ones of a decoder."""

from __future__ import annotations

from typing import Any

from autorecur.arrays import concatenate, stack, tanh
from autorecur.errors import ArgumentError
from autorecur.graph.loading import user_shape
from autorecur.nn.layers.linear import Linear
from autorecur.nn.models.stack import RecurrentStack
from autorecur.nn.module import Module
from autorecur.tape.tensor import Tensor

States = list[list[dict[str, Tensor]]]
"""For each layer and each of its directions, the states by name."""


class Bridge(Module):
    """States go over under their names. Those of two directions become one by a :class:`Linear`, ``h``, ``c``, …, and tanh."""

    def __init__(self, encoder: Any, decoder: Any) -> None:
        self._pair = (_Form(encoder), _Form(decoder))
        one, other = self._pair
        self._straight = one.is_like(other) and not encoder.bidirectional
        self._shared = [name for name in other.states if name in one.states]
        if not self._straight:
            if not self._shared:
                raise ArgumentError(
                    f"EncoderDecoder: the encoder ends with the states {', '.join(one.states)}, and the decoder begins with "
                    f"{', '.join(other.states)}: none has a name in both"
                )
            for name in self._shared:
                if one.matrix(name) or other.matrix(name):
                    raise ArgumentError(
                        f"EncoderDecoder: the state {name} is no vector, which only equal cells in one direction hand over"
                    )
        if encoder.bidirectional:
            for name in self._shared:
                setattr(self, name, Linear(2 * encoder.hidden_size, decoder.hidden_size))

    def forward(self, last: Any) -> Any:
        if self._straight:
            return last
        one, other = self._pair
        layers = []
        for directions in one.taken_apart(last):
            if len(directions) == 1:
                layers.append({name: directions[0][name] for name in self._shared})
            else:
                both = {name: concatenate([each[name] for each in directions], -1) for name in self._shared}
                layers.append({name: tanh(self._modules[name](value)) for name, value in both.items()})
        return other.put_together(layers)


class _Form:
    """How the states of a recurrence are arranged."""

    def __init__(self, recurrent: Any) -> None:
        self.cell = recurrent.cell if isinstance(recurrent, RecurrentStack) else None
        self.states = tuple(recurrent.l0._states) if self.cell is not None else tuple(recurrent._layout.states)
        self.kind = (type(recurrent), self.cell, self.states)
        self.layers, self.directions = recurrent.num_layers, 2 if recurrent.bidirectional else 1

    def is_like(self, other: _Form) -> bool:
        return self.kind == other.kind

    def matrix(self, name: str) -> bool:
        return self.cell is not None and len(user_shape(self.cell.shapes[name])) != 1

    def taken_apart(self, last: Any) -> States:
        """The last states of a recurrence, by layer, direction and name."""
        if self.cell is not None:
            parts = list(last.values())
        else:
            arrays = last if isinstance(last, tuple) else (last,)
            whole = dict(zip(self.states, arrays, strict=True))
            parts = [{name: h[i] for name, h in whole.items()} for i in range(self.layers * self.directions)]
        return [parts[i * self.directions : (i + 1) * self.directions] for i in range(self.layers)]

    def put_together(self, layers: list[dict[str, Tensor]]) -> Any:
        """Initial states of a recurrence in one direction; those that are not given are zero."""
        if self.cell is not None:
            return {f"l{i}": states for i, states in enumerate(layers)}
        zero = next(iter(layers[0].values())).detach() * 0.0
        arrays = tuple(stack([states.get(name, zero) for states in layers]) for name in self.states)
        return arrays if len(arrays) > 1 else arrays[0]
