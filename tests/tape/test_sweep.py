"""Backward passes: what arrives where, what is freed, and how far it goes."""

from __future__ import annotations

import gc
import threading
import tracemalloc

import numpy as np
import pytest

import autorecur as ar


def leaf(*numbers: float) -> ar.Tensor:
    return ar.tensor(list(numbers), requires_grad=True)


def grad_of(x: ar.Tensor) -> list[float]:
    assert x.grad is not None
    return list(x.grad.tolist())


def test_a_gradient_arrives_at_every_leaf() -> None:
    """Of a product, the other factor."""
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (a * b).sum().backward()
    assert grad_of(a) == [3, 4]
    assert grad_of(b) == [1, 2]


def test_gradients_accumulate() -> None:
    """Two backward passes add up, until the gradient is set to None."""
    a = leaf(1.0)
    (a * 2).sum().backward()
    (a * 3).sum().backward()
    assert grad_of(a) == [5]
    a.grad = None
    (a * 3).sum().backward()
    assert grad_of(a) == [3]


def test_a_cotangent_weighs_the_outputs() -> None:
    """``backward(g)`` is the gradient of ⟨g, y⟩."""
    a = leaf(1.0, 2.0)
    (a * a).backward([10.0, 100.0])
    assert grad_of(a) == [20, 400]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            lambda a: (a * a).backward(),
            r"backward\(\) of a tensor of shape \(2,\) needs a cotangent of that shape; only a single number has a "
            r"gradient without one: did you forget \.sum\(\) or \.mean\(\)\?",
        ),
        (lambda a: a.backward(np.ones(3)), r"the cotangent has shape \(3,\), and the tensor \(2,\)"),
        (lambda a: (a > 1).backward(), r"backward\(\) of a tensor of bool: only floats have a gradient; .*"),
        (lambda a: (a > 1).sum().backward(), r"backward\(\) of a tensor of int64: only floats have a gradient; .*"),
        (lambda a: a.detach().sum().backward(), r"backward\(\) of a tensor that does not depend on any tensor .*"),
        (lambda a: a.detach().register_hook(print), r"a hook needs a tensor that requires a gradient"),
        (
            lambda a: (a * a).requires_grad_(False),
            r"a result of multiply requires a gradient because its inputs do; .*",
        ),
    ],
)
def test_errors_say_what_is_wrong(action: object, message: str) -> None:
    """One sentence with the numbers in it."""
    with pytest.raises(ar.AutorecurError, match=f"^{message}$"):
        action(leaf(1.0, 2.0))  # type: ignore[operator]


def test_a_freed_graph_is_said_to_be_freed() -> None:
    """A second pass needs retain_graph, from the result and from anything in between."""
    a = leaf(2.0)
    middle = a * a
    y = (middle * a).sum()
    y.backward()
    for again in (y, (middle * 2).sum()):
        with pytest.raises(
            ar.GradientError,
            match=r"^the graph behind this result of (sum|multiply) was freed by an earlier backward\(\); "
            r"give that one retain_graph=True to use the graph again, or cut what is carried over .* ar\.detach\(state\)$",
        ):
            again.backward()


def test_a_retained_graph_can_be_used_again() -> None:
    """Both passes give the same."""
    a = leaf(2.0)
    y = (a * a).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert grad_of(a) == [8]


def test_create_graph_makes_gradients_differentiable() -> None:
    """d²/da² of a³ is 6a."""
    a = leaf(2.0)
    (a * a * a).sum().backward(create_graph=True)
    first, a.grad = a.grad, None
    assert first is not None
    first.sum().backward()
    assert grad_of(a) == [12]


def test_a_gradient_can_be_put_there() -> None:
    """None, or numbers of the tensor's shape."""
    a = leaf(1.0, 2.0)
    a.grad = np.array([10.0, 20.0])
    a.sum().backward()
    assert grad_of(a) == [11, 21]
    with pytest.raises(
        ar.ShapeError, match=r"^a tensor of shape \(2,\) cannot have a gradient of float64 of shape \(3,\)$"
    ):
        a.grad = np.zeros(3)


def test_only_some_leaves_can_be_asked_for() -> None:
    """``inputs=`` leaves the others alone."""
    a, b = leaf(1.0), leaf(2.0)
    (a * b).sum().backward(inputs=[a])
    assert grad_of(a) == [2]
    assert b.grad is None


def test_a_tensor_on_the_way_and_a_leaf_behind_it_can_both_be_asked_for() -> None:
    """``inputs=`` stops at neither."""
    w = leaf(2.0)
    h = w * 3
    (h * 5).sum().backward(inputs=[h, w])
    assert grad_of(h) == [5]
    assert grad_of(w) == [15]


def test_a_complex_result_has_no_gradient() -> None:
    """Complex numbers are carried, never differentiated."""
    with pytest.raises(ar.GradientError, match=r"^backward\(\) of a tensor of complex128: only floats have a gradient"):
        (leaf(1.0) * 1j).sum().backward()


def test_create_graph_records_inside_no_grad() -> None:
    """Who asks for a graph gets one."""
    a = leaf(2.0)
    y = (a * a * a).sum()
    with ar.no_grad():
        y.backward(create_graph=True)
    assert a.grad is not None
    assert a.grad.requires_grad


def test_no_grad_records_nothing() -> None:
    """As a context and as a decorator; enable_grad records again inside."""
    a = leaf(1.0)
    with ar.no_grad():
        assert not (a * a).requires_grad
        with ar.enable_grad():
            assert (a * a).requires_grad
    assert not ar.no_grad()(lambda: a * a)().requires_grad
    off = ar.no_grad()
    for _ in range(2):
        with off, off:
            assert not (a * a).requires_grad
    assert (a * a).requires_grad


def test_no_grad_ends_with_an_error() -> None:
    """What is raised inside does not switch recording off for good."""
    a = leaf(1.0)
    with pytest.raises(ZeroDivisionError), ar.no_grad():
        raise ZeroDivisionError
    assert (a * a).requires_grad


def test_no_grad_holds_for_one_thread() -> None:
    """Another thread records meanwhile."""
    a, seen = leaf(1.0), []
    with ar.no_grad():
        thread = threading.Thread(target=lambda: seen.append((a * a).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


def test_hooks_see_and_change_gradients() -> None:
    """A hook of a result sees the whole cotangent once; what it returns goes on."""
    a, seen = leaf(1.0, 2.0), []
    middle = a * 3
    middle.register_hook(lambda g: seen.append(g.tolist()))
    remove = middle.register_hook(lambda g: g * 10)
    (middle * middle).sum().backward(retain_graph=True)
    assert seen == [[6, 12]]
    assert grad_of(a) == [180, 360]
    remove()
    a.grad = None
    (middle + 0).sum().backward()
    assert grad_of(a) == [3, 3]


def test_a_hook_cannot_change_the_dtype() -> None:
    """A gradient has the dtype of its tensor."""
    a = ar.tensor(np.ones(2, np.float32), requires_grad=True)
    a.register_hook(lambda g: np.array([2, 3]))
    a.sum().backward()
    assert a.grad is not None
    assert a.grad.dtype == np.float32


def test_a_hook_of_a_wrong_shape_is_refused() -> None:
    """What a hook returns has the tensor's shape."""
    a = leaf(1.0, 2.0)
    a.register_hook(lambda g: np.ones(3))
    with pytest.raises(
        ar.ShapeError, match=r"^a hook returned a gradient of shape \(3,\) for a tensor of shape \(2,\)$"
    ):
        a.sum().backward()


def test_a_result_can_keep_its_gradient() -> None:
    """retain_grad, as PyTorch has it."""
    a = leaf(1.0, 2.0)
    middle = a * 3
    middle.retain_grad()
    (middle * middle).sum().backward()
    assert grad_of(middle) == [6, 12]


def test_a_chain_of_100_000_operations() -> None:
    """Nothing recurses, neither the sweep nor the end of the tensors."""
    a = leaf(1.0)
    y = a
    for _ in range(100_000):
        y = y + 1.0
    y.sum().backward()
    assert grad_of(a) == [1]
    z = a
    for _ in range(100_000):
        z = z + 1.0
    del z


def test_a_node_that_is_reached_by_2_to_the_60_paths() -> None:
    """Each tensor is pulled back once."""
    a = leaf(1.0)
    y = a
    for _ in range(60):
        y = y + y
    y.sum().backward()
    assert grad_of(a) == [2.0**60]


def test_the_order_is_right_where_a_queue_is_wrong() -> None:
    """A short path and a long one to the same tensor: it waits for both."""
    a = leaf(3.0)
    b = a * a
    (b + b * b * b).sum().backward()
    assert grad_of(a) == [2 * 3 + 6 * 3**5]


def test_a_freed_tape_holds_no_memory() -> None:
    """What a training loop leaves behind does not grow with its steps."""
    w = ar.tensor(np.ones(1000), requires_grad=True)

    def step() -> None:
        w.grad = None
        loss = (w * w * 2.0).sum()
        loss.backward()
        assert w.grad is not None
        w.data = w.data - 1e-3 * w.grad.data

    tracemalloc.start()
    for _ in range(200):
        step()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(1000):
        step()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 100_000  # a leak of one array a step would be eight million


def test_tensors_are_freed_without_the_collector() -> None:
    """No cycles: the tape of a dropped result is gone at once."""
    gc.collect()
    gc.disable()
    try:
        tracemalloc.start()
        a = ar.tensor(np.ones(100_000), requires_grad=True)
        base = tracemalloc.get_traced_memory()[0]
        y = a * 2.0 * 3.0
        assert tracemalloc.get_traced_memory()[0] > base + 1_000_000
        del y
        assert tracemalloc.get_traced_memory()[0] < base + 10_000
    finally:
        tracemalloc.stop()
        gc.enable()


def test_broadcasting_is_undone() -> None:
    """A row and a column that were stretched get the sums."""
    row, column = leaf(1.0, 2.0, 3.0), ar.tensor([[1.0], [2.0]], requires_grad=True)
    (row * column).sum().backward()
    assert grad_of(row) == [3, 3, 3]
    assert grad_of(column) == [[6], [6]]


def test_a_parameter_is_changed_under_its_name_without_recording_alone() -> None:
    """``p -= …`` would make a new tensor, and leave the parameter as it was."""
    p = ar.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ar.GradientError, match=r"cannot be changed by -= while operations are recorded: do it inside"):
        p -= 1
    same = p
    with ar.no_grad():
        p -= 0.5
        p *= 2
        p += 1
        p /= 2
    assert p is same
    np.testing.assert_array_equal(p, [1.0, 2.0])


def test_other_tensors_give_their_name_to_the_result() -> None:
    """The numbers of the first stay as they are."""
    first = q = ar.tensor([1.0, 2.0])
    q += 1
    np.testing.assert_array_equal(q, [2.0, 3.0])
    np.testing.assert_array_equal(first, [1.0, 2.0])
