"""From what was typed to data and a model: a task, a CSV file, a text; a cell with a readout, or an encoder and a decoder."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autorecur.errors import ArgumentError, CellError
from autorecur.language.nearest import did_you_mean

if TYPE_CHECKING:
    from autorecur.cli.training import Request
    from autorecur.data import Loader, Sequences
    from autorecur.nn import Module

TABLES = (".csv", ".tsv")
WINDOW, PIECE = 30, 100
"""Steps of a window of a series, of a piece of a text."""
LAYERS = ("rnn", "gru", "lstm")
"""Cells that are layers with PyTorch's weights."""


@dataclass(frozen=True, slots=True)
class Data:
    """What is trained on and what it is measured on."""

    loader: Loader
    validation: Sequences | None
    note: str = ""
    """What a reader of the losses has to know."""

    @property
    def train(self) -> Sequences:
        return self.loader.data


def data_of(request: Request) -> Data:
    """The data of a task, or of a file."""
    from autorecur.data.tasks import TASKS

    path = Path(request.task)
    if request.task in TASKS:
        _refuse(request, "a task", ("target", "columns", "group", "time", "kind"))
        return _of_task(request)
    if not path.is_file():
        close = did_you_mean(request.task, TASKS)
        hint = close.strip() or f"The tasks are {', '.join(TASKS)}."
        raise CellError(f"there is no task and no file '{request.task}'.", hint=hint)
    if path.suffix.lower() in TABLES:
        _refuse(request, "a file", ("count",))
        return _of_table(request, path)
    _refuse(request, "a text", ("count", "horizon", "target", "columns", "group", "time", "kind", "truncate"))
    return _of_text(request, path)


def _refuse(request: Request, what: str, options: tuple[str, ...]) -> None:
    """An option that changes nothing is an error, not a disappointment."""
    for name in options:
        if getattr(request, name) is not None:
            hint = "; --length is how many steps are run at a time" if (what, name) == ("a text", "truncate") else ""
            raise ArgumentError(f"--{name} has no meaning for {what} such as '{request.task}'{hint}")


def _of_task(request: Request) -> Data:
    from autorecur.data import Loader
    from autorecur.data.tasks import make

    given = {name: getattr(request, name) for name in ("count", "length", "horizon")}
    data = make(request.task, seed=request.seed, **{name: value for name, value in given.items() if value is not None})
    train, valid = _parted(data, request, "random" if data.spans is None else "time")
    return Data(Loader(train, request.batch, shuffle=True, seed=request.seed), valid)


def _of_text(request: Request, path: Path) -> Data:
    """Streams of characters that run side by side; the end of the text is for validation."""
    from autorecur.data import Loader, Vocabulary, read_text, streams, windows

    text = read_text(path)
    length = request.length or PIECE
    letters = Vocabulary.characters(text)
    cut = len(text) - round(request.validation * len(text))
    train = streams(text[:cut], request.batch, vocabulary=letters)
    end = text[cut:]
    valid = None
    if len(end) > 1:
        most = min(length, len(end) - 1)
        valid = windows(end, most, stride=most, readout="every", vocabulary=letters)
    return Data(Loader(train, request.batch, steps=length), valid)


def _of_table(request: Request, path: Path) -> Data:
    """Sequences of rows, or windows of the one series that the file is; numbers are standardised by the training part."""
    from autorecur.data import Loader, Standardiser, chunks, read_csv, windows

    length = request.length or WINDOW
    tagged = request.target is not None and (request.group is not None or _is_class(request, path))
    if tagged:
        _refuse(request, "classes or sequences of rows", ("horizon",))
        data = read_csv(path, request.target, request.columns, request.group, request.time, kind=request.kind)
        if request.group is None:
            data = chunks(data, length)
        way = "random" if request.group is not None else "time"
    else:
        columns = request.columns
        if columns is not None and request.target is not None and request.target not in columns:
            columns = [*columns, request.target]
        data = read_csv(path, None, columns, request.group, request.time)
        data = windows(data, length, request.horizon or 1, target=request.target)
        way = "time"
    train, valid = _parted(data, request, way)
    scale = Standardiser(train, targets=train.kind == "regression")
    note = "losses are in units of the training part's variance" if train.kind == "regression" else ""
    loader = Loader(scale(train), request.batch, shuffle=True, seed=request.seed)
    return Data(loader, None if valid is None else scale(valid), note)


def _is_class(request: Request, path: Path) -> bool:
    from autorecur.data import read_table

    if request.kind is not None:
        return request.kind == "classes"
    table = read_table(path)
    return not all(table.is_number(text) for text in table.texts(request.target or "") if text)


def _parted(data: Sequences, request: Request, way: str) -> tuple[Sequences, Sequences | None]:
    if not request.validation:
        return data, None
    train, valid = data.split(1 - request.validation, by=way, seed=request.seed)
    return train, valid


def model_of(request: Request, data: Sequences) -> Module:
    """The model that fits these data."""
    from autorecur import nn
    from autorecur.cells import load

    cell: Any = request.cell if request.cell in LAYERS else load(request.cell, sys.stdin)
    shared: dict[str, Any] = {
        "num_layers": request.layers, "bidirectional": request.bidirectional, "dropout": request.dropout,
    }  # fmt: skip
    embedding = (request.embedding or "one_hot") if data.tokens else None
    if request.embedding and not data.tokens:
        raise ArgumentError("--embedding is for tokens, and the inputs of this task are numbers")
    output = data.output_size or 1
    if data.readout == "own":
        return nn.EncoderDecoder(cell, data.input_size, output, request.hidden, embedding=embedding, **shared)
    told = data.dt is not None and (isinstance(cell, str) or len(cell.inputs) == 1)  # the gaps are one more column
    return nn.SequenceModel(
        cell, data.input_size + told, request.hidden, output, embedding=embedding, readout=str(data.readout), **shared
    )
