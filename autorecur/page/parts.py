"""The parts of a frame on its page: which one a quantity belongs to, what stands between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecur.language.frame import Frame
from autorecur.render.blocks import Inlines, Math
from autorecur.symbolic import carriers as c

if TYPE_CHECKING:
    from autorecur.language.frame import Part
    from autorecur.page.catalogue import Words
    from autorecur.page.context import Page


def frame_of(page: Page) -> Frame | None:
    """The frame that the page is about; None for a cell."""
    cell = page.derivation.cell
    return cell if isinstance(cell, Frame) else None


def part_of(page: Page, name: str) -> Part:
    """The part in whose equations a quantity, or what it was taken out of, stands."""
    frame = frame_of(page)
    assert frame is not None
    return frame.part_of(page.owner(name))


def name_of(page: Page, part: Part) -> str:
    """The name of a part as its author gave it, but for an encoder and a decoder, which each language has a word for."""
    return called(page.words, part)


def called(words: Words, part: Part) -> str:
    """The same where there is no page."""
    key = f"frames.named.{part.name}"
    return words.text(key) if words.has(key) else part.name


def stage_of(page: Page, name: str) -> Inlines:
    """The heading under which the adjoint of a quantity stands: the recurrence of a part, or what is computed once."""
    frame = frame_of(page)
    assert frame is not None
    if page.derivation.is_once(name):
        joins = page.owner(name) in frame.starts
        return page.words("frames.stage.start" if joins else "frames.stage.once")
    part = part_of(page, name)
    last = page.composer.at(c.last(part.clock))
    if not part.name:
        return page.words("frames.stage.steps", last=last)
    return page.words("frames.stage.part", name=name_of(page, part), last=last)


def opening_of_frame(page: Page) -> Inlines:
    """In which order the parts are taken."""
    frame = frame_of(page)
    assert frame is not None
    if not any(part.clock for part in frame.parts):
        return page.words("frames.opening.once")
    several = sum(bool(part.clock) for part in frame.parts) > 1
    return page.words("frames.opening.parts" if several else "frames.opening.steps")


def ranges(page: Page) -> Inlines:
    """``t runs from 1 to T_x in the encoder, …``"""
    frame = frame_of(page)
    assert frame is not None
    running = [part for part in frame.parts if part.clock]
    if not running:
        return page.words("frames.range.nothing")
    found = [
        page.words(
            "frames.range.part" if part.name else "frames.range.alone",
            name=name_of(page, part),
            last=Math(page.composer.at(c.last(part.clock))),
        )
        for part in running
    ]
    return page.words("frames.range.whole", parts=page.words.listed(found))


def where_of_loss(page: Page) -> Inlines:
    """At which steps the loss stands: of the part that it belongs to."""
    found, clocks = page.derivation.loss, page.derivation.clocks
    assert clocks is not None
    if clocks.once(found.name):
        return page.words("frames.loss.once")
    if found.at == "all":
        return page.words("loss.at.all")
    last = c.last(clocks.clock(found.name))
    return page.words("loss.at.last", last=page.composer.at(last))
