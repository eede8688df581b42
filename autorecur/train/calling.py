"""How a model is called: with what its ``forward`` takes and the batch has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autorecur.data.batches import Batch
from autorecur.errors import ArgumentError
from autorecur.nn.models import EncoderDecoder, SequenceModel
from autorecur.nn.module import Module
from autorecur.train.batches import Source

Forward = Callable[..., Any]


class Caller:
    """``caller(batch, initial)`` gives (output, last states or None).

    A model is called by ``model(x, initial=…, lengths=…, dt=…, target=…)``, each of these only if ``forward`` has such an
    argument; it returns the output, or (output, last). A function of the user's is called by (model, batch), and, where
    a state is carried, (model, batch, initial).
    """

    def __init__(self, model: Module, forward: Forward | None) -> None:
        self.model, self.forward = model, forward
        named = set() if forward else _arguments(model.forward)
        self.takes_initial, self.takes_lengths = "initial" in named, "lengths" in named
        self.takes_dt, self.takes_target = "dt" in named, "target" in named
        self.dtype = next((p.dtype for p in model.parameters()), np.dtype(np.float64))

    def __call__(self, batch: Batch, initial: Any = None) -> tuple[Any, Any]:
        if self.forward is not None:
            given = self.forward(self.model, batch) if initial is None else self.forward(self.model, batch, initial)
        else:
            given = self.model(self._numbers(batch.x), **self._arguments(batch, initial))
        return given if isinstance(given, tuple) and len(given) == 2 else (given, None)

    def _arguments(self, batch: Batch, initial: Any) -> dict[str, Any]:
        named: dict[str, Any] = {}
        if initial is not None:
            if not self.takes_initial:
                self._refuse("initial", "the state of one piece is where the next begins")
            named["initial"] = initial
        if batch.lengths is not None:
            if not self.takes_lengths:
                self._refuse("lengths", "the sequences of this batch are not equally long")
            named["lengths"] = batch.lengths
        if batch.dt is not None and self.takes_dt:
            named["dt"] = self._numbers(batch.dt)
        if self.takes_target:
            named["target"] = batch.y
        return named

    def _numbers(self, x: Any) -> Any:
        """Floats in the model's own dtype, so that float32 stays float32."""
        return x.astype(self.dtype) if x.dtype.kind == "f" and x.dtype != self.dtype else x

    def _refuse(self, name: str, why: str) -> None:
        raise ArgumentError(
            f"{why}, and {type(self.model).__name__}.forward has no argument {name!r}; "
            f"give it one, or pass fit(…, forward=lambda model, batch{', initial=None' if name == 'initial' else ''}: …)"
        )


def check_layout(call: Caller, source: Source) -> None:
    """With time and batch exchanged most models run all the same, and learn nothing; raises ArgumentError.

    Layers say by ``batch_first`` what they read, the library's models read time first; of others nothing is known.
    """
    model = call.model
    known = False if isinstance(model, (SequenceModel, EncoderDecoder)) else getattr(model, "batch_first", None)
    if call.forward is not None or source.loader is None or known is None or bool(known) == source.batch_first:
        return
    reads, comes = (
        ("the batch", "the loader gives time first") if known else ("time", "the loader has batch_first=True")
    )
    raise ArgumentError(f"fit: {type(model).__name__} reads {reads} first, and {comes}")


def _arguments(forward: Callable[..., Any]) -> set[str]:
    parameters = inspect.signature(forward).parameters
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return {"lengths", "initial"}
    return set(parameters)
