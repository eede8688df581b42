"""Index notation: every equation by components beside its matrix form, evaluated and checked like every other."""

from __future__ import annotations

import re
from functools import cache

import pytest
from sympy.matrices.expressions import MatMul

import autorecur as ar
from autorecur.derive import Derivation
from autorecur.notations import Profile
from autorecur.symbolic import carriers as c

BESIDE = Profile("beside", components="beside")
EXAMPLES = ("rnn", "rnn_row", "lstm", "gru_concatenated")
EVERY_KIND = """
    s[t] = sigmoid(W_s [h[t-1], x[t]] + b_s)
    h[t] = s[t] * h[t-1] / (1 + norm(x[t])) + mean(x[t]) * tanh(V^T (s[t] * x[t]))
    p[t] = softmax(W_p h[t] + maximum(b_p, c_p))
"""


@cache
def derived(name: str, loss: str = "mse") -> Derivation:
    return ar.cells[name].derive(notation=BESIDE, loss=loss)


def shown(derivation: Derivation, label: str) -> str:
    return derivation[label].latex().replace(" ", "").replace("\\,", "")


@pytest.mark.parametrize("name", EXAMPLES)
def test_component_forms_pass_their_checks(name: str) -> None:
    """As many checks as the matrix forms have, all passed."""
    report = derived(name).verify()
    assert report.passed
    checked = {check.label for check in report.checks}
    assert {e.label for e in derived(name).components} <= checked


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(ar.cells))
@pytest.mark.parametrize("loss", ["squared", "ce", "bce"])
def test_component_forms_of_every_cell(name: str, loss: str) -> None:
    """All built-in cells, with losses of each kind."""
    assert ar.cells[name].derive(notation=BESIDE, loss=loss, at="all").verify().passed


def test_every_kind_of_expression_has_components() -> None:
    """Stacks, norms, means, quotients, transposed weights, maxima, softmax, cross entropy."""
    derivation = ar.cell(EVERY_KIND).derive(notation=BESIDE, loss="ce")
    assert derivation.verify().passed
    assert len(derivation.components) >= 12


def test_products_are_sums_over_components() -> None:
    """``W h`` is Σ_j W_ij h_j; what multiplies elementwise has one index and no sum."""
    lstm, rnn = derived("lstm"), derived("rnn")
    assert shown(rnn, "h by components") == (
        r"h_{t,i}=\tanh\mathopen{}\left(\sum_{j=1}^{n_h}W_{h,ij}h_{t-1,j}+\sum_{j=1}^{n_x}W_{x,ij}x_{t,j}+b_{h,i}\right)"
    )
    assert shown(rnn, "dL/dh@T by components") == r"\bar{h}_{T,i}=\sum_{j=1}^{n_y}W_{y,ji}\bar{\hat{y}}_{T,j}"
    assert shown(rnn, "dL/dW_h by components") == r"\bar{W}_{h,ij}=\sum_{t=1}^T\delta_{t,i}h_{t-1,j}"
    assert shown(lstm, "c by components") == "c_{t,j}=f_{t,j}c_{t-1,j}+i_{t,j}g_{t,j}"


def test_indices_keep_clear_of_the_cell() -> None:
    """The LSTM has a gate i, so its components are numbered by j and l."""
    assert "{t,i}" not in shown(derived("lstm"), "h by components")


def test_an_error_in_a_component_form_is_found() -> None:
    """It is named alone: the matrix form beside it is right."""
    good = derived("rnn")
    for label in ("h by components", "dL/dh by components", "dL/dW_x by components", "dL/dh[0] by components"):
        bad = good.replace(label, MatMul(c.size(2), good[label].rhs))
        report = bad.verify()
        assert {check.label for check in report.failures} == {label}


def test_an_exchanged_index_is_found() -> None:
    """``W_ij`` for ``W_ji``, where the matrix is square."""
    good = derived("rnn")
    equation = good["dL/dh by components"]
    entries = equation.rhs.atoms(c.Entry)
    (weight,) = [x for x in entries if x.name == "W_h"]
    wrong = equation.rhs.xreplace({weight: c.Entry(weight.matrix, weight.column, weight.row)})
    assert [check.label for check in good.replace(equation.label, wrong).verify().failures][:1] == [equation.label]


def test_an_error_in_the_matrix_form_is_not_the_component_forms() -> None:
    """Each form is checked by itself."""
    bad = derived("rnn").replace("dL/dh", "W_h^T dL/da[t+1] * 2")
    assert {check.label for check in bad.verify().failures} == {"dL/dh"}


def test_the_page_shows_each_form_below_its_equation() -> None:
    """Every equation outside the path form, with the same number and a prime."""
    text = derived("rnn").to_markdown()
    shown = {int(one) for one in re.findall(r"(\d+)′", text)}
    for first, last in re.findall(r"(\d+)′–(\d+)′", text):  # rows that share a display share their numbers
        shown |= set(range(int(first), int(last)))
    assert {f"({number}′)" for number in shown} == {equation.number for equation in derived("rnn").components}
    assert text.index("h_t = ") < text.index("1′") < text.index("a_t = ") < text.index("3′")
