"""Slips found in published derivations: planted in a printed equation, each is found and named."""

from __future__ import annotations

from functools import cache

import pytest
import sympy
from sympy import Basic

from autorecur.cells import cells
from autorecur.derive.derivation import Derivation
from autorecur.symbolic import carriers as c


@cache
def derived(name: str, at: str = "all") -> Derivation:
    return cells[name].derive(at=at)


def blamed(derivation: Derivation, label: str, rhs: Basic | str) -> set[str]:
    """The labels of the equations that are found wrong after a slip."""
    return {check.label for check in derivation.replace(label, rhs).verify().failures}


def without(derivation: Derivation, label: str, through: str, offset: int) -> Basic:
    """A right-hand side without the term that came through one equation."""
    equation = derivation[label]
    kept = [t.expression for t in equation.terms if (t.through, t.offset) != (through, offset)]
    assert len(kept) == len(equation.terms) - 1
    return c.total(kept, equation.shape)


def test_the_cell_state_loses_its_path_through_the_forget_gate() -> None:
    """``f[t+1] ⊙ dL/dc[t+1]`` lost in the LSTM's dL/dc[t]."""
    d = derived("lstm")
    assert blamed(d, "dL/dc", without(d, "dL/dc", "c", 1)) == {"dL/dc"}


@pytest.mark.parametrize(("through", "offset"), [("a_i", 1), ("a_f", 1), ("a_o", 0)])
def test_a_peephole_path_is_lost(through: str, offset: int) -> None:
    """The cell state is read by three gates; each path lost by itself is found."""
    d = derived("lstm_peephole")
    assert blamed(d, "dL/dc", without(d, "dL/dc", through, offset)) == {"dL/dc"}


def test_the_path_through_the_reset_gate_is_lost() -> None:
    """In the GRU h[t-1] is also read by ``r ⊙ h[t-1]``, inside the candidate."""
    d = derived("gru")
    lost = next(t for t in d["dL/dh"].terms if "s_n" in str(t.through).split(">") and t.offset == 1)
    assert blamed(d, "dL/dh", without(d, "dL/dh", str(lost.through), 1)) == {"dL/dh"}


def test_the_reset_path_is_counted_with_the_wrong_gate() -> None:
    """``z ⊙ …`` where ``r ⊙ …`` stands."""
    d = derived("gru")
    n_h = d.shape_of("h")
    r, z = (c.quantity(name, c.t + 1, n_h) for name in "rz")
    wrong = [
        t.expression.xreplace({r: z}) if "s_n" in str(t.through).split(">") else t.expression for t in d["dL/dh"].terms
    ]
    assert wrong != [t.expression for t in d["dL/dh"].terms]
    assert blamed(d, "dL/dh", c.total(wrong, d["dL/dh"].shape)) == {"dL/dh"}


@pytest.mark.parametrize("gate", ["i", "f", "o", "g"])
def test_the_derivative_of_a_gate_is_taken_at_the_preactivation(gate: str) -> None:
    """σ′ written in terms of the output, with the pre-activation put into it."""
    d = derived("lstm")
    label = f"dL/da_{gate}"
    inside = c.quantity(f"a_{gate}", c.t, d.shape_of(gate))
    wrong = d[label].rhs.xreplace({c.quantity(gate, c.t, d.shape_of(gate)): inside})
    assert blamed(d, label, wrong) == {label}


def test_the_derivative_is_taken_at_the_output_where_the_preactivation_belongs() -> None:
    """``1 − tanh²(h)`` in place of ``1 − tanh²(a)``."""
    d = derived("rnn")
    assert blamed(d, "dL/da", "dL/dh[t] * (1 - tanh(h[t]) * tanh(h[t]))") == {"dL/da"}
    assert not blamed(d, "dL/da", "dL/dh[t] * (1 - tanh(a[t]) * tanh(a[t]))")


def test_the_expansion_starts_at_the_wrong_step() -> None:
    """∂L/∂h_i where ∂L/∂h_N stands in the expansion."""
    d = derived("rnn", "last")
    label = "dL/dW_h in three steps"
    term = d[label].terms[-1].expression
    at = c.quantity("h", sympy.Integer(3), d.shape_of("h"))
    early = c.quantity("h", sympy.Integer(1), d.shape_of("h"))
    start = term.args[0]
    assert start.bottom == at
    wrong = term.func(start.xreplace({at: early}), *term.args[1:])
    assert blamed(d, label, c.total([*(t.expression for t in d[label].terms[:-1]), wrong], (1, 1))) == {label}


def test_the_diagonal_is_called_the_whole_jacobian() -> None:
    """∂h_t/∂h_{t−1} of the GRU is not ``diag(z)`` (nor ∂c_t/∂c_{t−1} of a gated cell ``diag(f)``)."""
    d = derived("gru")
    label = "dh/dh[t-1]"
    diagonal = next(t.expression for t in d[label].terms if isinstance(t.expression, c.Diagonal))
    assert blamed(d, label, diagonal) == {label}


def in_matrix(derivation: Derivation, label: str, row: int, column: int, block: Basic) -> Basic:
    """A matrix of blocks with one block replaced."""
    grid = [list(line) for line in derivation[label].rhs.lines]
    grid[row][column] = block
    return c.blocks(grid)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_block_of_the_jacobian_is_lost(row: int, column: int) -> None:
    """Of the LSTM: (1, 1) is what c[t] gives c[t+1] through the forget gate, (0, 1) what it gives h[t+1] through c[t+1]."""
    d = derived("lstm")
    zero = sympy.ZeroMatrix(*d["ds/ds[t-1]"].rhs.lines[row][column].shape)
    assert blamed(d, "ds/ds[t-1]", in_matrix(d, "ds/ds[t-1]", row, column, zero)) == {"ds/ds[t-1]"}


@pytest.mark.parametrize(
    ("label", "through"), [("d+c/dc[t-1]", "i>a_i"), ("d+c/dc[t-1]", "f>a_f"), ("d+h/dc", "o>a_o")]
)
def test_a_peephole_path_is_lost_in_a_block(label: str, through: str) -> None:
    """diag(f) is not all of ∂⁺c_t/∂c_{t−1} where gates read the cell state, nor diag(o ⊙ …) all of ∂⁺h_t/∂c_t."""
    d = derived("lstm_peephole")
    assert blamed(d, label, without(d, label, through, 0)) == {label}


def test_the_diagonal_is_called_the_whole_derivative_of_the_cell_state() -> None:
    """∂c_t/∂c_{t−1} is not diag(f_t): c_{t−1} also changes h_{t−1}."""
    d = derived("lstm")
    f = c.Diagonal(c.quantity("f", c.t, d.shape_of("f")))
    assert d["dc/dc[t-1]"].terms[0].expression == f
    assert blamed(d, "dc/dc[t-1]", f) == {"dc/dc[t-1]"}


def test_the_same_step_is_forgotten_in_a_block() -> None:
    """∂⁺h_t/∂h_{t−1} has a path through c_t."""
    d = derived("lstm")
    assert blamed(d, "d+h/dh[t-1]", without(d, "d+h/dh[t-1]", "c", 0)) == {"d+h/dh[t-1]"}


def test_block_jacobians_stand_in_the_wrong_order() -> None:
    """In the product over steps, and in the product inside a block."""
    d = derived("lstm")
    product = d["ds/ds[k]"].rhs
    assert blamed(d, "ds/ds[k]", product.func(*product.args[:4], 1)) == {"ds/ds[k]"}
    first, last = (t.expression for t in d["d+h/dh[t-1]"].terms)
    turned = c.total([first, sympy.MatMul(*reversed(last.args))], (1, 1))
    assert blamed(d, "d+h/dh[t-1]", turned) == {"d+h/dh[t-1]"}


def test_the_adjoint_of_the_cell_state_is_taken_for_the_derivative_by_the_stack() -> None:
    """An adjoint is total: it counts the paths through h of the same step, which the stack holds as a component."""
    d = derived("lstm")
    label = "adjoints as one row"
    total = sympy.Transpose(c.quantity("dL/dc", c.k, d.shape_of("c")))
    assert blamed(d, label, in_matrix(d, label, 0, 1, total)) == {label}


def test_a_transpose_is_lost_where_matrices_are_square() -> None:
    """``U_f dL/da_f`` in place of ``U_fᵀ dL/da_f`` has the right shape."""
    d = derived("lstm")
    wrong = [
        t.expression.xreplace({t.expression.args[0]: t.expression.args[0].arg}) if t.through == "a_f" else t.expression
        for t in d["dL/dh"].terms
    ]
    assert blamed(d, "dL/dh", c.total(wrong, d["dL/dh"].shape)) == {"dL/dh"}


def test_a_bias_loses_its_sum_over_time() -> None:
    """dL/db is a sum over all steps, not the last one's."""
    d = derived("rnn")
    last = c.quantity("dL/da", c.T, d.shape_of("h"))
    assert blamed(d, "dL/db_h", last) == {"dL/db_h"}


def test_jacobians_stand_in_the_wrong_order() -> None:
    """The product of Jacobians runs from the later step to the earlier."""
    d = derived("rnn")
    product = d["dh/dh[k]"].rhs
    assert blamed(d, "dh/dh[k]", product.func(*product.args[:4], 1)) == {"dh/dh[k]"}


def test_the_outer_product_takes_the_state_of_the_same_step() -> None:
    """``δ_t h_tᵀ`` in place of ``δ_t h_{t−1}ᵀ``."""
    assert blamed(derived("rnn"), "dL/dW_h", "dL/da[t] @ h[t]^T") == {"dL/dW_h"}


def test_a_loss_at_the_last_step_is_treated_as_at_every_step() -> None:
    """With the loss at T alone, dL/dh[t] has nothing from y[t] before T, and dL/dW_y no sum."""
    d = derived("rnn", "last")
    early = c.quantity("dL/dy_hat", c.t, d.shape_of("y_hat"))
    weight = c.symbol("W_y", d.shape_of("W_y"))
    more = c.total([d["dL/dh"].rhs, sympy.MatMul(weight.T, early)], d["dL/dh"].shape)
    assert blamed(d, "dL/dh", more) == {"dL/dh"}
    assert blamed(d, "dL/dW_y", "dL/dy_hat[t] @ h[t]^T") == {"dL/dW_y"}


@pytest.mark.parametrize(("name", "states"), [("gru", ("h",)), ("lstm", ("h", "c")), ("lstm_peephole", ("c", "h"))])
def test_states_are_counted_as_they_are(name: str, states: tuple[str, ...]) -> None:
    """A GRU has one state, an LSTM two."""
    assert set(cells[name].states) == set(states)


def test_immediate_and_total_derivatives_are_not_the_same() -> None:
    """The immediate derivative of the state by a weight, read as the total one, is found."""
    d = derived("rnn")
    label = "visits of W_h"
    (term,) = d[label].terms
    leave = term.expression.args[-1]
    assert leave.immediate
    whole = c.Derivative(c.symbol("L", (1, 1)), leave.bottom, 0, 0)
    assert blamed(d, label, whole) == {label}
