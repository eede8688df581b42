"""BLAS by address: the routines of SciPy, and the switch for the threads of the library behind them."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.linalg import cython_blas

from autorecur.compile import blas as room
from autorecur.compile.blas import Blas, blas

DTYPES = ["float64", "float32"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_routine_multiplies(dtype: str) -> None:
    """Called by its address as Fortran calls it, it gives the product."""
    address = blas(dtype).gemm
    assert address
    number = ctypes.c_double if dtype == "float64" else ctypes.c_float
    a, b = (np.random.default_rng(i).standard_normal((3, 3)).astype(dtype) for i in range(2))
    c = np.zeros((3, 3), dtype)
    size, one, zero = ctypes.c_int(3), number(1), number(0)
    letters = [ctypes.c_char(b"N"), ctypes.c_char(b"N")]
    by = ctypes.byref
    pointers = [ctypes.c_void_p(x.ctypes.data) for x in (b, a, c)]
    gemm = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 13)(address)
    sizes = [by(size)] * 3
    given = [*map(by, letters), *sizes, by(one), pointers[0], by(size), pointers[1], by(size), by(zero), pointers[2]]
    gemm(*[ctypes.cast(x, ctypes.c_void_p) for x in [*given, by(size)]])
    np.testing.assert_allclose(c, a @ b, rtol=1e-5)


def test_the_switch_is_that_of_the_library_behind() -> None:
    """What it sets is what it gets, and what it was before is put back."""
    routines = blas("float64")
    if not routines.get_threads:
        pytest.skip("SciPy's BLAS here is no OpenBLAS: there is no switch")
    get = ctypes.CFUNCTYPE(ctypes.c_int)(routines.get_threads)
    put = ctypes.CFUNCTYPE(None, ctypes.c_int)(routines.set_threads)
    before = get()
    try:
        for threads in (1, 2):
            put(threads)
            assert get() == threads
    finally:
        put(before)


def test_a_routine_with_another_signature_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """64-bit sizes, or anything else: then the machine multiplies by itself."""
    dgemm = cython_blas.__pyx_capi__["dgemm"]
    other = SimpleNamespace(__pyx_capi__={"dgemm": dgemm, "dgemv": dgemm}, __file__=cython_blas.__file__)
    assert room._routine(other, "dgemm") == blas("float64").gemm  # type: ignore[arg-type]
    assert room._routine(other, "dgemv") == 0  # type: ignore[arg-type]
    assert room._routine(other, "zgemm") == 0  # type: ignore[arg-type]
    assert room._shortened("void (char *, int64_t *)") == "c?"


def test_a_library_without_a_switch() -> None:
    """MKL and others: no address, and nothing is called."""
    assert room._switch(SimpleNamespace(__file__="/nowhere.so")) == (0, 0)  # type: ignore[arg-type]
    assert room._switch(SimpleNamespace(__file__=np.random._pcg64.__file__)) == (0, 0)  # type: ignore[arg-type]


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known, nothing fails."""
    import sys

    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    assert room.blas.__wrapped__("float64") == Blas()
