"""The loop that is made of a rule does what the rule does; a step of many numbers runs it."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.kernels.compiled import compiler, scalar_functions
from autorecur.optim import blocks
from autorecur.optim.fused import Rule, loop_of, update_of
from tests.optim.stored.cases import CASES, walk

ELEMENTS = {"float64": ctypes.c_double, "float32": ctypes.c_float}
MANY = 100
"""No gradient here has more numbers."""
OFTEN = ["SGD, momentum=0.875", "Adam", "RMSprop", "RAdam, betas=(0.75, 0.9375)"]
needs_compiler = pytest.mark.skipif(compiler() is None, reason="numba is missing or switched off")


def interpreted(rule: Rule, dtype: str, states: Sequence[bool], numbers: Mapping[str, Any], kind: Any) -> Any:
    """The loop as plain Python, on memory by its addresses as the compiled one."""
    names = scalar_functions(dtype) | {"pointer": lambda place, real: (ELEMENTS[dtype] * MANY).from_address(place)}
    exec(loop_of(rule, states, numbers), names)

    def update(*arguments: int) -> None:
        *rows, where, sizes, count, given = arguments
        words = [(ctypes.c_int64 * count).from_address(place) for place in (where, sizes)]
        arrays = [np.frombuffer((ELEMENTS[dtype] * sum(words[1])).from_address(place), dtype) for place in rows]
        names["update"](*arrays, *words, count, (ctypes.c_double * len(numbers)).from_address(given))

    return update


def by_a_loop(monkeypatch: pytest.MonkeyPatch, loop: Any) -> list[Any]:
    """Has every step run a loop, however few the numbers are; which rules came by is written down."""
    seen: list[Any] = []

    def watched(*asked: Any) -> Any:
        seen.append(asked[0])
        return loop(*asked)

    monkeypatch.setattr(blocks, "LEAST", 0)
    monkeypatch.setattr(blocks, "update_of", watched)
    return seen


@pytest.mark.parametrize("key", CASES)
def test_a_loop_does_what_its_rule_does(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interpreted, for every option, along the whole walk."""
    expected = walk(*CASES[key])
    assert len(by_a_loop(monkeypatch, interpreted)) == 0
    np.testing.assert_allclose(walk(*CASES[key]), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["Adam", "AdamW", "Adamax", "NAdam", "RAdam"])
@pytest.mark.parametrize("betas", [(0.0, 0.5), (0.5, 0.0), (0.0, 0.0)])
def test_a_loop_without_a_memory(name: str, betas: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A β of zero is a part of the formula, and its powers are, too."""
    expected = walk(name, {"betas": betas})
    assert np.isfinite(expected).all()
    by_a_loop(monkeypatch, interpreted)
    np.testing.assert_allclose(walk(name, {"betas": betas}), expected, rtol=1e-12, atol=1e-13)


@needs_compiler
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "key", [*OFTEN, *(pytest.param(key, marks=pytest.mark.long) for key in CASES if key not in OFTEN)]
)
def test_a_compiled_loop_does_what_its_rule_does(key: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As machine code."""
    expected = walk(*CASES[key], dtype=dtype)
    seen = by_a_loop(monkeypatch, update_of)
    found = walk(*CASES[key], dtype=dtype)
    assert seen
    assert found.dtype == dtype
    closeness = {"rtol": 1e-12, "atol": 1e-13} if dtype == "float64" else {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(found, expected, **closeness)


@needs_compiler
def test_many_numbers_are_one_loop_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten tensors, two groups: two loops a step; few numbers are NumPy's."""
    seen = []
    monkeypatch.setattr(blocks, "update_of", lambda *asked: seen.append(asked) or update_of(*asked))
    parameters = [ar.nn.Parameter(np.ones((30, 20))) for _ in range(10)] + [ar.nn.Parameter(np.ones(9))]
    optimizer = ar.optim.SGD(
        [{"params": parameters[:5]}, {"params": parameters[5:10]}, {"params": parameters[10]}], lr=0.5
    )
    for p in parameters:
        p.grad = np.ones(p.shape)
    optimizer.step()
    assert len(seen) == 2
    assert all((p.numpy() == 0.5).all() for p in parameters)


def test_without_a_compiler_numpy_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same numbers to rounding."""
    begin = [np.random.default_rng(0).standard_normal((40, 30))]
    compiled = walk("Adam", {}, begin)
    monkeypatch.setattr(blocks, "update_of", lambda *_: None)
    np.testing.assert_allclose(walk("Adam", {}, begin), compiled, rtol=1e-12, atol=1e-13)


def test_what_holds_for_all_is_computed_before_the_loop_in_double_precision() -> None:
    """1 − β₂ of a β₂ that is rounded to float32 would be wrong in the fifth digit."""
    text = loop_of(lambda p, g, v, beta2: (p, beta2 * v + (1 - beta2) * g**2), [True], {"beta2": 0.999})
    head, loop = text.split("    begin = 0\n")
    assert "1.0 - beta2" in head
    assert "beta2" not in loop
    fine, coarse = walk("Adam", {"betas": (0.9, 0.9999)}), walk("Adam", {"betas": (0.9, 0.9999)}, dtype="float32")
    np.testing.assert_allclose(coarse, fine, rtol=1e-5, atol=1e-6)


def test_gradients_in_any_order_of_memory() -> None:
    """A transposed gradient is read by its indices."""
    p = ar.nn.Parameter(np.zeros((40, 50)))
    gradient = np.arange(2000.0).reshape(50, 40).T
    p.grad = gradient
    ar.optim.SGD([p], lr=1.0).step()
    np.testing.assert_array_equal(p.numpy(), -gradient)
