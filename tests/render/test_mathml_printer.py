"""The MathML printer: every node, the letters of its font, and what browsers would do otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from xml.etree import ElementTree

import pytest

from autorecur.errors import RenderError
from autorecur.render import characters
from autorecur.render.mathml import MathMLPrinter, mathml
from autorecur.render.symbols import BIG, FENCES, GREEK, SIGNS
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
H, SMALL = "<mi>h</mi>", "<mi>t</mi>"


def mo(character: str, space: str = "0", form: str = "infix") -> str:
    return f'<mo form="{form}" stretchy="false" lspace="{space}" rspace="{space}">{character}</mo>'


def bracket(character: str, form: str, size: str = 'stretchy="false"') -> str:
    return f'<mo form="{form}" {size} lspace="0" rspace="0">{character}</mo>'


CASES: list[tuple[Layout, str]] = [
    (h, H),
    (Ident("theta"), "<mi>θ</mi>"),
    (Ident("Gamma"), '<mi mathvariant="normal">Γ</mi>'),
    (Ident("e", "upright"), '<mi mathvariant="normal">e</mi>'),
    (Ident("theta", "bold"), '<mi mathvariant="normal">𝜽</mi>'),
    (Ident("h", "bold"), '<mi mathvariant="normal">𝐡</mi>'),
    (Ident("R", "blackboard"), '<mi mathvariant="normal">ℝ</mi>'),
    (Ident("L", "script"), '<mi mathvariant="normal">ℒ</mi>'),
    (Ident("hot"), "<mi>ℎ𝑜𝑡</mi>"),
    (Num("0.5"), "<mn>0.5</mn>"),
    (Num("-2"), mo("−", form="prefix") + "<mn>2</mn>"),
    (
        Num("2e-3"),
        f"<mn>2</mn>{mo('⋅', '0.2222em')}<msup><mn>10</mn><mrow>{mo('−', form='prefix')}<mn>3</mn></mrow></msup>",
    ),
    (row(h, binary("odot"), W), f"{H}{mo('⊙', '0.2222em')}<mi>W</mi>"),
    (row(h, relation("="), W), f"{H}{mo('=', '0.2778em')}<mi>W</mi>"),
    (Sign("-"), mo("−")),
    (Sign("lt", "relation"), mo("&lt;", "0.2778em")),
    (Sign("langle", "open"), mo("⟨", form="prefix")),
    (Row(()), ""),
    (Script(h, sub=t), f"<msub>{H}{SMALL}</msub>"),
    (Script(h, sub=row(t, binary("-"), Num("1"))), f"<msub>{H}<mrow>{SMALL}{mo('−')}<mn>1</mn></mrow></msub>"),
    (Script(W, sub=h, sup=Sign("top")), f'<msubsup><mi>W</mi>{H}<mi mathvariant="normal">⊤</mi></msubsup>'),
    (Script(Ident("y"), sub=t), f'<msub><mpadded depth="0"><mi>y</mi></mpadded>{SMALL}</msub>'),
    (Script(h, sup=Sign("prime")), f'<msup>{H}<mo form="postfix" lspace="0" rspace="0">′</mo></msup>'),
    (Fraction(h, W), f"<mfrac>{H}<mi>W</mi></mfrac>"),
    (
        Fraction(Num("1"), Num("2")),
        '<mstyle displaystyle="false"><mfrac><mn>1</mn><mn>2</mn></mfrac></mstyle>',
    ),
    (Fence(h), f"<mrow>{bracket('(', 'prefix')}{H}{bracket(')', 'postfix')}</mrow>"),
    (Accent("bar", h), f'<mover accent="true">{H}<mo stretchy="false">¯</mo></mover>'),
    (Big("prod"), '<mo movablelimits="true" lspace="0.1667em" rspace="0.1667em">∏</mo>'),
    (Function("tanh"), "<mi>tanh</mi>"),
    (row(Function("tanh"), Fence(h)), f"<mi>tanh</mi><mo>&#x2061;</mo>{MathMLPrinter()(Fence(h))}"),
    (row(W, Function("tanh"), h), f'<mi>W</mi><mspace width="0.1667em"/><mi>tanh</mi><mspace width="0.1667em"/>{H}'),
    (Backward(h), f'<mrow class="b">{H}</mrow>'),
    (Future(Backward(h)), f'<mrow class="f">{H}</mrow>'),
    (Bold(row(t, Num("1"))), '<mrow><mi mathvariant="normal">𝒕</mi><mn>𝟏</mn></mrow>'),
    (
        Matrix(((h, t),), "none", "l"),
        f'<mtable class="l"><mtr><mtd>{H}</mtd><mtd>{SMALL}</mtd></mtr></mtable>',
    ),
    (
        Cases(((h, Words("if so")),)),
        '<mrow><mo form="prefix" stretchy="true" lspace="0" rspace="0.1667em">{</mo><mtable class="l"><mtr>'
        f"<mtd>{H}</mtd><mtd><mtext>if so</mtext></mtd></mtr></mtable></mrow>",
    ),
    (Root(h), f"<msqrt>{H}</msqrt>"),
    (Space("quad"), '<mspace width="1.0em"/>'),
    (Words(" <b> & "), "<mtext>\u00a0&lt;b&gt; &amp;\u00a0</mtext>"),
    (
        Underbrace(h, t),
        f'<munder><munder><mrow>{H}<mspace width="0" height="0" depth="0.55em"/></mrow><mo stretchy="true">⏟</mo></munder>'
        f"{SMALL}</munder>",
    ),
]


@pytest.mark.parametrize(("layout", "expected"), CASES, ids=[str(at) for at in range(len(CASES))])
def test_each_node_has_its_elements(layout: Layout, expected: str) -> None:
    """Operators say how much space they have; letters of other alphabets are Unicode's."""
    assert MathMLPrinter()(layout) == expected


def test_the_table_above_covers_every_node() -> None:
    """No class of layout is printed untested."""
    assert {type(layout) for layout, _ in CASES} == set(ALL_NODES)


def test_limits_stand_where_browsers_put_them() -> None:
    """Below and above the sign in a display; its own attribute moves them in the line."""
    whole = MathMLPrinter()(Big("sum", row(t, relation("="), Num("1")), Ident("T")))
    assert whole.startswith('<munderover><mo movablelimits="true"')
    assert MathMLPrinter()(Big("sum", t)).startswith("<munder>")
    assert MathMLPrinter()(Big("sum", None, t)).startswith("<mover>")
    low = MathMLPrinter()(Big("sum", t, t, beside=True))
    assert low.startswith("<msubsup><mo")
    assert 'largeop="false"' in low


def test_brackets_grow_with_what_they_hold() -> None:
    """Around a fraction they stretch, around brackets they are a little larger."""
    assert 'stretchy="true" lspace' in MathMLPrinter()(Fence(Fraction(h, W), size=1))
    assert 'minsize="1.2em"' in MathMLPrinter()(Fence(Fence(h), size=1))


def test_the_decimal_mark_is_the_documents() -> None:
    """Also in the words for those who do not see it."""
    assert mathml(Num("0.5"), decimal=",") == '<math alttext="0{,}5"><mn>0,5</mn></math>'


def test_the_words_for_readers_are_escaped() -> None:
    """LaTeX stands in an attribute."""
    assert 'alttext="\\text{a}\\lt \\text{b}"' in mathml(Words("a<b"))
    assert "&amp;" in mathml(Matrix(((h, t),)))


@pytest.mark.parametrize("kind", ["ord", "binary", "relation", "punct", "open", "close"])
def test_every_sign_is_an_element(kind: str) -> None:
    """The tables of the three printers know the same names."""
    for name in SIGNS:
        ElementTree.fromstring(mathml(row(h, Sign(name, kind), h)))
    assert set(characters.SIGNS) == set(SIGNS)
    assert set(characters.GREEK) == set(GREEK)
    assert set(characters.BIG) == set(BIG)
    assert set(characters.FENCES) == set(FENCES)


def test_the_font_has_every_character() -> None:
    """What the printer may print is in the font that the page brings, whatever fonts the reader has."""
    has = set(files("autorecur.render").joinpath("fonts", "math.txt").read_text(encoding="utf-8")) | {" "}
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + "".join(characters.GREEK.values())
    printed = set("".join(characters.SIGNS.values()) + "".join(characters.BIG.values()) + letters + "′⏟")
    printed |= {c for pair in characters.FENCES.values() for c in pair} | set(characters.ACCENTS.values())
    for style in ("italic", "bold", "bold italic", "blackboard", "script"):
        printed |= set(characters.styled(letters, style))
    assert printed - has - {""} == set()


@dataclass(frozen=True, slots=True)
class Unknown(Layout):
    """A node that no printer knows."""


@pytest.mark.parametrize(
    "layout",
    [
        Unknown(),
        row(h, Unknown()),
        Sign("import"),
        Sign("+", "strange"),
        Fence(h, "curly"),
        Accent("breve", h),
        Big("union"),
        Matrix(((h,),), "angle"),
        Matrix(((h,),), "round", "j"),
        Space("huge"),
    ],
)
def test_what_is_unknown_raises(layout: Layout) -> None:
    """The printer never guesses."""
    with pytest.raises(RenderError):
        MathMLPrinter()(layout)
