"""Any cell in layers above each other, each in one direction or both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autorecur.arrays import concatenate
from autorecur.errors import ArgumentError, ShapeError
from autorecur.graph.loading import user_shape
from autorecur.language.cell import Cell
from autorecur.language.nearest import did_you_mean
from autorecur.language.sizes import names_in as sizes_in
from autorecur.language.trees import names_in
from autorecur.nn.functional.layers import dropout as drop
from autorecur.nn.module import Module
from autorecur.nn.recurrent.any_cell import Recurrent
from autorecur.nn.recurrent.arguments import fraction, real_input, whole_from_one
from autorecur.nn.recurrent.layouts import mirrored
from autorecur.tape.tensor import Tensor, as_tensor


class RecurrentStack(Module):
    """Any cell as :class:`LSTM` and its like are layers: ``stack(x, initial=None, lengths=None, dt=None)`` → (output, last).

    ``x`` is (T, batch, input_size) or (T, input_size), the output (T, batch, directions · hidden_size): of each layer
    the quantity ``output`` of the cell goes on to the next, if it is not given h, or the state that the cell's own
    output reads. ``last`` maps each layer and direction (``l0``, ``l0_reverse``, ``l1``, …) to the last values of its
    states, as ``initial`` takes them. The layers are attributes of these names, modules of kind :class:`Recurrent`.

    A cell may have a second input beside x: the time since the step before, ``dt`` (T, batch, dt_size), which each
    layer is given. Where the cell has none, ``dt`` becomes further columns of x. ``sizes`` gives sizes of the cell that
    follow from nothing, else they are ``hidden_size``. ``dropout`` acts on what goes from layer to layer. Raises
    ArgumentError, ShapeError.

    >>> import autorecur as ar
    >>> cell = ar.cell("a[t] = sigmoid(W x[t] + b)\\nh[t] = a[t] * h[t-1] + (1 - a[t]) * tanh(V x[t])")
    >>> stack = ar.nn.RecurrentStack(cell, 3, 4, num_layers=2, bidirectional=True)
    >>> output, last = stack([[[1.0, 0.0, 2.0]]] * 5)
    >>> output.shape, list(last), last["l1"]["h"].shape
    ((5, 1, 8), ['l0', 'l0_reverse', 'l1', 'l1_reverse'], (1, 4))
    """

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        *,
        output: str | None = None,
        sizes: Mapping[str, int] | None = None,
        dt_size: int = 1,
    ) -> None:
        name = type(self).__name__
        if not isinstance(cell, Cell):
            raise ArgumentError(f"{name}: a cell is made by ar.cell(text) or taken from ar.cells, not {cell!r:.60}")
        self.cell = cell
        self.input_size = whole_from_one(name, "input_size", input_size)
        self.hidden_size = whole_from_one(name, "hidden_size", hidden_size)
        self.num_layers = whole_from_one(name, "num_layers", num_layers)
        self.bidirectional, self.dropout = bool(bidirectional), fraction(name, "dropout", dropout)
        self.output = output_of(cell) if output is None else output
        self._x, self._dt = _inputs(cell)
        dt_size = whole_from_one(name, "dt_size", dt_size)
        directions = {"": cell, "_reverse": _backwards(cell)} if bidirectional else {"": cell}
        self._layers = [[f"l{layer}{suffix}" for suffix in directions] for layer in range(self.num_layers)]
        given = self.input_size
        for size in sizes or ():
            if size not in cell.sizes:
                raise ArgumentError(
                    f"{cell.name} has no size {size!r}, only {', '.join(cell.sizes)}.{did_you_mean(size, cell.sizes)}"
                )
        if self.output not in [each.name for each in cell.assignments]:
            computed = [each.name for each in cell.assignments]
            raise ArgumentError(f"{cell.name} does not compute {output!r}.{did_you_mean(str(output), computed)}")
        for layer in self._layers:
            known = self._sizes(given, dt_size, dict(sizes or {}))
            for path, each in zip(layer, directions.values(), strict=True):
                setattr(self, path, Recurrent(each, known, outputs=(self.output,)))
            given = self.hidden_size * len(directions)

    def _sizes(self, given: int, dt_size: int, sizes: dict[str, int]) -> dict[str, int]:
        """The sizes of the cell in one layer."""
        cell = self.cell
        wanted = [("the input", self._x, given), ("the output", self.output, self.hidden_size)]
        if self._dt is not None:
            wanted.append(("the time", self._dt, dt_size))
        found: dict[str, int] = {}
        for what, name, count in wanted:
            shape = user_shape(cell.shapes[name]) if name in cell.shapes else ()
            if len(shape) != 1 or not isinstance(shape[0], str):
                raise ArgumentError(f"{cell.name}: {name} is {what} of a layer, and has to be a vector of the cell")
            size = shape[0]
            if found.setdefault(size, count) != count:
                raise ShapeError(
                    f"{cell.name}: {what} {name} has the size {size}, which is {found[size]} already, and not {count}"
                )
        _, unread = cell.prepared.needed((self.output,))
        read = {
            size
            for name, shape in cell.parameters.items()
            if name not in unread
            for each in shape
            for size in sizes_in(each)
        }
        return {size: {**sizes, **found}.get(size, self.hidden_size) for size in cell.sizes if size in read}

    def forward(
        self,
        x: Any,
        initial: Mapping[str, Any] | None = None,
        lengths: Any = None,
        dt: Any = None,
        every: bool = True,
    ) -> tuple[Tensor, dict[str, Any]]:
        """With ``every=False`` the output is that at each sequence's end, (batch, …); for a backward layer, at its start."""
        x, between = self._given(x, dt)
        first = self._first(initial)
        last: dict[str, Any] = {}
        for number, layer in enumerate(self._layers):
            if number and self.dropout:
                x = drop(x, self.dropout, self.training)
            top = number == len(self._layers) - 1
            found = []
            for path in layer:
                inputs = x if self._dt is None else {self._x: x, self._dt: between}
                out, last[path] = self._modules[path](inputs, first.get(path), lengths)
                found.append(out[self.output] if every or not top else out.last[self.output])
            x = found[0] if len(found) == 1 else concatenate(found, -1)
        return x, last

    def _given(self, x: Any, dt: Any) -> tuple[Tensor, Tensor | None]:
        """x and dt with as many axes; one tensor of both where the cell has no second input."""
        between = None if dt is None else as_tensor(dt)
        x = as_tensor(x)
        if between is not None and between.ndim == x.ndim - 1:
            between = between.reshape((*between.shape, 1))
        if self._dt is None and between is not None:
            x, between = concatenate([x, between], -1), None
        if self._dt is not None and between is None:
            raise ArgumentError(
                f"{self.cell.name} reads {self._dt}, the time since the step before: pass dt, (T, batch, 1)"
            )
        return real_input(type(self).__name__, x, ("T", "batch"), self.input_size), between

    def _first(self, initial: Any) -> Mapping[str, Any]:
        known = [path for layer in self._layers for path in layer]
        if initial is None:
            return {}
        if not isinstance(initial, Mapping):
            raise ArgumentError(f"initial states are a mapping from layers ({', '.join(known)}) to mappings of states")
        for path in initial:
            if path not in known:
                raise ArgumentError(
                    f"there is no layer {path!r}, only {', '.join(known)}.{did_you_mean(str(path), known)}"
                )
        return initial

    def extra_repr(self) -> str:
        settings: dict[str, tuple[Any, Any]] = {
            "num_layers": (self.num_layers, 1),
            "bidirectional": (self.bidirectional, False),
        }
        settings["dropout"] = (self.dropout, 0.0)
        shown = [f"{name}={value!r}" for name, (value, default) in settings.items() if value != default]
        return ", ".join([self.cell.name, str(self.input_size), str(self.hidden_size), *shown])

    def _output_shape(self) -> str:
        return f"(T, B, {self.hidden_size * (2 if self.bidirectional else 1)})"


def output_of(cell: Cell) -> str:
    """What a layer of a cell gives to the next one.

    The state h; else the one state that the cell's output is, or reads; else h; else that output.
    """
    expressions = {each.name: each.expression for each in cell.assignments}
    vectors = {name for name, shape in cell.shapes.items() if len(user_shape(shape)) == 1}
    states = [name for name in cell.states if name in vectors]
    hidden = "h" in expressions and "h" in vectors
    result = cell.outputs[-1]
    if "h" in states:
        return "h"
    if result in states:
        return "h" if hidden else result
    read = {name.name for name in names_in(expressions[result]) if name.offset == 0}
    found = [name for name in states if name in read]
    return found[0] if len(found) == 1 else "h" if hidden else result


def _inputs(cell: Cell) -> tuple[str, str | None]:
    """The input, and, if there are two, the other one, which is the time between steps."""
    if not 1 <= len(cell.inputs) <= 2:
        names = ", ".join(cell.inputs) or "none"
        raise ArgumentError(
            f"{cell.name} has the inputs {names}; a stack takes cells with one, and perhaps the time between steps: "
            "any other is run by ar.nn.Recurrent"
        )
    x = "x" if "x" in cell.inputs else cell.inputs[0]
    return x, next((name for name in cell.inputs if name != x), None)


def _backwards(cell: Cell) -> Cell:
    """The cell mirrored in time; raises ArgumentError if it runs backwards already."""
    if any(offset > 0 for offsets in cell.offsets.values() for offset in offsets):
        raise ArgumentError(f"{cell.name} looks ahead in time already: bidirectional=True is for cells that do not")
    return mirrored(cell)
