"""The remedies do what the page says of them, on the numbers that it plots."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from autorecur.vanishing import remedies


def test_the_norm_is_a_power_of_the_gain_until_activations_saturate() -> None:
    found = remedies.by_gain()
    np.testing.assert_allclose(found[0.5], 0.5 ** np.arange(remedies.STEPS + 1), rtol=0.02)
    assert found[1.5][-1] > 100


def test_clipping_changes_only_what_is_too_long() -> None:
    raw, cut = remedies.clipped(4.0)
    assert cut == tuple(min(norm, 4.0) for norm in raw)
    assert max(raw) > 4.0 > min(raw)


def test_a_smaller_slope_and_smaller_weights_lose_more() -> None:
    functions, starts = remedies.by_function(), remedies.by_initialisation()
    assert functions["sigmoid"][-1] < 1e-6 < functions["tanh"][-1]
    assert starts["small"][-1] < 1e-2 * min(starts["glorot"][-1], starts["he"][-1], starts["orthogonal"][-1])


def test_a_larger_forget_bias_keeps_more() -> None:
    last = [norms[-1] for norms in remedies.by_forget_bias().values()]
    assert last == sorted(last)


@pytest.mark.parametrize("name", ["rnn", "lstm"])
def test_what_truncation_loses_is_what_the_engine_loses(name: str) -> None:
    """With the loss at step 20 and a cut behind 15, the engine's truncated gradient lacks the same part."""
    cell, steps, kept = ar.cells[name], 20, 5
    values = remedies.drawn(cell, steps, remedies.HIDDEN, 1.0, 0, 1)
    shaped = {n: a.reshape([k for k in a.shape if k != 1]) for n, a in values.parameters.items()}
    x = np.stack([values.quantities["x", t][0, :, 0] for t in range(1, steps + 1)])
    size = remedies.HIDDEN * len(cell.states)
    direction = np.random.default_rng(1).standard_normal(size).reshape(len(cell.states), -1)

    def gradients(truncate: int | None) -> np.ndarray:
        params = {n: ar.tensor(a, requires_grad=True) for n, a in shaped.items()}
        out = cell.run(x, params, truncate=truncate, backend="eager", outputs=cell.states)
        # The cotangents are of the states as a whole: what c adds through h of the same step is not counted twice.
        total = sum((out[s][steps - 1] * k).sum() for s, k in zip(cell.states, direction, strict=True))
        total.backward()
        read = [n for n in params if params[n].ndim == 2 and not n.startswith("W_y") and params[n].grad is not None]
        return np.concatenate([np.ravel(params[n].grad.data) for n in sorted(read)])

    whole = gradients(None)
    lost = np.linalg.norm(whole - gradients(15)) / np.linalg.norm(whole)
    depths, parts = remedies.by_truncation()[name]
    assert parts[depths.index(kept)] == pytest.approx(lost, rel=1e-9)
