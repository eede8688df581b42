"""The table of counts: what a cell keeps and learns, what a step stores and multiplies; as formulas, and in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sympy
from sympy import Expr, Integer

from autorecur.graph.adjoint import Contribution
from autorecur.graph.node import Node, Number, Variable
from autorecur.graph.walk import postorder, variables
from autorecur.ops.arithmetic import divide, multiply
from autorecur.ops.linear import matmul
from autorecur.page.context import Page
from autorecur.page.counting import parameter_count
from autorecur.render.blocks import Block, Inlines, Math, Table, TableRow
from autorecur.symbolic import carriers as c
from autorecur.symbolic.layout import Layout, Num, Space, binary, relation, row
from autorecur.symbolic.scalars import scalar

OF_STATES, OF_OTHERS = 100, 10
"""The sizes of the example."""
MOST_NAMES = 6
_PRODUCTS = ("multiply", "divide", "ratio", "square")


@dataclass(frozen=True)
class Count:
    """A row: a key of the words, the names that are counted, a formula in sizes, and how it prints if not as it is."""

    key: str
    names: tuple[str, ...]
    amount: Expr
    shown: Layout | None = None


def counts(page: Page) -> Iterator[Block]:
    """The table, with an example in numbers."""
    words = page.words
    found = list(counts_of(page))
    sizes = _example(page)
    rows = tuple(_row(page, count, sizes) for count in found)
    header: TableRow = tuple(words(f"counts.column.{key}") for key in ("what", "which", "formula", "example"))
    named = [Math(row(page.composer.size(name), relation("="), Num(str(value)))) for name, value in sizes.items()]
    caption = words("counts.caption", sizes=words.listed(named))
    yield Table(header, (rows,), "lllr", caption=caption)


def _row(page: Page, count: Count, sizes: dict[str, int]) -> TableRow:
    shown = count.shown if count.shown is not None else polynomial(page, count.amount)
    value = count.amount.subs({c.size(name): number for name, number in sizes.items()})
    number: Inlines = (Math(grouped(int(value))),) if value.is_Integer else ()
    return page.words(f"counts.{count.key}"), _names(page, count.names), (Math(shown),), number


def grouped(number: int) -> Layout:
    """``45 410``: from five digits on in groups of three, apart by the thin space that every language may use."""
    if number < 10_000:
        return Num(str(number))
    parts: list[Layout] = []
    for group in f"{number:,}".split(","):
        parts.extend((Space("thin"), Num(group)) if parts else (Num(group),))
    return row(*parts)


def _names(page: Page, names: Sequence[str]) -> Inlines:
    shown = [Math(page.name(name)) for name in names[:MOST_NAMES]]
    return page.words.listed([*shown, *(["…"] if len(names) > MOST_NAMES else [])])


def counts_of(page: Page) -> Iterator[Count]:
    """Every row of the table."""
    d = page.derivation
    yield Count("states", d.cell.states, _components(page, d.cell.states))
    if gates := tuple(gates_of(page)):
        yield Count("gates", gates, _components(page, gates))
    parameters = [d.extended.shapes[name.split("[")[0]] for name in d.cell.parameters]
    yield Count("parameters", (), _sum(_entries(shape) for shape in parameters), parameter_count(page))
    kept = tuple(kept_of(page))
    yield Count("kept", kept, _components(page, kept))
    yield Count("forward", (), products(node for name, node in d.nodes.items() if name != d.loss.name))
    back = (part.node for part in _work(page))
    yield Count("backward", (), products(back))


def gates_of(page: Page) -> Iterator[str]:
    """Quantities between 0 and 1 that others are multiplied by, component by component."""
    d = page.derivation
    multiplied = {
        part.name
        for node in d.step.authored.values()
        for product in postorder(node)
        if product.op is multiply
        for factor in product.inputs
        for part in (factor, *factor.inputs)
        if isinstance(part, Variable) and part.offset == 0
    }
    for assignment in d.cell.assignments:
        op = d.step.authored[assignment.name].op
        if op is not None and op.name == "sigmoid" and assignment.name in multiplied:
            yield assignment.name


def kept_of(page: Page) -> Iterator[str]:
    """The quantities of a forward step that the equations backwards read, the inputs left out."""
    d = page.derivation
    read = {v.name for part in _work(page) for v in variables(part.node)}
    for name, assignment in d.step.assignments.items():
        if name in read and name != d.loss.name and assignment.kind != "loss":
            yield name


def products(nodes: Iterable[Node]) -> Expr:
    """How many numbers are multiplied or divided to compute some expressions, numbers in front left out."""
    found: list[Expr] = []
    for root in nodes:
        for node in dict.fromkeys(postorder(root)):
            if node.op is matmul:
                rows, inner = node.inputs[0].shape
                found.append(c.size(rows) * c.size(inner) * c.size(node.inputs[1].shape[1]))
            elif node.op is not None and node.op.name in _PRODUCTS:
                fixed = any(isinstance(part, Number) for part in node.inputs) and node.op in (multiply, divide)
                found.append(Integer(0) if fixed else _entries(node.shape))
    return _sum(found)


def _work(page: Page) -> Iterator[Contribution]:
    """All that is sent back but what comes from the loss alone, which is no work of the cell."""
    for adjoint in page.derivation.adjoints.values():
        yield from (part for part in adjoint.contributions if part.through != (page.derivation.loss.name,))


def _components(page: Page, names: Iterable[str]) -> Expr:
    return _sum(_entries(page.derivation.shape_of(name)) for name in names)


def _entries(shape: Sequence[int | str]) -> Expr:
    return sympy.Mul(*(c.size(size) for size in shape))


def _sum(parts: Iterable[Expr]) -> Expr:
    return sympy.expand(sympy.Add(*parts))


def polynomial(page: Page, amount: Expr) -> Layout:
    """``4 n_h² + 4 n_h n_x + 9 n_h``, products of more sizes first."""
    terms = sorted(sympy.Add.make_args(amount), key=lambda term: (-sympy.total_degree(term), str(term)))
    items: list[Layout] = []
    for term in terms:
        layout = scalar(term, page.notation).layout
        items.extend((binary("+"), layout) if items else (layout,))
    return row(*items)


def _example(page: Page) -> dict[str, int]:
    """Sizes of states, then of all else."""
    d = page.derivation
    of_states = [size for state in d.cell.states for size in d.cell.shapes[state]]
    every = [size for shape in d.cell.shapes.values() for size in shape]
    names = [part for size in [*of_states, *every] for part in str(size).split(" + ") if not part.isdigit()]
    inside = {part for size in of_states for part in str(size).split(" + ")}
    return {name: OF_STATES if name in inside else OF_OTHERS for name in dict.fromkeys(names)}
