"""Section 2: the cell unrolled over three steps, as geometry made from its graph.

A cell with one state is drawn node by node; any other as one box a step, with its states between the boxes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Integer

from autorecur.page.boxes import Boxes
from autorecur.page.chains import Chains, chain_of
from autorecur.page.context import FULL, Page
from autorecur.page.edges import STEPS
from autorecur.page.folded import inside
from autorecur.page.frames import picture as frame_picture
from autorecur.render.blocks import Block, Inlines, Math, Paragraph


def _alt(page: Page) -> Inlines:
    """The picture in words, where none can be drawn: what goes from step to step, and what comes back against it."""
    cell = page.derivation.cell
    if not cell.states:
        return page.words("picture.alt_apart")
    forward = page.words.listed([Math(page.name(state)) for state in cell.states])
    back = page.words.listed([Math(page.adjoint(state)) for state in cell.states if state in page.derivation.adjoints])
    return page.words("picture.alt", states=forward, adjoints=back)


def _reading(page: Page) -> Inlines:
    """What is to be seen: an adjoint has a term for each dashed edge that ends at it."""
    return page.words("picture.reading" if page.derivation.cell.states else "picture.reading_apart")


def picture(page: Page) -> Iterator[Block]:
    """The picture with its caption."""
    if page.derivation.clocks is not None:
        yield frame_picture(page)
        return
    chain = chain_of(page)
    drawing = Chains(page, chain) if chain is not None else Boxes(page)
    caption = page.words("picture.caption.nodes" if chain is not None else "picture.caption.boxes")
    if any(abs(offset) > 1 for state in page.derivation.cell.states for offset in page.derivation.cell.offsets[state]):
        third = page.composer.moment(Integer(STEPS))
        caption = (*caption, " ", *page.words("picture.caption.long", third=third))
    yield Paragraph(_reading(page))
    yield replace(drawing.sheet().diagram(caption, _alt(page)), floats=True)
    if page.detail == FULL:
        yield from inside(page)
