"""Ops of one's own: a function of arrays, and the rule that pulls a cotangent back through it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autorecur.errors import ArgumentError, GradientError, ShapeError
from autorecur.ops import Op, shape_of
from autorecur.tape.numbers import as_array, frozen
from autorecur.tape.tensor import Tensor, apply


class Primitive:
    """What :func:`autorecur.primitive` makes of a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__doc__ = function.__doc__
        self.__name__ = self.name = getattr(function, "__name__", type(function).__name__)
        self.rule: Callable[..., Any] | None = None
        self.signature = inspect.signature(function)
        self.op = Op(self.name, "primitive", self._shape, self._value, (), joint=self._pull_back)

    def __call__(self, *inputs: Any, **attributes: Any) -> Tensor:
        """The function on tensors; arguments by position are differentiated, those by keyword are not."""
        try:
            bound = self.signature.bind(*inputs, **attributes)
        except TypeError as error:
            raise ArgumentError(f"{self.name}{self.signature} was called wrongly: {error}") from None
        bound.apply_defaults()
        constants = {key: frozen(v) if isinstance(v, np.ndarray) else v for key, v in bound.kwargs.items()}
        return apply(self.op, bound.args, constants)

    def vjp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Takes the rule ``rule(g, out, *inputs)``: the cotangent of each input, as a tuple if there are several.

        It gets what the function got by keyword as well. Written with operators and ``ar`` functions it can be
        differentiated again. Raises GradientError if its signature does not fit.
        """
        inputs = [p.name for p in self.signature.parameters.values() if p.kind in _POSITIONAL]
        keywords = [p.name for p in self.signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
        try:
            inspect.signature(rule).bind(*["g", "out", *inputs], **dict.fromkeys(keywords))
        except TypeError:
            expected = ", ".join(["g", "out", *inputs, *(["*", *keywords] if keywords else [])])
            raise GradientError(
                f"the rule of {self.name} takes {inspect.signature(rule)}, and must take ({expected})"
            ) from None
        self.rule = rule
        return rule

    def _value(self, *arrays: Any, **constants: Any) -> Any:
        """One array of numbers, which nobody else holds: the function may have returned one that it writes to later."""
        returned = self.function(*arrays, **constants)
        if returned is None or isinstance(returned, (tuple, list, dict, str)):
            raise ArgumentError(f"{self.name} must return one array of numbers, not {type(returned).__name__}")
        array = as_array(returned)
        return array.copy() if array.flags.writeable or array.base is not None else array

    def _shape(self, *shapes: tuple[int, ...], **attributes: Any) -> tuple[int, ...]:
        """Only the function knows."""
        return ()

    def _pull_back(self, g: Any, out: Any, *inputs: Any, wanted: Sequence[int], **attributes: Any) -> list[Any]:
        if self.rule is None:
            raise GradientError(f"{self.name} has no derivative rule: write one under @{self.name}.vjp")
        returned = self.rule(g, out, *inputs, **attributes)
        cotangents = list(returned) if isinstance(returned, (tuple, list)) else [returned]
        if len(cotangents) != len(inputs):
            raise GradientError(
                f"the rule of {self.name} returned {len(cotangents)} cotangents for {len(inputs)} inputs: "
                "return a tuple with one for each input, None where there is no derivative"
            )
        for i in wanted:
            cotangents[i] = self._checked(cotangents[i], i, shape_of(inputs[i]), isinstance(g, Tensor))
        return cotangents

    def _checked(self, cotangent: Any, i: int, shape: Sequence[Any], differentiable: bool) -> Any:
        """A cotangent of the input's shape, as an array unless the sweep is to be differentiable."""
        if cotangent is None:
            return None
        if shape_of(cotangent) != shape:
            raise ShapeError(
                f"the rule of {self.name} returned a cotangent of shape {shape_of(cotangent)} for input {i}, "
                f"whose shape is {shape}: sum over the axes along which it was broadcast"
            )
        if isinstance(cotangent, Tensor):
            return cotangent if differentiable else cotangent._array
        if differentiable:
            raise GradientError(
                f"the rule of {self.name} leaves the tape: for jvp and derivatives of higher order it must be written with "
                "operators and ar functions, not with NumPy on bare arrays; return None where there is no derivative"
            )
        return frozen(np.asarray(cotangent))


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def primitive(function: Callable[..., Any]) -> Primitive:
    """Makes an op of a function of arrays; its rule is given with ``@name.vjp``.

    >>> import autorecur as ar
    >>> import numpy as np
    >>> @ar.primitive
    ... def cbrt(x):
    ...     return np.cbrt(x)
    >>> @cbrt.vjp
    ... def _(g, out, x):
    ...     return g / (3 * out * out)
    >>> ar.grad(ar.grad(cbrt))(8.0).item()  # -2/9 · 8^(-5/3)
    -0.006944444444444444
    """
    return Primitive(function)
