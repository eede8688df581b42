"""Values of scalar formulas, elementwise on arrays: of complex numbers, or of mpmath numbers with many digits.

SymPy's ``lambdify`` would do, at the price of importing all of NumPy's and SciPy's names first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import mpmath
import numpy as np
import sympy
from sympy.core.relational import Relational

from autorecur.errors import AutorecurError

Array = Any
_NAMES = {sympy.exp: "exp", sympy.log: "log", sympy.tanh: "tanh", sympy.sin: "sin", sympy.cos: "cos", sympy.erf: "erf"}


class Arithmetic:
    """Double precision, real or complex."""

    def constant(self, number: sympy.Expr) -> Any:
        return float(number)

    def function(self, kind: type) -> Callable[[Array], Array]:
        if kind is sympy.erf:
            import scipy.special

            erf: Callable[[Array], Array] = scipy.special.erf
            return erf
        found: Callable[[Array], Array] = getattr(np, _NAMES[kind])
        return found


class ManyDigits(Arithmetic):
    """mpmath numbers in arrays of objects, with the digits that mpmath works with at the time."""

    def constant(self, number: sympy.Expr) -> Any:
        return number._to_mpmath(mpmath.mp.prec)

    def function(self, kind: type) -> Callable[[Array], Array]:
        each: Callable[[Array], Array] = np.frompyfunc(getattr(mpmath, _NAMES[kind]), 1, 1)
        return each


def value(expression: sympy.Basic, known: Mapping[sympy.Symbol, Array], arithmetic: Arithmetic) -> Array:
    """The formula's value; formulas are a few levels deep, so this may recurse."""
    if expression.is_number:
        return arithmetic.constant(expression)
    if isinstance(expression, sympy.Symbol):
        return known[expression]
    if isinstance(expression, sympy.Piecewise):
        return _piecewise(expression.args, known, arithmetic)
    parts = [value(part, known, arithmetic) for part in expression.args]
    if isinstance(expression, sympy.Add):
        return reduce(np.add, parts)
    if isinstance(expression, sympy.Mul):
        return reduce(np.multiply, parts)
    if isinstance(expression, sympy.Pow):
        exponent = expression.args[1]
        return parts[0] ** (int(exponent) if exponent.is_Integer else parts[1])
    if expression.func in _NAMES:
        return arithmetic.function(expression.func)(parts[0])
    raise AutorecurError(f"the formula {expression} holds {expression.func}, which has no numbers here")


def _piecewise(branches: Sequence[Any], known: Mapping[sympy.Symbol, Array], arithmetic: Arithmetic) -> Array:
    result: Array = np.nan
    for branch, condition in reversed(branches):
        here = value(branch, known, arithmetic)
        result = here if condition == True else np.where(_holds(condition, known, arithmetic), here, result)  # noqa: E712
    return result


def _holds(condition: Relational, known: Mapping[sympy.Symbol, Array], arithmetic: Arithmetic) -> Array:
    left, right = (np.real(value(side, known, arithmetic)) for side in condition.args)
    compare = {">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal}[condition.rel_op]
    return np.asarray(compare(left, right), dtype=bool)
