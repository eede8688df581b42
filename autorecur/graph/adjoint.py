"""The adjoint pass: from the equations of a step to the adjoint of every quantity, once, on the generic step t.

*The adjoint of v is the sum, over all equations that read v, of that equation's pull-back.* A use of v at step t+k−k is a
contribution from step t+k to the adjoint at t; it exists for those t only for which that reader exists and has an adjoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from autorecur.graph.clocks import Clocks
from autorecur.graph.node import Node, Number, Variable, is_op, number
from autorecur.graph.range import EVERY, FIRST, LAST, Bound, Steps, hull, regions
from autorecur.graph.walk import postorder, rebuild, shift, variables
from autorecur.language.order import components
from autorecur.ops import pull_back
from autorecur.ops.arithmetic import add, divide, multiply, negative, subtract

ADJOINT = "dL/d"


def adjoint_name(name: str) -> str:
    return ADJOINT + name


@dataclass(frozen=True)
class Contribution:
    """What one equation sends back to one quantity, written at the quantity's step t.

    ``through`` lists the readers on the way: the equation that reads the quantity, then those whose adjoints were put in
    place. ``offset`` is the step of the first reader relative to t; ``ops`` names the ops that were pulled back.
    In a frame, ``boundary`` is the step at which another part reads the quantity; a reader with steps of its own sends a sum
    ``over`` them. ``start`` is the step of an assigned initial value, to which the contribution belongs.
    """

    node: Node
    through: tuple[str, ...]
    offset: int
    ops: tuple[str, ...]
    steps: Steps
    boundary: Bound | None = None
    summed: bool = False
    over: Steps = EVERY
    start: Bound | None = None

    @property
    def fixed(self) -> bool:
        """True if it passes from one part of a frame to another: its steps are not those of its reader."""
        return self.summed or self.boundary is not None or self.start is not None

    def existing(self, support: Mapping[str, Steps]) -> Contribution | None:
        """This contribution at the steps at which it exists, given those at which each reader has an adjoint."""
        found = support.get(self.through[0])
        if found is None:
            return None
        if self.start is not None:
            here = Steps(self.start, self.start).within(found.shifted(-self.offset))
            return self if here else None
        if self.boundary is not None:
            return replace(self, steps=Steps(self.boundary, self.boundary), over=found)
        return replace(self, over=found) if self.summed else replace(self, steps=found.shifted(-self.offset))


@dataclass(frozen=True)
class Adjoint:
    """All contributions to one quantity. Parameters have no step of their own: theirs are summed over ``steps``."""

    name: str
    shape: tuple[int | str, ...]
    contributions: tuple[Contribution, ...]
    timed: bool = True

    @property
    def variable(self) -> Variable:
        return Variable(self.shape, name=adjoint_name(self.name), offset=0 if self.timed else None)

    def regions(self, domain: Steps = EVERY) -> list[tuple[Steps, tuple[Contribution, ...]]]:
        """Where which contributions exist, within a domain of steps."""
        inside = [(c, part) for c in self.contributions if (part := c.steps.within(domain))]
        return [(piece, tuple(inside[i][0] for i in which)) for piece, which in regions([part for _, part in inside])]


def sweep(root: Node, cotangent: Node, out: Node) -> tuple[dict[Node, Node], dict[Node, tuple[str, ...]]]:
    """What each part of an equation receives, from the whole down to the variables, and the ops on the way to it."""
    order = list(postorder(root))
    received: dict[Node, Node] = {root: cotangent}
    ways: dict[Node, tuple[str, ...]] = {root: ()}
    for node in reversed(list(dict.fromkeys(order))):
        g = received.get(node)
        if g is None or node.op is None:
            continue
        for i, part in enumerate(node.inputs):
            if isinstance(part, Number):
                continue
            value = out if node is root else node
            sent = pull_back(node.op, i, g, value, node.inputs, dict(node.attributes))
            if sent is None:
                continue
            received[part] = received[part] + sent if part in received else sent
            ways[part] = tuple(dict.fromkeys((*ways.get(part, ()), *ways[node], node.op.name)))
    return received, ways


def pull_backs(root: Node, cotangent: Node, out: Node) -> dict[Variable, tuple[Node, tuple[str, ...]]]:
    """The cotangent of every variable that ``root`` reads, and the ops on the way: reverse accumulation over one equation.

    ``out`` is the name of what the equation gives, which its derivative may use (``o ⊙ (1 − o)``)."""
    received, ways = sweep(root, cotangent, out)
    return {v: (received[v], ways[v]) for v in variables(root) if v in received}


def adjoints(
    equations: Mapping[str, Node],
    loss: str,
    loss_steps: Steps,
    keep: frozenset[str],
    states: frozenset[str],
    clocks: Clocks | None = None,
) -> dict[str, Adjoint]:
    """The adjoint of every quantity that the equations read, in the order in which they are found from the loss back.

    ``loss`` names the equation whose sum over ``loss_steps`` is L. Adjoints that are one term, used once, of the same step
    are put in place where they are used, except those in ``keep`` and of ``states``.
    """
    raw: dict[str, list[Contribution]] = {}
    leaves: dict[str, Variable] = {}
    named = named_functions(equations)
    for name, node in equations.items():
        own = Variable(node.shape, name=adjoint_name(name), offset=0)
        cotangent: Node = number(1) if name == loss else own
        out = Variable(node.shape, name=name, offset=0)
        for leaf, (sent, ops) in pull_backs(node, cotangent, out).items():
            leaves.setdefault(leaf.name, leaf)
            back = -(leaf.offset or 0)
            tidy = rebuild(factored(sent, own), named)
            moved = tidy if leaf.offset is None else shift(tidy, back)
            raw.setdefault(leaf.name, []).append(Contribution(moved, (name,), back, ops, EVERY))
    if clocks is not None:
        from autorecur.graph.boundary import joined

        raw = joined(raw, leaves, clocks)
    support = _supports(raw, leaves, loss, loss_steps)
    found = {}
    for name, parts in raw.items():
        same_step_first = sorted(parts, key=lambda c: abs(c.offset))
        existing = tuple(e for c in same_step_first if (e := c.existing(support)) is not None)
        found[name] = Adjoint(name, leaves[name].shape, existing, leaves[name].offset is not None)
    return _put_in_place(found, equations, keep | {loss}, states)


def named_functions(equations: Mapping[str, Node]) -> dict[Node, Variable]:
    """Functions of quantities that are the whole of an equation: its left side is written for them."""
    return {n: Variable(n.shape, name=name, offset=0) for name, n in equations.items() if _is_function(n)}


def _is_function(node: Node) -> bool:
    """A function of quantities that have names: what an equation says of it, it says of the equation's left side."""
    function = node.op is not None and node.op.kind in ("elementwise", "componentwise")
    return function and all(isinstance(part, Variable) for part in node.inputs)


def _supports(
    raw: Mapping[str, list[Contribution]], leaves: Mapping[str, Variable], loss: str, loss_steps: Steps
) -> dict[str, Steps]:
    """For each quantity the steps 1 … T at which its adjoint can be other than zero: the least fixed point.

    A quantity that hears of itself from later steps hears of the loss at all earlier ones, so its interval opens at once."""
    support = {loss: loss_steps}
    timed = [name for name in reversed(list(raw)) if leaves[name].offset is not None]  # from the loss back: few rounds
    recurrent = _recurrent(raw, timed)
    changed = True
    while changed:
        changed = False
        for name in timed:
            parts = [e.steps for c in raw[name] if (e := c.existing(support)) is not None]
            before = support.get(name)
            known = [part for s in parts if (part := s.within(EVERY))] + ([before] if before else [])
            whole = hull(known)
            if whole is None or whole == before:
                continue
            if before is not None and name in recurrent:
                first = FIRST if whole.first < before.first else whole.first
                whole = Steps(first, LAST if whole.last > before.last else whole.last)
            support[name], changed = whole, True
    return support


def _recurrent(raw: Mapping[str, list[Contribution]], timed: list[str]) -> set[str]:
    """The quantities whose adjoint depends on itself at later steps, or at earlier ones."""
    graph = {name: [c.through[0] for c in raw[name] if c.through[0] in raw] for name in timed}
    found: set[str] = set()
    for group in components(graph):
        inside = set(group)
        if any(c.offset and c.through[0] in inside for name in group for c in raw[name]):
            found |= inside
    return found


def _put_in_place(
    found: dict[str, Adjoint], equations: Mapping[str, Node], keep: frozenset[str], states: frozenset[str]
) -> dict[str, Adjoint]:
    """Writes an adjoint with one term and one use where it is used."""
    uses: dict[str, int] = {}
    for adjoint in found.values():
        for c in adjoint.contributions:
            uses[c.through[0]] = uses.get(c.through[0], 0) + 1
    fixed = {c.through[0] for a in found.values() for c in a.contributions if c.fixed}
    removable = {
        name: adjoint.contributions[0]
        for name, adjoint in found.items()
        if name in equations
        and name not in keep
        and name not in states
        and name not in fixed
        and uses.get(name, 0) == 1
        and len(adjoint.contributions) == 1
        and adjoint.contributions[0].offset == 0
        and not adjoint.contributions[0].fixed
    }
    result = {}
    for name, adjoint in found.items():
        if name not in removable:
            parts = tuple(_expanded(c, removable) for c in adjoint.contributions)
            result[name] = replace(adjoint, contributions=parts)
    return result


def _expanded(c: Contribution, removable: Mapping[str, Contribution]) -> Contribution:
    while c.through[-1] in removable:
        reader = c.through[-1]
        inner = removable[reader]
        old = Variable(_shape_of(c.node, reader), name=adjoint_name(reader), offset=c.offset)
        node = rebuild(c.node, {old: shift(inner.node, c.offset)})
        ops = tuple(dict.fromkeys((*inner.ops, *c.ops)))
        c = replace(c, node=node, through=(*c.through, *inner.through), ops=ops)
    return c


def _shape_of(root: Node, reader: str) -> tuple[int | str, ...]:
    wanted = adjoint_name(reader)
    return next((v.shape for v in variables(root) if v.name == wanted), (1, 1))


def summands(root: Node) -> list[tuple[int, Node]]:
    """A sum as signed terms, in the order in which they are written."""
    result: list[tuple[int, Node]] = []
    stack = [(1, root)]
    while stack:
        sign, node = stack.pop()
        if is_op(node, add):
            stack.extend([(sign, node.inputs[1]), (sign, node.inputs[0])])
        elif is_op(node, subtract):
            stack.extend([(-sign, node.inputs[1]), (sign, node.inputs[0])])
        elif is_op(node, negative):
            stack.append((-sign, node.inputs[0]))
        else:
            result.append((sign, node))
    return result


def factors(root: Node) -> list[Node]:
    """An elementwise product as its factors, in order."""
    result: list[Node] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if is_op(node, multiply):
            stack.extend(reversed(node.inputs))
        else:
            result.append(node)
    return result


def factored(root: Node, g: Node) -> Node:
    """``g ⊙ a − g ⊙ b`` as ``g ⊙ (a − b)``, the positive terms first, over a common denominator if there is one;
    anything else as it is."""
    terms = summands(root)
    if len(terms) < 2:
        return root
    bottoms = {node.inputs[1] if is_op(node, divide) else None for _, node in terms}
    if len(bottoms) == 1 and (bottom := bottoms.pop()) is not None:
        return factored(_signed_sum([(sign, node.inputs[0]) for sign, node in terms]), g) / bottom
    split = [(sign, list(_without(factors(node), g))) for sign, node in terms]
    if any(len(rest) == len(factors(node)) for (_, rest), (_, node) in zip(split, terms, strict=True)):
        return root
    return g * _signed_sum([(sign, _product(rest)) for sign, rest in sorted(split, key=lambda pair: -pair[0])])


def _signed_sum(terms: list[tuple[int, Node]]) -> Node:
    sign, first = terms[0]
    result = first if sign > 0 else -first
    for sign, term in terms[1:]:
        result = result + term if sign > 0 else result - term
    return result


def _without(parts: list[Node], g: Node) -> Iterator[Node]:
    """All factors but the first that is g."""
    dropped = False
    for part in parts:
        if not dropped and part == g:
            dropped = True
        else:
            yield part


def _product(parts: list[Node]) -> Node:
    result: Node = number(1)
    for part in parts:
        result = result * part
    return result


def initial_steps(offsets: Mapping[str, tuple[int, ...]], name: str) -> list[Bound]:
    """The steps outside 1 … T at which a state has a given value: 0, −1, … for delays, T+1, … for time that runs backwards."""
    used = offsets.get(name, ())
    before = [Bound(False, step) for step in range(0, min((*used, 0)), -1)]
    after = [Bound(True, step) for step in range(1, max((*used, 0)) + 1)]
    return before + after
