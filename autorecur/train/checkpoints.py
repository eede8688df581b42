"""The state of a training as one file, and back: arrays by name, the rest as JSON; see ``notes/training.md``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autorecur.errors import CheckpointError
from autorecur.tape.numbers import Array
from autorecur.train import archive
from autorecur.train.packing import pack, unpack

FORMAT, VERSION = "autorecur.checkpoint", 1


def save(path: Path, state: dict[str, Any]) -> None:
    """Writes a state; the checkpoint that was there is kept as the one before. Raises CheckpointError, DtypeError."""
    arrays: dict[str, Array] = {}
    packed = {name: pack(part, name, arrays) for name, part in state.items()}
    texts = {"format": FORMAT, "version": str(VERSION), "state": json.dumps(packed)}
    archive.write(path, archive.encoded(arrays, texts, checksum=True), keep=True)


def load(path: Path) -> dict[str, Any]:
    """The state that :func:`save` wrote; raises CheckpointError for any other file."""
    arrays, texts = archive.read(path)
    if texts.get("format") != FORMAT:
        raise CheckpointError(f"{path} is no checkpoint of a training; ar.train.load_weights reads weights")
    if texts.get("version") != str(VERSION):
        raise CheckpointError(
            f"{path} is a checkpoint of version {texts.get('version')}, and this release of autorecur reads version {VERSION}"
        )
    if "checksum" not in texts:
        raise CheckpointError(f"{path} is damaged: it has no checksum")
    try:
        return {name: unpack(part, name, arrays) for name, part in json.loads(texts["state"]).items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise CheckpointError(f"{path} is damaged: its parts do not belong together") from None


def latest(path: Path) -> tuple[dict[str, Any] | None, Path, str]:
    """The newest state that can be read: (state, its file, what was wrong with a newer one).

    None if there is no checkpoint at all. Raises CheckpointError if there are some and none of them can be read.
    """
    second = archive.previous(path)
    if not path.exists() and not second.exists():
        return None, path, ""
    try:
        return load(path), path, ""
    except CheckpointError as error:
        problem = str(error)
    if not second.exists():
        raise CheckpointError(f"{problem}; there is none before it")
    try:
        return load(second), second, problem
    except CheckpointError as error:
        raise CheckpointError(f"{problem}; the one before it does not help: {error}") from None
