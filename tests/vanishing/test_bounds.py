"""Bounds of the Jacobian from step to step: what they say, that they hold, and that a wrong one is found out."""

from __future__ import annotations

import pytest
import sympy
from sympy.matrices.expressions import MatMul

import autorecur as ar
from autorecur.derive.derivation import Derivation
from autorecur.render.latex import latex
from autorecur.symbolic import carriers as c
from autorecur.symbolic.compose import Composer
from autorecur.vanishing.bounds import Bounds
from autorecur.vanishing.search import TOLERANCE, checks_of, search


def derived(text: str) -> Derivation:
    return ar.cell(text).derive(loss=None)


def printed(bounds: Bounds, label: str) -> str:
    equation = next(e for e in bounds.equations if e.label == label)
    text = latex(Composer()(equation.rhs))
    return text.replace("\\lVert ", "|").replace("\\rVert", "|").replace("\\,", "").replace(" ", "")


@pytest.mark.parametrize(
    ("function", "slope"),
    [("tanh", ""), ("sigmoid", "\\tfrac{1}{4}"), ("relu", ""), ("softplus", ""), ("sin", ""), ("silu", "1.0999")],
)
def test_one_activation_bounds_by_its_slope_and_the_weight(function: str, slope: str) -> None:
    """(γ‖U‖)^(T−k): the largest slope, times the largest singular value."""
    bounds = derived(f"h[t] = {function}(W x[t] + U h[t-1])").bounds
    assert printed(bounds, "bound of dh/dh") == f"{slope}|U|"
    whole = printed(bounds, "bound over steps")
    assert whole.endswith("^{T-k}")
    assert bounds.constant


def test_gates_are_bounded_by_their_slope_and_states_by_what_their_equations_keep() -> None:
    """In the GRU h stays between −1 and 1, so the candidate and h differ by 2 at most, and 2 · ¼ is ½."""
    bounds = ar.cells["gru"].derive().bounds
    assert bounds.kept == {"h"}
    text = printed(bounds, "bound of dh/dh")
    assert text.startswith("\\tfrac{1}{2}|U_z|")
    assert text.endswith("+1")


def test_the_blocks_of_an_lstm() -> None:
    """The memory is bounded by nothing, so its size stands in the bound; the direct path from memory to memory is 1."""
    bounds = ar.cells["lstm"].derive().bounds
    labels = [block.equation.label for block in bounds.blocks]
    assert labels == [f"bound of d{top}/d{bottom}" for top in "hc" for bottom in "hc"]
    assert "c_{t-1}" in printed(bounds, "bound of dc/dh")
    assert printed(bounds, "bound of dc/dc") == "1"
    assert not bounds.constant


@pytest.mark.parametrize(
    "name", ["rnn", "rnn_row", "rnn_concatenated", "gru", "lstm", "leaky_rnn", "mlstm", "min_lstm"]
)
def test_no_bound_is_overstepped_and_every_bound_is_nearly_reached(name: str) -> None:
    derivation = ar.cells[name].derive()
    report = derivation.verify(bounds=True)
    found = [check for check in report.checks if check.section == "bounds"]
    assert [check.label for check in found] == [e.label for e in derivation.bounds.equations]
    assert all(check.passed for check in found)
    reached = derivation.reached()
    assert all(reached[e.label].reached > 0.9 for e in derivation.bounds.equations)


def without(rhs: sympy.Basic, index: int) -> sympy.Basic:
    """A sum with one of its terms left out: a lost path."""
    return c.total([term for i, term in enumerate(rhs.args) if i != index], (1, 1))


@pytest.mark.parametrize("name", ["gru", "gru_chung", "gru_concatenated", "lstm", "leaky_rnn", "ugrnn"])
def test_a_bound_with_a_lost_path_fails(name: str) -> None:
    derivation = ar.cells[name].derive()
    for block in derivation.bounds.blocks:
        rhs = block.equation.rhs
        for index in range(len(rhs.args) if rhs.is_MatAdd else 0):
            planted = derivation.bounds.replaced(block.equation.label, without(rhs, index))
            checks = checks_of(planted, search(derivation, planted))
            assert block.equation.label in [check.label for check in checks if not check.passed], index


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("rnn", "bound of dh/dh"),
        ("lstm", "bound of dc/dh"),
        ("rnn", "bound over steps"),
        ("gru", "bound over steps"),
        ("lstm", "bound over steps"),
    ],
)
def test_a_bound_with_too_small_a_slope_fails(name: str, label: str) -> None:
    derivation = ar.cells[name].derive()
    rhs = next(e for e in derivation.bounds.equations if e.label == label).rhs
    planted = derivation.bounds.replaced(label, MatMul(sympy.Rational(9, 10), rhs))
    (check,) = (check for check in checks_of(planted, search(derivation, planted)) if check.label == label)
    assert check.max_error > 0.05 > TOLERANCE


def test_a_bound_with_the_wrong_power_of_steps_fails() -> None:
    derivation = derived("h[t] = tanh(W x[t] + U h[t-1])")
    whole = derivation.bounds.whole
    assert whole is not None
    power = c.Raised(whole.rhs.base, c.T - c.k - 1)
    planted = derivation.bounds.replaced(whole.label, power)
    assert not all(check.passed for check in checks_of(planted, search(derivation, planted)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("y[t] = W x[t]", "none"),
        ("g[t] = tanh(W x[t] + U g[t+1])", "backward"),
        ("h[t] = tanh(W x[t] + U h[t-2])", "delay"),
        ("h[t] = softmax(W x[t] + U h[t-1])", "shape"),
    ],
)
def test_a_cell_without_a_bound_says_why(text: str, reason: str) -> None:
    bounds = derived(text).bounds
    assert (bounds.reason, bounds.equations) == (reason, ())
