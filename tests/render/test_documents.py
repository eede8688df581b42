"""Documents: what the writers make of blocks, in three formats, and the references between them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from autorecur.errors import RenderError
from autorecur.render.blocks import (
    Box,
    Cell,
    Code,
    Diagram,
    Display,
    Document,
    EquationRow,
    Heading,
    Math,
    Need,
    Paragraph,
    Reasons,
    Reference,
    RuleReference,
    RuleStatement,
    SectionReference,
    SideNote,
    Table,
    Verbatim,
)
from autorecur.render.documents.html import html_document
from autorecur.render.documents.latex import latex_document, latex_fragment
from autorecur.render.documents.markdown import markdown_document
from autorecur.render.documents.typst import typst_document
from autorecur.render.margin import arranged
from autorecur.symbolic.layout import Ident, Num, row
from tests.render.sample import document

FORMATS: list[Callable[[Document], str]] = [
    latex_document,
    latex_fragment,
    typst_document,
    markdown_document,
    html_document,
]
HOSTILE = r"\catcode`\%=12 {{ 7*7 }} <% raw %> << x >> #import \input{/etc/passwd} </script> 100% $x$ ```"


def page(*blocks: object, **options: object) -> Document:
    return Document("A title", tuple(blocks), **options)  # type: ignore[arg-type]


def equation(number: str, **options: object) -> EquationRow:
    return EquationRow((Cell(Ident("a"), (Ident("b"),)),), (number,), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=FORMATS, ids=lambda function: function.__name__)
def source(request: pytest.FixtureRequest) -> str:
    """The sample in one format."""
    return str(request.param(document()))


def test_every_equation_is_in_every_format(source: str) -> None:
    """Each number that the document gives is printed."""
    source = re.sub(r"\\arnumber\{(\w+)\}", r"\1", source)
    assert "14–16" in source
    for number in ("1", "8", "13", "22"):
        assert any(
            shown in source for shown in (f"[({number})]", f"areqn{{{number}}}", f"tag{{{number}}}", f">({number})<")
        )


def test_templates_leave_nothing_behind(source: str) -> None:
    """No delimiter of the templates reaches the page."""
    assert not re.search(r"<<|>>|<%|%>|<#", source.replace("<< x >>", ""))


OWN_CODES = r"""\catcode`\:=12 \catcode`\;=12 \catcode`\?=12 \catcode`\!=12 \catcode`\"=12"""
"""What a fragment says first, since packages for languages may have made these signs active."""


@pytest.mark.parametrize("write", FORMATS)
def test_hostile_text_is_text_everywhere(write: Callable[[Document], str]) -> None:
    """A title, a heading, prose, code and a source text that hold markup of any format, or Jinja's, are data."""
    given = Document(
        HOSTILE,
        (
            Heading("1", HOSTILE),
            Paragraph((HOSTILE, Code(HOSTILE))),
            Verbatim(HOSTILE),
            SideNote(((HOSTILE,),), HOSTILE),
        ),
        subtitle=((HOSTILE,),),
        footer=HOSTILE,
    )
    source = write(given)
    if write is markdown_document:
        prose = re.sub(r"(`+).*?\1", "", source, flags=re.S)
        assert "</script>" not in prose
        assert not re.search(r"(?<!\\)\$", prose)
    elif write is html_document:
        assert source.count("</script>") == 1
        assert "<% raw %>" not in source
    elif write is typst_document:
        strings = re.sub(r'"(?:[^"\\]|\\.)*"', '""', source[source.index("#section(") :])
        assert not re.search(r"(?<!\\)#import", strings)
    else:
        assert r"\catcode" not in source.replace(OWN_CODES, "")
        assert r"\input{" not in source.replace(r"To be \input", "")


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize(
    ("piece", "message"),
    [
        (Reference("9"), "refers to equation (9), which it does not have"),
        (RuleReference("R9"), "refers to rule R9, which it does not have"),
        (SectionReference("9", "section 9"), "refers to section 9, which it does not have"),
    ],
)
def test_a_reference_without_its_target_is_an_error(
    write: Callable[[Document], str], piece: object, message: str
) -> None:
    """A page never points at what it does not show."""
    with pytest.raises(RenderError, match=re.escape(message)):
        write(page(Paragraph((piece,))))  # type: ignore[arg-type]


def test_two_equations_with_one_number_are_an_error() -> None:
    """A reference would be ambiguous."""
    with pytest.raises(RenderError, match=r"two places called equation \(1\)"):
        latex_document(page(Display((equation("1"), equation("1")))))


def test_numbers_may_be_written_with_brackets() -> None:
    """``(12)`` and ``12`` are one number."""
    assert "areqn{12}" in latex_document(page(Display((equation("(12)"),)), Paragraph((Reference("12"),))))


def test_a_number_need_not_be_one() -> None:
    """With a prime, or any other sign: its place is spelt by code, what is printed is the sign."""
    source = latex_document(page(Display((equation("1′"),)), Paragraph((Reference("1′"),))))
    assert r"\areqns{\aranchor{eq:1-2032-}\arlabel{1-2032-}(1\ensuremath{'})}" in source
    assert r"\arlink{eq:1-2032-}{(1\ensuremath{'})}" in source


@dataclass(frozen=True)
class Unknown:
    """A block that no document knows."""


@pytest.mark.parametrize("write", FORMATS)
def test_an_unknown_block_raises(write: Callable[[Document], str]) -> None:
    """Nothing is left out in silence."""
    with pytest.raises(RenderError, match="Unknown"):
        write(page(Unknown()))


@pytest.mark.parametrize("write", FORMATS)
def test_an_unknown_piece_raises(write: Callable[[Document], str]) -> None:
    """Nor is a piece of prose."""
    with pytest.raises((RenderError, AttributeError)):
        write(page(Paragraph((Unknown(),))))  # type: ignore[arg-type]


@pytest.mark.parametrize("write", [latex_document, typst_document, html_document])
def test_an_unknown_shape_raises(write: Callable[[Document], str]) -> None:
    """Nor a shape of a picture."""
    with pytest.raises(RenderError, match="Unknown"):
        write(page(Diagram(10, 10, (Box(0, 0, 5, 5), Unknown()))))  # type: ignore[arg-type]


def test_a_fragment_brings_its_macros_and_no_class() -> None:
    """It says what it needs, defines what is not defined, and has no preamble."""
    source = latex_fragment(document())
    assert r"\documentclass" not in source
    assert r"\usepackage{amsmath,amssymb,xcolor,booktabs,tikz}" in source.split("\\begingroup")[0]
    assert r"\def\arfuture" in source
    assert "Matrix products" in source


def test_markdown_needs_no_colour() -> None:
    """What comes from another step is framed, adjoint labels are words."""
    source = markdown_document(document())
    assert r"\boxed{W_h^{\top}" in source
    assert "color" not in source.replace("Colour", "")
    assert r"\tag{8}" in source
    assert "**(8)** Matrix products" in source


def test_words_are_divided_as_their_language_does_only_where_tex_can() -> None:
    """A plain TeX installation lacks French; English is what it has anyway. No package makes signs active."""
    source = latex_document(page(language="fr", patterns="french"))
    assert r"\ifcsname l@french\endcsname\expandafter\language\csname l@french\endcsname" in source
    assert "babel" not in source
    assert r"\language" not in latex_document(page())


def test_decimal_mark_is_the_documents() -> None:
    """The writers hand it to their printers."""
    half = Paragraph((Math(Num("0.5")),))
    assert "0{,}5" in latex_document(page(half, decimal=","))
    assert '"0,5"' in typst_document(page(half, decimal=","))


def noted(number: str, lines: int) -> EquationRow:
    return equation(number, note=(" ".join(["reasons"] * 4 * lines),))


def test_notes_that_would_meet_are_kept_apart() -> None:
    """A row is pushed down as far as the note above it reaches."""
    (display,) = arranged(page(Display((noted("1", 3), noted("2", 1), noted("3", 1))))).blocks
    assert isinstance(display, Display)
    assert display.rows[0].space == 0
    assert display.rows[1].space > 5
    assert display.rows[2].space < display.rows[1].space


def test_a_note_that_finds_no_room_stands_below_its_display() -> None:
    """A long side note never tears a hole into the argument."""
    conventions = SideNote(tuple(("words " * 20,) for _ in range(8)))
    given = arranged(page(Heading("1", "The cell"), conventions, Paragraph(("Text.",)), Display((noted("1", 1),))))
    names = [type(block).__name__ for block in given.blocks]
    assert names == ["Need", "Heading", "SideNote", "Paragraph", "Display", "Reasons"]


def test_a_formula_that_cannot_be_broken_has_no_note_beside_it() -> None:
    """It may reach into the side column; its reason stands below."""
    wide = EquationRow((Cell(Ident("a"), (row(*[Ident("m")] * 60),)),), ("1",), (), ("Reason.",))
    display, reasons = arranged(page(Display((wide,)))).blocks
    assert isinstance(display, Display)
    assert display.rows[0].note == ()
    assert reasons == Reasons((("(1)", ("Reason.",)),))


def test_a_side_note_never_holds_up_a_wide_table() -> None:
    """It is set below it."""
    table = Table(((("word " * 30,),)), (((("value",),),),), "l")
    note = SideNote((("A long note. " * 20,),), "Title")
    given = arranged(page(note, Paragraph(("Text.",)), table))
    assert [type(block).__name__ for block in given.blocks] == ["Paragraph", "Table", "Reasons"]


def test_a_wide_picture_waits_for_the_side_column() -> None:
    """What reaches into the side column comes below its notes."""
    given = arranged(page(Display((noted("1", 6),)), Diagram(480, 100, ())))
    assert [type(block).__name__ for block in given.blocks] == ["Display", "Gap", "Diagram"]


def test_arranging_keeps_what_is_said() -> None:
    """Only spaces are added: every equation keeps its cells and its number."""
    before = [given for block in document().blocks if isinstance(block, Display) for given in block.rows]
    after = [given for block in arranged(document()).blocks if isinstance(block, Display) for given in block.rows]
    assert [row.numbers for row in before] == [row.numbers for row in after]
    assert [len(row.cells) for row in before] == [len(row.cells) for row in after]


def test_a_rule_without_paragraphs_still_has_its_head() -> None:
    """Its name and title are printed, and its key is the target of references."""
    rule = RuleStatement("R1", "Sum", (Display((equation("1"),)),))
    for write in FORMATS:
        assert "R1" in write(page(rule, Paragraph((RuleReference("R1"),))))


def test_the_lines_of_a_title_are_joined_by_a_colon() -> None:
    """Where it stands on one line, as in the metadata of a file."""
    given = Document("A cell\nIts gradients", ())
    assert markdown_document(given).startswith("# A cell: Its gradients\n")
    assert r"\autorecurtitle{A cell: Its gradients}" in latex_fragment(given)
    assert "pdftitle={A cell: Its gradients}" in latex_document(given)
    assert 'title: "A cell: Its gradients"' in typst_document(given)


def test_a_heading_keeps_room_for_what_it_leads_to() -> None:
    """Its sentence and the whole picture or table, so that none of them is left behind at the foot of a page."""
    blocks = (Heading("1", "The picture"), Paragraph(("Here it is.",)), Diagram(200.0, 150.0, (), ("A caption.",)))
    need = arranged(page(*blocks)).blocks[0]
    assert isinstance(need, Need)
    assert need.height > 180.0
