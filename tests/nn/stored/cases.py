"""Recurrent layers in many settings, and their values and gradients by autorecur, under flat names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import autorecur as ar

Arrays = dict[str, np.ndarray]
SIZES = {"input_size": 2, "hidden_size": 3}
UNIT = 1 / 64
"""What is given to a layer are multiples of this, small enough for a byte each."""


@dataclass(frozen=True)
class Case:
    """A layer, or one step of it, by PyTorch's name, with the shape of its input and what is passed beside."""

    layer: str
    settings: dict[str, Any] = field(default_factory=dict)
    steps: int = 5
    batch: int | None = 2
    lengths: tuple[int, ...] | None = None
    started: bool = True
    """Whether the initial states are given."""
    training: bool = True

    @property
    def one_step(self) -> bool:
        return self.layer.endswith("Cell")

    @property
    def states(self) -> tuple[str, ...]:
        return ("h", "c") if self.layer.startswith("LSTM") else ("h",)

    def layer_of(self, library: Any) -> Any:
        return getattr(library, self.layer)(**SIZES, **self.settings)

    @property
    def x_shape(self) -> tuple[int, ...]:
        batch = () if self.batch is None else (self.batch,)
        if self.one_step:
            return (*batch, SIZES["input_size"])
        leading = (*batch, self.steps) if self.settings.get("batch_first") else (self.steps, *batch)
        return (*(leading if batch else (self.steps,)), SIZES["input_size"])

    @property
    def state_shape(self) -> tuple[int, ...]:
        batch = () if self.batch is None else (self.batch,)
        count = self.settings.get("num_layers", 1) * (2 if self.settings.get("bidirectional") else 1)
        return (*(() if self.one_step else (count,)), *batch, SIZES["hidden_size"])


def _cases() -> dict[str, Case]:
    deep = {"num_layers": 2, "bidirectional": True}
    found = {}
    for layer in ("RNN", "GRU", "LSTM"):
        found |= {
            f"{layer}": Case(layer),
            f"{layer} from zero": Case(layer, started=False),
            f"{layer} without bias": Case(layer, {"bias": False}),
            f"{layer} without a batch": Case(layer, {"batch_first": True, "bidirectional": True}, batch=None),
            f"{layer} batch first": Case(layer, {"batch_first": True, "num_layers": 2}, batch=3),
            f"{layer} both directions": Case(layer, deep),
            f"{layer} three layers": Case(layer, {"num_layers": 3}, steps=3),
            f"{layer} lengths": Case(layer, deep, steps=6, batch=4, lengths=(3, 6, 1, 5)),
            f"{layer} lengths batch first": Case(
                layer, {**deep, "batch_first": True, "bias": False}, batch=3, lengths=(2, 1, 4), started=False
            ),
            f"{layer} in use": Case(layer, {**deep, "dropout": 0.5}, training=False),
            f"{layer} one step": Case(layer, deep, steps=1, batch=1),
            f"{layer}Cell": Case(f"{layer}Cell"),
            f"{layer}Cell from zero": Case(f"{layer}Cell", {"bias": False}, started=False),
            f"{layer}Cell without a batch": Case(f"{layer}Cell", batch=None),
        }
    relu = {"nonlinearity": "relu"}
    found["RNN relu"] = Case("RNN", {**deep, **relu}, batch=3, lengths=(5, 2, 3))
    found["RNNCell relu"] = Case("RNNCell", relu)
    return found


CASES = _cases()


def drawn(case: Case, seed: int) -> Arrays:
    """Input, initial states, weights, and a cotangent for each result."""
    generator = np.random.default_rng(seed)
    shapes = {"x": case.x_shape}
    if case.started:
        shapes |= {f"{state}_0": case.state_shape for state in case.states}
    shapes |= {f"weight {name}": array.shape for name, array in case.layer_of(ar.nn).state_dict().items()}
    width = SIZES["hidden_size"] * (2 if case.settings.get("bidirectional") else 1)
    if not case.one_step:
        shapes["cotangent output"] = (*case.x_shape[:-1], width)
    shapes |= {f"cotangent {state}_n": case.state_shape for state in case.states}
    return {name: UNIT * generator.integers(-96, 97, shape) for name, shape in shapes.items()}


def flat(arrays: Arrays) -> np.ndarray:
    """All numbers in one row."""
    return np.concatenate([array.ravel() for array in arrays.values()])


def like(arrays: Arrays, numbers: np.ndarray) -> Arrays:
    """One row of numbers under the names and in the shapes of other arrays."""
    ends = np.cumsum([array.size for array in arrays.values()])
    assert numbers.size == ends[-1]
    parts = np.split(numbers, ends[:-1])
    return {name: part.reshape(array.shape) for (name, array), part in zip(arrays.items(), parts, strict=True)}


def weights_of(given: Arrays) -> Arrays:
    """The weights by PyTorch's names."""
    return {name.removeprefix("weight "): array for name, array in given.items() if name.startswith("weight ")}


def ours(case: Case, given: Arrays) -> Arrays:
    """Results of the layer, and the gradients of ⟨cotangents, results⟩ by everything that was given."""
    layer = case.layer_of(ar.nn).train(case.training)
    layer.load_state_dict(weights_of(given))
    leaves = {
        name: ar.tensor(array, requires_grad=True) for name, array in given.items() if name in ("x", "h_0", "c_0")
    }
    hx: Any = tuple(leaves[f"{state}_0"] for state in case.states) if case.started else None
    if hx and len(hx) == 1:
        hx = hx[0]
    beside = {} if case.one_step else {"lengths": case.lengths}
    results = named_results(case, layer(leaves["x"], hx, **beside))
    loss: Any = sum((value * given[f"cotangent {name}"]).sum() for name, value in results.items())
    loss.backward()
    leaves |= {f"weight {name}": parameter for name, parameter in layer.named_parameters()}
    return {
        **{name: value.numpy() for name, value in results.items()},
        **{f"gradient {name}": leaf.grad.numpy() for name, leaf in leaves.items()},
    }


def named_results(case: Case, returned: Any) -> dict[str, Any]:
    """What a call returns, under names."""
    output, last = (None, returned) if case.one_step else returned
    ends = last if len(case.states) > 1 else (last,)
    named = {f"{state}_n": end for state, end in zip(case.states, ends, strict=True)}
    return named if case.one_step else {"output": output, **named}


def compare(found: Arrays, expected: Arrays) -> None:
    """Everything agrees to 1e-10, relative to the largest number of its array."""
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].shape == array.shape, name
        np.testing.assert_allclose(
            found[name], array, rtol=1e-10, atol=1e-10 * max(1.0, np.abs(array).max()), err_msg=name
        )
