"""Random cells in other notations: the same numbers, the same gradients, there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autorecur as ar
from autorecur.derive.derivation import derive
from autorecur.language.building import cell
from autorecur.notations.profile import Mathematics
from autorecur.notations.rewriting import rewrite
from autorecur.testing.strategies.cells import FURTHER, texts
from tests.derive.test_evaluate import given as random_values

CELLS = texts((1, 3), 2, 2, True)
RICH = texts((1, 3), 2, 2, True, also=tuple(set(FURTHER) - {"matrices"}))
CHOICES = st.builds(
    Mathematics,
    st.sampled_from([None, "column", "row"]),
    st.sampled_from(["as written", "transposed", "right"]),
    st.sampled_from([None, True, False]),
)
quick = settings(max_examples=25, deadline=None)
thorough = settings(max_examples=150, deadline=None)


def check_numbers(text: str, mathematics: Mathematics, at: str, seed: int) -> None:
    """Values go in and gradients come out in the names and shapes of the cell as written."""
    written = derive(cell(text), at=at)
    try:
        printed = derive(cell(text), at=at, mathematics=mathematics)
    except ar.CellError as error:
        assert "taken apart" in error.message or "cannot be written" in error.message  # noqa: PT017
        return
    values, _ = random_values(written, 3, 2, seed)
    wanted, found = written.evaluate(values), printed.evaluate(values)
    keys = ["L", *(f"dL/d{name}" for name in written.cell.parameters), *(f"dL/d{x}[1]" for x in written.cell.inputs)]
    keys += [f"{each.name}[2]" for each in written.cell.assignments]
    for key in keys:
        scale = max(float(np.max(np.abs(wanted[key]), initial=0.0)), 1e-12)
        np.testing.assert_allclose(found[key], wanted[key], rtol=1e-8, atol=1e-9 * scale, err_msg=f"{text}\n{key}")


def check_there_and_back(text: str, seed: int) -> None:
    """Rows and back, and transposed weights and back, are the cell again."""
    c = cell(text)
    here, there = (c.convention, "row" if c.convention == "column" else "column")
    again = rewrite(rewrite(c, Mathematics(there)).cell, Mathematics(here)).cell
    assert dict(again.parameters) == dict(c.parameters)
    assert dict(again.shapes) == dict(c.shapes)
    values, _ = random_values(derive(c), 3, 2, seed)
    one, other = derive(c).evaluate(values), derive(again).evaluate(values)
    np.testing.assert_allclose(other["L"], one["L"], rtol=1e-9)


@given(CELLS, CHOICES, st.sampled_from(["last", "all"]), st.integers(0, 9))
@quick
def test_numbers_are_those_of_the_cell_as_written(text: str, mathematics: Mathematics, at: str, seed: int) -> None:
    """Whatever the cell and the notation."""
    check_numbers(text, mathematics, at, seed)


@given(CELLS, st.integers(0, 9))
@quick
def test_there_and_back(text: str, seed: int) -> None:
    """A convention is left and found again."""
    check_there_and_back(text, seed)


@pytest.mark.long
@given(RICH, CHOICES, st.sampled_from(["last", "all"]), st.integers(0, 9))
@thorough
def test_many_numbers_are_those_of_the_cell_as_written(text: str, mathematics: Mathematics, at: str, seed: int) -> None:
    """Layers, both directions, shared weights, scalars, reductions, stacks of three."""
    check_numbers(text, mathematics, at, seed)


@pytest.mark.long
@given(CELLS, CHOICES, st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_random_cells_verify_in_every_notation(text: str, mathematics: Mathematics, seed: int) -> None:
    """Every printed equation, and every gradient against the cell as written."""
    try:
        printed = derive(cell(text), mathematics=mathematics)
    except ar.CellError:
        return
    report = printed.verify(seed)
    assert report, f"{text}\n{printed.cell}\n{report}"
