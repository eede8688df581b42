"""What the commands do: read a cell, derive, verify, and only then write."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import EllipsisType
from typing import TYPE_CHECKING

from autorecur.cli import terminal
from autorecur.cli.failures import CheckFailed, ExitCode
from autorecur.cli.options import AT_EVERY_STEP
from autorecur.cli.progress import Progress

if TYPE_CHECKING:
    from autorecur.derive import Derivation
    from autorecur.language.cell import Cell
    from autorecur.verify.report import Report


@dataclass(frozen=True, kw_only=True)
class Model:
    """The model around a cell that was asked for."""

    topology: str | None = None
    layers: int | None = None
    bidirectional: bool = False
    learned: bool = False
    embedding: bool = False
    readout: str | None = None

    def around(self, cell: Cell) -> Cell:
        """The cell itself, or the model; options alone keep a readout at every step."""
        options = {
            "layers": self.layers or 1,
            "bidirectional": self.bidirectional,
            "learned": self.learned,
            "embedding": self.embedding,
            "readout": self.readout,
        }
        if self.topology is None and not any(
            (self.layers, self.bidirectional, self.learned, self.embedding, self.readout)
        ):
            return cell
        return cell.with_topology(self.topology or "many-to-many", **options)


@dataclass(frozen=True, kw_only=True)
class Request(Model):
    """What was typed."""

    cell: str
    output: Path | None = None
    steps: int | None = None
    loss: str | None = None
    at: str | None = None
    notation: str | None = None
    lang: str = "en"
    detail: str = "standard"
    fragment: bool = False
    pdf_engine: str = "auto"
    templates: Path | None = None
    seed: int = 0
    truncate: int | None = None
    decay: str | None = None
    values: Path | None = None


def derive(request: Request) -> int:
    """Writes the document of a cell, if every check of it passes."""
    if request.output is not None:
        _require_writable(request.output, request.fragment)
    if request.templates is not None:
        from autorecur.render.documents.environment import check_folder

        check_folder(request.templates)
    text = ""
    with Progress() as progress:
        derivation, report = _verified(request, progress)
        if report.passed:
            progress("setting the page")
            text = _written(derivation, request)
    _note_no_state(derivation)
    if text:
        terminal.put(text)
    return _tell(report, request)


def check(request: Request, as_json: bool) -> int:
    """Prints every check of a cell: a table, or one JSON object."""
    from autorecur.cli import checks

    with Progress() as progress:
        derivation, report = _verified(request, progress)
    _note_no_state(derivation)
    if as_json:
        terminal.put(checks.as_json(report))
    else:
        checks.show(report, report.checks)
    return ExitCode.DONE if report.passed else ExitCode.CHECK_FAILED


def cells(name: str | None, model: Model) -> int:
    """Lists the built-in cells, or prints the text of one."""
    import autorecur

    if name is not None:
        terminal.put(str(model.around(_cell(name))))
        return ExitCode.DONE
    width = max(len(known) for known in autorecur.cells)
    rows = [f"{known:<{width}}  {autorecur.cells[known].title}" for known in autorecur.cells]
    terminal.put("\n".join(rows))
    return ExitCode.DONE


def _cell(name: str) -> Cell:
    from autorecur.cells import load

    return load(name, sys.stdin)


def _verified(request: Request, progress: Progress) -> tuple[Derivation, Report]:
    progress(terminal.harmless(f"reading {request.cell}"))
    cell = request.around(_cell(request.cell))
    progress(f"deriving {cell.name}")
    derivation = cell.derive(
        steps=request.steps,
        loss=_loss(request.loss),
        at=request.at or ("all" if request.topology in AT_EVERY_STEP else "last"),
        notation=request.notation,
        language=request.lang,
        truncate=request.truncate,
        decay=... if request.decay is None else request.decay,
    )
    progress(f"checking {len(derivation.equations)} equations of {cell.name}")
    return derivation, derivation.verify(seed=request.seed, bounds=request.detail == "full")


def _note_no_state(derivation: Derivation) -> None:
    """A cell without recurrence is allowed, but seldom meant."""
    if not derivation.cell.states:
        terminal.say("note: this cell has no state: nothing is passed from step to step.")


def _require_writable(path: Path, fragment: bool) -> None:
    """What can be known before any work: that the suffix is a format, and that the folder takes a file."""
    from autorecur.render.formats import check_suffix
    from autorecur.render.writing import check_writable

    check_suffix(path, fragment=fragment)
    check_writable(path)


def _loss(typed: str | None) -> str | EllipsisType | None:
    """What :meth:`Cell.derive` takes: nothing typed leaves the choice to the cell, ``none`` is the general linear loss."""
    if typed is None:
        return ...
    return None if typed.strip() == "none" else typed


def _written(derivation: Derivation, request: Request) -> str:
    """Writes the file that was asked for; without one, the LaTeX."""
    from autorecur.page import document
    from autorecur.render.formats import save, text_of

    page = document(derivation, request.detail, request.lang, request.seed, request.values)
    if request.output is None:
        return text_of(page, "tex", fragment=request.fragment, templates=request.templates)
    save(
        page,
        request.output,
        fragment=request.fragment,
        engine=request.pdf_engine,
        warn=terminal.say,
        templates=request.templates,
    )
    return ""


def _tell(report: Report, request: Request) -> int:
    """The checks, the worst of each kind or those that failed, and what became of the document, on standard error."""
    from autorecur.cli import checks

    checks.show(report, report.failures or report.worst(), on_error_stream=True)
    if not report.passed:
        raise CheckFailed("the document is not written, because a check failed.")
    if request.output is not None:
        terminal.say(terminal.harmless(f"written: {request.output}"))
    return ExitCode.DONE
