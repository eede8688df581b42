"""What evaluate, replace and derive refuse, in the user's words."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy

from autorecur.cells import cells
from autorecur.derive.derivation import Derivation
from autorecur.errors import CellError, ShapeError
from autorecur.language.building import cell
from autorecur.symbolic.numbers import MissingValueError

zeros = np.zeros
GOOD: dict[str, Any] = {
    "W_h": zeros((3, 3)),
    "W_x": zeros((3, 2)),
    "b_h": zeros(3),
    "W_y": zeros((4, 3)),
    "b_y": zeros(4),
    "x": zeros((5, 2)),
    "target": zeros(4),
}


@cache
def derived() -> Derivation:
    return cells["rnn"].derive()


def message(values: dict[str, Any], d: Derivation | None = None, steps: Any = None) -> str:
    """What evaluate says of these values; None takes one of the good ones away."""
    chosen = {key: value for key, value in {**GOOD, **values}.items() if value is not None} if d is None else values
    with pytest.raises(ShapeError) as caught:
        (d or derived()).evaluate(chosen, steps=steps)
    return str(caught.value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"W_h": None}, "a value for 'W_h' is missing; its shape is (n_h, n_h)."),
        ({"x": None}, "a value for 'x' is missing; its shape is (T, n_x)."),
        ({"target": None}, "a value for 'target' is missing; its shape is (n_y,)."),
        ({"W_h": zeros((3, 4))}, "'W_h' has the shape (3, 4), but (n_h, n_h) is needed."),
        ({"W_h": zeros(3)}, "'W_h' has the shape (3,), but (n_h, n_h) is needed."),
        ({"W_x": zeros((3, 7))}, "'x' has the shape (5, 2): n_x = 2 there, but 'W_x' says n_x = 7."),
        ({"b_h": zeros((3, 1))}, "'b_h' has the shape (3, 1), but (n_h,) is needed (n_h = 3, n_x = 2)."),
        ({"h[0]": zeros(4)}, "'h[0]' has the shape (4,): n_h = 4 there, but 'W_h' says n_h = 3."),
        ({"h[1]": zeros(3)}, "'h[1]' is no initial state; those of h are h[0]."),
        ({"Wh": zeros(3)}, "'Wh' is no parameter, input or initial state. Did you mean 'W_h'?"),
        ({"X": zeros(3)}, "'X' is no parameter, input or initial state. Did you mean 'x'?"),
        ({"y_hat[0]": zeros(4)}, "'y_hat[0]' is no parameter, input or initial state. Did you mean 'h[0]'?"),
        (
            {"x": zeros((5, 2, 2, 2))},
            "'x' has the shape (5, 2, 2, 2), but (T, n_x) is needed (n_h = 3, n_x = 2, n_y = 4, T = 5).",
        ),
        (
            {"target": zeros((5, 4))},
            "'target' has a batch of 5, but 'x' has none; its shape is (T, n_x), or (T, B, n_x) with a batch.",
        ),
        (
            {"x": zeros((5, 2, 2)), "target": zeros((3, 4))},
            "'target' has a batch of 3, but others have a batch of 2.",
        ),
    ],
)
def test_values_that_do_not_fit(values: dict[str, Any], expected: str) -> None:
    """Missing, misshapen, contradictory and unknown values are named, with what is needed."""
    assert message(values) == expected


@pytest.mark.parametrize("steps", [0, -1, 2.5, True])
def test_steps_are_a_whole_number(steps: Any) -> None:
    """T is 1 or more."""
    assert message({}, steps=steps) == f"steps is a whole number from 1, not {steps!r}."


def test_steps_and_inputs_agree() -> None:
    """An input of five steps is no input of four."""
    assert "but (T, n_x) is needed (n_h = 3, n_x = 2, n_y = 4, T = 4)" in message({}, steps=4)


def test_steps_are_asked_for_where_nothing_tells_them() -> None:
    """A cell without inputs, and a loss at the last step."""
    d = cell("h[t] = tanh(W h[t-1])").derive()
    said = message({"W": zeros((2, 2)), "target": zeros(2)}, d)
    assert said == "the number of steps is not known: pass steps=T, or an input of shape (T, n)."


def test_a_learned_state_is_asked_for() -> None:
    """It is a parameter, not a zero, and has no batch."""
    d = cell("learned: h\nh[t] = tanh(W h[t-1])").derive()
    values = {"W": zeros((2, 2)), "target": zeros(2)}
    assert message(values, d, steps=2) == "a value for 'h[0]' is missing; its shape is (n_h,)."
    assert "'h[0]' has the shape (3, 2), but (n_h,) is needed" in message({**values, "h[0]": zeros((3, 2))}, d, steps=2)


def test_sums_of_sizes_are_checked() -> None:
    """W [h, x] with a W that has too few columns."""
    d = cells["rnn_concatenated"].derive()
    values = {"W_a": zeros((3, 4)), "b_a": zeros(3), "W_y": zeros((2, 3)), "b_y": zeros(2), "target": zeros(2)}
    assert "'W_a' has the shape (3, 4)" in message({**values, "x": zeros((5, 2))}, d)


# ---------------------------------------------------------------- replace


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dL/dhh[t]", "this derivation has no 'dL/dhh'. Did you mean 'dL/dh'?"),
        ("foo[t]", "this derivation has no 'foo'."),
        ("", "the right-hand side is empty."),
        ("tanh(", "this '(' is never closed."),
    ],
)
def test_texts_that_cannot_be_read(text: str, expected: str) -> None:
    """Unknown names with the nearest one, and errors of the language."""
    with pytest.raises(CellError) as caught:
        derived().replace("dL/dh", text)
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize("label", ["dL/dhh", "(99)"])
def test_unknown_labels(label: str) -> None:
    """All labels are listed."""
    with pytest.raises(CellError, match=r"Its labels are h, y_hat, a, loss, L,"):
        derived().replace(label, "h[t]")


@pytest.mark.parametrize("rhs", [sympy.Symbol("q"), 3])
def test_what_is_no_matrix_is_refused(rhs: Any) -> None:
    """A scalar symbol is no right-hand side."""
    with pytest.raises(ShapeError, match=r"is no matrix expression; dL/dh\[t\] needs one"):
        derived().replace("dL/dh", rhs)


def test_a_wrong_shape_is_refused() -> None:
    """Of the whole, with both shapes in named sizes, and of operands inside, which SymPy lets pass."""
    d = derived()
    with pytest.raises(ShapeError, match=r"dL/dh\[t\] has the shape n_h×1, but .* has the shape n_h×n_h"):
        d.replace("dL/dh", d["dL/dW_h"].rhs)
    with pytest.raises(ShapeError, match=r"cannot be multiplied"):
        d.replace("dL/dh", "W_x^T dL/dy_hat[t]")
    inside = d["dL/dx"].rhs
    weight = inside.args[0].arg
    wrong = inside.xreplace({inside.args[0]: weight})
    with pytest.raises(ShapeError, match=r"has the shape n_x×1, but|do not fit together"):
        d.replace("dL/dx", wrong)


def test_an_altered_equation_that_reads_what_does_not_exist_cannot_be_run() -> None:
    """dL/dh[T+1] has no value; verification names the equation all the same."""
    d = derived().replace("dL/dh@T", "dL/dh[t+1]")
    with pytest.raises(MissingValueError, match=r"dL/dh\[T \+ 1\] has no value where"):
        d.evaluate(GOOD)
    assert {check.label for check in d.verify().failures} == {"dL/dh@T"}


# ---------------------------------------------------------------- derive


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"loss": "msee"}, "there is no loss 'msee'.\nDid you mean 'mse'?"),
        ({"loss": "mse(q)"}, "the loss 'mse(q)' stands on 'q', which is no quantity of this cell."),
        ({"loss": "mse(W_h)"}, "the loss 'mse(W_h)' stands on 'W_h', which is no quantity of this cell."),
        ({"loss": "h[t]"}, "the loss of one step is a number."),
        ({"loss": ""}, "the loss is empty."),
        ({"loss": "sum(h[t]"}, "this '(' is never closed."),
        ({"at": "first"}, "the loss stands at the 'last' step or at 'all', not at 'first'."),
        ({"steps": 0}, "steps is a whole number from 1 to 10,000, not 0."),
        ({"steps": 10**9}, "steps is a whole number from 1 to 10,000, not 1000000000."),
        ({"language": "xx"}, "there is no language 'xx'"),
        ({"notation": "foo"}, "there is no notation 'foo'"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], expected: str) -> None:
    """Each with what is known instead."""
    with pytest.raises(CellError) as caught:
        cells["rnn"].derive(**options)
    assert str(caught.value).startswith(expected)


def test_a_general_linear_loss_needs_its_names() -> None:
    """``k_y`` is the loss's own; a cell that has it is told so."""
    with pytest.raises(CellError, match=r"a loss of None needs the name k_y, which has a meaning in this cell"):
        cell("h[t] = tanh(W h[t-1] + k_y[t])\ny[t] = V h[t]").derive(loss=None)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (
            "sum(square(q[t] - target[t]))",
            "this loss reads no quantity that the cell computes.\n"
            "  the loss | sum(square(q[t] - target[t]))\n"
            "                        ^^^^ q is new\n"
            "Did you mean y[t]?",
        ),
        (
            "sum(square(hh[t]))",
            "this loss reads no quantity that the cell computes.\n"
            "  the loss | sum(square(hh[t]))\n"
            "                        ^^^^^ hh is new\n"
            "Did you mean h[t]?",
        ),
        (
            "sum(x[t])",
            "this loss reads no quantity that the cell computes.\n"
            "  the loss | sum(x[t])\n"
            "             ^^^^^^^^^\n"
            "The quantities of this cell are h, y.",
        ),
    ],
)
def test_a_loss_reads_a_quantity_of_the_cell(loss: str, message: str) -> None:
    """Else every gradient would be zero, and every check of it would pass."""
    with pytest.raises(CellError) as caught:
        cell("h[t] = tanh(W x[t] + U h[t-1])\ny[t] = V h[t]").derive(loss=loss)
    assert str(caught.value) == message
