"""Shapes, joining, picking and creation are NumPy's, have derivatives, and say what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import autorecur as ar
from autorecur.errors import ShapeError
from tests.arrays.calls import Shapes, assert_differentiable, assert_like_numpy, message

CALLS: list[tuple[str, Shapes]] = [
    ("m.reshape(a, (3, -1))", ((2, 6),)),
    ("m.reshape(a, 6)", ((2, 3),)),
    ("m.reshape(a, ())", ((1, 1),)),
    ("m.ravel(a)", ((2, 3),)),
    ("m.transpose(a)", ((2, 3, 2),)),
    ("m.transpose(a, (1, -1, 0))", ((2, 3, 2),)),
    ("m.transpose(a)", ((),)),
    ("m.swapaxes(a, 0, -1)", ((2, 3, 2),)),
    ("m.moveaxis(a, 0, -1)", ((2, 3, 2),)),
    ("m.moveaxis(a, (2, 0), (0, 1))", ((2, 3, 2),)),
    ("m.expand_dims(a, -1)", ((2, 3),)),
    ("m.expand_dims(a, (0, 2))", ((2, 3),)),
    ("m.squeeze(a)", ((1, 2, 1),)),
    ("m.squeeze(a, (0, -1))", ((1, 1, 2, 1),)),
    ("m.broadcast_to(a, (2, 2, 3))", ((2, 1),)),
    ("m.broadcast_to(a, 3)", ((),)),
    ("m.broadcast_arrays(a, b)", ((2, 1), (3,))),
    ("m.atleast_1d(a)", ((),)),
    ("m.atleast_2d(a)", ((3,),)),
    ("m.repeat(a, 2)", ((2, 2),)),
    ("m.repeat(a, 3, axis=1)", ((2, 2),)),
    ("m.repeat(a, [2, 0, 1], axis=-1)", ((2, 3),)),
    ("m.repeat(a, np.array([1]), axis=0)", ((2, 3),)),
    ("m.tile(a, 2)", ((2, 3),)),
    ("m.tile(a, (2, 1, 3))", ((2, 1),)),
    ("m.flip(a)", ((2, 3),)),
    ("m.flip(a, 1)", ((2, 3),)),
    ("m.flip(a, (0, -1))", ((2, 3, 2),)),
    ("m.flipud(a)", ((3, 2),)),
    ("m.fliplr(a)", ((3, 2),)),
    ("m.roll(a, 2)", ((2, 3),)),
    ("m.roll(a, -4, axis=1)", ((2, 3),)),
    ("m.roll(a, (1, 2), axis=(0, 1))", ((2, 3),)),
    ("m.roll(a, 1, axis=(0, 1))", ((2, 3),)),
    ("m.roll(a, (1, 1))", ((3,),)),
    ("m.pad(a, 1)", ((2, 3),)),
    ("m.pad(a, (1, 2), constant_values=3)", ((3,),)),
    ("m.pad(a, ((0, 1), (2, 0)), constant_values=((0, 1), (2, 3)))", ((2, 2),)),
    ("m.pad(a, ((0, 1), (2, 0)), 'edge')", ((2, 2),)),
    ("m.pad(a, 4, 'reflect')", ((3,),)),
    ("m.pad(a, (0, 3), 'symmetric')", ((2, 2),)),
    ("m.pad(a, ((3, 1), (0, 0)), 'wrap')", ((2, 2),)),
    ("m.concatenate([a, b])", ((2, 2), (1, 2))),
    ("m.concatenate((a, b, a), axis=-1)", ((2, 2), (2, 3))),
    ("m.concatenate([a, b], axis=0)", ((1, 2, 2), (2, 2, 2))),
    ("m.concatenate([a, b], axis=None)", ((2, 2), (3,))),
    ("m.stack([a, b])", ((2,), (2,))),
    ("m.stack([a, b, a], axis=-1)", ((2, 2), (2, 2))),
    ("m.stack([a, b], axis=1)", ((2, 2), (2, 2))),
    ("m.stack([a, b])", ((), ())),
    ("m.vstack([a, b])", ((2,), (3, 2))),
    ("m.hstack([a, b])", ((2,), (3,))),
    ("m.hstack([a, b])", ((2, 1), (2, 3))),
    ("m.split(a, 2)", ((4,),)),
    ("m.split(a, [1, 3], axis=1)", ((2, 4),)),
    ("m.array_split(a, 3, axis=-1)", ((2, 4),)),
    ("m.take(a, [0, -1, 0])", ((2, 2),)),
    ("m.take(a, [[0, 1], [1, 1]], axis=1)", ((2, 2),)),
    ("m.take(a, 1, axis=0)", ((2, 2),)),
    ("m.take(a, [4, -5], mode='wrap')", ((3,),)),
    ("m.take(a, [4, -5], mode='clip')", ((3,),)),
    ("m.take_along_axis(a, np.array([[1], [0]]), axis=1)", ((2, 3),)),
    ("m.take_along_axis(a, np.array([[1, 0, 1, 1]]), axis=-1)", ((2, 3),)),
    ("m.take_along_axis(a, np.array([1, 5]), axis=None)", ((2, 3),)),
]
each_call = pytest.mark.parametrize(("text", "shapes"), CALLS, ids=[f"{text} {shapes}" for text, shapes in CALLS])


@each_call
def test_values_are_numpys(text: str, shapes: Shapes) -> None:
    """Shape, dtype and numbers, for floats, integers and booleans, and reversed views."""
    assert_like_numpy(text, shapes)


@each_call
def test_derivatives_are_those_of_differences(text: str, shapes: Shapes) -> None:
    """First and second order."""
    assert_differentiable(text, shapes)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("m.reshape(a, (0, 5))", ((2, 0),)),
        ("m.repeat(a, 2, axis=0)", ((2, 0),)),
        ("m.repeat(a, 0)", ((2,),)),
        ("m.tile(a, (2, 0))", ((2, 3),)),
        ("m.roll(a, 2, axis=1)", ((2, 0),)),
        ("m.flip(a)", ((2, 0),)),
        ("m.pad(a, 1)", ((0, 2),)),
        ("m.pad(a, 0, 'edge')", ((0,),)),
        ("m.concatenate([a, b])", ((0, 2), (1, 2))),
        ("m.stack([a, b], 1)", ((0,), (0,))),
        ("m.array_split(a, 3)", ((2,),)),
        ("m.split(a, [2, 2, 9])", ((3,),)),
        ("m.take(a, np.array([], int))", ((3,),)),
        ("m.squeeze(a)", ((1, 0),)),
    ],
)
def test_arrays_without_numbers(text: str, shapes: Shapes) -> None:
    """Sizes of 0 are sizes like any other."""
    assert_like_numpy(text, shapes)
    assert_differentiable(text, shapes)


@given(array_shapes(min_dims=1, max_dims=4, max_side=4), st.data())
def test_axes_of_any_number_of_dimensions(shape: tuple[int, ...], data: Any) -> None:
    """Rolled, turned, moved, repeated, joined and cut along any axis as NumPy does."""
    x = np.arange(float(np.prod(shape))).reshape(shape)
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    other = data.draw(st.integers(-x.ndim, x.ndim - 1))
    number = data.draw(st.integers(1, 5))
    for text in (
        f"m.roll(a, {number - 3}, {axis})",
        f"m.flip(a, {axis})",
        f"m.moveaxis(a, {axis}, {other})",
        f"m.swapaxes(a, {axis}, {other})",
        f"m.repeat(a, {number}, {axis})",
        f"m.concatenate([a, a], {axis})",
        f"m.stack([a, a], {axis})",
        f"m.array_split(a, {number}, {axis})[-1]",
        f"m.take(a, [0, -1], {axis})",
    ):
        found = eval(text, {"m": ar, "a": x})
        np.testing.assert_array_equal(found.numpy(), eval(text, {"m": np, "a": x}), err_msg=text)


@pytest.mark.parametrize(
    "text",
    [
        "m.zeros((2, 3))",
        "m.zeros(2, dtype=np.float32)",
        "m.ones((), int)",
        "m.full((2, 2), 7)",
        "m.full((2, 2), [1.5, 2.5])",
        "m.full(2, 1, dtype=np.float32)",
        "m.zeros_like(a)",
        "m.ones_like(a, dtype=int)",
        "m.full_like(a, 2)",
        "m.eye(3)",
        "m.eye(2, 4, 1, dtype=int)",
        "m.arange(5)",
        "m.arange(1, 2, 0.3)",
        "m.arange(5, 0, -2)",
        "m.linspace(0, 1, 5)",
        "m.linspace(0, 1, 5, endpoint=False)",
        "m.asarray([[1, 2], [3, 4]])",
        "m.asarray(a, dtype=np.float32)",
    ],
)
def test_new_tensors_are_numpys(text: str) -> None:
    """Shape, dtype and numbers."""
    a = np.array([[0.5, 1.5]])
    found, expected = (eval(text, {"m": module, "np": np, "a": a}) for module in (ar, np))
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(found.numpy(), expected)
    assert not found.requires_grad


def test_a_tensor_keeps_its_history_where_it_is_converted_or_fills_a_shape() -> None:
    """asarray and full are differentiable in what they are given."""
    x = ar.tensor(2.0, requires_grad=True)
    assert ar.asarray(x) is x
    (ar.full((2, 3), x).sum() + ar.asarray(x, np.float32) * 10).backward()
    assert x.grad.item() == 16


def test_no_result_shares_memory_with_an_array_that_can_be_changed() -> None:
    """What the user does to his array afterwards is not seen."""
    x = np.zeros((2, 2))
    results = [
        ar.asarray(x),
        ar.transpose(x),
        ar.reshape(x, 4),
        ar.flip(x),
        ar.broadcast_to(x, (2, 2, 2)),
        ar.full((2, 2), x),
    ]
    x[:] = 1
    for result in results:
        assert not result.numpy().any()
        assert not result.numpy().flags.writeable


MESSAGES: list[tuple[str, str, Shapes]] = [
    (
        "m.reshape(a, (4, 2))",
        "reshape: 6 numbers of shape (2, 3) cannot take the shape (4, 2)",
        ((2, 3),),
    ),
    ("m.reshape(a, (-1, -1))", "reshape: only one size of (-1, -1) can be left open with -1", ((2, 3),)),
    ("m.transpose(a, (0, 0))", "transpose: (0, 0) is not an order of the 2 axes of (2, 3)", ((2, 3),)),
    ("m.swapaxes(a, 0, 2)", "swapaxes: there is no axis 2 in a tensor with 2 axes", ((2, 3),)),
    ("m.moveaxis(a, (0, 1), 0)", "moveaxis: (0, 1) and 0 do not give one place to each of some axes", ((2, 3),)),
    ("m.expand_dims(a, 3)", "expand_dims: there is no axis 3 in a tensor with 3 axes", ((2, 3),)),
    (
        "m.squeeze(a, 1)",
        "squeeze: axis 1 of shape (2, 3) has size 3, and only an axis of size 1 can go",
        ((2, 3),),
    ),
    (
        "m.broadcast_to(a, (3, 2))",
        "broadcast_to: a tensor of shape (2, 3) cannot be stretched to the shape (3, 2)",
        ((2, 3),),
    ),
    ("m.broadcast_to(a, 3)", "broadcast_to: a tensor of shape (2, 3) cannot be stretched to the shape (3,)", ((2, 3),)),
    ("m.broadcast_arrays(a, b)", "broadcast_arrays: the shapes (2,) and (3,) do not fit together", ((2,), (3,))),
    ("m.repeat(a, [1, 2], 0)", "repeat: there are 2 counts for axis 0 of size 3", ((3,),)),
    ("m.repeat(a, -1)", "repeat: -1 is no count of repetitions: use integers from 0 on", ((3,),)),
    ("m.tile(a, (-1,))", "tile: (-1,) is no count of repetitions: use integers from 0 on", ((3,),)),
    ("m.roll(a, (1, 2, 3), (0, 1))", "roll: 3 shifts for 2 axes", ((2, 3),)),
    (
        "m.pad(a, ((1, 2, 3),))",
        "pad: ((1, 2, 3),) does not give two whole numbers for each axis of shape (2,)",
        ((2,),),
    ),
    ("m.pad(a, -1)", "pad: a width cannot be negative in -1", ((2,),)),
    (
        "m.pad(a, 1, 'mean')",
        "pad: there is no mode 'mean': use constant, edge, reflect, symmetric, wrap",
        ((2,),),
    ),
    (
        "m.pad(a, 1, 'edge')",
        "pad: axis 0 of shape (0,) has size 0, and the mode 'edge' needs numbers there",
        ((0,),),
    ),
    ("m.concatenate([])", "concatenate: there must be at least one tensor", ()),
    (
        "m.concatenate([a, b], 1)",
        "concatenate: the shapes (2, 3) and (3, 3) cannot be joined along axis 1, because they differ in something else",
        ((2, 3), (3, 3)),
    ),
    ("m.stack([a, b])", "stack: all tensors need one shape; these have (2,) and (3,)", ((2,), (3,))),
    ("m.split(a, 2)", "split: axis 0 of size 3 cannot be cut into 2 equal parts", ((3,),)),
    ("m.array_split(a, 0)", "array_split: there cannot be 0 parts", ((3,),)),
    ("m.take(a, [1, 3])", "index 3 is out of range for axis 0 of size 3 in a tensor of shape (3,)", ((3,),)),
    ("m.take(a, 0, mode='round')", "take: there is no mode 'round': use raise, wrap or clip", ((3,),)),
    ("m.take(a, [True])", "take: [True] are no indices: use integers", ((3,),)),
    (
        "m.take_along_axis(a, [0], 0)",
        "take_along_axis: a tensor of shape (2, 3) needs integers with as many axes, not int64 of shape (1,)",
        ((2, 3),),
    ),
    ("m.zeros((2, -1))", "zeros: a size cannot be negative in the shape (2, -1)", ()),
    ("m.full((2, 2), a)", "broadcast_to: a tensor of shape (3,) cannot be stretched to the shape (2, 2)", ((3,),)),
    ("m.arange(0, 1, 0)", "arange: the step cannot be 0", ()),
    ("m.linspace(0, 1, -1)", "linspace: there cannot be -1 numbers", ()),
]


@pytest.mark.parametrize(("text", "expected", "shapes"), MESSAGES, ids=[text for text, _, _ in MESSAGES])
def test_what_is_wrong_is_said_in_one_sentence(text: str, expected: str, shapes: Shapes) -> None:
    """With the numbers in it."""
    assert message(ShapeError, text, *(np.zeros(shape) for shape in shapes)) == expected
