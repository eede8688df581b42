"""Every mark that a notation chooses: of time, of adjoints, of transposes, derivatives, concatenations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sympy import Integer
from sympy.matrices.expressions import HadamardProduct, MatMul, Transpose

from autorecur.page.formula import formula
from autorecur.render.latex import latex
from autorecur.symbolic import carriers as c
from autorecur.symbolic.compose import Composer
from autorecur.symbolic.names import DEFAULT
from autorecur.symbolic.spelling import Spelling, SpellingError, read_symbol

H = c.quantity("h", c.t, ("n", 1))
LAST = c.quantity("h", c.T, ("n", 1))
ADJOINT = c.quantity("dL/dh", c.t, ("n", 1))
W = c.symbol("W_1", ("n", "n"))


def shown(expression: Any, **choices: Any) -> str:
    return latex(Composer(replace(DEFAULT, **choices))(expression)).replace(" ", "").replace("\\,", "")


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("subscript", r"h_t^{\top}"),
        ("superscript", r"(h^{(t)})^{\top}"),
        ("angle", r"(h^{\langlet\rangle})^{\top}"),
        ("parenthesis", r"{h(t)}^{\top}"),
    ],
)
def test_a_transpose_goes_outside_the_brackets_of_time(style: str, expected: str) -> None:
    """What is raised stands behind a mark of time that is raised itself."""
    assert shown(Transpose(H), time=style).replace("\\bigl", "").replace("\\bigr", "") == expected


@pytest.mark.parametrize(
    ("adjoint", "alone", "product", "turned"),
    [
        ("hat", r"\hat{h}_t", r"\hat{h}_t\odoth_t", r"\hat{h}_t^{\top}"),
        ("delta", r"\deltah_t", r"\deltah_t\odoth_t", r"(\deltah_t)^{\top}"),
        ("d", "dh_t", r"dh_t\odoth_t", r"(dh_t)^{\top}"),
        (
            "fraction",
            r"\frac{\partialL}{\partialh_t}",
            r"\frac{\partialL}{\partialh_t}\odoth_t",
            r"\left(\frac{\partialL}{\partialh_t}\right)^{\top}",
        ),
        ("slash", r"\partialL/\partialh_t", r"\partialL/\partialh_t\odoth_t", r"(\partialL/\partialh_t)^{\top}"),
    ],
)
def test_adjoints(adjoint: str, alone: str, product: str, turned: str) -> None:
    """An accent, a letter in front, or a fraction; what stands in front gets brackets before it is transposed."""
    assert shown(ADJOINT, adjoint=adjoint) == alone
    assert shown(HadamardProduct(ADJOINT, H), adjoint=adjoint).replace("(", "").replace(")", "") == product
    assert shown(Transpose(ADJOINT), adjoint=adjoint) == turned


def test_transposes() -> None:
    """Behind the symbol or, as in French courses, before it."""
    turned = MatMul(Transpose(W), H)
    assert shown(turned) == r"W_1^{\top}h_t"
    assert shown(turned, transpose="T") == r"W_1^{\mathrm{T}}h_t"
    assert shown(turned, transpose="prescript") == r"{{}}^{\mathrm{t}}W_1h_t"


def test_derivatives() -> None:
    """∂ or d; through one step alone with a plus, or with a bar that says the step."""
    through = c.Derivative(H, W, 1, 0)
    assert shown(through) == r"\frac{\partial^+h_t}{\partialW_1}"
    assert shown(through, derivative="d") == r"\frac{d^+h_t}{dW_1}"
    assert shown(through, immediate="bar") == r"\left.\frac{\partialh_t}{\partialW_1}\right\vert_{(t)}"
    assert shown(c.symbol("L", (1, 1)), total=r"\mathcal{L}") == r"\mathcal{L}"


def test_steps_from_zero() -> None:
    """Fixed steps are one less; a step that runs keeps its letter."""
    assert shown(LAST, first=0) == "h_{T-1}"
    assert shown(c.quantity("h", Integer(1), ("n", 1)), first=0) == "h_0"
    assert shown(c.quantity("h", c.t - 1, ("n", 1)), first=0) == "h_{t-1}"
    assert shown(c.symbol("h[0]", ("n", 1)), first=0).replace("{-}", "-") == "h_{-1}"
    assert shown(c.TimeSum(H, c.t, Integer(1), c.T), first=0) == r"\sum_{t=0}^{T-1}h_t"


def test_layers_and_bold_vectors() -> None:
    """A number behind a name is a layer, in square brackets; names of vectors are bold."""
    layer = c.quantity("h_1", c.t, ("n", 1))
    assert shown(layer, layers="bracket", time="angle") == r"h^{[1]\langlet\rangle}"
    assert shown(W, layers="bracket") == "W^{[1]}"
    assert shown(ADJOINT, vectors=frozenset({"h"})) == r"\bar{\mathbf{h}}_t"
    assert shown(c.quantity("gamma", c.t, ("n", 1)), vectors=frozenset({"gamma"})) == r"\boldsymbol{\gamma}_t"


@pytest.mark.parametrize(
    ("style", "expected"),
    [("square", "[h_t,x_t]"), ("round", "(h_t,x_t)"), ("semicolon", "[h_t;x_t]")],
)
def test_concatenations(style: str, expected: str) -> None:
    """The brackets of a stacked vector."""
    stacked = c.Concatenation(-2, H, c.quantity("x", c.t, ("m", 1)))
    assert shown(stacked, concatenation=style) == expected
    assert "bmatrix" in shown(stacked, concatenation="column")


def test_symbols_are_renamed() -> None:
    """A name prints as the notation says, its adjoint and its sizes, too."""
    choices = {"symbols": {"h": "a", "W_1": r"\tilde{W}_{aa}"}, "sizes": {"n": "n_a"}}
    assert shown(H, **choices) == "a_t"
    assert shown(ADJOINT, **choices) == r"\bar{a}_t"
    assert shown(W, **choices) == r"\tilde{W}_{aa}"
    assert latex(Composer(replace(DEFAULT, **choices)).size("n")) == "n_a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W_aa", Spelling("W", (), ("aa",))),
        (r"\tilde c", Spelling("c", ("tilde",), ())),
        (r"\Gamma_u", Spelling("Gamma", (), ("u",))),
        (r"\mathcal{L}", Spelling("L", (), (), style="script")),
        (r"\hat{\mathbf{y}}^*", Spelling("y", ("hat",), (), True, "bold")),
        ("W_{f,x}", Spelling("W", (), ("f", "x"))),
    ],
)
def test_symbols_are_read(text: str, expected: Spelling) -> None:
    """Names of the language, and the few marks of LaTeX that a symbol can have."""
    assert read_symbol(text) == expected


@pytest.mark.parametrize("text", ["", r"\input{x}", "a b", "a_{", "^2", "a_b_c{", r"\frac{a}{b}", "a^2", "$a$"])
def test_what_is_no_symbol_is_refused(text: str) -> None:
    """Commands, open braces, powers: nothing of a file reaches TeX as it stands."""
    with pytest.raises(SpellingError):
        read_symbol(text)


@pytest.mark.parametrize(
    ("text", "choices", "expected"),
    [
        (r"\adj{v}_t", {"time": "angle", "adjoint": "d"}, r"dv^{\langlet\rangle}"),
        (r"(\adj{v}_t)_i", {"adjoint": "slash"}, r"(\partialL/\partialv_t)_i"),
        (r"\adj{U}^\top", {"adjoint": "delta", "transpose": "T"}, r"(\deltaU)^{\mathrm{T}}"),
        (r"W^\top \adj{u}", {"transpose": "prescript"}, r"{{}}^{\mathrm{t}}W\bar{u}"),
        (r"\frac{\partial L}{\partial W}", {"derivative": "d", "total": "J"}, r"\frac{dJ}{dW}"),
        (r"\join{u, v}", {"concatenation": "round"}, "(u,v)"),
        (r"t=\first,\dots,\last", {"first": 0}, r"t=0,\dots,T-1"),
        (r"u_i = v_t", {"vectors": frozenset({"h"})}, r"u_i=\mathbf{v}_t"),
        (r"\dplus", {"immediate": "bar"}, r"\vert_{(k)}"),
        (r"\ell", {"loss": "varphi"}, r"\varphi"),
    ],
)
def test_formulas_of_the_catalogue_follow(text: str, choices: dict[str, Any], expected: str) -> None:
    """The words of the page speak the same notation."""
    assert latex(formula(text, replace(DEFAULT, **choices))).replace(" ", "") == expected
