"""From the lines of a frame to a :class:`Frame`: whose steps each name counts, what crosses from part to part, shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from autorecur.errors import CellError
from autorecur.language.building import check_inputs, check_vectors, parameter_shapes, size_names
from autorecur.language.canonical import write_absolute, write_name
from autorecur.language.cell import initial_keys
from autorecur.language.decay import check_decay
from autorecur.language.frame import ONCE, Frame, Part
from autorecur.language.framing import FrameText, Line, PartText
from autorecur.language.headers import Headers
from autorecur.language.joined import check_joined
from autorecur.language.nearest import nearest
from autorecur.language.order import Loop, components, schedule
from autorecur.language.roles import check_headers, find_roles
from autorecur.language.shapes import Problem, infer
from autorecur.language.syntax import Absolute, Assignment, Binary, Expression, Name
from autorecur.language.text import Source
from autorecur.language.trees import children, leaves_of, rewritten


def frame(text: FrameText, name: str) -> Frame:
    """The frame that a text describes; what does not fit is a CellError that points at it."""
    names = _Names(text)
    lowered = [names.lowered(part, line) for part, line in names.lines]
    _check_order(lowered, names)
    plain = [Assignment(a.name, rewritten(a.expression, names.flat), a.titles, a.line, span=a.span) for a in lowered]
    source, sources = text.source, (text.source,) * len(lowered)
    roles = find_roles(plain, sources)
    headers = _joined_headers(text)
    check_headers(headers, source, roles)
    check_joined(roles)
    scalars = headers.words("scalar")
    alike = [
        Assignment(key, Name(state, 0), {}, 1, span=names.start_lines[key].span)
        for key, (state, _, _) in names.starts.items()
    ]
    problem = Problem((*alike, *plain), (source,) * (len(alike) + len(plain)), roles, frozenset(scalars))
    found = infer(problem)
    check_vectors(tuple(plain), sources, found)
    check_inputs(tuple(plain), sources, found, roles)
    learned = tuple(state for state in roles.states if state in headers.words("learned"))
    for state in learned:
        names.refuse_learned(state, headers)
    names.check_starts(roles.offsets)
    sizes = size_names(roles, found.shapes)
    clocks = names.printed_clocks(sizes)
    parts = tuple(
        Part(
            part.name,
            clocks.get(part.name, ""),
            tuple(names.key(line) for line in part.lines),
            tuple(each for each in roles.inputs if names.home.get(each) is part),
            dict(part.headers.values),
        )
        for part in text.parts
    )
    outputs = headers.words("output") or tuple(names.unread(lowered))
    parameters = parameter_shapes(roles, found, learned)
    check_decay(headers, source, parameters, {*roles.names, *sizes, *clocks.values()})
    return Frame(
        name=headers.values.get("name", name),
        titles=headers.titles,
        source=headers.values.get("source", ""),
        loss=headers.values.get("loss"),
        assignments=tuple(lowered),
        states=roles.states,
        inputs=roles.inputs,
        outputs=outputs,
        parameters=parameters,
        shapes=found.shapes,
        convention=found.convention,
        offsets=roles.offsets,
        loops=_loops(lowered, names),
        learned=learned,
        scalars=scalars,
        target=headers.values.get("target"),
        steps_name=next((part.clock for part in parts if part.clock), "T"),
        sizes=sizes,
        headers=text.headers.values,
        texts=sources,
        parts=parts,
        clock_of={
            each: ONCE if each in names.once else clocks[names.home[each].name]
            for each in (*roles.inputs, *roles.assigned)
            if each not in names.starts
        },
        starts=names.starts,
        written=tuple(line.tree for _, line in names.lines),
    )


def _joined_headers(text: FrameText) -> Headers:
    """The headers of the whole text, with the outputs and learned states of its parts."""
    found = Headers(dict(text.headers.values), dict(text.headers.titles), dict(text.headers.spans))
    for key in ("output", "learned"):
        for part in text.parts:
            if key in part.headers.values:
                found.values[key] = f"{found.values.get(key, '')} {part.headers.values[key]}".strip()
                found.spans.setdefault(key, part.headers.spans[key])
    return found


@dataclass
class _Names:
    """What each name of the text is: of which part, with time or without, an input, an initial value."""

    text: FrameText
    home: dict[str, PartText] = field(default_factory=dict)
    """The part of every quantity and input."""
    once: set[str] = field(default_factory=set)
    """What has no time: quantities, and inputs that are given once."""
    timed: dict[str, Line] = field(default_factory=dict)
    starts: dict[str, tuple[str, bool, int]] = field(default_factory=dict)
    start_lines: dict[str, Line] = field(default_factory=dict)
    first: dict[str, Line] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.source: Source = self.text.source
        for part, line in self.lines:
            self._assigned(part, line)
        for part, line in self.lines:
            if line.step is not None:
                self._start(part, line)
        for part, line in self.lines:
            for leaf in leaves_of(line.tree):
                if isinstance(leaf, Name) and leaf.offset is not None:
                    self._timed_use(part, leaf)
        for word in self.text.headers.words("input"):
            self._said_once(word)
        for part, line in self.lines:
            self._given_once(part, line)
        for part, line in self.lines:
            for leaf in leaves_of(line.tree):
                if isinstance(leaf, Absolute):
                    self._absolute_use(part, leaf)
                elif leaf.offset is None:
                    self._plain_use(leaf)

    @property
    def lines(self) -> list[tuple[PartText, Line]]:
        return [(part, line) for part in self.text.parts for line in part.lines]

    def key(self, line: Line) -> str:
        """The name of an equation's quantity among the assignments: ``s[0]`` for an initial value."""
        return line.name if line.step is None else write_absolute(Absolute(line.name, *line.step))

    # ---------------------------------------------------------------- sorting

    def _assigned(self, part: PartText, line: Line) -> None:
        key = self.key(line)
        earlier = self.first.setdefault(key, line)
        if earlier is not line:
            places = self.source.place(earlier.span, "first"), self.source.place(line.span, "again")
            other = self.home.get(line.name)
            if other is not None and other is not part:
                free = f"{line.name}_{part.name[:1] or '2'}"
                raise CellError(
                    f"{line.name} stands in two parts, {other.name} and {part.name}: names are unique over the frame.",
                    *places,
                    hint=f"Give one of the two another name, such as {free}.",
                )
            raise CellError(f"{key} is assigned twice.", *places, hint="Give one of the two a name of its own.")
        if line.step is not None:
            return
        self.home[line.name] = part
        if line.timed:
            self.timed[line.name] = line
        else:
            self.once.add(line.name)

    def _start(self, part: PartText, line: Line) -> None:
        assert line.step is not None
        key = self.key(line)
        own = self.timed.get(line.name)
        if own is None:
            raise self.source.error(
                f"{key} is the initial value of a state, but no equation gives {line.name}[t].",
                line.span,
                hint=f"For a quantity without time write {line.name} = …" if line.name not in self.once else "",
            )
        if self.home[line.name] is not part:
            other = self.home[line.name].name
            raise self.source.error(
                f"{line.name} belongs to the part {other}: its initial value is given there.", line.span
            )
        self.starts[key] = (line.name, *line.step)
        self.start_lines[key] = line

    def _timed_use(self, part: PartText, leaf: Name) -> None:
        name = leaf.name
        if name in self.once:
            raise self.source.error(
                f"{name} has no time: it is computed once.", leaf.span, hint=f"Write {name} without an index."
            )
        other = self.home.setdefault(name, part)
        if other is part:
            return
        written = write_name(name, leaf.offset)
        where = f"{other.name}." if other.name else ""
        if name in self.timed:
            message = f"{written} belongs to the part {other.name}, which has steps of its own."
            hint = f"Another part is read at an absolute time: {where}{name}[T] is the last one."
        else:
            message = f"{name} is an input of two parts, {other.name} and {part.name}: each has steps of its own."
            hint = f"Give one of the two another name, such as {name}_{part.name[:1]}."
        raise self.source.error(message, leaf.span, hint=hint)

    def _said_once(self, name: str) -> None:
        """A name in the header ``input``: it is given once, and no equation gives it."""
        span = self.text.headers.word_span("input", name)
        if name in self.home:
            what = "computed by an equation" if name in self.first else "an input of every step"
            raise self.source.error(f"{name} is {what}.", span, hint="The header 'input' lists what is given once.")
        used = [part for part, line in self.lines for leaf in leaves_of(line.tree) if leaf.name == name]
        if not used:
            raise self.source.error(f"no equation reads {name}.", span, hint="Drop it from the header 'input'.")
        self.once.add(name)
        self.home[name] = used[0]

    def _given_once(self, part: PartText, line: Line) -> None:
        """``x`` in ``W_0 x``: what a matrix multiplies, and no equation gives, is an input that is given once."""
        work: list[Expression] = [line.tree]
        while work:
            node = work.pop()
            work.extend(children(node))
            if not (isinstance(node, Binary) and node.operator == "@"):
                continue
            for matrix, vector in ((node.left, node.right), (node.right, node.left)):
                if (
                    isinstance(matrix, Name)
                    and isinstance(vector, Name)
                    and matrix.offset is None is vector.offset
                    and matrix.name[0].isupper()
                    and vector.name[0].islower()
                    and vector.name not in self.home
                    and vector.name not in self.text.headers.words("scalar")
                ):
                    self.once.add(vector.name)
                    self.home[vector.name] = part

    def _plain_use(self, leaf: Name) -> None:
        name = leaf.name
        if name in self.home and name not in self.once:
            timed = f"{name}[t], {name}[T]"
            raise self.source.error(
                f"{name} has a time: say at which step.", leaf.span, hint=f"Write {timed} or another step."
            )

    def _absolute_use(self, part: PartText, leaf: Absolute) -> None:
        name, shown = leaf.name, self.source.slice(leaf.span)
        if leaf.part and name in self.home and self.home[name].name != leaf.part:
            raise self.source.error(
                f"{name} belongs to the part {self.home[name].name}, not to {leaf.part}.",
                leaf.span,
                hint=f"Write {self.home[name].name}.{name}[…].",
            )
        if name in self.once and (name in self.first or (leaf.from_end, leaf.offset) != (False, 1)):
            raise self.source.error(
                f"{name} has no time: it is computed once.", leaf.span, hint=f"Write {name} without an index."
            )
        if name not in self.home:
            self._unknown(part, leaf)
            return
        inside = (leaf.from_end and leaf.offset == 0) or (not leaf.from_end and leaf.offset == 1)
        if inside or name in self.once:
            return
        if name not in self.timed or not _may_be_outside(leaf):
            where = "0, " if name in self.timed else ""
            raise self.source.error(
                f"{shown} may lie outside the steps, which run from 1 to T.",
                leaf.span,
                hint=f"Absolute times are {where}1 and T; other steps are counted from t.",
            )

    def _unknown(self, part: PartText, leaf: Absolute) -> None:
        """Something that is read at an absolute time alone: an input of one step, or a slip."""
        known = [*self.home]
        close = nearest(leaf.name, known)
        if leaf.part or (leaf.from_end, leaf.offset) != (False, 1):
            hint = f"Did you mean {close}?" if close else f"Known here: {', '.join(known)}." if known else ""
            where = f" in the part {leaf.part}" if leaf.part else ""
            raise self.source.error(f"there is no {leaf.name}{where} that is computed over time.", leaf.span, hint=hint)
        self.once.add(leaf.name)
        self.home[leaf.name] = part

    # ---------------------------------------------------------------- lowering

    def lowered(self, part: PartText, line: Line) -> Assignment:
        """The equation in which a name without time counts one step."""
        own_steps = line.timed

        def leaf(each: Expression) -> Expression:
            assert isinstance(each, Name | Absolute)
            if each.name not in self.once:
                return each
            if own_steps:
                return Absolute(each.name, False, 1, span=each.span)
            return Name(each.name, 0, span=each.span)

        return Assignment(self.key(line), rewritten(line.tree, leaf), line.titles, line.number, span=line.span)

    def flat(self, leaf: Expression) -> Expression:
        """An absolute time as one of the same step: all that shapes and roles need."""
        if isinstance(leaf, Absolute):
            key = write_absolute(Absolute(leaf.name, leaf.from_end, leaf.offset))
            return Name(key if key in self.starts else leaf.name, 0, span=leaf.span)
        return leaf

    def unread(self, lowered: Iterable[Assignment]) -> Iterator[str]:
        """The quantities that no equation of the same step and no other part reads."""
        read = {name for each in lowered for name, offset in reads(each, self.starts) if offset == 0}
        return (each.name for each in lowered if each.name not in read and each.name not in self.starts)

    # ---------------------------------------------------------------- what is known after the roles

    def refuse_learned(self, state: str, headers: Headers) -> None:
        for key, (name, _, _) in self.starts.items():
            if name == state:
                raise self.source.error(
                    f"{key} has an equation: it is not learned.", headers.spans["learned"], hint="Drop one of the two."
                )

    def check_starts(self, offsets: dict[str, tuple[int, ...]]) -> None:
        for key, (state, _, _) in self.starts.items():
            known = initial_keys(state, offsets.get(state, (0,)))
            if key not in known:
                line = self.start_lines[key]
                hint = f"Its initial values are {', '.join(known)}." if known else f"{state} is no state."
                raise self.source.error(f"{key} is no initial value of {state}.", line.span, hint=hint)

    def printed_clocks(self, sizes: tuple[str, ...]) -> dict[str, str]:
        """The name of the number of steps of each part that runs over time."""
        running = [part for part in self.text.parts if any(line.timed for line in part.lines)]
        taken = {*self.home, *sizes, *self.first, "t", "L", ONCE}
        found: dict[str, str] = {}
        for part in running:
            said = part.headers.values.get("steps")
            if len(running) == 1:
                said = said or self.text.headers.values.get("steps") or "T"
            letters = [name for name, home in self.home.items() if home is part and name not in self.timed]
            timed = [line.name for line in part.lines if line.timed]
            letters = [*reversed(timed), *letters] if found else [*letters, *timed]
            candidates = [f"T_{name}" for name in letters if "_" not in name] + [f"T_{part.name}"]
            found[part.name] = said or next(
                c for c in (*candidates, *(f"T_{i}" for i in range(1, 99))) if c not in taken
            )
            if found[part.name] in taken:
                span = part.headers.spans.get("steps") or self.text.headers.spans.get("steps") or part.span
                raise self.source.error(
                    f"'{found[part.name]}' has another meaning in this frame.", span, hint="Choose another letter."
                )
            taken.add(found[part.name])
        return found


def _may_be_outside(leaf: Absolute) -> bool:
    """Steps at which a state is given: 0, −1, … and T+1, …"""
    return leaf.offset > 0 if leaf.from_end else leaf.offset < 1


def reads(assignment: Assignment, starts: dict[str, tuple[str, bool, int]]) -> list[tuple[str, int]]:
    """What an equation reads, for the order of computation: a whole recurrence, or its initial value, where another part
    reads it at a fixed step."""
    found: list[tuple[str, int]] = []
    for leaf in leaves_of(assignment.expression):
        if isinstance(leaf, Absolute):
            key = write_absolute(Absolute(leaf.name, leaf.from_end, leaf.offset))
            found.append((key if key in starts else leaf.name, 0))
        elif leaf.offset is not None:
            found.append((leaf.name, leaf.offset))
            found.extend((key, 0) for key, (state, _, _) in starts.items() if leaf.offset and state == leaf.name)
    return sorted(set(found))


def _loops(lowered: list[Assignment], names: _Names) -> tuple[Loop, ...]:
    return schedule({each.name: reads(each, names.starts) for each in lowered})


def _check_order(lowered: list[Assignment], names: _Names) -> None:
    """No part may need, at a fixed step, what needs it."""
    by_name = {each.name: each for each in lowered}
    graph = {each.name: [other for other, _ in reads(each, names.starts) if other in by_name] for each in lowered}
    for group in components(graph):
        inside = set(group)
        for name in group:
            for leaf in leaves_of(by_name[name].expression):
                if isinstance(leaf, Absolute) and _key(leaf, names) in inside:
                    raise _cycle(leaf, name, names)


def _key(leaf: Absolute, names: _Names) -> str:
    key = write_absolute(Absolute(leaf.name, leaf.from_end, leaf.offset))
    return key if key in names.starts else leaf.name


def _cycle(leaf: Absolute, reader: str, names: _Names) -> CellError:
    shown = names.source.slice(leaf.span)
    own, other = names.home.get(reader.split("[")[0]), names.home.get(leaf.name)
    if own is other or own is None or other is None:
        message = (
            f"{reader} needs {shown}, which needs {reader}: the last step would have to be known before the first."
        )
    else:
        message = (
            f"the parts {own.name} and {other.name} need each other: {reader} needs {shown}, which needs {reader}."
        )
    return names.source.error(
        message, leaf.span, hint="Parts are computed one after the other, each from earlier ones."
    )
