"""CSV files of one's own: columns by name, a target, rows that belong together, times."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from autorecur.data.arguments import word
from autorecur.data.sequences import Sequences, intervals
from autorecur.data.targets import KINDS
from autorecur.data.texts import read_text
from autorecur.errors import ArgumentError
from autorecur.language.nearest import did_you_mean
from autorecur.tape.numbers import Array

DELIMITERS = ",;\t|"
SECONDS_OF_A_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a CSV file, as text."""

    path: str
    names: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    """The line of the file that each row ends on."""
    delimiter: str
    header: int = 1
    """The line that names the columns."""

    def place(self, name: str) -> int:
        """The number of a column; raises ArgumentError with the nearest name."""
        if name not in self.names:
            known = ", ".join(repr(each) for each in self.names)
            hint = did_you_mean(str(name), self.names) or f" There are {known}."
            raise ArgumentError(f"{self.path}, line {self.header}: there is no column {name!r}.{hint}")
        return self.names.index(name)

    def texts(self, name: str) -> list[str]:
        at = self.place(name)
        return [row[at] for row in self.rows]

    def numbers(self, name: str) -> Array:
        """A column of numbers; raises ArgumentError, with the line, for a cell that is none."""
        at = self.place(name)
        found = np.empty(len(self.rows))
        for i, row in enumerate(self.rows):
            number = self._number(row[at])
            if number is None or not np.isfinite(number):
                raise ArgumentError(f"{self.path}, line {self.lines[i]}: column {name!r} {_fault(row[at])}")
            found[i] = number
        return found

    def times(self, name: str) -> Array:
        """A column of times: numbers as they are, dates (ISO 8601) in days."""
        at = self.place(name)
        if self.is_number(self.rows[0][at]):
            return self.numbers(name)
        found = np.empty(len(self.rows))
        for i, row in enumerate(self.rows):
            try:
                moment = datetime.fromisoformat(row[at])
            except ValueError:
                raise ArgumentError(
                    f"{self.path}, line {self.lines[i]}: column {name!r} holds {row[at]!r}, which is neither a number nor a "
                    "date such as 2024-05-31 or 2024-05-31T18:30"
                ) from None
            found[i] = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() / SECONDS_OF_A_DAY
        return found

    def is_number(self, text: str) -> bool:
        """Whether a cell holds a number."""
        return self._number(text) is not None

    def _number(self, text: str) -> float | None:
        """A number with a point, or with a comma where that does not part columns."""
        if self.delimiter != ",":
            text = text.replace(",", ".")
        try:
            return float(text)
        except ValueError:
            return None


def read_table(path: str | os.PathLike[str], delimiter: str | None = None) -> Table:
    """The cells of a CSV file whose first line that is not empty names the columns; the delimiter is read off that line.

    Raises ArgumentError for rows with another number of cells, names that stand twice, a file without rows.
    """
    text = read_text(path)
    first = next((line for line in text.split("\n") if line.strip(f'{DELIMITERS} "')), "")
    chosen = delimiter or max(DELIMITERS, key=re.sub('"[^"]*"', "", first).count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=chosen)
    names, rows, lines, header = (), [], [], 1  # type: tuple[str, ...], list[list[str]], list[int], int
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if not names:
                header = reader.line_num
                names = _names(f"{path}, line {header}", cells)
            elif len(cells) != len(names):
                raise ArgumentError(
                    f"{path}, line {reader.line_num}: there are {len(cells)} cells, and line {header} names "
                    f"{len(names)} columns"
                )
            else:
                rows.append(cells)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise ArgumentError(f"{path}, line {reader.line_num}: {error}") from None
    if not rows:
        raise ArgumentError(f"{path} has no rows: line {header} names the columns, and the numbers follow")
    return Table(str(path), names, rows, lines, chosen, header)


def _names(place: str, cells: list[str]) -> tuple[str, ...]:
    twice = next((name for i, name in enumerate(cells) if name in cells[:i]), None)
    if twice is not None:
        raise ArgumentError(f"{place}: two columns are named {twice!r}")
    for cell in cells:
        try:
            number = float(cell)
        except ValueError:
            continue
        if not np.isfinite(number):  # nan and inf are names like any other
            continue
        raise ArgumentError(f"{place}: the first line names the columns, and {cell!r} is a number")
    return tuple(cells)


def _order(number: float | None) -> float:
    """Where a label stands among labels that are numbers; nan has no order, and would leave none to the others."""
    return 0.0 if number is None or np.isnan(number) else number


def _fault(cell: str) -> str:
    if not cell:
        return "is empty; fill it or leave the row out"
    return f"holds {cell!r}, which is no number; choose the columns with columns=[…]"


def read_csv(
    path: str | os.PathLike[str],
    target: str | None = None,
    columns: Sequence[str] | None = None,
    group: str | None = None,
    time: str | None = None,
    *,
    kind: str | None = None,
    readout: str | None = None,
    delimiter: str | None = None,
) -> Sequences:
    """Sequences from a CSV file whose first line names the columns.

    Rows with the same value in the column ``group`` are one sequence; without it, the file is one. ``columns`` are read into x
    (by default all that have no other part), ``target`` into y: one for each sequence where it never changes within one,
    else one at every step (``readout="last"`` or ``"every"`` says which). A target of text, or any with ``kind="classes"``,
    is numbered, and ``labels`` tell what the numbers mean; other targets are numbers. ``time`` orders the rows of a
    sequence and gives dt: numbers as they are, dates in days.

    Raises ArgumentError with the line: a column that is not there (with the nearest name), a cell that is empty or no
    number, a row with too many cells.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "walks.csv")
    ...     _ = file.write_text("who;speed;gait\\na;1,5;walk\\na;1,25;walk\\nb;3;run\\n")
    ...     data = read_csv(file, target="gait", group="who")
    >>> data, data.labels, data.ids
    (<2 sequences of 1 to 2 steps of 1 number; 2 classes, one a sequence>, ('run', 'walk'), ['a', 'b'])
    """
    table = read_table(path, delimiter)
    if kind is not None:
        word("kind", kind, KINDS[:2])
    parts = {"target": target, "group": group, "time": time}
    given = [name for name in parts.values() if name is not None]
    for name in given:
        table.place(name)
    chosen = [name for name in table.names if name not in given] if columns is None else list(columns)
    if not chosen:
        raise ArgumentError(f"{path}: no column is left for x")
    x = np.stack([table.numbers(name) for name in chosen], axis=1)
    times = None if time is None else table.times(time)
    which = _rows_of_groups(table, group, times)
    held: dict[str, Any] = {"names": chosen, "ids": None if group is None else list(which)}
    if target is not None:
        held |= _target(table, target, kind, readout, list(which.values()))
    if times is not None:
        held["dt"] = [intervals(times[rows]) for rows in which.values()]
    return Sequences([x[rows] for rows in which.values()], **held)


def _rows_of_groups(table: Table, group: str | None, times: Array | None) -> dict[str, Array]:
    """Which rows make up each sequence, in the order of time."""
    belongs: dict[str, list[int]] = {}
    for i, name in enumerate([""] * len(table.rows) if group is None else table.texts(group)):
        belongs.setdefault(name, []).append(i)
    rows = {name: np.array(found) for name, found in belongs.items()}
    if times is None:
        return rows
    return {name: found[np.argsort(times[found], kind="stable")] for name, found in rows.items()}


def _target(table: Table, name: str, kind: str | None, readout: str | None, rows: Sequence[Array]) -> dict[str, Any]:
    """y with what it means."""
    texts = table.texts(name)
    if kind is None:
        kind = "regression" if all(table.is_number(text) for text in texts if text) else "classes"
    held: dict[str, Any] = {"kind": kind}
    if kind == "classes":
        if "" in texts:
            raise ArgumentError(f"{table.path}, line {table.lines[texts.index('')]}: column {name!r} {_fault('')}")
        labels = sorted(set(texts), key=lambda text: (_order(table._number(text)), text))
        held["labels"] = labels if len(labels) > 1 else [*labels, f"not {labels[0]}"]
        known = {label: i for i, label in enumerate(labels)}
        values: Array = np.array([known[text] for text in texts])
    else:
        values = table.numbers(name)
    parts = [values[found] for found in rows]
    constant = all((part == part[0]).all() for part in parts)
    held["readout"] = readout or ("last" if constant and len(parts) > 1 else "every")
    if held["readout"] == "last" and not constant:
        where = next(i for i, part in enumerate(parts) if (part != part[0]).any())
        row = rows[where][int(np.argmax(parts[where] != parts[where][0]))]
        raise ArgumentError(
            f"{table.path}, line {table.lines[row]}: column {name!r} changes within a sequence, and readout='last' takes one "
            "target for each; readout='every' takes one for each row"
        )
    held["y"] = [part[0] for part in parts] if held["readout"] == "last" else parts
    return held
