"""Clipping: PyTorch's numbers for every p, gradients that two parameters share, what is not finite, what is told."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autorecur as ar

clip_norm, clip_value = ar.nn.utils.clip_grad_norm_, ar.nn.utils.clip_grad_value_
generator = np.random.default_rng(0)
GRADIENTS = [generator.standard_normal(shape) for shape in ((3, 4), (4,), (), (2, 1, 2))]


def parameters(gradients: Any = GRADIENTS, dtype: Any = np.float64) -> list[Any]:
    """Parameters with these gradients."""
    found = [ar.nn.Parameter(np.zeros(np.shape(g), dtype)) for g in gradients]
    for p, g in zip(found, gradients, strict=True):
        p.grad = np.asarray(g, dtype)
    return found


def whole(ps: list[Any]) -> np.ndarray:
    return np.concatenate([p.grad.numpy().ravel() for p in ps])


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, math.inf])
def test_the_norm_is_that_of_all_numbers_as_one_vector(p: float) -> None:
    """It is returned, and what is left has max_norm, but for the 10⁻⁶ of PyTorch."""
    ps, before = parameters(), whole(parameters())
    norm = np.abs(before).max() if p == math.inf else (np.abs(before) ** p).sum() ** (1 / p)
    found = clip_norm(ps, 0.5, p)
    assert found.item() == pytest.approx(norm, rel=1e-13)
    np.testing.assert_allclose(whole(ps), before * 0.5 / (norm + 1e-6), rtol=1e-13)


def test_gradients_that_are_small_enough_stay_as_they_are() -> None:
    """Nothing is computed anew."""
    ps = parameters()
    before = [p.grad for p in ps]
    clip_norm(ps, 100.0)
    assert all(p.grad is g for p, g in zip(ps, before, strict=True))


def test_an_array_that_is_the_gradient_of_two_parameters_is_scaled_once() -> None:
    """The two biases of a layer share theirs."""
    layer = ar.nn.LSTM(3, 4)
    (layer(np.ones((5, 2, 3)))[0] * 100).sum().backward()
    before = {name: p.grad.numpy() for name, p in layer.named_parameters()}
    norm = clip_norm(layer, 1.0).item()
    for name, p in layer.named_parameters():
        np.testing.assert_allclose(p.grad, before[name] / (norm + 1e-6), rtol=1e-13)


@pytest.mark.parametrize("given", ["module", "names", "one", "generator"])
def test_parameters_are_given_in_many_ways(given: str) -> None:
    """A module, named pairs, one tensor, any iterable; those without a gradient are passed over."""
    model = ar.nn.Linear(2, 1)
    model.weight.grad = [[3.0, 4.0]]
    ways = {"module": model, "names": model.named_parameters(), "one": model.weight, "generator": model.parameters()}
    assert clip_norm(ways[given], 1.0).item() == 5.0
    assert clip_norm([], 1.0).item() == 0.0


@pytest.mark.parametrize("size", [1e200, 1e-200, 0.0])
def test_no_square_overflows_or_vanishes(size: float) -> None:
    """The norm of huge and of tiny numbers is right."""
    assert clip_norm(parameters([[3 * size, 4 * size]]), 1.0).item() == pytest.approx(5 * size)


def test_float32_stays_float32() -> None:
    """The factor does not widen a gradient."""
    ps = parameters(dtype=np.float32)
    clip_norm(ps, 0.1)
    assert {p.grad.dtype for p in ps} == {np.dtype(np.float32)}
    assert np.linalg.norm(whole(ps)) == pytest.approx(0.1, rel=1e-5)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_norm_that_is_not_finite_names_the_parameter(bad: float) -> None:
    """With the place of its first such number; nothing is scaled."""
    model = ar.nn.Linear(2, 3)
    model.weight.grad = np.ones((3, 2))
    model.bias.grad = [1.0, bad, 1.0]
    with pytest.raises(ar.GradientError, match=rf"bias \({bad} at index 1\).*nothing was clipped"):
        clip_norm(model.named_parameters(), 0.1, error_if_nonfinite=True)
    with pytest.raises(ar.GradientError, match=rf"number 1 \({bad} at index 1\)"):
        clip_norm(model.parameters(), 0.1, error_if_nonfinite=True)
    assert model.weight.grad.numpy().min() == 1.0
    assert not math.isfinite(clip_norm(model, 0.1).item())
    assert not np.isfinite(model.bias.grad.numpy()[1])


def test_values_are_cut() -> None:
    """Each number by itself; a bound below zero makes no sense."""
    ps = parameters()
    clip_value(ps, 0.3)
    np.testing.assert_array_equal(whole(ps), np.clip(whole(parameters()), -0.3, 0.3))
    with pytest.raises(ar.ArgumentError, match="clip_value is -1"):
        clip_value(ps, -1)


def test_what_is_no_parameter_is_refused() -> None:
    """In a sentence that says what is."""
    with pytest.raises(ar.DtypeError, match="parameters are tensors, pairs \\(name, tensor\\) or a module, not int"):
        clip_norm([1], 1.0)
    with pytest.raises(ar.DtypeError, match="not float"):
        clip_norm(1.0, 1.0)
    with pytest.raises(ar.ArgumentError, match="p larger than 0"):
        clip_norm(parameters(), 1.0, -1)
    with pytest.raises(ar.ArgumentError, match="max_norm is nan"):
        clip_norm(parameters(), math.nan)


def test_parameters_as_one_vector_and_back() -> None:
    """The one undoes the other; the vector is a function of the parameters."""
    model = ar.nn.LSTM(2, 3)
    vector = ar.nn.utils.parameters_to_vector(model.parameters())
    (vector * np.arange(vector.size)).sum().backward()
    np.testing.assert_array_equal(model.weight_ih_l0.grad.numpy().ravel(), np.arange(24.0))
    other = ar.nn.LSTM(2, 3)
    ar.nn.utils.vector_to_parameters(vector, other.parameters())
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], array)
    with pytest.raises(ar.ShapeError, match=r"shape \(3,\), and the parameters need \(84,\)"):
        ar.nn.utils.vector_to_parameters(np.ones(3), other.parameters())


def test_sequences_are_padded_and_cut_again() -> None:
    """On either side, for either order of axes; the gradient reaches each."""
    rnn = ar.nn.utils.rnn
    sequences = [ar.tensor(generator.standard_normal((n, 2)), requires_grad=True) for n in (3, 1, 4)]
    for first in (False, True):
        padded = rnn.pad_sequence(sequences, batch_first=first, padding_value=9.0)
        assert padded.shape == ((3, 4, 2) if first else (4, 3, 2))
        again = rnn.unpad_sequence(padded, [3, 1, 4], batch_first=first)
        assert all(np.array_equal(a, b) for a, b in zip(again, sequences, strict=True))
    rnn.pad_sequence(sequences, padding_side="left")[-1].sum().backward()
    np.testing.assert_array_equal(sequences[0].grad, [[0, 0], [0, 0], [1, 1]])
    with pytest.raises(ar.ShapeError, match="sequence 1 has shape"):
        rnn.pad_sequence([np.ones((3, 2)), np.ones((3, 1))])
    with pytest.raises(ar.ShapeError, match="2 whole numbers from 0 to 3"):
        rnn.unpad_sequence(np.ones((3, 2)), [4, 1])


@pytest.mark.parametrize("size", [8191, 8192, 8193, 20_001])
def test_the_norm_of_many_numbers_counts_each_once(size: int) -> None:
    p = ar.nn.Parameter(np.zeros((size, 1)))
    p.grad = np.arange(1.0, size + 1).reshape(size, 1)
    expected = math.sqrt(size * (size + 1) * (2 * size + 1) / 6)
    assert ar.nn.utils.clip_grad_norm_([p], math.inf).item() == pytest.approx(expected, rel=1e-14)
