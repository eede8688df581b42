"""Rows for columns, and weights for their transposes: each matrix then stands for the transpose of the one as written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from autorecur.language.syntax import Binary, Expression, Name, Transpose
from autorecur.language.trees import children
from autorecur.notations.rewriting.sums import (
    is_product,
    multiplied,
    parts_of,
    rewritten,
    transposed,
    untransposed,
    with_children,
)

IsNumber = Callable[[Expression], bool]


def turned(tree: Expression, is_number: IsNumber) -> Expression:
    """The transpose of a tree, in which every name stands for its own transpose: ``W x + b`` becomes ``x W + b``.

    Products are reversed, all else stays; single numbers stay in front of what they scale.
    """
    if not is_product(tree):
        return with_children(tree, tuple(turned(part, is_number) for part in children(tree)))
    factors = _chain(tree, is_number)
    numbers = [turned(factor, is_number) for factor in factors if is_number(factor)]
    matrices = [turned(factor, is_number) for factor in reversed(factors) if not is_number(factor)]
    return multiplied([*numbers, *matrices])


def _chain(tree: Expression, is_number: IsNumber) -> list[Expression]:
    """The factors of a product. An inner product is one factor, since it scales as a whole."""
    found, stack = [], [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Binary) and node.operator == "@" and (node is tree or not is_number(node)):
            stack.extend((node.right, node.left))
        else:
            found.append(node)
    return found


def to_turn(trees: Iterable[Expression], matrices: Collection[str], want_transposed: bool) -> frozenset[str]:
    """The weights to be named anew, so that every product has them transposed, or none.

    A weight that stands in both ways in the cell itself, as tied weights do, stays as it is.
    """
    plain: set[str] = set()
    flipped: set[str] = set()
    in_products: set[str] = set()
    for tree in trees:
        for node in parts_of(tree):
            for part in children(node):
                inner, under = untransposed(part)
                if isinstance(inner, Name) and inner.name in matrices and not isinstance(node, Transpose):
                    (flipped if under else plain).add(inner.name)
                    if is_product(node):
                        in_products.add(inner.name)
    return frozenset(in_products & (plain - flipped if want_transposed else flipped - plain))


def with_turned(tree: Expression, names: Collection[str]) -> Expression:
    """The tree in which each of these parameters stands for its own transpose."""

    def rule(node: Expression) -> Expression:
        if isinstance(node, Name) and node.offset is None and node.name in names:
            return Transpose(node)
        if isinstance(node, Transpose) and isinstance(node.operand, Transpose):
            return transposed(node.operand)
        return node

    return rewritten(tree, rule)
