"""Products by BLAS: the addresses of SciPy's routines, and of the switch for the number of threads of the library behind.

The machine's own loops take the time of a call and of BLAS' preparations away from small products. Measured in a loop over
steps against OpenBLAS 0.3.30 (AVX2, one thread), time of the loops over that of BLAS, float64 and float32:

=====================  ===============================  ====================================
multiplications        B as it stands                   B transposed (a single row of A)
=====================  ===============================  ====================================
256                    0.4 to 0.6                       0.7 (0.7 to 1)
500 to 1000            0.3 to 0.7                       1 to 3 (0.8 to 1.1)
2000 to 8000           0.4 to 0.8, a single row up to 1  2 to 5 (0.8 to 1.2)
30,000                 0.5 to 1.3                       1.1 to 5 (1.0 to 1.2)
=====================  ===============================  ====================================

Several rows by weights that come back at every step are multiplied in another way: ``panels.py``.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from types import ModuleType

ROUTINES = {"float64": ("dgemm", "dgemv"), "float32": ("sgemm", "sgemv")}
ARGUMENTS = {"gemm": "ccIIIrrIrIrrI", "gemv": "cIIrrIrIrrI"}
"""What the routines must be: c for a letter, I for a 32-bit integer, r for a number; each by its address."""
THREADED_PRODUCT, THREADED_ROW = 1 << 18, 9216
"""OpenBLAS may share products of more multiplications among its threads (``interface/gemm.c``, ``interface/gemv.c``)."""
SMALL, SMALL_TURNED, SMALL_TURNED_ROW = 8192, 256, 2048
"""Products of at most so many multiplications are left to the machine's loops: with B as it stands, or transposed."""
PREFIXES, SUFFIXES = ("scipy_openblas_", "openblas_"), ("", "64_", "_64", "64")


@dataclass(frozen=True)
class Blas:
    """Addresses, 0 for what is not there: then the machine multiplies by itself, or leaves the threads alone."""

    gemm: int = 0
    gemv: int = 0
    set_threads: int = 0
    get_threads: int = 0


@cache
def blas(dtype: str) -> Blas:
    """The routines of SciPy for a dtype.

    The switch is that of OpenBLAS. For other libraries (MKL, Accelerate, BLIS) there is none here: they
    keep the number of threads that the user has set.

    >>> blas("float64") is blas("float64")
    True
    """
    try:
        from scipy.linalg import cython_blas
    except ImportError:
        return Blas()
    gemm, gemv = (_routine(cython_blas, name) for name in ROUTINES[dtype])
    if not (gemm and gemv):
        return Blas()
    return Blas(gemm, gemv, *_switch(cython_blas))


def _routine(module: ModuleType, name: str) -> int:
    """The address of a routine of SciPy, if it takes what we give it."""
    capsule = module.__pyx_capi__.get(name)
    if capsule is None:
        return 0
    about = ctypes.pythonapi.PyCapsule_GetName
    about.restype, about.argtypes = ctypes.c_char_p, [ctypes.py_object]
    signature: bytes = about(capsule)
    if _shortened(signature.decode()) != ARGUMENTS[name[1:]]:
        return 0
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(pointer(capsule, signature) or 0)


def _shortened(signature: str) -> str:
    """``void (char *, int *, …_d *)`` as in :data:`ARGUMENTS`; anything unknown as a question mark.

    >>> _shortened("void (char *, int *, __pyx_t_5scipy_6linalg_11cython_blas_d *)")
    'cIr'
    """
    given = signature.removeprefix("void (").removesuffix(")").split(", ")
    known = {"char *": "c", "int *": "I", "double *": "r", "float *": "r"}
    number = ("cython_blas_d *", "cython_blas_s *")
    return "".join(known.get(kind, "r" if kind.endswith(number) else "?") for kind in given)


def _switch(module: ModuleType) -> tuple[int, int]:
    """OpenBLAS' functions that set and get the number of threads, from the very library that the module is linked with."""
    try:
        linked = ctypes.CDLL(str(module.__file__))  # a name is looked for in what it is linked with, too
    except OSError:
        return 0, 0
    for prefix in PREFIXES:
        for suffix in SUFFIXES:
            try:
                both = [getattr(linked, f"{prefix}{verb}_num_threads{suffix}") for verb in ("set", "get")]
            except AttributeError:
                continue
            return tuple(int(ctypes.cast(f, ctypes.c_void_p).value or 0) for f in both)  # type: ignore[return-value]
    return 0, 0
