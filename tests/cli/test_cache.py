"""``autorecur cache``: what is kept, and its end; other files in the folder are not touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autorecur.kernels import cache
from tests.cli.conftest import CommandLine


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder with three kernels: a loop, a text with a title, and one with code beside it."""
    monkeypatch.setenv("AUTORECUR_CACHE_DIR", str(tmp_path / "kernels"))
    loop = "def kernel(results, xs):\n    for i in range(results.size):\n        results[i] = exp(xs[i])\n"
    for age, text in enumerate((loop, "# float64: forward, backward\nx = 1\n", '"""The machine."""\n')):
        file = cache.kernel_file(text, ("version",))
        assert file is not None
        os.utime(file, (1e9 + 100 * age, 1e9 + 100 * age))
    cache.keep(file, b"c" * 5000)
    return tmp_path / "kernels"


def foreign(folder: Path) -> list[Path]:
    """Files that are none of ours, some with names that come near."""
    names = ("notes.txt", "kernel.py", "k123.py", "kzzzzzzzzzzzzzzzzzzzzzzzz.py", "__pycache__/other.zip")
    for name in names:
        (folder / name).write_text("mine")
    return [folder / name for name in names]


@pytest.mark.parametrize("options", [[], ["--list"]])
def test_the_list_says_what_how_large_and_when(autorecur: CommandLine, folder: Path, options: list[str]) -> None:
    """One line a kernel, the oldest first, and the sum; nothing is removed."""
    foreign(folder)
    outcome = autorecur("cache", *options)
    assert outcome.code == 0
    *lines, last = outcome.out.splitlines()
    what = [line.split("  ")[0] for line in lines]
    assert what == ["results[i] = exp(xs[i])", "float64: forward, backward", "The machine."]
    assert all("2001-09-" in line for line in lines)
    assert "5.0 kB" in lines[2]
    assert last == f"3 kernels, 5.1 kB in {folder}"
    assert len(cache.kept()) == 3


def test_clearing_removes_kernels_and_nothing_else(autorecur: CommandLine, folder: Path) -> None:
    """Files of others stay as they are, and a second time there is nothing left to remove."""
    others = foreign(folder)
    assert autorecur("cache", "--clear").out == f"removed 3 kernels, 5.1 kB from {folder}\n"
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == sorted(others)
    assert [path.read_text() for path in others] == ["mine"] * len(others)
    assert autorecur("cache", "--clear").out == f"removed 0 kernels, 0 B from {folder}\n"


def test_both_options(autorecur: CommandLine, folder: Path) -> None:
    """First the list, then the end."""
    lines = autorecur("cache", "--list", "--clear").out.splitlines()
    assert len(lines) == 5
    assert lines[-1].startswith("removed 3 kernels")
    assert cache.kept() == []


@pytest.mark.skipif(os.name != "posix", reason="making a link needs rights that not every user has elsewhere")
def test_links_are_removed_and_not_followed(autorecur: CommandLine, folder: Path, tmp_path: Path) -> None:
    """What a link leads to stays, and is not even read."""
    secret = tmp_path / "secret"
    secret.write_text("# do not show")
    (folder / f"k{'a' * 24}.py").symlink_to(secret)
    outcome = autorecur("cache", "--list", "--clear")
    assert "do not show" not in outcome.out
    assert "removed 4 kernels" in outcome.out
    assert secret.read_text() == "# do not show"


def test_control_characters_do_not_reach_the_terminal(autorecur: CommandLine, folder: Path) -> None:
    """Whatever stands in a file of the folder."""
    (folder / f"k{'b' * 24}.py").write_bytes(b"# \x1b[2Jred \xff" + b"x" * 200)
    out = autorecur("cache").out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines()[:-1])) < 100


def test_a_folder_that_is_not_there(autorecur: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept, nothing is made."""
    monkeypatch.setenv("AUTORECUR_CACHE_DIR", str(tmp_path / "nowhere"))
    assert autorecur("cache").out == f"0 kernels, 0 B in {tmp_path / 'nowhere'}\n"
    assert autorecur("cache", "--clear").code == 0
    assert not (tmp_path / "nowhere").exists()


def test_what_cannot_be_removed_is_said(autorecur: CommandLine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code tells it too."""

    def refused(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", refused)
    outcome = autorecur("cache", "--clear")
    assert outcome.code == 2
    assert outcome.out.startswith("removed 0 kernels")
    assert "3 kernels, 5.1 kB could not be removed" in outcome.err
