"""Planted slips: each kind is rejected, for several rules, and a check that cannot fail is found out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autorecur.testing import assert_gradients, assert_mutants_rejected, assert_vjp, mutants

R = np.random.default_rng(5)
A, B, C = R.standard_normal((3, 3)), R.standard_normal((3, 3)), R.standard_normal(3)
Rule = Callable[..., Any]
RULES: dict[str, tuple[Rule, Rule, tuple[Any, ...]]] = {
    "affine": (lambda a, b, c: a @ b + c, lambda g, out, a, b, c: (g @ b.T, a.T @ g, g.sum(0)), (A, B, C)),
    "quotient": (lambda x, y: x / y, lambda g, out, x, y: (g / y, -(g * out / y).sum(0)), (A, np.abs(C) + 1)),
    "softmax": (
        lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
        lambda g, out, x: (g - (g * out).sum(-1, keepdims=True)) * out,
        (A,),
    ),
    "two outputs": (
        lambda x: {"sin": np.sin(x), "sum": x.sum()},
        lambda g, out, x: (g["sin"] * np.cos(x) + g["sum"],),
        (A,),
    ),
    "a tree": (
        lambda p: p["w"] @ p["v"],
        lambda g, out, p: ({"w": np.outer(g, p["v"]), "v": p["w"].T @ g},),
        ({"w": A, "v": C},),
    ),
}
EVERYWHERE = {"sign", "factor 2", "factor 1.001", "factor 1 + 1e-6", "factor 1/2", "shift", "lost path", "one entry"}


@pytest.mark.parametrize("name", RULES)
def test_every_slip_in_every_rule_is_rejected(name: str) -> None:
    """Those of all inputs, and the ones that the rule is prone to."""
    f, vjp, inputs = RULES[name]
    rejected = set(assert_mutants_rejected(f, vjp, *inputs))
    for i in range(len(inputs)):
        assert {f"{kind} of input {i}" for kind in EVERYWHERE} <= rejected
    assert "lost path from the last entries of the output" in rejected or name == "two outputs"


@pytest.mark.parametrize(
    ("rule", "slip"),
    [
        ("affine", "transpose of input 0"),
        ("affine", "inputs 0 and 1 exchanged"),
        ("affine", "no broadcast sum of input 2"),
        ("affine", "first slice in place of the broadcast sum of input 2"),
        ("quotient", "first slice in place of the broadcast sum of input 1"),
        ("two outputs", "lost path from the first output"),
        ("a tree", "transpose of input 0"),
    ],
)
def test_slips_that_need_a_shape_are_planted_where_it_is(rule: str, slip: str) -> None:
    """And rejected."""
    f, vjp, inputs = RULES[rule]
    assert slip in assert_mutants_rejected(f, vjp, *inputs)


def test_a_mutant_that_changes_nothing_is_left_out() -> None:
    """A vector has no transpose, equal shapes no broadcast sum."""
    rejected = assert_mutants_rejected(np.sin, lambda g, out, x: g * np.cos(x), C)
    assert "transpose of input 0" not in rejected
    assert "no broadcast sum of input 0" not in rejected


def test_a_check_that_cannot_fail_is_found_out() -> None:
    """It names the slips that slipped through."""
    f, vjp, inputs = RULES["softmax"]
    with pytest.raises(
        AssertionError, match=r"^the check passes for wrong rules: sign of input 0; factor 2 of input 0;"
    ):
        assert_mutants_rejected(f, vjp, *inputs, check=lambda f, vjp, *inputs: None)


def test_a_check_that_is_too_loose_is_found_out() -> None:
    """A tolerance of one percent lets a thousandth pass."""
    f, vjp, inputs = RULES["softmax"]

    def loose(*arguments: Any) -> None:
        assert_vjp(*arguments, rtol=1e-2)

    with pytest.raises(AssertionError) as error:
        assert_mutants_rejected(f, vjp, *inputs, check=loose)
    assert str(error.value) == "the check passes for wrong rules: factor 1.001 of input 0; factor 1 + 1e-6 of input 0"


def test_a_rule_that_is_wrong_itself_is_not_mutated() -> None:
    """The check has to pass for the rule."""
    with pytest.raises(AssertionError, match="a gradient is wrong"):
        assert_mutants_rejected(np.sin, lambda g, out, x: g * np.sin(x), C)


def test_the_number_of_inputs_is_read_from_the_signature() -> None:
    """Unless the rule takes any number of them."""
    assert {name.name[-1] for name in mutants(lambda g, out, a, b: (g, g)) if "sign" in name.name} == {"0", "1"}
    with pytest.raises(ValueError, match="this rule takes any number of inputs; say how many with count="):
        mutants(lambda g, out, *inputs: inputs)
    assert len(mutants(lambda g, out, *inputs: inputs, count=1)) == len(mutants(lambda g, out, x: g))


def test_mutants_have_names() -> None:
    """For the list of parameters of a test, and for messages."""
    first = mutants(lambda g, out, x: g)[0]
    assert (repr(first), first.__name__) == ("<mutant: sign of input 0>", "mutant(sign of input 0)")


def test_gradients_of_float32_keep_their_dtype() -> None:
    """A millionth cannot be seen in them, a thousandth can."""
    x = A.astype(np.float32)
    rejected = assert_mutants_rejected(np.sin, lambda g, out, x: g * np.cos(x), x, least=5e-4)
    assert "factor 1.001 of input 0" in rejected
    assert "factor 1 + 1e-6 of input 0" not in rejected


def test_the_same_slips_through_the_tape() -> None:
    """A primitive with a wrong rule fails ``assert_gradients``; with the right one it passes."""
    import autorecur as ar

    def with_rule(rule: Rule) -> Rule:
        @ar.primitive
        def sine(x: Any) -> Any:
            return np.sin(x)

        sine.vjp(lambda g, out, x: rule(np.asarray(g), out, x)[0])
        return sine

    def right(g: Any, out: Any, x: Any) -> Any:
        return (g * np.cos(x),)

    assert_gradients(with_rule(right), A)
    for mutant in mutants(right):
        if mutant.changes(np.sin, A):
            with pytest.raises(AssertionError, match="a gradient is wrong"):
                assert_gradients(with_rule(mutant), A)
