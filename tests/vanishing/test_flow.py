"""Measured gradient flow: Jacobians between steps are exact, in any cell that has a state."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from autorecur.language.cell import Cell
from autorecur.vanishing.flow import drawn, flow
from autorecur.vanishing.jacobians import Prepared, StepJacobians, groups_of, spectral

STEPS, HIDDEN = 5, 3


def measured(cell: Cell, seed: int = 0) -> StepJacobians:
    prepared = Prepared.of(cell)
    values = drawn(cell, STEPS, HIDDEN, 1.5, seed, 2)
    prepared.simulated(values)
    return StepJacobians(prepared, values, groups_of(cell)[0])


def differences(cell: Cell, step: int, step_size: float = 1e-5) -> np.ndarray:
    """∂s_T/∂s_k by central differences of the run: the states of step k are moved, later steps computed again."""
    prepared = Prepared.of(cell)
    states = groups_of(cell)[0].states

    def last(state: str, component: int, shift: float) -> np.ndarray:
        from autorecur.graph.program import Part, compile_node, run
        from autorecur.graph.range import EVERY

        values = drawn(cell, STEPS, HIDDEN, 1.5, 0, 2)
        parts = {
            name: [Part(compile_node(prepared.step.assignments[name].node, values.sizes), EVERY)]
            for name in prepared.order
        }

        def moved(name: str, t: int, value: np.ndarray) -> np.ndarray:
            if t != step or name not in states:
                return value
            # The states of step k are taken as given: none of them hears of the change of another.
            value = np.array(np.broadcast_to(fixed[name], value.shape))
            if name == state:
                value.reshape(2, -1)[:, component] += shift
            return value

        reference = drawn(cell, STEPS, HIDDEN, 1.5, 0, 2)
        prepared.simulated(reference)
        fixed = {name: reference.quantities[name, step] for name in states}
        run(prepared.loops, parts, values, moved)
        return np.concatenate([values.quantities[name, STEPS].reshape(2, -1) for name in states], axis=1)

    columns = []
    for state in states:
        for component in range(measured(cell).counts[state]):
            up, down = last(state, component, step_size), last(state, component, -step_size)
            columns.append((up - down) / (2 * step_size))
    return np.stack(columns, axis=-1)


CELLS = ["rnn", "gru", "lstm", "lstm_peephole", "rnn_row", "rnn_stacked", "mlstm", "rnn_jordan"]
DELAYED = ar.cell("h[t] = tanh(W x[t] + U h[t-1] + V h[t-2])", "delayed")


@pytest.mark.parametrize("cell", [*(ar.cells[name] for name in CELLS), DELAYED], ids=lambda cell: cell.name)
def test_the_jacobian_between_two_steps_is_that_of_the_run(cell: Cell) -> None:
    found = measured(cell).of_all()
    for step in (2, STEPS - 1):
        np.testing.assert_allclose(found[STEPS - step], differences(cell, step), atol=1e-8)


@pytest.mark.parametrize(("name", "state"), [("lstm", "c"), ("lstm", "h"), ("rnn_stacked", "h_1"), ("gru", "h")])
def test_the_jacobian_of_one_state_is_total_as_the_engine_says(name: str, state: str) -> None:
    """``out.adjoint`` is the derivative along all paths, those of the same step included."""
    cell = ar.cells[name]
    values = drawn(cell, STEPS, HIDDEN, 1.5, 0, 2)
    shaped = {n: a.reshape([k for k in a.shape if k != 1]) for n, a in values.parameters.items()}
    params = {n: ar.tensor(a, requires_grad=True) for n, a in shaped.items()}
    x = np.stack([values.quantities["x", t][..., 0] for t in range(1, STEPS + 1)])
    found = measured(cell).of_state(state)
    for component in range(HIDDEN):
        out = cell.run(x, params, record=True, backend="eager")
        out[state][STEPS - 1][:, component].sum().backward()
        for distance in range(STEPS):
            adjoint = out.adjoint[state].data[STEPS - 1 - distance]
            np.testing.assert_allclose(found[distance][:, component], adjoint, atol=1e-12)


def test_a_recurrence_without_a_function_has_the_powers_of_its_matrix() -> None:
    cell = ar.cell("h[t] = W x[t] + U h[t-1]", "linear")
    curve = flow(cell, steps=6, hidden=4).curves[0]
    weight = cell.init({"n_x": 4, "n_h": 4}, 0)["U"]
    powers = [np.linalg.norm(np.linalg.matrix_power(weight, n), 2) for n in range(7)]
    np.testing.assert_allclose(curve.mean, powers)
    assert curve.verdict == "vanishes"


def test_a_cell_that_runs_both_ways_has_a_curve_for_each() -> None:
    found = flow("rnn_bidirectional", steps=4, hidden=3)
    assert [(curve.states, curve.backward) for curve in found] == [(("f",), False), (("g",), True)]
    cell = ar.cell("g[t] = W x[t] + U g[t+1]", "backwards")
    weight = cell.init({"n_x": 3, "n_g": 3}, 0)["U"]
    np.testing.assert_allclose(flow(cell, steps=3, hidden=3).curves[0].mean[2], np.linalg.norm(weight @ weight, 2))


def test_a_long_run_is_measured_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = flow("gru", steps=9, hidden=3)["gru"].norms
    told: list[float] = []
    monkeypatch.setattr("autorecur.vanishing.jacobians.MOST_NUMBERS", 100)
    parts = flow("gru", steps=9, hidden=3, tell=lambda _, part: told.append(part))["gru"].norms
    np.testing.assert_allclose(parts, whole)
    assert told[-1] == 1.0
    assert len(told) > 1


def test_the_norm_is_the_largest_singular_value_at_any_scale() -> None:
    matrices = (
        np.random.default_rng(0).standard_normal((5, 4, 3)) * np.array([1e-200, 1e-3, 1.0, 1e90, 1e200])[:, None, None]
    )
    np.testing.assert_allclose(spectral(matrices), np.linalg.norm(matrices, 2, axis=(-2, -1)))
    assert spectral(np.zeros((1, 2, 2))) == 0
    assert not np.isfinite(spectral(np.full((1, 2, 2), np.nan)))


def test_the_same_seed_gives_the_same_numbers_and_labels_differ() -> None:
    first, second = flow(["rnn", "rnn"], steps=4, seed=3), flow("rnn", steps=4, seed=3)
    assert [curve.label for curve in first] == ["rnn", "rnn (2)"]
    np.testing.assert_array_equal(first["rnn (2)"].norms, second["rnn"].norms)
    assert (flow("rnn", steps=4, seed=4)["rnn"].norms != second["rnn"].norms).any()


def test_weights_that_are_large_enough_explode_where_nothing_saturates() -> None:
    assert flow(ar.cell("h[t] = x[t] + U h[t-1]"), scale=4.0, steps=20).curves[0].verdict == "explodes"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cells": []}, "no cell is given"),
        ({"cells": "lsmt"}, "did you mean 'lstm'"),
        ({"cells": ar.cell("y[t] = W x[t]", "apart")}, "apart has no state"),
        ({"cells": "lstm", "state": "d"}, "lstm has no state 'd'; its states are h, c"),
        ({"cells": "rnn", "steps": 0}, "steps is a whole number from 1 to 10,000, not 0"),
        ({"cells": "rnn", "scale": 0}, "scale is a positive number"),
        ({"cells": [3]}, "a cell, its name, its path or a recorded run is wanted, not int"),
    ],
)
def test_what_cannot_be_measured_is_said(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ar.AutorecurError, match=message):
        flow(**arguments)  # type: ignore[arg-type]
