"""A pocket calculator for printed LaTeX: it knows brackets, decimals and a few functions, and nothing of the engine."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

Matrix = list[list[Fraction]]

_TOKEN = re.compile(
    r"\\(?:left|right|bigl|bigr|mathopen\{\}|,|thinspace|;|:)|\\begin\{[a-z]*(?:matrix|array)\}(?:\{[@{}rlc]*\})?"
    r"|\\end\{[a-z]*(?:matrix|array)\}|\\operatorname\{[^}]*\}|\\\\(?:\[\w+\])?|\\[A-Za-z]+|\\.|\{[+-]\}|\d+(?:\.\d+)?|\S"
)
_IGNORED = (r"\left", r"\right", r"\bigl", r"\bigr", r"\mathopen{}", r"\,", r"\thinspace", r"\;", r"\:")
_ENDS = ("", "+", "-", ")", "]", "}", ",", r"\odot", r"\circ", "*", r"\rVert", r"\rvert", "&", "=")


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def elu(x: float) -> float:
    return x if x > 0 else math.expm1(x)


FUNCTIONS: dict[str, Callable[[float], float]] = {
    "tanh": math.tanh,
    "sigma": logistic,
    "sigmoid": logistic,
    "exp": math.exp,
    "log": math.log,
    "ReLU": lambda x: max(x, 0.0),
    "sin": math.sin,
    "cos": math.cos,
    "softplus": lambda x: math.log1p(math.exp(x)),
    "ELU": elu,
    "g": math.tanh,
    "g'": lambda x: 1 - math.tanh(x) ** 2,
    "sign": lambda x: float((x > 0) - (x < 0)),
}


@dataclass
class Calculator:
    """``digits`` decimals for every function's argument and value, and for the result; half away from zero."""

    digits: int

    def __call__(self, latex: str) -> list[list[str]]:
        """The value of a formula, as it would be printed."""
        self.tokens = [token for token in _TOKEN.findall(latex) if token not in _IGNORED]
        self.at = 0
        value = self.sum()
        assert self.at == len(self.tokens), f"{latex}: {self.tokens[self.at :]}"
        return [[self.shown(x) for x in line] for line in value]

    def shown(self, x: Fraction) -> str:
        scaled = math.floor(abs(x) * 10**self.digits + Fraction(1, 2))
        return str(float(Fraction(scaled if x >= 0 else -scaled, 10**self.digits)) + 0.0)

    def rounded(self, x: Fraction) -> Fraction:
        return Fraction(self.shown(x))

    # ------------------------------------------------------------------------------------------------------ grammar

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        token = self.next
        assert not wanted or token in wanted, f"{token!r} instead of {wanted} in {self.tokens}"
        self.at += 1
        return token

    def sum(self) -> Matrix:
        total: Matrix | None = None
        while True:
            sign = self.take() if self.next in ("+", "-", "{-}", "{+}") else ""
            if total is not None and not sign:
                return total
            part = self.elementwise()
            if "-" in sign:
                part = [[-x for x in line] for line in part]
            total = part if total is None else self.zipped(total, part, lambda a, b: a + b)

    def elementwise(self) -> Matrix:
        value = self.product()
        while self.next in (r"\odot", r"\circ", "*"):
            self.take()
            value = self.zipped(value, self.product(), lambda a, b: a * b)
        return value

    def product(self) -> Matrix:
        value = self.factor()
        while True:
            if self.next == r"\cdot":
                self.take()
            elif self.next in _ENDS or self.next.startswith((r"\\", r"\cr", r"\end")):
                return value
            value = self.times(value, self.factor())

    def factor(self) -> Matrix:
        value = self.atom()
        if self.next == "_":
            return self.picked(value)
        if self.next == "^":
            self.take()
            if self.next == "{":
                self.take(), self.take(r"\top"), self.take("}")
                return [list(line) for line in zip(*value, strict=True)]
            self.take("2")
            value = self.zipped(value, value, lambda a, b: a * b)
        return value

    def atom(self) -> Matrix:
        token = self.take()
        if token == "(":
            value = self.sum()
            self.take(")")
            return value
        if token == "[":
            value = self.matrix(self.take()) if self.next.startswith(r"\begin") else self.sum()
            while self.next == ",":
                self.take()
                value = value + self.sum()
            self.take("]")
            return value
        if token.startswith(r"\begin"):
            return self.matrix(token)
        if token == r"\lvert":
            value = self.sum()
            self.take(r"\rvert")
            return [[abs(x) for x in line] for line in value]
        if token == r"\lVert":
            value = self.sum()
            self.take(r"\rVert")
            if self.next == "^":
                self.take(), self.take("2")
                return [[sum((x * x for line in value for x in line), Fraction(0))]]
            return self.applied(math.sqrt, [[sum((x * x for line in value for x in line), Fraction(0))]])
        if token == r"\mathbf":  # a one in every component
            return self.group()
        if token in (r"\frac", r"\tfrac"):
            top, bottom = self.group(), self.group()
            return self.zipped(top, bottom, lambda a, b: a / b)
        if token.startswith("\\"):
            return self.function(token.removeprefix(r"\operatorname{").strip("\\}"))
        if token == "g":
            return self.function(token + (self.take() if self.next == "'" else ""))
        return [[Fraction(token)]]

    def picked(self, value: Matrix) -> Matrix:
        """``[…]_{1:2}`` of a vector, ``[…]_{:,2+1:3}`` of a matrix."""
        self.take("_"), self.take("{")
        text = ""
        while self.next != "}":
            text += self.take()
        self.take("}")
        ranges = text.split(",") if "," in text else [text, ":"] if len(value) > 1 else [":", text]
        rows, columns = (self.range(part) for part in ranges)
        return [line[columns] for line in value[rows]]

    def range(self, text: str) -> slice:
        first, last = text.split(":")
        return slice(int(first) - 1, sum(map(int, last.split("+")))) if text != ":" else slice(None)

    def group(self) -> Matrix:
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def function(self, name: str) -> Matrix:
        squared = self.next == "^"
        if squared:
            self.take(), self.take("2")
        if name == "max" and self.next == "(":
            return self.largest()
        argument = self.atom()
        if name == "softmax":
            powers = [[math.exp(self.rounded(x)) for x in line] for line in argument]
            whole = sum(x for line in powers for x in line)
            return [[self.rounded(Fraction(x / whole)) for x in line] for line in powers]
        if name == "sum":
            return [[sum((x for line in argument for x in line), Fraction(0))]]
        value = self.applied(FUNCTIONS[name], argument)
        return self.zipped(value, value, lambda a, b: a * b) if squared else value

    def largest(self) -> Matrix:
        """Of two operands component by component, of one over all components."""
        self.take("(")
        value, other = self.sum(), None
        if self.next == ",":
            self.take()
            other = self.sum()
        self.take(")")
        return [[max(x for line in value for x in line)]] if other is None else self.zipped(value, other, max)

    def applied(self, function: Callable[[float], float], argument: Matrix) -> Matrix:
        return [[self.rounded(Fraction(function(float(self.rounded(x))))) for x in line] for line in argument]

    def matrix(self, opening: str) -> Matrix:
        assert opening.startswith(r"\begin"), opening
        lines: Matrix = [[]]
        while not self.next.startswith(r"\end"):
            (lines[-1]).append(self.sum()[0][0])
            if self.next == "&":
                self.take()
            elif self.next.startswith((r"\\", r"\cr")):
                self.take()
                lines.append([])
        self.take()
        return lines

    # --------------------------------------------------------------------------------------------------- arithmetic

    def zipped(self, a: Matrix, b: Matrix, combine: Callable[[Fraction, Fraction], Fraction]) -> Matrix:
        if len(b) == len(b[0]) == 1:
            b = [[b[0][0]] * len(a[0])] * len(a)
        if len(a) == len(a[0]) == 1:
            a = [[a[0][0]] * len(b[0])] * len(b)
        assert (len(a), len(a[0])) == (len(b), len(b[0])), (a, b)
        return [[combine(x, y) for x, y in zip(p, q, strict=True)] for p, q in zip(a, b, strict=True)]

    def times(self, a: Matrix, b: Matrix) -> Matrix:
        if 1 in (len(a) * len(a[0]), len(b) * len(b[0])) and len(a[0]) != len(b):
            return self.zipped(a, b, lambda x, y: x * y)
        if len(a) * len(a[0]) == 1:
            return self.zipped(a, b, lambda x, y: x * y)
        columns = list(zip(*b, strict=True))
        return [[sum((x * y for x, y in zip(p, q, strict=True)), Fraction(0)) for q in columns] for p in a]
