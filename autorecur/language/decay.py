"""Weight decay by name: ``decay: lambda``, or ``decay: lambda W U`` for some of the parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from autorecur.errors import CellError
from autorecur.language.functions import function_names
from autorecur.language.headers import Headers
from autorecur.language.nearest import nearest
from autorecur.language.roles import RESERVED
from autorecur.language.sizes import Size
from autorecur.language.text import Source

_NAME = re.compile(r"[^\W\d_]\w*")
Refused = Callable[[str, str, str], CellError]
"""What is raised for a word: of the word, what is wrong with it, what to do."""


@dataclass(frozen=True)
class Decayed:
    """The name of the coefficient, and the parameters whose squares it weighs."""

    coefficient: str
    weights: tuple[str, ...]


def read_decay(
    text: str, parameters: Mapping[str, tuple[Size, ...]], taken: Collection[str], refused: Refused
) -> Decayed:
    """The decay that a text asks for: of the parameters it lists, or of all matrices. ``taken`` are names with a meaning."""
    words = [word for word in re.split(r"[\s,]+", text) if word]
    if not words:
        raise refused("", "a decay begins with the name of its coefficient.", "For example: lambda")
    name, *listed = words
    if not _NAME.fullmatch(name) or name in RESERVED or name in function_names() or name.startswith("dL"):
        raise refused(name, f"'{name}' cannot be the coefficient of a decay.", "Give it a name of its own: lambda")
    if name in taken:
        raise refused(
            name,
            f"'{name}' has a meaning in this cell: it cannot be the coefficient of a decay, too.",
            "Give the coefficient a name of its own, such as lambda or mu.",
        )
    known = [each for each in parameters if not each.endswith("]")]
    for word in listed:
        if word not in known:
            close = nearest(word, known)
            hint = f"Did you mean '{close}'?" if close else f"Its parameters are {', '.join(known)}."
            raise refused(word, f"'{word}' is no parameter of this cell.", hint)
        if listed.count(word) > 1:
            raise refused(word, f"'{word}' stands in the decay twice.", "Name it once.")
    matrices = tuple(each for each in known if len(parameters[each]) == 2)
    if not listed and not matrices:
        hint = f"Name what is to decay: {name} {' '.join(known)}" if known else "Without parameters nothing decays."
        raise refused(name, "this cell has no parameter that is a matrix, so nothing decays.", hint)
    return Decayed(name, tuple(each for each in known if each in listed) or matrices)


def check_decay(
    headers: Headers, source: Source, parameters: Mapping[str, tuple[Size, ...]], taken: Collection[str]
) -> None:
    """The header ``decay``, if there is one; raises a CellError that points at the word that does not fit."""
    if "decay" not in headers.values:
        return

    def refused(word: str, message: str, hint: str) -> CellError:
        span = headers.word_span("decay", word) if word else headers.spans["decay"]
        return source.error(message, span, hint=hint)

    called = (headers.values.get(key) for key in ("target", "steps"))
    known = {*taken, *headers.words("function"), *(name for name in called if name)}
    read_decay(headers.values["decay"], parameters, known, refused)


def decay_asked(text: str, parameters: Mapping[str, tuple[Size, ...]], taken: Collection[str], where: str) -> Decayed:
    """The decay that a caller asks for; errors name the cell."""

    def refused(word: str, message: str, hint: str) -> CellError:
        return CellError(f"{where}: {message}", hint=hint)

    return read_decay(text, parameters, taken, refused)
