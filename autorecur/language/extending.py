"""A cell with further equations behind its own: the loss of one step, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from autorecur.errors import CellError
from autorecur.language.building import check_vectors, parameter_shapes, size_names
from autorecur.language.canonical import write
from autorecur.language.cell import Cell
from autorecur.language.parser import Parser
from autorecur.language.roles import find_roles
from autorecur.language.shapes import Problem, Sizes, infer
from autorecur.language.syntax import Assignment, Expression, Span
from autorecur.language.text import Source, prepare
from autorecur.language.trees import names_in


def extend(
    cell: Cell, equations: Mapping[str, str | Expression], titles: Mapping[str, Mapping[str, str]] | None = None
) -> Cell:
    """``cell`` with the equations ``name[t] = expression`` behind its own, in which ``target`` and ``loss`` may stand.

    Names that are new there become inputs or parameters; shapes of the cell's own names do not change, nor its outputs.
    """
    added, texts = [], []
    for name, expression in equations.items():
        source, tree = _parsed(cell, name, expression)
        added.append(Assignment(name, tree, dict((titles or {}).get(name, {})), 1, span=Span(0, 1)))
        texts.append(source)
    assignments, sources = (*cell.assignments, *added), (*cell.texts, *texts)
    _refuse_taken(cell, added, texts)
    roles = find_roles(assignments, sources, allowed=("target", "loss"))
    scalars = frozenset(cell.scalars)
    new = infer(Problem(tuple(added), tuple(texts), roles, scalars, given=cell.shapes, convention=cell.convention))
    shapes = {**new.shapes, **cell.shapes}
    check_vectors(tuple(added), tuple(texts), new)
    if "loss" in equations and shapes["loss"] != (1, 1):
        raise _no_number(added[list(equations).index("loss")], texts[list(equations).index("loss")], shapes)
    learned = {key: shape for key, shape in cell.parameters.items() if key not in cell.shapes}
    return replace(
        cell,
        assignments=assignments,
        states=roles.states,
        inputs=roles.inputs,
        parameters={**parameter_shapes(roles, new), **learned},
        shapes=shapes,
        offsets=roles.offsets,
        loops=roles.loops,
        sizes=size_names(roles, shapes),
        texts=sources,
    )


def _parsed(cell: Cell, name: str, expression: str | Expression) -> tuple[Source, Expression]:
    label = "the loss" if name == "loss" else name
    if isinstance(expression, Expression):
        expression = write(expression)
    source = prepare(expression, label)
    text = source.text.rstrip()
    if not text:
        raise CellError(f"{label} is empty.")
    if "\n" in text.strip():
        raise CellError(f"{label} stands on one line.")
    return source, Parser(source, 0, len(text), cell.scalars, functions=cell.functions).whole()


def _refuse_taken(cell: Cell, added: list[Assignment], texts: list[Source]) -> None:
    seen = {assignment.name for assignment in cell.assignments}
    for assignment, source in zip(added, texts, strict=True):
        if assignment.name in seen or assignment.name in cell.shapes:
            raise CellError(
                f"{assignment.name} has a meaning in this cell already.", source.place(assignment.expression.span)
            )
        seen.add(assignment.name)
        for name in names_in(assignment.expression):
            if name.name == "loss":
                raise CellError("the loss of one step stands on the left only.", source.place(name.span))


def _no_number(assignment: Assignment, source: Source, shapes: Mapping[str, Sizes]) -> CellError:
    rows, columns = shapes["loss"]
    return CellError(
        "the loss of one step is a number.",
        source.place(assignment.expression.span, f"is {rows} × {columns}"),
        hint="Write sum(…) or mean(…) around it.",
    )
