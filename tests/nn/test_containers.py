"""Modules of modules: order, names, slices; sizes that do not fit; hooks, buffers, summaries."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import autorecur as ar

nn = ar.nn
X = np.random.default_rng(0).standard_normal((4, 2, 3))


def net() -> Any:
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def test_modules_run_in_order_under_their_numbers_or_names() -> None:
    """Names are attributes; numbers count from either end; the state has PyTorch's names."""
    model = net()
    np.testing.assert_array_equal(model(X), model[2](model[1](model[0](X))))
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    named = nn.Sequential({"first": model[0], "act": model[1], "second": model[-1]})
    assert named.second is named["second"] is named[2] is model[2]
    np.testing.assert_array_equal(named(X), model(X))


def test_slices_share_their_modules() -> None:
    """A slice is a Sequential; removing numbers anew."""
    model = net()
    assert isinstance(model[:2], nn.Sequential)
    assert model[:2][0] is model[0]
    del model[1]
    assert [name for name, _ in model.named_children()] == ["0", "1"]
    model[1] = nn.Linear(4, 5)
    assert model(X).shape == (4, 2, 5)
    model.insert(1, nn.ReLU())
    assert [type(each).__name__ for each in model] == ["Linear", "ReLU", "Linear"]
    assert model[1] in model
    with pytest.raises(IndexError, match="holds 3 modules, and there is no number 7"):
        model[7]


def test_recurrent_layers_give_their_output() -> None:
    """Whatever kind they are; lengths reach all of them, also further within."""
    cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1])")
    inner = nn.Sequential(nn.Recurrent(cell, {"n_x": 4, "n_h": 5}), nn.Dropout(0.5))
    model = nn.Sequential(nn.LSTM(3, 4), inner, nn.Linear(5, 2)).eval()
    assert model(X).shape == (4, 2, 2)
    short = model(X, lengths=[4, 2])
    np.testing.assert_allclose(short[:2], model(X[:2]), rtol=1e-12)
    np.testing.assert_allclose(short.data[3, 1], model[2].bias.data)


def test_layers_that_do_not_fit_are_both_named() -> None:
    """When they are put together, looking through what gives the shape that it takes."""
    with pytest.raises(
        ar.ShapeError, match=r"layer 0 \(Linear\(in_features=3, out_features=4.*gives \(…, 4\), and layer 2 .*5"
    ):
        nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(5, 2))
    with pytest.raises(
        ar.ShapeError, match=r"layer 0 \(LSTM\(3, 4, bidirectional=True\)\) gives \(…, 8\), and layer 1"
    ):
        nn.Sequential(nn.LSTM(3, 4, bidirectional=True), nn.LayerNorm(4))
    model = net()
    with pytest.raises(ar.ShapeError, match=r"layer 2 .*gives \(…, 2\), and layer 3 "):
        model.append(nn.GRU(3, 1))
    assert len(model) == 3
    nn.Sequential(nn.Embedding(9, 3), nn.Sequential(nn.RNN(3, 4)), nn.Linear(4, 1))


class Model(nn.Module):
    def __init__(self) -> None:
        self.head = nn.Sequential({"first": nn.Linear(3, 4), "act": nn.Tanh(), "second": nn.Linear(4, 2)})

    def forward(self, x: Any) -> Any:
        return self.head(x)


def test_the_paths_of_layers_that_do_not_fit_are_those_from_the_model() -> None:
    """What is put in later is found out when it runs, however far within."""
    model = Model()
    model.head["second"] = nn.Linear(7, 2)
    with pytest.raises(
        ar.ShapeError, match=r"layer head\.first .*gives \(4, 2, 4\), and layer head\.second .*cannot take"
    ):
        model(X)
    outer = nn.Sequential(nn.Identity(), model)
    with pytest.raises(ar.ShapeError, match=r"layer 1\.head\.first .* and layer 1\.head\.second "):
        outer(X)


def test_what_is_no_layer_is_refused() -> None:
    """A class in place of a module, a module within itself, a name that means something."""
    with pytest.raises(ar.ArgumentError, match="holds modules, and this is type"):
        nn.Sequential(nn.Tanh)  # type: ignore[arg-type]
    model = net()
    with pytest.raises(ar.ArgumentError, match="cannot hold itself"):
        model.append(nn.Sequential(model))
    with pytest.raises(ar.ArgumentError, match="'forward' cannot be the name"):
        nn.Sequential({"forward": nn.Tanh()})
    with pytest.raises(ar.ArgumentError, match="no 'third', only 0, 1, 2"):
        model["third"]


def test_a_list_holds_modules() -> None:
    """As a list does; what is in it is learned."""
    layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(3))
    assert len(list(layers.parameters())) == 6
    assert isinstance(layers[1:], nn.ModuleList)
    layers.append(nn.Tanh()).extend([nn.ReLU()])
    assert len(layers) == 5
    with pytest.raises(NotImplementedError):
        layers(X)


def test_hooks_see_and_change_outputs() -> None:
    """Until they are removed."""
    model, seen = net(), []
    remove = model[0].register_forward_hook(lambda module, arguments, output: seen.append((module, output.shape)))
    before = model(X)
    change = model[1].register_forward_hook(lambda module, arguments, output: output * 0.0)
    np.testing.assert_array_equal(model(X).data, np.broadcast_to(model[2].bias.data, (4, 2, 2)))
    remove()
    change()
    np.testing.assert_array_equal(model(X), before)
    assert seen == [(model[0], (4, 2, 4))] * 2


def test_buffers_are_state_that_is_not_learned() -> None:
    """They go with the state and the dtype, and no gradient comes."""
    loss = nn.CrossEntropyLoss([1.0, 2.0])
    assert not list(loss.parameters())
    other = nn.CrossEntropyLoss([1.0, 1.0])
    other.load_state_dict(loss.state_dict())
    assert other.weight.data.tolist() == [1.0, 2.0]
    assert [name for name, _ in other.named_buffers()] == ["weight"]
    assert other.float().weight.dtype == np.float32
    assert pickle.loads(pickle.dumps(other)).weight.data.tolist() == [1.0, 2.0]


def test_apply_reaches_the_innermost_first() -> None:
    """Then what holds it."""
    order: list[str] = []
    nn.Sequential(nn.Sequential(nn.Tanh()), nn.ReLU()).apply(lambda module: order.append(type(module).__name__))
    assert order == ["Tanh", "Sequential", "ReLU", "Sequential"]


def test_a_summary_shows_paths_shapes_and_counts() -> None:
    """With an input the shapes are those that were computed; nothing else changes."""
    model = nn.SequenceModel("gru", 9, 4, 2, embedding=3, dropout=0.5)
    model.embedding.requires_grad_(False)
    ar.manual_seed(2)
    table = model.summary(np.zeros((5, 2), int))
    shown = {row.path: row.output for row in table.rows}
    assert shown == {"": "(5, 2, 2)", "embedding": "(5, 2, 3)", "recurrent": "(5, 2, 4)", "readout": "(5, 2, 2)"}
    assert table.total == sum(p.size for p in model.parameters()) == table.trainable + 27
    assert "27 of them fixed" in str(table)
    assert "<td style='text-align:left'>recurrent</td>" in table._repr_html_()
    assert model.training
    first = nn.functional.dropout(np.ones(9)).data
    ar.manual_seed(2)
    np.testing.assert_array_equal(first, nn.functional.dropout(np.ones(9)))
    assert nn.summary(model).rows[2].output == ""


def test_a_shared_parameter_counts_once() -> None:
    """In the totals and in its second row."""
    one, other = nn.Linear(3, 3), nn.Linear(3, 3)
    other.weight = one.weight
    table = nn.summary(nn.Sequential(one, other))
    assert table.total == 9 + 3 + 3
    assert [row.count for row in table.rows] == [0, 12, 3]
