"""Sums, products, means, extrema, norms and scans over axes, with NumPy's names, arguments and defaults.

``axis`` is one axis, several in a tuple, or None for all of them; joined axes are dropped, or kept with size 1 if ``keepdims``.
What stands behind ``dtype`` or ``out`` in NumPy is given by keyword.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import nan
from typing import Any

from autorecur.arrays.axes import Axis, normal_axes, normal_axis, plain_axis
from autorecur.arrays.constants import constant
from autorecur.arrays.indexing import item
from autorecur.errors import ArgumentError, ShapeError
from autorecur.ops import Op, comparisons, reductions, scans
from autorecur.ops.arithmetic import multiply, subtract
from autorecur.ops.functions import absolute, square
from autorecur.ops.shape import reshape
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor

_WHOLE: Sequence[Mapping[str, Any]] = [{"axis": tuple(range(ndim)), "keepdims": False} for ndim in range(65)]
"""What an op gets that joins all axes, by their number, of which NumPy has 64 at most."""


def _joined(op: Op, name: str, a: ArrayLike, axis: Axis, keepdims: bool) -> Tensor:
    a = as_tensor(a)
    if axis is None and not keepdims:
        return apply(op, (a,), _WHOLE[a._array.ndim])
    if axis is not None and type(axis) is not int:
        axis = plain_axis(axis, name)
    return apply(op, (a,), _arguments(axis, a._array.ndim, bool(keepdims), name))


@lru_cache(maxsize=256)
def _arguments(axis: Axis, ndim: int, keepdims: bool, name: str) -> Mapping[str, Any]:
    """What an op gets for an axis as NumPy writes it."""
    return {"axis": normal_axes(axis, ndim, name), "keepdims": keepdims}


def sum(a: ArrayLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The sum over all numbers, or over the listed axes; that of no numbers is 0.

    >>> import autorecur as ar
    >>> ar.sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    tensor([4., 6.])
    """
    return _joined(reductions.total, "sum", a, axis, keepdims)


def mean(a: ArrayLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The mean of all numbers, or over the listed axes; that of integers is a float, that of no numbers NaN.

    >>> import autorecur as ar
    >>> ar.mean([[1, 2], [3, 4]], axis=1)
    tensor([1.5, 3.5])
    """
    return _joined(reductions.mean, "mean", a, axis, keepdims)


def average(a: ArrayLike, axis: Axis = None, weights: ArrayLike | None = None, *, keepdims: bool = False) -> Tensor:
    """The mean, in which each number may have a weight: one for each, or one for each place of the axis.

    Both may be differentiated. Raises ShapeError for weights of another shape, ArgumentError if they add up to 0.

    >>> import autorecur as ar
    >>> ar.average([1.0, 5.0], weights=[3.0, 1.0])
    tensor(2.)
    """
    if weights is None:
        return _joined(reductions.mean, "average", a, axis, keepdims)
    x, weight = as_tensor(a), as_tensor(weights)
    if weight.shape != x.shape:
        along = normal_axes(axis, x.ndim, "average") if axis is not None else ()
        if weight.shape != tuple(x.shape[i] for i in along) or len(along) != 1:
            raise ShapeError(f"average: weights of shape {weight.shape} do not fit a tensor of shape {x.shape}")
        weight = apply(reshape, (weight,), {"shape": tuple(n if i in along else 1 for i, n in enumerate(x.shape))})
    whole = _joined(reductions.total, "average", weight, axis, keepdims)
    if not whole.data.all():
        raise ArgumentError("average: the weights add up to 0")
    return _joined(reductions.total, "average", x * weight, axis, keepdims) / whole


def prod(a: ArrayLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The product of all numbers, or over the listed axes; zeros among them leave the derivatives right.

    >>> import autorecur as ar
    >>> ar.grad(ar.prod)(ar.tensor([2.0, 0.0, 3.0]))
    tensor([0., 6., 0.])
    """
    return _joined(scans.product, "prod", a, axis, keepdims)


def max(a: ArrayLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The largest number; equal ones share the derivative. Raises ShapeError where there is no number.

    >>> import autorecur as ar
    >>> ar.max([[1.0, 5.0], [7.0, 2.0]], axis=1)
    tensor([5., 7.])
    """
    return _joined(reductions.maximum_of, "max", a, axis, keepdims)


def min(a: ArrayLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The smallest number; equal ones share the derivative. Raises ShapeError where there is no number.

    >>> import autorecur as ar
    >>> ar.min([[1.0, 5.0], [7.0, 2.0]], axis=1)
    tensor([1., 2.])
    """
    return _joined(reductions.minimum_of, "min", a, axis, keepdims)


amax, amin = max, min


def var(a: ArrayLike, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
    """The mean square of the deviations from the mean: their sum divided by the number of numbers less ``ddof``.

    NaN where there are not more numbers than ``ddof``.

    >>> import autorecur as ar
    >>> ar.var([1.0, 2.0, 3.0, 4.0], ddof=1)
    tensor(1.66666667)
    """
    deviations, axes, weight = _deviations(a, axis, ddof, "var")
    added = apply(reductions.total, (apply(square, (deviations,)),), {"axis": axes, "keepdims": bool(keepdims)})
    return apply(multiply, (added, weight))


def std(a: ArrayLike, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
    """The root of the mean square of the deviations from the mean.

    Where all numbers are equal the derivative is taken as 0, and derivatives of order two have no meaning there.

    >>> import autorecur as ar
    >>> ar.std([1.0, 3.0, 5.0, 7.0])
    tensor(2.23606798)
    """
    deviations, axes, weight = _deviations(a, axis, ddof, "std")
    length = apply(reductions.norm, (deviations,), {"axis": axes, "keepdims": bool(keepdims)})
    return apply(multiply, (length, weight**0.5))


def _deviations(a: ArrayLike, axis: Axis, ddof: float, name: str) -> tuple[Tensor, tuple[int, ...], float]:
    """What the numbers differ by from their mean, the axes of the mean, and the weight of a square in the variance."""
    x = as_tensor(a)
    axes = normal_axes(axis, x.ndim, name)
    number, ddof = reductions.count(x, axes), float(constant(ddof, name, "ddof"))
    center = apply(reductions.mean, (x,), {"axis": axes, "keepdims": True})
    return apply(subtract, (x, center)), axes, 1 / (number - ddof) if number > ddof else nan


def norm(x: ArrayLike, ord: float | str | None = 2, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The length of x as a vector: ``(Σ |x|ᵖ)^(1/p)`` with p = ``ord`` > 0, which may be infinite; None and "fro" mean 2.

    At the origin the derivative is taken as 0, and derivatives of order two have no meaning there. It is no norm of matrices:
    over several axes, or None, all numbers along them are one vector. Raises ArgumentError for an ord that is not above 0.

    >>> import autorecur as ar
    >>> ar.norm([[3.0, 4.0], [6.0, 8.0]], axis=1)
    tensor([ 5., 10.])
    """
    power = 2 if ord is None or (isinstance(ord, str) and ord == "fro") else constant(ord, "norm", "ord")
    if not power > 0:
        raise ArgumentError(f"norm: ord must be a number above 0, and is {power}")
    if power == 2:
        return _joined(reductions.norm, "norm", x, axis, keepdims)
    if power == 1:
        return _joined(reductions.total, "norm", apply(absolute, (x,)), axis, keepdims)
    if power == float("inf"):
        return _joined(reductions.maximum_of, "norm", apply(absolute, (x,)), axis, keepdims)
    x = as_tensor(x)
    return apply(
        reductions.p_norm, (x,), {"axis": normal_axes(axis, x.ndim, "norm"), "keepdims": bool(keepdims), "ord": power}
    )


def logsumexp(a: ArrayLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """log Σ eᵃ without overflow; −∞ adds nothing, and where there is nothing else the value is −∞ and the derivative NaN.

    >>> import autorecur as ar
    >>> ar.logsumexp([1000.0, 1000.0])
    tensor(1000.69314718)
    """
    return _joined(reductions.logsumexp, "logsumexp", a, axis, keepdims)


def softmax(x: ArrayLike, axis: Axis = None) -> Tensor:
    """Exponentials divided by their sum over all axes, or over those listed, without overflow.

    >>> import autorecur as ar
    >>> ar.softmax([[0.0, 0.0], [1000.0, -1000.0]], axis=-1)
    tensor([[0.5, 0.5],
            [1. , 0. ]])
    """
    x = as_tensor(x)
    return apply(reductions.softmax, (x,), {"axis": normal_axes(axis, x.ndim, "softmax")})


def log_softmax(x: ArrayLike, axis: Axis = None) -> Tensor:
    """The logarithm of :func:`softmax`, finite where that rounds to 0.

    >>> import autorecur as ar
    >>> ar.log_softmax([0.0, -10000.0])
    tensor([     0., -10000.])
    """
    x = as_tensor(x)
    return apply(reductions.log_softmax, (x,), {"axis": normal_axes(axis, x.ndim, "log_softmax")})


def cumsum(a: ArrayLike, axis: int | None = None) -> Tensor:
    """Running sums along an axis; along all numbers in one row for None.

    >>> import autorecur as ar
    >>> ar.cumsum([1.0, 2.0, 3.0])
    tensor([1., 3., 6.])
    """
    return _scanned(scans.cumsum, a, axis)


def cumprod(a: ArrayLike, axis: int | None = None) -> Tensor:
    """Running products along an axis; along all numbers in one row for None. Zeros leave the derivatives right.

    >>> import autorecur as ar
    >>> ar.cumprod([2.0, 3.0, 4.0])
    tensor([ 2.,  6., 24.])
    """
    return _scanned(scans.cumprod, a, axis)


def _scanned(op: Op, a: ArrayLike, axis: int | None) -> Tensor:
    a = as_tensor(a)
    if axis is None:
        a, axis = (a if a.ndim == 1 else apply(reshape, (a,), {"shape": (a.size,)})), 0
    return apply(op, (a,), {"axis": normal_axis(axis, a.ndim, op.name)})


def diff(a: ArrayLike, n: int = 1, axis: int = -1) -> Tensor:
    """Each number less the one before it along an axis, ``n`` times over.

    >>> import autorecur as ar
    >>> ar.diff([1.0, 4.0, 9.0])
    tensor([3., 5.])
    """
    x = as_tensor(a)
    place = normal_axis(axis, x.ndim, "diff")
    if n < 0:
        raise ArgumentError(f"diff: n is {n}, and has to be 0 or more")
    op = subtract if x.dtype.kind != "b" else comparisons.not_equal
    before = (slice(None),) * place
    for _ in range(n):
        x = apply(op, (item(x, (*before, slice(1, None))), item(x, (*before, slice(None, -1)))))
    return x


def argmax(a: ArrayLike, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """The index of the first largest number along an axis, or in one row for None. Raises ShapeError where there is none.

    >>> import autorecur as ar
    >>> ar.argmax([[1.0, 5.0], [7.0, 2.0]], axis=1)
    tensor([1, 0])
    """
    return _sought(comparisons.argmax, a, axis, keepdims)


def argmin(a: ArrayLike, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """The index of the first smallest number along an axis, or in one row for None. Raises ShapeError where there is none.

    >>> import autorecur as ar
    >>> ar.argmin([[1.0, 5.0], [7.0, 2.0]], axis=1)
    tensor([0, 1])
    """
    return _sought(comparisons.argmin, a, axis, keepdims)


def _sought(op: Op, a: ArrayLike, axis: int | None, keepdims: bool) -> Tensor:
    a = as_tensor(a)
    shape = (1,) * a.ndim
    if axis is None:
        found = apply(op, (a.data.reshape(-1),), {"axis": 0, "keepdims": False})
        return apply(reshape, (found,), {"shape": shape}) if keepdims else found
    return apply(op, (a,), {"axis": normal_axis(axis, a.ndim, op.name), "keepdims": bool(keepdims)})


def any(a: ArrayLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Whether a number other than 0, or a True, is among them.

    >>> import autorecur as ar
    >>> ar.any([[False, True], [False, False]], axis=1)
    tensor([ True, False])
    """
    return _joined(comparisons.any_of, "any", a, axis, keepdims)


def all(a: ArrayLike, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Whether no number is 0, or no value False.

    >>> import autorecur as ar
    >>> ar.all([[True, True], [False, True]], axis=1)
    tensor([ True, False])
    """
    return _joined(comparisons.all_of, "all", a, axis, keepdims)
