"""The Typst printer: every node, and the traps of Typst's mathematics."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from autorecur.errors import RenderError
from autorecur.render.symbols import GREEK, SIGNS
from autorecur.render.typst import TypstPrinter
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

CASES: list[tuple[Layout, str]] = [
    (h, "h"),
    (Ident("varepsilon"), "epsilon"),
    (Ident("epsilon"), "epsilon.alt"),
    (Ident("theta", "bold"), "bold(theta)"),
    (Ident("h", "bold"), "upright(bold(h))"),
    (Ident("R", "blackboard"), "bb(R)"),
    (Ident("L", "script"), "cal(L)"),
    (Ident("speed"), 'italic("speed")'),
    (Num("0.5"), "0.5"),
    (Num("-0.5"), 'class("normal",-)0.5'),
    (Sign("odot", "binary"), "dot.o"),
    (Sign("+"), 'class("normal",+)'),
    (row(h, binary("+"), W), "h + W"),
    (row(h, relation("="), W), "h = W"),
    (row(Ident("delta"), h), "delta h"),
    (row(h, Words("if"), W), 'h"if"W'),
    (row(h, Sign(",", "punct"), W), "h\\,W"),
    (Row(()), '""'),
    (Script(W, sub=h, sup=Sign("top")), "attach(W,br: h,tr: top)"),
    (Fraction(h, W), "frac(h,W)"),
    (Fraction(Num("1"), Num("2")), "inline(frac(1,2))"),
    (Fence(h), "lr(size: #1em,\\(h\\))"),
    (Fence(Fraction(h, W), size=1), "lr(\\(frac(h,W)\\))"),
    (Fence(h, "norm"), "lr(size: #1em,bar.v.double h bar.v.double)"),
    (Accent("bar", Accent("hat", h)), "macron(hat(h))"),
    (Accent("vec", h), "arrow(h)"),
    (Accent("bar", row(h, W)), "overline(h W)"),
    (Big("sum", row(t, relation("="), Num("1")), Ident("T")), "sum_(t = 1)^(T)"),
    (Big("sum", t, Ident("T"), beside=True), "scripts(inline(sum))_(t)^(T)"),
    (Big("prod"), "product"),
    (Function("diag"), 'op("diag")'),
    (Underbrace(h, Words("a gate")), 'braced(h,bracelabel("a gate"))'),
    (Underbrace(h, Backward(t)), "braced(h,backward(t))"),
    (Backward(h), "backward(h)"),
    (Future(Backward(h)), "future(h)"),
    (Script(h, sub=Future(t)), "attach(h,br: shaded(t))"),
    (Bold(t), "bold(t)"),
    (
        Matrix(((h, W), (t, h)), align="r"),
        'mat(delim: "[",align: #right,column-gap: #1em,row-gap: #0.2em,h,W; t,h)',
    ),
    (Cases(((h, Words("if so")),)), 'cases(h&quad "if so")'),
    (Root(h), "sqrt(h)"),
    (Space("wide"), "wide"),
    (Words('a "b" \\ #c'), '"a \\"b\\" \\\\ #c"'),
]


@pytest.mark.parametrize(("layout", "expected"), CASES, ids=[expected for _, expected in CASES])
def test_each_node_has_its_spelling(layout: Layout, expected: str) -> None:
    """Text is quoted without spaces beside it; brackets and commas are escaped."""
    assert TypstPrinter()(layout) == expected


def test_the_table_above_covers_every_node() -> None:
    """No class of layout is printed untested."""
    assert {type(layout) for layout, _ in CASES} == set(ALL_NODES)


def test_a_matrix_in_the_line_is_no_smaller_than_the_line() -> None:
    """As in TeX, its cells have the size of the text."""
    assert TypstPrinter(display=False)(Matrix(((h,),))).endswith("inline(h))")


def test_decimal_comma_is_no_punctuation() -> None:
    """A quoted number has no space behind its comma."""
    assert TypstPrinter(decimal=",")(Num("0.5")) == '"0,5"'


def test_every_sign_and_letter_is_known_to_the_typesetter() -> None:
    """One compilation sees all names of the tables in every kind."""
    typst = pytest.importorskip("typst", reason="the embedded typesetter has no wheel here")
    signs = [Sign(name, kind) for name in SIGNS for kind in ("ord", "binary", "relation", "punct")]
    letters = [Ident(name, style) for name in GREEK for style in ("italic", "bold")]
    source = "\n".join(f"${TypstPrinter()(row(h, node, h))}$" for node in (*signs, *letters))
    assert typst.compile(source.encode(), ignore_system_fonts=True)[:4] == b"%PDF"


@dataclass(frozen=True, slots=True)
class Unknown(Layout):
    """A node that no printer knows."""


@pytest.mark.parametrize(
    "layout",
    [
        Unknown(),
        row(h, Unknown()),
        Sign("import"),
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
        TypstPrinter()(layout)
