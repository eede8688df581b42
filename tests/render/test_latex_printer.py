"""The LaTeX printer: every node, both dialects, and nothing guessed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from autorecur.errors import RenderError
from autorecur.render.latex import LatexPrinter, latex
from autorecur.symbolic.layout import (
    Accent,
    Backward,
    Big,
    Bold,
    Cases,
    Fence,
    Fraction,
    Function,
    Future,
    Ident,
    Layout,
    Matrix,
    Num,
    Root,
    Row,
    Script,
    Sign,
    Space,
    Underbrace,
    Words,
    binary,
    relation,
    row,
)
from tests.render.sample import ALL_NODES

h, t, W = Ident("h"), Ident("t"), Ident("W")
TOP = Sign("top")

PLAIN: list[tuple[Layout, str]] = [
    (h, "h"),
    (Ident("delta"), r"\delta"),
    (Ident("theta", "bold"), r"\boldsymbol{\theta}"),
    (Ident("h", "bold"), r"\mathbf{h}"),
    (Ident("R", "blackboard"), r"\mathbb{R}"),
    (Ident("L", "script"), r"\mathcal{L}"),
    (Ident("e", "upright"), r"\mathrm{e}"),
    (Ident("speed"), r"\mathit{speed}"),
    (Ident("x", "blackboard"), r"\mathbf{x}"),
    (Num("0.5"), "0.5"),
    (Num("-0.5"), "-0.5"),
    (Num("3.4e-12"), r"3.4\cdot 10^{-12}"),
    (Sign("odot", "binary"), r"\odot"),
    (Sign("+"), "+"),
    (row(h, Sign("-"), h), "h{-}h"),
    (row(h, binary("-"), h), "h - h"),
    (row(h, relation("="), W), "h = W"),
    (row(Ident("delta"), h), r"\delta h"),
    (Row(()), "{}"),
    (Script(h, sub=row(t, binary("-"), Num("1"))), "h_{t-1}"),
    (Script(W, sub=h, sup=TOP), r"W_h^{\top}"),
    (Script(row(h, t), sup=Num("2")), "{ht}^2"),
    (Script(Function("tanh"), sup=Sign("prime")), r"\tanh'"),
    (Script(Fence(h), sup=Num("2")), "(h)^2"),
    (Fraction(row(Sign("partial"), h), W), r"\frac{\partial h}{W}"),
    (Fraction(Num("1"), Num("2")), r"\tfrac{1}{2}"),
    (Fence(h, "square"), "[h]"),
    (Fence(h, "brace"), r"\lbrace h\rbrace"),
    (Fence(h, "norm"), r"\lVert h\rVert"),
    (Fence(Fence(h), size=1), r"\bigl((h)\bigr)"),
    (Fence(Fraction(h, W), size=1), r"\left(\frac{h}{W}\right)"),
    (row(Function("tanh"), Fence(Fraction(h, W), size=1)), r"\tanh\mathopen{}\left(\frac{h}{W}\right)"),
    (Accent("bar", h), r"\bar{h}"),
    (Accent("bar", Accent("hat", h)), r"\bar{\hat{h}}"),
    (Accent("bar", row(h, W)), r"\overline{hW}"),
    (Accent("vec", Ident("speed")), r"\overrightarrow{\mathit{speed}}"),
    (Big("sum", row(t, relation("="), Num("1")), Ident("T")), r"\sum_{t = 1}^T"),
    (Big("prod"), r"\prod"),
    (Big("sum", Ident("l"), Ident("n"), beside=True), r"\mathop{\textstyle\sum}\nolimits_{l}^n"),
    (Function("diag"), r"\operatorname{diag}"),
    (Function("leaky_relu"), r"\operatorname{leaky\_relu}"),
    (Underbrace(h, Words("through a gate")), r"\underbrace{h}_{\text{through a gate}}"),
    (Backward(h), "h"),
    (Future(Backward(h)), r"\boxed{h}"),
    (Bold(row(t, binary("+"), Num("1"))), r"\boldsymbol{t + 1}"),
    (Matrix(((h, W), (t, h))), r"\begin{bmatrix} h & W \\ t & h \end{bmatrix}"),
    (Matrix(((h,),), "round"), r"\begin{pmatrix} h \end{pmatrix}"),
    (Matrix(((h,),), "none"), r"\begin{matrix} h \end{matrix}"),
    (Matrix(((h, W),), align="r"), r"\left[\begin{array}{rr} h & W \end{array}\right]"),
    (Cases(((h, Words("if so")), (W, t))), r"\begin{cases} h & \text{if so} \\ W & t \end{cases}"),
    (Root(h), r"\sqrt{h}"),
    (Space("quad"), r"\quad"),
    (Words("that is,"), r"\text{that is,}"),
]

DOCUMENT: list[tuple[Layout, str]] = [
    (Script(W, sup=TOP), r"W^{\!\top}"),
    (Backward(h), r"\arback{h}"),
    (Future(row(h, Backward(W))), r"\arfuture{hW}"),
    (
        Underbrace(h, Backward(row(Words("from step "), t, binary("+"), Num("1")))),
        r"\arbrace{h}{\text{\normalfont\footnotesize\color{arback} from step $t + 1$}}",
    ),
    (Words("head", small=True), r"\text{\normalfont\footnotesize head}"),
    (Words(r"50% of $x_1 \& {}"), r"\text{50\% of \$x\_1 \textbackslash{}\& \{\}}"),
]


@pytest.mark.parametrize(("layout", "expected"), PLAIN, ids=[expected for _, expected in PLAIN])
def test_each_node_has_its_plain_spelling(layout: Layout, expected: str) -> None:
    """What a notebook and MathJax understand, without macros."""
    assert latex(layout) == expected


@pytest.mark.parametrize(("layout", "expected"), DOCUMENT, ids=[expected for _, expected in DOCUMENT])
def test_the_document_dialect_uses_the_macros_of_the_page(layout: Layout, expected: str) -> None:
    """Colour and shade are macros, so that somebody's own document can redefine them."""
    assert LatexPrinter()(layout) == expected


def test_the_table_above_covers_every_node() -> None:
    """No class of layout is printed untested."""
    assert {type(layout) for layout, _ in PLAIN} == set(ALL_NODES)


def test_decimal_mark_belongs_to_the_printer() -> None:
    """A comma as the decimal mark has no space behind it."""
    assert latex(Num("0.5"), decimal=",") == "0{,}5"


def test_portable_dialect_has_no_backslash_before_punctuation() -> None:
    """Markdown takes ``\\,`` and ``\\\\`` for escapes."""
    layout = row(h, Space("thin"), Matrix(((h,), (W,))), Fence(t, "brace"))
    assert LatexPrinter(plain=True, portable=True)(layout) == (
        r"h\thinspace \begin{bmatrix} h \cr W \end{bmatrix}\lbrace t\rbrace"
    )


def test_plain_words_keep_specials_outside_the_text() -> None:
    """MathJax prints a backslash inside ``\\text`` as it is."""
    assert latex(Words("a_b")) == r"\text{a}\_\text{b}"


def test_nested_rows_do_not_lose_the_sign_of_an_operand() -> None:
    """An ordinary minus after an operand says that it is one."""
    assert latex(row(h, binary("+"), Num("-0.5"))) == "h + {-}0.5"


@dataclass(frozen=True, slots=True)
class Unknown(Layout):
    """A node that no printer knows."""


@pytest.mark.parametrize(
    "layout",
    [
        Unknown(),
        row(h, Unknown()),
        Sign("catcode"),
        Fence(h, "curly"),
        Accent("breve", h),
        Big("union"),
        Matrix(((h,),), "angle"),
        Space("huge"),
    ],
)
def test_what_is_unknown_raises(layout: Layout) -> None:
    """The printer never guesses."""
    with pytest.raises(RenderError):
        latex(layout)
