"""The shape of an expression whose names have known shapes."""

from __future__ import annotations

from collections.abc import Mapping

from autorecur.language.functions import is_reduction
from autorecur.language.sizes import Size
from autorecur.language.syntax import (
    Absolute,
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
from autorecur.ops.linear import add_sizes

Sizes = tuple[Size, Size]


def measure(tree: Expression, shapes: Mapping[str, Sizes], convention: str = "column") -> Sizes:
    """(rows, columns) of the value of ``tree``; a number is (1, 1)."""
    match tree:
        case Number():
            return 1, 1
        case Name(name=name) | Absolute(name=name):
            return shapes[name]
        case Negative(operand=operand) | Power(operand=operand):
            return measure(operand, shapes, convention)
        case Transpose(operand=operand):
            return measure(operand, shapes, convention)[::-1]
        case Call(function=function, arguments=(argument,)):
            return (1, 1) if is_reduction(function) else measure(argument, shapes, convention)
        case Call(arguments=(left, right)) | Binary(left=left, right=right):
            one, two = measure(left, shapes, convention), measure(right, shapes, convention)
            if (1, 1) in (one, two):
                return two if one == (1, 1) else one
            return (one[0], two[1]) if isinstance(tree, Binary) and tree.operator == "@" else one
        case Stack(items=items):
            along = 0 if convention == "column" else 1
            total = add_sizes(*(measure(item, shapes, convention)[along] for item in items))
            return (total, 1) if along == 0 else (1, total)
    raise TypeError(f"not an expression of the language: {tree!r}")
