r"""Formulas inside the catalogue of words, such as ``\bar v_t = W^\top \bar u``, read into layouts.

The notation is the part of LaTeX that prose needs: letters, scripts, groups, ``\frac{}{}``, ``\sum_{}^{}``, accents, named
signs and functions. Every sign that a notation chooses is taken from it: ``\adj{v}`` is the adjoint of v, ``\steps`` the number
of steps, ``\first`` and ``\last`` the first and the last of them, a subscript t is a mark of time, ``\top`` above a symbol the
transpose, ``\join{u, v}`` a concatenation, and ``\partial``, ``\odot``, ``L`` and ``\ell`` are what the notation makes of them.
``@name`` is a layout that the caller passes in. Whatever is unknown is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sympy import Expr, Integer

from autorecur.errors import RenderError
from autorecur.symbolic import carriers as c
from autorecur.symbolic.layout import (
    Accent,
    Big,
    Bold,
    Fence,
    Fraction,
    Function,
    Ident,
    Layout,
    Num,
    Root,
    Row,
    Script,
    Sign,
    Space,
    Words,
    row,
)
from autorecur.symbolic.marks import ACCENTED, differential, immediate_mark, joined, raised, timed, transposed
from autorecur.symbolic.names import Notation, adjoint_layout, symbol_layout
from autorecur.symbolic.scalars import moment, scalar
from autorecur.symbolic.spelling import GREEK

TIME = Ident("t")
VECTORS = frozenset("uvpqz")
"""Letters that stand for any vector in the catalogue."""
_TOKEN = re.compile(r"\s*(\\[A-Za-z]+|\\.|@[a-z_]+|\d+(?:\.\d+)?|[A-Za-z]|[^\s])")
_BINARY = ("+", "-", "odot", "otimes", "cdot", "times", "circ")
_RELATIONS = ("=", "<", ">", "le", "ge", "ne", "in", "gets", "to", "approx")
_ORDINARY = ("top", "infty", "cdots", "ldots", "prime", "dots", "sum")
_PUNCTUATION = (",", ";")
_ACCENTS = ("bar", "hat", "tilde", "vec")
_FUNCTIONS = ("tanh", "exp", "log", "max", "min", "diag", "softmax", "sin", "cos", "erf", "sum", "logsumexp", "sign")
_SPACES = {"\\,": "thin", "\\;": "thick", "\\quad": "quad", "\\qquad": "wide"}
_FENCES = {"(": (")", "round"), "[": ("]", "square"), "\\norm": ("\\endnorm", "norm"), "\\abs": ("\\endabs", "bar")}


def formula(text: str, notation: Notation, fields: Mapping[str, Layout] | None = None) -> Layout:
    """The layout of a formula."""
    return _Reader(text, notation, fields or {}).whole()


@dataclass
class _Reader:
    text: str
    notation: Notation
    fields: Mapping[str, Layout]
    position: int = 0

    def whole(self) -> Layout:
        items = self.items(stop=None)
        return row(*items)

    def peek(self) -> str | None:
        found = _TOKEN.match(self.text, self.position)
        return found[1] if found else None

    def take(self) -> str:
        found = _TOKEN.match(self.text, self.position)
        if found is None:
            raise self.error("the formula ends too early")
        self.position = found.end()
        return found[1]

    def error(self, what: str) -> RenderError:
        return RenderError(f"{what} in the formula {self.text!r} at {self.text[self.position :]!r}")

    def items(self, stop: str | None) -> list[Layout]:
        items: list[Layout] = []
        while (token := self.peek()) is not None:
            if token == stop:
                self.take()
                return items
            items.append(self.scripted(first=not items or _is_operator(items[-1])))
        if stop is not None:
            raise self.error(f"{stop!r} is missing")
        return items

    def scripted(self, first: bool = False) -> Layout:
        """An atom with what stands below and above it."""
        adjoint = self.peek() == "\\adj"
        if adjoint:
            self.take()
        base = self.group() if adjoint else self.atom(first)
        lower, upper = None, None
        while self.peek() in ("_", "^", "'"):
            mark = self.take()
            if mark == "_":
                lower = self.group()
            elif mark == "^":
                upper = self.group()
            else:
                upper = Sign("prime")
        if isinstance(base, Big):
            return Big(base.name, lower, upper)
        if adjoint:
            base, lower = self.adjoint_of(base, lower), None
        elif lower == TIME:
            base, lower = timed(self.bold(base), [], [], lower, self.notation.time), None
        elif lower is None:
            base = self.bold(base)
        if upper == Sign("top"):
            return transposed(_bracketed(base, self.notation) if adjoint else base, self.notation)
        if lower is not None:
            return Script(base, lower, upper)
        return base if upper is None else raised(base, upper)

    def adjoint_of(self, base: Layout, lower: Layout | None) -> Layout:
        """An adjoint with its subscript; components of vectors are no vectors."""
        if lower is None or lower == TIME:
            return adjoint_layout(self.bold(base), [], [], self.notation, lower)
        return adjoint_layout(base, [lower], [], self.notation, None)

    def bold(self, base: Layout) -> Layout:
        """The letters that stand for vectors in the catalogue, where the notation sets vectors in bold."""
        if self.notation.vectors and isinstance(base, Ident) and base.style == "italic" and base.text in VECTORS:
            return Ident(base.text, "bold")
        return base

    def group(self) -> Layout:
        if self.peek() == "{":
            self.take()
            return row(*self.items("}"))
        return self.scripted(first=True) if self.peek() == "\\adj" else self.atom(first=True)

    def atom(self, first: bool = False) -> Layout:
        token = self.take()
        if token in _FENCES:
            closer, kind = _FENCES[token]
            return Fence(row(*self.items(closer)), kind, 1)
        if token == "{":
            return row(*self.items("}"))
        if token[0] == "@":
            return self.field(token[1:])
        if token in _SPACES:
            return Space(_SPACES[token])
        if token[0] == "\\":
            return self.command(token[1:])
        if token.isalpha():
            if token == "L":
                return self.notation.total_loss
            return Ident(self.notation.indices.get("k", "k") if token == "k" else token)
        if token[0].isdigit():
            return Num(token)
        return self.sign(token, first)

    def field(self, name: str) -> Layout:
        if name not in self.fields:
            raise self.error(f"the field @{name} is missing")
        return self.fields[name]

    def command(self, name: str) -> Layout:
        special = _SPECIAL.get(name)
        if special is not None:
            return special(self)
        if name in _ACCENTS:
            return Accent(name, self.group())
        if name == "ell":
            return symbol_layout(self.notation.loss, self.notation)
        if name in GREEK or name in ("varphi", "varepsilon"):
            return Ident(name)
        if name in _FUNCTIONS and name != "sum":
            return Function(name)
        return self.sign(name, False)

    def sign(self, name: str, first: bool) -> Layout:
        if name in _BINARY:
            name = self.notation.hadamard if name == "odot" else name
            return Sign(name) if first and name in "+-" else Sign(name, "binary")
        if name in _RELATIONS:
            return Sign(name, "relation")
        if name in _PUNCTUATION:
            return Sign(name, "punct")
        if name == "partial":
            return differential(self.notation)
        if name in _ORDINARY or name in ("|", ":", ".", "/", "*", "!"):
            return Sign(name)
        raise self.error(f"the sign {name!r} is unknown")


def _is_operator(layout: Layout) -> bool:
    return isinstance(layout, Sign) and layout.kind in ("binary", "relation", "punct")


def _bracketed(adjoint: Layout, notation: Notation) -> Layout:
    """A mark that stands before the symbol asks for brackets before the whole is transposed."""
    return adjoint if notation.adjoint in ACCENTED else Fence(adjoint, "round", 1)


def _join(reader: _Reader) -> Layout:
    inside = reader.group()
    items = inside.items if isinstance(inside, Row) else (inside,)
    return joined([item for item in items if item != Sign(",", "punct")], reader.notation)


def _moment(step: Expr) -> Callable[[_Reader], Layout]:
    return lambda reader: scalar(moment(step, reader.notation), reader.notation).layout


def _fraction(reader: _Reader) -> Layout:
    top = reader.group()
    return Fraction(top, reader.group())


def _immediate(reader: _Reader) -> Layout:
    return immediate_mark(reader.notation, Ident(reader.notation.indices.get("k", "k")))


def _words(reader: _Reader) -> Layout:
    """``\\text{…}``: taken as it stands up to the closing brace."""
    close = reader.text.index("}", reader.position)
    start = reader.text.index("{", reader.position) + 1
    reader.position = close + 1
    return Words(reader.text[start:close])


def _sigmoid(reader: _Reader) -> Layout:
    letter = reader.notation.letters.get("sigmoid")
    return Ident(letter) if letter else Function("sigmoid")


_SPECIAL: dict[str, Callable[[_Reader], Layout]] = {
    "join": _join,
    "first": _moment(Integer(1)),
    "last": _moment(c.T),
    "frac": _fraction,
    "sum": lambda reader: Big("sum"),
    "prod": lambda reader: Big("prod"),
    "sqrt": lambda reader: Root(reader.group()),
    "bold": lambda reader: Bold(reader.group()),
    "one": lambda reader: Ident("1", "bold"),
    "indicator": lambda reader: Ident("1", "blackboard"),
    "R": lambda reader: Ident("R", "blackboard"),
    "fn": lambda reader: Function(_plain(reader.group())),
    "steps": lambda reader: symbol_layout(reader.notation.steps, reader.notation),
    "dplus": _immediate,
    "text": _words,
    "sigmoid": _sigmoid,
}


def _plain(layout: Layout) -> str:
    """The letters of a group as one name."""
    if isinstance(layout, Ident):
        return layout.text
    if isinstance(layout, Row):
        return "".join(_plain(item) for item in layout.items)
    raise RenderError("a function's name has letters only")
