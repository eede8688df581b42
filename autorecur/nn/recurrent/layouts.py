"""Where the parameters of a built-in cell stand in the arrays that PyTorch keeps.

PyTorch stacks the weights of all gates into one array with a block of ``hidden_size`` rows for each gate, and has two
biases. (Names, order of gates and sums: the pages of ``torch.nn.RNN``, ``GRU`` and ``LSTM`` at docs.pytorch.org.) The
tables here are data; :func:`cell_parameters` is their one reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from autorecur.cells import cells
from autorecur.language.building import cell as read_cell
from autorecur.language.canonical import write
from autorecur.language.cell import Cell
from autorecur.language.syntax import Expression, Name
from autorecur.language.trees import names_in, substitute
from autorecur.recurrence.stacked import Pattern, Stacked
from autorecur.tape.tensor import Tensor


@dataclass(frozen=True)
class Rows:
    """Block ``gate`` of ``hidden_size`` rows, counted from 0, of an array or of the sum of two."""

    gate: int
    arrays: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Layout:
    """A built-in cell by name, its states (the output first), how many blocks each array has, and who stands where."""

    cell: str
    states: tuple[str, ...]
    blocks: Mapping[str, int]
    rows: Mapping[str, Rows]

    def shapes(self, input_size: int, hidden_size: int, bias: bool) -> dict[str, tuple[int, ...]]:
        """The shape of each array, in PyTorch's order."""
        columns = {"weight_ih": (input_size,), "weight_hh": (hidden_size,)}
        return {
            name: (count * hidden_size, *columns.get(name, ()))
            for name, count in self.blocks.items()
            if bias or name not in BIASES
        }

    @cache  # noqa: B019 - layouts live for ever
    def sources(self, bias: bool) -> tuple[tuple[str, tuple[str, ...], int], ...]:
        """Each parameter, the arrays whose sum holds it (none: zeros), and its block there."""
        return tuple(
            (name, (), 0) if not bias and rows.arrays[0] in BIASES else (name, rows.arrays, rows.gate)
            for name, rows in self.rows.items()
        )


IN, HIDDEN, BIASES = ("weight_ih",), ("weight_hh",), ("bias_ih", "bias_hh")


def _gates(order: str, **arrays: tuple[str, ...]) -> dict[str, Rows]:
    """``W_i``, ``W_f``, … for the gates in their order."""
    return {f"{letter}_{gate}": Rows(i, names) for letter, names in arrays.items() for i, gate in enumerate(order)}


def _blocks(gates: int) -> dict[str, int]:
    return dict.fromkeys((*IN, *HIDDEN, *BIASES), gates)


_RNN_ROWS = {"W_x": Rows(0, IN), "W_h": Rows(0, HIDDEN), "b_h": Rows(0, BIASES)}
_LSTM_ROWS = _gates("ifgo", W=IN, U=HIDDEN, b=BIASES)
_PEEPHOLES = {f"p_{gate}": Rows(0, (f"peephole_{gate}",)) for gate in "ifo"}

RNN = {
    "tanh": Layout("rnn", ("h",), _blocks(1), _RNN_ROWS),
    "relu": Layout("rnn_relu", ("h",), _blocks(1), _RNN_ROWS),
}
"""By the name of the nonlinearity."""
GRU = {
    True: Layout(
        "gru_reset_after",
        ("h",),
        _blocks(3),
        {
            **_gates("rzn", W=IN, U=HIDDEN),
            **_gates("rz", b=BIASES),
            "b_n": Rows(2, BIASES[:1]),
            "c_n": Rows(2, BIASES[1:]),  # inside the brackets that the reset gate multiplies, so that it is no sum
        },
    ),
    False: Layout("gru", ("h",), _blocks(3), _gates("rzn", W=IN, U=HIDDEN, b=BIASES)),
}
"""By whether the reset gate comes after the product."""
LSTM = {
    False: Layout("lstm", ("h", "c"), _blocks(4), _LSTM_ROWS),
    True: Layout(
        "lstm_peephole",
        ("h", "c"),
        {**_blocks(4), **dict.fromkeys((f"peephole_{gate}" for gate in "ifo"), 1)},
        {**_LSTM_ROWS, **_PEEPHOLES},
    ),
}
"""By whether there are peepholes."""


@cache
def _pattern(sources: tuple[tuple[str, tuple[str, ...], int], ...], hidden_size: int) -> tuple[Sums, Pattern]:
    """Which tensors are needed, each as the arrays that it is the sum of, and which of their rows are which parameter."""
    sums = tuple(dict.fromkeys(arrays for _, arrays, _ in sources))
    pieces = {
        name: (sums.index(arrays), gate * hidden_size, (gate + 1) * hidden_size) for name, arrays, gate in sources
    }
    return sums, Pattern(pieces)


Sums = tuple[tuple[str, ...], ...]


def cell_parameters(layout: Layout, arrays: Mapping[str, Tensor], hidden_size: int) -> Stacked:
    """The cell's parameters as rows of the arrays; biases that are not there are zeros."""
    here = layout.sources("bias_ih" in arrays)
    sums, pattern = _pattern(here, hidden_size)
    tensors = []
    for names in sums:
        if not names:
            tensors.append(Tensor(np.zeros(hidden_size, arrays["weight_hh"].dtype)))
        elif len(names) == 1:
            tensors.append(arrays[names[0]])
        else:
            tensors.append(arrays[names[0]] + arrays[names[1]])
    return Stacked(tuple(tensors), pattern)


def cell_in_direction(name: str, backward: bool) -> Cell:
    """A built-in cell, or its mirror image."""
    return mirrored(cells[name]) if backward else cells[name]


@cache
def mirrored(cell: Cell) -> Cell:
    """The cell with every time index mirrored at t, whose states run backwards.

    The run then starts each sequence at its own end, and no sequence has to be turned round in memory.
    """
    headers = [f"{key}: {value}" for key, value in cell.headers.items() if key != "name"]
    equations = [f"{each.name}[t] = {write(_mirrored(each.expression))}" for each in cell.assignments]
    return read_cell("\n".join([f"name: {cell.name}_backward", *headers, *equations]))


def _mirrored(expression: Expression) -> Expression:
    timed = {name: Name(name.name, -name.offset) for name in names_in(expression) if name.offset}
    return substitute(expression, timed)
