"""What the edges of a picture carry: the parameter or function on the way forward, the term on the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sympy import Integer

from autorecur.graph.node import Node, Variable
from autorecur.graph.walk import postorder
from autorecur.ops.linear import matmul, matrix_transpose
from autorecur.page.context import Page
from autorecur.page.drawing import Point, Sheet
from autorecur.render.measure import width
from autorecur.symbolic.express import express
from autorecur.symbolic.functions import head
from autorecur.symbolic.layout import Layout, binary, relation, row
from autorecur.symbolic.marks import transposed

if TYPE_CHECKING:
    from autorecur.graph.adjoint import Contribution

STEPS = 3
PITCH = 141.0
"""From one step to the next, in points."""
BAR = 20.0
WIDEST_LABEL = 5.2


def contributions(
    page: Page, name: str, step: int, reader: str | None = None, offset: int | None = None
) -> list[Contribution]:
    """What a quantity receives at a step of the three, through one reader or all."""
    adjoint = page.derivation.adjoints.get(name)
    if adjoint is None:
        return []
    return [
        part
        for part in adjoint.contributions
        if step in part.steps.at(STEPS)
        and (reader is None or part.through[0] == reader)
        and (offset is None or part.offset == offset)
    ]


def sent(page: Page, name: str, step: int, parts: Sequence[Contribution], room: float = WIDEST_LABEL) -> Layout | None:
    """What these contributions add: the term itself if it fits into ``room`` (in em), else the adjoint that it adds to."""
    if not parts:
        return None
    items: list[Layout] = []
    for part in parts:
        term = page.in_line(express(part.node, Integer(step)))
        items.extend((binary("+"), term) if items else (term,))
    whole = row(*items)
    return whole if width(whole) <= room else page.adjoint(name, step)


def word(page: Page, reader: Node, name: str) -> Layout | None:
    """What an edge does to the value that it carries: the parameter that multiplies it, or the function applied to it."""
    for node in postorder(reader):
        if node.op is matmul:
            inner = [_named(part) for part in node.inputs]
            for own, other in ((0, 1), (1, 0)):
                if (
                    inner[own] == name
                    and isinstance(weight := _bare(node.inputs[other]), Variable)
                    and weight.offset is None
                ):
                    layout = page.name(weight.name, None)
                    turned = node.inputs[other].op is matrix_transpose
                    return transposed(layout, page.notation) if turned else layout
        if (
            node.op is not None
            and len(node.inputs) == 1
            and _named(node.inputs[0]) == name
            and node.op.kind == "elementwise"
        ):
            return head(page.composer, node.op.name)
    return None


def _bare(node: Node) -> Node:
    return node.inputs[0] if node.op is matrix_transpose else node


def _named(node: Node) -> str | None:
    bare = _bare(node)
    return bare.name if isinstance(bare, Variable) and bare.offset is not None else None


def loss_text(page: Page) -> Layout:
    """``L = ℓ_1 + ℓ_2 + ℓ_3``."""
    found = page.derivation.loss
    steps = range(1, STEPS + 1) if found.at == "all" else [STEPS]
    items: list[Layout] = []
    for step in steps:
        layout = page.name(found.name, step)
        items.extend((binary("+"), layout) if items else (layout,))
    return row(page.name("L", None), relation("="), *items)


def loss_bar(page: Page, sheet: Sheet, columns: Sequence[float], bottom: float) -> None:
    """The box in which the losses are added up."""
    text = loss_text(page)
    half = max(width(text) * 5 + 8, 24)
    left = min(columns[0] - 22, (columns[0] + columns[-1]) / 2 - half)
    right = max(columns[-1] + 22, (columns[0] + columns[-1]) / 2 + half)
    sheet.box(left, bottom, right - left, BAR, text)


def loss_steps(page: Page) -> list[int]:
    return list(page.derivation.loss.steps.at(STEPS))


def to_loss(page: Page, sheet: Sheet, name: str, step: int, start: Point, bottom: float) -> None:
    """The edge from a quantity to the loss."""
    loss = page.derivation.loss.name
    found = contributions(page, name, step, loss, 0)
    sheet.pair(start, (start[0], bottom), page.name(loss, step), sent(page, name, step, found), bool(found))
