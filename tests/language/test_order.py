"""The order of computation: loops over time, directions, ties."""

from __future__ import annotations

import pytest

from autorecur.language.order import BothDirections, Loop, SameStepCycle, schedule


def test_within_a_step() -> None:
    """Equations stand in any order; what is needed comes first."""
    assert schedule({"c": [("b", 0)], "b": [("a", 0)], "a": []}) == (Loop(("a",), 0), Loop(("b",), 0), Loop(("c",), 0))


def test_the_authors_order_where_it_is_free() -> None:
    """Names that do not need each other keep their order."""
    assert [loop.names for loop in schedule({"b": [], "a": [], "c": []})] == [("b",), ("a",), ("c",)]


def test_a_state_is_a_loop_forwards() -> None:
    """Names that need each other over time run together."""
    reads = {"h": [("g", 0)], "g": [("x", 0), ("h", -1)], "y": [("h", 0)]}
    assert schedule(reads) == (Loop(("g", "h"), 1), Loop(("y",), 0))


def test_a_loop_backwards() -> None:
    """An offset above zero runs from the last step to the first."""
    assert schedule({"g": [("g", 1)]}) == (Loop(("g",), -1),)


def test_both_directions_in_one_cell() -> None:
    """Two states, one each way, are two loops; a later step of another loop is no obstacle."""
    reads = {"f": [("f", -1)], "g": [("g", 1), ("f", -1)], "y": [("f", 1), ("g", -1)]}
    assert schedule(reads) == (Loop(("f",), 1), Loop(("g",), -1), Loop(("y",), 0))


def test_given_names_are_ignored() -> None:
    """Inputs need no place in the order."""
    assert schedule({"h": [("x", 0), ("x", -3)]}) == (Loop(("h",), 0),)


def test_a_cycle_within_a_step() -> None:
    """The error names the cycle, and only that."""
    with pytest.raises(SameStepCycle) as caught:
        schedule({"z": [("a", 0), ("z", -1)], "a": [("b", 0)], "b": [("c", 0)], "c": [("a", 0), ("z", -1)]})
    assert caught.value.names == ("a", "b", "c")


def test_both_directions_in_one_loop() -> None:
    """A loop that would have to run both ways is an error."""
    with pytest.raises(BothDirections) as caught:
        schedule({"a": [("b", -1)], "b": [("a", 1)]})
    assert caught.value.names == ("a", "b")


def test_long_chains() -> None:
    """Nothing recurses: 20,000 names in a row, also as one cycle over time."""
    count = 20_000
    chain = {str(i): [(str(i + 1), 0)] for i in range(count)}
    assert schedule(chain)[0].names == (str(count - 1),)
    chain[str(count - 1)] = [("0", -1)]
    (loop,) = schedule(chain)
    assert (loop.names[0], loop.direction) == (str(count - 1), 1)
