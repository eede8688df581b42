"""Recurrent layers are PyTorch's: values, gradients, names, arguments; against PyTorch and against numbers stored of it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from tests.nn.stored.cases import CASES, SIZES, UNIT, Arrays, compare, drawn, like, ours

LAYERS = ["RNN", "GRU", "LSTM", "RNNCell", "GRUCell", "LSTMCell"]


@pytest.fixture(scope="module")
def stored() -> Arrays:
    with np.load(Path(__file__).parent / "stored" / "recurrent.npz") as file:
        return dict(file)


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_those_stored(name: str, stored: Arrays) -> None:
    """Outputs, last states, and the gradients by input, initial states and weights, as PyTorch once computed them."""
    given = like(drawn(CASES[name], 0), stored[f"{name}/given"] * UNIT)
    found = ours(CASES[name], given)
    compare(found, like(found, stored[f"{name}/found"]))


def test_the_stored_numbers_are_those_of_these_cases(stored: Arrays) -> None:
    """No case is left over, and the version is there."""
    assert {key.split("/")[0] for key in stored} == {*CASES, "PyTorch"}
    assert re.match(r"\d+\.\d+", str(stored["PyTorch"]))


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip(
        "torch", reason="PyTorch is not installed; without it the numbers that are stored of it are compared"
    )


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_those_of_pytorch(name: str, torch: Any) -> None:
    """The same on other numbers."""
    from tests.nn.stored.pytorch import theirs

    given = drawn(CASES[name], 1000 + len(name))
    compare(ours(CASES[name], given), theirs(CASES[name], given))


@pytest.mark.parametrize("layer", LAYERS)
def test_names_and_order_of_weights(layer: str, torch: Any) -> None:
    """``state_dict`` has the same names in the same order, and each library loads the other's."""
    settings = {} if layer.endswith("Cell") else {"num_layers": 2, "bidirectional": True}
    own, other = getattr(ar.nn, layer)(**SIZES, **settings), getattr(torch.nn, layer)(**SIZES, **settings)
    assert list(own.state_dict()) == list(other.state_dict())
    assert [n for n, _ in own.named_parameters()] == [n for n, _ in other.named_parameters()]
    own.load_state_dict(other.state_dict())
    for name, parameter in other.named_parameters():
        np.testing.assert_array_equal(own.get_parameter(name).numpy(), parameter.numpy(force=True).astype(np.float64))
    other.double().load_state_dict({name: torch.tensor(array) for name, array in own.double().state_dict().items()})
    own.load_state_dict(dict(other.named_parameters()))  # leaves with a gradient


@pytest.mark.parametrize("layer", LAYERS)
def test_arguments(layer: str, torch: Any) -> None:
    """What PyTorch takes by position stands at the same position with the same default; the rest is passed by name."""
    base = {"RNN": ["input_size", "hidden_size", "num_layers", "nonlinearity", "bias", "batch_first", "dropout"]}
    stated = ["input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional", "proj_size"]
    mine = list(inspect.signature(getattr(ar.nn, layer).__init__).parameters.values())[1:]
    if layer.endswith("Cell"):
        theirs = list(inspect.signature(getattr(torch.nn, layer).__init__).parameters.values())[1:]
        known = {parameter.name: parameter.default for parameter in theirs}
        places = [parameter.name for parameter in theirs]
    else:
        made = getattr(torch.nn, layer)(3, 4)
        known = {
            name: getattr(made, name) for name in ("num_layers", "bias", "batch_first", "dropout", "bidirectional")
        }
        known |= {"input_size": inspect.Parameter.empty, "hidden_size": inspect.Parameter.empty, "proj_size": 0}
        known["nonlinearity"] = "tanh"
        places = base.get(layer, stated)
    for i, parameter in enumerate(mine):
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
            assert places[i : i + 1] in ([parameter.name], []), parameter.name
            assert parameter.default == known[parameter.name]


def test_initial_numbers_are_spread_as_in_pytorch(torch: Any) -> None:
    """Uniform within ±1/√H: the same range and the same variance."""
    ar.manual_seed(0)
    torch.manual_seed(0)
    own, other = ar.nn.LSTM(40, 50), torch.nn.LSTM(40, 50)
    for name, parameter in other.named_parameters():
        numbers = own.get_parameter(name).numpy()
        assert np.abs(numbers).max() <= 1 / np.sqrt(50)
        assert np.isclose(np.abs(numbers).max(), parameter.abs().max().item(), rtol=0.05)
        assert np.isclose(numbers.var(), parameter.var().item(), rtol=0.2)
