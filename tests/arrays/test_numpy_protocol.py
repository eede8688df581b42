"""NumPy's own functions on tensors, and the functions that tensors have as methods."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import autorecur as ar
import autorecur.arrays
from autorecur.arrays import FUNCTIONS
from autorecur.arrays.methods import Manners

X = np.array([[0.5, -0.2, 0.3], [0.1, 0.9, -0.4]])


def same(found: Any, expected: Any) -> None:
    assert isinstance(found, ar.Tensor)
    assert np.allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.tanh(x),
        lambda x: np.add(X, x),
        lambda x: np.multiply(x, 2.0),
        lambda x: X * x,
        lambda x: X @ x.T,
        lambda x: np.float64(2) * x,
        lambda x: np.matmul(x, X.T),
        lambda x: np.absolute(x),
        lambda x: np.true_divide(1.0, x),
        lambda x: np.arctan2(x, 2.0),
        lambda x: np.sum(x, axis=0),
        lambda x: np.mean(x, axis=1, keepdims=True),
        lambda x: np.amax(x, 1),
        lambda x: np.std(x, ddof=1),
        lambda x: np.add.reduce(x),
        lambda x: np.maximum.reduce(x, axis=1),
        lambda x: np.add.accumulate(x, axis=1),
        lambda x: np.cumsum(x, axis=0),
        lambda x: np.concatenate([x, X]),
        lambda x: np.stack([X, x], axis=1),
        lambda x: np.vstack([x, x]),
        lambda x: np.where(X > 0, x, 0.0),
        lambda x: np.transpose(x),
        lambda x: np.reshape(x, (3, 2)),
        lambda x: np.expand_dims(x, 0),
        lambda x: np.einsum("ij,kj->ik", x, X),
        lambda x: np.tensordot(x, X, axes=([1], [1])),
        lambda x: np.linalg.norm(x),
        lambda x: np.clip(x, -0.1, 0.4),
        lambda x: np.trace(x),
        lambda x: np.outer(x[0], x[1]),
        lambda x: np.pad(x, 1),
        lambda x: np.roll(x, 1, axis=0),
        lambda x: np.take(x, [0, 2], axis=1),
        lambda x: np.zeros_like(x),
        lambda x: np.logaddexp(x, 0.0),
    ],
)  # fmt: skip
def test_numpy_functions_give_tensors(call: Any) -> None:
    """With NumPy's value, and a gradient where there is one."""
    same(call(ar.tensor(X)), call(X) if "x.T" not in inspect.getsource(call) else X @ X.T)
    tracked = call(ar.tensor(X, requires_grad=True))
    assert tracked.requires_grad or not np.any(tracked.numpy())


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x: np.allclose(x, X), True),
        (lambda x: np.array_equal(x, X), True),
        (lambda x: np.shape(x), (2, 3)),
        (lambda x: np.ndim(x), 2),
        (lambda x: np.size(x), 6),
        (lambda x: np.argsort(x[0]).tolist(), [1, 2, 0]),
        (lambda x: np.argmax(x), 4),
        (lambda x: np.isfinite(x).all(), True),
    ],
)
def test_functions_that_need_no_gradient(call: Any, expected: Any) -> None:
    """They see the bare numbers."""
    assert call(ar.tensor(X, requires_grad=True)) == expected


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: np.sort(x), "sort"),
        (lambda x: np.cbrt(x), "cbrt"),
        (lambda x: np.linalg.inv(x), r"linalg\.inv"),
        (lambda x: np.add.reduceat(x, [0]), r"add\.reduceat"),
        (lambda x: np.fft.fft(x), r"fft\.fft"),
    ],
)
def test_what_has_no_rule_says_so(call: Any, name: str) -> None:
    """Never silently a constant."""
    message = (
        rf"^np\.{name} has no derivative rule for tensors; np\.{name}\(t\.numpy\(\)\) gives plain numbers without .*"
    )
    with pytest.raises(ar.DtypeError, match=message):
        call(ar.tensor(X, requires_grad=True))


def test_results_are_not_written_into_arrays() -> None:
    """``out=`` would lose the gradient."""
    with pytest.raises(ar.GradientError, match=r"without out=, and b = b \+ t for b \+= t$"):
        np.add(X, ar.tensor(X), out=np.empty(X.shape))


def test_methods_are_the_functions() -> None:
    """``t.sum`` is ``ar.sum``: one function, two ways to call it."""
    t = ar.tensor(X)
    shared = [name for name, method in vars(Manners).items() if method is FUNCTIONS.get(name)]
    assert len(shared) > 55
    assert all(getattr(ar.Tensor, name) is getattr(ar, name) for name in shared)
    assert t.mean(axis=0).tolist() == ar.mean(X, axis=0).tolist()


def test_every_public_function_is_exported() -> None:
    """What a module of the room defines without an underscore, under its own name or another."""
    plumbing = {"axes", "constants", "indexing", "methods", "numpy_protocol", "sizes"}
    defined = {
        name
        for info in pkgutil.iter_modules(autorecur.arrays.__path__)
        if info.name not in plumbing
        for name, value in vars(import_module(f"autorecur.arrays.{info.name}")).items()
        if inspect.isfunction(value) and value.__module__.endswith(f".{info.name}") and not name.startswith("_")
    }
    assert defined == set(FUNCTIONS)
    assert all(value.__doc__ and ">>>" in value.__doc__ for value in FUNCTIONS.values())
