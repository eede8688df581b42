"""What compiled runs remember from call to call is never seen by another: threads, changed arguments, kept results."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.compile.runner import is_available

pytestmark = pytest.mark.skipif(not is_available("float64"), reason="without numba's compiler cells run on the tape")
CELL = ar.cells["gru"]
SIZES = {"n_x": 3, "n_h": 4, "n_y": 2}


def params(seed: int = 0) -> dict[str, Any]:
    return {name: ar.tensor(value, requires_grad=True) for name, value in CELL.init(SIZES, seed).items()}


def x(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal((*shape, 3))


def test_threads_run_with_their_own_parameters() -> None:
    """The addresses of one thread's parameters are not those that another thread's run reads."""
    given = x(20, 3)

    def results(seed: int) -> tuple[Any, Any]:
        own = params(seed)
        out = CELL.run(given, own, backend="compiled")["y"]
        out.sum().backward()
        return out.numpy().copy(), own["U_n"].grad.numpy().copy()

    alone = [results(seed) for seed in range(4)]
    wrong: list[int] = []

    def work(seed: int) -> None:
        for _ in range(60):
            if not all(np.array_equal(a, b) for a, b in zip(results(seed), alone[seed], strict=True)):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_lengths_may_be_changed_after_a_run() -> None:
    """Neither what is remembered nor a later derivative of the derivative reads the user's array."""
    lengths, own, given = np.array([3, 5, 2]), params(), x(5, 3)
    first = CELL.run(given, own, lengths=lengths, backend="compiled")
    before = first["h"].numpy().copy()
    lengths[:] = 5
    np.testing.assert_array_equal(CELL.run(given, own, lengths=[3, 5, 2], backend="compiled")["h"], before)
    (first["h"] ** 2).sum().backward(create_graph=True)
    same = params()
    (CELL.run(given, same, lengths=[3, 5, 2], backend="eager")["h"] ** 2).sum().backward()
    np.testing.assert_allclose(own["U_n"].grad, same["U_n"].grad, rtol=1e-10)


def test_results_cannot_be_made_writeable() -> None:
    """The backward program reads them."""
    out = CELL.run(x(4, 2), params(), backend="compiled")
    for array in (out["h"].numpy(), out["h"].numpy().base, out.last["h"].numpy()):
        if array is not None and array.flags.writeable is False and array.base is not None:
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.flags.writeable = True


def test_what_was_looked_at_without_recording_is_recorded_later() -> None:
    """A constant is not kept in place of a result with a history."""
    own = params()
    for backend in ("compiled", "eager"):
        out = CELL.run(x(4, 2), own, backend=backend)
        with ar.no_grad():
            out["h"].mean()
        out["h"].sum().backward()
        assert own["U_n"].grad is not None


def test_initial_states_that_nothing_reads_are_passed_over() -> None:
    """Their memory may be another's."""
    cell = ar.cell("a[t] = tanh(U a[t-1] + W x[t])\nb[t] = tanh(V b[t-1] + R x[t] + a[t-1] + a[t-2])")
    own = {name: ar.tensor(v) for name, v in cell.init({"n_x": 3, "n_a": 2}, 0).items()}
    initial = {"a[0]": np.full((2, 2), 0.3), "a[-1]": np.full((2, 2), 9.0), "b[0]": np.full((2, 2), 0.5)}
    for outputs in (("a",), ("a", "b"), ("b",)):
        runs = [cell.run(x(4, 2), own, initial, outputs=outputs, backend=b) for b in ("eager", "compiled")]
        for name in outputs:
            np.testing.assert_allclose(runs[1][name], runs[0][name], rtol=1e-12)


def test_parameters_of_earlier_runs_are_let_go() -> None:
    """The addresses that are remembered keep no numbers alive, and a small gradient no workspace."""
    own = params()
    CELL.run(x(4, 2), own, backend="compiled")["h"].sum().backward()
    arrays = [weakref.ref(p._array) for p in own.values()]
    gradient = own["U_n"].grad.numpy()
    assert gradient.base is None or gradient.base.size < 200
    del own
    gc.collect()
    assert not [array for array in arrays if array() is not None]


def test_steps_and_lengths_are_whole_numbers_however_often_they_were_given_before() -> None:
    """What is remembered of a right call lets no wrong one through."""
    own, given = params(), x(5, 2)
    CELL.run(given, own, lengths=[5, 3], steps=5, backend="compiled")
    with pytest.raises(ar.ShapeError, match="lengths are 2 whole numbers"):
        CELL.run(given, own, lengths=[5.0, 3.0], steps=5, backend="compiled")
    with pytest.raises(ar.ShapeError, match=r"steps is a whole number from 1, not 5\.0"):
        CELL.run(given, own, lengths=[5, 3], steps=5.0, backend="compiled")  # type: ignore[arg-type]


def test_one_output_needs_no_tuple() -> None:
    """A name is not taken for its letters."""
    assert list(CELL.run(x(4, 2), params(), outputs="h")) == ["h"]
