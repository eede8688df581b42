"""Any cell as a layer: its parameters, its outputs, its states from one part of a sequence to the next."""

from __future__ import annotations

import copy
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autorecur as ar

generator = np.random.default_rng(0)
DELAYED = ar.cell("""
h[t] = tanh(W x[t] + U h[t-1] + V h[t-2] + R s[t-3])
s[t] = sigmoid(A x[t]) * s[t-1]
y[t] = B h[t] + b
""")
AHEAD = ar.cell("g[t] = tanh(W x[t] + U g[t+1] + V g[t+2])\ny[t] = B g[t]")
SIZES = {"n_x": 2, "n_h": 3, "n_s": 4, "n_y": 2}


def layer_of(cell: Any, **more: Any) -> Any:
    return ar.nn.Recurrent(cell, {name: SIZES.get(name, 3) for name in cell.sizes}, **more)


def inputs_of(cell: Any, steps: int, batch: tuple[int, ...]) -> Any:
    """Inputs of the sizes that ``layer_of`` gives."""
    sizes = {name: SIZES.get(name, 3) for name in cell.sizes}
    shapes = {name: [sizes.get(size, size) for size in cell.shapes[name] if size != 1] for name in cell.inputs}
    return {name: generator.standard_normal((steps, *batch, *shape)) for name, shape in shapes.items()} or None


@pytest.mark.parametrize("name", sorted(ar.cells))
def test_every_built_in_cell_is_a_layer(name: str) -> None:
    """It is the run of the cell with the layer's parameters, and every one of them is learned."""
    cell = ar.cells[name]
    layer, x = layer_of(cell), inputs_of(cell, 5, (2,))
    out, last = layer(x)
    assert list(layer.state_dict()) == list(cell.parameters)
    plain = cell.run(x, layer.state_dict())
    assert set(out) == set(plain)
    for key in out:
        np.testing.assert_array_equal(out[key], plain[key])
    for state in cell.states:
        np.testing.assert_array_equal(last[state], plain.last[state])
    sum((out[key] ** 2).sum() for key in cell.outputs).backward()
    assert all(np.abs(parameter.grad.numpy()).max() > 0 for parameter in layer.parameters())


def test_what_only_others_need_is_left_out() -> None:
    """Parameters and sizes of an output that nobody asks for; states that are needed come along."""
    layer = ar.nn.Recurrent(ar.cells["lstm"], sizes={"n_x": 3, "n_h": 8}, outputs=("h",))
    assert set(layer.state_dict()) == set(ar.cells["lstm"].parameters) - {"W_y", "b_y"}
    out, last = layer(np.ones((4, 2, 3)))
    assert set(out) == set(last) == {"h", "c"}
    same = ar.nn.Recurrent(ar.cells["lstm"], {"n_x": 3, "n_h": 8, "n_y": 2}, outputs="h")
    same.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(same(np.ones((4, 2, 3)))[0]["h"], out["h"])


def test_a_layer_above_that_nobody_asks_for_is_left_out() -> None:
    """With its states."""
    layer = ar.nn.Recurrent(ar.cells["rnn_stacked"], {"n_x": 2, "n_h_1": 3}, outputs=("h_1",))
    assert set(layer.state_dict()) == {"W_1", "U_1", "b_1"}
    assert set(layer(np.ones((4, 2)))[1]) == {"h_1"}


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([DELAYED, ar.cells["lstm"]]),
    st.lists(st.integers(1, 5), min_size=1, max_size=3),
    st.integers(1, 6),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_a_sequence_in_parts_is_the_whole(cell: Any, lengths: list[int], more: int, started: bool, seed: int) -> None:
    """The last states are the initial ones of what follows, at each sequence's own end, with any delay."""
    random = np.random.default_rng(seed)
    layer, batch = layer_of(cell), len(lengths)
    x = random.standard_normal((max(lengths) + more, batch, 2))
    initial = None
    if started:
        keys = [
            (key, SIZES[f"n_{state}"] if state == "s" else 3)
            for state in cell.states
            for key in cell.initial_keys(state)
        ]
        initial = {key: random.standard_normal((batch, size)) for key, size in keys}
    ends = np.array(lengths) + more
    whole, last = layer(x, initial, lengths=ends)
    _, state = layer(x[: max(lengths)], initial, lengths=lengths)
    rest = np.stack([x[length : length + more, b] for b, length in enumerate(lengths)], axis=1)
    second, state = layer(rest, state)
    assert set(state) == set(last)
    for key, value in last.items():
        np.testing.assert_allclose(state[key], value, rtol=1e-12, atol=1e-14, err_msg=key)
    for b, length in enumerate(lengths):
        np.testing.assert_allclose(
            second["y"][:, b], whole["y"].numpy()[length : length + more, b], rtol=1e-12, atol=1e-13
        )


def test_states_with_several_steps_are_keyed_by_step() -> None:
    """Delays of two and three, with a batch and without; gradients pass."""
    layer, x = layer_of(DELAYED), generator.standard_normal((6, 2, 2))
    out, last = layer(x)
    assert list(last) == ["h[0]", "h[-1]", "s[0]", "s[-1]", "s[-2]"]
    np.testing.assert_array_equal(last["h[-1]"], out["h"][-2])
    np.testing.assert_array_equal(last["s[-2]"], out["s"][-3])
    assert last["h[0]"].shape == (2, 3)
    _, alone = layer(x[:, 1])
    np.testing.assert_allclose(alone["s[-1]"], last["s[-1]"][1], rtol=1e-13)
    start = {"h[-1]": np.full(3, 7.0)}
    _, short = layer(x[:1], start)
    assert short["h[-1]"].tolist() == [[0.0] * 3] * 2
    assert ar.gradcheck(lambda x, h: layer(x, {"h[0]": h})[1]["h[-1]"], x[:1], np.ones((2, 3)))


def test_a_state_that_looks_two_steps_ahead() -> None:
    """It ends at its first step and at the one behind; before a short sequence stands what it started with."""
    layer, x = layer_of(AHEAD), generator.standard_normal((4, 2, 2))
    out, last = layer(x)
    assert list(last) == ["g[T+1]", "g[T+2]"]
    np.testing.assert_array_equal(last["g[T+1]"], out["g"][0])
    np.testing.assert_array_equal(last["g[T+2]"], out["g"][1])
    later, state = layer(x[2:])
    earlier, state = layer(x[:2], state)
    np.testing.assert_allclose(ar.concatenate([earlier["g"], later["g"]]), out["g"], rtol=1e-13)
    for key in ("g[T+1]", "g[2]"):
        _, single = layer(x[:1], {key: np.full((2, 3), 0.5)})
        assert single["g[T+2]"].tolist() == [[0.5] * 3] * 2


def test_learned_initial_states_are_parameters() -> None:
    """Under their own names, which are no attributes."""
    cell = ar.cell("learned: h\nh[t] = tanh(W x[t] + U h[t-1])")
    layer = layer_of(cell)
    layer(generator.standard_normal((3, 5, 2)))[0]["h"].sum().backward()
    assert list(layer.state_dict()) == ["W", "U", "h[0]"]
    start = layer.get_parameter("h[0]")
    assert start.shape == (3,)
    assert np.abs(start.grad.numpy()).min() > 0
    twin = copy.deepcopy(layer)
    twin.load_state_dict({**layer.state_dict(), "h[0]": np.ones(3)})
    assert start.tolist() != [1, 1, 1] == twin.get_parameter("h[0]").tolist()


def test_names_of_a_cell_that_have_a_meaning_in_a_layer() -> None:
    """The layer keeps its own attributes and modes; the parameters are found by name."""
    cell = ar.cell("h[t] = tanh(cell * x[t] + forward * h[t-1] + training)")
    layer = ar.nn.Recurrent(cell, {"n_h": 3})
    assert set(layer.state_dict()) == {"cell", "forward", "training"}
    assert layer.cell is cell
    assert not layer.eval().training
    assert layer.get_parameter("training").shape == (3,)
    assert [name for name, _ in layer.named_parameters()] == list(cell.parameters)
    layer.float()(np.ones((2, 3), np.float32))[0]["h"].sum().backward()
    assert all(parameter.grad is not None for parameter in layer.parameters())


def test_several_inputs_and_none() -> None:
    """Inputs by name; a cell without inputs is told its steps."""
    two = ar.cell("h[t] = tanh(W x[t] + V u[t] + U h[t-1])")
    layer = ar.nn.Recurrent(two, {"n_x": 2, "n_u": 1, "n_h": 3})
    out, _ = layer({"x": np.ones((4, 2)), "u": np.ones((4, 1))})
    assert out["h"].shape == (4, 3)
    none = ar.nn.Recurrent(ar.cell("h[t] = tanh(U h[t-1] + b)"), {"n_h": 3})
    assert none(initial={"h": np.ones((2, 3))}, steps=6)[0]["h"].shape == (6, 2, 3)


def test_initial_numbers_come_from_the_seed() -> None:
    """The same seed, the same numbers, in the range of ``Cell.init``; drawn anew on request."""
    layers = []
    for seed in (5, 5, 6):
        ar.manual_seed(seed)
        layers.append(ar.nn.Recurrent(ar.cells["gru"], {"n_x": 4, "n_h": 25, "n_y": 2}))
    one, same, other = (layer.state_dict() for layer in layers)
    for name, array in one.items():
        np.testing.assert_array_equal(array, same[name])
        assert not np.array_equal(array, other[name])
    assert np.abs(one["W_r"]).max() <= 0.5
    assert np.abs(one["U_r"]).max() <= 0.2
    kept = layers[0].W_r
    layers[0].reset_parameters()
    assert layers[0].W_r is kept
    assert not np.array_equal(kept.numpy(), one["W_r"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ar.nn.Recurrent("lstm", {"n_h": 3}),  # type: ignore[arg-type]
            "Recurrent: a cell is made by ar.cell(text) or taken from ar.cells, not str",
        ),
        (
            lambda: ar.nn.Recurrent(ar.cells["lstm"], {"n_x": 3, "n_h": 8}),
            "the size n_y is missing; lstm has the sizes n_h, n_x, n_y.",
        ),
        (
            lambda: ar.nn.Recurrent(ar.cells["lstm"], {"n_x": 3, "n_hh": 8}, outputs=("h",)),
            "there is no size 'n_hh'; lstm has the sizes n_h, n_x, n_y. Did you mean 'n_h'?",
        ),
        (
            lambda: ar.nn.Recurrent(ar.cells["lstm"], {"n_x": 3, "n_h": 0}, outputs=("h",)),
            "the size n_h is 0; a size is a whole number from 1.",
        ),
        (
            lambda: ar.nn.Recurrent(ar.cells["rnn"], {"n_x": 3, "n_h": 2}, outputs=("y_het",)),
            "Recurrent: rnn does not compute 'y_het'. Did you mean 'y_hat'?",
        ),
        (
            lambda: layer_of(ar.cells["rnn"])(np.ones((5, 4))),
            "'x' has the shape (5, 4): n_x = 4 there, but 'W_x' says n_x = 2.",
        ),
        (
            lambda: layer_of(DELAYED)(np.ones((5, 2)), {"h": np.ones(3)}),
            "'h' has the initial states h[0], h[-1]: say which",
        ),
    ],
)
def test_errors_say_what_is_wrong(call: Any, message: str) -> None:
    """In the names of the cell."""
    with pytest.raises(ar.AutorecurError, match=f"^{re.escape(message)}$"):
        call()
