"""A profile put on a cell: the house's choices for the cell, with those of the profile in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sympy import Add

from autorecur.errors import NotationError, Place
from autorecur.language.nearest import did_you_mean
from autorecur.notations.collisions import require_distinct
from autorecur.notations.profile import Profile
from autorecur.symbolic.carriers import size, size_text
from autorecur.symbolic.marks import ACCENTED
from autorecur.symbolic.names import Notation
from autorecur.symbolic.scalars import COMPONENTS
from autorecur.symbolic.spelling import Spelling, read_symbol, split

if TYPE_CHECKING:
    from autorecur.graph.step import Step
    from autorecur.language.cell import Cell

INDICES = "ijlmpqrsuvnwabdeg"
LETTERS = ("z", "s", "g", "p", "q", "u", "v", "a")
"""For pre-activations whose own letter a symbol of the profile has taken."""


def applied(
    profile: Profile,
    house: Notation,
    cell: Cell,
    step: Step,
    output: str | None,
    also: Iterable[str] = (),
    joined: Iterable[str] = (),
) -> Notation:
    """How the cell prints; ``house`` is how it would print without the profile.

    ``also`` are names of the cell as written, ``joined`` weights that need names for their blocks.

    Raises NotationError for a symbol that the cell has not, and for two that would print alike."""
    _require_clear(profile)
    known = [*cell.shapes, *(name for name in step.assignments if name not in cell.shapes)]
    _require_known(profile, "symbols", profile.symbols, [*known, *also])
    _require_known(profile, "sizes", profile.sizes, _sizes(cell))
    _require_known(profile, "blocks", profile.blocks, [*cell.parameters, *also])
    symbols = MappingProxyType({name: text for name, text in profile.symbols.items() if name in known})
    chosen: dict[str, Any] = {
        "time": profile.time,
        "first": profile.first,
        "layers": profile.layers,
        "adjoint": profile.adjoint,
        "derivative": profile.derivative,
        "immediate": profile.immediate,
        "hadamard": profile.hadamard,
        "transpose": profile.transpose,
        "concatenation": profile.concatenation,
        "total": profile.loss,
        "loss": profile.step_loss,
        "steps": profile.steps,
        "target": profile.target or _target(symbols.get(output or "")),
        "preactivations": profile.preactivations or _letter(house, step, symbols),
    }
    notation = replace(
        house,
        **{name: value for name, value in chosen.items() if value is not None},
        preactivation=_of_preactivations(profile, house),
        letters=_letters(profile, house),
        indices={**house.indices, **_indices(cell, house, symbols)},
        symbols=symbols,
        sizes=profile.sizes,
        blocks=_blocks(profile, cell, joined),
        verbatim=house.verbatim - set(symbols),
        vectors=_vectors(cell, step, output) if profile.bold else frozenset(),
    )
    require_distinct(profile, notation, cell, step)
    return notation


def jacobians_turned(profile: Profile, notation: Notation, in_rows: bool) -> bool:
    """Whether the Jacobians of a cell, with a row for each component of the denominator or not, change their layout.

    Adjoints that are written ``∂L/∂h`` have the shape of h, so Jacobians that look the same need that layout, too."""
    wanted = profile.jacobian
    if notation.adjoint == "fraction":
        alike = "numerator" if in_rows else "denominator"
        if wanted not in (None, alike):
            raise error_at(
                profile,
                "equations.jacobian",
                f"in the {wanted} layout the adjoint of a state and the Jacobian of the loss, its transpose, "
                "both print as ∂L/∂h.",
                f'Give jacobian = "{alike}", or adjoints of another style.',
            )
        wanted = alike
    return wanted is not None and (wanted == "denominator") != in_rows


def _indices(cell: Cell, house: Notation, symbols: Mapping[str, str]) -> dict[str, str]:
    """Letters for the running indices of components, clear of the cell's own."""
    names = [name for name in cell.shapes if name not in symbols]
    taken = {split(name).letter for name in names} | {read_symbol(text).letter for text in symbols.values()}
    taken |= {house.indices.get("k", "k"), "t"}
    free = [letter for letter in INDICES if letter not in taken]
    return dict(zip(COMPONENTS, free, strict=False))


def _require_known(profile: Profile, table: str, names: Iterable[str], known: Iterable[str]) -> None:
    listed = list(dict.fromkeys(known))
    for name in names:
        if name not in listed:
            what = {"symbols": "symbol", "sizes": "size", "blocks": "weight"}[table]
            raise error_at(
                profile,
                f"{table}.{name}",
                f"the cell has no {what} {name!r}.{did_you_mean(name, listed)}",
                f"It has {', '.join(listed)}.",
            )


def _require_clear(profile: Profile) -> None:
    """Pairs of choices that print two different things alike in any cell."""
    if profile.adjoint == "delta" and profile.preactivation == "delta":
        message = "the letter δ for pre-activations and the adjoints δh would be mixed up."
        raise error_at(profile, "adjoints.preactivation", message, 'Give preactivation = "epsilon" or "none".')


def error_at(profile: Profile, key: str, message: str, hint: str = "") -> NotationError:
    """An error that points at the line that set a key, if a file did."""
    file, line, text = profile.lines.get(key, (profile.name, 0, ""))
    if not line:
        return NotationError(f"notation {profile.name}: {message}", hint=hint)
    start = len(text) - len(text.lstrip()) + 1
    place = Place(line, start, max(start + 1, len(text.rstrip()) + 1), text)
    return NotationError(f"{file}, line {line}: {message}", place, hint=hint)


def _sizes(cell: Cell) -> list[str]:
    parts = (part for shape in cell.shapes.values() for size in shape for part in str(size).split(" + "))
    return list(dict.fromkeys(part for part in parts if not part.isdigit()))


def _of_preactivations(profile: Profile, house: Notation) -> str | None:
    """The letter of their adjoints; marks that stand before a symbol serve them like the others."""
    if profile.preactivation is not None:
        return None if profile.preactivation == "none" else profile.preactivation
    return house.preactivation if (profile.adjoint or house.adjoint) in ACCENTED else None


def _blocks(profile: Profile, cell: Cell, joined: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
    """What blocks of weights are called: as the profile says, else after the vectors that they meet (``W_ih``, ``W_ix``)."""
    found: dict[str, Mapping[str, str]] = {}
    for weight in dict.fromkeys([*joined, *profile.blocks]):
        if weight not in cell.parameters:
            continue
        parts = next((str(size).split(" + ") for size in cell.shapes[weight] if " + " in str(size)), [])
        names = profile.blocks.get(weight) or tuple(_after(weight, part) for part in parts)
        if len(names) != len(parts):
            count = f"{len(parts)} blocks" if parts else "no blocks"
            message = f"{weight} has {count} ({' × '.join(map(str, cell.shapes[weight]))}), not {len(names)}."
            raise error_at(profile, f"blocks.{weight}", message)
        starts = [str(size_text(Add(*(size(part) for part in parts[:i])))) for i in range(len(parts))]
        found[weight] = MappingProxyType(dict(zip(starts, names, strict=True)))
    return MappingProxyType(found)


def _after(weight: str, part: str) -> str:
    """``W_ih`` for the block of W_i that meets h, whose size is n_h."""
    vector = part.removeprefix("n_")
    short = len(weight.partition("_")[2]) == 1 == len(vector)
    return f"{weight}{vector}" if short else f"{weight}_{vector}"


def _letters(profile: Profile, house: Notation) -> Mapping[str, str]:
    if profile.sigmoid != "sigmoid":
        return house.letters
    return MappingProxyType({function: letter for function, letter in house.letters.items() if function != "sigmoid"})


def _target(output: str | None) -> str | None:
    """The target of an output that has another symbol: that symbol without its accent, or else with a star."""
    if output is None:
        return None
    parts = read_symbol(output)
    name = "_".join([parts.letter, *parts.subscripts])
    return name if parts.accents else f"{name}_star"


def _letter(house: Notation, step: Step, symbols: Mapping[str, str]) -> str | None:
    """Another letter for pre-activations where a symbol took theirs."""
    named = [name for name, a in step.assignments.items() if a.kind == "preactivation" and name not in symbols]
    taken = {read_symbol(text).letter for text in symbols.values()}
    if not any(split(name, house.owners.get(name)).letter in taken for name in named):
        return None
    own = {_spelling(name, house, symbols).letter for name in step.assignments if name not in named}
    return next((letter for letter in LETTERS if letter not in taken | own), None)


def _spelling(name: str, house: Notation, symbols: Mapping[str, str]) -> Spelling:
    return read_symbol(symbols[name]) if name in symbols else split(name, house.owners.get(name))


def _vectors(cell: Cell, step: Step, output: str | None) -> frozenset[str]:
    shapes = {**{name: a.node.shape for name, a in step.assignments.items()}, **cell.shapes}
    found = {name for name, shape in shapes.items() if 1 in shape and tuple(shape) != (1, 1)}
    if output in found:
        found.add("target")
    return frozenset(found | ({"v"} - set(shapes)))
