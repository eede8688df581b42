"""The suffix of a file chooses its format."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from autorecur.errors import RenderError
from autorecur.render.writing import check_writable, write_text

if TYPE_CHECKING:
    from autorecur.render.blocks import Document

TEXTS = {".tex": "latex", ".typ": "typst", ".md": "markdown", ".html": "html"}
"""Whose writer is loaded when its format is asked for."""
SUFFIXES: tuple[str, ...] = (*TEXTS, ".pdf")


def text_of(
    document: Document, suffix: str, *, fragment: bool = False, templates: str | os.PathLike[str] | None = None
) -> str:
    """The document's source in a format: ``text_of(document, "tex", fragment=True)``.

    ``templates`` is a folder of templates of one's own.
    """
    folder = None if templates is None else Path(templates)
    name = "." + suffix.removeprefix(".")
    if name not in TEXTS:
        raise RenderError(f"{name} is no text format; known are {', '.join(TEXTS)}")
    if fragment:
        check_suffix("fragment" + name, fragment=True)
        return _writer("latex", "fragment")(document, folder)
    return _writer(TEXTS[name])(document, folder)


def _writer(name: str, kind: str = "document") -> Callable[[Document, Path | None], str]:
    written: Callable[[Document, Path | None], str] = getattr(
        importlib.import_module(f"autorecur.render.documents.{name}"), f"{name}_{kind}"
    )
    return written


def save(
    document: Document,
    path: str | os.PathLike[str],
    *,
    fragment: bool = False,
    engine: str = "auto",
    warn: Callable[[str], None] | None = None,
    templates: str | os.PathLike[str] | None = None,
) -> None:
    """Writes the document in the format that the suffix names, whole or not at all."""
    suffix = check_suffix(path, fragment=fragment)
    check_writable(path)
    if suffix == ".pdf":
        from autorecur.render.pdf import write_pdf

        write_pdf(document, path, engine, warn, None if templates is None else Path(templates))
    else:
        write_text(path, text_of(document, suffix, fragment=fragment, templates=templates))


def check_suffix(path: str | os.PathLike[str], *, fragment: bool = False) -> str:
    """The suffix of a known format; an unknown one is refused before anything is computed."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise RenderError(_unknown(Path(path), suffix))
    if fragment and suffix != ".tex":
        raise RenderError(f"a fragment is LaTeX: write it to a .tex file, not to {Path(path).name}")
    return suffix


def _unknown(path: Path, suffix: str) -> str:
    known = ", ".join(SUFFIXES[:-1]) + " and " + SUFFIXES[-1]
    if not suffix and (path.name in ("", "..") or path.is_dir()):
        return f"'{path}' is a folder: a file name is missing, with one of the suffixes {known}"
    if not suffix:
        return f"{path.name} has no suffix to choose a format by; known are {known}"
    near = get_close_matches(suffix[1:], [name[1:] for name in SUFFIXES], n=1, cutoff=0.5)
    hint = f"; did you mean .{near[0]}?" if near else ""
    return f"no format is called {suffix}; known are {known}{hint}"
