"""The checks of a derivation, as a table for people and as an object for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from autorecur.cli import terminal

if TYPE_CHECKING:
    from rich.table import Table

    from autorecur.verify.report import Check, Report


def as_json(report: Report) -> str:
    """One object with every check; an error that is no finite number is null."""
    content = report.as_dict()
    for check in content["checks"]:
        if not math.isfinite(check["max_error"]):
            check["max_error"] = None
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)


def show(report: Report, checks: Iterable[Check], on_error_stream: bool = False) -> None:
    """A table of these checks, and a line that sums up the whole report."""
    console = terminal.console(on_error_stream)
    with console.capture() as captured:
        console.print(_table(checks))
        console.print(report.summary(), style="green" if report.passed else "bold red", soft_wrap=True)
        for note in report.notes:
            console.print(note, style="dim", soft_wrap=True)
    shown = "\n".join(line.rstrip() for line in captured.get().splitlines())
    (terminal.say if on_error_stream else terminal.put)(shown)


def _table(checks: Iterable[Check]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("equation", "quantity", "reference", "error", "bound", ""):
        table.add_column(title, no_wrap=True, justify="right" if title in ("error", "bound") else "left")
    for check in checks:
        verdict = Text("passed", "green") if check.passed else Text("FAILED", "bold red")
        plain = (check.equation, check.quantity, check.reference, f"{check.max_error:.1e}", f"{check.tolerance:.0e}")
        table.add_row(*map(Text, plain), verdict)
    return table
