"""Numbers from the displayed expressions, against differences of a second, plain reading of the cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autorecur.cells import cells
from autorecur.derive.derivation import Derivation, derive
from autorecur.derive.losses import NAMES, default_output
from autorecur.graph.loading import user_shape
from autorecur.language.building import cell
from autorecur.language.cell import Cell
from autorecur.language.sizes import resolve
from tests.derive.reference import total_loss

OWN = {
    "delay of two": "h[t] = tanh(W h[t-2] + U x[t])\ny[t] = V h[t]",
    "delays of one and two": "h[t] = tanh(W h[t-1] + R h[t-2] + U x[t])\ny[t] = V h[t]",
    "backwards": "h[t] = tanh(W h[t+1] + U x[t] + b)\ny[t] = V h[t]",
    "two steps ahead": "h[t] = tanh(W h[t+2] + U x[t])\ny[t] = V h[t]",
    "delayed input": "h[t] = tanh(W h[t-1] + U x[t-1] + R x[t-2])\ny[t] = V h[t]",
    "learned": "learned: h\nh[t] = tanh(W h[t-1] + U x[t])\ny[t] = V h[t]",
    "learned backwards": "learned: h\nh[t] = tanh(W h[t+1] + U x[t])\ny[t] = V h[t]",
    "learned twice": "learned: h\nh[t] = tanh(W h[t-1] + R h[t-2] + U x[t])\ny[t] = V h[t]",
    "scalars": "scalar: alpha u\nh[t] = (1 - alpha) * h[t-1] + alpha * tanh(W h[t-1] + u[t] * b)\ny[t] = V h[t]",
    "matrix": "C[t] = f[t] * C[t-1] + v[t] k[t]^T\nf[t] = sigmoid(w^T x[t])\nv[t] = V x[t]\nk[t] = K x[t]\ny[t] = C[t] x[t]",
    "rows": "h[t] = tanh(h[t-1] W + x[t] U + b)\ny[t] = h[t] V",
    "rows, stacked": "h[t] = tanh([h[t-1], x[t]] W + b)\ny[t] = softmax(h[t] V)",
    "old output": "h[t] = tanh(W h[t-1] + U x[t])\ny[t] = V h[t-1]",
    "linear": "h[t] = w * h[t-1] + x[t]",
    "no input": "h[t] = tanh(W h[t-1] + b)\ny[t] = V h[t]",
    "functions": "h[t] = silu(W h[t-1]) + softsign(U x[t]) * gelu(x[t]) - elu(h[t-1]) / (2 + x[t]^2)\ny[t] = softmax(V h[t])",
    "reductions": "h[t] = tanh(W h[t-1] + x[t]) / norm(x[t])\ny[t] = V h[t] * logsumexp(h[t]) + max(x[t]) - mean(h[t])",
}
SIZES = (2, 3, 4, 5, 6, 7, 8, 9)


def named(name: str) -> Cell:
    return cells[name] if name in cells else cell(OWN[name], name.replace(" ", "_"))


def given(d: Derivation, steps: int, batch: int | None, seed: int = 0, sizes: Any = None) -> tuple[dict[str, Any], Any]:
    """Random values for everything, by the keys and in the shapes of the contract."""
    generator = np.random.default_rng(seed)
    sizes = sizes or dict(zip(d.extended.sizes, SIZES, strict=False))
    lead = () if batch is None else (batch,)

    def draw(name: str, *before: int) -> Any:
        shape = [resolve(size, sizes) for size in user_shape(d.extended.shapes[name])]
        return generator.standard_normal((*before, *shape)) * 0.7

    values = {name: draw(name) for name in d.cell.parameters if not name.endswith("]")}
    for name in d.cell.inputs:
        values[name] = draw(name, steps, *lead)
    for name in d.loss.inputs:
        values[name] = np.abs(draw(name, *(() if d.loss.at == "last" and name == "target" else (steps,)), *lead))
    for state in d.cell.states:
        for key in d.cell.initial_keys(state):
            values[key] = draw(state) if key in d.cell.parameters else draw(state, *lead)
    return values, sizes


def directional(d: Derivation, values: Any, sizes: Any, steps: int, batch: int | None, kind: str, key: str) -> Any:
    """The derivative of L along a random direction of one value: by differences, and from the gradients."""
    direction = np.random.default_rng(5).standard_normal(values[key].shape)
    y = default_output(d.cell)

    def loss(h: float) -> float:
        moved = {**values, key: values[key] + h * direction}
        return total_loss(d.extended, moved, sizes, steps, batch, d.loss.at, kind, y)

    wide, narrow = ((loss(h) - loss(-h)) / (2 * h) for h in (1e-3, 5e-4))
    results = d.evaluate(values, steps=steps)
    if key in d.cell.inputs:
        own = sum(np.sum(direction[t - 1] * results[f"dL/d{key}[{t}]"]) for t in range(1, steps + 1))
    else:
        own = np.sum(direction * results[f"dL/d{key}"])
    return (4 * narrow - wide) / 3, own


def agrees(name: str, steps: int, batch: int | None, at: str, kind: str) -> None:
    d = derive(named(name), loss=kind, at=at)
    values, sizes = given(d, steps, batch, seed=steps)
    results = d.evaluate(values, steps=steps)
    true = total_loss(d.extended, values, sizes, steps, batch, at, kind, default_output(d.cell))
    assert float(results["L"]) == pytest.approx(true, rel=1e-12)
    for key in (*d.cell.parameters, *d.cell.inputs, *(k for s in d.cell.states for k in d.cell.initial_keys(s))):
        expected, own = directional(d, values, sizes, steps, batch, kind, key)
        assert own == pytest.approx(expected, rel=1e-6, abs=1e-7), key
        if key not in d.cell.inputs:
            assert results[f"dL/d{key}"].shape == values[key].shape


@pytest.mark.parametrize("at", ["last", "all"])
@pytest.mark.parametrize("name", list(cells))
def test_gradients_of_every_built_in_cell(name: str, at: str) -> None:
    """All parameters, inputs and initial states, for a batch."""
    agrees(name, 3, 2, at, "mse")


@pytest.mark.parametrize("at", ["last", "all"])
@pytest.mark.parametrize("name", OWN)
def test_gradients_of_unusual_cells(name: str, at: str) -> None:
    """Longer delays, time that runs backwards, learned states, scalars, matrices, rows, a state that is the output."""
    agrees(name, 4, 3, at, "squared")


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("at", ["last", "all"])
@pytest.mark.parametrize(
    "name",
    [
        "lstm",
        "rnn_bidirectional",
        "delay of two",
        "delays of one and two",
        "two steps ahead",
        "delayed input",
        "old output",
    ],
)
def test_few_steps(name: str, at: str, steps: int) -> None:
    """Where T is so small that the first steps are among the last ones, without a batch."""
    agrees(name, steps, None, at, "half_squared")


@pytest.mark.parametrize("at", ["last", "all"])
@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("name", ["gru", "rnn_row", "rnn_jordan", "functions"])
def test_every_loss(name: str, kind: str, at: str) -> None:
    """The five losses of the contract, on logits, behind a sigmoid, behind a softmax, on an output that is a state."""
    agrees(name, 2, 2, at, kind)


@pytest.mark.parametrize("name", ["lstm", "matrix", "rows", "reductions"])
def test_vectors_of_one_component(name: str) -> None:
    """Vectors keep a size of 1, and products with them stay products."""
    d = derive(named(name))
    values, sizes = given(d, 3, 2, sizes=dict.fromkeys(d.extended.sizes, 1))
    results = d.evaluate(values)
    assert float(results["L"]) == pytest.approx(total_loss(d.extended, values, sizes, 3, 2, "last", "mse", "y"))
    for key in d.cell.parameters:
        expected, own = directional(d, values, sizes, 3, 2, "mse", key)
        assert own == pytest.approx(expected, rel=1e-6, abs=1e-8)
        assert results[f"dL/d{key}"].shape == values[key].shape


def test_a_batch_is_a_sum_over_its_samples() -> None:
    """L and gradients of parameters are summed; those of inputs and states are each sample's own."""
    d = derive(cells["lstm"], at="all")
    values, _ = given(d, 3, 2)
    whole = d.evaluate(values)
    batched = {*d.cell.inputs, "target"}
    alone = [
        d.evaluate({k: v[:, i] if k in batched else v[i] if "[" in k else v for k, v in values.items()}) for i in (0, 1)
    ]
    assert float(whole["L"]) == pytest.approx(float(alone[0]["L"] + alone[1]["L"]))
    assert whole["dL/dU_f"] == pytest.approx(alone[0]["dL/dU_f"] + alone[1]["dL/dU_f"])
    for i in (0, 1):
        assert whole["dL/dx[2]"][i] == pytest.approx(alone[i]["dL/dx[2]"])
        assert whole["dL/dc[0]"][i] == pytest.approx(alone[i]["dL/dc[0]"])


def test_results_are_keyed_as_the_language_writes() -> None:
    """Quantities by step from 1 to T (or T by name), initial states, adjoints, L; vectors are (n,), a batch (B, n)."""
    d = derive(cells["rnn"])
    values, sizes = given(d, 3, 2)
    results = d.evaluate(values)
    n_h = sizes["n_h"]
    assert results.steps == 3
    for key in ("h[1]", "h[3]", "h[T]", "h[0]", "dL/dh[0]", "dL/dh[T]", "dL/da[2]", "a[2]"):
        assert results[key].shape == (2, n_h), key
    assert results["L"].shape == ()
    assert results["h[T]"] == pytest.approx(results["h[3]"])
    assert np.all(results["dL/dy_hat[1]"] == 0)
    assert set(results) >= {"L", "h[1]", "dL/dW_h", "x[3]", "W_h"}
    assert len(list(results)) == len(results)
    with pytest.raises(KeyError, match=r"there is no number for 'dL/dW_hh'.*Did you mean 'dL/dW_h'"):
        results["dL/dW_hh"]


def test_absent_initial_states_are_zero() -> None:
    """And the value at T+1 of a state that runs backwards; both spellings of its key are understood."""
    d = derive(named("backwards"))
    values, sizes = given(d, 3, 2)
    edge = values.pop("h[T+1]")
    zero = d.evaluate(values)
    assert float(zero["L"]) == float(d.evaluate({**values, "h[T+1]": np.zeros((2, sizes["n_h"]))})["L"])
    assert float(d.evaluate({**values, "h[T+1]": edge})["L"]) == float(d.evaluate({**values, "h[4]": edge})["L"])
    assert zero["dL/dh[T+1]"].shape == (2, sizes["n_h"])


def test_lists_and_whole_numbers_are_taken() -> None:
    """Values may be nested lists of ints."""
    d = derive(cell("h[t] = w * h[t-1] + x[t]"), loss="squared")
    results = d.evaluate({"w": [2], "x": [[1], [1]], "target": [0]})
    assert results["dL/dw"].tolist() == [6]
    assert results["L"] == 9


def test_single_precision_stays_single() -> None:
    """float32 in, float32 out."""
    d = derive(cells["rnn"])
    values, _ = given(d, 2, None)
    results = d.evaluate({key: value.astype(np.float32) for key, value in values.items()})
    assert results["h[2]"].dtype == np.float32


def test_ten_thousand_steps_are_evaluated() -> None:
    """No recursion limit; a longer run adds numbers in proportion to its steps (the benchmark measures the time)."""
    d = derive(cells["rnn"])
    counts = {}
    for steps in (1_000, 10_000):
        values, _ = given(d, steps, None)
        results = d.evaluate(values)
        assert np.isfinite(results["L"])
        counts[steps] = len(results)
    assert counts[10_000] < 10 * counts[1_000]
