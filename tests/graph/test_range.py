"""Intervals of steps whose ends are counted from the first step or from the last."""

from __future__ import annotations

from autorecur.graph.range import EVERY, FIRST, LAST, ONLY_LAST, Bound, Steps, hull, regions

SECOND = Bound(False, 2)


def test_bounds_count_from_either_end() -> None:
    """1, T, T-1, as text and as numbers; what counts from the start comes first."""
    assert [str(b) for b in (FIRST, LAST, LAST + (-1), LAST + 1, Bound(False, 0))] == ["1", "T", "T-1", "T+1", "0"]
    assert (LAST + (-1)).at(5) == 4
    assert FIRST < SECOND < LAST + (-1) < LAST


def test_steps_are_ranges_for_a_known_t() -> None:
    """1..T−1 is empty for T = 1."""
    early = Steps(FIRST, LAST + (-1))
    assert list(early.at(4)) == [1, 2, 3]
    assert list(early.at(1)) == []
    assert str(early) == "1..T-1"
    assert str(ONLY_LAST) == "T"
    assert ONLY_LAST.single


def test_shifting_cutting_and_containing() -> None:
    """The readers of step t+1 exist for t up to T−1."""
    shifted = EVERY.shifted(-1)
    assert str(shifted) == "0..T-1"
    assert str(shifted.within(EVERY)) == "1..T-1"
    assert ONLY_LAST.within(Steps(FIRST, LAST + (-1))) is None
    assert ONLY_LAST in EVERY
    assert EVERY not in ONLY_LAST


def test_a_hull_holds_all() -> None:
    """The smallest interval around several; none around nothing."""
    assert hull([ONLY_LAST, Steps(FIRST, FIRST)]) == EVERY
    assert hull([]) is None


def test_regions_cut_where_an_interval_begins_or_ends() -> None:
    """Each piece with those that hold it."""
    pieces = regions([EVERY, Steps(FIRST, LAST + (-1)), ONLY_LAST])
    assert [(str(steps), inside) for steps, inside in pieces] == [("1..T-1", (0, 1)), ("T", (0, 2))]
