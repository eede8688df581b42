"""Text files of one's own, and the words of a text."""

from __future__ import annotations

import os
import re
from pathlib import Path

from autorecur.errors import ArgumentError


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file in UTF-8, line ends as ``\\n``; raises ArgumentError for another encoding or an empty file."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ArgumentError(
            f"{path}, line {line}: this is no UTF-8; save the file in that encoding, which every editor can"
        ) from None
    if not text.strip():
        raise ArgumentError(f"{path} is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def words(text: str, lower: bool = True) -> list[str]:
    """The words and punctuation marks of a text, in small letters unless told otherwise.

    >>> words("L'état, c'est moi!")
    ["l'état", ',', "c'est", 'moi', '!']
    """
    return re.findall(r"\w+(?:['’]\w+)*|[^\w\s]", text.lower() if lower else text)
