"""From nodes to SymPy: the author's order, numbers in front, and objects that can be rebuilt."""

from __future__ import annotations

import pytest
import sympy
from sympy import preorder_traversal
from sympy.matrices.expressions import HadamardProduct, MatAdd, MatMul

from autorecur.cells import cells
from autorecur.derive.derivation import derive
from autorecur.errors import ShapeError
from autorecur.graph.node import Node, Variable, apply, number, number_of
from autorecur.language.building import cell
from autorecur.ops import TABLE
from autorecur.ops.functions import TWO_OVER_ROOT_PI
from autorecur.ops.linear import block, concatenate, matrix_transpose
from autorecur.ops.reductions import total
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import coefficient, express

N = ("n", 1)
h, x = (Variable(N, name=name, offset=0) for name in "hx")
old = Variable(N, name="h", offset=-1)
W = Variable(("n", "n"), name="W")
s = Variable((1, 1), name="s", offset=0)


def written(node: Node) -> str:
    return str(express(node))


def transposed(node: Node) -> Node:
    return apply(matrix_transpose, (node,), {})


@pytest.mark.parametrize(
    ("node", "parts"),
    [
        (x + W @ old, ("x[t]", "W*h[t - 1]")),
        (W @ old + x, ("W*h[t - 1]", "x[t]")),
        (x - h + W @ x, ("x[t]", "-h[t]", "W*x[t]")),
        (x - (h - W @ x), ("x[t]", "-h[t]", "W*x[t]")),
    ],
)
def test_sums_keep_the_authors_order(node: Node, parts: tuple[str, ...]) -> None:
    """Signs are part of their terms, and brackets of sums are opened."""
    expression = express(node)
    assert isinstance(expression, MatAdd)
    assert tuple(map(str, expression.args)) == parts


@pytest.mark.parametrize(
    ("node", "parts"),
    [(x * h, ("x[t]", "h[t]")), (h * x, ("h[t]", "x[t]")), ((h * x) * old, ("h[t]", "x[t]", "h[t - 1]"))],
)
def test_elementwise_products_are_flat_and_in_order(node: Node, parts: tuple[str, ...]) -> None:
    """One ⊙ after the other."""
    expression = express(node)
    assert isinstance(expression, HadamardProduct)
    assert tuple(map(str, expression.args)) == parts


def test_numbers_stand_in_front() -> None:
    """2 (W h), not W (2 h); a fraction stays one, a decimal too."""
    assert express(W @ (2 * h)).args[0] == 2
    assert express(h / 2).args[0] == sympy.Rational(1, 2)
    assert coefficient(number("0.5")).is_Float
    assert coefficient(number(1) / number(2)) == sympy.Rational(1, 2)  # type: ignore[arg-type]
    assert coefficient(number_of(["n"])) == sympy.Symbol("n", integer=True, positive=True)
    assert coefficient(number(TWO_OVER_ROOT_PI)) == 2 / sympy.sqrt(sympy.pi)


def test_a_minus_is_taken_into_a_number() -> None:
    """−(2h) is −2 h, −(−h) is h; nothing is multiplied by 1."""
    assert express(-(2 * h)).args[0] == -2
    assert c.negated(c.negated(express(h))) == express(h)
    assert c.negated(c.negated(express(W @ h))) == express(W @ h)


def test_single_numbers_in_vectors() -> None:
    """1 − h has a vector of ones; s h is a scaled vector, s + h a broadcast one."""
    assert isinstance(express(1 - h).args[0], c.OneMatrix)
    assert isinstance(express(s * h), c.Scaled)
    assert isinstance(express(s + h).args[0], c.Broadcast)


def test_chains_of_products_are_flat() -> None:
    """Wᵀ W h is one product of three."""
    assert len(express(transposed(W) @ (W @ h)).args) == 3


def test_other_shapes_have_carriers() -> None:
    """Stacks, blocks, powers, quotients, functions and reductions."""
    stack = apply(concatenate, (h, x), {"axis": -2})
    assert express(stack).shape == (2 * c.size("n"), 1)
    cut = apply(block, (stack,), {"axis": -2, "start": "n", "size": "n"})
    assert express(cut).shape == (c.size("n"), 1)
    assert written(apply(TABLE["square"], (h,), {})) == "Power(h[t], 2)"
    assert isinstance(express(h / x), c.Quotient)
    assert written(apply(TABLE["tanh"], (h,), {})) == "Apply(tanh, n, 1, h[t])"
    assert express(total(h, axis=(-2, -1))).shape == (1, 1)


def test_steps_are_put_in() -> None:
    """h[t-1] at step T is h[T-1], at step 1 h[0]."""
    assert str(express(old, c.T)) == "h[T - 1]"
    assert str(express(old, sympy.Integer(1))) == "h[0]"


@pytest.mark.parametrize("name", list(cells))
def test_displayed_objects_are_rebuilt_from_their_arguments(name: str) -> None:
    """``func(*args)`` gives the object back, so that substitution works on all of them."""
    for equation in derive(cells[name], at="all").equations:
        for side in (equation.lhs, equation.rhs):
            for node in preorder_traversal(side):
                if node.args and not isinstance(node, sympy.core.symbol.Str):
                    assert node.func(*node.args) == node
            moved = side.xreplace({c.t: c.t + 1}).xreplace({c.t: c.t - 1})
            assert moved == side


def test_operands_that_do_not_fit_are_found() -> None:
    """SymPy lets products of named sizes pass; we do not."""
    m, n = c.symbol("M", ("n", "m")), c.quantity("h", c.t, ("n", 1))
    c.require_fit(MatMul(m.T, n))
    with pytest.raises(ShapeError, match=r"the shapes of M \(n×m\) and h\[t\] \(n×1\) do not fit together"):
        c.require_fit(MatMul(m, n))
    with pytest.raises(ShapeError, match="do not fit"):
        c.require_fit(c.Scaled(n, n))


def test_sizes_as_text_and_back() -> None:
    """n_h + n_x + 2 stays itself."""
    for text in (3, "n_h", "n_h + n_x", "n_h + n_x + 2"):
        assert c.size_text(c.size(text)) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.1 * 0.1", "0.01"), ("2 * 3", "6"), ("0.25 * (-3)", "-0.75"), ("-1 * 0.5", "-0.5"), ("1 * 1", "1")],
)
def test_a_product_of_bare_numbers_is_their_product(text: str, value: str) -> None:
    """In every component of a vector, with its sign; what is printed is checked."""
    d = derive(cell(f"h[t] = tanh(W x[t] + U h[t-1] + b + ({text}))"))
    sign = "-" if value.startswith("-") else "+"
    assert d["h"].latex().endswith(rf"b {sign} {value.lstrip('-')})")
    assert d.verify().passed
