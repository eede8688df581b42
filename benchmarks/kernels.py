"""The table that decides which op is compiled: NumPy against the compiled loop against PyTorch, one thread.

    python benchmarks/kernels.py > benchmarks/kernels.md      # two minutes

Nanoseconds an element, the smallest of several rounds in turns; a compiled loop is timed with its call.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from autorecur.kernels import choice
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
    for _ in range(15):
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
        x = (np.abs(np.random.default_rng(0).standard_normal(size)) + 0.1).astype(dtype)
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


def main() -> int:
    print("# What decided which op is compiled\n")
    print(
        "Written by `python benchmarks/kernels.py`; nanoseconds an element on one thread. The sizes from which on the"
    )
    print(
        "compiled loop runs stand in `autorecur/kernels/choice.py`. What is not listed is NumPy's: one pass over memory"
    )
    print("(`+ − × ÷`, `sqrt`, `maximum`, `relu`, sums) takes the same time compiled, and products are BLAS'.")
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
