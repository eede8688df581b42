"""Section 1: the cell as its author wrote it, the names that the derivation gives, shapes, parameters, conventions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import sympy
from sympy.matrices.expressions import HadamardProduct

from autorecur.graph.node import Node
from autorecur.ops import is_op, op_named
from autorecur.page.components import by_components
from autorecur.page.context import FULL, Page, plain, real_space
from autorecur.page.counting import parameter_count
from autorecur.page.counts import counts
from autorecur.page.open_functions import convention as open_convention
from autorecur.page.packing import ROOM, cell_width, columns_for, packed
from autorecur.page.parts import frame_of, name_of, ranges
from autorecur.page.rewritten import joined_weights
from autorecur.render.blocks import (
    Block,
    Cell,
    Display,
    EquationRow,
    Inlines,
    Math,
    Paragraph,
    SideNote,
    Strong,
    Table,
    TableCell,
)
from autorecur.render.measure import width
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import express
from autorecur.symbolic.functions import head
from autorecur.symbolic.layout import Layout, Sign, relation, row

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation


def model(page: Page) -> Iterator[Block]:
    """The whole section without its heading."""
    yield conventions(page)
    count = page.words("cell.count", formula=parameter_count(page))
    yield Paragraph(_opening(page) if page.detail == FULL else (*_opening(page), " ", *count))
    equations = page.section("cell")
    if page.brief:
        yield Display(tuple(packed([(page.cell(e), plain(e.number)) for e in equations])))
    else:
        for title, part in _by_part(page, equations):
            if title:
                yield Paragraph((Strong(title),))
            yield Display(tuple(page.display_row(e, comment=_comment(page, e.label)) for e in part))
    if not page.brief:
        yield from joined_weights(page)
        yield from _named(page)
    if not page.brief:
        yield _shapes(page)
    if page.detail == FULL:
        yield from counts(page)


def _by_part(page: Page, equations: list[Equation]) -> Iterator[tuple[Inlines, list[Equation]]]:
    """The equations of a frame, each part with its name; those of a cell as they are."""
    frame = frame_of(page)
    if frame is None or not any(part.name for part in frame.parts):
        yield (), equations
        return
    for part in frame.parts:
        yield (
            page.words("frames.heading.part", name=name_of(page, part)),
            [e for e in equations if e.label in part.names],
        )


def _comment(page: Page, name: str) -> Inlines:
    title = page.title(name)
    return (title,) if title else ()


def _opening(page: Page) -> Inlines:
    """What the cell reads, keeps and gives."""
    cell = page.derivation.cell
    both = len(cell.states) == 1 and tuple(cell.states) == tuple(cell.outputs)
    sorts = (
        ("reads", cell.inputs),
        ("keeps", cell.states),
        ("gives_it" if both else "gives", cell.outputs),
    )
    parts = [
        page.words(f"cell.{key}", names=page.words.listed([Math(page.name(name)) for name in names]))
        for key, names in sorts
        if names
    ]
    return page.words("cell.opening" if frame_of(page) is None else "frames.reads", parts=page.words.listed(parts))


def _named(page: Page) -> Iterator[Block]:
    """The quantities that were given a name, each beside the equation that reads it now."""
    equations = page.section("names")
    if not equations:
        return
    kinds = {e.rule for e in equations}
    single = "one" if len(equations) == 1 else "many"
    key = f"cell.names.{'preactivation' if 'preactivation' in kinds else 'operand'}.{single}"
    yield Paragraph(page.words(key))
    yield Display(tuple(_beside_again(page, equations)))


def _beside_again(page: Page, equations: list[Equation]) -> Iterator[EquationRow]:
    """Each new name with the author's equation that reads it now: beside it, or below where there is no room."""
    last = {page.owner(e.label): e.label for e in equations}
    again = {e.label: _again(page, owner) for e in equations if last[owner := page.owner(e.label)] == e.label}
    pairs = [[cell for cell in (page.cell(e), again.get(e.label)) if cell is not None] for e in equations]
    beside = any(again.values()) and columns_for(pairs, 2, ROOM - BESIDE_AGAIN) == 2
    for e in equations:
        cell, number = again.get(e.label), (plain(e.number),)
        comment = page.words("cell.again", equation=page.reference(page.owner(e.label))) if cell else ()
        if beside:
            yield EquationRow((page.cell(e), cell), number, comment)
            continue
        yield EquationRow((page.cell(e),), number)
        if cell is not None:
            yield EquationRow((cell,), (), comment if cell_width(cell) < ROOM - BESIDE_AGAIN else ())


def _again(page: Page, owner: str) -> Cell | None:
    """The author's equation with the new names in it, if that is short."""
    step = page.derivation.step
    node: Node = step.assignments[owner].node
    if node == step.authored[owner]:
        return None
    return Cell(page.name(owner), (page.composer(express(node)),))


# ---------------------------------------------------------------------------------------------------------- shapes


def _shapes(page: Page) -> Table:
    """Each shape once, with everything that has it: quantities of a step, weights, biases."""
    used = _columns(page)
    height = max(len(column) for _, column in used)
    rows = tuple(
        tuple((Math(column[i]),) if i < len(column) else () for _, column in used) for i in range(height)
    )  # fmt: skip
    header: tuple[TableCell, ...] = tuple(title for title, _ in used)
    return Table(header, (rows,), "l" * len(used))


def _columns(page: Page) -> list[tuple[Inlines, list[Layout]]]:
    """The kinds of quantities that there are, each with its shapes."""
    cell = page.derivation.cell
    step = page.derivation.step
    named = [] if page.brief else [n for n, a in step.assignments.items() if a.kind not in ("cell", "loss")]
    timed = [*cell.inputs, *(a.name for a in cell.assignments), *named]
    loss = page.derivation.loss
    extra = [n for n in loss.inputs if n in page.derivation.extended.shapes]
    shapes = page.derivation.extended.shapes
    known = {n: shapes[n] if n in shapes else step.assignments[n].node.shape for n in (*timed, *extra)}
    columns = [_grouped(page, known, c.t)]
    parameters = {n: shapes[n] for n in cell.parameters if not n.endswith("]")}
    learned = {n: shapes[n.split("[")[0]] for n in cell.parameters if n.endswith("]")}
    weights = {n: s for n, s in parameters.items() if 1 not in s}
    columns.append(_grouped(page, weights, None))
    columns.append(_grouped(page, {**{n: s for n, s in parameters.items() if 1 in s}, **learned}, None))
    vectors = "biases" if all(is_bias(page, n) for n, s in parameters.items() if 1 in s) and not learned else "others"
    titles = [page.words(f"cell.shapes.{key}") for key in ("quantities", "weights", vectors)]
    return [(title, column) for title, column in zip(titles, columns, strict=True) if column]


def is_bias(page: Page, name: str) -> bool:
    """A parameter that is added and nothing else."""
    adjoint = page.derivation.adjoints.get(name)
    return adjoint is None or all(set(part.ops) <= {"add"} for part in adjoint.contributions)


MOST_NAMES = 6
MOST_IN_MARGIN = 4
ROOM_OF_SHAPES, COMMA = 13.0, 0.45
"""The width of a column of the table and that of a comma, in em."""
BESIDE_AGAIN = 4.5
"""The room that the words behind a repeated equation take, in em."""


def _grouped(page: Page, shapes: Mapping[str, tuple[int | str, ...]], step: object) -> list[Layout]:
    groups: dict[tuple[int | str, ...], list[str]] = {}
    for name, shape in shapes.items():
        groups.setdefault(tuple(shape), []).append(name)
    lines = []
    for shape, names in groups.items():
        most = MOST_IN_MARGIN if page.brief else MOST_NAMES
        space = row(relation("in"), real_space(page, shape))
        layouts = [page.name(name, step) for name in names]
        room = ROOM_OF_SHAPES - width(space) if page.derivation.clocks is not None else float("inf")
        for part in _in_lines(layouts, room, most):
            items = [item for layout in part for item in (Sign(",", "punct"), layout)]
            lines.append(row(*items[1:], space))
    return lines


def _in_lines(layouts: Sequence[Layout], room: float, most: int) -> Iterator[list[Layout]]:
    """As many names in a line as there is room for: those of several layers and parts are long."""
    line: list[Layout] = []
    for layout in layouts:
        long = sum(width(each) + COMMA for each in (*line, layout)) > room
        if line and (len(line) == most or long):
            yield line
            line = []
        line.append(layout)
    if line:
        yield line


# ----------------------------------------------------------------------------------------------------- conventions


def conventions(page: Page) -> SideNote:
    """Only what this document uses."""
    keys = list(_used(page))
    whole = page.words.listed([Math(head(page.composer, op)) for op in _whole(page)])
    items = [page.words(_entry(key), given=_given(page), whole=whole, **_letters(page)) for key in keys]
    items.extend(by_components(page))
    if frame_of(page) is not None:
        items.insert(-1, (*ranges(page), " ", *_given_in_frame(page)))
    items.extend(open_convention(page))
    if page.brief:
        # In the column of text there is no room for a table.
        items.append((Strong(page.words("cell.shapes.title")),))
        items.extend((Math(shape),) for _, column in _columns(page) for shape in column)
    return SideNote(tuple(items), page.words.text("conventions.title"))


def _entry(key: str) -> str:
    return key if "." in key else f"conventions.{key}"


def _given_in_frame(page: Page) -> Inlines:
    learned = set(page.derivation.cell.parameters)
    names = [Math(page.name(name, None)) for name in _initial(page) if name not in learned]
    return page.words("frames.range.given", names=page.words.listed(names)) if names else ()


def _shown(page: Page) -> list[sympy.Basic]:
    """The right-hand sides that this page shows."""
    return [e.rhs for e in page.shown if not e.of]


def _ops(page: Page) -> set[str]:
    return {part.op for e in _shown(page) for part in sympy.preorder_traversal(e) if isinstance(part, c.Apply)}


def _whole(page: Page) -> list[str]:
    """The functions by name that read all components at once; norms and inner products are written without a name."""
    found = {
        part.op
        for e in _shown(page)
        for part in sympy.preorder_traversal(e)
        if isinstance(part, c.Apply) and not any(isinstance(x, (c.Power, HadamardProduct)) for x in part.operands)
    }
    whole = ("reduction", "componentwise")
    return sorted(op for op in found if is_op(op) and op_named(op).kind in whole and op != "norm")


def _letters(page: Page) -> dict[str, Layout]:
    """An adjoint that is written with a letter of its own, and what it belongs to."""
    named = [e.label for e in page.section("names") if e.rule == "preactivation"]
    if not named or not page.notation.preactivation:
        return {}
    return {"delta": page.adjoint(named[0]), "quantity": page.name(page.owner(named[0]))}


def _used(page: Page) -> Iterator[str]:
    expressions = _shown(page)
    found = {type(part) for e in expressions for part in sympy.preorder_traversal(e)}
    functions = _ops(page)
    yield "rows" if page.in_rows else "columns"
    if HadamardProduct in found:
        yield "hadamard"
    if any(is_op(op) and op_named(op).kind == "elementwise" for op in functions):
        yield "functions_but" if _whole(page) else "functions"
    if c.Quotient in found:
        yield "quotient"
    if c.Concatenation in found:
        yield "stack"
    blocks = [1 in b.matrix.shape for e in expressions for b in sympy.preorder_traversal(e) if isinstance(b, c.Block)]
    if any(blocks):
        yield "block"
    if not all(blocks):
        yield "block_matrix"
    if c.Broadcast in found or any(isinstance(e, sympy.matrices.expressions.OneMatrix) for e in expressions):
        yield "ones"
    if functions & {"heaviside", "half_step", "equal"}:
        yield "indicator"
    if page.derivation.paths.equations and not page.brief:
        layout = "jacobian_rows" if page.in_rows else "jacobian"
        yield f"notation.jacobian_{page.other_layout}" if page.other_layout else layout
        yield "partial"
    if frame_of(page) is None:
        yield "range" if _initial(page) else "range_alone"
    if page.brief:
        yield "adjoint_delta" if _letters(page) else "adjoint"
    yield "colour_alone" if page.brief else "colour"


def _initial(page: Page) -> list[str]:
    cell = page.derivation.cell
    return [key for state in cell.states for key in cell.initial_keys(state) if key not in cell.starts]


def _given(page: Page) -> Inlines:
    """``h_0 and c_0 are given``; one that is learned is a parameter."""
    learned = set(page.derivation.cell.parameters)
    names = _initial(page)
    parts: list[Inlines] = []
    for kind, some in (
        ("", [name for name in names if name not in learned]),
        ("learned_", [name for name in names if name in learned]),
    ):
        if some:
            listed = page.words.listed([Math(page.name(name, None)) for name in some])
            parts.append(page.words(f"conventions.given.{kind}{'one' if len(some) == 1 else 'many'}", names=listed))
    return page.words.listed(parts)
