"""Any cell as a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autorecur import random
from autorecur.arrays import broadcast_to, concatenate
from autorecur.errors import ArgumentError
from autorecur.graph.loading import user_shape
from autorecur.language.cell import Cell
from autorecur.language.nearest import did_you_mean
from autorecur.language.sizes import names_in
from autorecur.nn.module import Module
from autorecur.nn.parameter import Parameter
from autorecur.nn.recurrent.recording import run_in_layer
from autorecur.recurrence import Run
from autorecur.tape.tensor import Tensor, as_array, as_tensor


class Recurrent(Module):
    """A layer that runs a cell over time: ``layer(x, initial=None, lengths=None)`` returns (out, last states).

    ``cell`` is one of yours, ``ar.cell(text)``, or a built-in one; ``sizes`` gives its named sizes. ``outputs`` names what is
    to be computed (every state and output if it is not given): a parameter or size that only others need is left out.

    ``x`` is (T, n) or (T, batch, n), a mapping if the cell has several inputs, None with ``steps=T`` if it has none;
    ``out`` maps each name of ``outputs``, and each state behind them, to (T, n) or (T, batch, n). The second result maps
    each state to (n,) or (batch, n) at each sequence's own end, as ``initial`` takes it for the steps that follow; a state
    that is read with a delay of two stands there by step, ``h[0]`` and ``h[-1]``. ``lengths`` as in :meth:`Cell.run`.

    The parameters are the cell's, under its own names, also in ``state_dict``; ``layer.W`` is the parameter W, and one
    whose name is no attribute, such as the learned initial state ``h[0]``, is ``layer.get_parameter("h[0]")``. They start
    as in :meth:`Cell.init`, with numbers of the package's generator. Raises ArgumentError, ShapeError.

    >>> import autorecur as ar
    >>> cell = ar.cell("a[t] = sigmoid(w * x[t])\\nh[t] = a[t] * h[t-1] + (1 - a[t]) * tanh(x[t])")
    >>> layer = ar.nn.Recurrent(cell, sizes={"n_h": 3})
    >>> out, last = layer([[1.0, 0.0, 2.0]] * 5)
    >>> out["h"].shape, last["h"].shape
    ((5, 3), (3,))
    >>> ar.nn.Recurrent(ar.cells["lstm"], {"n_x": 3, "n_h": 8}, outputs=("h",))
    Recurrent(lstm, n_x=3, n_h=8, outputs=('h',))
    """

    def __init__(self, cell: Cell, sizes: Mapping[str, int], outputs: Sequence[str] | None = None) -> None:
        if not isinstance(cell, Cell):
            raise ArgumentError(
                f"Recurrent: a cell is made by ar.cell(text) or taken from ar.cells, not {type(cell).__name__}"
            )
        self.cell = cell
        asked = (outputs,) if isinstance(outputs, str) else outputs
        self.outputs = None if asked is None else tuple(asked)
        computed = [each.name for each in cell.assignments]
        for name in self.outputs or ():
            if name not in computed:
                raise ArgumentError(
                    f"Recurrent: {cell.name} does not compute {name!r}.{did_you_mean(str(name), computed)}"
                )
        asked_for = (*cell.states, *cell.outputs) if self.outputs is None else self.outputs
        needed, unread = cell.prepared.needed(tuple(asked_for))
        self._states = tuple(name for name in cell.states if name in needed)
        self._names = tuple(dict.fromkeys((*asked_for, *self._states)))
        self._read = tuple(name for name in cell.parameters if name not in unread)
        self.sizes = dict(sizes) if isinstance(sizes, Mapping) else sizes
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all numbers anew, as :meth:`Cell.init` does."""
        shapes = self.cell.parameters
        used = {size for name in self._read for each in shapes[name] for size in names_in(each)}
        sizes = self.sizes
        if isinstance(sizes, Mapping):
            sizes = {**{size: 1 for size in self.cell.sizes if size not in used}, **sizes}
        values = self.cell.init(sizes, int(random.generator.integers(2**63)))
        for name in self._read:
            if name in self._parameters:
                self._parameters[name].data = values[name]
            else:  # not by setattr: a name of the cell may be none for an attribute, or have a meaning here
                self._parameters[name] = Parameter(values[name])

    def forward(
        self, x: Any = None, initial: Mapping[str, Any] | None = None, lengths: Any = None, steps: int | None = None
    ) -> tuple[Run, dict[str, Tensor]]:
        given = dict(initial or {})
        out = run_in_layer(self.cell.name, self.cell, x, self._parameters, given, lengths, steps, self._names)
        last: dict[str, Tensor] = {}
        for state in self._states:
            if len(self.cell.initial_keys(state)) == 1:
                last[state] = out.last[state]
            else:
                last.update(self._several(state, out[state], {**self._parameters, **given}, lengths))
        return out, last

    def _several(self, state: str, whole: Tensor, given: Mapping[str, Any], lengths: Any) -> dict[str, Tensor]:
        """The last values of a state that is read at several steps; a short sequence has some from before its start."""
        keys, steps = self.cell.initial_keys(state), whole.shape[0]
        batch = whole.shape[1 : whole.ndim - len(user_shape(self.cell.shapes[state]))]
        ends = np.full(batch, steps) if lengths is None else np.reshape(as_array(lengths), batch)
        forward = "[T+" not in keys[0]
        numbered = keys if forward else [f"{state}[{steps + i}]" for i in range(1, len(keys) + 1)]
        first = [
            _start(given.get(key, given.get(number)), whole)[None] for key, number in zip(keys, numbered, strict=True)
        ]
        values = concatenate([*reversed(first), whole] if forward else [whole, *first])
        everywhere = tuple(np.indices(batch))
        last = {}
        for i, key in enumerate(keys):
            place = len(keys) + ends - 1 - i if forward else np.where(i < ends, i, steps + i - ends)
            last[key] = values[(place, *everywhere)]
        return last

    def extra_repr(self) -> str:
        sizes = [f"{name}={value}" for name, value in self.sizes.items()]
        outputs = [f"outputs={self.outputs!r}"] if self.outputs is not None else []
        return ", ".join([self.cell.name, *sizes, *outputs])


def _start(value: Any, whole: Tensor) -> Tensor:
    """The value with which a state started, zero if it was not given, for each sequence."""
    shape = whole.shape[1:]
    return Tensor(np.zeros(shape, whole.dtype)) if value is None else broadcast_to(as_tensor(value), shape)
