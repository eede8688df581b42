"""What the recurrent layers and their one-step siblings share: stacked weights under PyTorch's names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autorecur import random
from autorecur.errors import ArgumentError
from autorecur.language.cell import Cell
from autorecur.nn.module import Module
from autorecur.nn.parameter import Parameter
from autorecur.nn.recurrent.arguments import whole_from_one
from autorecur.nn.recurrent.layouts import BIASES, Layout, cell_in_direction, cell_parameters
from autorecur.nn.recurrent.recording import run_in_layer
from autorecur.tape.tensor import Tensor


class StackedWeights(Module):
    """The arrays of a layout, once for each suffix such as ``_l0_reverse``, and the run of a cell with them."""

    def __init__(
        self,
        layout: Layout,
        input_size: Any,
        hidden_size: Any,
        bias: bool,
        suffixes: Mapping[str, int | None],
        forget_bias: float | None = None,
    ) -> None:
        """``suffixes`` says what each takes in, None for ``input_size``."""
        name = type(self).__name__
        self.input_size = whole_from_one(name, "input_size", input_size)
        self.hidden_size = whole_from_one(name, "hidden_size", hidden_size)
        self.bias = bool(bias)
        self.forget_bias = forget_bias
        if forget_bias is not None and not self.bias:
            raise ArgumentError(
                f"{name}: there is no bias to hold the forget_bias {forget_bias!r}; leave one of both out"
            )
        self._layout = layout
        self._names: dict[str, dict[str, str]] = {}
        for suffix, size in suffixes.items():
            shapes = layout.shapes(size or self.input_size, self.hidden_size, self.bias)
            self._names[suffix] = {array: array + suffix for array in shapes}
            for array, shape in shapes.items():
                setattr(self, array + suffix, Parameter(np.zeros(shape)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all numbers anew: uniform within ±1/√hidden_size, but for ``forget_bias``, from the package's generator."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self._parameters.values():
            parameter.data = random.generator.uniform(-bound, bound, parameter.shape)
        if self.forget_bias is not None:
            self._set_forget_bias(float(self.forget_bias))

    def _set_forget_bias(self, value: float) -> None:
        """The two biases of the forget gate add up to ``value``: the first is that, the second zero."""
        gate = self._layout.rows["b_f"].gate
        rows = slice(gate * self.hidden_size, (gate + 1) * self.hidden_size)
        for names in self._names.values():
            for array, part in zip(BIASES, (value, 0.0), strict=True):
                parameter = self._parameters[names[array]]
                numbers = np.array(parameter.data)
                numbers[rows] = part
                parameter.data = numbers

    def _run(
        self, x: Tensor, initial: Mapping[str, Any], suffix: str = "", backward: bool = False, lengths: Any = None
    ) -> Any:
        """The run of the cell in one direction, with the weights of one suffix."""
        cell: Cell = cell_in_direction(self._layout.cell, backward)
        arrays = {array: self._parameters[name] for array, name in self._names[suffix].items()}
        values = cell_parameters(self._layout, arrays, self.hidden_size)
        return run_in_layer(self._layout.cell + suffix, cell, x, values, initial, lengths, None, self._layout.states)

    def _sizes_repr(self, **settings: Any) -> str:
        """The sizes, and the settings that are not what they are by default: ``name=(value, default)``."""
        shown = [f"{name}={value!r}" for name, (value, default) in settings.items() if value != default]
        return ", ".join([str(self.input_size), str(self.hidden_size), *shown])
