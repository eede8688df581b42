"""From a sequence to another one of its own length: an encoder, whose last states begin a decoder. (Sutskever et al. 2014.)"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autorecur import random
from autorecur.arrays import concatenate
from autorecur.errors import ArgumentError, ShapeError
from autorecur.language.cell import Cell
from autorecur.nn.functional.arguments import check_whole
from autorecur.nn.functional.layers import dropout as drop
from autorecur.nn.layers.linear import Linear
from autorecur.nn.models.bridge import Bridge
from autorecur.nn.models.sequence_model import embedded, features, over_time, recurrence
from autorecur.nn.module import Module
from autorecur.nn.recurrent.arguments import fraction, whole_from_one
from autorecur.nn.utils.rnn import pad_sequence
from autorecur.tape.modes import no_grad
from autorecur.tape.tensor import Tensor, as_tensor


class EncoderDecoder(Module):
    """``model(x, target=y, lengths=None)`` → (logits, last): an encoder reads x, a decoder writes y.

    The decoder begins with the encoder's last states.

    * x: integers (T_x, batch), the source, or numbers (T_x, batch, source_size) with ``embedding=(None, …)``;
      ``lengths`` of its sequences. y: integers (T_y, batch), what is to be written: tokens, then ``end``, without
      ``start``; behind that anything negative, as ``ignore_index`` is. The logits (T_y, batch, target_size) at each
      step are for y at that step, which the decoder has not seen: it was given ``start`` and then the steps before.
    * ``cell``, ``num_layers``, ``dropout``, ``settings``: as for :class:`SequenceModel`, in both parts;
      ``decoder_cell`` if the decoder's is another one. With ``bidirectional`` the encoder reads in both directions, and
      ``model.bridge`` maps its last states to those of the decoder, by a :class:`Linear` and tanh for each kind of
      state.
    * ``embedding``: as for :class:`SequenceModel`, for both, or a pair (source, target).
    * ``teacher_forcing``: with this probability, drawn for each step, the decoder is given the true token before, else
      the one that it would have written itself (Bengio et al. 2015), in training; after ``eval()`` always the true one.
    * ``start``, ``end``: numbers of these tokens among ``target_size``; 2 and 3 are those of
      :class:`autorecur.data.Vocabulary`.

    :meth:`greedy` and :meth:`translate` write without a target. Raises ArgumentError, ShapeError, DtypeError.

    >>> import autorecur as ar
    >>> model = ar.nn.EncoderDecoder("gru", 12, 10, 8, embedding=4)
    >>> logits, last = model([[4, 5], [6, 7], [8, 0]], target=[[5, 6], [3, 7], [-100, 3]], lengths=[3, 2])
    >>> logits.shape
    (3, 2, 10)
    >>> tokens, ends = model.greedy([[4, 5], [6, 7]], max_length=6)
    >>> tokens.shape[1], ends.shape
    (2, (2,))
    """

    def __init__(
        self,
        cell: str | Cell,
        source_size: int,
        target_size: int,
        hidden_size: int,
        *,
        embedding: Any = "one_hot",
        decoder_cell: str | Cell | None = None,
        num_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        teacher_forcing: float = 1.0,
        start: int = 2,
        end: int = 3,
        **settings: Any,
    ) -> None:
        name = type(self).__name__
        self.source_size = whole_from_one(name, "source_size", source_size)
        self.target_size = whole_from_one(name, "target_size", target_size)
        self.dropout = fraction(name, "dropout", dropout)
        self.teacher_forcing = fraction(name, "teacher_forcing", teacher_forcing)
        self.start, self.end = (_token(name, role, n, target_size) for role, n in (("start", start), ("end", end)))
        of_source, of_target = embedding if isinstance(embedding, tuple) else (embedding, embedding)
        self.source_embedding, width = embedded(name, of_source, self.source_size, None)
        self.encoder = recurrence(name, cell, width, hidden_size, num_layers, bidirectional, self.dropout, settings)
        table, width = embedded(name, of_target, self.target_size, None)
        if table is None:
            raise ArgumentError(f"{name}: the decoder reads tokens, so that the embedding of the target cannot be None")
        self.target_embedding = table
        own = cell if decoder_cell is None else decoder_cell
        self.decoder = recurrence(name, own, width, hidden_size, num_layers, False, self.dropout, settings)
        self.bridge = Bridge(self.encoder, self.decoder)
        self.readout = Linear(features(self.decoder), self.target_size)

    def forward(
        self,
        x: Any,
        initial: Any = None,
        lengths: Any = None,
        *,
        target: Any = None,
        teacher_forcing: float | None = None,
    ) -> tuple[Tensor, Any]:
        if target is None:
            raise ArgumentError("EncoderDecoder: pass the target, (T, batch), or write without one: model.greedy(x)")
        wanted = as_tensor(target)
        check_whole("EncoderDecoder", "target", wanted)
        state = self.encode(x, initial, lengths)
        ratio = teacher_forcing
        if ratio is None:
            ratio = self.teacher_forcing if self.training else 1.0
        return self._write(self._shifted(wanted.data, x), state, fraction("EncoderDecoder", "teacher_forcing", ratio))

    def encode(self, x: Any, initial: Any = None, lengths: Any = None) -> Any:
        """The states with which the decoder begins."""
        if self.source_embedding is not None:
            given = self.source_embedding(x)
        else:
            given = as_tensor(x).astype(self.readout.weight.dtype)
        _, last = over_time(self.encoder, given, initial, lengths, None, False)
        return self.bridge(last)

    def decode(self, tokens: Any, state: Any) -> tuple[Tensor, Any]:
        """Logits (T, batch, target_size) for what follows each of the tokens (T, batch), and the states behind them."""
        output, state = over_time(self.decoder, self.target_embedding(tokens), state, None, None, True)
        if self.dropout:
            output = drop(output, self.dropout, self.training)
        return self.readout(output), state

    def _shifted(self, wanted: Any, x: Any) -> Any:
        """What the decoder is given: ``start``, then the target without its last step; ``end`` where there is none."""
        batch = self._batch(x)
        if wanted.ndim != 1 + len(batch) or wanted.shape[1:] != batch or not wanted.shape[0]:
            raise ShapeError(
                f"EncoderDecoder: the target has shape {wanted.shape}; the source asks for (T, {', '.join(map(str, batch))})"
            )
        if np.all(wanted[0] == self.start):
            raise ArgumentError(
                f"EncoderDecoder: all targets begin with the token {self.start}, which is start; the model puts it there itself"
            )
        first = np.full((1, *batch), self.start)
        return np.concatenate([first, np.where(wanted[:-1] < 0, self.end, wanted[:-1])])

    def _batch(self, x: Any) -> tuple[int, ...]:
        """How many sources there are; nothing without a batch."""
        shape: tuple[int, ...] = as_tensor(x).shape
        return shape[1:] if self.source_embedding is not None else shape[1:-1]

    def _write(self, given: Any, state: Any, ratio: float) -> tuple[Tensor, Any]:
        """The logits at all steps. Steps that are given true tokens run together, up to one that is not."""
        if ratio == 1.0:
            return self.decode(given, state)
        steps = len(given)
        own = np.flatnonzero(random.generator.random(steps - 1) >= ratio) + 1
        pieces: list[Tensor] = []
        for begin, past in zip([0, *own], [*own, steps], strict=True):
            tokens = given[begin:past]
            if begin:
                tokens = np.concatenate([pieces[-1].data[-1:].argmax(-1), tokens[1:]])
            logits, state = self.decode(tokens, state)
            pieces.append(logits)
        return concatenate(pieces) if len(pieces) > 1 else pieces[0], state

    # ---------------------------------------------------------------- without a target

    def greedy(
        self, x: Any, lengths: Any = None, *, max_length: int = 50, initial: Any = None
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """The likeliest token at each step, given those before: tokens (T, batch), how many stand in front of ``end`` (batch,).

        T is at most ``max_length``; behind its end a sequence goes on with ``end``. Nothing is recorded, and nothing
        dropped.
        """
        most = whole_from_one("greedy", "max_length", max_length)
        modes = [(module, module.training) for module in self.modules()]
        self.eval()
        try:
            with no_grad():
                state = self.encode(x, initial, lengths)
                batch = self._batch(x)
                token = np.full((1, *batch), self.start)
                found: list[Any] = []
                over = np.zeros(batch, bool)
                while len(found) < most and not over.all():
                    logits, state = self.decode(token, state)
                    token = np.where(over, self.end, logits.data.argmax(-1))
                    over = over | (token[0] == self.end)
                    found.append(token[0])
        finally:
            for module, mode in modes:
                module.training = mode
        tokens = np.stack(found)
        ends = np.where(over, (tokens == self.end).argmax(0), len(tokens))
        return tokens, ends

    def translate(
        self,
        sources: Sequence[Any],
        *,
        encode: Callable[[Any], Any] | None = None,
        decode: Callable[[list[int]], Any] | None = None,
        max_length: int = 50,
    ) -> list[Any]:
        """What :meth:`greedy` writes for each of some sources of any lengths, as a list of tokens without ``end``.

        ``encode`` turns a source, such as a text, into integers first, and ``decode`` the tokens into a text, such as
        the methods of a vocabulary.

        >>> import autorecur as ar
        >>> model = ar.nn.EncoderDecoder("rnn", 12, 10, 8)
        >>> [type(written) for written in model.translate([[4, 5, 6], [7]])]
        [<class 'list'>, <class 'list'>]
        """
        if isinstance(sources, str) or not len(sources):
            raise ArgumentError(f"translate: give a list of sources, not {sources!r:.40}")
        read = [np.asarray(source if encode is None else encode(source)) for source in sources]
        lengths = np.array([len(source) for source in read])
        if not lengths.all():
            raise ShapeError(f"translate: source {int(lengths.argmin())} is empty")
        tokens, ends = self.greedy(pad_sequence(read).data, lengths, max_length=max_length)
        written = [[int(token) for token in tokens[:end, i]] for i, end in enumerate(ends)]
        return written if decode is None else [decode(each) for each in written]

    def extra_repr(self) -> str:
        forced = f", teacher_forcing={self.teacher_forcing}" if self.teacher_forcing != 1 else ""
        return f"start={self.start}, end={self.end}{forced}"


def _token(model: str, role: str, number: Any, count: int) -> int:
    if isinstance(number, bool) or not hasattr(number, "__index__") or not 0 <= number < count:
        raise ArgumentError(f"{model}: {role} is the number of a token, 0 to {count - 1}, not {number!r}")
    return int(number)
