"""Section 5: one step backwards, one quantity at a time, in reverse order of the forward equations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from autorecur.graph.range import EVERY, Bound
from autorecur.page.context import FULL, Page, capital, plain
from autorecur.page.derivatives import derivative, has_formula
from autorecur.page.packing import packed
from autorecur.page.parts import opening_of_frame, stage_of
from autorecur.page.readers import Reader, equations, labels, readers, sentence
from autorecur.page.reasons import reason, short_reason
from autorecur.page.rules import functions_behind
from autorecur.page.spelled import spelled, transposes
from autorecur.render.blocks import Block, Display, EquationRow, Inline, Inlines, Math, Paragraph, Strong

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation


@dataclass(frozen=True)
class Group:
    """The equations of one adjoint: its main one, and those for steps at which fewer terms exist."""

    name: str
    equations: tuple[Equation, ...]

    @property
    def simple(self) -> bool:
        """One term, for all of its steps."""
        return len(self.equations) == 1 and len(self.equations[0].terms) == 1


def groups(page: Page, section: str) -> list[Group]:
    found = page.section(section)
    return [
        Group(name.removeprefix("dL/d"), tuple(equations))
        for name, equations in groupby(found, key=lambda e: _name(page, e))
    ]


def _name(page: Page, equation: Equation) -> str:
    """What the equation is the adjoint of; an initial value with an equation of its own is a quantity by itself."""
    label = equation.label.split("@")[0]
    return label if page.derivation.is_once(label) else label.split("[")[0]


def backward(page: Page) -> Iterator[Block]:
    """The whole section without its heading."""
    found = groups(page, "backward")
    yield Paragraph(_opening(page) if page.derivation.clocks is None else opening_of_frame(page))
    stage: Inlines = ()
    if page.detail == FULL:
        yield from transposes(page, [group.name for group in found])
    for together in _runs(page, found):
        blocks = _preactivations(page, together) if len(together) > 1 else _quantity(page, together[0])
        if page.derivation.clocks is not None and (here := stage_of(page, together[0].name)) != stage:
            stage = here
            yield _opened(stage, next(blocks))
        yield from blocks
        if page.detail == FULL:
            for group in together:
                yield from spelled(page, group.name)


def _opened(stage: Inlines, first: Block) -> Block:
    """The first paragraph of a part of a frame, which begins with the part's name: no name stands alone on a page."""
    assert isinstance(first, Paragraph)
    return Paragraph((Strong(stage), " ", *first.inlines))


def _opening(page: Page) -> Inlines:
    directions = {loop.direction for loop in page.derivation.adjoint_loops}
    key = (
        "backward.opening"
        if directions <= {0, -1}
        else "backward.opening_both"
        if -1 in directions
        else "backward.opening_up"
    )
    return page.words(key, last=page.last_step())


def brief(page: Page) -> Iterator[Block]:
    """The loss and the step backwards as one display, in one sentence."""
    yield Paragraph(page.words("backward.brief", domain=page.domain(EVERY)))
    rows: list[EquationRow] = []
    for ranged, run in groupby(page.section("loss", "backward"), key=_ranged):
        for _, alike in groupby(run, key=lambda e: e.steps if ranged else None):
            part = list(alike)
            domain = page.domain_of(part[0]) if ranged else None
            rows.extend(packed([(page.cell(f), plain(f.number)) for f in map(page.form, part)], domain))
    yield Display(tuple(rows))


def _ranged(equation: Equation) -> bool:
    """Whether the equation holds for some steps only, but not for just one."""
    return equation.steps not in (None, EVERY) and not equation.steps.single


def _runs(page: Page, found: Sequence[Group]) -> Iterator[list[Group]]:
    """Pre-activations with one simple equation each stand together."""
    for simple, run in groupby(found, key=lambda g: _together(page, g)):
        if simple[0]:
            yield list(run)
        else:
            yield from ([group] for group in run)


def _together(page: Page, group: Group) -> tuple[bool, Inlines]:
    """Whether a group may stand in one display with others, and with those of which part."""
    simple = group.simple and page.kind(group.name) == "preactivation"
    return simple, stage_of(page, group.name) if simple and page.derivation.clocks is not None else ()


def heading(page: Page, name: str) -> Inlines:
    """The quantity's title as the first words of a paragraph."""
    owner = page.owner(name)
    kind = page.kind(name)
    title = page.title(owner)
    if kind == "preactivation":
        key = "preactivation" if page.notation.bare_delta or not title else "preactivation_of"
        return (Strong(page.words(f"heading.{key}", title=title)), " ")
    if kind in ("operand", "factor", "stack"):
        return (Strong(page.words(f"heading.{kind}", quantity=page.name(name))), " ")
    text: Inlines = capital((title,)) if title else (Math(page.name(owner)),)
    return (Strong((*text, ".")), " ")


def _quantity(page: Page, group: Group) -> Iterator[Block]:
    # Where every step is one of a cut, what the last step receives is the first thing to say.
    main, *others = sorted(group.equations, key=lambda equation: not equation.terms)
    words = page.words
    if not main.terms:
        yield Paragraph((*heading(page, group.name), *words("backward.nothing", quantity=page.name(group.name))))
        yield Display((page.display_row(main),))
        return
    opening = [*heading(page, group.name), *sentence(page, group.name), " "]
    opening.extend(_silent(page, group))
    opening.extend(_since(page, [group]))
    opening.extend(_for_steps(page, main))
    yield Paragraph(tuple(opening))
    note = reason(page, main.terms, len(main.terms))
    rows = [page.display_row(main, labels(page, main), note)]
    # Where less is said, the condition at an end of the steps is the next line, and its note says why.
    ends = [e for e in others if page.detail != FULL and _end_text(page, group, e)[1]]
    rows.extend(page.display_row(e, labels(page, e), _end_note(page, group, e)) for e in ends)
    yield Display(tuple(rows))
    for equation in others:
        if equation not in ends:
            yield Paragraph(_end_text(page, group, equation)[0])
            yield Display((page.display_row(equation, labels(page, equation), _end_note(page, group, equation)),))


def _for_steps(page: Page, equation: Equation) -> Inlines:
    steps = equation.steps
    if steps is None or page.is_once(equation):
        return ()
    if steps == EVERY:
        return page.words("backward.every", domain=page.domain_of(equation))
    return page.words("backward.at" if steps.single else "backward.for", domain=page.domain_of(equation))


def _missing(page: Page, group: Group, equation: Equation) -> list[Reader]:
    return [r for r in readers(page, group.name) if r.offset and not _exists(equation, r)]


def _end_text(page: Page, group: Group, equation: Equation) -> tuple[Inlines, bool]:
    """The sentence before a condition for the steps at which fewer terms exist, and whether its note says the same."""
    steps = equation.steps
    assert steps is not None
    missing = _missing(page, group, equation)
    if any(part.boundary == steps.first for part in page.derivation.adjoints[group.name].contributions):
        text = page.words("frames.boundary", domain=page.domain_of(equation))
    elif steps.single and missing and steps.first == Bound(True, 0):
        return page.words("backward.last"), True
    elif steps.single and missing and steps.first == Bound(False, 1):
        return page.words("backward.first"), True
    elif steps.cut:
        text = page.words("truncation.at_cut", domain=page.domain(steps))
    else:
        text = page.words("backward.other", domain=page.domain_of(equation))
    return text, False


def _end_note(page: Page, group: Group, equation: Equation) -> Inlines:
    """What does not exist there."""
    steps, missing = equation.steps, _missing(page, group, equation)
    if steps is not None and steps.cut:
        return page.words("truncation.dropped", step=page.composer.at(equation.lhs.step + 1))
    if not missing:
        return ()
    step = equation.lhs.step + missing[0].offset
    one = page.words("backward.missing", quantity=page.name(missing[0].name, step))
    return one if len(missing) == 1 else page.words("backward.missing_step", step=page.composer.at(step))


def _exists(equation: Equation, reader: Reader) -> bool:
    return any(t.offset == reader.offset and (t.through or "").split(">")[0] == reader.name for t in equation.terms)


def _silent(page: Page, group: Group) -> Inlines:
    """Readers of the same step that see the loss at some steps only, and not at those of the main equation."""
    main = group.equations[0]
    text: list[Inline] = []
    for reader in readers(page, group.name):
        if reader.offset or reader.boundary is not None or _exists(main, reader):
            continue
        parts = page.derivation.adjoints[group.name].contributions
        steps = next(part.steps for part in parts if part.through[0] == reader.name and not part.offset)
        if reader.name == page.derivation.loss.name:
            text.extend((*page.words("backward.silent_loss", domain=page.domain(steps, group.name)), " "))
            continue
        called = page.called(reader.name)
        alike = [other for other in readers(page, group.name) if page.called(other.name) == called]
        what = capital(called if len(alike) == 1 else equations(page, [reader.name]))
        text.extend((*page.words("backward.silent", reader=what, domain=page.domain(steps, group.name)), " "))
    return tuple(text)


def _preactivations(page: Page, together: Sequence[Group]) -> Iterator[Block]:
    """Pre-activations side by side: each is read by its own nonlinearity only."""
    words = page.words
    text = [Strong(words("heading.preactivations")), " ", *words("backward.own"), " ", *_since(page, together)]
    main = [group.equations[0] for group in together]
    same = {e.steps for e in main}
    if len(same) == 1:
        text.extend(_for_steps(page, main[0]))
    yield Paragraph(tuple(text))
    rows = []
    for i, equation in enumerate(main):
        title = page.title(page.owner(together[i].name))
        comment: list[Inline] = [title] if title else []
        if len(same) > 1 and equation.steps is not None:
            comment = [*words.joined([*comment, Math(page.domain_of(equation))])]
        note = _through(page, equation, first=i == 0)
        rows.append(page.display_row(equation, None, note, tuple(comment)))
    yield Display(tuple(rows))


def _through(page: Page, equation: Equation, first: bool) -> Inlines:
    """``Through (3), then (5): R2, R4.``"""
    names = (equation.terms[0].through or "").split(">")
    links = [page.reference(name) for name in names]
    why = reason(page, equation.terms) if first else short_reason(page, equation.terms)
    key = "backward.through_then" if len(links) > 1 else "backward.through"
    return page.words(key, equation=links[0], other=links[-1], why=why)


def _since(page: Page, together: Sequence[Group]) -> Inlines:
    """The derivatives of the functions that these equations hold: ``Since tanh′ = 1 − tanh²``."""
    found = list(dict.fromkeys(f for group in together for f in functions_behind(page.derivation, group.name)))
    known = [f for f in found if has_formula(f)]
    if not known:
        return ()
    formulas = [Math(derivative(f, page.composer)) for f in known]
    return page.words("backward.since", derivatives=page.words.listed(formulas))
