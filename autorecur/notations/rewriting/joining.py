"""``W_aa a[t-1] + W_ax x[t]`` as ``W_a [a[t-1], x[t]]``: the weights of one sum that meet vectors become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from autorecur.language.sizes import Size
from autorecur.language.syntax import Binary, Expression, Name, Stack, Transpose
from autorecur.language.trees import children, names_in
from autorecur.notations.rewriting.names import joined_name
from autorecur.notations.rewriting.sums import (
    Terms,
    added,
    is_product,
    is_sum,
    parameters_in,
    parts_of,
    terms,
    untransposed,
    with_children,
)

Shape = tuple[Size, Size]


@dataclass(frozen=True)
class Joined:
    """A weight of a stack and the weights it is made of, in the order of the stack, along ``axis`` (−1: side by side)."""

    name: str
    weights: tuple[str, ...]
    axis: int
    transposed: bool
    """Whether the products hold it transposed."""


@dataclass(frozen=True)
class _Product:
    """A weight times a vector; ``place`` is the term's number in its sum."""

    place: int
    weight: str
    transposed: bool
    vector: Expression

    @property
    def recurrent(self) -> bool:
        """Vectors that hold a state of another step stand first in a stack."""
        return any(name.offset for name in names_in(self.vector))


class Joiner:
    """Joins what can be joined in the equations of a cell, and leaves the rest as it is.

    A weight that stands in two places would have to be joined in both, so it is left; so are those in ``keep``.
    """

    def __init__(
        self,
        trees: Sequence[Expression],
        shapes: Mapping[str, Shape],
        shape_of: Callable[[Expression], Shape],
        row: bool,
        keep: Collection[str] = (),
    ) -> None:
        uses = Counter(name for tree in trees for name in parameters_in(tree))
        self.single = {
            name for name, count in uses.items() if count == 1 and name not in keep and 1 not in shapes[name]
        }
        self.shapes, self.shape_of, self.row = shapes, shape_of, row
        self.taken = {*shapes, *keep}
        self.found: list[Joined] = []

    def join(self, tree: Expression, owner: str) -> Expression:
        """The right-hand side of ``owner`` with its weights joined, sum by sum."""
        if not is_sum(tree):
            return with_children(tree, tuple(self.join(part, owner) for part in children(tree)))
        before = terms(tree)
        parts = [(sign, self.join(part, owner)) for sign, part in before]
        products = [found for i, (sign, part) in enumerate(parts) if sign > 0 and (found := self._product(i, part))]
        chosen = self._fitting(products)
        if len(chosen) > 1:
            return self._joined(parts, chosen, owner)
        return tree if parts == before else added(parts)

    def _product(self, place: int, term: Expression) -> _Product | None:
        if not (isinstance(term, Binary) and is_product(term)):
            return None
        factor, vector = (term.right, term.left) if self.row else (term.left, term.right)
        weight, under = untransposed(factor)
        if not (isinstance(weight, Name) and weight.offset is None and weight.name in self.single):
            return None
        length, width = self.shape_of(vector)[:: -1 if self.row else 1]
        plain = any(isinstance(part, Name) and part.offset is not None for part in parts_of(vector))
        composite = any(is_product(part) or isinstance(part, Stack) for part in parts_of(vector))
        if width != 1 or length == 1 or composite or not plain:
            return None
        return _Product(place, weight.name, under, vector)

    def _fitting(self, products: list[_Product]) -> list[_Product]:
        """Those that are transposed like the first, each vector once; states of other steps before what the step reads."""
        found: list[_Product] = []
        for product in products:
            alike = product.transposed == products[0].transposed
            if alike and product.vector not in (other.vector for other in found):
                found.append(product)
        return sorted(found, key=lambda product: not product.recurrent)

    def _joined(self, parts: Terms, products: list[_Product], owner: str) -> Expression:
        places = {product.place for product in products}
        weights = tuple(product.weight for product in products)
        rest = [part for i, (_, part) in enumerate(parts) if i not in places]
        biases = [part.name for part in rest if isinstance(part, Name) and part.offset is None and "_" in part.name]
        name = joined_name(weights, owner, biases, self.taken - set(weights))
        self.taken = (self.taken - set(weights)) | {name}
        under = products[0].transposed
        axis = -2 if self.row != under else -1
        self.found.append(Joined(name, weights, axis, under))
        factor: Expression = Transpose(Name(name)) if under else Name(name)
        stack = Stack(tuple(product.vector for product in products))
        product = Binary("@", stack, factor) if self.row else Binary("@", factor, stack)
        first = min(places)
        kept = [(sign, part) if i != first else (1, product) for i, (sign, part) in enumerate(parts)]
        return added([term for i, term in enumerate(kept) if i == first or i not in places])
