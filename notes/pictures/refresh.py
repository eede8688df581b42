"""The pictures of the README, set by TeX and cut out by pdftoppm.

python notes/pictures/refresh.py
"""

from __future__ import annotations

import runpy
import subprocess
import tempfile
from pathlib import Path

import autorecur as ar
from autorecur.derive import Derivation

FOLDER = Path(__file__).resolve().parent
GALLERY = runpy.run_path(str(FOLDER.parent / "derivations" / "refresh.py"))
DOTS_PER_INCH = "105"
LEFT, TOP, WIDTH, HEIGHT = 40, 60, 800, 1010


def picture(name: str, derivation: Derivation, page: int, top: int = TOP, height: int = HEIGHT) -> None:
    """A part of a page, measured in pixels."""
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder, "page.pdf")
        derivation.save(pdf)
        cut = ["-x", str(LEFT), "-y", str(top), "-W", str(WIDTH), "-H", str(height)]
        command = ["pdftoppm", "-r", DOTS_PER_INCH, "-f", str(page), "-l", str(page), *cut, "-png", "-singlefile"]
        subprocess.run([*command, str(pdf), str(FOLDER / name)], check=True)


def main() -> None:
    picture("lstm", ar.cells["lstm"].derive(), 2)
    picture("course", GALLERY["derivation"]("notes_rnn"), 3, height=975)


if __name__ == "__main__":
    main()
