"""Rows added to rows: as ``np.add.at`` does it, with repeats, in both dtypes, and only where the arrays fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.kernels.choice import LEAST_SCATTERED
from autorecur.kernels.compiled import interpreted
from autorecur.kernels.scattered import ADD, add_rows

generator = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(7, 40), (7, 8, 5), (7,)])
def test_rows_that_meet_add_up(dtype: Any, shape: tuple[int, ...]) -> None:
    """In the order in which they stand, so that the bits are NumPy's; negative rows count from the end."""
    rows = generator.integers(-7, 7, (30, 50))
    added = generator.standard_normal((30, 50, *shape[1:])).astype(dtype)
    total = generator.standard_normal(shape).astype(dtype)
    expected = total.copy()
    np.add.at(expected, rows, added)
    if add_rows(total, rows, added):  # else there is no compiler
        np.testing.assert_array_equal(total, expected)


def test_the_text_of_the_loop_is_right_without_a_compiler() -> None:
    """As plain Python."""
    total = np.zeros((3, 2))
    interpreted(ADD, "float64")(total, np.array([0, -1, 0]), np.ones((3, 2)))
    assert total.tolist() == [[2, 2], [0, 0], [1, 1]]


def test_what_does_not_fit_is_left_to_numpy() -> None:
    """Few numbers, other dtypes, stretched rows, a total that is not contiguous: nothing is touched."""
    rows, added = generator.integers(0, 7, 500), np.ones((500, 4))
    assert added.size >= LEAST_SCATTERED
    for total, what in (
        (np.zeros((7, 4)), added[:3]),
        (np.zeros((7, 4)), np.ones((500, 1))),
        (np.zeros((7, 4), np.float32), added),
        (np.zeros((4, 7)).T, added),
        (np.zeros((7, 4), int), added.astype(int)),
    ):
        assert not add_rows(total, rows[: len(what)], what)
        assert not total.any()


def test_an_embedding_learns_from_every_token() -> None:
    """The gradient of a table is what one-hot vectors give; twice in one graph adds up."""
    table = ar.tensor(generator.standard_normal((9, 40)), requires_grad=True)
    one, other = generator.integers(0, 9, (2, 20, 3))
    g = generator.standard_normal((20, 3, 40))
    F = ar.nn.functional
    ((F.embedding(one, table) * g).sum() + (F.embedding(other, table) * g).sum()).backward()
    hot = np.eye(9)[one] + np.eye(9)[other]
    np.testing.assert_allclose(table.grad, np.einsum("tbv,tbe->ve", hot, g), rtol=1e-12)
