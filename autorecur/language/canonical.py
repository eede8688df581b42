"""The canonical spelling of trees: one text for one meaning, with no bracket that is not needed."""

from __future__ import annotations

from autorecur.language.functions import function_names
from autorecur.language.parser import MINUS, PRODUCT, STRENGTH
from autorecur.language.syntax import (
    Absolute,
    Assignment,
    Binary,
    Call,
    Expression,
    Name,
    Negative,
    Number,
    Power,
    Stack,
    Transpose,
)

_ATOM = 100


def write(tree: Expression) -> str:
    """The text of an expression, which parses back to it."""
    match tree:
        case Number(text=text):
            return text
        case Name(name=name, offset=offset):
            return write_name(name, offset)
        case Absolute():
            return write_absolute(tree)
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(write, arguments))})"
        case Stack(items=items):
            return f"[{', '.join(map(write, items))}]"
        case Negative(operand=operand):
            return "-" + _within(operand, MINUS + 1)
        case Transpose(operand=operand):
            return _within(operand, _ATOM) + "^T"
        case Power(operand=operand, exponent=exponent):
            return f"{_within(operand, _ATOM)}^{exponent}"
        case Binary(operator="@"):
            return _product(tree)
        case Binary(operator=operator, left=left, right=right):
            strength = STRENGTH[operator]
            return f"{_within(left, strength)} {operator} {_right(right, operator, strength + 1)}"
    raise TypeError(f"not an expression of the language: {tree!r}")


def write_name(name: str, offset: int | None) -> str:
    """``W_x``, ``h[t]``, ``h[t-1]``."""
    if offset is None:
        return name
    return f"{name}[t{offset:+d}]" if offset else f"{name}[t]"


def write_absolute(name: Absolute) -> str:
    """``h[T]``, ``encoder.h[T-1]``, ``s[0]``."""
    step = f"T{name.offset:+d}" if name.offset else "T"
    return f"{name.part}{'.' if name.part else ''}{name.name}[{step if name.from_end else name.offset}]"


def write_equation(assignment: Assignment) -> str:
    return f"{assignment.name}[t] = {write(assignment.expression)}"


def _product(tree: Binary) -> str:
    left, right = _within(tree.left, PRODUCT), _right(tree.right, "@", PRODUCT + 1)
    return f"{left} @ {right}" if _needs_sign(tree) else f"{left} {right}"


def _needs_sign(tree: Binary) -> bool:
    """A number on the right, and a bracket behind a lower-case name (it would look like a call), need the ``@``."""
    if isinstance(tree.right, Number) or _leads_with_number(tree.right):
        return True
    last = tree.left
    while isinstance(last, Binary) and last.operator == "@" and _strength(last) >= PRODUCT:
        last = last.right
    called = isinstance(last, Name) and last.offset is None and looks_like_call(last.name)
    return called and _right(tree.right, "@", PRODUCT + 1).startswith("(")


def looks_like_call(name: str) -> bool:
    """A bracket behind this name makes it a function, or a mistyped one."""
    return not name[0].isupper() or name.lower() in function_names()


def _leads_with_number(tree: Expression) -> bool:
    while isinstance(tree, (Power, Transpose)):
        tree = tree.operand
    return isinstance(tree, Number)


def _right(tree: Expression, operator: str, strength: int) -> str:
    """A right operand; some get brackets because without them people read two things."""
    bracketed = (
        isinstance(tree, Negative)
        or (operator == "/" and isinstance(tree, Binary))
        or (operator == "*" and isinstance(tree, Binary) and tree.operator == "@" and _spine_needs_sign(tree))
    )
    return f"({write(tree)})" if bracketed else _within(tree, strength)


def _spine_needs_sign(tree: Expression) -> bool:
    while isinstance(tree, Binary) and tree.operator == "@":
        if _needs_sign(tree):
            return True
        tree = tree.left
    return False


def _within(tree: Expression, strength: int) -> str:
    return write(tree) if _strength(tree) >= strength else f"({write(tree)})"


def _strength(tree: Expression) -> int:
    match tree:
        case Binary(operator=operator):
            return STRENGTH[operator]
        case Negative():
            return MINUS
        case Transpose() | Power():
            return _ATOM - 1
        case _:
            return _ATOM
