"""Jacobians in the other layout: the finished equations of the path form transposed, and checked again."""

from __future__ import annotations

import pytest
from sympy.matrices.expressions import MatMul

import autorecur as ar
from autorecur.derive import Derivation
from autorecur.errors import NotationError
from autorecur.notations import Profile
from autorecur.symbolic import carriers as c

DENOMINATOR = Profile("denominator", jacobian="denominator")
NUMERATOR = Profile("numerator", jacobian="numerator")


def paths(derivation: Derivation) -> list[str]:
    found = [e for e in derivation.equations if e.section == "paths"]
    return [e.latex().replace(" ", "").replace("\\,", "") for e in found]


@pytest.mark.parametrize("profile", [DENOMINATOR, NUMERATOR])
@pytest.mark.parametrize("name", ["rnn", "rnn_row", "rnn_concatenated", "gru"])
def test_both_layouts_pass_their_checks(name: str, profile: Profile) -> None:
    """Every equation, in columns and in rows, with stacks."""
    derivation = ar.cells[name].derive(notation=profile)
    assert derivation.verify().passed


@pytest.mark.parametrize(
    ("name", "own", "other"), [("rnn", NUMERATOR, DENOMINATOR), ("rnn_row", DENOMINATOR, NUMERATOR)]
)
def test_the_layout_of_ones_own_vectors_changes_nothing(name: str, own: Profile, other: Profile) -> None:
    """Columns have numerator layout, rows denominator layout, unless the notation says otherwise."""
    plain = paths(ar.cells[name].derive())
    assert paths(ar.cells[name].derive(notation=own)) == plain
    assert paths(ar.cells[name].derive(notation=other)) != plain


def test_factors_turn_round() -> None:
    """The outer function stands on the right."""
    found = paths(ar.cells["rnn"].derive(notation=DENOMINATOR))
    assert found[0] == r"\frac{\partialh_t}{\partialh_{t-1}}=W_h^{\top}\operatorname{diag}(1-h_t\odoth_t)"
    assert found[1].endswith(r"\frac{\partialh_{k+1}}{\partialh_k}\cdots\frac{\partialh_t}{\partialh_{t-1}}")


def test_a_planted_error_is_found() -> None:
    """A transposed weight too many in the turned Jacobian."""
    derivation = ar.cells["rnn"].derive(notation=DENOMINATOR)
    equation = derivation["dh/dh[t-1]"]
    wrong = MatMul(equation.rhs.args[0].arg, *equation.rhs.args[1:])
    assert "dh/dh[t-1]" in {check.label for check in derivation.replace(equation.label, wrong).verify().failures}


def test_adjoints_as_fractions_have_the_layout_that_looks_alike() -> None:
    """``∂L/∂h`` is one thing on the page: the adjoint, of the shape of h; the other layout is refused."""
    derivation = ar.cells["rnn"].derive(notation=Profile("fraction", adjoint="fraction"))
    assert all(part.row for e in derivation.equations for part in e.lhs.atoms(c.Derivative))
    assert all(left != right for left, right in (text.split("=", 1) for text in paths(derivation)))
    with pytest.raises(NotationError, match="both print as ∂L/∂h"):
        ar.cells["rnn"].derive(notation=Profile("fraction", adjoint="fraction", jacobian="numerator"))


def test_the_page_says_which_layout_it_has() -> None:
    """In the conventions and before the path form."""
    text = ar.cells["rnn"].derive(notation=DENOMINATOR).to_markdown()
    assert text.count("layout") >= 3
