"""Machine code on disk: it is found again, and nothing that is wrong with it is ever more than lost time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autorecur.kernels import compiled as room
from autorecur.kernels.choice import map_of

pytestmark = pytest.mark.skipif(room.compiler() is None, reason="there is no compiler")

PROGRAM = """
import numpy as np
from autorecur.kernels.choice import map_of
from autorecur.kernels.compiled import compiled
loop = compiled(map_of("exp"), "float64", ("float64[]", "const float64[]"))
found = np.empty(3)
loop(found, np.zeros(3))
print(found.tolist(), sum(loop.stats.cache_hits.values()))
"""
NOT_FOUND, FOUND = "[1.0, 1.0, 1.0] 0", "[1.0, 1.0, 1.0] 1"


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "AUTORECUR_CACHE_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path) -> tuple[str, str]:
    """What a fresh process prints, and what it says on the side."""
    out, told = start(folder).communicate()
    return out.strip(), told.strip()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_second_process_finds_what_the_first_compiled(tmp_path: Path) -> None:
    """The first says one line, the second nothing."""
    assert run(tmp_path) == (NOT_FOUND, "autorecur: compiling kernels for large arrays, once")
    assert run(tmp_path) == (FOUND, "")


def test_damaged_files_are_replaced(tmp_path: Path) -> None:
    """Whatever stands in the files, the result is right, and the next process finds sound ones."""
    run(tmp_path)
    for path in files(tmp_path):
        path.write_bytes(b"no machine code")
    assert run(tmp_path)[0] == NOT_FOUND
    assert run(tmp_path)[0] == FOUND


def test_cut_files_are_replaced(tmp_path: Path) -> None:
    """A file that a full disk cut short is like a damaged one."""
    run(tmp_path)
    for path in files(tmp_path):
        path.write_bytes(path.read_bytes()[:100])
    assert run(tmp_path)[0] == NOT_FOUND


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Where a file stands in the folder's place, every process compiles for itself."""
    (tmp_path / "file").write_text("")
    assert run(tmp_path / "file" / "cache")[0] == NOT_FOUND


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """In a read-only folder nothing is kept, and nothing fails."""
    tmp_path.chmod(0o500)
    try:
        assert run(tmp_path)[0] == NOT_FOUND
    finally:
        tmp_path.chmod(0o700)


def test_two_processes_at_once(tmp_path: Path) -> None:
    """Both get the right numbers, and what they leave is sound."""
    both = [start(tmp_path), start(tmp_path)]
    for process in both:
        assert process.communicate()[0].startswith("[1.0, 1.0, 1.0]")
        assert process.returncode == 0
    assert run(tmp_path)[0] == FOUND


def test_another_text_has_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing stale can be read: the name of a file depends on the loop, the scalar functions, the types and versions."""
    monkeypatch.setenv("AUTORECUR_CACHE_DIR", str(tmp_path))
    numba = room.compiler()
    assert numba is not None
    first = room._file(numba, map_of("exp"), "float64", ("float64[]",))
    assert first != room._file(numba, map_of("tanh"), "float64", ("float64[]",))
    assert first != room._file(numba, map_of("exp"), "float32", ("float64[]",))
    monkeypatch.setattr(room, "_library", lambda: "other functions")
    assert first != room._file(numba, map_of("exp"), "float64", ("float64[]",))


def test_the_folder_is_the_users_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """AUTORECUR_CACHE_DIR comes first."""
    monkeypatch.delenv("AUTORECUR_CACHE_DIR", raising=False)
    assert room.cache_folder().parts[-2:] == ("autorecur", "kernels")
    monkeypatch.setenv("AUTORECUR_CACHE_DIR", "elsewhere")
    assert room.cache_folder() == Path("elsewhere")
