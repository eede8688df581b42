"""What a tensor is: its numbers, its dtype, what may be asked of it, and what cannot be done to it."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

import autorecur as ar


def leaf(*numbers: float) -> ar.Tensor:
    return ar.tensor(list(numbers), requires_grad=True)


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.0, np.float64),
        ([1.0, 2.0], np.float64),
        ([1, 2], np.int64),
        ([True], np.bool_),
        (np.float32(1), np.float32),
        (np.ones(2, np.float32), np.float32),
        (np.ones(2, np.float16), np.float16),
    ],
)
def test_numpys_dtype_is_kept(data: object, dtype: type) -> None:
    """Lists of floats become float64, arrays keep what they are."""
    assert ar.tensor(data).dtype == dtype


def test_a_dtype_can_be_asked_for() -> None:
    """``dtype=`` is NumPy's."""
    assert ar.tensor([1, 2], dtype=np.float32).dtype == np.float32


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("abc", "no tensor can be made of 'abc' (str); a tensor holds numbers"),
        ([None], "no tensor can be made of [None] (list); a tensor holds numbers"),
        (np.array(["a"]), "no tensor can be made of an array of <U1; a tensor holds numbers"),
    ],
)
def test_what_is_no_number_is_refused(data: object, message: str) -> None:
    """Text and objects are not numbers."""
    with pytest.raises(ar.AutorecurError) as caught:
        ar.tensor(data)
    assert str(caught.value) == message
    assert isinstance(caught.value, TypeError)


def test_ragged_lists_are_refused() -> None:
    """Rows have one length."""
    with pytest.raises(ar.ShapeError, match=r"^the rows of these nested lists have different lengths$"):
        ar.tensor([[1.0], [1.0, 2.0]])


def test_tensors_in_a_list_do_not_lose_their_gradient() -> None:
    """A list of tracked tensors is an error, not a constant."""
    with pytest.raises(ar.GradientError, match=r"put them together with ar\.stack$"):
        ar.tensor([leaf(1.0), leaf(2.0)])


@pytest.mark.parametrize("data", [[1, 2], [True, False]])
def test_only_floats_can_require_a_gradient(data: list[int]) -> None:
    """Integers and booleans are carried, never differentiated."""
    with pytest.raises(ar.GradientError, match=r"^only floats have a gradient, and this tensor holds (int64|bool): "):
        ar.tensor(data, requires_grad=True)


def test_result_types_are_numpys() -> None:
    """float32 stays float32 beside Python numbers, and becomes float64 beside float64."""
    x = ar.tensor(np.ones(2, np.float32))
    assert (x * 2.0 + 1).dtype == np.float32
    assert (x * np.ones(2)).dtype == np.float64
    assert (ar.tensor([1]) / 2).dtype == np.float64
    assert (ar.tensor([1]) * 2).dtype == np.int64


def test_a_gradient_has_the_dtype_of_its_tensor() -> None:
    """Whatever it met on the way."""
    x = ar.tensor(np.ones(2, np.float32), requires_grad=True)
    (x * np.ones(2)).sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == np.float32


def test_numbers_cannot_be_changed_in_place() -> None:
    """Not through the tensor, its array, or a view of it."""
    x = leaf(1.0, 2.0)
    with pytest.raises(
        ar.GradientError,
        match=r"^a tensor cannot be changed in place, because the tape may still need its numbers: "
        r"write t = t\.at\[index\]\.set\(value\), or \.add\(value\) for \+=$",
    ):
        x[0] = 3.0
    for array in (x.data, x.numpy(), (x * 2).numpy(), np.asarray(x)[:1]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 3.0
    for array in (x.numpy(), x.data, x.numpy()[:1], (x * 2).numpy()):
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True


def test_an_array_that_the_tape_needs_is_copied() -> None:
    """Changing one's own array after it went into an operation changes no gradient."""
    x, weights = leaf(1.0, 2.0), np.array([3.0, 4.0])
    y = (x * weights).sum()
    weights[:] = 0
    y.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [3, 4]


def test_a_view_of_a_writeable_array_is_copied_as_well() -> None:
    """Read-only is not enough if somebody else can write."""
    x, base = leaf(1.0, 2.0), np.array([3.0, 4.0])
    view = base[:]
    view.flags.writeable = False
    y = (x * view).sum()
    base[:] = 0
    y.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [3, 4]


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">i4", "<f8"])
def test_numbers_of_another_byte_order_are_turned(dtype: str) -> None:
    """Numbers as they stand in some files go through every function, compiled or not."""
    array = np.linspace(-1, 1, 60_000).reshape(600, 100).astype(dtype)
    t = ar.tensor(array)
    assert t.dtype.isnative
    assert t.tolist() == array.tolist()
    for f in (ar.sum, ar.softmax, ar.max):
        assert np.array_equal(f(array, axis=1).numpy(), f(t, axis=1).numpy())


def test_memory_of_something_else_is_copied() -> None:
    """A read-only array over a bytearray can still be written to."""
    memory = bytearray(np.array([3.0, 4.0]).tobytes())
    array = np.frombuffer(memory)
    array.flags.writeable = False
    x = leaf(1.0, 2.0)
    y = (x * array).sum()
    memory[:] = bytes(16)
    y.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [3, 4]


def test_a_constant_result_shares_nothing_with_its_argument() -> None:
    """``ar.reshape(array)`` is not a window onto the array."""
    array = np.array([1.0, 2.0])
    view = ar.reshape(array, (2, 1))
    array[0] = 5
    assert view.tolist() == [[1], [2]]
    assert array.flags.writeable


def test_augmented_assignment_makes_a_new_tensor() -> None:
    """``y += 1`` leaves the old numbers to those who hold them."""
    x = leaf(1.0)
    y = x * x
    before = y
    y += 1
    assert before.tolist() == [1]
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2]


def test_an_array_does_not_take_a_tensor_in_place() -> None:
    """``array += tensor`` would lose the gradient."""
    array = np.zeros(2)
    with pytest.raises(ar.GradientError, match=r"^np\.add cannot write a tensor's numbers into an array"):
        array += leaf(1.0, 2.0)


def test_a_leaf_can_be_given_new_numbers() -> None:
    """An optimiser replaces the numbers; the tape keeps the old ones."""
    x = leaf(3.0)
    y = (x * x).sum()
    x.data = [10.0]
    y.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [6]
    with pytest.raises(ar.ShapeError, match=r"^a tensor of shape \(1,\) cannot be given numbers of shape \(2,\)$"):
        x.data = [1.0, 2.0]
    with pytest.raises(ar.GradientError, match=r"^only a leaf can be given new numbers; this .* computed by multiply$"):
        (x * x).data = [1.0]


def test_a_second_derivative_notices_new_numbers() -> None:
    """It needs the old ones, which are gone."""
    x = leaf(3.0)
    y = (x * x * x).sum()
    x.data = [10.0]
    with pytest.raises(ar.GradientError, match=r"was given new numbers after multiply had used it"):
        y.backward(create_graph=True)


def test_manners_of_a_container() -> None:
    """len, iteration, in, truth, conversion."""
    x = ar.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2
    assert [row.tolist() for row in x] == [[1, 2], [3, 4]]
    assert 3.0 in x
    assert 5.0 not in x
    assert float(x[0, 1]) == 2
    assert int(x[0, 1]) == 2
    assert [10, 20, 30][ar.tensor(1)] == 20
    assert bool(ar.tensor(1.0))
    assert abs(-x).tolist() == x.tolist()
    assert x.T.tolist() == [[1, 3], [2, 4]]
    assert x.flatten().shape == (4,)


def test_iteration_carries_gradients() -> None:
    """Each row is an op of its own."""
    x = leaf(1.0, 2.0, 3.0)
    a, _, c = x
    (a * c).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [3, 0, 1]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda x: bool(x), r"a tensor of shape \(2,\) is neither true nor false: use \.any\(\) or \.all\(\)"),
        (lambda x: float(x), r"a tensor of shape \(2,\) is not a single number"),
        (lambda x: [1][x], r"only a single integer can be an index, not a tensor of float64 of shape \(2,\)"),
        (lambda x: len(x.sum()), r"a tensor of shape \(\) is a single number and has no length"),
        (lambda x: x & x, r"& \| \^ ~ are for booleans and integers, not for float64 and float64"),
    ],
)
def test_manners_that_make_no_sense(action: object, message: str) -> None:
    """One sentence each."""
    with pytest.raises(ar.AutorecurError, match=f"^{message}$"):
        action(ar.tensor([1.0, 2.0]))  # type: ignore[operator]


def test_comparisons_are_booleans() -> None:
    """Element by element, as in NumPy; nothing equals None."""
    x = ar.tensor([1.0, 2.0])
    assert (x > 1).tolist() == [False, True]
    assert (x == 1).tolist() == [True, False]
    assert (x > 1.5).tolist() == [False, True]
    assert ((x > 0) & (x < 2)).tolist() == [True, False]
    assert (~(x > 1)).dtype == np.bool_
    assert (x == None) is False  # noqa: E711


def test_formatting() -> None:
    """As it would be typed."""
    assert repr(ar.tensor([1.0, 2.5])) == "tensor([1. , 2.5])"
    assert repr(ar.tensor(np.ones(1, np.float32), requires_grad=True)) == (
        "tensor([1.], dtype=float32, requires_grad=True)"
    )
    assert f"{ar.tensor(1.23456):.2f}" == "1.23"
    assert str(ar.tensor([1])) == "tensor([1])"


def test_copies(tmp_path: Path) -> None:
    """A leaf can be copied and saved; a result has to let go of its history first."""
    x = leaf(1.0, 2.0)
    twin = copy.deepcopy(x)
    assert twin.requires_grad
    assert twin is not x
    assert pickle.loads(pickle.dumps(x)).tolist() == [1, 2]
    np.savez(tmp_path / "x.npz", x=x)
    assert np.load(tmp_path / "x.npz", allow_pickle=False)["x"].tolist() == [1, 2]
    with pytest.raises(ar.GradientError, match=r"^a result of multiply cannot be copied with its history: detach\(\)"):
        copy.copy(x * x)


def test_detach_and_astype() -> None:
    """detach has no history; astype to a float has one, to integers has none."""
    x = leaf(1.5, 2.5)
    assert not (x * 2).detach().requires_grad
    y = x.astype(np.float32)
    assert y.dtype == np.float32
    (y * 2).sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == np.float64
    assert x.astype(int).tolist() == [1, 2]
    assert not x.astype(int).requires_grad
    assert x.astype(np.float64) is x


def test_tensors_are_keys() -> None:
    """A tensor is itself, whatever its numbers."""
    a, b = leaf(1.0), leaf(1.0)
    assert {a: 1, b: 2}[b] == 2
