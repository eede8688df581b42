"""The gradient flow of recorded runs: with their own weights, inputs and initial states."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from autorecur.recurrence import Run
from autorecur.render.formats import text_of

STEPS, SIZES = 6, {"n_x": 2, "n_h": 3, "n_y": 1}


def numbers(name: str, seed: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    generator = np.random.default_rng(seed)
    values = {key: 2 * np.asarray(value) for key, value in ar.cells[name].init(SIZES, seed).items()}
    return values, generator.standard_normal((STEPS, 5, 2))


def recorded(name: str, seed: int = 0) -> Run:
    params, x = numbers(name, seed)
    return ar.cells[name].run(x, params, record=True)


@pytest.mark.parametrize("name", ["rnn", "gru"])
def test_the_flow_of_a_run_is_the_jacobian_at_its_weights(name: str) -> None:
    """Over all steps it is the spectral norm of the derivative of the last state by the first."""
    params, x = numbers(name)
    cell = ar.cells[name]
    start = np.full(3, 0.3)
    out = cell.run(x[:, 0], params, {"h": start}, record=True)
    jacobian = ar.jacobian(lambda h: cell.run(x[:, 0], params, {"h": h}, backend="eager").last["h"])(start)
    measured = ar.flow(out)[name]
    assert measured.norms.shape == (STEPS + 1, 1)
    np.testing.assert_allclose(measured.norms[-1, 0], np.linalg.norm(jacobian.numpy(), 2), rtol=1e-10)


def test_a_run_is_measured_as_it_was() -> None:
    """Training a parameter afterwards changes nothing: before and after stand side by side."""
    params, x = numbers("rnn")
    weights = {name: ar.tensor(value, requires_grad=True) for name, value in params.items()}
    before = ar.cells["rnn"].run(x, weights, record=True)
    alone = ar.flow(before)["rnn"].mean
    for weight in weights.values():
        weight.data = 0.5 * weight.numpy()
    after = ar.cells["rnn"].run(x, weights, record=True)
    both = ar.flow({"before": before, "after": after})
    assert [curve.label for curve in both] == ["before", "after"]
    np.testing.assert_array_equal(both["before"].mean, alone)
    assert (both["after"].mean != alone)[1:].all()


def test_the_first_sequences_are_measured() -> None:
    """As many as ``samples`` says, or all there are."""
    run = recorded("lstm")
    assert ar.flow(run).curves[0].norms.shape == (STEPS + 1, 4)
    assert ar.flow(run, samples=9).curves[0].norms.shape == (STEPS + 1, 5)


def test_layers_are_measured_in_place() -> None:
    """Runs that a block records are curves of one flow, backward directions too."""
    layer = ar.nn.LSTM(2, 3, num_layers=2, bidirectional=True)
    with ar.nn.record() as runs:
        layer(numbers("lstm")[1])
    measured = ar.flow(runs, state="c")
    assert [(c.label, c.backward) for c in measured] == [
        ("lstm_l0", False),
        ("lstm_l0_reverse", True),
        ("lstm_l1", False),
        ("lstm_l1_reverse", True),
    ]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_does_not_speak_of_random_weights(language: str) -> None:
    """Its caption says whose weights they are."""
    page = text_of(ar.flow(recorded("gru")).document(language), "typ")
    assert {"en": "recorded runs", "fr": "passages enregistrés"}[language] in page
    assert "seed" not in page
    assert "graine" not in page


def test_what_cannot_be_measured_is_said() -> None:
    """Runs without a record, of ragged sequences, or beside cells."""
    params, x = numbers("rnn")
    with pytest.raises(ar.ArgumentError, match="pass record=True"):
        ar.flow(ar.cells["rnn"].run(x, params))
    with pytest.raises(ar.ArgumentError, match="not equally long"):
        ar.flow(ar.cells["rnn"].run(x, params, lengths=[6, 5, 4, 3, 2], record=True))
    with pytest.raises(ar.ArgumentError, match="measure one kind at a time"):
        ar.flow([recorded("rnn"), "gru"])
