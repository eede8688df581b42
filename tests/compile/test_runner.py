"""Every instruction of the machine against NumPy: both dtypes and directions, ragged rows, rolling buffers, cuts."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autorecur.compile import blas, native, runner
from autorecur.compile.layout import Kind
from tests.compile.memory import FULL, ROLLING, Memory, dtypes

pytestmark = pytest.mark.skipif(
    not runner.is_available("float64"), reason="numba is missing or switched off: there is no machine to run programs"
)


def product(a: int, b: int, c: int, m: int, n: int, k: int, lds: Sequence[int], **more: int) -> tuple[int, ...]:
    """The words of a GEMM."""
    turned = more.get("a_turned", 0), more.get("b_turned", 0)
    return (Kind.GEMM, a, b, c, *turned, m, n, k, *lds, more.get("accumulate", 0), 0)


@dtypes
@settings(max_examples=100, deadline=None)
@given(
    m=st.sampled_from([0, 1, 2, 3, 7, 33]),
    n=st.sampled_from([1, 2, 5, 16, 61, 200]),
    k=st.sampled_from([0, 1, 3, 4, 9, 64]),
    turned=st.tuples(st.booleans(), st.booleans()),
    accumulate=st.booleans(),
    extra=st.tuples(*[st.integers(0, 3)] * 3),
    alpha=st.sampled_from([1.0, -0.75]),
)
def test_products(
    dtype: str,
    m: int,
    n: int,
    k: int,
    turned: tuple[bool, bool],
    accumulate: bool,
    extra: tuple[int, int, int],
    alpha: float,
) -> None:
    """C (+)= alpha·op(A)·op(B) for any sizes, transpositions and distances of rows; what lies between rows is left alone."""
    memory = Memory(dtype, [1])
    a_shape, b_shape = (k, m) if turned[0] else (m, k), (n, k) if turned[1] else (k, n)
    a = memory.array(a_shape[0], a_shape[1] + extra[0] + 1)
    b = memory.array(b_shape[0], b_shape[1] + extra[1] + 1)
    c = memory.array(m, n + extra[2] + 1)
    before = c.copy()
    places = [memory.place(x, fixed=True) for x in (a, b, c)]
    lds = [x.shape[1] for x in (a, b, c)]
    flags = {"a_turned": int(turned[0]), "b_turned": int(turned[1]), "accumulate": int(accumulate)}
    if not accumulate:
        c[:, :n] = np.nan  # what stood there is not read
    memory.run([product(*places, m, n, k, lds, **flags)], direction=2, numbers=[alpha])
    left, right = a[:, : a_shape[1]], b[:, : b_shape[1]]
    true = alpha * (left.T if turned[0] else left) @ (right.T if turned[1] else right)
    memory.close(c[:, :n], true + before[:, :n] * accumulate, terms=k + 1)
    np.testing.assert_array_equal(c[:, n:], before[:, n:])


@dtypes
@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("rows", [[1, 1, 1], [4, 4, 4, 4], [5, 3, 3, 1]])
def test_a_product_at_each_step(dtype: str, direction: int, rows: list[int]) -> None:
    """M and K of −1 are the rows of the step: h[t] = x[t] W, and dW += x[t]ᵀ h[t]."""
    memory = Memory(dtype, rows)
    x, w, h, dw = memory.sequence(3), memory.array(3, 6), memory.sequence(6), memory.array(3, 6)
    dw[:] = 0
    px, pw, ph, pd = memory.place(x), memory.place(w, fixed=True), memory.place(h), memory.place(dw, fixed=True)
    code = [
        product(px, pw, ph, -1, 6, 3, (3, 6, 6)),
        product(px, ph, pd, 3, 6, -1, (3, 6, 6), a_turned=1, accumulate=1),
    ]
    memory.run(code, direction)
    memory.close(h, x @ w)
    memory.close(dw, x.T @ h, terms=sum(rows) * 3)


@dtypes
def test_a_product_over_all_steps_at_once(dtype: str) -> None:
    """Direction 0 runs once, from the first step's place, with the rows of all steps."""
    memory = Memory(dtype, [5, 3, 3, 1])
    x, w, h = memory.sequence(3), memory.array(3, 40), memory.sequence(40)
    places = memory.place(x), memory.place(w, fixed=True), memory.place(h)
    memory.run([product(*places, -1, 40, 3, (3, 40, 40))], direction=0)
    memory.close(h, x @ w)


@dtypes
@pytest.mark.parametrize("direction", [1, -1])
def test_a_recurrence(dtype: str, direction: int) -> None:
    """The state of the step before is read from where that step wrote it, in either direction."""
    memory = Memory(dtype, [2] * 5)
    memory.padded[0] = memory.padded[1] = 2  # there is a value before the first step
    memory.padded[-1] = 2
    memory.starts[FULL] = [2 * i for i in range(len(memory.padded))]
    h, u = memory.sequence(3), memory.array(3, 3)
    true = h.copy()
    for t in range(1, 6) if direction == 1 else range(5, 0, -1):
        memory.at(true, t)[:] = memory.at(true, t - direction) @ u
    places = memory.place(h, away=-direction), memory.place(u, fixed=True), memory.place(h)
    memory.run([product(*places, -1, 3, 3, (3, 3, 3))], direction)
    memory.close(h, true, terms=300)


@dtypes
def test_rolling_buffers(dtype: str) -> None:
    """A table of starts of its own: even and odd steps share memory."""
    memory = Memory(dtype, [2, 2, 2])
    x, buffer, h = memory.sequence(3), memory.array(4, 3), memory.sequence(3)
    code = [
        (Kind.COPY, memory.place(x), memory.place(buffer, ROLLING), 3, 3, 3, 0, -1, 0),
        (Kind.COPY, memory.place(buffer, ROLLING, away=-1), memory.place(h), 3, 3, 3, -1, -1, 0),
    ]
    memory.run(code)
    for t in (2, 3):
        np.testing.assert_array_equal(memory.at(h, t), memory.at(x, t - 1))
        np.testing.assert_array_equal(memory.at(buffer, t, ROLLING), memory.at(x, t))
    assert not memory.at(h, 1).any()


@dtypes
@pytest.mark.parametrize("reach", [0, 1])
def test_fill(dtype: str, reach: int) -> None:
    """Zeros in a part of each row: always, or only where the reach crosses a cut; and for a given number of rows."""
    memory = Memory(dtype, [3, 3, 2, 1])
    x, y = memory.sequence(5), memory.array(4, 2)
    before = x.copy()
    code = [
        (Kind.FILL, memory.place(x, column=1), -1, 3, 5, reach),
        (Kind.FILL, memory.place(y, fixed=True), 3, 2, 2, 0),
    ]
    memory.run(code, truncate=2)
    for t in range(1, 5):
        filled = reach == 0 or t == 2
        np.testing.assert_array_equal(memory.at(x, t)[:, 1:4] == 0, filled)
        np.testing.assert_array_equal(memory.at(x, t)[:, [0, 4]], memory.at(before, t)[:, [0, 4]])
    assert not y[:3].any()
    assert y[3].all()


@dtypes
def test_pack(dtype: str) -> None:
    """A matrix is copied as it stands or transposed, between any distances of rows."""
    memory = Memory(dtype, [1])
    a, same, turned = memory.array(4, 7), memory.array(4, 6), memory.array(5, 9)
    before = turned.copy()
    source = memory.place(a, fixed=True)
    code = [
        (Kind.PACK, source, memory.place(same, fixed=True), 4, 5, 7, 6, 0),
        (Kind.PACK, source, memory.place(turned, fixed=True), 4, 5, 7, 9, 1),
    ]
    memory.run(code, direction=2)
    np.testing.assert_array_equal(same[:, :5], a[:, :5])
    np.testing.assert_array_equal(turned[:, :4], a[:, :5].T)
    np.testing.assert_array_equal(turned[:, 4:], before[:, 4:])


@dtypes
@pytest.mark.parametrize("away", [-1, 1, 2])
@pytest.mark.parametrize("beyond", [False, True])
@pytest.mark.parametrize("outside", [0, 1])
def test_copy(dtype: str, away: int, beyond: bool, outside: int) -> None:
    """Samples that have no step t + k get what stands beyond, or zeros; past the ends it is the source or zeros."""
    rows = [4, 4, 2, 1] if away > 0 else [1, 2, 4, 4]
    memory = Memory(dtype, rows, pads=2)
    for i in (0, 1, 2, -1, -2):
        memory.padded[i] = 4  # the values before and after all steps
    memory.starts[FULL] = list(np.concatenate([[0], np.cumsum(memory.padded)])[:-1])
    x, found, other = memory.sequence(3), memory.sequence(5), memory.array(4, 6)
    places = memory.place(x, away=away), memory.place(found), memory.place(other, fixed=True) if beyond else -1
    memory.run([(Kind.COPY, places[0], places[1], 3, 3, 5, away, places[2], outside, 6)])
    for t in range(1, 5):
        own, source = memory.at(found, t), memory.at(x, t + away)
        count = len(own)
        shared = min(count, len(source))
        true = np.zeros((count, 3), dtype)
        if not 1 <= t + away <= 4:
            true[:] = source[:count] if outside else 0
        else:
            true[:shared] = source[:shared]
            if beyond:
                true[shared:] = other[shared:count, :3]
        np.testing.assert_array_equal(own[:, :3], true)


SCALED = """
def scaled({pointers}, rows, sizes):
    for b in range(rows):
        for i in range(sizes[0]):
            p1[b * sizes[0] + i] = tanh(p0[b * sizes[0] + i]) {others}
"""


@dtypes
@pytest.mark.parametrize("count", [2, 4, 5, 13, 30, 96])
def test_calls(dtype: str, count: int) -> None:
    """A function gets as many pointers as it takes, the rows of the step, and its own sizes."""
    memory = Memory(dtype, [3, 2, 2])
    arrays = [memory.sequence(4) for _ in range(count)]
    expected = np.tanh(arrays[0]) + sum(arrays[2:])
    names = [f"p{i}" for i in range(count)]
    others = "".join(f" + {name}[b * sizes[0] + i]" for name in names[2:])
    found = native.addresses(SCALED.format(pointers=", ".join(names), others=others), {"scaled": count}, dtype)
    assert found is not None
    for array in arrays:
        memory.place(array)
    memory.run([(Kind.CALL, 0, 0, count, 1)], functions=[found["scaled"]], ints=[99, 4])
    memory.close(arrays[1], expected, terms=count + 10)


RNN = """
def cell(a, h, rows, sizes):
    for i in range(rows * sizes[0]):
        h[i] = tanh(a[i])
"""


@dtypes
@pytest.mark.parametrize("rows", [[1] * 6, [5] * 6, [7, 7, 5, 2, 2, 1]])
def test_a_recurrent_network(dtype: str, rows: list[int]) -> None:
    """Products hoisted out of the loop, then one product and one function a step: the numbers of NumPy."""
    memory = Memory(dtype, rows)
    width, count = 8, rows[0]
    memory.padded[1] = count
    memory.starts[FULL] = list(np.concatenate([[0], np.cumsum(memory.padded)])[:-1])
    x, a, h = memory.sequence(3), memory.sequence(width), memory.sequence(width)
    w, u = memory.array(3, width), memory.array(width, width)
    true = h.copy()
    for t, active in enumerate(rows, 1):
        memory.at(true, t)[:] = np.tanh(memory.at(x, t) @ w + memory.at(true, t - 1)[:active] @ u)
    found = native.addresses(RNN, {"cell": 2}, dtype)
    assert found is not None
    px, pa, pw = memory.place(x), memory.place(a), memory.place(w, fixed=True)
    before, pu = memory.place(h, away=-1), memory.place(u, fixed=True)
    first = memory.place(a)
    memory.place(h)
    code = [
        product(px, pw, pa, -1, width, 3, (3, width, width)),
        product(before, pu, pa, -1, width, width, (width, width, width), accumulate=1),
        (Kind.CALL, 0, first, 2, 0),
    ]
    memory.run(code, loops=[(0, 1, 0), (1, 3, 1)], functions=[found["cell"]], ints=[width])
    memory.close(h, true, terms=100)


def large_product(memory: Memory, side: int = 80) -> tuple[list[tuple[int, ...]], list[np.ndarray]]:
    arrays = [memory.array(side, side) for _ in range(3)]
    places = [memory.place(array, fixed=True) for array in arrays]
    return [product(*places, side, side, side, (side,) * 3)], arrays


def test_one_blas_thread_while_a_program_runs() -> None:
    """A large product is computed by one thread, and the user's number of threads is there again afterwards."""
    import ctypes

    routines = blas.blas("float64")
    if not routines.get_threads:
        pytest.skip("the BLAS here is no OpenBLAS: its threads are left alone")
    get, put = ctypes.CFUNCTYPE(ctypes.c_int)(routines.get_threads), ctypes.CFUNCTYPE(None, ctypes.c_int)
    memory = Memory("float64", [1])
    code, (a, b, c) = large_product(memory)
    seen: list[int] = []
    watch = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 6, ctypes.c_int64, ctypes.c_void_p)
    watching = watch(lambda *_: seen.append(get()) or 0)
    address = ctypes.cast(watching, ctypes.c_void_p).value
    before = get()
    put(routines.set_threads)(2)
    try:
        memory.run([*code, (Kind.CALL, 0, 0, 1, 0)], direction=2, functions=[address])
        assert seen == [1]
        assert get() == 2
        memory.run([(Kind.CALL, 0, 0, 1, 0)], direction=2, functions=[address])  # nothing that BLAS would share
        assert seen == [1, 2]
    finally:
        put(routines.set_threads)(before)
    memory.close(c, a @ b, terms=100)


def test_without_blas_the_machine_multiplies_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """No routine, no difference but time."""
    monkeypatch.setattr(runner, "blas", lambda dtype: blas.Blas())
    memory = Memory("float64", [1])
    code, (a, b, c) = large_product(memory)
    memory.run(code, direction=2)
    memory.close(c, a @ b, terms=100)


def test_one_program_in_several_threads() -> None:
    """Each thread has memory of its own; the program itself is only read."""
    memory = Memory("float64", [3] * 50)
    x, w, h = memory.sequence(6), memory.array(6, 6), memory.sequence(6)
    places = memory.place(x), memory.place(w, fixed=True), memory.place(h)
    program = runner.assemble(
        loops=[(0, 1, 1)],
        code=[product(*places, -1, 6, 6, (6, 6, 6))],
        places=memory.places,
        starts=memory.starts,
        rows=memory.padded,
        numbers=[1.0],
        pads=1,
        steps=50,
    )
    inputs = [np.random.default_rng(i).standard_normal(x.shape) for i in range(4)]
    outputs = [np.zeros_like(h) for _ in inputs]

    def work(i: int) -> None:
        bases = np.array([inputs[i].ctypes.data, w.ctypes.data, outputs[i].ctypes.data])
        for _ in range(200):
            outputs[i][:] = 0
            program.run(bases)

    threads = [Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for given_, found in zip(inputs, outputs, strict=True):
        memory.close(found, given_ @ w)


GOOD: dict[str, Any] = {
    "loops": [(0, 1, 1)],
    "code": [(Kind.GEMM, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 0, 0)],
    "places": [(0, 0, 0, 0, 0)],
    "starts": [[0] * 6],
    "rows": [0, 0, 1, 1, 1, 0],
    "functions": [1],
    "numbers": [1.0],
    "pads": 1,
    "steps": 3,
}
BAD: list[tuple[dict[str, Any], str]] = [
    ({"loops": [(0, 2, 1)]}, "loops over instructions 0 … 1"),
    ({"loops": [(0, 1, 3)]}, "loops of direction −1, 0, 1 or 2, not 3"),
    ({"loops": [(0, 1)]}, "loops: 3 numbers a line are needed"),
    ({"places": [(0, 0, 0, 1, 0)]}, "tables of starts below 1"),
    ({"places": [(0, 0, 0, 0, 2)]}, "at most 1 steps away"),
    ({"places": [(-1, 0, 0, 0, 0)]}, "slots ≥ 0"),
    ({"starts": [[0] * 5]}, "starts: 6 numbers a line are needed"),
    ({"rows": [0, 1, 1, 1]}, r"rows of shape \(6,\), not \(4,\)"),
    ({"rows": [0, 0, 1, -1, 1, 0]}, "rows ≥ 0"),
    ({"steps": 0, "starts": [[0] * 3], "rows": [0] * 3}, "steps ≥ 1"),
    ({"numbers": []}, "alpha among 0 numbers"),
    ({"code": [(9,)]}, "instruction 0: a known kind, not 9"),
    ({"code": [(Kind.FILL, 1, 1, 1, 1)]}, r"instruction 0 \(FILL\): places below 1, not 1"),
    ({"code": [(Kind.CALL, 1, 0, 1, 0)]}, "functions below 1"),
    ({"code": [(Kind.CALL, 0, 0, 2, 0)]}, "places below 1"),
    ({"code": [(Kind.CALL, 0, 0, 1, 1)]}, "a start in ints up to 0"),
    ({"code": [(Kind.COPY, 0, 0, 1, 1, 1, 0, 1, 0)]}, "places below 1"),
    ({"code": [(Kind.COPY, 0, 0, 1, 1, 1, 2, -1)]}, "at most 1 steps away"),
    ({"code": [(Kind.GEMM, 0, 0, 0, 0, 0, 2, 2, 2, 1, 2, 2, 0, 0)]}, "rows of A at least 2 apart, not 1"),
    ({"code": [(Kind.GEMM, 0, 0, 0, 0, 0, 2, -1, 2, 2, 2, 2, 0, 0)]}, "sizes ≥ 0"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_what_would_leave_the_memory_is_refused(change: dict[str, Any], message: str) -> None:
    """Each index is checked once, when the program is put together."""
    runner.assemble(**GOOD)
    with pytest.raises(ValueError, match=message):
        runner.assemble(**{**GOOD, **change})


def test_too_few_addresses() -> None:
    """A program knows how many slots it uses."""
    with pytest.raises(ValueError, match="the program uses 1 slots; 0 addresses are given"):
        runner.assemble(**GOOD).run(np.zeros(0, np.int64))
