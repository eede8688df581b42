"""As many random cells as one likes, compiled and eager side by side; a failure is printed with its seed and as small as found.

python -m autorecur.testing.compiled --cells 1000 --seed 0 --jobs 2
python -m autorecur.testing.compiled --only 417
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from autorecur.testing.compiled.search import Result, results


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 if a cell failed."""
    options = _options(arguments)
    seeds = range(options.seed, options.seed + options.cells) if options.only is None else [options.only]
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    failed, refused = 0, 0
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("cells", total=len(seeds))
        for seed, result in results(seeds, options.states, options.depth, options.jobs):
            if result.lines:
                failed += 1
                print(described(seed, result), flush=True)
            elif result.refusal:
                refused += 1
                print(f"seed {seed}: {result.refusal}", flush=True)
            progress.advance(task)
    print(f"{len(seeds)} cells: {failed} failed, {refused} cannot be compiled")
    return 1 if failed else 0


def described(seed: int, result: Result) -> str:
    """The cell's text, what differs, and a program that shows it."""
    lines = [f"seed {seed}:", *(f"    {line}" for line in result.call.text.splitlines())]
    lines += [f"  {line}" for line in result.lines]
    lines += ["from autorecur.testing.compiled import Call, compare", f"print(compare({result.call!r}))", ""]
    return "\n".join(lines)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m autorecur.testing.compiled",
        description="Random cells, compiled and eager side by side. A failure is printed with its seed, as a small program.",
    )
    parser.add_argument("--cells", type=_positive, default=100, metavar="N", help="how many (100)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first; the others follow (0)")
    parser.add_argument("--only", type=int, metavar="SEED", help="the cell of one seed alone")
    parser.add_argument("--states", type=_positive, default=3, metavar="N", help="at most so many states (3)")
    parser.add_argument("--depth", type=int, default=2, metavar="N", help="how deep expressions are nested (2)")
    parser.add_argument("--jobs", type=_positive, default=1, metavar="N", help="processes (1)")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
