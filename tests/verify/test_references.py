"""Central differences know how exact they are, and are exact enough wherever steps can be found that are."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.matrices.expressions import MatMul

from autorecur.cells import cells
from autorecur.derive.derivation import Derivation, derive
from autorecur.language.building import cell
from autorecur.testing.strategies.cells import texts
from autorecur.verify.points import NEXT_SEED
from autorecur.verify.references import COMPLEX_STEP, WELL_BELOW, CentralDifferences, extrapolated

CURVED = """
h[t] = sin(U_1 h[t+1] + W_2 x[t] + ((h[t+1])^2)^2)
c[t] = tanh(U_3 c[t+1] + W_4 x[t] + W_5 x[t])
y[t] = Q h[t]
"""
"""At the second point of seed 0 dL/dh[T+1] is so curved that the errors of order h⁴ and h⁶ nearly cancel at h = 0.01."""
PLANTED = sympy.Float("1.000001")


def curved() -> Derivation:
    return derive(cell(CURVED), loss="bce", at="all")


def misses(d: Derivation, seed: int) -> list[str]:
    """The quantities whose central differences are further off the complex step than four times what they say."""
    ground = d.ground(seed)
    exact, found = (ground.derivatives[reference.name] for reference in ground.references)
    errors = {target: float(np.abs(found.loss[target] - exact.loss[target]).max()) for target in exact.loss}
    return [
        f"{target}: off by {errors[target]:.1e}, said to be {doubt:.1e}"
        for target, doubt in found.doubt.items()
        if errors[target] > 4 * doubt
    ]


# ---------------------------------------------------------------- one window


def quotients(ratio: float, factor: float) -> list[list[np.ndarray]]:
    """Difference quotients 1 + a h⁴ + b h⁶ with b / a = ``ratio``, at the steps 1, 1/2 and 1/4."""
    return [[np.array([1 + factor * (h**4 + ratio * h**6)])] for h in (1.0, 0.5, 0.25)]


@given(st.floats(-4, -0.8) | st.floats(-0.72, 0), st.floats(0.25, 4))
def test_the_error_of_a_window_is_not_understated(ratio: float, factor: float) -> None:
    """Whatever the errors of order h⁴ and h⁶ are, unless they cancel to within a twentieth, at both pairs of steps alike."""
    window = extrapolated(*quotients(ratio, factor), rounding=0.0)
    assert abs(window.values[0][0] - 1) <= 2 * window.errors[0] + 1e-14


def test_the_nearer_neighbour_understates_the_error() -> None:
    """Where the curved cell was misjudged: the orders half cancel, and the better of the two neighbours is as wrong."""
    wide, middle, narrow = quotients(-1.05, 1.0)
    window = extrapolated(wide, middle, narrow, rounding=0.0)
    error, nearer = abs(window.values[0] - 1), abs(window.values[0] - (4 * narrow[0] - middle[0]) / 3)
    assert 2 * nearer < error < window.errors[0]


def test_errors_of_the_two_lowest_orders_cancel() -> None:
    """Whatever the size of the h² and the h⁴."""
    found = extrapolated(*([np.array([3 + 5 * h**2 - 7 * h**4])] for h in (1.0, 0.5, 0.25)), rounding=0.0)
    assert found.values[0] == pytest.approx(3, rel=1e-14)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_what_is_no_number_settles_nothing(bad: float) -> None:
    """A wide step that leaves the domain has a narrower one after it."""
    with np.errstate(invalid="ignore"):
        window = extrapolated([np.array([bad])], [np.array([1.0])], [np.array([1.0])], rounding=1.0)
    assert window.errors == [np.inf]
    assert not window.settles(1e-7)


# ---------------------------------------------------------------- derivatives of cells


def test_a_strongly_curved_cell_verifies() -> None:
    """The reference moves on to narrower steps, and then finds the printed equation right by five digits more than it needs."""
    d = curved()
    report = d.verify(0)
    assert report, report
    errors = [check.max_error for check in report.checks if check.reference == "central differences"]
    assert max(errors) < 1e-9


@pytest.mark.parametrize("seed", [0, NEXT_SEED])
def test_a_strongly_curved_cell_knows_its_errors(seed: int) -> None:
    """Each derivative is as exact as is said, and where rounding allows it that is well below the tolerance."""
    ground = curved().ground(seed)
    assert not misses(ground.d, seed)
    exact, found = (ground.derivatives[reference.name] for reference in ground.references)
    for target, doubt in found.doubt.items():
        size = float(np.abs(exact.loss[target]).max())
        assert doubt <= max(1.01 * WELL_BELOW * 1e-7 * size, found.rounding), target


def test_only_what_is_curved_gets_narrower_steps() -> None:
    """Where the widest window settles a quantity, its derivative is that of the widest window to the last digit."""
    ground = curved().ground(NEXT_SEED)
    found = ground.derivatives["central differences"]
    rounding = {target: doubt for target, doubt in found.doubt.items() if target[0] in ("Q", "y")}
    assert max(rounding.values()) < found.rounding / 4


@pytest.mark.parametrize("scale", [1, 30, 300])
def test_steps_fit_the_curvature(scale: int) -> None:
    """Short waves need narrow steps, from the widest down by two decades."""
    d = derive(cell(f"h[t] = tanh(W h[t-1]) + sin({scale} * x[t])\ny[t] = V h[t]"))
    assert d.verify(1), d.verify(1)
    assert not misses(d, 1)


@given(texts((1, 3), 3, 2, True), st.sampled_from(["mse", "squared", "ce", "bce", None]), st.integers(0, 999))
@settings(max_examples=20, deadline=None)
def test_no_error_is_understated(text: str, loss: str | None, seed: int) -> None:
    """Whatever the cell, the loss and the point: no derivative is further off than four times what is said."""
    with np.errstate(all="ignore"):
        missed = misses(derive(cell(text), loss=loss, at="all"), seed)
    assert not missed, f"{text}\n{missed}"


def test_immediate_derivatives_have_steps_of_their_own() -> None:
    """∂⁺h_t/∂W of a wave too short for the widest step agrees with the complex step to nine digits."""
    truth = derive(cell("h[t] = sin(100 * (W x[t])) + tanh(U h[t-1])\ny[t] = V h[t]")).ground(0).truth
    (true,) = COMPLEX_STEP.immediate(truth, ("W", None), 2)
    assert np.abs(true).max() > 1
    (found,) = CentralDifferences().immediate(truth, ("W", None), 2)
    assert found == pytest.approx(true, rel=1e-9, abs=1e-9)


# ---------------------------------------------------------------- what they find


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "curved"])
def test_a_millionth_is_found_by_both_references(name: str) -> None:
    """A factor of 1.000001 in any adjoint or gradient is seen by the complex step and by central differences alike."""
    d = curved() if name == "curved" else cells[name].derive(at="all")
    tried = 0
    for equation in d.equations:
        if equation.label.startswith("dL/d") and equation.section != "paths" and equation.terms:
            report = d.replace(equation.label, MatMul(PLANTED, equation.rhs)).verify()
            assert {check.label for check in report.failures} == {equation.label}
            assert {"complex step", "central differences"} <= {check.reference for check in report.failures}
            tried += 1
    assert tried >= 8


def test_the_derivative_of_a_largest_component_compares_the_same_numbers() -> None:
    """A composite operand of max has a name: its numbers, rounded in another order, would equal the maximum nowhere."""
    text = "c[t] = sin(U c[t+2] + W x[t] + max(V x[t-1] + c[t+2] + b) * (R x[t]))"
    assert derive(cell(text), loss=None, at="all").verify(0)
