"""Looking into recurrent layers: every gate of every layer that runs inside a ``with`` block."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from autorecur.language.cell import Cell
from autorecur.recurrence import Run


class _Open(threading.local):
    """The records that are being written by the calls of one thread."""

    def __init__(self) -> None:
        self.records: list[dict[str, Run]] = []


_open = _Open()


@contextmanager
def record() -> Iterator[dict[str, Run]]:
    """Inside, each run of a recurrent layer is recorded, however deep in a model the layer stands.

    The dictionary that it gives holds the runs under the names of their cells with PyTorch's endings (``lstm_l0``,
    ``lstm_l1_reverse``), in the order of their calls; a name that comes again is counted, ``lstm_l0 (2)``. A run maps every
    quantity of the cell to its values at every step, after a backward pass ``run.adjoint`` to its gradients, as
    ``cell.run(record=True)`` does; :func:`autorecur.flow` and :mod:`autorecur.plot` take it.

    >>> import autorecur as ar
    >>> layer = ar.nn.LSTM(3, 4)
    >>> with ar.nn.record() as runs:
    ...     output, _ = layer([[1.0, 0.0, 2.0]] * 5)
    >>> output[-1].sum().backward()
    >>> run = runs["lstm_l0"]
    >>> run["f"].shape, run.adjoint["c"].shape  # the forget gate at five steps, the gradient of the cell state
    ((5, 4), (5, 4))
    """
    runs: dict[str, Run] = {}
    _open.records.append(runs)
    try:
        yield runs
    finally:
        _open.records.pop()


def run_in_layer(
    name: str,
    cell: Cell,
    x: Any,
    parameters: Mapping[str, Any],
    initial: Mapping[str, Any],
    lengths: Any,
    steps: int | None,
    outputs: Sequence[str],
) -> Run:
    """The cell's run; recorded, if someone looks."""
    if not _open.records:
        return cell.run(x, parameters, initial, lengths, steps, outputs=outputs)
    run = cell.run(x, parameters, initial, lengths, steps, record=True, outputs=_all(cell, parameters, outputs))
    for runs in _open.records:
        label, count = name, 2
        while label in runs:
            label, count = f"{name} ({count})", count + 1
        runs[label] = run
    return run


def _all(cell: Cell, parameters: Mapping[str, Any], outputs: Sequence[str]) -> tuple[str, ...]:
    """The wanted quantities, and all others that these parameters are enough for."""
    known = cell.prepared
    absent = {name for name in cell.parameters if name not in parameters}
    possible = [name for name in known.shown(True) if absent <= known.needed((name,))[1]]
    return tuple(dict.fromkeys((*outputs, *possible)))
