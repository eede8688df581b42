"""SymPy objects for what a derivation displays, where SymPy has none of its own.

SymPy's matrix expressions carry sums, products, transposes and elementwise products; they are built with their raw
constructors, so that terms and factors stay in the author's order. Every class here is rebuilt by ``func(*args)``, so that
``xreplace`` and ``subs`` work. Every quantity is a matrix: a vector has one column (or one row), a single number is 1×1.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import sympy
from sympy import Basic, Expr, Integer, Symbol
from sympy.core.symbol import Str
from sympy.matrices.expressions import HadamardProduct, MatAdd, MatMul, MatrixExpr, MatrixSymbol, OneMatrix, ZeroMatrix

from autorecur.errors import ShapeError

t = Symbol("t", integer=True)
T = Symbol("T", integer=True, positive=True)
k = Symbol("k", integer=True)


def last(clock: str) -> Symbol:
    """The number of steps of a clock: T, or that of a part of a frame."""
    return T if clock == "T" else Symbol(clock, integer=True, positive=True)


def size(text: int | str) -> Expr:
    """``n_h + n_x`` as a SymPy sum of positive whole numbers."""
    if isinstance(text, int):
        return Integer(text)
    parts = [
        Integer(part) if part.isdigit() else Symbol(part, integer=True, positive=True) for part in text.split(" + ")
    ]
    return parts[0] if len(parts) == 1 else sympy.Add(*parts)


def size_text(expression: Expr) -> int | str:
    """The inverse of :func:`size`."""
    if expression.is_Integer:
        return int(expression)
    parts = sorted(sympy.Add.make_args(expression), key=lambda part: (part.is_Integer, str(part)))
    return " + ".join(str(part) for part in parts)


class Carrier(MatrixExpr):
    """A matrix expression whose arguments are all that it is made of."""

    def __new__(cls, *args: Any) -> Carrier:
        made: Carrier = Basic.__new__(cls, *(Str(a) if isinstance(a, str) else sympy.sympify(a) for a in args))
        return made

    def doit(self, **hints: Any) -> Carrier:
        return self

    def _sympystr(self, printer: Any) -> str:
        return f"{type(self).__name__}({', '.join(printer._print(arg) for arg in self.args)})"

    def _latex(self, printer: Any) -> str:
        """For SymPy's own LaTeX printer, which notebooks call: what the page would show."""
        from autorecur.render.latex import latex
        from autorecur.symbolic.compose import Composer

        return latex(Composer()(self))

    def _eval_transpose(self) -> None:
        return None

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Expr:
        raise NotImplementedError("components of displayed quantities are not written out")


class Quantity(Carrier):
    """``Quantity(name, step, rows, columns)``: a named quantity at a step, ``h[t-1]``; the adjoint of h is ``dL/dh``."""

    name = property(lambda self: self.args[0].name)
    step = property(lambda self: self.args[1])
    shape = property(lambda self: (self.args[2], self.args[3]))

    def _sympystr(self, printer: Any) -> str:
        return f"{self.name}[{printer._print(self.step)}]"


class Numbers(Carrier):
    """``Numbers(rows, columns, *texts)``: a matrix of decimal numbers, row by row, as they are printed (``"-0.25"``)."""

    shape = property(lambda self: (self.args[0], self.args[1]))
    texts = property(lambda self: tuple(text.name for text in self.args[2:]))


class Apply(Carrier):
    """``Apply(op, rows, columns, *operands)``: a function of the language or a reduction, by the name of its op."""

    op = property(lambda self: self.args[0].name)
    shape = property(lambda self: (self.args[1], self.args[2]))
    operands = property(lambda self: self.args[3:])


class Scaled(Carrier):
    """``Scaled(s, A)``: a 1×1 quantity times a matrix."""

    scalar = property(lambda self: self.args[0])
    matrix = property(lambda self: self.args[1])
    shape = property(lambda self: self.args[1].shape)


class Broadcast(Carrier):
    """``Broadcast(s, rows, columns)``: a 1×1 quantity in every component."""

    scalar = property(lambda self: self.args[0])
    shape = property(lambda self: (self.args[1], self.args[2]))


class Quotient(Carrier):
    """``Quotient(a, b)``, element by element; either may be 1×1. ``Quotient(a, b, 1)`` is 0 where b is 0."""

    top = property(lambda self: self.args[0])
    bottom = property(lambda self: self.args[1])

    @property
    def shape(self) -> tuple[Expr, Expr]:
        a, b = self.args[0].shape, self.args[1].shape
        rows, columns = b if a == (1, 1) else a
        return rows, columns


class Concatenation(Carrier):
    """``Concatenation(axis, *parts)``: below each other for axis −2, side by side for axis −1."""

    axis = property(lambda self: int(self.args[0]))
    parts = property(lambda self: self.args[1:])

    @property
    def shape(self) -> tuple[Expr, Expr]:
        rows, columns = self.args[1].shape
        if self.axis == -2:
            return sympy.Add(*(p.shape[0] for p in self.parts)), columns
        return rows, sympy.Add(*(p.shape[1] for p in self.parts))


class Block(Carrier):
    """``Block(x, axis, start, size)``: rows or columns start+1 … start+size."""

    matrix = property(lambda self: self.args[0])
    axis = property(lambda self: int(self.args[1]))
    start = property(lambda self: self.args[2])
    length = property(lambda self: self.args[3])

    @property
    def shape(self) -> tuple[Expr, Expr]:
        rows, columns = self.args[0].shape
        return (self.args[3], columns) if self.axis == -2 else (rows, self.args[3])


class Blocks(Carrier):
    """``Blocks(m, n, *parts)``: a matrix of m × n blocks, given row by row."""

    parts = property(lambda self: self.args[2:])

    @property
    def lines(self) -> tuple[tuple[Any, ...], ...]:
        """The blocks, one tuple for each row of them."""
        across = int(self.args[1])
        return tuple(self.parts[i : i + across] for i in range(0, len(self.parts), across))

    @property
    def shape(self) -> tuple[Expr, Expr]:
        grid = self.lines
        return sympy.Add(*(line[0].shape[0] for line in grid)), sympy.Add(*(part.shape[1] for part in grid[0]))


class Power(Carrier):
    """``Power(x, n)``, element by element."""

    base = property(lambda self: self.args[0])
    exponent = property(lambda self: self.args[1])
    shape = property(lambda self: self.args[0].shape)


class Entry(Carrier):
    """``Entry(A, i, j)``: one component as a 1×1 matrix; indices count from 1, that of a dimension of one is 1."""

    matrix = property(lambda self: self.args[0])
    row = property(lambda self: self.args[1])
    column = property(lambda self: self.args[2])
    shape = property(lambda self: (Integer(1), Integer(1)))
    name = property(lambda self: self.args[0].name)
    step = property(lambda self: getattr(self.args[0], "step", None))


class IndexSum(Carrier):
    """``IndexSum(body, index, size)``: a sum over the components 1 … size."""

    body = property(lambda self: self.args[0])
    index = property(lambda self: self.args[1])
    length = property(lambda self: self.args[2])
    shape = property(lambda self: self.args[0].shape)


class Kronecker(Carrier):
    """``Kronecker(i, j)``: 1 where two indices are the same, else 0."""

    shape = property(lambda self: (Integer(1), Integer(1)))


class TimeSum(Carrier):
    """``TimeSum(body, index, first, last)``: a sum over steps."""

    body = property(lambda self: self.args[0])
    index = property(lambda self: self.args[1])
    first = property(lambda self: self.args[2])
    last = property(lambda self: self.args[3])
    shape = property(lambda self: self.args[0].shape)


class OrderedProduct(Carrier):
    """``OrderedProduct(factor, index, first, last)``: matrices with the index falling from last (on the left) to first;
    with 1 as a fifth argument it rises from first (on the left) to last. The empty product is the identity."""

    factor = property(lambda self: self.args[0])
    index = property(lambda self: self.args[1])
    first = property(lambda self: self.args[2])
    last = property(lambda self: self.args[3])
    rising = property(lambda self: len(self.args) > 4 and bool(self.args[4]))
    shape = property(lambda self: self.args[0].shape)


class Derivative(Carrier):
    """``Derivative(u, v, immediate, row)``: the Jacobian of u by v, one row for each component of u, one column for each
    of v (a matrix counts row by row). ``immediate`` is 1 for ∂⁺: through u's own step alone, other steps held fixed.
    In a cell of row vectors (``row`` is 1) it is the other way round: ``du = dv · Derivative``."""

    top = property(lambda self: self.args[0])
    bottom = property(lambda self: self.args[1])
    immediate = property(lambda self: bool(self.args[2]))
    row = property(lambda self: bool(self.args[3]))

    @property
    def shape(self) -> tuple[Expr, Expr]:
        top = sympy.Mul(*self.args[0].shape)
        bottom = sympy.Mul(*self.args[1].shape)
        return (bottom, top) if self.row else (top, bottom)


class Diagonal(Carrier):
    """``Diagonal(v)``: the square matrix with the components of v on its diagonal."""

    vector = property(lambda self: self.args[0])

    @property
    def shape(self) -> tuple[Expr, Expr]:
        length = sympy.Mul(*self.args[0].shape)
        return length, length


class Spread(Carrier):
    """``Spread(v, n)``: ``I_n ⊗ v``, n copies of v as blocks along the diagonal; ``Spread(v, n, 1)``: ``v ⊗ I_n``."""

    vector = property(lambda self: self.args[0])
    copies = property(lambda self: self.args[1])
    inner = property(lambda self: len(self.args) > 2 and bool(self.args[2]))

    @property
    def shape(self) -> tuple[Expr, Expr]:
        rows, columns = self.args[0].shape
        return self.args[1] * rows, self.args[1] * columns


class Norm(Carrier):
    """``Norm(A)``: the largest singular value; ``Norm(v, 1)``: the largest size of a component. Of a number, its size."""

    body = property(lambda self: self.args[0])
    of_components = property(lambda self: len(self.args) > 1 and bool(self.args[1]))
    shape = property(lambda self: (Integer(1), Integer(1)))


class Raised(Carrier):
    """``Raised(x, n)``: a 1×1 quantity to a power that counts steps."""

    base = property(lambda self: self.args[0])
    exponent = property(lambda self: self.args[1])
    shape = property(lambda self: (Integer(1), Integer(1)))


def blocks(grid: Sequence[Sequence[Basic]]) -> Blocks:
    """A matrix of blocks from its rows."""
    made = Blocks(len(grid), len(grid[0]), *(part for line in grid for part in line))
    assert isinstance(made, Blocks)
    return made


def total(terms: Sequence[Basic], shape: tuple[int | str, int | str]) -> Basic:
    """The sum of terms, in their order; a zero matrix if there is none."""
    flat = [part for term in terms for part in (term.args if isinstance(term, MatAdd) else (term,))]
    if not flat:
        return ZeroMatrix(size(shape[0]), size(shape[1]))
    return flat[0] if len(flat) == 1 else MatAdd(*flat)


def require_fit(expression: Basic) -> None:
    """Raises ShapeError where operands inside a matrix expression do not fit; SymPy lets named sizes pass."""
    for node in sympy.preorder_traversal(expression):
        parts = [part for part in node.args if getattr(part, "is_Matrix", False)]
        if isinstance(node, MatMul):
            fits = all(a.shape[1] == b.shape[0] for a, b in pairwise(parts))
        elif isinstance(node, MatAdd | HadamardProduct):
            fits = len({part.shape for part in parts}) == 1
        elif isinstance(node, Scaled):
            fits = node.scalar.shape == (1, 1)
        elif isinstance(node, Quotient):
            fits = len({part.shape for part in parts} - {(1, 1)}) < 2
        else:
            continue
        if not fits:
            shown = " and ".join(f"{part} ({part.shape[0]}×{part.shape[1]})" for part in parts)
            raise ShapeError(f"the shapes of {shown} do not fit together.")


def negated(term: Basic) -> Basic:
    """``−term``; a number in front is negated, not multiplied again."""
    if isinstance(term, MatMul) and term.args[0].is_Number:
        number = -term.args[0]
        return MatMul(*term.args[1:]) if number == 1 and len(term.args) > 2 else _bare(number, term.args[1:])
    return MatMul(Integer(-1), term) if not isinstance(term, MatMul) else MatMul(Integer(-1), *term.args)


def _bare(number: Expr, rest: tuple[Basic, ...]) -> Basic:
    return rest[0] if number == 1 and len(rest) == 1 else MatMul(number, *rest)


def symbol(name: str, shape: tuple[int | str, ...]) -> MatrixSymbol:
    """A parameter, or the gradient of one (``dL/dW``)."""
    return MatrixSymbol(name, size(shape[0]), size(shape[1]))


def quantity(name: str, step: Any, shape: tuple[int | str, ...]) -> Quantity:
    return Quantity(name, step, size(shape[0]), size(shape[1]))


def hadamard(*parts: Basic) -> Basic:
    """The elementwise product, flat and in order."""
    flat = [inner for part in parts for inner in (part.args if isinstance(part, HadamardProduct) else (part,))]
    return flat[0] if len(flat) == 1 else HadamardProduct(*flat)


def ones(shape: tuple[int | str, ...]) -> OneMatrix:
    return OneMatrix(size(shape[0]), size(shape[1]))
