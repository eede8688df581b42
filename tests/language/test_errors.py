"""What a teacher reads when a cell cannot be understood: whole messages, with line, column and caret."""

from __future__ import annotations

import pytest

from autorecur.errors import CellError
from autorecur.language import cell
from autorecur.ops import FUNCTIONS

MESSAGES = {
    "an unknown function": (
        "h[t] = sigmod(W x[t])",
        """\
there is no function 'sigmod'. Did you mean 'sigmoid'?
  line 1 | h[t] = sigmod(W x[t])
                  ^^^^^^""",
    ),
    "a bracket that is never closed": (
        "x_1[t] = W_1 x[t]\nh[t] = tanh(W x_1[t] + U h[t-1]",
        """\
this '(' is never closed.
  line 2 | h[t] = tanh(W x_1[t] + U h[t-1]
                      ^
An equation stands on one line, with all its brackets.""",
    ),
    "a quantity updated in place": (
        "C[t] = C[t-1] * sigmoid(W_f x[t])\nC[t] = C[t] + sigmoid(W_i x[t]) * tanh(W_c x[t])",
        """\
C is assigned twice.
  line 1 | C[t] = C[t-1] * sigmoid(W_f x[t])
           ^^^^ first
  line 2 | C[t] = C[t] + sigmoid(W_i x[t]) * tanh(W_c x[t])
           ^^^^ again
In one line: C[t] = C[t-1] * sigmoid(W_f x[t]) + sigmoid(W_i x[t]) * tanh(W_c x[t])""",
    ),
    "two equations for one name": (
        "h[t] = W x[t]\nh[t] = U x[t]",
        """\
h is assigned twice.
  line 1 | h[t] = W x[t]
           ^^^^ first
  line 2 | h[t] = U x[t]
           ^^^^ again
Give one of the two a name of its own, such as h_2[t].""",
    ),
    "notes without time indices": (
        r"C = C \cdot sigmoid(W_f \cdot [a_{t-1}, x_t] + b_f)",
        """\
C stands left of '=' without a time index.
  line 1 | C = C \\cdot sigmoid(W_f \\cdot [a_{t-1}, x_t] + b_f)
           ^
Write C[t] = C[t-1] * sigmoid(W_f [a[t-1], x[t]] + b_f)""",
    ),
    "notes that update without time indices": (
        "C = C · sigmoid(W_f x_t)\nC = C + (sigmoid(W_i x_t) × tanh(W_c x_t))",
        """\
C is assigned twice, and without a time index.
  line 1 | C = C · sigmoid(W_f x_t)
           ^ first
  line 2 | C = C + (sigmoid(W_i x_t) × tanh(W_c x_t))
           ^ again
In one line: C[t] = C[t-1] * sigmoid(W_f x[t]) + sigmoid(W_i x[t]) * tanh(W_c x[t])""",
    ),
    "an equation for another step": (
        "h[t+1] = tanh(W h[t] + U x[t+1])",
        """\
an equation gives a quantity at step t.
  line 1 | h[t+1] = tanh(W h[t] + U x[t+1])
           ^^^^^^
Count from there: h[t] = tanh(W h[t-1] + U x[t])""",
    ),
    "a state that needs itself": (
        "h[t] = tanh(W x[t] + U h[t])",
        """\
h[t] depends on itself at the same step.
  line 1 | h[t] = tanh(W x[t] + U h[t])
                                  ^^^^
For the value of the step before write h[t-1].""",
    ),
    "a cycle within a step": (
        "a[t] = tanh(W b[t])\nb[t] = tanh(U a[t] + V x[t])",
        """\
a[t] needs b[t], which needs a[t], all at the same step.
  line 1 | a[t] = tanh(W b[t])
                         ^^^^
  line 2 | b[t] = tanh(U a[t] + V x[t])
                         ^^^^
For the value of the step before write b[t-1].""",
    ),
    "both directions": (
        "h[t] = tanh(W x[t] + U h[t-1] + V h[t+1])",
        """\
h needs its own earlier and later steps.
  line 1 | h[t] = tanh(W x[t] + U h[t-1] + V h[t+1])
                                  ^^^^^^
  line 1 | h[t] = tanh(W x[t] + U h[t-1] + V h[t+1])
                                             ^^^^^^
A state runs in one direction: write two states, one for each.""",
    ),
    "a time index that is a number": (
        "h[t] = tanh(W x[t] + U h[5])",
        """\
h[5] may lie outside the steps, which run from 1 to T.
  line 1 | h[t] = tanh(W x[t] + U h[5])
                                  ^^^^
Absolute times are 0, 1 and T; other steps are counted from t.""",
    ),
    "a name used both ways": (
        "h[t] = tanh(W x[t] + U h[t-1] + x)",
        """\
x is used both with a time index and without.
  line 1 | h[t] = tanh(W x[t] + U h[t-1] + x)
                                           ^
  line 1 | h[t] = tanh(W x[t] + U h[t-1] + x)
                         ^^^^
If both are the same quantity, write x[t] for both; if x is a parameter here, give it another name.""",
    ),
    "a reserved name": (
        "target[t] = W x[t]",
        """\
target is the target of the loss: this name cannot be used for something else.
  line 1 | target[t] = W x[t]
           ^^^^^^^^^
Choose another name, such as target_1.""",
    ),
    "an unknown header": (
        "titel: A cell\nh[t] = W x[t]",
        """\
there is no header 'titel'.
  line 1 | titel: A cell
           ^^^^^
Did you mean 'title'?""",
    ),
    "a header that comes too late": (
        "h[t] = W x[t]\nloss: mse",
        """\
the header 'loss' stands behind an equation.
  line 2 | loss: mse
           ^^^^
Headers come before the first equation.""",
    ),
    "a header with an unknown name": (
        "scalar: alhpa\nh[t] = alpha * h[t-1] + W x[t]",
        """\
'alhpa' is no name of this cell.
  line 1 | scalar: alhpa
                   ^^^^^
Did you mean 'alpha'?""",
    ),
    "columns and rows": (
        "h[t] = tanh(W_x x[t] + h[t-1] W_h)",
        """\
this cell mixes columns and rows.
  line 1 | h[t] = tanh(W_x x[t] + h[t-1] W_h)
                       ^^^^^^^^ a matrix before a vector: vectors are columns
  line 1 | h[t] = tanh(W_x x[t] + h[t-1] W_h)
                                  ^^^^^^^^^^ a matrix behind a vector: vectors are rows
Write all products one way; W^T x[t] and x[t] W are the same numbers in the two ways.""",
    ),
    "a product of two vectors": (
        "f[t] = sigmoid(W x[t])\nc[t] = f[t] c[t-1]",
        """\
this matrix product does not fit: the columns of the left factor are not the rows of the right one.
  line 2 | c[t] = f[t] c[t-1]
                  ^^^^ f[t] is n_f × 1
  line 2 | c[t] = f[t] c[t-1]
                       ^^^^^^ c[t-1] is n_c × 1
For the product of components write f[t] * c[t-1].""",
    ),
    "a vector beside a matrix": (
        "k[t] = W_k x[t]\nv[t] = W_v x[t]\nf[t] = sigmoid(W_f x[t])\nC[t] = f[t] * C[t-1] + v[t] k[t]^T",
        """\
'*' works on two operands of the same shape.
  line 4 | C[t] = f[t] * C[t-1] + v[t] k[t]^T
                  ^^^^ f[t] is n_f × 1
  line 4 | C[t] = f[t] * C[t-1] + v[t] k[t]^T
                         ^^^^^^ C[t-1] is n_v × n_k
If f is one number, say so in the headers: scalar: f""",
    ),
    "an inner size that nothing ties": (
        "h[t] = tanh(V (W x[t]) + U h[t-1])",
        """\
nothing ties the columns of V to a vector of the cell.
  line 1 | h[t] = tanh(V (W x[t]) + U h[t-1])
                       ^
If it multiplies another matrix, give the inner product an equation of its own: s[t] = W x[t].""",
    ),
    "a number that is not declared": (
        "h[t] = tanh(alpha W x[t])",
        """\
nothing ties the columns of alpha to a vector of the cell.
  line 1 | h[t] = tanh(alpha W x[t])
                       ^^^^^
If alpha is one number, say so in the headers: scalar: alpha""",
    ),
    "an input that would be a matrix": (
        "h[t] = x[t] h[t-1]",
        """\
x[t] would have to be a matrix.
  line 1 | h[t] = x[t] h[t-1]
                  ^^^^^^^^^^^ x[t] would be n_h × n_h
For the product of components write x[t] * h[t-1]. If a matrix is meant, give it an upper-case name.""",
    ),
    "a stack inside itself": (
        "h[t] = [h[t-1], x[t]]",
        """\
h would have to be longer than itself: it is a part of the stack that it is equal to.
  line 1 | h[t] = [h[t-1], x[t]]
           ^^^^""",
    ),
    "an invisible character": (
        "h[t] = W x[t]\u202e + b",
        """\
an invisible character, U+202E, stands in the text.
  line 1 | h[t] = W x[t]\N{REPLACEMENT CHARACTER} + b
                        ^ U+202E
Delete it.""",
    ),
    "no equation": (
        "# nothing here",
        """\
there is no equation in this text.
An equation looks like h[t] = tanh(W x[t] + U h[t-1] + b).""",
    ),
    "a line that is nothing": (
        "hello world",
        """\
this line is neither an equation nor a header.
  line 1 | hello world
           ^^^^^^^^^^^
An equation is name[t] = expression, on one line; a header is key: value; a comment starts with #.""",
    ),
    "products as papers write them": (
        "h_t = tanh(Wx_t + Uh_{t-1} + b)",
        """\
Wx[t] is one name; a product needs a space: write W x[t].
  line 1 | h_t = tanh(Wx_t + Uh_{t-1} + b)
                      ^^^^ write W x[t]
  line 1 | h_t = tanh(Wx_t + Uh_{t-1} + b)
                             ^^^^^^^^ write U h[t-1]
If Wx is meant as an input of its own, give it another name, such as x_W.""",
    ),
    "a product without a space as the only input": (
        "h[t] = tanh(Wx[t] + U h[t-1])",
        """\
Wx[t] is one name; a product needs a space: write W x[t].
  line 1 | h[t] = tanh(Wx[t] + U h[t-1])
                       ^^^^^ write W x[t]
If Wx is meant as an input of its own, give it another name, such as x_W.""",
    ),
    "a state joined to its matrix": (
        "h[t] = tanh(W Xin[t] + U1h[t-1])",
        """\
U1h[t-1] is one name; a product needs a space: write U1 h[t-1].
  line 1 | h[t] = tanh(W Xin[t] + U1h[t-1])
                                  ^^^^^^^^ write U1 h[t-1]
If U1h is meant as an input of its own, give it another name, such as h_U1.""",
    ),
    "matrices with a subscript": (
        "h_t = tanh(W_xx_t + W_hh_{t-1})",
        """\
W_xx[t] is one name; a product needs a space: write W_x x[t].
  line 1 | h_t = tanh(W_xx_t + W_hh_{t-1})
                      ^^^^^^ write W_x x[t]
  line 1 | h_t = tanh(W_xx_t + W_hh_{t-1})
                               ^^^^^^^^^^ write W_h h[t-1]
If W_xx is meant as an input of its own, give it another name, such as x_W_x.""",
    ),
    "a quantity without its time index": (
        "h[t] = tanh(W x + U h[t-1] + b)",
        """\
nothing ties the columns of W to a vector of the cell.
  line 1 | h[t] = tanh(W x + U h[t-1] + b)
                       ^
x has no time index: write x[t].""",
    ),
    "a quantity without its time index, in rows": (
        "h[t] = tanh(x W + h[t-1] U + b)",
        """\
nothing ties the columns of x to a vector of the cell.
  line 1 | h[t] = tanh(x W + h[t-1] U + b)
                       ^
x has no time index: write x[t].""",
    ),
    "the name of a file": (
        "slow.cell",
        """\
this is the name of a file, not the text of a cell.
  line 1 | slow.cell
           ^^^^^^^^^
Hand over what stands in the file: autorecur.cell(open('slow.cell', encoding='utf-8').read())""",
    ),
    "a function of a library": (
        "h_t = torch.nn.functional.tanh(W x_t + U h_{t-1})",
        """\
functions stand alone here, without 'torch.nn.functional.'.
  line 1 | h_t = torch.nn.functional.tanh(W x_t + U h_{t-1})
                 ^^^^^^^^^^^^^^^^^^^^^^^^
Write tanh(…).""",
    ),
    "a function that is like no other": (
        "h_t = qqq(W x_t + U h_{t-1})",
        """\
there is no function 'qqq'.
  line 1 | h_t = qqq(W x_t + U h_{t-1})
                 ^^^
For a product write qqq * (…) or qqq @ (…). """
        + f"Functions are {', '.join(FUNCTIONS)}.",
    ),
    "a matrix environment": (
        "\\begin{bmatrix}\nh_t = W x_t + U h_{t-1}",
        """\
this line is neither an equation nor a header.
  line 1 | \\begin{bmatrix}
           ^^^^^^^^^^^^^^^
An equation is name[t] = expression, on one line; a header is key: value; a comment starts with #.""",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_whole_messages(case: str) -> None:
    """One sentence of what is wrong, the line with carets, one line of what to do."""
    text, message = MESSAGES[case]
    with pytest.raises(CellError) as caught:
        cell(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("Gu[t] = W x[t] + b\nh[t] = tanh(Gu[t] + U h[t-1])", ("x",)),
        ("h[t] = tanh(W Xin[t] + U h[t-1])", ("Xin",)),
        ("h[t] = tanh(W X[t] + U h[t-1])", ("X",)),
        ("n[t] = tanh(W X_in[t] + U n[t-1])", ("X_in",)),
        ("h[t] = tanh(W X_in[t] + V V_in[t] + U h[t-1])", ("X_in", "V_in")),
        ("h[t] = tanh(W Ia[t] + V Ib[t] + U h[t-1])", ("Ia", "Ib")),
        ("h[t] = tanh(W x[t] + V Dx[t] + U h[t-1])", ("x", "Dx")),
        ("H[t] = tanh(W RH[t] + U H[t-1])", ("RH",)),
    ],
)
def test_names_that_begin_with_a_capital_are_names(text: str, inputs: tuple[str, ...]) -> None:
    """Only what reads as a matrix before a quantity of the cell is refused."""
    assert cell(text).inputs == inputs


PASTED = [
    "$$\nh_t = \\tanh(W x_t + U h_{t-1} + b)\n$$",
    "\\[\nh_t = \\tanh(W x_t + U h_{t-1} + b)\n\\]",
    "\\[ h_t = \\tanh(W x_t + U h_{t-1} + b) \\]",
    "\\begin{equation}\\label{eq:h}\nh_t = \\tanh(W x_t + U h_{t-1} + b)\n\\end{equation}",
    "\\begin{align}\n  h_t &= \\tanh(W x_t + U h_{t-1} + b) \\\\[2pt]\n\\end{align}",
    "\\begin{align*} h_t &= \\tanh(W x_t + U h_{t-1} + b) \\nonumber \\\\ \\end{align*}",
]


@pytest.mark.parametrize("text", PASTED)
def test_what_surrounds_equations_in_latex_is_left_out(text: str) -> None:
    """Equations can be pasted with their environment."""
    assert cell(text) == cell("h[t] = tanh(W x[t] + U h[t-1] + b)")


@pytest.mark.parametrize(
    "sign", ["^\\mathsf{T}", "^\\mathsf T", "^{\\mathsf{T}}", "^{\\mathsf T}", "^\\mathrm{T}", "^\\intercal", "^\\top"]
)
def test_signs_of_the_transpose(sign: str) -> None:
    """Each way in which LaTeX writes it is ^T."""
    assert cell(f"h[t] = tanh(W{sign} x[t] + U h[t-1])") == cell("h[t] = tanh(W^T x[t] + U h[t-1])")


def test_line_and_column_count_from_one() -> None:
    """An error knows its place as numbers."""
    with pytest.raises(CellError) as caught:
        cell("h[t] = W x[t]\r\n\r\n  y[t] = tnah(h[t])")
    assert (caught.value.line, caught.value.column) == (3, 10)


def test_long_lines_are_cut_around_the_place() -> None:
    """The part of a long line that matters is shown, with the caret under it."""
    with pytest.raises(CellError) as caught:
        cell("h[t] = " + "a + " * 150 + "oops(b) " + "+ c " * 10)
    quoted, carets = str(caught.value).split("\n")[1:3]
    assert len(quoted) < 120
    assert quoted[carets.index("^") : carets.rindex("^") + 1] == "oops"


def test_errors_in_a_loss_point_into_the_loss() -> None:
    """The text of a loss is quoted as such, not as a line of the cell."""
    with pytest.raises(CellError) as caught:
        cell("h[t] = tanh(W x[t] + U h[t-1])\ny[t] = V h[t]").extended({"loss": "sum(h[t] * y[t])"})
    assert str(caught.value) == (
        "in the loss: '*' works on two operands of the same shape.\n"
        "  the loss | sum(h[t] * y[t])\n"
        "                 ^^^^ h[t] is n_h × 1\n"
        "  the loss | sum(h[t] * y[t])\n"
        "                        ^^^^ y[t] is n_y × 1\n"
        "For a matrix product, leave the sign out or write @."
    )


def test_a_loss_is_a_number() -> None:
    """A vector is no loss."""
    with pytest.raises(CellError) as caught:
        cell("y[t] = tanh(W x[t])").extended({"loss": "square(y[t] - target[t])"})
    assert str(caught.value) == (
        "the loss of one step is a number.\n"
        "  the loss | square(y[t] - target[t])\n"
        "             ^^^^^^^^^^^^^^^^^^^^^^^^ is n_y × 1\n"
        "Write sum(…) or mean(…) around it."
    )


@pytest.mark.parametrize(
    "header", ["steps: k", "steps: j", "steps: t", "steps: n_x", "target: n_h", "steps: N\ntarget: N"]
)
def test_a_header_takes_no_letter_with_another_meaning(header: str) -> None:
    """Indices and sizes are printed beside the number of steps and the target."""
    with pytest.raises(CellError, match=r"Choose another letter"):
        cell(f"{header}\nh[t] = tanh(W x[t] + U h[t-1])")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("W² x[t]", "W^2 x[t]"), ("α² * x[t]", "alpha^2 * x[t]"), ("x[t]³", "x[t]^3"), ("W_a² x_t", "W_a^2 x[t]")],
)
def test_a_raised_digit_is_a_power(written: str, meant: str) -> None:
    """² and ³ end a name; they are no letters of it."""
    assert str(cell(f"h[t] = {written}")) == str(cell(f"h[t] = {meant}"))


@pytest.mark.parametrize("written", ["x²[t]", "x[t]⁴", "x[t]²³", "x_{a²}[t]"])
def test_other_raised_digits_are_refused(written: str) -> None:
    """Other raised digits, and those before a time index, are no part of a name."""
    with pytest.raises(CellError):
        cell(f"h[t] = {written}")


@pytest.mark.parametrize("number", ["1e-99999999", "1e301", "1E-301", "0.00001e-300" + "0" * 60, "1e999999999999"])
def test_a_number_that_no_float_holds_is_refused(number: str) -> None:
    """At once, whatever its exponent is."""
    with pytest.raises(CellError, match="number"):
        cell(f"h[t] = {number} * h[t-1] + x[t]")


def test_a_number_that_is_zero_only_as_a_float_is_refused() -> None:
    """A zero stays a zero, the smallest number that is allowed a number."""
    with pytest.raises(CellError, match="counts as zero"):
        cell(f"h[t] = 0.{'0' * 40}1e-290 * h[t-1] + x[t]")
    assert cell("h[t] = 1e-300 * h[t-1] + 0.0 * x[t]").states == ("h",)


@pytest.mark.parametrize("zero", ["0", "0.0", "(1 - 1)", "(2 * 0)^2", "(-0)", "(1/2 - 0.5)"])
def test_a_division_by_zero_is_refused_where_it_stands(zero: str) -> None:
    """Numbers alone are computed; what holds a name is not."""
    with pytest.raises(CellError, match="this divides by zero") as caught:
        cell(f"h[t] = tanh(W x[t] + U h[t-1]) / {zero}")
    assert "^" in str(caught.value)
    assert cell(f"h[t] = tanh(W x[t] + U h[t-1]) / (1 + {zero})")
    assert cell("h[t] = tanh(W x[t] + U h[t-1]) / ((((7^99)^99)^99)^99)")
