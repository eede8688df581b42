"""The model for sequences computes what its parts compute: for any cell, with lengths, going on, in either dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar

generator = np.random.default_rng(0)
X = generator.standard_normal((6, 3, 2))
TOKENS = generator.integers(0, 7, (6, 3))
OWN = ar.cell("a[t] = sigmoid(W x[t] + b)\ns[t] = a[t] * s[t-1] + (1 - a[t]) * tanh(V x[t] + U s[t-1])")
CELLS: list[Any] = ["rnn", "gru", "lstm", "ugrnn", OWN]


def made(cell: Any, **more: Any) -> Any:
    return ar.nn.SequenceModel(cell, 2, 4, 3, **more)


def h_of(model: Any, last: Any) -> Any:
    """The last hidden values of the top layer, by direction."""
    if isinstance(last, dict):
        return [state[model.recurrent.output] for state in last.values()][-2 if model.recurrent.bidirectional else -1 :]
    h = last[0] if isinstance(last, tuple) else last
    return list(h[-2:]) if model.recurrent.bidirectional else [h[-1]]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell if isinstance(cell, str) else "own")
@pytest.mark.parametrize("deep", [{}, {"num_layers": 2, "bidirectional": True}], ids=["one layer", "deep"])
def test_the_readout_is_one_linear_map_of_the_recurrence(cell: Any, deep: dict[str, Any]) -> None:
    """At every step, or of the last values of the top layer."""
    ar.manual_seed(1)
    every, last = made(cell, **deep), made(cell, readout="last", **deep)
    last.load_state_dict(every.state_dict())
    output, end = every(X)
    hidden, _ = every.recurrent(X)
    W, b = every.readout.weight.data, every.readout.bias.data
    assert output.shape == (6, 3, 3)
    np.testing.assert_allclose(output, hidden.data @ W.T + b, rtol=1e-12)
    short, _ = last(X)
    np.testing.assert_allclose(short, np.concatenate(h_of(every, end), -1) @ W.T + b, rtol=1e-12)
    (every(X)[0] ** 2).sum().backward()
    assert all(np.abs(p.grad.numpy()).max() > 0 for p in every.parameters())


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell if isinstance(cell, str) else "own")
@pytest.mark.parametrize("readout", ["every", "last"])
def test_lengths_give_what_each_sequence_gives_alone(cell: Any, readout: str) -> None:
    """Whatever stands in the padding, and for both directions."""
    model = made(cell, readout=readout, num_layers=2, bidirectional=True)
    padded = X.copy()
    lengths = [6, 2, 4]
    for i, n in enumerate(lengths):
        padded[n:, i] = 1e3
    output, _ = model(padded, lengths=lengths)
    for i, n in enumerate(lengths):
        alone, _ = model(X[:n, i : i + 1])
        found = output[i] if readout == "last" else output[:n, i]
        np.testing.assert_allclose(found, alone.data[0] if readout == "last" else alone.data[:, 0], rtol=1e-10)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell if isinstance(cell, str) else "own")
def test_the_last_states_begin_what_follows(cell: Any) -> None:
    """Two pieces are the whole; cut off, they carry no gradient."""
    model = made(cell, num_layers=2)
    whole, _ = model(X)
    first, state = model(X[:4])
    second, _ = model(X[4:], initial=ar.detach(state))
    np.testing.assert_allclose(np.concatenate([first, second]), whole, rtol=1e-12)


@pytest.mark.parametrize("cell", ["lstm", OWN], ids=lambda cell: cell if isinstance(cell, str) else "own")
def test_sequences_without_a_batch(cell: Any) -> None:
    """That axis is missing everywhere."""
    model = made(cell)
    np.testing.assert_allclose(model(X[:, 0])[0], model(X[:, :1])[0][:, 0], rtol=1e-12)
    short = made(cell, readout="last")
    assert short(X[:, 0])[0].shape == (3,)


def test_tokens_are_read_through_a_table_or_as_one_hot_vectors() -> None:
    """One-hot vectors times the input weights are the table's rows times them, if the table is the identity."""
    one = ar.nn.SequenceModel("gru", 7, 4, 3, embedding="one_hot")
    table = ar.nn.SequenceModel("gru", 7, 4, 3, embedding=7)
    ar.nn.init.eye_(table.embedding.weight)
    table.load_state_dict({**one.state_dict(), "embedding.weight": np.eye(7)})
    np.testing.assert_allclose(one(TOKENS)[0], table(TOKENS)[0], rtol=1e-12)
    own = ar.nn.SequenceModel("gru", 5, 4, 3, embedding=ar.nn.Sequential(ar.nn.Embedding(7, 5), ar.nn.Tanh()))
    assert own(TOKENS)[0].shape == (6, 3, 3)


def test_the_padding_is_read_as_nothing() -> None:
    """Its vector is zero, and stays so."""
    model = ar.nn.SequenceModel("rnn", 7, 4, 3, embedding=5, padding_idx=0, readout="last")
    model(TOKENS)[0].sum().backward()
    assert not model.embedding.weight.data[0].any()
    assert not model.embedding.weight.grad.numpy()[0].any()


def test_dropout_acts_in_training_alone() -> None:
    """Between layers and in front of the readout, drawn from the package's generator."""
    model = made("lstm", dropout=0.5, num_layers=2)
    ar.manual_seed(3)
    first = model(X)[0].data
    ar.manual_seed(3)
    np.testing.assert_array_equal(first, model(X)[0])
    assert not np.array_equal(first, model(X)[0])
    model.eval()
    np.testing.assert_array_equal(model(X)[0], model(X)[0])
    single = made("lstm", dropout=1.0)  # nothing of the recurrence is left
    np.testing.assert_array_equal(single(X)[0].data, np.broadcast_to(single.readout.bias.data, (6, 3, 3)))


@pytest.mark.parametrize("cell", ["lstm", OWN], ids=lambda cell: cell if isinstance(cell, str) else "own")
def test_single_precision(cell: Any) -> None:
    """After float() everything is float32, whatever the input is."""
    model, tokens = made(cell).float(), ar.nn.SequenceModel(cell, 7, 4, 3, embedding="one_hot").float()
    assert model(X)[0].dtype == tokens(TOKENS)[0].dtype == np.float32


def test_the_time_between_steps_is_an_input_or_a_column() -> None:
    """A cell that has an input for it reads it there."""
    dt = np.abs(generator.standard_normal((6, 3, 1)))
    column = ar.nn.SequenceModel("lstm", 3, 4, 2)
    expected = column(np.concatenate([X, dt], -1))[0]
    np.testing.assert_allclose(column(X, dt=dt)[0], expected, rtol=1e-12)
    own = ar.nn.SequenceModel(ar.cell("h[t] = tanh(W x[t] + U h[t-1] + V d[t])"), 2, 4, 3, num_layers=2)
    assert own(X, dt=dt)[0].shape == own(X, dt=dt[..., 0])[0].shape == (6, 3, 3)
    with pytest.raises(ar.ArgumentError, match="reads d, the time since the step before: pass dt"):
        own(X)


def test_layers_take_their_settings() -> None:
    """A forget bias, a nonlinearity; what is unknown is refused with the nearest name."""
    model = made("lstm", forget_bias=1.0)
    assert (model.recurrent.bias_ih_l0 + model.recurrent.bias_hh_l0).data[4:8].tolist() == [1.0] * 4
    assert made("rnn", nonlinearity="relu").recurrent.nonlinearity == "relu"
    with pytest.raises(ar.ArgumentError, match=r"there is no setting 'forgetbias'.*Did you mean 'forget_bias'\?"):
        made("lstm", forgetbias=1.0)


@pytest.mark.parametrize("name", list(ar.cells))
def test_every_built_in_cell_is_a_layer(name: str) -> None:
    """With what its readout reads as its output."""
    dt = np.ones((3, 2, 1)) if len(ar.cells[name].inputs) > 1 else None
    model = ar.nn.SequenceModel(ar.cells[name], 2, 4, 1, readout="last")
    output, _ = model(X[:3, :2], dt=dt)
    assert output.shape == (2, 1)
    shown = {
        "gru_chung": "a",
        "gru_concatenated": "c",
        "gru_simplified": "c",
        "rnn_stacked": "h_2",
        "rnn_bidirectional": "y",
    }
    shown |= {"lstm_no_output_tanh": "a", "rnn_concatenated": "a", "rnn_row": "a"}
    assert model.recurrent.output == shown.get(name, "h")


def test_slips_are_told() -> None:
    """In one sentence, with the nearest name."""
    with pytest.raises(ar.ArgumentError, match=r"there is no built-in cell 'lstn'\. Did you mean 'lstm'\?"):
        made("lstn")
    with pytest.raises(ar.ArgumentError, match="there is no readout 'all'"):
        made("lstm", readout="all")
    with pytest.raises(ar.DtypeError, match="are these tokens\\? Then say how they are read, by embedding=8"):
        made("lstm")(TOKENS)
    with pytest.raises(ar.ShapeError, match="the input has shape \\(6, 3, 5\\)"):
        made("lstm")(np.ones((6, 3, 5)))
    with pytest.raises(ar.ShapeError, match="has the size n_h, which is 2 already, and not 4"):
        made(ar.cell("h[t] = tanh(x[t] + u * h[t-1])"))
    with pytest.raises(ar.ArgumentError, match="has the inputs a, b, c; a stack takes cells with one"):
        made(ar.cell("h[t] = tanh(A a[t] + B b[t] + C c[t] + U h[t-1])"))
    with pytest.raises(ar.ArgumentError, match="looks ahead in time already"):
        made("rnn_bidirectional", bidirectional=True)
    with pytest.raises(ar.ArgumentError, match="there is no layer 'l7', only l0"):
        made(OWN)(X, initial={"l7": {}})
    with pytest.raises(ar.ArgumentError, match="padding_idx belongs to an embedding"):
        made("lstm", padding_idx=0)
    with pytest.raises(ar.ArgumentError, match="a cell is a name"):
        made(3)
    with pytest.raises(ar.ArgumentError, match="does not compute 'z'"):
        made(OWN, output="z")
    with pytest.raises(ar.ArgumentError, match="has no size 'n_q'"):
        made(OWN, sizes={"n_q": 3})
