"""On each task the losses of fifty updates are PyTorch's: same architecture, weights, order of data, optimiser; float64."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from tests.train.stored.curves import CASES, FILE, UPDATES, fingerprint, ours

TOLERANCE = 1e-8


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_the_loss_curve_is_the_stored_one(name: str, stored: dict[str, Any]) -> None:
    """Of PyTorch, to 1e-8, absolutely and relatively; and there is something to compare."""
    curve = stored["curves"][name]
    assert fingerprint(CASES[name]) == pytest.approx(curve["data"], abs=1e-6), (
        "the task has other data: python -m tests.train.stored.curves"
    )
    compare(ours(CASES[name]), curve["losses"])


@pytest.mark.parametrize("name", CASES)
def test_the_loss_curve_is_pytorchs(name: str) -> None:
    """The same, run now."""
    pytest.importorskip("torch", reason="PyTorch is not installed; without it stored curves are compared")
    from tests.train.stored.pytorch import theirs

    compare(ours(CASES[name]), theirs(CASES[name]))


def test_every_task_has_a_curve(stored: dict[str, Any]) -> None:
    """And no curve is left over."""
    assert {case.task for case in CASES.values()} == set(ar.data.tasks.TASKS)
    assert set(stored["curves"]) == set(CASES)
    assert re.match(r"\d+\.\d+", stored["PyTorch"])


def compare(found: list[float], expected: list[float]) -> None:
    assert len(found) == len(expected) == UPDATES
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)
    assert np.ptp(expected) > 1e-3  # it learns
