"""The rules of the appendix are measured, and a wrong one would be seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from autorecur.ops import CELL_OPS
from autorecur.page import measured
from autorecur.page.rules import ORDER, rule_of

FLAT = {"heaviside", "half_step", "sign"}
"""Steps: what an adjoint may hold, but nobody differentiates again."""
FUNCTIONS = tuple(
    name
    for name, op in CELL_OPS.items()
    if op.kind == "elementwise" and op.arity == 1 and name not in {"square", *FLAT}
)  # fmt: skip


@pytest.mark.parametrize("key", [key for key in ORDER if key != "function"])
def test_a_rule_agrees_with_numerical_derivatives(key: str) -> None:
    """Every rule holds on random arrays, to rounding by the complex step and closely by differences."""
    found = measured.measure(key)
    assert found.complex_step is None or found.complex_step < 1e-13
    assert found.central is not None
    assert found.central < 1e-8


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_agrees(name: str) -> None:
    """The elementwise rule holds for each function of the table."""
    found = measured.measure("function", (name,))
    assert found.worst < 1e-8


def test_every_differentiable_op_has_a_rule() -> None:
    """No operation that a cell can use is without a stated rule."""
    inner = {"block", "place"}
    for name, op in CELL_OPS.items():
        if any(op.pullbacks) and name not in inner | FLAT:
            assert rule_of(name) in ORDER


@pytest.mark.parametrize("factor", [-1.0, 1.001, 0.0])
def test_a_wrong_rule_is_seen(factor: float) -> None:
    """A sign, a factor or a lost term shows as a large error."""
    generator = np.random.default_rng(1)
    example = measured._of_op("matmul", generator)
    wrong = replace(example, claimed=lambda g, out, *inputs: [factor * c for c in example.claimed(g, out, *inputs)])
    found = measured._compare(wrong, generator)
    assert found.complex_step is not None
    assert min(found.complex_step, found.worst) > 1e-4
