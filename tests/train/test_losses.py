"""Losses and metrics by name: means over what is no padding, whatever the shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.data import Batch
from autorecur.nn import functional
from autorecur.train.losses import loss_of
from autorecur.train.metrics import measures_of

DRAW = np.random.default_rng(0)
LENGTHS = np.array([4, 2, 3])
MASK = np.arange(4)[:, None] < LENGTHS


def batch(y: Any, mask: Any = MASK) -> Any:
    lengths = None if mask is None else LENGTHS
    return Batch(np.zeros((4, 3, 1)), np.asarray(y), lengths, mask, None, None, np.arange(3))


def padded(y: Any, fill: float) -> Any:
    """The target with ``fill`` in place of what is behind a sequence's end."""
    return np.where(MASK.reshape(MASK.shape + (1,) * (y.ndim - 2)), y, np.asarray(fill, y.dtype))


@pytest.mark.parametrize("name", ["mse", "bce"])
@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("flat", [False, True])
def test_padding_has_no_part_in_the_mean(name: str, width: int, flat: bool) -> None:
    """The same as the loss of the steps that are there; value, gradient and what it is the mean of."""
    output = ar.tensor(DRAW.standard_normal((4, 3, width)), requires_grad=True)
    y = (DRAW.random((4, 3, width)) > 0.5).astype(float)
    given = padded(y, -100 if name == "bce" else 0)
    given = given[..., 0] if flat and width == 1 else given
    loss, count = loss_of(name)(output, batch(given))
    loss.backward()
    alone = ar.tensor(output.data[MASK], requires_grad=True)
    function = functional.mse_loss if name == "mse" else functional.binary_cross_entropy_with_logits
    expected = function(alone, y[MASK])
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-14)
    assert count == MASK.sum() * width
    np.testing.assert_allclose(output.grad.numpy()[MASK], alone.grad.numpy(), rtol=1e-13)
    assert not output.grad.numpy()[~MASK].any()


def test_classes_at_each_step() -> None:
    """Those of −100 are left out, without a mask."""
    output = ar.tensor(DRAW.standard_normal((4, 3, 5)), requires_grad=True)
    y = DRAW.integers(0, 5, (4, 3))
    loss, count = loss_of("cross_entropy")(output, batch(padded(y, -100)))
    assert loss.item() == pytest.approx(functional.cross_entropy(output.data[MASK], y[MASK]).item(), rel=1e-14)
    assert count == 9


@pytest.mark.parametrize("name", ["mse", "bce"])
def test_one_target_a_sequence(name: str) -> None:
    """Has no padding, though the input has; also where the batch is as large as the sequences are long."""
    for y in (DRAW.random((3, 2)), DRAW.random(3)):
        output = ar.tensor(DRAW.standard_normal((3, *(y.shape[1:] or (1,)))))
        function = functional.mse_loss if name == "mse" else functional.binary_cross_entropy_with_logits
        loss, count = loss_of(name)(output, batch(y))
        assert loss.item() == pytest.approx(function(output, y.reshape(output.shape)).item(), rel=1e-14)
        assert count == output.size
    square = Batch(np.zeros((3, 3, 1)), np.ones((3, 3)), LENGTHS, MASK[:3], None, None, np.arange(3))
    assert loss_of("mse")(ar.tensor(np.zeros((3, 3))), square) == (1.0, 9.0)


@pytest.mark.parametrize("name", ["mse", "bce"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_steps_in_a_square_have_padding(name: str, batch_first: bool) -> None:
    """As many sequences as steps, and a model that answers without a last axis: padding is left out all the same."""
    steps = DRAW.standard_normal((3, 3))
    mask = MASK[:3].T if batch_first else MASK[:3]
    y = np.where(mask, DRAW.random((3, 3)), -9.0)[:, :, None]
    output = ar.tensor(steps)
    given = Batch(np.zeros((3, 3, 1)), y, LENGTHS, mask, None, None, np.arange(3))
    function = functional.mse_loss if name == "mse" else functional.binary_cross_entropy_with_logits
    loss, count = loss_of(name)(output, given)
    assert loss.item() == pytest.approx(function(steps[mask], y[mask, 0]).item(), rel=1e-14)
    assert count == mask.sum()
    mae, _ = measures_of("mae")["mae"](output, given)
    assert mae == pytest.approx(np.abs(steps[mask] - y[mask, 0]).mean(), rel=1e-14)


@pytest.mark.parametrize("same", [False, True])
def test_numbers_of_a_length_of_their_own(same: bool) -> None:
    """The padding of targets is not that of the inputs, which may have none, or as many steps."""
    x = [np.zeros((3 if same else n, 1)) for n in (3, 1)]
    data = ar.data.Sequences(x, [[1.0], [1.0, 2.0, 3.0]], readout="own")
    given = next(iter(ar.data.Loader(data, 2)))
    output = ar.tensor(np.ones((3, 2, 1)))
    assert loss_of("mse")(output, given) == (5 / 4, 4.0)
    assert measures_of("mae")["mae"](output, given) == (3 / 4, 4.0)


def test_labels_that_are_ignored() -> None:
    """−100 in the middle of a sequence counts in no loss and no metric; nothing but −100 is a loss of 0, with gradient 0."""
    y = np.array([[1, -100], [0, 1]])
    given = Batch(np.zeros((2, 2)), y, None, None, None, None, np.arange(2))
    logits = ar.tensor([[[1.0], [5.0]], [[-1.0], [2.0]]], requires_grad=True)
    loss, count = loss_of("bce")(logits, given)
    expected = functional.binary_cross_entropy_with_logits([1.0, -1.0, 2.0], [1.0, 0.0, 1.0])
    assert (loss.item(), count) == (pytest.approx(expected.item(), rel=1e-14), 3.0)
    assert measures_of("accuracy")["accuracy"](logits, given) == (1.0, 3.0)
    for name, output in (("cross_entropy", DRAW.standard_normal((2, 2, 4))), ("bce", np.ones((2, 2)))):
        output = ar.tensor(output, requires_grad=True)
        nothing = Batch(np.zeros((2, 2)), np.full((2, 2), -100), None, None, None, None, np.arange(2))
        loss, count = loss_of(name)(output, nothing)
        loss.backward()
        assert (loss.item(), count) == (0.0, 0.0)
        assert not output.grad.numpy().any()


def test_classes_behind_the_end_are_left_out_by_the_mask() -> None:
    """Also if somebody padded them with 0."""
    output = ar.tensor(DRAW.standard_normal((4, 3, 5)))
    y = DRAW.integers(0, 5, (4, 3))
    loss, count = loss_of("cross_entropy")(output, batch(padded(y, 0)))
    assert loss.item() == pytest.approx(functional.cross_entropy(output.data[MASK], y[MASK]).item(), rel=1e-14)
    assert count == 9


def test_whole_sequences_are_counted_along_the_batch() -> None:
    """Wherever its axis stands; what has no class is no sequence that is right."""
    y = np.array([[0, 1, -100], [1, 1, -100], [0, 0, -100], [1, 0, -100]])
    scores = ar.tensor(np.eye(2)[np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1], [1, 0, 1]])])
    for turned in (False, True):
        given = Batch(np.zeros((4, 3)), y.T if turned else y, None, None, None, None, np.arange(3))
        assert measures_of("exact")["exact"](ar.swapaxes(scores, 0, 1) if turned else scores, given) == (0.5, 2.0)
    one_each = Batch(np.zeros((4, 3)), np.array([1, -100, 0]), None, None, None, None, np.arange(3))
    assert measures_of("exact")["exact"](ar.tensor(np.eye(2)[[1, 0, 1]]), one_each) == (0.5, 2.0)


def test_shapes_that_do_not_fit_are_not_broadcast() -> None:
    """(3, 1) and (4, 1), (3,) classes of (3,) logits."""
    for name, output, y, message in (
        ("mse", (3, 1), np.ones((4, 1)), r"mse: the output has shape \(3, 1\) and the target \(4, 1\)"),
        ("mse", (4, 3, 1), np.ones((3, 1)), "readout='last'"),
        ("cross_entropy", (3, 5), np.ones(4, int), r"for classes of shape \(3,\), and the target has \(4,\)"),
        ("cross_entropy", (3, 5), np.ones((4, 3), int), "readout='every'"),
    ):
        with pytest.raises(ar.ShapeError, match=message):
            loss_of(name)(ar.tensor(np.zeros(output)), batch(y))
    with pytest.raises(ar.DtypeError, match=r"returns a dict, and this loss takes one tensor; write loss=lambda"):
        loss_of("mse")({}, batch(np.ones(3)))


def test_metrics_leave_padding_out() -> None:
    """Accuracy by step, by whole sequence, of classes and of yes or no; errors of numbers."""
    y = DRAW.integers(0, 5, (4, 3))
    found = y.copy()
    found[1, 0] += 1  # one wrong step in the first sequence
    found[3, 1] += 1  # and one behind the end of the second
    scores = ar.tensor(np.eye(6)[found])
    named = measures_of(["accuracy", "exact"])
    given = batch(padded(y, -100))
    assert named["accuracy"](scores, given) == (8 / 9, 9.0)
    assert named["exact"](scores, given) == (2 / 3, 3.0)
    whole = batch(y[0])
    assert named["accuracy"](ar.tensor(np.eye(6)[found[1] * 0 + y[0]]), whole) == (1.0, 3.0)
    yes = batch(np.array([1.0, 0.0, 1.0]))
    assert named["accuracy"](ar.tensor([[0.3], [-1.0], [-2.0]]), yes) == (2 / 3, 3.0)
    numbers = ar.tensor(DRAW.standard_normal((4, 3, 2)))
    target = padded(DRAW.standard_normal((4, 3, 2)), 0)
    mae, count = measures_of("mae")["mae"](numbers, batch(target))
    assert mae == pytest.approx(np.abs(numbers.data - target)[MASK].mean(), rel=1e-14)
    assert count == 18


def test_names_of_metrics() -> None:
    """Of functions their own, or those of a mapping."""

    def largest(output: Any, batch: Any) -> float:
        return float(output.data.max())

    assert list(measures_of(["mae", largest])) == ["mae", "largest"]
    assert list(measures_of({"top": largest})) == ["top"]
    assert measures_of(largest)["largest"](ar.tensor([[2.0]]), batch([1.0])) == (2.0, 3.0)
    assert measures_of(None) == {}


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (
            ar.nn.MSELoss(),
            r"MSELoss is called with \(output, target\), .*: loss='mse', which leaves padding out, or loss=lambda",
        ),
        (ar.nn.CrossEntropyLoss(), "loss='cross_entropy'"),
        (functional.binary_cross_entropy_with_logits, "binary_cross_entropy_with_logits .* loss='bce'"),
        (
            ar.nn.L1Loss(),
            r"L1Loss is called with \(output, target\), and a loss of fit with \(output, batch\): loss=lambda",
        ),
        (ar.nn.MSELoss, r"MSELoss is called with"),
    ],
)
def test_losses_of_output_and_target_are_told_from_those_of_output_and_batch(loss: Any, message: str) -> None:
    """A criterion as in PyTorch's loops has an equivalent by name, or a line around it."""
    with pytest.raises(ar.ArgumentError, match=message):
        loss_of(loss)


def test_labels_of_a_binary_loss_lie_between_0_and_1() -> None:
    """Classes numbered from 1 would be learned forever; labels at padding are not asked."""
    with pytest.raises(ar.ArgumentError, match=r"bce: the target holds 2\.0, and has to lie between 0 and 1"):
        loss_of("bce")(ar.tensor(np.zeros((3, 1))), batch(np.array([0.0, 1.0, 2.0]), None))
    loss_of("bce")(ar.tensor(np.zeros((4, 3, 1))), batch(padded(np.ones((4, 3), int), -100)))
