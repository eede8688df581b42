"""Machine code on disk: it is found again, and nothing that is wrong with it is ever more than lost time."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from autorecur.kernels import angles, cache, composed, doubles, elementary, singles
from autorecur.kernels import compiled as room
from autorecur.kernels.choice import map_of

pytestmark = pytest.mark.skipif(
    room.compiler() is None, reason="numba is missing or switched off: nothing is kept on disk"
)

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
ONCE = "autorecur: compiling kernels for large arrays, once"
ALWAYS = "autorecur: compiling kernels for large arrays, for this process alone"
several_users = pytest.mark.skipif(not hasattr(os, "getuid"), reason="files here have no owner and no mode")


def start(folder: Path, umask: int = 0o022, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "AUTORECUR_CACHE_DIR": str(folder), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **({"umask": umask} if hasattr(os, "getuid") else {}),
    )


def run(folder: Path, umask: int = 0o022, **variables: str) -> tuple[str, str]:
    """What a fresh process prints, and what it says on the side."""
    out, told = start(folder, umask, **variables).communicate()
    return out.strip(), told.strip()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one sound kernel, to be copied."""
    folder = tmp_path_factory.mktemp("kernels") / "full"
    run(folder)
    return folder


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_second_process_finds_what_the_first_compiled(tmp_path: Path) -> None:
    """The first says one line, the second nothing."""
    assert run(tmp_path) == (NOT_FOUND, ONCE)
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


class Planted:
    """A pickle that leaves a mark when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def plant(folder: Path, mark: Path) -> None:
    """Another's code in the place of the index."""
    (index,) = folder.glob("__pycache__/*.nbi")
    index.write_bytes(pickle.dumps(room.compiler().__version__) + pickle.dumps(Planted(mark)))


@pytest.fixture
def trap(full: Path, tmp_path: Path) -> Path:
    """A copy of the sound folder with another's code planted."""
    folder = Path(shutil.copytree(full, tmp_path / "cache"))
    plant(folder, tmp_path / "mark")
    return folder


def sprung(folder: Path) -> bool:
    return (folder.parent / "mark").exists()


def test_a_copy_of_the_folder_serves_as_well(full: Path, tmp_path: Path) -> None:
    """Nothing in the files depends on where they lie."""
    assert run(Path(shutil.copytree(full, tmp_path / "cache"))) == (FOUND, "")


def test_a_planted_file_would_be_run(trap: Path) -> None:
    """What the next tests guard against is real: where only the user writes, the index is read as it stands."""
    assert run(trap)[0] == NOT_FOUND
    assert sprung(trap)


@several_users
@pytest.mark.parametrize("place", [".", "__pycache__"])
def test_a_folder_that_others_may_write_to_is_not_read(trap: Path, place: str) -> None:
    """Neither the folder nor the one in it: every process compiles for itself."""
    (trap / place).chmod(0o777)
    assert run(trap) == (NOT_FOUND, ALWAYS)
    assert not sprung(trap)


@several_users
@pytest.mark.parametrize("place", [".", "__pycache__"])
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_any_right_of_others_to_write_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, mode: int
) -> None:
    """The group's as well as everyone's."""
    monkeypatch.setenv("AUTORECUR_CACHE_DIR", str(tmp_path))
    assert cache.kernel_file("text", ()) is not None
    (tmp_path / place).chmod(mode)
    assert cache.kernel_file("text", ()) is None


@several_users
def test_nothing_is_written_to_a_folder_that_others_may_write_to(tmp_path: Path) -> None:
    """No machine code is left there for others to change."""
    tmp_path.chmod(0o777)
    assert run(tmp_path) == (NOT_FOUND, ALWAYS)
    assert files(tmp_path) == []


@several_users
@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write_to_is_removed_unread(trap: Path, mode: int) -> None:
    """It is made anew, and found by the next process."""
    (index,) = trap.glob("__pycache__/*.nbi")
    index.chmod(mode)
    assert run(trap) == (NOT_FOUND, ONCE)
    assert not sprung(trap)
    assert run(trap)[0] == FOUND


@several_users
def test_a_link_in_the_place_of_a_file_is_removed_unread(trap: Path) -> None:
    """Where a link leads is not looked at."""
    (index,) = trap.glob("__pycache__/*.nbi")
    index.rename(trap.parent / "planted")
    index.symlink_to(trap.parent / "planted")
    assert run(trap)[0] == NOT_FOUND
    assert not sprung(trap)


@several_users
def test_a_link_that_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is removed too, and nothing is written to where it leads."""
    monkeypatch.setenv("AUTORECUR_CACHE_DIR", str(tmp_path))
    file = cache.kernel_file("text", ())
    assert file is not None
    file.unlink()
    file.symlink_to(tmp_path / "nowhere")
    assert cache.kernel_file("text", ()) == file
    assert not file.is_symlink()
    assert not (tmp_path / "nowhere").exists()


@several_users
def test_another_users_folder_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that only its owner may write to."""
    monkeypatch.setenv("AUTORECUR_CACHE_DIR", str(tmp_path / "cache"))
    assert cache.kernel_file("text", ()) is not None
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    assert cache.kernel_file("text", ()) is None


def test_a_system_without_user_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the owner and the mode say nothing and are not asked."""
    monkeypatch.setenv("AUTORECUR_CACHE_DIR", str(tmp_path))
    monkeypatch.delattr(os, "getuid", raising=False)
    tmp_path.chmod(0o777)
    assert cache.kernel_file("text", ()) is not None


@several_users
def test_only_the_user_may_write_to_what_is_made(tmp_path: Path) -> None:
    """Even where the umask gives more, and the next process finds it."""
    folder = tmp_path / "above" / "cache"
    assert run(folder, umask=0)[0] == NOT_FOUND
    for path in (folder.parent, *folder.parent.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    assert run(folder, umask=0)[0] == FOUND


def test_numba_may_keep_the_code_of_others_elsewhere(tmp_path: Path) -> None:
    """What numba is told about its own folder moves nothing of ours, and stays as it is for others."""
    folder, elsewhere = tmp_path / "cache", tmp_path / "elsewhere"
    told = {"NUMBA_CACHE_DIR": str(elsewhere), "NUMBA_CACHE_LOCATOR_CLASSES": "UserWideCacheLocator"}
    assert run(folder, **told) == (NOT_FOUND, ONCE)
    assert run(folder, **told) == (FOUND, "")
    assert not elsewhere.exists()


def test_numba_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its settings are ours only for a moment."""
    numba = room.compiler()
    assert numba is not None
    monkeypatch.setattr(numba.config, "CACHE_DIR", "elsewhere")
    with room.beside_the_text(numba):
        assert numba.config.CACHE_DIR == ""
    assert numba.config.CACHE_DIR == "elsewhere"


def test_another_text_has_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing stale can be read: the name of a file depends on the loop, the texts behind it, the types and versions."""
    monkeypatch.setenv("AUTORECUR_CACHE_DIR", str(tmp_path))
    numba = room.compiler()
    assert numba is not None

    def file(op: str = "exp", dtype: str = "float64", sums: bool = False) -> Path | None:
        return cache.kernel_file(map_of(op), room._depends_on(numba, dtype, ("float64[]",), sums))

    first = file()
    assert first is not None
    assert first == file()
    others = [file(op="tanh"), file(dtype="float32"), file(sums=True)]
    monkeypatch.setattr(room, "library_text", lambda: "other functions")
    others.append(file())
    assert first not in others
    assert len(set(others)) == len(others)


@pytest.mark.parametrize("module", [room, doubles, singles, elementary, angles, composed])
def test_a_changed_text_behind_a_kernel_has_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType
) -> None:
    """The scalar functions count, and so does the module with the compiler's flags."""
    before = room.library_text.__wrapped__()
    changed = tmp_path / "changed.py"
    changed.write_text(Path(str(module.__file__)).read_text(encoding="utf-8") + "#", encoding="utf-8")
    monkeypatch.setattr(module, "__file__", str(changed))
    assert room.library_text.__wrapped__() != before


def test_a_package_without_its_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be told what a kernel depends on, it is not kept."""
    numba = room.compiler()
    assert numba is not None
    monkeypatch.setattr(room, "__file__", str(tmp_path / "nowhere.py"))
    monkeypatch.setattr(room, "library_text", room.library_text.__wrapped__)
    assert room._depends_on(numba, "float64", (), False) == ()


def test_the_folder_is_the_users_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """AUTORECUR_CACHE_DIR comes first."""
    monkeypatch.delenv("AUTORECUR_CACHE_DIR", raising=False)
    assert cache.cache_folder().parts[-2:] == ("autorecur", "kernels")
    monkeypatch.setenv("AUTORECUR_CACHE_DIR", "elsewhere")
    assert cache.cache_folder() == Path("elsewhere")
