"""Products with weights in panels, against NumPy: every number of rows, widths that are no whole vectors, both dtypes."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autorecur as ar
from autorecur.compile import panels, runner
from autorecur.compile.layout import Kind
from tests.compile.memory import Memory, dtypes

pytestmark = pytest.mark.skipif(
    not runner.is_available("float64"), reason="numba is missing or switched off: there is no machine to run programs"
)
Corner = tuple[int, int]


def laid(b: np.ndarray) -> np.ndarray:
    """A matrix in panels, said with NumPy."""
    size = b.itemsize
    whole = np.zeros((len(b), panels.padded(b.shape[1], size)), b.dtype)
    whole[:, : b.shape[1]] = b
    begin, found = 0, []
    while begin < whole.shape[1]:
        width = panels.vectors((whole.shape[1] - begin) // panels.lanes(size)) * panels.lanes(size)
        found.append(whole[:, begin : begin + width].reshape(-1))
        begin += width
    return np.concatenate(found)


def packed(memory: Memory, b: np.ndarray) -> np.ndarray:
    """The same as one more slot of a memory."""
    slot = memory.array(len(b) * panels.padded(b.shape[1], b.itemsize))
    slot[:] = laid(b)
    return slot


def product(a: int, b: int, c: int, m: int, n: int, k: int, lda: int, ldc: int, **more: int) -> tuple[int, ...]:
    """The words of a PANEL_GEMM."""
    flags = more.get("accumulate", 0), 0, more.get("turned", 0)
    return (Kind.PANEL_GEMM, a, b, c, m, n, k, lda, ldc, *flags)


@dtypes
@settings(max_examples=200, deadline=None)
@given(
    m=st.one_of(st.integers(0, 9), st.sampled_from([33, 95, 97, 101])),
    n=st.one_of(st.integers(1, 30), st.sampled_from([61, 128])),
    k=st.one_of(st.integers(1, 12), st.sampled_from([64, 255, 257, 515])),
    accumulate=st.booleans(),
    extra=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    turned=st.booleans(),
    alpha=st.sampled_from([1.0, -0.75]),
)
def test_products(
    dtype: str, m: int, n: int, k: int, accumulate: bool, extra: Corner, turned: bool, alpha: float
) -> None:
    """C (+)= alpha·A B; what lies beside and below the numbers of C is left alone, beside and below those of A not used."""
    memory = Memory(dtype, [1])
    m = max(m, 1) if turned else m
    high, wide = (k, m) if turned else (m, k)
    a, b, c = memory.array(high + 4, wide + extra[0]), memory.array(k, n), memory.array(m + 4, n + extra[1])
    before, left = c.copy(), a[:high, :wide].T if turned else a[:high, :wide]
    a[high:] = a[:, wide:] = np.nan
    if not accumulate:
        c[:m, :n] = np.nan  # what stood there is not read
    places = [memory.place(x, fixed=True) for x in (a, packed(memory, b), c)]
    lds = wide + extra[0], n + extra[1]
    code = product(*places, m, n, k, *lds, accumulate=int(accumulate), turned=int(turned))
    memory.run([code], direction=2, numbers=[alpha])
    memory.close(c[:m, :n], alpha * left @ b + before[:m, :n] * accumulate, terms=k + 1)
    np.testing.assert_array_equal(c[m:], before[m:])
    np.testing.assert_array_equal(c[:, n:], before[:, n:])


BESIDE_NOTHING = """
import ctypes, mmap, sys
import numpy as np
from autorecur.compile import panels, runner
from autorecur.compile.layout import Kind

libc = ctypes.CDLL(None, use_errno=True)
kept = []

def ending_at_a_wall(*shape):
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    pages = -(-count // mmap.PAGESIZE)
    memory = mmap.mmap(-1, (pages + 1) * mmap.PAGESIZE)
    begin = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    wall = ctypes.c_void_p(begin + pages * mmap.PAGESIZE)
    assert libc.mprotect(wall, ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
    kept.append(memory)
    return np.frombuffer(memory, dtype, int(np.prod(shape)), pages * mmap.PAGESIZE - count).reshape(shape)

for dtype in ("float64", "float32"):
    for m, n, k in ((1, 1, 1), (2, 5, 3), (3, 12, 7), (5, 13, 4), (7, 29, 9), (9, 24, 257)):
        a, b, c, d = (ending_at_a_wall(*shape) for shape in ((m, k), (k, n), (m, n), (m, n)))
        across = ending_at_a_wall(k, m)
        packed = ending_at_a_wall(k * panels.padded(n, a.itemsize))
        across[:] = (np.arange(m * k).reshape(m, k) % 5).T
        a[:], b[:] = np.arange(m * k).reshape(m, k) % 5, np.arange(k * n).reshape(k, n) % 7
        runner.assemble(
            loops=[(0, 3, 2)],
            code=[
                (Kind.PANEL_PACK, 1, 2, k, n, n, 0, 0, 0, k, n),
                (Kind.PANEL_GEMM, 0, 2, 3, m, n, k, k, n, 0, 0),
                (Kind.PANEL_GEMM, 4, 2, 5, m, n, k, m, n, 0, 0, 1),
            ],
            places=[(i, 0, 0, 0, 0) for i in range(6)], starts=[[0, 0]], rows=[1, 1], numbers=[1.0], pads=0, steps=1,
            dtype=dtype,
        ).run([x.ctypes.data for x in (a, b, packed, c, across, d)])
        assert (c == a @ b).all() and (d == c).all()
print("done")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="pages are protected with mprotect, which Windows does not have")
def test_nothing_beyond_the_arrays_is_touched() -> None:
    """Each array ends where memory ends: one number read or written beyond would end the process."""
    done = subprocess.run([sys.executable, "-c", BESIDE_NOTHING], capture_output=True, text=True, check=False)
    assert done.stdout == "done\n", done.stderr


@dtypes
@pytest.mark.parametrize("turned", [0, 1])
@pytest.mark.parametrize("sizes", [(3, 5), (8, 32), (7, 49), (20, 12), (5, 1)])
def test_a_matrix_is_laid_in_panels(dtype: str, turned: int, sizes: Corner) -> None:
    """As it stands or transposed; columns that are missing in the last vector are zeros."""
    k, n = sizes
    memory = Memory(dtype, [1])
    source = memory.array(*((n, k + 2) if turned else (k, n + 2)))
    found = memory.array(k * panels.padded(n, source.itemsize))
    b = source[:, :k].T if turned else source[:, :n]
    places = memory.place(source, fixed=True), memory.place(found, fixed=True)
    memory.run([(Kind.PANEL_PACK, *places, k, n, source.shape[1], turned, 0, 0, k, n)], direction=2)
    np.testing.assert_array_equal(found, laid(b))


@dtypes
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_blocks_are_laid_in_one_matrix(dtype: str, data: st.DataObject) -> None:
    """Blocks of any sizes, cut out of one matrix at any rows and columns, give the panels of the whole."""
    k, n = data.draw(st.integers(2, 20)), data.draw(st.integers(2, 60))
    row, column = data.draw(st.integers(1, k - 1)), data.draw(st.integers(1, n - 1))
    memory = Memory(dtype, [1])
    b = memory.array(k, n)
    found = memory.array(k * panels.padded(n, b.itemsize))
    into, code = memory.place(found, fixed=True), []
    for r, height in ((0, row), (row, k - row)):
        for c, width in ((0, column), (column, n - column)):
            turned = data.draw(st.booleans())
            piece = memory.array(*((width, height) if turned else (height, width)))
            piece[:] = b[r : r + height, c : c + width].T if turned else b[r : r + height, c : c + width]
            source = memory.place(piece, fixed=True)
            code.append((Kind.PANEL_PACK, source, into, height, width, piece.shape[1], int(turned), r, c, k, n))
    memory.run(code, direction=2)
    np.testing.assert_array_equal(found, laid(b))


@dtypes
@pytest.mark.parametrize("rows", [[6, 6, 6], [7, 5, 5, 2, 1]])
@pytest.mark.parametrize("direction", [1, -1])
def test_a_product_at_each_step(dtype: str, rows: list[int], direction: int) -> None:
    """M of −1 are the rows of the step."""
    memory = Memory(dtype, rows)
    x, w, h = memory.sequence(5), memory.array(5, 9), memory.sequence(9)
    places = memory.place(x), memory.place(packed(memory, w), fixed=True), memory.place(h)
    memory.run([product(*places, -1, 9, 5, 5, 9)], direction)
    memory.close(h, x @ w, terms=20)


@dtypes
@pytest.mark.parametrize("rows", [[6, 6, 6], [7, 5, 5, 2, 1]])
def test_a_gradient_over_all_steps(dtype: str, rows: list[int]) -> None:
    """dW += xᵀ δ, with x and δ of all steps: K of −1 are all rows, packed in the same loop."""
    memory = Memory(dtype, rows)
    x, delta, found = memory.sequence(5), memory.sequence(7), memory.array(5, 7)
    before, lying = found.copy(), memory.array(len(delta) * panels.padded(7, delta.itemsize))
    px, pd, pf = memory.place(x), memory.place(delta), memory.place(found, fixed=True)
    into = memory.place(lying, fixed=True)
    pack = (Kind.PANEL_PACK, pd, into, -1, 7, 7, 0, 0, 0, -1, 7)
    memory.run([pack, product(px, into, pf, 5, 7, -1, 5, 7, turned=1, accumulate=1)], direction=0)
    memory.close(found, before + x.T @ delta, terms=100)


@dtypes
@pytest.mark.parametrize("accumulate", [0, 1])
def test_a_product_of_no_rows_is_nothing(dtype: str, accumulate: int) -> None:
    """Without rows the sum over K is zero: C is cleared, or stays."""
    memory = Memory(dtype, [0])
    x, packed_rows, found = memory.array(1, 5), memory.array(16), memory.array(5, 7)
    before = found.copy()
    places = [memory.place(array, fixed=True) for array in (x, packed_rows, found)]
    memory.run([product(*places, 5, 7, -1, 5, 7, turned=1, accumulate=accumulate)])
    np.testing.assert_array_equal(found, before * accumulate)


GOOD: dict[str, Any] = {
    "loops": [(0, 1, 1)],
    "code": [(Kind.PANEL_GEMM, 0, 0, 0, -1, 4, 3, 3, 4, 0, 0)],
    "places": [(0, 0, 0, 0, 0)],
    "starts": [[0] * 4],
    "rows": [0, 1, 1, 1],
    "numbers": [1.0],
    "pads": 0,
    "steps": 3,
}
BAD = [
    ((Kind.PANEL_GEMM, 0, 1, 0, -1, 4, 3, 3, 4), r"\(PANEL_GEMM\): places below 1, not 1"),
    ((Kind.PANEL_GEMM, 0, 0, 0, -2, 4, 3, 3, 4), "M ≥ −1, and N and K ≥ 1, not −2, 4 and 3"),
    ((Kind.PANEL_GEMM, 0, 0, 0, -1, 4, 0, 3, 4), "M ≥ −1, and N and K ≥ 1, not −1, 4 and 0"),
    ((Kind.PANEL_GEMM, 0, 0, 0, -1, 4, 3, 2, 4), "rows of A at least 3 apart, not 2"),
    ((Kind.PANEL_GEMM, 0, 0, 0, -1, 4, 3, 3, 3), "rows of C at least 4 apart, not 3"),
    ((Kind.PANEL_GEMM, 0, 0, 0, -1, 4, 3, 3, 4, 0, 1), "alpha among 1 numbers"),
    ((Kind.PANEL_PACK, 0, 0, 3, 4, 3, 0, 0, 0, 3, 4), "rows of the source at least 4 apart, not 3"),
    ((Kind.PANEL_PACK, 0, 0, 3, 4, 2, 1, 0, 0, 3, 4), "rows of the source at least 3 apart, not 2"),
    ((Kind.PANEL_PACK, 0, 0, 3, 4, 4, 0, 1, 0, 3, 4), "a block inside the matrix of 3 × 4"),
    ((Kind.PANEL_PACK, 0, 0, 3, 4, 4, 0, 0, -1, 3, 4), "a block inside the matrix of 3 × 4"),
    ((Kind.PANEL_PACK, 0, 0, 0, 4, 4, 0, 0, 0, 3, 4), "rows ≥ 1, or −1 for them and for K, not 0 and 3"),
    ((Kind.PANEL_PACK, 0, 0, -1, 4, 4, 0, 0, 0, 3, 4), "rows ≥ 1, or −1 for them and for K, not −1 and 3"),
    ((Kind.PANEL_PACK, 0, 0, -1, 4, 4, 1, 0, 0, -1, 4), "the rows of the loop as they stand"),
    ((Kind.PANEL_PACK, 0, 0, 3, 0, 4, 0, 0, 0, 3, 4), "columns ≥ 1, not 0"),
    ((Kind.PANEL_GEMM, 0, 0, 0, -1, 4, 3, 3, 4, 0, 0, 1), "M and N ≥ 1, and K ≥ −1, not −1, 4 and 3"),
    ((Kind.PANEL_GEMM, 0, 0, 0, 5, 4, -1, 3, 4, 0, 0, 1), "rows of A at least 5 apart, not 3"),
]


@pytest.mark.parametrize(("line", "message"), BAD)
def test_what_would_leave_the_memory_is_refused(line: tuple[int, ...], message: str) -> None:
    """As for the other instructions, when the program is put together."""
    runner.assemble(**GOOD)
    with pytest.raises(ValueError, match=message):
        runner.assemble(**{**GOOD, "code": [line]})


LSTM = """
i[t] = sigmoid(W_i x[t] + U_i h[t-1])
f[t] = sigmoid(W_f x[t] + U_f h[t-1])
z[t] = tanh(W_z x[t] + U_z h[t-1])
c[t] = f[t] * c[t-1] + i[t] * z[t]
h[t] = tanh(c[t])
"""
LAYERS = """
a[t] = tanh(W x[t] + U a[t-1])
g[t] = tanh(V a[t] + R g[t+1])
y[t] = A a[t] + B g[t]
"""


@dtypes
@pytest.mark.parametrize("text", [LSTM, LAYERS])
@pytest.mark.parametrize("lengths", [None, [9, 5, 9, 1, 3, 7, 9, 6, 2]])
def test_a_cell_gives_the_same_numbers_with_panels_and_without(
    dtype: str, text: str, lengths: list[int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights side by side and on top of each other, sizes that are no whole vectors."""
    kinds, found = [], []
    assemble = runner.assemble
    for wanted in (True, False):
        seen: set[int] = set()

        def watched(seen: set[int] = seen, **tables: Any) -> runner.Program:
            seen.update(line[0] for line in tables["code"])
            return assemble(**tables)

        monkeypatch.setattr(runner, "assemble", watched)
        for rule in ("pay", "pay_transposed"):
            monkeypatch.setattr(panels, rule, lambda *_, wanted=wanted: wanted)
        cell = ar.cell(text)
        sizes = {name: 5 + 2 * i for i, name in enumerate(cell.sizes)}
        params = {name: ar.tensor(v.astype(dtype), requires_grad=True) for name, v in cell.init(sizes, seed=1).items()}
        x = np.random.default_rng(2).standard_normal((9, 9, sizes[cell.shapes["x"][0]])).astype(dtype)
        leaf = ar.tensor(x, requires_grad=True)
        out = cell.run(leaf, params, lengths=lengths, backend="compiled")[cell.outputs[0]]
        (out * out).sum().backward()
        kinds.append(seen)
        found.append([np.asarray(out), *(v.grad.numpy() for v in [leaf, *params.values()])])
    assert {Kind.PANEL_GEMM, Kind.PANEL_PACK} <= kinds[0]
    assert Kind.GEMM not in kinds[0]
    assert not {Kind.PANEL_GEMM, Kind.PANEL_PACK} & kinds[1]
    for with_panels, without in zip(*found, strict=True):
        eps = np.finfo(dtype).eps
        np.testing.assert_allclose(with_panels, without, rtol=200 * eps, atol=200 * eps * np.abs(without).max())


def test_where_panels_pay() -> None:
    """For several rows at once that come back at many steps; a single row, or a single use, is multiplied as before."""
    assert panels.pay(8, 400, 128, 32)
    assert panels.pay(2, 100, 512, 128)
    assert not panels.pay(2, 100, 32, 8)
    assert not panels.pay(1, 10_000, 1024, 256)
    assert not panels.pay(8, 8, 128, 32)
    assert panels.pay_transposed(128, 32, 400, 8)
    assert not panels.pay_transposed(1024, 256, 3200, 4)
    assert not panels.pay_transposed(128, 1, 400, 8)
