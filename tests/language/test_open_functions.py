"""``function: g_1 g_2``: activations that a cell leaves open, from the header to the checks and the page."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from autorecur.derive.derivation import Derivation
from autorecur.ops import op_named, pull_back
from autorecur.ops.open import CONCRETE, derivative, filled, open_function
from autorecur.symbolic.carriers import Apply
from tests.derive.test_evaluate import given as random_values
from tests.verify.mutants import mutants

TEXT = "function: g_1 g_2\na[t] = g_1(W_aa a[t-1] + W_ax x[t] + b_a)\ny[t] = g_2(W_ya a[t] + b_y)"


@pytest.fixture(scope="module")
def derived() -> Derivation:
    return ar.cell(TEXT).derive()


# ---------------------------------------------------------------- the language


def test_a_declared_function_is_read_and_written() -> None:
    """The text is the same after a round."""
    cell = ar.cell(TEXT)
    assert cell.functions == ("g_1", "g_2")
    assert ar.cell(str(cell)) == cell
    assert cell.equations[1] == "y[t] = g_2(W_ya a[t] + b_y)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("function: g_1\nh[t] = g_2(h[t-1])", "there is no function 'g_2'. Did you mean 'g_1'?"),
        ("function: g_1\nh[t] = tanh(h[t-1])", "no equation calls g_1."),
        ("function: tanh\nh[t] = tanh(h[t-1])", "tanh is a function of its own: it is not left open."),
        ("function: g g\nh[t] = g(h[t-1])", "g stands here twice."),
        ("function: dL\nh[t] = dL(h[t-1])", "'dL' cannot be the name of a function."),
        ("function: h\nh[t] = h(h[t-1])", "h is a function here, and a name of the cell, too."),
        ("function: g\nh[t] = g * h[t-1]", "g is a function: what it is applied to stands in brackets."),
        ("function: g\nh[t] = g(h[t-1], x[t])", "g takes one argument, here are 2."),
        ("target: g\nfunction: g\nh[t] = g(h[t-1])", "'g' has another meaning in this cell."),
    ],
)
def test_errors_point_at_the_name(text: str, message: str) -> None:
    """An undeclared name stays an error; so is one that nobody calls, or that means something else."""
    with pytest.raises(ar.CellError) as caught:
        ar.cell(text)
    assert caught.value.message == message
    assert caught.value.line is not None


# ---------------------------------------------------------------- concrete functions


def test_with_functions_gives_a_concrete_cell() -> None:
    """Some or all; the header goes with the last."""
    cell = ar.cell(TEXT)
    half = cell.with_functions(g_1="tanh")
    assert (half.functions, half.equations[0]) == (("g_2",), "a[t] = tanh(W_aa a[t-1] + W_ax x[t] + b_a)")
    whole = half.with_functions(g_2="sigmoid")
    assert "function" not in whole.headers
    assert whole.functions == ()
    params = whole.init({"n_a": 3, "n_x": 2, "n_y": 2})
    assert whole.run(np.ones((4, 2)), params)["y"].shape == (4, 2)


def test_a_loss_of_the_header_may_call_it() -> None:
    """It becomes concrete with the rest."""
    cell = ar.cell("function: g\nloss: sum(g(h[t]))\nh[t] = g(W x[t])")
    assert cell.derive().verify()
    assert cell.with_functions(g="tanh").loss == "sum(tanh(h[t]))"


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ({"g_3": "tanh"}, "leaves no function 'g_3' open"),
        ({"g_1": "tahn"}, "g_1 cannot be 'tahn'. Did you mean 'tanh'?"),
        ({"g_1": "softmax"}, "g_1 cannot be 'softmax'. It is a function of one argument"),
    ],
)
def test_what_cannot_stand_for_it(functions: dict[str, str], message: str) -> None:
    """An unknown name, a function that mixes components."""
    with pytest.raises(ar.AutorecurError, match=message.replace("?", r"\?")):
        ar.cell(TEXT).with_functions(**functions)


def test_a_run_needs_concrete_functions(derived: Derivation) -> None:
    """The error says what to write."""
    with pytest.raises(ar.AutorecurError, match=r'cell\.with_functions\(g_1="tanh", g_2="sigmoid"\)'):
        ar.cell(TEXT).run([[1.0]])
    values, _ = random_values(derived, 3, 2, 0)
    with pytest.raises(ar.AutorecurError, match="leaves g_1, g_2 open, which have no numbers"):
        derived.evaluate(values, functions={"g_1": "tanh"})


def test_numbers_are_those_of_the_concrete_cell(derived: Derivation) -> None:
    """The printed equations with ``g_1'`` give what those with ``1 - tanh²`` give."""
    values, _ = random_values(derived, 3, 2, 0)
    functions = {"g_1": "tanh", "g_2": "softplus"}
    concrete = derived.cell.with_functions(**functions).derive().evaluate(values)
    found = derived.evaluate(values, functions=functions)
    for key in ("L", "a[2]", "dL/dW_aa", "dL/db_y", "dL/dx[1]", "dL/da[0]"):
        np.testing.assert_allclose(found[key], concrete[key], rtol=1e-12, atol=1e-15)


# ---------------------------------------------------------------- the rule, the checks


@pytest.mark.parametrize("name", CONCRETE)
def test_derivatives_of_any_order_follow_from_the_rule(name: str) -> None:
    """Each order against the complex step of the one before."""
    x = np.linspace(-2, 2, 7)
    op = op_named(name)
    for order in (1, 2, 3):
        h = 1e-4
        wide = [(derivative(op, order - 1, x + s) - derivative(op, order - 1, x - s)) / (2 * s) for s in (h, h / 2)]
        np.testing.assert_allclose(derivative(op, order, x), (4 * wide[1] - wide[0]) / 3, rtol=1e-7, atol=1e-9)


def test_the_rule_of_a_derivative_is_the_next_derivative() -> None:
    """``g′`` is pulled back by ``g″``."""
    x, one = np.linspace(-1, 1, 5), np.ones(5)
    slope = open_function("g_1", 1)
    with filled({"g_1": "tanh"}):
        found = pull_back(slope, 0, one, slope(x), (x,), {})
    np.testing.assert_allclose(found, -2 * np.tanh(x) * (1 - np.tanh(x) ** 2), rtol=1e-12, atol=1e-15)
    assert open_function("g_1", 2).name == "g_1''"


def test_one_report_uses_three_functions_for_each(derived: Derivation) -> None:
    """And says which."""
    report = derived.verify()
    assert report
    assert set(report.functions) == {"g_1", "g_2"}
    for name, functions in report.functions.items():
        assert len(set(functions)) == 3
        assert f"{name} was left open: it was {', '.join(functions)}." in str(report)
    assert report.as_dict()["functions"]["g_1"] == list(report.functions["g_1"])
    assert derived.verify(seed=1).functions != report.functions


@pytest.mark.parametrize("wrong", ["g_1", "g_2'", "g_1''", "tanh"])
def test_another_function_in_place_of_the_derivative_is_found(derived: Derivation, wrong: str) -> None:
    """Even one that is right at a point where the open function happens to be that one."""
    equation = derived["dL/dz_a"]
    slope = next(part for part in equation.rhs.atoms(Apply) if part.op == "g_1'")
    op_named(wrong)
    planted = derived.replace("dL/dz_a", equation.rhs.xreplace({slope: Apply(wrong, *slope.args[1:])}))
    assert {check.equation for check in planted.verify().failures} == {equation.number}


def test_every_mutant_of_the_equations_with_a_slope_is_found(derived: Derivation) -> None:
    """Signs, factors, steps: as in any equation."""
    for label in ("dL/dz_a", "dL/dz_y"):
        equation = derived[label]
        for mutant in mutants(equation):
            assert mutant.blamed(derived) == {equation.number} or mutant.changes_nothing(derived), mutant


@pytest.mark.parametrize("notation", ["row", "bracket-time", "transposed"])
def test_other_notations_verify(notation: str) -> None:
    """A rewritten cell leaves the same functions open."""
    found = ar.cell(TEXT).derive(notation=notation)
    assert found.cell.functions == ("g_1", "g_2")
    assert found.verify()


def test_an_open_function_in_a_text_with_parts() -> None:
    """The header of the whole text serves every part."""
    frame = ar.cell("function: g\nh[t] = g(W x[t] + U h[t-1])\ny = g(V h[T])")
    assert frame.functions == ("g",)
    assert frame.derive().verify()


# ---------------------------------------------------------------- the page


def test_the_page_prints_it_in_every_format(derived: Derivation) -> None:
    """``g_1`` with its subscript, and its prime."""
    assert "g_1'(z_{a, t})" in derived["dL/dz_a"].latex()
    assert "g_1'(z_{a, t})" in derived.to_latex().replace("\\!", "")
    assert "g_1'" in derived.to_markdown()
    html = derived.to_html()
    assert "g_1 and g_2" in derived.to_markdown().replace("$", "")
    assert "is left open; while the equations were checked, it was" in html


def test_no_bound_is_claimed_for_a_slope_that_nobody_knows(derived: Derivation) -> None:
    """The norm of a step is bounded by the open function's own slope."""
    text = derived.to_latex(detail="full")
    step = text[text.index("The bound of one step") :][:600]
    assert "g_1'(z_{a, t})" in step.replace("\\!", "")
