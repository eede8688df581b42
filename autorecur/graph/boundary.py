"""Where the parts of a frame meet: what one part sends back to the quantities of another, at the step at which it read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from autorecur.graph.adjoint import Contribution, adjoint_name
from autorecur.graph.clocks import Clocks, mark
from autorecur.graph.node import Fixed, Node, Variable
from autorecur.graph.range import FIRST, Bound
from autorecur.graph.walk import rebuild, variables


def joined(
    raw: Mapping[str, list[Contribution]], leaves: dict[str, Variable], clocks: Clocks
) -> dict[str, list[Contribution]]:
    """The contributions with those that cross a boundary put where they belong.

    What an equation sends back to ``h[T]`` belongs to h at that step. An initial value that has an equation of its own,
    ``s[0]``, collects what the readers of s send to that step.
    """
    found: dict[str, list[Contribution]] = {}
    for name, parts in raw.items():
        leaf = leaves[name]
        if not isinstance(leaf, Fixed):
            found.setdefault(name, []).extend(parts)
            continue
        start = mark(leaf.base, leaf.bound)
        base = start if start in clocks.starts else leaf.base
        leaves.setdefault(base, Variable(leaf.shape, name=base, offset=0))
        found.setdefault(base, []).extend(_crossing(part, leaf, base, clocks) for part in parts)
    for start, (state, bound) in clocks.starts.items():
        parts = [part for part in raw.get(state, ()) if part.offset * (1 - 2 * bound.from_end) > 0]
        if parts:
            leaves.setdefault(start, Variable(leaves[state].shape, name=start, offset=0))
            sent = [replace(part, node=anchored(part.node, bound, clocks), start=bound) for part in parts]
            found.setdefault(start, []).extend(sent)
    return found


def _crossing(part: Contribution, leaf: Fixed, base: str, clocks: Clocks) -> Contribution:
    """What one reader sends back to a quantity at a fixed step: once, or as a sum over the reader's own steps."""
    reader = part.through[0]
    if clocks.once(reader) and clocks.once(base):
        return part
    boundary = None if clocks.once(base) else leaf.bound
    if clocks.once(reader):
        return replace(part, node=anchored(part.node, FIRST, clocks), boundary=boundary)
    return replace(part, boundary=boundary, summed=True)


def anchored(root: Node, step: Bound, clocks: Clocks) -> Node:
    """The expression with ``step`` for t: every quantity in it stands at a step that does not move."""
    fixed: dict[Node, Node] = {}
    for v in variables(root):
        if v.offset is not None:
            bound = step + v.offset
            base = v.name.removeprefix(adjoint_name(""))
            clock = clocks.clock(base)
            fixed[v] = Fixed(v.shape, name=mark(v.name, bound), base=v.name, bound=bound, clock=clock)
    return rebuild(root, fixed)
