"""Verification passes where the equations are right, and its report says what was done."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from autorecur.cells import cells
from autorecur.derive.derivation import Derivation, derive
from autorecur.errors import AutorecurError
from autorecur.language.building import cell
from autorecur.verify.report import Check, Report
from autorecur.verify.verify import NEXT_SEED, compare

AT = ("last", "all")
both = pytest.mark.parametrize("at", AT)
every_cell = pytest.mark.parametrize("name", list(cells))


@both
@every_cell
def test_every_built_in_cell_verifies(name: str, at: str) -> None:
    """At two random points, with a check for every equation, and honest tolerances."""
    d = cells[name].derive(at=at)
    for seed in (0, 11):
        report = d.verify(seed)
        assert report, report
        assert {check.equation for check in report.checks} == {e.number for e in d.equations}
        assert all(check.tolerance <= 1e-5 and check.entries > 0 for check in report.checks)


@both
@pytest.mark.parametrize("loss", ["ce", "bce"])
@pytest.mark.parametrize("name", ["lstm", "gru", "rnn_row", "rnn_jordan", "rnn_concatenated"])
def test_cross_entropies_verify(name: str, loss: str, at: str) -> None:
    """On logits, on a sigmoid, on an output that is fed back."""
    report = cells[name].derive(loss=loss, at=at).verify()
    assert report, report


@pytest.mark.long
@both
@pytest.mark.parametrize("loss", ["squared", "half_squared", "ce", "bce", None, "mean(exp({y}[t]))"])
@every_cell
def test_every_loss_verifies_at_many_points(name: str, loss: str | None, at: str) -> None:
    """Five seeds each."""
    found = cells[name]
    d = found.derive(loss=loss and loss.format(y=found.outputs[-1]), at=at)
    for seed in range(5):
        assert d.verify(seed), d.verify(seed)


def test_the_lstm_is_right_to_ten_digits() -> None:
    """Relative to the complex step, in double precision, for several seeds."""
    d = cells["lstm"].derive(at="all")
    for seed in range(5):
        errors = [check.max_error for check in d.verify(seed).checks if check.reference == "complex step"]
        assert max(errors) <= 1e-10


@pytest.mark.parametrize(
    "text",
    [
        "h[t] = tanh(W h[t-3] + U x[t-1])\ny[t] = V h[t]",
        "h[t] = tanh(W h[t-1] + R h[t-2] + U x[t])\ny[t] = V h[t-1]",
        "h[t] = tanh(W h[t+2] + U x[t])\ny[t] = V h[t]",
        "scalar: alpha\nh[t] = alpha * h[t-1] + (1 - alpha) * tanh(W h[t-1] + U x[t])\ny[t] = V h[t]",
        "learned: h\nh[t] = tanh(W h[t-1] + U x[t])\ny[t] = softmax(V h[t])",
        "h[t] = tanh(h[t-1] W + x[t] U + b)\ny[t] = h[t] V",
        "C[t] = C[t-1] + v[t] k[t]^T\nv[t] = V x[t]\nk[t] = tanh(K x[t])\ny[t] = C[t] x[t]",
        "h[t] = abs(W h[t-1]) + max(x[t]) * maximum(U x[t], h[t-1])\ny[t] = V h[t]",
        "s[t] = W h[t-1]\nh[t] = x[t] / norm(x[t]) + logsumexp(s[t] * x[t])",
        "h[t] = (W h[t-1])^3 / (2 + (U x[t])^2) - 1 / h[t-1]^2",
        "y[t] = W x[t] + b",
        "h[t] = tanh(U h[t+1] + W x[t] + R c[t+1])\nc[t] = tanh(V c[t+1] + K x[t])\ny[t] = Q h[t]",
    ],
)
def test_unusual_cells_verify(text: str) -> None:
    """Long delays, looking ahead, scalars, learned states, rows, matrices, kinks, quotients, powers, no state at all,
    a state that reaches a loss at the last step from step T+1 alone."""
    for at in AT:
        report = derive(cell(text), at=at).verify(1)
        assert report, report


def test_points_are_drawn_as_the_report_says() -> None:
    """All sizes different and larger than one; T at least 2·delay + 2; the same seed gives the same point."""
    d = derive(cell("h[t] = tanh(W h[t-2] + U x[t])\ny[t] = V h[t]"))
    report, again = d.verify(3), derive(d.cell).verify(3)
    assert len(set(report.sizes.values())) == len(report.sizes) == 3
    assert min(report.sizes.values()) > 1
    assert report.steps >= 6
    assert [check.max_error for check in report.checks] == [check.max_error for check in again.checks]
    assert d.verify(3) is report
    assert d.ground(3).point.values.quantities["h", 0].any()
    assert dict(d.verify(4).sizes) != dict(report.sizes) or d.verify(4).max_error != report.max_error


def test_each_equation_is_held_against_several_references() -> None:
    """Forward equations against the graph, adjoints against two schemes and the adjoint pass, gradients end to end."""
    report = cells["rnn"].derive().verify()
    references = {}
    for check in report.checks:
        references.setdefault(check.label, []).append(check.reference)
    assert references["h"] == references["a"] == references["L"] == ["forward run"]
    assert references["dL/dh"] == ["complex step", "central differences", "adjoint pass"]
    assert references["dL/dW_h"] == ["complex step", "central differences", "adjoint pass", "end to end"]
    assert references["dL/dh[0]"][-1] == "end to end"
    assert references["dh/dh[t-1]"] == ["complex step", "central differences"]


def test_more_steps_add_a_check_at_that_length() -> None:
    """Each gradient along a random direction, and a note that says so."""
    report = cells["rnn"].derive().verify(steps=200)
    assert report.steps == 200
    long = [check.label for check in report.checks if check.reference == "end to end, T = 200"]
    assert long == [e.label for e in cells["rnn"].derive().gradients.values()]
    assert any("T = 200" in note for note in report.notes)
    assert report


def test_digits_add_a_check_by_mpmath() -> None:
    """A seeded sample of components of each gradient, with 50 digits."""
    report = cells["rnn"].derive().verify(digits=50)
    precise = [check for check in report.checks if check.reference == "mpmath, 50 digits"]
    assert {check.label for check in precise} >= {"dL/dW_h", "dL/dh[0]"}
    assert max(check.max_error for check in precise) < 1e-12


# ---------------------------------------------------------------- reports


def wrong(d: Derivation) -> Report:
    return d.replace("dL/dh", "W_h^T dL/da[t]").verify()


def test_a_report_is_true_if_all_passed() -> None:
    """A report is its outcome; failures are the checks that failed."""
    d = cells["rnn"].derive()
    assert d.verify()
    assert d.verify().passed
    assert d.verify().failures == ()
    assert not wrong(d)
    assert {check.label for check in wrong(d).failures} == {"dL/dh"}
    assert all(check.max_error > check.tolerance for check in wrong(d).failures)


def test_a_report_as_data() -> None:
    """The object of ``check --json``."""
    d = cells["rnn"].derive()
    data = json.loads(json.dumps(d.verify(2).as_dict()))
    assert list(data) == ["cell", "passed", "seed", "steps", "equations", "checks"]
    assert (data["cell"], data["passed"], data["seed"], data["equations"]) == ("rnn", True, 2, len(d.equations))
    assert list(data["checks"][0]) == [
        "equation", "label", "quantity", "reference", "max_error", "tolerance", "passed",
    ]  # fmt: skip


def test_a_report_as_a_table() -> None:
    """The worst check of each kind if all passed, else the failures; then one line of summary."""
    d = cells["rnn"].derive()
    lines = str(d.verify()).splitlines()
    assert lines[0].split() == ["equation", "quantity", "reference", "error", "tolerance"]
    assert f"{len(d.verify().checks)} checks of {len(d.equations)} equations passed" in str(d.verify())
    assert "FAILED" not in str(d.verify())
    failed = str(wrong(d))
    assert all("dL/dh[t]" in line for line in failed.splitlines()[1 : 1 + len(wrong(d).failures)])
    assert f"checks failed: {d['dL/dh'].number} dL/dh[t]." in failed
    assert "not run end to end" in failed


def test_a_report_without_checks_is_no_success() -> None:
    """Nothing checked is nothing proved."""
    assert not Report("none", 0, 5, 5, {}, 2, (), 0)


@pytest.mark.parametrize("error", [float("nan"), float("inf"), 1e-3])
def test_what_is_no_number_has_not_passed(error: float) -> None:
    """NaN and infinity are failures."""
    assert not Check("(1)", "h", "h[t]", "forward run", error, 1e-5).passed


def test_comparing_is_relative_to_the_largest_true_number() -> None:
    """NaN is infinitely wrong, wherever it stands; a true zero is compared absolutely."""
    import numpy as np

    true = np.array([[[100.0], [1.0]]])
    assert compare([(true + 1, true)]) == (1.0, 100.0, 2)
    assert compare([(np.array([[np.nan]]), true), (true, true)])[0] == np.inf
    assert compare([(np.zeros((1, 1)), np.zeros((1, 1)))]) == (0.0, 1.0, 1)


# ---------------------------------------------------------------- altered derivations


def test_altered_copies_share_the_ground() -> None:
    """True values come from the cell, not from printed equations: they are computed once, and so are unchanged checks."""
    d = cells["rnn"].derive()
    d.verify()
    altered = d.replace("dL/dh", "W_h^T dL/da[t]")
    assert altered.ground(0) is d.ground(0)
    altered.verify()
    for seed in (0, NEXT_SEED):
        assert len(d.ground(seed).checks) == len(d.equations) + 1, "each equation once, and the altered one"
    assert d.verify()


def test_an_equation_that_reads_itself_proves_nothing() -> None:
    """``dL/dc[0] = dL/dc[0]`` and ``h[t] = h[t]`` hold for any numbers, and are refused."""
    d = cells["lstm_1997"].derive()
    for label in ("dL/dc[0]", "h"):
        altered = d.replace(label, d[label].lhs)
        assert {check.label for check in altered.verify().failures} == {label}


def test_a_cell_that_is_finite_nowhere_is_refused() -> None:
    """No point, no proof."""
    d = derive(cell("h[t] = log(0 - square(W h[t-1] + x[t]) - 1)"))
    with pytest.raises(AutorecurError, match="no random values were found"):
        d.verify()


def test_an_equation_that_fails_at_the_second_point_fails() -> None:
    """Of two points the worse counts, and the numbers compared at both are added up."""
    d = cells["rnn"].derive()
    good = d.verify()
    first, second = (d.ground(seed).checks[d["dL/dh"]][0] for seed in (0, NEXT_SEED))
    (merged,) = (c for c in good.checks if (c.label, c.reference) == (first.label, first.reference))
    assert merged.entries == first.entries + second.entries
    assert merged.max_error == max(first.max_error, second.max_error)
    d = cells["rnn"].derive()
    d.verify()
    d.ground(NEXT_SEED).checks[d["dL/dh"]] = (replace(second, max_error=1.0),)
    d._reports.clear()
    assert {check.label for check in d.verify().failures} == {"dL/dh"}
