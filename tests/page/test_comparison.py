"""Two cells on one page, in every format and language."""

from __future__ import annotations

import pytest

import autorecur as ar
from autorecur.page.comparison import comparison
from autorecur.render.blocks import Diagram, Table
from autorecur.render.formats import text_of


@pytest.mark.parametrize(("first", "second", "language"), [("lstm", "gru", "en"), ("rnn", "rnn_bidirectional", "fr")])
def test_two_cells_stand_side_by_side(first: str, second: str, language: str) -> None:
    page = comparison(ar.cells[first], ar.cells[second], language)
    (table,) = (b for b in page.blocks if isinstance(b, Table))
    assert all(len(row) == 3 for group in table.groups for row in group)
    assert len(table.groups[0]) == max(len(ar.cells[name].equations) for name in (first, second))
    assert any(isinstance(b, Diagram) for b in page.blocks)
    for suffix in ("md", "tex", "typ", "html"):
        assert text_of(page, suffix)
    # A page without sections has no contents, and titles have the apostrophes of the language.
    assert ">Contents<" not in text_of(page, "html")
    assert ">Sommaire<" not in text_of(page, "html")
    assert "'" not in page.title


def test_a_cell_is_compared_with_itself() -> None:
    page = comparison(ar.cells["rnn"], ar.cells["rnn"])
    (table,) = (b for b in page.blocks if isinstance(b, Table))
    assert all(row[1] == row[2] for group in table.groups for row in group)


def test_a_cell_without_a_state_has_nothing_to_compare() -> None:
    with pytest.raises(ar.CellError, match="has no state"):
        comparison(ar.cell("y[t] = W x[t]", "apart"), ar.cells["rnn"])
