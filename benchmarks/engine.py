"""What the engine costs, side by side with PyTorch, MyGrad and HIPS autograd: time and memory, small and large.

    python benchmarks/engine.py            # about five minutes
    python benchmarks/engine.py --quick    # about half a minute, up to a million numbers

Every library runs on one thread, in one process, in turns; what they compute is compared first, and each time is the
smallest of several rounds. A ratio below 1 means that autorecur was faster. A library that is not installed is left
out, and said to be. The exit code is 1 if a bound is missed.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import gc
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from peers import OURS, Library, libraries
from turns import in_turns, smallest

import autorecur as ar

LINKS = 200


def agree(name: str, found: Mapping[str, Any]) -> None:
    """All libraries give the same numbers, or the comparison of their times means nothing."""
    true = found[OURS]
    for library, values in found.items():
        for mine, theirs in zip(true, values, strict=True):
            mine, theirs = np.asarray(mine), np.asarray(theirs)
            assert mine.shape == theirs.shape, (name, library, mine.shape, theirs.shape)
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9, err_msg=f"{name}: {OURS} and {library}")


def plain(value: Any) -> np.ndarray:
    """The numbers of whatever a library's gradient is."""
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def chain(f: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """200 operations of ten kinds, one on the other, and a sum."""

    def run(x: Any, y: Any) -> Any:
        h = x
        for _ in range(LINKS // 10):
            h = f["tanh"](h * y + 0.5)
            h = f["sigmoid"](h - y) / 1.5
            h = f["relu"](-h + 2.0)
            h = f["exp"](h * -0.5)
        return f["sum"](f["square"](h))

    return run


def small_vectors(peers: list[Library], budget: float) -> dict[str, float]:
    """Seconds an op, forward and backward, of a chain on vectors of four numbers."""
    generator = np.random.default_rng(0)
    arrays = [generator.standard_normal(4), np.abs(generator.standard_normal(4)) + 0.5]
    actions = {peer.name: peer.gradient(chain(peer.functions), arrays) for peer in peers}
    agree("chain", {name: [plain(g) for g in action()] for name, action in actions.items()})
    return {name: seconds / (LINKS + 2) for name, seconds in smallest(in_turns(actions, budget)).items()}


Body = Callable[[Mapping[str, Callable[..., Any]]], Callable[..., Any]]


def one(name: str) -> Body:
    return lambda f: f[name]


def along_rows(name: str) -> Body:
    return lambda f: lambda x: f[name](x, axis=-1)


BODIES: Mapping[str, tuple[Body, str]] = {
    "add": (lambda f: lambda x, y: x + y, "two"),
    "multiply": (lambda f: lambda x, y: x * y, "two"),
    "divide": (lambda f: lambda x, y: x / y, "two"),
    **{name: (one(name), "one") for name in ("exp", "tanh", "sigmoid", "relu", "softplus", "square", "sin")},
    **{name: (one(name), "positive") for name in ("log", "sqrt", "log1p")},
    "maximum": (one("maximum"), "two"),
    "sum": (one("sum"), "one"),
    "mean": (one("mean"), "one"),
    "max": (one("max"), "one"),
    "sum of rows": (along_rows("sum"), "rows"),
    "sum of columns": (lambda f: lambda x: f["sum"](x, axis=0), "rows"),
    "max of rows": (along_rows("max"), "rows"),
    "softmax of rows": (along_rows("softmax"), "rows"),
    "log_softmax of rows": (along_rows("log_softmax"), "rows"),
    "matmul": (one("matmul"), "square"),
}
"""What is timed, and on what."""


def drawn(kind: str, size: int) -> list[np.ndarray]:
    generator = np.random.default_rng(size)
    if kind == "square":
        side = round(size**0.5)
        return [generator.standard_normal((side, side)) for _ in range(2)]
    x = generator.standard_normal(size)
    if kind == "rows":
        return [x.reshape(-1, 100)]
    if kind == "positive":
        return [np.abs(x) + 0.1]
    return [x, np.abs(generator.standard_normal(size)) + 0.1] if kind == "two" else [x]


def large_arrays(
    peers: list[Library], sizes: list[int], budget: float
) -> Iterator[tuple[str, int, str, dict[str, float]]]:
    """Seconds of each row of the table, forward alone and forward with backward."""
    for size in sizes:
        for name, (body, kind) in BODIES.items():
            if kind == "square" and size > 1_000_000:
                continue  # a product of 3162×3162 matrices is BLAS' time alone
            arrays = drawn(kind, size)
            # The slow peers would spend minutes on the largest arrays to say nothing new.
            asked = [p for p in peers if size <= 1_000_000 or p.name in (OURS, "PyTorch")]
            forward, whole = {}, {}
            for peer in asked:
                try:
                    f = body(peer.functions)
                    values = [peer.constant(array) for array in arrays]
                    f(*values)
                except KeyError:
                    continue  # a library without this function
                forward[peer.name] = lambda f=f, values=values: f(*values)
                total = peer.functions["sum"]
                whole[peer.name] = peer.gradient(lambda *x, f=f, total=total: total(f(*x)), arrays)
            numbers = {peer.name: peer.numbers for peer in asked}
            agree(name, {library: [numbers[library](run())] for library, run in forward.items()})
            yield name, size, "forward", smallest(in_turns(forward, budget))
            agree(name, {library: [plain(g) for g in run()] for library, run in whole.items()})
            yield name, size, "forward and backward", smallest(in_turns(whole, budget))
            gc.collect()


IMPORTS: Mapping[str, str] = {
    "bare": "pass",
    "NumPy": "import numpy",
    "alone": "import autorecur",
    "both": "import numpy, autorecur",
    "tensor": "import autorecur; autorecur.tensor([1.0])",
}


def import_times(rounds: int) -> tuple[dict[str, float], list[str]]:
    """Seconds of each of the imports beyond bare Python, and which heavy packages the first tensor loads."""
    # Python is to keep what it has compiled, as it does for users; else every process compiles the package anew.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def process(statement: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-c", statement], check=True, capture_output=True, text=True, env=variables
        )
        return ended.stdout

    best = dict.fromkeys(IMPORTS, 9.0)
    for count in range(rounds + 1):  # the first round is to warm up
        for name, statement in IMPORTS.items():
            start = time.perf_counter()
            process(statement)
            if count:
                best[name] = min(best[name], time.perf_counter() - start)
    heavy = "{'numba', 'llvmlite', 'sympy', 'scipy', 'mpmath'}"
    loaded = process(IMPORTS["tensor"] + f"; import sys; print(*sorted({heavy} & set(sys.modules)))").split()
    return {name: seconds - best["bare"] for name, seconds in best.items() if name != "bare"}, loaded


def tape_bytes() -> float:
    """Bytes an op of a recorded chain, beyond the arrays that it saves."""
    x = ar.tensor(np.ones(4), requires_grad=True)
    number = 10_000
    h = ar.tanh(x * 0.5)
    kept = sys.getsizeof(h.numpy()) + 32  # an array of four numbers and its data
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    h = x
    for _ in range(number // 2):
        h = ar.tanh(h * 0.5)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return taken / number - kept


def training(early: int, late: int) -> list[tuple[int, float, float]]:
    """Steps of a small network's training: steps done, Python's memory in kB, the process' in MB.

    A thousand steps and a look at the memory go before, so that what is made once and kept is not counted.
    """
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((32, 8)), generator.standard_normal((32, 1))
    w = ar.tensor(generator.standard_normal((8, 16)) * 0.3, requires_grad=True)
    v = ar.tensor(generator.standard_normal((16, 1)) * 0.3, requires_grad=True)

    def train(steps: int) -> None:
        for _ in range(steps):
            w.grad = v.grad = None
            error = ar.tanh(x @ w) @ v - y
            (error * error).mean().backward()
            for p in (w, v):
                p.data = p.numpy() - 0.01 * p.grad.numpy()

    found = []
    tracemalloc.start()
    train(1000)
    resident()
    for steps, more in ((early, early), (late, late - early)):
        train(more)
        gc.collect()
        # Python keeps up to 4096 of the names last looked up, some as strings that NumPy made for one look-up.
        getattr(sys, "_clear_type_cache", lambda: None)()
        found.append((steps, tracemalloc.get_traced_memory()[0] / 1e3, resident()))
    tracemalloc.stop()
    return found


def resident() -> float:
    """The process' memory in MB, where the system tells."""
    try:
        with open("/proc/self/statm", encoding="ascii") as told:
            return int(told.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return float("nan")


def ratios(times: Mapping[str, float]) -> str:
    shown = [f"{name} {times[OURS] / seconds:5.2f}" for name, seconds in times.items() if name != OURS]
    return "   ".join(shown)


def verdict(reached: bool) -> str:
    return "reached" if reached else "MISSED"


Verdicts = list[tuple[bool, str]]
"""Whether a bound is kept, and the sentence that says so."""


def judge_chain(peers: list[Library], quick: bool) -> Verdicts:
    print(f"\nA chain of {LINKS} operations on vectors of 4, forward and backward: ratio of our time to theirs")
    times = small_vectors(peers, 0.5 if quick else 3)
    print(f"  {OURS} {times[OURS] * 1e6:.2f} µs an op   " + ratios(times))
    if "PyTorch" not in times:
        return []
    ratio = times[OURS] / times["PyTorch"]
    return [(ratio <= 1, f"small vectors: {ratio:.2f} of PyTorch's time (bound 1)")]


def judge_arrays(peers: list[Library], quick: bool) -> Verdicts:
    print("\nLarge arrays of float64, one thread: nanoseconds a number, ratio of our time to theirs")
    sizes = [10**3, 10**5, 10**6] if quick else [10**3, 10**4, 10**5, 10**6, 10**7]
    rows = []
    for name, size, part, times in large_arrays(peers, sizes, 0.1 if quick else 0.6):
        print(f"  {name:<20}{size:>9} {part:<21}{times[OURS] / size * 1e9:>9.2f} ns   {ratios(times)}", flush=True)
        if "PyTorch" in times:
            rows.append(times[OURS] / times["PyTorch"])
    if not rows:
        return []
    fast = sum(row <= 1 for row in rows) / len(rows)
    return [
        (fast >= 2 / 3, f"large arrays: {fast:.0%} of {len(rows)} rows in PyTorch's time (bound 67 %)"),
        (max(rows) <= 2, f"large arrays: the slowest row takes {max(rows):.2f} of its time (bound 2)"),
    ]


def judge_import(peers: list[Library], quick: bool) -> Verdicts:
    times, loaded = import_times(5 if quick else 15)
    ms = {name: f"{seconds * 1e3:.0f} ms" for name, seconds in times.items()}
    print("\nImports, beyond bare Python")
    print(f"  import autorecur alone {ms['alone']}, NumPy alone {ms['NumPy']}, first tensor {ms['tensor']}")
    return [
        (
            times["both"] <= 0.15,
            f"import of autorecur and NumPy: {ms['both']} over bare Python (bound 150), first tensor {ms['tensor']}",
        ),
        (
            not {"numba", "sympy"} & set(loaded),
            f"heavy packages loaded by the first tensor: {' '.join(loaded) or 'none'} (no numba, no sympy)",
        ),
    ]


def judge_memory(peers: list[Library], quick: bool) -> Verdicts:
    size_of_op = tape_bytes()
    done = training(1000, 3000 if quick else 10_000)
    shown = ", ".join(f"{kb:.0f} kB traced and {mb:.0f} MB in all after {steps}" for steps, kb, mb in done)
    return [
        (size_of_op < 1000, f"memory of the tape: {size_of_op:.0f} bytes an op beyond its arrays (bound 1000)"),
        (done[-1][1] - done[0][1] < 20, f"a training loop: {shown} steps (bound: 20 kB more)"),
    ]


PARTS: Mapping[str, Callable[[list[Library], bool], Verdicts]] = {
    "chain": judge_chain,
    "arrays": judge_arrays,
    "import": judge_import,
    "memory": judge_memory,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, arrays up to a million numbers")
    parser.add_argument("--only", choices=tuple(PARTS), help="one part")
    asked = parser.parse_args()
    peers = libraries()
    summary: Verdicts = []
    for name, judge in PARTS.items():
        if asked.only in (None, name):
            summary += judge(peers, asked.quick)
    print()
    for reached, text in summary:
        print(f"{text:<110} {verdict(reached)}")
    return 0 if all(reached for reached, _ in summary) else 1


if __name__ == "__main__":
    sys.exit(main())
