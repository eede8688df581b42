"""Two routes to a PDF: TeX where it is installed, else the embedded typesetter, which needs nothing but its wheel."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from autorecur.errors import RenderError
from autorecur.render.writing import check_writable, write_bytes

if TYPE_CHECKING:
    from autorecur.render.blocks import Document

Engine = Literal["auto", "latex", "typst"]
ENGINES: tuple[Engine, ...] = ("auto", "latex", "typst")
TIME_LIMIT = 120.0

_OPTIONS = ("-norc", "-pdf", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error")
_GET_TEX = (
    "install it with: apt-get install latexmk texlive-latex-recommended texlive-pictures lmodern "
    "(or TeX Live, MacTeX or MiKTeX)"
)
_GET_TYPST = "install it with: pip install typst"


class MissingToolError(RenderError):
    """A tool that is needed is not installed; the message says which one, and how to get it."""

    missing = True


@dataclass(frozen=True, slots=True)
class Route:
    """One way to a PDF: whether it works here, its version, and what to do if it does not."""

    name: str
    works: bool
    version: str
    advice: str


def write_pdf(
    document: Document,
    path: str | os.PathLike[str],
    engine: str = "auto",
    warn: Callable[[str], None] | None = None,
    templates: Path | None = None,
) -> str:
    """Writes the PDF and returns the name of the route that set it.

    With ``auto``, a failure of TeX is told to ``warn`` in one line (without it, as a Python warning) and the embedded
    typesetter takes over.
    """
    if engine not in ENGINES:
        raise RenderError(f"there is no PDF engine {engine!r}; there are auto, latex and typst")
    check_writable(path)
    data, route = _pdf(document, engine, warn or _warn, templates)
    write_bytes(path, data)
    return route


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=3)


def engines() -> tuple[Route, ...]:
    """Which routes work here, with their versions."""
    return (_latex_route(), _typst_route())


def _pdf(document: Document, engine: str, warn: Callable[[str], None], templates: Path | None) -> tuple[bytes, str]:
    if engine == "typst" or (engine == "auto" and not _has_tex()):
        return _by_typst(document, templates), "typst"
    from autorecur.render.documents.latex import latex_document

    source = latex_document(document, templates)
    try:
        return latex_pdf(source), "latex"
    except RenderError as error:
        if engine == "latex" or _typst_module() is None:
            raise
        warn(f"{error}; set with the embedded typesetter instead")
    return _by_typst(document, templates), "typst"


def _by_typst(document: Document, templates: Path | None) -> bytes:
    from autorecur.render.documents.typst import typst_document

    return typst_pdf(typst_document(document, templates))


# ------------------------------------------------------------------------------------------------------------------ TeX


def latex_pdf(source: str, time_limit: float = TIME_LIMIT) -> bytes:
    """Sets LaTeX in a folder of its own: no shell escape, no configuration file, no file outside that folder."""
    program = shutil.which("latexmk")
    if program is None or shutil.which("pdflatex") is None:
        absent = "latexmk" if program is None else "pdflatex"
        raise MissingToolError(f"{absent} is not installed; {_GET_TEX}")
    with tempfile.TemporaryDirectory(prefix="autorecur-") as folder:
        Path(folder, "document.tex").write_text(source, encoding="utf-8")
        output = _run([program, *_OPTIONS, "document.tex"], folder, time_limit)
        result = Path(folder, "document.pdf")
        if output.returncode != 0 or not result.is_file():
            raise RenderError(f"TeX failed: {_first_message(output.stdout, folder)}")
        return result.read_bytes()


def _run(command: list[str], folder: str, time_limit: float) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process group of its own, so that the time limit ends its children too."""
    environment = {
        **os.environ,
        "openin_any": "p",
        "openout_any": "p",
        "SOURCE_DATE_EPOCH": "0",
        "max_print_line": "1000",
    }
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=time_limit)
        except subprocess.TimeoutExpired:
            _end(process)
            raise RenderError(f"TeX was stopped after {time_limit:g} seconds") from None
        except BaseException:
            _end(process)
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, "")


def _end(process: subprocess.Popen[str]) -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _first_message(output: str, folder: str) -> str:
    """The first ``file:line: message`` of TeX, else the first line with an exclamation mark."""
    shown = output.replace(folder + "/", "").replace("./document.tex", "document.tex")
    match = re.search(r"^(\S+:\d+: .+)$", shown, re.M) or re.search(r"^! (.+)$", shown, re.M)
    return match[1].strip() if match else "it gave no message"


def _has_tex() -> bool:
    return shutil.which("latexmk") is not None and shutil.which("pdflatex") is not None


def _latex_route() -> Route:
    if not _has_tex():
        return Route("latex", False, "", f"TeX is not installed; {_GET_TEX}")
    try:
        told = subprocess.run(
            ["pdflatex", "--version"], capture_output=True, text=True, errors="replace", timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return Route("latex", False, "", f"pdflatex does not answer: {error}")
    version = told.splitlines()[0] if told else "unknown"
    return Route("latex", True, version, "")


# ----------------------------------------------------------------------------------------------------------- embedded


def typst_pdf(source: str) -> bytes:
    """Sets Typst source with the embedded fonts only, in a folder of its own; equal source gives equal bytes."""
    module = _typst_module()
    if module is None:
        raise MissingToolError(f"the Python package typst is not installed; {_GET_TYPST}")
    with tempfile.TemporaryDirectory(prefix="autorecur-") as folder:
        path = Path(folder, "document.typ")
        path.write_text(source, encoding="utf-8")
        try:
            data = module.compile(str(path), root=folder, ignore_system_fonts=True, timestamp=0)
        except (module.TypstError, RuntimeError) as error:
            raise RenderError(f"Typst failed: {getattr(error, 'message', error)}") from error
    if not isinstance(data, bytes):
        raise RenderError("Typst gave no PDF")
    return data


def _typst_module() -> Any:
    try:
        return importlib.import_module("typst")
    except ImportError:
        return None


def _typst_route() -> Route:
    if _typst_module() is None:
        return Route("typst", False, "", f"the Python package typst is not installed; {_GET_TYPST}")
    from importlib import metadata

    return Route("typst", True, metadata.version("typst"), "")
