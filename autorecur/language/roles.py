"""What each name of a cell is: a quantity, a state, an input, a parameter; and the names that may not be used."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from autorecur.errors import CellError, Place
from autorecur.language.canonical import write_name
from autorecur.language.functions import function_names, is_taken
from autorecur.language.headers import Headers
from autorecur.language.nearest import nearest
from autorecur.language.order import BothDirections, Loop, SameStepCycle, schedule
from autorecur.language.syntax import Assignment, Name, Span
from autorecur.language.text import Source
from autorecur.language.trees import calls_in, names_in

RESERVED = {
    "t": "the step",
    "T": "the number of steps",
    "L": "the loss",
    "target": "the target of the loss",
    "loss": "the loss of one step",
}
INDICES = ("k", "j")
_DERIVATIVE = re.compile(r"dL(?:_.*)?")


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a name stands."""

    name: Name
    source: Source
    assigned: bool = False

    @property
    def span(self) -> Span:
        return self.name.span


@dataclass(frozen=True, slots=True)
class Roles:
    """The names of a cell by what they are, each in order of first appearance."""

    assigned: tuple[str, ...]
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    offsets: dict[str, tuple[int, ...]]
    first_use: dict[str, Use]
    loops: tuple[Loop, ...]
    called: frozenset[str] = frozenset()
    """The functions that the equations call."""

    @property
    def names(self) -> Iterable[str]:
        return self.first_use


def find_roles(assignments: Sequence[Assignment], sources: Sequence[Source], allowed: Collection[str] = ()) -> Roles:
    """Sort the names; a CellError tells of a name that is used in two ways or may not be used at all."""
    first: dict[str, Use] = {}
    offsets: dict[str, set[int]] = {}
    assigned = {assignment.name for assignment in assignments}
    for use in _uses(assignments, sources):
        name = use.name.name
        earlier = first.get(name)
        if earlier is None:
            _refuse_reserved(use, allowed)
            first[name] = use
        elif (earlier.name.offset is None) != (use.name.offset is None):
            raise _used_both_ways(earlier, use)
        if use.name.offset is not None and not use.assigned:
            offsets.setdefault(name, set()).add(use.name.offset)
    states = tuple(name for name in first if name in assigned and offsets.get(name, set()) - {0})
    inputs = tuple(name for name, use in first.items() if use.name.offset is not None and name not in assigned)
    return Roles(
        assigned=tuple(assignment.name for assignment in assignments),
        states=states,
        inputs=inputs,
        parameters=tuple(name for name, use in first.items() if use.name.offset is None),
        offsets={name: tuple(sorted(offsets[name])) for name in first if name in (*states, *inputs)},
        first_use=first,
        loops=_loops(assignments, sources),
        called=frozenset(name for each in assignments for name in calls_in(each.expression)),
    )


def _uses(assignments: Sequence[Assignment], sources: Sequence[Source]) -> Iterable[Use]:
    for assignment, source in zip(assignments, sources, strict=True):
        yield Use(Name(assignment.name, 0, span=assignment.span), source, assigned=True)
        for name in names_in(assignment.expression):
            yield Use(name, source)


def _refuse_reserved(use: Use, allowed: Collection[str]) -> None:
    name = use.name.name
    if name in allowed:
        return
    if name in RESERVED:
        meaning = f"{name} is {RESERVED[name]}"
    elif name in function_names():
        meaning = f"{name} is a function"
    elif _DERIVATIVE.fullmatch(name):
        meaning = f"{name} reads as a derivative of the loss"
    else:
        return
    hint = f"Choose another name, such as {name.replace('dL', 'd_L') if name.startswith('dL') else f'{name}_1'}."
    hint = "Choose another name; a transpose is written W^T." if name == "T" else hint
    raise use.source.error(f"{meaning}: this name cannot be used for something else.", use.span, hint=hint)


def _used_both_ways(earlier: Use, later: Use) -> CellError:
    name = later.name.name
    timed = later if earlier.name.offset is None else earlier
    return CellError(
        f"{name} is used both with a time index and without.",
        later.source.place(later.span),
        earlier.source.place(earlier.span),
        hint=f"If both are the same quantity, write {write_name(name, timed.name.offset)} for both; "
        f"if {name} is a parameter here, give it another name.",
    )


# ---------------------------------------------------------------- order


def _loops(assignments: Sequence[Assignment], sources: Sequence[Source]) -> tuple[Loop, ...]:
    reads = {
        assignment.name: sorted(
            {(name.name, name.offset) for name in names_in(assignment.expression) if name.offset is not None}
        )
        for assignment in assignments
    }
    home = {assignment.name: (assignment, source) for assignment, source in zip(assignments, sources, strict=True)}
    try:
        return schedule(reads)
    except SameStepCycle as cycle:
        raise _cycle(cycle.names, home) from None
    except BothDirections as both:
        raise _both(both.names, home) from None


def _cycle(names: tuple[str, ...], home: dict[str, tuple[Assignment, Source]]) -> CellError:
    following = (*names[1:], names[0])
    places = []
    for name, other in zip(names[:6], following, strict=False):
        assignment, source = home[name]
        use = next(each for each in names_in(assignment.expression) if (each.name, each.offset) == (other, 0))
        places.append(source.place(use.span))
    if len(names) == 1:
        message = f"{names[0]}[t] depends on itself at the same step."
    else:
        chain = ", which needs ".join(f"{name}[t]" for name in (*names[1:6], following[-1]))
        message = f"{names[0]}[t] needs {chain}, all at the same step."
    return CellError(message, *places, hint=f"For the value of the step before write {following[0]}[t-1].")


def _both(names: tuple[str, ...], home: dict[str, tuple[Assignment, Source]]) -> CellError:
    members = set(names)
    places: dict[bool, Place] = {}
    for name in names:
        assignment, source = home[name]
        for use in names_in(assignment.expression):
            if use.name in members and use.offset:
                places.setdefault(use.offset > 0, source.place(use.span))
    message = (
        f"{names[0]} needs its own earlier and later steps."
        if len(names) == 1
        else f"{', '.join(names[:6])} need each other at earlier and at later steps."
    )
    return CellError(
        message, places[False], places[True], hint="A state runs in one direction: write two states, one for each."
    )


# ---------------------------------------------------------------- headers that list names


def check_headers(headers: Headers, source: Source, roles: Roles) -> None:
    """Names in the headers must be names of the cell, and of the right kind."""
    for key, known, what in (
        ("scalar", tuple(roles.names), "name of this cell"),
        ("learned", roles.states, "state of this cell"),
        ("output", roles.assigned, "quantity that an equation gives"),
    ):
        for word in headers.words(key):
            if word not in known:
                raise _unknown_word(headers, source, key, word, known, what)
    _check_functions(headers, source, roles)
    for key in ("target", "steps"):
        value = headers.values.get(key)
        if value is None:
            continue
        if not re.fullmatch(r"[^\W\d_]\w*", value):
            raise source.error(f"'{key}' takes one name.", headers.spans[key], hint="For example: target: y")
        taken = value in roles.names or value in function_names() or value in headers.words("function")
        if taken or (value in RESERVED and value not in ("target", "T")):
            raise source.error(
                f"'{value}' has another meaning in this cell.", headers.spans[key], hint="Choose another letter."
            )
        if key == "steps" and value in INDICES:
            raise source.error(
                f"'{value}' counts the steps of a path, up to their number.",
                headers.spans[key],
                hint="Choose another letter.",
            )
    if headers.values.get("steps") == headers.values.get("target") is not None:
        raise source.error(
            "target and steps have the same name.", headers.spans["steps"], hint="Choose another letter."
        )


def _check_functions(headers: Headers, source: Source, roles: Roles) -> None:
    """A function that is left open has a name of its own, and somebody calls it."""
    words = headers.words("function")
    for word in words:
        span = headers.word_span("function", word)
        meaning = None
        if not re.fullmatch(r"[^\W\d_]\w*", word) or word in RESERVED or _DERIVATIVE.fullmatch(word):
            meaning = f"'{word}' cannot be the name of a function."
        elif is_taken(word):
            meaning = f"{word} is a function of its own: it is not left open."
        elif words.count(word) > 1:
            meaning = f"{word} stands here twice."
        elif word in roles.names:
            use = roles.first_use[word]
            places = source.place(span), use.source.place(use.span)
            raise CellError(
                f"{word} is a function here, and a name of the cell, too.", *places, hint="Rename one of the two."
            )
        elif word not in roles.called:
            close = nearest(word, [name for name in roles.called if name not in function_names()])
            meaning = f"no equation calls {word}."
            hint = f"Did you mean {close}?" if close else f"Write {word}(…) where it acts, or delete it here."
            raise source.error(meaning, span, hint=hint)
        if meaning:
            raise source.error(meaning, span, hint="Choose another name, such as g or g_1.")


def _unknown_word(
    headers: Headers, source: Source, key: str, word: str, known: Collection[str], what: str
) -> CellError:
    close = nearest(word, known)
    hint = f"Did you mean '{close}'?" if close else f"Known here: {', '.join(known)}." if known else ""
    return source.error(f"'{word}' is no {what}.", headers.word_span(key, word), hint=hint)
