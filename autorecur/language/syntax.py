"""The syntax tree of the cell language: what an author wrote, term by term, with its place in the text.

Trees are immutable; ``span`` is left out of comparison, so that two trees are equal when they say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets into the source text; the end is exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    span: Span = field(default=Span(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number(Expression):
    text: str
    """As written: ``2``, ``0.5``, ``1e-3``."""


@dataclass(frozen=True, slots=True)
class Name(Expression):
    """A parameter (``offset`` is None) or a quantity at step ``t + offset``."""

    name: str
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Absolute(Expression):
    """A quantity at a step that does not move with t: ``h[T-1]`` (counted from the end), ``x[1]``."""

    name: str
    from_end: bool
    offset: int
    part: str = field(default="", compare=False)
    """The part of the frame that it is said to belong to."""


@dataclass(frozen=True, slots=True)
class Call(Expression):
    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """``operator`` is one of ``+ - * / @``; ``*`` and ``/`` are elementwise, ``@`` is the matrix product."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Negative(Expression):
    operand: Expression


@dataclass(frozen=True, slots=True)
class Transpose(Expression):
    operand: Expression


@dataclass(frozen=True, slots=True)
class Power(Expression):
    """Elementwise, with a whole-number exponent."""

    operand: Expression
    exponent: int


@dataclass(frozen=True, slots=True)
class Stack(Expression):
    """``[h[t-1], x[t]]``: components one after the other (below each other in columns, side by side in rows)."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One equation ``name[t] = expression``, with the names of its quantity per language (``{"en": "output gate"}``)."""

    name: str
    expression: Expression
    titles: dict[str, str]
    line: int = field(compare=False)
    span: Span = field(default=Span(0, 0), compare=False, repr=False)
    """The span of the left-hand side."""
