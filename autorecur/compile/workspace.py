"""Memory that is reused from call to call, and never shared between two results that are alive.

A piece of memory has one owner at a time. Arrays look into it through the owner, so that it is kept by the last view of any of
them; when that is gone the piece is free for the next array of its size. Fresh pages cost as much as the arithmetic on them.
"""

from __future__ import annotations

import ctypes
import sys
from itertools import count as counter
from typing import Any

import numpy as np

ALIGNMENT = 64
"""A cache line, and the widest vectors."""
MOST_FREE = 512 << 20
"""So many bytes are kept for later."""
RECOUNTED = 64
"""The bytes that are free are counted anew each time so many pieces came back: two threads may lose a change of the sum."""


MOST_KINDS = 10_000
"""So many sizes are remembered."""


class _ReadOnly:
    """Memory that NumPy is told not to write to, and of which it has no other way to ask."""

    def __init__(self, memory: bytearray, begin: int, size: int) -> None:
        self.memory = memory
        self.__array_interface__ = {"data": (begin, True), "shape": (size,), "typestr": "|u1", "version": 3}


class _Memory(np.ndarray):
    """No plain array, or NumPy would pass over the owner that stands before it."""


class Piece:
    """Memory of one size class."""

    __slots__ = ("first", "memory", "pool", "size", "stamp", "view")

    def __init__(self, pool: Pool, size: int) -> None:
        self.pool, self.size, self.memory = pool, size, bytearray(size + ALIGNMENT)
        begin = address(np.frombuffer(self.memory, np.uint8))
        self.first = -begin % ALIGNMENT
        self.view = np.asarray(_ReadOnly(self.memory, begin, size + ALIGNMENT)).view(_Memory)
        """What looks through it cannot be made writeable."""
        self.stamp = 0
        """When it was given back, compared with others."""


class _Owner(np.ndarray):
    """Stands between a piece and an array that looks into it: NumPy keeps it as long as anything looks into the array.

    The memory is no array, or NumPy would let the array keep the memory itself and pass over the owner.
    """

    piece: Piece | None = None
    """Of views of this view: none."""

    def __del__(self) -> None:
        piece = self.piece
        if piece is not None:
            piece.pool.give_back(piece)


class Pool:
    """Free pieces of memory by size, the latest on top.

    Memory is given back when an array dies, which may be anywhere, also in the middle of ``take``. Each change is therefore one
    operation on a dict or a list that nothing can come between, and there is no lock.

    >>> pool = Pool()
    >>> first = pool.lease(1000, "float64")
    >>> where = address(first)
    >>> del first
    >>> address(pool.lease(999, "float64")) == where
    True
    """

    def __init__(self, most_free: int = MOST_FREE) -> None:
        self.most_free = most_free
        self.free: dict[int, list[Piece]] = {}
        self.bytes = 0
        self.stamps = counter(1)
        self.recounted = RECOUNTED  # here, because the module's own names are gone when the interpreter ends
        self.kinds: dict[Any, tuple[int, Any]] = {}
        """The size class of each count and dtype that was asked for."""

    def lease(self, count: int, dtype: Any, writeable: bool = True) -> np.ndarray:
        """An array of ``count`` numbers, not cleared, at a multiple of 64 bytes; its memory comes back with its last view.

        One that is not ``writeable`` is written to by address, or through :func:`opened`."""
        kind = self.kinds.get((count, dtype))
        if kind is None:
            kind = self._kind(count, dtype)
        size, own = kind
        try:
            piece = self.free[size].pop()
            self.bytes -= size
        except (KeyError, IndexError):
            piece = Piece(self, size)
        owner = _Owner((count,), own, piece.memory if writeable else piece.view, piece.first)
        owner.piece = piece
        return owner.view(np.ndarray)

    def _kind(self, count: int, dtype: Any) -> tuple[int, Any]:
        if count < 0:
            raise ValueError(f"an array of {count} numbers: the count must not be negative")
        if len(self.kinds) > MOST_KINDS:
            self.kinds.clear()
        own = np.dtype(dtype)
        self.kinds[count, dtype] = kind = size_class(count * own.itemsize), own
        return kind

    def give_back(self, piece: Piece) -> None:
        piece.stamp = next(self.stamps)
        self.free.setdefault(piece.size, []).append(piece)
        self.bytes += piece.size
        if piece.stamp % self.recounted == 0:
            self.bytes = self.free_bytes()
        if self.bytes > self.most_free:
            self._drop()

    def free_bytes(self) -> int:
        """How many bytes are kept for later."""
        return sum(size * len(pieces) for size, pieces in list(self.free.items()))

    def _drop(self) -> None:
        """Lets go of what has been free for longest, until the rest is within the bound."""
        while (free := self.free_bytes()) > self.most_free:
            oldest = min((pieces[:1] for pieces in list(self.free.values()) if pieces), key=_stamp, default=[])
            try:
                self.free[oldest[0].size].remove(oldest[0])
            except (IndexError, ValueError):  # another thread took it
                continue
        self.bytes = free


def opened(leased: Any) -> Any:
    """A leased array that is not writeable, as one that is, for whoever leased it."""
    piece = leased.base.piece
    return np.ndarray(leased.shape, leased.dtype, piece.memory, piece.first)


def _stamp(pieces: list[Piece]) -> int:
    return pieces[0].stamp


def size_class(size: int) -> int:
    """The size of the pieces from which ``size`` bytes are taken: a quarter more at most, beyond the smallest.

    >>> size_class(1), size_class(64), size_class(1025), size_class(5000)
    (64, 64, 1280, 5120)
    """
    step = max(ALIGNMENT, 1 << max(0, (size - 1).bit_length() - 3))
    return max(1, -(-size // step)) * step


def _interface_address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


_DATA = object.__basicsize__
_word = ctypes.c_size_t.from_address


def _read_address(array: np.ndarray) -> int:
    """The first field of an array is where its numbers are: an eighth of the time that NumPy takes to tell."""
    return _word(id(array) + _DATA).value


def _first_of(*ways: Any) -> Any:
    """The first way to an array's address that finds it here."""
    sample = np.empty(8)
    if sys.implementation.name != "cpython":
        return ways[-1]
    return next(way for way in ways if way(sample) == _interface_address(sample))


address = _first_of(_read_address, _interface_address)
"""Where the numbers of an array begin."""
POOL = Pool()
lease = POOL.lease
