"""``cell.explain_compilation``: what it says of a plan is what the plan does."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings

import autorecur as ar
from autorecur.compile import runner
from autorecur.compile.explain import Explanation
from autorecur.compile.program import Lowered, Wish
from autorecur.compile.wording import Wording, number_text, size_text
from autorecur.graph.node import number, number_of
from autorecur.graph.step import build
from autorecur.language.cell import Cell
from autorecur.testing.strategies.cells import cells

LSTM = {"n_x": 3, "n_h": 8, "n_y": 2}


@pytest.fixture(scope="module")
def lstm() -> Explanation:
    return ar.cells["lstm"].explain_compilation(LSTM, steps=10, batch=4)


def weights(products: object) -> list[tuple[str, ...]]:
    return [product.weights for product in products]  # type: ignore[attr-defined]


def test_products_of_inputs_are_hoisted_and_gates_stacked(lstm: Explanation) -> None:
    """The LSTM: four products of x before the loop as one, four of h in it as one, the readout behind it."""
    assert lstm.forward is not None
    before, behind = lstm.forward.hoisted
    assert sorted(before.weights) == ["W_f", "W_g", "W_i", "W_o"]
    assert behind.weights == ("W_y",)
    [recurrent] = lstm.forward.per_step
    assert sorted(recurrent.weights) == ["U_f", "U_g", "U_i", "U_o"]
    assert [stage.direction for stage in lstm.forward.stages] == [0, 1, 0]


def test_gradients_of_weights_are_deferred_and_those_of_biases_summed(lstm: Explanation) -> None:
    """Nine weights in three products behind the loops; five biases in the loops."""
    assert lstm.backward is not None
    assert sorted(len(product.weights) for product in lstm.backward.deferred) == [1, 4, 4]
    assert sorted(lstm.backward.summed) == ["b_f", "b_g", "b_i", "b_o", "b_y"]


def test_pre_activations_have_no_memory_and_gates_take_the_place_of_their_products(lstm: Explanation) -> None:
    """The fused loop writes the gates over the sums of products; what leads there stays in registers."""
    assert lstm.forward is not None
    assert set(lstm.forward.in_registers) == {"a_i", "a_f", "a_o", "a_g"}
    gates = next(row for row in lstm.forward.stored if "f" in row.names)
    assert set(gates.names) == set("fgio")
    assert set(gates.over) == {"a_f~", "a_g~", "a_i~", "a_o~"}
    assert "read backwards" in gates.readers
    assert gates.steps == 0


def test_carries_are_kept_for_one_step(lstm: Explanation) -> None:
    """What goes from step t to t−1 needs memory for a step alone."""
    assert lstm.backward is not None
    assert {row.names[0]: row.steps for row in lstm.backward.stored if row.names[0].startswith("carry")} == {
        "carry~(h[t-1])": 1,
        "carry(c[t-1])": 1,
    }


def test_flops_are_those_of_the_equations() -> None:
    """An RNN by hand: h = tanh(W x + U h + b) takes 2·n_h·(n_x + n_h) forward, and twice that backward."""
    plan = ar.cell("h[t] = tanh(W x[t] + U h[t-1] + b)").explain_compilation({"n_x": 3, "n_h": 5}, steps=7, batch=2)
    assert plan.forward is not None
    assert plan.backward is not None
    one = 2 * 5 * (3 + 5)
    assert plan.forward.product_flops({"n_x": 3, "n_h": 5}) == one
    assert plan.backward.product_flops({"n_x": 3, "n_h": 5}) == 2 * one
    [loop] = plan.forward.loops
    assert (loop.operations, loop.functions) == (1, ("tanh",))
    [back] = plan.backward.loops
    assert (back.operations, back.functions) == (1 + 3 + 1, ())  # two parts of dL/dh, dL/dh · (1 − h·h), the bias' sum
    assert plan.flops_per_step == 3 * one + 5 * (1 + 30) + 5 * 5
    assert plan.flops == 14 * plan.flops_per_step
    assert plan.share_of_products == 3 * one / plan.flops_per_step


def test_a_product_of_matrices_and_sums_are_counted_by_their_length() -> None:
    """C Cᵀ, and a mean, take one multiplication and one addition for each number that goes in."""
    plan = ar.cell("C[t] = C[t-1] * 0.5 + v[t] k[t]^T\nh[t] = C[t] q[t]").explain_compilation(
        {size: i + 2 for i, size in enumerate(ar.cell("C[t] = C[t-1] * 0.5 + v[t] k[t]^T\nh[t] = C[t] q[t]").sizes)},
        gradients="none",
    )
    assert plan.forward is not None
    assert plan.sizes is not None
    rows, columns = (plan.sizes[size] for size in plan.forward.loops[0].extent)
    product = plan.forward.loops[-1]
    assert product.flops(plan.sizes) == 2 * rows * columns


def test_bytes_grow_with_steps_and_samples(lstm: Explanation) -> None:
    """Twice the steps and samples take four times what is kept for all steps, in half the bytes in float32."""
    cell = ar.cells["lstm"]
    assert lstm.bytes_per_step == 8 * (7 * 8 + 2 + 5 * 8 + 3 + 2)
    whole = cell.explain_compilation(LSTM, steps=1000, batch=16)
    assert whole.bytes == pytest.approx(lstm.bytes_per_step * 16_000, rel=0.01)
    half = cell.explain_compilation(LSTM, steps=1000, batch=16, dtype="float32")
    assert 2 * half.bytes == whole.bytes
    assert 2 * half.bytes_per_step == whole.bytes_per_step


@pytest.mark.parametrize("name", sorted(ar.cells))
def test_every_equation_and_product_of_a_built_in_cell_is_shown(name: str) -> None:
    """Nothing is left out and nothing shown twice; the text has no name that only the compiler understands."""
    shows_all(ar.cells[name])


@settings(max_examples=25, deadline=None)
@given(cells(also=("rows", "layers", "directions", "shared", "scalars", "reductions", "softmax", "pieces", "matrices")))
def test_every_equation_and_product_of_a_random_cell_is_shown(cell: Cell) -> None:
    """The same for cells that nobody wrote."""
    shows_all(cell)


def shows_all(cell: Cell) -> None:
    sizes = {size: number for number, size in enumerate(cell.sizes, 2)}
    plan = cell.explain_compilation(sizes, steps=3)
    assert plan.compilable
    text = str(plan)
    assert not re.search(r"[@#]|\bto \w+\[|\]~|~\[t\]~", text)
    assert 0 <= plan.share_of_products <= 1
    assert plan.bytes >= 3 * plan.bytes_per_step
    for direction in plan.directions:
        equations = direction.program.equations
        shown = [equation.name for loop in direction.loops for equation in loop.equations]
        assert sorted(shown) == sorted(equations.pointwise)
        written = sum(len(products) for products in equations.sums.values())
        assert sum(product.count for product in direction.products) == written
        stored = [name for row in direction.stored for name in row.names]
        assert len(stored) == len(set(stored))
        assert not set(stored) & set(direction.in_registers)


def test_equations_are_written_as_the_cell_writes_them() -> None:
    """Columns have their weight on the left, rows on the right; blocks of a weight are slices."""
    columns = ar.cell("h[t] = tanh(W [h[t-1], x[t]] + b)").explain_compilation()
    rows = ar.cell("h[t] = tanh(x[t] W + h[t-1] U)").explain_compilation()
    assert columns.forward is not None
    assert rows.forward is not None
    assert [p.text for p in columns.forward.products] == [
        "a~[t] = W[:, n_h:n_h + n_x] x[t]",
        "a~[t] += W[:, 0:n_h] h[t-1]",
    ]
    assert [p.text for p in rows.forward.products] == ["a[t] = x[t] W", "a[t] += h[t-1] U"]
    assert columns.backward is not None
    assert rows.backward is not None
    assert "dL/dx[t] = W[:, n_h:n_h + n_x]^T dL/da[t]" in [p.text for p in columns.backward.products]
    assert "dL/dW = Σ x[t]^T dL/da[t]" in [p.text for p in rows.backward.deferred]


def test_only_what_is_asked_for_is_computed(lstm: Explanation) -> None:
    """Dead code: without a gradient of x no product leads there, without y nobody needs W_y."""
    cell = ar.cells["lstm"]
    parameters = cell.explain_compilation(gradients="parameters")
    assert parameters.backward is not None
    assert lstm.backward is not None
    assert not any("dL/dx" in p.targets for p in parameters.backward.products)
    assert len(parameters.backward.products) == len(lstm.backward.products) - 1
    hidden = cell.explain_compilation(outputs=["h"])
    assert "W_y" not in hidden.gradients
    assert "W_y" not in str(hidden)
    one = cell.explain_compilation(gradients=["U_f", "h[0]", "x"])
    assert one.gradients == ("U_f", "x", "h[0]")
    assert one.backward is not None
    assert weights(one.backward.deferred) == [("U_f",)]
    none = cell.explain_compilation(gradients=None)
    assert none.backward is None
    assert none.gradients == ()


def test_a_state_that_looks_ahead_runs_in_a_loop_of_its_own() -> None:
    """The bidirectional cell: one loop forwards, one backwards, products between them for all steps."""
    plan = ar.cells["rnn_bidirectional"].explain_compilation()
    assert plan.forward is not None
    assert [stage.when for stage in plan.forward.stages] == [
        "before the loop, for all steps at once",
        "at each step, t = 1 … T",
        "between the loops, for all steps at once",
        "at each step, t = T … 1",
        "after the loop, for all steps at once",
    ]


def test_a_cell_that_cannot_be_compiled_says_why() -> None:
    """The reason of the warning that ``run`` gives, and no plan."""
    lines = [f"h_{i}[t] = tanh(h_{i}[t-1] + a_{i} * h_0[t-1])" for i in range(60)]
    plan = ar.cell("\n".join(lines)).explain_compilation()
    assert not plan.compilable
    assert plan.reason is not None
    assert "arrays at once" in plan.reason
    assert str(plan).startswith(f"cell cannot be compiled: {plan.reason}.")
    assert (plan.forward, plan.backward, plan.directions) == (None, None, ())


def test_no_compiler_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan is the same where numba is switched off, and says that it is."""
    with_compiler = str(ar.cells["gru"].explain_compilation())
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    without = str(ar.cells["gru"].explain_compilation())
    assert "numba is missing or switched off" in without
    assert set(with_compiler.splitlines()) <= set(without.splitlines())


@pytest.mark.skipif(not runner.is_available("float64"), reason="numba is missing or switched off: nothing is generated")
def test_the_generated_module_is_the_file_that_a_run_writes() -> None:
    """After a run and its backward pass both modules lie where the explanation says, with the text that it has."""
    cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1]) / 1.25")
    params = {name: ar.tensor(value, requires_grad=True) for name, value in cell.init({"n_x": 2, "n_h": 3}).items()}
    cell.run(np.ones((4, 2)), params, backend="compiled")["h"].sum().backward()
    plan = cell.explain_compilation(gradients="parameters")
    for direction in plan.directions:
        assert direction.module is not None
        assert direction.module.name in str(plan)
        kept = direction.module.read_text(encoding="utf-8")
        title, _, functions = direction.source.partition("\n")
        assert kept.startswith(f"{title} (float64)\n")
        body = functions.strip().partition("\n")[2]  # without the head, which may be given further parameters
        assert body in kept


def test_the_programs_are_those_that_run() -> None:
    """The text of the generated functions is that of the program for these gradients."""
    cell = ar.cells["gru"]
    lowered = Lowered(build(cell))
    names = tuple(name for name in ("h", "y") if name in (*cell.states, *cell.outputs))
    plan = cell.explain_compilation(outputs=names, gradients="parameters")
    assert plan.forward is not None
    assert plan.backward is not None
    wish = Wish(tuple(cell.parameters), (), ())
    assert plan.forward.source == lowered.forward(names, wish).source
    assert plan.backward.source == lowered.backward(names, wish).source


def test_what_cannot_be_asked_is_told_in_words() -> None:
    """Names that are close are proposed; numbers are whole and from 1."""
    cell = ar.cells["lstm"]
    with pytest.raises(ar.ShapeError, match=r"lstm does not compute 'hh'\. Did you mean 'h'\?"):
        cell.explain_compilation(outputs=["hh"])
    with pytest.raises(ValueError, match=r"'W_ff' is no parameter, input or initial state\. Did you mean 'W_f'\?"):
        cell.explain_compilation(gradients=["W_ff"])
    with pytest.raises(ValueError, match="gradients are 'all', 'parameters', 'none' or a list of names, not 'al'"):
        cell.explain_compilation(gradients="al")
    with pytest.raises(ValueError, match="float64 and float32, not for 'float16'"):
        cell.explain_compilation(dtype="float16")
    with pytest.raises(ar.ShapeError, match="the size n_h, n_y is missing"):
        cell.explain_compilation({"n_x": 3})
    with pytest.raises(ar.ShapeError, match="there is no size 'n_z'"):
        cell.explain_compilation({**LSTM, "n_z": 3})
    with pytest.raises(ValueError, match="steps is a whole number from 1, not 0"):
        cell.explain_compilation(LSTM, steps=0)
    with pytest.raises(ValueError, match="only together with sizes"):
        cell.explain_compilation(steps=3)
    with pytest.raises(ValueError, match="this explanation has no sizes"):
        _ = cell.explain_compilation().bytes


def test_it_shows_itself_at_a_prompt_and_in_a_notebook(lstm: Explanation) -> None:
    """``repr`` is the text; a notebook gets it as a block."""
    assert repr(lstm) == str(lstm)
    assert lstm._repr_markdown_() == f"```text\n{lstm}\n```"
    assert "in all, for 10 steps of 4 samples" in str(lstm)


def test_constants_and_sizes_are_written_in_words_of_the_language() -> None:
    """Fractions stay fractions, decimals decimals; sizes are counted."""
    assert number_text(number("0.5")) == "0.5"
    assert number_text(number(1).times(number(3), -1)) == "1/3"
    assert number_text(number(2).times(number_of(["n_h"]), -1)) == "2 / n_h"
    assert size_text(["n_h", "n_x + n_h", 2]) == "2 n_h + n_x + 2"
    words = Wording()
    node = (
        build(ar.cell("h[t] = x[t] / (x[t]^2 * (1/3)) - (-0.5) * mean(x[t]) + h[t-1]^T h[t-1]")).assignments["h"].node
    )
    assert words.expression(node) == "x[t] / ((1/3) * x[t]^2) + 0.5 * mean(x[t]) + h[t-1]^T h[t-1]"
