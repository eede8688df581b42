"""Sums of products over named axes: ``out[i, k] = Σ_j a[i, j] b[j, k]``, for any number of operands.

Each axis carries a label, a number below 52; an axis of size 1 stretches. A label that stands in an operand twice picks its
diagonal, and labels that the result does not have are summed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations
from math import prod
from string import ascii_letters
from typing import Any

import numpy as np

from autorecur.errors import ShapeError
from autorecur.ops.op import Op, Shape, Size, shape_of

Labels = tuple[int, ...]


def written(labels: Sequence[int]) -> str:
    """Labels as the letters of NumPy's subscripts."""
    return "".join(ascii_letters[label] for label in labels)


def _sizes(shapes: Sequence[Shape], labels: Sequence[Labels]) -> dict[int, Size]:
    """The size of each label; raises ShapeError if two axes of one label differ."""
    sizes: dict[int, Size] = {}
    for shape, own in zip(shapes, labels, strict=True):
        if len(shape) != len(own):
            raise ShapeError(
                f"einsum: the subscripts '{written(own)}' do not name the axes of an operand of shape {shape}"
            )
        within: dict[int, Size] = {}
        for label, size in zip(own, shape, strict=True):
            known = sizes.get(label, 1)
            if within.setdefault(label, size) != size or (known != size and 1 not in (known, size)):
                other = within[label] if within[label] != size else known
                raise ShapeError(f"einsum: the axes '{ascii_letters[label]}' have different sizes, {other} and {size}")
            if known == 1:
                sizes[label] = size
    return sizes


def _shape(*shapes: Shape, labels: Sequence[Labels], result: Labels) -> Shape:
    if len(shapes) != len(labels):
        raise ShapeError(f"einsum: there are subscripts for {len(labels)} operands, and {len(shapes)} operands")
    sizes = _sizes(shapes, labels)
    for label in result:
        if label not in sizes:
            raise ShapeError(f"einsum: the axis '{ascii_letters[label]}' of the result is in no operand")
        if result.count(label) > 1:
            raise ShapeError(f"einsum: the axis '{ascii_letters[label]}' is in the result twice")
    return tuple(sizes[label] for label in result)


Recipe = Callable[[Sequence[Any]], Any]
Operand = tuple[Recipe, Labels]
"""How an array is made from those given, and the labels of its axes, none of them twice."""


def _kernel(*arrays: Any, labels: tuple[Labels, ...], result: Labels) -> Any:
    if len(arrays) == 1:
        return np.einsum(arrays[0], labels[0], result)
    return _plan(tuple([np.shape(array) for array in arrays]), labels, result)(arrays)


@lru_cache(maxsize=4096)
def _plan(shapes: tuple[Any, ...], labels: tuple[Labels, ...], result: Labels) -> Recipe:
    """One pair after the other, always the one whose product is smallest; matrix products do the sums where they can."""
    _shape(*shapes, labels=labels, result=result)
    sizes: dict[int, Any] = _sizes(shapes, labels)
    operands = [_simple(k, shape, own, sizes) for k, (shape, own) in enumerate(zip(shapes, labels, strict=True))]
    while len(operands) > 1:
        i, j = (0, 1) if len(operands) == 2 else _cheapest(operands, result, sizes)
        a, b = operands[i], operands[j]
        operands = [operand for k, operand in enumerate(operands) if k not in (i, j)]
        operands.append(_product(a, b, {*result, *(label for _, own in operands for label in own)}, sizes))
    return _as(operands[0], result)


def _as(operand: Operand, labels: Labels) -> Recipe:
    """An operand with its axes in another order, or with some of them summed."""
    make, own = operand
    return make if own == labels else lambda arrays: np.einsum(make(arrays), own, labels)


def _simple(number: int, shape: tuple[int, ...], labels: Labels, sizes: dict[int, int]) -> Operand:
    """The diagonal where a label is repeated; without the axes that are to be stretched."""
    kept = [k for k, label in enumerate(labels) if shape[k] == sizes[label]]
    rest, own = [shape[k] for k in kept], tuple(labels[k] for k in kept)
    distinct = tuple(dict.fromkeys(own))

    def make(arrays: Sequence[Any]) -> Any:
        array = np.asarray(arrays[number])
        array = array if own == labels else array.reshape(rest)
        return array if own == distinct else np.einsum(array, own, distinct)

    return make, distinct


def _cheapest(operands: Sequence[Operand], result: Labels, sizes: dict[int, int]) -> tuple[int, int]:
    def growth(pair: tuple[int, int]) -> int:
        """How much larger the product is than the two together."""
        needed = {*result, *(label for k, (_, own) in enumerate(operands) if k not in pair for label in own)}
        first, second = (operands[k][1] for k in pair)
        before = sum(prod(sizes[label] for label in own) for own in (first, second))
        return prod(sizes[label] for label in {*first, *second} & needed) - before

    return min(combinations(range(len(operands)), 2), key=growth)


def _product(a: Operand, b: Operand, needed: set[int], sizes: dict[int, int]) -> Operand:
    """The sum of products of two operands over all labels that nobody needs any more."""
    first, second = (
        tuple(label for label in own if label in needed or label in other)
        for own, other in ((a[1], b[1]), (b[1], a[1]))
    )
    x, y = _as(a, first), _as(b, second)
    batch = tuple(label for label in first if label in second and label in needed)
    joined = tuple(label for label in first if label in second and label not in needed)
    rows = tuple(label for label in first if label not in second)
    columns = tuple(label for label in second if label not in first)
    out = (*batch, *rows, *columns)
    if not joined or (batch and not (rows and columns)):
        return (lambda arrays: np.einsum(x(arrays), first, y(arrays), second, out)), out
    left = _arranged(x, first, (batch, rows, joined), sizes)
    right = _arranged(y, second, (batch, joined, columns), sizes)
    shape = [sizes[label] for label in out]
    return (lambda arrays: np.matmul(left(arrays), right(arrays)).reshape(shape)), out


def _arranged(make: Recipe, labels: Labels, groups: tuple[Labels, Labels, Labels], sizes: dict[int, int]) -> Recipe:
    """A stack of matrices: the axes of the first group in front, those of the two others as rows and columns."""
    order = [labels.index(label) for group in groups for label in group]
    shape = [*(sizes[label] for label in groups[0]), *(prod(sizes[label] for label in group) for group in groups[1:])]
    return lambda arrays: make(arrays).transpose(order).reshape(shape)


@lru_cache(maxsize=4096)
def _reversed(
    shapes: tuple[Shape, ...], labels: tuple[Labels, ...], result: Labels, wanted: int
) -> tuple[list[int], list[tuple[Any, ...]], tuple[Labels, ...], Labels]:
    """The other operands, the shapes of what ties and stretches axes, and the labels of the sum that is the pull-back."""
    sizes = _sizes(shapes, labels)
    others = [k for k in range(len(labels)) if k != wanted]
    names = [result, *(labels[k] for k in others)]
    known = {label for own in names for label in own}
    free = iter(sorted(set(range(52)) - known - set(labels[wanted])))
    ties: list[tuple[Any, ...]] = []
    target: list[int] = []
    for label in labels[wanted]:
        name = label
        if label in target:
            name = next(free)
            ties.append((sizes[label], sizes[label]))
            names.append((label, name))
        elif label not in known:
            ties.append((sizes[label],))
            names.append((label,))
        target.append(name)
    return others, ties, tuple(names), tuple(target)


def _to_operand(g: Any, out: Any, *inputs: Any, labels: tuple[Labels, ...], result: Labels, wanted: int) -> Any:
    """A sum of products again: of the cotangent and the other operands.

    An axis that was summed alone is stretched by ones; a second axis of the same label is tied to the first by δ_ij.
    """
    others, ties, names, target = _reversed(tuple([shape_of(x) for x in inputs]), labels, result, wanted)
    dtype: Any = getattr(g, "dtype", np.float64)
    tied = [np.eye(*shape, dtype=dtype) if len(shape) == 2 else np.ones(shape, dtype) for shape in ties]
    return einsum(g, *(inputs[k] for k in others), *tied, labels=names, result=target)


einsum: Op = Op("einsum", "linear", _shape, _kernel, (_to_operand,), arity=-1, broadcasts=True)
"""The sum of products of axes that are named by ``labels``, one tuple for each operand; ``result`` names the axes that stay."""
