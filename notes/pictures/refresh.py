"""The picture of the README, set by TeX and cut out by pdftoppm.

python notes/pictures/refresh.py
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import autorecur as ar

FOLDER = Path(__file__).resolve().parent
PAGE = "2"
DOTS_PER_INCH = "105"
CUT = {"-x": "40", "-y": "60", "-W": "800", "-H": "1010"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder, "lstm.pdf")
        ar.cells["lstm"].derive().save(pdf)
        cut = [part for pair in CUT.items() for part in pair]
        command = ["pdftoppm", "-r", DOTS_PER_INCH, "-f", PAGE, "-l", PAGE, *cut, "-png", "-singlefile"]
        subprocess.run([*command, str(pdf), str(FOLDER / "lstm")], check=True)


if __name__ == "__main__":
    main()
