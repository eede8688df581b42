"""Equations are taken apart into sums of products and what is computed number by number."""

from __future__ import annotations

import pytest

from autorecur.compile.equations import NotCompilable, needed_by
from autorecur.graph.walk import postorder, variables
from autorecur.ops.linear import matmul
from autorecur.ops.reductions import total
from tests.compile.lowered import forward, lowered, products


def test_a_sum_of_products_has_a_name_of_its_own() -> None:
    """Products with weights apart from the bias; vectors are rows in memory, so that column weights are transposed."""
    eqs = lowered("h[t] = tanh(W x[t] + U h[t-1] + b)").equations
    assert {name: products(sums) for name, sums in eqs.sums.items()} == {
        "a~": [("W", True, "x", 0), ("U", True, "h", -1)]
    }
    assert set(eqs.pointwise) == {"a", "h"}
    assert {(v.name, v.offset) for v in variables(eqs.pointwise["a"])} == {("a~", 0), ("b", None)}


def test_a_sum_of_products_alone_keeps_its_name() -> None:
    """Nothing is left to be computed number by number."""
    eqs = lowered("y[t] = W x[t]").equations
    assert products(eqs.sums["y"]) == [("W", True, "x", 0)]
    assert not eqs.pointwise


def test_row_vectors_read_their_weights_as_they_are() -> None:
    """``x[t] W`` is rows · weight."""
    eqs = lowered("h[t] = tanh(x[t] W + h[t-1] U)").equations
    assert products(eqs.sums["a"]) == [("W", False, "x", 0), ("U", False, "h", -1)]


def test_a_transposed_weight_is_read_transposed() -> None:
    """``W^T x`` in columns is what ``x W`` is in rows."""
    eqs = lowered("h[t] = tanh(W^T x[t] + U^T h[t-1])").equations
    assert {transposed for _, transposed, _, _ in products(eqs.sums["a"])} == {False}


def test_a_difference_has_a_factor() -> None:
    """A minus sign goes into the product."""
    eqs = lowered("h[t] = W x[t] - U h[t-1]").equations
    assert [float(p.factor.value) for p in eqs.sums["h"]] == [1.0, -1.0]


@pytest.mark.parametrize(("text", "axis"), [("h[t] = W [h[t-1], x[t]]", -1), ("h[t] = [h[t-1], x[t]] W", -2)])
def test_a_concatenation_is_split_into_blocks_of_the_weight(text: str, axis: int) -> None:
    """Each part meets its own columns (rows, in rows) of the weight; the concatenation is not computed at all."""
    own = lowered(text).equations
    sums = needed_by(["h"], own).sums.values()
    blocks = [(p.operand, p.weight.name, p.weight.axis, p.weight.start) for group in sums for p in group]
    assert blocks == [("h", "W", axis, 0), ("x", "W", axis, "n_h")]
    assert set(needed_by(["h"], own).names()) == {"h"}


def test_what_is_inside_a_function_has_a_name() -> None:
    """A product in a gate is a sum of its own, a mean an equation of its own."""
    eqs = lowered("h[t] = tanh(W x[t]) * mean(h[t-1]) + sigmoid(h[t-1] * (U h[t-1]))").equations
    assert sorted(products(sums)[0][0] for sums in eqs.sums.values()) == ["U", "W"]
    assert not [root for root in eqs.pointwise.values() for node in postorder(root) if node.op is matmul]
    assert any(node.op is total for root in eqs.pointwise.values() for node in postorder(root))


def test_a_product_in_two_places_is_one() -> None:
    """It has a name where another term reads it as well: ``W x + (W x)^3``."""
    eqs = lowered("h[t] = sigmoid(W x[t] + (W x[t])^3 + U h[t-1])").equations
    found = [p for sums in eqs.sums.values() for p in products(sums)]
    assert sorted(found) == [("U", True, "h", -1), ("W", True, "x", 0)]


def test_a_softmax_is_written_out() -> None:
    """In a maximum, a sum, and functions of one number."""
    eqs = lowered("y[t] = softmax(x[t])").equations
    ops = {root.op.name for root in eqs.pointwise.values() if root.op is not None}
    assert {"max", "sum"} <= ops
    assert "softmax" not in ops


def test_dead_equations_are_left_out() -> None:
    """Only what is wanted, and what that depends on."""
    eqs = lowered("h[t] = tanh(U h[t-1])\ny[t] = V h[t]\nz[t] = tanh(y[t])").equations
    assert set(needed_by(["y"], eqs).names()) == {"a", "h", "y"}


def test_what_has_no_code_says_so() -> None:
    """A function that would touch more arrays than can be handed over is refused, in words."""
    with pytest.raises(NotCompilable, match=r"^one step of it touches \d+ arrays at once; \d+ are possible$"):
        forward("h[t] = " + " + ".join(f"b_{i} * h[t-{i}]" for i in range(1, 80)), ("h",))
