"""A wrong derivative rule in the table is seen by verifying a cell that uses the op."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from autorecur.derive.derivation import derive
from autorecur.language.building import cell
from autorecur.ops import FUNCTIONS, TABLE, Op

STEM = "1 + (W h[t-1] + U x[t])^2"
USES = {
    "add": "h[t] = W h[t-1] + x[t]",
    "subtract": "h[t] = x[t] - W h[t-1]",
    "multiply": "h[t] = x[t] * h[t-1]",
    "divide": "h[t] = h[t-1] / (2 + x[t])",
    "negative": "h[t] = x[t] * (-tanh(W h[t-1]))",
    "power": "h[t] = (h[t-1] * x[t])^3",
    "matmul": "h[t] = tanh(W h[t-1])",
    "matrix_transpose": "h[t] = tanh(W^T h[t-1])",
    "concatenate": "h[t] = tanh(W [h[t-1], x[t]])",
    "maximum": "h[t] = maximum(W h[t-1], x[t])",
    "minimum": "h[t] = minimum(W h[t-1], x[t])",
    "softmax": "h[t] = softmax(W h[t-1] + x[t])",
}
LOSSES = {"cross_entropy": "ce", "binary_cross_entropy": "bce"}
NEEDED = {*FUNCTIONS, *USES, *LOSSES}


def text(name: str) -> str:
    """A small cell that needs the derivative of an op."""
    if name in USES:
        return USES[name]
    if name in LOSSES:
        return "h[t] = tanh(W h[t-1] + x[t])\ny[t] = V h[t]"
    joined = TABLE[name].kind == "reduction"
    return f"s[t] = {STEM}\nh[t] = x[t] * {name}(s[t]) + h[t-1]" if joined else f"h[t] = {name}({STEM})"


@contextmanager
def rules(op: Op, pullbacks: tuple[Any, ...]) -> Iterator[None]:
    """The op with other rules, for a while."""
    kept = op.pullbacks
    object.__setattr__(op, "pullbacks", pullbacks)
    try:
        yield
    finally:
        object.__setattr__(op, "pullbacks", kept)


@pytest.mark.parametrize("factor", [-1, 1.001], ids=["sign", "factor"])
@pytest.mark.parametrize("name", sorted(NEEDED))
def test_a_wrong_rule_is_rejected(name: str, factor: float) -> None:
    """With the right rules the cell verifies; with a sign or a factor wrong in the op's, it does not."""
    op, loss = TABLE[name], LOSSES.get(name, "squared")
    assert derive(cell(text(name)), loss=loss).verify()

    def slipped(rule: Any) -> Any:
        return lambda *args, **attributes: rule(*args, **attributes) * factor

    with rules(op, tuple(slipped(rule) for rule in op.pullbacks)):
        assert not derive(cell(text(name)), loss=loss).verify()


def test_a_lost_transpose_is_rejected() -> None:
    """Although W is square."""
    op = TABLE["matmul"]
    wrong = (op.pullbacks[0], lambda g, out, a, b: a @ g)
    with rules(op, wrong):
        assert not derive(cell("h[t] = tanh(W h[t-1] + b)\ny[t] = h[t] * x[t]")).verify()
