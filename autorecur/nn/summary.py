"""A model as a table: its modules, the shapes of what they give, their parameters."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from autorecur import random
from autorecur.nn.module import Module
from autorecur.tape.modes import no_grad
from autorecur.tape.tensor import Tensor

HEADS = ("module", "kind", "output", "parameters", "count")


@dataclass(frozen=True)
class Row:
    """One module: its path, class, output shape as text (empty if it is not known), and its own parameters."""

    path: str
    kind: str
    output: str
    parameters: dict[str, tuple[int, ...]]
    count: int
    """Of numbers in its own parameters; those that stood in a row before are not counted again."""


@dataclass(frozen=True)
class Summary:
    """The rows of the table, and its totals. It prints as text, and in a notebook as a table."""

    rows: tuple[Row, ...]
    trainable: int
    fixed: int
    """Numbers of parameters that ask for no gradient."""
    bytes: int

    @property
    def total(self) -> int:
        """How many numbers there are in all parameters."""
        return self.trainable + self.fixed

    def _cells(self) -> list[tuple[str, ...]]:
        """The table as texts; each parameter has a line."""
        found: list[tuple[str, ...]] = []
        for row in self.rows:
            shapes = [f"{name} {shape}" for name, shape in row.parameters.items()] or [""]
            count = f"{row.count:,}" if row.parameters else ""
            found.append((row.path or "·", row.kind, row.output, shapes[0], count))
            found += [("", "", "", shape, "") for shape in shapes[1:]]
        return found

    @property
    def _totals(self) -> str:
        fixed = f", {self.fixed:,} of them fixed" if self.fixed else ""
        return f"{self.total:,} parameters{fixed}, {_size(self.bytes)}"

    def __str__(self) -> str:
        lines = [HEADS, *self._cells()]
        widths = [max(len(line[i]) for line in lines) for i in range(len(HEADS))]
        texts = [
            "  ".join(
                [
                    *(cell.ljust(width) for cell, width in zip(line, widths[:-1], strict=False)),
                    line[-1].rjust(widths[-1]),
                ]
            )
            for line in lines
        ]
        rule = "─" * (sum(widths) + 2 * (len(HEADS) - 1))
        return "\n".join([texts[0].rstrip(), rule, *(text.rstrip() for text in texts[1:]), rule, self._totals])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th style='text-align:left'>{name}</th>" for name in HEADS)
        body = "".join(
            "<tr>"
            + "".join(
                f"<td style='text-align:{'right' if i == 4 else 'left'}'>{escape(cell)}</td>"
                for i, cell in enumerate(line)
            )
            + "</tr>"
            for line in self._cells()
        )
        foot = f"<tr><td colspan='5'>{self._totals}</td></tr>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody><tfoot>{foot}</tfoot></table>"


def summary(model: Module, *inputs: Any, **named: Any) -> Summary:
    """The modules of a model by path, with the shapes of their outputs and parameters, and how many numbers these hold.

    With ``inputs`` the model is called once with them, to see the shapes: nothing is recorded, nothing dropped, and the
    random numbers stand where they stood. Without, shapes are shown as far as they are known. A parameter that is
    shared counts once.

    >>> import autorecur as ar
    >>> model = ar.nn.Sequential(ar.nn.Linear(3, 4), ar.nn.Tanh(), ar.nn.Linear(4, 2))
    >>> print(ar.nn.summary(model))
    module  kind        output  parameters     count
    ────────────────────────────────────────────────
    ·       Sequential  (…, 2)
    0       Linear      (…, 4)  weight (4, 3)     16
                                bias (4,)
    1       Tanh
    2       Linear      (…, 2)  weight (2, 4)     10
                                bias (2,)
    ────────────────────────────────────────────────
    26 parameters, 208 bytes
    """
    if not isinstance(model, Module):
        raise TypeError(f"a summary is of a module, not of {type(model).__name__}")
    shapes = _shapes(model, inputs, named) if inputs or named else {}
    rows, seen = [], set()
    for path, module in model.named_modules():
        own = dict(module._parameters)
        count = sum(p.size for p in own.values() if id(p) not in seen)
        seen |= {id(p) for p in own.values()}
        output = shapes.get(id(module)) or module._output_shape()
        rows.append(Row(path, type(module).__name__, output, {name: p.shape for name, p in own.items()}, count))
    parameters = list(model.parameters())
    trainable = sum(p.size for p in parameters if p.requires_grad)
    total = sum(p.size for p in parameters)
    return Summary(tuple(rows), trainable, total - trainable, sum(p.data.nbytes for p in parameters))


def _shapes(model: Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> dict[int, str]:
    """The shape of the output of each module that is called, by identity."""
    found: dict[int, str] = {}

    def look(module: Module, arguments: Any, output: Any) -> None:
        found[id(module)] = _shape(output)

    modes = [(module, module.training) for module in model.modules()]
    removers = [module.register_forward_hook(look) for module, _ in modes]
    before = random.state()
    model.eval()
    try:
        with no_grad():
            model(*inputs, **named)
    finally:
        random.set_state(before)
        for remove in removers:
            remove()
        for module, mode in modes:
            module.training = mode
    return found


def _shape(output: Any) -> str:
    """The shape of a tensor; of a recurrence, which gives (output, last states), that of its output."""
    while isinstance(output, tuple) and output:
        output = output[0]
    if hasattr(output, "items"):  # a run
        return ", ".join(f"{name} {value.shape}" for name, value in output.items())
    return str(output.shape) if isinstance(output, Tensor) else ""


def _size(count: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000 or unit == "MB":
            return f"{count:.4g} {unit}"
        count = count / 1000  # type: ignore[assignment]
    return ""
