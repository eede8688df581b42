"""Functions of the language in place of those that a cell leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from autorecur.errors import ArgumentError
from autorecur.language.canonical import write
from autorecur.language.cell import Cell
from autorecur.language.functions import fillings, fills
from autorecur.language.nearest import did_you_mean
from autorecur.language.parser import Parser
from autorecur.language.text import prepare
from autorecur.language.trees import with_calls


def with_functions(cell: Cell, functions: Mapping[str, str]) -> Cell:
    """``cell`` with its open functions, or some of them, replaced; what cannot be is an ArgumentError."""
    check_fillings(cell, functions)
    left = [name for name in cell.functions if name not in functions]
    headers = {key: value for key, value in cell.headers.items() if key != "function"}
    if left:
        headers["function"] = " ".join(left)
    loss = cell.loss
    if loss is not None and any(name in loss for name in functions):
        source = prepare(loss, "the loss")
        parser = Parser(source, 0, len(source.text.rstrip()), cell.scalars, functions=cell.functions)
        loss = headers["loss"] = write(with_calls(parser.whole(), functions))
    assignments = tuple(replace(each, expression=with_calls(each.expression, functions)) for each in cell.assignments)
    changed: dict[str, Any] = {"assignments": assignments, "headers": headers, "loss": loss}
    written = getattr(cell, "written", None)
    if written is not None:
        changed["written"] = tuple(with_calls(tree, functions) for tree in written)
    return replace(cell, **changed)


def check_fillings(cell: Cell, functions: Mapping[str, str]) -> None:
    """Each name is one that the cell leaves open, each value a function of one argument that acts on each component."""
    for name, function in functions.items():
        if name not in cell.functions:
            known = f"They are {', '.join(cell.functions)}." if cell.functions else "It leaves none open."
            close = did_you_mean(str(name), cell.functions)
            raise ArgumentError(f"{cell.name} leaves no function {name!r} open.{close} {known}")
        if not isinstance(function, str) or not fills(function):
            close = did_you_mean(str(function), fillings())
            raise ArgumentError(
                f"{name} cannot be {function!r}.{close} It is a function of one argument that acts on each component: "
                f"{', '.join(fillings())}."
            )


def require_filled(cell: Cell, how: str) -> None:
    """An ArgumentError for a cell that leaves functions open, with what to do."""
    if cell.functions:
        names = ", ".join(cell.functions)
        raise ArgumentError(f"{cell.name} leaves {names} open, which have no numbers. Say what they are: {how}")


def example(cell: Cell) -> str:
    """``g_1="tanh", g_2="sigmoid"``."""
    return ", ".join(f'{name}="{("tanh", "sigmoid")[i % 2]}"' for i, name in enumerate(cell.functions))
