"""Options of a command from a TOML file, one a line; whatever is wrong says file, line, near miss."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import click

from autorecur.errors import CellError, Place
from autorecur.language.nearest import did_you_mean

NEVER = ("config", "help")
"""Options that make no sense in a file."""


def read(path: Path, ctx: click.Context) -> dict[str, Any]:
    """The options of ``path`` by the names of the command's parameters, each checked as if it had been typed.

    Keys are the options without dashes in front, ``weight-decay`` or ``weight_decay``; ``task`` is the argument.
    """
    lines, found = _parsed(path)
    params = {_key(param): param for param in ctx.command.params if _key(param) not in NEVER}
    settings: dict[str, Any] = {}
    for key, value in found.items():
        param = params.get(key.replace("_", "-"))
        place = _place(lines, key)
        where = f"{path}, line {place.line}" if place else str(path)
        if param is None:
            what = (
                f"{key!r} is a table, and options stand in none"
                if isinstance(value, dict)
                else f"there is no option {key!r}"
            )
            hint = did_you_mean(key.replace("_", "-"), params)
            raise CellError(f"{where}: {what}.{hint}", *([place] if place else []))
        try:
            settings[param.name or key] = _checked(param, value, ctx)
        except click.UsageError as error:
            message = error.format_message().replace("--", "", 1)
            raise CellError(f"{where}: {message}", *([place] if place else [])) from None
    return settings


def _key(param: click.Parameter) -> str:
    return max((opt.lstrip("-") for opt in param.opts), key=len)


def _parsed(path: Path) -> tuple[list[str], dict[str, Any]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CellError(f"{path} is no UTF-8 text.") from None
    lines = text.splitlines()
    try:
        return lines, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"^(.*?)\s*\(at line (\d+), column (\d+)\)$", str(error))
        if at is None:
            raise CellError(f"{path} is no TOML: {error}.") from None
        line, column = int(at[2]), int(at[3])
        quoted = lines[line - 1] if line <= len(lines) else ""
        message = f"{path}, line {line}: this is no TOML: {at[1][:1].lower()}{at[1][1:]}."
        raise CellError(message, Place(line, column, column + 1, quoted)) from None


def _place(lines: list[str], key: str) -> Place | None:
    """Where a key stands."""
    for number, line in enumerate(lines, 1):
        at = re.match(rf"""\s*\[?\s*(["']?){re.escape(key)}\1\s*(?:=|\.|\])""", line)
        if at:
            begin = line.index(key)
            return Place(number, begin + 1, begin + len(key) + 1, line)
    return None


def _checked(param: click.Parameter, value: Any, ctx: click.Context) -> Any:
    """The value as it would have been typed; raises UsageError."""
    if isinstance(param, click.Option) and param.is_flag:
        if not isinstance(value, bool):
            raise click.UsageError(f"{_key(param)} is true or false, not {value!r}.", ctx)
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ",".join(value)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise click.UsageError(f"{_key(param)} is a text or a number, not {str(value).lower()[:40]}.", ctx)
    text = str(value)
    if param.callback is not None:
        param.callback(ctx, param, text)
    return text
