"""The gallery: the derivation of every built-in cell, and the documents beside five course texts, as LaTeX.

python notes/derivations/refresh.py
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import click

import autorecur as ar
from autorecur.derive import Derivation

FOLDER = Path(__file__).resolve().parent
COURSES = FOLDER.parent / "courses"
LANGUAGE = "fr"
"""Of the course texts."""


def documents() -> list[dict[str, Any]]:
    """The documents of the courses: a cell of theirs, and options of its derivation."""
    return list(tomllib.loads((COURSES / "documents.toml").read_text(encoding="utf-8"))["document"])


def built_in(name: str) -> tuple[Path, str]:
    """The file of a built-in cell, and what should stand in it."""
    return FOLDER / f"{name}.tex", ar.cells[name].derive().to_latex()


def derivation(name: str) -> Derivation:
    """The cell of a course, derived as its document wants it."""
    (options,) = (found for found in documents() if found["cell"] == name)
    cell = ar.cell((COURSES / f"{name}.cell").read_text(encoding="utf-8"))
    notation = options.get("notation")
    given = {key: value for key, value in options.items() if key not in ("cell", "notation")}
    return cell.derive(language=LANGUAGE, notation=notation and str(COURSES / notation), **given)


def course(name: str) -> tuple[Path, str]:
    """The file of a course's document, and what should stand in it."""
    return FOLDER / "courses" / f"{name}.tex", derivation(name).to_latex()


def command(options: dict[str, Any]) -> str:
    """What a teacher types for the same document, in the folder of the courses."""
    words = ["autorecur", "derive", f"{options['cell']}.cell", "--lang", LANGUAGE]
    for key, value in options.items():
        if key != "cell":
            words += [f"--{key}", str(value)]
    return " ".join([*words, "-o", f"{options['cell']}.pdf"])


def made() -> Iterator[tuple[Path, str]]:
    """Every file and its text, as they are finished."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(built_in, ar.cells)
        yield from pool.map(course, [options["cell"] for options in documents()])


def main() -> None:
    (FOLDER / "courses").mkdir(exist_ok=True)
    count = len(ar.cells) + len(documents())
    with click.progressbar(made(), count, "derivations", file=sys.stderr) as bar:
        fresh = dict(bar)
    for path in FOLDER.rglob("*.tex"):
        if path not in fresh:
            path.unlink()
    for path, text in fresh.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    click.echo(f"{count} derivations written to {FOLDER.name}/")


if __name__ == "__main__":
    main()
