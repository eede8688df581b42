"""One model for most tasks on sequences: tokens or numbers, a recurrence, an answer at every step or one at the end."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from autorecur.arrays import concatenate
from autorecur.cells import cells
from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.language.cell import Cell
from autorecur.language.nearest import did_you_mean
from autorecur.nn.functional.arguments import check_word
from autorecur.nn.functional.layers import dropout as drop
from autorecur.nn.layers.embedding import Embedding, OneHot
from autorecur.nn.layers.linear import Linear
from autorecur.nn.models.stack import RecurrentStack
from autorecur.nn.module import Module
from autorecur.nn.recurrent.arguments import fraction, whole_from_one
from autorecur.nn.recurrent.layers import GRU, LSTM, RNN
from autorecur.tape.tensor import Tensor, as_tensor

READOUTS = ("every", "last")
LAYERS: dict[str, Any] = {"rnn": RNN, "gru": GRU, "lstm": LSTM}


class SequenceModel(Module):
    """``model(x, initial=None, lengths=None, dt=None)`` → (output, last): numbers or tokens, a recurrence, a readout.

    * ``cell``: ``"rnn"``, ``"gru"``, ``"lstm"``, which are the layers :class:`RNN`, :class:`GRU`, :class:`LSTM`; the
      name of any other built-in cell; or a cell of yours, which becomes a :class:`RecurrentStack`.
    * ``input_size``: how many numbers a step has, x (T, batch, input_size); with an embedding, how many tokens there
      are, x integers (T, batch). Without a batch, that axis is missing everywhere.
    * ``embedding``: the size of a learned :class:`Embedding`; ``"one_hot"``; a module of your own, with ``input_size``
      the size of its vectors; None for numbers. The vectors of ``padding_idx`` are zero.
    * ``num_layers``, ``bidirectional``: as for :class:`LSTM`; ``dropout`` acts between layers and in front of the
      readout, in training.
    * ``readout``: ``"every"`` step has an output (T, batch, output_size), or only the ``"last"``, (batch, output_size),
      which is each sequence's own by ``lengths``, and for a backward layer the first. One :class:`Linear` computes it,
      ``model.readout``; ``output_size=None`` leaves it out.
    * ``settings`` go to the recurrent layers, such as ``forget_bias=1.0`` (LSTM) or ``nonlinearity="relu"`` (RNN).

    ``last`` are the recurrence's last states, which ``initial`` takes for the steps that follow (``ar.detach`` cuts the
    gradient). ``dt`` (T, batch, 1) is the time since the step before; a cell that has an input for it, such as
    ``"gru_decay"``, reads it there, for any other it is one more column of x, which ``input_size`` counts.

    Raises ArgumentError, ShapeError, DtypeError.

    >>> import autorecur as ar
    >>> model = ar.nn.SequenceModel("lstm", 20, 8, 2, embedding=4, readout="last")
    >>> logits, (h, c) = model([[3, 1], [5, 2], [19, 0]], lengths=[3, 2])
    >>> logits.shape, h.shape
    ((2, 2), (1, 2, 8))
    """

    def __init__(
        self,
        cell: str | Cell,
        input_size: int,
        hidden_size: int,
        output_size: int | None,
        *,
        embedding: int | str | Module | None = None,
        padding_idx: int | None = None,
        num_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        readout: str = "every",
        **settings: Any,
    ) -> None:
        name = type(self).__name__
        check_word(name, "readout", readout, READOUTS)
        self.input_size = whole_from_one(name, "input_size", input_size)
        self.every = readout == "every"
        self.dropout = fraction(name, "dropout", dropout)
        self.embedding, width = embedded(name, embedding, self.input_size, padding_idx)
        self.recurrent = recurrence(name, cell, width, hidden_size, num_layers, bidirectional, self.dropout, settings)
        self.readout = None if output_size is None else Linear(features(self.recurrent), output_size)

    def forward(self, x: Any, initial: Any = None, lengths: Any = None, dt: Any = None) -> tuple[Tensor, Any]:
        output, last = over_time(self.recurrent, self._read(x), initial, lengths, dt, self.every)
        if self.dropout:
            output = drop(output, self.dropout, self.training)
        return output if self.readout is None else self.readout(output), last

    def _read(self, x: Any) -> Tensor:
        """What is given, as vectors in the dtype of the model."""
        if self.embedding is not None:
            tokens: Tensor = self.embedding(x)
            return tokens
        given = as_tensor(x)
        dtype = next(self.recurrent.parameters()).dtype
        if given.dtype == dtype or given.dtype.kind not in "biuf":
            return given
        if given.dtype.kind in "iu" and given.ndim < 3 and given.shape[-1:] != (self.input_size,):
            raise DtypeError(
                f"SequenceModel: the input holds whole numbers, of shape {given.shape}; are these tokens? Then say how "
                "they are read, by embedding=8 (vectors of that size, learned) or embedding='one_hot'"
            )
        return given.astype(dtype)

    def extra_repr(self) -> str:
        return f"readout={'every' if self.every else 'last'!r}" + (f", dropout={self.dropout}" if self.dropout else "")


def embedded(model: str, embedding: Any, count: int, padding_idx: int | None) -> tuple[Module | None, int]:
    """What reads tokens, and the size of its vectors."""
    if padding_idx is not None and (embedding is None or isinstance(embedding, Module)):
        raise ArgumentError(f"{model}: padding_idx belongs to an embedding that the model makes, and there is none")
    if embedding is None or isinstance(embedding, Module):
        return embedding, count
    if isinstance(embedding, str):
        check_word(model, "embedding", embedding, ("one_hot",))
        return OneHot(count, padding_idx), count
    size = whole_from_one(model, "embedding", embedding)
    return Embedding(count, size, padding_idx), size


def recurrence(
    model: str,
    cell: Any,
    given: int,
    hidden_size: int,
    layers: int,
    both: bool,
    dropout: float,
    settings: dict[str, Any],
) -> Module:
    """The recurrent layers of a model."""
    make: Callable[..., Module] = RecurrentStack
    arguments: dict[str, Any] = {}
    if isinstance(cell, str) and cell in LAYERS:
        make = LAYERS[cell]
    elif isinstance(cell, Cell):
        arguments = {"cell": cell}
    elif isinstance(cell, str):
        known = list(dict.fromkeys((*LAYERS, *cells)))
        if cell not in cells:
            raise ArgumentError(f"{model}: there is no built-in cell {cell!r}.{did_you_mean(cell, known)}")
        arguments = {"cell": cells[cell]}
    else:
        raise ArgumentError(f"{model}: a cell is a name, such as 'lstm', or made by ar.cell(text), not {cell!r:.60}")
    taken = {
        "cell",
        "input_size",
        "hidden_size",
        "num_layers",
        "bidirectional",
        "dropout",
        "batch_first",
        "proj_size",
        "self",
    }
    known = [name for name in inspect.signature(make.__init__).parameters if name not in taken]
    for name in settings:
        if name not in known:
            raise ArgumentError(
                f"{model}: there is no setting {name!r}; a recurrence of {getattr(cell, 'name', cell)} has "
                f"{', '.join(known)}.{did_you_mean(name, known)}"
            )
    layers = whole_from_one(model, "num_layers", layers)
    arguments |= {"input_size": given, "hidden_size": hidden_size, "num_layers": layers, "bidirectional": both}
    return make(**arguments, dropout=dropout if layers > 1 else 0.0, **settings)


def features(recurrent: Module) -> int:
    """How many numbers a recurrence gives at each step."""
    size: int = recurrent.hidden_size * (2 if recurrent.bidirectional else 1)
    return size


def over_time(recurrent: Module, x: Tensor, initial: Any, lengths: Any, dt: Any, every: bool) -> tuple[Tensor, Any]:
    """The output of a recurrence at every step, or where each sequence ends, and its last states."""
    if isinstance(recurrent, RecurrentStack):
        found: tuple[Tensor, Any] = recurrent(x, initial, lengths, dt, every)
        return found
    if dt is not None:
        between = as_tensor(dt)
        if between.ndim == x.ndim - 1:
            between = between.reshape((*between.shape, 1))
        if between.ndim != x.ndim:
            raise ShapeError(f"dt has shape {between.shape}, and the input {x.shape}")
        x = concatenate([x, between.astype(x.dtype)], -1)
    output, last = recurrent(x, initial, lengths)
    if every:
        return output, last
    h = last[0] if isinstance(last, tuple) else last
    return (concatenate([h[-2], h[-1]], -1) if recurrent.bidirectional else h[-1]), last
