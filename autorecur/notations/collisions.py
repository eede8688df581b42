"""Two symbols of a cell that a notation would print alike: the reader could not tell them apart, so that is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from autorecur.errors import NotationError
from autorecur.notations.profile import Profile
from autorecur.symbolic.layout import Ident, Layout
from autorecur.symbolic.names import Notation, name_layout, symbol_layout

if TYPE_CHECKING:
    from autorecur.graph.step import Step
    from autorecur.language.cell import Cell


def require_distinct(profile: Profile, notation: Notation, cell: Cell, step: Step) -> None:
    """Raises NotationError for the first two that look the same; says both and how they print."""
    seen: dict[str, tuple[str, str]] = {}
    for key, what, layout in _printed(notation, cell, step):
        look = _look(layout)
        other = seen.setdefault(look, (key, what))
        if other[0] != key:
            raise NotationError(
                f"in the notation {profile.name}, {other[1]} and {what} both print as {_plain(layout)}.",
                hint="Give one of them another symbol: [symbols], [letters] or [adjoints] in the notation's file.",
            )


def _printed(notation: Notation, cell: Cell, step: Step) -> Iterator[tuple[str, str, Layout]]:
    """Everything that has a sign of its own: a key, what it is in words, how it prints without its step."""
    timed = [name for name in step.assignments if name != notation.loss_name]
    own = list(dict.fromkeys([*timed, *cell.inputs, *(name for name in cell.shapes if name != notation.loss_name)]))
    for name in own:
        yield name, "the target" if name == "target" else name, name_layout(name, notation)
    for name in own:
        if name != "target":
            yield f"dL/d{name}", f"the adjoint of {name}", name_layout(f"dL/d{name}", notation)
    yield "L", "the loss", notation.total_loss
    yield "loss", "the loss of one step", symbol_layout(notation.loss, notation)
    yield "T", "the number of steps", symbol_layout(notation.steps, notation)
    yield "t", "the step t", Ident("t")
    for index in ("k", "j"):
        yield (
            f"index {index}",
            f"the step {notation.indices.get(index, index)}",
            Ident(notation.indices.get(index, index)),
        )
    for function, letter in notation.letters.items():
        if function == "sigmoid":
            yield function, "the function sigmoid", Ident(letter)
    for size in notation.sizes:
        yield f"size {size}", f"the size {size}", symbol_layout(notation.sizes[size], notation)
    for weight, blocks in notation.blocks.items():
        for number, block in enumerate(blocks.values(), 1):
            yield f"{weight} {number}", f"block {number} of {weight}", symbol_layout(block, notation)


def _plain(layout: Layout) -> str:
    from autorecur.render.latex import latex

    return re.sub(r"\s+", " ", latex(layout)).strip()


def _look(layout: Layout) -> str:
    """What the eye sees: letters and where they stand, not how they were put together."""
    text = re.sub(r"\\(mathit|mathrm|mathbf|boldsymbol|operatorname|text)(?=\{)", "", _plain(layout))
    return re.sub(r"(?<=\\[a-zA-Z])(?=$)|[{}\s]|\\[,;]", "", re.sub(r"(\\[A-Za-z]+) (?=[A-Za-z])", r"\1|", text))
