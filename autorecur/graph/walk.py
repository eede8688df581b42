"""Walks over nodes with a stack, so that depth is no limit: order, variables, replacement, moving in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autorecur.graph.node import Node, Variable, as_it_is


def postorder(root: Node) -> Iterator[Node]:
    """Every node below ``root`` once, inputs before the node that reads them; a stack, no recursion."""
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, visited = stack.pop()
        if visited:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((part, False) for part in reversed(node.inputs))


def variables(root: Node) -> list[Variable]:
    """The variables that a node reads, each once, in the order in which they are written."""
    found = dict.fromkeys(node for node in postorder(root) if isinstance(node, Variable))
    return list(found)


def rebuild(root: Node, replace: Mapping[Node, Node]) -> Node:
    """The node with parts replaced (a node found in ``replace`` is not looked into)."""
    done: dict[int, Node] = {}
    for node in postorder(root):
        if node in replace:
            done[id(node)] = replace[node]
        elif not node.inputs:
            done[id(node)] = node
        else:
            inputs = tuple(done[id(part)] for part in node.inputs)
            same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
            done[id(node)] = node if same or node.op is None else as_it_is(node.op, *inputs, **dict(node.attributes))
    return done[id(root)]


def shift(root: Node, offset: int) -> Node:
    """The same expression at step t + ``offset``."""
    moved: dict[Node, Node] = {
        v: Variable(v.shape, name=v.name, offset=v.offset + offset) for v in variables(root) if v.offset is not None
    }
    return rebuild(root, moved) if offset else root
