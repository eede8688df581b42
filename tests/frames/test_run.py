"""``frame.run``: the same values and gradients as the equations, over every topology, each part with its own length."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.cli.options import TOPOLOGIES
from autorecur.graph.clocks import ONCE
from autorecur.language.cell import Cell
from autorecur.language.frame import Frame
from autorecur.topologies import many_to_one, with_topology
from tests.frames.texts import ALL, CAPTION, TRANSLATOR

FRAMES = {
    **{f"{topology} of {name}": (name, topology, {}) for topology in TOPOLOGIES for name in ("rnn", "gru", "rnn_row")},
    "two layers": ("lstm", "many-to-one", {"layers": 2}),
    "both directions": ("gru", "many-to-one", {"bidirectional": True}),
    "learned": ("rnn", "encoder-decoder", {"learned": True}),
    "embedding": ("rnn", "many-to-one", {"embedding": True, "readout": "softmax"}),
}


def _same(frame: Cell, batch: int | None) -> None:
    """Values and gradients of a linear function of all outputs, from the run and from the derivation."""
    if not isinstance(frame, Frame):
        pytest.skip("a cell, which has one length")
    generator = np.random.default_rng(0)
    sizes = {name: 2 + i for i, name in enumerate(frame.sizes)}
    clocks = [part.clock for part in frame.parts if part.clock]
    steps = {clock: 3 + i for i, clock in enumerate(dict.fromkeys(clocks))}
    lead = () if batch is None else (batch,)

    def drawn(name: str) -> np.ndarray[Any, Any]:
        clock = frame.clock(name)
        counts = [sizes[size] for size in frame.shapes[name] if isinstance(size, str)]
        return generator.normal(size=(*(() if clock == ONCE else (steps[clock],)), *lead, *counts))

    inputs = {name: drawn(name) for name in frame.inputs}
    parameters = frame.init(sizes, seed=1)
    derivation = frame.derive(loss=None)
    directions = {output: drawn(output) for output in derivation.loss.outputs}
    values = {**inputs, **parameters, **{f"k_{name}": k for name, k in directions.items()}}
    found = derivation.evaluate(values, steps=steps)
    tensors = {name: ar.tensor(array, requires_grad=True) for name, array in {**parameters, **inputs}.items()}
    given = {name: tensors[name] for name in inputs}
    out = frame.run(given, {name: tensors[name] for name in parameters}, steps=steps)
    for name in out:
        if frame.clock(name) == ONCE:
            np.testing.assert_allclose(out[name].data, found[name], atol=1e-12)
        else:
            whole = np.stack([found[f"{name}[{t}]"] for t in range(1, steps[frame.clock(name)] + 1)])
            np.testing.assert_allclose(out[name].data, whole, atol=1e-12)
    total: Any = 0.0
    for name, k in directions.items():
        total = total + (out[name] * k).sum()
    total.backward()
    np.testing.assert_allclose(float(total.data), found["L"], atol=1e-12)
    for name in parameters:
        np.testing.assert_allclose(tensors[name].grad.data, found[f"dL/d{name}"], atol=1e-11, err_msg=name)
    for name in inputs:
        gradient = tensors[name].grad.data
        if frame.clock(name) == ONCE:
            np.testing.assert_allclose(gradient, found[f"dL/d{name}"], atol=1e-11)
        else:
            for t in range(1, len(gradient) + 1):
                np.testing.assert_allclose(gradient[t - 1], found[f"dL/d{name}[{t}]"], atol=1e-11)


@pytest.mark.parametrize("batch", [None, 2])
@pytest.mark.parametrize("which", FRAMES)
def test_a_topology_runs_as_it_is_derived(which: str, batch: int | None) -> None:
    name, topology, options = FRAMES[which]
    _same(with_topology(ar.cells[name], topology, **options), batch)


@pytest.mark.parametrize("which", ALL)
def test_a_text_runs_as_it_is_derived(which: str) -> None:
    _same(ar.cell(ALL[which]), 2)


def test_parts_have_lengths_of_their_own_read_off_the_inputs() -> None:
    frame = ar.cell(TRANSLATOR)
    params = frame.init(dict(zip(frame.sizes, range(2, 9), strict=False)))
    sizes = {name: params[weight].shape[1] for name, weight in (("x", "W"), ("v", "V"))}
    out = frame.run({"x": np.ones((4, sizes["x"])), "v": np.ones((3, sizes["v"]))}, params)
    assert (len(out["h"]), len(out["s"])) == (4, 3)
    assert out.last["h"].shape == out["h"][-1].shape
    np.testing.assert_array_equal(out.last["s"].data, out["s"][-1].data)


def test_a_part_without_inputs_is_told_its_length() -> None:
    frame = ar.cell(CAPTION)
    params = frame.init({"n_x": 3, "n_h": 4, "n_y": 2})
    with pytest.raises(ar.ShapeError, match="number of steps"):
        frame.run(np.ones(3), params)
    assert frame.run(np.ones(3), params, steps=5)["y"].shape == (5, 2)


def test_only_what_is_asked_for_is_computed() -> None:
    frame = many_to_one(ar.cells["rnn"])
    params = frame.init({"n_x": 2, "n_h": 3, "n_y": 4})
    del params["W_y"], params["b_y"]
    assert list(frame.run(np.ones((3, 2)), params, outputs=["h"])) == ["h"]


def test_a_recorded_run_tells_every_adjoint() -> None:
    frame = ar.cell(TRANSLATOR)
    generator = np.random.default_rng(0)
    sizes = dict(zip(frame.sizes, range(2, 9), strict=False))
    params = frame.init(sizes)
    x = {
        name: generator.normal(size=(t, params[weight].shape[1])) for name, weight, t in (("x", "W", 4), ("v", "V", 3))
    }
    tensors = {name: ar.tensor(array, requires_grad=True) for name, array in params.items()}
    out = frame.run(x, tensors, record=True)
    k = generator.normal(size=out["y"].shape)
    (out["y"] * k).sum().backward()
    found = frame.derive(loss=None).evaluate({**params, **x, "k_y": k})
    for t in range(1, 5):
        np.testing.assert_allclose(out.adjoint["h"].data[t - 1], found[f"dL/dh[{t}]"], atol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lengths": [3]}, "lengths is for the run of one cell"),
        ({"truncate": 2}, "truncate is for the run of one cell"),
        ({"backend": "compiled"}, "runs on the tape"),
        ({"outputs": ["z"]}, "does not compute 'z'"),
        ({"steps": {"encodr": 3}}, "Did you mean 'encoder'"),
        ({"initial": {"s[0]": np.ones(3)}}, "computed by an equation"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(options: dict[str, Any], message: str) -> None:
    frame = ar.cell(TRANSLATOR)
    params = frame.init(dict(zip(frame.sizes, range(2, 9), strict=False)))
    x = {name: np.ones((3, params[weight].shape[1])) for name, weight in (("x", "W"), ("v", "V"))}
    with pytest.raises(ar.AutorecurError, match=message):
        frame.run(x, params, **options)
