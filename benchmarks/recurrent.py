"""What forward and backward through a recurrent cell cost, side by side with PyTorch, JAX and the bare matrix products.

    python benchmarks/recurrent.py                                 # all cells, sizes and dtypes, one thread: ten minutes
    python benchmarks/recurrent.py --cells lstm --sizes 50,8,32,32 --dtype float64
    python benchmarks/recurrent.py --picture pictures --json recurrent.json
    python benchmarks/recurrent.py --growth                        # time per step, from 100 to 10,000 steps

A size is T,B,I,H: steps, batch, inputs, hidden units. All get the same weights, an input, and a cotangent for h[t] at every
step; all give h and the gradients in the input and in each parameter. These numbers are compared first, and where two differ
nothing is timed. Then all take turns; the smallest time and the median of the rounds are printed, and each as a multiple of
ours. The floor is the matrix products alone. A library that is not installed is left out, and said to be. The exit code is 1
if a target is missed.
"""

from __future__ import annotations

import argparse
import os
import sys

from threads import pin


def pinned_threads(arguments: list[str]) -> int:
    """As many as ``--threads`` says."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--threads", type=int, default=1)
    threads: int = early.parse_known_args(arguments)[0].threads
    return pin(max(1, threads))


THREADS = pinned_threads(sys.argv[1:]) if __name__ == "__main__" else 1

import gc
import json
import platform
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np
from recurrent_candidates import FLOOR, JAX, OURS, PYTORCH, Candidate, Problem, Size, candidates, ours
from recurrent_cells import Recurrence, recurrences
from turns import in_turns, timed

import autorecur as ar


@dataclass(frozen=True)
class Bounds:
    """How many times as fast as PyTorch and JAX, and within how many times the floor."""

    pytorch: float
    jax: float
    floor: float | None


TABLE = {
    Size(10, 1, 4, 8): Bounds(20, 2, None),
    Size(50, 1, 16, 16): Bounds(20, 2, None),
    Size(50, 8, 32, 32): Bounds(5, 2, None),
    Size(50, 32, 64, 128): Bounds(1, 1, 1.3),
    Size(100, 32, 128, 256): Bounds(1, 1, 1.3),
}
"""For the LSTM in float64, on one thread."""

SHARE = {"lstm": 1.0, "gru_reset_after": 0.5, "rnn": 0.25}
"""How much of the table's ratios a cell that PyTorch has fused is to reach; never less than 1."""

SMALL = dict(zip(list(TABLE)[:3], (20.0, 20.0, 10.0), strict=True))
"""How many times as fast as PyTorch's op-by-op cell, where nobody has fused the cell."""

AGREEMENT = {"float64": 1e-8, "float32": 1e-3}
"""How far two candidates may be apart, as a part of the largest number in the array."""

LENGTHS = (100, 300, 1000, 3000, 10_000)
LINEAR = 1.15


# -------------------------------------------------------------------- what is measured


@dataclass(frozen=True)
class Times:
    """Seconds of forward and backward."""

    name: str
    group: str
    min: float
    median: float


@dataclass(frozen=True)
class Verdict:
    text: str
    reached: bool

    def __str__(self) -> str:
        return f"{self.text:<100} {'reached' if self.reached else 'MISSED'}"


@dataclass(frozen=True)
class Row:
    """One cell at one size: the times of all, and what was asked of ours."""

    cell: str
    size: Size
    dtype: str
    rounds: int
    times: tuple[Times, ...]

    def best(self, group: str) -> Times | None:
        """The fastest of a group."""
        return min((t for t in self.times if t.group == group), key=lambda t: t.min, default=None)

    def verdicts(self) -> Iterator[Verdict]:
        mine = self.best(OURS)
        assert mine is not None
        for group, bound in targets(self.cell, self.size, self.dtype).items():
            other = self.best(group)
            if other is None:
                continue
            where = f"{self.cell} {self.size} {self.dtype}"
            if group == FLOOR:
                ratio = mine.min / other.min
                yield Verdict(f"{where}: {ratio:.3g} times the floor (target: at most {bound:g})", ratio <= bound)
            else:
                ratio = other.min / mine.min
                text = f"{where}: {ratio:.3g} times as fast as {other.name} (target: {bound:g})"
                yield Verdict(text, ratio >= bound)


def targets(cell: str, size: Size, dtype: str) -> dict[str, float]:
    """The bound for each group against which ours is to stand."""
    if cell not in SHARE:
        return {PYTORCH: SMALL[size]} if size in SMALL and dtype == "float64" else {}
    if dtype == "float32":
        return {PYTORCH: 1.0} if size in SMALL else {}
    if size not in TABLE:
        return {}
    bounds, share = TABLE[size], SHARE[cell]
    found = {PYTORCH: max(1.0, bounds.pytorch * share), JAX: max(1.0, bounds.jax * share)}
    return found if bounds.floor is None else found | {FLOOR: bounds.floor}


def agree(problem: Problem, all_of_them: Sequence[Candidate]) -> None:
    """All candidates give the numbers of the first, or the comparison of their times means nothing."""
    reference: Mapping[str, np.ndarray] = {}
    dtype = problem.x.dtype.name
    for candidate in all_of_them:
        if candidate.found is None:
            continue
        found = candidate.found(candidate.run())
        reference = reference or found
        where = f"{problem.recurrence.name} {problem.size} {dtype}"
        if found.keys() != reference.keys():
            raise SystemExit(f"{where}: {candidate.name} gives {', '.join(found)}, ours {', '.join(reference)}.")
        for name, true in reference.items():
            value = found[name]
            if (value.shape, value.dtype) != (true.shape, true.dtype):
                shapes = f"{value.shape} {value.dtype}, ours {true.shape} {true.dtype}"
                raise SystemExit(f"{where}: {name} of {candidate.name} is {shapes}.")
            apart = float(abs(value - true).max() / abs(true).max())
            if not apart <= AGREEMENT[dtype]:
                raise SystemExit(f"{where}: {name} of {candidate.name} is {apart:.1e} from ours; nothing is timed.")


def cores(action: Any) -> float:
    """How many cores an action keeps busy."""
    count = max(1, int(0.03 / timed(action, 1)))
    wall, busy = time.perf_counter(), time.process_time()
    timed(action, count)
    return (time.process_time() - busy) / (time.perf_counter() - wall)


def measure(problem: Problem, backend: str, seconds: float, rounds: tuple[int, int]) -> Row:
    taking_part = list(candidates(problem, backend, THREADS))
    agree(problem, taking_part)
    for candidate in taking_part:
        candidate.run()
        busy = cores(candidate.run)
        if busy > THREADS + 0.2:
            print(f"  {candidate.name} kept {busy:.1f} cores busy, where {THREADS} was asked for")
    gc.collect()
    gc.freeze()  # what the libraries have loaded is not searched again while they are timed
    times = in_turns({c.name: c.run for c in taking_part}, seconds, *rounds)
    summary = (Times(c.name, c.group, min(times[c.name]), statistics.median(times[c.name])) for c in taking_part)
    return Row(
        problem.recurrence.name, problem.size, problem.x.dtype.name, len(times[taking_part[0].name]), tuple(summary)
    )


def growth(recurrence: Recurrence, size: Size, dtype: str, backend: str, seconds: float) -> Verdict:
    """Time per step at several lengths. That a call costs something makes short sequences dearer, and is no offence."""
    runs = {}
    for steps in LENGTHS:
        problem = Problem.draw(recurrence, size._replace(steps=steps), dtype)
        runs[str(steps)] = ours(problem, backend).run
    gc.collect()
    gc.freeze()
    times = in_turns(runs, seconds, least=3)
    per_step = [min(times[str(steps)]) / steps for steps in LENGTHS]
    shown = ", ".join(f"{steps}: {each * 1e6:.3g}" for steps, each in zip(LENGTHS, per_step, strict=True))
    print(f"  {recurrence.name} {size.batch},{size.inputs},{size.hidden} {dtype}: µs a step at T = {shown}", flush=True)
    worst = max(long / min(per_step[:i]) for i, long in enumerate(per_step) if i)
    where = f"{recurrence.name} with B,I,H = {size.batch},{size.inputs},{size.hidden} {dtype}"
    text = f"{where}: a step of a longer sequence costs {worst:.2f} times one of a shorter (at most {LINEAR:g})"
    return Verdict(text, worst <= LINEAR)


# -------------------------------------------------------------------- what is printed


def heading() -> dict[str, str]:
    """The machine, the threads and the versions."""

    def blas(library: Any) -> str:
        told = library.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{told['name']} {told['version']}"

    import scipy

    packages = ("numpy", "scipy", "numba", "torch", "jax")
    versions = [f"{name} {metadata.version(name)}" for name in packages if util.find_spec(name)]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return {
        "machine": f"{processor()}, {os.cpu_count()} cores{load}, {platform.system()}",
        "threads": str(THREADS),
        "versions": ", ".join([f"autorecur {ar.__version__}", f"Python {platform.python_version()}", *versions]),
        "BLAS": f"NumPy's {blas(np)}, SciPy's {blas(scipy)}",
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def show(row: Row) -> None:
    print(f"\n{row.cell}, T,B,I,H = {row.size}, {row.dtype}, {row.rounds} rounds")
    mine = row.best(OURS)
    assert mine is not None
    for times in row.times:
        ratios = f"{times.min / mine.min:9.3g} {times.median / mine.median:9.3g} × ours"
        print(f"  {times.name:<22} min {times.min * 1e3:9.4f} ms, median {times.median * 1e3:9.4f} ms {ratios}")
    for verdict in row.verdicts():
        print(f"  {verdict}", flush=True)


# -------------------------------------------------------------------- what is asked


def size_of(text: str) -> Size:
    try:
        size = Size(*map(int, text.split(",")))
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(f"a size is T,B,I,H, four whole numbers, not {text!r}") from None
    if min(size) < 1 or size.steps < 2:
        raise argparse.ArgumentTypeError(f"a size has at least two steps, and one of the others, not {text!r}")
    return size


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1, not {text!r}")
    return number


def parsed(cells: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", nargs="+", choices=cells, default=cells, metavar="CELL", help=" ".join(cells))
    parser.add_argument("--sizes", nargs="+", type=size_of, metavar="T,B,I,H", help="instead of those with a target")
    parser.add_argument("--dtype", choices=("float64", "float32", "both"), default="both")
    parser.add_argument("--backend", default="auto", help="of cell.run: auto, compiled or eager")
    parser.add_argument(
        "--threads",
        type=positive,
        default=1,
        help="of each library (default: 1); idle threads of one may disturb the others",
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="for the rounds of one cell and size (default: 4)")
    parser.add_argument("--rounds", type=positive, help="so many, whatever they take (default: 9 to 60)")
    parser.add_argument("--growth", action="store_true", help="time per step from 100 to 10,000 steps, instead")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times and verdicts")
    parser.add_argument("--picture", type=Path, metavar="FOLDER", help="draw a picture for each cell and dtype")
    return parser.parse_args()


def compare(asked: argparse.Namespace, cells: Sequence[Recurrence], dtypes: Sequence[str]) -> list[Row]:
    rounds = (9, 60) if asked.rounds is None else (asked.rounds, asked.rounds)
    rows = []
    for recurrence in cells:
        sizes = asked.sizes or (TABLE if recurrence.name in SHARE else SMALL)
        for dtype in dtypes:
            for size in sizes:
                rows.append(measure(Problem.draw(recurrence, size, dtype), asked.backend, asked.seconds, rounds))
                show(rows[-1])
    return rows


def main() -> int:
    known = recurrences()
    asked = parsed(tuple(known))
    if asked.picture is not None and util.find_spec("matplotlib") is None:
        raise SystemExit("--picture needs matplotlib: pip install 'autorecur[plot]'")
    cells = [known[name] for name in asked.cells]
    dtypes = ("float64", "float32") if asked.dtype == "both" else (asked.dtype,)
    header = heading()
    for name, text in header.items():
        print(f"{name}: {text}")
    rows: list[Row] = []
    try:
        if asked.growth:
            sizes = asked.sizes or list(TABLE)[1:3]
            grown = [(r, size, dtype) for r in cells for dtype in dtypes for size in sizes]
            verdicts = [growth(*each, asked.backend, asked.seconds) for each in grown]
        else:
            rows = compare(asked, cells, dtypes)
            verdicts = [verdict for row in rows for verdict in row.verdicts()]
    except ar.AutorecurError as error:
        raise SystemExit(str(error)) from None
    print()
    for verdict in verdicts:
        print(verdict)
    if asked.json is not None:
        told = {**header, "rows": [asdict(row) for row in rows], "verdicts": [asdict(each) for each in verdicts]}
        asked.json.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if asked.picture is not None:
        from recurrent_picture import draw

        draw(rows, header, asked.picture)
    return 0 if all(verdict.reached for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
