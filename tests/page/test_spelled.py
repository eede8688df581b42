"""A pull-back spelled out: one rule a line, ending in the term that stands in the equation."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from autorecur.graph.program import compile_node
from autorecur.page.catalogue import Words
from autorecur.page.context import Page
from autorecur.page.rules import rule_book
from autorecur.page.spelled import lines, spelled
from autorecur.render.blocks import Display, Paragraph
from autorecur.verify.report import Report


def page_of(name: str) -> Page:
    d = ar.cells[name].derive()
    report = Report(d.cell.name, 0, 1, 1, {}, 1, (), 0, ())
    return Page(d, d.naming, Words("en", d.naming.in_line), "full", report, rule_book(d))


@pytest.mark.parametrize("name", list(ar.cells))
def test_the_last_line_is_the_term_of_the_equation(name: str) -> None:
    """At the random point of the checks, for every contribution to every quantity of a step."""
    page = page_of(name)
    d = page.derivation
    ground = d.ground(0)
    compared = 0
    for quantity, adjoint in d.adjoints.items():
        for part in adjoint.contributions if adjoint.timed else ():
            found = lines(page, quantity, part)
            index = {"t": part.steps.at(ground.steps)[0], "T": ground.steps}
            numbers = [compile_node(n, ground.true.sizes)(ground.true, index) for n in (found[-1].cotangent, part.node)]
            np.testing.assert_allclose(*np.broadcast_arrays(*numbers), rtol=1e-12, atol=1e-14)
            compared += 1
    assert compared


def test_each_line_uses_rules_that_the_lines_before_did_not() -> None:
    """c_t through h_t = o_t ⊙ tanh(c_t): first the product, then the function."""
    page = page_of("lstm")
    part = next(p for p in page.derivation.adjoints["c"].contributions if p.through == ("h",))
    assert [line.ops for line in lines(page, "c", part)] == [("multiply",), ("tanh",)]


def test_what_takes_one_rule_is_not_said_twice() -> None:
    """h_t through the output is one matrix product: the equation says it all; c_t through h_t takes two lines."""
    page = page_of("lstm")
    assert not list(spelled(page, "h"))
    text, display = spelled(page, "c")
    assert isinstance(text, Paragraph)
    assert isinstance(display, Display)
    assert len(display.rows) == 2


def test_a_line_without_a_rule_of_the_appendix_has_the_title_of_its_rule() -> None:
    """A state that the loss reads itself: the squared error is one rule, its mean and its square are not in the appendix."""
    d = ar.cell("h[t] = tanh(W x[t] + U h[t-1])").derive()
    report = Report(d.cell.name, 0, 1, 1, {}, 1, (), 0, ())
    page = Page(d, d.naming, Words("en", d.naming.in_line), "full", report, rule_book(d))
    notes = [row.note for block in spelled(page, "h") if isinstance(block, Display) for row in block.rows]
    assert notes
    assert all(note and note != (".",) for note in notes)
