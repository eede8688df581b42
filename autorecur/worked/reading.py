"""One's own numbers for a worked example: a mapping, or a TOML or JSON file; what does not fit is refused where it stands.

steps = 2                          # may be left out: the inputs tell; of several parts {encoder = 3, decoder = 2}
learning_rate = 0.1

[parameters]
W_h = [[0.5, -0.3], [0.1, 0.4]]
b_h = [0.1, -0.2]

[inputs]
x = [[1.0], [0.5]]                 # a line for each step
target = [0.4]

[initial]
"h[0]" = [0.2, -0.1]               # may be left out: zeros

[functions]
g = "tanh"                         # what a function is that the cell leaves open
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.errors import ArgumentError, AutorecurError, CellError, Place, ShapeError
from autorecur.graph.loading import user_shape
from autorecur.language.filling import check_fillings
from autorecur.language.nearest import did_you_mean

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

SETTINGS = ("steps", "learning_rate")
GROUPS = ("parameters", "inputs", "initial")
FUNCTIONS = "functions"
DEFAULT_RATE = Fraction(1, 10)
MOST_STEPS, MOST_COMPONENTS = 6, 4
"""More than that nobody does by hand, and no page is wide enough."""
LARGEST_FILE = 1_000_000
LARGEST_NUMBER = 10**6


@dataclass(frozen=True)
class Source:
    """Where the values come from, for errors that point there; ``text`` is empty for a mapping of Python's."""

    name: str
    text: str = ""

    def error(self, message: str, key: str = "", hint: str = "") -> CellError:
        place = self.place(key) if key and self.text else None
        where = f"{self.name}: " if self.text and place is None else ""
        return CellError(where + message, *([place] if place else []), hint=hint)

    def place(self, key: str) -> Place | None:
        """The line on which a key stands."""
        quoted = re.escape(key)
        found = re.compile(
            rf"""(?:^|[{{,\s.])(?P<key>"{quoted}"|'{quoted}'|{quoted})\s*[:=]|^\s*\[(?P<table>{quoted})\]"""
        )
        for number, line in enumerate(self.text.splitlines(), 1):
            if match := found.search(line.partition("#")[0] if self.name.endswith(".toml") else line):
                group = "key" if match["key"] else "table"
                return Place(number, match.start(group) + 1, match.end(group) + 1, line, source=f"{self.name}:{number}")
        return None


Checked = tuple[Mapping[str, np.ndarray], Any, Fraction, Source]


def checked(derivation: Derivation, values: Any) -> Checked:
    """Arrays by key as :meth:`Derivation.evaluate` takes them, T if it was given, the learning rate.

    Raises CellError for what is missing, unknown, no number, or too large to be followed by hand."""
    source, table = _table(values)
    flat = dict(_flat(derivation, source, table))
    steps, rate = _steps(derivation, source, flat.pop("steps", None)), _rate(source, flat.pop("learning_rate", None))
    _require_all(derivation, source, flat)
    arrays = {key: _array(source, key, value) for key, value in flat.items()}
    return arrays, steps, rate, source


def functions_of(derivation: Derivation, values: Any) -> Mapping[str, str]:
    """What the values say of functions that the cell leaves open. Raises CellError for what cannot be."""
    source, table = _table(values)
    found = table.get(FUNCTIONS, {})
    if not isinstance(found, Mapping):
        raise source.error(f"'{FUNCTIONS}' holds {_kind(found)} where names of functions are needed.", FUNCTIONS)
    for name, function in found.items():
        try:
            check_fillings(derivation.cell, {name: function})
        except ArgumentError as error:
            raise source.error(str(error), str(name)) from None
    return found


def require_small(source: Source, sizes: Mapping[str, int], steps: int) -> None:
    """Refuses what no person computes and no page holds."""
    for name, size in sizes.items():
        if size > MOST_COMPONENTS:
            raise source.error(
                f"{name} = {size} is too large for a worked example.",
                hint=f"To be followed by hand, a vector has at most {MOST_COMPONENTS} components.",
            )
    if steps > MOST_STEPS:
        raise source.error(
            f"{steps} steps are too many for a worked example.",
            hint=f"To be followed by hand, there are at most {MOST_STEPS}.",
        )


def placed(source: Source, error: ShapeError) -> AutorecurError:
    """The error of a shape at the line on which the key stands, if it comes from a file."""
    key = re.search(r"'([^']+)'", str(error))
    return source.error(str(error), key[1]) if source.text and key else error


# ------------------------------------------------------------------------------------------------------------- files


def _table(values: Any) -> tuple[Source, Mapping[str, Any]]:
    if isinstance(values, Mapping):
        return Source("the values"), values
    if not isinstance(values, str | Path):
        raise CellError(f"values are a mapping or the path of a TOML or JSON file, not {type(values).__name__}.")
    path = Path(values)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise CellError(f"{path} is too large for a few numbers.")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CellError(f"{path} is not UTF-8.") from None
    except OSError as error:
        raise CellError(f"{path} cannot be read: {error.strerror or error}.") from None
    source = Source(path.name, text)
    found = _json(source) if _is_json(path, text) else _toml(source)
    if not isinstance(found, Mapping):
        raise CellError(f"{path.name} holds {_kind(found)}; it must hold names with their numbers.")
    return source, found


def _is_json(path: Path, text: str) -> bool:
    return path.suffix.lower() == ".json" or (path.suffix.lower() != ".toml" and text.lstrip().startswith("{"))


def _json(source: Source) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                raise source.error(f"'{key}' is given twice.", key)
        return dict(pairs)

    try:
        return json.loads(source.text, parse_float=Decimal, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise _unreadable(source, "JSON", error.msg, error.lineno, error.colno) from None
    except (RecursionError, ValueError) as error:
        raise CellError(f"{source.name} is no JSON that can be read: {error}.") from None


def _toml(source: Source) -> Any:
    try:
        return tomllib.loads(source.text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error))
        if found is None:
            raise CellError(f"{source.name} is no TOML: {str(error).rstrip('.')}.") from None
        raise _unreadable(source, "TOML", found[1], int(found[2]), int(found[3])) from None
    except (RecursionError, ValueError) as error:
        raise CellError(f"{source.name} is no TOML that can be read: {error}.") from None


def _unreadable(source: Source, form: str, why: str, line: int, column: int) -> CellError:
    lines = source.text.splitlines() or [""]
    shown = lines[min(line, len(lines)) - 1]
    place = Place(line, column, column + 1, shown, source=f"{source.name}:{line}")
    return CellError(f"{source.name} is no {form}: {why[:1].lower()}{why[1:].rstrip('.')}.", place)


# -------------------------------------------------------------------------------------------------------------- keys


def _flat(derivation: Derivation, source: Source, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys with their values, those in the tables [parameters], [inputs] and [initial] too."""
    known = _known(derivation)
    seen: set[str] = set()
    for key, value in table.items():
        if key == FUNCTIONS:
            continue
        if isinstance(value, Mapping) and key != "steps":
            if key not in GROUPS:
                raise source.error(
                    f"there is no table '{key}'.{did_you_mean(str(key), (*GROUPS, FUNCTIONS))}",
                    str(key),
                    hint=f"There are {', '.join(GROUPS)}, {FUNCTIONS}.",
                )
            pairs: Sequence[tuple[Any, Any]] = list(value.items())
        else:
            pairs = [(key, value)]
        for name, inner in pairs:
            name = str(name).replace(" ", "")
            if name not in known:
                raise source.error(
                    f"'{name}' is no parameter, input or initial state.{did_you_mean(name, known)}",
                    name,
                    hint=f"There are {', '.join(known)}.",
                )
            if name in seen:
                raise source.error(f"'{name}' is given twice.", name)
            seen.add(name)
            yield name, inner


def _known(derivation: Derivation) -> tuple[str, ...]:
    cell = derivation.written
    computed = {*cell.parameters, *cell.starts}
    initial = [key for state in cell.states for key in cell.initial_keys(state) if key not in computed]
    return (*cell.parameters, *derivation.cell.inputs, *derivation.loss.inputs, *initial, *SETTINGS)


def _require_all(derivation: Derivation, source: Source, flat: Mapping[str, Any]) -> None:
    cell = derivation.written
    missing = [name for name in cell.parameters if name not in flat]
    missing += [name for name in (*derivation.cell.inputs, *derivation.loss.inputs) if name not in flat]
    if missing:
        listed = ", ".join(f"'{name}' of shape {_shape(derivation, name)}" for name in missing[:6])
        more = f" and {len(missing) - 6} more" if len(missing) > 6 else ""
        raise source.error(f"{listed}{more} {'is' if len(missing) == 1 else 'are'} missing.")


def _shape(derivation: Derivation, name: str) -> str:
    sizes = [str(size) for size in user_shape(derivation.written.shapes[name.partition("[")[0]])]
    timed = name in (*derivation.cell.inputs, *derivation.loss.inputs) and not derivation.is_once(name)
    if timed and not (name == "target" and derivation.loss.at == "last"):
        sizes.insert(0, derivation.extended.clock(name))
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


# ----------------------------------------------------------------------------------------------------------- numbers


def _array(source: Source, key: str, value: Any) -> np.ndarray:
    if isinstance(value, np.ndarray) or hasattr(value, "__array__"):
        value = np.asarray(value).tolist()
    _require_even(source, key, value)
    for number in _leaves(value):
        _require_number(source, key, number)
    return np.array(value, dtype=float)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def _require_even(source: Source, key: str, value: Any) -> None:
    """Lists side by side have one length."""
    if not isinstance(value, list | tuple):
        return
    lengths = [len(part) if isinstance(part, list | tuple) else None for part in value]
    if len(set(lengths)) > 1:
        shown = ", ".join("a number" if n is None else str(n) for n in lengths[:6])
        raise source.error(f"the lines of '{key}' are not equally long: {shown}.", key)
    if not value:
        raise source.error(f"'{key}' holds an empty list.", key)
    for part in value:
        _require_even(source, key, part)


def _require_number(source: Source, key: str, value: Any) -> None:
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if not number:
        raise source.error(f"'{key}' holds {_kind(value)} where a number is needed.", key)
    if not np.isfinite(float(value)) or abs(float(value)) > LARGEST_NUMBER:
        raise source.error(f"'{key}' holds {value}; numbers of a worked example are small and finite.", key)


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    return f"a {type(value).__name__}"


def _steps(derivation: Derivation, source: Source, value: Any) -> Any:
    """T, or a mapping from the parts of a frame to theirs."""
    if isinstance(value, Mapping) and derivation.clocks is not None:
        return {str(part): _steps(derivation, source, each) for part, each in value.items()}
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__") or not 1 <= value.__index__() <= MOST_STEPS:
        raise source.error(f"steps is a whole number from 1 to {MOST_STEPS}, not {value}.", "steps")
    return int(value)


def _rate(source: Source, value: Any) -> Fraction:
    if value is None:
        return DEFAULT_RATE
    _require_number(source, "learning_rate", value)
    rate = Fraction(str(value))
    if rate <= 0:
        raise source.error(f"learning_rate is a positive number, not {value}.", "learning_rate")
    return rate
