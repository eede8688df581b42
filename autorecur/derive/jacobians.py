"""Jacobians read off pull-backs: what is linear in a cotangent, as a sum of products of matrices.

In columns a pull-back by ``Wᵀ`` is the factor ``W``, one by ``⊙ d`` the factor ``diag(d)``, and ``g vᵀ``, which a weight
receives, is ``I ⊗ vᵀ`` on the weight's components, row by row. Factors stand with the outer function on the left; who builds a
Jacobian for row vectors turns them round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Basic, Expr, Integer
from sympy.matrices.expressions import Identity, Transpose

from autorecur.graph.node import Node, Number, Variable
from autorecur.graph.walk import variables
from autorecur.ops.arithmetic import add, multiply, negative, subtract
from autorecur.ops.linear import block, matmul, matrix_transpose
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import coefficient, express

ONE = Integer(1)


class NoPathFormError(Exception):
    """This cell has no path form; the message is the reason's key."""


@dataclass(frozen=True)
class Chain:
    """A product of matrices, the outer function on the left, with the quantities that the path runs through.

    ``scale`` is a number, ``scalars`` are single quantities (1×1) that multiply the whole."""

    scale: Expr = ONE
    factors: tuple[Basic, ...] = ()
    scalars: tuple[Basic, ...] = ()
    through: tuple[str, ...] = ()

    def then(self, inner: Chain) -> Chain:
        """The chain rule: ``self`` is the outer function."""
        return Chain(
            self.scale * inner.scale,
            (*self.factors, *inner.factors),
            (*self.scalars, *inner.scalars),
            (*self.through, *inner.through),
        )

    def by(self, *factors: Basic) -> Chain:
        return replace(self, factors=(*self.factors, *factors))

    def times(self, scale: Expr) -> Chain:
        return replace(self, scale=scale * self.scale)


def chains_of(root: Node, g: Variable, row: bool) -> list[Chain]:
    """A pull-back, linear in g, as a sum of products of matrices."""
    if root == g:
        return [Chain()]
    rule = _LINEAR.get(root.op.name if root.op else "")
    if rule is None:
        raise NoPathFormError("shape")
    return rule(root, g, row)


def is_selection(part: Basic) -> bool:
    """The Jacobian of a concatenation by one of its blocks: some columns (rows) of the identity."""
    return isinstance(part, c.Block) and isinstance(part.matrix, Identity)


def _of_sum(root: Node, g: Variable, row: bool) -> list[Chain]:
    sign = Integer(-1 if root.op is subtract else 1)
    first, second = (chains_of(part, g, row) for part in root.inputs)
    return [*first, *(chain.times(sign) for chain in second)]


def _of_negative(root: Node, g: Variable, row: bool) -> list[Chain]:
    return [chain.times(Integer(-1)) for chain in chains_of(root.inputs[0], g, row)]


def _of_multiply(root: Node, g: Variable, row: bool) -> list[Chain]:
    a, b = root.inputs
    if isinstance(a, Number):
        return [chain.times(coefficient(a)) for chain in chains_of(b, g, row)]
    if _reads(b, g):
        a, b = b, a
    if _reads(b, g) or a.shape == (1, 1) != b.shape:
        raise NoPathFormError("shape")
    chains = chains_of(a, g, row)
    if b.shape == (1, 1):
        return [replace(chain, scalars=(*chain.scalars, express(b))) for chain in chains]
    return [chain.by(c.Diagonal(express(b))) for chain in chains]


def _of_matmul(root: Node, g: Variable, row: bool) -> list[Chain]:
    a, b = root.inputs
    if root.shape == (1, 1) != a.shape:
        return _of_inner(a, b, g, row)
    if row and _reads(a, g) and a.shape[0] == 1 != b.shape[1]:
        return [chain.by(_transposed(b)) for chain in chains_of(a, g, row)]
    if not row and _reads(b, g) and b.shape[1] == 1 != a.shape[0]:
        return [chain.by(_transposed(a)) for chain in chains_of(b, g, row)]
    return _of_outer(root, g, row)


def _of_inner(a: Node, b: Node, g: Variable, row: bool) -> list[Chain]:
    """``gᵀ v``, what comes back to a single number that scales v: the Jacobian is v itself."""
    cotangent, other = (a, b) if _reads(a, g) else (b, a)
    vector = express(other) if (other.shape[0] == 1) == row else _transposed(other)
    inner = cotangent.inputs[0] if cotangent.op is matrix_transpose else cotangent
    return [chain.by(vector) for chain in chains_of(inner, g, row)]


def _transposed(node: Node) -> Basic:
    return express(node.inputs[0]) if node.op is matrix_transpose else Transpose(express(node))


def _of_outer(root: Node, g: Variable, row: bool) -> list[Chain]:
    """The gradient of a weight, row by row: a cotangent on the left gives ``I ⊗ vᵀ``, one on the right ``vᵀ ⊗ I``.

    In rows both are transposed, since the Jacobian is."""
    a, b = root.inputs
    left = _reads(a, g)
    cotangent, other = (a, b) if left else (b, a)
    if 1 not in other.shape or 1 not in cotangent.shape:
        raise NoPathFormError("shape")
    length = c.size(cotangent.shape[0] if left else cotangent.shape[1])
    as_row = other if other.shape[0] == 1 else other.inputs[0] if other.op is matrix_transpose else None
    vector = express(as_row) if as_row is not None else Transpose(express(other))
    if row:
        vector = vector.arg if isinstance(vector, Transpose) else Transpose(vector)
    spread = c.Spread(vector, length, *([] if left else [1]))
    inner = cotangent.inputs[0] if cotangent.op is matrix_transpose else cotangent
    return [chain.by(spread) for chain in chains_of(inner, g, row)]


def _of_block(root: Node, g: Variable, row: bool) -> list[Chain]:
    """A block of what comes back is what comes back through some columns (rows) of the identity."""
    facts: Mapping[str, Any] = dict(root.attributes)
    whole = root.inputs[0].shape
    identity = Identity(c.size(whole[1] if row else whole[0]))
    cut = c.Block(identity, -2 if row else -1, c.size(facts["start"]), c.size(facts["size"]))
    return [chain.by(cut) for chain in chains_of(root.inputs[0], g, row)]


def _reads(root: Node, g: Variable) -> bool:
    return any(v == g for v in variables(root))


_LINEAR = {
    add.name: _of_sum,
    subtract.name: _of_sum,
    negative.name: _of_negative,
    multiply.name: _of_multiply,
    matmul.name: _of_matmul,
    block.name: _of_block,
}
