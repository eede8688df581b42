"""The page of a frame: its parts under their names, what has no time without an index, each part's own last step."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

import autorecur as ar
from autorecur.page import document
from autorecur.page.model import ROOM_OF_SHAPES
from autorecur.render.blocks import Box, Diagram, Math, Table
from autorecur.render.formats import text_of
from autorecur.render.measure import width
from autorecur.symbolic.layout import Matrix
from tests.frames.texts import ALL, CAPTION, CLASSIFIER, TRANSLATOR


@pytest.mark.parametrize("detail", ["brief", "standard", "full"])
@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
def test_every_frame_has_a_page_in_every_format(text: str, detail: str) -> None:
    page = document(ar.cell(text).derive(), detail)
    assert r"\begin{document}" in text_of(page, "tex")
    assert text_of(page, "md")
    assert text_of(page, "typ")


def test_each_part_counts_its_own_steps() -> None:
    text = ar.cell(TRANSLATOR).derive().to_markdown()
    assert r"\bar{h}_{T_x}" in text
    assert r"\bar{s}_{T_y}" in text
    assert "what the later part sends back takes the place of the loss" in text


def test_what_is_computed_once_prints_without_a_step() -> None:
    d = ar.cell(CLASSIFIER).derive()
    assert d["y"].latex() == r"y = \operatorname{softmax}(W_y\, h_T + b_y)"
    assert d["L"].latex() == r"L = \ell"
    assert d["dL/dy"].latex().startswith(r"\bar{y} =")
    assert ar.cell(CAPTION).derive()["h[0]"].latex() == r"h_0 = \tanh(W_0\, x + b_0)"


@pytest.mark.parametrize("topology", ["one-to-many", "many-to-one", "encoder-decoder"])
def test_a_topology_speaks_the_language_of_its_page(topology: str) -> None:
    """Its title, its labels, and the names of its parts, also around a cell with a title in no language."""
    cell = ar.cell("title: GRU\nh[t] = tanh(W x[t] + U h[t-1])\ny[t] = V h[t]").with_topology(topology)
    text = text_of(document(cell.derive(language="fr"), "standard", "fr"), "md")
    said = {
        "one-to-many": ["GRU, un vers plusieurs", "Une seule équation lit", ": l’entrée unique"],
        "many-to-one": ["GRU, plusieurs vers un"],
        "encoder-decoder": ["GRU, encodeur-décodeur", "**encodeur**", "dans la partie décodeur", " encodeur, $t = T_x"],
    }
    assert [words for words in said[topology] if words not in text] == []


def test_the_picture_names_every_state_and_no_line_of_the_shapes_is_wider_than_its_column() -> None:
    """Of a two-layer LSTM all four states, in the order of their lanes."""
    page = document(ar.cells["lstm"].with_topology("many-to-one", layers=2).derive())
    picture = next(block for block in page.blocks if isinstance(block, Diagram))
    boxes = [shape for shape in picture.shapes if isinstance(shape, Box) and isinstance(shape.label, Matrix)]
    assert [len(box.label.rows) for box in boxes if isinstance(box.label, Matrix)] == [4, 4]
    table = next(block for block in page.blocks if isinstance(block, Table))
    lines = [
        item for line in table.groups[0] for each in line if isinstance(each, tuple | Math) for item in _maths(each)
    ]
    assert max(width(item.layout) for item in lines) <= ROOM_OF_SHAPES


def _maths(cell: Any) -> list[Math]:
    return [cell] if isinstance(cell, Math) else [part for part in cell if isinstance(part, Math)]


@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
def test_the_full_page_spells_out_pull_backs_through_boundaries(text: str) -> None:
    """A line of its own for each rule, with no other form where there is none."""
    page = text_of(document(ar.cell(text).derive(), "full"), "md")
    assert "By hand, with numbers" in page
    for before, after in pairwise(page.splitlines()):
        if r"\gets" in before and after.startswith("&{}="):
            assert before.partition(r"\gets")[2].split(r"\cr")[0].strip() != after.partition("=")[2].strip()
