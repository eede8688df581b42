"""Leased memory: reused when its last view is gone, and never before."""

from __future__ import annotations

import gc
import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autorecur.compile.workspace import ALIGNMENT, MOST_FREE, POOL, Pool, _interface_address, address, lease, size_class

DTYPES = ["float64", "float32"]


@given(st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(DTYPES), st.integers(0, 5)), max_size=60))
def test_live_arrays_never_overlap(steps: list[tuple[int, str, int]]) -> None:
    """Whatever is leased and dropped in whatever order, each array keeps the numbers that were written to it."""
    pool = Pool(most_free=20_000)
    live: list[tuple[np.ndarray, int]] = []
    for number, (count, dtype, dropped) in enumerate(steps, 1):
        array = pool.lease(count, dtype)
        assert array.shape == (count,)
        assert array.dtype == np.dtype(dtype)
        array[:] = number
        live.append((array, number))
        if dropped and len(live) >= dropped:
            del live[-dropped]
        for kept, own in live:
            assert (kept == own).all()
        del array
    spans = sorted((address(a), address(a) + a.nbytes) for a, _ in live if a.size)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_memory_is_reused_after_the_last_view() -> None:
    """Slices, reshaped and transposed views, and views of these keep it; then the next array of the size gets it."""
    pool = Pool()
    array = pool.lease(1000, "float64")
    where = address(array)
    view = array.reshape(10, 100).T[3:, 1:][::2]
    flat = np.asarray(memoryview(view[0]))
    del array
    assert address(pool.lease(1000, "float64")) != where
    del view
    assert address(pool.lease(1000, "float64")) != where
    del flat
    gc.collect()
    again = [pool.lease(n, d) for n, d in ((1000, "float64"), (2000, "float32"))]
    assert where in [address(a) for a in again]
    assert address(again[0]) != address(again[1])


def test_other_sizes_get_other_memory() -> None:
    """A large array does not take the place of a small one."""
    pool = Pool()
    where = address(pool.lease(10, "float64"))
    assert address(pool.lease(10_000, "float64")) != where
    assert address(pool.lease(10, "float64")) == where


@given(st.integers(0, 1 << 40))
def test_size_classes(size: int) -> None:
    """Large enough, whole cache lines, at most a quarter too large, and fixed points of the rounding."""
    rounded = size_class(size)
    assert rounded >= size
    assert rounded % ALIGNMENT == 0
    assert rounded <= max(1.25 * size, size + ALIGNMENT)
    assert size_class(rounded) == rounded


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [0, 1, 7, 1000, 100_003])
def test_arrays_are_aligned_and_writable(count: int, dtype: str) -> None:
    """As the widest vectors want them."""
    array = lease(count, dtype)
    assert array.flags.c_contiguous
    assert array.flags.writeable
    assert count == 0 or address(array) % ALIGNMENT == 0


def test_free_memory_is_bounded() -> None:
    """Beyond the bound, what has been free for longest goes first."""
    pool = Pool(most_free=10 * 8192)
    arrays = [pool.lease(1024, "float64") for _ in range(12)]
    where = [address(array) for array in arrays]
    while arrays:
        del arrays[0]
    assert pool.free_bytes() == 10 * 8192
    found = {address(a) for a in [pool.lease(1024, "float64") for _ in range(10)]}
    assert found >= set(where[2:])
    del found
    large = pool.lease(20_000, "float64")
    del large
    assert pool.free_bytes() <= 10 * 8192
    assert POOL.most_free == MOST_FREE == 512 * 2**20


def test_a_bound_across_sizes() -> None:
    """The oldest piece goes, whatever its size; what comes last stays."""
    pool = Pool(most_free=9 * 8192)
    small, large, last = pool.lease(1024, "float64"), pool.lease(8 * 1024, "float64"), pool.lease(1024, "float64")
    kept = address(last)
    del small, large, last
    assert [len(pool.free[size]) for size in (8192, 8 * 8192)] == [1, 1]
    assert address(pool.lease(1024, "float64")) == kept


def test_a_negative_count() -> None:
    """It is refused, and no memory is lost."""
    with pytest.raises(ValueError, match="-1 numbers"):
        lease(-1, "float64")


def test_threads() -> None:
    """Arrays of several threads do not meet, and the sum of free bytes stays right."""
    pool, wrong = Pool(most_free=1 << 20), []

    def work(own: int) -> None:
        kept = []
        for i in range(2000):
            array = pool.lease(1 + 37 * i % 500, "float64")
            array[:] = own
            kept.append(array)
            if i % 3:
                wrong.extend(a for a in kept if not (a == own).all())
                del kept[: i % 5]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert pool.free_bytes() <= 1 << 20


def test_addresses_are_numpys() -> None:
    """Of whole arrays, of parts, of read-only and of empty ones."""
    whole = np.arange(12.0).reshape(3, 4)
    frozen = np.broadcast_to(whole, (2, 3, 4))
    for array in (whole, whole[1:, 2:], whole.T, frozen, whole[:0], np.float32([1])):
        assert address(array) == _interface_address(array) == array.ctypes.data
