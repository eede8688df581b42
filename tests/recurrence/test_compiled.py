"""``backend="compiled"`` is one op of the engine: differentiated again, shared, recorded, refused, like any other."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.compile import runner
from autorecur.recurrence.eager import Eager
from autorecur.testing.compiled import Call, compare

pytestmark = pytest.mark.skipif(
    not runner.is_available("float64"), reason="numba is missing or switched off: nothing is compiled"
)
TEXT = "h[t] = tanh(W x[t] + U h[t-1] + b)"
RNN = ar.cell(TEXT)
BOTH = ar.cell("h[t] = tanh(W x[t] + U h[t-1])\ng[t] = tanh(V x[t] + R g[t+1])\ny[t] = A h[t] + B g[t]")
SIZES = {"n_x": 3, "n_h": 4, "n_g": 4, "n_y": 2}


def drawn(cell: Any, steps: int = 5, batch: tuple[int, ...] = (), grad: bool = True) -> tuple[dict[str, Any], Any]:
    """Parameters and an input."""
    sizes = {name: SIZES[name] for name in cell.sizes}
    x = np.random.default_rng(1).standard_normal((steps, *batch, 3))
    return {k: ar.tensor(v, requires_grad=grad) for k, v in cell.init(sizes, 0).items()}, x


def both(compute: Callable[[str], Any]) -> tuple[Any, Any]:
    """By compiled programs, and on the tape."""
    return compute("compiled"), compute("eager")


def gradients(params: dict[str, Any]) -> dict[str, np.ndarray]:
    return {name: p.grad.numpy().copy() for name, p in params.items() if p.grad is not None}


@pytest.fixture
def no_tape(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever runs now is compiled: the tape is out of reach."""

    def refuse(*args: Any, **more: Any) -> None:
        raise AssertionError("this ran eagerly")

    monkeypatch.setattr(Eager, "__init__", refuse)


# ---------------------------------------------------------------- built-in cells


@pytest.mark.parametrize("name", sorted(ar.cells))
@pytest.mark.parametrize(
    "change",
    [{}, {"batch": 3, "lengths": (2, 5, 1), "initial": True}, {"batch": 2, "truncate": 2, "dtype": "float32"}],
    ids=["plain", "lengths", "truncated"],
)
def test_built_in_cells_agree_with_the_tape(name: str, change: dict[str, Any]) -> None:
    """All results, all gradients."""
    cell = ar.cells[name]
    learned = {key for key in cell.parameters if key.endswith("]")}
    keys = [key for state in cell.states for key in cell.initial_keys(state) if key not in learned]
    change = dict(change)
    initial = tuple(keys) if change.pop("initial", False) else ()
    sizes = tuple((size, i + 2) for i, size in enumerate(cell.sizes))
    shown = tuple(dict.fromkeys(a.name for a in cell.assignments if a.name in (*cell.states, *cell.outputs)))
    wanted = (*cell.parameters, *cell.inputs, *initial)
    call = Call(str(cell), sizes, 5, initial=initial, wanted=wanted, weighted=shown, last=True, **change)
    assert compare(call, ar.cell(str(cell))) == []


# ---------------------------------------------------------------- derivatives


def test_it_is_compiled(no_tape: None) -> None:
    """Values and gradients never touch the tape."""
    params, x = drawn(RNN)
    RNN.run(x, params, backend="compiled")["h"].sum().backward()
    assert set(gradients(params)) == {"W", "U", "b"}


def test_gradcheck_passes() -> None:
    """In all parameters, the input and the initial state."""
    params, x = drawn(RNN, 3, (2,), grad=False)
    values = [p.numpy() for p in params.values()]

    def f(x: Any, h: Any, *values: Any) -> Any:
        out = RNN.run(x, dict(zip(params, values, strict=True)), {"h": h}, backend="compiled")
        return (out["h"] * out["h"]).sum() + out.last["h"].sum()

    assert ar.gradcheck(f, x, np.full((2, 4), 0.1), *values)


def test_the_derivative_of_the_derivative() -> None:
    """The gradient's gradient, by the tape, and the same numbers as from the tape alone."""
    params, x = drawn(RNN, 4, grad=False)

    def second(backend: str) -> Any:
        def f(u: Any) -> Any:
            return (RNN.run(x, {**params, "U": u}, backend=backend)["h"] ** 2).sum()

        return ar.grad(lambda u: (ar.grad(f)(u) ** 2).sum())(params["U"]).numpy()

    compiled, eager = both(second)
    assert np.allclose(compiled, eager, rtol=1e-10, atol=1e-12)
    assert np.any(eager)


def test_hessian_vector_products() -> None:
    """``ar.hvp``."""
    params, x = drawn(RNN, 4, grad=False)
    v = np.random.default_rng(3).standard_normal((4, 4))

    def product(backend: str) -> Any:
        return ar.hvp(lambda u: RNN.run(x, {**params, "U": u}, backend=backend)["h"].sum(), (params["U"],), (v,))

    for compiled, eager in zip(*both(product), strict=True):
        values = [part if isinstance(part, (tuple, list)) else [part] for part in (compiled, eager)]
        for one, other in zip(*values, strict=True):
            assert np.allclose(one.numpy(), other.numpy(), rtol=1e-10, atol=1e-12)


def test_create_graph() -> None:
    """Gradients of a backward pass can be differentiated again."""

    def penalty(backend: str) -> dict[str, np.ndarray]:
        params, x = drawn(RNN, 4, (2,))
        (RNN.run(x, params, backend=backend)["h"] ** 2).sum().backward(create_graph=True)
        total = (params["U"].grad ** 2).sum() + (params["W"].grad ** 2).sum()
        for p in params.values():
            p.grad = None
        total.backward()
        return gradients(params)

    compiled, eager = both(penalty)
    assert compiled.keys() == eager.keys() == {"W", "U", "b"}
    assert all(np.allclose(compiled[name], eager[name], rtol=1e-10, atol=1e-12) for name in eager)


def test_two_backward_passes() -> None:
    """With ``retain_graph``, of the same loss or of another; the gradients add up."""
    params, x = drawn(RNN)
    out = RNN.run(x, params, backend="compiled")
    loss = (out["h"] ** 2).sum()
    loss.backward(retain_graph=True)
    once = gradients(params)
    loss.backward(retain_graph=True)
    assert all(np.allclose(found, 2 * once[name]) for name, found in gradients(params).items())
    out["h"][-1].sum().backward()
    alone, _ = drawn(RNN)
    RNN.run(x, alone, backend="compiled")["h"][-1].sum().backward()
    for name, found in gradients(params).items():
        assert np.allclose(found, 2 * once[name] + gradients(alone)[name])


def test_a_second_pass_without_retain_graph_is_refused() -> None:
    """With the engine's own words."""
    params, x = drawn(RNN)
    loss = RNN.run(x, params, backend="compiled")["h"].sum()
    loss.backward()
    with pytest.raises(ar.GradientError):
        loss.backward()


def test_one_tensor_as_two_parameters() -> None:
    """Its gradient is the sum of both, in first and second order."""
    tied = ar.cell("h[t] = tanh(V h[t-1] + U h[t-2] + W x[t])")

    def tried(backend: str) -> list[np.ndarray]:
        params, x = drawn(tied)
        params["V"] = params["U"]
        out = tied.run(x, params, backend=backend)
        (out["h"] ** 2).sum().backward()
        first = params["U"].grad.numpy().copy()
        again = ar.grad(
            lambda u: (
                ar.grad(lambda u: tied.run(x, {**params, "U": u, "V": u}, backend=backend)["h"].sum())(u) ** 2
            ).sum()
        )(params["U"].detach())
        return [first, again.numpy()]

    for compiled, eager in zip(*both(tried), strict=True):
        assert np.allclose(compiled, eager, rtol=1e-10, atol=1e-12)


def test_parameters_that_require_nothing_get_nothing() -> None:
    """The others get what they get anyway."""
    params, x = drawn(RNN)
    RNN.run(x, params, backend="compiled")["h"].sum().backward()
    whole = gradients(params)
    some, _ = drawn(RNN)
    some["W"] = some["W"].detach()
    RNN.run(x, {**some, "b": some["b"].numpy()}, backend="compiled")["h"].sum().backward()
    assert some["W"].grad is None
    assert np.allclose(some["U"].grad, whole["U"])


def test_no_grad() -> None:
    """No record is made; with it again afterwards."""
    params, x = drawn(RNN)
    with ar.no_grad():
        out = RNN.run(x, params, backend="compiled")
    assert not out["h"].requires_grad
    again = RNN.run(x, params, backend="compiled")
    assert again["h"].requires_grad
    assert np.array_equal(out["h"], again["h"])


# ---------------------------------------------------------------- memory


def test_two_results_never_share_memory() -> None:
    """Neither values nor gradients, whichever are kept."""
    params, x = drawn(RNN)
    kept = []
    for scale in (1.0, 2.0, 3.0):
        out = RNN.run(x * scale, params, backend="compiled")
        (out["h"] ** 2).sum().backward()
        kept.append((out["h"], out["h"].numpy().copy(), params["U"].grad, params["U"].grad.numpy().copy()))
        params["U"].grad = None
    for value, copy, gradient, own in kept:
        assert np.array_equal(value, copy)
        assert np.array_equal(gradient, own)
    for i, (value, _, gradient, _) in enumerate(kept):
        for other, _, its, _ in kept[i + 1 :]:
            assert not np.shares_memory(value.numpy(), other.numpy())
            assert not np.shares_memory(gradient.numpy(), its.numpy())


def test_a_pass_later_reads_its_own_run() -> None:
    """Runs in between have not touched what it will read."""
    params, x = drawn(RNN)
    first = (RNN.run(x, params, backend="compiled")["h"] ** 2).sum()
    for scale in (2.0, 3.0):
        (RNN.run(x * scale, params, backend="compiled")["h"] ** 2).sum().backward()
    for p in params.values():
        p.grad = None
    first.backward()
    alone, _ = drawn(RNN)
    (RNN.run(x, alone, backend="eager")["h"] ** 2).sum().backward()
    for name, found in gradients(params).items():
        assert np.allclose(found, gradients(alone)[name])


def test_outputs_outlive_everything_else() -> None:
    """The memory that they lie in stays theirs when the run, the parameters and the cell are gone."""
    cell = ar.cell(TEXT)
    params, x = drawn(cell)
    kept = cell.run(x, params, backend="compiled")["h"].detach()
    copy = kept.numpy().copy()
    del cell, params
    gc.collect()
    again, _ = drawn(RNN)
    for scale in range(5):
        RNN.run(x * scale, again, backend="compiled")
    assert np.array_equal(kept, copy)


def test_threads_have_memory_of_their_own() -> None:
    """Four at once, the same cell and shapes, other numbers: each gets its own."""
    truths: dict[int, Any] = {}
    found: dict[int, list[Any]] = {}

    def work(k: int, into: list[Any], times: int) -> None:
        for _ in range(times):
            params, x = drawn(RNN, 20, (3,))
            out = RNN.run(x * (k + 1), params, backend="compiled")
            (out["h"] ** 2).sum().backward()
            into.append((out["h"].numpy().copy(), params["U"].grad.numpy().copy()))

    for k in range(4):
        truths[k] = []
        work(k, truths[k], 1)
        found[k] = []
    threads = [Thread(target=work, args=(k, found[k], 25)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(4):
        assert len(found[k]) == 25
        for value, gradient in found[k]:
            assert np.array_equal(value, truths[k][0][0])
            assert np.array_equal(gradient, truths[k][0][1])


def test_ten_thousand_steps_take_memory_in_proportion() -> None:
    """Ten times the steps: ten times the numbers, and not one instruction more."""
    from autorecur.compile.plan import Plan

    plans: list[Any] = []
    original = Plan.__init__

    def seen(self: Any, *args: Any, **more: Any) -> None:
        original(self, *args, **more)
        plans.append(self)

    cell = ar.cell(TEXT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Plan, "__init__", seen)
        for steps in (1000, 10_000):
            params, x = drawn(cell, steps)
            out = cell.run(x, params, backend="compiled")
            out["h"].sum().backward()
            assert np.isfinite(params["U"].grad.numpy()).all()
    short, long = plans
    assert len(short.tables.code) == len(long.tables.code)
    assert 9.9 < long.memory.count / short.memory.count < 10.1


def test_a_long_run_is_the_tapes() -> None:
    """A thousand steps, values and gradients."""
    call = Call(TEXT, (("n_x", 2), ("n_h", 3)), 1000, wanted=("W", "U", "b", "x"), weighted=("h",))
    assert compare(call) == []


# ---------------------------------------------------------------- inputs


@pytest.mark.parametrize(
    "arrange",
    [
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
        lambda a: a[::-1].copy()[::-1],
        lambda a: np.moveaxis(np.moveaxis(a, 0, -1).copy(), -1, 0),
    ],
)
def test_arrays_may_lie_in_memory_as_they_like(arrange: Callable[[Any], Any]) -> None:
    """Parameters, inputs and initial states."""
    params, x = drawn(RNN, 5, (2,))
    h = np.random.default_rng(5).standard_normal((2, 4))
    plain = RNN.run(x, params, {"h": h}, backend="compiled")
    (plain["h"] ** 2).sum().backward()
    other = {name: ar.tensor(arrange(p.numpy()), requires_grad=True) for name, p in params.items()}
    out = RNN.run(arrange(x), other, {"h": arrange(h)}, backend="compiled")
    (out["h"] ** 2).sum().backward()
    assert np.array_equal(out["h"], plain["h"])
    for name, found in gradients(other).items():
        assert np.array_equal(found, gradients(params)[name])


def test_mixed_numbers_are_what_they_are_on_the_tape() -> None:
    """float32 beside float64, integers, float32 alone: the same dtype and values; gradients in each one's own dtype."""

    def tried(backend: str, x: Any, dtype: Any) -> Any:
        params, _ = drawn(RNN)
        params = {k: ar.tensor(p.numpy().astype(dtype), requires_grad=True) for k, p in params.items()}
        out = RNN.run(x, params, backend=backend)["h"]
        out.sum().backward()
        return [out.numpy(), *(p.grad.numpy() for p in params.values())]

    x = drawn(RNN)[1]
    for given, dtype in (
        (x.astype(np.float32), np.float64),
        (x, np.float32),
        (np.rint(x).astype(int), np.float64),
        (x.astype(np.float32), np.float32),
    ):
        for compiled, eager in zip(tried("compiled", given, dtype), tried("eager", given, dtype), strict=True):
            assert compiled.dtype == eager.dtype
            assert np.allclose(compiled, eager, rtol=1e-4 if eager.dtype == np.float32 else 1e-10, atol=1e-5)


def test_what_a_user_does_to_an_array_later_changes_no_gradient() -> None:
    """The run has read it, and what backwards reads is its own or cannot be written."""
    params, x = drawn(RNN)
    loss = (RNN.run(x, params, backend="compiled")["h"] ** 2).sum()
    twin, _ = drawn(RNN)
    (RNN.run(x.copy(), twin, backend="compiled")["h"] ** 2).sum().backward()
    with suppress(ValueError):  # it may have become read-only
        x[...] = 7
    loss.backward()
    for name, found in gradients(params).items():
        assert np.array_equal(found, gradients(twin)[name])


def test_an_initial_state_that_is_not_given_is_zero_beside_one_that_is() -> None:
    """Even where both lie side by side, in memory that held something else before."""
    text = (
        "z[t] = [c[t-1], x[t], c[t-1] * (h[t-1] V)]\nh[t] = sigmoid(h[t-1] U + x[t] W + z[t] S)\n"
        "c[t] = sigmoid(c[t-1] R + x[t] W)"
    )
    own = ar.cell(text)
    sizes = tuple((name, 2) for name in own.sizes)
    assert compare(Call(text, sizes, 1, initial=("h[0]",), wanted=("h[0]",), outputs=("z", "h"), weighted=("h",))) == []


def test_initial_states_that_nobody_reads_may_be_given() -> None:
    """Of a state that the outputs do not need; its gradient is zero."""
    cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1])\nc[t] = tanh(V c[t-1] + D h[t])")
    params = cell.init({"n_x": 3, "n_h": 4, "n_c": 2}, 0)
    c = ar.tensor(np.ones(2), requires_grad=True)
    x = np.ones((3, 3))
    out = cell.run(x, params, {"c": c}, outputs=("h",), backend="compiled")
    assert np.allclose(out["h"], cell.run(x, params, outputs=("h",), backend="eager")["h"])


# ---------------------------------------------------------------- lengths, truncation, records


def test_padding_may_hold_anything() -> None:
    """NaN behind the ends: no NaN in values or gradients, zeros where the padding is; each sequence as if alone."""
    params, x = drawn(BOTH, 6, (3,))
    lengths = np.array([4, 6, 1])
    for b, length in enumerate(lengths):
        x[length:, b] = np.nan
    leaf = ar.tensor(x, requires_grad=True)
    out = BOTH.run(leaf, params, lengths=lengths, backend="compiled")
    (out["y"] ** 2).sum().backward()
    together = gradients(params)
    for p in params.values():
        p.grad = None
    for b, length in enumerate(lengths):
        alone = BOTH.run(x[:length, b], params, backend="compiled")
        (alone["y"] ** 2).sum().backward()
        for name in out:
            assert np.allclose(out[name].numpy()[:length, b], alone[name])
            assert not out[name].numpy()[length:, b].any()
            assert np.allclose(out.last[name].numpy()[b], alone.last[name])
        assert not leaf.grad.numpy()[length:, b].any()
    for name, found in gradients(params).items():
        assert np.allclose(found, together[name])


def test_truncation_is_detaching_between_chunks() -> None:
    """``truncate=k`` is runs of k steps, each from the detached end of the one before."""
    params, x = drawn(RNN, 7, (2,))
    (RNN.run(x, params, truncate=3, backend="compiled")["h"] ** 2).sum().backward()
    cut = gradients(params)
    for p in params.values():
        p.grad = None
    h: Any = np.zeros((2, 4))
    for start in (0, 3, 6):
        part = RNN.run(x[start : start + 3], params, {"h": h}, backend="compiled")
        (part["h"] ** 2).sum().backward()
        h = ar.detach(part.last["h"])
    for name, found in gradients(params).items():
        assert np.allclose(found, cut[name])


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn_bidirectional"])
def test_a_record_is_the_derivations(name: str) -> None:
    """Every named quantity, and its total derivative at every step."""
    cell = ar.cells[name]
    sizes = {size: i + 2 for i, size in enumerate(cell.sizes)}
    params = {k: ar.tensor(v, requires_grad=True) for k, v in cell.init(sizes, 0).items()}
    x = np.random.default_rng(1).standard_normal((4, sizes["n_x"]))
    out = cell.run(x, params, record=True, backend="compiled")
    [output] = cell.outputs
    k = np.random.default_rng(2).standard_normal(out[output].shape)
    (out[output] * k).sum().backward()
    values = {**{n: p.numpy() for n, p in params.items()}, "x": x, f"k_{output}": k}
    found = cell.derive(loss=None, at="all").evaluate(values)
    assert set(out.adjoint) == set(out) == {a.name for a in cell.assignments}
    displayed = [name for name in out if f"dL/d{name}[1]" in found]
    assert set(cell.states) <= set(displayed)
    for t in range(1, 5):
        for name in out:
            assert np.allclose(out[name].numpy()[t - 1], found[f"{name}[{t}]"], rtol=1e-10)
        for name in displayed:
            assert np.allclose(out.adjoint[name].numpy()[t - 1], found[f"dL/d{name}[{t}]"], rtol=1e-9, atol=1e-12)
    eager = cell.run(x, params, record=True, backend="eager")
    (eager[output] * k).sum().backward()
    for name in out:
        assert np.allclose(out.adjoint[name], eager.adjoint[name], rtol=1e-9, atol=1e-12)


def test_a_record_of_a_concatenation_is_whole() -> None:
    """Its adjoint arrives, although without a record the weight would meet its parts one by one."""
    text = "z[t] = [h[t-1], x[t]]\nh[t] = tanh(W z[t])"
    call = Call(text, (("n_h", 3), ("n_x", 2)), 4, 2, wanted=("x",), weighted=("h",), record=True)
    assert compare(call) == []


def test_a_record_before_a_pass_is_zero() -> None:
    """Nothing has arrived yet."""
    params, x = drawn(RNN)
    out = RNN.run(x, params, record=True, backend="compiled")
    assert not out.adjoint["h"].numpy().any()


# ---------------------------------------------------------------- what is not compiled


def test_anomalies_are_looked_for_on_the_tape() -> None:
    """There every value is seen, and the error names where it was made."""
    params, x = drawn(RNN)
    x[2, 0] = np.inf
    cell = ar.cell("h[t] = W x[t] - W x[t] + U h[t-1]")
    own = {"W": params["W"], "U": params["U"]}

    def message(backend: str) -> str:
        with ar.debug_anomalies(), pytest.raises(ar.AutorecurError) as error, np.errstate(all="ignore"):
            cell.run(x, own, backend=backend)["h"].sum()
        return str(error.value).splitlines()[0]

    compiled, eager = both(message)
    assert compiled == eager


def test_what_cannot_be_compiled_runs_eagerly_and_says_so_once() -> None:
    """One warning, with the cell's name and the reason; the numbers are right."""
    text = "h[t] = tanh(" + " + ".join(f"b_{i} * h[t-{i}]" for i in range(1, 80)) + " + W x[t])"
    cell = ar.cell(text)
    params = {k: ar.tensor(v, requires_grad=True) for k, v in cell.init({"n_h": 2, "n_x": 3}, 0).items()}
    x = drawn(RNN)[1]
    with pytest.warns(
        UserWarning, match=r"runs eagerly, since it cannot be compiled: one step of it touches"
    ) as caught:
        out = cell.run(x, params, backend="compiled")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = cell.run(x, params)
    assert np.array_equal(out["h"], again["h"])
    again["h"].sum().backward()
    assert params["W"].grad is not None


def test_numbers_without_a_program_run_eagerly() -> None:
    """Numbers wider than float64 are computed as on the tape."""
    params, x = drawn(RNN, grad=False)
    wide = {name: p.numpy().astype(np.longdouble) for name, p in params.items()}
    if np.dtype(np.longdouble) == np.dtype(np.float64):
        pytest.skip("longdouble is float64 here: there is no wider number")
    cell = ar.cell(TEXT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = cell.run(x, wide, backend="compiled")["h"]
    eager = cell.run(x, wide, backend="eager")["h"]
    assert compiled.dtype == eager.dtype
    assert np.array_equal(compiled, eager)


def test_without_a_compiler_everything_runs_eagerly() -> None:
    """``NUMBA_DISABLE_JIT=1``: the same numbers, and a warning if a compiled run was asked for by name."""
    params, x = drawn(RNN)
    program = (
        "import warnings; import numpy as np, autorecur as ar\n"
        f"cell = ar.cell({TEXT!r})\n"
        "params = {k: ar.tensor(v, requires_grad=True) for k, v in cell.init({'n_x': 3, 'n_h': 4}, 0).items()}\n"
        "x = np.random.default_rng(1).standard_normal((5, 3))\n"
        "for backend in ('auto', 'compiled'):\n"
        "    with warnings.catch_warnings(record=True) as said:\n"
        "        warnings.simplefilter('always')\n"
        "        out = cell.run(x, params, backend=backend)\n"
        "    assert [w.filename for w in said] == ['<string>'] * (backend == 'compiled')\n"
        "    assert all('missing or switched off' in str(w.message) for w in said)\n"
        "    out['h'].sum().backward()\n"
        "from autorecur.compile import runner\n"
        "print(runner.is_available('float64'), float(out['h'].sum()), float(params['U'].grad.sum()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}
    )
    assert done.returncode == 0, done.stderr
    available, total, gradient = done.stdout.split()
    out = RNN.run(x, params, backend="compiled")
    out["h"].sum().backward()
    assert available == "False"
    assert np.isclose(float(total), out["h"].numpy().sum())
    assert np.isclose(float(gradient), 2 * params["U"].grad.numpy().sum())


@pytest.mark.parametrize(
    "change",
    [
        {"x": np.ones((3, 5))},
        {"x": np.ones(3)},
        {"params": {}},
        {"truncate": 0},
        {"lengths": [2, 2]},
        {"lengths": 9},
        {"lengths": 2.5},
        {"outputs": ("k",)},
        {"initial": {"q": np.ones(3)}},
        {"initial": {"h": np.ones(7)}},
        {"initial": {"h[-3]": np.ones(4)}},
        {"steps": 9},
    ],
)
def test_errors_are_the_tapes(change: dict[str, Any]) -> None:
    """The same class, the same words."""
    params, x = drawn(RNN)
    arguments = {"x": x, "params": params, **change}
    errors = []
    for backend in ("compiled", "eager"):
        with pytest.raises(ar.AutorecurError) as error:
            RNN.run(**arguments, backend=backend)
        errors.append((type(error.value), str(error.value)))
    assert errors[0] == errors[1]


def test_errors_after_a_run_that_went_well() -> None:
    """What was remembered of one call does not hide what is wrong with the next."""
    params, x = drawn(RNN)
    RNN.run(x, params, backend="compiled")
    with pytest.raises(ar.ShapeError):
        RNN.run(np.ones((5, 4)), params, backend="compiled")
    with pytest.raises(ar.ShapeError):
        RNN.run(x, {**params, "U": np.ones((4, 5))}, backend="compiled")
    assert np.isfinite(RNN.run(x, params, backend="compiled")["h"].numpy()).all()
