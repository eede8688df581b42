"""Derivative rules as loops: the same numbers as the rules themselves, for every op of which a loop can be made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.kernels import choice
from autorecur.kernels.compiled import compiler, interpreted
from autorecur.kernels.fused import fused, loop_of
from autorecur.kernels.rows import along_rows, rows_fused, rows_of
from autorecur.ops import TABLE, Op, pull_back

DTYPES = ["float64", "float32"]
ATTRIBUTES: dict[str, dict[str, Any]] = {"power": {"exponent": 3}}
COMPILED_SINGLES = {"tanh", "silu", "maximum", "divide", "where"}
"""Ops whose loops are compiled for float32 too; the others are interpreted, which takes a fraction of the time."""
BETWEEN = {"arcsin", "arccos", "arctanh", "probability_loss"}
"""Ops that are tried on numbers between 0 and 1."""
ULPS = 16


def fusable() -> list[tuple[Op, int]]:
    return [
        (op, i)
        for op in TABLE.values()
        if op.broadcasts and op.kind in ("elementwise", "arithmetic")
        for i, rule in enumerate(op.pullbacks)
        if rule is not None and loop_of(rule, "a" * (2 + len(op.pullbacks)), ATTRIBUTES.get(op.name, {}))
    ]


def drawn(op: Op, size: int, dtype: str) -> list[np.ndarray]:
    generator = np.random.default_rng(5)
    arrays = [(np.abs(generator.standard_normal(size)) + 0.1).astype(dtype) for _ in op.pullbacks]
    if op.name in BETWEEN:
        return [(a / 10).clip(0, 0.9) for a in arrays]
    if op.name == "arccosh":
        return [a + 1 for a in arrays]
    if op.name == "where":
        arrays[0] = generator.random(size) > 0.5
    elif len(arrays) == 1 and op.formula and op.name not in ("log", "log1p", "log2", "log10", "sqrt", "exp2"):
        arrays[0][::3] *= -1
    return arrays


def close(found: np.ndarray, true: np.ndarray) -> None:
    """Equal to a few units of the last place."""
    assert found.dtype == true.dtype
    assert found.shape == true.shape
    eps = np.finfo(true.dtype).eps  # where a rule subtracts, the units are those of what it subtracts
    np.testing.assert_allclose(found, true, rtol=ULPS * eps, atol=2 * eps * np.nanmax(np.abs(true)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("op", "i"), fusable(), ids=str)
def test_a_loop_is_what_its_rule_says(op: Op, i: int, dtype: str) -> None:
    """The text of the loop, uncompiled, and the compiled loop give the cotangent that the rule gives."""
    attributes = ATTRIBUTES.get(op.name, {})
    for size, run in ((40, "interpreted"), (1000, "compiled")):
        arrays = drawn(op, size, dtype)
        g = np.random.default_rng(1).standard_normal(size).astype(dtype)
        with np.errstate(all="ignore"):
            out = np.asarray(op.kernel(*arrays, **attributes))
            true = np.asarray(op.pullbacks[i](g, out, *arrays, **attributes)).astype(dtype)  # type: ignore[misc]
            if run == "interpreted":
                kinds = "".join("b" if a.dtype == bool else "a" for a in (g, out, *arrays))
                written = loop_of(op.pullbacks[i], kinds, attributes)  # type: ignore[arg-type]
                assert written is not None
                found = np.empty(size, dtype)
                interpreted(written[0], dtype)(found, *[(g, out, *arrays)[slot] for slot in written[1]])
                close(found, true)
            elif compiler() is not None and (dtype == "float64" or op.name in COMPILED_SINGLES):
                close(fused(op, i, g, out, tuple(arrays), attributes), true)  # type: ignore[arg-type]


def test_a_cotangent_that_is_seen_from_everywhere() -> None:
    """The backward pass of a sum sends one number; a loop takes it as one."""
    x = np.linspace(-2, 2, choice.LEAST_TO_FUSE)
    a = ar.tensor(x, requires_grad=True)
    ar.tanh(a).sum().backward()
    assert a.grad is not None
    np.testing.assert_allclose(a.grad.numpy(), 1 - np.tanh(x) ** 2, rtol=1e-12, atol=1e-16)


def test_matrices_and_single_numbers_beside_arrays() -> None:
    """A loop runs over all axes; a number beside an array is an argument of its own."""
    side = int(choice.LEAST_TO_FUSE**0.5) + 1
    x, b = np.random.default_rng(0).standard_normal((side, side)), np.array(1.7)
    out, g = np.maximum(x, b), np.ones((side, side))
    found = pull_back(TABLE["maximum"], 0, g, out, (x, b), {})
    np.testing.assert_array_equal(found, (x > b) * 1.0)


@pytest.mark.parametrize("kind", ["strided", "other dtype", "broadcast", "list"])
def test_what_is_not_contiguous_or_of_another_kind_is_left_to_numpy(kind: str) -> None:
    """No loop, and the same derivative."""
    size = choice.LEAST_TO_FUSE
    x = np.linspace(-1, 1, size)
    g = {
        "strided": np.linspace(0, 1, 2 * size)[::2],
        "other dtype": np.linspace(0, 1, size).astype(np.float32),
        "broadcast": np.linspace(0, 1, size),
        "list": np.linspace(0, 1, size),
    }[kind]
    x = x.reshape(1, -1) if kind == "broadcast" else x
    out = np.tanh(x)
    inputs: tuple[Any, ...] = (x.tolist(),) if kind == "list" else (x,)
    if kind == "broadcast":
        assert fused(TABLE["tanh"], 0, np.ones((2, size)), out, inputs, {}) is None
    else:
        assert fused(TABLE["tanh"], 0, g, out, inputs, {}) is None
        close(np.asarray(pull_back(TABLE["tanh"], 0, g, out, (x,), {})), g * (1 - out * out))


def test_rules_with_shapes_axes_and_unknown_ops_have_no_loop() -> None:
    """What a loop over single numbers cannot do, it does not try; nor what NumPy does in one pass."""
    for op, attributes in (("matmul", {}), ("cross_entropy", {"axis": (-1,)}), ("multiply", {}), ("exp", {})):
        rule = TABLE[op].pullbacks[0]
        assert rule is not None
        assert loop_of(rule, "aaaa"[: 2 + len(TABLE[op].pullbacks)], attributes) is None


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_rows(name: str, dtype: str) -> None:
    """Softmax and its logarithm along rows, forward and backward, interpreted and compiled."""
    op = TABLE[name]
    generator = np.random.default_rng(0)
    for shape in ((3, 5), (7, 20, 10)):
        x, g = (generator.standard_normal(shape).astype(dtype) * 3 for _ in range(2))
        below = x - x.max(-1, keepdims=True)
        powers = np.exp(below)
        out = powers / powers.sum(-1, keepdims=True)
        true = (g - (g * out).sum(-1, keepdims=True)) * out
        if name == "log_softmax":
            out = below - np.log(powers.sum(-1, keepdims=True))
            true = g - np.exp(out) * g.sum(-1, keepdims=True)
        tolerance = {"rtol": 1e3 * np.finfo(dtype).eps, "atol": 50 * np.finfo(dtype).eps}
        written = rows_of(op.pullbacks[0], (-1,))  # type: ignore[arg-type]
        assert written is not None
        if len(shape) == 2:
            found = np.empty(shape, dtype)
            interpreted(written[0], dtype)(found, *[(g, out, x)[slot] for slot in written[1]])
            np.testing.assert_allclose(found, true, **tolerance)
        elif compiler() is not None:
            np.testing.assert_allclose(along_rows(name, x, (-1,)), out, **tolerance)  # type: ignore[arg-type]
            np.testing.assert_allclose(rows_fused(op, g, out, x, (-1,)), true, **tolerance)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_rows_of_extremes(name: str) -> None:
    """±1e4 gives finite numbers; a NaN fills its own row and no other."""
    x = np.zeros((20, 100))
    x[0, :2], x[1, 3] = (1e4, -1e4), np.nan
    found = TABLE[name].kernel(x, axis=(-1,))
    assert np.isnan(found[1]).all()
    assert np.isfinite(np.delete(found, 1, 0)).all()
