"""What an optimiser is given and what it does with parameters, groups and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar
from tests.optim.stored.cases import SETTINGS

OPTIMIZERS = [getattr(ar.optim, name) for name in SETTINGS]


def parameter(*numbers: float) -> Any:
    return ar.nn.Parameter(list(numbers))


def given(p: Any, *gradient: float) -> Any:
    p.grad = list(gradient)
    return p


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_has_no_gradient_or_is_frozen_stays(optimizer: Any) -> None:
    """Its numbers, its states, its count of steps: it goes on later as if those steps had not been."""
    moved, waiting, frozen, alone = parameter(1.0), parameter(1.0), parameter(1.0), parameter(1.0)
    together, single = optimizer([moved, waiting, frozen]), optimizer([alone])
    frozen.requires_grad_(False)
    for _ in range(3):
        given(moved, 0.5)
        given(frozen, 0.5)
        together.step()
    assert waiting.numpy() == frozen.numpy() == 1.0 != moved.numpy()
    assert waiting not in together.state
    for _ in range(2):
        together.zero_grad()
        given(waiting, 0.5)
        given(alone, 0.5)
        together.step()
        single.step()
    assert waiting.numpy() == alone.numpy()
    given(moved, 0.5)
    together.step()
    given(alone, 0.5)
    single.step()
    assert waiting.numpy() == alone.numpy()
    assert moved.numpy() != waiting.numpy()


def test_a_group_has_options_of_its_own() -> None:
    """Those that a group gives stand in the place of the defaults; one may be changed later."""
    slow, fast, late = parameter(0.0), parameter(0.0), parameter(0.0)
    optimizer = ar.optim.SGD([{"params": [slow]}, {"params": fast, "lr": 1.0}], lr=0.5)
    optimizer.add_param_group({"params": iter([late]), "maximize": True})
    for p in (slow, fast, late):
        given(p, 1.0)
    optimizer.step()
    assert (slow.numpy(), fast.numpy(), late.numpy()) == (-0.5, -1.0, 0.5)
    optimizer.param_groups[0]["lr"] = 2.0
    optimizer.step()
    assert (slow.numpy(), fast.numpy(), late.numpy()) == (-2.5, -2.0, 1.0)
    assert [group["params"] for group in optimizer.param_groups] == [[slow], [fast], [late]]
    assert optimizer.defaults["lr"] == 0.5


def test_named_parameters_keep_their_names() -> None:
    """``model.named_parameters()`` is a list of parameters, too; the group tells the names."""
    layer = ar.nn.RNN(2, 3)
    optimizer = ar.optim.Adam(layer.named_parameters())
    assert optimizer.param_groups[0]["param_names"] == [name for name, _ in layer.named_parameters()]
    assert optimizer.param_groups[0]["params"] == list(layer.parameters())


def test_leaf_tensors_are_parameters_too() -> None:
    """``ar.tensor(…, requires_grad=True)`` is stepped like an nn.Parameter, a single number as well."""
    t = ar.tensor(2.0, requires_grad=True)
    optimizer = ar.optim.SGD([t], lr=0.25)
    (t * t).backward()
    optimizer.step()
    assert t.numpy() == 1.0
    assert t.shape == ()


@pytest.mark.parametrize("size", [3, 1200])
def test_a_step_does_not_change_what_a_tape_holds(size: int) -> None:
    """The gradient of a result from before the step is that of the numbers it was computed from; views stay as well."""
    p = ar.nn.Parameter(np.full(size, 3.0))
    optimizer = ar.optim.SGD([p], lr=1.0)
    for before in (3.0, 2.0, 1.0):
        square, seen = (p * p).sum(), p.data
        p.grad = np.ones(size)
        optimizer.step()
        np.testing.assert_array_equal(seen, before)
        np.testing.assert_array_equal(p.numpy(), before - 1)
        p.grad = None
        square.backward()
        np.testing.assert_array_equal(p.grad.numpy(), 2 * before)
        assert not p.data.flags.writeable
        with pytest.raises(ValueError, match="WRITEABLE"):
            p.data.flags.writeable = True


def test_numbers_that_a_user_gives_are_those_that_are_stepped() -> None:
    """``p.data = …``, ``p -= …`` and ``load_state_dict`` between two steps are no secret."""
    p, q = parameter(1.0), parameter(5.0)
    optimizer = ar.optim.SGD([p, q], lr=1.0)
    for new in (10.0, 20.0):
        given(p, 1.0)
        given(q, 0.0)
        optimizer.step()
        p.data = [new]
        optimizer.step()
        assert p.numpy() == new - 1
    with ar.no_grad():
        p -= 9.0
    optimizer.step()
    assert (p.numpy(), q.numpy()) == (9.0, 5.0)


def test_a_module_that_changes_its_dtype_goes_on_in_it() -> None:
    """``float()`` and ``double()`` after some steps: the states follow."""
    layer = ar.nn.RNN(2, 3)
    optimizer = ar.optim.Adam(layer.parameters())
    for change, dtype in (("float", np.float32), ("double", np.float64)):
        for p in layer.parameters():
            p.grad = np.ones(p.shape)
        optimizer.step()
        getattr(layer, change)()
        optimizer.step()
        assert {p.dtype for p in layer.parameters()} == {np.dtype(dtype)}
        assert {state["exp_avg"].dtype for state in optimizer.state.values()} == {np.dtype(dtype)}
    assert {state["step"] for state in optimizer.state.values()} == {4}


def test_parameters_of_both_dtypes_keep_theirs() -> None:
    """One group may hold float32 and float64."""
    small, large = ar.nn.Parameter(np.float32([1.0])), ar.nn.Parameter([1.0])
    optimizer = ar.optim.Adam([small, large], lr=0.5)
    given(small, 1.0)
    given(large, 1.0)
    optimizer.step()
    assert (small.dtype, large.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose([small.numpy(), large.numpy()], 0.5, rtol=1e-6)


def test_zero_grad() -> None:
    """Gradients become None, or zeros where there were some."""
    p, q = given(parameter(1.0, 2.0), 1.0, 1.0), parameter(1.0)
    optimizer = ar.optim.SGD([p, q])
    optimizer.zero_grad(set_to_none=False)
    np.testing.assert_array_equal(p.grad.numpy(), [0.0, 0.0])
    assert q.grad is None
    optimizer.zero_grad()
    assert p.grad is None


def test_a_closure_is_called_first() -> None:
    """Its loss is returned; it is recorded although the step is not."""
    p = parameter(3.0)
    optimizer = ar.optim.SGD([p], lr=0.5)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with ar.no_grad():
        assert optimizer.step(closure).numpy() == 9.0
    assert p.numpy() == 0.0
    assert optimizer.step() is None


def test_an_optimiser_shows_its_groups() -> None:
    """As PyTorch prints it."""
    shown = repr(ar.optim.SGD([parameter(1.0)], lr=0.5))
    assert shown.splitlines()[:4] == ["SGD (", "Parameter Group 0", "    dampening: 0.0", "    lr: 0.5"]
