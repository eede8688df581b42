"""Pictures are made from the graph: nothing overlaps, and the adjoint edges are those of the equations."""

from __future__ import annotations

from itertools import combinations
from math import hypot

import pytest

from autorecur.cells import cells
from autorecur.page import document
from autorecur.render.blocks import Arrow, Box, Diagram, Disc, Label
from autorecur.render.page import FULL_WIDTH


def diagram(name: str, at: str = "all") -> Diagram:
    page = document(cells[name].derive(at=at))
    return next(block for block in page.blocks if isinstance(block, Diagram))


@pytest.mark.parametrize("name", list(cells))
@pytest.mark.parametrize("at", ["last", "all"])
def test_nodes_do_not_overlap_and_stay_in_the_frame(name: str, at: str) -> None:
    """Discs keep apart, lie outside the boxes, and the whole fits the width of the page."""
    found = diagram(name, at)
    discs = [shape for shape in found.shapes if isinstance(shape, Disc)]
    boxes = [shape for shape in found.shapes if isinstance(shape, Box)]
    for a, b in combinations(discs, 2):
        assert hypot(a.x - b.x, a.y - b.y) > a.radius + b.radius
    for disc in discs:
        assert disc.radius <= disc.x <= found.width - disc.radius + 1e-6
        assert disc.radius <= disc.y <= found.height - disc.radius + 1e-6
        for box in boxes:
            inside = box.x - disc.radius < disc.x < box.x + box.width + disc.radius
            assert not (inside and box.y - disc.radius < disc.y < box.y + box.height + disc.radius)
    assert found.width <= FULL_WIDTH


def arriving(found: Diagram, disc: Disc) -> int:
    """How many adjoint edges end at a node."""
    edges = [shape for shape in found.shapes if isinstance(shape, Arrow) and shape.backward]
    return sum(hypot(e.points[-1][0] - disc.x, e.points[-1][1] - disc.y) < disc.radius + 4 for e in edges)


def test_two_contributions_meet_in_every_state_but_the_last() -> None:
    """With the loss at every step, two dashed edges arrive at h_1 and h_2, one at h_0 and at h_3."""
    found = diagram("rnn")
    discs = [shape for shape in found.shapes if isinstance(shape, Disc)]
    level = min(disc.y for disc in discs if disc.x == min(d.x for d in discs))
    lane = sorted((disc for disc in discs if disc.y == level), key=lambda disc: disc.x)
    assert [arriving(found, disc) for disc in lane] == [1, 1, 2, 1, 2, 1, 1]


def test_a_loss_at_the_last_step_leaves_earlier_outputs_without_adjoint() -> None:
    """Only the last output receives anything."""
    assert sum(s.backward for s in diagram("rnn", "last").shapes if isinstance(s, Arrow)) < sum(
        s.backward for s in diagram("rnn").shapes if isinstance(s, Arrow)
    )


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru_concatenated", "rnn_jordan", "rnn_bidirectional"])
def test_edges_carry_names(name: str) -> None:
    """Every adjoint edge has a label, those into initial states too."""
    found = diagram(name)
    edges = [shape for shape in found.shapes if isinstance(shape, Arrow) and shape.backward]
    labels = [shape for shape in found.shapes if isinstance(shape, Label) and shape.backward]
    assert len(edges) == len(labels)
