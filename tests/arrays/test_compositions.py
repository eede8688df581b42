"""Functions that are put together from others: their values, dtypes and derivatives are NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from autorecur.errors import ArgumentError, ShapeError
from tests.arrays.calls import Shapes, assert_differentiable, assert_like_numpy, message

CALLS: list[tuple[str, Shapes]] = [
    ("m.positive(a * 1)", ((2, 3),)),
    ("m.diff(a)", ((2, 3),)),
    ("m.diff(a, 2, 0)", ((4, 3),)),
    ("m.diff(a, 0)", ((3,),)),
    ("m.diff(a, 5)", ((3,),)),
    ("m.column_stack([a, b, a])", ((3,), (3, 2))),
    ("m.append(a, b)", ((2, 3), (2,))),
    ("m.append(a, b, 1)", ((2, 3), (2, 1))),
    ("m.vecdot(a, b)", ((2, 3), (3,))),
    ("m.vecdot(a, b, axis=0)", ((3, 2), (3, 1))),
    ("m.average(a)", ((2, 3),)),
    ("m.average(a, 0, keepdims=True)", ((2, 3),)),
    ("m.average(a, weights=b * b + 1)", ((2, 3), (2, 3))),
    ("m.average(a, (0, 1), a * a + 1)", ((2, 3),)),
    ("m.average(a, 1, b * b + 1)", ((2, 3, 2), (3,))),
]


@pytest.mark.parametrize(("text", "shapes"), CALLS, ids=[text for text, _ in CALLS])
def test_values_and_derivatives(text: str, shapes: Shapes) -> None:
    """Of every dtype, and twice."""
    assert_like_numpy(text, shapes)
    assert_differentiable(text, shapes)


def test_nothing_is_left_open() -> None:
    """An empty tensor is one of zeros."""
    assert ar.empty_like(np.ones((2, 3), np.float32)).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert np.empty_like(ar.tensor([1.0]), dtype=int).dtype == np.int64


def test_what_is_wrong_is_said_in_one_sentence() -> None:
    """With the shapes in it."""
    a, b = np.ones((2, 3)), np.ones(2)
    assert message(ShapeError, "m.vecdot(a, b)", a, b) == "vecdot: the vectors have different sizes, 3 and 2"
    assert message(ShapeError, "m.average(a, None, b)", a, b) == (
        "average: weights of shape (2,) do not fit a tensor of shape (2, 3)"
    )
    assert message(ArgumentError, "m.average(b, weights=b - 1)", a, b) == "average: the weights add up to 0"
    assert message(ArgumentError, "m.diff(b, -1)", a, b) == "diff: n is -1, and has to be 0 or more"
    assert message(ArgumentError, "np.diff(m.tensor(b), prepend=0.0)", a, b) == (
        "np.diff of a tensor has no argument prepend; it takes a, n, axis"
    )
