"""Runs notebooks from top to bottom and stores what they show: ``python examples/refresh.py [NAME …]``, by default all.

The notebooks are the source: change one in Jupyter or an editor, then run this. (Needs ``pip install 'autorecur[examples]'``.)
"""

from __future__ import annotations

import base64
import io
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image  # matplotlib brings it along

FOLDER = Path(__file__).resolve().parent


def notebooks() -> list[Path]:
    """All of them, in their order."""
    return sorted(FOLDER.glob("*.ipynb"))


def executed(path: Path, limit: int = 600) -> tuple[Any, float]:
    """The notebook with its outputs, and how many seconds it took; raises CellExecutionError where a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    begun = time.perf_counter()
    client = NotebookClient(notebook, timeout=limit, kernel_name="python3", resources={"metadata": {"path": FOLDER}})
    client.execute()
    return notebook, time.perf_counter() - begun


def tidied(notebook: Any) -> Any:
    """Without what differs from run to run (times of cells, versions, standard error), and with small pictures."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells, 1):
        cell.id, cell.metadata = f"cell-{number:02d}", {}
        if cell.cell_type == "code":
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
            for output in cell.outputs:
                if "data" in output:
                    output.metadata = {}
                    _shrink(output.data)
    return notebook


def _shrink(data: Any) -> None:
    """A formula needs no program text beside it, and a drawing no more than 255 colours."""
    if "text/latex" in data:
        data.pop("text/plain", None)
    if "image/png" in data:
        picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")
        smaller = io.BytesIO()
        picture.quantize(255, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(smaller, "png", optimize=True)
        data["image/png"] = base64.b64encode(smaller.getvalue()).decode("ascii")


def main(names: list[str]) -> None:
    chosen = [path for path in notebooks() if not names or any(name in path.stem for name in names)]
    for path in chosen:
        notebook, seconds = executed(path)
        nbformat.write(tidied(notebook), path)
        print(f"{path.name}: {seconds:.0f} s, {path.stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
