"""Cells run on tensors: values, gradients, batches, lengths, truncation, records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar

SIZES = {"n_x": 3, "n_h": 4, "n_y": 2}
RNN = ar.cell("h[t] = tanh(W x[t] + U h[t-1] + b)")
BOTH = ar.cell("""
h[t] = tanh(W x[t] + U h[t-1])
g[t] = tanh(V x[t] + R g[t+1])
y[t] = A h[t] + B g[t]
""")


def drawn(cell: Any, steps: int, batch: tuple[int, ...] = (), seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters and inputs of a cell."""
    sizes = {name: i + 2 for i, name in enumerate(cell.sizes)}
    generator = np.random.default_rng(seed)
    shape = {
        name: [sizes[size] if isinstance(size, str) else size for size in cell.shapes[name] if size != 1]
        for name in cell.inputs
    }
    inputs = {name: generator.standard_normal((steps, *batch, *shape[name])) for name in cell.inputs}
    return {k: ar.tensor(v, requires_grad=True) for k, v in cell.init(sizes, seed).items()}, inputs


@pytest.mark.parametrize("name", sorted(ar.cells))
def test_values_and_gradients_are_those_of_the_derivation(name: str) -> None:
    """Every built-in cell, against the printed equations."""
    cell = ar.cells[name]
    params, inputs = drawn(cell, 5)
    derivation = cell.derive(loss=None, at="all")
    keys = {output: f"k_{output}" for output in cell.outputs}
    out = cell.run(inputs, params, steps=5)
    weights = {key: np.random.default_rng(1).standard_normal(out[o].shape) for o, key in keys.items()}
    loss = sum((out[output] * weights[key]).sum() for output, key in keys.items())
    loss.backward()  # type: ignore[union-attr]
    arrays = {k: v.numpy() for k, v in params.items()}
    found = derivation.evaluate({**arrays, **inputs, **weights}, steps=5)
    assert np.isclose(float(loss), found["L"])
    for output in cell.outputs:
        assert np.allclose(out[output][4], found[f"{output}[5]"], rtol=1e-12)
    for parameter, value in params.items():
        assert np.allclose(value.grad, found[f"dL/d{parameter}"], rtol=1e-10, atol=1e-13), parameter


def test_a_batch_is_many_runs() -> None:
    """Values side by side, gradients of parameters added up."""
    params, inputs = drawn(BOTH, 6, (3,))
    out = BOTH.run(inputs, params)
    assert out["h"].shape == (6, 3, params["W"].shape[0])
    (out["y"] * out["y"]).sum().backward()
    together = {name: p.grad.numpy() for name, p in params.items()}
    for p in params.values():
        p.grad = None
    for b in range(3):
        alone = BOTH.run({name: x[:, b] for name, x in inputs.items()}, params)
        assert np.allclose(alone["y"], out["y"].numpy()[:, b])
        (alone["y"] * alone["y"]).sum().backward()
    for name, p in params.items():
        assert np.allclose(p.grad, together[name])


def test_gradients_reach_inputs_and_initial_states() -> None:
    """Both may be tensors."""
    params, inputs = drawn(RNN, 4, (2,))
    x = ar.tensor(inputs["x"], requires_grad=True)
    h = ar.tensor(np.ones((2, params["U"].shape[0])), requires_grad=True)
    out = RNN.run(x, params, {"h": h})
    out.last["h"].sum().backward()
    assert ar.gradcheck(lambda x, h: RNN.run(x, params, {"h[0]": h}).last["h"], x, h)
    assert x.grad is not None
    assert h.grad is not None
    assert np.any(x.grad.numpy()[0])


def test_padding_touches_nothing() -> None:
    """Outputs are zero past the end, padded inputs get no gradient even if they hold NaN, both directions."""
    params, inputs = drawn(BOTH, 6, (3,))
    lengths = np.array([6, 2, 4])
    x = inputs["x"].copy()
    for b, length in enumerate(lengths):
        x[length:, b] = np.nan
    leaf = ar.tensor(x, requires_grad=True)
    out = BOTH.run(leaf, params, lengths=lengths)
    (out["y"] * out["y"]).sum().backward()
    together = {name: p.grad.numpy() for name, p in params.items()}
    for p in params.values():
        p.grad = None
    for b, length in enumerate(lengths):
        alone = BOTH.run(inputs["x"][:length, b], params)
        (alone["y"] * alone["y"]).sum().backward()
        for name in ("h", "g", "y"):
            assert np.allclose(out[name].numpy()[:length, b], alone[name])
            assert not out[name].numpy()[length:, b].any()
            assert np.allclose(out.last[name].numpy()[b], alone.last[name])
        assert leaf.grad is not None
        assert not leaf.grad.numpy()[length:, b].any()
    for name, p in params.items():
        assert np.allclose(p.grad, together[name])


def test_truncation_is_detaching_between_chunks() -> None:
    """``truncate=k`` equals runs of k steps, each from the detached end of the one before."""
    params, inputs = drawn(RNN, 7)
    out = RNN.run(inputs, params, truncate=3)
    (out["h"] * out["h"]).sum().backward()
    cut = {name: p.grad.numpy() for name, p in params.items()}
    for p in params.values():
        p.grad = None
    h: Any = np.zeros(params["U"].shape[0])
    for start in (0, 3, 6):
        part = RNN.run(inputs["x"][start : start + 3], params, {"h": h})
        (part["h"] * part["h"]).sum().backward()
        h = part.last["h"].detach()
    for name, p in params.items():
        assert np.allclose(p.grad, cut[name])
        p.grad = None
    (RNN.run(inputs, params)["h"] ** 2).sum().backward()
    assert not np.allclose(params["U"].grad, cut["U"])


def test_truncation_lets_gradients_reach_the_initial_state() -> None:
    """The first chunk is cut off from what follows, not from what it starts with."""
    params, inputs = drawn(RNN, 4)
    h = ar.tensor(np.zeros(params["U"].shape[0]), requires_grad=True)
    RNN.run(inputs, params, {"h": h}, truncate=2)["h"].sum().backward()
    assert h.grad is not None
    assert np.any(h.grad.numpy())


def test_a_record_holds_gates_and_their_adjoints() -> None:
    """``adjoint[v][t]`` is the total derivative, as the derivation has it."""
    cell = ar.cells["lstm"]
    params, inputs = drawn(cell, 4)
    out = cell.run(inputs, params, record=True)
    assert {"i", "f", "o", "g", "c", "h", "y"} <= set(out)
    k = np.random.default_rng(2).standard_normal(out["y"].shape)
    (out["y"] * k).sum().backward()
    found = cell.derive(loss=None, at="all").evaluate({**{n: p.numpy() for n, p in params.items()}, **inputs, "k_y": k})
    for t in range(1, 5):
        assert np.allclose(out.adjoint["c"][t - 1], found[f"dL/dc[{t}]"])
        assert np.allclose(out.adjoint["h"][t - 1], found[f"dL/dh[{t}]"])


def test_only_what_is_asked_for_is_computed() -> None:
    """An output that nobody asks for needs no parameters."""
    cell = ar.cells["lstm"]
    params, inputs = drawn(cell, 3)
    del params["W_y"], params["b_y"]
    out = cell.run(inputs, params, outputs=("h",))
    assert list(out) == ["h"]
    with pytest.raises(KeyError, match="this run has no 'y'"):
        out["y"]


def test_float32_stays_float32() -> None:
    """Parameters, inputs and zeros alike."""
    params, inputs = drawn(RNN, 3)
    small = {name: p.detach().astype(np.float32).requires_grad_() for name, p in params.items()}
    out = RNN.run(inputs["x"].astype(np.float32), small)
    assert out["h"].dtype == np.float32
    out["h"].sum().backward()
    assert small["U"].grad.dtype == np.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.ones((3, 5))}, r"'W' has the shape \(3, 2\): n_x = 2 there, .*|'x' has the shape \(3, 5\).*"),
        ({"params": {}}, r"a value for 'W' is missing; its shape is \(n_h, n_x\)\."),
        ({"backend": "fast"}, r"there is no backend 'fast'\..*"),
        ({"truncate": 0}, r"truncate is a whole number of steps from 1, not 0"),
        ({"lengths": [2, 2]}, r"lengths are a whole number, not int64 of shape \(2,\)"),
        ({"lengths": 9}, r"lengths lie between 1 and the number of steps, 3; these are 9"),
        ({"outputs": ("k",)}, r".* does not compute 'k'\..*"),
        ({"initial": {"q": np.ones(3)}}, r"'q' is no parameter, input or initial state\..*"),
    ],
)
def test_errors_say_what_is_wrong(change: dict[str, Any], message: str) -> None:
    """With the shapes and names of the cell."""
    params, inputs = drawn(RNN, 3)
    arguments = {"x": inputs["x"], "params": params, **change}
    with pytest.raises(ar.AutorecurError, match=f"^({message})$"):
        RNN.run(**arguments)


@pytest.mark.parametrize("backend", ["eager", "compiled"])
def test_a_run_shows_what_it_holds_and_goes_on_from_its_last_values(backend: str) -> None:
    """Outputs among the last values are no initial states, and are passed over."""
    params, inputs = drawn(RNN, 3, (2,))
    cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1] + b)\ny[t] = 2 * h[t]")
    out = cell.run(inputs, params, backend=backend)
    size = params["W"].shape[0]
    assert repr(out) == f"<run of cell: {{'h': (3, 2, {size}), 'y': (3, 2, {size})}}>"
    onward = cell.run(inputs, params, initial=ar.detach(out.last), backend=backend)
    assert np.array_equal(
        onward["h"], cell.run(inputs, params, initial={"h": out.last["h"].numpy()}, backend=backend)["h"]
    )
    with pytest.raises(KeyError, match="this run has no 0"):
        out[0]  # type: ignore[index]
