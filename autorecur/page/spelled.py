"""The pull-back of one equation, spelled out: what each part of its right-hand side receives, one rule at a time.

``h_t = o_t ⊙ tanh(c_t)`` reads: tanh(c_t) receives h̄_t ⊙ o_t, hence c_t receives h̄_t ⊙ o_t ⊙ (1 − tanh²(c_t)).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from autorecur.graph.adjoint import Contribution, adjoint_name, named_functions, sweep
from autorecur.graph.boundary import anchored
from autorecur.graph.clocks import Clocks
from autorecur.graph.node import Fixed, Node, Variable, number
from autorecur.graph.walk import postorder, rebuild, shift, variables
from autorecur.ops.linear import matmul
from autorecur.page.context import Page, capital
from autorecur.page.rules import rule_keys
from autorecur.render.blocks import EQUALS, Block, Cell, Display, EquationRow, Inlines, Paragraph, Reference
from autorecur.symbolic import carriers as c
from autorecur.symbolic.compose import Composer
from autorecur.symbolic.express import express
from autorecur.symbolic.layout import Fence, Future, Layout, Script, relation

GETS = relation("gets")


@dataclass(frozen=True)
class Line:
    """``part`` receives ``cotangent``, by some ops of the equation of ``reader``; both at the step of the quantity."""

    part: Node
    cotangent: Node
    ops: tuple[str, ...]
    reader: str


def spelled(page: Page, name: str) -> Iterator[Block]:
    """Each contribution to an adjoint that takes more than one rule, or that was put in another form."""
    adjoint = page.derivation.adjoints.get(name)
    for part in adjoint.contributions if adjoint is not None else ():
        found = lines(page, name, part)
        tidied = bool(found) and _layout(page, found[-1].cotangent, 0) != _layout(page, part.node, 0)
        if len(found) < 2 and not tidied:
            continue
        yield Paragraph(page.words("spelled.through", equations=_equations(page, part)))
        rows, said = [], set[str]()
        for line in found:
            cell = Cell(_layout(page, line.part, 0), (_layout(page, line.cotangent, part.offset),), GETS)
            rows.append(EquationRow((cell,), (), (), _rules(page, line, said)))
        if tidied:
            cell = Cell(None, (_layout(page, part.node, part.offset),), EQUALS)
            rows.append(EquationRow((cell,), (), (), page.words("spelled.tidied")))
        yield Display(tuple(rows))


def transposes(page: Page, names: Iterable[str]) -> Iterator[Block]:
    """Where the transpose comes from, by components, in the first weight that one of these quantities meets."""
    if page.in_rows:
        return
    for name in names:
        adjoint = page.derivation.adjoints.get(name)
        for part in adjoint.contributions if adjoint is not None else ():
            reader = part.through[0]
            for node in postorder(page.derivation.nodes[reader]):
                if node.op is not matmul:
                    continue
                weight, vector = node.inputs
                if _is(weight, None) and _is(vector, name) and reader != page.derivation.loss.name:
                    layouts = {
                        "sum": page.name(reader, c.t + part.offset),
                        "weight": page.name(weight.name, None),  # type: ignore[attr-defined]
                        "vector": page.name(name),
                        "adjoint": page.adjoint(reader, c.t + part.offset),
                    }
                    yield Paragraph(page.words("spelled.transpose", **{k: _braced(v) for k, v in layouts.items()}))
                    return


def _is(node: Node, name: str | None) -> bool:
    """A parameter (None), or the quantity of a name."""
    return isinstance(node, Variable) and (node.offset is None if name is None else node.name == name)


def _braced(layout: Layout) -> Layout:
    """In brackets, if it has a subscript: ``(U_f)_{ij}``."""
    return Fence(layout) if isinstance(layout, Script) else layout


def _equations(page: Page, part: Contribution) -> Inlines:
    """The equations on the way, from the later to the earlier."""
    links = [
        link for reader in reversed(part.through) for link in page.reference(reader) if isinstance(link, Reference)
    ]
    return page.words.listed(links) or page.called(part.through[0])


def _layout(page: Page, node: Node, offset: int) -> Layout:
    """What comes from another step is shaded, its index bold."""
    if not offset:
        return page.composer(express(node))
    return Future(Composer(page.notation, c.t + offset)(express(node)))


def _rules(page: Page, line: Line, said: set[str]) -> Inlines:
    keys = rule_keys(line.ops, line.reader, page.derivation)
    new = [key for key in keys if key not in said] or keys
    said.update(keys)
    # The loss is stated as one rule; a part of its formula goes by a title alone.
    names = page.rule_names(new) or capital(page.words.joined([page.words.text(f"rule.{key}.short") for key in new]))
    return (*names, ".") if new else ()


def lines(page: Page, name: str, part: Contribution) -> list[Line]:
    """What receives what, from the last reader back to the quantity itself; what a sum passes on unchanged is left out."""
    derivation = page.derivation
    named = named_functions(derivation.nodes)
    found: list[Line] = []
    cotangent: Node | None = None
    for i in range(len(part.through) - 1, -1, -1):
        reader = part.through[i]
        root = derivation.nodes[reader]
        whole = Variable(root.shape, name=reader, offset=0)
        if cotangent is None:
            own = Variable(root.shape, name=adjoint_name(reader), offset=0)
            cotangent = number(1) if reader == derivation.loss.name else own
        leaf = _leaf(root, *((name, part) if i == 0 else (part.through[i - 1], None)))
        received, ways = sweep(root, cotangent, whole)
        on_way = _above(root, leaf)
        for node in reversed(list(dict.fromkeys(postorder(root)))):
            if node == root or node not in on_way or node not in received:
                continue
            got = received[node]
            if node != leaf and got in (cotangent, *(received[other] for other in _readers(on_way, root, node))):
                continue
            before = {op for line in found if line.reader == reader for op in line.ops}
            ops = tuple(op for op in ways[node] if op not in before) or ways[node][-1:]
            here, sent = (_placed(each, named, part, derivation.clocks) for each in (node, got))
            found.append(Line(here, sent, ops, reader))
        cotangent = received[leaf]
    return found


def _leaf(root: Node, name: str, part: Contribution | None) -> Variable:
    """Where an equation reads a quantity: at the step of this contribution, or at one that does not move."""
    if part is not None and part.start is not None:
        name = name.rpartition("[")[0]
    for v in variables(root):
        if isinstance(v, Fixed):
            if v.name == name or (v.base == name and part is not None and part.boundary == v.bound):
                return v
        elif v.name == name and v.offset == (-part.offset if part is not None else 0):
            return v
    raise KeyError(name)


def _above(root: Node, leaf: Node) -> set[Node]:
    """The nodes from which a way leads down to a leaf."""
    found: set[Node] = set()
    for node in postorder(root):
        if node == leaf or any(inner in found for inner in node.inputs):
            found.add(node)
    return found


def _readers(on_way: set[Node], root: Node, node: Node) -> Iterator[Node]:
    return (other for other in on_way if other != root and node in other.inputs)


def _placed(node: Node, named: Mapping[Node, Variable], part: Contribution, clocks: Clocks | None) -> Node:
    """At the step of the quantity; what an initial value receives stands at steps that do not move."""
    moved = shift(rebuild(node, named), part.offset)
    return moved if part.start is None or clocks is None else anchored(moved, part.start, clocks)
