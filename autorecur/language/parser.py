"""From tokens to trees, by operator precedence; all strengths stand in one table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from autorecur.errors import CellError
from autorecur.language.constants import constant
from autorecur.language.functions import arity, function_names, listed_functions
from autorecur.language.lexer import Lexer, Token
from autorecur.language.nearest import nearest
from autorecur.language.syntax import (
    Absolute,
    Binary,
    Call,
    Expression,
    Name,
    Negative,
    Number,
    Power,
    Span,
    Stack,
    Transpose,
)
from autorecur.language.text import Source
from autorecur.language.trees import children

SUM, ELEMENTWISE, MINUS, PRODUCT = 10, 20, 30, 40
STRENGTH = {"+": SUM, "-": SUM, "*": ELEMENTWISE, "/": ELEMENTWISE, "@": PRODUCT}

DEEPEST = 100
MOST_OPERATORS = 200

_OPERAND = ("name", "number", "(", "[")
_CLOSER = {"(": ")", "[": "]"}
_OPENER = {")": "(", "]": "["}


class Parser:
    """Reads the expression that ends at ``end``.

    ``scalars`` are the names declared as numbers, ``quantities`` those that lack only their time index.
    """

    def __init__(
        self,
        source: Source,
        start: int,
        end: int,
        scalars: Collection[str] = (),
        derivatives: bool = False,
        quantities: Collection[str] = (),
        parts: Collection[str] | None = None,
        functions: Collection[str] = (),
    ) -> None:
        self.source = source
        self.lexer = Lexer(source, start, end, derivatives, parts)
        self.scalars = scalars
        self.quantities = quantities
        self.functions = functions
        self.token = self.lexer.next()
        self.behind = self.token.span.start
        self.open: list[Token] = []
        self.depth = 0
        self.operators = 0
        self.bracketed: set[int] = set()
        self.explicit: set[int] = set()
        self._keep: list[Expression] = []  # ids are compared: these trees must stay alive

    def whole(self) -> Expression:
        """The expression up to the end of the line."""
        tree = self.expression(0)
        if self.token.kind != "end":
            raise self._out_of_place()
        return tree

    # ---------------------------------------------------------------- operators

    def expression(self, strength: int) -> Expression:
        """Operands joined by operators of at least this strength."""
        left = self._operand()
        while True:
            token = self.token
            operator = self._operator(left)
            if operator is None or STRENGTH[operator] < strength:
                return left
            juxtaposed = token.kind in _OPERAND
            if not juxtaposed:
                self._take()
                self._refuse_missing(token)
            left = self._join(operator, token, left, juxtaposed)

    def _operator(self, left: Expression) -> str | None:
        token = self.token
        if token.kind in STRENGTH:
            return token.kind
        if token.kind == "dot":
            return self._dot(left, token)
        if token.kind == "number":
            raise self.source.error(
                "a number stands before what it scales.",
                token.span,
                hint=f"Write {token.name} in front, or put * between.",
            )
        return "@" if token.kind in _OPERAND else None

    def _dot(self, left: Expression, dot: Token) -> str:
        """``W · x`` is a matrix product and ``f_t · c_t`` elementwise, as course texts write them; all else is refused."""
        ahead = self._peek()
        if ahead.kind == "name" and ahead.offset is None and self._is_matrix(Name(ahead.name)):
            return "@"
        if self._is_matrix(left):
            return "@"
        if isinstance(left, Number) or not self._is_parameter(left):
            return "*"
        raise self.source.error(
            f"'{self.source.slice(dot.span)}' is read in two ways here.",
            dot.span,
            hint="Write * for the elementwise product, a space or @ for the matrix product.",
        )

    def _is_parameter(self, tree: Expression) -> bool:
        while isinstance(tree, Transpose | Power):
            tree = tree.operand
        return isinstance(tree, Name) and tree.offset is None and tree.name not in self.quantities

    def _is_matrix(self, tree: Expression) -> bool:
        """An upper-case parameter, or a product that ends in one."""
        while _is_product(tree) or isinstance(tree, Transpose):
            tree = tree.right if isinstance(tree, Binary) else children(tree)[0]
        return isinstance(tree, Name) and tree.name[0].isupper() and self._is_parameter(tree)

    def _join(self, operator: str, token: Token, left: Expression, juxtaposed: bool) -> Expression:
        right = self.expression(STRENGTH[operator] + 1)
        if operator in "*/":
            self._refuse_ambiguous(operator, left, right)
        if operator == "/" and constant(right) == 0:
            raise self.source.error("this divides by zero.", Span(token.span.start, right.span.end))
        self._count(token)
        node = Binary(operator, left, right, span=Span(left.span.start, right.span.end))
        if operator == "@" and not juxtaposed and token.kind == "@":
            self.explicit.add(id(node))
            self._keep.append(node)
        return node

    def _refuse_ambiguous(self, operator: str, left: Expression, right: Expression) -> None:
        product = right
        while isinstance(product, Negative) and id(product) not in self.bracketed:
            product = product.operand
        if not _is_product(product) or id(product) in self.bracketed:
            return
        span = Span(left.span.start, right.span.end)
        a, bc = self.source.slice(left.span), self.source.slice(product.span)
        assert isinstance(product, Binary)
        b, c = self.source.slice(product.left.span), self.source.slice(product.right.span)
        if operator == "/":
            message = f"{_brief(a)} / {_brief(bc)} is read in two ways."
            raise self.source.error(
                message, span, hint=f"Write ({_brief(a)} / {_brief(b)}) {_brief(c)} or {_brief(a)} / ({_brief(bc)})."
            )
        if self._has_explicit(product):
            message = f"{_brief(a)} * {_brief(bc)} is read in two ways."
            raise self.source.error(
                message, span, hint=f"Write {_brief(a)} * ({_brief(bc)}), or ({_brief(a)} * {_brief(b)}) @ {_brief(c)}."
            )

    def _has_explicit(self, product: Expression) -> bool:
        while isinstance(product, Binary) and product.operator == "@" and id(product) not in self.bracketed:
            if id(product) in self.explicit:
                return True
            product = product.left
        return False

    # ---------------------------------------------------------------- operands

    def _operand(self) -> Expression:
        token = self.token
        if token.kind == "-":
            self._enter(token, "minus signs")
            self._take()
            self._refuse_missing(token)
            inner = self.expression(MINUS + 1)
            self.depth -= 1
            self._count(token)
            return Negative(inner, span=Span(token.span.start, inner.span.end))
        return self._postfixed(self._atom())

    def _postfixed(self, tree: Expression) -> Expression:
        while self.token.kind in ("transpose", "power"):
            token = self.token
            self._take()
            self._count(token)
            span = Span(tree.span.start, token.span.end)
            if token.kind == "transpose":
                tree = Transpose(tree, span=span)
            else:
                assert token.offset is not None
                tree = Power(tree, token.offset, span=span)
        return tree

    def _atom(self) -> Expression:
        token = self.token
        if token.kind == "number":
            self._take()
            return Number(token.name, span=token.span)
        if token.kind == "name":
            return self._name(token)
        if token.kind == "(":
            return self._grouped(token)
        if token.kind == "[":
            return self._stack(token)
        raise self._out_of_place()

    def _name(self, token: Token) -> Expression:
        self._take()
        if token.step is not None:
            return Absolute(token.name, *token.step, token.part, span=token.span)
        if token.part:
            raise self._part_without_step(token)
        if token.offset is None:
            function = self._function(token)
            if function:
                return self._call(function, token)
        return Name(token.name, token.offset, span=token.span)

    def _part_without_step(self, token: Token) -> CellError:
        return self.source.error(
            f"another part is read at a step of its own, not at {self.source.slice(token.span).split('[')[-1].rstrip(']')}.",
            token.span,
            hint=f"For its last value write {token.part}.{token.name}[T].",
        )

    def _function(self, token: Token) -> str | None:
        """The function that this name before ``(`` means, or None if it is a factor."""
        name, functions = token.name, function_names().union(self.functions)
        if self.token.kind != "(":
            if name in functions:
                raise self.source.error(
                    f"{name} is a function: what it is applied to stands in brackets.",
                    token.span,
                    hint=f"Write {name}(…).",
                )
            return None
        if name in functions:
            return name
        if name == "sigma" and self.source.slice(token.span) != "sigma":
            return "sigmoid"
        if name in self.scalars:
            return None
        if name.lower() in functions or not name[0].isupper():
            close = nearest(name, functions) if name != "sigma" else "sigmoid"
            raise self.source.error(
                f"there is no function '{name}'." + (f" Did you mean '{close}'?" if close else ""),
                token.span,
                hint="" if close else f"For a product write {name} * (…) or {name} @ (…). {listed_functions()}",
            )
        return None

    def _call(self, function: str, name: Token) -> Expression:
        opener = self.token
        arguments, end = self._items(opener)
        self._count(name)
        wanted = arity(function)
        span = Span(name.span.start, end)
        if len(arguments) != wanted:
            hint = {"max": "maximum", "min": "minimum"}.get(function) if len(arguments) == 2 else None
            raise self.source.error(
                f"{function} takes {_several(wanted, 'argument')}, here are {len(arguments)}.",
                span,
                hint=f"The larger of two values, component by component, is {hint}(a, b)." if hint else "",
            )
        return Call(function, tuple(arguments), span=span)

    def _grouped(self, opener: Token) -> Expression:
        items, end = self._items(opener)
        if len(items) != 1:
            raise self.source.error(
                "round brackets group one expression.",
                Span(opener.span.start, end),
                hint="A stack of vectors is written [a, b].",
            )
        tree = replace(items[0], span=Span(opener.span.start, end))
        self.bracketed.add(id(tree))
        self._keep.append(tree)
        return tree

    def _stack(self, opener: Token) -> Expression:
        items, end = self._items(opener)
        span = Span(opener.span.start, end)
        if len(items) < 2:
            raise self.source.error(
                "a stack has two parts or more, as in [h[t-1], x[t]].",
                span,
                hint="For grouping, write round brackets ( ).",
            )
        self._count(opener)
        return Stack(tuple(items), span=span)

    def _items(self, opener: Token) -> tuple[list[Expression], int]:
        """What stands between ``opener`` and its closer, and the position behind that."""
        self._enter(opener, "brackets")
        self.open.append(opener)
        self._take()
        closer = _CLOSER[opener.kind]
        if self.token.kind == closer:
            raise self.source.error(
                "nothing stands between these brackets.", Span(opener.span.start, self.token.span.end)
            )
        items = [self.expression(0)]
        while self.token.kind == ",":
            self._count(self.token)
            self._take()
            items.append(self.expression(0))
        if self.token.kind != closer:
            raise self._out_of_place()
        end = self.token.span.end
        self.open.pop()
        self.depth -= 1
        self._take()
        return items, end

    # ---------------------------------------------------------------- tokens and limits

    def _take(self) -> None:
        self.behind = self.token.span.end
        self.token = self.lexer.next()

    def _peek(self) -> Token:
        here = self.lexer.position
        token = self.lexer.next()
        self.lexer.position = here
        return token

    def _enter(self, token: Token, what: str) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.source.error(
                f"more than {DEEPEST} {what} inside each other.",
                token.span,
                hint="Give the inner parts names of their own.",
            )

    def _count(self, token: Token) -> None:
        self.operators += 1
        if self.operators > MOST_OPERATORS:
            raise self.source.error(
                f"more than {MOST_OPERATORS} operations in one equation.",
                token.span,
                hint="Give parts of it names of their own, each on its own line.",
            )

    def _refuse_missing(self, operator: Token) -> None:
        if self.token.kind == "end" and self.open:
            raise self._unclosed()
        if self.token.kind in ("end", ")", "]", ","):
            hint = "An equation stands on one line." if self.token.kind == "end" else ""
            sign = self.source.slice(operator.span)
            raise self.source.error(f"nothing stands behind this '{sign}'.", operator.span, hint=hint)

    def _unclosed(self) -> CellError:
        opener = self.open[-1]
        return self.source.error(
            f"this '{opener.kind}' is never closed.",
            opener.span,
            hint="An equation stands on one line, with all its brackets.",
        )

    def _out_of_place(self) -> CellError:
        token = self.token
        sign = self.source.slice(token.span)
        if token.kind == "end":
            if self.open:
                return self._unclosed()
            return self.source.error("an expression is missing here.", token.span)
        if token.kind in _OPENER:
            if not self.open:
                return self.source.error(f"this '{sign}' closes no bracket.", token.span)
            opener = self.open[-1]
            if opener.kind != _OPENER[token.kind]:
                places = self.source.place(opener.span), self.source.place(token.span)
                return CellError(f"this '{opener.kind}' is closed by '{sign}'.", *places)
            return self.source.error(f"an expression is missing before this '{sign}'.", token.span)
        if token.kind == "=":
            return self.source.error("an equation has one '='.", token.span)
        if token.kind == "," and not self.open:
            return self.source.error("a ',' stands only inside brackets.", token.span)
        return self.source.error(f"nothing stands before this '{sign}' that it could work on.", token.span)


def parse_expression(
    text: str,
    name: str = "the expression",
    parts: Collection[str] | None = None,
    functions: Collection[str] = (),
) -> Expression:
    """One expression, in which derivatives such as ``dL/dc[t+1]`` and ``dL/dW_i`` are names."""
    from autorecur.language.text import prepare

    source = prepare(text, name)
    stripped = source.text.strip()
    if not stripped:
        raise CellError(f"{name} is empty.")
    if "\n" in stripped:
        raise CellError(f"{name} stands on one line.")
    return Parser(source, 0, len(source.text.rstrip()), derivatives=True, parts=parts, functions=functions).whole()


def _is_product(tree: Expression) -> bool:
    return isinstance(tree, Binary) and tree.operator == "@"


def _several(count: int, noun: str) -> str:
    return f"{('no', 'one', 'two', 'three')[count]} {noun}{'' if count == 1 else 's'}"


def _brief(text: str) -> str:
    """Long operands are named by their beginning and end."""
    return text if len(text) <= 40 else f"{text[:20].rstrip()} … {text[-12:].lstrip()}"
