"""How each function of the language, and each function that a derivative brings in, looks in print."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sympy import Basic
from sympy.matrices.expressions import HadamardProduct, MatAdd, OneMatrix

from autorecur.ops.open import PRIME, is_open
from autorecur.symbolic import carriers as c
from autorecur.symbolic import scalars
from autorecur.symbolic.layout import (
    Fence,
    Fraction,
    Function,
    Ident,
    Layout,
    Num,
    Root,
    Script,
    Sign,
    Space,
    relation,
    row,
)
from autorecur.symbolic.layout import binary as operator
from autorecur.symbolic.marks import raised, transposed
from autorecur.symbolic.strength import ATOM, FRACTION, HADAMARD, NEGATIVE, POSTFIX, PRODUCT, SUM, Placed, bracketed

if TYPE_CHECKING:
    from autorecur.symbolic.compose import Composer

THIN = Space("thin")
Rule = Callable[["Composer", Any], Placed]
SquareRule = Callable[["Composer", Any, Basic], Placed]


PLAIN = (
    "sigmoid",
    "tanh",
    "softplus",
    "softsign",
    "exp",
    "log",
    "sin",
    "cos",
    "erf",
    "softmax",
    "logsumexp",
    "mean",
    "sign",
)
"""Functions that are printed under their own name."""
NAMES = {
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "silu": "SiLU",
    "gelu": "GELU",
    "maximum": "max",
    "minimum": "min",
    "normal_cdf": "Phi",
    "normal_pdf": "phi",
}


def applied(composer: Composer, x: c.Apply) -> Placed:
    """``name(x, …)``, upright; one Greek letter for the functions that the notation writes so."""
    return Placed(row(head(composer, x.op), Fence(_listed(composer, x), "round", 1)), ATOM)


def head(composer: Composer, op: str) -> Layout:
    """The sign of a function, without what it is applied to."""
    if is_open(op):
        return _open_head(composer, op)
    letter = composer.notation.letters.get(op)
    return Ident(letter) if letter else Function(NAMES.get(op, op))


def _open_head(composer: Composer, op: str) -> Layout:
    """The name of an open function, with a prime for each derivative."""
    base = op.rstrip(PRIME)
    name = composer.name(base)
    primes = len(op) - len(base)
    return raised(name, row(*[Sign("prime")] * primes)) if primes else name


def _listed(composer: Composer, x: c.Apply) -> Layout:
    items: list[Layout] = []
    for operand in x.operands:
        items.extend((Sign(",", "punct"), composer(operand)) if items else (composer(operand),))
    return row(*items)


def _root(composer: Composer, x: c.Apply) -> Placed:
    return Placed(Root(composer(x.operands[0])), ATOM)


def _fenced(kind: str) -> Rule:
    def rule(composer: Composer, x: c.Apply) -> Placed:
        return Placed(Fence(composer(x.operands[0]), kind, 1), ATOM)

    return rule


def _log1p(composer: Composer, x: c.Apply) -> Placed:
    inner = row(Num("1"), operator("+"), composer.summand(x.operands[0]))
    return Placed(row(Function("log"), Fence(inner, "round", 1)), ATOM)


def _expm1(composer: Composer, x: c.Apply) -> Placed:
    power = row(Function("exp"), Fence(composer(x.operands[0]), "round", 1))
    return Placed(row(power, operator("-"), Num("1")), SUM)


def _indicator(sign: str) -> Rule:
    """1 where the condition holds, 0 elsewhere, in each component."""

    def rule(composer: Composer, x: c.Apply) -> Placed:
        right = composer(x.operands[1]) if len(x.operands) > 1 else Num("0")
        condition = row(composer(x.operands[0]), relation(sign), right)
        return Placed(Script(Ident("1", "blackboard"), condition), ATOM)

    return rule


def _step(composer: Composer, x: c.Apply) -> Placed:
    """``𝟏_{a > b}`` reads better than ``𝟏_{a − b > 0}``."""
    (inside,) = x.operands
    if isinstance(inside, MatAdd) and len(inside.args) == 2:
        from autorecur.symbolic.compose import signed

        negative, rest = signed(inside.args[1])
        if negative:
            condition = row(composer(inside.args[0]), relation(">"), composer(rest))
            return Placed(Script(Ident("1", "blackboard"), condition), ATOM)
    return _indicator(">")(composer, x)


def inner(composer: Composer, a: Basic, b: Basic) -> Placed | None:
    """The sum of the products of components: ``aᵀ b`` in columns, ``a bᵀ`` in rows; None for matrices."""
    rows, columns = a.shape
    if (rows, columns) == (1, 1):
        return Placed(row(composer.within(a, FRACTION), THIN, composer.within(b, FRACTION)), PRODUCT)
    if columns == 1:
        left = transposed(composer.within(a, ATOM), composer.notation)
        return Placed(row(left, THIN, composer.within(b, FRACTION)), PRODUCT)
    if rows == 1:
        right = transposed(composer.within(b, ATOM), composer.notation)
        return Placed(row(composer.within(a, FRACTION), THIN, right), PRODUCT)
    return None


def _total(composer: Composer, x: c.Apply) -> Placed:
    (operand,) = x.operands
    if isinstance(operand, HadamardProduct) and len(operand.args) == 2:
        found = inner(composer, *operand.args)
        if found is not None:
            return found
    return applied(composer, x)


def _norm_squared(composer: Composer, base: Basic) -> Layout:
    if base.shape == (1, 1):
        return raised(composer.within(base, ATOM), Num("2"))
    return Script(Fence(composer(base), "norm", 1), None, Num("2"))


def _sum_of_squares(composer: Composer, x: c.Apply, base: Basic) -> Placed:
    return Placed(_norm_squared(composer, base), POSTFIX)


def _mean_of_squares(composer: Composer, x: c.Apply, base: Basic) -> Placed:
    if base.shape == (1, 1):
        return _sum_of_squares(composer, x, base)
    count = scalars.scalar(base.shape[0] * base.shape[1], composer.notation).layout
    return Placed(row(Fraction(Num("1"), count), THIN, _norm_squared(composer, base)), PRODUCT)


def _cross_entropy(composer: Composer, x: c.Apply) -> Placed:
    """``−yᵀ log softmax(z)``."""
    logits, target = x.operands
    logarithm = Placed(
        row(Function("log"), Function("softmax"), Fence(composer(logits), "round", 1)),
        HADAMARD,
    )  # fmt: skip
    return Placed(row(Sign("-"), _weighted(composer, target, logarithm)), NEGATIVE)


def _binary_cross_entropy(composer: Composer, x: c.Apply) -> Placed:
    """``−(yᵀ log σ(z) + (1−y)ᵀ log(1−σ(z)))``."""
    logits, target = x.operands
    sigma = row(head(composer, "sigmoid"), Fence(composer(logits), "round", 1))
    first = Placed(row(Function("log"), sigma), HADAMARD)
    rest = row(Function("log"), Fence(row(Num("1"), operator("-"), sigma), "round", 1))
    other = MatAdd(OneMatrix(*target.shape), c.negated(target))
    both = row(_weighted(composer, target, first), operator("+"), _weighted(composer, other, Placed(rest, HADAMARD)))
    return Placed(row(Sign("-"), Fence(both, "round", 1)), NEGATIVE)


def _weighted(composer: Composer, weight: Basic, logarithm: Placed) -> Layout:
    """Σ weight · logarithm; the logarithm is a function's value, so it needs no brackets at the end of a product."""
    rows, columns = weight.shape
    if (rows, columns) == (1, 1):
        return row(composer.within(weight, FRACTION), THIN, logarithm.layout)
    if columns == 1:
        return row(transposed(composer.within(weight, ATOM), composer.notation), THIN, logarithm.layout)
    if rows == 1:
        right = transposed(composer.within(weight, ATOM), composer.notation)
        return row(bracketed(logarithm, PRODUCT), THIN, right)
    body = row(composer.within(weight, FRACTION), operator(composer.notation.hadamard), logarithm.layout)
    return row(Function("sum"), Fence(body, "round", 1))


FUNCTIONS: dict[str, Rule] = {
    **dict.fromkeys((*PLAIN, *NAMES, "max"), applied),
    "sum": _total,
    "sqrt": _root,
    "abs": _fenced("bar"),
    "norm": _fenced("norm"),
    "log1p": _log1p,
    "expm1": _expm1,
    "heaviside": _step,
    "half_step": _step,
    "equal": _indicator("="),
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
}
SQUARED: dict[str, SquareRule] = {"sum": _sum_of_squares, "mean": _mean_of_squares}
"""Reductions of a square have a form of their own."""
