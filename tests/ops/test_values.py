"""Choices that the table documents: at kinks, at ties, far out; and what shape rules say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autorecur.errors import ShapeError
from autorecur.ops import TABLE, pull_back
from autorecur.ops.linear import add_sizes

AXIS = {"axis": (-2, -1)}


def slope(name: str, *values: float, wanted: int = 0) -> float:
    """The derivative of a function by one of its arguments."""
    arrays = tuple(np.array([[value]]) for value in values)
    op = TABLE[name]
    return float(pull_back(op, wanted, np.ones((1, 1)), op.kernel(*arrays), arrays, {})[0, 0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("gelu", 0.5), ("silu", 0.5)],
)
def test_derivatives_at_zero(name: str, expected: float) -> None:
    """Where two branches of a formula meet, both agree."""
    assert slope(name, 0.0) == expected


def test_steps_at_zero() -> None:
    """heaviside(0) is 0, half_step(0) a half; sign(0) is 0."""
    zero = np.zeros((1, 1))
    assert TABLE["heaviside"].kernel(zero) == 0
    assert TABLE["half_step"].kernel(zero) == 0.5
    assert TABLE["sign"].kernel(zero) == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("sigmoid", -1000, 0),
        ("sigmoid", 1000, 1),
        ("softplus", 1000, 1000),
        ("softplus", -1000, 0),
        ("elu", 1000, 1000),
        ("elu", -1000, -1),
        ("silu", -1000, 0),
        ("gelu", -60, 0),
        ("softsign", 1e300, 1),
        ("tanh", 1000, 1),
    ],
)
def test_functions_far_out(name: str, x: float, expected: float) -> None:
    """Nothing overflows on the way to a finite value."""
    assert float(TABLE[name].kernel(np.array([[float(x)]]))[0, 0]) == expected


@pytest.mark.filterwarnings("error")
def test_softmax_and_logsumexp_far_out() -> None:
    """Large components are taken off before the exponential."""
    x = np.array([[1000.0], [1000.0]])
    assert TABLE["softmax"].kernel(x, **AXIS).ravel().tolist() == [0.5, 0.5]
    assert float(TABLE["logsumexp"].kernel(x, **AXIS)[0, 0]) == pytest.approx(1000 + math.log(2))


def test_a_batch_is_never_mixed() -> None:
    """Reductions join the two axes of a quantity and leave those in front."""
    x = np.arange(6.0).reshape(2, 3, 1)
    for name in ("sum", "mean", "max", "norm", "logsumexp"):
        assert TABLE[name].kernel(x, **AXIS).shape == (2, 1, 1)


def test_shapes_of_named_sizes() -> None:
    """Shape rules work on names as on numbers."""
    shape = {name: op.shape for name, op in TABLE.items()}
    assert shape["add"](("n_h", 1), ("n_h", 1)) == ("n_h", 1)
    assert shape["multiply"]((1, 1), ("n_h", "n_x")) == ("n_h", "n_x")
    assert shape["matmul"](("n_h", "n_x"), ("n_x", 1)) == ("n_h", 1)
    assert shape["matrix_transpose"](("n_h", "n_x")) == ("n_x", "n_h")
    assert shape["concatenate"](("n_h", 1), ("n_x", 1), axis=-2) == ("n_h + n_x", 1)
    assert shape["block"](("n_h + n_x", 1), axis=-2, start="n_h", size="n_x") == ("n_x", 1)
    assert shape["place"](("n_x", 1), axis=-2, start="n_h", size="n_h + n_x") == ("n_h + n_x", 1)
    assert shape["sum"](("n_h", "n_x"), axis=(-2, -1)) == (1, 1)
    assert shape["softmax"](("n_y", 1), axis=(-2, -1)) == ("n_y", 1)
    assert shape["cross_entropy"](("n_y", 1), ("n_y", 1), axis=(-2, -1)) == (1, 1)


def test_sizes_are_added_up() -> None:
    """Names stay, numbers are summed and stand last."""
    assert add_sizes("n_h", "n_x") == "n_h + n_x"
    assert add_sizes(2, "n_h", 3) == "n_h + 5"
    assert add_sizes("n_h + 2", "n_x + 1") == "n_h + n_x + 3"
    assert add_sizes(2, 3) == 5
    assert add_sizes(0, "n_h") == "n_h"


def test_operands_that_do_not_fit_are_refused_in_their_sizes() -> None:
    """The message shows both shapes."""
    with pytest.raises(ShapeError, match=r"the shapes \(n_h, 1\) and \(n_x, 1\) do not fit together"):
        TABLE["add"].shape(("n_h", 1), ("n_x", 1))
    with pytest.raises(ShapeError, match=r"a n_h×n_x matrix cannot be multiplied with a n_h×1 one"):
        TABLE["matmul"].shape(("n_h", "n_x"), ("n_h", 1))
