"""What happened in a training: a row for each update, a row for each epoch."""

from __future__ import annotations

import json
import math
import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple, Self, overload

import numpy as np

from autorecur.errors import ArgumentError, CheckpointError
from autorecur.language.nearest import did_you_mean
from autorecur.tape.numbers import Array
from autorecur.train import archive

VERSION = 1
SHOWN = 12
"""A table has as many rows; of a longer history the first and the last are shown."""


class Update(NamedTuple):
    """One step of the optimiser."""

    update: int
    """Counted from 1."""
    epoch: int
    """The pass through the data, counted from 1."""
    loss: float
    """Of this batch, before the step."""
    gradient_norm: float
    """The 2-norm of all gradients together, before clipping."""
    learning_rate: float
    """Of the first parameter group."""
    seconds: float
    """Since the training began, interruptions not counted."""


class Epoch(NamedTuple):
    """One pass through the data."""

    epoch: int
    update: int
    """The last one in it."""
    loss: float
    """The mean over what was trained on, each batch with the weights of its time."""
    validation: float | None
    """The mean loss over the validation data, after the epoch."""
    metrics: Mapping[str, float]
    learning_rate: float
    seconds: float


class Rows(Sequence[Update]):
    """The columns of a history read row by row."""

    def __init__(self, columns: Mapping[str, array[Any]]) -> None:
        self._columns = tuple(columns.values())

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, index: int) -> Update: ...
    @overload
    def __getitem__(self, index: slice) -> list[Update]: ...
    def __getitem__(self, index: int | slice) -> Update | list[Update]:
        if isinstance(index, slice):
            return [Update(*row) for row in zip(*(column[index] for column in self._columns), strict=True)]
        return Update(*(column[index] for column in self._columns))

    def __iter__(self) -> Iterator[Update]:
        return (Update(*row) for row in zip(*self._columns, strict=True))

    def __repr__(self) -> str:
        return f"<{len(self)} updates>"


class History:
    """The course of a training, as :func:`autorecur.train.fit` returns it.

    * ``updates``: rows (update, epoch, loss, gradient_norm, learning_rate, seconds), see :class:`Update`;
    * ``epochs``: rows (epoch, update, loss, validation, metrics, learning_rate, seconds), see :class:`Epoch`;
    * ``best``: the epoch with the smallest validation loss, or, without validation, loss; None if no epoch is complete;
    * ``stopped``: why it ended: ``"epochs"`` or ``"updates"`` (all that were asked for), ``"patience"``, ``"interrupted"``
      (Ctrl-C), ``"diverged"``, or the reason that a callback gave; empty while it runs.

    ``column("loss")`` is one column of the updates as an array. ``save`` and ``load`` keep it as JSON.

    >>> import autorecur as ar
    >>> history = ar.train.History()
    >>> history.add_update(1, 1, 0.5, 2.0, 0.1, 0.01)
    >>> history.updates[0].loss, history.column("gradient_norm")
    (0.5, array([2.]))
    >>> ar.train.History.from_json(history.to_json()) == history
    True
    """

    def __init__(self) -> None:
        self._columns: dict[str, array[Any]] = {
            name: array("q" if name in ("update", "epoch") else "d") for name in Update._fields
        }
        self._appends = tuple(column.append for column in self._columns.values())
        self.epochs: list[Epoch] = []
        self.stopped = ""

    @property
    def updates(self) -> Rows:
        return Rows(self._columns)

    @property
    def best(self) -> Epoch | None:
        judged = [row for row in self.epochs if not math.isnan(_judged(row))]
        return min(judged, key=_judged, default=None)

    def column(self, name: str) -> Array:
        """One column of ``updates``, a copy; raises ArgumentError for one that does not exist."""
        if name not in self._columns:
            raise ArgumentError(f"updates have no column {name!r}.{did_you_mean(str(name), self._columns)}")
        return np.array(self._columns[name])

    def add_update(self, *row: float) -> None:
        """Appends a row, in the order of :class:`Update`."""
        for append, value in zip(self._appends, row, strict=True):
            append(value)

    # ---------------------------------------------------------------- to keep

    def state_dict(self) -> dict[str, Any]:
        """Everything, as arrays and JSON."""
        return {
            "updates": {name: np.array(column) for name, column in self._columns.items()},
            "epochs": [{**row._asdict(), "metrics": dict(row.metrics)} for row in self.epochs],
            "stopped": self.stopped,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Becomes what :meth:`state_dict` described."""
        for name, column in self._columns.items():
            del column[:]
            column.extend(state["updates"][name].tolist())
        self.epochs = [Epoch(**row) for row in state["epochs"]]
        self.stopped = state["stopped"]

    def to_json(self) -> str:
        """A JSON object: columns of the updates, rows of the epochs; numbers that are not finite are texts, "nan", "inf"."""
        state = self.state_dict()
        columns = {name: [_to_json(x) for x in column.tolist()] for name, column in state["updates"].items()}
        epochs = [{name: _to_json(value) for name, value in row.items()} for row in state["epochs"]]
        content = {"history": VERSION, "stopped": self.stopped, "updates": columns, "epochs": epochs}
        return json.dumps(content, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The history that :meth:`to_json` wrote; raises CheckpointError for anything else."""
        try:
            content = json.loads(text)
            version = content["history"]
            columns = {name: np.array([float(x) for x in content["updates"][name]]) for name in Update._fields}
            for name in ("update", "epoch"):
                columns[name] = columns[name].astype(np.int64)
            epochs = [{name: _from_json(name, value) for name, value in row.items()} for row in content["epochs"]]
            history = cls()
            history.load_state_dict({"updates": columns, "epochs": epochs, "stopped": str(content["stopped"])})
        except (ValueError, TypeError, KeyError, AttributeError):
            raise CheckpointError(f"this is no history of a training: {text[:40]!r}…") from None
        if version != VERSION:
            raise CheckpointError(f"a history of version {version}, and this release reads version {VERSION}")
        return history

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes :meth:`to_json` to a file, whole or not at all."""
        archive.write(Path(path), self.to_json().encode("utf-8"), keep=False)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Reads what :meth:`save` wrote; raises CheckpointError."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise CheckpointError(f"{path} cannot be read: {reason}") from None
        return cls.from_json(text)

    def __eq__(self, other: object) -> bool:
        """The same rows, the clock apart: two runs of the same training are equal."""
        if not isinstance(other, History):
            return NotImplemented
        return bool(self._told() == other._told())

    __hash__ = None  # type: ignore[assignment]

    def _told(self) -> Any:
        columns = [self._columns[name].tobytes() for name in Update._fields if name != "seconds"]
        epochs = [repr({**row._asdict(), "metrics": dict(row.metrics), "seconds": None}) for row in self.epochs]
        return columns, epochs, self.stopped

    # ---------------------------------------------------------------- to look at

    def __repr__(self) -> str:
        parts = [f"{len(self.updates)} updates", f"{len(self.epochs)} epochs"]
        if self.updates:
            parts.append(f"loss {self.updates[-1].loss:.4g}")
        best = self.best
        if best is not None and best.validation is not None:
            parts.append(f"validation {best.validation:.4g} in epoch {best.epoch}")
        return f"<History: {', '.join(parts)}{f'; stopped: {self.stopped}' if self.stopped else ''}>"

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Heads and rows of the epochs, or of the updates if there is no epoch, as texts; long ones without their middle."""
        if not self.epochs:
            heads = ["update", "loss", "gradient norm", "learning rate", "seconds"]
            rows = [
                [f"{u.update}", *(f"{x:.4g}" for x in (u.loss, u.gradient_norm, u.learning_rate)), f"{u.seconds:.1f}"]
                for u in self.updates[-SHOWN:]
            ]
            return heads, rows
        validated = any(row.validation is not None for row in self.epochs)
        metrics = list(dict.fromkeys(name for row in self.epochs for name in row.metrics))
        heads = ["epoch", "loss", *(["validation"] if validated else []), *metrics, "learning rate", "seconds"]
        shown = self.epochs if len(self.epochs) <= SHOWN else [*self.epochs[:3], None, *self.epochs[3 - SHOWN :]]
        return heads, [["…"] * len(heads) if row is None else _cells(row, validated, metrics) for row in shown]

    def __str__(self) -> str:
        heads, rows = self.table()
        widths = [max(len(text) for text in column) for column in zip(heads, *rows, strict=True)]
        lines = [
            "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in [heads, *rows]
        ]
        return "\n".join([*lines, repr(self)])

    def _repr_html_(self) -> str:
        heads, rows = self.table()
        head = "".join(f"<th>{escape(text)}</th>" for text in heads)
        body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{escape(repr(self)[1:-1])}</p>"


def _cells(row: Epoch, validated: bool, metrics: Sequence[str]) -> list[str]:
    numbers = [row.loss, *([row.validation] if validated else []), *(row.metrics.get(name) for name in metrics)]
    texts = ["" if x is None else f"{x:.4g}" for x in [*numbers, row.learning_rate]]
    return [f"{row.epoch}", *texts, f"{row.seconds:.1f}"]


def _judged(row: Epoch) -> float:
    return row.loss if row.validation is None else row.validation


def _to_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _to_json(each) for name, each in value.items()}
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value


def _from_json(name: str, value: Any) -> Any:
    if name in ("epoch", "update"):
        return int(value)
    if name == "metrics":
        return {str(metric): float(each) for metric, each in value.items()}
    return None if value is None else float(value)
