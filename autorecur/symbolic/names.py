"""How a name prints: ``W_hh``, ``h_tilde[t-1]``, ``dL/dc[t]`` as a mathematician writes them.

A name is a letter with accents and subscripts; a quantity of a step adds its mark of time, an adjoint its bar. All choices
stand in one frozen :class:`Notation`, so that another habit of writing is another value and no other code.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from autorecur.symbolic.layout import Accent, Fence, Ident, Layout, Num, Script, Sign, row

if TYPE_CHECKING:
    from autorecur.graph.step import Step
    from autorecur.language.cell import Cell

ADJOINT = "dL/d"
ACCENTS = ("hat", "tilde", "bar")
ADJOINT_ACCENTS = ("bar", "hat", "tilde", "dot")
LOSS_LETTERS = ("ell", "Lambda", "Xi", "Psi", "loss")
INDEX_LETTERS: Mapping[str, Sequence[str]] = MappingProxyType({"k": "kmqrspuvz", "j": "jilnacde"})
"""The letters that an index of the path form may have, the usual one first."""
_GREEK = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi
omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"""
GREEK = frozenset(_GREEK.split())
NOTHING: Mapping[str, str] = MappingProxyType({})
LETTER_FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {"sigmoid": "sigma", "normal_cdf": "Phi", "normal_pdf": "varphi"}
)  # fmt: skip
"""Functions that are printed as one letter, as long as the cell does not use it."""


@dataclass(frozen=True)
class Notation:
    """Every choice between two ways of writing the same thing.

    ``time`` is subscript, superscript (``h^{(t)}``) or angle (``h^{⟨t⟩}``); ``adjoint`` the accent of an adjoint;
    ``preactivation`` the letter for the adjoint of a pre-activation (None: an accent like the others).
    """

    time: str = "subscript"
    adjoint: str = "bar"
    preactivation: str | None = "delta"
    hadamard: str = "odot"
    loss: str = "ell"
    steps: str = "T"
    target: str = "y_star"
    letters: Mapping[str, str] = field(default_factory=lambda: LETTER_FUNCTIONS, hash=False)
    kinds: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    """name -> kind of its assignment: ``preactivation`` changes how the adjoint prints."""
    owners: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    """name -> the author's quantity that it was named after: ``a_h_tilde`` is a with the subscript h-tilde."""
    verbatim: frozenset[str] = frozenset()
    """Names that would print like another name: they print as they are spelled."""
    loss_name: str = "loss"
    indices: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    """index of the path form -> its letter, where it is another one."""
    identity: str = "italic"
    """The style of the I that is the identity."""

    @property
    def bare_delta(self) -> bool:
        """One pre-activation alone needs no subscript on its adjoint."""
        return sum(kind == "preactivation" for kind in self.kinds.values()) == 1


DEFAULT = Notation()


def notation_of(cell: Cell, step: Step | None = None, output: str | None = None, base: Notation = DEFAULT) -> Notation:
    """The notation for a cell: what is automatic keeps clear of the cell's own symbols, and of each other."""
    assignments = step.assignments if step else {}
    generated = {name: a for name, a in assignments.items() if a.kind != "cell"}
    named = [*cell.shapes, *(name for name in generated if name not in cell.shapes)]
    own = [name for name in named if name not in ("target", base.loss_name)]
    steps = cell.steps_name or base.steps
    naming = replace(
        base,
        steps=steps,
        kinds={name: a.kind for name, a in assignments.items()},
        owners={name: a.owner for name, a in generated.items() if a.kind != "loss"},
    )
    printed = {name_layout(name, naming) for name in own}
    target = cell.target or _target(own, printed, output)
    letters = {split(name).letter for name in (*own, steps, target)}
    accents = {accent for name in own for accent in split(name).accents}
    taken = {"t", steps, target, *own}
    indices: dict[str, str] = {}
    for index, candidates in INDEX_LETTERS.items():
        indices[index] = _clear(candidates, taken | set(indices.values()))
    return replace(
        naming,
        adjoint=_clear(ADJOINT_ACCENTS, accents),
        preactivation=next((d for d in ("delta", "epsilon") if d not in letters), None),
        loss=_clear(LOSS_LETTERS, letters),
        target=target,
        letters={function: letter for function, letter in base.letters.items() if letter not in letters},
        indices=indices,
        identity="italic" if "I" not in taken else "blackboard",
        verbatim=frozenset(_doubles([*own, target], naming, _sizes(cell.shapes.values()))),
    )


def _clear(candidates: Sequence[str], taken: Collection[str]) -> str:
    """The first candidate that is not taken; the last one if all are."""
    return next((candidate for candidate in candidates if candidate not in taken), candidates[-1])


def _target(own: Collection[str], printed: Collection[Layout], output: str | None) -> str:
    """The target of ŷ is y, as in a textbook; that of y is y with a star; where both are taken, it is told in words."""
    if output is None:
        plain, accented = "y", False
    else:
        parts = split(output)
        plain, accented = "_".join([parts.letter, *parts.subscripts]), bool(parts.accents)
    candidates = [f"{plain}_star", f"{plain}_target", *(f"{plain}_target_{n}" for n in range(1, len(own) + 2))]
    if accented:
        candidates.insert(0, plain)
    return next(name for name in candidates if name not in own and name_layout(name) not in printed)


def _sizes(shapes: Iterable[Iterable[int | str]]) -> Iterable[str]:
    """Every name of a size, which prints like the name of a quantity."""
    return (part for shape in shapes for size in shape for part in str(size).split(" + ") if not part.isdigit())


def _doubles(names: Iterable[str], notation: Notation, sizes: Iterable[str]) -> Iterable[str]:
    """Names that print like a size or like an earlier name (``h1`` and ``h_1``)."""
    seen: set[Layout] = {name_layout(size) for size in sizes}
    for name in names:
        layout = name_layout(name, notation)
        if layout in seen:
            yield name
        seen.add(layout)


@dataclass(frozen=True)
class Spelling:
    """A name taken apart: ``h_tilde_1`` is the letter h with a tilde and the subscript 1."""

    letter: str
    accents: tuple[str, ...]
    subscripts: tuple[str, ...]
    star: bool = False


def split(name: str, owner: str | None = None) -> Spelling:
    """An accent belongs to the piece before it; digits behind the letter are a subscript."""
    letter, *pieces = name.split("_")
    if owner and name.startswith(f"{letter}_{owner}"):
        rest = [piece for piece in name[len(letter) + len(owner) + 1 :].split("_") if piece]
        return Spelling(letter, (), (owner, *rest))
    accents: list[str] = []
    subscripts: list[str] = []
    star = bool(pieces) and pieces[-1] == "star"
    if digits := re.fullmatch(r"([^\W\d_]+)(\d+)", letter):
        letter = digits[1]
        subscripts.append(digits[2])
    for piece in pieces[: len(pieces) - star]:
        if piece in ACCENTS and (not subscripts or subscripts[-1].isdigit()):
            accents.append(piece)
        elif piece in ACCENTS or (subscripts and subscripts[-1] in GREEK):
            subscripts[-1] += f"_{piece}"
        elif piece:
            subscripts.append(piece)
    return Spelling(letter, tuple(accents), tuple(subscripts), star)


def name_layout(name: str, notation: Notation = DEFAULT, time: Layout | None = None) -> Layout:
    """A quantity, a parameter or an adjoint (``dL/dh``), at a step if it has one; ``h[0]`` brings its own."""
    if found := re.fullmatch(r"(.+)\[(T?)([+-]?\d*)\]", name):
        name, time = found[1], _given_step(found[2], found[3], notation)
    if name.startswith(ADJOINT):
        return _adjoint(name.removeprefix(ADJOINT), notation, time)
    base, subscripts, star = _pieces(name, notation)
    return _marked(base, subscripts, star, notation, time)


def _given_step(end: str, number: str, notation: Notation) -> Layout:
    sign = [Sign(number[0], "binary")] if end and number else []
    digits = [Num(number.lstrip("+-") if end else number)] if number else []
    return row(*([name_layout(notation.steps, notation)] if end else []), *sign, *digits)


def _pieces(name: str, notation: Notation) -> tuple[Layout, list[Layout], bool]:
    if name == "target" and name not in notation.kinds:
        name = notation.target
    if name == notation.loss_name and notation.kinds.get(name, "loss") == "loss":
        return Ident(notation.loss), [], False
    if name in notation.verbatim:
        return Ident(name), [], False
    parts = split(name, notation.owners.get(name))
    base: Layout = letter_layout(parts.letter)
    for accent in parts.accents:
        base = Accent(accent, base)
    return base, [_subscript(piece, notation) for piece in parts.subscripts], parts.star


def _adjoint(name: str, notation: Notation, time: Layout | None) -> Layout:
    if notation.kinds.get(name) == "preactivation" and notation.preactivation:
        base, subscripts, _ = _pieces(name, notation)
        kept = [] if notation.bare_delta else subscripts or [base]
        return _marked(Ident(notation.preactivation), kept, False, notation, time)
    base, subscripts, star = _pieces(name, notation)
    return _marked(Accent(notation.adjoint, base), subscripts, star, notation, time)


def letter_layout(letter: str) -> Layout:
    """One letter in italics, a Greek letter by its name, a word as a word."""
    return Ident(letter)


def _subscript(piece: str, notation: Notation) -> Layout:
    """``hh`` are two indices, ``out`` is a word, ``h_tilde`` and ``Gamma_u`` are names."""
    if "_" in piece or piece in GREEK:
        return name_layout(piece, notation)
    if piece.isdigit():
        return Num(piece)
    if re.fullmatch(r"[A-Za-z]{3,}", piece) or piece == "in":
        return Ident(piece, "upright")
    return row(*(Num(c) if c.isdigit() else Ident(c) for c in piece))


def _marked(base: Layout, subscripts: list[Layout], star: bool, notation: Notation, time: Layout | None) -> Layout:
    """Subscripts, star and mark of time, put on a letter."""
    above: list[Layout] = [Sign("*")] if star else []
    below = list(subscripts)
    if time is not None:
        if notation.time == "subscript":
            below.append(time)
        else:
            above.append(Fence(time, "round" if notation.time == "superscript" else "angle"))
    if not below and not above:
        return base
    return Script(base, _commas(below), row(*above) if above else None)


def _commas(parts: list[Layout]) -> Layout | None:
    if not parts:
        return None
    items: list[Layout] = []
    for part in parts:
        items.extend((Sign(",", "punct"), part) if items else (part,))
    return row(*items)


def raised(base: Layout, sup: Layout) -> Layout:
    """``base^sup``; what stands above already comes first."""
    if isinstance(base, Script):
        return Script(base.base, base.sub, sup if base.sup is None else row(base.sup, sup))
    return Script(base, None, sup)
