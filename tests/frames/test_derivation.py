"""The derivation of a frame: numbers, checks, and planted errors that are found and named."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from tests.frames.texts import ALL, CAPTION, CLASSIFIER, TRANSLATOR, WITH_CONTEXT


@pytest.mark.parametrize("at", ["last", "all"])
@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
def test_every_equation_of_every_part_holds(text: str, at: str) -> None:
    report = ar.cell(text).derive(at=at).verify()
    assert report.passed, str(report)


def test_the_last_part_stands_first_in_the_backward_pass() -> None:
    labels = [e.label for e in ar.cell(TRANSLATOR).derive().equations if e.section == "backward"]
    assert labels == ["dL/ds", "dL/ds@T", "dL/da_s", "dL/ds[0]", "dL/da_s0", "dL/dh", "dL/dh@T", "dL/da_h"]


def test_what_later_parts_send_back_stands_in_the_place_of_the_loss() -> None:
    d = ar.cell(TRANSLATOR).derive()
    assert str(d["dL/dh@T"].rhs) == "W_0.T*dL/da_s0[1]"
    assert str(d["dL/dh@T"].lhs) == "dL/dh[T_x]"
    context = ar.cell(WITH_CONTEXT).derive(at="all")
    assert str(context["dL/dh@T"].rhs) == "TimeSum(C.T*dL/da_s[t], t, 1, T_y)"


PLANTED = {
    "the boundary's transpose": (TRANSLATOR, "dL/dh@T", "2 * (W_0^T dL/da_s0[1])"),
    "the initial value's adjoint": (TRANSLATOR, "dL/ds[0]", "-(Q^T dL/da_s[1])"),
    "a path lost at the boundary": (TRANSLATOR, "dL/da_s0", "dL/ds[0]"),
    "the encoder's recurrence": (TRANSLATOR, "dL/dh", "U^T dL/da_h[t]"),
    "the decoder's recurrence": (TRANSLATOR, "dL/ds", "Q dL/da_s[t+1]"),
    "a weight of the bridge": (TRANSLATOR, "dL/dW_0", None),
    "a readout": (CLASSIFIER, "dL/dh@T", "W_y^T y"),
    "the forward bridge": (TRANSLATOR, "s[0]", "tanh(W_0 h[1] + b_0)"),
}


@pytest.mark.parametrize(("text", "label", "wrong"), PLANTED.values(), ids=PLANTED)
def test_a_planted_error_is_named_and_no_other(text: str, label: str, wrong: str | None) -> None:
    d = ar.cell(text).derive()
    planted = d.replace(label, d[label].rhs * 2 if wrong is None else wrong)
    failed = {check.label for check in planted.verify().failures}
    assert failed == {label}


def test_a_step_of_the_context_that_is_forgotten_is_found() -> None:
    d = ar.cell(WITH_CONTEXT).derive(at="all")
    planted = d.replace("dL/dh@T", "C^T dL/da_s[1]")
    assert {check.label for check in planted.verify().failures} == {"dL/dh@T"}


def _values(seed: int, encoder: int, decoder: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    frame = ar.cell(TRANSLATOR)
    values = dict(frame.init({"n_x": 3, "n_h": 4, "n_s": 5, "n_v": 2, "n_y": 6}))
    values["x"] = generator.standard_normal((encoder, 2, 3))
    values["v"] = generator.standard_normal((decoder, 2, 2))
    values["target"] = generator.uniform(size=(2, 6))
    return values


@pytest.mark.parametrize(("encoder", "decoder"), [(1, 1), (2, 1), (1, 3), (5, 4)])
def test_numbers_agree_with_differences_for_any_lengths(encoder: int, decoder: int) -> None:
    d = ar.cell(TRANSLATOR).derive()
    values = _values(1, encoder, decoder)
    results = d.evaluate(values)
    for name in ("W", "U", "W_0", "Q", "V", "W_y"):
        direction = np.random.default_rng(3).standard_normal(values[name].shape)
        up, down = (
            float(d.evaluate({**values, name: values[name] + sign * 1e-5 * direction})["L"]) for sign in (1, -1)
        )
        assert (up - down) / 2e-5 == pytest.approx(float(np.sum(direction * results[f"dL/d{name}"])), abs=1e-7)


def test_steps_are_said_by_part_or_read_off_the_inputs() -> None:
    d = ar.cell(TRANSLATOR).derive()
    values = _values(0, 4, 3)
    by_name = d.evaluate(values, steps={"encoder": 4, "decoder": 3})
    assert by_name["L"] == d.evaluate(values)["L"]
    assert by_name["dL/dh[4]"].shape == (2, 4)
    assert np.array_equal(by_name["h[T]"], by_name["h[4]"])
    with pytest.raises(ar.ShapeError, match=r"no part 'encodr'.*Did you mean 'encoder'"):
        d.evaluate(values, steps={"encodr": 4})
    with pytest.raises(ar.ShapeError, match=r"'x' has the shape .* T_x = 9"):
        d.evaluate(values, steps={"encoder": 9, "decoder": 3})


def test_what_has_no_time_is_given_and_found_without_a_step() -> None:
    frame = ar.cell(CAPTION)
    values = {**frame.init({"n_x": 3, "n_h": 4, "n_y": 2}), "x": np.ones(3), "target": np.ones((5, 2))}
    results = frame.derive(at="all").evaluate(values, steps=5)
    assert results["dL/dx"].shape == (3,)
    assert results["h[0]"].shape == (4,)
    assert "x" in list(results)
    with pytest.raises(ar.ShapeError, match=r"'h\[0\]' is computed by an equation"):
        frame.derive().evaluate({**values, "h[0]": np.ones(4)}, steps=5)


def test_gradients_are_found_by_name() -> None:
    gradients = ar.cell(TRANSLATOR).derive().gradients
    assert {"W", "W_0", "x", "v", "h[0]"} <= set(gradients)
    assert "s[0]" not in gradients


def test_what_is_for_one_cell_is_refused_in_words() -> None:
    frame = ar.cell(TRANSLATOR)
    with pytest.raises(ar.CellError, match="lengths is for the run of one cell"):
        frame.run(np.ones((3, 2)), lengths=[3])
    with pytest.raises(ar.CellError, match="a truncation is derived for one cell"):
        frame.derive(truncate=2)
