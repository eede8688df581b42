"""The derivation of every built-in cell as LaTeX; run as a script, it writes them beside itself.

python notes/derivations/refresh.py
"""

from __future__ import annotations

from pathlib import Path

import autorecur as ar

FOLDER = Path(__file__).resolve().parent


def document(name: str) -> tuple[Path, str]:
    """The file of a built-in cell, and what should stand in it."""
    return FOLDER / f"{name}.tex", ar.cells[name].derive().to_latex()


def main() -> None:
    fresh = dict(map(document, ar.cells))
    for path in FOLDER.glob("*.tex"):
        if path not in fresh:
            path.unlink()
    for path, text in fresh.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(fresh)} derivations written to {FOLDER.name}/")


if __name__ == "__main__":
    main()
