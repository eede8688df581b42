"""A second reading of cells, as plain as can be: one sample, one step, one expression at a time, by recursion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.special import erf, expit

from autorecur.language import syntax
from autorecur.language.cell import Cell
from autorecur.language.sizes import resolve

Values = Mapping[str, np.ndarray]

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": expit,
    "tanh": np.tanh,
    "relu": lambda x: x * (x > 0),
    "leaky_relu": lambda x: np.where(x > 0, x, x / 100),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "silu": lambda x: x * expit(x),
    "gelu": lambda x: x * (1 + erf(x / 2**0.5)) / 2,
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "exp": np.exp,
    "expm1": lambda x: np.exp(x) - 1,
    "log": np.log,
    "log1p": lambda x: np.log(1 + x),
    "sqrt": np.sqrt,
    "square": lambda x: x * x,
    "abs": abs,
    "sin": np.sin,
    "cos": np.cos,
    "erf": erf,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "sum": lambda x: x.sum().reshape(1, 1),
    "mean": lambda x: x.mean().reshape(1, 1),
    "max": lambda x: x.max().reshape(1, 1),
    "norm": lambda x: np.sqrt((x * x).sum()).reshape(1, 1),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(),
    "logsumexp": lambda x: np.log(np.exp(x).sum()).reshape(1, 1),
}


class Run:
    """One sample of a cell over the steps 1 … T."""

    def __init__(self, cell: Cell, values: Values, steps: int, sample: int | None, loss_at_last: bool) -> None:
        self.cell, self.values, self.steps, self.sample = cell, values, steps, sample
        self.loss_at_last = loss_at_last
        self.trees = {a.name: a.expression for a in cell.assignments}
        self.known: dict[tuple[str, int], np.ndarray] = {}

    def matrix(self, name: str, array: np.ndarray, sizes: Mapping[str, int]) -> np.ndarray:
        return np.asarray(array, float).reshape([resolve(size, sizes) for size in self.cell.shapes[name]])

    def at(self, name: str, t: int, sizes: Mapping[str, int]) -> np.ndarray:
        """A quantity at a step."""
        if (name, t) not in self.known:
            self.known[name, t] = self.matrix(name, self.found(name, t, sizes), sizes)
        return self.known[name, t]

    def found(self, name: str, t: int, sizes: Mapping[str, int]) -> np.ndarray:
        inside = 1 <= t <= self.steps
        if name in self.trees and inside:
            return self.value(self.trees[name], t, sizes)
        shape = [resolve(size, sizes) for size in self.cell.shapes[name]]
        if name in self.trees:
            key = f"{name}[T+{t - self.steps}]" if t > self.steps else f"{name}[{t}]"
            given = self.values.get(key)
            if given is None:
                return np.zeros(shape)
            batched = self.sample is not None and key not in self.cell.parameters and given.ndim > 1
            return given[self.sample] if batched else given
        if not inside:
            return np.zeros(shape)
        given = self.values[name] if name == "target" and self.loss_at_last else self.values[name][t - 1]
        return given if self.sample is None else given[self.sample]

    def value(self, tree: syntax.Expression, t: int, sizes: Mapping[str, int]) -> np.ndarray:
        """An expression at a step, as a matrix; a number is 1×1."""

        def of(part: syntax.Expression) -> np.ndarray:
            return self.value(part, t, sizes)

        match tree:
            case syntax.Number():
                return np.array([[float(tree.text)]])
            case syntax.Name(offset=None):
                return self.matrix(tree.name, self.values[tree.name], sizes)
            case syntax.Name():
                return self.at(tree.name, t + tree.offset, sizes)
            case syntax.Negative():
                return -of(tree.operand)
            case syntax.Transpose():
                return of(tree.operand).T
            case syntax.Power():
                return of(tree.operand) ** tree.exponent
            case syntax.Stack():
                return np.concatenate([of(part) for part in tree.items], axis=int(self.cell.convention == "row"))
            case syntax.Call():
                return FUNCTIONS[tree.function](*(of(part) for part in tree.arguments))
            case syntax.Binary():
                a, b = of(tree.left), of(tree.right)
                if tree.operator == "@" and (1, 1) not in (a.shape, b.shape):
                    return a @ b
                return {"+": np.add, "-": np.subtract, "/": np.divide}.get(tree.operator, np.multiply)(a, b)
        raise TypeError(tree)


def loss_of_step(kind: str, y: np.ndarray, target: np.ndarray, logits: bool) -> float:
    """The contract's losses, for one sample and one step."""
    if kind in ("mse", "squared", "half_squared"):
        total = ((y - target) ** 2).sum()
        return float({"mse": total / y.size, "squared": total, "half_squared": total / 2}[kind])
    if kind == "ce":
        p = np.exp(y) / np.exp(y).sum() if logits else y
        return float(-(target * np.log(p)).sum())
    p = expit(y) if logits else y
    return float(-(target * np.log(p) + (1 - target) * np.log(1 - p)).sum())


def total_loss(
    cell: Cell, values: Values, sizes: Mapping[str, int], steps: int, batch: int | None, at: str, kind: str, y: str
) -> float:
    """L summed over steps and samples, for a named loss on the output ``y``."""
    tree = next(a.expression for a in cell.assignments if a.name == y)
    function = {"ce": "softmax", "bce": "sigmoid"}.get(kind)
    logits = getattr(tree, "function", None) != function
    result = 0.0
    for sample in range(batch) if batch is not None else [None]:
        run = Run(cell, values, steps, sample, at == "last")
        for t in range(1, steps + 1) if at == "all" else [steps]:
            target = values["target"] if at == "last" else values["target"][t - 1]
            one = target if sample is None else target[sample]
            result += loss_of_step(kind, run.at(y, t, sizes).ravel(), one.ravel(), logits)
    return result
