"""The languages that pages can be written in: each is one file of words."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

SUFFIX = ".toml"


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a file, in alphabetical order."""
    found = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX)))


def words_of(language: str) -> str:
    """The text of a language's file."""
    return _folder().joinpath(language + SUFFIX).read_text(encoding="utf-8")


def _folder() -> Traversable:
    return files("autorecur").joinpath("page", "words")
