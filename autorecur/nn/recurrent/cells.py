"""One step of RNN, GRU and LSTM, with PyTorch's arguments, shapes and names of weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autorecur.nn.functional.arguments import check_word
from autorecur.nn.recurrent import layouts
from autorecur.nn.recurrent.arguments import initial_state, pair, real_input
from autorecur.nn.recurrent.layouts import Layout
from autorecur.nn.recurrent.weights import StackedWeights
from autorecur.tape.tensor import Tensor


class _OneStep(StackedWeights):
    """A run of a single step."""

    def __init__(
        self, layout: Layout, input_size: int, hidden_size: int, bias: bool, forget_bias: float | None = None
    ) -> None:
        super().__init__(layout, input_size, hidden_size, bias, {"": None}, forget_bias)

    def _step(self, x: Any, given: Mapping[str, Any]) -> Any:
        name = type(self).__name__
        x = real_input(name, x, ("batch",), self.input_size)
        wanted = (*x.shape[:-1], self.hidden_size)
        meaning = "(batch, hidden_size)" if x.ndim == 2 else "(hidden_size,)"
        initial = {
            state: initial_state(name, role, value, wanted, meaning)
            for state, (role, value) in given.items()
            if value is not None
        }
        return self._run(x[None], initial).last


class RNNCell(_OneStep):
    """One step of :class:`RNN`: ``cell(x, hx=None)`` returns the next h. (PyTorch's ``nn.RNNCell``.)

    ``x`` is (batch, input_size) or (input_size,), ``hx``, zeros if it is not given, and the result (batch, hidden_size) or
    (hidden_size,). ``weight_ih``, ``weight_hh``, ``bias_ih``, ``bias_hh`` start uniform within ±1/√hidden_size. Raises
    ArgumentError and ShapeError as :class:`RNN`.

    >>> import autorecur as ar
    >>> cell = ar.nn.RNNCell(3, 4, nonlinearity="relu")
    >>> h = cell([[1.0, 0.0, 2.0]])
    >>> cell([[0.0, 1.0, 0.0]], h).shape
    (1, 4)
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh") -> None:
        check_word("RNNCell", "nonlinearity", nonlinearity, tuple(layouts.RNN))
        self.nonlinearity = nonlinearity
        super().__init__(layouts.RNN[nonlinearity], input_size, hidden_size, bias)

    def forward(self, x: Any, hx: Any = None) -> Tensor:
        h: Tensor = self._step(x, {"h": ("hx", hx)})["h"]
        return h

    def extra_repr(self) -> str:
        return self._sizes_repr(bias=(self.bias, True), nonlinearity=(self.nonlinearity, "tanh"))


class GRUCell(_OneStep):
    """One step of :class:`GRU`: ``cell(x, hx=None)`` returns the next h. (PyTorch's ``nn.GRUCell``.)

    Shaped as :class:`RNNCell`; the rows of the weights are those of the gates r, z, n. ``reset_after`` as in :class:`GRU`.

    >>> import autorecur as ar
    >>> ar.nn.GRUCell(3, 4)([1.0, 0.0, 2.0]).shape
    (4,)
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, *, reset_after: bool = True) -> None:
        self.reset_after = bool(reset_after)
        super().__init__(layouts.GRU[self.reset_after], input_size, hidden_size, bias)

    def forward(self, x: Any, hx: Any = None) -> Tensor:
        h: Tensor = self._step(x, {"h": ("hx", hx)})["h"]
        return h

    def extra_repr(self) -> str:
        return self._sizes_repr(bias=(self.bias, True), reset_after=(self.reset_after, True))


class LSTMCell(_OneStep):
    """One step of :class:`LSTM`: ``cell(x, (h, c))`` returns the next (h, c). (PyTorch's ``nn.LSTMCell``.)

    Shaped as :class:`RNNCell`; the rows of the weights are those of the gates i, f, g, o. ``peepholes`` and ``forget_bias``
    as in :class:`LSTM`.

    >>> import autorecur as ar
    >>> h, c = ar.nn.LSTMCell(3, 4)([[1.0, 0.0, 2.0]] * 2)
    >>> h.shape, c.shape
    ((2, 4), (2, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        peepholes: bool = False,
        forget_bias: float | None = None,
    ) -> None:
        self.peepholes = bool(peepholes)
        super().__init__(layouts.LSTM[self.peepholes], input_size, hidden_size, bias, forget_bias)

    def forward(self, x: Any, hx: Any = None) -> tuple[Tensor, Tensor]:
        h, c = (None, None) if hx is None else pair("LSTMCell", hx)
        last = self._step(x, {"h": ("h_0", h), "c": ("c_0", c)})
        return last["h"], last["c"]

    def extra_repr(self) -> str:
        more = {"peepholes": (self.peepholes, False), "forget_bias": (self.forget_bias, None)}
        return self._sizes_repr(bias=(self.bias, True), **more)
