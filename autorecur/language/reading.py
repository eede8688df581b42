"""From a text to headers and assignments, line by line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from autorecur.errors import CellError
from autorecur.language.canonical import write, write_equation
from autorecur.language.headers import Headers, header_on, read_header, read_titles
from autorecur.language.lexer import BLANK, Lexer, Token
from autorecur.language.parser import Parser
from autorecur.language.syntax import Assignment, Expression, Name, Span
from autorecur.language.text import Source
from autorecur.language.trees import names_in, shifted, substitute

MOST_EQUATIONS = 5000
LONGEST_HINT = 200


@dataclass(frozen=True, slots=True)
class Text:
    """A text that has been read, but not yet understood."""

    source: Source
    headers: Headers
    assignments: tuple[Assignment, ...]


def read(source: Source) -> Text:
    """Headers and equations of a cell's text."""
    headers = Headers()
    assignments: list[Assignment] = []
    start = 0
    for number, line in enumerate(source.text.split("\n"), 1):
        code, _, comment = line.partition("#")
        found = header_on(line)
        if found and not assignments:
            read_header(headers, source, start, found)
        elif not BLANK.fullmatch(code) and code.strip():
            if found:
                raise _late_header(source, start, found)
            assignments.append(_assignment(source, start, start + len(code), comment, number, headers))
        if len(assignments) > MOST_EQUATIONS:
            raise source.error(f"more than {MOST_EQUATIONS:,} equations in one cell.", Span(start, start + len(code)))
        start += len(line) + 1
    if not assignments:
        raise CellError(
            "there is no equation in this text.", hint="An equation looks like h[t] = tanh(W x[t] + U h[t-1] + b)."
        )
    _refuse_second_assignments(source, assignments)
    return Text(source, headers, tuple(assignments))


def _late_header(source: Source, start: int, found: re.Match[str]) -> CellError:
    span = Span(start + found.start(1), start + found.end(1))
    return source.error(
        f"the header '{found[1]}' stands behind an equation.", span, hint="Headers come before the first equation."
    )


def _assignment(source: Source, start: int, end: int, comment: str, line: int, headers: Headers) -> Assignment:
    equals = source.text.find("=", start, end)
    if equals < 0:
        raise _no_equation(source, start, end)
    lexer = Lexer(source, start, equals)
    target, behind = lexer.next(), lexer.next()
    scalars = headers.words("scalar")
    if target.kind != "name" or behind.kind != "end":
        raise source.error(
            "left of '=' stands one quantity at step t.", _stripped(source, start, equals), hint="Write it as h[t] = …"
        )
    unindexed = (target.name,) if target.offset is None else ()
    functions = headers.words("function")
    right = Parser(source, equals + 1, end, scalars, quantities=unindexed, functions=functions)
    if right.token.kind == "end":
        raise source.error("nothing stands behind this '='.", Span(equals, equals + 1))
    tree = right.whole()
    if target.offset != 0:
        raise _wrong_target(source, target, tree, end)
    return Assignment(target.name, tree, read_titles(comment), line, span=target.span)


def _stripped(source: Source, start: int, end: int) -> Span:
    text = source.text[start:end]
    left = start + len(text) - len(text.lstrip())
    return Span(left, max(left + 1, start + len(text.rstrip())))


def _no_equation(source: Source, start: int, end: int) -> CellError:
    span = _stripped(source, start, end)
    if _looks_like_path(source.text.strip()):
        path = source.text.strip()
        return source.error(
            "this is the name of a file, not the text of a cell.",
            span,
            hint=f"Hand over what stands in the file: autorecur.cell(open({path!r}, encoding='utf-8').read())",
        )
    return source.error(
        "this line is neither an equation nor a header.",
        span,
        hint="An equation is name[t] = expression, on one line; a header is key: value; a comment starts with #.",
    )


def _looks_like_path(text: str) -> bool:
    """One line with a suffix such as ``.cell`` or ``.txt``, and nothing that only an equation has."""
    return len(text) <= LONGEST_HINT and re.fullmatch(r"[^=\n]*[^=\s.]\.[A-Za-z]\w{1,5}", text) is not None


def _wrong_target(source: Source, target: Token, tree: Expression, end: int) -> CellError:
    name = target.name
    if target.offset is None:
        return _without_index(source, target, tree, end)
    line = f"{name}[t] = {write(shifted(tree, -target.offset))}"
    return source.error("an equation gives a quantity at step t.", target.span, hint=f"Count from there: {line}")


def _without_index(source: Source, target: Token, tree: Expression, end: int) -> CellError:
    """Notes write ``C = C * f`` for an update, sometimes in several lines: say them in one, with time indices."""
    name = target.name
    again = None
    for later, value in _later_updates(source, name, end):
        again = again or later
        tree = substitute(value, {Name(name): tree})
    line = f"{name}[t] = {write(substitute(tree, {Name(name): Name(name, -1)}))}"
    if again is None or len(line) > LONGEST_HINT:
        return source.error(f"{name} stands left of '=' without a time index.", target.span, hint=f"Write {_cut(line)}")
    places = source.place(target.span, "first"), source.place(again, "again")
    return CellError(f"{name} is assigned twice, and without a time index.", *places, hint=f"In one line: {line}")


def _later_updates(source: Source, name: str, start: int) -> Iterator[tuple[Span, Expression]]:
    """Further lines ``name = …``, as far as they can be read."""
    for found in re.compile(rf"^[ \t]*({re.escape(name)})[ \t]*=([^#\n]*)", re.MULTILINE).finditer(source.text, start):
        try:
            yield Span(*found.span(1)), Parser(source, found.start(2), found.end(2), quantities=(name,)).whole()
        except CellError:
            return


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_HINT else line[:LONGEST_HINT] + " …"


def _refuse_second_assignments(source: Source, assignments: list[Assignment]) -> None:
    first: dict[str, Assignment] = {}
    for assignment in assignments:
        earlier = first.setdefault(assignment.name, assignment)
        if earlier is not assignment:
            places = source.place(earlier.span, "first"), source.place(assignment.span, "again")
            hint = _instead_of(earlier, assignment, first)
            raise CellError(f"{assignment.name} is assigned twice.", *places, hint=hint)


def _instead_of(earlier: Assignment, later: Assignment, names: Collection[str]) -> str:
    """The line to write for notes that update a quantity in place, or a new name."""
    name = earlier.name
    free = next(f"{name}_{number}" for number in range(2, 9999) if f"{name}_{number}" not in names)
    updated = Name(name, 0) if _occurs(later.expression, Name(name, 0)) else Name(name, -1)
    if not _occurs(later.expression, updated):
        return f"Give one of the two a name of its own, such as {free}[t]."
    merged = substitute(later.expression, {updated: earlier.expression})
    equation = write_equation(Assignment(name, merged, {}, 0))
    if len(equation) > LONGEST_HINT:
        return f"Give the first value a name of its own, such as {free}[t], and use that in the second line."
    return f"In one line: {equation}"


def _occurs(tree: Expression, name: Name) -> bool:
    return any(other == name for other in names_in(tree))
