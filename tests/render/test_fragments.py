"""Fragments in somebody's own article: several of them, beside macros of the same names, with and without links."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import autorecur as ar
from autorecur.page import document
from autorecur.render.documents.latex import latex_fragment

needs_tex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="TeX is not installed")

PREAMBLE = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{amsmath,amssymb,xcolor,booktabs,tikz}
%s
\newcommand{\arback}{own macro}\newcommand{\arbox}{own box}
\definecolor{arback}{rgb}{0,1,0}
\newcommand{\autorecurnumber}[1]{A.#1}
\begin{document}
\begin{equation} a = b \label{eq:1} \end{equation}
\def\autorecurprefix{rnn}
\input{rnn}
\input{rnn}
\input{gru}
Mine: \arback, \arbox, \eqref{eq:1}. Theirs: \eqref{rnn:2}, \ref{rnn:1}, \eqref{autorecur2:1}, \eqref{autorecur3:1}.
\end{document}
"""


@pytest.fixture(scope="module")
def fragments() -> dict[str, str]:
    return {name: latex_fragment(document(ar.cells[name].derive(), "brief")) for name in ("rnn", "gru")}


def typeset(folder: Path, fragments: dict[str, str], packages: str) -> tuple[str, str]:
    """The text of the pages and the log, after as many runs as references need."""
    for name, source in fragments.items():
        (folder / f"{name}.tex").write_text(source, encoding="utf-8")
    (folder / "main.tex").write_text(PREAMBLE % packages, encoding="utf-8")
    command = ["latexmk", "-norc", "-pdf", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120)
    log = (folder / "main.log").read_text(encoding="latin-1")
    assert done.returncode == 0, log[-2000:]
    pypdf = pytest.importorskip("pypdf", reason="the package pypdf reads the PDFs")
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(folder / "main.pdf").pages), log


@needs_tex
@pytest.mark.parametrize("packages", ["", r"\usepackage{hyperref}"], ids=["plain", "links"])
def test_several_fragments_stand_in_one_article(tmp_path: Path, fragments: dict[str, str], packages: str) -> None:
    """The same one twice and another one: no name is used twice, what the article defines is as before, labels work."""
    text, log = typeset(tmp_path, fragments, packages)
    assert not re.findall(r"multiply|duplicate|[Uu]ndefined|^!|Overfull.*", log, re.M)
    flat = " ".join(text.split())
    assert "Mine: own macro, own box, (1). Theirs: (A.2), A.1, (A.1), (A.1)." in flat
    assert flat.count("Elman network") == 2
    assert "(A.3)" in flat


def test_a_fragment_says_what_it_needs(fragments: dict[str, str]) -> None:
    """The preamble of the test above, word by word."""
    head = fragments["rnn"].split(r"\begingroup")[0]
    for line in PREAMBLE.splitlines()[1:3]:
        assert f"%   {line}\n" in head
    for name in ("prefix", "number", "title", "section"):
        assert rf"\autorecur{name}" in head


def test_what_a_fragment_defines_it_defines_for_itself(fragments: dict[str, str]) -> None:
    """Within its group, but for the count of fragments."""
    source = fragments["gru"]
    before, inside = source.split(r"\begingroup")
    assert all(line.startswith("%") for line in before.splitlines())
    assert inside.rstrip().endswith(r"\endgroup")
    assert set(re.findall(r"\\(?:gdef|xdef|global\\\w+) ?(\\\w+)", inside)) == {
        r"\autorecurfragments",
        r"\autorecurprefix",
    }
