"""``autorecur flow``: measures how gradients flow through some cells, and prints or draws it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autorecur.cli import terminal
from autorecur.cli.failures import ExitCode
from autorecur.cli.progress import Progress
from autorecur.errors import CellError, RenderError

if TYPE_CHECKING:
    from autorecur.language.cell import Cell
    from autorecur.vanishing.flow import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was typed."""

    cells: tuple[str, ...]
    output: Path | None
    as_json: bool
    steps: int
    hidden: int | None
    scale: float
    state: str | None
    lang: str
    pdf_engine: str
    seed: int


def flow(request: Request) -> int:
    """The table or the JSON object on standard output, or the plot in a file."""
    from autorecur.vanishing import flow as measure

    _require(request)
    with Progress() as progress:
        measured = measure(
            loaded(request.cells),
            steps=request.steps,
            hidden=request.hidden,
            scale=request.scale,
            seed=request.seed,
            state=request.state,
            tell=lambda what, part: progress(terminal.harmless(f"{what}, {part:.0%}")),
        )
        if request.output is not None:
            progress("setting the page")
            measured.save(request.output, request.lang, request.pdf_engine)
    return _tell(measured, request)


def loaded(names: tuple[str, ...]) -> list[Cell]:
    """The cells that were named; standard input is one of them at most."""
    from autorecur.cells import load

    if not names:
        raise CellError(
            "no cell is given.", hint="Give one or several, by name or as files: autorecur flow rnn my.cell"
        )
    if names.count("-") > 1:
        raise CellError("standard input can be read only once.")
    return [load(name, sys.stdin) for name in names]


def require_language(language: str) -> None:
    from autorecur.language.nearest import did_you_mean
    from autorecur.languages import languages

    if language not in languages():
        known = ", ".join(languages())
        raise CellError(f"there is no language '{language}'; known: {known}.{did_you_mean(language, languages())}")


def _require(request: Request) -> None:
    """What can be known before any work."""
    require_language(request.lang)
    if request.output is not None:
        from autorecur.render.formats import check_suffix
        from autorecur.render.writing import check_writable

        if request.as_json:
            raise RenderError("--json prints numbers on standard output; leave either it or -o away.")
        check_suffix(request.output)
        check_writable(request.output)


def _tell(measured: Flow, request: Request) -> int:
    if request.as_json:
        terminal.put(json.dumps(measured.as_dict(), ensure_ascii=False, indent=2, allow_nan=False))
    elif request.output is None:
        terminal.put(terminal.harmless(str(measured)))
    else:
        terminal.say(terminal.harmless(f"{measured}\nwritten: {request.output}"))
    return ExitCode.DONE


def compare(first: str, second: str, output: Path | None, lang: str, pdf_engine: str, seed: int) -> int:
    """The page about two cells, in a file or as Markdown on standard output."""
    from autorecur.page.comparison import comparison
    from autorecur.render.formats import check_suffix, save, text_of
    from autorecur.render.writing import check_writable

    require_language(lang)
    if output is not None:
        check_suffix(output)
        check_writable(output)
    with Progress() as progress:
        cells = loaded((first, second))
        progress(terminal.harmless(f"comparing {cells[0].name} and {cells[1].name}"))
        page = comparison(cells[0], cells[1], lang, seed)
        if output is None:
            text = text_of(page, "md")
        else:
            save(page, output, engine=pdf_engine, warn=terminal.say)
            text = ""
    if output is None:
        terminal.put(text)
    else:
        terminal.say(terminal.harmless(f"written: {output}"))
    return ExitCode.DONE
