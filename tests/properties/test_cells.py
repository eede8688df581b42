"""Random cells derive, verify, evaluate; and a slip in any of their equations is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, find, given, settings
from hypothesis import strategies as st

from autorecur.derive.derivation import Derivation, derive
from autorecur.language.building import cell
from autorecur.testing.strategies.cells import texts
from tests.derive.reference import total_loss
from tests.derive.test_evaluate import given as random_values
from tests.verify.mutants import mutants

CELLS = texts((1, 3), 2, 2, True)
LOSSES = st.sampled_from(["mse", "squared", "ce", "bce", None])
AT = st.sampled_from(["last", "all"])
quick = settings(max_examples=20, deadline=None)
thorough = settings(max_examples=250, deadline=None)


def check_verifies(text: str, loss: str | None, at: str, seed: int) -> None:
    report = derive(cell(text), loss=loss, at=at).verify(seed)
    assert report, f"{text}\n{report}"


def check_mutant(text: str, at: str, which: int, slip: int) -> None:
    d = derive(cell(text), at=at)
    equation = d.equations[which % len(d.equations)]
    found = list(mutants(equation))
    assume(found)
    mutant = found[slip % len(found)]
    blamed = mutant.blamed(d)
    assert blamed == {equation.number} or mutant.changes_nothing(d), f"{text}\n{mutant}\n{blamed}"


def check_numbers(text: str, at: str, steps: int, seed: int) -> None:
    d: Derivation = derive(cell(text), at=at)
    values, sizes = random_values(d, steps, 2, seed)
    results = d.evaluate(values)
    assert float(results["L"]) == pytest.approx(
        total_loss(d.extended, values, sizes, steps, 2, at, "mse", "y"), rel=1e-10
    )
    key = sorted(d.cell.parameters)[seed % len(d.cell.parameters)]
    direction = np.random.default_rng(seed).standard_normal(values[key].shape)

    def loss(h: float) -> float:
        return float(d.evaluate({**values, key: values[key] + h * direction})["L"])

    wide, narrow = ((loss(h) - loss(-h)) / (2 * h) for h in (1e-3, 5e-4))
    own = float(np.sum(direction * results[f"dL/d{key}"]))
    assert own == pytest.approx((4 * narrow - wide) / 3, rel=1e-5, abs=1e-6)


@given(CELLS, LOSSES, AT, st.integers(0, 3))
@quick
def test_random_cells_verify(text: str, loss: str | None, at: str, seed: int) -> None:
    """Whatever the cell, the loss and the point."""
    check_verifies(text, loss, at, seed)


@given(CELLS, AT, st.integers(0, 999), st.integers(0, 999))
@quick
def test_a_slip_in_a_random_cell_is_found(text: str, at: str, which: int, slip: int) -> None:
    """And blamed on its equation alone."""
    check_mutant(text, at, which, slip)


@given(CELLS, AT, st.integers(1, 4), st.integers(0, 9))
@quick
def test_random_cells_evaluate(text: str, at: str, steps: int, seed: int) -> None:
    """For small T too: L as a second reading computes it, and a gradient as differences of L."""
    check_numbers(text, at, steps, seed)


@pytest.mark.long
@given(texts((1, 3), 3, 2, True), LOSSES, AT, st.integers(0, 3))
@thorough
def test_many_random_cells_verify(text: str, loss: str | None, at: str, seed: int) -> None:
    """More of them, and deeper."""
    check_verifies(text, loss, at, seed)


@pytest.mark.long
@given(CELLS, AT, st.integers(0, 999), st.integers(0, 999))
@thorough
def test_many_slips_in_random_cells_are_found(text: str, at: str, which: int, slip: int) -> None:
    """More of them."""
    check_mutant(text, at, which, slip)


@pytest.mark.long
@given(CELLS, AT, st.integers(1, 4), st.integers(0, 9))
@thorough
def test_many_random_cells_evaluate(text: str, at: str, steps: int, seed: int) -> None:
    """More of them."""
    check_numbers(text, at, steps, seed)


def test_the_strategy_shrinks_to_a_small_cell() -> None:
    """One equation, a delay of one; and it reaches backwards cells, two delays, stacks."""
    smallest = find(CELLS, lambda text: True)
    assert smallest.splitlines()[0].startswith("h[t] = tanh(U_1 h[t-1] + W_2 x[t] + ")
    assert len(smallest.splitlines()) == 2
    for wanted in ("[t+1]", "[t-2]", "R_", " / ", "^3", "mean(", "g[t] ="):
        assert wanted in find(CELLS, lambda text, wanted=wanted: wanted in text)
