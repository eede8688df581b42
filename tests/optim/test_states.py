"""The state of an optimiser: kept and loaded, it goes on as if nothing had been; so does one of PyTorch's."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from tests.optim.stored.cases import BEGIN, CASES, STEPS, trail, walk


def as_tensors(torch: Any, state: Any) -> Any:
    """A state with PyTorch's tensors in the place of arrays."""
    if isinstance(state, dict):
        return {key: as_tensors(torch, value) for key, value in state.items()}
    return torch.tensor(state) if isinstance(state, np.ndarray) else state


@pytest.mark.parametrize("key", CASES)
@pytest.mark.parametrize("after", [0, 1, 7])
def test_an_optimiser_goes_on_from_its_state(key: str, after: int) -> None:
    """To the last digit."""
    name, options = CASES[key]
    unbroken = walk(name, options)
    parameters = [ar.nn.Parameter(array) for array in BEGIN]
    optimizer = getattr(ar.optim, name)(parameters, **options)
    trail(parameters, optimizer, lambda p: p.numpy(), np.array, after)
    kept = copy.deepcopy(optimizer.state_dict())
    others = [ar.nn.Parameter(p.numpy()) for p in parameters]
    other = getattr(ar.optim, name)(others)
    other.load_state_dict(kept)
    went_on = trail(others, other, lambda p: p.numpy(), np.array, STEPS - after, after)
    np.testing.assert_array_equal(went_on, unbroken[after:])


@pytest.mark.parametrize("key", CASES)
def test_states_travel_between_the_libraries(key: str) -> None:
    """Seven steps by the one, the state into the other, on to the end; both ways."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    name, options = CASES[key]
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        mine = [ar.nn.Parameter(array) for array in BEGIN]
        theirs = [torch.nn.Parameter(torch.tensor(array)) for array in BEGIN]
        here, there = getattr(ar.optim, name)(mine, **options), getattr(torch.optim, name)(theirs, **options)
        trail(mine, here, lambda p: p.numpy(), np.array, 7)
        trail(theirs, there, lambda p: p.numpy(force=True), torch.tensor, 7)
        kept_here, kept_there = here.state_dict(), copy.deepcopy(there.state_dict())
        assert kept_here["param_groups"][0]["params"] == kept_there["param_groups"][0]["params"]
        if name != "SGD":  # PyTorch lists a momentum buffer that is None
            assert {key: set(state) for key, state in kept_here["state"].items()} == {
                key: set(state) for key, state in kept_there["state"].items()
            }
        here = getattr(ar.optim, name)(mine)
        here.load_state_dict(kept_there)
        there = getattr(torch.optim, name)(theirs)
        there.load_state_dict(as_tensors(torch, kept_here))
        mine_on = trail(mine, here, lambda p: p.numpy(), np.array, 13, 7)
        theirs_on = trail(theirs, there, lambda p: p.numpy(force=True), torch.tensor, 13, 7)
    finally:
        torch.set_default_dtype(before)
    np.testing.assert_allclose(mine_on, theirs_on, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(mine_on, walk(name, options)[7:], rtol=1e-9, atol=1e-9)


def test_a_state_is_numbers_and_arrays() -> None:
    """PyTorch's layout; everything but the arrays goes through JSON."""
    p, q = ar.nn.Parameter([1.0, 2.0]), ar.nn.Parameter(np.float32([[3.0]]))
    optimizer = ar.optim.Adam([{"params": [p]}, {"params": [q], "lr": 0.5}])
    assert optimizer.state_dict()["state"] == {}
    q.grad = np.float32([[1.0]])
    optimizer.step()
    kept = optimizer.state_dict()
    assert [group["params"] for group in kept["param_groups"]] == [[0], [1]]
    assert [group["lr"] for group in kept["param_groups"]] == [1e-3, 0.5]
    assert list(kept["state"]) == [1]
    assert list(kept["state"][1]) == ["step", "exp_avg", "exp_avg_sq"]
    assert kept["state"][1]["step"] == 1
    assert kept["state"][1]["exp_avg"].dtype == np.float32
    kept["state"][1]["exp_avg"][...] = 7.0  # a copy
    assert optimizer.state[q]["exp_avg"] == np.float32(0.1)
    json.dumps(kept["param_groups"])


def test_a_state_whose_numbers_went_through_json_is_understood() -> None:
    """Keys of JSON are texts, pairs are lists."""
    p = ar.nn.Parameter([1.0, 2.0])
    optimizer = ar.optim.Adam([p], betas=(0.5, 0.75))
    p.grad = [1.0, 1.0]
    optimizer.step()
    kept = optimizer.state_dict()
    through = json.loads(json.dumps(kept, default=lambda array: array.tolist()))
    other = ar.optim.Adam([p])
    other.load_state_dict(through)
    assert other.param_groups[0]["betas"] == (0.5, 0.75)
    np.testing.assert_equal(other.state_dict(), kept)


def test_loading_leaves_what_was_loaded_alone() -> None:
    """The arrays of a state are copied: further steps do not change them."""
    p = ar.nn.Parameter([1.0])
    optimizer = ar.optim.SGD([p], momentum=0.5)
    p.grad = [1.0]
    optimizer.step()
    kept = optimizer.state_dict()
    optimizer.load_state_dict(kept)
    optimizer.step()
    assert kept["state"][0]["momentum_buffer"] == 1.0
    assert optimizer.state[p]["momentum_buffer"] == 1.5


def filled(optimizer: str, *shapes: tuple[int, ...], **options: Any) -> Any:
    """An optimiser after a step."""
    parameters = [ar.nn.Parameter(np.ones(shape)) for shape in shapes]
    found = getattr(ar.optim, optimizer)(parameters, **options)
    for p in parameters:
        p.grad = np.ones(p.shape)
    found.step()
    return found


MISFITS = {
    "this state is one of another model: group 0 has 1 parameter there and 2 here": filled("Adam", (2, 3)),
    "this state is one of another model: 'exp_avg' of parameter 1 has shape (3,), and the parameter (2,)": filled(
        "Adam", (2, 3), (3,)
    ),
    "this state is one of another optimiser: Adam has no 'momentum' and no 'dampening' and no 'nesterov'": filled(
        "SGD", (2, 3), (2,)
    ),
    "this state is one of another optimiser: Adam keeps no 'exp_inf'": filled("Adamax", (2, 3), (2,)),
}


@pytest.mark.parametrize("message", MISFITS)
def test_a_state_that_does_not_fit_changes_nothing(message: str) -> None:
    """One sentence says whose it is; options and states are those from before."""
    optimizer = filled("Adam", (2, 3), (2,), lr=0.25)
    before = optimizer.state_dict()
    kept = MISFITS[message].state_dict()
    kept["param_groups"][0]["lr"] = 7.0
    with pytest.raises(ar.AutorecurError) as raised:
        optimizer.load_state_dict(kept)
    assert str(raised.value) == message
    np.testing.assert_equal(optimizer.state_dict(), before)


def test_other_misfits_are_told_too() -> None:
    """The number of groups, an option that cannot be, something that is no state."""
    optimizer = filled("SGD", (2,))
    kept = optimizer.state_dict()
    with pytest.raises(ar.ArgumentError, match=r"this state does not fit SGD: it has 2 groups of parameters, not 1"):
        optimizer.load_state_dict({**kept, "param_groups": kept["param_groups"] * 2})
    with pytest.raises(ar.ArgumentError, match=r"SGD: lr must be at least 0, and is -1"):
        optimizer.load_state_dict({**kept, "param_groups": [{**kept["param_groups"][0], "lr": -1}]})
    for junk in ({}, 5):
        with pytest.raises(ar.ArgumentError, match=r"group 0 of this state is a mapping with 'params', not"):
            optimizer.load_state_dict({**kept, "param_groups": [junk]})
    with pytest.raises(ar.ArgumentError, match=r"a mapping with 'state' and 'param_groups'"):
        optimizer.load_state_dict({"weight": np.ones(3)})


def test_an_error_in_a_step_loses_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was stepped before it keeps its new state, also where parameters are stepped apart for the first time."""
    first, second = ar.nn.Parameter([1.0, 2.0]), ar.nn.Parameter([3.0])
    optimizer = ar.optim.SGD([first, second], lr=0.5, momentum=0.5)
    first.grad, second.grad = [1.0, 1.0], [1.0]
    optimizer.step()
    second.become(np.float32)
    one_step = optimizer._step

    def failing(group: Any, block: Any, gradients: Any) -> None:
        if block.dtype == np.float32:
            raise MemoryError
        one_step(group, block, gradients)

    monkeypatch.setattr(optimizer, "_step", failing)
    with pytest.raises(MemoryError):
        optimizer.step()
    assert first.tolist() == [-0.25, 0.75]
    assert optimizer.state[first]["momentum_buffer"].tolist() == [1.5, 1.5]
    assert optimizer.state[second]["momentum_buffer"].tolist() == [1.0]
