"""Recurrent layers by themselves: the equations they run, lengths, directions, dropout, dtypes, errors."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autorecur as ar
from autorecur.nn.recurrent.layouts import GRU, LSTM, RNN, cell_in_direction, cell_parameters
from autorecur.tape.tensor import next_serial

H, I = 4, 3
generator = np.random.default_rng(0)
LAYERS: dict[str, tuple[str, dict[str, Any], str]] = {
    "RNN": ("RNN", {}, "rnn"),
    "RNN relu": ("RNN", {"nonlinearity": "relu"}, "rnn_relu"),
    "GRU": ("GRU", {}, "gru_reset_after"),
    "GRU reset before": ("GRU", {"reset_after": False}, "gru"),
    "LSTM": ("LSTM", {}, "lstm"),
    "LSTM peepholes": ("LSTM", {"peepholes": True}, "lstm_peephole"),
}
"""The layer, its settings, and the built-in cell that it is."""


def made(name: str, **more: Any) -> Any:
    kind, given, _ = LAYERS[name]
    return getattr(ar.nn, kind)(I, H, **given, **more)


def by_hand(name: str, state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The cell's parameters from PyTorch's arrays, written out without the tables of the package."""
    kind = name.split()[0]
    w, u, b, c = (state[f"{array}_l0"] for array in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    if kind == "RNN":
        return {"W_x": w, "W_h": u, "b_h": b + c}
    found = {}
    for i, gate in enumerate("rzn" if kind == "GRU" else "ifgo"):
        rows = slice(i * H, (i + 1) * H)
        found |= {f"W_{gate}": w[rows], f"U_{gate}": u[rows], f"b_{gate}": b[rows] + c[rows]}
        if name == "GRU" and gate == "n":
            found |= {"b_n": b[rows], "c_n": c[rows]}
    return found | {f"p_{gate}": state[f"peephole_{gate}_l0"] for gate in "ifo" if "peepholes" in name}


def ends(last: Any) -> tuple[Any, ...]:
    """Last states as a tuple."""
    return last if isinstance(last, tuple) else (last,)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_its_built_in_cell(name: str) -> None:
    """Each gate has its rows, and biases add up where PyTorch's do."""
    layer, x = made(name), generator.standard_normal((5, 2, I))
    cell = ar.cells[LAYERS[name][2]]
    out = cell.run(x, by_hand(name, layer.state_dict()), outputs=("h", *(["c"] if "LSTM" in name else [])))
    output, last = layer(x)
    np.testing.assert_allclose(output, out["h"], rtol=1e-13)
    np.testing.assert_allclose(ends(last)[0][0], out.last["h"], rtol=1e-13)
    if "LSTM" in name:
        np.testing.assert_allclose(last[1][0], out.last["c"], rtol=1e-13)


@pytest.mark.parametrize("name", LAYERS)
def test_every_array_of_every_layer_is_learned(name: str) -> None:
    """No weight is without a gradient, and those of two biases that add up are equal."""
    layer = made(name, num_layers=2, bidirectional=True)
    layer(generator.standard_normal((4, 2, I)))[0].sum().backward()
    for key, parameter in layer.named_parameters():
        assert parameter.grad is not None, key
        assert np.abs(parameter.grad.numpy()).max() > 0 or "relu" in name, key
    if name != "GRU":
        np.testing.assert_array_equal(layer.bias_ih_l1.grad, layer.bias_hh_l1.grad)


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_pass_gradcheck(name: str) -> None:
    """By input and initial states, through both directions and lengths; for one of them twice."""
    ar.manual_seed(4)
    kind, settings, _ = LAYERS[name]
    layer = getattr(ar.nn, kind)(1, 2, bidirectional=True, **settings)
    states = [generator.standard_normal((2, 2, 2)) for _ in range(2 if "LSTM" in name else 1)]

    def function(x: Any, *hx: Any) -> Any:
        output, last = layer(x, hx if len(hx) > 1 else hx[0], lengths=[2, 1])
        return sum([(end**3).sum() for end in ends(last)], (output**2).sum())

    assert ar.gradcheck(function, generator.standard_normal((2, 2, 1)), *states, order=2 if name == "GRU" else 1)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(sorted(LAYERS)),
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_a_batch_with_lengths_is_its_sequences_alone(
    name: str, lengths: list[int], both: bool, batch_first: bool, seed: int
) -> None:
    """Outputs, last states and gradients; behind the ends stand zeros, and NaN in the padding does no harm."""
    random = np.random.default_rng(seed)
    steps, batch = max(lengths), len(lengths)
    layer = made(name, num_layers=2, bidirectional=both, batch_first=batch_first)
    x = random.standard_normal((steps, batch, I))
    for b, length in enumerate(lengths):
        x[length:, b] = np.nan
    leaf = ar.tensor(x.swapaxes(0, 1) if batch_first else x, requires_grad=True)
    output, last = layer(leaf, lengths=lengths)
    (output**2).sum().backward()
    gradients = {key: parameter.grad.numpy() for key, parameter in layer.named_parameters()}
    layer.zero_grad()
    whole = output.numpy().swapaxes(0, 1) if batch_first else output.numpy()
    arrived = leaf.grad.numpy().swapaxes(0, 1) if batch_first else leaf.grad.numpy()
    for b, length in enumerate(lengths):
        sequence = ar.tensor(x[:length, b], requires_grad=True)
        alone, own_last = layer(sequence)
        (alone**2).sum().backward()
        np.testing.assert_allclose(whole[:length, b], alone, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(arrived[:length, b], sequence.grad, rtol=1e-10, atol=1e-13)
        assert not whole[length:, b].any()
        assert not arrived[length:, b].any()
        for one, other in zip(ends(last), ends(own_last), strict=True):
            np.testing.assert_allclose(one.numpy()[:, b], other, rtol=1e-12, atol=1e-14)
    for key, parameter in layer.named_parameters():
        np.testing.assert_allclose(gradients[key], parameter.grad, rtol=1e-9, atol=1e-12, err_msg=key)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(LAYERS)), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_the_backward_direction_reads_from_the_end(name: str, steps: int, seed: int) -> None:
    """With the weights of the two directions exchanged and time reversed, the two halves of the output are exchanged."""
    layer, mirrored = made(name, bidirectional=True), made(name, bidirectional=True)
    mirrored.load_state_dict(
        {
            key.removesuffix("_reverse") if key.endswith("_reverse") else f"{key}_reverse": array
            for key, array in layer.state_dict().items()
        }
    )
    x = np.random.default_rng(seed).standard_normal((steps, 2, I))
    output, last = layer(x)
    other, other_last = mirrored(x[::-1])
    np.testing.assert_allclose(output[..., :H], other.numpy()[::-1, :, H:], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(output[..., H:], other.numpy()[::-1, :, :H], rtol=1e-12, atol=1e-14)
    for one, two in zip(ends(last), ends(other_last), strict=True):
        np.testing.assert_allclose(one, two.numpy()[::-1], rtol=1e-12, atol=1e-14)


def test_a_mirrored_cell_looks_ahead() -> None:
    """Only the time index of its states changes."""
    mirrored, plain = cell_in_direction("lstm", backward=True), ar.cells["lstm"]
    assert "c[t] = f[t] * c[t+1] + i[t] * g[t]" in mirrored.equations
    assert tuple(each.replace("[t+1]", "[t-1]") for each in mirrored.equations) == plain.equations
    assert mirrored.parameters == plain.parameters
    assert cell_in_direction("lstm", backward=True) is cell_in_direction("lstm", backward=True)
    assert cell_in_direction("lstm", backward=False) is ar.cells["lstm"]


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_a_sequence_in_parts_is_the_whole(name: str) -> None:
    """The last states of one part are the initial ones of the next; one step at a time is the cell of one step."""
    layer, x = made(name, num_layers=2), generator.standard_normal((6, 2, I))
    whole, last = layer(x)
    first, state = layer(x[:4])
    second, state = layer(x[4:], state)
    np.testing.assert_allclose(ar.concatenate([first, second]), whole, rtol=1e-13)
    for one, other in zip(ends(state), ends(last), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)
    single, cell = made(name), getattr(ar.nn, f"{name}Cell")(I, H)
    cell.load_state_dict({key.removesuffix("_l0"): array for key, array in single.state_dict().items()})
    hx = None
    for t, output in enumerate(single(x)[0]):
        hx = cell(x[t], hx)
        np.testing.assert_allclose(ends(hx)[0], output, rtol=1e-12)


def test_variants_of_the_one_step_cells() -> None:
    """Reset before the product, peepholes and the forget bias are those of the layers."""
    x = generator.standard_normal((1, 2, I))
    for name, more in (("GRU", {"reset_after": False}), ("LSTM", {"peepholes": True, "forget_bias": 2.0})):
        layer, cell = getattr(ar.nn, name)(I, H, **more), getattr(ar.nn, f"{name}Cell")(I, H, **more)
        assert [key.removesuffix("_l0") for key in layer.state_dict()] == list(cell.state_dict())
        cell.load_state_dict({key.removesuffix("_l0"): array for key, array in layer.state_dict().items()})
        np.testing.assert_allclose(ends(cell(x[0]))[0], layer(x)[0][0], rtol=1e-13)


def test_the_forget_bias_is_that_of_the_forget_gate() -> None:
    """The two biases add up to it in each layer and direction; the other gates keep their random ones."""
    ar.manual_seed(1)
    layer = ar.nn.LSTM(I, H, num_layers=2, bidirectional=True, forget_bias=1.5)
    ar.manual_seed(1)
    plain = ar.nn.LSTM(I, H, num_layers=2, bidirectional=True)
    for suffix in ("_l0", "_l0_reverse", "_l1", "_l1_reverse"):
        total = layer.get_parameter(f"bias_ih{suffix}").numpy() + layer.get_parameter(f"bias_hh{suffix}").numpy()
        before = plain.get_parameter(f"bias_ih{suffix}").numpy() + plain.get_parameter(f"bias_hh{suffix}").numpy()
        assert total[H : 2 * H].tolist() == [1.5] * H
        np.testing.assert_array_equal(np.delete(total, np.s_[H : 2 * H]), np.delete(before, np.s_[H : 2 * H]))
        assert np.all(before[H : 2 * H] != 1.5)


def test_initial_numbers_come_from_the_seed() -> None:
    """The same seed, the same layer; within ±1/√H and spread over that range; drawn anew on request."""
    layers = []
    for seed in (3, 3, 4):
        ar.manual_seed(seed)
        layers.append(ar.nn.GRU(20, 25, num_layers=2))
    one, same, other = (layer.state_dict() for layer in layers)
    for name, array in one.items():
        assert array.dtype == np.float64
        np.testing.assert_array_equal(array, same[name])
        assert not np.array_equal(array, other[name])
        assert 0.15 < np.abs(array).max() <= 0.2
        assert array.min() < 0 < array.max()
    layers[0].reset_parameters()
    assert not np.array_equal(layers[0].weight_ih_l0.numpy(), one["weight_ih_l0"])


def test_dropout_acts_between_layers_in_training() -> None:
    """With p = 1 the upper layer sees zeros; the seed decides what is dropped; in use nothing is."""
    x = generator.standard_normal((4, 2, I))
    ar.manual_seed(0)
    layer = ar.nn.GRU(I, H, num_layers=2, dropout=1.0)
    lower, upper = ar.nn.GRU(I, H), ar.nn.GRU(H, H)
    state = layer.state_dict()
    lower.load_state_dict({key: array for key, array in state.items() if key.endswith("_l0")})
    upper.load_state_dict({key.replace("_l1", "_l0"): array for key, array in state.items() if key.endswith("_l1")})
    np.testing.assert_allclose(layer(x)[0], upper(np.zeros((4, 2, H)))[0], rtol=1e-13)
    np.testing.assert_allclose(layer.eval()(x)[0], upper(lower(x)[0])[0], rtol=1e-13)
    half = ar.nn.GRU(I, H, num_layers=2, dropout=0.5)
    drawn = []
    for seed in (1, 1, 2):
        ar.manual_seed(seed)
        drawn.append(half(x)[0].numpy())
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    with pytest.warns(UserWarning, match=r"^RNN: a dropout of 0\.5 acts between layers, and there is only one$"):
        single = ar.nn.RNN(I, H, dropout=0.5)
    np.testing.assert_array_equal(single(x)[0], single.eval()(x)[0])


@pytest.mark.parametrize("name", LAYERS)
def test_float32_stays_float32(name: str) -> None:
    """Outputs, last states and gradients of a layer in float32, without biases as well."""
    x = generator.standard_normal((3, 2, I)).astype(np.float32)
    for bias in (True, False):
        layer = made(name, bidirectional=True, bias=bias).float()
        output, last = layer(x)
        output.sum().backward()
        assert {output.dtype, *(end.dtype for end in ends(last))} == {np.dtype(np.float32)}
        assert {parameter.grad.dtype for parameter in layer.parameters()} == {np.dtype(np.float32)}
        exact = layer.double()(x.astype(np.float64))[0]
        np.testing.assert_allclose(output, exact, rtol=1e-4, atol=1e-5)


def test_lists_and_integers_are_taken() -> None:
    """Nested lists, integers, tensors and other libraries' lengths."""
    layer = ar.nn.RNN(2, 3)
    x = [[[1, 0], [0, 1]], [[2, 1], [1, 1]]]
    output, _ = layer(x, lengths=ar.tensor([2, 1]))
    np.testing.assert_array_equal(output, layer(np.array(x, float), lengths=np.array([2, 1]))[0])


def test_lengths_without_a_batch() -> None:
    """A single sequence may end before its array does."""
    layer, x = ar.nn.RNN(2, 3, bidirectional=True), generator.standard_normal((4, 2))
    for lengths in (2, [2]):
        output, last = layer(x, lengths=lengths)
        np.testing.assert_array_equal(output[:2], layer(x[:2])[0])
        np.testing.assert_array_equal(output[2:], np.zeros((2, 6)))
        np.testing.assert_array_equal(last, layer(x[:2])[1])


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))], ids=["copy", "pickle"]
)
@pytest.mark.parametrize("name", LAYERS)
def test_copies_compute_the_same(name: str, copied: Any) -> None:
    """Copies and pickles, with weights of their own."""
    layer, x = made(name, num_layers=2), generator.standard_normal((3, I))
    twin = copied(layer)
    np.testing.assert_array_equal(twin(x)[0], layer(x)[0])
    twin.weight_hh_l1.data = np.zeros(twin.weight_hh_l1.shape)
    assert np.any(twin(x)[0].numpy() != layer(x)[0].numpy())


@pytest.mark.parametrize("layout", [*RNN.values(), *GRU.values(), *LSTM.values()], ids=lambda layout: layout.cell)
def test_only_the_sum_of_the_biases_is_an_operation_of_its_own(layout: Any) -> None:
    """Weights are cut where they are asked for one by one; compiled programs read the rows in place."""
    arrays = {key: ar.nn.Parameter(np.ones(shape)) for key, shape in layout.shapes(I, H, True).items()}
    before = next_serial()
    values = cell_parameters(layout, arrays, H)
    assert next_serial() - before - 1 == 1
    cell = ar.cells[layout.cell]
    assert set(values) == {key for key in cell.parameters if key not in ("W_y", "b_y")}
    sizes = {"n_x": I, "n_h": H}
    assert all(values[key].shape == tuple(sizes[size] for size in cell.parameters[key]) for key in values)  # type: ignore[index]


@pytest.mark.parametrize(
    ("layer", "shown"),
    [
        (lambda: ar.nn.RNN(3, 4), "RNN(3, 4)"),
        (
            lambda: ar.nn.RNN(3, 4, 2, "relu", False, True, 0.5, True),
            "RNN(3, 4, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True, nonlinearity='relu')",
        ),
        (lambda: ar.nn.GRU(3, 4, reset_after=False), "GRU(3, 4, reset_after=False)"),
        (lambda: ar.nn.LSTM(3, 4, peepholes=True, forget_bias=1.0), "LSTM(3, 4, peepholes=True, forget_bias=1.0)"),
        (lambda: ar.nn.LSTMCell(3, 4, False), "LSTMCell(3, 4, bias=False)"),
        (lambda: ar.nn.RNNCell(3, 4, nonlinearity="relu"), "RNNCell(3, 4, nonlinearity='relu')"),
        (lambda: ar.nn.GRUCell(3, 4), "GRUCell(3, 4)"),
    ],
)
def test_a_layer_shows_its_settings(layer: Any, shown: str) -> None:
    """The sizes, and what is not as by default."""
    assert repr(layer()) == shown


X = np.ones((5, 2, I))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ar.nn.RNN(0, 4), ar.ArgumentError, "RNN: input_size is a whole number from 1, not 0"),
        (lambda: ar.nn.GRU(3, 4.0), ar.ArgumentError, "GRU: hidden_size is a whole number from 1, not 4.0"),
        (lambda: ar.nn.LSTM(3, 4, True), ar.ArgumentError, "LSTM: num_layers is a whole number from 1, not True"),
        (lambda: ar.nn.GRUCell(3, -1), ar.ArgumentError, "GRUCell: hidden_size is a whole number from 1, not -1"),
        (
            lambda: ar.nn.RNN(3, 4, 1, "tnah"),
            ar.ArgumentError,
            "RNN: there is no nonlinearity 'tnah', only 'tanh' and 'relu'. Did you mean 'tanh'?",
        ),
        (
            lambda: ar.nn.LSTM(3, 4, 2, dropout=1.5),
            ar.ArgumentError,
            "LSTM: dropout is a number between 0 and 1, not 1.5",
        ),
        (
            lambda: ar.nn.LSTM(3, 4, 2, dropout=True),
            ar.ArgumentError,
            "LSTM: dropout is a number between 0 and 1, not True",
        ),
        (
            lambda: ar.nn.LSTM(3, 4, proj_size=2),
            ar.ArgumentError,
            "LSTM: there is no projection of h, so that proj_size is 0, not 2",
        ),
        (
            lambda: ar.nn.LSTM(3, 4, bias=False, forget_bias=1.0),
            ar.ArgumentError,
            "LSTM: there is no bias to hold the forget_bias 1.0; leave one of both out",
        ),
        (
            lambda: ar.nn.GRU(3, 4)(np.ones((5, 2, 4))),
            ar.ShapeError,
            "GRU: the input has shape (5, 2, 4), and has to have (T, batch, 3) or, without a batch, (T, 3)",
        ),
        (
            lambda: ar.nn.GRU(3, 4, batch_first=True)(np.ones(3)),
            ar.ShapeError,
            "GRU: the input has shape (3,), and has to have (batch, T, 3) or, without a batch, (T, 3)",
        ),
        (
            lambda: ar.nn.RNNCell(3, 4)(X),
            ar.ShapeError,
            "RNNCell: the input has shape (5, 2, 3), and has to have (batch, 3) or, without a batch, (3,)",
        ),
        (
            lambda: ar.nn.RNN(3, 4)(np.ones((0, 2, 3))),
            ar.ShapeError,
            "RNN: the input has shape (0, 2, 3); there has to be at least one step and one sequence",
        ),
        (
            lambda: ar.nn.RNN(3, 4)(X * 1j),
            ar.DtypeError,
            "RNN: the input holds complex128, and has to hold real numbers",
        ),
        (
            lambda: ar.nn.RNN(3, 4, 2, bidirectional=True)(X, np.ones((2, 2, 4))),
            ar.ShapeError,
            "RNN: hx has shape (2, 2, 4), and has to have (4, 2, 4), which is (layers · 2 directions, batch, hidden_size)",
        ),
        (
            lambda: ar.nn.GRU(3, 4)(X[:, 0], np.ones((1, 2, 4))),
            ar.ShapeError,
            "GRU: hx has shape (1, 2, 4), and has to have (1, 4), which is (layers, hidden_size)",
        ),
        (
            lambda: ar.nn.LSTM(3, 4)(X, (np.ones((1, 2, 4)), np.ones((2, 4)))),
            ar.ShapeError,
            "LSTM: c_0 has shape (2, 4), and has to have (1, 2, 4), which is (layers, batch, hidden_size)",
        ),
        (
            lambda: ar.nn.LSTMCell(3, 4)(np.ones(3), (np.ones(4), np.ones((1, 4)))),
            ar.ShapeError,
            "LSTMCell: c_0 has shape (1, 4), and has to have (4,), which is (hidden_size,)",
        ),
        (lambda: ar.nn.LSTM(3, 4)(X, X), ar.ArgumentError, "LSTM: hx is a pair, (h_0, c_0), not ndarray"),
        (lambda: ar.nn.LSTM(3, 4)(X, (X,)), ar.ArgumentError, "LSTM: hx is a pair, (h_0, c_0), not 1 of them"),
        (
            lambda: ar.nn.GRU(3, 4)(X, lengths=[5]),
            ar.ShapeError,
            "lengths are 2 whole numbers, one for each sequence, not int64 of shape (1,)",
        ),
        (
            lambda: ar.nn.GRU(3, 4, batch_first=True)(X, lengths=[3] * 5),
            ar.ShapeError,
            "lengths lie between 1 and the number of steps, 2; these are [3, 3, 3, 3, 3]",
        ),
    ],
)
def test_errors_say_what_is_wrong(call: Any, error: type[Exception], message: str) -> None:
    """The layer, the argument, the shapes that were and that are needed."""
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()


def test_a_layer_in_a_model() -> None:
    """As a part of a module it is saved, loaded and moved with it."""

    class Tagger(ar.nn.Module):
        def __init__(self) -> None:
            self.rnn = ar.nn.LSTM(I, H, bidirectional=True)
            self.weight = ar.nn.Parameter(np.ones((2, 2 * H)))

        def forward(self, x: Any) -> Any:
            return ar.nn.functional.linear(self.rnn(x)[0], self.weight)

    one, other = Tagger(), Tagger()
    other.load_state_dict(one.state_dict())
    assert list(one.state_dict())[:2] == ["weight", "rnn.weight_ih_l0"]
    np.testing.assert_array_equal(one(X), other(X))
    assert other.float()(X.astype(np.float32)).dtype == np.float32
    assert repr(one) == "Tagger(\n  (rnn): LSTM(3, 4, bidirectional=True)\n)"
