"""``W_a [a[t-1], x[t]]`` as ``W_aa a[t-1] + W_ax x[t]``: the weight of a stack is taken apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from autorecur.errors import CellError
from autorecur.language.canonical import write
from autorecur.language.sizes import Size
from autorecur.language.syntax import Binary, Expression, Name, Number, Stack, Transpose
from autorecur.language.trees import children
from autorecur.notations.rewriting.names import split_names
from autorecur.notations.rewriting.sums import (
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
class Split:
    """A weight and the weights that stand for its blocks of ``sizes`` rows or columns (``axis``)."""

    weight: str
    names: tuple[str, ...]
    sizes: tuple[Size, ...]
    axis: int


class Splitter:
    """Takes apart every product of a weight with a stack; raises CellError where a weight has another use besides."""

    def __init__(
        self,
        trees: Sequence[Expression],
        shapes: Mapping[str, Shape],
        shape_of: Callable[[Expression], Shape],
        row: bool,
        keep: Collection[str] = (),
    ) -> None:
        self.shapes, self.shape_of, self.row = shapes, shape_of, row
        self.taken = {*shapes, *keep}
        self.found: dict[str, Split] = {}
        self.uses = Counter(name for tree in trees for name in parameters_in(tree))
        stacked = Counter(weight for tree in trees for weight, _ in self._products(tree))
        for weight, count in stacked.items():
            if self.uses[weight] > count or weight in keep:
                raise CellError(
                    f"{weight} cannot be taken apart: it stands in front of a stack and in another place, too.",
                    hint="Give the other place a weight of its own, or keep the weights concatenated.",
                )

    def _products(self, tree: Expression) -> Iterator[tuple[str, Stack]]:
        for part in parts_of(tree):
            found = self._product(part)
            if found is not None:
                yield found[0].name, found[2]

    def _product(self, tree: Expression) -> tuple[Name, bool, Stack] | None:
        if not (isinstance(tree, Binary) and is_product(tree)):
            return None
        factor, stack = (tree.right, tree.left) if self.row else (tree.left, tree.right)
        weight, under = untransposed(factor)
        if isinstance(weight, Name) and weight.offset is None and isinstance(stack, Stack):
            return weight, under, stack
        return None

    def split(self, tree: Expression) -> Expression:
        """The tree with its stacks taken apart; what was one term of a sum becomes several."""
        if is_sum(tree):
            before = terms(tree)
            parts = [(sign * inner, part) for sign, term in before for inner, part in terms(self.split(term))]
            return tree if parts == before else added(parts)
        tree = with_children(tree, tuple(self.split(part) for part in children(tree)))
        found = self._product(tree)
        return tree if found is None else self._apart(*found)

    def _apart(self, weight: Name, under: bool, stack: Stack) -> Expression:
        items = list(_flat(stack))
        along = 1 if self.row else 0
        for item in items:
            if isinstance(item, Number):
                raise CellError(
                    f"{weight.name} cannot be taken apart: the number {item.text} stands in {write(stack)}.",
                    hint="Write the bias as a parameter of its own.",
                )
        sizes = tuple(self.shape_of(item)[along] for item in items)
        known = self.found.get(weight.name)
        if known is None:
            names = tuple(split_names(weight.name, items, self.taken - {weight.name}))
            self.taken |= set(names)
            known = Split(weight.name, names, sizes, -2 if self.row != under else -1)
            self.found[weight.name] = known
        elif (known.sizes, known.axis) != (sizes, -2 if self.row != under else -1):
            raise CellError(
                f"{weight.name} cannot be taken apart: it meets stacks with different parts.",
                hint="Keep the weights concatenated.",
            )
        return added([(1, self._times(name, item, under)) for name, item in zip(known.names, items, strict=True)])

    def _times(self, name: str, item: Expression, under: bool) -> Expression:
        factor: Expression = Transpose(Name(name)) if under else Name(name)
        return Binary("@", item, factor) if self.row else Binary("@", factor, item)


def _flat(stack: Stack) -> Iterator[Expression]:
    for item in stack.items:
        if isinstance(item, Stack):
            yield from _flat(item)
        else:
            yield item
