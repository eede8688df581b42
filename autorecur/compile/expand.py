"""Functions of several components, written out in sums, maxima and functions of one number.

The derivative has been taken before this, by the ops' own rules. The forms are those of the op table, with the care for
large numbers that their kernels have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autorecur.graph.node import Node, as_it_is
from autorecur.graph.walk import postorder
from autorecur.ops.functions import absolute, equal, where
from autorecur.ops.reductions import COMPONENTS, count, logsumexp, maximum_of, mean, minimum_of, norm, softmax, total


def _largest(x: Node) -> Node:
    return as_it_is(maximum_of, x, axis=COMPONENTS)


def _softmax(x: Node) -> Any:
    """Softmax does not feel a shift; with the largest number at 0 nothing overflows."""
    assert softmax.definition is not None
    return softmax.definition(x - _largest(x), axis=COMPONENTS)


def _logsumexp(x: Node) -> Any:
    assert logsumexp.definition is not None
    top = _largest(x)
    top = where(equal(top - top, 0), top, 0)  # an infinite one is no shift
    return top + logsumexp.definition(x - top, axis=COMPONENTS)


def _norm(x: Node) -> Any:
    """In units of the largest component, so that no square overflows."""
    assert norm.definition is not None
    unit = _largest(absolute(x))
    unit = where(equal(unit - unit, 0) * (1 - equal(unit, 0)), unit, 1)
    return norm.definition(x / unit, axis=COMPONENTS) * unit


def _mean(x: Node) -> Any:
    return total(x, axis=COMPONENTS) / count(x, COMPONENTS)


def _smallest(x: Node) -> Any:
    return -_largest(-x)


_FORMS: Mapping[Any, Callable[[Node], Any]] = {
    softmax: _softmax,
    logsumexp: _logsumexp,
    norm: _norm,
    mean: _mean,
    minimum_of: _smallest,
}


def expanded(root: Node) -> Node:
    """The node with these functions written out."""
    done: dict[Node, Node] = {}
    for node in postorder(root):
        if node in done:
            continue
        inputs = tuple(done[part] for part in node.inputs)
        if node.op in _FORMS:
            done[node] = _FORMS[node.op](*inputs)
            continue
        same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
        done[node] = node if same or node.op is None else as_it_is(node.op, *inputs, **dict(node.attributes))
    return done[root]
