"""Modules: parts found by attribute, states saved and loaded, modes, dtypes."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autorecur as ar
from autorecur.nn import Module, Parameter


class Scale(Module):
    """Numbers times a factor."""

    def __init__(self, *factor: float) -> None:
        self.factor = Parameter(list(factor))

    def forward(self, x: Any) -> Any:
        return x * self.factor


class Net(Module):
    """A module with modules."""

    def __init__(self) -> None:
        self.first = Scale(1.0, 2.0)
        self.shift = Parameter([[1.0, -1.0]])
        self.second = Scale(3.0, 4.0)
        self.name = "net"

    def forward(self, x: Any) -> Any:
        return self.second(self.first(x) + self.shift)


def test_a_parameter_is_a_leaf_with_numbers_of_its_own() -> None:
    """The array that it was made of can change; results are tensors, not parameters."""
    numbers = np.ones(2)
    parameter = Parameter(numbers)
    numbers[0] = 7
    assert parameter.tolist() == [1, 1]
    assert parameter.is_leaf
    assert parameter.requires_grad
    assert isinstance(parameter, ar.Tensor)
    assert type(parameter * 2) is ar.Tensor
    assert repr(parameter) == "parameter([1., 1.])"
    assert not Parameter([1, 2], requires_grad=False).requires_grad
    with pytest.raises(ar.GradientError, match="only floats have a gradient, and this tensor holds int64"):
        Parameter([1, 2])


def test_parts_are_found_by_attribute() -> None:
    """Parameters and modules, in the order in which they were set, under dotted names."""
    net = Net()
    assert [name for name, _ in net.named_parameters()] == ["shift", "first.factor", "second.factor"]
    assert [id(p) for p in net.parameters()] == [id(net.shift), id(net.first.factor), id(net.second.factor)]
    assert [name for name, _ in net.named_modules()] == ["", "first", "second"]
    assert list(net.modules()) == [net, net.first, net.second]
    assert [name for name, _ in net.named_children()] == ["first", "second"]
    assert list(net.children()) == [net.first, net.second]
    assert net.get_parameter("second.factor") is net.second.factor
    assert {"first", "shift", "name", "forward"} <= set(dir(net))
    assert net([1.0, 1.0]).tolist() == [[6.0, 4.0]]


def test_a_shared_part_is_counted_once_and_saved_under_each_name() -> None:
    """As in PyTorch: one parameter for an optimiser, two names in a state."""
    net = Net()
    net.second = net.first
    net.third = Scale(0.0, 0.0)
    net.third.factor = net.first.factor
    assert [name for name, _ in net.named_parameters()] == ["shift", "first.factor"]
    assert [name for name, _ in net.named_modules()] == ["", "first", "third"]
    assert list(net.state_dict()) == ["shift", "first.factor", "second.factor", "third.factor"]
    net([1.0, 1.0]).sum().backward()
    assert net.second.factor.grad is net.first.factor.grad


def test_attributes_can_be_replaced_and_deleted() -> None:
    """A replaced part keeps its place; None and ``del`` take it out; nothing else takes its place unnoticed."""
    net = Net()
    net.first = Scale(0.0, 0.0)
    net.shift = Parameter(np.zeros(2))
    assert [name for name, _ in net.named_parameters()] == ["shift", "first.factor", "second.factor"]
    net.shift = None
    assert net.shift is None
    assert [name for name, _ in net.named_parameters()] == ["first.factor", "second.factor"]
    net.shift = Parameter(np.zeros(2))
    net.name = Scale(1.0, 1.0)
    assert [name for name, _ in net.named_modules()] == ["", "first", "second", "name"]
    del net.first, net.shift, net.name
    assert [name for name, _ in net.named_parameters()] == ["second.factor"]
    assert not hasattr(net, "first")
    net.second.factor = None
    net.second = Parameter(1.0)
    assert [name for name, _ in net.named_parameters()] == ["second"]
    assert list(net.children()) == []


def test_attributes_that_make_no_sense_are_refused() -> None:
    """With what can be done instead."""
    net = Net()
    cases: list[tuple[str, Any, type[Exception], str]] = [
        ("shift", np.ones(2), ar.DtypeError, "Net.shift is a parameter, and this ndarray cannot take its "
         "place: give it new numbers by shift.data, or a Parameter, or None"),
        ("first", 3, ar.DtypeError, "Net.first is a module, and this int cannot take its place: give it another "
         "Module, or None"),
        ("forward", Parameter(1.0), ar.ArgumentError, "Net.forward has a meaning already, so that nothing else can be "
         "called forward"),
        ("inner", net, ar.ArgumentError, "a Net cannot hold itself, as inner would"),
    ]  # fmt: skip
    for name, value, error, message in cases:
        with pytest.raises(error, match=f"^{re.escape(message)}$"):
            setattr(net, name, value)
    outer = Net()
    outer.inner = net
    with pytest.raises(ar.ArgumentError, match="a Net cannot hold itself, as deep would"):
        net.deep = outer
    with pytest.raises(AttributeError, match=r"^Net has no 'shfit'\. Did you mean 'shift'\?$"):
        net.shfit  # noqa: B018
    with pytest.raises(ar.ArgumentError, match=r"^Net has no parameter 'first.facto'\. Did you mean 'first.factor'\?$"):
        net.get_parameter("first.facto")
    with pytest.raises(NotImplementedError, match=r"^Module has no forward, which says what it computes$"):
        Module()(1.0)


def test_a_state_is_a_copy() -> None:
    """What is done to its arrays does not reach the module."""
    net = Net()
    state = net.state_dict()
    state["first.factor"][:] = 0
    assert net.first.factor.tolist() == [1, 2]
    assert all(type(array) is np.ndarray for array in state.values())


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2), st.sampled_from([np.asarray, ar.tensor, list]))
def test_what_was_saved_is_loaded(numbers: list[float], kind: Any) -> None:
    """Arrays, tensors and lists; the parameter stays the same object with the same dtype."""
    net = Net()
    before = net.first.factor
    state = {name: kind(array) for name, array in net.state_dict().items()} | {"first.factor": kind(numbers)}
    assert net.load_state_dict(state) == ([], [])
    assert net.first.factor is before
    assert before.tolist() == numbers
    net.float().load_state_dict(state)
    assert before.dtype == np.float32
    np.testing.assert_array_equal(before.numpy(), np.asarray(numbers, np.float32))


def test_tensors_with_a_gradient_are_loaded() -> None:
    """Other libraries' as well: whatever has ``detach`` and becomes an array."""
    one, other = Net(), Net()
    other.shift.data = [[5.0, 6.0]]
    one.load_state_dict(dict(other.named_parameters()))
    assert one.shift.tolist() == [[5, 6]]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"shift": None}, ar.ArgumentError, "this state does not fit Net: 'shift' is missing"),
        (
            {"shift": None, "first.factor": None, "second.factor": None},
            ar.ArgumentError,
            "this state does not fit Net: 'shift', 'first.factor' and 'second.factor' are missing",
        ),
        ({"a": 1.0, "b": 1.0}, ar.ArgumentError, "this state does not fit Net: there is no 'a' or 'b' here"),
        (
            {"shift": np.ones(2)},
            ar.ShapeError,
            "this state does not fit Net: 'shift' has shape (2,) where (1, 2) is needed",
        ),
        (
            {"first.factor": None, "a": 1.0, "shift": [1.0], "second.factor": 2.0},
            ar.ArgumentError,
            "this state does not fit Net: 'first.factor' is missing; there is no 'a' here; "
            "'shift' has shape (1,) where (1, 2) is needed; 'second.factor' has shape () where (2,) is needed",
        ),
        ({"shift": np.ones((1, 2)) * 1j}, ar.DtypeError, "a parameter holds real numbers, not complex128"),
        ({"shift": [["a", "b"]]}, ar.DtypeError, None),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(
    change: dict[str, Any], error: type[Exception], message: str
) -> None:
    """One error names everything that is wrong."""
    net = Net()
    before = net.state_dict()
    state = {name: array + 1 for name, array in before.items()} | change
    state = {name: value for name, value in state.items() if value is not None}
    with pytest.raises(error, match=f"^{re.escape(message)}$" if message else None):
        net.load_state_dict(state)
    assert all(np.array_equal(array, before[name]) for name, array in net.state_dict().items())


def test_names_may_differ_unless_strict() -> None:
    """What fits is loaded and the rest is returned; shapes have to fit all the same."""
    net = Net()
    found = net.load_state_dict({"shift": [[3.0, 3.0]], "a": 1.0}, strict=False)
    assert found.missing_keys == ["first.factor", "second.factor"]
    assert found.unexpected_keys == ["a"]
    assert net.shift.tolist() == [[3, 3]]
    with pytest.raises(ar.ShapeError, match="'shift' has shape"):
        net.load_state_dict({"shift": 1.0}, strict=False)
    with pytest.raises(ar.DtypeError, match=r"^a state is a mapping from names to arrays, not list$"):
        net.load_state_dict([1.0])  # type: ignore[arg-type]


def test_modes_reach_every_module() -> None:
    """``train`` and ``eval`` return the module."""
    net = Net()
    assert net.training
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    assert net.train() is net
    assert all(module.training for module in net.modules())


def test_dtypes_are_changed_in_place() -> None:
    """Parameters stay the same objects; their gradients follow; a graph that was built before keeps its numbers."""
    net = Net()
    parameters = list(net.parameters())
    y = net(np.ones(2))
    assert net.float() is net
    assert all(a is b for a, b in zip(parameters, net.parameters(), strict=True))
    y.sum().backward()
    assert y.dtype == np.float64
    assert net.float().shift.grad.dtype == net.shift.dtype == np.float32
    assert net(np.ones(2, np.float32)).dtype == np.float32
    net.double()
    assert {p.dtype for p in net.parameters()} == {p.grad.dtype for p in net.parameters()} == {np.dtype(np.float64)}
    assert net.first.factor.tolist() == [1, 2]


def test_gradients_are_forgotten_and_frozen() -> None:
    """``zero_grad`` sets them to None, ``requires_grad_(False)`` asks for none."""
    net = Net()
    net([1.0, 1.0]).sum().backward()
    assert net.second.factor.grad.tolist() == [2.0, 1.0]
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    assert net.requires_grad_(False) is net
    assert not net([1.0, 1.0]).requires_grad
    net.second.requires_grad_()
    net([1.0, 1.0]).sum().backward()
    assert [p.grad is None for p in net.parameters()] == [True, True, False]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))], ids=["copy", "pickle"])
def test_a_copy_is_independent(copied: Any) -> None:
    """Deep copies and pickles hold parameters of their own, the mode included, and sharing stays sharing."""
    net = Net().eval()
    net.third = net.first
    twin = copied(net)
    assert type(twin.shift) is Parameter
    assert twin.third is twin.first
    assert not twin.training
    twin.first.factor.data = [0.0, 0.0]
    assert net.first.factor.tolist() == [1, 2]
    assert twin([1.0, 1.0]).tolist() == [[3.0, -4.0]]


def test_a_module_shows_its_parts() -> None:
    """Nested modules stand indented under their names."""

    class Outer(Net):
        def extra_repr(self) -> str:
            return "size=2"

    outer = Outer()
    outer.inner = Net()
    assert repr(outer) == (
        "Outer(\n  size=2\n  (first): Scale()\n  (second): Scale()\n"
        "  (inner): Net(\n    (first): Scale()\n    (second): Scale()\n  )\n)"
    )
