"""Where machine code is kept on disk, and when it may be trusted.

Whoever can write to a file of machine code decides what the next process runs. A folder that others may write to is
therefore not used at all, and a file there that another user owns or may write to is removed unread.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


def cache_folder() -> Path:
    """Where machine code is kept: AUTORECUR_CACHE_DIR, or the user's cache folder."""
    chosen = os.environ.get("AUTORECUR_CACHE_DIR")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("autorecur", appauthor=False)) / "kernels"


def kernel_path(source: str, depends_on: tuple[str, ...]) -> Path:
    """Where the file of a kernel is, or would be; nothing on disk is touched. RuntimeError: there is no home."""
    name = hashlib.sha256("\0".join((source, *depends_on)).encode()).hexdigest()[:24]
    return cache_folder() / f"k{name}.py"


def kernel_file(source: str, depends_on: tuple[str, ...]) -> Path | None:
    """The file that stands for a kernel, named by all that it depends on; None where none can be kept safely."""
    try:
        file = kernel_path(source, depends_on)
        folder = file.parent
        code = folder / "__pycache__"
        for place in (*reversed(folder.parents), folder, code):
            place.mkdir(mode=0o700, exist_ok=True)
        if not (_private(folder.stat()) and _private(code.lstat())):
            return None
        if not (os.access(folder, os.W_OK) and os.access(code, os.W_OK)):
            return None
        if not all(_private(path.lstat()) for path in _parts(file)):
            discard(file)
        if not file.exists():
            with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as written:
                written.write(source)
            os.replace(written.name, file)
        if not all(_private(path.lstat()) for path in _parts(file)):
            return None
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return None
    return file


def holds_code(file: Path) -> bool:
    """Whether there is machine code of a kernel, sound or not."""
    return any(path.suffix in (".nbc", ".zip") for path in _parts(file))


def packed(file: Path) -> Path:
    """Where the machine code of a text with several functions lies."""
    return file.parent / "__pycache__" / f"{file.stem}.zip"


def keep(file: Path, code: bytes) -> None:
    """Writes the machine code of a text at one stroke; where that fails, the next process has to compile again."""
    with suppress(OSError):
        written = tempfile.NamedTemporaryFile(dir=packed(file).parent, delete=False)  # noqa: SIM115 - renamed below
        try:
            with written:
                written.write(code)
            os.replace(written.name, packed(file))
        except OSError:
            Path(written.name).unlink(missing_ok=True)
            raise


def protect(file: Path) -> None:
    """Takes from everyone else the right to write that the process' habits (its umask) may have given."""
    for path in _parts(file):
        with suppress(OSError):
            path.chmod(0o600)


def discard(file: Path) -> None:
    """Removes a kernel's files."""
    for path in _parts(file):
        with suppress(OSError):
            path.unlink()


@dataclass(frozen=True, slots=True)
class Kept:
    """A kernel in the cache folder: its text, what that says of itself, its bytes, and the second of its making."""

    file: Path
    what: str
    size: int
    made: float


def kept() -> list[Kept]:
    """The kernels in the cache folder, the oldest first; files of others there are passed over."""
    found = []
    for file in cache_folder().glob("k*.py"):
        if _OURS.fullmatch(file.name):
            with suppress(OSError):  # another process removed it
                about = [path.lstat() for path in _parts(file)]
                found.append(Kept(file, _what(file), sum(part.st_size for part in about), file.lstat().st_mtime))
    return sorted(found, key=lambda kernel: (kernel.made, kernel.file.name))


def clear() -> list[Kept]:
    """Removes every kernel from the cache folder, and nothing else; returns those that could not be removed."""
    for kernel in kept():
        discard(kernel.file)
    return kept()


_OURS = re.compile(r"k[0-9a-f]{24}\.py")
_BYTES_READ = 1 << 20


def _what(file: Path) -> str:
    """What a text says of itself in its first line; else its last line, the innermost of a loop. No link is followed."""
    if file.is_symlink():
        return "a link"
    with file.open("rb") as text:
        lines = text.read(_BYTES_READ).decode("utf-8", "replace").splitlines()
    first = lines[0].strip() if lines else ""
    if first.startswith(("#", '"""')):
        return first.strip('#" ')
    return lines[-1].strip() if lines else "nothing"


def _parts(file: Path) -> Iterator[Path]:
    """The files of a kernel that exist: its text, the index and the machine code."""
    if os.path.lexists(file):
        yield file
    yield from file.parent.glob(f"__pycache__/{file.stem}.*")


def _private(about: os.stat_result) -> bool:
    """Whether nobody but the current user may write here; a system without user numbers has other means."""
    if not hasattr(os, "getuid"):
        return True
    return about.st_uid == os.getuid() and about.st_mode & 0o022 == 0
