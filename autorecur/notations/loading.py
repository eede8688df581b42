"""Profiles from TOML: those that ship, by name, and a user's own, by path. Whatever is wrong says file, line, near miss."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autorecur.errors import NotationError, Place
from autorecur.language.nearest import did_you_mean
from autorecur.notations.keys import FREE, KNOWN, LISTS, SYMBOL, TABLES, TEXT, TRUTH, Key
from autorecur.notations.profile import Mathematics, Profile

NAMES = ("column", "row", "transposed", "bracket-time", "index")
"""The notations that ship, each a file of this folder."""
MOST_BYTES = 1_000_000


def load(notation: str | os.PathLike[str] | Profile) -> Profile:
    """The profile of a name (``"row"``), of a TOML file, or one that is there already. Raises NotationError."""
    if isinstance(notation, Profile):
        return notation
    if isinstance(notation, str) and notation in NAMES:
        return shipped(notation)
    spec = os.fspath(notation)
    looks_like_a_file = not isinstance(notation, str) or spec.endswith(".toml") or os.path.basename(spec) != spec
    if not looks_like_a_file:
        close = did_you_mean(spec, NAMES)
        raise NotationError(
            f"there is no notation {spec!r}.{close}",
            hint=f"Known: {', '.join(NAMES)}, or the path of a file of your own, my.toml; "
            "without a notation the cell is printed as its author wrote it.",
        )
    return _read(_text_of(spec), Path(spec).name, Path(spec).stem)


@cache
def shipped(name: str) -> Profile:
    text = files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return _read(text, f"{name}.toml", name)


def _text_of(spec: str) -> str:
    try:
        if "\0" in spec:
            raise OSError("the path holds a zero character")
        with open(spec, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        close = did_you_mean(Path(spec).stem, NAMES)
        raise NotationError(
            f"there is no file {spec!r}.{close}", hint=f"Notations that ship: {', '.join(NAMES)}."
        ) from None
    except OSError as error:
        raise NotationError(f"{spec!r} cannot be read: {error.strerror or error}.") from None
    if len(data) > MOST_BYTES:
        raise NotationError(f"{spec!r} is larger than a notation can be ({MOST_BYTES // 1000:,} kB).")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotationError(f"{spec!r} is no UTF-8 text.") from None


def _read(text: str, file: str, name: str) -> Profile:
    return _File(text, file, name).profile()


class _File:
    """One file, checked key by key."""

    def __init__(self, text: str, file: str, name: str) -> None:
        self.lines = text.splitlines()
        self.file = file
        self.name = name
        try:
            self.data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise self.not_toml(error) from None

    def not_toml(self, error: tomllib.TOMLDecodeError) -> NotationError:
        found = re.search(r"^(.*?)\s*\(at line (\d+), column (\d+)\)$", str(error))
        if not found:
            return NotationError(f"{self.file} is no TOML: {_lowered(str(error))}.")
        line, column = int(found[2]), int(found[3])
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        place = Place(line, column, column + 1, text)
        return NotationError(f"{self.file}, line {line}: this is no TOML: {_lowered(found[1])}.", place)

    def profile(self) -> Profile:
        base = self.base()
        fields: dict[str, Any] = {}
        mathematics: dict[str, Any] = {}
        places: dict[str, tuple[str, int, str]] = dict(base.lines)
        for table, name, value in self.entries():
            key = FREE.get(table) or KNOWN[table, name]
            checked = self.checked(key, table, name, value)
            path = f"{table}.{name}" if table else name
            places[path] = (self.file, *self.line_of(table, name))
            if key.kind == LISTS or not key.name:
                fields.setdefault(key.field, dict(getattr(base, key.field)))[name] = checked
            elif table == "mathematics":
                mathematics[name] = checked
            elif key.field:
                fields[key.field] = checked
        fields = {k: MappingProxyType(v) if isinstance(v, dict) else v for k, v in fields.items()}
        return replace(
            base,
            name=self.name,
            mathematics=replace(base.mathematics, **mathematics),
            lines=MappingProxyType(places),
            **fields,
        )

    def base(self) -> Profile:
        name = self.data.get("base")
        if name is None:
            return Profile(self.name, mathematics=Mathematics())
        if name not in NAMES:
            close = did_you_mean(str(name), NAMES)
            raise self.wrong(
                "", "base", f"the base {name!r} is no notation that ships.{close} Known: {', '.join(NAMES)}."
            )
        return replace(shipped(name), title="")

    def entries(self) -> list[tuple[str, str, Any]]:
        """(table, key, value) of the file, each known."""
        found: list[tuple[str, str, Any]] = []
        for name, value in self.data.items():
            if isinstance(value, Mapping):
                if name not in TABLES:
                    close = did_you_mean(name, TABLES, quote="")
                    raise self.wrong(name, "", f"there is no table [{name}].{close} Known: {', '.join(TABLES)}.")
                for key, inner in value.items():
                    if name not in FREE and (name, key) not in KNOWN:
                        raise self.unknown(name, key)
                    found.append((name, key, inner))
            elif ("", name) in KNOWN:
                found.append(("", name, value))
            else:
                raise self.unknown("", name)
        return found

    def unknown(self, table: str, key: str) -> NotationError:
        here = [name for where, name in KNOWN if where == table]
        elsewhere = [f"[{where}]" for where, name in KNOWN if name == key and where not in ("", table)]
        place = f" in [{table}]" if table else " outside the tables"
        close = f" It belongs into {' or '.join(elsewhere)}." if elsewhere else did_you_mean(key, here)
        if not close and key in TABLES:
            close = f" [{key}] is a table."
        return self.wrong(table, key, f"there is no key {key!r}{place}.{close} Known: {', '.join(here)}.")

    def checked(self, key: Key, table: str, name: str, value: Any) -> Any:
        """The value if it is one that the key can have."""
        if key.kind == TRUTH:
            if not isinstance(value, bool):
                raise self.wrong(table, name, f"{key.path} is true or false, not {value!r}.")
            return value
        if key.kind == LISTS:
            if not isinstance(value, list) or len(value) < 2 or not all(isinstance(part, str) for part in value):
                raise self.wrong(
                    table, name, f'the blocks of {name} are a list of names, ["W_aa", "W_ax"], not {value!r}.'
                )
            return tuple(self.symbol(table, name, part) for part in value)
        if key.choices:
            if type(value) not in (str, int) or value not in key.choices:
                close = did_you_mean(value, [str(c) for c in key.choices]) if isinstance(value, str) else ""
                raise self.wrong(table, name, f"{key.path} is {_either(key.choices)}, not {value!r}.{close}")
            return value
        if not isinstance(value, str) or (key.kind != TEXT and not value.strip()):
            raise self.wrong(table, name, f"{table}.{name} is {_article(key)} in quotes, not {value!r}.")
        return self.symbol(table, name, value) if key.kind != TEXT else value

    def symbol(self, table: str, name: str, text: str) -> str:
        from autorecur.symbolic.spelling import SpellingError, read_symbol

        try:
            read_symbol(text)
        except SpellingError as error:
            what = f"{text!r} is no symbol: {error}."
            hint = r'A symbol is such as "a", "W_aa", "W_{aa}", "\\tilde c", "\\Gamma_u".'
            raise self.wrong(table, name, what, hint) from None
        return text

    # ------------------------------------------------------------------------------------------------- where it stands

    def wrong(self, table: str, key: str, message: str, hint: str = "") -> NotationError:
        line, text = self.line_of(table, key)
        if not line:
            return NotationError(f"{self.file}: {message}", hint=hint)
        start = len(text) - len(text.lstrip()) + 1
        place = Place(line, start, max(start + 1, len(text.rstrip()) + 1), text)
        return NotationError(f"{self.file}, line {line}: {message}", place, hint=hint)

    def line_of(self, table: str, key: str) -> tuple[int, str]:
        """Where a key is set; of a table without a key, its head. TOML's own reader does not tell."""
        current = ""
        quoted = rf"""["']?{re.escape(key)}["']?\s*="""
        for number, text in enumerate(self.lines, 1):
            if head := re.match(r"\s*\[\s*([^\]]+?)\s*\]", text):
                current = head[1].strip("\"'")
                if not key and current == table:
                    return number, text
                continue
            dotted = rf"\s*{re.escape(table)}\s*\.\s*{quoted}" if table else None
            if key and ((current == table and re.match(rf"\s*{quoted}", text)) or (dotted and re.match(dotted, text))):
                return number, text
            if table and current == "" and re.match(rf"\s*{re.escape(table)}\s*[=.]", text):
                return number, text
        return 0, ""


def _either(choices: tuple[str | int, ...]) -> str:
    words = [repr(choice) for choice in choices]
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _article(key: Key) -> str:
    return "a symbol" if key.kind in (SYMBOL, "a table") else key.kind


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
