"""Schedules have PyTorch's learning rates: those stored of it, and its own where it is installed."""

from __future__ import annotations

import inspect
import json
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from tests.optim.stored.schedules import EVERY, PLATEAUS, SCHEDULES, STEPS, STORED, rates, step, two_groups

S = ar.optim.lr_scheduler
CLASSES = [
    *("StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "CosineAnnealingLR"),
    *("CosineAnnealingWarmRestarts", "LambdaLR", "SequentialLR", "ReduceLROnPlateau"),
]


def parameter() -> Any:
    return ar.nn.Parameter([0.0])


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(STORED.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", EVERY)
def test_rates_are_those_stored(name: str, stored: dict[str, Any]) -> None:
    """Over fifty steps, of two groups."""
    found = rates(name, ar.optim, parameter)
    assert np.shape(found) == (STEPS, 2)
    np.testing.assert_allclose(found, stored[name], rtol=1e-12, atol=1e-15)


def test_the_stored_rates_are_those_of_these_schedules(stored: dict[str, Any]) -> None:
    """No schedule is left over, and each moves the rates somewhere."""
    assert set(stored) == {*EVERY, "PyTorch"}
    assert all(len({tuple(row) for row in stored[name]}) > 1 for name in EVERY)


@pytest.mark.parametrize("name", EVERY)
def test_rates_are_those_of_pytorch(name: str) -> None:
    """For longer."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; without it the stored rates are compared")
    theirs = rates(name, torch.optim, lambda: torch.nn.Parameter(torch.zeros(1)), 90)
    np.testing.assert_allclose(rates(name, ar.optim, parameter, 90), theirs, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name", CLASSES)
def test_arguments_are_those_of_pytorch(name: str) -> None:
    """Names, order and defaults."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    ours = list(inspect.signature(getattr(S, name).__init__).parameters.values())
    theirs = list(inspect.signature(getattr(torch.optim.lr_scheduler, name).__init__).parameters.values())
    left_out = ["last_epoch"] if name == "SequentialLR" else []
    assert [p.name for p in ours] == [p.name for p in theirs if p.name not in left_out]
    assert [p.default for p in ours] == [p.default for p in theirs if p.name not in left_out]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("after", [1, 9, 33])
def test_a_schedule_goes_on_from_its_state(name: str, after: int) -> None:
    """The states of optimiser and schedule, through JSON, into new ones: the rates are those of an unbroken run."""
    optimizer = two_groups(ar.optim, parameter)
    scheduler = EVERY[name](S, optimizer)
    for epoch in range(after):
        step(name, scheduler, epoch)
    kept = json.loads(json.dumps([optimizer.state_dict(), scheduler.state_dict()]))
    other = two_groups(ar.optim, parameter)
    again = EVERY[name](S, other)
    other.load_state_dict(kept[0])
    again.load_state_dict(kept[1])
    for epoch in range(after, STEPS):
        step(name, scheduler, epoch)
        step(name, again, epoch)
        assert scheduler.get_last_lr() == again.get_last_lr() == [group["lr"] for group in other.param_groups]


@pytest.mark.parametrize(
    "name", [name for name in EVERY if "function" not in name and "row" not in name and "," not in name]
)
def test_a_schedule_goes_on_from_the_state_of_pytorchs(name: str) -> None:
    """Its ``state_dict()`` is understood."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    theirs, ours = two_groups(torch.optim, lambda: torch.nn.Parameter(torch.zeros(1))), two_groups(ar.optim, parameter)
    scheduler, again = EVERY[name](torch.optim.lr_scheduler, theirs), EVERY[name](S, ours)
    for epoch in range(15):
        theirs.step()
        step(name, scheduler, epoch)
    ours.load_state_dict(theirs.state_dict())
    again.load_state_dict(scheduler.state_dict())
    for epoch in range(15, STEPS):
        step(name, scheduler, epoch)
        step(name, again, epoch)
        np.testing.assert_allclose(again.get_last_lr(), scheduler.get_last_lr(), rtol=1e-11, atol=1e-14)


def test_two_schedules_act_together() -> None:
    """Their factors are multiplied, as in PyTorch."""
    optimizer = ar.optim.SGD([parameter()], lr=1.0)
    stair, fall = S.StepLR(optimizer, 2, 0.5), S.ExponentialLR(optimizer, 0.5)
    for _ in range(3):
        stair.step()
        fall.step()
    assert optimizer.param_groups[0]["lr"] == 0.5 * 0.5**3


def test_restarts_within_an_epoch() -> None:
    """``step(epoch)`` takes fractions."""
    optimizer = ar.optim.SGD([parameter()], lr=1.0)
    scheduler = S.CosineAnnealingWarmRestarts(optimizer, 2)
    scheduler.step(0.5)
    assert np.isclose(scheduler.get_last_lr()[0], (1 + np.cos(np.pi / 4)) / 2)
    scheduler.step(2.0)
    assert scheduler.get_last_lr() == [1.0]


def test_a_schedule_can_begin_later() -> None:
    """``last_epoch``: groups that know their initial rate are where they would be."""
    optimizer = ar.optim.SGD([{"params": [parameter()], "initial_lr": 1.0}], lr=0.5**3)
    S.ExponentialLR(optimizer, 0.5, last_epoch=3)
    assert optimizer.param_groups[0]["lr"] == 0.5**4


OPTIMIZER = ar.optim.SGD([parameter()], lr=0.5)
WRONG = {
    "StepLR has no argument 'step'. Did you mean 'step_size'?": lambda: S.StepLR(OPTIMIZER, step=3),
    "StepLR: step_size is a whole number of at least 1, not 0": lambda: S.StepLR(OPTIMIZER, 0),
    "ExponentialLR: gamma is a number of at least 0, not -1": lambda: S.ExponentialLR(OPTIMIZER, -1),
    "LinearLR: end_factor is a number from 0 to 1, not 2.0": lambda: S.LinearLR(OPTIMIZER, 0.5, 2.0),
    "LinearLR: start_factor is above 0": lambda: S.LinearLR(OPTIMIZER, 0.0),
    "StepLR takes an optimiser first, not a list": lambda: S.StepLR([], 3),
    "CosineAnnealingLR: group 0 has no 'initial_lr' to go on from after epoch 3": lambda: S.CosineAnnealingLR(
        ar.optim.SGD([parameter()]), 5, last_epoch=3
    ),
    "LambdaLR has 2 functions for 1 groups": lambda: S.LambdaLR(OPTIMIZER, [abs, abs]),
    "SequentialLR: 1 schedules need 0 milestones between them, not 1": lambda: S.SequentialLR(
        OPTIMIZER, [S.ConstantLR(OPTIMIZER)], [3]
    ),
    "SequentialLR: milestones are rising whole numbers": lambda: S.SequentialLR(
        OPTIMIZER, [S.ConstantLR(OPTIMIZER)] * 3, [5, 3]
    ),
    "SequentialLR: schedule 0 is a ReduceLROnPlateau": lambda: S.SequentialLR(
        OPTIMIZER, [S.ReduceLROnPlateau(OPTIMIZER)], []
    ),
    "SequentialLR: schedule 0 is one of another optimiser": lambda: S.SequentialLR(
        OPTIMIZER, [S.ConstantLR(ar.optim.SGD([parameter()]))], []
    ),
    "ReduceLROnPlateau: mode is 'min' or 'max', not 'mix'. Did you mean 'min'?": lambda: S.ReduceLROnPlateau(
        OPTIMIZER, "mix"
    ),
    "ReduceLROnPlateau: factor is below 1": lambda: S.ReduceLROnPlateau(OPTIMIZER, factor=1.0),
    "ReduceLROnPlateau: 2 min_lr are given for 1 groups": lambda: S.ReduceLROnPlateau(OPTIMIZER, min_lr=[0, 0]),
    "this state is not one of StepLR: it has no 'step_size'": lambda: S.StepLR(OPTIMIZER, 3).load_state_dict(
        S.ExponentialLR(OPTIMIZER, 0.5).state_dict()
    ),
    "this state does not fit StepLR: it is of 2 groups": lambda: S.StepLR(OPTIMIZER, 3).load_state_dict(
        S.StepLR(two_groups(ar.optim, parameter), 3).state_dict()
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_makes_no_sense_is_refused(message: str) -> None:
    """In one sentence."""
    with pytest.raises(ar.AutorecurError) as raised:
        WRONG[message]()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_a_group_that_comes_later_is_refused() -> None:
    """The schedule knows the initial rates of the groups it was made for."""
    optimizer = ar.optim.SGD([parameter()], lr=0.5)
    scheduler = S.StepLR(optimizer, 3)
    optimizer.add_param_group({"params": [parameter()]})
    with pytest.raises(ar.ArgumentError, match=r"made for 1 groups of parameters, and now there are 2"):
        scheduler.step()


def test_all_schedules_are_tried() -> None:
    """Each class stands in a case."""
    made = {type(make(S, two_groups(ar.optim, parameter))).__name__ for make in {**SCHEDULES, **PLATEAUS}.values()}
    assert made == set(CLASSES)
