"""``ar.nn.record``: what recurrent layers compute inside, recorded where they stand."""

from __future__ import annotations

import numpy as np

import autorecur as ar

X = np.random.default_rng(0).standard_normal((5, 2, 3))


def test_gates_and_adjoints_of_a_layer() -> None:
    """The recorded values are those that the output came from, the adjoints those of its loss."""
    layer = ar.nn.LSTM(3, 4)
    with ar.nn.record() as runs:
        output, _ = layer(X)
    (output**2).sum().backward()
    run = runs["lstm_l0"]
    np.testing.assert_array_equal(run["h"].numpy(), output.numpy())
    np.testing.assert_allclose(run["o"].numpy() * np.tanh(run["c"].numpy()), output.numpy(), rtol=1e-12)
    np.testing.assert_allclose(run.adjoint["h"].numpy()[-1], 2 * output.numpy()[-1], rtol=1e-12)


def test_recording_changes_no_result() -> None:
    """Outputs and gradients are the same inside and outside the block."""
    layer = ar.nn.GRU(3, 4, num_layers=2)
    outside = layer(X, lengths=[5, 3])[0]
    with ar.nn.record() as runs:
        inside = layer(X, lengths=[5, 3])[0]
    np.testing.assert_allclose(inside.numpy(), outside.numpy(), rtol=1e-13)
    assert list(runs) == ["gru_reset_after_l0", "gru_reset_after_l1"]
    assert runs["gru_reset_after_l1"].lengths.tolist() == [5, 3]


def test_calls_are_counted_and_blocks_nest() -> None:
    """A layer that is called again has a further entry; after a block nothing more is recorded."""
    layer = ar.nn.RNNCell(3, 4)
    with ar.nn.record() as outer:
        h = layer(X[0])
        with ar.nn.record() as inner:
            layer(X[1], h)
    layer(X[2])
    assert list(outer) == ["rnn", "rnn (2)"]
    assert list(inner) == ["rnn"]
    assert inner["rnn"] is outer["rnn (2)"]


def test_a_layer_without_an_output_records_what_it_has() -> None:
    """Quantities whose parameters the layer does not hold are left out."""
    layer = ar.nn.Recurrent(ar.cells["gru"], {"n_x": 3, "n_h": 4}, outputs=("h",))
    with ar.nn.record() as runs:
        out, _ = layer(X)
    assert set(runs["gru"]) == {"r", "z", "n", "h"}
    assert set(out) >= {"h"}


def test_what_was_given_is_kept() -> None:
    """Parameters, inputs and initial states under the cell's names, copied."""
    layer = ar.nn.RNN(3, 4)
    start = np.ones((1, 2, 4))
    with ar.nn.record() as runs:
        layer(X, start)
    given = runs["rnn_l0"].given
    np.testing.assert_array_equal(given["W_x"], layer.weight_ih_l0.numpy())
    layer.weight_ih_l0.data = np.zeros((4, 3))
    assert given["W_x"].any()
    np.testing.assert_array_equal(given["x"], X)
    np.testing.assert_array_equal(given["h[0]"], start[0])
    assert ar.cells["rnn"].run(X, ar.cells["rnn"].init({"n_x": 3, "n_h": 4, "n_y": 1})).given is None
