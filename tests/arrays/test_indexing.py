"""``x[index]`` and ``x.at[index]`` take every kind of index that NumPy takes, and say what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, basic_indices, integer_array_indices

import autorecur as ar
from autorecur.arrays.indexing import At, item
from autorecur.errors import DtypeError, ShapeError
from autorecur.testing import assert_gradients

NUMBERS = np.random.default_rng(0).standard_normal((3, 4))
MASK = NUMBERS > 0
INDICES: list[Any] = [
    0,
    -1,
    (1, 2),
    np.int64(2),
    slice(None),
    slice(None, None, -2),
    slice(5, None),
    (slice(1, 3), slice(-2, None)),
    (..., 1),
    (1, ...),
    (),
    ...,
    None,
    (None, 1, None),
    [0, 2],
    [0, 0, 2, 0],
    [],
    [[0, 1], [-1, 0]],
    np.array([2, 1], np.int8),
    np.array([2, 1], np.uint16),
    ([0, 1, 0], [1, 1, 1]),
    ([[0], [2]], [1, 3]),
    (slice(1, None), [1, 1]),
    ([1, 1], slice(2)),
    (1, [0, 0, 3]),
    ([0, 1], None, [2, 2]),
    (np.array(1), slice(None)),
    MASK,
    MASK[:, 0],
    (slice(None), MASK[0]),
    (MASK[:, 0], 1),
    (MASK[:, 0], [0]),
    [True, False, True],
    np.zeros((3, 4), bool),
    True,
    np.False_,
    (None, True, 0),
]
each_index = pytest.mark.parametrize("index", INDICES, ids=lambda index: str(index).replace("\n", ""))
UPDATES: dict[str, Callable[..., Any]] = {
    "add": np.add.at,
    "multiply": np.multiply.at,
    "min": np.minimum.at,
    "max": np.maximum.at,
    "set": lambda x, index, values: x.__setitem__(index, values),
}
each_update = pytest.mark.parametrize("update", UPDATES)


def updated(update: str, x: Any, index: Any, values: Any) -> np.ndarray:
    """NumPy's update of a copy."""
    copy = np.array(x)
    UPDATES[update](copy, index, values)
    return copy


@each_index
def test_numbers_are_picked_as_numpy_picks_them(index: Any) -> None:
    """The same numbers, the derivative of each where it came from, and the second derivative."""
    assert np.array_equal(item(ar.tensor(NUMBERS), index).numpy(), NUMBERS[index])
    assert_gradients(lambda x: (item(x, index) ** 3).sum(), NUMBERS, order=2)


@each_index
@each_update
def test_updates_are_those_of_numpy(update: str, index: Any) -> None:
    """A copy with other numbers at the index; where an index is repeated, one after the other."""
    there = NUMBERS[index].shape
    values = np.random.default_rng(1).standard_normal(there)
    for new in (values, 0.25, values[..., :1] if values.ndim else values):
        x = ar.tensor(NUMBERS)
        found = getattr(At(x)[index], update)(new)
        np.testing.assert_allclose(found.numpy(), updated(update, NUMBERS, index, new), rtol=1e-14)
        assert np.array_equal(x.numpy(), NUMBERS)


@each_index
@each_update
def test_updates_have_derivatives(update: str, index: Any) -> None:
    """In the tensor and in the values, which are broadcast, of first and second order."""
    there = NUMBERS[index].shape
    for shape in (there, there[-1:], ()):
        values = np.random.default_rng(2).standard_normal(shape)
        assert_gradients(lambda x, v: (getattr(At(x)[index], update)(v) ** 3).sum(), NUMBERS, values, order=2)


@given(st.data())
def test_indices_of_any_kind(data: Any) -> None:
    """Basic ones and integer arrays, of any shape: picked, sent back, set and added."""
    x = np.arange(1.0, 1 + np.prod(shape := data.draw(array_shapes(max_dims=4, max_side=4)))).reshape(shape)
    index = data.draw(st.one_of(basic_indices(shape, allow_newaxis=True), integer_array_indices(shape)))
    t = ar.tensor(x, requires_grad=True)
    picked = item(t, index)
    assert np.array_equal(picked.numpy(), x[index])
    weights = np.arange(1.0, 1 + picked.size).reshape(picked.shape)
    (picked * weights).sum().backward()
    expected = np.zeros(shape)
    np.add.at(expected, index, weights)
    assert np.array_equal(t.grad.numpy(), expected)
    assert np.array_equal(At(t)[index].set(weights).numpy(), updated("set", x, index, weights))
    assert np.array_equal(At(t)[index].add(weights).numpy(), updated("add", x, index, weights))


def test_only_the_value_that_stays_receives_a_cotangent() -> None:
    """Of several values set at one place the last one stays."""
    x, v = ar.tensor([1.0, 2.0], requires_grad=True), ar.tensor([5.0, 6.0, 7.0], requires_grad=True)
    (At(x)[[0, 0, 0]].set(v) * ar.tensor([10.0, 1.0])).sum().backward()
    assert v.grad.tolist() == [0, 0, 10]
    assert x.grad.tolist() == [0, 1]


def test_many_rows_of_a_table_add_up() -> None:
    """Few and many indices into few and many rows send back the same sums."""
    generator = np.random.default_rng(3)
    for rows, picks in ((1000, 3), (4, 500), (1, 20), (50, 0)):
        table = ar.tensor(generator.standard_normal((rows, 5)), requires_grad=True)
        index = generator.integers(0, rows, picks)
        weights = generator.standard_normal((picks, 5))
        (item(table, index) * weights).sum().backward()
        expected = np.zeros((rows, 5))
        np.add.at(expected, index, weights)
        np.testing.assert_allclose(table.grad.numpy(), expected, rtol=1e-12, atol=1e-12)


def test_tensors_are_indices_and_bounds() -> None:
    """Tensors of integers and of booleans, alone, in a tuple, in a list and in a slice."""
    x = ar.tensor(NUMBERS)
    two, many, mask = ar.tensor(2), ar.tensor([2, 0]), ar.tensor(MASK)
    assert np.array_equal(item(x, two).numpy(), NUMBERS[2])
    assert np.array_equal(item(x, (many, two)).numpy(), NUMBERS[[2, 0], 2])
    assert np.array_equal(item(x, mask).numpy(), NUMBERS[MASK])
    assert np.array_equal(item(x, [two, 1]).numpy(), NUMBERS[[2, 1]])
    assert np.array_equal(item(x, slice(np.int64(1), two)).numpy(), NUMBERS[1:2])


def test_dtypes_are_kept() -> None:
    """Of what is picked and of what is updated; values are rounded to the tensor's float dtype."""
    for dtype in (np.float32, np.float64, np.int32, np.bool_):
        x = ar.tensor(np.ones((2, 2), dtype))
        assert item(x, 0).dtype == item(x, [0]).dtype == At(x)[0].set(x[0]).dtype == dtype
    short = ar.tensor(np.ones(3, np.float32), requires_grad=True)
    value = ar.tensor(2.0, requires_grad=True)
    result = At(At(short)[0].set(value))[[1, 1]].add(value)
    assert result.dtype == np.float32
    result.sum().backward()
    assert (short.grad.dtype, value.grad.dtype, value.grad.item()) == (np.float32, np.float64, 3)
    assert At(ar.tensor([1, 2]))[0].set(5).tolist() == [5, 2]


def test_values_that_a_dtype_cannot_hold_are_refused() -> None:
    """Nothing is cut off in silence."""
    with pytest.raises(DtypeError) as raised:
        At(ar.tensor([1, 2]))[0].set(0.5)
    assert str(raised.value) == "values of float64 have no place in a tensor of int64: astype() it first"


def test_arrays_without_numbers() -> None:
    """An axis of size 0 has no index but slices, masks and empty lists."""
    x = ar.tensor(np.zeros((0, 3)), requires_grad=True)
    assert item(x, slice(None)).shape == (0, 3)
    assert item(x, []).shape == (0, 3)
    assert item(x, (..., 1)).shape == (0,)
    assert item(x, np.zeros((0, 3), bool)).shape == (0,)
    At(x)[:, 1].set(2.0).sum().backward()
    assert x.grad.shape == (0, 3)


def test_an_index_that_is_changed_afterwards_changes_nothing() -> None:
    """The tape keeps copies of index arrays and of values."""
    x = ar.tensor([1.0, 2.0, 3.0], requires_grad=True)
    index, mask, values = np.array([0, 1]), np.array([True, False, False]), np.array([7.0, 8.0])
    picked, chosen, changed = item(x, index), item(x, mask), At(x)[index].set(values)
    index[:], mask[:], values[:] = 2, True, 0
    (picked.sum() + 10 * chosen.sum() + (changed * changed).sum()).backward()
    assert changed.tolist() == [7, 8, 3]
    assert x.grad.tolist() == [11, 1, 6]


def test_results_cannot_be_written_to() -> None:
    """Neither views of a tensor nor copies of it."""
    x = ar.tensor(NUMBERS)
    for result in (item(x, 0), item(x, [0]), At(x)[0].set(1.0), At(x)[0].add(1.0)):
        with pytest.raises(ValueError, match="read-only"):
            result.numpy()[...] = 0


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (3, "index 3 is out of range for axis 0 of size 3 in a tensor of shape (3, 4)"),
        ((0, -5), "index -5 is out of range for axis 1 of size 4 in a tensor of shape (3, 4)"),
        ((..., 4), "index 4 is out of range for axis 1 of size 4 in a tensor of shape (3, 4)"),
        ([0, 7, 9], "index 7 is out of range for axis 0 of size 3 in a tensor of shape (3, 4)"),
        ((slice(None), [[0], [-6]]), "index -6 is out of range for axis 1 of size 4 in a tensor of shape (3, 4)"),
        ((0, 0, 0), "3 indices for a tensor with 2 axes, of shape (3, 4)"),
        ((..., ...), "an index can have only one '...'"),
        (slice(0, 2, 0), "the step of a slice cannot be 0 (axis 0 of a tensor of shape (3, 4))"),
        (slice(0, 1.5), "1.5 is no bound of a slice: use integers"),
        ("a", "'a' (str) is no index: use integers, slices, None, ..., or arrays of these"),
        (1.0, "1.0 (float) is no index: use integers, slices, None, ..., or arrays of these"),
        (
            np.array([0.0]),
            "an array of float64 is no index: use an array of integers, "
            "or of booleans in the shape of what it picks from",
        ),
        (
            [True, False],
            "a mask of shape (2,) does not fit the sizes (3,) of a tensor of shape (3, 4) from axis 0 on",
        ),
        (
            (0, MASK[0, :3]),
            "a mask of shape (3,) does not fit the sizes (4,) of a tensor of shape (3, 4) from axis 1 on",
        ),
        (([0, 1], [0, 1, 2]), "the index arrays have shapes that do not fit together: (2,) and (3,)"),
        ([[0], [1, 2]], "the rows of an index have different lengths"),
    ],
    ids=str,
)
def test_what_is_wrong_with_an_index_is_said_in_one_sentence(index: Any, expected: str) -> None:
    """With the index, the axis and its size; alike for picking and for updates."""
    x = ar.tensor(NUMBERS)
    for call in (lambda: item(x, index), lambda: At(x)[index].set(0.0), lambda: At(x)[index].add(0.0)):
        with pytest.raises(ShapeError) as raised:
            call()
        assert str(raised.value) == expected


def test_values_that_do_not_fit_are_told_with_their_shape() -> None:
    """And with the shape that the index picks."""
    x = ar.tensor(NUMBERS)
    for update in UPDATES:
        with pytest.raises(ShapeError) as raised:
            getattr(At(x)[1:], update)(np.zeros(3))
        assert (
            str(raised.value)
            == "numbers of shape (3,) do not fit where the index picks (2, 4) of a tensor of shape (3, 4)"
        )
