"""From a cell as written to the cell that a notation prints, and the map between their values."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from autorecur.errors import CellError
from autorecur.language.building import array_shape
from autorecur.language.canonical import write
from autorecur.language.cell import Cell
from autorecur.language.frame import Frame
from autorecur.language.measure import measure
from autorecur.language.parser import Parser
from autorecur.language.sizes import Size
from autorecur.language.syntax import Assignment, Expression, Span
from autorecur.language.text import Source, prepare
from autorecur.language.trees import names_in
from autorecur.notations.profile import Mathematics
from autorecur.notations.rewriting.joining import Joined, Joiner
from autorecur.notations.rewriting.parameters import Part, Place, to_printed, to_written
from autorecur.notations.rewriting.splitting import Split, Splitter
from autorecur.notations.rewriting.sums import parameters_in
from autorecur.notations.rewriting.turning import to_turn, turned, with_turned
from autorecur.ops.linear import add_sizes

if TYPE_CHECKING:
    from autorecur.graph.program import Array, Values

Shape = tuple[Size, Size]
Key = TypeVar("Key")
MARK = "dL/d"
CONVENTIONS = ("column", "row")
WEIGHTS = ("as written", "transposed", "right")
_NAMED_LOSS = re.compile(r"\w+(?:\s*\(\s*\w+\s*\))?")


@dataclass(frozen=True, eq=False)
class Rewriting:
    """A cell as ``written`` and the ``cell`` that is printed, with the map between their parameters.

    ``turned`` says that vectors are rows in one and columns in the other, ``flipped`` which weights stand for their own
    transposes; ``joined`` and ``split`` say what became of weights of stacks.
    """

    written: Cell
    cell: Cell
    mathematics: Mathematics
    turned: bool
    flipped: frozenset[str]
    joined: tuple[Joined, ...]
    split: tuple[Split, ...]
    parts: tuple[Part, ...]

    @property
    def unchanged(self) -> bool:
        """True where the cell was in that notation before."""
        return not (self.turned or self.flipped or self.joined or self.split)

    def written_names(self, name: str) -> tuple[str, ...]:
        """The parameters as written that a printed one is made of; any other name is itself."""
        found = tuple(part.written.name for part in self.parts if part.printed.name == name)
        return found or (name,)

    def printed_names(self, name: str) -> tuple[str, ...]:
        """The printed parameters that hold one as written; any other name is itself."""
        found = tuple(part.printed.name for part in self.parts if part.written.name == name)
        return found or (name,)

    def extended(self, written: Cell) -> Cell:
        """The printed cell with what stands behind the equations of the written one, such as the loss of a step."""
        added = written.assignments[len(self.written.assignments) :]
        trees = {
            each.name: _in_convention(each.expression, written, self.turned, self.flipped) for each in added
        }  # fmt: skip
        return self.cell.extended(trees, {each.name: each.titles for each in added})

    def to_printed(self, values: Values) -> Values:
        """Values of the cell as written, as the printed equations read them."""
        parameters = to_printed(self.parts, values.parameters, self.cell.shapes, values.sizes)
        known = {part.written.name for part in self.parts}
        return self._with(values, parameters, known)

    def to_written(self, values: Values) -> Values:
        """Values of the printed cell, gradients included, in the names and shapes of the cell as written."""
        shapes, sizes = self.written.shapes, values.sizes
        parameters = to_written(self.parts, values.parameters, shapes, sizes)
        gradients = {name[len(MARK) :]: array for name, array in values.parameters.items() if name.startswith(MARK)}
        found = to_written(self.parts, gradients, shapes, sizes)
        parameters |= {MARK + name: array for name, array in found.items()}
        known = {part.printed.name for part in self.parts}
        return self._with(values, parameters, {*known, *(MARK + name for name in known)})

    def _with(self, values: Values, parameters: dict[str, Array], known: Collection[str]) -> Values:
        """Mapped parameters, and all else turned as the convention says."""
        rest = {name: array for name, array in values.parameters.items() if name not in known}
        return replace(
            values,
            parameters={**parameters, **self._all_turned(rest)},
            quantities=self._all_turned(values.quantities),
        )

    def _all_turned(self, arrays: Mapping[Key, Array]) -> dict[Key, Array]:
        return {key: array.swapaxes(-2, -1) if self.turned else array for key, array in arrays.items()}


def rewrite(cell: Cell, mathematics: Mathematics, keep: Collection[str] = ()) -> Rewriting:
    """The cell in a notation; ``keep`` are names that something besides its equations reads, such as a loss.

    Raises CellError for what this cell cannot be: a matrix from step to step has no row, a weight with another use besides
    cannot be taken apart.
    """
    _require_known(mathematics)
    names = dict(cell.shapes)
    keep = {*keep, *_names_of_loss(cell)}
    turn = mathematics.vectors not in (None, cell.convention)
    if turn:
        _require_vectors(cell)
    authored = cell.written if isinstance(cell, Frame) else tuple(each.expression for each in cell.assignments)
    trees = [_in_convention(tree, cell, turn, frozenset()) for tree in authored]
    row = (cell.convention == "row") != turn
    shapes: dict[str, Shape] = {name: shape[::-1] if turn else shape for name, shape in names.items()}
    flipped: frozenset[str] = frozenset()
    if mathematics.weights != "as written":
        matrices = {name for name in cell.parameters if name in shapes and 1 not in shapes[name]}
        flipped = to_turn(trees, matrices, mathematics.weights == "transposed")
        trees = [with_turned(tree, flipped) for tree in trees]
        shapes |= {name: shapes[name][::-1] for name in flipped}
    convention = CONVENTIONS[row]
    shape_of = partial(measure, shapes=shapes, convention=convention)
    joined: tuple[Joined, ...] = ()
    split: tuple[Split, ...] = ()
    if mathematics.concatenate is True:
        joiner = Joiner(trees, shapes, shape_of, row, keep)
        trees = [joiner.join(tree, each.name) for tree, each in zip(trees, cell.assignments, strict=True)]
        joined = tuple(joiner.found)
    elif mathematics.concatenate is False:
        splitter = Splitter(trees, shapes, shape_of, row, keep)
        trees = [splitter.split(tree) for tree in trees]
        split = tuple(splitter.found.values())
    parts = tuple(_parts(cell, shapes, turn, flipped, joined, split))
    shapes = _shapes(shapes, joined, split)
    printed = _frame(cell, trees) if isinstance(cell, Frame) else _cell(cell, trees, shapes, convention)
    found = Rewriting(cell, printed, mathematics, turn, flipped, joined, split, parts)
    return replace(found, cell=_with_loss(found)) if cell.loss else found


def _require_known(mathematics: Mathematics) -> None:
    for word, known in ((mathematics.vectors, (None, *CONVENTIONS)), (mathematics.weights, WEIGHTS)):
        if word not in known:
            raise CellError(f"a notation has no {word!r}; known: {', '.join(str(each) for each in known)}.")


def _require_vectors(cell: Cell) -> None:
    """Rows and columns are two ways to write vectors; a matrix from step to step would be turned in its meaning."""
    for assignment, source in zip(cell.assignments, cell.texts, strict=True):
        rows, columns = cell.shapes[assignment.name]
        if rows != 1 and columns != 1:
            _refuse_matrix(cell, assignment.name, f"{rows} × {columns}", source, assignment.span)
    for name in cell.inputs:
        rows, columns = cell.shapes[name]
        if rows != 1 and columns != 1:
            _refuse_matrix(cell, name, f"{rows} × {columns}", None, None)


def _refuse_matrix(cell: Cell, name: str, shape: str, source: Source | None, span: Span | None) -> None:
    other = CONVENTIONS[cell.convention == "column"]
    places = (source.place(span, f"is {shape}"),) if source is not None and span is not None else ()
    raise CellError(
        f"{cell.name} cannot be written in {other}s: {name}[t] is a matrix, and would have to be its own transpose.",
        *places,
        hint=f"Cells whose quantities are vectors can; for this one choose a notation in {cell.convention}s.",
    )


def _in_convention(tree: Expression, cell: Cell, turn: bool, flipped: Collection[str]) -> Expression:
    if turn:
        tree = turned(tree, lambda part: cell.shape_of(part) == (1, 1))
    return with_turned(tree, flipped) if flipped else tree


# ---------------------------------------------------------------- the map of the parameters


def _parts(
    cell: Cell,
    shapes: Mapping[str, Shape],
    turn: bool,
    flipped: Collection[str],
    joined: tuple[Joined, ...],
    split: tuple[Split, ...],
) -> list[Part]:
    """``shapes`` are those before weights are joined or taken apart."""
    blocks: dict[str, list[tuple[Place, Place]]] = {}
    for each in joined:
        before: tuple[Size, ...] = ()
        for weight in each.weights:
            length = shapes[weight][each.axis]
            blocks[weight] = [(Place(each.name, each.axis, before, length), Place(weight))]
            before = (*before, length)
    for part in split:
        start: tuple[Size, ...] = ()
        for name, length in zip(part.names, part.sizes, strict=True):
            blocks.setdefault(part.weight, []).append((Place(name), Place(part.weight, part.axis, start, length)))
            start = (*start, length)
    found = []
    for name in cell.parameters:
        if name not in cell.shapes:
            continue  # a learned initial state is kept with its quantity
        over = turn != (name in flipped)
        for printed, written in blocks.get(name, [(Place(name), Place(name))]):
            if over and not written.whole:
                written = replace(written, axis=-3 - written.axis)
            found.append(Part(printed, written, over))
    return found


def _shapes(shapes: Mapping[str, Shape], joined: tuple[Joined, ...], split: tuple[Split, ...]) -> dict[str, Shape]:
    """The shapes once weights are joined and taken apart."""
    gone = {weight for each in joined for weight in each.weights} | {part.weight for part in split}
    found = {name: shape for name, shape in shapes.items() if name not in gone}
    for each in joined:
        first = shapes[each.weights[0]]
        length = add_sizes(*(shapes[weight][each.axis] for weight in each.weights))
        found[each.name] = (length, first[1]) if each.axis == -2 else (first[0], length)
    for part in split:
        rows, columns = shapes[part.weight]
        for name, length in zip(part.names, part.sizes, strict=True):
            found[name] = (length, columns) if part.axis == -2 else (rows, length)
    return found


# ---------------------------------------------------------------- the printed cell


def _cell(written: Cell, trees: list[Expression], shapes: Mapping[str, Shape], convention: str) -> Cell:
    """A cell of these right-hand sides. It reads what the one as written reads, so states, inputs and order are the same."""
    lines = [f"{each.name}[t] = {write(tree)}" for each, tree in zip(written.assignments, trees, strict=True)]
    source = prepare("\n".join(lines))
    assignments, start = [], 0
    for number, (each, line) in enumerate(zip(written.assignments, lines, strict=True), 1):
        begin, end = start + line.index("=") + 1, start + len(line)
        tree = Parser(source, begin, end, written.scalars, functions=written.functions).whole()
        left = Span(start, start + len(each.name) + 3)
        assignments.append(Assignment(each.name, tree, each.titles, number, span=left))
        start = end + 1
    learned = {key: shape for key, shape in written.parameters.items() if key not in written.shapes}
    parameters = dict.fromkeys(name for each in assignments for name in parameters_in(each.expression))
    return replace(
        written,
        assignments=tuple(assignments),
        parameters={**{name: array_shape(shapes[name], convention) for name in parameters}, **learned},
        shapes=dict(shapes),
        convention=convention,
        texts=(source,) * len(assignments),
    )


def _frame(written: Frame, trees: list[Expression]) -> Cell:
    """A text with parts is read anew: its parts, its steps and its initial values are those of the text as written."""
    from autorecur.language.building import cell

    try:
        headers = {
            key: value for key, value in written.headers.items() if key != "decay"
        }  # it names written parameters
        return cell(str(replace(written, written=tuple(trees), headers=headers)))
    except CellError as error:
        raise CellError(
            f"{written.name} cannot be written so: {error.message}",
            *error.places,
            hint="Choose a notation that changes symbols alone, or write the text in rows or transposed weights yourself.",
        ) from None


def _names_of_loss(cell: Cell) -> set[str]:
    """The names in a loss of the header's that is an expression."""
    tree = _loss_tree(cell)
    return set() if tree is None else {name.name for name in names_in(tree)}


def _loss_tree(cell: Cell) -> Expression | None:
    if cell.loss is None or _NAMED_LOSS.fullmatch(cell.loss):
        return None
    source = prepare(cell.loss, "the loss")
    return Parser(source, 0, len(source.text.rstrip()), cell.scalars, functions=cell.functions).whole()


def _with_loss(rewriting: Rewriting) -> Cell:
    """The printed cell with the header's loss in its own notation."""
    cell, tree = rewriting.written, _loss_tree(rewriting.written)
    if tree is None:
        return rewriting.cell
    text = write(rewriting.extended(cell.extended({"loss": tree})).assignments[-1].expression)
    return replace(rewriting.cell, loss=text, headers={**cell.headers, "loss": text})
