"""Functions that are computed again in the backward pass."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import autorecur as ar


def layer(x: ar.Tensor, w: ar.Tensor) -> ar.Tensor:
    return ar.tanh(x * w) * w


def test_values_and_derivatives_are_the_same() -> None:
    """Up to the second order, also by tensors that the function reads from outside."""
    w = ar.tensor([0.5, -1.0], requires_grad=True)
    x = ar.tensor([1.0, 2.0], requires_grad=True)
    plain, again = (lambda x: layer(x, w)), ar.checkpoint(lambda x: layer(x, w))
    assert again(x).tolist() == plain(x).tolist()
    found = []
    for f in (plain, again):
        w.grad = x.grad = None
        f(f(x)).sum().backward()
        found.append((x.grad.numpy(), w.grad.numpy()))  # type: ignore[attr-defined]
    assert np.allclose(found[0], found[1], rtol=1e-15)
    second = [ar.hessian(lambda x, f=f: f(x).sum())(x) for f in (plain, again)]
    assert np.allclose(second[0], second[1], rtol=1e-14)


def test_trees_of_results() -> None:
    """Those that need no gradient pass through."""
    f = ar.checkpoint(lambda x: {"a": x * x, "b": [x.sum(), 7]})
    out = f(ar.tensor([1.0, 2.0], requires_grad=True))
    assert out["b"][1] == 7
    assert ar.grad(lambda x: f(x)["a"].sum() * f(x)["b"][0])(np.array([1.0, 2.0])).tolist() == [11, 17]


def test_without_a_gradient_it_is_the_function() -> None:
    """Constants, and inside no_grad."""
    f = ar.checkpoint(lambda x: x * x)
    assert f(ar.tensor(3.0)).item() == 9
    with ar.no_grad():
        assert not f(ar.tensor(3.0, requires_grad=True)).requires_grad


def test_the_inside_is_not_stored() -> None:
    """What is held after the call does not grow with the length of the function."""
    x = ar.tensor(np.ones(10_000), requires_grad=True)

    def long(x: ar.Tensor) -> ar.Tensor:
        for _ in range(50):
            x = ar.tanh(x)
        return x

    held = []
    for f in (long, ar.checkpoint(long)):
        tracemalloc.start()
        y = f(x)
        held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        del y
    assert held[1] < held[0] / 10


def test_random_numbers_are_drawn_again_as_they_were() -> None:
    """Dropout inside a checkpoint drops the same numbers twice."""
    ar.manual_seed(1)
    x = ar.tensor(np.ones(100), requires_grad=True)
    y = ar.checkpoint(lambda x: ar.nn.functional.dropout(x * x, 0.5))(x)
    before = ar.nn.functional.dropout(np.ones(3), 0.5).tolist()
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == (2 * y.detach()).tolist()
    ar.manual_seed(1)
    ar.nn.functional.dropout(np.ones(100), 0.5)
    assert ar.nn.functional.dropout(np.ones(3), 0.5).tolist() == before


def test_new_numbers_are_noticed() -> None:
    """Computing again with other numbers would give the derivative of something else."""
    w = ar.tensor([2.0], requires_grad=True)
    y = ar.checkpoint(lambda: w * w)().sum()
    w.data = [3.0]
    with pytest.raises(ar.GradientError, match="was given new numbers after a checkpoint had used it"):
        y.backward()


def test_hooks_run_once() -> None:
    """A hook of what stands outside sees the whole gradient, and not its part from inside as well."""
    w = ar.tensor(1.0, requires_grad=True)
    w.register_hook(lambda g: g * 2)
    ar.checkpoint(lambda x: x * x)(w).backward()
    assert w.grad is not None
    assert w.grad.item() == 4


def test_a_function_that_changes_is_noticed() -> None:
    """Derivatives of something else than what was computed are an error."""
    calls = iter([1.0, 2.0])
    y = ar.checkpoint(lambda x: x * next(calls))(ar.tensor(3.0, requires_grad=True))
    with pytest.raises(ar.GradientError, match=r"^a checkpointed function gave other values when it was called again"):
        y.backward()
