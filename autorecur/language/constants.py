"""The value of an expression that holds numbers alone, as far as it is easily found."""

from __future__ import annotations

from fractions import Fraction

from autorecur.language.syntax import Binary, Expression, Negative, Number, Power
from autorecur.language.trees import children

MOST_BITS = 10_000
"""Of the numbers on the way; beyond that, nobody is told the value."""


def constant(tree: Expression) -> Fraction | None:
    """Exactly; None where a name or a function stands in it, or where it is too large."""
    order = [tree]
    for node in order:
        order.extend(children(node))
        if not isinstance(node, Number | Binary | Negative | Power):
            return None
    values: dict[int, Fraction] = {}
    for node in reversed(order):
        value = _value(node, values)
        if value is None or max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
            return None
        values[id(node)] = value
    return values[id(tree)]


def _value(node: Expression, values: dict[int, Fraction]) -> Fraction | None:
    match node:
        case Number(text=text):
            return Fraction(text)
        case Negative(operand=operand):
            return -values[id(operand)]
        case Power(operand=operand, exponent=exponent):
            return values[id(operand)] ** exponent
        case Binary(operator=operator, left=left, right=right):
            a, b = values[id(left)], values[id(right)]
            match operator:
                case "+":
                    return a + b
                case "-":
                    return a - b
                case "/":
                    return a / b if b else None
            return a * b
    return None
