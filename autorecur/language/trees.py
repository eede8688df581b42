"""Walking over expressions and rewriting them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autorecur.language.syntax import Absolute, Binary, Call, Expression, Name, Negative, Power, Stack, Transpose


def names_in(tree: Expression) -> list[Name]:
    """The names in an expression, from left to right, each use once."""
    found: list[Name] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Name):
            found.append(node)
        stack.extend(reversed(children(node)))
    return found


def calls_in(tree: Expression) -> list[str]:
    """The functions that an expression calls."""
    found: list[str] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Call):
            found.append(node.function)
        stack.extend(children(node))
    return found


def with_calls(tree: Expression, functions: Mapping[str, str]) -> Expression:
    """The expression with other functions in place of some."""
    match tree:
        case Binary(operator=operator, left=left, right=right):
            return Binary(operator, with_calls(left, functions), with_calls(right, functions), span=tree.span)
        case Call(function=function, arguments=arguments):
            inner = tuple(with_calls(each, functions) for each in arguments)
            return Call(functions.get(function, function), inner, span=tree.span)
        case Stack(items=items):
            return Stack(tuple(with_calls(each, functions) for each in items), span=tree.span)
        case Negative(operand=operand):
            return Negative(with_calls(operand, functions), span=tree.span)
        case Transpose(operand=operand):
            return Transpose(with_calls(operand, functions), span=tree.span)
        case Power(operand=operand, exponent=exponent):
            return Power(with_calls(operand, functions), exponent, span=tree.span)
        case _:
            return tree


def children(tree: Expression) -> tuple[Expression, ...]:
    """The operands of a tree, from left to right."""
    match tree:
        case Binary(left=left, right=right):
            return left, right
        case Call(arguments=arguments):
            return arguments
        case Stack(items=items):
            return items
        case Negative(operand=operand) | Transpose(operand=operand) | Power(operand=operand):
            return (operand,)
        case _:
            return ()


def substitute(tree: Expression, values: Mapping[Name, Expression]) -> Expression:
    """The expression with names replaced."""
    match tree:
        case Name():
            return values.get(Name(tree.name, tree.offset), tree)
        case Binary(operator=operator, left=left, right=right):
            return Binary(operator, substitute(left, values), substitute(right, values), span=tree.span)
        case Call(function=function, arguments=arguments):
            return Call(function, tuple(substitute(each, values) for each in arguments), span=tree.span)
        case Stack(items=items):
            return Stack(tuple(substitute(each, values) for each in items), span=tree.span)
        case Negative(operand=operand):
            return Negative(substitute(operand, values), span=tree.span)
        case Transpose(operand=operand):
            return Transpose(substitute(operand, values), span=tree.span)
        case Power(operand=operand, exponent=exponent):
            return Power(substitute(operand, values), exponent, span=tree.span)
        case _:
            return tree


def rewritten(tree: Expression, leaf: Callable[[Expression], Expression]) -> Expression:
    """The expression with each name, relative or absolute, replaced by what ``leaf`` gives for it; places are kept."""
    match tree:
        case Name() | Absolute():
            return leaf(tree)
        case Binary(operator=operator, left=left, right=right):
            return Binary(operator, rewritten(left, leaf), rewritten(right, leaf), span=tree.span)
        case Call(function=function, arguments=arguments):
            return Call(function, tuple(rewritten(each, leaf) for each in arguments), span=tree.span)
        case Stack(items=items):
            return Stack(tuple(rewritten(each, leaf) for each in items), span=tree.span)
        case Negative(operand=operand):
            return Negative(rewritten(operand, leaf), span=tree.span)
        case Transpose(operand=operand):
            return Transpose(rewritten(operand, leaf), span=tree.span)
        case Power(operand=operand, exponent=exponent):
            return Power(rewritten(operand, leaf), exponent, span=tree.span)
        case _:
            return tree


def leaves_of(tree: Expression) -> list[Name | Absolute]:
    """Every name in an expression, relative or absolute, from left to right."""
    found: list[Name | Absolute] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Name | Absolute):
            found.append(node)
        stack.extend(reversed(children(node)))
    return found


def shifted(tree: Expression, steps: int) -> Expression:
    """The expression with every time index moved by ``steps``."""
    return substitute(
        tree,
        {
            Name(name.name, name.offset): Name(name.name, name.offset + steps)
            for name in names_in(tree)
            if name.offset is not None
        },
    )
