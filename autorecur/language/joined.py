"""``Wx[t]`` and ``Uh[t-1]``, as papers write products: here each is one name, and silently an input of the cell."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autorecur.errors import CellError
from autorecur.language.canonical import write_name
from autorecur.language.roles import Roles, Use

_JOINED = re.compile(r"([^\W\d_]\d*)([^\W\d_]\w*)")
_WITH_SUBSCRIPT = re.compile(r"([^\W\d_]\d*_[^\W_])([^\W\d_]\w*)")
MOST_PLACES = 4


@dataclass(frozen=True, slots=True)
class _Split:
    """An input whose name reads as a matrix and what it multiplies."""

    use: Use
    matrix: str
    rest: str
    subscript: bool

    @property
    def product(self) -> str:
        return f"{self.matrix} {write_name(self.rest, self.use.name.offset)}"


def check_joined(roles: Roles) -> None:
    """A CellError for inputs that are products without a space.

    One is sure to be if its rest is a quantity that an equation gives; then those with a rest of one letter are, too.
    Without such a one all inputs together are, if they are a capital each before the same small letter.
    """
    splits = [split for name in roles.inputs if (split := _split(roles.first_use[name])) is not None]
    sure = [split for split in splits if _is_sure(split, roles)]
    if sure:
        found = [split for split in splits if split in sure or len(split.rest) == 1]
    else:
        found = splits if len(splits) == len(roles.inputs) and _is_one_letter(splits) else []
    if found:
        raise _error(found)


def _split(use: Use) -> _Split | None:
    name = use.name.name
    for pattern in (_JOINED, _WITH_SUBSCRIPT):
        parts = pattern.fullmatch(name)
        if parts is not None and name[0].isupper() and parts[2][0].islower():
            return _Split(use, parts[1], parts[2], pattern is _WITH_SUBSCRIPT)
    return None


def _is_sure(split: _Split, roles: Roles) -> bool:
    """``X_in[t]`` is a good name beside a gate n; ``W_hh[t-1]`` is none beside a state h."""
    if split.subscript:
        return split.rest in roles.assigned and 0 not in roles.offsets[split.use.name.name]
    return split.rest in roles.assigned


def _is_one_letter(splits: list[_Split]) -> bool:
    rests = {split.rest for split in splits}
    return len(rests) == 1 and all(
        len(split.rest) == 1 and (split.rest == "x" or not split.subscript) for split in splits
    )


def _error(found: list[_Split]) -> CellError:
    first, shown = found[0], found[:MOST_PLACES]
    written = write_name(first.use.name.name, first.use.name.offset)
    products = [f"write {split.product}" for split in shown]
    places = [split.use.source.place(split.use.span, note) for split, note in zip(shown, products, strict=True)]
    return CellError(
        f"{written} is one name; a product needs a space: {products[0]}.",
        *places,
        hint=f"If {first.use.name.name} is meant as an input of its own, give it another name, "
        f"such as {first.rest}_{first.matrix}.",
    )
