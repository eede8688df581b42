"""Files written whole or not at all: a temporary file in the same folder, moved into place when it is complete."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from autorecur.errors import RenderError


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """The text as UTF-8, with the line ends that it has."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    target = Path(path)
    check_writable(target)
    if target.exists() and not target.is_file():
        # A device or a pipe cannot be replaced, only written to.
        _write_through(target, data)
        return
    try:
        _replace(target, data)
    except OSError as error:
        raise RenderError(f"{target} cannot be written: {_reason(error)}") from error


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises early, before anything is computed for a file that cannot be written."""
    target = Path(path)
    folder = target.parent
    try:
        if target.is_dir():
            raise RenderError(f"{target} is a folder, not a file")
        if not folder.is_dir():
            raise RenderError(f"{target} cannot be written: there is no folder {folder}")
    except (OSError, ValueError) as error:
        raise RenderError(f"{target!s} cannot be written: {error}") from error
    if not os.access(folder, os.W_OK) and not (target.exists() and os.access(target, os.W_OK)):
        raise RenderError(f"{target} cannot be written: the folder {folder} is not writable")


def _replace(target: Path, data: bytes) -> None:
    # What a link points at is replaced, not the link.
    target = target.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, _mode(target))
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _mode(target: Path) -> int:
    """The file's own rights, or those that a new file would have."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _write_through(target: Path, data: bytes) -> None:
    try:
        with open(target, "wb") as file:
            file.write(data)
    except OSError as error:
        raise RenderError(f"{target} cannot be written: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
