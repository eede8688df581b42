"""Nodes are tidy as soon as they are built, compare by structure, and may be chained without end."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from autorecur.errors import ShapeError
from autorecur.graph.adjoint import factors, pull_backs, summands
from autorecur.graph.node import Node, Number, Variable, apply, number, number_of
from autorecur.graph.program import Values, compile_node
from autorecur.graph.walk import postorder, rebuild, shift, variables
from autorecur.ops.arithmetic import add, divide, multiply, negative, power, ratio, subtract
from autorecur.ops.functions import Constant, tanh
from autorecur.ops.linear import concatenate, matmul, matrix_transpose
from autorecur.ops.reductions import broadcast_to, sum_to

N = ("n", 1)
h, x, y = (Variable(N, name=name, offset=0) for name in "hxy")
W, V = (Variable(("n", "n"), name=name) for name in "WV")
s = Variable((1, 1), name="s")


def transposed(node: Node) -> Node:
    return apply(matrix_transpose, (node,), {})


def negated(node: Node) -> Node:
    return -node


@pytest.mark.parametrize(
    ("built", "tidy"),
    [
        (1 * h, h),
        (h * 1, h),
        (h / 1, h),
        (0 + h, h),
        (h + 0, h),
        (h - 0, h),
        (0 - h, -h),
        (-negated(h), h),
        (h + (-x), h - x),
        ((-h) + x, x - h),
        (h - (-x), h + x),
        (-(h - x), x - h),
        (transposed(transposed(W)), W),
        (transposed(s), s),
        (transposed(W @ h), transposed(h) @ transposed(W)),
        (2 * (3 * h), 6 * h),
        ((2 * h) * (3 * x), 6 * (h * x)),
        (h * 2, 2 * h),
        (h * (-x), -(h * x)),
        ((-h) * (-x), h * x),
        ((2 * W) @ h, 2 * (W @ h)),
        (W @ (-h), -(W @ h)),
        ((2 * h) / 4, number(Fraction(1, 2)) * h),
        ((2 * h) / (2 * x), h / x),
        (apply(power, (h,), {"exponent": 1}), h),
        (apply(ratio, (h, number(1)), {}), h),
        (apply(concatenate, (h,), {"axis": -2}), h),
        (apply(sum_to, (h,), {"shape": N}), h),
        (apply(broadcast_to, (h,), {"shape": N}), h),
        (apply(sum_to, (h * x,), {"shape": (1, 1)}), transposed(h) @ x),
    ],
    ids=str,
)
def test_constructors_simplify(built: Node, tidy: Node) -> None:
    """No 1·x, no double transpose, no double minus; numbers and signs stand in front."""
    assert built == tidy


def test_numbers_are_counted_together() -> None:
    """Sums, differences and products of numbers are numbers; a decimal is remembered as one."""
    assert number(2) + number(3) == number(5)
    assert number(2) - number("0.5") == number("1.5")
    assert (number(2) * number(3)) == number(6)
    assert isinstance(number("0.5"), Number)
    assert number("0.5").decimal
    assert not (number(1) / number(2)).decimal  # type: ignore[attr-defined]
    assert number("1e-3").value == Fraction(1, 1000)


def test_zero_takes_a_product_with_it() -> None:
    """0·h is a zero of h's shape."""
    product = 0 * h
    assert isinstance(product, Number)
    assert product.value == 0
    assert product.shape == N


def test_named_numbers_and_sizes_keep_their_names() -> None:
    """2/√π stays so, and the mean of n components divides by n."""
    root = Constant(1.1283791670955126, "2/sqrt(pi)")
    assert number(root).named == ("2/sqrt(pi)",)
    assert number_of(["n", 1, 3]).sizes == (("n", 1),)
    assert (h / number_of(["n"])).inputs[0].sizes == (("n", -1),)  # type: ignore[attr-defined]


def test_a_single_number_stands_in_every_component() -> None:
    """1 − z has the shape of z; s·h too."""
    assert (1 - h).shape == N
    assert (s * h).shape == N
    assert (s + h).shape == N


def test_operands_that_do_not_fit_are_refused() -> None:
    """The op's shape rule speaks."""
    with pytest.raises(ShapeError, match="cannot be multiplied"):
        h @ h
    with pytest.raises(ShapeError, match="do not fit together"):
        h + Variable(("m", 1), name="k")


def test_equality_is_structural() -> None:
    """Two nodes that were built apart are the same, in sets too; order, names, steps and attributes count."""
    assert W @ h + x == W @ h + x
    assert hash(W @ h + x) == hash(W @ h + x)
    assert len({W @ h, W @ h, V @ h}) == 2
    assert h * x != x * h
    assert h != Variable(N, name="h", offset=-1)
    assert h != Variable(("m", 1), name="h", offset=0)
    assert apply(power, (h,), {"exponent": 2}) != apply(power, (h,), {"exponent": 3})
    assert h != "h"


def test_postorder_gives_inputs_first_and_each_node_once() -> None:
    """A shared node is met once."""
    shared = W @ h
    order = list(postorder(apply(tanh, (shared,), {}) * shared))
    assert len(order) == len({id(node) for node in order}) == 5
    assert order.index(shared) < len(order) - 2


def test_variables_come_in_the_order_of_writing() -> None:
    """As an author reads them, each once."""
    assert [v.name for v in variables(W @ x + V @ h + x)] == ["W", "x", "V", "h"]


def test_shifting_moves_quantities_and_leaves_parameters() -> None:
    """h[t] and x[t-1] at step t+1 are h[t+1] and x[t]; W stays W."""
    earlier = Variable(N, name="x", offset=-1)
    moved = variables(shift(W @ h + earlier, 1))
    assert [(v.name, v.offset) for v in moved] == [("W", None), ("h", 1), ("x", 0)]
    assert shift(h, 0) is h


def test_rebuilding_replaces_parts() -> None:
    """A replaced part is not looked into; what does not change stays the same object."""
    product = W @ h
    root = apply(tanh, (product,), {}) + x
    assert rebuild(root, {product: y}) == apply(tanh, (y,), {}) + x
    assert rebuild(root, {y: x}) is root


def test_sums_and_products_come_apart_in_order() -> None:
    """Signs are carried through brackets."""
    assert [(sign, str(node.name)) for sign, node in summands(h - (x - y))] == [(1, "h"), (-1, "x"), (1, "y")]  # type: ignore[attr-defined]
    assert factors((h * x) * y) == [h, x, y]


def test_a_chain_of_ten_thousand_nodes_never_meets_the_recursion_limit() -> None:
    """Comparing, walking, rebuilding, shifting, differentiating, compiling: all are loops."""

    def chain() -> Node:
        node: Node = h
        for _ in range(10_000):
            node = apply(tanh, (node,), {})
        return node

    root = chain()
    assert root == chain()
    assert len(list(postorder(root))) == 10_001
    assert variables(shift(root, -1))[0].offset == -1
    (sent,) = pull_backs(root, Variable(N, name="g", offset=0), root).values()
    assert sum(1 for _ in postorder(sent[0])) > 20_000
    assert len(summands(_long_sum())) == 10_001
    values = Values({"n": 2}, 1, {}, {("h", 1): np.full((2, 1), 0.1)})
    assert compile_node(root, {"n": 2})(values, {"t": 1}).shape == (2, 1)


def _long_sum() -> Node:
    node: Node = h
    for i in range(10_000):
        node = node + Variable(N, name=f"x{i}", offset=0)
    return node


def test_simplified_nodes_have_the_value_of_what_was_written() -> None:
    """Simplification changes no number."""
    generator = np.random.default_rng(0)
    known = Values({"n": 3}, 1, {"W": generator.standard_normal((3, 3)), "s": np.array([[0.7]])})
    known.quantities = {(name, 1): generator.standard_normal((3, 1)) for name in "hxy"}
    nodes = {"h": h, "x": x, "y": y, "W": W, "s": s}
    raw = {name: known.quantities.get((name, 1), known.parameters.get(name)) for name in nodes}
    for text in (
        "-(2*h) * (x / -4) + s*y",
        "(-h) / (3*x) - -(y*2)/s",
        "W @ (2*h) * (1 - x) / (2*y)",
        "(s*h)*(s*x) - (0*y) + 1*(h - (x - y))",
        "1 / (2 - h) / -(3*x)",
        "(W @ (-(h*2))) / 4 - (-x)*(-y)",
    ):
        own = compile_node(eval(text, {}, dict(nodes)), known.sizes)(known, {"t": 1})
        assert own == pytest.approx(eval(text, {}, dict(raw)), rel=1e-14), text


def test_ops_of_arithmetic_build_nodes() -> None:
    """The operators are the table's ops."""
    assert (h + x).op is add
    assert (h - x).op is subtract
    assert (h * x).op is multiply
    assert (h / x).op is divide
    assert (-h).op is negative
    assert (W @ h).op is matmul
