"""Numbers from displayed objects: every carrier, over steps and batches, in floats, complex numbers and many digits."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from sympy import Integer
from sympy.matrices.expressions import HadamardPower, HadamardProduct, Identity, MatAdd, MatMul, Transpose

from autorecur.errors import AutorecurError
from autorecur.graph.program import Values
from autorecur.ops import TABLE
from autorecur.ops.reductions import COMPONENTS
from autorecur.symbolic import carriers as c
from autorecur.symbolic.numbers import Evaluator, MissingValueError, complex_kernel, number, precise_kernel, whole

SIZES = {"n": 3, "m": 2}
GENERATOR = np.random.default_rng(0)
W = GENERATOR.standard_normal((3, 2))
SQUARE = GENERATOR.standard_normal((3, 3))
H = {t: GENERATOR.standard_normal((4, 3, 1)) for t in range(4)}
X = GENERATOR.standard_normal((4, 2, 1))
S = np.array([[0.7]])

w, square, scalar = c.symbol("W", ("n", "m")), c.symbol("A", ("n", "n")), c.symbol("s", (1, 1))
h, old, x = (c.quantity(*parts) for parts in (("h", c.t, ("n", 1)), ("h", c.t - 1, ("n", 1)), ("x", c.t, ("m", 1))))
n, one = c.size("n"), Integer(1)


def value(expression: Any, t: int = 2, **index: int) -> np.ndarray:
    """An expression at step t of a run of three steps, with a batch of four."""
    known = Values(SIZES, 3, {"W": W, "A": SQUARE, "s": S}, {("h", i): array for i, array in H.items()})
    known.quantities["x", 2] = X
    return Evaluator(SIZES).compile(expression)(known, {"t": t, "T": 3, **index})


@pytest.mark.parametrize(
    ("expression", "true"),
    [
        (h, H[2]),
        (old, H[1]),
        (MatMul(w, x), W @ X),
        (MatMul(2, w, x), 2 * W @ X),
        (MatMul(1 / n, h), H[2] / 3),
        (MatMul(c.t, h), 2 * H[2]),
        (MatAdd(h, MatMul(-1, old)), H[2] - H[1]),
        (HadamardProduct(h, old), H[2] * H[1]),
        (HadamardPower(h, 2), H[2] ** 2),
        (Transpose(h), np.swapaxes(H[2], 1, 2)),
        (c.ones(("n", 1)), np.ones((3, 1))),
        (c.total([], ("n", 1)), np.zeros((3, 1))),
        (Identity(n), np.eye(3)),
        (c.Apply("tanh", n, one, h), np.tanh(H[2])),
        (c.Apply("sum", one, one, h), H[2].sum(axis=(1, 2), keepdims=True)),
        (c.Apply("maximum", n, one, h, old), np.maximum(H[2], H[1])),
        (c.Scaled(scalar, h), 0.7 * H[2]),
        (c.Broadcast(scalar, n, one), np.full((3, 1), 0.7)),
        (c.Quotient(h, old), H[2] / H[1]),
        (c.Quotient(h, MatAdd(old, MatMul(-1, old)), 1), np.zeros((4, 3, 1))),
        (c.Concatenation(-2, h, x), np.concatenate([H[2], X], axis=1)),
        (c.Concatenation(-1, w, square), np.concatenate([W, SQUARE], axis=1)),
        (c.Block(c.Concatenation(-2, h, x), -2, n, c.size("m")), X),
        (c.Block(square, -1, one, c.size("m")), SQUARE[:, 1:3]),
        (c.Power(h, 3), H[2] ** 3),
        (c.TimeSum(h, c.t, one, c.T), H[1] + H[2] + H[3]),
        (c.TimeSum(h, c.t, c.T, one), np.zeros((3, 1))),
        (c.Diagonal(h), H[2] * np.eye(3)),
    ],
    ids=str,
)
def test_values_of_carriers(expression: Any, true: np.ndarray) -> None:
    """Each carrier beside the same in NumPy."""
    own = value(expression)
    assert np.broadcast_to(own, np.broadcast_shapes(own.shape, true.shape)) == pytest.approx(
        np.broadcast_to(true, np.broadcast_shapes(own.shape, true.shape)), rel=1e-14
    )


def test_ordered_products_fall_or_rise() -> None:
    """The later step stands on the left, in rows on the right; the empty product is the identity."""
    factor = MatMul(square, c.Diagonal(c.quantity("h", c.k, ("n", 1))))
    steps = {i: SQUARE @ (H[i] * np.eye(3)) for i in H}
    assert value(c.OrderedProduct(factor, c.k, 1, c.T)) == pytest.approx(steps[3] @ steps[2] @ steps[1])
    assert value(c.OrderedProduct(factor, c.k, 1, c.T, 1)) == pytest.approx(steps[1] @ steps[2] @ steps[3])
    assert value(c.OrderedProduct(factor, c.k, c.T + 1, c.T)) == pytest.approx(np.eye(3))


def test_spreads_are_kronecker_products() -> None:
    """I ⊗ vᵀ and v ⊗ I."""
    v = Transpose(h)
    for i in range(4):
        assert value(c.Spread(v, 2))[i] == pytest.approx(np.kron(np.eye(2), H[2][i].T))
        assert value(c.Spread(h, 2, 1))[i] == pytest.approx(np.kron(H[2][i], np.eye(2)))


def test_an_immediate_jacobian_on_a_weights_components() -> None:
    """dW ↦ dW x, with W row by row, is I ⊗ xᵀ."""
    change = GENERATOR.standard_normal((3, 2))
    spread = value(c.Spread(Transpose(x), n))
    assert spread @ change.reshape(-1, 1) == pytest.approx(change @ X)


def test_what_does_not_exist_is_an_error() -> None:
    """A quantity outside its steps, an unknown name, an index without a value, a derivative that nobody knows."""
    with pytest.raises(MissingValueError, match=r"h\[t \+ 4\] has no value where t = 2, T = 3"):
        value(c.quantity("h", c.t + 4, ("n", 1)))
    with pytest.raises(MissingValueError, match="Q has no value"):
        value(c.symbol("Q", ("n", 1)))
    with pytest.raises(MissingValueError, match=r"h\[k\] has no value"):
        value(c.quantity("h", c.k, ("n", 1)))
    with pytest.raises(MissingValueError, match="no value is known for Derivative"):
        value(c.Derivative(h, old, 0, 0))


def test_unknown_objects_are_refused() -> None:
    """Nothing is guessed."""
    with pytest.raises(AutorecurError, match="an expression of type Inverse cannot be evaluated"):
        value(square.I)


def test_indices_and_factors() -> None:
    """t−1, T+k, 1/n, as numbers."""
    assert whole(c.t - 1)({"t": 5}) == 4
    assert whole(Integer(3))({}) == 3
    assert whole(c.T - c.k + 1)({"T": 5, "k": 2}) == 4
    assert number(2 / (n * c.t), {"t": 4}, SIZES) == pytest.approx(1 / 6)


def test_complex_and_precise_values_do_not_trust_the_kernels() -> None:
    """A wrong kernel is not used where a formula or a definition is."""
    tanh, softmax = TABLE["tanh"], TABLE["softmax"]
    z = np.array([[0.3 + 0.4j], [1.0]])
    assert complex_kernel(tanh)(z) == pytest.approx(np.tanh(z))
    assert complex_kernel(softmax)(z, axis=COMPONENTS) == pytest.approx(np.exp(z) / np.exp(z).sum())
    assert complex_kernel(tanh) is not tanh.kernel
    with mpmath.workdps(40):
        exact = precise_kernel(softmax)(np.array([[mpmath.mpf(1)], [mpmath.mpf(2)]], dtype=object), axis=COMPONENTS)
        assert mpmath.almosteq(exact[0, 0], 1 / (1 + mpmath.e), rel_eps=mpmath.mpf(10) ** -38)


@pytest.mark.parametrize("name", ["max", "norm", "logsumexp", "mean", "sum", "maximum", "matmul", "divide", "power"])
def test_many_digits_run_through_every_kind_of_op(name: str) -> None:
    """Arrays of mpmath numbers in, mpmath numbers out."""
    op = TABLE[name]
    array = np.array([[mpmath.mpf(1) / 3], [mpmath.mpf(2)]], dtype=object)
    attributes: dict[str, Any] = {"axis": COMPONENTS} if op.kind == "reduction" else {}
    given = (array.T, array) if name == "matmul" else (array,) * op.arity
    if name == "power":
        attributes = {"exponent": 3}
    with mpmath.workdps(50):
        found = precise_kernel(op)(*given, **attributes)
        plain = op.kernel(*(a.astype(float) for a in given), **attributes)
    assert all(isinstance(entry, mpmath.mpf) for entry in np.ravel(found))
    assert np.asarray(found, dtype=float) == pytest.approx(plain)
