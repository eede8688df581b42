"""Sums as lists of terms, products as lists of factors: what rewriting takes apart and puts together again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from autorecur.language.syntax import (
    Binary,
    Call,
    Expression,
    Name,
    Negative,
    Power,
    Stack,
    Transpose,
)
from autorecur.language.trees import children

Terms = list[tuple[int, Expression]]


def terms(tree: Expression) -> Terms:
    """A sum as signed terms, in the order in which they are written."""
    found: Terms = []
    stack = [(1, tree)]
    while stack:
        sign, node = stack.pop()
        if isinstance(node, Binary) and node.operator in "+-":
            stack.append((sign if node.operator == "+" else -sign, node.right))
            stack.append((sign, node.left))
        elif isinstance(node, Negative):
            stack.append((-sign, node.operand))
        else:
            found.append((sign, node))
    return found


def added(parts: Terms) -> Expression:
    """The sum of signed terms."""
    sign, total = parts[0]
    total = total if sign > 0 else Negative(total)
    for sign, term in parts[1:]:
        total = Binary("+" if sign > 0 else "-", total, term)
    return total


def is_sum(tree: Expression) -> bool:
    return isinstance(tree, Binary) and tree.operator in "+-"


def is_product(tree: Expression) -> bool:
    return isinstance(tree, Binary) and tree.operator == "@"


def multiplied(factors: Iterable[Expression]) -> Expression:
    """The matrix product of factors, from left to right."""
    product: Expression | None = None
    for factor in factors:
        product = factor if product is None else Binary("@", product, factor)
    assert product is not None
    return product


def with_children(tree: Expression, parts: tuple[Expression, ...]) -> Expression:
    """The same operation on other operands."""
    if parts == children(tree):
        return tree
    match tree:
        case Binary():
            return replace(tree, left=parts[0], right=parts[1])
        case Call():
            return replace(tree, arguments=parts)
        case Stack():
            return replace(tree, items=parts)
        case Negative() | Transpose() | Power():
            return replace(tree, operand=parts[0])
        case _:
            return tree


def rewritten(tree: Expression, rule: Callable[[Expression], Expression]) -> Expression:
    """``rule`` applied to every part of a tree, from the inside out. The parser keeps trees a hundred levels deep at most."""
    return rule(with_children(tree, tuple(rewritten(part, rule) for part in children(tree))))


def parts_of(tree: Expression) -> Iterator[Expression]:
    """Every part of a tree, from the outside in."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def untransposed(tree: Expression) -> tuple[Expression, bool]:
    """What stands under an outer transpose, and whether there is one."""
    return (tree.operand, True) if isinstance(tree, Transpose) else (tree, False)


def transposed(tree: Expression) -> Expression:
    """The transpose, but none of a transpose."""
    return tree.operand if isinstance(tree, Transpose) else Transpose(tree)


def parameters_in(tree: Expression) -> Iterator[str]:
    """The parameters that a tree reads, each use once."""
    return (node.name for node in parts_of(tree) if isinstance(node, Name) and node.offset is None)
