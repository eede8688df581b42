"""The strategies draw what they promise, nothing else, and shrink to what is easiest to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import find as find_any
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

import autorecur as ar
from autorecur.testing import assert_gradients, broadcastable, cells, programs, sequences, shapes, tensors
from autorecur.testing.strategies.cells import FURTHER, texts

quiet = settings(database=None, deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
some = settings(max_examples=40)


def find(strategy: st.SearchStrategy[Any], condition: Callable[[Any], bool] = lambda _: True) -> Any:
    """The smallest example with a property."""
    return find_any(strategy, condition, settings=quiet)


@given(shapes(min_dims=1, max_dims=3, min_side=0, max_side=3, max_size=12))
@some
def test_shapes_keep_their_bounds(shape: tuple[int, ...]) -> None:
    """Axes, sides, and numbers in all."""
    assert 1 <= len(shape) <= 3
    assert all(0 <= side <= 3 for side in shape)
    assert np.prod(shape) <= 12


def test_shapes_shrink() -> None:
    """To as few axes as allowed, of size 1."""
    assert find(shapes()) == ()
    assert find(shapes(min_dims=2)) == (1, 1)
    assert find(shapes(), lambda shape: len(shape) == 3) == (1, 1, 1)
    assert find(shapes(min_side=0), lambda shape: 0 in shape) == (0,)
    assert find(shapes(), lambda shape: np.prod(shape) > 5) in {(2, 3), (3, 2)}


@given(broadcastable(count=3))
@some
def test_broadcastable_shapes_fit(drawn: tuple[tuple[int, ...], ...]) -> None:
    """NumPy says so."""
    assert len(drawn) == 3
    np.broadcast_shapes(*drawn)


@given(broadcastable((2, 3, 4)))
@some
def test_shapes_broadcast_to_a_given_one(pair: tuple[tuple[int, ...], ...]) -> None:
    """Each alone."""
    for shape in pair:
        assert np.broadcast_shapes(shape, (2, 3, 4)) == (2, 3, 4)


def test_every_way_of_broadcasting_is_drawn() -> None:
    """An axis that is missing, one of size 1 on either side, both stretched, nothing stretched."""
    assert find(broadcastable(), lambda p: len(p[0]) < len(p[1]))
    assert find(broadcastable(), lambda p: len(p[0]) > len(p[1]))
    assert find(broadcastable(min_dims=2), lambda p: p[0][0] == 1 < p[1][0] and p[1][1] == 1 < p[0][1])
    assert find(broadcastable(min_dims=2, min_side=2), lambda p: p[0] == p[1] and 1 not in p[0])
    assert find(broadcastable()) == ((), ())


@given(tensors(dtype=np.float32, min_value=0.5, max_value=2.0, requires_grad=True))
@some
def test_tensors_keep_their_bounds(x: ar.Tensor) -> None:
    """Dtype, range, and whether they want a gradient."""
    assert (x.dtype, x.requires_grad) == (np.float32, True)
    assert np.all((x.data >= 0.5) & (x.data <= 2.0))


def test_tensors_shrink_to_zeros() -> None:
    """Of size 1 unless the test asks for more."""
    assert find(tensors()).numpy().tolist() == 0.0
    assert find(tensors((2, 2))).numpy().tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert find(tensors(shapes(min_dims=1)), lambda x: x.data.sum() > 1.5).numpy().tolist() == [2.0]


@pytest.mark.parametrize(
    "wanted",
    [
        lambda x: x == 1e4,
        lambda x: x == -1e4,
        lambda x: 0 < abs(x) < 1e-290,
        lambda x: x == 1e-8,
        lambda x: x == 0 and np.signbit(x),
        lambda x: abs(x) == np.finfo(float).tiny,
    ],
)
def test_extremes_come_on_request(wanted: Callable[[float], bool]) -> None:
    """Large ones, small ones, minus zero; ordinary numbers beside them."""
    assert wanted(find(tensors((), extremes=True), lambda x: wanted(x.item())).item())


@given(tensors((3,), extremes=True, min_value=0.5) | tensors((3,)))
@some
def test_extremes_stay_on_their_side(x: ar.Tensor) -> None:
    """None is negative where numbers are positive, and without the request there are none."""
    assert np.all(x.data > 0) or np.all(np.abs(x.data) <= 3)


@given(sequences(min_steps=2, max_steps=5, max_batch=4, min_features=2, max_features=2, min_length=0))
@some
def test_sequences_keep_their_bounds(drawn: Any) -> None:
    """Shape, lengths, and padding that is not zero."""
    x, lengths = drawn
    assert 2 <= x.shape[0] <= 5
    assert 1 <= x.shape[1] == len(lengths) <= 4
    assert x.shape[2] == 2
    assert np.all((lengths >= 0) & (lengths <= x.shape[0]))
    for column, length in enumerate(lengths):
        assert np.all(x[length:, column] != 0)


def test_sequences_shrink() -> None:
    """To one step, one sequence, one feature, zero; lengths to full ones."""
    x, lengths = find(sequences())
    assert (x.tolist(), lengths.tolist()) == ([[[0.0]]], [1])
    x, lengths = find(sequences(), lambda drawn: drawn.lengths.min() < len(drawn.x))
    assert (x.tolist(), lengths.tolist()) == ([[[0.0]], [[1.0]]], [1])


@given(programs(max_ops=8))
@some
def test_gradients_of_programs_are_right(program: Any) -> None:
    """Of first and second order, with the default deadline."""
    assert_gradients(program, *program.inputs, order=2)


@given(programs(smooth=False, min_inputs=2))
@some
def test_programs_with_kinks_are_checked_beside_them(program: Any) -> None:
    """What is at a kink is left out."""
    assert len(program.inputs) == 2
    assert_gradients(program, *program.inputs)


def test_programs_shrink_to_one_operation_on_zero() -> None:
    """And to a chain where several are asked for."""
    program = find(programs())
    assert (program.lines, program.inputs[0].tolist()) == (("v1 = ar.tanh(v0)",), 0.0)
    assert find(programs(min_ops=3)).lines == ("v1 = ar.tanh(v0)", "v2 = ar.tanh(v1)", "v3 = ar.tanh(v2)")
    assert repr(program) == "def program(v0):\n    v1 = ar.tanh(v0)\n    return v1\n# with inputs of shape ()"


def test_programs_use_every_kind_of_operation() -> None:
    """Products of matrices, sums over an axis, reshapes, quotients; and results that are used twice.

    (A node that is shared is what tells topological order from a plain walk.)
    """
    drawn = []

    @settings(database=None, derandomize=True, max_examples=200)
    @given(programs())
    def collect(program: Any) -> None:
        drawn.append(program)

    collect()
    for part in ("@", " / (", "ar.sum", "ar.reshape", "ar.sin", "ar.square", "* 2.0", " - "):
        assert any(part in program.source for program in drawn), part
    assert any(program.source.count(f"v{len(program.inputs)}") > 2 for program in drawn)


def test_a_wrong_program_is_found_and_written_out() -> None:
    """The test to paste holds the program itself."""
    program = find(programs())

    def doubled(x: Any) -> Any:
        y = program(x)
        if y.requires_grad:
            y.register_hook(lambda g: 2 * g)
        return y

    doubled.source = program.source  # type: ignore[attr-defined]
    with pytest.raises(AssertionError, match=r"(?s)import autorecur as ar.*def program\(v0\):\n    v1 = ar.tanh\(v0\)"):
        assert_gradients(doubled, program.inputs[0])


@given(cells(max_states=2))
@settings(max_examples=10)
def test_cells_are_cells(cell: Any) -> None:
    """Whatever is drawn is a cell, with an input and a readout, and its text gives it back."""
    assert (cell.inputs, cell.outputs[-1]) == (("x",), "y")
    assert ar.cell(str(cell)).equations == cell.equations
    assert set(cell.init(dict.fromkeys(cell.sizes, 2), seed=0)) == set(cell.parameters)


def test_cells_keep_their_bounds() -> None:
    """Number of states, delays, direction of time."""
    drawn = texts((2, 2), 2, 3, True)
    for text in ("c[t]", "[t-3]", "[t+1]", "sigmoid", "[h[t-1], x[t]]", "mean(", " / "):
        patient = settings(quiet, max_examples=5000)
        assert text in find_any(drawn, lambda cell, text=text: text in cell, settings=patient)
    with pytest.raises(NoSuchExample):
        find(texts((1, 1), 2, 1, False), lambda cell: "[t-2]" in cell or "[t+1]" in cell or "c[t]" in cell)


@pytest.mark.parametrize(
    ("name", "marks"),
    [
        ("rows", ("x[t] W",)),
        ("layers", ("D_",)),
        pytest.param("shared", ("W_2 x[t] + W_2",), marks=pytest.mark.long),
        pytest.param("scalars", ("scalar: alpha", "alpha * ("), marks=pytest.mark.long),
        pytest.param("numbers", (" * 2 - ",), marks=pytest.mark.long),
        pytest.param("reductions", ("norm((", ") * ("), marks=pytest.mark.long),
        pytest.param("softmax", ("softmax(",), marks=pytest.mark.long),
        pytest.param("pieces", ("z_",), marks=pytest.mark.long),
        pytest.param("inputs", ("u[t]", "x[t-1]"), marks=pytest.mark.long),
        pytest.param("matrices", ("M[t] = ", ")^T"), marks=pytest.mark.long),
    ],
)
def test_cells_have_more_on_request(name: str, marks: tuple[str, ...]) -> None:
    """Each kind is drawn when it is named, and not when it is not."""
    with_it, without = (texts((1, 2), 2, 2, True, FURTHER.keys() - {other}) for other in ("", name))
    patient = settings(quiet, max_examples=5000)
    assert find_any(with_it, lambda text: all(mark in text for mark in marks), settings=patient)
    with pytest.raises(NoSuchExample):
        find(without, lambda text: all(mark in text for mark in marks))


def test_layers_of_a_cell_may_run_against_each_other() -> None:
    """One forwards, one backwards."""
    drawn = texts((2, 2), 0, 1, True, ("layers", "directions"))
    assert find(drawn, lambda text: "h[t-1]" in text and "c[t+1]" in text)
    with pytest.raises(NoSuchExample):
        find(texts((2, 2), 0, 1, True, ("layers",)), lambda text: "[t-1]" in text and "[t+1]" in text)


@given(cells(also=FURTHER))
@settings(max_examples=50, deadline=None)
def test_cells_with_everything_are_cells(cell: Any) -> None:
    """Every mixture has shapes that fit, and a text that gives it back."""
    assert ar.cell(str(cell)).equations == cell.equations
    assert set(cell.init(dict.fromkeys(cell.sizes, 2), seed=0)) == set(cell.parameters)


def test_cells_shrink() -> None:
    """To one state without gates, a delay of one, time that runs forwards."""
    smallest = find(texts((1, 3), 2, 2, True))
    assert smallest == "h[t] = tanh(U_1 h[t-1] + W_2 x[t] + W_3 x[t])\ny[t] = Q h[t]"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: shapes(min_dims=3, max_dims=2), "min_dims=3 is larger than max_dims=2"),
        (lambda: shapes(min_side=-1), "min_side=-1 is less than 0"),
        (
            lambda: shapes(min_dims=2, min_side=3, max_size=8),
            "max_size=8 is less than the 9 numbers of the smallest shape",
        ),
        (lambda: broadcastable(count=0), "count=0 is less than 1"),
        (lambda: broadcastable((2,), min_dims=2), "min_dims=2 is larger than the 1 axes of shape=(2,)"),
        (lambda: tensors(min_value=2, max_value=1), "min_value=2 is larger than max_value=1"),
        (lambda: tensors(min_value=np.nan), "min_value=nan is larger than max_value=3.0"),
        (lambda: tensors(dtype=int), "dtype=<class 'int'> is no float: only floats have a gradient"),
        (lambda: sequences(min_steps=0), "min_steps=0 is less than 1"),
        (lambda: sequences(min_length=2), "min_length=2 is not between 0 and min_steps=1"),
        (lambda: programs(min_ops=0), "min_ops=0 is less than 1"),
        (lambda: programs(max_side=0), "max_side=0 is less than 1"),
        (lambda: cells(min_states=4), "min_states=4 is larger than max_states=3"),
        (lambda: cells(max_states=9), "max_states=9 is larger than 6"),
        (lambda: cells(max_delay=0), "max_delay=0 is less than 1"),
        (lambda: cells(max_depth=-1), "max_depth=-1 is less than 0"),
        (lambda: cells(also=["cows"]), f"also='cows' is none of {', '.join(FURTHER)}"),
    ],
)
def test_impossible_arguments_are_refused_at_once(make: Callable[[], Any], message: str) -> None:
    """Where the strategy is made, not where it is drawn from."""
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message


def test_options_are_keywords() -> None:
    """Nobody reads ``shapes(1, 2, 3)``."""
    for make in (shapes, sequences, programs, cells):
        with pytest.raises(TypeError):
            make(1)  # type: ignore[operator]
