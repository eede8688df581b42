"""The likely slip: told in plain words where it fits every entry, and not guessed where it does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autorecur.testing import assert_vjp, mutants
from autorecur.testing.diagnosis import Evidence, likely_slip
from autorecur.testing.point import Point

R = np.random.default_rng(2)
A, B, C = R.standard_normal((3, 2)), R.standard_normal((2, 4)), R.standard_normal(4)
S = R.standard_normal((3, 3))


def affine(a: Any, b: Any, c: Any) -> Any:
    return a @ b + c


def right(g: Any, out: Any, a: Any, b: Any, c: Any) -> Any:
    return g @ b.T, a.T @ g, g.sum(0)


def told(f: Any, vjp: Any, *inputs: Any) -> list[str]:
    """The diagnosis of a wrong rule: the lines behind the table."""
    with pytest.raises(AssertionError) as error:
        assert_vjp(f, vjp, *inputs)
    return str(error.value).split("\n\n")[2].splitlines()


@pytest.mark.parametrize(
    ("slip", "sentence"),
    [
        ("sign of input 0", "input 0: the sign is wrong"),
        ("factor 2 of input 1", "input 1: off by a factor of 2"),
        ("factor 1.001 of input 0", "input 0: off by a factor of 1.001: a constant is slightly wrong"),
        ("factor 1 + 1e-6 of input 0", "input 0: off by a factor of 1.000001: a constant is slightly wrong"),
        (
            "factor 1/2 of input 0",
            "input 0: off by a factor of 1/2, and 2 is one of the sizes: perhaps a mean in place of a sum",
        ),
        ("transpose of input 1", "input 1: off by a transpose: the transposed gradient is right"),
        ("shift of input 2", "input 2: shifted by one along axis 0"),
        (
            "lost path of input 2",
            "input 2: no gradient arrives: a path is lost "
            "(a detach(), numpy() or constant on the way, or a rule that gives nothing)",
        ),
        ("one entry of input 2", "input 2: 1 of 4 entries are wrong, the first at [{entry}]; the others are right"),
        (
            "first slice in place of the broadcast sum of input 2",
            "input 2: only the cotangent of the output[0] arrives: is a sum over the broadcast axis 0 missing?",
        ),
        ("no broadcast sum of input 2", "input 2: a sum over the broadcast axis 0 is missing"),
    ],
)
def test_planted_slips_are_recognised(slip: str, sentence: str) -> None:
    """Each by its own sentence, and the other inputs are not mentioned."""
    mutant = next(mutant for mutant in mutants(right) if mutant.name == slip)
    point = Point(affine, (A, B, C), None, 0)
    largest = int(np.argmax(np.abs(point.cotangents[0].sum(0))))
    assert told(affine, mutant, A, B, C) == [sentence.format(entry=largest)]


@pytest.mark.parametrize(
    ("vjp", "sentence"),
    [
        (
            lambda g, out, x, y: (g, g),
            "input 1: a sum over the broadcast axes 0, 1 is missing: summed over it, the gradient is right",
        ),
        (
            lambda g, out, x, y: (g, g.sum((0, 1))[:, None]),
            "input 1: the numbers are right, and in the shape (2, 1): a reshape to (2,) is missing",
        ),
        (lambda g, out, x, y: (g, g.sum((0, 1))[:1]), "input 1: the gradient has shape (1,), and the input (2,)"),
    ],
)
def test_wrong_shapes_are_explained(vjp: Any, sentence: str) -> None:
    """By the axes that should have been summed, or by both shapes."""
    assert told(lambda x, y: x + y, vjp, R.standard_normal((4, 3, 2)), R.standard_normal(2)) == [sentence]


def test_a_transposed_shape_is_off_by_a_transpose() -> None:
    """The numbers are right."""
    assert told(lambda x: np.sin(x).T, lambda g, out, x: g * np.cos(x).T, A) == [
        "input 0: off by a transpose: the transposed gradient is right"
    ]


def test_square_matrices_are_transposed_without_a_change_of_shape() -> None:
    """The slip that shapes do not show."""
    vjp = lambda g, out, a, b: (g @ b, a.T @ g)  # noqa: E731
    [sentence] = told(lambda a, b: a @ b, vjp, S, S + 1)
    assert sentence.startswith("input 0: no simple slip (sign, factor, transpose, broadcast sum, part of the output)")
    assert told(lambda a, b: a @ b, lambda g, out, a, b: ((g @ b.T).T, a.T @ g), S, S + 1) == [
        "input 0: off by a transpose: the transposed gradient is right"
    ]


def test_exchanged_gradients_are_told_on_both_sides() -> None:
    """Each input is told whose gradient it got."""
    assert told(lambda x, y: x * x * y, lambda g, out, x, y: (g * x * x, 2 * g * x * y), S, S + 1) == [
        "input 0: exchanged with the gradient of input 1",
        "input 1: exchanged with the gradient of input 0",
    ]


def test_a_lost_output_is_told() -> None:
    """By its number; the slices of an output by their place."""

    def f(x: Any) -> Any:
        return np.sin(x), np.cos(x)

    assert told(f, lambda g, out, x: (g[0] * np.cos(x),), S) == ["input 0: only the cotangent of output 0 arrives"]

    def short(g: Any, out: Any, x: Any) -> Any:
        g = g.copy()
        g[-1] = 0
        return (np.cumsum(g[::-1], 0)[::-1],)

    assert told(lambda x: np.cumsum(x, 0), short, S) == [
        "input 0: a path is lost: the cotangent of the output[2] does not arrive"
    ]


def test_lost_entries_and_signs_are_counted() -> None:
    """Where the others are right."""
    keep = np.array([[1, 1, 0]])
    assert told(lambda x: x * S, lambda g, out, x: g * S * keep, S)[0].startswith("input 0: a path is lost: the ")
    flip = np.ones((3, 3))
    flip[0, 1] = flip[2, 2] = -1
    assert told(lambda x: x * S, lambda g, out, x: g * S * flip, S) == ["input 0: the sign is wrong at 2 of 9 entries"]


def test_what_is_not_finite_is_counted() -> None:
    """NaN and infinity are told apart."""
    hole = np.ones((3, 3))
    hole[1] = np.nan
    assert told(lambda x: x * S, lambda g, out, x: g * S * hole, S) == [
        "input 0: the gradient is nan at 3 of 9 entries"
    ]
    hole[1] = np.inf
    assert told(lambda x: x * S, lambda g, out, x: g * S * hole, S) == [
        "input 0: the gradient is infinite at 3 of 9 entries"
    ]


def test_nothing_is_guessed_where_nothing_fits() -> None:
    """A gradient of random numbers has no name."""
    noise = R.standard_normal((3, 3))
    assert told(np.sin, lambda g, out, x: noise, S) == [
        "input 0: no simple slip (sign, factor, transpose, broadcast sum, part of the output) explains it; "
        "perhaps one of several paths is lost, or the rule reads a wrong value"
    ]


def test_one_entry_proves_no_factor() -> None:
    """Any wrong number is a multiple of a right one: the sentence says that only one tells."""
    assert told(np.sin, lambda g, out, x: 1.37 * g * np.cos(x), np.array([0.3])) == [
        "input 0: off by a factor of 1.37 (only one entry tells)"
    ]


def test_huge_and_tiny_gradients_are_diagnosed_as_well() -> None:
    """Without an overflow."""
    for scale in (1e-250, 1e250):
        assert told(lambda x, s=scale: x * s, lambda g, out, x, s=scale: -g * s, S) == ["input 0: the sign is wrong"]


def test_a_factor_of_one_is_no_explanation() -> None:
    """An error that is no more than rounding by all entries' measure is never told as a factor of 1."""
    with np.errstate(all="ignore"):
        for scale in (1.0, 1 + 1e-12, 1 + 2e-11):
            numeric = np.array([3.0, 1.0])
            one = Evidence("input 0", True, (2,), numeric * scale, (np.array([0, 1]),), numeric, None, 1e-6)
            point = Point(np.sin, (numeric,), None, 0)
            assert "factor of 1" not in likely_slip(one, [one], point)
