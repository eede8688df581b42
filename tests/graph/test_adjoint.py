"""The adjoint pass: which steps have an adjoint, through what, and what is put in place or factored."""

from __future__ import annotations

import pytest

from autorecur.cells import cells
from autorecur.derive.derivation import Derivation, derive
from autorecur.graph.adjoint import factored, initial_steps, pull_backs
from autorecur.graph.node import Variable, apply
from autorecur.graph.walk import variables
from autorecur.language.building import cell
from autorecur.ops.functions import tanh
from autorecur.ops.linear import matmul, matrix_transpose

CELLS = {
    "delay": "h[t] = tanh(W h[t-1] + x[t])\ny[t] = V h[t]",
    "two": "h[t] = tanh(W h[t-2] + x[t])\ny[t] = V h[t]",
    "one and two": "h[t] = tanh(W h[t-1] + U h[t-2] + x[t])\ny[t] = V h[t]",
    "backwards": "h[t] = tanh(W h[t+1] + x[t])\ny[t] = V h[t]",
    "both": "f[t] = tanh(W f[t-1] + x[t])\ng[t] = tanh(U g[t+1] + x[t])\ny[t] = V f[t] + R g[t]",
    "layers": "h_1[t] = tanh(W h_1[t-1] + x[t])\nh_2[t] = tanh(U h_2[t-1] + R h_1[t])\ny[t] = V h_2[t]",
    "late": "h[t] = tanh(W h[t-1] + x[t])\ny[t] = V h[t-1]",
    "jordan": "h[t] = tanh(W y[t-1] + x[t])\ny[t] = V h[t]",
    "late input": "h[t] = tanh(W h[t-1] + U x[t-1] + R x[t])\ny[t] = V h[t]",
}
Regions = dict[str, list[str]]


def derived(key: str, at: str) -> Derivation:
    return derive(cell(CELLS[key]), at=at)


def regions(key: str, at: str, name: str) -> Regions:
    """For each range of steps the readers that contribute, with their offsets."""
    found = derived(key, at).adjoints[name].regions()
    return {str(steps): [f"{'>'.join(c.through)}{c.offset:+d}" for c in parts] for steps, parts in found}


@pytest.mark.parametrize(
    ("key", "at", "name", "expected"),
    [
        ("delay", "last", "h", {"1..T-1": ["a+1"], "T": ["y+0"]}),
        ("delay", "all", "h", {"1..T-1": ["y+0", "a+1"], "T": ["y+0"]}),
        ("delay", "last", "y", {"T": ["loss+0"]}),
        ("delay", "all", "y", {"1..T": ["loss+0"]}),
        ("two", "last", "h", {"1..T-2": ["a+2"], "T-1": [], "T": ["y+0"]}),
        ("two", "all", "h", {"1..T-2": ["y+0", "a+2"], "T-1..T": ["y+0"]}),
        ("one and two", "last", "h", {"1..T-2": ["a+1", "a+2"], "T-1": ["a+1"], "T": ["y+0"]}),
        ("one and two", "all", "h", {"1..T-2": ["y+0", "a+1", "a+2"], "T-1": ["y+0", "a+1"], "T": ["y+0"]}),
        ("backwards", "last", "h", {"T": ["y+0"]}),
        ("backwards", "all", "h", {"1": ["y+0"], "2..T": ["y+0", "a-1"]}),
        ("both", "last", "f", {"1..T-1": ["a_f+1"], "T": ["y+0"]}),
        ("both", "last", "g", {"T": ["y+0"]}),
        ("both", "last", "x", {"1..T-1": ["a_f+0"], "T": ["a_f+0", "a_g+0"]}),
        ("both", "all", "g", {"1": ["y+0"], "2..T": ["y+0", "a_g-1"]}),
        ("layers", "last", "h_1", {"1..T-1": ["a_h_2+0", "a_h_1+1"], "T": ["a_h_2+0"]}),
        ("layers", "last", "h_2", {"1..T-1": ["a_h_2+1"], "T": ["y+0"]}),
        ("late", "last", "h", {"1..T-2": ["a+1"], "T-1": ["y+1"]}),
        ("late", "last", "x", {"1..T-1": ["a+0"]}),
        ("jordan", "last", "y", {"1..T-1": ["a+1"], "T": ["loss+0"]}),
        ("jordan", "all", "y", {"1..T-1": ["loss+0", "a+1"], "T": ["loss+0"]}),
        ("jordan", "all", "a", {"1..T": ["h>y+0"]}),
        ("late input", "all", "x", {"1..T-1": ["a+0", "a+1"], "T": ["a+0"]}),
    ],
)
def test_contributions_exist_where_their_reader_does(key: str, at: str, name: str, expected: Regions) -> None:
    """A use at t−k is a contribution from t+k, for those steps only at which that reader exists and has an adjoint."""
    found = regions(key, at, name)
    assert {steps: sorted(parts) for steps, parts in found.items()} == {k: sorted(v) for k, v in expected.items()}


@pytest.mark.parametrize("at", ["last", "all"])
@pytest.mark.parametrize("key", CELLS)
def test_they_verify(key: str, at: str) -> None:
    """Every equation of each of these cells holds."""
    report = derived(key, at).verify()
    assert report, report


def test_an_adjoint_with_one_term_and_one_use_is_put_in_place() -> None:
    """In the LSTM the gates have no equation of their own: their adjoints stand inside those of the pre-activations."""
    adjoints = derive(cells["lstm"]).adjoints
    assert "i" not in adjoints
    assert adjoints["a_i"].contributions[0].through == ("i", "c")
    assert adjoints["a_i"].contributions[0].ops == ("add", "multiply", "sigmoid")


def test_states_preactivations_and_outputs_keep_their_equation() -> None:
    """Even with one term and one use."""
    adjoints = derive(cells["lstm"]).adjoints
    assert {"h", "c", "y", "a_i", "a_f", "a_o", "a_g", "loss"} >= {n for n, a in adjoints.items() if a.timed} - {"x"}
    assert {"h", "c", "y", "a_i"} <= set(adjoints)


def test_the_pull_backs_of_one_equation_to_one_quantity_are_one_term() -> None:
    """h[t-1] is read twice by ``(1 − z) ⊙ n + z ⊙ h[t-1]``'s z: dL/dz is dL/dh ⊙ (h[t-1] − n), not two terms."""
    adjoint = derive(cells["gru"]).adjoints["a_z"]
    assert len(adjoint.contributions) == 1


def test_factoring_takes_the_cotangent_out() -> None:
    """g ⊙ a − g ⊙ b is g ⊙ (a − b); the positive term comes first; a sum without g in one term stays."""
    g, a, b = (Variable(("n", 1), name=name, offset=0) for name in "gab")
    assert factored(g * a - g * b, g) == g * (a - b)
    assert factored(b * g * -1 + a * g, g) == g * (a - b)
    assert factored(g * a + b, g) == g * a + b
    assert factored(g * a, g) == g * a


def test_pull_backs_of_a_single_equation() -> None:
    """tanh(W h) sends (g ⊙ (1 − out²)) hᵀ to W and Wᵀ(…) to h, with the ops on the way."""
    W, h = Variable(("n", "n"), name="W"), Variable(("n", 1), name="h", offset=-1)
    g, out = Variable(("n", 1), name="g", offset=0), Variable(("n", 1), name="k", offset=0)
    found = pull_backs(apply(tanh, (W @ h,), {}), g, out)
    inner = g * (1 - out * out)
    assert found[W] == (apply(matmul, (inner, apply(matrix_transpose, (h,), {})), {}), ("tanh", "matmul"))
    assert found[h][0] == apply(matrix_transpose, (W,), {}) @ inner


def test_initial_steps_of_a_state() -> None:
    """0 for a delay of one; 0 and −1 for two; T+1 for time that runs backwards."""
    offsets = {"h": (-1,), "k": (-2,), "g": (1,), "b": (-1, 2)}
    assert [str(s) for s in initial_steps(offsets, "h")] == ["0"]
    assert [str(s) for s in initial_steps(offsets, "k")] == ["0", "-1"]
    assert [str(s) for s in initial_steps(offsets, "g")] == ["T+1"]
    assert [str(s) for s in initial_steps(offsets, "b")] == ["0", "T+1", "T+2"]
    assert initial_steps(offsets, "x") == []


@pytest.mark.parametrize("name", list(cells))
def test_contributions_read_only_what_exists_at_their_steps(name: str) -> None:
    """An adjoint at step t+k stands in a contribution only where 1 ≤ t+k ≤ T."""
    for at in ("last", "all"):
        d = derive(cells[name], at=at)
        for adjoint in d.adjoints.values():
            for part in adjoint.contributions:
                for t in part.steps.at(7):
                    for v in variables(part.node):
                        if v.name.startswith("dL/d") and v.offset is not None:
                            assert 1 <= t + v.offset <= 7
