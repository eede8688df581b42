"""Simplifying, printing as SymPy and evaluating change no number, for random expressions."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from autorecur.graph.node import Node, Variable, apply, number
from autorecur.graph.program import Values, compile_node
from autorecur.ops import TABLE
from autorecur.symbolic.express import express
from autorecur.symbolic.numbers import Evaluator

SIZES = {"n": 3}
VECTORS = [Variable(("n", 1), name=name, offset=offset) for name in "hx" for offset in (0, -1)]
MATRICES = [Variable(("n", "n"), name=name) for name in "WV"]
SCALARS = [Variable((1, 1), name="s"), Variable((1, 1), name="u", offset=0)]
Pair = tuple[Node, np.ndarray]


def values(seed: int) -> Values:
    generator = np.random.default_rng(seed)
    known = Values(SIZES, 3)
    known.parameters = {"W": generator.standard_normal((3, 3)), "V": generator.standard_normal((3, 3))}
    known.parameters["s"] = np.array([[0.7]])
    for t in (1, 2):
        known.quantities |= {(name, t): generator.standard_normal((2, 3, 1)) for name in "hx"}
        known.quantities["u", t] = generator.standard_normal((2, 1, 1))
    return known


KNOWN = values(0)


def of(variable: Variable) -> Pair:
    if variable.offset is None:
        return variable, KNOWN.parameters[variable.name]
    return variable, KNOWN.quantities[variable.name, 2 + variable.offset]


def binary(name: str) -> st.SearchStrategy[Pair]:
    """A node built by the constructors beside the number that NumPy makes of the same parts."""
    return st.tuples(PAIRS, PAIRS).filter(lambda p: fits(name, *p)).map(lambda p: joined(name, *p))


def fits(name: str, a: Pair, b: Pair) -> bool:
    if name == "matmul":
        return a[0].shape[1] == b[0].shape[0] and (1, 1) not in (a[0].shape, b[0].shape)
    return a[0].shape == b[0].shape or (1, 1) in (a[0].shape, b[0].shape)


def joined(name: str, *parts: Pair) -> Pair:
    op = TABLE[name]
    return apply(op, tuple(node for node, _ in parts), {}), op.kernel(*(array for _, array in parts))


def unary(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    names = st.sampled_from(["negative", "matrix_transpose", "tanh", "sin", "sigmoid"])
    return st.builds(joined, names, inner)


NUMBERS = st.sampled_from(["1", "0", "2", "-1", "0.5", "-3"]).map(
    lambda text: (number(text), np.array([[float(text)]]))
)
LEAVES = st.sampled_from([*VECTORS, *MATRICES, *SCALARS]).map(of) | NUMBERS
PAIRS: st.SearchStrategy[Pair] = st.deferred(
    lambda: LEAVES | unary(PAIRS) | st.sampled_from(["add", "subtract", "multiply", "matmul"]).flatmap(binary)
)


def close(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.allclose(np.broadcast_to(a, np.broadcast_shapes(a.shape, b.shape)), b, rtol=1e-9, atol=1e-9))


@given(PAIRS)
@settings(max_examples=150, deadline=None)
def test_simplified_nodes_keep_their_value(pair: Pair) -> None:
    """What the constructors make of an expression has the value of the expression."""
    node, true = pair
    assert close(true, compile_node(node, SIZES)(KNOWN, {"t": 2}))


@given(PAIRS)
@settings(max_examples=150, deadline=None)
def test_the_sympy_form_of_a_node_has_its_value(pair: Pair) -> None:
    """What is typeset is what is meant."""
    node, true = pair
    expression = express(node)
    assert close(true, Evaluator(SIZES).compile(expression)(KNOWN, {"t": 2}))
    assert expression.func(*expression.args) == expression
