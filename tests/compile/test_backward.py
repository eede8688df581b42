"""The backward program: contributions are computed where their readers stand, and carried to the step that they belong to."""

from __future__ import annotations

import pytest

import autorecur as ar
from autorecur.compile.program import Wish
from autorecur.graph.adjoint import adjoint_name
from tests.compile.lowered import adjoints, lowered, products

LSTM = ar.cells["lstm"]
RNN = "h[t] = tanh(W x[t] + U h[t-1] + b)"


def test_a_state_is_carried_to_the_step_before() -> None:
    """What U sends to h[t−1] is kept while t is computed, and added at t−1."""
    found = adjoints(RNN, ["h"])
    [carry] = found.carries
    assert (carry.state, carry.offset) == ("h", -1)
    [part] = carry.parts
    assert products(found.equations.sums[part]) == [("U", False, "dL/da", 0)]
    assert set(found.equations.reads("dL/dh")) == {("to h", 0), (part, 1)}


def test_a_carry_has_a_part_for_products_and_one_for_the_rest() -> None:
    """``0.5 h[t−1]`` needs no product; both add up in the adjoint."""
    found = adjoints("h[t] = tanh(U h[t-1]) + 0.5 * h[t-1]", ["h"])
    [carry] = found.carries
    assert len(carry.parts) == 2
    assert sorted(part in found.equations.sums for part in carry.parts) == [False, True]
    assert {(part, 1) for part in carry.parts} <= set(found.equations.reads("dL/dh"))


@pytest.mark.parametrize(
    ("text", "offsets"),
    [
        ("h[t] = tanh(U h[t-1] + V h[t-2])", [-2, -1]),
        ("h[t] = tanh(U h[t-3])", [-3]),
        ("h[t] = tanh(U h[t+1])", [1]),
    ],
)
def test_every_distance_has_a_carry(text: str, offsets: list[int]) -> None:
    """Delays of several steps, and time that runs backwards."""
    assert sorted(carry.offset for carry in adjoints(text, ["h"]).carries) == offsets


def test_what_a_delayed_input_is_sent_is_a_carry_too() -> None:
    """V sends to x[t−1] while t is computed."""
    found = adjoints("h[t] = tanh(W x[t] + V x[t-1])", ["h"])
    assert [(carry.state, carry.offset) for carry in found.carries] == [("x", -1)]


def test_weights_wait_for_one_product_at_the_end() -> None:
    """δ and the operand, with the steps at which each is read."""
    found = adjoints(RNN, ["h"])
    assert sorted((o.weight.name, o.left, o.right) for o in found.outers) == [
        ("U", ("dL/da", 0), ("h", -1)),
        ("W", ("dL/da", 0), ("x", 0)),
    ]


def test_in_rows_the_two_factors_change_sides() -> None:
    """``x W``: the gradient is xᵀ δ."""
    found = adjoints("h[t] = tanh(x[t] W + h[t-1] U)", ["h"])
    assert ("W", ("x", 0), ("dL/da", 0)) in {(o.weight.name, o.left, o.right) for o in found.outers}


def test_a_bias_is_added_up_where_its_numbers_are() -> None:
    """A share for each step; a peephole likewise."""
    assert set(adjoints(RNN, ["h"]).shares.values()) == {"b"}
    peephole = adjoints("c[t] = sigmoid(W x[t] + p * c[t-1]) * c[t-1]", ["c"])
    assert set(peephole.shares.values()) == {"p"}


def test_a_share_that_is_a_product_is_added_up_as_well() -> None:
    """The gradient of the scalar α in ``α b`` is bᵀ δ, a product with b."""
    found = adjoints("scalar: alpha\nh[t] = tanh(U h[t-1] + alpha * b)", ["h"])
    assert set(found.shares.values()) == {"alpha", "b"}
    assert all(name in found.equations.pointwise for name in found.shares)


def test_blocks_of_a_weight_have_gradients_of_their_own() -> None:
    """Side by side in the parameter's gradient."""
    found = adjoints("h[t] = tanh(W [h[t-1], x[t]])", ["h"])
    blocks = {(o.weight.name, o.weight.axis, o.weight.start, o.right[0]) for o in found.outers}
    assert len(blocks) == 2
    assert {(name, axis) for name, axis, *_ in blocks} == {("W", -1)}
    assert {(start, right) for *_, start, right in blocks} == {(0, "h"), ("n_h", "x")}


def test_a_sign_before_a_concatenation_goes_into_the_products() -> None:
    """``− W [h, x]`` has the same blocks with a factor."""
    for text in ("h[t] = tanh(b - W [h[t-1], x[t]])", "h[t] = tanh(b - [h[t-1], x[t]] W)"):
        found = adjoints(text, ["h"])
        assert [float(o.factor.value) for o in found.outers] == [-1.0, -1.0]
        assert set(found.shares.values()) == {"b"}


def test_a_weight_read_twice_has_two_products() -> None:
    """They add up in one gradient."""
    found = adjoints("h[t] = tanh(W x[t] + U h[t-1])\ns[t] = tanh(U s[t-1] + V h[t])", ["h", "s"])
    assert [o.right for o in found.outers if o.weight.name == "U"] in (
        [("h", -1), ("s", -1)],
        [("s", -1), ("h", -1)],
    )


@pytest.mark.parametrize(
    ("wish", "outers", "shares", "inputs"),
    [
        (Wish(("W_i",), (), ()), {"W_i"}, set(), False),
        (Wish(("b_f",), (), ()), set(), {"b_f"}, False),
        (Wish((), ("x",), ()), set(), set(), True),
        (Wish(("W_y",), (), ()), {"W_y"}, set(), False),
    ],
)
def test_only_what_is_wanted_is_computed(wish: Wish, outers: set[str], shares: set[str], inputs: bool) -> None:
    """One gradient needs neither the products nor the sums of the others."""
    found = adjoints(LSTM, ["y"], wish)
    assert {o.weight.name for o in found.outers} == outers
    assert set(found.shares.values()) == shares
    assert (adjoint_name("x") in found.equations.names()) == inputs


def test_the_gradient_of_a_readout_needs_no_loop() -> None:
    """W_y reads the cotangent of y and h: nothing of the recurrence is pulled back."""
    assert adjoints(LSTM, ["y"], Wish(("W_y",), (), ())).carries == ()


def test_an_output_without_a_cotangent_sends_nothing() -> None:
    """What nobody read is not asked for."""
    found = adjoints(LSTM, ["c"])
    read = {name for own in found.equations.names() for name, _ in found.equations.reads(own)}
    assert "to c" in read
    assert not read & {"to h", "to y", "dL/dy"}


@pytest.mark.parametrize("name", sorted(ar.cells))
def test_every_read_of_the_forward_equations_is_pulled_back(name: str) -> None:
    """For each quantity that an equation reads there is an adjoint, and for each parameter a product or a share."""
    cell = ar.cells[name]
    found = adjoints(cell, cell.outputs, Wish(tuple(cell.parameters), tuple(cell.inputs), tuple(cell.states)))
    arrives = {o.weight.name for o in found.outers} | set(found.shares.values())
    assert arrives | {key for key in cell.parameters if key.endswith("]")} == set(cell.parameters)
    assert {adjoint_name(x) for x in cell.inputs} <= set(found.equations.names())


def test_recorded_adjoints_are_kept_whatever_is_wanted() -> None:
    """Even if nothing else needs them."""
    found = adjoints(LSTM, ["y"], Wish(("W_y",), (), (), ("c", "i")))
    assert {"dL/dc", "dL/di"} <= set(found.equations.names())


def test_nothing_is_wanted_of_an_empty_wish() -> None:
    """No gradient, no program."""
    assert not Wish((), (), ())
    assert lowered(RNN).backward_equations(["h"], Wish((), (), ())).equations.names() == []
