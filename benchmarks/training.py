"""What a whole step of training costs, side by side with PyTorch and a loop that JAX compiles.

    python benchmarks/training.py                      # all cells, sizes and dtypes, one thread: some minutes
    python benchmarks/training.py --quick              # few sizes, few rounds
    python benchmarks/training.py --cells lstm --sizes 50,8,32 --dtype float32
    python benchmarks/training.py --json training.json

A size is T,B,H: steps, batch, hidden units. A step gathers a batch, runs forward and backward, clips the gradients by their
norm and makes a step of Adam. All begin with the same weights and see the same batches; the losses of the first steps are
compared first, and where two differ nothing is timed. Then all take turns; the smallest time and the median of the rounds are
printed, and each as a multiple of ours. The step of an optimiser alone is timed on ten small tensors. The exit code is 1 if a
target is missed.
"""

from __future__ import annotations

import sys

from threads import pin

if __name__ == "__main__":
    pin(1)

import argparse
import gc
import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from recurrent import Times, Verdict, heading, positive
from training_candidates import CELLS, OPTIMIZERS, OURS, PYTORCH, Size, Step, Task, candidates, optimizers
from turns import in_turns

import autorecur as ar

SIZES = [Size(50, 1, 16), Size(200, 1, 16), Size(50, 8, 32), Size(100, 32, 32), Size(50, 1, 64), Size(200, 32, 64)]
QUICK = [Size(50, 1, 16), Size(100, 8, 32)]
CHARACTERS = Size(100, 32, 128)
SMALL_MODEL, OPTIMIZER_STEP, CHARACTER_MODEL = 3.0, 2.0, 1.0
"""How many times as fast as PyTorch."""
FIRST_STEPS = 5
AGREEMENT = {"float64": 1e-9, "float32": 1e-4}


@dataclass(frozen=True)
class Row:
    """What was timed, how often, the times of all, and what is asked of ours."""

    what: str
    rounds: int
    times: tuple[Times, ...]
    target: float

    def verdict(self) -> Verdict | None:
        by_name = {times.name: times for times in self.times}
        if PYTORCH not in by_name:
            return None
        ratio = by_name[PYTORCH].min / by_name[OURS].min
        text = f"{self.what}: {ratio:.3g} times as fast as {PYTORCH} (target: {self.target:g})"
        return Verdict(text, ratio >= self.target)


def agree(what: str, dtype: str, taking_part: Sequence[tuple[str, Step]]) -> None:
    """All have the same numbers over the first steps, or the comparison of their times means nothing."""
    found = {name: [_numbers(step()) for _ in range(FIRST_STEPS)] for name, step in taking_part}
    for name, numbers in found.items():
        for number, (theirs, mine) in enumerate(zip(numbers, found[OURS], strict=True), 1):
            apart = float(abs(theirs - mine).max() / abs(mine).max())
            if not apart <= AGREEMENT[dtype]:
                raise SystemExit(f"{what}: after {number} steps {name} is {apart:.1e} from ours; nothing is timed.")


def _numbers(result: object) -> np.ndarray:
    detached = result.detach() if hasattr(result, "detach") else result
    return np.array(detached.numpy() if hasattr(detached, "numpy") else detached, dtype=float)


def measure(
    what: str,
    dtype: str,
    taking_part: Sequence[tuple[str, Step]],
    target: float,
    seconds: float,
    rounds: tuple[int, int],
) -> Row:
    agree(what, dtype, taking_part)
    gc.collect()
    gc.freeze()
    times = in_turns(dict(taking_part), seconds, *rounds)
    summary = tuple(Times(name, name, min(each), statistics.median(each)) for name, each in times.items())
    return Row(what, len(times[OURS]), summary, target)


def rows(asked: argparse.Namespace) -> Iterator[Row]:
    dtypes = ("float32", "float64") if asked.dtype == "both" else (asked.dtype,)
    rounds = (3, 5) if asked.quick else (7, 40)
    seconds = asked.seconds if asked.rounds is None else 0.0
    rounds = rounds if asked.rounds is None else (asked.rounds, asked.rounds)
    for dtype in dtypes:
        for name in OPTIMIZERS:
            what = f"a step of {name} on ten small tensors, {dtype}"
            yield measure(what, dtype, list(optimizers(name, dtype)), OPTIMIZER_STEP, seconds, rounds)
        tasks = [
            Task(cell, size, dtype) for cell in asked.cells for size in asked.sizes or (QUICK if asked.quick else SIZES)
        ]
        for task in tasks:
            yield measure(str(task), dtype, list(candidates(task)), SMALL_MODEL, seconds, rounds)
        if not asked.sizes:
            task = Task("lstm", CHARACTERS, dtype, letters=True)
            yield measure(str(task), dtype, list(candidates(task)), CHARACTER_MODEL, seconds, rounds)


def show(row: Row) -> None:
    print(f"\n{row.what}, {row.rounds} rounds")
    mine = next(times for times in row.times if times.name == OURS)
    for times in row.times:
        ratios = f"{times.min / mine.min:9.3g} {times.median / mine.median:9.3g} × ours"
        print(
            f"  {times.name:<12} min {times.min * 1e3:9.4f} ms, median {times.median * 1e3:9.4f} ms {ratios}",
            flush=True,
        )


def size_of(text: str) -> Size:
    try:
        size = Size(*map(int, text.split(",")))
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(f"a size is T,B,H, three whole numbers, not {text!r}") from None
    if min(size) < 1:
        raise argparse.ArgumentTypeError(f"the numbers of a size are at least 1, not {text!r}")
    return size


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--cells", nargs="+", choices=list(CELLS), default=list(CELLS), metavar="CELL", help=" ".join(CELLS)
    )
    parser.add_argument("--sizes", nargs="+", type=size_of, metavar="T,B,H", help="instead of those with a target")
    parser.add_argument("--dtype", choices=("float64", "float32", "both"), default="both")
    parser.add_argument("--quick", action="store_true", help="few sizes, few rounds")
    parser.add_argument("--seconds", type=float, default=4.0, help="for the rounds of one row (default: 4)")
    parser.add_argument("--rounds", type=positive, help="so many, whatever they take")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times and verdicts")
    return parser.parse_args()


def main() -> int:
    asked = parsed()
    header = heading()
    for name, text in header.items():
        print(f"{name}: {text}")
    found = []
    try:
        for row in rows(asked):
            show(row)
            found.append(row)
    except ar.AutorecurError as error:
        raise SystemExit(str(error)) from None
    verdicts = [verdict for row in found if (verdict := row.verdict()) is not None]
    print()
    for verdict in verdicts:
        print(verdict)
    if asked.json is not None:
        told = {**header, "rows": [asdict(row) for row in found], "verdicts": [asdict(each) for each in verdicts]}
        asked.json.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if all(verdict.reached for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
