"""Shapes that inference finds, in the conventions that papers and courses use."""

from __future__ import annotations

import pytest

from autorecur.language import cell, parse_expression
from autorecur.language.measure import measure


def test_columns() -> None:
    """A matrix before a vector: vectors are columns, sizes are named after states and inputs."""
    c = cell("h[t] = tanh(W x[t] + U h[t-1] + b)\ny_hat[t] = V h[t]")
    assert c.convention == "column"
    assert dict(c.parameters) == {"W": ("n_h", "n_x"), "U": ("n_h", "n_h"), "b": ("n_h",), "V": ("n_y", "n_h")}
    assert c.shapes["h"] == ("n_h", 1)
    assert c.sizes == ("n_h", "n_x", "n_y")


def test_rows() -> None:
    """A matrix behind a vector: the whole cell is in rows, vectors keep one size."""
    c = cell("a[t] = tanh(a[t-1] W_a + x[t] W_x + b_a)\ny[t] = a[t] W_y")
    assert c.convention == "row"
    assert dict(c.parameters) == {"W_a": ("n_a", "n_a"), "W_x": ("n_x", "n_a"), "b_a": ("n_a",), "W_y": ("n_a", "n_y")}
    assert c.shapes["b_a"] == (1, "n_a")


def test_transposed_weights() -> None:
    """The transpose is part of the convention, not of the shapes of vectors."""
    c = cell("h[t] = tanh(W_hh^T h[t-1] + W_xh^T x[t])")
    assert (c.convention, dict(c.parameters)) == ("column", {"W_hh": ("n_h", "n_h"), "W_xh": ("n_x", "n_h")})


def test_rows_with_transposed_weights() -> None:
    """``x W^T``, as libraries write it, is in rows."""
    c = cell("h[t] = tanh(x[t] W_ih^T + b_ih + h[t-1] W_hh^T + b_hh)")
    assert (c.convention, c.parameters["W_ih"]) == ("row", ("n_h", "n_x"))


def test_concatenated_weights() -> None:
    """A stack has the sum of the sizes; so has the matrix before it."""
    c = cell("a[t] = tanh(W [a[t-1], x[t]] + b)")
    assert c.parameters["W"] == ("n_a", "n_a + n_x")
    assert cell("a[t] = tanh([a[t-1], x[t]] W + b)").parameters["W"] == ("n_a + n_x", "n_a")


def test_a_named_stack() -> None:
    """A quantity may be a stack, and a matrix may meet the same sum twice."""
    c = cell("s[t] = [h[t-1], x[t]]\nh[t] = tanh(W s[t] + b)\ng[t] = W [h[t-1], x[t]]")
    assert c.shapes["s"] == ("n_h + n_x", 1)
    assert c.parameters["W"] == ("n_h", "n_h + n_x")


def test_sums_are_solved() -> None:
    """Equal stacks with a common part have equal rests."""
    c = cell("h[t] = tanh(W [h[t-1], x[t]])\ng[t] = tanh(W [h[t-1], z[t]])")
    assert c.shapes["z"] == ("n_x", 1)


def test_matrix_state() -> None:
    """An outer product makes its sum a matrix; a gate of products with a lower-case vector is one number."""
    c = cell(
        "k[t] = W_k x[t]\nv[t] = W_v x[t]\nf[t] = sigmoid(w_f^T x[t] + b_f)\n"
        "C[t] = f[t] * C[t-1] + v[t] k[t]^T\ny[t] = C[t] k[t]"
    )
    assert c.shapes["C"] == ("n_v", "n_k")
    assert c.shapes["f"] == (1, 1)
    assert c.parameters["b_f"] == ()
    assert c.parameters["w_f"] == ("n_x",)
    assert c.shapes["y"] == ("n_v", 1)


def test_matrix_state_of_inputs() -> None:
    """Keys, values and queries may be inputs."""
    c = cell("scalar: f\nC[t] = f[t] * C[t-1] + v[t] k[t]^T\ny[t] = C[t] q[t]")
    assert c.shapes["C"] == ("n_v", "n_k")
    assert c.shapes["q"] == ("n_k", 1)


def test_declared_numbers() -> None:
    """A scalar scales what stands beside it, by * or by nothing."""
    c = cell("scalar: alpha\nh[t] = (1 - alpha) * h[t-1] + alpha tanh(W x[t])")
    assert (c.parameters["alpha"], c.scalars) == ((), ("alpha",))


def test_parameters_that_only_multiply_components_are_vectors() -> None:
    """``u * h`` takes its shape from h; capitals make no difference."""
    c = cell("h[t] = relu(W x[t] + u * h[t-1] + P * h[t-1] + b)")
    assert [c.parameters[name] for name in "uPb"] == [("n_h",)] * 3


def test_inner_product_with_a_lower_case_vector() -> None:
    """``v^T h`` is one number."""
    c = cell("h[t] = tanh(W x[t] + U h[t-1])\ns[t] = v^T h[t]")
    assert (c.shapes["s"], c.parameters["v"]) == ((1, 1), ("n_h",))
    assert c.extended({"loss": "square(s[t] - target[t])"}).shapes["target"] == (1, 1)


def test_quadratic_form() -> None:
    """A product of vectors on both sides of a matrix is a number, and so is what is added to it."""
    c = cell("s[t] = x[t]^T A x[t] + b")
    assert (c.shapes["s"], c.parameters["A"], c.parameters["b"]) == ((1, 1), ("n_x", "n_x"), ())


def test_lower_case_matrices() -> None:
    """Lower-case weights that multiply a state are matrices all the same."""
    c = cell("h[t] = tanh(w_hh^T h[t-1] + w_xh^T x[t] + b)")
    assert dict(c.parameters) == {"w_hh": ("n_h", "n_h"), "w_xh": ("n_x", "n_h"), "b": ("n_h",)}
    rows = cell("h[t] = tanh(h[t-1] u + x[t] w + b)")
    assert (rows.convention, rows.parameters["w"]) == ("row", ("n_x", "n_h"))


def test_reductions_give_numbers() -> None:
    """A number broadcasts against a vector."""
    c = cell("h[t] = tanh(W x[t] + U h[t-1]) / (1 + norm(h[t-1]))")
    assert c.shapes["h"] == ("n_h", 1)


def test_numbers_alone() -> None:
    """A cell of numbers only: shapes () when declared."""
    c = cell("scalar: h x w u\nh[t] = tanh(w * x[t] + u * h[t-1])")
    assert dict(c.parameters) == {"w": (), "u": ()}


def test_sizes_are_named_after_the_state_first() -> None:
    """Delayed states, then inputs, then other quantities; accents are left out."""
    c = cell("g[t] = tanh(W x[t])\nh[t] = g[t] * h[t-1]\np_bar[t] = softmax(V h[t])")
    assert c.shapes["g"] == ("n_h", 1)
    assert c.shapes["p_bar"] == ("n_p", 1)


def test_two_sizes_that_would_have_one_name() -> None:
    """The accent stays where it tells two sizes apart."""
    c = cell("y_hat[t] = V x[t]\ny[t] = W x[t]")
    assert [c.shapes[name][0] for name in ("y_hat", "y")] == ["n_y", "n_y_2"] or c.shapes["y"][0] != c.shapes["y_hat"][
        0
    ]


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("h[t] x[t]^T", ("n_h", "n_x")),
        ("W^T h[t]", ("n_x", 1)),
        ("2 h[t]", ("n_h", 1)),
        ("[h[t], x[t], 1]", ("n_h + n_x + 1", 1)),
        ("norm(h[t]) * W", ("n_h", "n_x")),
        ("softmax(h[t])", ("n_h", 1)),
        ("sum(h[t])", (1, 1)),
        ("maximum(h[t], 0)", ("n_h", 1)),
    ],
)
def test_shape_of_expressions(text: str, shape: tuple[object, object]) -> None:
    """A cell measures any expression in its names."""
    c = cell("h[t] = tanh(W x[t] + U h[t-1])")
    assert c.shape_of(parse_expression(text)) == shape
    assert measure(parse_expression(text), c.shapes, c.convention) == shape
