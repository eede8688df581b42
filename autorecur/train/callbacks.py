"""What others may do while a training runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autorecur.errors import DtypeError

if TYPE_CHECKING:
    from autorecur.train.training import Training

EVENTS = ("on_update", "on_epoch", "on_end")


class Callback:
    """Subclass it, or give any object with some of these methods, to :func:`fit`; what they return does not matter.

    ``training`` has ``model``, ``optimizer``, ``update``, ``epoch``, ``loss``, ``gradient_norm``, ``batch``, ``history``, and
    ``stop(reason)``, which ends the training behind the update or epoch that runs; the reason stands in ``history.stopped``.
    After an update the gradients are still in the parameters, clipped as they were used.

    A callback with ``state_dict`` and ``load_state_dict`` has its state in the checkpoints.

    >>> import autorecur as ar
    >>> class GoodEnough(ar.train.Callback):
    ...     def on_epoch(self, training):
    ...         if training.history.epochs[-1].loss < 0.01:
    ...             training.stop("good enough")
    """

    def on_update(self, training: Training) -> None:
        """Behind each step of the optimiser."""

    def on_epoch(self, training: Training) -> None:
        """Behind each epoch, when its row stands in ``training.history.epochs``."""

    def on_end(self, training: Training) -> None:
        """At the end, for whatever reason, an error apart; ``training.history.stopped`` says which."""


class Callbacks:
    """All callbacks of a training; only those that do something are called."""

    def __init__(self, callbacks: Any) -> None:
        given = [callbacks] if any(hasattr(callbacks, event) for event in EVENTS) else list(callbacks)
        for each in given:
            if not any(callable(getattr(each, event, None)) for event in EVENTS):
                raise DtypeError(
                    f"fit: a callback has a method {', '.join(EVENTS[:-1])} or {EVENTS[-1]}, and {type(each).__name__} has none"
                )
        self._given = given
        self.on_update, self.on_epoch, self.on_end = ([*_bound(given, event)] for event in EVENTS)

    def state_dict(self) -> list[Any]:
        return [each.state_dict() if hasattr(each, "state_dict") else None for each in self._given]

    def load_state_dict(self, states: list[Any]) -> None:
        for each, state in zip(self._given, states, strict=False):
            if state is not None and hasattr(each, "load_state_dict"):
                each.load_state_dict(state)


def _bound(callbacks: list[Any], event: str) -> list[Any]:
    own = getattr(Callback, event)
    return [
        getattr(each, event) for each in callbacks if getattr(type(each), event, own) is not own or event in _own(each)
    ]


def _own(callback: Any) -> dict[str, Any]:
    """What was given to the object itself, as to a namespace of functions."""
    return getattr(callback, "__dict__", {})
