"""Numbers from the very objects that are typeset: an evaluator of SymPy matrix expressions, batch in front.

Values of functions come from the op table for floats; for complex numbers and for many digits they come from the
symbolic form of the op, so that one check does not trust another's kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache, reduce
from typing import Any

import numpy as np
import sympy
from sympy import Basic, Expr, Symbol
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
from autorecur.graph.program import Array, Compute, Index, Kernels, Values, real
from autorecur.ops import TABLE, Op, op_named
from autorecur.ops.open import OpenOp, derivative, function_of
from autorecur.ops.reductions import COMPONENTS
from autorecur.symbolic import carriers as c
from autorecur.symbolic.formulas import Arithmetic, ManyDigits, value

EXACT_DIGITS = 30
"""Of what is no fraction, where fractions are asked for."""


class MissingValueError(AutorecurError):
    """An expression reads a quantity at a step at which it does not exist."""


@cache
def complex_kernel(op: Op) -> Callable[..., Array]:
    """The op for complex numbers: by its formula, by its definition, or, where it has branches, by its kernel."""
    if isinstance(op, OpenOp):
        return _open_kernel(op, complex_kernel)
    if op.kink is not None or (op.formula is None and op.definition is None):
        return op.kernel
    if op.definition is not None:
        return defined(op, complex_kernel)
    return _formula_kernel(op, Arithmetic())


@cache
def precise_kernel(op: Op) -> Callable[..., Array]:
    """The op for arrays of mpmath numbers."""
    if isinstance(op, OpenOp):
        return _open_kernel(op, precise_kernel)
    if op.definition is not None:
        return defined(op, precise_kernel)
    if op.formula is None:
        return op.kernel
    return _formula_kernel(op, ManyDigits())


def _open_kernel(op: OpenOp, kernels: Kernels) -> Callable[..., Array]:
    """An open function in one arithmetic; its derivatives are read at real points alone."""

    def kernel(x: Array) -> Array:
        function = function_of(op.base)
        return kernels(function)(x) if op.order == 0 else derivative(function, op.order, x)

    return kernel


def _formula_kernel(op: Op, arithmetic: Arithmetic) -> Callable[..., Array]:
    symbols = sympy.symbols(f"x:{op.arity}")

    def kernel(*arrays: Array, **attributes: Any) -> Array:
        formula = op.formula(sympy, *symbols, **attributes)  # type: ignore[misc]
        return value(formula, dict(zip(symbols, arrays, strict=True)), arithmetic)

    return kernel


class _Traced:
    """An array that sends each op of a definition to the kernels of one arithmetic."""

    __array_ufunc__ = None

    def __init__(self, array: Array, kernels: Kernels) -> None:
        self.array, self.kernels = array, kernels
        self.shape = np.shape(array)

    def __autorecur_apply__(self, op: Op, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> _Traced:
        arrays = (value.array if isinstance(value, _Traced) else value for value in inputs)
        return _Traced(self.kernels(op)(*arrays, **attributes), self.kernels)

    def _binary(self, name: str, *pair: Any) -> _Traced:
        return self.__autorecur_apply__(TABLE[name], pair, {})

    def __add__(self, other: Any) -> _Traced:
        return self._binary("add", self, other)

    def __sub__(self, other: Any) -> _Traced:
        return self._binary("subtract", self, other)

    def __mul__(self, other: Any) -> _Traced:
        return self._binary("multiply", self, other)

    def __truediv__(self, other: Any) -> _Traced:
        return self._binary("divide", self, other)


def defined(op: Op, kernels: Kernels) -> Callable[..., Array]:
    """An op run through its definition in other ops."""
    definition = op.definition
    assert definition is not None

    def kernel(*arrays: Array, **attributes: Any) -> Array:
        return definition(*(_Traced(a, kernels) for a in arrays), **attributes).array

    return kernel


def number(expression: Expr, index: Index, sizes: Mapping[str, int]) -> float:
    """The value of a scalar SymPy expression: an index, a size, a factor."""
    known = {**sizes, **index}
    values = {symbol: known[symbol.name] for symbol in expression.free_symbols if symbol.name in known}
    return float(expression.subs(values)) if values else float(expression)


def fraction(expression: Expr, index: Index, sizes: Mapping[str, int]) -> Fraction:
    """The same without rounding; what is no fraction, such as π, to thirty digits."""
    known = {**sizes, **index}
    found = expression.subs({s: known[s.name] for s in expression.free_symbols if s.name in known})
    if found.is_Rational:
        return Fraction(int(found.p), int(found.q))
    return Fraction(str(sympy.N(found, EXACT_DIGITS)))


def whole(expression: Expr) -> Callable[[Index], int]:
    """A step such as t−1, as a fast function of the indices."""
    if expression.is_Integer:
        fixed = int(expression)
        return lambda index: fixed
    constant, rest = expression.as_coeff_Add()
    if isinstance(rest, Symbol):
        name, offset = rest.name, int(constant)
        return lambda index: index[name] + offset
    return lambda index: int(number(expression, index, {}))


class Evaluator:
    """Compiles expressions for known sizes into functions of (values, index).

    With ``exact`` the numbers are fractions: sums and products round nothing, and ``kernels`` decide what functions give."""

    def __init__(self, sizes: Mapping[str, int], kernels: Kernels = real, exact: bool = False) -> None:
        self.sizes = sizes
        self.kernels = kernels
        self.exact = exact
        self.number: Callable[[Expr, Index, Mapping[str, int]], Any] = fraction if exact else number

    def filled(self, x: Any, value: int) -> Array:
        """The shape of ``x`` with one value in every component."""
        shape = (self.size(x.shape[0]), self.size(x.shape[1]))
        return np.full(shape, Fraction(value), object) if self.exact else np.full(shape, float(value))

    def compile(self, expression: Basic) -> Compute:
        for kind in type(expression).__mro__:
            rule = _RULES.get(kind)
            if rule is not None:
                return rule(self, expression)
        raise AutorecurError(f"an expression of type {type(expression).__name__} cannot be evaluated: {expression}")

    def size(self, expression: Expr) -> int:
        return int(number(expression, {}, self.sizes))

    def parts(self, expression: Basic) -> list[Compute]:
        return [self.compile(part) for part in expression.args]


def _quantity(e: Evaluator, x: c.Quantity) -> Compute:
    name, step = x.name, whole(x.step)

    def compute(values: Values, index: Index) -> Array:
        try:
            return values.quantities[name, step(index)]
        except KeyError:
            raise _missing(x, index) from None

    return compute


def _symbol(e: Evaluator, x: MatrixSymbol) -> Compute:
    name = x.name

    def compute(values: Values, index: Index) -> Array:
        try:
            return values.parameters[name]
        except KeyError:
            raise _missing(x, index) from None

    return compute


def _missing(x: Basic, index: Index) -> MissingValueError:
    where = ", ".join(f"{name} = {step}" for name, step in index.items())
    return MissingValueError(f"{x} has no value where {where}.")


def _numbers(e: Evaluator, x: c.Numbers) -> Compute:
    read = Fraction if e.exact else float
    array = np.array([read(text) for text in x.texts], dtype=object if e.exact else float)
    array = array.reshape(e.size(x.shape[0]), e.size(x.shape[1]))
    return lambda values, index: array


def _matmul(e: Evaluator, x: MatMul) -> Compute:
    factors = [part for part in x.args if not getattr(part, "is_Matrix", False)]
    matrices = [e.compile(part) for part in x.args if getattr(part, "is_Matrix", False)]
    scale = sympy.Mul(*factors)
    moving = any(symbol.name not in e.sizes for symbol in scale.free_symbols)
    fixed = None if moving else e.number(scale, {}, e.sizes)

    def compute(values: Values, index: Index) -> Array:
        result = reduce(np.matmul, [matrix(values, index) for matrix in matrices])
        if fixed == 1:
            return result
        return (e.number(scale, index, e.sizes) if fixed is None else fixed) * result

    return compute


def _fold(function: Callable[[Array, Array], Array]) -> Callable[[Evaluator, Basic], Compute]:
    def rule(e: Evaluator, x: Basic) -> Compute:
        parts = e.parts(x)
        return lambda values, index: reduce(function, [part(values, index) for part in parts])

    return rule


def _transpose(e: Evaluator, x: Transpose) -> Compute:
    inner = e.compile(x.arg)
    return lambda values, index: np.swapaxes(inner(values, index), -2, -1)


def _filled(value: int) -> Callable[[Evaluator, Basic], Compute]:
    def rule(e: Evaluator, x: Any) -> Compute:
        array = e.filled(x, value)
        return lambda values, index: array

    return rule


def _identity(e: Evaluator, x: Identity) -> Compute:
    array = np.eye(e.size(x.shape[0]))
    return lambda values, index: array


def _apply(e: Evaluator, x: c.Apply) -> Compute:
    op = op_named(x.op)
    kernel = e.kernels(op)
    operands = [e.compile(part) for part in x.operands]
    joined = {"axis": COMPONENTS} if op.kind in ("reduction", "componentwise", "loss") else {}
    return lambda values, index: kernel(*(part(values, index) for part in operands), **joined)


def _scaled(e: Evaluator, x: c.Scaled) -> Compute:
    scalar, matrix = e.parts(x)
    return lambda values, index: scalar(values, index) * matrix(values, index)


def _broadcast(e: Evaluator, x: c.Broadcast) -> Compute:
    inner = e.compile(x.scalar)
    ones = e.filled(x, 1)
    return lambda values, index: inner(values, index) * ones


def _quotient(e: Evaluator, x: c.Quotient) -> Compute:
    top, bottom = e.compile(x.top), e.compile(x.bottom)
    kernel = TABLE["ratio" if len(x.args) > 2 else "divide"].kernel
    return lambda values, index: kernel(top(values, index), bottom(values, index))


def _concatenation(e: Evaluator, x: c.Concatenation) -> Compute:
    parts, axis = [e.compile(part) for part in x.parts], x.axis
    kernel = TABLE["concatenate"].kernel
    return lambda values, index: kernel(*(part(values, index) for part in parts), axis=axis)


def _block(e: Evaluator, x: c.Block) -> Compute:
    inner, kernel = e.compile(x.matrix), TABLE["block"].kernel
    where = {"axis": x.axis, "start": e.size(x.start), "size": e.size(x.length)}
    return lambda values, index: kernel(inner(values, index), **where)


def _blocks(e: Evaluator, x: c.Blocks) -> Compute:
    lines = [[e.compile(part) for part in line] for line in x.lines]
    joined = TABLE["concatenate"].kernel

    def compute(values: Values, index: Index) -> Array:
        return joined(*(joined(*(part(values, index) for part in line), axis=-1) for line in lines), axis=-2)

    return compute


def _power(e: Evaluator, x: Any) -> Compute:
    base, exponent = e.compile(x.args[0]), int(x.args[1])
    return lambda values, index: base(values, index) ** exponent


def _over(index_name: str, first: Callable[[Index], int], last: Callable[[Index], int], body: Compute) -> Any:
    def each(values: Values, index: Index) -> list[Array]:
        return [body(values, {**index, index_name: step}) for step in range(first(index), last(index) + 1)]

    return each


def _time_sum(e: Evaluator, x: c.TimeSum) -> Compute:
    each = _over(x.index.name, whole(x.first), whole(x.last), e.compile(x.body))
    zero = np.zeros((e.size(x.shape[0]), e.size(x.shape[1])))
    return lambda values, index: reduce(np.add, each(values, index), zero)


def _place(e: Evaluator, place: Expr) -> Callable[[Index], int]:
    """A component's index, counted from 0: a running index, with sizes added to it."""
    sizes = {symbol: e.sizes[symbol.name] for symbol in place.free_symbols if symbol.name in e.sizes}
    return whole(place.subs(sizes) - 1)


def _entry(e: Evaluator, x: c.Entry) -> Compute:
    inner, row, column = e.compile(x.matrix), _place(e, x.row), _place(e, x.column)

    def compute(values: Values, index: Index) -> Array:
        i, j = row(index), column(index)
        return inner(values, index)[..., i : i + 1, j : j + 1]

    return compute


def _index_sum(e: Evaluator, x: c.IndexSum) -> Compute:
    size = e.size(x.length)
    each = _over(x.index.name, lambda index: 1, lambda index: size, e.compile(x.body))
    return lambda values, index: reduce(np.add, each(values, index), np.zeros((1, 1)))


def _kronecker(e: Evaluator, x: c.Kronecker) -> Compute:
    first, second = (_place(e, place) for place in x.args)
    return lambda values, index: np.full((1, 1), float(first(index) == second(index)))


def _ordered_product(e: Evaluator, x: c.OrderedProduct) -> Compute:
    each = _over(x.index.name, whole(x.first), whole(x.last), e.compile(x.factor))
    one = np.eye(e.size(x.shape[0]))
    rising = x.rising

    def compute(values: Values, index: Index) -> Array:
        parts = each(values, index)
        return reduce(np.matmul, parts if rising else parts[::-1], one)

    return compute


def _derivative(e: Evaluator, x: c.Derivative) -> Compute:
    def compute(values: Values, index: Index) -> Array:
        if values.jacobian is None:
            raise MissingValueError(f"no value is known for {x}")
        try:
            return values.jacobian(x, index)
        except KeyError:
            raise _missing(x, index) from None

    return compute


def _diagonal(e: Evaluator, x: c.Diagonal) -> Compute:
    inner = e.compile(x.vector)
    length = e.size(x.shape[0])

    def compute(values: Values, index: Index) -> Array:
        vector = inner(values, index)
        return vector.reshape((*vector.shape[:-2], length, 1)) * np.eye(length)

    return compute


def _spread(e: Evaluator, x: c.Spread) -> Compute:
    inner = e.compile(x.vector)
    copies = e.size(x.copies)
    blocks_inside = x.inner

    def compute(values: Values, index: Index) -> Array:
        block = inner(values, index)
        rows, columns = block.shape[-2:]
        one = np.eye(copies)
        if blocks_inside:
            spread = block[..., :, None, :, None] * one[None, :, None, :]
        else:
            spread = one[:, None, :, None] * block[..., None, :, None, :]
        return spread.reshape((*block.shape[:-2], copies * rows, copies * columns))

    return compute


def _norm(e: Evaluator, x: c.Norm) -> Compute:
    inner, of_components = e.compile(x.body), x.of_components

    def compute(values: Values, index: Index) -> Array:
        array = inner(values, index)
        if of_components or array.shape[-2:] == (1, 1):
            found = np.max(np.abs(array), axis=(-2, -1))
        else:
            found = np.linalg.svd(array, compute_uv=False)[..., 0]
        return found[..., None, None]

    return compute


def _raised(e: Evaluator, x: c.Raised) -> Compute:
    base, exponent = e.compile(x.base), x.exponent
    return lambda values, index: base(values, index) ** number(exponent, index, e.sizes)


_RULES: dict[type, Callable[[Evaluator, Any], Compute]] = {
    c.Quantity: _quantity,
    MatrixSymbol: _symbol,
    c.Numbers: _numbers,
    MatMul: _matmul,
    MatAdd: _fold(np.add),
    HadamardProduct: _fold(np.multiply),
    HadamardPower: _power,
    Transpose: _transpose,
    OneMatrix: _filled(1),
    ZeroMatrix: _filled(0),
    Identity: _identity,
    c.Apply: _apply,
    c.Scaled: _scaled,
    c.Broadcast: _broadcast,
    c.Quotient: _quotient,
    c.Concatenation: _concatenation,
    c.Block: _block,
    c.Blocks: _blocks,
    c.Power: _power,
    c.Entry: _entry,
    c.IndexSum: _index_sum,
    c.Kronecker: _kronecker,
    c.TimeSum: _time_sum,
    c.OrderedProduct: _ordered_product,
    c.Derivative: _derivative,
    c.Diagonal: _diagonal,
    c.Spread: _spread,
    c.Norm: _norm,
    c.Raised: _raised,
}
