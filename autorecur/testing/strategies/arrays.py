"""Shapes, tensors, and sequences of several lengths."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autorecur.tape.tensor import Tensor

Shape = tuple[int, ...]
Array = Any
EXTREMES = (1e4, -1e4, 1e-8, -1e-8, 1e-300, -1e-300)
"""What a tensor with extremes may hold besides ordinary numbers, zeros and the smallest normal number of its dtype."""


def require_range(name: str, least: float, most: float, floor: float | None = None) -> None:
    """Raises ValueError for a pair of min_ and max_ that nothing lies between."""
    if floor is not None and least < floor:
        raise ValueError(f"min_{name}={least} is less than {floor}")
    if not least <= most:
        raise ValueError(f"min_{name}={least} is larger than max_{name}={most}")


def shapes(
    *, min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 4, max_size: int | None = None
) -> st.SearchStrategy[Shape]:
    """Shapes with ``min_dims`` to ``max_dims`` axes of ``min_side`` to ``max_side``, of at most ``max_size`` numbers in all.

    ``min_side=0`` draws empty arrays as well. Shrinks to few axes and small sides.

    >>> from hypothesis import find
    >>> import autorecur as ar
    >>> find(ar.testing.shapes(min_dims=2), lambda shape: True)
    (1, 1)
    """
    require_range("dims", min_dims, max_dims, 0)
    require_range("side", min_side, max_side, 0)
    if max_size is not None and max_size < min_side**min_dims:
        raise ValueError(f"max_size={max_size} is less than the {min_side**min_dims} numbers of the smallest shape")
    drawn = st.lists(st.integers(min_side, max_side), min_size=min_dims, max_size=max_dims).map(tuple)
    return drawn if max_size is None else drawn.filter(lambda shape: int(np.prod(shape)) <= max_size)


@st.composite
def _broadcastable(draw: st.DrawFn, shape: Shape | None, count: int, limits: dict[str, int]) -> tuple[Shape, ...]:
    whole = draw(shapes(**limits)) if shape is None else shape
    result = []
    for _ in range(count):
        kept = draw(st.integers(limits["min_dims"], len(whole)))
        ones = draw(st.lists(st.booleans(), min_size=kept, max_size=kept))
        sides = whole[len(whole) - kept :]
        result.append(tuple(1 if one else side for one, side in zip(ones, sides, strict=True)))
    if shape is None and np.broadcast_shapes(*result) != whole:
        result[draw(st.integers(0, count - 1))] = whole
    return tuple(result)


def broadcastable(
    shape: Shape | None = None,
    *,
    count: int = 2,
    min_dims: int = 0,
    max_dims: int = 3,
    min_side: int = 1,
    max_side: int = 4,
) -> st.SearchStrategy[tuple[Shape, ...]]:
    """``count`` shapes that NumPy broadcasts together; if ``shape`` is given, each of them to that shape.

    Axes are left out in front, or have size 1. The other options are those of :func:`shapes`.

    >>> from hypothesis import find
    >>> import autorecur as ar
    >>> find(ar.testing.broadcastable((2, 3)), lambda pair: True)
    ((), ())
    """
    if count < 1:
        raise ValueError(f"count={count} is less than 1")
    require_range("dims", min_dims, max_dims, 0)
    require_range("side", min_side, max_side, 0)
    if shape is not None and len(shape) < min_dims:
        raise ValueError(f"min_dims={min_dims} is larger than the {len(shape)} axes of shape={shape}")
    limits = {"min_dims": min_dims, "max_dims": max_dims, "min_side": min_side, "max_side": max_side}
    return _broadcastable(shape, count, limits)


def numbers(dtype: Any, min_value: float, max_value: float, extremes: bool) -> st.SearchStrategy[float]:
    """Single numbers: tidy ones first, then any; zero is the simplest."""
    kind = np.dtype(dtype)
    if kind.kind != "f":
        raise ValueError(f"dtype={dtype} is no float: only floats have a gradient")
    require_range("value", min_value, max_value)
    low, high = kind.type(min_value), kind.type(max_value)
    tiny = float(np.finfo(kind).tiny)
    drawn = st.floats(float(low), float(high), width=kind.itemsize * 8, allow_subnormal=False)
    usual = drawn.map(lambda x: 0.0 if abs(x) < 1e3 * tiny else x) if low <= 0 <= high else drawn
    if not extremes:
        return usual
    held = [x for x in (0.0, -0.0, tiny, -tiny, *EXTREMES) if (abs(x) >= tiny or x == 0) and _side(x, low, high)]
    return usual | st.sampled_from(held)


def _side(x: float, low: float, high: float) -> bool:
    """Whether the bounds leave room for the sign of an extreme number."""
    return low < 0 if x < 0 else high > 0 if x > 0 else low <= 0 <= high


@st.composite
def _arrays(draw: st.DrawFn, shape: Any, dtype: Any, elements: st.SearchStrategy[float]) -> Array:
    sizes = draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    return draw(hnp.arrays(dtype, sizes, elements=elements, fill=st.nothing()))


def tensors(
    shape: Shape | st.SearchStrategy[Shape] | None = None,
    *,
    dtype: Any = np.float64,
    min_value: float = -3.0,
    max_value: float = 3.0,
    extremes: bool = False,
    requires_grad: bool = False,
) -> st.SearchStrategy[Tensor]:
    """Tensors of floats of a shape: one that is given, or drawn from a strategy, by default from :func:`shapes`.

    Numbers lie between ``min_value`` and ``max_value``; with ``extremes`` some are ±1e4, ±1e-8, ±1e-300, the smallest normal
    number or −0, with the signs that the bounds leave room for.

    Shrinks to small shapes and zeros (or what is closest to zero).

    >>> from hypothesis import find
    >>> import autorecur as ar
    >>> find(ar.testing.tensors((2,)), lambda x: True)
    tensor([0., 0.])
    """
    chosen = shapes() if shape is None else shape
    elements = numbers(dtype, min_value, max_value, extremes)
    return _arrays(chosen, dtype, elements).map(lambda array: Tensor(array, requires_grad))


class Sequences(NamedTuple):
    """A batch of sequences: ``x`` of shape (steps, batch, features), and how many steps of each count."""

    x: Array
    lengths: Array


@st.composite
def _sequences(draw: st.DrawFn, steps: st.SearchStrategy[int], sizes: Any, least: int, elements: Any) -> Sequences:
    longest, batch, features = draw(steps), draw(sizes[0]), draw(sizes[1])
    x = draw(hnp.arrays(np.float64, (longest, batch, features), elements=elements, fill=st.nothing()))
    shorter = draw(st.lists(st.integers(0, longest - min(least, longest)), min_size=batch, max_size=batch))
    return Sequences(x, longest - np.array(shorter, dtype=np.int64))


def sequences(
    *,
    min_steps: int = 1,
    max_steps: int = 6,
    min_batch: int = 1,
    max_batch: int = 3,
    min_features: int = 1,
    max_features: int = 3,
    min_length: int = 1,
    min_value: float = -3.0,
    max_value: float = 3.0,
) -> st.SearchStrategy[Sequences]:
    """Batches of sequences of several lengths, as ``(x, lengths)``.

    ``x`` has the shape (steps, batch, features); ``lengths`` says how many steps of each sequence count, from
    ``min_length`` on. Past a sequence's end stands padding that is not zero, so that a cell that reads it is found out.
    Shrinks to one step, one sequence, one feature, all full, all zero.

    >>> from hypothesis import find
    >>> import autorecur as ar
    >>> find(ar.testing.sequences(), lambda sequences: True)
    Sequences(x=array([[[0.]]]), lengths=array([1]))
    """
    require_range("steps", min_steps, max_steps, 1)
    require_range("batch", min_batch, max_batch, 1)
    require_range("features", min_features, max_features, 1)
    if not 0 <= min_length <= min_steps:
        raise ValueError(f"min_length={min_length} is not between 0 and min_steps={min_steps}")
    sizes = (st.integers(min_batch, max_batch), st.integers(min_features, max_features))
    elements = numbers(np.float64, min_value, max_value, False)
    return _sequences(st.integers(min_steps, max_steps), sizes, min_length, elements).map(_padded)


def _padded(sequences: Sequences) -> Sequences:
    x = sequences.x.copy()
    for column, length in enumerate(sequences.lengths):
        past = x[length:, column]
        past[past == 0] = 1.0
    return Sequences(x, sequences.lengths)
