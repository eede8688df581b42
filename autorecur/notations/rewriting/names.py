"""Names for weights that are joined, ``W_a`` for ``W_aa`` and ``W_ax``, and for the parts of one that is taken apart."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence

from autorecur.language.functions import function_names
from autorecur.language.roles import RESERVED
from autorecur.language.syntax import Expression, Name
from autorecur.language.trees import names_in


def joined_name(weights: Sequence[str], owner: str, biases: Sequence[str], taken: Collection[str]) -> str:
    """``W_a`` for W_aa and W_ax, ``W_i`` for W_i and U_i; else after the bias beside them or the quantity they serve."""
    letters = [name.partition("_")[0] for name in weights]
    subscripts = [name.partition("_")[2] for name in weights]
    letter = "W" if "W" in letters else letters[0]
    return free(letter, _shared(subscripts), [*(name.partition("_")[2] for name in biases), owner], taken)


def split_names(weight: str, items: Sequence[Expression], taken: Collection[str]) -> list[str]:
    """``W_aa`` and ``W_ax`` for the parts of W_a that meet ``a[t-1]`` and ``x[t]``."""
    letter, _, subscript = weight.partition("_")
    found: list[str] = []
    for item in items:
        met = _letter_of(item)
        short = len(subscript) <= 1 and len(met) == 1
        wanted = subscript + met if short else "_".join(part for part in (subscript, met) if part)
        found.append(free(letter, [wanted], [], {*taken, *found}))
    return found


def free(letter: str, first: Sequence[str], others: Sequence[str], taken: Collection[str]) -> str:
    """The first of the subscripts that gives a name which nothing else has."""
    spoken_for = {*taken, *RESERVED, *function_names()}
    return next(name for name in _candidates(letter, first, others) if name not in spoken_for)


def _candidates(letter: str, first: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    """The wanted names, then the last of them with numbers, without end."""
    named = [f"{letter}_{subscript}" if subscript else letter for subscript in (*first, *others)]
    yield from named
    last = named[-1] if named else letter
    yield from (f"{last}_{number}" for number in itertools.count(2))


def _shared(subscripts: Sequence[str]) -> list[str]:
    """What all subscripts have in common: all of it, or the first or the last of two indices."""
    if len(set(subscripts)) == 1:
        return [subscripts[0]]
    if all(len(each) == 2 for each in subscripts):
        return [column[0] for column in zip(*subscripts, strict=True) if len(set(column)) == 1]
    pieces = [each.split("_") for each in subscripts]
    common = 0
    while all(len(each) > common for each in pieces) and len({each[common] for each in pieces}) == 1:
        common += 1
    return ["_".join(pieces[0][:common])] if common else []


def _letter_of(item: Expression) -> str:
    """The quantity after which a part of a stack is called: a state of another step, or else the first."""
    timed = [name for name in names_in(item) if isinstance(name, Name) and name.offset is not None]
    return next((name.name for name in timed if name.offset), timed[0].name if timed else "")
