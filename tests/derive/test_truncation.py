"""Truncated backpropagation: the equations that are left, what is lost, and that both are right."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from autorecur.graph.range import FIRST, Bound, Steps, regions
from autorecur.page import document
from autorecur.render.blocks import Diagram, Stroke
from autorecur.render.documents.markdown import markdown_document


@pytest.mark.parametrize(
    ("name", "every", "at"),
    [
        ("rnn", 3, "last"),
        ("rnn", 1, "all"),
        ("lstm", 2, "all"),
        ("gru", 3, "all"),
        ("rnn_row", 2, "all"),
        ("mlstm", 2, "all"),
    ],
)
def test_every_equation_of_a_truncated_gradient_holds(name: str, every: int, at: str) -> None:
    derivation = ar.cells[name].derive(truncate=every, at=at)
    report = derivation.verify()
    assert report.passed, report.summary()
    checked = {check.label for check in report.checks}
    assert {e.label for e in derivation.section("truncation")} <= checked


@pytest.mark.parametrize(("name", "every", "steps"), [("rnn", 2, 7), ("lstm", 3, 8), ("gru", 4, 4), ("rnn", 5, 3)])
def test_the_equations_give_the_gradient_of_the_engine(name: str, every: int, steps: int) -> None:
    """``cell.run(truncate=k)`` cuts where the equations do, for a T that is short, too."""
    cell = ar.cells[name]
    sizes = dict(zip(cell.sizes, (2, 3, 4), strict=False))
    params, generator = cell.init(sizes, seed=1), np.random.default_rng(0)
    x = generator.standard_normal((steps, sizes["n_x"]))
    derivation = cell.derive(loss=None, at="all", truncate=every)
    (output,) = derivation.loss.outputs
    direction = generator.standard_normal((steps, sizes[str(cell.shapes[output][0])]))
    found = derivation.evaluate({**params, "x": x, f"k_{output}": direction}, steps=steps)
    tensors = {n: ar.tensor(a, requires_grad=True) for n, a in params.items()}
    out = cell.run(x, tensors, truncate=every, backend="eager")
    (out[output] * direction).sum().backward()
    for parameter, tensor in tensors.items():
        np.testing.assert_allclose(found[f"dL/d{parameter}"], tensor.grad.data, atol=1e-12)


def test_what_is_lost_is_the_difference_to_the_whole_gradient() -> None:
    derivation = ar.cells["gru"].derive(truncate=2, at="all")
    ground = derivation.ground(0)
    assert any(np.abs(array).max() > 1e-3 for (_, step), array in ground.errors.items() if step is None)
    assert all(np.abs(array).max() < 1e-12 for (_, step), array in ground.errors.items() if step == ground.steps)


@pytest.mark.parametrize(
    ("label", "rhs"),
    [
        ("error of dL/dh@1..T-1 at multiples of 2", "U^T dL/da[t+1]"),
        ("error of dL/da", "dL/dh[t]"),
        ("dL/dh@1..T-1 at multiples of 2", "dL/da[t+1]"),
    ],
)
def test_a_wrong_error_or_a_forgotten_cut_is_found(label: str, rhs: str) -> None:
    cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1])")
    derivation = cell.derive(truncate=2, at="all")
    report = derivation.replace(label, rhs).verify()
    assert {check.label for check in report.failures} == {label}


@pytest.mark.parametrize("every", [1, 2, 3, 5])
def test_a_forgotten_error_from_behind_a_cut_is_found(every: int) -> None:
    derivation = ar.cell("h[t] = tanh(W x[t] + U h[t-1])").derive(truncate=every, at="all")
    (label,) = [e.label for e in derivation.section("truncation") if f"at multiples of {every}" in e.label] or [
        "error of dL/dh"
    ]
    report = derivation.replace(label, "U^T dL/da[t+1]").verify()
    assert {check.label for check in report.failures} == {label}


def test_a_truncated_error_is_within_its_bound() -> None:
    """‖Δh_t‖ ≤ β^(m+1−t) ‖h_(m+1) + Δh_(m+1)‖, with m the next cut."""
    derivation = ar.cells["rnn"].derive(truncate=3, at="all")
    ground = derivation.ground(0)
    beta = np.linalg.norm(ground.point.values.parameters["W_h"], 2)
    lost, adjoints = ground.errors, ground.derivatives["complex step"].loss
    for t in range(1, ground.steps):
        cut = -(-t // 3) * 3
        if cut < ground.steps:
            whole = adjoints["h", cut + 1] + lost["error of dL/dh", cut + 1]
            left = np.linalg.norm(lost["error of dL/dh", t], axis=(-2, -1))
            assert (left <= beta ** (cut + 1 - t) * np.linalg.norm(whole, axis=(-2, -1)) * 1.3 + 1e-12).all()


@pytest.mark.parametrize(
    ("text", "every", "message"),
    [
        ("h[t] = tanh(W x[t] + U h[t-1])", 0, "a whole number of steps from 1 to 100, not 0"),
        ("h[t] = tanh(W x[t] + U h[t-1])", 101, "not 101"),
        ("h[t] = tanh(W x[t] + U h[t-2])", 3, "read 2 steps later"),
        ("g[t] = tanh(W x[t] + U g[t+1])", 3, "reads later steps"),
        ("y[t] = W x[t]", 3, "has no state"),
    ],
)
def test_where_no_cut_is_defined_the_reason_is_told(text: str, every: int, message: str) -> None:
    with pytest.raises(ar.CellError, match=message):
        ar.cell(text).derive(truncate=every)


def test_cuts_that_are_too_far_apart_to_be_checked_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autorecur.verify.ground.WORK", 1000)
    with pytest.raises(ar.CellError, match="truncate=4 is too long for cell"):
        ar.cell("h[t] = tanh(W x[t] + U h[t-1])").derive(truncate=4).verify()


def test_steps_between_cuts_and_at_them_are_told_apart() -> None:
    whole = Steps(FIRST, Bound(True, -1))
    between, at = Steps(FIRST, Bound(True, -1), 3), Steps(FIRST, Bound(True, -1), 3, True)
    assert list(between.at(9)) == [1, 2, 4, 5, 7, 8]
    assert list(at.at(9)) == [3, 6]
    assert regions([whole, between]) == [(between, (0, 1)), (at, (0,))]
    assert list(Steps(Bound(False, 0), Bound(True, 0), 3).at(4)) == [0, 1, 2, 4]


@pytest.mark.parametrize("every", [1, 2, 6])
def test_the_page_draws_the_cut(every: int) -> None:
    page = document(ar.cells["lstm"].derive(truncate=every, at="all"))
    cut = [b for b in page.blocks if isinstance(b, Diagram) and any(isinstance(s, Stroke) for s in b.shapes)]
    (picture,) = cut
    assert len([s for s in picture.shapes if isinstance(s, Stroke)]) == 2
    assert "What is lost" in markdown_document(page)
