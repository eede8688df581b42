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

from autorecur.symbolic import marks
from autorecur.symbolic.layout import Accent, Fence, Ident, Layout, Num, Sign, row
from autorecur.symbolic.spelling import GREEK, Spelling, read_symbol, split

if TYPE_CHECKING:
    from autorecur.graph.step import Step
    from autorecur.language.cell import Cell

ADJOINT = "dL/d"
ERROR = "error of "
ADJOINT_ACCENTS = ("bar", "hat", "tilde", "dot")
LOSS_LETTERS = ("ell", "Lambda", "Xi", "Psi", "loss")
INDEX_LETTERS: Mapping[str, Sequence[str]] = MappingProxyType({"k": "kmqrspuvz", "j": "jilnacde"})
"""The letters that an index of the path form may have, the usual one first."""
NOTHING: Mapping[str, str] = MappingProxyType({})
LETTER_FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {"sigmoid": "sigma", "normal_cdf": "Phi", "normal_pdf": "varphi"}
)  # fmt: skip
"""Functions that are printed as one letter, as long as the cell does not use it."""


@dataclass(frozen=True)
class Notation:
    """Every choice between two ways of writing the same thing.

    ``time`` is subscript, superscript (``h^{(t)}``), angle (``h^{⟨t⟩}``) or parenthesis (``h(t)``); ``first`` the number
    of the first step, ``layers`` subscript or bracket (``h^{[1]}``); ``adjoint`` an accent, delta (``δh``), d (``dh``),
    fraction or slash (``∂L/∂h``); ``preactivation`` the letter for the adjoint of a pre-activation (None: like the others);
    ``derivative`` is partial or d, ``immediate`` plus (``∂⁺``) or bar (``|_(t)``), ``transpose`` top, T or prescript,
    ``concatenation`` square, round, semicolon or column; ``total`` is the letter of the loss, ``loss`` that of one step.
    """

    time: str = "subscript"
    first: int = 1
    layers: str = "subscript"
    adjoint: str = "bar"
    preactivation: str | None = "delta"
    derivative: str = "partial"
    immediate: str = "plus"
    hadamard: str = "odot"
    transpose: str = "top"
    concatenation: str = "square"
    total: str = "L"
    loss: str = "ell"
    preactivations: str | None = None
    """The letter of pre-activations, where it is not that of their names."""
    steps: str = "T"
    target: str = "y_star"
    symbols: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    """name -> how it prints, where that is not how it is spelled."""
    sizes: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    blocks: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """weight of a stack -> what its blocks are called, each by the size of what stands before it."""
    vectors: frozenset[str] = frozenset()
    """Names that are set in bold."""
    letters: Mapping[str, str] = field(default_factory=lambda: LETTER_FUNCTIONS, hash=False)
    kinds: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    """name -> kind of its assignment: ``preactivation`` changes how the adjoint prints."""
    owners: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    """name -> the author's quantity that it was named after: ``a_h_tilde`` is a with the subscript h-tilde."""
    untimed: frozenset[str] = frozenset()
    """What a frame computes or is given once: it prints without a step."""
    verbatim: frozenset[str] = frozenset()
    """Names that would print like another name: they print as they are spelled."""
    loss_name: str = "loss"
    indices: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    """index of the path form -> its letter, where it is another one."""
    identity: str = "italic"
    """The style of the I that is the identity."""
    sums_beside: bool = False
    """Whether the limits of a sum stand beside its sign, which makes a display as low as a line."""

    @property
    def bare_delta(self) -> bool:
        """One pre-activation alone needs no subscript on its adjoint."""
        return sum(kind == "preactivation" for kind in self.kinds.values()) == 1

    @property
    def total_loss(self) -> Layout:
        return symbol_layout(self.total, self)

    @property
    def in_line(self) -> Notation:
        """The same where fractions would be too high: in the line, on the edges of a picture."""
        return replace(self, adjoint="slash") if self.adjoint == "fraction" else self

    @property
    def low(self) -> Notation:
        """The same with sums as low as a line, where many equations stand close together."""
        return replace(self, sums_beside=True)


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


def error_name(name: str) -> str:
    """What truncation loses of an adjoint; it is printed with a Δ before it."""
    return ERROR + name


def name_layout(
    name: str, notation: Notation = DEFAULT, time: Layout | None = None, component: Layout | None = None
) -> Layout:
    """A quantity, a parameter or an adjoint (``dL/dh``), at a step if it has one; ``h[0]`` brings its own.

    ``component`` is the index of a component, which stands last below; components are never bold."""
    if found := re.fullmatch(r"(.+)\[(T?)([+-]?\d*)\]", name):
        name, time = found[1], _given_step(found[2], found[3], notation)
    if name.startswith(ERROR):
        return row(Ident("Delta"), name_layout(name.removeprefix(ERROR), notation, time, component))
    if component is not None and notation.vectors:
        notation = replace(notation, vectors=frozenset())
    if notation.untimed and name.removeprefix(ADJOINT) in notation.untimed:
        time = None
    if name.startswith(ADJOINT):
        return _adjoint(name.removeprefix(ADJOINT), notation, time, component)
    base, below, above = _pieces(name, notation)
    return marks.timed(base, below, above, time, notation.time, component)


def _given_step(end: str, number: str, notation: Notation) -> Layout:
    moved = int(number or 0) + notation.first - 1
    if not end:
        return Num(str(moved))
    sign = [Sign("-" if moved < 0 else "+", "binary"), Num(str(abs(moved)))] if moved else []
    return row(symbol_layout(notation.steps, notation), *sign)


def _spelled(name: str, notation: Notation) -> Spelling:
    if name in notation.symbols:
        return read_symbol(notation.symbols[name])
    parts = split(name, notation.owners.get(name))
    if notation.preactivations and notation.kinds.get(name) == "preactivation":
        return replace(parts, letter=notation.preactivations)
    return parts


Pieces = tuple[Layout, list[Layout], list[Layout]]
"""The letter with its accents, what stands below it, what stands above."""


def _pieces(name: str, notation: Notation) -> Pieces:
    if name == "target" and name not in notation.kinds and notation.target not in notation.verbatim:
        return _laid_out(read_symbol(notation.target), notation, name in notation.vectors)
    if name == notation.loss_name and notation.kinds.get(name, "loss") == "loss":
        return _laid_out(read_symbol(notation.loss), notation)
    if name == "L" and name not in notation.kinds:
        return _laid_out(read_symbol(notation.total), notation)
    if name in notation.verbatim or (name == "target" and name not in notation.kinds):
        return Ident(notation.target if name == "target" else name), [], []
    return _laid_out(_spelled(name, notation), notation, name in notation.vectors)


def _laid_out(parts: Spelling, notation: Notation, bold: bool = False) -> Pieces:
    base: Layout = Ident(parts.letter, parts.style or ("bold" if bold else "italic"))
    for accent in parts.accents:
        base = Accent(accent, base)
    below: list[Layout] = []
    above: list[Layout] = [Sign("*")] if parts.star else []
    for piece in parts.subscripts:
        if piece.isdigit() and notation.layers == "bracket":
            above.append(Fence(Num(piece), "square"))
        else:
            below.append(_subscript(piece, notation))
    return base, below, above


def _adjoint(name: str, notation: Notation, time: Layout | None, component: Layout | None) -> Layout:
    base, below, above = _pieces(name, notation)
    if notation.kinds.get(name) == "preactivation" and notation.preactivation:
        kept = [] if notation.bare_delta else below or [base]
        letter = Ident(notation.preactivation, "bold" if name in notation.vectors else "italic")
        layers = [part for part in above if isinstance(part, Fence)]
        return marks.timed(letter, kept, layers, time, notation.time, component)
    return adjoint_layout(base, below, above, notation, time, component)


def adjoint_layout(
    base: Layout,
    below: Sequence[Layout],
    above: Sequence[Layout],
    notation: Notation,
    time: Layout | None,
    component: Layout | None = None,
) -> Layout:
    """The adjoint of what these pieces make."""
    marked = marks.timed(marks.over(base, notation), below, above, time, notation.time, component)
    return marked if notation.adjoint in marks.ACCENTED else marks.prefixed(marked, notation)


def stands_before(name: str, notation: Notation) -> bool:
    """Whether a name prints as an adjoint whose mark is no accent, so that it needs brackets before it is raised."""
    if not name.startswith(ADJOINT) or notation.adjoint in marks.ACCENTED:
        return False
    return not (notation.kinds.get(name.removeprefix(ADJOINT)) == "preactivation" and notation.preactivation)


def symbol_layout(text: str, notation: Notation) -> Layout:
    """A symbol that a notation's file, or the house, gives: a letter, a word, ``n_a``, ``\\mathcal{L}``."""
    return marks.timed(*_laid_out(read_symbol(text), notation), None, notation.time)


def _subscript(piece: str, notation: Notation) -> Layout:
    """``hh`` are two indices, ``out`` is a word, ``h_tilde`` and ``Gamma_u`` are names."""
    if "_" in piece or piece in GREEK or piece in notation.symbols:
        return name_layout(piece, replace(notation, vectors=frozenset()))
    if piece.isdigit():
        return Num(piece)
    if re.fullmatch(r"[A-Za-z]{3,}", piece) or piece == "in":
        return Ident(piece, "upright")
    return row(*(Num(c) if c.isdigit() else Ident(c) for c in piece))
