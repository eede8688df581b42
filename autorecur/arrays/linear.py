"""Products of matrices and sums of products, diagonals and triangles, with NumPy's names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from operator import index
from string import ascii_letters
from typing import Any

import numpy as np

from autorecur.arrays.axes import normal_axis
from autorecur.arrays.indexing import item
from autorecur.arrays.shapes import moveaxis, ravel, reshape
from autorecur.arrays.sizes import sizes_of
from autorecur.errors import ShapeError
from autorecur.ops import linear as ops
from autorecur.ops.arithmetic import multiply
from autorecur.ops.einsum import einsum as einsum_op
from autorecur.ops.functions import where
from autorecur.ops.indexing import scatter
from autorecur.ops.reductions import total
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor


def matmul(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """The product of matrices, or of stacks of them, which are broadcast; a vector is a row on the left, a column on the right.

    >>> import autorecur as ar
    >>> ar.matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    tensor([3., 7.])
    """
    return apply(ops.matmul, (x1, x2))


def dot(a: ArrayLike, b: ArrayLike) -> Tensor:
    """The sum of products over the last axis of ``a`` and the second to last (or only) one of ``b``; numbers are multiplied.

    >>> import autorecur as ar
    >>> ar.dot([1.0, 2.0], [3.0, 4.0])
    tensor(11.)
    """
    a, b = as_tensor(a), as_tensor(b)
    if a.ndim == 0 or b.ndim == 0:
        return apply(multiply, (a, b))
    if b.ndim <= 2:
        return apply(ops.matmul, (a, b))
    return _contracted(a, b, [a.ndim - 1], [b.ndim - 2], "dot")


def vdot(a: ArrayLike, b: ArrayLike) -> Tensor:
    """The sum of the products of all numbers of ``a`` with those of ``b``, each in row-major order.

    >>> import autorecur as ar
    >>> ar.vdot([[1.0, 2.0]], [[3.0], [4.0]])
    tensor(11.)
    """
    return apply(ops.matmul, (ravel(a), ravel(b)))


def vecdot(x1: ArrayLike, x2: ArrayLike, *, axis: int = -1) -> Tensor:
    """The sums of products along an axis, which has one size in both; the other axes are broadcast.

    >>> import autorecur as ar
    >>> ar.vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    tensor([3., 7.])
    """
    a, b = as_tensor(x1), as_tensor(x2)
    a, b = (moveaxis(x, normal_axis(axis, x.ndim, "vecdot"), -1) for x in (a, b))
    if a.shape[-1] != b.shape[-1]:
        raise ShapeError(f"vecdot: the vectors have different sizes, {a.shape[-1]} and {b.shape[-1]}")
    products = apply(ops.matmul, (reshape(a, (*a.shape[:-1], 1, a.shape[-1])), reshape(b, (*b.shape, 1))))
    return reshape(products, products.shape[:-2])


def inner(a: ArrayLike, b: ArrayLike) -> Tensor:
    """The sum of products over the last axes of both; numbers are multiplied.

    >>> import autorecur as ar
    >>> ar.inner([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    tensor([3., 7.])
    """
    a, b = as_tensor(a), as_tensor(b)
    if a.ndim == 0 or b.ndim == 0:
        return apply(multiply, (a, b))
    return _contracted(a, b, [a.ndim - 1], [b.ndim - 1], "inner")


def outer(a: ArrayLike, b: ArrayLike) -> Tensor:
    """All products of a number of ``a`` with one of ``b``, as a matrix.

    >>> import autorecur as ar
    >>> ar.outer([1.0, 2.0], [3.0, 4.0])
    tensor([[3., 4.],
            [6., 8.]])
    """
    return apply(einsum_op, (ravel(a), ravel(b)), {"labels": ((0,), (1,)), "result": (0, 1)})


def tensordot(a: ArrayLike, b: ArrayLike, axes: int | Sequence[int | Sequence[int]] = 2) -> Tensor:
    """The sum of products over some axes: the last of ``a`` with the first of ``b``, so many; or the pair of lists given.

    >>> import autorecur as ar
    >>> ar.tensordot(ar.ones((2, 3, 4)), ar.ones((4, 3)), axes=([1, 2], [1, 0]))
    tensor([12., 12.])
    """
    a, b = as_tensor(a), as_tensor(b)
    if not isinstance(axes, Sequence):
        count = index(axes)
        if not 0 <= count <= min(a.ndim, b.ndim):
            raise ShapeError(f"tensordot: {count} axes cannot be summed in the shapes {a.shape} and {b.shape}")
        return _contracted(a, b, list(range(a.ndim - count, a.ndim)), list(range(count)), "tensordot")
    first, second = (sizes_of(part) for part in axes)
    if len(first) != len(second) or len(set(first)) != len(first) or len(set(second)) != len(second):
        raise ShapeError(f"tensordot: the axes {first} and {second} are not pairs")
    ours = [normal_axis(axis, a.ndim, "tensordot") for axis in first]
    theirs = [normal_axis(axis, b.ndim, "tensordot") for axis in second]
    return _contracted(a, b, ours, theirs, "tensordot")


def _contracted(a: Tensor, b: Tensor, ours: list[int], theirs: list[int], name: str) -> Tensor:
    """The sum of products over pairs of axes; the other axes of a, then those of b, are left."""
    for i, j in zip(ours, theirs, strict=True):
        if a.shape[i] != b.shape[j]:
            raise ShapeError(
                f"{name}: axis {i} of shape {a.shape} and axis {j} of shape {b.shape} have different sizes, "
                f"{a.shape[i]} and {b.shape[j]}"
            )
    first = tuple(range(a.ndim))
    second = tuple(ours[theirs.index(j)] if j in theirs else a.ndim + j for j in range(b.ndim))
    left = tuple(label for label in first if label not in ours) + tuple(label for label in second if label >= a.ndim)
    return apply(einsum_op, (a, b), {"labels": (first, second), "result": left})


def einsum(subscripts: str, *operands: ArrayLike) -> Tensor:
    """A sum of products over named axes, in Einstein's notation: ``"ij,jk->ik"`` is the product of two matrices.

    A letter names an axis; one that stands twice in an operand picks its diagonal, one that is not in the result is summed.
    Without "->" the result has the letters that stand once, in alphabetical order. "..." stands for any axes in front, which
    are broadcast.

    >>> import autorecur as ar
    >>> ar.einsum("ii->i", [[1.0, 2.0], [3.0, 4.0]])
    tensor([1., 4.])
    >>> ar.einsum("...ij,j", ar.ones((2, 3, 4)), ar.ones(4)).shape
    (2, 3)
    """
    if not isinstance(subscripts, str):
        raise ShapeError("einsum: the first argument is a text such as 'ij,jk->ik'")
    tensors = [as_tensor(operand) for operand in operands]
    labels, result = _labels(subscripts, tuple([x.shape for x in tensors]))
    return apply(einsum_op, tuple(tensors), {"labels": labels, "result": result})


@lru_cache(maxsize=4096)
def _labels(
    subscripts: str, shapes: tuple[tuple[int, ...], ...]
) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """The labels of the axes of each operand and of the result."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    for term in [*terms, right]:
        strange = term.replace("...", "", 1).strip(ascii_letters)
        if strange:
            raise ShapeError(
                f"einsum: {strange[0]!r} in {subscripts!r} names no axis: use letters, ',', '->' and '...'"
            )
    if len(terms) != len(shapes):
        raise ShapeError(f"einsum: {subscripts!r} has {len(terms)} operands, and {len(shapes)} were given")
    unused = [letter for letter in ascii_letters if letter not in left]
    dots = [_in_front(term, shape, subscripts) for term, shape in zip(terms, shapes, strict=True)]
    try:
        front = len(np.broadcast_shapes(*dots))
    except ValueError:
        shown = " and ".join(map(str, dots))
        raise ShapeError(f"einsum: the axes that '...' stands for do not fit together: {shown}") from None
    if front > len(unused):
        raise ShapeError("einsum: there are more axes than the 52 letters can name")
    names = "".join(unused[:front])
    if not arrow:
        single = sorted(letter for letter in ascii_letters if left.count(letter) == 1)
        right = ("..." if front else "") + "".join(single)
    if front and "..." not in right:
        raise ShapeError(f"einsum: the result in {subscripts!r} has no '...', and the operands have axes there")
    full = [term.replace("...", names[front - len(own) :]) for term, own in zip(terms, dots, strict=True)]
    labels = tuple(tuple(ascii_letters.index(letter) for letter in term) for term in full)
    return labels, tuple(ascii_letters.index(letter) for letter in right.replace("...", names))


def _in_front(term: str, shape: tuple[int, ...], subscripts: str) -> tuple[int, ...]:
    """The sizes of the axes that the dots of a term stand for."""
    letters = len(term.replace("...", ""))
    if letters > len(shape) or ("..." not in term and letters != len(shape)):
        raise ShapeError(f"einsum: '{term}' in {subscripts!r} does not name the axes of an operand of shape {shape}")
    start = term.find("...")
    return shape[start : start + len(shape) - letters] if start >= 0 else ()


def diagonal(a: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The numbers at which two axes have the same index (the second a larger one, by ``offset``), on a new last axis.

    >>> import autorecur as ar
    >>> ar.diagonal([[1.0, 2.0], [3.0, 4.0]], offset=1)
    tensor([2.])
    """
    a = as_tensor(a)
    if a.ndim < 2:
        raise ShapeError(f"diagonal: a tensor of shape {a.shape} has no two axes")
    first, second = (normal_axis(axis, a.ndim, "diagonal") for axis in (axis1, axis2))
    if first == second:
        raise ShapeError(f"diagonal: axis {first} is given twice")
    down, right = max(0, -offset), max(0, offset)
    length = max(0, min(a.shape[first] - down, a.shape[second] - right))
    if a.shape[first] != length or a.shape[second] != length:
        index_: list[slice] = [slice(None)] * a.ndim
        index_[first], index_[second] = slice(down, down + length), slice(right, right + length)
        a = item(a, tuple(index_))
    own = tuple(first if axis == second else axis for axis in range(a.ndim))
    left = tuple(axis for axis in range(a.ndim) if axis not in (first, second))
    return apply(einsum_op, (a,), {"labels": (own,), "result": (*left, first)})


def trace(a: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The sum of a diagonal.

    >>> import autorecur as ar
    >>> ar.trace([[1.0, 2.0], [3.0, 4.0]])
    tensor(5.)
    """
    chosen = diagonal(a, offset, axis1, axis2)
    return apply(total, (chosen,), {"axis": (chosen.ndim - 1,), "keepdims": False})


def diag(v: ArrayLike, k: int = 0) -> Tensor:
    """A matrix of zeros with the vector on its diagonal number ``k``; of a matrix, that diagonal.

    >>> import autorecur as ar
    >>> ar.diag([1.0, 2.0])
    tensor([[1., 0.],
            [0., 2.]])
    """
    v = as_tensor(v)
    if v.ndim == 2:
        return diagonal(v, k)
    if v.ndim != 1:
        raise ShapeError(f"diag: a vector or a matrix is needed, not a tensor of shape {v.shape}")
    size = v.size + abs(k)
    start = k if k >= 0 else -k * size
    places = slice(start, start + v.size * (size + 1) - size if v.size else start, size + 1)
    flat = apply(scatter, (v,), {"shape": (size * size,), "index": (places,)})
    return reshape(flat, (size, size))


def triu(m: ArrayLike, k: int = 0) -> Tensor:
    """The matrix (or each of a stack) with zeros below diagonal number ``k``.

    >>> import autorecur as ar
    >>> ar.triu([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [0., 4.]])
    """
    return _triangle(m, lambda rows, columns: np.tri(rows, columns, index(k) - 1, dtype=bool), False, "triu")


def tril(m: ArrayLike, k: int = 0) -> Tensor:
    """The matrix (or each of a stack) with zeros above diagonal number ``k``.

    >>> import autorecur as ar
    >>> ar.tril([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 0.],
            [3., 4.]])
    """
    return _triangle(m, lambda rows, columns: np.tri(rows, columns, index(k), dtype=bool), True, "tril")


def _triangle(m: ArrayLike, lower: Any, kept: bool, name: str) -> Tensor:
    m = as_tensor(m)
    if m.ndim < 2:
        raise ShapeError(f"{name}: a matrix is needed, not a tensor of shape {m.shape}")
    return apply(where, (lower(*m.shape[-2:]) == kept, m, np.zeros((), m.dtype)))


def kron(a: ArrayLike, b: ArrayLike) -> Tensor:
    """Kronecker's product: a copy of ``b``, multiplied, in the place of each number of ``a``.

    >>> import autorecur as ar
    >>> ar.kron([1.0, 10.0], [1.0, 2.0])
    tensor([ 1.,  2., 10., 20.])
    """
    a, b = as_tensor(a), as_tensor(b)
    ndim = max(a.ndim, b.ndim)
    a, b = (reshape(x, (1,) * (ndim - x.ndim) + x.shape) for x in (a, b))
    first, second = tuple(range(ndim)), tuple(range(ndim, 2 * ndim))
    order = tuple(label for pair in zip(first, second, strict=True) for label in pair)
    blocks = apply(einsum_op, (a, b), {"labels": (first, second), "result": order})
    return reshape(blocks, tuple(prod(pair) for pair in zip(a.shape, b.shape, strict=True)))
