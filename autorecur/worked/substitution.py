"""Numbers put in the place of symbols, by walking the expression that is displayed.

An expression becomes a chain: with the numbers of its symbols, with the values of its functions, the innermost first, and at
last one matrix of numbers. Every link is computed from the printed digits of the link before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

import sympy
from sympy import Basic, Integer
from sympy.matrices.expressions import (
    HadamardProduct,
    Identity,
    MatAdd,
    MatMul,
    MatrixSymbol,
    OneMatrix,
    Transpose,
    ZeroMatrix,
)

from autorecur.derive.instances import numbers_of_steps
from autorecur.errors import AutorecurError
from autorecur.graph.program import Values
from autorecur.symbolic import carriers as c
from autorecur.symbolic.numbers import Evaluator
from autorecur.worked import rounding

Known = Mapping[tuple[str, int | None], c.Numbers]
"""What is printed already, by name and step; a parameter has no step."""
INDICATORS = ("heaviside", "half_step", "equal")


class Substitution:
    """For cells of known sizes, ``digits`` decimals."""

    def __init__(self, sizes: Mapping[str, int], digits: int) -> None:
        self.digits = digits
        self.sizes = {c.size(name): Integer(size) for name, size in sizes.items()}
        self.evaluator = Evaluator(sizes, lambda op: rounding.kernel_of(op, digits), exact=True)

    def chain(self, expression: Basic, known: Known) -> tuple[tuple[Basic, ...], c.Numbers]:
        """The links of the chain, and the number at its end."""
        links = [self.in_numbers(expression.xreplace(self.sizes), known)]
        while ready := list(_innermost(links[-1])):
            arguments = {
                part: self.value(part) for f in ready for part in f.operands if not isinstance(part, c.Numbers)
            }
            if arguments:
                links.append(_tidy(links[-1].xreplace(arguments)))
                continue
            links.append(_tidy(links[-1].xreplace({f: self.value(f) for f in ready})))
        result = links[-1] if isinstance(links[-1], c.Numbers) else self.value(links[-1])
        shown = tuple(link for link in links if link != result)
        return shown, result

    def value(self, expression: Basic) -> c.Numbers:
        """The expression's value, which holds numbers alone, exactly, then rounded."""
        array = self.evaluator.compile(expression)(Values({}, 0), {})
        shape = tuple(int(size) for size in expression.shape)
        if array.shape != shape:
            raise AutorecurError(f"{expression} has the shape {shape}, but its value has {array.shape}")
        return rounding.numbers(array, self.digits)

    def in_numbers(self, expression: Basic, known: Known) -> Basic:
        """Every symbol replaced; sizes are numbers already."""
        rule = _LEAVES.get(type(expression))
        if rule is not None:
            return rule(expression, known)
        if not expression.args or not getattr(expression, "is_Matrix", False):
            return expression
        parts = [self.in_numbers(part, known) for part in expression.args]
        return self.folded(expression.func(*parts))

    def folded(self, expression: Basic) -> Basic:
        """Transposed, stacked or cut numbers are numbers at once; ``aᵀ b`` is a row times a column."""
        parts = [part for part in expression.args if getattr(part, "is_Matrix", False)]
        plain = all(isinstance(part, c.Numbers) for part in parts)
        if isinstance(expression, Transpose | c.Concatenation | c.Block) and plain:
            return self.value(expression)
        if isinstance(expression, c.Apply) and expression.op in INDICATORS:
            # A matrix of numbers does not fit below the sign of an indicator.
            return self.value(expression)
        return _tidy(expression)


def _tidy(expression: Basic) -> Basic:
    """The inner product with a column of numbers, wherever it stands, as a row times a column."""
    inner = {part: product for part in expression.find(c.Apply) if (product := _inner(part)) is not None}
    return expression.xreplace(inner) if inner else expression


def _inner(x: Basic) -> Basic | None:
    if x.op != "sum" or not isinstance(x.operands[0], HadamardProduct) or len(x.operands[0].args) != 2:
        return None
    a, b = x.operands[0].args
    rows, columns = a.shape
    if columns == 1 < rows and isinstance(a, c.Numbers):
        return MatMul(c.Numbers(columns, rows, *a.texts), b)
    if rows == 1 < columns and isinstance(b, c.Numbers):
        return MatMul(a, c.Numbers(columns, rows, *b.texts))
    return None


def _innermost(expression: Basic) -> Iterator[Basic]:
    """The functions whose arguments hold no function any more."""
    for part in sympy.preorder_traversal(expression):
        if isinstance(part, c.Apply) and part.op not in rounding.LINEAR:
            inside = (inner for operand in part.operands for inner in sympy.preorder_traversal(operand))
            if not any(isinstance(inner, c.Apply) and inner.op not in rounding.LINEAR for inner in inside):
                yield part


def _quantity(x: c.Quantity, known: Known) -> Basic:
    return _found(x, (x.name, int(x.step)), known)


def _symbol(x: MatrixSymbol, known: Known) -> Basic:
    return _found(x, (x.name, None), known)


def _found(x: Basic, key: tuple[str, int | None], known: Known) -> Basic:
    try:
        return known[key]
    except KeyError:
        raise AutorecurError(f"{x} has no number yet") from None


def _filled(text: str) -> Callable[[Basic, Known], Basic]:
    def rule(x: Basic, known: Known) -> Basic:
        return c.Numbers(*x.shape, *[text] * int(x.shape[0] * x.shape[1]))

    return rule


def _identity(x: Identity, known: Known) -> Basic:
    n = int(x.shape[0])
    return c.Numbers(n, n, *("1" if i == j else "0" for i in range(n) for j in range(n)))


_LEAVES: dict[type, Callable[..., Basic]] = {
    c.Quantity: _quantity,
    MatrixSymbol: _symbol,
    OneMatrix: _filled("1"),
    ZeroMatrix: _filled("0"),
    Identity: _identity,
    c.Numbers: lambda x, known: x,
}


def in_steps(expression: Basic, steps: int) -> Basic:
    """Sums over steps written out, T as a number, or that of each part of a frame."""
    whole = expression.xreplace(numbers_of_steps(steps))
    sums = {part: _written_out(part) for part in whole.find(c.TimeSum)}
    return whole.xreplace(sums) if sums else whole


def _written_out(x: c.TimeSum) -> Basic:
    parts = [x.body.xreplace({x.index: Integer(step)}) for step in range(int(x.first), int(x.last) + 1)]
    flat = [inner for part in parts for inner in (part.args if isinstance(part, MatAdd) else (part,))]
    return flat[0] if len(flat) == 1 else MatAdd(*flat)


def scale(value: Fraction) -> sympy.Expr:
    """A decimal factor, printed as a decimal."""
    number = sympy.Rational(value.numerator, value.denominator)
    return number if number.is_Integer else sympy.Float(number, 30)
