"""Expressions are laid out with the brackets that they need, in the order in which they are written."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest
import sympy
from sympy import Basic, Integer, Rational
from sympy.matrices.expressions import HadamardProduct, Identity, MatAdd, MatMul, Transpose, ZeroMatrix

from autorecur.errors import AutorecurError
from autorecur.graph.range import EVERY
from autorecur.language import cell
from autorecur.ops import CELL_OPS
from autorecur.render.latex import latex
from autorecur.render.typst import TypstPrinter
from autorecur.symbolic import carriers as c
from autorecur.symbolic.compose import Composer
from autorecur.symbolic.display import compose_equation
from autorecur.symbolic.layout import Words

N = c.size("n")
u, v, w = (c.quantity(name, c.t, ("n", 1)) for name in "uvw")
s, r = (c.quantity(name, c.t, (1, 1)) for name in "sr")
A, B = (c.symbol(name, ("n", "n")) for name in "AB")
ONE = c.ones(("n", 1))


def shown(expression: Basic) -> str:
    text = latex(Composer()(expression))
    for space in (r"\,", " ", r"\bigl", r"\bigr", r"\mathopen{}", r"\left", r"\right"):
        text = text.replace(space, "")
    text = text.replace("{-}", "-").replace("{{+}}", "+").replace("{+}", "+")
    return text.replace("_t", "").replace(r"{\tanh(u)}^", r"\tanh(u)^")


def f(name: str, *operands: Basic) -> c.Apply:
    rows, columns = operands[0].shape
    return c.Apply(name, rows, columns, *operands)


def step(name: str, t: Any) -> Basic:
    return c.quantity(name, t, ("n", 1))


def number(name: str, *operands: Basic) -> c.Apply:
    return c.Apply(name, 1, 1, *operands)


OPERATORS: dict[str, Any] = {
    "sum": lambda a: MatAdd(a, w),
    "difference": lambda a: MatAdd(w, MatMul(-1, a)),
    "negative": lambda a: MatMul(-1, a),
    "elementwise": lambda a: HadamardProduct(a, w),
    "product": lambda a: MatMul(A, a),
    "outer": lambda a: MatMul(a, Transpose(w)),
    "multiple": lambda a: MatMul(Rational(2), a),
    "scaled": lambda a: c.Scaled(s, a),
    "quotient": lambda a: c.Quotient(a, w),
    "power": lambda a: c.Power(a, 2),
    "transpose": lambda a: Transpose(a),
    "function": lambda a: f("tanh", a),
    "sum over time": lambda a: c.TimeSum(a, c.t, Integer(1), c.T),
    "block": lambda a: c.Block(a, -2, Integer(0), c.size("m")),
}
PAIRS = {
    "sum": r"A(u+v) (u+v)⊙w -(u+v) w-(u+v) (u+v)+w 2(u+v) s(u+v) \frac{u+v}{w} (u+v)^2 (u+v)^⊤ tanh(u+v) Σ(u+v) [u+v]",
    "negative": r"A(-u) (-u)⊙w -(-u) w-(-u) -u+w 2(-u) s(-u) \frac{-u}{w} (-u)^2 (-u)^⊤ tanh(-u) Σ(-u) [-u]",
    "elementwise": r"A(u⊙v) (u⊙v)⊙w -u⊙v w-u⊙v u⊙v+w 2u⊙v su⊙v \frac{u⊙v}{w} (u⊙v)^2 (u⊙v)^⊤ tanh(u⊙v) Σu⊙v [u⊙v]",
    "product": r"A(Bu) (Bu)⊙w -Bu w-Bu Bu+w 2Bu sBu \frac{Bu}{w} (Bu)^2 (Bu)^⊤ tanh(Bu) ΣBu [Bu]",
    "multiple": r"A(2u) (2u)⊙w -2u w-2u 2u+w 2(2u) s2u \frac{2u}{w} (2u)^2 (2u)^⊤ tanh(2u) Σ2u [2u]",
    "scaled": r"A(ru) (ru)⊙w -ru w-ru ru+w 2ru sru \frac{ru}{w} (ru)^2 (ru)^⊤ tanh(ru) Σru [ru]",
    "quotient": r"A\frac{u}{v} \frac{u}{v}⊙w -\frac{u}{v} w-\frac{u}{v} \frac{u}{v}+w 2\frac{u}{v} s\frac{u}{v} "
    r"\frac{\frac{u}{v}}{w} (\frac{u}{v})^2 (\frac{u}{v})^⊤ tanh(\frac{u}{v}) Σ\frac{u}{v} [\frac{u}{v}]",
    "power": r"Au^2 u^2⊙w -u^2 w-u^2 u^2+w 2u^2 su^2 \frac{u^2}{w} (u^2)^2 (u^2)^⊤ tanh(u^2) Σu^2 [u^2]",
    "function": r"Atanh(u) tanh(u)⊙w -tanh(u) w-tanh(u) tanh(u)+w 2tanh(u) stanh(u) \frac{tanh(u)}{w} tanh^2(u) "
    r"tanh(u)^⊤ tanh(tanh(u)) Σtanh(u) [tanh(u)]",
    "sum over time": r"A(Σu) (Σu)⊙w -(Σu) w-Σu Σu+w 2(Σu) s(Σu) \frac{Σu}{w} (Σu)^2 (Σu)^⊤ tanh(Σu) ΣΣu [Σu]",
}  # fmt: skip
ORDER = (
    "product", "elementwise", "negative", "difference", "sum", "multiple", "scaled", "quotient", "power", "transpose",
    "function", "sum over time", "block",
)  # fmt: skip
INNER: dict[str, Basic] = {
    "sum": MatAdd(u, v),
    "negative": MatMul(-1, u),
    "elementwise": HadamardProduct(u, v),
    "product": MatMul(B, u),
    "multiple": MatMul(2, u),
    "scaled": c.Scaled(r, u),
    "quotient": c.Quotient(u, v),
    "power": c.Power(u, 2),
    "function": f("tanh", u),
    "sum over time": c.TimeSum(u, c.t, Integer(1), c.T),
}


def short(expression: Basic) -> str:
    text = shown(expression).replace(r"\odot", "⊙").replace(r"\top", "⊤").replace("{⊤}", "⊤").replace("{-}", "-")
    return (
        text.replace(r"\sum{t=1}^T", "Σ")
        .replace(r"\tanh", "tanh")
        .replace("_{1{:}m}", "")
        .replace("\\sum_{t=1}^T", "Σ")
    )


@pytest.mark.parametrize(("inner", "outer"), list(itertools.product(INNER, ORDER)))
def test_every_operator_inside_every_operator(inner: str, outer: str) -> None:
    """Brackets stand where they are needed, and nowhere else."""
    expected = dict(zip(ORDER, PAIRS[inner].split(" "), strict=True))[outer]
    assert short(OPERATORS[outer](INNER[inner])) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (MatMul(c.size("n") ** -1 * 2, MatAdd(u, MatMul(-1, v))), r"\frac{2}{n}(u-v)"),
        (MatMul(Rational(1, 2), u), r"\tfrac{1}{2}u"),
        (MatMul(sympy.Float(0.5, 30), u), "0.5u"),
        (MatAdd(u, MatMul(Rational(-3), HadamardProduct(v, w))), r"u-3v\odotw"),
        (HadamardProduct(u, MatAdd(ONE, MatMul(-1, HadamardProduct(v, v)))), r"u\odot(1-v\odotv)"),
        (HadamardProduct(f("tanh", u), f("tanh", u)), r"\tanh^2(u)"),
        (HadamardProduct(s, r), "sr"),
        (ONE, r"\mathbf{1}"),
        (MatMul(Rational(2), ONE), r"2\mathbf{1}"),
        (c.Broadcast(s, N, 1), r"s\mathbf{1}"),
        (ZeroMatrix(N, 1), "0"),
        (Identity(N), "I"),
        (f("sigmoid", u), r"\sigma(u)"),
        (number("norm", MatAdd(u, v)), r"\lVertu+v\rVert"),
        (number("sum", c.Power(MatAdd(u, MatMul(-1, v)), 2)), r"\lVertu-v\rVert^2"),
        (number("mean", c.Power(u, 2)), r"\frac{1}{n}\lVertu\rVert^2"),
        (number("sum", HadamardProduct(u, v)), r"u^{\top}v"),
        (number("sum", HadamardProduct(u, v, w)), r"\operatorname{sum}(u\odotv\odotw)"),
        (number("sum", HadamardProduct(A, B)), r"\operatorname{sum}(A\odotB)"),
        (f("heaviside", u), r"\mathbf{1}_{u>0}"),
        (f("heaviside", MatAdd(u, MatMul(-1, v))), r"\mathbf{1}_{u>v}"),
        (f("normal_cdf", u), r"\Phi(u)"),
        (f("abs", u), r"\lvertu\rvert"),
        (f("log1p", u), r"\log(1+u)"),
        (MatMul(2, f("expm1", u)), r"2(\exp(u)-1)"),
        (number("cross_entropy", u, v), r"-v^{\top}\log\operatorname{softmax}(u)"),
        (c.Concatenation(-2, u, v), "[u,v]"),
        (c.Block(u, -2, c.size("n"), c.size("m")), "[u]_{n+1{:}n+m}"),
        (c.Diagonal(u), r"\operatorname{diag}(u)"),
        (c.Spread(Transpose(u), N), r"I_n\otimesu^{\top}"),
        (c.Spread(Transpose(u), N, 1), r"u^{\top}\otimesI_n"),
        (c.Derivative(u, A, 1, 0), r"\frac{\partial^+u}{\partialA}"),
        (c.OrderedProduct(step("u", c.k), c.k, Integer(2), c.T), r"u_T\cdotsu_2"),
        (c.OrderedProduct(step("u", c.k), c.k, Integer(2), c.T, 1), r"u_2\cdotsu_T"),
        (c.Power(A, 2), r"A^{\odot2}"),
    ],
)
def test_forms(expression: Basic, expected: str) -> None:
    """Each form prints as a textbook prints it."""
    assert shown(expression).replace(r"^{{\odot}2}", r"^{\odot2}") == expected


@pytest.mark.parametrize(
    ("step", "expected"), [(c.t - 1, "t-1"), (c.T + 1, "T+1"), (c.T - c.k, "T-k"), (c.t + 2, "t+2"), (Integer(3), "3")]
)
def test_steps_begin_with_their_letter(step: Any, expected: str) -> None:
    """``t-1`` is never printed as ``-1+t``."""
    assert latex(Composer().at(step)).replace(" ", "") == expected


def test_every_function_of_the_table_has_a_form_in_both_printers() -> None:
    """No function that a derivation can hold is missing."""
    structural = {"add", "subtract", "multiply", "divide", "negative", "power", "ratio", "square", "matmul", "absolute"}
    structural |= {"matrix_transpose", "concatenate", "block", "place", "sum_to", "broadcast_to"}
    for name in CELL_OPS.keys() - structural:
        layout = Composer()(c.Apply(name, N, 1, *[u, v][: CELL_OPS[name].arity]))
        assert latex(layout)
        assert TypstPrinter()(layout)


def test_an_unknown_node_is_an_error() -> None:
    """What has no rule is refused, not guessed."""
    with pytest.raises(AutorecurError, match="Trace"):
        Composer()(sympy.Trace(A))
    with pytest.raises(AutorecurError, match="no form"):
        Composer()(c.Apply("place", N, 1, u))


def equation(*terms: Any) -> Any:
    return SimpleNamespace(lhs=c.quantity("dL/dh", c.t, ("n", 1)), terms=terms, steps=EVERY, shape=("n", 1))


def test_a_term_from_another_step_is_framed_and_its_index_is_bold() -> None:
    """Shade and bold index mark what comes from the next step; a label stands under its term."""
    now = SimpleNamespace(expression=MatMul(Transpose(A), u), offset=0)
    then = SimpleNamespace(expression=HadamardProduct(c.quantity("g", c.t + 1, ("n", 1)), v), offset=1)
    text = latex(compose_equation(equation(now, then), labels=[None, Words("later")])).replace(" ", "")
    assert text == (
        r"\bar{h}_t=A^{\top}\,u_t+\underbrace{\boxed{g_{\boldsymbol{t+1}}\odotv_t}}_{\text{later}}".replace(
            r"\top}", r"\top}"
        )
    )


def test_a_negative_term_takes_the_sign_between_the_terms() -> None:
    """``a + (−b)`` prints as ``a − b``, with or without a frame."""
    plus = SimpleNamespace(expression=u, offset=0)
    minus = SimpleNamespace(expression=MatMul(-1, c.quantity("v", c.t + 1, ("n", 1))), offset=1)
    text = latex(compose_equation(equation(plus, minus))).replace(" ", "")
    assert text == r"\bar{h}_t=u_t-\boxed{v_{\boldsymbol{t+1}}}"


def test_an_equation_without_terms_says_zero() -> None:
    """A quantity that reaches no loss has the adjoint 0."""
    assert latex(compose_equation(equation())).replace(" ", "") == r"\bar{h}_t=0"


DIFFERENT = [
    (c.Spread(u, N), c.Spread(u, N, 1)),
    (c.Spread(u, N), c.Spread(u, c.size("m"))),
    (c.Block(A, -1, Integer(0), N), c.Block(A, -2, Integer(0), N)),
    (c.Block(A, -1, Integer(0), N), c.Block(A, -1, N, N)),
    (c.Derivative(u, A, 0, 0), c.Derivative(u, A, 1, 0)),
    (c.TimeSum(step("u", c.t), c.t, Integer(1), c.T), c.TimeSum(step("u", c.t), c.t, Integer(2), c.T)),
    (c.TimeSum(step("u", c.t), c.t, Integer(1), c.T), c.TimeSum(step("u", c.t), c.t, Integer(1), c.T - 1)),
    (c.OrderedProduct(step("u", c.k), c.k, Integer(1), c.T), c.OrderedProduct(step("u", c.k), c.k, Integer(1), c.T, 1)),
    (c.Power(u, 2), c.Power(u, 3)),
    (c.Scaled(step("s", c.t), u), c.Scaled(step("s", c.t - 1), u)),
    (c.Quotient(u, v), c.Quotient(v, u)),
    (Transpose(u), u),
    (c.Diagonal(u), u),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_differs_in_value_differs_on_the_page(one: Basic, other: Basic) -> None:
    """No argument that changes the numbers is lost in print: what is checked is what is read."""
    assert shown(one) != shown(other)


def test_ones_in_a_product_show_whether_they_are_a_row() -> None:
    """``u 1ᵀ`` is an outer product, no constant, and prints as one."""
    row_of_ones = c.ones((1, "m"))
    assert shown(MatMul(u, row_of_ones)) == r"u\mathbf{1}^{\top}"
    assert shown(MatMul(A, ONE)) == r"A\mathbf{1}"
    assert shown(MatMul(Rational(2), ONE)) == r"2\mathbf{1}"


def test_the_gradient_of_a_matrix_that_meets_ones_is_printed() -> None:
    """A constant vector as a factor leaves a row of ones in the gradient."""
    derivation = cell("h[t] = tanh(W (x[t]*0+1) + U h[t-1])").derive()
    assert r"\mathbf{1}^" in derivation.gradients["W"].latex()
