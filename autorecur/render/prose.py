"""How many lines a piece of prose fills: words are put side by side until a line is full, as the typesetters do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autorecur.render.blocks import (
    Code,
    Inline,
    Inlines,
    LineBreak,
    Math,
    Reference,
    RuleReference,
    SectionReference,
)
from autorecur.render.measure import extent, text_width

_SPACE = 0.333
_BOLD = 1.15
_CODE = 0.525


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What no line is broken in, or a forced break."""

    width: float
    spaced: bool
    forced: bool = False


def inline_width(inlines: Inlines) -> float:
    """The width of prose set in one line, in em."""
    return sum(chunk.width + (_SPACE if chunk.spaced else 0) for chunk in _chunks(inlines))


def line_count(inlines: Inlines, room: float) -> int:
    """How many lines of ``room`` em the prose fills, set ragged."""
    lines, filled = 1, 0.0
    for chunk in _joined(_chunks(inlines)):
        if chunk.forced:
            lines, filled = lines + 1, 0.0
            continue
        space = _SPACE if chunk.spaced and filled else 0.0
        if filled and chunk.spaced and filled + space + chunk.width > room:
            lines, filled = lines + 1, chunk.width
        else:
            filled += space + chunk.width
    return lines


def tall_pieces(inlines: Inlines) -> int:
    """How many formulas in it are higher than a line."""
    sizes = [extent(piece.layout) for piece in inlines if isinstance(piece, Math)]
    return sum(size.height + size.depth > 1.3 for size in sizes)


def reference_text(number: str) -> str:
    return f"({number.strip('()')})"


def number_text(numbers: tuple[str, ...]) -> str:
    """``(12)``, ``(11–13)`` or ``(11′–13′)`` for consecutive numbers, else ``(11, 14)``."""
    plain = [number.strip("()") for number in numbers]
    if len(plain) > 1 and _consecutive(plain):
        return f"({plain[0]}–{plain[-1]})"
    return f"({', '.join(plain)})"


def _consecutive(numbers: list[str]) -> bool:
    bare = [number.removesuffix("′") for number in numbers]
    if not all(number.isdecimal() for number in bare) or len({number[-1] == "′" for number in numbers}) > 1:
        return False
    values = [int(number) for number in bare]
    return values == list(range(values[0], values[0] + len(values)))


def _joined(chunks: Iterator[_Chunk]) -> Iterator[_Chunk]:
    """Pieces without a space between them are one."""
    held: _Chunk | None = None
    for chunk in chunks:
        if held is not None and not chunk.spaced and not chunk.forced and not held.forced:
            held = _Chunk(held.width + chunk.width, held.spaced)
            continue
        if held is not None:
            yield held
        held = chunk
    if held is not None:
        yield held


def _chunks(inlines: Inlines, factor: float = 1.0) -> Iterator[_Chunk]:
    spaced = False
    for piece in inlines:
        for chunk in _piece(piece, factor):
            yield _Chunk(chunk.width, chunk.spaced or spaced, chunk.forced)
            spaced = False
        spaced = isinstance(piece, str) and piece.endswith(" ")


def _piece(piece: Inline, factor: float) -> Iterator[_Chunk]:
    match piece:
        case str():
            for at, word in enumerate(piece.split(" ")):
                if word:
                    yield _Chunk(text_width(word) * factor, at > 0)
        case Math(layout):
            yield _Chunk(extent(layout).width * factor, False)
        case Reference(number):
            yield _Chunk(text_width(reference_text(number)) * factor, False)
        case RuleReference(name):
            yield _Chunk(text_width(name) * factor, False)
        case SectionReference(_, text):
            yield from _piece(text, factor)
        case Code(text):
            yield _Chunk(_CODE * len(text), False)
        case LineBreak():
            yield _Chunk(0.0, False, True)
        case _:
            yield from _chunks(piece.inlines, factor * (_BOLD if type(piece).__name__ == "Strong" else 1.0))
