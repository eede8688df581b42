"""Sums of products over named axes: ``out[i, k] = Σ_j a[i, j] b[j, k]``, for any number of operands.

Each axis carries a label, a number below 52; an axis of size 1 stretches. A label that stands in an operand twice picks its
diagonal, and labels that the result does not have are summed.
"""

from __future__ import annotations

from collections.abc import Sequence
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


Operand = tuple[Any, Labels]
"""An array, and the labels of its axes, none of them twice."""


def _kernel(*arrays: Any, labels: Sequence[Labels], result: Labels) -> Any:
    """One pair after the other, always the one whose product is smallest; matrix products do the sums where they can."""
    if len(arrays) == 1:
        return np.einsum(arrays[0], labels[0], result)
    shapes = [np.shape(array) for array in arrays]
    _shape(*shapes, labels=labels, result=result)
    sizes: dict[int, Any] = _sizes(shapes, labels)
    operands = [_simple(array, own, sizes) for array, own in zip(arrays, labels, strict=True)]
    while len(operands) > 1:
        i, j = (0, 1) if len(operands) == 2 else _cheapest(operands, result, sizes)
        a, b = operands[i], operands[j]
        operands = [operand for k, operand in enumerate(operands) if k not in (i, j)]
        operands.append(_product(a, b, {*result, *(label for _, own in operands for label in own)}, sizes))
    array, own = operands[0]
    return array if own == result else np.einsum(array, own, result)


def _simple(array: Any, labels: Labels, sizes: dict[int, int]) -> Operand:
    """The diagonal where a label is repeated; without the axes that are to be stretched."""
    array = np.asarray(array)
    if any(size == 1 != sizes[label] for label, size in zip(labels, array.shape, strict=True)):
        kept = [k for k, label in enumerate(labels) if array.shape[k] == sizes[label]]
        array, labels = array.reshape([array.shape[k] for k in kept]), tuple(labels[k] for k in kept)
    distinct = tuple(dict.fromkeys(labels))
    return (array, labels) if distinct == labels else (np.einsum(array, labels, distinct), distinct)


def _cheapest(operands: Sequence[Operand], result: Labels, sizes: dict[int, int]) -> tuple[int, int]:
    def growth(pair: tuple[int, int]) -> int:
        """How much larger the product is than the two together."""
        needed = {*result, *(label for k, (_, own) in enumerate(operands) if k not in pair for label in own)}
        (a, first), (b, second) = (operands[k] for k in pair)
        return prod(sizes[label] for label in {*first, *second} & needed) - int(a.size + b.size)

    return min(combinations(range(len(operands)), 2), key=growth)


def _product(a: Operand, b: Operand, needed: set[int], sizes: dict[int, int]) -> Operand:
    """The sum of products of two operands over all labels that nobody needs any more."""
    (x, first), (y, second) = _summed(a, {*needed, *b[1]}), _summed(b, {*needed, *a[1]})
    batch = tuple(label for label in first if label in second and label in needed)
    joined = tuple(label for label in first if label in second and label not in needed)
    rows = tuple(label for label in first if label not in second)
    columns = tuple(label for label in second if label not in first)
    out = (*batch, *rows, *columns)
    if not joined or (batch and not (rows and columns)):
        return np.einsum(x, first, y, second, out), out

    def arranged(array: Any, own: Labels, *groups: Labels) -> Any:
        order = [own.index(label) for group in groups for label in group]
        shape = [*(sizes[label] for label in batch), *(prod(sizes[label] for label in group) for group in groups[1:])]
        return array.transpose(order).reshape(shape)

    value = np.matmul(arranged(x, first, batch, rows, joined), arranged(y, second, batch, joined, columns))
    return value.reshape([sizes[label] for label in out]), out


def _summed(operand: Operand, needed: set[int]) -> Operand:
    array, labels = operand
    kept = tuple(label for label in labels if label in needed)
    return operand if kept == labels else (np.einsum(array, labels, kept), kept)


def _to_operand(g: Any, out: Any, *inputs: Any, labels: Sequence[Labels], result: Labels, wanted: int) -> Any:
    """A sum of products again: of the cotangent and the other operands.

    An axis that was summed alone is stretched by ones; a second axis of the same label is tied to the first by δ_ij.
    """
    sizes: dict[int, Any] = _sizes([shape_of(x) for x in inputs], labels)
    others = [k for k in range(len(inputs)) if k != wanted]
    factors, names = [g, *(inputs[k] for k in others)], [result, *(labels[k] for k in others)]
    known = {label for own in names for label in own}
    free = iter(sorted(set(range(52)) - known - set(labels[wanted])))
    dtype: Any = getattr(g, "dtype", np.float64)
    target: list[int] = []
    for label in labels[wanted]:
        if label in target:
            name = next(free)
            factors.append(np.eye(sizes[label], dtype=dtype))
            names.append((label, name))
        else:
            name = label
            if label not in known:
                factors.append(np.ones(sizes[label], dtype=dtype))
                names.append((label,))
        target.append(name)
    return einsum(*factors, labels=tuple(names), result=tuple(target))


einsum: Op = Op("einsum", "linear", _shape, _kernel, (_to_operand,), arity=-1, broadcasts=True)
"""The sum of products of axes that are named by ``labels``, one tuple for each operand; ``result`` names the axes that stay."""
