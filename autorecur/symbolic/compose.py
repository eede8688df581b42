"""SymPy expressions laid out as typeset mathematics: one total dispatch, brackets by one table of strengths.

Terms and factors stay in their order. A node that has no rule here is an error, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Basic, Expr
from sympy.matrices.expressions import (
    HadamardPower,
    HadamardProduct,
    Identity,
    MatAdd,
    MatMul,
    MatrixSymbol,
    OneMatrix,
    Transpose,
    ZeroMatrix,
)

from autorecur.errors import AutorecurError
from autorecur.ops.open import is_open
from autorecur.symbolic import carriers as c
from autorecur.symbolic import decimals, marks, scalars
from autorecur.symbolic.functions import FUNCTIONS, SQUARED, applied
from autorecur.symbolic.layout import (
    Big,
    Bold,
    Fence,
    Fraction,
    Function,
    Ident,
    Layout,
    Matrix,
    Num,
    Script,
    Sign,
    Space,
    binary,
    relation,
    row,
)
from autorecur.symbolic.marks import raised
from autorecur.symbolic.names import DEFAULT, Notation, name_layout, stands_before, symbol_layout
from autorecur.symbolic.strength import (
    ATOM,
    BIG,
    FRACTION,
    HADAMARD,
    NEGATIVE,
    POSTFIX,
    PRODUCT,
    SUM,
    Placed,
    bracketed,
)

if TYPE_CHECKING:
    pass

THIN = Space("thin")
MINUS = Sign("-")
BOLD_ONE = Ident("1", "bold")


@dataclass(frozen=True)
class Composer:
    """Lays out expressions in one notation; ``moved`` is the step whose index is set in bold."""

    notation: Notation = DEFAULT
    moved: Expr | None = None

    def __call__(self, expression: Basic) -> Layout:
        """The layout of a whole expression; a constant alone shows that it is a vector."""
        if _is_constant(expression):
            return self._constant(expression)
        return self.placed(expression).layout

    def placed(self, expression: Basic) -> Placed:
        """The layout with its strength of binding."""
        for kind in type(expression).__mro__:
            rule = _RULES.get(kind)
            if rule is not None:
                return rule(self, expression)
        if isinstance(expression, Expr) and not getattr(expression, "is_Matrix", False):
            return scalars.scalar(expression, self.notation)
        raise AutorecurError(f"an expression of type {type(expression).__name__} cannot be printed: {expression}")

    def within(self, expression: Basic, strength: int) -> Layout:
        """The layout, in brackets if it binds more loosely than ``strength``."""
        return bracketed(self.placed(expression), strength)

    def at(self, step: Expr) -> Layout:
        """A step as a mark of time; the step that a term comes from stands out."""
        layout = self.moment(step)
        return Bold(layout) if self.moved is not None and step == self.moved else layout

    def moment(self, step: Expr) -> Layout:
        """A step as a number."""
        return scalars.scalar(scalars.moment(step, self.notation), self.notation).layout

    def name(self, name: str, step: Expr | None = None, component: Layout | None = None) -> Layout:
        return name_layout(name, self.notation, None if step is None else self.at(step), component)

    def size(self, size: int | str) -> Layout:
        return scalars.scalar(c.size(size), self.notation).layout

    def _constant(self, expression: Basic) -> Layout:
        """A number in every component: bold where it stands alone."""
        if isinstance(expression, OneMatrix):
            return BOLD_ONE if expression.shape != (1, 1) else Num("1")
        if isinstance(expression, ZeroMatrix):
            return Num("0")
        factor = self.coefficient(expression.args[0])
        return row(factor, THIN, BOLD_ONE) if expression.shape != (1, 1) else factor

    def coefficient(self, number: Basic) -> Layout:
        """A numeric factor; its sign belongs to it."""
        placed = scalars.scalar(number, self.notation)
        return placed.layout

    # ------------------------------------------------------------------------------------- sums and products

    def _sum(self, x: MatAdd) -> Placed:
        items: list[Layout] = []
        for term in x.args:
            negative, rest = signed(term)
            if items:
                items.append(binary("-" if negative else "+"))
            elif negative:
                items.append(MINUS)
            items.append(self.summand(rest))
        return Placed(row(*items), SUM)

    def summand(self, term: Basic) -> Layout:
        """A term behind a sign."""
        return self.within(term, BIG)

    def _product(self, x: MatMul) -> Placed:
        negative, rest = signed(x)
        if negative:
            return Placed(row(MINUS, self.within(rest, BIG + 1)), NEGATIVE)
        numbers = [part for part in x.args if not getattr(part, "is_Matrix", False)]
        matrices = [part for part in x.args if getattr(part, "is_Matrix", False)]
        if not numbers:
            return Placed(self.side_by_side(matrices), PRODUCT)
        factor = sympy.Mul(*numbers)
        if len(matrices) == 1 and isinstance(matrices[0], OneMatrix):
            return scalars.scalar(factor, self.notation)
        front = bracketed(scalars.scalar(factor, self.notation), PRODUCT)
        if len(matrices) == 1:
            body = self.placed(matrices[0])
            if isinstance(matrices[0], c.IndexSum):
                return Placed(row(front, THIN, body.layout), BIG)
            keep = HADAMARD if isinstance(matrices[0], HadamardProduct) else PRODUCT
            keep = ATOM if _has_factor(matrices[0]) else keep
            return Placed(row(front, THIN, bracketed(body, keep)), min(PRODUCT, max(body.strength, HADAMARD)))
        return Placed(row(front, THIN, self.side_by_side(matrices)), PRODUCT)

    def side_by_side(self, matrices: Sequence[Basic]) -> Layout:
        items: list[Layout] = []
        for part in matrices:
            layout = self._ones(part) if isinstance(part, OneMatrix) else self.within(part, FRACTION)
            items.extend((THIN, layout) if items else (layout,))
        return row(*items)

    def _ones(self, x: OneMatrix) -> Layout:
        """Ones as a factor of a product: a column, a row, or the product of both."""
        row_of_ones = marks.transposed(BOLD_ONE, self.notation)
        if x.shape[0] == 1:
            return BOLD_ONE if x.shape[1] == 1 else row_of_ones
        return BOLD_ONE if x.shape[1] == 1 else row(BOLD_ONE, THIN, row_of_ones)

    def _hadamard(self, x: HadamardProduct) -> Placed:
        if len(x.args) == 2 and x.args[0] == x.args[1] and _is_upright(x.args[0]):
            return self._raised_function(x.args[0], 2)
        if all(part.shape == (1, 1) for part in x.args):
            return Placed(self.side_by_side(x.args), PRODUCT)
        items: list[Layout] = []
        for part in x.args:
            if items:
                items.append(binary(self.notation.hadamard))
            items.append(self.within(part, FRACTION))
        return Placed(row(*items), HADAMARD)

    def _scaled(self, x: c.Scaled) -> Placed:
        keep = HADAMARD if isinstance(x.matrix, HadamardProduct) else PRODUCT
        body = self.placed(x.matrix)
        layout = row(self.within(x.scalar, PRODUCT), THIN, bracketed(body, keep))
        return Placed(layout, HADAMARD if body.strength == HADAMARD else PRODUCT)

    def _broadcast(self, x: c.Broadcast) -> Placed:
        return Placed(row(self.within(x.scalar, PRODUCT), THIN, BOLD_ONE), PRODUCT)

    def _quotient(self, x: c.Quotient) -> Placed:
        return Placed(Fraction(self.placed(x.top).layout, self.placed(x.bottom).layout), FRACTION)

    def _transpose(self, x: Transpose) -> Placed:
        return Placed(marks.transposed(self.within(x.arg, ATOM), self.notation), POSTFIX)

    def _power(self, x: Any) -> Placed:
        base, exponent = x.args
        if _is_upright(base):
            return self._raised_function(base, int(exponent))
        mark: Layout = Num(str(exponent))
        if 1 not in base.shape:
            mark = row(Sign(self.notation.hadamard), mark)
        return Placed(raised(self.within(base, ATOM), mark), POSTFIX)

    def _raised_function(self, x: c.Apply, exponent: int) -> Placed:
        name = Script(Function(x.op), None, Num(str(exponent)))
        return Placed(row(name, Fence(self(x.operands[0]), "round", 1)), ATOM)

    # ------------------------------------------------------------------------------------------------ leaves

    def _quantity(self, x: c.Quantity) -> Placed:
        return Placed(self.name(x.name, x.step), self._strength(x.name))

    def _symbol(self, x: MatrixSymbol) -> Placed:
        return Placed(self.name(x.name), self._strength(x.name))

    def _strength(self, name: str) -> int:
        """An adjoint such as ``∂L/∂h`` needs brackets before it is transposed, and in the line as a factor, too."""
        if not stands_before(name, self.notation):
            return ATOM
        return HADAMARD if self.notation.adjoint == "slash" else FRACTION

    def _numbers(self, x: c.Numbers) -> Placed:
        return decimals.numbers(x)

    def _apply(self, x: c.Apply) -> Placed:
        squared = SQUARED.get(x.op)
        if squared is not None and (base := _square_of(x.operands[0])) is not None:
            return squared(self, x, base)
        rule = FUNCTIONS.get(x.op, applied if is_open(x.op) else None)
        if rule is None:
            raise AutorecurError(f"the function {x.op} has no form in print")
        return rule(self, x)

    # ------------------------------------------------------------------------------- blocks and sums over time

    def _concatenation(self, x: c.Concatenation) -> Placed:
        return Placed(marks.joined([self(part) for part in x.parts], self.notation, across=x.axis == -1), ATOM)

    def _block(self, x: c.Block) -> Placed:
        """A block of a weight by its name, if the notation has one; else by the range of its rows or columns."""
        named = self.notation.blocks.get(x.matrix.name, {}) if isinstance(x.matrix, MatrixSymbol) else {}
        if symbol := named.get(str(c.size_text(x.start))):
            return Placed(symbol_layout(symbol, self.notation), ATOM)
        first = scalars.scalar(x.start + 1, self.notation).layout
        last = scalars.scalar(x.length, self.notation).layout
        if x.start != 0:
            last = row(scalars.scalar(x.start, self.notation).layout, binary("+"), last)
        body = Fence(self(x.matrix), "square", 1)
        span: tuple[Layout, ...] = (first, Sign(":"), last)
        if 1 not in x.matrix.shape:
            # Rows or columns of a matrix: the other index runs free.
            comma = Sign(",", "punct")
            span = (*span, comma, Sign(":")) if x.axis == -2 else (Sign(":"), comma, *span)
        return Placed(Script(body, row(*span)), ATOM)

    def _blocks(self, x: c.Blocks) -> Placed:
        return Placed(Matrix(tuple(tuple(self(part) for part in line) for line in x.lines)), ATOM)

    def _entry(self, x: c.Entry) -> Placed:
        """``h_{t,i}``, ``W_{ij}``; of anything but a name ``[u, v]_i``."""
        pairs = zip((x.row, x.column), x.matrix.shape, strict=True)
        places = [scalars.scalar(place, self.notation).layout for place, size in pairs if size != 1]
        apart = any(not place.is_Symbol for place in (x.row, x.column) if not place.is_Integer)
        mark = marks.commas(places) if apart else row(*places)
        if isinstance(x.matrix, c.Quantity):
            return Placed(self.name(x.matrix.name, x.matrix.step, mark), self._strength(x.matrix.name))
        if isinstance(x.matrix, MatrixSymbol):
            return Placed(self.name(x.matrix.name, None, mark), self._strength(x.matrix.name))
        return Placed(Script(self.within(x.matrix, ATOM), mark), ATOM)

    def _index_sum(self, x: c.IndexSum) -> Placed:
        index, last = (scalars.scalar(part, self.notation).layout for part in (x.index, x.length))
        sign = Big("sum", row(index, relation("="), Num("1")), last, self.notation.sums_beside)
        return Placed(row(sign, self.within(x.body, BIG)), BIG)

    def _kronecker(self, x: c.Kronecker) -> Placed:
        places = [scalars.scalar(place, self.notation).layout for place in x.args]
        return Placed(Script(Ident("delta"), row(*places)), ATOM)

    def _time_sum(self, x: c.TimeSum) -> Placed:
        body = self(x.body) if _is_constant(x.body) else self.within(x.body, BIG)
        return Placed(row(self._limits("sum", x), body), BIG)

    def _ordered_product(self, x: c.OrderedProduct) -> Placed:
        """The first and the last factor in the order in which they are multiplied, which a product sign would leave open."""
        ends = (x.first, x.last) if x.rising else (x.last, x.first)
        left, right = (self.within(x.factor.xreplace({x.index: end}), PRODUCT) for end in ends)
        return Placed(row(left, Sign("cdots"), right), BIG)

    def _limits(self, name: str, x: c.TimeSum | c.OrderedProduct) -> Layout:
        first, last, index = (self.moment(step) for step in (x.first, x.last, x.index))
        return Big(name, row(index, relation("="), first), last, self.notation.sums_beside)

    # -------------------------------------------------------------------------------------------- Jacobians

    def _derivative(self, x: c.Derivative) -> Placed:
        sign = marks.differential(self.notation)
        plus = x.immediate and self.notation.immediate == "plus"
        top = row(Script(sign, None, Sign("+")) if plus else sign, self.within(x.top, POSTFIX))
        fraction: Layout = Fraction(top, row(sign, self.within(x.bottom, POSTFIX)))
        if x.immediate:
            fraction = marks.immediate(fraction, self.moment(x.top.step), self.notation)
        return Placed(fraction, FRACTION)

    def _diagonal(self, x: c.Diagonal) -> Placed:
        return Placed(row(Function("diag"), Fence(self(x.vector), "round", 1)), ATOM)

    def _spread(self, x: c.Spread) -> Placed:
        identity: Layout = Script(Ident("I", self.notation.identity), scalars.scalar(x.copies, self.notation).layout)
        sides = (identity, self.within(x.vector, FRACTION))
        left, right = sides[::-1] if x.inner else sides
        return Placed(row(left, binary("otimes"), right), HADAMARD)

    # --------------------------------------------------------------------------------------------------- norms

    def _norm(self, x: c.Norm) -> Placed:
        if x.body.shape == (1, 1):
            return Placed(Fence(self(x.body), "bar", 1), ATOM)
        fence = Fence(self(x.body), "norm", 1)
        return Placed(Script(fence, Sign("infty")) if x.of_components else fence, ATOM)

    def _power_of_steps(self, x: c.Raised) -> Placed:
        exponent = scalars.scalar(x.exponent, self.notation).layout
        return Placed(Script(self.within(x.base, ATOM), None, exponent), POSTFIX)


def signed(term: Basic) -> tuple[bool, Basic]:
    """``(True, x)`` for −x with a positive number (or none) in front of x, else ``(False, term)``."""
    if isinstance(term, MatMul) and not getattr(term.args[0], "is_Matrix", False):
        number = term.args[0]
        if number.could_extract_minus_sign():
            rest = term.args[1:]
            if number == -1:
                return True, rest[0] if len(rest) == 1 else MatMul(*rest)
            return True, MatMul(-number, *rest)
    return False, term


def _is_constant(expression: Basic) -> bool:
    """A number in every component."""
    if isinstance(expression, (OneMatrix, ZeroMatrix)):
        return True
    if not isinstance(expression, MatMul) or len(expression.args) != 2:
        return False
    number, ones = expression.args
    return not getattr(number, "is_Matrix", False) and isinstance(ones, OneMatrix)


def _has_factor(expression: Basic) -> bool:
    """A number in front: a second one beside it would read as one number."""
    return isinstance(expression, MatMul) and not getattr(expression.args[0], "is_Matrix", False)


def _is_upright(expression: Basic) -> bool:
    """A function whose square is written tanh²(x)."""
    return isinstance(expression, c.Apply) and expression.op in ("tanh", "sin", "cos")


def _square_of(expression: Basic) -> Basic | None:
    if isinstance(expression, c.Power) and expression.exponent == 2:
        return expression.base
    if (
        isinstance(expression, HadamardProduct)
        and len(expression.args) == 2
        and expression.args[0] == expression.args[1]
    ):
        return expression.args[0]
    return None


_RULES: dict[type, Callable[[Composer, Any], Placed]] = {
    MatAdd: Composer._sum,
    MatMul: Composer._product,
    HadamardProduct: Composer._hadamard,
    HadamardPower: Composer._power,
    c.Power: Composer._power,
    Transpose: Composer._transpose,
    MatrixSymbol: Composer._symbol,
    OneMatrix: lambda self, x: Placed(Num("1"), ATOM),
    ZeroMatrix: lambda self, x: Placed(Num("0"), ATOM),
    Identity: lambda self, x: Placed(Ident("I", self.notation.identity), ATOM),
    c.Quantity: Composer._quantity,
    c.Numbers: Composer._numbers,
    c.Apply: Composer._apply,
    c.Scaled: Composer._scaled,
    c.Broadcast: Composer._broadcast,
    c.Quotient: Composer._quotient,
    c.Concatenation: Composer._concatenation,
    c.Block: Composer._block,
    c.Blocks: Composer._blocks,
    c.Entry: Composer._entry,
    c.IndexSum: Composer._index_sum,
    c.Kronecker: Composer._kronecker,
    c.TimeSum: Composer._time_sum,
    c.OrderedProduct: Composer._ordered_product,
    c.Derivative: Composer._derivative,
    c.Diagonal: Composer._diagonal,
    c.Spread: Composer._spread,
    c.Norm: Composer._norm,
    c.Raised: Composer._power_of_steps,
}
