"""One page in four formats: the same equations under the same numbers in the same order, the same links, the same decimals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape

import pytest

import autorecur as ar
from autorecur.page import document
from autorecur.render.formats import text_of

FORMATS = ("tex", "typ", "md", "html")
CELLS = {
    "lstm": (ar.cells["lstm"], None),
    "gru": (ar.cells["gru"], "bracket-time"),
    "rnn": (ar.cells["rnn"], None),
    "components": (ar.cells["rnn"], "index"),
    "delays": (ar.cell("h[t] = tanh(U h[t-1] + V h[t-2] + W x[t])"), None),
    "rows": (ar.cell("h[t] = tanh(h[t-1] U + x[t] W + b)"), None),
    "both directions": (ar.cell("h[t] = tanh(W x[t] + U h[t-1])\ng[t] = tanh(V h[t] + R g[t+1])"), None),
}
"""Cells, each in a notation."""


@dataclass(frozen=True)
class Content:
    """What a reader of any format finds: sections and equations in order, links to equations, decimals.

    Pictures, and the words that stand for them, are left out: Markdown has the words alone.
    """

    order: list[str]
    links: Counter[str]
    decimals: Counter[str]


def _order(source: str, pattern: str) -> list[str]:
    """``§ 3`` for a section, ``12`` or ``11–13`` for an equation."""
    found = re.finditer(pattern, source, re.S)
    return [f"§ {match['section']}" if match["section"] else match["number"] for match in found]


def _decimals(text: str) -> Counter[str]:
    return Counter(re.findall(r"(?<![\w.#])\d+\.\d+(?![\d.]|pt|em|mm|\w)", text))


def _tex(source: str) -> Content:
    body = source.split(r"\begin{document}")[1].replace(r"\ensuremath{'}", "′").replace("-2032-", "′")
    number = r"\\areqn\{(?P<number>[^}]*)\}"
    several = r"\\areqns\{(?:\\ar(?:anchor|label)\{[^}]*\})+\((?P<several>[^)]*)\)\}"
    order = []
    for match in re.finditer(rf"\\arsection\{{(?P<section>\d+)\}}|{number}|{several}", body):
        order.append(f"§ {match['section']}" if match["section"] else match["number"] or match["several"])
    text = re.sub(r"\\begin\{tikzpicture\}.*?\\end\{tikzpicture\}", "", body, flags=re.S)
    return Content(order, Counter(re.findall(r"\\arlink\{eq:([^}]*)\}", body)), _decimals(text))


def _typ(source: str) -> Content:
    body = source[source.rindex("\n#let ") :]
    order = _order(body, r'#section\("sec:(?P<section>\d+)"|number: \[\((?P<number>[^)]*)\)\]')
    text = re.sub(r"#picture\(.*?\n\)\)", "", body, flags=re.S)
    return Content(order, Counter(re.findall(r'#link\(label\("eq:([^"]*)"\)\)', body)), _decimals(text))


def _md(source: str) -> Content:
    order = _order(source, r"(?:^|\n)## (?P<section>\d+) |\\tag\{(?P<number>[^}]*)\}")
    source = re.sub(r"^\*[^*\n]*\*$", "", source, flags=re.M)
    prose = re.sub(r"\$\$.*?\$\$", "", source, flags=re.S)
    return Content(
        order, Counter(re.findall(r"(?<!\*)\((\d+)\)(?!\*)", re.sub(r"\$[^$]*\$", "", prose))), _decimals(source)
    )


def _html(source: str) -> Content:
    body = source.split("<main", 1)[1].split("</main>")[0]
    order = _order(
        body, r'<section id="sec-(?P<section>\d+)"|<div class="tag">.*?<a href="#eq-[^"]+">\((?P<number>[^)]*)\)</a>'
    )
    body = re.sub(r'<div class="tag">.*?</div>', "", body)
    body = re.sub(
        r'<div class="scroll" aria-hidden="true">.*?</div></div>|<p class="unseen">.*?</p>', "", body, flags=re.S
    )
    text = unescape(re.sub(r"<[^>]*>", " ", body))
    return Content(order, Counter(re.findall(r'<a href="#eq-([^"]+)">', body.replace("_2032_", "′"))), _decimals(text))


READ: dict[str, Callable[[str], Content]] = {"tex": _tex, "typ": _typ, "md": _md, "html": _html}


@pytest.fixture(scope="module", params=CELLS)
def pages(request: pytest.FixtureRequest) -> dict[str, str]:
    """One document in every format."""
    cell, notation = CELLS[request.param]
    page = document(cell.derive(steps=3, notation=notation), "full")
    return {suffix: text_of(page, suffix) for suffix in FORMATS}


def test_sections_and_equations_are_the_same_in_the_same_order(pages: dict[str, str]) -> None:
    """Every number is printed once, in every format at the same place."""
    first, *others = (READ[suffix](pages[suffix]).order for suffix in FORMATS)
    assert len([number for number in first if not number.startswith("§")]) >= 10
    assert len(first) == len(set(first))
    for suffix, other in zip(FORMATS[1:], others, strict=True):
        assert other == first, suffix


def test_links_to_equations_are_the_same(pages: dict[str, str]) -> None:
    """As many to each; what a format has in the side column another has below."""
    first, *others = (READ[suffix](pages[suffix]).links for suffix in ("tex", "typ", "html"))
    assert sum(first.values()) >= 10
    assert all(other == first for other in others)


def test_decimals_are_the_same(pages: dict[str, str]) -> None:
    """Errors of checks and other measured numbers, digit by digit."""
    first, *others = (READ[suffix](pages[suffix]).decimals for suffix in FORMATS)
    assert sum(first.values()) >= 10
    for suffix, other in zip(FORMATS[1:], others, strict=True):
        assert other == first, suffix


def _bare(latex: str) -> str:
    """LaTeX without what only arranges it."""
    latex = latex.replace(r"\thinspace", r"\,").replace(r"\medspace", r"\:").replace(r"\thickspace", r"\;")
    latex = latex.replace(r"\cr", r"\\")
    return re.sub(r"\\begin\{aligned\}|\\end\{aligned\}|\\q?quad|\\\\|\{\}|[&\s]", "", latex)


def _uncopied(pages: dict[str, str]) -> list[str]:
    """The equations whose copied LaTeX is not what the Markdown shows under the same number."""
    shown = {}
    for display in re.findall(r"\$\$\n(.*?)\n\$\$", pages["md"], re.S):
        tag = re.search(r"\\tag\{([^}]*)\}", display)
        if tag:
            shown[f"({tag[1]})"] = _bare(display)
    copied = re.findall(r'data-tex="([^"]*)">TeX</button><a[^>]*>([^<]*)</a>', pages["html"])
    assert len(copied) == len(shown)
    return [number for latex, number in copied if _bare(unescape(latex)) not in shown[number]]


def test_what_the_button_copies_is_the_equation_of_that_number(pages: dict[str, str]) -> None:
    """The same LaTeX as in the Markdown, up to the arrangement of lines."""
    assert _uncopied(pages) == []


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_equation_that_is_lost_is_noticed(suffix: str) -> None:
    """Planted: the number of one equation is changed in one format."""
    page = document(ar.cells["rnn"].derive())
    source = text_of(page, suffix)
    spelt = {"tex": r"\areqn{3}", "typ": "number: [(3)]", "md": r"\tag{3}", "html": ">(3)</a>"}[suffix]
    assert spelt in source
    assert READ[suffix](source.replace(spelt, spelt.replace("3", "33"))).order != READ[suffix](source).order


def test_a_copied_equation_that_differs_is_noticed(pages: dict[str, str]) -> None:
    """Planted: a sign in what a button copies."""
    planted = re.sub(r'data-tex="([^"]*?) = ', r'data-tex="\1 = -', pages["html"], count=1)
    assert len(_uncopied({**pages, "html": planted})) == 1
