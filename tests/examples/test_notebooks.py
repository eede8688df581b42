"""The notebooks of ``examples/``: as they are stored, and, in the long set, run from top to bottom."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS = 300
"""A notebook takes less than a minute on a machine that does nothing else; here others may run beside it."""

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code(path: Path) -> list[Any]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def refresh() -> ModuleType:
    """``examples/refresh.py``, which is no package."""
    spec = importlib.util.spec_from_file_location("refresh", FOLDER / "refresh.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_are_eight_lessons_and_the_readme_lists_them() -> None:
    """In their order, each with a link."""
    assert [path.stem.split("-")[0] for path in NOTEBOOKS] == list("12345678")
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in NOTEBOOKS if f"]({path.name})" not in readme] == []


@each
def test_notebooks_are_stored_whole(path: Path) -> None:
    """Valid, run in order without an error, and light enough for a clone."""
    nbformat.validate(read(path))
    assert [cell.execution_count for cell in code(path)] == list(range(1, len(code(path)) + 1))
    outputs = [output for cell in code(path) for output in cell.outputs]
    assert not any(output.output_type == "error" or output.get("name") == "stderr" for output in outputs)
    assert path.stat().st_size < 300_000


@each
def test_cells_compile(path: Path) -> None:
    """Every code cell is Python."""
    for number, cell in enumerate(code(path), 1):
        compile(cell.source, f"{path.name}, cell {number}", "exec")


@each
def test_notebooks_read_like_lessons(path: Path) -> None:
    """A title with the number, text between the code, pictures, claims that are asserted, exercises at the end."""
    cells = read(path).cells
    assert cells[0].source.startswith(f"# {path.stem[0]}. ")
    assert cells[-1].source.startswith("## Exercises")
    assert cells[-2].source.splitlines()[-1].startswith("assert ")
    assert sum(cell.cell_type == "markdown" for cell in cells) >= 5
    assert any("image/png" in output.get("data", {}) for cell in code(path) for output in cell.outputs)


@pytest.mark.long
@each
def test_notebooks_run(path: Path) -> None:
    """From top to bottom in a fresh kernel: every assertion holds, and it does not take for ever."""
    notebook, seconds = refresh().executed(path, SECONDS)
    assert seconds < SECONDS
    assert notebook.cells[-2].execution_count is not None
