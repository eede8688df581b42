"""From sequence to sequence: the parts one after the other by hand, teacher forcing, writing without a target, slips."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar

START, END = 2, 3
generator = np.random.default_rng(0)
X = generator.integers(0, 9, (5, 3))
Y = generator.integers(4, 7, (4, 3))
Y[-1] = END
Y[2:, 1] = END, -100
OWN = ar.cell("a[t] = sigmoid(W x[t] + b)\ns[t] = a[t] * s[t-1] + (1 - a[t]) * tanh(V x[t] + U s[t-1])")


def made(cell: Any = "lstm", **more: Any) -> Any:
    ar.manual_seed(4)
    return ar.nn.EncoderDecoder(cell, 9, 7, 4, **{"embedding": 3, **more})


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "ugrnn", OWN], ids=["rnn", "gru", "lstm", "ugrnn", "own"])
def test_the_parts_run_one_after_the_other(cell: Any) -> None:
    """The decoder begins with the encoder's last states, and reads start and the target but for its last step."""
    model = made(cell, num_layers=2)
    logits, _ = model(X, target=Y, lengths=[5, 2, 3])
    _, state = model.encoder(model.source_embedding(X), lengths=[5, 2, 3])
    given = np.vstack([[START] * 3, Y[:-1]])
    given[given < 0] = END
    output, _ = model.decoder(model.target_embedding(given), state)
    np.testing.assert_allclose(logits, model.readout(output), rtol=1e-12)
    ar.nn.functional.cross_entropy(logits.reshape((-1, 7)), Y.ravel()).backward()
    assert all(np.abs(p.grad.numpy()).max() > 0 for p in model.parameters())


@pytest.mark.parametrize("cell", ["gru", "lstm", OWN], ids=["gru", "lstm", "own"])
def test_two_directions_cross_a_bridge(cell: Any) -> None:
    """Each kind of state of each layer: tanh of one linear map of both."""
    model = made(cell, num_layers=2, bidirectional=True)
    state = model.encode(X)
    _, last = model.encoder(model.source_embedding(X))
    if isinstance(last, dict):
        both = np.concatenate([last["l1"]["s"], last["l1_reverse"]["s"]], -1)
        found, bridge = state["l1"]["s"], model.bridge.s
    else:
        h = last[0] if cell == "lstm" else last
        both = np.concatenate([h[2], h[3]], -1)
        found, bridge = (state[0] if cell == "lstm" else state)[1], model.bridge.h
    np.testing.assert_allclose(found, np.tanh(both @ bridge.weight.data.T + bridge.bias.data), rtol=1e-12)
    model(X, target=Y)[0].sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_another_cell_may_decode() -> None:
    """States go over by their names; what has none begins at zero."""
    model = made("gru", decoder_cell="lstm", num_layers=2)
    h, c = model.encode(X)
    np.testing.assert_array_equal(h, model.encoder(model.source_embedding(X))[1])
    assert not c.data.any()
    assert made("lstm", decoder_cell="ugrnn")(X, target=Y)[0].shape == (4, 3, 7)
    with pytest.raises(
        ar.ArgumentError, match="ends with the states h, and the decoder begins with s: none has a name in both"
    ):
        made("gru", decoder_cell=OWN)


def test_the_decoders_own_tokens_are_read_where_teachers_do_not_force() -> None:
    """With a ratio of 0 the logits are those of reading what was written; with 1 the target; between, some steps of each."""
    model = made()
    own, _ = model(X, target=Y, teacher_forcing=0.0)
    tokens, _ = model.greedy(X, max_length=4)
    written = own.data.argmax(-1)
    for i in range(3):
        end = list(tokens[:, i]).index(END) + 1 if END in tokens[:, i] else len(tokens)
        np.testing.assert_array_equal(written[:end, i], tokens[:end, i])
    again, _ = model(X, target=np.vstack([written[:-1], Y[-1:]]), teacher_forcing=1.0)
    np.testing.assert_allclose(own, again, rtol=1e-10)
    forced, _ = model(X, target=Y)
    ar.manual_seed(1)
    some, _ = model(X, target=Y, teacher_forcing=0.5)
    ar.manual_seed(1)
    np.testing.assert_array_equal(some, model(X, target=Y, teacher_forcing=0.5)[0])
    np.testing.assert_allclose(some[0], forced[0], rtol=1e-12)
    some.sum().backward()


def test_use_is_always_forced_and_drops_nothing() -> None:
    """After eval() the loss is that of the true tokens."""
    model = made(teacher_forcing=0.0, dropout=0.5, num_layers=2).eval()
    np.testing.assert_array_equal(model(X, target=Y)[0], model(X, target=Y, teacher_forcing=1.0)[0])


def test_greedy_writes_what_is_likeliest_up_to_the_end() -> None:
    """Step by step by hand; behind its end a sequence goes on with end; nothing is recorded and modes stay."""
    model = made(dropout=0.5, num_layers=2)
    model.readout.eval()
    ar.nn.init.normal_(model.readout.weight, 0.0, 3.0)
    tokens, ends = model.greedy(X, [5, 2, 3], max_length=7)
    assert model.training
    assert not model.readout.training
    model.eval()
    for i, n in enumerate([5, 2, 3]):
        state, token, written = model.encode(X[:n, i : i + 1]), START, []
        while token != END and len(written) < 7:
            logits, state = model.decode([[token]], state)
            token = int(logits.data.argmax())
            written.append(token)
        assert tokens[: len(written), i].tolist() == written
        assert set(tokens[len(written) :, i]) <= {END}
        assert ends[i] == len(written) - (END in written)


def test_it_learns_to_copy_and_translates() -> None:
    """A hundred updates, and texts of any length come back through a vocabulary."""
    ar.manual_seed(0)
    model = ar.nn.EncoderDecoder("gru", 8, 8, 24, embedding=8)
    rng = np.random.default_rng(1)
    x = rng.integers(4, 8, (3, 64))
    y = np.vstack([x, np.full(64, END)])
    optimizer = ar.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(120):
        optimizer.zero_grad()
        logits, _ = model(x, target=y)
        ar.nn.functional.cross_entropy(logits.reshape((-1, 8)), y.ravel()).backward()
        ar.nn.utils.clip_grad_norm_(model, 1.0)
        optimizer.step()
    written = model.translate(
        ["".join("abcd"[t - 4] for t in x[:, i]) for i in range(10)],
        encode=lambda text: ["abcd".index(letter) + 4 for letter in text],
        decode=lambda tokens: "".join("abcd"[t - 4] for t in tokens if t > 3),
    )
    truth = ["".join("abcd"[t - 4] for t in x[:, i]) for i in range(10)]
    assert sum(a == b for a, b in zip(written, truth, strict=True)) >= 9


def test_a_source_of_numbers_and_one_sequence_alone() -> None:
    """With no embedding for the source; without a batch."""
    model = ar.nn.EncoderDecoder("gru", 2, 7, 4, embedding=(None, "one_hot"))
    x = generator.standard_normal((5, 3, 2))
    assert model(x, target=Y)[0].shape == (4, 3, 7)
    assert model(x[:, 0], target=Y[:, 0])[0].shape == (4, 7)
    tokens, end = model.greedy(x[:, 0], max_length=3)
    assert (tokens.ndim, np.shape(end)) == (1, ())
    assert len(model.translate([x[:, 0], x[:2, 1]], max_length=4)) == 2


def test_slips_are_told() -> None:
    """In one sentence each."""
    model = made()
    with pytest.raises(ar.ArgumentError, match=r"pass the target, \(T, batch\), or write without one: model.greedy"):
        model(X)
    with pytest.raises(ar.ShapeError, match=r"the target has shape \(4, 2\); the source asks for \(T, 3\)"):
        model(X, target=Y[:, :2])
    with pytest.raises(
        ar.ArgumentError, match="begin with the token 2, which is start; the model puts it there itself"
    ):
        model(X, target=np.vstack([[START] * 3, Y]))
    with pytest.raises(ar.DtypeError, match="the target holds float64"):
        model(X, target=Y * 1.0)
    with pytest.raises(ar.ArgumentError, match="end is the number of a token, 0 to 6, not 7"):
        made(end=7)
    with pytest.raises(ar.ArgumentError, match="the decoder reads tokens"):
        made(embedding=None)
    with pytest.raises(ar.ArgumentError, match="give a list of sources, not 'abc'"):
        model.translate("abc")
    with pytest.raises(ar.ShapeError, match="source 1 is empty"):
        model.translate([[1, 2], []])
    with pytest.raises(ar.ShapeError, match="the input holds 12 at index"):
        model.translate([[12, 2]])
    with pytest.raises(ar.ArgumentError, match="C is no vector"):
        made("mlstm", bidirectional=True)
