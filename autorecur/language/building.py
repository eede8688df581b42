"""From a text to a Cell: read, sort the names, infer the shapes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from autorecur.errors import CellError
from autorecur.language.canonical import write
from autorecur.language.cell import Cell, initial_keys
from autorecur.language.decay import check_decay
from autorecur.language.framing import is_frame, read_frame
from autorecur.language.functions import mixes_components
from autorecur.language.joined import check_joined
from autorecur.language.measure import measure
from autorecur.language.reading import read
from autorecur.language.roles import Roles, check_headers, find_roles
from autorecur.language.shapes import Problem, Shapes, infer
from autorecur.language.sizes import Size
from autorecur.language.sizes import names_in as sizes_in
from autorecur.language.syntax import Assignment, Binary, Call, Expression, Name
from autorecur.language.text import Source, prepare
from autorecur.language.trees import children, names_in

Sizes = tuple[Size, Size]


def cell(text: str, name: str = "cell") -> Cell:
    """The cell that ``text`` describes, one equation a line.

    A text with parts (``--- encoder``) or absolute times (``h[T]``) gives a :class:`~autorecur.language.frame.Frame`.
    ``name`` is used if the text has no header ``name``. What cannot be understood is a CellError with line and column.
    """
    if not isinstance(text, str):
        raise TypeError(f"a cell is made from a text, not from {type(text).__name__}")
    prepared = prepare(text)
    if is_frame(prepared):
        from autorecur.language.joining import frame

        return frame(read_frame(prepared), name)
    read_text = read(prepared)
    source, headers, assignments = read_text.source, read_text.headers, read_text.assignments
    sources = (source,) * len(assignments)
    roles = find_roles(assignments, sources)
    check_headers(headers, source, roles)
    check_joined(roles)
    scalars = headers.words("scalar")
    found = infer(Problem(assignments, sources, roles, frozenset(scalars)))
    check_vectors(assignments, sources, found)
    check_inputs(assignments, sources, found, roles)
    sizes = size_names(roles, found.shapes)
    for key in ("target", "steps"):
        if headers.values.get(key) in sizes:
            value = headers.values[key]
            raise source.error(f"{value} is a size of this cell.", headers.spans[key], hint="Choose another letter.")
    learned = tuple(state for state in roles.states if state in headers.words("learned"))
    parameters = parameter_shapes(roles, found, learned)
    check_decay(headers, source, parameters, {*roles.names, *sizes})
    return Cell(
        name=headers.values.get("name", name),
        titles=headers.titles,
        source=headers.values.get("source", ""),
        loss=headers.values.get("loss"),
        assignments=assignments,
        states=roles.states,
        inputs=roles.inputs,
        outputs=headers.words("output") or _unused(assignments),
        parameters=parameters,
        shapes=found.shapes,
        convention=found.convention,
        offsets=roles.offsets,
        loops=roles.loops,
        learned=learned,
        scalars=scalars,
        target=headers.values.get("target"),
        steps_name=headers.values.get("steps", "T"),
        sizes=sizes,
        headers=headers.values,
        texts=sources,
    )


def _unused(assignments: tuple[Assignment, ...]) -> tuple[str, ...]:
    """The quantities that no equation of the same step reads."""
    read_now = {name.name for each in assignments for name in names_in(each.expression) if name.offset == 0}
    return tuple(each.name for each in assignments if each.name not in read_now)


def parameter_shapes(roles: Roles, found: Shapes, learned: Collection[str] = ()) -> dict[str, tuple[Size, ...]]:
    """Shapes as arrays have them: a number ``()``, a vector ``("n_h",)``, a matrix ``("n_h", "n_x")``."""
    shapes = {name: array_shape(found.shapes[name], found.convention) for name in roles.parameters}
    for state in learned:
        for key in initial_keys(state, roles.offsets[state]):
            shapes[key] = array_shape(found.shapes[state], found.convention)
    return shapes


def array_shape(shape: Sizes, convention: str) -> tuple[Size, ...]:
    """(rows, columns) without the dimension that makes a vector a column or a row."""
    rows, columns = shape
    if rows == columns == 1:
        return ()
    if (columns if convention == "column" else rows) == 1:
        return (rows,) if convention == "column" else (columns,)
    return rows, columns


def size_names(roles: Roles, shapes: Mapping[str, Sizes]) -> tuple[str, ...]:
    """Every size name, in order of appearance."""
    return tuple(dict.fromkeys(size for name in roles.names for each in shapes[name] for size in sizes_in(each)))


def check_vectors(assignments: tuple[Assignment, ...], sources: tuple[Source, ...], found: Shapes) -> None:
    """Functions that mix components take a vector: of a matrix they could mean rows or columns."""
    for assignment, source in zip(assignments, sources, strict=True):
        work = [assignment.expression]
        while work:
            node = work.pop()
            work.extend(children(node))
            if isinstance(node, Call) and mixes_components(node.function):
                rows, columns = measure(node, found.shapes, found.convention)
                if rows != 1 and columns != 1:
                    note = f"is {rows} × {columns}"
                    raise CellError(f"{node.function} takes a vector.", source.place(node.span, note))


def check_inputs(assignments: tuple[Assignment, ...], sources: tuple[Source, ...], found: Shapes, roles: Roles) -> None:
    """A product may not turn a lower-case input into a matrix: most likely the product of components was meant."""
    matrices = {name for name in roles.inputs if not name[0].isupper() and 1 not in found.shapes[name]}
    for assignment, source in zip(assignments, sources, strict=True) if matrices else ():
        work = [assignment.expression]
        while work:
            node = work.pop()
            work.extend(children(node))
            if not (isinstance(node, Binary) and node.operator == "@"):
                continue
            for operand, other in ((node.left, node.right), (node.right, node.left)):
                if isinstance(operand, Name) and operand.name in matrices:
                    raise _matrix_input(source, node, operand, other, found)


def _matrix_input(source: Source, node: Binary, operand: Name, other: Expression, found: Shapes) -> CellError:
    rows, columns = found.shapes[operand.name]
    note = f"{write(operand)} would be {rows} × {columns}"
    quantities = isinstance(other, Name) and other.offset is not None
    hint = f"For the product of components write {write(node.left)} * {write(node.right)}. " if quantities else ""
    return CellError(
        f"{write(operand)} would have to be a matrix.",
        source.place(node.span, note),
        hint=f"{hint}If a matrix is meant, give it an upper-case name.",
    )
