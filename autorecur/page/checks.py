"""Section 10 and the seal: what was checked, grouped, with the worst error of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from autorecur.graph.clocks import Horizon
from autorecur.page.context import Page, in_brackets, plain
from autorecur.page.open_functions import choices
from autorecur.page.rules import scientific
from autorecur.render.blocks import (
    Block,
    Inlines,
    Math,
    Paragraph,
    Reference,
    RuleReference,
    SideNote,
    Span,
    Table,
    TableRow,
)
from autorecur.symbolic import carriers as c
from autorecur.symbolic.layout import Layout, Num, binary, relation, row

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation
    from autorecur.verify.report import Check, Note

MOST_QUANTITIES = 3


def seal(page: Page) -> SideNote:
    """The note beside the title."""
    report = page.report
    if page.brief:
        return _brief_seal(page)
    errors = (check.max_error for check in page.checks_shown)
    worst = max([*errors, *(m.worst for m in page.rules.measured.values())])
    count = len(page.checks_shown) + sum(_rule_checks(page, key) for key in page.rules.keys)
    words = page.words
    where: Inlines = ()
    if "checks" in words.places:
        where = (" ", *words("seal.where", section=words.section("checks")))
    text = words(
        "seal.text",
        checks=str(count),
        equations=str(len(page.checked)),
        rules=str(len(page.rules.keys)),
        error=scientific(page, worst),
        seed=str(report.seed),
    )
    return SideNote(((*text, *where),))


def _brief_seal(page: Page) -> SideNote:
    """Of the equations that the brief page shows, and of no rules."""
    found = page.checks_shown
    text = page.words(
        "seal.brief",
        checks=str(len(found)),
        equations=str(len({check.equation for check in found})),
        error=scientific(page, max((check.max_error for check in found), default=0.0)),
        seed=str(page.report.seed),
    )
    return SideNote((text,))


def _rule_checks(page: Page, key: str) -> int:
    found = page.rules.measured[key]
    return sum(error is not None for error in (found.complex_step, found.central))


def checks(page: Page) -> Iterator[Block]:
    """The whole section without its heading."""
    yield _references(page)
    yield Paragraph(page.words("checks.opening"))
    yield _table(page)
    for note in page.report.notes:
        yield Paragraph(_note(page, note))
    yield from choices(page)


def _note(page: Page, note: Note) -> Inlines:
    """What the report says of itself, in the language of the page."""
    count = {"count": Num(str(note.fields["steps"])), "last": page.steps_name()} if "steps" in note.fields else {}
    return page.words(f"checks.note.{note.key}", **{key: str(value) for key, value in note.fields.items()}, **count)


def _references(page: Page) -> SideNote:
    words, report = page.words, page.report
    known = [(f"checks.reference.{_key(name)}", name) for name in _kinds(page)]
    items = [words(key) if words.has(key) else (name,) for key, name in known]
    sizes = [
        Math(row(page.composer.size(name), relation("="), Num(str(value)))) for name, value in report.sizes.items()
    ]  # fmt: skip
    for symbol, steps in _lengths(page):
        sizes.append(Math(row(symbol, relation("="), Num(str(steps)))))
    items.append(words("checks.sizes", sizes=page.words.joined(sizes), seed=str(report.seed)))
    items.append(words("checks.error"))
    return SideNote(tuple(items), words.text("checks.references"))


def _lengths(page: Page) -> list[tuple[Layout, int]]:
    """T, or the number of steps of each part of a frame, at which the equations were checked."""
    horizon = page.derivation.horizon()
    if not isinstance(horizon, Horizon):
        return [(page.steps_name(), page.report.equation_steps)]
    return [(page.composer.at(c.last(clock)), horizon.lengths[clock]) for clock in horizon.clocks.named]


def _key(reference: str) -> str:
    return reference.lower().replace(" ", "_").replace("-", "_")


RUNS = "runs"
"""The column of all references that are runs of the cell or of its adjoint, and no numerical derivative."""
_DERIVATIVES = ("complex step", "central differences")


def _kind(check: Check) -> str:
    return check.reference if check.reference in _DERIVATIVES else RUNS


def _kinds(page: Page) -> list[str]:
    found = {_kind(check) for check in page.report.checks}
    return [kind for kind in (*_DERIVATIVES, RUNS) if kind in found]


def _table(page: Page) -> Table:
    words = page.words
    kinds = _kinds(page)
    header: TableRow = (
        words("checks.column.equation"),
        words("checks.column.quantity"),
        words("checks.column.shape"),
        words("checks.column.checks"),
        *(words(f"checks.kind.{_key(k)}") if words.has(f"checks.kind.{_key(k)}") else (k,) for k in kinds),
    )
    over: TableRow = (Span((), 4), Span(words("checks.column.error"), len(kinds)))
    groups = [tuple(_group_rows(page, kinds, sections)) for sections in _SECTIONS]
    groups.append(tuple(_bounds_row(page, kinds)))
    if page.derivation.components:
        groups.append((_components_row(page, kinds),))
    groups.append((_rules_row(page, kinds),))
    count = len(page.checks_shown) + sum(_rule_checks(page, key) for key in page.rules.keys)
    total = words("checks.total", equations=str(len(page.checked)), rules=str(len(page.rules.keys)))
    foot: TableRow = (Span(total, 3, "l"), (str(count),), *(_worst_of(page, kind) for kind in kinds))
    align = "lllr" + "r" * len(kinds)
    return Table(header, tuple(group for group in groups if group), align, over, (foot,), full=True)


_SECTIONS = (
    ("cell", "names"),
    ("loss",),
    ("backward",),
    ("parameters",),
    ("inputs", "initial"),
    ("truncation",),
    ("paths",),
)


def _group_rows(page: Page, kinds: Sequence[str], sections: Sequence[str]) -> Iterator[TableRow]:
    """One row for each run of equations of a kind: of one quantity backwards, of a whole section elsewhere."""
    equations = [e for e in page.section(*sections) if page.shows(e)]
    if not equations:
        return
    if sections == ("paths",):
        parts = _by(equations, lambda e: _PATHS.get(e.rule, e.rule))
    elif sections == ("backward",):
        parts = _by(equations, lambda e: _backward_kind(page, e))
    else:
        parts = [equations]
    for part in parts:
        yield _row(page, kinds, part)


def _by(equations: Iterable[Equation], kind: Callable[[Equation], str]) -> list[list[Equation]]:
    """Equations of a kind together, in the order in which kinds are met."""
    found: dict[str, list[Equation]] = {}
    for e in equations:
        found.setdefault(kind(e), []).append(e)
    return list(found.values())


_PATHS = {
    **dict.fromkeys(("stack", "within", "block", "total", "chain", "seed"), "jacobian"),
    "immediate stack": "immediate",
    **dict.fromkeys(("expansion", "column"), "paths"),
}


def _backward_kind(page: Page, equation: Equation) -> str:
    """States one by one; the rest by kind."""
    name = equation.label.removeprefix("dL/d").split("@")[0]
    return name if name in page.derivation.cell.states else page.kind(name)


def _row(page: Page, kinds: Sequence[str], part: Sequence[Equation]) -> TableRow:
    found = page.checks_of(part)
    return (
        _numbers(page, part),
        _quantities(page, part),
        _shape(page, part),
        (str(len(found)),),
        *(_worst(page, [check for check in found if _kind(check) == kind]) for kind in kinds),
    )


def _numbers(page: Page, part: Sequence[Equation]) -> Inlines:
    return page.links([int(plain(e.number)) for e in part])


def _quantities(page: Page, part: Sequence[Equation]) -> Inlines:
    layouts: list[Layout] = list(dict.fromkeys(page.composer(e.lhs) for e in part))
    if any(e.section == "paths" for e in part):
        return page.words(f"checks.paths.{_PATHS.get(part[0].rule, part[0].rule)}")
    short = len(layouts) <= MOST_QUANTITIES
    shown = layouts if short else layouts[: MOST_QUANTITIES - 2]
    items: list[Math | str] = [Math(layout) for layout in shown]
    return page.words.joined(items if short else [*items, page.words.text("list.omitted"), Math(layouts[-1])])


def _shape(page: Page, part: Sequence[Equation]) -> Inlines:
    shapes = list(dict.fromkeys(e.shape for e in part))
    if len(shapes) > 2 or any(e.section == "paths" for e in part):
        return page.words("checks.of_each")
    return page.words.joined([Math(_size(page, shape)) for shape in shapes], "semicolon")


def _size(page: Page, shape: tuple[int | str, int | str]) -> Layout:
    rows, columns = shape
    if 1 in shape:
        return page.composer.size(rows if columns == 1 else columns)
    sizes = [in_brackets(page.composer.size(size), size) for size in shape]
    return row(sizes[0], binary("times"), sizes[1])


def _worst(page: Page, found: Iterable[Check]) -> Inlines:
    errors = [check.max_error for check in found]
    return scientific(page, max(errors, default=None))


def _bounds_row(page: Page, kinds: Sequence[str]) -> Iterator[TableRow]:
    """The inequalities: their error is by how much the worst point found oversteps them."""
    found = [check for check in page.report.checks if check.section == "bounds"]
    if not found:
        return
    first, last = (Reference(plain(check.equation)) for check in (found[0], found[-1]))
    links: Inlines = (first, "–", last) if first != last else (first,)
    worst = (_worst(page, [check for check in found if _kind(check) == kind]) for kind in kinds)
    yield (links, page.words("checks.bounds"), page.words("checks.of_each"), (str(len(found)),), *worst)


def _components_row(page: Page, kinds: Sequence[str]) -> TableRow:
    """All equations in index notation together; each stands beside the one that it is the component form of."""
    part = page.derivation.components
    found = page.checks_of(part)
    return (
        (f"{part[0].number}–{part[-1].number}",),
        page.words("notation.by_components"),
        page.words("checks.of_each"),
        (str(len(found)),),
        *(_worst(page, [check for check in found if _kind(check) == kind]) for kind in kinds),
    )


def _rules_row(page: Page, kinds: Sequence[str]) -> TableRow:
    names = [page.rules.name(key) or "" for key in page.rules.keys]
    ends = [RuleReference(name) for name in dict.fromkeys((names[0], names[-1]))]
    links = page.words.joined(ends, "range")
    count = sum(_rule_checks(page, key) for key in page.rules.keys)
    return (
        links,
        page.words("checks.rules"),
        page.words("checks.of_each"),
        (str(count),),
        *(_rule_worst(page, kind) for kind in kinds),
    )


def _rule_worst(page: Page, kind: str) -> Inlines:
    return scientific(page, _rule_error(page, kind))


def _rule_error(page: Page, kind: str) -> float | None:
    found = page.rules.measured.values()
    if "complex" in kind:
        return max((m.complex_step for m in found if m.complex_step is not None), default=None)
    if "central" in kind:
        return max((m.central for m in found if m.central is not None), default=None)
    return None


def _worst_of(page: Page, kind: str) -> Inlines:
    errors = [check.max_error for check in page.checks_shown if _kind(check) == kind]
    own = _rule_error(page, kind)
    return scientific(page, max([*errors, *([own] if own is not None else [])], default=None))
