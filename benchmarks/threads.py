"""Holds every library to so many threads: they look when they are loaded, so this is imported before all others."""

from __future__ import annotations

import os


def pin(threads: int) -> int:
    """Tells OpenMP, the BLAS libraries, numba and XLA."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC", "PJRT_NPROC")
    for variable in names:
        os.environ[variable] = str(threads)
    if threads == 1:
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".strip()
    return threads
