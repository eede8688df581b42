"""``autorecur cache``: the compiled kernels that are kept on disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from autorecur.cli import terminal
from autorecur.cli.failures import ExitCode
from autorecur.kernels import cache

WIDEST = 60
"""So many characters of what a kernel says of itself are shown."""


def show() -> None:
    """One line a kernel: what it is, its size, when it was made; the oldest first."""
    kernels = cache.kept()
    lines = [_line(kernel) for kernel in kernels]
    terminal.put("\n".join([*lines, f"{_together(kernels)} in {_folder()}"]))


def clear() -> int:
    """Removes the kernels; the exit code is 2 if one of them could not be removed."""
    before = cache.kept()
    left = cache.clear()
    removed = [kernel for kernel in before if kernel.file not in {still.file for still in left}]
    terminal.put(f"removed {_together(removed)} from {_folder()}")
    if left:
        terminal.say(f"{_together(left)} could not be removed: the folder or its files may not be written")
    return ExitCode.BAD_INPUT if left else ExitCode.DONE


def _folder() -> str:
    return terminal.harmless(str(cache.cache_folder()))


def _line(kernel: cache.Kept) -> str:
    what = terminal.harmless(kernel.what)
    what = what if len(what) <= WIDEST else what[: WIDEST - 1] + "…"
    made = datetime.fromtimestamp(kernel.made).strftime("%Y-%m-%d %H:%M")
    return f"{what:<{WIDEST}}  {_size(kernel.size):>9}  {made}"


def _together(kernels: Sequence[cache.Kept]) -> str:
    number = f"{len(kernels)} kernel" + ("" if len(kernels) == 1 else "s")
    return f"{number}, {_size(sum(kernel.size for kernel in kernels))}"


def _size(size: int) -> str:
    """Bytes in the unit that fits.

    >>> _size(999), _size(12_345), _size(7_654_321)
    ('999 B', '12.3 kB', '7.7 MB')
    """
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 999_950 else f"{size / 1e6:.1f} MB"
