"""Reads a text with parts and absolute times: lines into parts, each with its headers and its equations."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from autorecur.errors import CellError
from autorecur.language.canonical import write
from autorecur.language.headers import Headers, header_on, read_header, read_titles
from autorecur.language.lexer import ABSOLUTE, BLANK, Lexer, Token
from autorecur.language.nearest import nearest
from autorecur.language.parser import Parser
from autorecur.language.reading import MOST_EQUATIONS
from autorecur.language.syntax import Expression, Span
from autorecur.language.text import Source
from autorecur.language.trees import shifted

_PART = re.compile(r"[ \t]*---+[ \t]*(.*?)[ \t]*(?:#.*)?")
_NAME = re.compile(r"[^\W\d_]\w*")
_OWN_HEADERS = ("steps", "learned", "output")
"""Headers that a part may have of its own."""
MOST_PARTS = 50


@dataclass(slots=True)
class Line:
    """One equation: what stands left of ``=`` (``step`` for an absolute time, ``timed`` for ``[t]``), and the tree."""

    name: str
    timed: bool
    step: tuple[bool, int] | None
    tree: Expression
    titles: dict[str, str]
    number: int
    span: Span


@dataclass(slots=True)
class PartText:
    """A stretch between two separators; the first one may have no name."""

    name: str
    span: Span
    headers: Headers
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class FrameText:
    source: Source
    headers: Headers
    parts: list[PartText]


def is_frame(source: Source) -> bool:
    """Whether a text has a separator, an absolute time, or an input that is given once, so that it is more than one cell."""
    for line in source.text.split("\n"):
        code = line.partition("#")[0]
        found = header_on(line)
        if _PART.fullmatch(line) or (found and found[1].lower() == "input"):
            return True
        if "=" in code and not header_on(line) and any(_is_absolute(code, found) for found in _absolutes(code)):
            return True
    return False


def _absolutes(code: str) -> list[re.Match[str]]:
    return list(ABSOLUTE.finditer(code))


def _is_absolute(code: str, found: re.Match[str]) -> bool:
    """``h[T]``: directly behind a name, and no time index inside a power."""
    return found.start() > 0 and re.match(r"\w|\}", code[found.start() - 1]) is not None


def read_frame(source: Source) -> FrameText:
    """Headers of the text, then its parts."""
    whole = Headers()
    parts: list[PartText] = []
    names = _part_names(source)
    start, count = 0, 0
    for number, line in enumerate(source.text.split("\n"), 1):
        code, _, comment = line.partition("#")
        separator = _PART.fullmatch(line)
        found = header_on(line)
        if separator:
            parts.append(PartText(separator[1], _stripped(source, start, start + len(line)), Headers()))
        elif found:
            _header(whole, parts, source, start, found)
        elif not BLANK.fullmatch(code) and code.strip():
            if not parts:
                parts.append(PartText("", Span(start, start), Headers()))
            scalars = whole.words("scalar")
            functions = whole.words("function")
            read = _line(source, start, start + len(code), comment, number, scalars, names, functions)
            parts[-1].lines.append(read)
            count += 1
            if count > MOST_EQUATIONS:
                span = Span(start, start + len(code))
                raise source.error(f"more than {MOST_EQUATIONS:,} equations in one frame.", span)
        start += len(line) + 1
    _check_parts(source, parts)
    return FrameText(source, whole, parts)


def _part_names(source: Source) -> tuple[str, ...]:
    return tuple(found[1] for line in source.text.split("\n") if (found := _PART.fullmatch(line)))


def _check_parts(source: Source, parts: list[PartText]) -> None:
    if len(parts) > MOST_PARTS:
        raise source.error(f"a frame has at most {MOST_PARTS} parts.", parts[MOST_PARTS].span)
    seen: dict[str, PartText] = {}
    for part in parts:
        if (part.name and not _NAME.fullmatch(part.name)) or (not part.name and part is not parts[0]):
            raise source.error("a part begins with --- and one name.", part.span, hint="For example: --- encoder")
        if not part.name and part.span.start != part.span.end:
            raise source.error("this part has no name.", part.span, hint="For example: --- encoder")
        if not part.lines:
            raise source.error(f"the part {part.name} has no equation.", part.span)
        earlier = seen.setdefault(part.name, part)
        if earlier is not part:
            places = source.place(earlier.span, "first"), source.place(part.span, "again")
            raise CellError(f"there are two parts '{part.name}'.", *places, hint="Give each a name of its own.")
    if len(parts) > 1 and not parts[0].name:
        first = parts[0].lines[0]
        raise source.error(
            "this equation stands before the first part.", first.span, hint="Begin with a line such as --- encoder"
        )
    if not parts:
        raise CellError("there is no equation in this text.")


def _header(whole: Headers, parts: list[PartText], source: Source, start: int, found: re.Match[str]) -> None:
    """A header of the whole text, or, behind a separator, of a part."""
    key = found[1].lower()
    span = Span(start + found.start(1), start + found.end(1))
    if not parts:
        read_header(whole, source, start, found)
        return
    if parts[-1].lines or not parts[-1].name:
        raise source.error(
            f"the header '{found[1]}' stands behind an equation.", span, hint="Headers come before the first equation."
        )
    if key not in _OWN_HEADERS:
        close = nearest(key, _OWN_HEADERS)
        hint = f"Did you mean '{close}'?" if close else f"A part of its own may have {', '.join(_OWN_HEADERS)}."
        raise source.error(
            f"the header '{found[1]}' belongs to the whole text, before the first part.", span, hint=hint
        )
    read_header(parts[-1].headers, source, start, found)


def _line(
    source: Source,
    start: int,
    end: int,
    comment: str,
    number: int,
    scalars: tuple[str, ...],
    names: tuple[str, ...],
    functions: tuple[str, ...],
) -> Line:
    equals = source.text.find("=", start, end)
    if equals < 0:
        raise source.error(
            "this line is neither an equation, nor a header, nor a separator.",
            _stripped(source, start, end),
            hint="An equation is name[t] = expression; a part begins with --- name; a comment starts with #.",
        )
    lexer = Lexer(source, start, equals, parts=names)
    target, behind = lexer.next(), lexer.next()
    if target.kind != "name" or behind.kind != "end":
        raise source.error(
            "left of '=' stands one quantity.",
            _stripped(source, start, equals),
            hint="Write it as h[t] = …, as s[0] = …, or without time as y = …",
        )
    unindexed = (target.name,) if target.offset is None and target.step is None else ()
    right = Parser(source, equals + 1, end, scalars, quantities=unindexed, parts=names, functions=functions)
    if right.token.kind == "end":
        raise source.error("nothing stands behind this '='.", Span(equals, equals + 1))
    tree = right.whole()
    if target.part:
        raise source.error("a part gives its own quantities: leave its name out here.", target.span)
    if target.offset:
        raise _moved(source, target, tree)
    return Line(target.name, target.offset == 0, target.step, tree, read_titles(comment), number, target.span)


def _moved(source: Source, target: Token, tree: Expression) -> CellError:
    line = f"{target.name}[t] = {write(shifted(tree, -(target.offset or 0)))}"
    return source.error("an equation gives a quantity at step t.", target.span, hint=f"Count from there: {line}")


def _stripped(source: Source, start: int, end: int) -> Span:
    text = source.text[start:end]
    left = start + len(text) - len(text.lstrip())
    return Span(left, max(left + 1, start + len(text.rstrip())))
