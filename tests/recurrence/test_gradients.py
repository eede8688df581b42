"""``cell.value_and_grad`` gives what a recorded run and its backward pass give, call after call."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import autorecur as ar

SIZES = {"n_x": 3, "n_h": 4, "n_y": 2}


def problem(cell, steps=5, batch=2, seed=0, dtype=np.float64):
    """Inputs, parameters and a cotangent for every output and state."""
    generator = np.random.default_rng(seed)
    sizes = {name: SIZES.get(name, 3) for name in cell.sizes}
    params = {name: value.astype(dtype) for name, value in cell.init(sizes, seed).items()}

    def drawn(name):
        shape = [int(size) if str(size).isdigit() else sizes[size] for size in cell.shapes[name] if str(size) in sizes]
        return generator.standard_normal((steps, batch, *shape)).astype(dtype)

    x = {name: drawn(name) for name in cell.inputs}
    with ar.no_grad():
        shapes = {name: out.shape for name, out in cell.run(x, params, backend="eager").items()}
    return x, params, {name: generator.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}


def recorded(cell, x, params, cotangents, **settings):
    """The same on the tape, op by op."""
    x = {name: ar.tensor(value, requires_grad=True) for name, value in x.items()}
    params = {name: ar.tensor(value, requires_grad=True) for name, value in params.items()}
    out = cell.run(x, params, backend="eager", **settings)
    sum((out[name] * k).sum() for name, k in cotangents.items()).backward()
    leaves = {**x, **params}
    found = {k: np.zeros(v.shape) if v.grad is None else v.grad.numpy() for k, v in leaves.items()}
    return {name: out[name].numpy() for name in cotangents}, found


def assert_same(found, wanted, tolerance=1e-11):
    assert found.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_allclose(found[name], wanted[name], rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn_row", "rnn_stacked", "rnn_bidirectional", "mlstm", "rnn_jordan"])
def test_every_call_gives_what_the_tape_gives(name):
    cell = ar.cells[name]
    for seed in range(3):  # the second call finds memory that the first has left
        x, params, cotangents = problem(cell, seed=seed)
        outs, gradients = cell.value_and_grad(x, params, cotangents)
        wanted_outs, wanted = recorded(cell, x, params, cotangents)
        assert_same(outs, wanted_outs)
        assert_same(gradients, wanted)


def test_arrays_that_were_changed_in_place_are_read_anew():
    cell = ar.cells["lstm"]
    x, params, cotangents = problem(cell)
    for _ in range(3):
        _, gradients = cell.value_and_grad(x, params, cotangents)
        assert_same(gradients, recorded(cell, x, params, cotangents)[1])
        params["W_i"] *= 0.5
        x["x"] += 1.0


def test_results_belong_to_the_caller():
    cell = ar.cells["lstm"]
    x, params, cotangents = problem(cell)
    cell.value_and_grad(x, params, cotangents)
    outs, gradients = cell.value_and_grad(x, params, cotangents)
    kept = {name: array.copy() for name, array in {**outs, **gradients}.items()}
    other, others, more = problem(cell, seed=1)
    cell.value_and_grad(other, others, more)
    assert_same({**outs, **gradients}, kept, 0)


def test_arrays_of_another_shape_or_dtype_are_another_case():
    cell = ar.cells["gru"]
    for steps, batch, dtype in [(5, 2, np.float64), (3, 2, np.float64), (5, 1, np.float64), (5, 2, np.float32)] * 2:
        x, params, cotangents = problem(cell, steps, batch, dtype=dtype)
        outs, gradients = cell.value_and_grad(x, params, cotangents)
        assert gradients["U_r"].dtype == dtype
        assert outs["h"].shape == (steps, batch, 4)
        assert_same(gradients, recorded(cell, x, params, cotangents)[1], 1e-4 if dtype == np.float32 else 1e-11)


def test_arrays_that_are_not_contiguous_are_read_right():
    cell = ar.cells["rnn"]
    x, params, cotangents = problem(cell)
    cell.value_and_grad(x, params, cotangents)
    turned = {name: np.asfortranarray(value) for name, value in params.items()}
    assert_same(cell.value_and_grad(x, turned, cotangents)[1], recorded(cell, x, params, cotangents)[1])


def test_a_function_of_the_outputs_gives_their_cotangents():
    cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1] + b)")
    x, params, _ = problem(cell)
    target = np.ones((5, 2, 4))

    def error(outs):
        return {"h": 2 * (outs["h"] - target)}

    for _ in range(2):
        outs, gradients = cell.value_and_grad(x, params, error, outputs="h")
        assert_same(gradients, recorded(cell, x, params, {"h": 2 * (outs["h"] - target)})[1])


def test_initial_states_lengths_and_truncation_are_those_of_a_run():
    cell = ar.cells["lstm"]
    x, params, cotangents = problem(cell)
    start = np.full((2, 4), 0.3)
    for _ in range(2):
        _, found = cell.value_and_grad(x, params, cotangents, initial={"h": start})
        assert found["h[0]"].shape == (2, 4)
        assert np.abs(found["h[0]"]).max() > 0
        _, found = cell.value_and_grad(x, params, cotangents, lengths=[5, 2])
        assert_same(found, recorded(cell, x, params, cotangents, lengths=[5, 2])[1])
        _, found = cell.value_and_grad(x, params, cotangents, truncate=2)
        assert_same(found, recorded(cell, x, params, cotangents, truncate=2)[1])


def test_threads_do_not_share_memory():
    cell = ar.cells["lstm"]
    problems = [problem(cell, seed=seed) for seed in range(4)]
    wanted = [cell.value_and_grad(*each)[1] for each in problems]
    wrong: list[str] = []

    def work(which):
        for _ in range(100):
            found = cell.value_and_grad(*problems[which])[1]
            wrong.extend(name for name in found if not np.array_equal(found[name], wanted[which][name]))

    threads = [threading.Thread(target=work, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_cotangent_that_does_not_fit_is_named():
    cell = ar.cells["lstm"]
    x, params, cotangents = problem(cell)
    for _ in range(2):
        with pytest.raises(ar.ShapeError, match=r"the cotangent of h has shape \(4,\), and h \(5, 2, 4\)"):
            cell.value_and_grad(x, params, {"h": np.ones(4)})
        with pytest.raises(ar.AutorecurError, match="pass a mapping from names to cotangents"):
            cell.value_and_grad(x, params, cotangents["h"])
        with pytest.raises(ar.AutorecurError, match="the outputs are h"):
            cell.value_and_grad(x, params, lambda outs: cotangents, outputs="h")
