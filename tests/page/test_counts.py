"""The table of counts: formulas that agree with a count by hand."""

from __future__ import annotations

import pytest
import sympy

import autorecur as ar
from autorecur.page.catalogue import Words
from autorecur.page.context import Page
from autorecur.page.counts import counts, gates_of, grouped, kept_of, products
from autorecur.page.rules import RuleBook
from autorecur.render.blocks import Table
from autorecur.render.latex import latex
from autorecur.verify.report import Report

H, X, Y = sympy.symbols("n_h n_x n_y", integer=True, positive=True)


def page_of(name: str) -> Page:
    d = ar.cells[name].derive()
    report = Report(d.cell.name, 0, 1, 1, {}, 1, (), 0, ())
    return Page(d, d.naming, Words("en", d.naming.in_line), "full", report, RuleBook(()))


@pytest.mark.parametrize(
    ("name", "gates"), [("lstm", "ifo"), ("gru", "rz"), ("rnn", ""), ("lstm_peephole", "ifo"), ("mgu", "f")]
)
def test_gates_are_sigmoids_that_others_are_multiplied_by(name: str, gates: str) -> None:
    """The candidate of an LSTM is none, nor is the output of a cell that ends in a sigmoid."""
    assert "".join(gates_of(page_of(name))) == gates


def test_products_of_a_step_are_those_of_its_equations() -> None:
    """Four gates with two matrix products each, the output's, and three elementwise products."""
    d = ar.cells["lstm"].derive()
    found = products(node for name, node in d.nodes.items() if name != d.loss.name)
    assert sympy.expand(found - (4 * H * X + 4 * H**2 + Y * H + 3 * H)) == 0


def test_what_is_kept_is_what_the_way_back_reads() -> None:
    """The Elman network keeps its state, from which the slope of tanh is found; pre-activations need not be kept."""
    assert list(kept_of(page_of("rnn"))) == ["h"]
    assert set(kept_of(page_of("lstm"))) == {"i", "f", "o", "g", "c", "h"}


def test_the_table_has_an_example_in_numbers() -> None:
    """45 410 parameters of an LSTM with 100 units, 10 inputs and 10 outputs."""
    (table,) = counts(page_of("lstm"))
    assert isinstance(table, Table)
    assert repr(grouped(45410)) in repr(table.groups)
    assert latex(grouped(45410)) == r"45\, 410"
    assert latex(grouped(9540)) == "9540"
