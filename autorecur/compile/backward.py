"""The backward program: the adjoint pass of the derivations, each contribution computed where its reader stands.

On the page a use of v at t+1 is a contribution to the adjoint of v at t, written with what belongs to t+1. A program computes
it while it is at step t+1, keeps it, and adds it when it comes to t: so it never touches a step that does not exist. What is
kept for v[t−1] while t is computed is called a *carry*; it ends as the gradient of the initial state.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from autorecur.compile.equations import (
    Equations,
    Weight,
    as_product,
    as_vector,
    needed_by,
    separated,
    taken_apart,
    without_number,
)
from autorecur.graph.adjoint import Adjoint, adjoint_name, adjoints, summands
from autorecur.graph.node import Node, Number, Variable, apply, number
from autorecur.graph.range import EVERY
from autorecur.graph.walk import shift
from autorecur.ops.arithmetic import add, multiply
from autorecur.ops.linear import matmul, matrix_transpose, place
from autorecur.ops.op import Shape
from autorecur.ops.reductions import COMPONENTS, total

LOSS = "~L"
COTANGENT = "to "
"""``to h`` is the cotangent that comes from outside to the output h."""


@dataclass(frozen=True)
class Outer:
    """``factor · Σ left[t+i]ᵀ right[t+j]`` over steps and samples: what a product sends to its weight."""

    weight: Weight
    left: tuple[str, int]
    right: tuple[str, int]
    factor: Number


@dataclass(frozen=True)
class Carry:
    """What is kept for ``state[t + offset]``; ``parts`` are the quantities whose sum it is."""

    state: str
    offset: int
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Backward:
    """Adjoints of quantities, and what goes to parameters."""

    equations: Equations
    carries: tuple[Carry, ...]
    outers: tuple[Outer, ...]
    shares: Mapping[str, str]
    """Pointwise quantities that are summed over steps and samples: quantity → parameter."""


def cotangent_name(output: str) -> str:
    return f"{COTANGENT}{output}"


def carry_name(state: str, offset: int) -> str:
    return f"{adjoint_name(state)}[t{offset:+d}]"


def share_name(parameter: str) -> str:
    """What one step and sample adds to the gradient of a parameter, where that is computed number by number."""
    return f"{adjoint_name(parameter)}[t]"


def backward(
    forward: Mapping[str, Node],
    outputs: Collection[str],
    parameters: Collection[str],
    inputs: Collection[str],
    initial: Collection[str],
    recorded: Collection[str] = (),
) -> Backward:
    """The adjoints needed for the gradients of ``parameters``, ``inputs`` and ``initial`` states, if a cotangent of each of the
    ``outputs`` is given. The adjoints of ``recorded`` quantities are computed whatever happens to them."""
    found = adjoints(
        {**forward, LOSS: _linear_loss(forward, outputs)}, LOSS, EVERY, frozenset([*forward, *outputs]), frozenset()
    )
    nodes: dict[str, Node] = {}
    carries: list[Carry] = []
    outers: list[Outer] = []
    shares: dict[str, str] = {}
    for name, adjoint in found.items():
        if not adjoint.contributions or name.startswith(COTANGENT):
            continue
        if adjoint.timed:
            carries += _adjoint_equations(name, adjoint, nodes)
        elif name in parameters:
            _to_parameter(name, adjoint, nodes, outers, shares)
    equations = separated(taken_apart(nodes), shares)
    carries = [c for c in carries if c.parts]
    wanted = [
        *(adjoint_name(name) for name in (*inputs, *recorded)),
        *(part for carry in carries if carry.state in initial for part in carry.parts),
        *shares,
        *(name for outer in outers for name, _ in (outer.left, outer.right)),
    ]
    equations = needed_by(wanted, equations)
    known = {*equations.pointwise, *equations.sums}
    kept = tuple(carry for carry in carries if all(part in known for part in carry.parts))
    return Backward(equations, kept, tuple(outers), shares)


def _linear_loss(forward: Mapping[str, Node], outputs: Collection[str]) -> Node:
    """Σ ⟨k, v⟩ over the outputs: its adjoints are those of any loss whose cotangents these are."""
    result: Node = number(0)
    for name in outputs:
        shape = forward[name].shape
        pair = (Variable(shape, name=cotangent_name(name), offset=0), Variable(shape, name=name, offset=0))
        result = apply(add, (result, apply(total, (apply(multiply, pair, {}),), {"axis": COMPONENTS})), {})
    return result


def _adjoint_equations(name: str, adjoint: Adjoint, nodes: dict[str, Node]) -> list[Carry]:
    """∂L/∂v[t]: what the same step sends, and the carries of the steps that read v from afar."""
    own: Node = number(0, adjoint.shape)
    kept: dict[int, list[Node]] = {}
    for c in adjoint.contributions:
        sent = shift(c.node, -c.offset)
        if c.offset == 0:
            own = own + sent
        else:
            kept.setdefault(-c.offset, []).append(sent)
    carries = []
    for offset, parts in kept.items():
        label = carry_name(name, offset)
        by_weights, rest = _terms(parts, adjoint.shape)
        found = {f"{label}@": by_weights, label: rest}
        present = tuple(part for part, node in found.items() if node is not None)
        for part in present:
            node = found[part]
            assert node is not None
            nodes[part] = node
            own = own + Variable(adjoint.shape, name=part, offset=-offset)
        carries.append(Carry(name, offset, present))
    nodes[adjoint_name(name)] = own
    return carries


def _terms(parts: list[Node], shape: Shape) -> tuple[Node | None, Node | None]:
    """The products with weights, and everything else."""
    products: Node | None = None
    rest: Node | None = None
    for part in parts:
        for sign, term in summands(part):
            signed = term if sign > 0 else -term
            if as_product(term):
                products = signed if products is None else products + signed
            else:
                rest = signed if rest is None else rest + signed
    return products, rest


def _to_parameter(
    name: str, adjoint: Adjoint, nodes: dict[str, Node], outers: list[Outer], shares: dict[str, str]
) -> None:
    """Products of two vectors are left for one large product at the end; the rest is summed where it is computed."""
    rest: Node | None = None
    for c in adjoint.contributions:
        for sign, term in summands(c.node):
            outer = _as_outer(name, adjoint.shape, term, sign)
            if outer is not None:
                outers.append(outer)
            else:
                signed = term if sign > 0 else -term
                rest = signed if rest is None else rest + signed
    if rest is not None:
        label = share_name(name)
        nodes[label] = rest
        shares[label] = name


def _as_outer(name: str, shape: Shape, term: Node, sign: int) -> Outer | None:
    factor, node = without_number(term)
    weight = Weight(name, shape, shape)
    flipped = False
    while node is not None and node.op in (place, matrix_transpose):
        if node.op is matrix_transpose:
            flipped = not flipped
        else:
            about = dict(node.attributes)
            axis = -3 - about["axis"] if flipped else about["axis"]
            inner = node.inputs[0].shape
            weight = Weight(name, (inner[1], inner[0]) if flipped else inner, shape, axis, about["start"])
        more, node = without_number(node.inputs[0])
        factor = factor.times(more)
    if node is None:
        return None
    if node.op is not matmul:
        return None
    left, right = (as_vector(part) for part in node.inputs)
    if left is None or right is None or node.inputs[0].shape[1] != 1 or node.inputs[1].shape[0] != 1:
        return None
    ends = [(left.name, left.offset or 0), (right.name, right.offset or 0)]
    if flipped:
        ends.reverse()
    return Outer(weight, ends[0], ends[1], factor.times(number(sign)))
