"""Optimisers go where PyTorch's go: against numbers stored of it, and against it where it is installed."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from tests.optim.stored.cases import BEGIN, CASES, SETTINGS, STEPS, walk


@pytest.fixture(scope="module")
def stored() -> dict[str, np.ndarray]:
    with np.load(Path(__file__).parent / "stored" / "trajectories.npz") as file:
        return dict(file)


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip(
        "torch", reason="PyTorch is not installed; without it the walks that are stored of it are compared"
    )


@pytest.mark.parametrize("key", CASES)
def test_walks_are_those_stored(key: str, stored: dict[str, np.ndarray]) -> None:
    """To 1e-9 over twenty steps, with every option."""
    found = walk(*CASES[key])
    assert found.shape == stored[key].shape == (STEPS, sum(array.size for array in BEGIN))
    assert np.abs(np.diff(found, axis=0)).max(axis=1).all()  # it goes somewhere at every step
    np.testing.assert_allclose(found, stored[key], rtol=1e-9, atol=1e-9)


def test_the_stored_walks_are_those_of_these_cases(stored: dict[str, np.ndarray]) -> None:
    """No case is left over, all differ, and the version is there."""
    assert set(stored) == {*CASES, "PyTorch"}
    assert re.match(r"\d+\.\d+", str(stored["PyTorch"]))
    ends = [tuple(stored[key][-1]) for key in CASES]
    assert len({*ends}) == len(ends)


@pytest.mark.parametrize("key", CASES)
def test_walks_are_those_of_pytorch(key: str, torch: Any) -> None:
    """The same from another place."""
    from tests.optim.stored.pytorch import theirs

    begin = [np.random.default_rng(len(key)).standard_normal(array.shape) for array in BEGIN]
    np.testing.assert_allclose(walk(*CASES[key], begin), theirs(*CASES[key], begin), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("key", [key for key, (_, options) in CASES.items() if not options])
def test_walks_in_float32(key: str, torch: Any) -> None:
    """float32 stays float32, and goes where PyTorch's goes, to its precision."""
    from tests.optim.stored.pytorch import theirs

    found = walk(*CASES[key], dtype="float32")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, theirs(*CASES[key], dtype="float32"), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", SETTINGS)
def test_arguments_are_those_of_pytorch(name: str, torch: Any) -> None:
    """Names, order and defaults; what chooses among PyTorch's implementations is left out."""
    ours = inspect.signature(getattr(ar.optim, name).__init__).parameters
    theirs = inspect.signature(getattr(torch.optim, name).__init__).parameters
    implementation = {"foreach", "fused", "capturable", "differentiable"}
    by_position = [key for key, p in theirs.items() if p.kind is p.POSITIONAL_OR_KEYWORD and key not in implementation]
    assert set(ours) == set(theirs) - implementation
    mine = [key for key, p in ours.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert mine == by_position[: len(mine)]
    for key in mine[2:]:
        assert ours[key].default == theirs[key].default, key
