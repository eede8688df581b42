"""Products, sums of products, diagonals and triangles are NumPy's, have derivatives, and say what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autorecur as ar
from autorecur.errors import ShapeError
from tests.arrays.calls import Shapes, assert_differentiable, assert_like_numpy, message

PRODUCTS: list[tuple[str, Shapes]] = [
    *(
        ("m.matmul(a, b)", shapes)
        for shapes in [
            ((2, 3), (3, 2)),
            ((3,), (3,)),
            ((3,), (3, 2)),
            ((2, 3), (3,)),
            ((2, 2, 3), (3,)),
            ((3,), (2, 3, 2)),
            ((2, 2, 3), (3, 2)),
            ((2, 3), (2, 3, 2)),
            ((2, 1, 2, 3), (3, 3, 1)),
            ((2, 1, 3), (3, 1, 2, 3, 1)),
        ]
    ),
    ("m.dot(a, b)", ((), (2, 3))),
    ("m.dot(a, b)", ((3,), (3,))),
    ("m.dot(a, b)", ((2, 3), (3,))),
    ("m.dot(a, b)", ((2, 2, 3), (3, 2))),
    ("m.dot(a, b)", ((3,), (2, 3, 2))),
    ("m.dot(a, b)", ((2, 3), (2, 3, 2))),
    ("m.vdot(a, b)", ((2, 3), (3, 2))),
    ("m.inner(a, b)", ((2,), ())),
    ("m.inner(a, b)", ((3,), (3,))),
    ("m.inner(a, b)", ((2, 3), (2, 2, 3))),
    ("m.outer(a, b)", ((2,), (3,))),
    ("m.outer(a, b)", ((2, 2), (3, 1))),
    ("m.outer(a, b)", ((), (2,))),
    ("m.tensordot(a, b)", ((2, 3, 2), (3, 2, 2))),
    ("m.tensordot(a, b, 0)", ((2,), (1, 2))),
    ("m.tensordot(a, b, axes=1)", ((2, 3), (3, 2))),
    ("m.tensordot(a, b, axes=([0, -1], [1, 0]))", ((2, 3, 2), (2, 2, 2))),
    ("m.tensordot(a, b, axes=(1, 0))", ((2, 3), (3, 2))),
    ("m.kron(a, b)", ((2,), (3,))),
    ("m.kron(a, b)", ((2, 2), (3,))),
]
DIAGONALS: list[tuple[str, Shapes]] = [
    ("m.diagonal(a)", ((3, 3),)),
    ("m.diagonal(a, 1)", ((2, 4),)),
    ("m.diagonal(a, offset=-1)", ((3, 2),)),
    ("m.diagonal(a, 5)", ((3, 2),)),
    ("m.diagonal(a, 0, 2, 0)", ((2, 3, 3),)),
    ("m.diagonal(a, 1, axis1=-1, axis2=1)", ((2, 3, 3),)),
    ("m.trace(a)", ((3, 3),)),
    ("m.trace(a, 1, 0, 2)", ((2, 2, 3),)),
    ("m.diag(a)", ((3,),)),
    ("m.diag(a, 2)", ((2,),)),
    ("m.diag(a, -1)", ((2,),)),
    ("m.diag(a, -1)", ((3, 3),)),
    ("m.triu(a)", ((3, 3),)),
    ("m.triu(a, 1)", ((2, 2, 3),)),
    ("m.tril(a)", ((2, 4),)),
    ("m.tril(a, -1)", ((3, 2),)),
]
SUMS: list[tuple[str, Shapes]] = [
    ("ij,jk->ik", ((2, 3), (3, 2))),
    ("ij,jk", ((2, 3), (3, 2))),
    ("ji,jk->ki", ((3, 2), (3, 2))),
    ("ba", ((2, 3),)),
    ("ij->ji", ((2, 3),)),
    ("ij->", ((2, 3),)),
    ("ij->j", ((2, 3),)),
    ("ii", ((3, 3),)),
    ("ii->i", ((3, 3),)),
    ("iij->j", ((2, 2, 3),)),
    ("iii->i", ((2, 2, 2),)),
    ("iijj->ij", ((2, 2, 3, 3),)),
    ("i,i", ((3,), (3,))),
    ("i,j->ij", ((2,), (3,))),
    ("i,j->", ((2,), (3,))),
    ("ij,kl->il", ((2, 3), (2, 3))),
    ("bij,bjk->bik", ((2, 2, 3), (2, 3, 2))),
    ("bi,bi->b", ((2, 3), (2, 3))),
    ("bhqd,bhkd->bhqk", ((1, 2, 2, 3), (1, 2, 3, 3))),
    ("i,ij,j->", ((2,), (2, 3), (3,))),
    ("ij,jk,kl->il", ((2, 3), (3, 2), (2, 3))),
    ("ij,ij,ij->i", ((2, 3), (2, 3), (2, 3))),
    ("ii,ij->j", ((2, 2), (2, 3))),
    ("...ij,...jk->...ik", ((2, 2, 3), (3, 2))),
    ("...ij,...jk", ((2, 1, 2, 3), (3, 3, 2))),
    ("...i->...", ((2, 3),)),
    ("...ii->...i", ((2, 3, 3),)),
    ("i...,i...", ((2, 3), (2, 1))),
    ("...,...", ((2, 1), (3,))),
    ("...", ((2, 3),)),
    (" i j , j -> i ", ((2, 3), (3,))),
    (",ij->ij", ((), (2, 3))),
]
CALLS = [*PRODUCTS, *DIAGONALS, *((f"m.einsum({text!r}, {', '.join('abc'[: len(s)])})", s) for text, s in SUMS)]
each_call = pytest.mark.parametrize(("text", "shapes"), CALLS, ids=[f"{text} {shapes}" for text, shapes in CALLS])


@each_call
def test_values_are_numpys(text: str, shapes: Shapes) -> None:
    """Shape, dtype and numbers, for floats, integers and booleans, and reversed views."""
    assert_like_numpy(text, shapes)


@each_call
def test_derivatives_are_those_of_differences(text: str, shapes: Shapes) -> None:
    """First and second order."""
    assert_differentiable(text, shapes)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("m.matmul(a, b)", ((2, 0), (0, 3))),
        ("m.matmul(a, b)", ((0, 2), (2, 3))),
        ("m.matmul(a, b)", ((0,), (0,))),
        ("m.matmul(a, b)", ((0, 2, 3), (3, 2))),
        ("m.matmul(a, b)", ((2, 3), (0, 3, 2))),
        ("m.matmul(a, b)", ((2, 2, 0), (0, 2))),
        ("m.dot(a, b)", ((2, 0), (3, 0, 2))),
        ("m.outer(a, b)", ((0,), (2,))),
        ("m.tensordot(a, b)", ((2, 0, 3), (0, 3, 2))),
        ("m.einsum('ij,jk->ik', a, b)", ((2, 0), (0, 2))),
        ("m.einsum('ij->j', a)", ((0, 2),)),
        ("m.einsum('ij,j,i->', a, b, c)", ((0, 2), (2,), (0,))),
        ("m.diagonal(a)", ((0, 3),)),
        ("m.trace(a)", ((0, 0),)),
        ("m.diag(a)", ((0,),)),
        ("m.diag(a, -1)", ((0,),)),
        ("m.triu(a)", ((0, 2),)),
        ("m.kron(a, b)", ((0,), (2,))),
    ],
)
def test_arrays_without_numbers(text: str, shapes: Shapes) -> None:
    """Sizes of 0 are sizes like any other: a sum of nothing is 0."""
    assert_like_numpy(text, shapes)
    assert_differentiable(text, shapes)


@given(st.data())
def test_einsum_of_any_subscripts(data: Any) -> None:
    """Labels repeated, summed alone, shared by all; two or three operands; every order of the result."""
    sizes = {letter: data.draw(st.integers(0, 3)) for letter in "ijkl"}
    terms = data.draw(st.lists(st.text("ijkl", max_size=3), min_size=1, max_size=3))
    letters = sorted(set("".join(terms)))
    result = "".join(data.draw(st.permutations(letters)))[: data.draw(st.integers(0, len(letters)))]
    text = f"{','.join(terms)}->{result}"
    generator = np.random.default_rng(1)
    arrays = [generator.standard_normal([sizes[letter] for letter in term]) for term in terms]
    expected = np.einsum(text, *arrays)
    np.testing.assert_allclose(ar.einsum(text, *arrays).numpy(), expected, rtol=1e-12, atol=1e-12)
    g = generator.standard_normal(expected.shape)
    _, pull = ar.vjp(lambda *operands: ar.einsum(text, *operands), *arrays)
    for i, found in enumerate(pull(g)):
        moved = generator.standard_normal(arrays[i].shape)
        along = np.einsum(text, *(moved if j == i else x for j, x in enumerate(arrays)))
        np.testing.assert_allclose(np.sum(found.numpy() * moved), np.sum(g * along), rtol=1e-10, atol=1e-10)


def test_an_axis_of_size_one_stretches_in_einsum() -> None:
    """As in any operation on two arrays; its cotangent is summed."""
    a, b = np.array([[2.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    assert ar.einsum("ij,ij->i", a, b).tolist() == [6, 14]
    assert ar.grad(lambda x: ar.einsum("ij,ij->", x, b))(a).tolist() == [[10]]


def test_infinities_outside_a_triangle_are_gone() -> None:
    """What is cut off is replaced, not multiplied by zero; its cotangent is 0."""
    x = np.array([[1.0, np.inf], [np.nan, 2.0]])
    assert ar.tril(ar.triu(x)).tolist() == [[1, 0], [0, 2]]
    assert ar.grad(lambda y: (ar.tril(ar.triu(y)) ** 2).sum())(x).tolist() == [[2, 0], [0, 4]]


def test_results_stay_float32() -> None:
    """Gradients, too, also where a diagonal or a sum over one operand alone is pulled back."""
    x = ar.tensor(np.ones((2, 2), np.float32), requires_grad=True)
    (ar.einsum("ii,jk->j", x, x).sum() + ar.trace(x @ x) + ar.diag(ar.diagonal(x)).sum()).backward()
    assert x.grad.dtype == np.float32


MESSAGES: list[tuple[str, str, Shapes]] = [
    (
        "m.matmul(a, b)",
        "matmul: a 2×3 matrix cannot be multiplied with a 2×4 one, 3 columns meet 2 rows",
        ((2, 3), (2, 4)),
    ),
    (
        "m.matmul(a, b)",
        "matmul: a 1×3 (shape (3,)) matrix cannot be multiplied with a 2×4 one, 3 columns meet 2 rows",
        ((3,), (2, 4)),
    ),
    (
        "m.matmul(a, b)",
        "matmul: a 2×3 (shape (5, 2, 3)) matrix cannot be multiplied with a 4×2 one, 3 columns meet 4 rows",
        ((5, 2, 3), (4, 2)),
    ),
    (
        "m.matmul(a, b)",
        "matmul: the axes in front of the matrices do not fit together in the shapes (2, 2, 3) and (3, 3, 2)",
        ((2, 2, 3), (3, 3, 2)),
    ),
    ("m.matmul(a, b)", "matmul: a single number has no matrix product; use * instead of @", ((), (2, 2))),
    (
        "m.dot(a, b)",
        "dot: axis 1 of shape (2, 3) and axis 1 of shape (2, 2, 3) have different sizes, 3 and 2",
        ((2, 3), (2, 2, 3)),
    ),
    (
        "m.inner(a, b)",
        "inner: axis 0 of shape (2,) and axis 0 of shape (3,) have different sizes, 2 and 3",
        ((2,), (3,)),
    ),
    ("m.tensordot(a, b, 3)", "tensordot: 3 axes cannot be summed in the shapes (2, 2) and (2, 2)", ((2, 2), (2, 2))),
    ("m.tensordot(a, b, ((0,), (0, 1)))", "tensordot: the axes (0,) and (0, 1) are not pairs", ((2, 2), (2, 2))),
    ("m.tensordot(a, b, (0, 2))", "tensordot: there is no axis 2 in a tensor with 2 axes", ((2, 2), (2, 2))),
    ("m.einsum('ij,jk', a, b)", "einsum: the axes 'j' have different sizes, 3 and 2", ((2, 3), (2, 4))),
    ("m.einsum('ii', a)", "einsum: the axes 'i' have different sizes, 2 and 3", ((2, 3),)),
    ("m.einsum('ij,jk', a)", "einsum: 'ij,jk' has 2 operands, and 1 were given", ((2, 3),)),
    ("m.einsum('ijk', a)", "einsum: 'ijk' in 'ijk' does not name the axes of an operand of shape (2, 3)", ((2, 3),)),
    ("m.einsum('ij->k', a)", "einsum: the axis 'k' of the result is in no operand", ((2, 3),)),
    ("m.einsum('ij->ii', a)", "einsum: the axis 'i' is in the result twice", ((2, 3),)),
    ("m.einsum('i1', a)", "einsum: '1' in 'i1' names no axis: use letters, ',', '->' and '...'", ((2, 3),)),
    ("m.einsum('..ij', a)", "einsum: '.' in '..ij' names no axis: use letters, ',', '->' and '...'", ((2, 3),)),
    (
        "m.einsum('...i,...i', a, b)",
        "einsum: the axes that '...' stands for do not fit together: (2,) and (3,)",
        ((2, 3), (3, 3)),
    ),
    (
        "m.einsum('...i->i', a)",
        "einsum: the result in '...i->i' has no '...', and the operands have axes there",
        ((2, 3),),
    ),
    ("m.einsum(a, [0])", "einsum: the first argument is a text such as 'ij,jk->ik'", ((2,),)),
    ("m.diagonal(a)", "diagonal: a tensor of shape (3,) has no two axes", ((3,),)),
    ("m.diagonal(a, 0, 1, -1)", "diagonal: axis 1 is given twice", ((3, 3),)),
    ("m.diag(a)", "diag: a vector or a matrix is needed, not a tensor of shape (2, 2, 2)", ((2, 2, 2),)),
    ("m.triu(a)", "triu: a matrix is needed, not a tensor of shape (3,)", ((3,),)),
]


@pytest.mark.parametrize(("text", "expected", "shapes"), MESSAGES, ids=[text for text, _, _ in MESSAGES])
def test_what_is_wrong_is_said_in_one_sentence(text: str, expected: str, shapes: Shapes) -> None:
    """With the numbers in it."""
    assert message(ShapeError, text, *(np.zeros(shape) for shape in shapes)) == expected
