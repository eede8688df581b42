"""What the compiler works with, in the language of cells: for explanations, never for code.

The compiler gives names of its own to what a cell does not name. ``a~`` is the sum of the products in a, ``h~1`` a part of h
that is computed by itself. In the backward program ``given(h[t])`` is the cotangent of h[t] that comes from outside,
``carry(h[t-1])`` what step t adds to the adjoint of h[t-1], and ``carry~(h[t-1])`` the part of it that is a sum of products.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from autorecur.compile.backward import COTANGENT, Carry, Outer
from autorecur.compile.equations import Product, Weight
from autorecur.compile.stack import Gemm, Gradient
from autorecur.graph.adjoint import adjoint_name
from autorecur.graph.node import Node, Number, Variable
from autorecur.graph.walk import postorder
from autorecur.language import syntax
from autorecur.language.canonical import write, write_name
from autorecur.ops import Size
from autorecur.ops.arithmetic import add, divide, multiply, negative, power, subtract
from autorecur.ops.functions import square
from autorecur.ops.linear import add_sizes, block, concatenate, matmul, matrix_transpose
from autorecur.ops.reductions import broadcast_to

_BINARY = {add: "+", subtract: "-", multiply: "*", divide: "/", matmul: "@"}


@dataclass
class Wording:
    """Writes quantities, equations and products of one program; ``rows`` for a cell of row vectors."""

    rows: bool = False
    carries: Collection[Carry] = ()
    _kept: dict[str, tuple[str, int]] = field(default_factory=dict)
    """For each carry the state, and how far it lies from the step that writes it."""

    def __post_init__(self) -> None:
        for carry in self.carries:
            for part in carry.parts:
                self._kept[part.removesuffix("@")] = carry.state, carry.offset

    def quantity(self, name: str, offset: int | None = 0) -> str:
        """``h[t-1]``; ``W`` for a parameter.

        >>> words = Wording(carries=[Carry("h", -1, ("dL/dh[t-1]@",))])
        >>> words.quantity("h", -1), words.quantity("to h"), words.quantity("dL/dh[t-1]@", 1)
        ('h[t-1]', 'given(h[t])', 'carry~(h[t])')
        """
        if offset is None:
            return name
        whole, part = _whole_and_part(name)
        if whole.startswith(COTANGENT):
            return f"given({write_name(whole.removeprefix(COTANGENT), offset)}){part}"
        label = whole.removesuffix("@")
        if label in self._kept:
            state, distance = self._kept[label]
            return f"carry{'~' if whole != label else ''}({write_name(state, offset + distance)}){part}"
        return write_name(whole.removesuffix("[t]") + part, offset)

    def bare(self, name: str) -> str:
        """A quantity without its step, if it can do without: what is kept for another step cannot."""
        return self.quantity(name).removesuffix("[t]")

    # Equations.

    def expression(self, root: Node) -> str:
        """An expression as it would be written in a cell; ``W[:, a:b]`` is a block of columns."""
        done: dict[int, syntax.Expression] = {}
        for node in postorder(root):
            done[id(node)] = self._tree(node, [done[id(part)] for part in node.inputs])
        return write(done[id(root)])

    def _tree(self, node: Node, parts: list[syntax.Expression]) -> syntax.Expression:
        if isinstance(node, Number):
            text = number_text(node)
            return _literal(text if _is_plain(text) else f"({text})")
        if isinstance(node, Variable):
            return _literal(self.quantity(node.name, node.offset))
        assert node.op is not None
        about = dict(node.attributes)
        if node.op in _BINARY:
            return syntax.Binary(_BINARY[node.op], *parts)
        if node.op is negative:
            return syntax.Negative(*parts)
        if node.op is matrix_transpose:
            return syntax.Transpose(*parts)
        if node.op is broadcast_to:
            return parts[0]
        if node.op is concatenate:
            return syntax.Stack(tuple(parts))
        if node.op is block:
            return _literal(_cut(write(parts[0]), about["axis"], about["start"], about["size"]))
        if node.op is square or (node.op is power and about["exponent"] in range(2, 100)):
            return syntax.Power(parts[0], about.get("exponent", 2))
        if node.op is power:
            parts.append(syntax.Number(str(about["exponent"])))
        return syntax.Call(node.op.name, tuple(parts))

    # Products.

    def weight(self, w: Weight) -> str:
        """A parameter, or the rows or columns of it that a product reads."""
        return w.name if w.shape == w.whole else _cut(w.name, w.axis, w.start, w.shape[w.axis])

    def factor(self, product: Product) -> str:
        """The weight of a product on the side of its vector on which the cell writes it."""
        turned = product.transposed if self.rows else not product.transposed
        return self.weight(product.weight) + ("^T" if turned else "")

    def sum(self, products: Sequence[Product]) -> str:
        """A sum of products as it stands in the equation.

        >>> U = Weight("U", ("n", "n"), ("n", "n"))
        >>> Wording().sum([Product(U, True, "h", -1)]), Wording(rows=True).sum([Product(U, True, "h", -1)])
        ('U h[t-1]', 'h[t-1] U^T')
        """
        found = ""
        for product in products:
            sign, scale = _scaled(product.factor)
            vector = self.quantity(product.operand, product.offset)
            pair = (vector, self.factor(product)) if self.rows else (self.factor(product), vector)
            found += f" {'-' if sign else '+'} {scale}{' '.join(pair)}"
        return found.removeprefix(" + ").lstrip()

    def stacked(self, gemm: Gemm) -> str:
        """A stacked product with its blocks: ``[a_f~; a_i~] += [U_f; U_i] h[t-1]``; a semicolon starts a new row."""
        beside, below = ("; ", ", ") if self.rows else (", ", "; ")
        several = len(gemm.targets) > 1
        targets = self._joined([self.quantity(name) for name in gemm.targets], below)
        vectors = self._joined([self.quantity(name, gemm.offset) for name in gemm.operands], below)
        weights = self._joined([self.factor(product) for product in gemm.blocks], below if several else beside)
        sign, scale = _scaled(gemm.factor)
        pair = f"{vectors} {weights}" if self.rows else f"{weights} {vectors}"
        return f"{targets} {'+=' if gemm.accumulate else '='} {'-' if sign else ''}{scale}{pair}"

    def deferred(self, gradient: Gradient) -> str:
        """The gradients of weights, on top of each other: ``dL/dU = Σ dL/da[t] h[t-1]^T``."""
        first: Outer = gradient.outers[0]
        weights = self._joined([adjoint_name(self.weight(outer.weight)) for outer in gradient.outers], "; ")
        joint = ", " if self.rows else "; "
        left = self._joined([self.quantity(*outer.left) for outer in gradient.outers], joint)
        right = self.quantity(*first.right)
        sign, scale = _scaled(first.factor)
        pair = f"{left}^T {right}" if self.rows else f"{left} {right}^T"
        return f"{weights} = Σ {'-' if sign else ''}{scale}{pair}"

    @staticmethod
    def _joined(texts: Sequence[str], between: str) -> str:
        return texts[0] if len(texts) == 1 else f"[{between.join(texts)}]"


def _whole_and_part(name: str) -> tuple[str, str]:
    """A name and the mark of the part of it that has a name of its own: ``h`` and ``~1``."""
    whole, mark, number = name.partition("~")
    return whole, mark + number


def _is_plain(text: str) -> bool:
    """Whether a constant needs no brackets wherever it stands."""
    return text.replace(".", "", 1).isalnum()


def _literal(text: str) -> syntax.Expression:
    return syntax.Name(text)


def _cut(text: str, axis: int, start: Size, size: Size) -> str:
    stop = add_sizes(start, size)
    return f"{text}[{start}:{stop}, :]" if axis == -2 else f"{text}[:, {start}:{stop}]"


def _scaled(factor: Number) -> tuple[bool, str]:
    """Whether a factor is negative, and its size as text in front of a product."""
    text = number_text(factor)
    size = text.removeprefix("-")
    return text != size, "" if size == "1" else f"{size} "


def number_text(node: Number) -> str:
    """A constant: ``2``, ``1/3``, ``0.5``, ``2 / n_h``."""
    value = node.value
    text = str(value.numerator) if value.denominator == 1 else repr(float(value)) if node.decimal else str(value)
    for name in node.named:
        text += f" * {name}"
    for size, exponent in node.sizes:
        text += f" {'*' if exponent > 0 else '/'} {size if '+' not in str(size) else f'({size})'}" * abs(exponent)
    return text


def size_text(sizes: Sequence[Size]) -> str:
    """Sizes added up.

    >>> size_text(["n_h", "n_h", 1, "n_x + n_h"])
    '3 n_h + n_x + 1'
    """
    counts: dict[str, int] = {}
    known = 0
    for part in (part for size in sizes for part in str(size).split(" + ")):
        if part.isdigit():
            known += int(part)
        else:
            counts[part] = counts.get(part, 0) + 1
    texts = [name if count == 1 else f"{count} {name}" for name, count in counts.items()]
    return " + ".join([*texts, str(known)] if known or not texts else texts)
