"""What a derivation costs: times of whole processes, of all built-in cells, growth with T, and the error of the checks.

    python benchmarks/derivation.py            # about a minute
    python benchmarks/derivation.py --fresh    # also the README's first block, in a fresh copy and a fresh environment

Prints one line for each figure, with its bound; the exit code is 1 if one is missed.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import autorecur as ar

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    measured: float
    bound: float
    unit: str

    @property
    def reached(self) -> bool:
        return self.measured <= self.bound

    def __str__(self) -> str:
        number = f"{self.measured:.1e}" if self.measured < 1e-3 else f"{self.measured:.2f}"
        verdict = "reached" if self.reached else "MISSED"
        return f"{self.name:<68} {number:>9} {self.unit:<2}  bound {self.bound:<7g} {verdict}"


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def process(*arguments: str) -> None:
    """One whole run of the command line."""
    subprocess.run([sys.executable, "-m", "autorecur", *arguments], check=True, capture_output=True)


def whole_processes(folder: Path) -> Iterator[Figure]:
    """The median of several runs each, after one that warms the file cache."""
    commands = (
        ("autorecur --help", ("--help",), 0.3),
        ("autorecur derive lstm -o lstm.tex", ("derive", "lstm", "-o", str(folder / "lstm.tex")), 1.5),
        (
            "autorecur derive lstm -o lstm.pdf --pdf-engine typst",
            ("derive", "lstm", "-o", str(folder / "lstm.pdf"), "--pdf-engine", "typst"),
            2.5,
        ),
    )
    for name, arguments, bound in commands:
        process(*arguments)
        times = [seconds(lambda arguments=arguments: process(*arguments)) for _ in range(ROUNDS)]  # type: ignore[misc]
        yield Figure(f"{name}, whole process, median of {ROUNDS}", statistics.median(times), bound, "s")


def all_cells() -> Iterator[Figure]:
    """Every built-in cell derived and verified, in this process."""
    names = list(ar.cells)

    def run() -> None:
        for name in names:
            assert ar.cells[name].derive().verify(), name

    yield Figure(f"derive and verify all {len(names)} built-in cells, one process", seconds(run), 20.0, "s")


def growth() -> Iterator[Figure]:
    """Every displayed quantity at T steps, by the displayed equations: the exponent of the growth from 1,000 to 4,000 steps."""
    cell = ar.cells["lstm"]
    derivation = cell.derive()
    sizes = {size: count for count, size in enumerate(cell.sizes, start=3)}
    parameters = cell.init(sizes)

    def evaluate(steps: int) -> float:
        generator = np.random.default_rng(0)
        values = {**parameters, "x": generator.normal(size=(steps, sizes["n_x"])), "target": np.zeros(sizes["n_y"])}
        return min(seconds(lambda: derivation.evaluate(values, steps=steps)) for _ in range(3))

    evaluate(10)
    hundred, short, long = evaluate(100), evaluate(1000), evaluate(4000)
    yield Figure("LSTM at T = 100 steps: every displayed quantity", hundred, 1.0, "s")
    yield Figure("exponent of its growth with T (1 is linear)", float(np.log(long / short) / np.log(4)), 1.15, "")


def errors() -> Iterator[Figure]:
    """How far the printed equations of the LSTM are from the complex step, in double precision."""
    report = ar.cells["lstm"].derive().verify()
    worst = max(check.max_error for check in report.checks if "complex" in check.reference)
    yield Figure("LSTM: largest relative error against the complex step", worst, 1e-10, "")


def fresh_machine(folder: Path) -> Iterator[Figure]:
    """The README's first block in a copy of the tree, from nothing to the PDF."""
    copy = folder / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "*.pdf", ".*_cache", "__pycache__"))
    block = (ROOT / "README.md").read_text(encoding="utf-8").split("```sh\n")[1].split("```")[0]
    taken = seconds(lambda: subprocess.run(["bash", "-euc", block], cwd=copy, check=True))
    yield Figure("README's first block, from nothing to the PDF", taken, 120.0, "s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fresh", action="store_true", help="also run the README's first block")
    asked = parser.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = [whole_processes(folder), all_cells(), growth(), errors()]
        if asked.fresh:
            parts.append(fresh_machine(folder))
        for part in parts:
            for figure in part:
                print(figure, flush=True)
                missed += not figure.reached
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
