"""One safetensors file: arrays under names and a few texts, with a checksum of every byte; nothing in it is ever run.

The file is written beside its place and moved there when it is complete, so that whoever pulls the plug finds the old one
or the new one. The format: https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from autorecur.errors import CheckpointError
from autorecur.tape.numbers import Array

DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
    "BOOL": "?",
}
"""safetensors' names of dtypes, and NumPy's; BF16 has none and is widened to float32."""
_PLACE = b'"checksum":"' + b"0" * 64 + b'"'
"""Where the checksum stands in the header; while it is computed it is zero."""


def read(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """Arrays and texts of a safetensors file, whoever wrote it; a checksum, if there is one, must be right.

    Raises CheckpointError for a file that is missing, cut off, changed, or of another kind.
    """
    data = _bytes(path)
    texts = _header(path, data).get("__metadata__", {})
    if not isinstance(texts, dict):
        raise CheckpointError(f"{path} is damaged: its header makes no sense")
    if "checksum" in texts and texts["checksum"] != _digest_with_zeros(data, texts["checksum"]):
        raise CheckpointError(f"{path} is damaged: its checksum is not that of what it holds")
    return _arrays(path, data), {str(name): str(text) for name, text in texts.items()}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"there is no file {path}") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from None


def _header(path: Path, data: bytes) -> dict[str, Any]:
    """The table of contents at the beginning; raises CheckpointError where the file is not as long as it says."""
    if not data:
        raise CheckpointError(f"{path} is damaged: it is empty")
    length = int.from_bytes(data[:8], "little")
    if data[8:9] != b"{":
        raise CheckpointError(f"{path} is no safetensors file: it does not begin like one")
    try:
        header: dict[str, Any] = json.loads(data[8 : 8 + length])
        ends = [int(entry["data_offsets"][1]) for name, entry in header.items() if name != "__metadata__"]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError):
        what = "it ends within its header" if len(data) < 8 + length else "its header makes no sense"
        raise CheckpointError(f"{path} is damaged: {what}") from None
    expected = 8 + length + max(ends, default=0)
    if len(data) != expected:
        raise CheckpointError(f"{path} is damaged: it has {len(data):,} bytes where {expected:,} were written")
    return header


def _arrays(path: Path, data: bytes) -> dict[str, Array]:
    from safetensors import SafetensorError, deserialize

    try:
        entries = deserialize(data)
    except SafetensorError as error:
        raise CheckpointError(f"{path} is damaged: {error}") from None
    return {name: _array(path, name, entry) for name, entry in sorted(entries, key=lambda each: str(each[0]))}


def _array(path: Path, name: str, entry: Mapping[str, Any]) -> Array:
    if entry["dtype"] == "BF16":  # the upper half of a float32
        return (np.frombuffer(entry["data"], "<u2").astype("<u4") << 16).view("<f4").reshape(entry["shape"])
    if entry["dtype"] not in DTYPES:
        raise CheckpointError(f"{path}: {name!r} is of the dtype {entry['dtype']}, which NumPy does not have")
    return np.frombuffer(entry["data"], DTYPES[entry["dtype"]]).reshape(entry["shape"]).copy()


def encoded(arrays: Mapping[str, Array], texts: Mapping[str, str], checksum: bool) -> bytes:
    """The bytes of the file; with ``checksum``, the SHA-256 of all of them (itself counted as zeros) is one of the texts."""
    from safetensors.numpy import save

    texts = {**texts, "checksum": "0" * 64} if checksum else dict(texts)
    data: bytes = save({name: np.asarray(array, order="C") for name, array in arrays.items()}, texts)
    if not checksum:
        return data
    return data.replace(_PLACE, _PLACE.replace(b"0" * 64, hashlib.sha256(data).hexdigest().encode()), 1)


def _digest_with_zeros(data: bytes, checksum: str) -> str:
    found = f'"checksum":"{checksum}"'.encode()
    return hashlib.sha256(data.replace(found, _PLACE, 1)).hexdigest()


# ------------------------------------------------------------------ to the disk


def previous(path: Path) -> Path:
    """Where the file is kept that was written before."""
    path = _real(path)
    return path.with_name(path.name + ".previous")


def _real(path: Path) -> Path:
    """What a link points at is replaced, not the link."""
    return path.resolve() if path.is_symlink() else path


def check_writable(path: Path) -> None:
    """Raises CheckpointError before anything is computed for a file that cannot be written."""
    path = _real(path)
    if path.is_dir():
        raise CheckpointError(f"{path} is a folder, not a file")
    if not path.parent.is_dir():
        raise CheckpointError(f"{path} cannot be written: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise CheckpointError(f"{path} cannot be written: the folder {path.parent} is not writable")


def write(path: Path, data: bytes, keep: bool) -> None:
    """The bytes as this file, whole or not at all; with ``keep``, the file that was there becomes :func:`previous`.

    At every moment there is a complete file under this name, if there was one before. Raises CheckpointError.
    """
    check_writable(path)
    path = _real(path)
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if keep and path.exists():
            _keep(path)
        os.replace(part, path)
        _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise CheckpointError(f"{path} cannot be written: {error.strerror or error}") from error


def _keep(path: Path) -> None:
    """The file under its second name, too: a link, so that the first name is never without one."""
    second = path.with_name(path.name + ".previous.part")
    second.unlink(missing_ok=True)
    try:
        os.link(path, second)
    except OSError:  # a file system without links
        second.write_bytes(path.read_bytes())
    os.replace(second, previous(path))
    second.unlink(missing_ok=True)  # names of one and the same file are not replaced (after a killed write)


def _sync_folder(folder: Path) -> None:
    """Asks for the new names to reach the disk as well, where a folder can be asked."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
