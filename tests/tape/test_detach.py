"""``ar.detach``: the numbers stay, the history goes."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

import autorecur as ar

Pair = namedtuple("Pair", "h c")


def recorded() -> ar.Tensor:
    return ar.tensor(np.arange(3.0), requires_grad=True) * 2


def test_a_tensor() -> None:
    """The result has the same numbers, in the same memory, and nothing flows through it."""
    a = ar.tensor(np.arange(3.0), requires_grad=True)
    b = a * 2
    c = ar.detach(b)
    assert not c.requires_grad
    assert b.requires_grad
    assert np.shares_memory(c.data, b.data)
    (b * c).sum().backward()
    np.testing.assert_array_equal(a.grad, 2 * np.array([0.0, 2.0, 4.0]))


def test_nested_arrangements_stay_as_they_are() -> None:
    """Dicts, lists, tuples, named tuples; what is no tensor is handed on."""
    array = np.ones(2)
    tree = {"a": [recorded(), (recorded(), None)], "b": Pair(recorded(), array), "c": 3, "d": []}
    found = ar.detach(tree)
    assert isinstance(found["a"][1], tuple)
    assert isinstance(found["b"], Pair)
    assert found["b"].c is array
    assert found["a"][1][1] is None
    assert found["c"] == 3
    assert found["d"] == []
    for tensor in (found["a"][0], found["a"][1][0], found["b"].h):
        assert isinstance(tensor, ar.Tensor)
        assert not tensor.requires_grad
        np.testing.assert_array_equal(tensor, [0.0, 2.0, 4.0])
    assert tree["a"][0].requires_grad


class Frozen(Mapping[str, Any]):
    """A mapping of one's own, without a way to make another."""

    def __init__(self, **values: Any) -> None:
        self.values_ = values

    def __getitem__(self, key: str) -> Any:
        return self.values_[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)


@pytest.mark.parametrize("kind", [OrderedDict, Frozen])
def test_any_mapping_becomes_a_dict(kind: Any) -> None:
    """Such as the mapping of a run's last states."""
    found = ar.detach(kind(h=recorded()))
    assert type(found) is dict
    assert not found["h"].requires_grad


@pytest.mark.parametrize("x", [None, 2.5, np.arange(3), "h", ()])
def test_what_has_no_history_is_handed_on(x: Any) -> None:
    """Arrays, numbers, anything."""
    assert ar.detach(x) is x or x == ()


def test_inside_a_transform_it_is_a_constant() -> None:
    """As ``Tensor.detach``: the derivative passes it by, at any order."""

    def f(x: Any) -> Any:
        return x * ar.detach({"own": x * x})["own"]

    assert ar.grad(f)(3.0).item() == 9
    assert ar.grad(ar.grad(f))(3.0).item() == 0
    assert ar.grad(lambda x: x * (x * x).detach())(3.0).item() == 9


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_pieces_with_detached_states_are_a_truncated_run(name: str) -> None:
    """Outputs of the whole run, gradients of ``truncate=``."""
    cell = ar.cells[name]
    values = cell.init({"n_x": 2, "n_h": 3, "n_y": 2}, seed=1)
    x = np.random.default_rng(0).standard_normal((12, 4, 2))
    whole, pieces = ({k: ar.tensor(v, requires_grad=True) for k, v in values.items()} for _ in range(2))
    out = cell.run(x, whole, truncate=4)
    (out["h"] ** 2).sum().backward()
    states, outputs = None, []
    for piece in np.split(x, 3):
        part = cell.run(piece, pieces, initial=states)
        (part["h"] ** 2).sum().backward()
        outputs.append(part["h"].numpy())
        states = ar.detach({state: part.last[state] for state in cell.states})
    np.testing.assert_allclose(np.concatenate(outputs), out["h"].numpy(), rtol=1e-12)
    for key in values:
        if whole[key].grad is not None:
            np.testing.assert_allclose(pieces[key].grad, whole[key].grad, rtol=1e-10, atol=1e-13)
