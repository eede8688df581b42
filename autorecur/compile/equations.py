"""What is compiled: equations in which every product with a weight, every function and every sum has a name.

An equation is *pointwise*, one number of a sample at a time, or a *sum of products*, which BLAS computes for the whole batch.
A vector of n components lies in memory as a row of n numbers, whether the cell writes columns or rows, so that a product
is always ``rows · weight`` or ``rows · weightᵀ``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from autorecur.compile.expand import expanded
from autorecur.graph.adjoint import summands
from autorecur.graph.node import Node, Number, Variable, as_it_is, number
from autorecur.graph.walk import postorder, variables
from autorecur.ops import Shape, Size
from autorecur.ops.arithmetic import multiply, negative
from autorecur.ops.linear import add_sizes, block, concatenate, matmul, matrix_transpose
from autorecur.ops.reductions import broadcast_to

ONE = number(1)


class NotCompilable(Exception):  # noqa: N818 - the caller runs the cell eagerly
    """What stands in a cell that the compiler has no code for, in words."""


@dataclass(frozen=True)
class Weight:
    """A parameter, or a block of its rows (axis −2) or columns (axis −1)."""

    name: str
    shape: Shape
    """Of the block, as it stands in the parameter."""
    whole: Shape
    axis: int = -1
    start: Size = 0


@dataclass(frozen=True)
class Product:
    """``factor · operand[t + offset] · weight``, with ``weightᵀ`` if ``transposed``, for rows of samples."""

    weight: Weight
    transposed: bool
    operand: str
    offset: int
    factor: Number = ONE

    @property
    def taken_in(self) -> Size:
        """How many components the operand has."""
        return self.weight.shape[1] if self.transposed else self.weight.shape[0]

    @property
    def given_out(self) -> Size:
        return self.weight.shape[0] if self.transposed else self.weight.shape[1]


@dataclass(frozen=True)
class Equations:
    """A program before it has an order. ``pointwise`` and ``sums`` are disjoint; both are read by name and offset."""

    pointwise: Mapping[str, Node]
    sums: Mapping[str, tuple[Product, ...]]
    shapes: Mapping[str, Shape]

    def reads(self, name: str) -> list[tuple[str, int]]:
        """What an equation reads: (name, offset) of every quantity with a time."""
        if name in self.sums:
            return [(product.operand, product.offset) for product in self.sums[name]]
        return timed(self.pointwise[name])

    def names(self) -> list[str]:
        return [*self.sums, *self.pointwise]


def timed(node: Node) -> list[tuple[str, int]]:
    return [(v.name, v.offset) for v in variables(node) if v.offset is not None]


def needed_by(wanted: Iterable[str], equations: Equations) -> Equations:
    """The equations without those that nothing wanted depends on: dead code."""
    found: set[str] = set()
    known = {*equations.pointwise, *equations.sums}
    pending = [name for name in wanted if name in known]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(other for other, _ in equations.reads(name) if other in known)
    return Equations(
        {name: node for name, node in equations.pointwise.items() if name in found},
        {name: products for name, products in equations.sums.items() if name in found},
        equations.shapes,
    )


def vector_size(shape: Shape) -> Size | None:
    """The number of components of a vector or a single number; None for a matrix."""
    if shape[1] == 1:
        return shape[0]
    return shape[1] if shape[0] == 1 else None


def as_weight(node: Node) -> tuple[Weight, bool] | None:
    """A parameter, a block of one, or the transpose of these."""
    flipped = node.op is matrix_transpose
    inner = node.inputs[0] if flipped else node
    if isinstance(inner, Variable) and inner.offset is None:
        return Weight(inner.name, inner.shape, inner.shape), flipped
    if inner.op is block and isinstance(inner.inputs[0], Variable) and inner.inputs[0].offset is None:
        whole, about = inner.inputs[0], dict(inner.attributes)
        return Weight(whole.name, inner.shape, whole.shape, about["axis"], about["start"]), flipped
    return None


def as_vector(node: Node) -> Variable | None:
    """A vector with a time, as it is or transposed."""
    inner = node.inputs[0] if node.op is matrix_transpose else node
    if isinstance(inner, Variable) and inner.offset is not None and vector_size(inner.shape) is not None:
        return inner
    return None


def as_product(term: Node) -> Product | None:
    """A term of a sum as a product with a weight."""
    factor, node = without_number(term)
    if node is None or node.op is not matmul:
        return None
    left, right = node.inputs
    if vector_size(node.shape) is None:
        return None
    weight, vector = as_weight(left), as_vector(right)
    if weight and vector is not None and vector.offset is not None and right.shape[1] == 1:
        return Product(weight[0], not weight[1], vector.name, vector.offset, factor)
    weight, vector = as_weight(right), as_vector(left)
    if weight and vector is not None and vector.offset is not None and left.shape[0] == 1:
        return Product(weight[0], weight[1], vector.name, vector.offset, factor)
    return None


def without_number(node: Node) -> tuple[Number, Node | None]:
    """``c · rest`` as (c, rest)."""
    sign = 1
    while node.op is negative:
        sign, node = -sign, node.inputs[0]
    if isinstance(node, Number):
        return node.times(number(sign)), None
    if node.op is multiply and isinstance(node.inputs[0], Number):
        return node.inputs[0].times(number(sign)), node.inputs[1]
    return number(sign), node


INLINE = (matrix_transpose, block, broadcast_to)
"""Ops that only say where a number is read."""


@dataclass
class Naming:
    """Gives a name to whatever a loop cannot compute in passing."""

    taken: set[str] = field(default_factory=set)
    """Names that are in use already."""
    found: dict[str, Node] = field(default_factory=dict)
    shared: dict[Node, Variable] = field(default_factory=dict)

    def take_apart(self, name: str, root: Node) -> None:
        """Adds ``name = root``, and before it an equation for each of its parts that needs one."""
        done: dict[Node, Node] = {}
        terms = [bare for _, term in summands(root) if (bare := without_number(term)[1]) is not None]
        inside_terms = {node for term in terms for node in postorder(term) if node != term}
        products = set(terms) - inside_terms  # what another term reads as well needs a name
        for node in postorder(root):
            if node in done:
                continue
            inputs = tuple(done[part] for part in node.inputs)
            if node.op in (matmul, concatenate) or node.op in INLINE[:2]:
                inputs = tuple(self.operand(part, name) for part in inputs)
            same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
            new = node if same or node.op is None else as_it_is(node.op, *inputs, **dict(node.attributes))
            inside = node is not root and node.op is not None and node.op.kind != "arithmetic"
            if not inside or node.op in INLINE or (node in products and as_product(new)):
                done[node] = new
            else:
                done[node] = self.variable(new, name)
        self.found[name] = done[root]

    def operand(self, part: Node, owner: str) -> Node:
        """A part that is read as a whole: a quantity, or the transpose or a block of one."""
        inner = part.inputs[0] if part.op in INLINE[:2] else part
        if isinstance(inner, Variable) or (inner.op is block and isinstance(inner.inputs[0], Variable)):
            return part
        if part.op is matrix_transpose:
            return as_it_is(matrix_transpose, self.operand(inner, owner))
        return self.variable(part, owner)

    def variable(self, part: Node, owner: str) -> Variable:
        if part not in self.shared:
            name = next(name for i in count(1) if (name := f"{owner}~{i}") not in self.taken)
            found = Variable(part.shape, name=name, offset=0)
            self.taken.add(name)
            self.found[name] = part
            self.shared[part] = found
        return self.shared[part]


def taken_apart(equations: Mapping[str, Node], whole: Collection[str] = ()) -> dict[str, Node]:
    """The equations with a name for every function, reduction and product in them; concatenations that a weight meets are
    split into products with blocks of the weight, but for those named in ``whole``."""
    naming = Naming(set(equations))
    for name, root in equations.items():
        naming.take_apart(name, root)
    stacks = {name: node for name, node in naming.found.items() if node.op is concatenate and name not in whole}
    return {name: _split(node, stacks) for name, node in naming.found.items()}


def _split(root: Node, stacks: Mapping[str, Node]) -> Node:
    """``W [h, x]`` as ``W₁ h + W₂ x``, where W₁ and W₂ are blocks of W."""
    terms = summands(root)
    if not any((p := as_product(term)) and p.operand in stacks and p.offset == 0 for _, term in terms):
        return root
    result: Node = number(0, root.shape)
    for sign, term in terms:
        product = as_product(term)
        if product is None or product.operand not in stacks or product.offset != 0:
            result = result + term if sign > 0 else result - term
            continue
        factor = product.factor.times(number(sign))
        start: Size = 0
        for piece in stacks[product.operand].inputs:
            size = vector_size(piece.shape)
            assert size is not None
            result = result + factor * _product_with_block(product, piece, start, size)
            start = add_sizes(start, size)
    return result


def _product_with_block(product: Product, piece: Node, start: Size, size: Size) -> Node:
    weight = product.weight
    if weight.start != 0 or weight.shape != weight.whole:
        raise NotCompilable("a concatenation inside a concatenation")
    axis = -1 if product.transposed else -2
    part: Node = as_it_is(
        block, Variable(weight.whole, name=weight.name, offset=None), axis=axis, start=start, size=size
    )
    column = piece.shape[1] == 1
    if column:
        return as_it_is(matmul, part if product.transposed else as_it_is(matrix_transpose, part), piece)
    return as_it_is(matmul, piece, as_it_is(matrix_transpose, part) if product.transposed else part)


def separated(equations: Mapping[str, Node], pointwise_names: Collection[str] = ()) -> Equations:
    """Sums of products apart from what is computed pointwise: ``a = W x + U h + b`` is ``a~ = W x + U h`` and ``a = a~ + b``.

    A sum of products alone keeps its name, unless that is one of ``pointwise_names``."""
    pointwise: dict[str, Node] = {}
    sums: dict[str, tuple[Product, ...]] = {}
    shapes: dict[str, Shape] = {}
    for name, root in _ready(equations).items():
        shapes[name] = root.shape
        products, rest = split_sum(root)
        if not products:
            pointwise[name] = root
        elif rest is None and name not in pointwise_names:
            sums[name] = products
        else:
            inner = Variable(root.shape, name=f"{name}~", offset=0)
            sums[inner.name], shapes[inner.name] = products, root.shape
            pointwise[name] = inner if rest is None else inner + rest
    return Equations(pointwise, sums, shapes)


def _ready(equations: Mapping[str, Node]) -> dict[str, Node]:
    """Softmax and its like written out, and named again."""
    naming = Naming(set(equations))
    for name, root in equations.items():
        naming.take_apart(name, expanded(root))
    return naming.found


def split_sum(root: Node) -> tuple[tuple[Product, ...], Node | None]:
    """The products with weights among the terms of a sum, and the sum of the others."""
    products: list[Product] = []
    rest: Node | None = None
    for sign, term in summands(root):
        product = as_product(term)
        if product is not None:
            signed = product.factor.times(number(sign))
            products.append(Product(product.weight, product.transposed, product.operand, product.offset, signed))
        elif rest is None:
            rest = term if sign > 0 else -term
        else:
            rest = rest + term if sign > 0 else rest - term
    return tuple(products), rest
