"""What each spelling means, and what is refused because people read it in two ways."""

from __future__ import annotations

import pytest

from autorecur.errors import CellError
from autorecur.language.canonical import write
from autorecur.language.parser import MOST_OPERATORS, parse_expression
from autorecur.language.syntax import Binary, Name, Negative, Number, Power, Stack, Transpose


def canonical(text: str) -> str:
    return write(parse_expression(text))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("r[t] * U h[t]", Binary("*", Name("r", 0), Binary("@", Name("U"), Name("h", 0)))),
        ("-W x[t]", Negative(Binary("@", Name("W"), Name("x", 0)))),
        ("-a * b", Binary("*", Negative(Name("a")), Name("b"))),
        ("a - b - c", Binary("-", Binary("-", Name("a"), Name("b")), Name("c"))),
        ("a / b * c", Binary("*", Binary("/", Name("a"), Name("b")), Name("c"))),
        ("W^T x[t]", Binary("@", Transpose(Name("W")), Name("x", 0))),
        ("W.T x[t]^2", Binary("@", Transpose(Name("W")), Power(Name("x", 0), 2))),
        ("2 h[t]", Binary("@", Number("2"), Name("h", 0))),
        ("W [h[t-1], x[t]]", Binary("@", Name("W"), Stack((Name("h", -1), Name("x", 0))))),
        ("A B c", Binary("@", Binary("@", Name("A"), Name("B")), Name("c"))),
        ("a - -b", Binary("-", Name("a"), Negative(Name("b")))),
    ],
)
def test_operators_bind_as_the_contract_says(text: str, tree: object) -> None:
    """From loose to tight: sums, elementwise, minus, products, postfix; all to the left."""
    assert parse_expression(text) == tree


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("x_t", "x[t]"),
        ("h_{t-1}", "h[t-1]"),
        ("h_{ t + 2 }", "h[t+2]"),
        ("x^{<t>}", "x[t]"),
        ("x^{(t-1)}", "x[t-1]"),
        (r"x^{\langle t \rangle}", "x[t]"),
        ("x^t", "x[t]"),
        ("h[ t - 2 ]", "h[t-2]"),
        ("hₜ₋₁", "h[t-1]"),
        ("a(t-1)", "a[t-1]"),
        (r"W_{hh}^\top h_{t-1}", "W_hh^T h[t-1]"),
        (r"W_{hh}^{\top} h_{t-1}", "W_hh^T h[t-1]"),
        (r"\sigma(W_f x_t)", "sigmoid(W_f x[t])"),
        ("σ(a)", "sigmoid(a)"),
        (r"\tanh\left( a \right)", "tanh(a)"),
        (r"\mathrm{sigmoid}(a)", "sigmoid(a)"),
        (r"f_t \odot c_{t-1}", "f[t] * c[t-1]"),
        ("f[t] ⊙ c[t-1] .* d", "f[t] * c[t-1] * d"),
        (r"\tilde h_t", "h_tilde[t]"),
        (r"\hat{y}_t", "y_hat[t]"),
        (r"\bar y", "y_bar"),
        (r"\tilde{h}_{t-1}^\top", "h_tilde[t-1]^T"),
        (r"\Gamma_u", "Gamma_u"),
        (r"\Gamma_{u,t}", "Gamma_u[t]"),
        (r"α \alpha \mathbf{h}_t", "alpha alpha h[t]"),
        (r"W_{\text{in}} x_t", "W_in x[t]"),
        (r"W_f \cdot [a_{t-1}, x_t]", "W_f [a[t-1], x[t]]"),
        (r"C_t \cdot sigmoid(W_f \cdot [a_{t-1}, x_t] + b_f)", "C[t] * sigmoid(W_f [a[t-1], x[t]] + b_f)"),
        (r"(1 - c_t) \cdot a_{t-1}", "(1 - c[t]) * a[t-1]"),
        (r"sigmoid(a) \times tanh(b)", "sigmoid(a) * tanh(b)"),
        ("a_t × W_y", "a[t] W_y"),
        ("x[t]² − 1", "x[t]^2 - 1"),
        ("2h[t]", "2 h[t]"),
        ("W @ x[t]", "W x[t]"),
        ("w @ (a + b)", "w @ (a + b)"),
        ("U (a + b)", "U (a + b)"),
        ("(a b) c", "a b c"),
        ("A (b)", "A b"),
    ],
)
def test_spellings_of_course_texts(text: str, meaning: str) -> None:
    """LaTeX and Unicode spellings are read like the plain ones, and written in one way."""
    assert canonical(text) == meaning


@pytest.mark.parametrize(
    "text", ["a / b c", "a / -b c", "r * U @ h", "r / U @ h", "h_t-1", "x[t] 2", "p \\cdot c[t]", "a b[t] / c d"]
)
def test_two_readings_are_refused(text: str) -> None:
    """Where people read two things, the message asks for brackets."""
    with pytest.raises(CellError, match=r"read in two ways|before what it scales") as caught:
        parse_expression(text)
    assert caught.value.hint.startswith("Write")


def test_brackets_make_two_readings_one() -> None:
    """The same with brackets is accepted."""
    assert canonical("r * (U @ h)") == "r * U h"
    assert canonical("a / (b c)") == "a / (b c)"
    assert canonical("(a / b) c") == "(a / b) c"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tanh(a", "this '(' is never closed.\n  the expression | tanh(a\n                       ^"),
        ("(a]", "this '(' is closed by ']'."),
        ("a)", "this ')' closes no bracket."),
        ("a +", "nothing stands behind this '+'."),
        ("a + * b", "nothing stands before this '*' that it could work on."),
        ("sigmod(a)", "there is no function 'sigmod'. Did you mean 'sigmoid'?"),
        ("Tanh(a)", "there is no function 'Tanh'. Did you mean 'tanh'?"),
        ("tanh a", "tanh is a function: what it is applied to stands in brackets."),
        ("maximum(a)", "maximum takes two arguments, here are 1."),
        ("x[t]^0", "an exponent is a whole number from 1 to 100"),
        ("[a]", "a stack has two parts or more"),
        ("(a, b)", "round brackets group one expression."),
        ("a, b", "a ',' stands only inside brackets."),
        ("", "the expression is empty."),
        ("a\nb", "the expression stands on one line."),
        (r"\frac{a}{b}", r"\frac is not read."),
        (r"\tnah(a)", r"the command \tnah is unknown."),
        ("1e999", "this number is too large."),
        ("x[t+9999]", "a time index is at most 1000 steps away from t."),
        ("h_t[t-1]", "h has two time indices."),
        ("W_{a+b}", "this subscript cannot be read."),
        ("W_{a", "this '{' is never closed."),
        ("a ? b", "'?' has no meaning in an equation."),
    ],
)
def test_refusals(text: str, message: str) -> None:
    """Each says in one sentence what is wrong."""
    with pytest.raises(CellError) as caught:
        parse_expression(text)
    assert str(caught.value).startswith(message)


def test_names_of_derivatives_in_expressions() -> None:
    """An expression for a derivation reads ``dL/dc[t+1]`` as one name."""
    assert parse_expression("dL/dc[t+1] * f[t+1] + dL/dW_i") == Binary(
        "+", Binary("*", Name("dL/dc", 1), Name("f", 1)), Name("dL/dW_i")
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 5000 + "a" + ")" * 5000, "more than 100 brackets inside each other."),
        ("-" * 5000 + "a", "more than 100 minus signs inside each other."),
        ("[a," * 5000, "more than 100 brackets inside each other."),
        ("+".join(["a"] * 5000), f"more than {MOST_OPERATORS} operations in one equation."),
        ("a " * 5000, f"more than {MOST_OPERATORS} operations in one equation."),
        ("a" * 1_000_000, "a name has at most 64 characters."),
        ("(" * 90 + "a" + ")" * 90, ""),
    ],
)
def test_monsters_are_refused_at_once(text: str, message: str) -> None:
    """What no equation needs is refused before it can hurt; what is merely deep is read."""
    if not message:
        assert canonical(text) == "a"
        return
    with pytest.raises(CellError) as caught:
        parse_expression(text)
    assert caught.value.message == message
    assert len(str(caught.value)) < 500


def test_the_largest_trees_print_and_compare() -> None:
    """A sum of the greatest length allowed works everywhere."""
    text = " + ".join(["a"] * MOST_OPERATORS)
    assert canonical(text) == text
    assert parse_expression(text) == parse_expression(text)
