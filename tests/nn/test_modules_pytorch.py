"""Modules are PyTorch's: values, gradients, names, arguments, initial values; by PyTorch and numbers stored of it."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from tests.nn.stored.modules import CASES, STORED, Arrays, ours, theirs


@pytest.fixture(scope="module")
def stored() -> Arrays:
    with np.load(STORED) as file:
        return dict(file)


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip(
        "torch", reason="PyTorch is not installed; the numbers that are stored of it are compared"
    )


def part(arrays: Arrays, prefix: str) -> Arrays:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def compare(found: Arrays, expected: Arrays) -> None:
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].shape == array.shape
        np.testing.assert_allclose(found[name], array, rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_those_stored(name: str, stored: Arrays) -> None:
    """As PyTorch once computed them from the same state."""
    compare(ours(CASES[name], part(stored, f"{name}/given/")), part(stored, f"{name}/found/"))


def test_no_stored_number_is_left_over(stored: Arrays) -> None:
    """The file is that of these cases."""
    assert {key.split("/")[0] for key in stored} == {*CASES, "PyTorch"}


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_pytorchs(name: str, torch: Any) -> None:
    """The same on the spot, from other numbers."""
    given = CASES[name].drawn(100)
    compare(ours(CASES[name], given), theirs(CASES[name], given))


@pytest.mark.parametrize("name", CASES)
def test_states_and_defaults_are_pytorchs(name: str, torch: Any) -> None:
    """The names in ``state_dict``, in order; every argument here is one there, with the same default."""
    case = CASES[name]
    module = case.made(ar.nn, np.array)
    other = case.made(torch.nn, lambda numbers: torch.tensor(numbers, dtype=torch.float64))
    assert list(module.state_dict()) == list(other.state_dict())
    here, there = (inspect.signature(type(each).__init__).parameters for each in (module, other))
    for key, parameter in here.items():
        if key in there and key != "dim":
            assert parameter.default == there[key].default, key
        else:
            assert key in ("dim", "arguments", "named"), key


def starts(make: Any, name: str, count: int = 30) -> np.ndarray:
    """The numbers that a parameter starts with, of several modules."""
    ar.manual_seed(5)
    return np.concatenate([np.ravel(getattr(make(), name).data) for _ in range(count)])


def is_uniform(numbers: np.ndarray, bound: float) -> None:
    """Within the bound, close to it, with the variance of a uniform law."""
    assert 0.98 * bound < np.abs(numbers).max() <= bound
    assert numbers.var() == pytest.approx(bound**2 / 3, rel=0.06)
    assert abs(numbers.mean()) < 0.05 * bound


def is_normal(numbers: np.ndarray, std: float) -> None:
    """The variance and the fourth moment of a normal law."""
    assert numbers.std() == pytest.approx(std, rel=0.05)
    assert (numbers**4).mean() == pytest.approx(3 * std**4, rel=0.2)


def test_linear_starts_as_pytorchs() -> None:
    """Uniform within ±1/√in, weight and bias alike."""
    for name in ("weight", "bias"):
        is_uniform(starts(lambda: ar.nn.Linear(20, 50), name), 1 / math.sqrt(20))


def test_embedding_and_layer_norm_start_as_pytorchs() -> None:
    """Normal rows, but for the padding; ones and zeros."""
    is_normal(starts(lambda: ar.nn.Embedding(30, 10), "weight"), 1.0)
    table = ar.nn.Embedding(30, 10, padding_idx=-1).weight.data
    assert not table[29].any()
    assert table[:29].all()
    norm = ar.nn.LayerNorm((2, 3))
    assert norm.weight.data.tolist() == [[1.0] * 3] * 2
    assert not norm.bias.data.any()


def matrix(fill: Any, shape: tuple[int, ...] = (100, 60)) -> np.ndarray:
    ar.manual_seed(6)
    tensor = ar.nn.Parameter(np.full(shape, np.nan))
    assert fill(tensor) is tensor
    return tensor.data


init = ar.nn.init


def test_the_bounds_of_initial_values() -> None:
    """Each law with the fans (60, 100) of a matrix, as the papers write it."""
    is_uniform(matrix(lambda t: init.uniform_(t, -0.5, 0.5)), 0.5)
    is_uniform(matrix(lambda t: init.xavier_uniform_(t, 2.0)), 2 * math.sqrt(6 / 160))
    is_uniform(matrix(lambda t: init.kaiming_uniform_(t, nonlinearity="relu")), math.sqrt(6 / 60))
    is_uniform(matrix(lambda t: init.kaiming_uniform_(t, 0.5, "fan_out")), math.sqrt(6 / 1.25 / 100))
    is_uniform(matrix(init.lecun_uniform_), math.sqrt(3 / 60))
    is_normal(matrix(lambda t: init.normal_(t, 0.0, 3.0)), 3.0)
    is_normal(matrix(init.xavier_normal_), math.sqrt(2 / 160))
    is_normal(matrix(lambda t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="tanh")), 5 / 3 / 10)
    is_normal(matrix(init.lecun_normal_), 1 / math.sqrt(60))
    assert (matrix(lambda t: init.constant_(t, 7.0)) == 7).all()
    np.testing.assert_array_equal(matrix(init.eye_), np.eye(100, 60))


@pytest.mark.parametrize("shape", [(60, 40), (40, 60), (50, 50), (20, 5, 3)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    """Whichever are fewer; times the gain; over the whole group: both signs of the determinant come."""
    Q = matrix(lambda t: init.orthogonal_(t, 2.0), shape).reshape(shape[0], -1)
    gram = Q @ Q.T if shape[0] <= Q.shape[1] else Q.T @ Q
    np.testing.assert_allclose(gram, 4 * np.eye(min(Q.shape)), atol=1e-12)
    signs = {np.sign(np.linalg.det(init.orthogonal_(ar.nn.Parameter(np.zeros((3, 3)))).data)) for _ in range(20)}
    assert signs == {-1.0, 1.0}


@pytest.mark.parametrize(("a", "b"), [(-2.0, 2.0), (3.0, 8.0), (-6.0, 0.5)])
def test_a_normal_law_cut_off(a: float, b: float) -> None:
    """Between a and b, with the mean that the cut law has, also far out in a tail."""
    from scipy.stats import truncnorm

    numbers = matrix(lambda t: init.trunc_normal_(t, 0.5, 1.5, a, b))
    law = truncnorm((a - 0.5) / 1.5, (b - 0.5) / 1.5, 0.5, 1.5)
    assert a <= numbers.min()
    assert numbers.max() <= b
    assert numbers.mean() == pytest.approx(law.mean(), abs=0.05)
    assert numbers.std() == pytest.approx(law.std(), rel=0.05)


@pytest.mark.parametrize("nonlinearity", ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains_are_pytorchs(nonlinearity: str, torch: Any) -> None:
    """With a slope and without."""
    assert init.calculate_gain(nonlinearity) == torch.nn.init.calculate_gain(nonlinearity)
    assert init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


def test_the_same_seed_gives_the_same_start() -> None:
    """All draw from the generator of the package."""
    np.testing.assert_array_equal(matrix(init.xavier_uniform_), matrix(init.xavier_uniform_))
    np.testing.assert_array_equal(matrix(init.orthogonal_), matrix(init.orthogonal_))


def test_forget_gates_begin_open() -> None:
    """Of layers, of cells as layers, of all within a model; where there is none, that is said."""
    stack = ar.nn.SequenceModel(ar.cells["lstm"], 2, 3, 1, num_layers=2)
    model = ar.nn.ModuleList([ar.nn.LSTM(2, 3, bidirectional=True), ar.nn.LSTMCell(2, 3), stack])
    init.forget_gate_bias_(model, 2.0)
    state = model.state_dict()
    for ih, hh in (("0.bias_ih_l0_reverse", "0.bias_hh_l0_reverse"), ("1.bias_ih", "1.bias_hh")):
        assert (state[ih] + state[hh])[3:6].tolist() == [2.0] * 3
    assert state["2.recurrent.l1.b_f"].tolist() == [2.0] * 3
    with pytest.raises(ar.ArgumentError, match="GRU has no forget gate with a bias"):
        init.forget_gate_bias_(ar.nn.GRU(2, 3))


def test_what_has_no_fans_is_refused() -> None:
    """A vector has no fan in, an unknown word no gain."""
    vector = ar.nn.Parameter(np.zeros(3))
    with pytest.raises(ar.ShapeError, match=r"shape \(3,\) has no fan in and fan out"):
        init.xavier_uniform_(vector)
    with pytest.raises(ar.ShapeError, match="no rows and columns"):
        init.orthogonal_(vector)
    with pytest.raises(ar.ShapeError, match="is no matrix"):
        init.eye_(vector)
    with pytest.raises(ar.ArgumentError, match="Did you mean 'relu'"):
        init.calculate_gain("relo")
    with pytest.raises(ar.ArgumentError, match="no mode 'fan_inn'"):
        init.kaiming_normal_(ar.nn.Parameter(np.zeros((2, 2))), mode="fan_inn")
    with pytest.raises(ar.ArgumentError, match="lower bound is 1"):
        init.uniform_(vector, 1.0, 0.0)
    with pytest.raises(ar.ArgumentError, match="std is -1"):
        init.normal_(vector, 0.0, -1.0)
    with pytest.raises(ar.ArgumentError, match="a < b"):
        init.trunc_normal_(vector, a=1.0, b=1.0)
