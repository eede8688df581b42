"""The libraries that ``engine.py`` compares, each spoken to in the same way."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import autorecur as ar
from autorecur.nn import functional

OURS = "autorecur"
NUMPY_NAMES = (
    *("exp", "tanh", "log", "sqrt", "sin", "square", "maximum"),
    *("sum", "mean", "max", "matmul", "log1p", "cumsum"),
)
"""What all but PyTorch call and take arguments for as NumPy does."""


@dataclass(frozen=True)
class Library:
    """How a library is spoken to: its functions by our names, arrays in, arrays out, gradients."""

    name: str
    functions: Mapping[str, Callable[..., Any]]
    constant: Callable[[np.ndarray], Any]
    variable: Callable[[np.ndarray], Any]
    numbers: Callable[[Any], np.ndarray]
    gradient: Callable[[Callable[..., Any], list[np.ndarray]], Callable[[], list[np.ndarray]]]


def by_backward(variable: Callable[[np.ndarray], Any]) -> Any:
    """Forward and backward with tensors that hold their gradients."""

    def prepare(f: Callable[..., Any], arrays: list[np.ndarray]) -> Callable[[], list[np.ndarray]]:
        leaves = [variable(array) for array in arrays]

        def run() -> list[np.ndarray]:
            for leaf in leaves:
                leaf.grad = None
            f(*leaves).backward()
            return [leaf.grad for leaf in leaves]

        return run

    return prepare


def ours() -> Library:
    functions = {name: getattr(ar, name) for name in NUMPY_NAMES}
    functions |= {name: getattr(functional, name) for name in ("sigmoid", "relu", "softplus")}
    functions["softmax"] = lambda x, axis: functional.softmax(x, axis)
    functions["log_softmax"] = lambda x, axis: functional.log_softmax(x, axis)
    return Library(
        OURS,
        functions,
        ar.tensor,
        lambda array: ar.tensor(array, requires_grad=True),
        lambda t: t.numpy(),
        by_backward(lambda array: ar.tensor(array, requires_grad=True)),
    )


def pytorch() -> Library:
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    names = ("exp", "tanh", "log", "sqrt", "sin", "square", "maximum", "matmul", "log1p", "sigmoid", "relu")
    functions = {name: getattr(torch, name) for name in names}
    functions["softplus"] = torch.nn.functional.softplus
    functions["sum"] = lambda x, axis=None: x.sum() if axis is None else x.sum(axis)
    functions["mean"] = lambda x, axis=None: x.mean() if axis is None else x.mean(axis)
    functions["max"] = lambda x, axis=None: x.max() if axis is None else x.amax(axis)
    functions["cumsum"] = lambda x, axis: torch.cumsum(x, axis)
    functions["softmax"] = lambda x, axis: torch.softmax(x, axis)
    functions["log_softmax"] = lambda x, axis: torch.log_softmax(x, axis)

    def variable(array: np.ndarray) -> Any:
        return torch.tensor(array, requires_grad=True)

    return Library("PyTorch", functions, torch.tensor, variable, lambda t: t.detach().numpy(), by_backward(variable))


def mygrad() -> Library:
    mg = importlib.import_module("mygrad")
    nnet = importlib.import_module("mygrad.nnet")
    functions = {name: getattr(mg, name) for name in NUMPY_NAMES}
    functions |= {name: getattr(nnet, name) for name in ("sigmoid", "relu")}
    functions["softmax"] = lambda x, axis: nnet.softmax(x, axis=axis)
    functions["log_softmax"] = lambda x, axis: nnet.logsoftmax(x, axis=axis)

    def variable(array: np.ndarray) -> Any:
        return mg.tensor(array)

    def prepare(f: Callable[..., Any], arrays: list[np.ndarray]) -> Callable[[], list[np.ndarray]]:
        leaves = [variable(array) for array in arrays]

        def run() -> list[np.ndarray]:
            f(*leaves).backward()
            return [leaf.grad for leaf in leaves]

        return run

    return Library("MyGrad", functions, lambda a: mg.tensor(a, constant=True), variable, lambda t: t.data, prepare)


def hips() -> Library:
    autograd = importlib.import_module("autograd")
    anp = importlib.import_module("autograd.numpy")
    special = importlib.import_module("autograd.scipy.special")
    functions = {name: getattr(anp, name) for name in NUMPY_NAMES}
    functions["sigmoid"] = special.expit
    functions["relu"] = lambda x: anp.maximum(x, 0.0)
    functions["softplus"] = lambda x: anp.logaddexp(x, 0.0)

    def log_softmax(x: Any, axis: int) -> Any:
        return x - special.logsumexp(x, axis=axis, keepdims=True)

    functions["log_softmax"] = log_softmax
    functions["softmax"] = lambda x, axis: anp.exp(log_softmax(x, axis))

    def prepare(f: Callable[..., Any], arrays: list[np.ndarray]) -> Callable[[], list[np.ndarray]]:
        gradient = autograd.grad(f, list(range(len(arrays))))
        return lambda: list(gradient(*arrays))

    return Library("autograd", functions, lambda a: a, lambda a: a, np.asarray, prepare)


def libraries() -> list[Library]:
    found = [ours()]
    for name, make in (("PyTorch", pytorch), ("MyGrad", mygrad), ("HIPS autograd", hips)):
        try:
            found.append(make())
        except ImportError:
            print(f"{name} is not installed and is left out")
    return found
