"""The mean loss and the metrics of a model over data that it does not learn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autorecur.nn.module import Module
from autorecur.tape.detach import detach
from autorecur.tape.modes import no_grad
from autorecur.train.batches import Source, validation_source
from autorecur.train.calling import Caller, Forward, check_layout
from autorecur.train.losses import Weighted, loss_of
from autorecur.train.metrics import Measure, measures_of
from autorecur.train.modes import mode


class Mean:
    """Means of several quantities over batches of different sizes."""

    def __init__(self) -> None:
        self.sums: dict[str, list[float]] = {}

    def add(self, name: str, value: float, weight: float) -> None:
        """``value`` is a mean of ``weight`` things, and counts if there are any."""
        sums = self.sums.setdefault(name, [0.0, 0.0])
        if weight:
            sums[0] += value * weight
            sums[1] += weight

    def values(self) -> dict[str, float]:
        return {name: total / weight if weight else float("nan") for name, (total, weight) in self.sums.items()}


def evaluate(
    model: Module, data: Any, loss: Any = "mse", metrics: Any = None, *, forward: Forward | None = None
) -> dict[str, float]:
    """The mean ``"loss"`` of a model over some data, and the metrics by their names; arguments as for :func:`fit`.

    Nothing is recorded and nothing dropped: the model is in its mode of use meanwhile. Means are over targets, whatever the
    batches; padding does not count.

    >>> import autorecur as ar
    >>> model = ar.nn.SequenceModel("gru", 1, 4, 2, readout="last")
    >>> data = ar.data.Sequences([[0.0, 1.0], [1.0, 1.0, 0.0]], [0, 1])
    >>> sorted(ar.train.evaluate(model, data, "cross_entropy", "accuracy"))
    ['accuracy', 'loss']
    """
    call, source = Caller(model, forward), validation_source(data)
    check_layout(call, source)
    return averaged(call, source, loss_of(loss), measures_of(metrics))


def averaged(call: Caller, source: Source, loss: Weighted, measures: Mapping[str, Measure]) -> dict[str, float]:
    """One pass; the state is carried where batches go on."""
    mean, state = Mean(), None
    with mode(call.model, training=False), no_grad():
        for batch in source.rest():
            output, last = call(batch, state if batch.continues else None)
            state = detach(last)
            value, weight = loss(output, batch)
            mean.add("loss", float(value.data), weight)
            for name, measure in measures.items():
                mean.add(name, *measure(output, batch))
    return mean.values()
