"""Weight decay: the penalty in L, its term in each gradient, once; and that a wrong one is found."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from autorecur.derive.decay import PENALTY
from autorecur.page import document
from autorecur.render.documents.markdown import markdown_document

TEXT = "name: small\nh[t] = tanh(W x[t] + U h[t-1] + b)\ny[t] = V h[t] + c\n"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("rnn", {}),
        ("lstm", {"at": "all"}),
        ("lstm", {"notation": "bracket-time"}),
        ("gru", {"notation": "row", "at": "all"}),
        ("rnn", {"notation": "transposed"}),
        ("rnn", {"notation": "index"}),
        ("rnn_row", {}),
        ("rnn", {"truncate": 2, "at": "all"}),
        ("mlstm", {"loss": None}),
    ],
)
def test_every_equation_with_decay_holds(name: str, options: dict[str, object]) -> None:
    derivation = ar.cells[name].derive(decay="lambda", **options)
    report = derivation.verify(steps=12)
    assert report.passed, report.summary()
    decayed = {check.label for check in report.checks if check.reference == "complex step"}
    assert derivation.decay is not None
    assert {f"dL/d{weight}" for weight in derivation.decay.weights} <= decayed


def test_matrices_decay_and_biases_and_initial_states_do_not() -> None:
    derivation = ar.cell("learned: h\n" + TEXT).derive(decay="lambda")
    terms = {name: [term.through for term in e.terms] for name, e in derivation.gradients.items()}
    assert {name for name, through in terms.items() if PENALTY in through} == {"W", "U", "V"}
    assert "lambda" not in derivation.gradients
    assert [term.through for term in derivation["L"].terms][-1] == PENALTY


def test_listed_parameters_decay_and_no_others() -> None:
    derivation = ar.cell("decay: mu U b\n" + TEXT).derive()
    assert derivation.decay is not None
    assert derivation.decay.weights == ("U", "b")
    assert derivation.verify().passed


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("at", ["last", "all"])
@pytest.mark.parametrize("batch", [None, 3])
def test_the_penalty_counts_once_however_many_steps_and_samples(steps: int, at: str, batch: int | None) -> None:
    cell = ar.cell(TEXT)
    generator = np.random.default_rng(0)
    lead = () if batch is None else (batch,)
    params = cell.init({"n_x": 2, "n_h": 3, "n_y": 4}, seed=1)
    target = generator.normal(size=(*((steps,) if at == "all" else ()), *lead, 4))
    values = {**params, "x": generator.normal(size=(steps, *lead, 2)), "target": target}
    plain = cell.derive(at=at).evaluate(values)
    found = cell.derive(at=at, decay="lambda").evaluate({**values, "lambda": 0.25})
    squares = sum(float(np.sum(params[name] ** 2)) for name in ("W", "U", "V"))
    np.testing.assert_allclose(found["L"], plain["L"] + 0.125 * squares)
    for name, array in params.items():
        extra = 0.25 * array if array.ndim == 2 else 0.0
        np.testing.assert_allclose(found[f"dL/d{name}"], plain[f"dL/d{name}"] + extra, atol=1e-12)


@pytest.mark.parametrize(
    "planted",
    [
        "dL/dh[t] h[t-1]^T",
        "lambda * W + lambda * W",
        "2 * lambda * W",
        "-lambda * W",
        "lambda * W^T",
        "1/2 * lambda * W",
    ],
)
def test_a_wrong_term_is_found_and_named(planted: str) -> None:
    derivation = ar.cell("h[t] = tanh(W h[t-1] + x[t])").derive(loss="squared", decay="lambda")
    right = derivation["dL/dW"]
    sums = right.terms[0].expression
    from autorecur.derive.reading import read
    from autorecur.symbolic import carriers as c

    wrong = sums if planted.startswith("dL") else c.total([sums, read(derivation, right, planted)], right.shape)
    report = derivation.replace("dL/dW", wrong).verify()
    assert not report.passed
    assert {check.label for check in report.failures} == {"dL/dW"}


def test_a_penalty_counted_at_every_step_is_found() -> None:
    from autorecur.symbolic import carriers as c

    derivation = ar.cell(TEXT).derive(decay="lambda")
    equation = derivation["dL/dU"]
    sums, penalty = (term.expression for term in equation.terms)
    every = c.TimeSum(penalty, c.t, 1, c.T)
    report = derivation.replace("dL/dU", c.total([sums, every], equation.shape)).verify()
    assert {check.label for check in report.failures} == {"dL/dU"}


def test_models_of_several_parts_and_layers_decay() -> None:
    model = ar.cells["rnn"].with_topology("many-to-one", layers=2)
    derivation = model.derive(decay="lambda")
    assert derivation.verify().passed
    assert derivation.decay is not None
    assert len(derivation.decay.weights) == 5
    text = str(ar.cell("decay: mu\n" + TEXT).with_topology("encoder-decoder"))
    frame = ar.cell(text)
    assert ar.cell(str(frame)).decay == "mu"
    assert frame.derive().verify().passed
    with pytest.raises(ar.CellError, match="lists parameters"):
        ar.cell("decay: mu W\n" + TEXT).with_topology("many-to-one")


def test_a_wrong_penalty_in_the_loss_is_found() -> None:
    derivation = ar.cell(TEXT).derive(decay="lambda")
    assert {c.label for c in derivation.replace("L", derivation["L"].terms[0].expression).verify().failures} == {"L"}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("decay: W", "has a meaning"),
        ("decay: h", "has a meaning"),
        ("decay: n_h", "has a meaning"),
        ("decay: L", "cannot be the coefficient"),
        ("decay: tanh", "cannot be the coefficient"),
        ("decay: lambda Wx", "is no parameter"),
        ("decay: lambda h", "is no parameter"),
        ("decay: lambda W W", "twice"),
    ],
)
def test_a_decay_that_does_not_fit_is_pointed_at(header: str, message: str) -> None:
    with pytest.raises(ar.CellError, match=message) as caught:
        ar.cell(f"{header}\n{TEXT}")
    assert caught.value.line == 1
    assert caught.value.column is not None


def test_near_misses_are_suggested() -> None:
    with pytest.raises(ar.CellError, match="Did you mean 'W_h'"):
        ar.cells["rnn"].derive(decay="lambda W_hh")


def test_a_cell_without_matrices_has_nothing_that_decays() -> None:
    with pytest.raises(ar.CellError, match="no parameter that is a matrix"):
        ar.cell("h[t] = w * h[t-1] + x[t]").derive(decay="lambda")
    assert ar.cell("h[t] = w * h[t-1] + x[t]").derive(decay="lambda w").verify().passed


def test_half_of_a_joined_weight_does_not_decay() -> None:
    with pytest.raises(ar.CellError, match="printed as one weight"):
        ar.cell(TEXT).derive(decay="lambda W", notation="bracket-time")


def test_the_text_reads_back() -> None:
    cell = ar.cell("decay: lambda W U\n" + TEXT)
    assert ar.cell(str(cell)) == cell
    assert ar.cell(str(cell)).decay == "lambda W U"
    assert cell.derive(decay=None).decay is None


def test_an_example_in_numbers_is_refused_with_a_reason() -> None:
    with pytest.raises(ar.CellError, match="weight decay"):
        ar.cell(TEXT).derive(decay="lambda").worked_example()


@pytest.mark.parametrize(("language", "label"), [("en", "weight decay"), ("fr", "décroissance des poids")])
def test_the_page_labels_the_term_and_names_its_rule(language: str, label: str) -> None:
    derivation = ar.cells["rnn"].derive(decay="lambda", language=language)
    text = markdown_document(document(derivation, "full", language=language))
    assert text.count(label) > 6
    assert r"underbrace{\lambda\thinspace W_h}" in text
