"""The folded graph and the inside of a cell: a layout without overlaps, and a picture that says what the equations say."""

from __future__ import annotations

from itertools import combinations

import pytest

import autorecur as ar
from autorecur.cells import cells
from autorecur.page.catalogue import Words
from autorecur.page.context import Page
from autorecur.page.folded import inside
from autorecur.page.inside import Inside
from autorecur.page.layers import Size, layered
from autorecur.page.rules import RuleBook
from autorecur.render.blocks import Arrow, Diagram, Disc, Paragraph
from autorecur.verify.report import Report


def page_of(text: str) -> Page:
    d = (cells[text] if text in cells else ar.cell(text)).derive()
    report = Report(d.cell.name, 0, 1, 1, {}, 1, (), 0, ())
    return Page(d, d.naming, Words("en", d.naming.in_line), "full", report, RuleBook(()))


def test_a_layout_has_no_overlaps_and_leads_forward() -> None:
    """A ladder of nodes with edges over one layer and over several."""
    names = [f"n{i}" for i in range(14)]
    edges = [(a, b) for i, a in enumerate(names) for j, b in enumerate(names) if i < j and (i * 7 + j * 3) % 5 == 0]
    size = Size(10.0, 8.0)
    found = layered(dict.fromkeys(names, size), edges, 15.0, 6.0)
    for a, b in edges:
        assert found.places[a][0] + 2 * size.x < found.places[b][0]
    for a, b in combinations(found.places.values(), 2):
        assert abs(a[0] - b[0]) > 2 * size.x or abs(a[1] - b[1]) >= 2 * size.y + 6.0 - 1e-9
    for edge, bends in found.bends.items():
        xs = [found.places[edge[0]][0], *(x for x, _ in bends), found.places[edge[1]][0]]
        assert xs == sorted(xs)


def test_a_layout_of_two_rows_crosses_nothing_that_need_not_cross() -> None:
    """Three straight edges given in a crossed order."""
    names = dict.fromkeys(["a", "b", "c", "z", "y", "x"], Size(5.0, 5.0))
    places = layered(names, [("a", "x"), ("b", "y"), ("c", "z")], 10.0, 4.0).places
    assert [places[n][1] for n in "abc"] == pytest.approx([places[n][1] for n in "xyz"])


@pytest.mark.parametrize("name", list(cells))
def test_the_inside_joins_every_quantity_to_what_it_reads(name: str) -> None:
    """Each of the author's equations has an end, to which ways lead from all that the step's equations read."""
    page = page_of(name)
    found = Inside(page)
    before: dict[str, set[str]] = {key: set() for key in found.pieces}
    for a, b in found.edges:
        before[b].add(a)
    for assignment in page.derivation.cell.assignments:
        pending, behind = [found.ends[assignment.name]], set[str]()
        while pending:
            key = pending.pop()
            behind |= {key}
            pending += before[key] - behind
        sources = {key for key in behind if "[" in key}
        pending, read = [assignment.name], set[str]()
        while pending:
            for other, offset in page.derivation.step.reads()[pending.pop()]:
                if (other, offset) in [(o, 0) for o in page.derivation.step.assignments]:
                    pending.append(other)
                else:
                    read.add(f"{other}[{offset}]")
        assert sources == read


def test_gates_are_boxes_named_after_their_quantity_and_products_circles() -> None:
    """The LSTM: four gates and the tanh of its cell state, three products, one sum; its states and output leave as discs."""
    found = Inside(page_of("lstm"))
    kinds = [piece.kind for piece in found.pieces.values()]
    assert {piece.name for piece in found.pieces.values() if piece.name} == {"i", "f", "o", "g"}
    assert (kinds.count("box"), kinds.count("circle"), kinds.count("disc")) == (6, 4, 6)


def test_an_edge_has_an_adjoint_edge_where_a_path_leads_to_the_loss() -> None:
    """A quantity that no loss reads gets values and gives nothing back."""
    (block,) = inside(page_of("h[t] = tanh(W h[t-1] + x[t])\nq[t] = V h[t]\ny[t] = U h[t]"))
    assert isinstance(block, Diagram)
    heads = [shape for shape in block.shapes if isinstance(shape, Arrow) and shape.head]
    assert 0 < sum(arrow.backward for arrow in heads) < sum(not arrow.backward for arrow in heads)


def test_a_very_large_cell_is_said_to_be_too_large() -> None:
    """In words; the folded graph stands."""
    text = "\n".join(f"h_{i}[t] = tanh(W_{i} h_{i}[t-1] + x[t]) * tanh(V_{i} x[t])" for i in range(20))
    picture, words = inside(page_of(text))
    assert isinstance(picture, Diagram)
    assert any(isinstance(shape, Disc) for shape in picture.shapes)
    assert isinstance(words, Paragraph)
