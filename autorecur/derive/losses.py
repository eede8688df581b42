"""Losses: each is one more equation of the step, written in the language of cells, with L the sum (or the last) of them.

A cross entropy behind a softmax (a sigmoid) is printed with the probabilities and differentiated through the logits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from autorecur.errors import CellError
from autorecur.graph.node import Node, Variable
from autorecur.graph.range import EVERY, ONLY_LAST, Steps
from autorecur.graph.step import Assignment, Step, build
from autorecur.language.cell import Cell
from autorecur.language.decay import Decayed, decay_asked
from autorecur.language.nearest import nearest
from autorecur.language.trees import names_in
from autorecur.notations.profile import Mathematics
from autorecur.notations.rewriting import Rewriting, rewrite
from autorecur.ops.functions import sigmoid
from autorecur.ops.reductions import COMPONENTS, binary_cross_entropy, cross_entropy, softmax

AS_WRITTEN = Mathematics()
QUANTITY = "loss"
"""The name of the loss of one step among the quantities of the cell."""

_TEXTS = {
    "mse": "mean(square({y}[t] - target[t]))",
    "squared": "sum(square({y}[t] - target[t]))",
    "half_squared": "1/2 * sum(square({y}[t] - target[t]))",
    "ce": "-sum(target[t] * log({p}))",
    "bce": "-sum(target[t] * log({p}) + (1 - target[t]) * log(1 - {p}))",
}
NAMES = tuple(_TEXTS)
_PROBABILITY = {"ce": ("softmax", softmax, cross_entropy), "bce": ("sigmoid", sigmoid, binary_cross_entropy)}


@dataclass(frozen=True)
class Loss:
    """``kind`` is a name of the contract, ``expression`` for one of the user's own, or ``directions`` for Σ ⟨k, v⟩."""

    kind: str
    at: str
    text: str
    outputs: tuple[str, ...]
    inputs: tuple[str, ...]
    bypassed: str | None = None
    """The output whose nonlinearity the derivative of the loss goes around: it is taken through the logits."""
    name: str = QUANTITY

    @property
    def steps(self) -> Steps:
        return EVERY if self.at == "all" else ONLY_LAST


@dataclass(frozen=True)
class WithLoss:
    """The printed cell with its loss as a further equation (``extended``), its step, the loss, the differentiated nodes.

    ``written`` is the cell as written with that loss, ``rewriting`` the way from it to the printed one, if they differ.
    """

    cell: Cell
    extended: Cell
    step: Step
    loss: Loss
    nodes: Mapping[str, Node]
    written: Cell
    rewriting: Rewriting | None
    decayed: Decayed | None = None
    """What the loss has besides, in names of the cell as written."""


def with_loss(
    cell: Cell, loss: str | None, at: str, mathematics: Mathematics = AS_WRITTEN, decay: str | None = None
) -> WithLoss:
    """A cell as written, in the mathematics of a notation, with a loss in the names of the cell as written."""
    if at not in ("last", "all"):
        raise CellError(f"the loss stands at the 'last' step or at 'all', not at {at!r}.")
    kind, output, text = _read(cell, loss)
    if kind == "directions":
        at = "all"
    written = extended = cell.extended({QUANTITY: text})
    if kind == "expression":
        _require_quantity(cell, written)
    decayed = None
    if decay is not None:
        taken = {*written.shapes, *written.sizes, *cell.functions, cell.target or "", cell.steps_name}
        decayed = decay_asked(decay, cell.parameters, taken, cell.name)
        written = extended = _with_number(written, decayed.coefficient)
    rewriting = None
    if not mathematics.nothing:
        read = {name.name for name in names_in(written.assignments[-1].expression)}
        found = rewrite(cell, mathematics, keep=read)
        if not found.unchanged:
            rewriting, cell, extended = found, found.cell, found.extended(written)
            extended = extended if decayed is None else _with_number(extended, decayed.coefficient)
    step = build(extended)
    nodes = {name: assignment.node for name, assignment in step.assignments.items()}
    bypassed = None
    if kind in _PROBABILITY and output is not None and _read_by_loss_alone(step, output):
        nodes[QUANTITY] = _through_logits(kind, output, step)
        bypassed = output if step.assignments[output].node.op is _PROBABILITY[kind][1] else None
    assignments = dict(step.assignments)
    assignments[QUANTITY] = Assignment(QUANTITY, step.assignments[QUANTITY].node, "loss", QUANTITY)
    inputs = tuple(name for name in extended.inputs if name not in cell.inputs)
    outputs = tuple(dict.fromkeys(v for v, _ in step.reads()[QUANTITY] if v in nodes))
    described = Loss(kind, at, text, outputs, inputs, bypassed)
    whole = Step(extended, step.authored, assignments)
    return WithLoss(cell, extended, whole, described, nodes, written, rewriting, decayed)


def _with_number(cell: Cell, name: str) -> Cell:
    """The cell with one more parameter, a single number that none of its equations reads."""
    return replace(cell, parameters={**cell.parameters, name: ()}, shapes={**cell.shapes, name: (1, 1)})


def _require_quantity(cell: Cell, extended: Cell) -> None:
    """A loss that reads nothing that the cell computes has only zeros as gradients: most likely a name is mistyped."""
    loss, source = extended.assignments[-1], extended.texts[-1]
    names = names_in(loss.expression)
    quantities = tuple(assignment.name for assignment in cell.assignments)
    if any(each.name in quantities for each in names):
        return
    message = "this loss reads no quantity that the cell computes."
    unknown = [each for each in names if each.name not in cell.shapes and each.name != "target"]
    if not unknown:
        hint = f"The quantities of this cell are {_listed(quantities)}."
        raise source.error(message, loss.expression.span, hint=hint)
    close = nearest(unknown[0].name, quantities) or (cell.outputs[0] if len(cell.outputs) == 1 else None)
    hint = f"Did you mean {close}[t]?" if close else f"The quantities of this cell are {_listed(quantities)}."
    raise source.error(message, unknown[0].span, f"{unknown[0].name} is new", hint=hint)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "")


def _read_by_loss_alone(step: Step, output: str) -> bool:
    return all(output not in {v for v, _ in read} for name, read in step.reads().items() if name != QUANTITY)


def _read(cell: Cell, loss: str | None) -> tuple[str, str | None, str]:
    """The kind of a loss, the output that it is put on, and its text in the language."""
    if loss is not None and not isinstance(loss, str):
        raise CellError(f"a loss is a name, an expression in the language or None, not {loss!r}.")
    if loss is None:
        taken = [f"k_{y}" for y in cell.outputs if f"k_{y}" in cell.shapes]
        if taken:
            raise CellError(
                f"a loss of None needs the name {taken[0]}, which has a meaning in this cell.",
                hint="Write the loss as an expression, such as 'sum(m[t] * y[t])'.",
            )
        return "directions", None, " + ".join(f"sum(k_{y}[t] * {y}[t])" for y in cell.outputs)
    asked = loss.strip()
    call = re.fullmatch(r"([A-Za-z_]\w*)(?:\s*\(\s*([A-Za-z_]\w*)\s*\))?", asked)
    if call is None or (call[1] not in _TEXTS and call[2] is not None):
        return "expression", None, asked
    if call[1] not in _TEXTS:
        close = nearest(call[1], NAMES)
        hint = f"Did you mean {close!r}? " if close else ""
        raise CellError(
            f"there is no loss {call[1]!r}.",
            hint=f"{hint}Known are {', '.join(NAMES)}, or an expression such as 'sum(square(y[t] - target[t]))'.",
        )
    output = call[2] or default_output(cell)
    if output not in cell.shapes or output in cell.parameters or output in cell.inputs:
        raise CellError(f"the loss {asked!r} stands on {output!r}, which is no quantity of this cell.")
    return call[1], output, _text(cell, call[1], output)


def default_output(cell: Cell) -> str:
    """The only output, or the one of the last equation that is an output."""
    if not cell.outputs:
        raise CellError("this cell has no output that a loss could be put on.", hint="Add a header 'output: name'.")
    written = [a.name for a in cell.assignments if a.name in cell.outputs]
    return written[-1] if written else cell.outputs[-1]


def _text(cell: Cell, kind: str, output: str) -> str:
    if kind not in _PROBABILITY:
        return _TEXTS[kind].format(y=output)
    function = _PROBABILITY[kind][0]
    expression = next(a.expression for a in cell.assignments if a.name == output)
    behind = getattr(expression, "function", None) == function
    p = f"{output}[t]" if behind else f"{function}({output}[t])"
    return _TEXTS[kind].format(p=p)


def _through_logits(kind: str, output: str, step: Step) -> Node:
    _, function, op = _PROBABILITY[kind]
    own = step.assignments[output]
    logits: Node = own.node.inputs[0] if own.node.op is function else own.variable
    target = Variable(own.node.shape, name="target", offset=0)
    result: Node = op(logits, target, axis=COMPONENTS)
    return result
