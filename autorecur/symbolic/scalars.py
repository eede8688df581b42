"""Scalar SymPy expressions in print: indices, sizes, numeric factors. ``t-1`` stays ``t-1``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy
from sympy import Basic, Expr, Symbol

from autorecur.errors import AutorecurError
from autorecur.symbolic.layout import Fraction, Ident, Layout, Num, Root, Row, Sign, Space, binary, row
from autorecur.symbolic.marks import raised
from autorecur.symbolic.names import Notation, name_layout, symbol_layout
from autorecur.symbolic.strength import ATOM, FRACTION, NEGATIVE, POSTFIX, PRODUCT, SUM, Placed, bracketed

INDICES = ("T", "t", "k", "j")
COMPONENTS = {f"#{number}": letter for number, letter in enumerate("ijlmpqrs", 1)}
"""The running indices of components, and the letters that they usually have."""


def moment(step: Expr, notation: Notation) -> Expr:
    """A step as it is counted: where the first step is 0, fixed steps such as T and 2 are one less."""
    moving = any(symbol.name in INDICES[1:] for symbol in step.free_symbols)
    return step if moving else step + (notation.first - 1)


def scalar(expression: Basic, notation: Notation) -> Placed:
    """The layout of an index, a size or a number."""
    if isinstance(expression, sympy.Number):
        return _number(expression)
    if isinstance(expression, Symbol):
        return Placed(_symbol(expression, notation), ATOM)
    if isinstance(expression, sympy.Add):
        return _sum(expression, notation)
    if isinstance(expression, sympy.Mul):
        return _product(expression, notation)
    if isinstance(expression, sympy.Pow):
        return _power(expression, notation)
    if expression is sympy.pi:
        return Placed(Ident("pi"), ATOM)
    raise AutorecurError(f"a scalar of type {type(expression).__name__} cannot be printed: {expression}")


def _symbol(x: Symbol, notation: Notation) -> Layout:
    if x.name == "T":
        return symbol_layout(notation.steps, notation)
    if x.name in COMPONENTS:
        return Ident(notation.indices.get(x.name, COMPONENTS[x.name]))
    if x.name in INDICES:
        return Ident(notation.indices.get(x.name, x.name))
    if x.name in notation.sizes:
        return symbol_layout(notation.sizes[x.name], notation)
    # A size prints as it is; a quantity of the same name is the one that gives way.
    return name_layout(x.name, replace(notation, verbatim=frozenset(), symbols={}, vectors=frozenset()))


def _number(x: Any) -> Placed:
    if x.is_Float:
        text = repr(float(x))
        return Placed(Num(text.removesuffix(".0")), ATOM) if x >= 0 else _negative(Num(text[1:].removesuffix(".0")))
    if x < 0:
        return _negative(_number(-x).layout)
    if x.is_Integer:
        return Placed(Num(str(x)), ATOM)
    return Placed(Fraction(Num(str(x.p)), Num(str(x.q))), FRACTION)


def _negative(body: Layout) -> Placed:
    return Placed(row(Sign("-"), body), NEGATIVE)


def _sum(x: Expr, notation: Notation) -> Placed:
    """Letters before numbers, positive before negative: ``t-1``, ``n_h+n_x``, ``T-k``."""
    items: list[Layout] = []
    for term in sorted(x.args, key=lambda part: _place(part)):
        negative = term.could_extract_minus_sign()
        if items:
            items.append(binary("-" if negative else "+"))
        elif negative:
            items.append(Sign("-"))
        items.append(bracketed(scalar(-term if negative else term, notation), SUM + 1))
    return Placed(row(*items), SUM)


def _place(term: Expr) -> tuple[bool, bool, int, str]:
    name = str(abs(term))
    first = INDICES.index(name) if name in INDICES else len(INDICES)
    return bool(term.is_number), bool(term.could_extract_minus_sign()), first, name


def _product(x: Expr, notation: Notation) -> Placed:
    if x.could_extract_minus_sign():
        return _negative(bracketed(scalar(-x, notation), PRODUCT))
    top, bottom = x.as_numer_denom()
    if bottom != 1:
        return Placed(Fraction(scalar(top, notation).layout, scalar(bottom, notation).layout), FRACTION)
    items: list[Layout] = []
    for part in x.args:
        layout = bracketed(scalar(part, notation), PRODUCT)
        items.extend((Space("thin"), layout) if items and not isinstance(layout, Row) else (layout,))
    return Placed(row(*items), PRODUCT)


def _power(x: Expr, notation: Notation) -> Placed:
    base, exponent = x.args
    if exponent == sympy.Rational(1, 2):
        return Placed(Root(scalar(base, notation).layout), ATOM)
    if exponent.could_extract_minus_sign():
        return Placed(Fraction(Num("1"), scalar(base**-exponent, notation).layout), FRACTION)
    return Placed(raised(bracketed(scalar(base, notation), POSTFIX), scalar(exponent, notation).layout), POSTFIX)
