"""The table that decides which op is compiled: NumPy against the compiled loop against PyTorch, one thread.

    python benchmarks/kernels.py > benchmarks/kernels.md      # three minutes

Nanoseconds an element, the smallest of several rounds in turns; a compiled loop is timed with its call.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from autorecur.kernels import choice, sums
from autorecur.kernels.fused import fused
from autorecur.kernels.rows import along_rows, rows_fused
from autorecur.ops import TABLE

SIZES = (1000, 10_000, 100_000, 1_000_000)
RULES = (
    "divide",
    "tanh",
    "sigmoid",
    "log",
    "sqrt",
    "relu",
    "elu",
    "silu",
    "softplus",
    "maximum",
    "abs",
    "ratio",
    "erf",
)


def smallest(actions: list[Callable[[], Any]], size: int) -> list[float]:
    """Nanoseconds an element of each, in turns."""
    number = max(1, 100_000 // size)
    best = [float("inf")] * len(actions)
    for _ in range(40):
        for i, action in enumerate(actions):
            start = time.perf_counter()
            for _ in range(number):
                action()
            best[i] = min(best[i], (time.perf_counter() - start) / number / size * 1e9)
    return best


def line(name: str, dtype: str, measure: Callable[[int], list[float]]) -> None:
    cells = [" / ".join(f"{time:.2f}" for time in measure(size)) for size in SIZES]
    print(f"| {name} | {dtype} | " + " | ".join(cells) + " |", flush=True)


def heading(title: str, compared: str) -> None:
    print(f"\n## {title}\n\nEach cell: {compared}.\n")
    print("| op | dtype | " + " | ".join(f"{size:,}" for size in SIZES) + " |")
    print("|---" * (2 + len(SIZES)) + "|")


def forward(name: str, dtype: str) -> Callable[[int], list[float]]:
    import torch

    torch.set_num_threads(1)
    peer = getattr(torch.nn.functional, name, None) or getattr(torch, name, None)
    plain = TABLE[name].kernel.__closure__
    assert plain is not None
    numpys = next(cell.cell_contents for cell in plain if callable(cell.cell_contents))

    def measure(size: int) -> list[float]:
        x = np.random.default_rng(0).standard_normal(size).astype(dtype)
        if name.startswith("log"):
            x = np.abs(x) + np.array(0.1, dtype)
        loop = choice._loop(name, dtype)
        assert loop is not None
        actions = [lambda: numpys(x), lambda: loop(np.empty_like(x), x)]
        if peer is not None:
            tensor = torch.tensor(x)
            actions.append(lambda: peer(tensor))
        return smallest(actions, size)

    return measure


def backward(name: str, dtype: str) -> Callable[[int], list[float]]:
    op = TABLE[name]
    last = len(op.pullbacks) - 1
    rule = op.pullbacks[last]
    assert rule is not None

    def measure(size: int) -> list[float]:
        generator = np.random.default_rng(0)
        arrays = tuple((np.abs(generator.standard_normal(size)) + 0.1).astype(dtype) for _ in op.pullbacks)
        g = generator.standard_normal(size).astype(dtype)
        out = op.kernel(*arrays)
        return smallest([lambda: rule(g, out, *arrays), lambda: fused(op, last, g, out, arrays, {})], size)

    return measure


def rows(name: str, length: int) -> Callable[[int], list[float]]:
    op = TABLE[name]
    rule = op.pullbacks[0]
    assert rule is not None

    def measure(size: int) -> list[float]:
        x, g = np.random.default_rng(0).standard_normal((2, size // length, length))
        out = op.kernel(x, axis=(-1,))
        turned = np.asfortranarray(x)  # of another layout, NumPy's
        actions = [
            lambda: op.kernel(turned, axis=(-1,)),
            lambda: along_rows(name, x, (-1,)),
            lambda: rule(g, out, x, axis=(-1,)),
            lambda: rows_fused(op, g, out, x, (-1,)),
        ]
        return smallest(actions, size)

    return measure


def joined(name: str, length: int) -> Callable[[int], list[float]]:
    """Along rows of so many numbers: 0 stands for one row of all, a negative length for the columns of such rows."""
    import torch

    torch.set_num_threads(1)
    ufunc, start = {"sum": np.add, "max": np.maximum}[name], np.zeros(1, np.intp)

    def measure(size: int) -> list[float]:
        row = size if length == 0 else abs(length)
        x = np.random.default_rng(0).standard_normal((size // row, row))
        axis = 0 if length < 0 else 1
        peer = torch.tensor(x)
        compiled = (
            partial(sums.summed, x, (axis,)) if name == "sum" else partial(sums.extremum_of_rows, name, x, (axis,))
        )
        actions = [
            lambda: ufunc.reduce(x, axis),
            lambda: ufunc.reduceat(x, start, axis),
            compiled,
            lambda: torch.sum(peer, axis) if name == "sum" else torch.amax(peer, axis),
        ]
        return smallest(actions, size)

    return measure


@contextmanager
def every_size_compiled() -> Iterator[None]:
    """The table's thresholds are lifted, so that both sides of them can be seen."""
    least, longest = sums.LEAST_SUMS, sums.SHORT_ROW
    sums.LEAST_SUMS, sums.SHORT_ROW = 0, choice.NEVER
    try:
        yield
    finally:
        sums.LEAST_SUMS, sums.SHORT_ROW = least, longest


def main() -> int:
    print("# What decided which op is compiled\n")
    print(
        "Written by `python benchmarks/kernels.py`; nanoseconds an element on one thread. The sizes from which on the"
    )
    print(
        "compiled loop runs stand in `autorecur/kernels/choice.py`. What is not listed is NumPy's: one pass over memory"
    )
    print("(`+ − × ÷`, `sqrt`, `maximum`) takes the same time compiled, and products are BLAS'.")
    heading("Values", "NumPy / compiled / PyTorch, where it has the function")
    for dtype in ("float64", "float32"):
        for name in choice.LEAST:
            if choice.LEAST[name][dtype == "float32"] < choice.NEVER:
                line(name, dtype, forward(name, dtype))
    heading("Derivative rules", "the rule by NumPy / the same rule as one compiled loop")
    for name in RULES:
        line(name, "float64", backward(name, "float64"))
    heading("Rows", "value by NumPy / compiled / rule by NumPy / compiled")
    for name in ("softmax", "log_softmax"):
        for length in (10, 100, 1000):
            line(f"{name} of {length}", "float64", rows(name, length))
    heading("Sums and extrema", "NumPy's reduce / its reduceat from the first number on / compiled / PyTorch")
    with every_size_compiled():
        for name, lengths in (("sum", (0, 100, 10, -100)), ("max", (0, 200, 100, 10))):
            for length in lengths:
                kind = "all" if not length else f"rows of {length}" if length > 0 else "columns"
                line(f"{name}, {kind}", "float64", joined(name, length))
    return 0


if __name__ == "__main__":
    sys.exit(main())
