"""The HTML document: whole in one file, harmless, and its places and links agree."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from autorecur.errors import RenderError
from autorecur.render.blocks import (
    Cell,
    Diagram,
    Display,
    Document,
    EquationRow,
    Heading,
    Label,
    Math,
    Paragraph,
    Screen,
    SideNote,
    Span,
    Table,
)
from autorecur.render.documents.html import html_document
from autorecur.symbolic.layout import Ident, Num, relation, row
from tests.render.sample import document

SCREEN = Screen("What it is about.", "Contents", "Skip", "Colours", "Copy as LaTeX", "Copied")
VOID = {"meta", "br", "img", "link", "hr", "input"}


class Reader(HTMLParser):
    """Ids, links, and whether every element is closed by its own end tag."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found.append((tag, given))
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if "href" in given else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str, name: str = "") -> list[dict[str, str | None]]:
        return [given for found, given in self.found if found == tag and (not name or given.get("class") == name)]


def page(*blocks: object, **options: object) -> str:
    return html_document(Document("A title", tuple(blocks), screen=SCREEN, **options))  # type: ignore[arg-type]


def equation(number: str, **options: object) -> EquationRow:
    return EquationRow((Cell(Ident("a"), (Ident("b"),)),), (number,), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def sample() -> str:
    from dataclasses import replace

    return html_document(replace(document(), screen=SCREEN))


def test_every_element_is_closed_and_every_link_has_its_place(sample: str) -> None:
    """References, the table of contents and the numbers of equations lead somewhere, and nowhere else."""
    read = Reader(sample)
    assert len(read.ids) == len(set(read.ids))
    assert all(link.startswith("#") for link in read.links)
    assert {link[1:] for link in read.links} <= set(read.ids)
    assert len(read.all("button", "copy")) > 10


def test_nothing_is_loaded(sample: str) -> None:
    """The policy forbids it, and there is nothing to forbid: fonts stand in the page."""
    (policy,) = [given for given in Reader(sample).all("meta") if given.get("http-equiv") == "Content-Security-Policy"]
    assert (policy["content"] or "").startswith("default-src 'none'; ")
    assert not re.search(r"(?:https?:)?//[a-z]", re.sub(r"<style>.*?</style>|^ *//.*$", "", sample, flags=re.S | re.M))
    assert set(re.findall(r"url\(([a-z]+):", sample)) == {"data"}
    assert not re.search(r"@import|<link|src=", sample)


def test_only_the_pages_own_script_may_run(sample: str) -> None:
    """The policy names the sum of its text, to the letter."""
    (script,) = re.findall(r"<script>(.*?)</script>", sample, re.S)
    sums = re.findall(r"'(sha256-[^']+)'", sample)
    assert sums == ["sha256-" + b64encode(sha256(script.encode()).digest()).decode()]


def test_the_page_tells_its_language_and_its_subject() -> None:
    """For screen readers, dictionaries and search engines."""
    source = page(language="fr")
    assert '<html lang="fr">' in source
    assert "<title>A title</title>" in source
    assert '<meta name="description" content="What it is about.">' in source


def test_the_page_has_its_landmarks(sample: str) -> None:
    """A screen reader jumps between them; headings go down without a gap."""
    read = Reader(sample)
    for tag in ("nav", "main", "header", "footer"):
        assert len(read.all(tag)) == 1
    assert len(read.all("h1")) == 1
    assert read.all("h2")
    names = {given["aria-labelledby"] for given in read.all("section") if "aria-labelledby" in given}
    assert names <= set(read.ids)


def test_a_page_without_words_for_a_screen_has_no_controls() -> None:
    """Words come with the document; the page invents none."""
    source = html_document(Document("A title", (Heading("1", "One"), Display((equation("1"),)))))
    assert "<button" not in source
    assert "<nav" not in source


def test_a_section_without_a_number_is_not_in_the_contents() -> None:
    """It has no place that a link could lead to."""
    read = Reader(page(Heading("", "One"), Heading("2", "Two")))
    assert read.links == ["#text", "#sec-2"]


def test_a_number_is_a_link_to_itself_with_a_button_that_copies() -> None:
    """The button holds the whole equation, whatever lines it is broken in; it shows itself where scripts run."""
    lines = (Ident("b"), row(relation("="), Ident("c")))
    source = page(Display((EquationRow((Cell(Ident("a"), lines), Cell(Ident("d"), (Num("0.5"),))), ("1", "2")),)))
    (button,) = Reader(source).all("button", "copy")
    assert button["data-tex"] == r"a = b = c \qquad d = 0.5"
    assert button["aria-label"] == "Copy as LaTeX (1–2)"
    assert "hidden" in button
    assert '<a href="#eq-1">(1–2)</a>' in source
    assert '<span id="eq-2"></span>' in source


def test_text_in_attributes_is_text() -> None:
    """A quote ends nothing."""
    hostile = '"><script>alert(1)</script>'
    source = html_document(
        Document(
            hostile,
            (Heading(hostile, hostile), Display((equation(hostile),))),
            screen=Screen(*[hostile] * 6),
            language=hostile,
            footer=hostile,
        )
    )
    Reader(source)
    assert source.count("<script>") == 1


def test_a_formula_and_the_comma_behind_it_stay_together() -> None:
    """No line begins with a comma."""
    source = page(Paragraph((Math(Ident("h")), ", and ", Math(Ident("c")), ".")))
    assert re.search(r'<span class="kept"><math alttext="h"><mi>h</mi></math>,</span> and ', source)


def test_a_long_formula_in_the_line_may_be_broken_before_its_relation() -> None:
    """Browsers break no formula of themselves, and a telephone is narrow; in a table it stays whole."""
    long = Math(row(*[Ident("m")] * 8, relation("="), *[Ident("w")] * 8))
    assert page(Paragraph((long,))).count("<math") == 2
    assert page(Table((("x",),), ((((long,),),),), "l")).count("<math") == 1


def test_headers_of_tables_are_headers() -> None:
    """With what they are headers of; an empty one is none."""
    table = Table(((), ("b",)), ((((("c",), ("d",))),),), "lr", over=(Span(("both",), 2),), caption=("Words.",))
    read = Reader(page(table))
    assert [given.get("scope") for given in read.all("th")] == ["colgroup", "col"]
    assert len(read.all("caption")) == 1


def test_a_side_note_stands_beside_as_much_as_it_is_high() -> None:
    """A short one beside one paragraph, a long one beside several, none beside what needs the column itself."""

    def beside(note: SideNote, *blocks: object) -> int:
        flow = re.search(r'<div class="flow">\n(<p>.*?)\n</div>\n<aside', page(note, *blocks), re.S)
        return 0 if flow is None else flow[1].count("<p>")

    texts = [Paragraph(("A line.",))] * 5
    assert beside(SideNote((("Short.",),)), *texts) == 1
    assert beside(SideNote((("word " * 60,),)), *texts) == 5
    noted = Display((equation("1", note=("Reason.",)),))
    assert beside(SideNote((("word " * 60,),)), texts[0], noted, *texts) == 1


def test_a_picture_has_words_for_those_who_do_not_see_it() -> None:
    """The drawing itself is passed over."""
    read = Reader(page(Diagram(10, 10, (Label(1, 2, Ident("h")),), ("Caption.",), ("What it shows.",))))
    assert [given.get("aria-hidden") for given in read.all("div", "scroll")] == ["true"]
    assert read.all("p", "unseen")


def test_labels_are_placed_from_known_sides_only() -> None:
    """A side that no printer knows is an error."""
    with pytest.raises(RenderError, match="inside"):
        page(Diagram(10, 10, (Label(1, 2, Ident("h"), "inside"),)))
