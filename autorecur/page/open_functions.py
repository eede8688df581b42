"""What a page says of functions that a cell leaves open: that they are, and what they were while equations were checked."""

from __future__ import annotations

from collections.abc import Iterator

from autorecur.ops.open import PRIME, is_open
from autorecur.page.context import Page
from autorecur.render.blocks import Block, Inlines, Math, Paragraph
from autorecur.symbolic.functions import head


def convention(page: Page) -> Iterator[Inlines]:
    """One sentence for the conventions, if there is such a function."""
    names = [name for name in page.derivation.cell.functions if is_open(name)]
    if names:
        functions = page.words.listed([Math(head(page.composer, name)) for name in names])
        slopes = page.words.listed([Math(head(page.composer, name + PRIME)) for name in names])
        yield page.words(f"open.{_several(names)}", functions=functions, slopes=slopes)


def choices(page: Page) -> Iterator[Block]:
    """What each function was, at one point after the other."""
    for name, functions in page.report.functions.items():
        listed = page.words.listed([Math(head(page.composer, each)) for each in dict.fromkeys(functions)])
        yield Paragraph(page.words("open.checked", function=Math(head(page.composer, name)), functions=listed))


def _several(names: list[str]) -> str:
    return "one" if len(names) == 1 else "many"
