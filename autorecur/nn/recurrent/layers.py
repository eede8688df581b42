"""RNN, GRU and LSTM over whole sequences, with PyTorch's arguments, shapes and names of weights."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from autorecur.arrays import concatenate, stack, swapaxes
from autorecur.errors import ArgumentError
from autorecur.nn.functional.arguments import check_word
from autorecur.nn.functional.layers import dropout as drop
from autorecur.nn.recurrent import layouts
from autorecur.nn.recurrent.arguments import fraction, initial_state, pair, real_input, whole_from_one
from autorecur.nn.recurrent.layouts import Layout
from autorecur.nn.recurrent.weights import StackedWeights
from autorecur.tape.tensor import Tensor


class _Layers(StackedWeights):
    """Layers above each other, each of one direction or of both."""

    def __init__(
        self,
        layout: Layout,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        forget_bias: float | None = None,
    ) -> None:
        name = type(self).__name__
        self.num_layers = whole_from_one(name, "num_layers", num_layers)
        self.batch_first = bool(batch_first)
        self.dropout = fraction(name, "dropout", dropout)
        self.bidirectional = bool(bidirectional)
        self._directions = ("", "_reverse") if bidirectional else ("",)
        if self.dropout and self.num_layers == 1:
            warnings.warn(
                f"{name}: a dropout of {dropout} acts between layers, and there is only one", UserWarning, stacklevel=3
            )
        above = len(self._directions) * whole_from_one(name, "hidden_size", hidden_size)
        suffixes = {
            f"_l{layer}{direction}": above if layer else None
            for layer in range(self.num_layers)
            for direction in self._directions
        }
        super().__init__(layout, input_size, hidden_size, bias, suffixes, forget_bias)

    def _over_time(self, x: Any, given: Mapping[str, Any], lengths: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The outputs of the top layer, and for each state its ends: (layers · directions, batch, hidden)."""
        name = type(self).__name__
        x = real_input(name, x, ("batch", "T") if self.batch_first else ("T", "batch"), self.input_size)
        turned = self.batch_first and x.ndim == 3
        if turned:
            x = swapaxes(x, 0, 1)
        first = self._first(given, x.shape[1:-1])
        ends: dict[str, list[Tensor]] = {state: [] for state in self._layout.states}
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = drop(x, self.dropout, self.training)
            found = []
            for direction in self._directions:
                number = len(ends["h"])
                initial = {state: values[number] for state, values in first.items()}
                out = self._run(x, initial, f"_l{layer}{direction}", bool(direction), lengths)
                found.append(out["h"])
                for state, values in ends.items():
                    values.append(out.last[state])
            x = found[0] if len(found) == 1 else concatenate(found, -1)
        last = {state: values[0][None] if len(values) == 1 else stack(values) for state, values in ends.items()}
        return swapaxes(x, 0, 1) if turned else x, last

    def _first(self, given: Mapping[str, Any], batch: tuple[int, ...]) -> dict[str, Tensor]:
        """The initial states that were given, of all layers and directions."""
        wanted = (self.num_layers * len(self._directions), *batch, self.hidden_size)
        layers = "layers · 2 directions" if self.bidirectional else "layers"
        meaning = f"({layers}, {'batch, ' if batch else ''}hidden_size)"
        return {
            state: initial_state(type(self).__name__, role, value, wanted, meaning)
            for state, (role, value) in given.items()
            if value is not None
        }

    def _settings(self) -> dict[str, tuple[Any, Any]]:
        return {
            "num_layers": (self.num_layers, 1),
            "bias": (self.bias, True),
            "batch_first": (self.batch_first, False),
            "dropout": (self.dropout, 0.0),
            "bidirectional": (self.bidirectional, False),
        }


class RNN(_Layers):
    """Elman's recurrent network: h[t] = tanh(W_x x[t] + W_h h[t-1] + b), or relu. (PyTorch's ``nn.RNN``.)

    ``layer(x, hx=None, lengths=None)`` returns (output, h_n). ``x`` is (T, batch, input_size), with ``batch_first``
    (batch, T, input_size), without a batch (T, input_size); ``hx``, the initial states, and ``h_n``, those at each
    sequence's own end, are (layers · directions, batch, hidden_size) or without batch; the output has the last axis
    directions · hidden_size. ``lengths``, as many whole numbers as there are sequences, are the steps that each has: behind
    its end the output is zero, and a backward direction starts there. (PyTorch says this by a packed sequence.)

    ``weight_ih_l0`` (hidden, input), ``weight_hh_l0`` (hidden, hidden), ``bias_ih_l0`` and ``bias_hh_l0`` (hidden,), then
    ``_l0_reverse``, ``_l1``, … start uniform within ±1/√hidden_size. ``dropout`` acts on the output of each layer but the
    last, in training. The equations are those of ``ar.cells["rnn"]`` and ``["rnn_relu"]``.

    Raises ArgumentError for an argument that makes no sense, ShapeError for an input or a state that does not fit.

    >>> import autorecur as ar
    >>> layer = ar.nn.RNN(3, 4, num_layers=2, bidirectional=True)
    >>> output, h_n = layer([[[1.0, 0.0, 2.0]]] * 5)
    >>> output.shape, h_n.shape
    ((5, 1, 8), (4, 1, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        check_word("RNN", "nonlinearity", nonlinearity, tuple(layouts.RNN))
        self.nonlinearity = nonlinearity
        layout = layouts.RNN[nonlinearity]
        super().__init__(layout, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)

    def forward(self, x: Any, hx: Any = None, lengths: Any = None) -> tuple[Tensor, Tensor]:
        output, last = self._over_time(x, {"h": ("hx", hx)}, lengths)
        return output, last["h"]

    def extra_repr(self) -> str:
        return self._sizes_repr(**self._settings(), nonlinearity=(self.nonlinearity, "tanh"))


class GRU(_Layers):
    """The gated recurrent unit, with the reset gate after the product as in cuDNN. (PyTorch's ``nn.GRU``.)

    Called and shaped as :class:`RNN`; the rows of the weights are those of the gates r, z, n, 3 · hidden_size together.
    With ``reset_after=False`` the reset gate comes before the product, as in Cho et al. 2014; the weights have the same
    names, and all three gates then add up their two biases. The equations are those of ``ar.cells["gru_reset_after"]``
    and ``["gru"]``.

    >>> import autorecur as ar
    >>> layer = ar.nn.GRU(3, 4, batch_first=True)
    >>> output, h_n = layer([[[1.0, 0.0, 2.0]] * 5] * 2, lengths=[5, 3])
    >>> output.shape, h_n.shape, output[1, 3:].tolist()
    ((2, 5, 4), (1, 2, 4), [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        reset_after: bool = True,
    ) -> None:
        self.reset_after = bool(reset_after)
        layout = layouts.GRU[self.reset_after]
        super().__init__(layout, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)

    def forward(self, x: Any, hx: Any = None, lengths: Any = None) -> tuple[Tensor, Tensor]:
        output, last = self._over_time(x, {"h": ("hx", hx)}, lengths)
        return output, last["h"]

    def extra_repr(self) -> str:
        return self._sizes_repr(**self._settings(), reset_after=(self.reset_after, True))


class LSTM(_Layers):
    """Long short-term memory with a forget gate. (PyTorch's ``nn.LSTM``.)

    Called and shaped as :class:`RNN`, with a pair of states: ``layer(x, (h_0, c_0), lengths)`` returns
    (output, (h_n, c_n)). The rows of the weights are those of the gates i, f, g, o, 4 · hidden_size together.

    With ``peepholes=True`` the gates see the cell state (Gers et al. 2002) by further weights ``peephole_i_l0``,
    ``peephole_f_l0`` and ``peephole_o_l0`` of shape (hidden,). ``forget_bias`` is what the two biases of the forget gate
    add up to at the start: 1 helps to remember (Gers et al. 2000; Jozefowicz et al. 2015); None leaves them random.
    ``proj_size``, a projection of h, is left out. The equations are those of ``ar.cells["lstm"]`` and ``["lstm_peephole"]``.

    >>> import autorecur as ar
    >>> layer = ar.nn.LSTM(3, 4, forget_bias=1.0)
    >>> output, (h_n, c_n) = layer([[1.0, 0.0, 2.0]] * 5)  # five steps, no batch
    >>> output.shape, h_n.shape, c_n.shape
    ((5, 4), (1, 4), (1, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        *,
        peepholes: bool = False,
        forget_bias: float | None = None,
    ) -> None:
        if proj_size:
            raise ArgumentError(f"LSTM: there is no projection of h, so that proj_size is 0, not {proj_size!r}")
        self.peepholes = bool(peepholes)
        layout = layouts.LSTM[self.peepholes]
        super().__init__(
            layout, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, forget_bias
        )

    def forward(self, x: Any, hx: Any = None, lengths: Any = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        h, c = (None, None) if hx is None else pair("LSTM", hx)
        output, last = self._over_time(x, {"h": ("h_0", h), "c": ("c_0", c)}, lengths)
        return output, (last["h"], last["c"])

    def extra_repr(self) -> str:
        more = {"peepholes": (self.peepholes, False), "forget_bias": (self.forget_bias, None)}
        return self._sizes_repr(**self._settings(), **more)
