"""One equation of a derivation: its two sides, the terms it is made of, the reason it holds, the steps it holds for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sympy

    from autorecur.graph.range import Steps
    from autorecur.symbolic.names import Notation


@dataclass(frozen=True)
class Term:
    """One summand of a right-hand side: one path by which the quantity is read.

    ``through`` is the quantity whose equation the term came through (``"o"``: the output gate's), ``offset`` its step
    relative to t (+1: the contribution comes from the next step), ``rules`` the names of the rules used, in order,
    ``steps`` the values of t for which the term exists.
    """

    expression: sympy.Basic
    through: str | None = None
    offset: int = 0
    rules: tuple[str, ...] = ()
    steps: Steps | None = None


@dataclass(frozen=True)
class Equation:
    """``lhs = rhs`` for the steps in ``steps`` (None: the equation has no free t).

    ``label`` is unique and speaks (``"dL/dh"``, ``"dL/dh@T"`` for an end condition, ``"h"``), ``number`` is its number on the
    page (``"(12)"``), ``quantity`` the key of what it gives in the language of results (``"dL/dh[t]"``, ``"dL/dW_i"``).
    ``section`` is one of ``cell``, ``names``, ``loss``, ``backward``, ``parameters``, ``inputs``, ``initial``, ``paths``.
    ``uses`` are the labels of the equations whose quantities stand on the right-hand side.
    """

    number: str
    label: str
    quantity: str
    section: str
    lhs: sympy.Basic
    terms: tuple[Term, ...]
    rule: str
    shape: tuple[int | str, int | str]
    steps: Steps | None = None
    uses: tuple[str, ...] = ()
    horizon: int | None = None
    """The T for which an expansion is written out; None: any."""
    notation: Notation | None = field(default=None, compare=False, repr=False)
    """How the names of its cell print."""
    of: str = ""
    """The label of the matrix form, of an equation that is its component form."""
    altered: bool = field(default=False, compare=False)
    """True once :meth:`Derivation.replace` has changed the right-hand side."""

    @property
    def holds_for(self) -> str:
        """The label of what the equation gives: its own, or that of its matrix form."""
        return self.of or self.label

    @property
    def rhs(self) -> sympy.Basic:
        """The sum of the terms, a SymPy object (a zero matrix if there is none)."""
        from autorecur.symbolic.carriers import total

        return total([term.expression for term in self.terms], (1, 1) if self.of else self.shape)

    def with_rhs(self, expression: sympy.Basic) -> Equation:
        steps = self.steps
        return replace(self, terms=(Term(expression, steps=steps),), altered=True)

    def latex(self) -> str:
        """``lhs = rhs`` in LaTeX, without a number."""
        from autorecur.render.latex import latex
        from autorecur.symbolic.display import compose_equation
        from autorecur.symbolic.names import DEFAULT

        return latex(compose_equation(self, self.notation or DEFAULT))

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"
