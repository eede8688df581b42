"""Puts a program together from its tables, and runs it.

``layout.py`` says what the tables hold, ``machine.py`` what is done with them. Everything that could lead out of the memory
that a program was made for is checked here, once; running it costs a call by address.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autorecur.compile import layout
from autorecur.compile.blas import (
    SMALL,
    SMALL_TURNED,
    SMALL_TURNED_ROW,
    THREADED_PRODUCT,
    THREADED_ROW,
    Blas,
    blas,
)
from autorecur.compile.layout import Kind
from autorecur.compile.native import arity, functions_of

Rows = Sequence[Sequence[int]] | np.ndarray
_call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
EVERYTHING = int(np.iinfo(np.int64).max)
_unused = ctypes.create_string_buffer(16)
"""Where compiled functions write what they return: nothing."""
OPERANDS = {
    Kind.CALL: (),
    Kind.GEMM: (1, 2, 3),
    Kind.FILL: (1,),
    Kind.PACK: (1, 2),
    Kind.COPY: (1, 2),
    Kind.PANEL_GEMM: (1, 2, 3),
    Kind.PANEL_PACK: (1, 2),
}
"""The words of an instruction that name a place."""


def is_available(dtype: str) -> bool:
    """Whether programs can run here: not without a compiler."""
    return machine(dtype) is not None


HANDLERS = {
    Kind.CALL: "call_function",
    Kind.GEMM: "multiply",
    Kind.FILL: "fill",
    Kind.PACK: "pack",
    Kind.COPY: "copy",
    Kind.PANEL_GEMM: "multiply_panels",
    Kind.PANEL_PACK: "pack_panels",
}
"""The function of the machine for each kind of instruction; each is compiled by itself and called by address."""


@cache
def machine(dtype: str) -> Mapping[str, int] | None:
    """The addresses of the machine's functions for a dtype; None without a compiler."""
    room = Path(__file__).parent
    names = ("machine.py", "layout.py", "pointers.py", "panels.py", "microkernel.py")
    text, *also = (room.joinpath(name).read_text(encoding="utf-8") for name in names)

    def signature(numba: ModuleType, integers: int) -> Any:
        return numba.void(*[numba.types.CPointer(numba.types.int64)] * 2, *[numba.types.int64] * integers)

    functions = {"run": 0, **dict.fromkeys(HANDLERS.values(), 3)}
    return functions_of(text, functions, dtype, signature, "".join(also))


class Program:
    """Instructions for one number of steps, one dtype and one distribution of rows: runs on any memory of that layout.

    ``run(bases)`` takes the address of the memory of each slot as int64. One program may run in several threads at once,
    each with memory of its own. The interpreter's lock is not held meanwhile.
    """

    __slots__ = ("_address", "_addresses", "_machine", "_result", "slots", "table")

    def __init__(self, table: np.ndarray, dtype: str, slots: int) -> None:
        found = machine(dtype)
        if found is None:
            raise RuntimeError("programs need numba's compiler, which is missing or switched off")
        self.table, self.slots, self._addresses = table, slots, ctypes.c_int64 * slots
        for kind, handler in HANDLERS.items():
            table[layout.HANDLERS + kind] = found[handler]
        self._machine, self._address, self._result = _call(found["run"]), table.ctypes.data, ctypes.addressof(_unused)

    def run(self, bases: Sequence[int] | np.ndarray) -> None:
        """Runs the instructions; ``bases`` holds at least as many addresses as the program has slots."""
        if len(bases) < self.slots:
            raise ValueError(f"the program uses {self.slots} slots; {len(bases)} addresses are given")
        own = self._addresses(*bases[: self.slots])
        self._machine(self._result, self._result + 8, self._address, own)

    def bound(self, bases: Sequence[int]) -> tuple[Any, Callable[[], None]]:
        """The addresses as an array that may be changed, and the program on what stands in it when it is called."""
        own = self._addresses(*bases[: self.slots])
        return own, partial(self._machine, self._result, self._result + 8, self._address, own)


def assemble(
    *,
    loops: Rows,
    code: Rows,
    places: Rows,
    starts: Rows,
    rows: Sequence[int] | np.ndarray,
    functions: Sequence[int] = (),
    ints: Sequence[int] | np.ndarray = (),
    numbers: Sequence[float] | np.ndarray = (),
    pads: int,
    steps: int,
    truncate: int = 0,
    dtype: str = "float64",
) -> Program:
    """The program of these tables (:mod:`autorecur.compile.layout`), or a ValueError that says what is wrong with them.

    ``starts`` (tables, steps + 2·pads + 1) and ``rows`` (steps + 2·pads + 1) have a column for each t from −pads to
    steps + pads.
    ``functions`` are addresses; an instruction may be given shorter than :data:`layout.WIDTH_OF_CODE`.
    """
    tables = _Tables(
        loops=_matrix("loops", loops, layout.WIDTH_OF_LOOP),
        code=_matrix(
            "code", [[*line, *[0] * (layout.WIDTH_OF_CODE - len(line))] for line in code], layout.WIDTH_OF_CODE
        ),
        places=_matrix("places", places, layout.WIDTH_OF_PLACE),
        starts=_matrix("starts", starts, steps + 2 * pads + 1),
        rows=np.asarray(rows, np.int64),
        functions=np.asarray(functions, np.int64).reshape(-1),
        ints=np.asarray(ints, np.int64).reshape(-1),
        numbers=np.asarray(numbers, np.float64).reshape(-1),
        pads=pads,
        steps=steps,
        truncate=truncate,
    )
    tables.check()
    slots = int(tables.places[:, 0].max()) + 1 if len(tables.places) else 0
    # SciPy is slow to import: where no product is large enough for its BLAS it stays away.
    routines = blas(dtype) if tables.has_large_products() else Blas()
    return Program(tables.joined(routines), dtype, slots)


def _matrix(name: str, table: Any, width: int) -> np.ndarray:
    found = np.asarray(table, np.int64)
    if found.size == 0:
        return np.zeros((0, width), np.int64)
    if found.ndim != 2 or found.shape[1] != width:
        raise ValueError(f"{name}: {width} numbers a line are needed; the shape is {found.shape}")
    return np.array(found, order="C")


class _Tables:
    """The parts of a program before they are joined."""

    def __init__(self, **parts: Any) -> None:
        self.loops: np.ndarray = parts["loops"]
        self.code: np.ndarray = parts["code"]
        self.places: np.ndarray = parts["places"]
        self.starts: np.ndarray = parts["starts"]
        self.rows: np.ndarray = parts["rows"]
        self.functions: np.ndarray = parts["functions"]
        self.ints: np.ndarray = parts["ints"]
        self.numbers: np.ndarray = parts["numbers"]
        self.pads, self.steps, self.truncate = (int(parts[name]) for name in ("pads", "steps", "truncate"))

    def check(self) -> None:
        """Every index lies within its table."""
        columns = self.starts.shape[1]
        _require(self.steps >= 1 and self.pads >= 0 and self.truncate >= 0, "steps ≥ 1, pads ≥ 0 and truncate ≥ 0")
        _require(self.rows.shape == (columns,), f"rows of shape ({columns},), not {self.rows.shape}")
        _require(not (self.rows < 0).any(), "rows ≥ 0 at every step")
        if len(self.places):
            slot, _, _, table, away = self.places.T
            _require(slot.min() >= 0, "slots ≥ 0")
            _require(table.min() >= 0 and table.max() < len(self.starts), f"tables of starts below {len(self.starts)}")
            _require(np.abs(away).max() <= self.pads, f"places at most {self.pads} steps away (the pads)")
        for first, past, direction in self.loops.tolist():
            _require(0 <= first <= past <= len(self.code), f"loops over instructions 0 … {len(self.code)}")
            _require(direction in (-1, 0, 1, 2), f"loops of direction −1, 0, 1 or 2, not {direction}")
        for number, line in enumerate(self.code.tolist()):
            self._check_line(f"instruction {number}", line)

    def _check_line(self, name: str, line: list[int]) -> None:
        _require(line[0] in Kind.__members__.values(), f"{name}: a known kind, not {line[0]}")
        kind, places = Kind(line[0]), len(self.places)
        for word in OPERANDS[kind]:
            _require(0 <= line[word] < places, f"{name} ({kind.name}): places below {places}, not {line[word]}")
        if kind is Kind.CALL:
            _, function, first, count, start = line[:5]
            _require(0 <= function < len(self.functions), f"{name} (CALL): functions below {len(self.functions)}")
            _require(first >= 0 and count >= 0 and first + count <= places, f"{name} (CALL): places below {places}")
            _require(0 <= start <= len(self.ints), f"{name} (CALL): a start in ints up to {len(self.ints)}")
        elif kind is Kind.GEMM:
            self._check_product(name, line)
        elif kind is Kind.PANEL_GEMM:
            self._check_panel_product(f"{name} (PANEL_GEMM)", line)
        elif kind is Kind.PANEL_PACK:
            _check_packing(f"{name} (PANEL_PACK)", line)
        elif kind is Kind.COPY:
            _require(abs(line[6]) <= self.pads, f"{name} (COPY): at most {self.pads} steps away (the pads)")
            _require(-1 <= line[7] < places, f"{name} (COPY): places below {places}")

    def _check_product(self, name: str, line: list[int]) -> None:
        a_turned, b_turned, m, n, k, lda, ldb, ldc = line[4:12]
        _require(n >= 0 and m >= -1 and k >= -1, f"{name} (GEMM): sizes ≥ 0, or −1 for M or K")
        # A row of A holds K numbers and K is the loop's rows only where A is transposed, so these widths are known.
        for matrix, apart, width in (("A", lda, m if a_turned else k), ("B", ldb, k if b_turned else n), ("C", ldc, n)):
            _require(width >= 0, f"{name} (GEMM): a width of {matrix} that does not depend on the step")
            _require(apart >= max(1, width), f"{name} (GEMM): rows of {matrix} at least {width} apart, not {apart}")
        _require(0 <= line[13] < len(self.numbers), f"{name} (GEMM): alpha among {len(self.numbers)} numbers")

    def _check_panel_product(self, name: str, line: list[int]) -> None:
        m, n, k, lda, ldc = line[4:9]
        sizes = f"{_number(m)}, {n} and {_number(k)}"
        if line[11]:
            _require(m >= 1 and n >= 1 and k >= -1, f"{name}: M and N ≥ 1, and K ≥ −1, not {sizes}")
        else:
            _require(m >= -1 and n >= 1 and k >= 1, f"{name}: M ≥ −1, and N and K ≥ 1, not {sizes}")
        along = m if line[11] else k
        _require(lda >= along, f"{name}: rows of A at least {along} apart, not {lda}")
        _require(ldc >= n, f"{name}: rows of C at least {n} apart, not {ldc}")
        _require(0 <= line[10] < len(self.numbers), f"{name}: alpha among {len(self.numbers)} numbers")

    def joined(self, routines: Blas) -> np.ndarray:
        """One array; the addresses in it are those of this array."""
        code = self.code.copy()
        calls = code[:, 0] == Kind.CALL
        code[calls, 5] = [arity(int(count)) for count in code[calls, 3]]
        parts = {
            layout.LOOPS: self.loops,
            layout.CODE: code,
            layout.PLACES: self.places,
            layout.STARTS: self.starts,
            layout.ROWS: self.rows,
            layout.FUNCTIONS: self.functions,
            layout.NUMBERS: self.numbers.view(np.int64),
            layout.INTS: self.ints,
        }
        table = np.zeros(layout.LENGTH_OF_HEADER + sum(part.size for part in parts.values()), np.int64)
        begin = layout.LENGTH_OF_HEADER
        for word, part in parts.items():
            table[word] = begin
            table[begin : begin + part.size] = part.reshape(-1)
            begin += part.size
        table[layout.INTS] = table.ctypes.data + 8 * table[layout.INTS]
        header = {
            layout.NUMBER_OF_LOOPS: len(self.loops),
            layout.COLUMNS: self.starts.shape[1],
            layout.PADS: self.pads,
            layout.STEPS: self.steps,
            layout.TRUNCATE: self.truncate,
            layout.TOTAL_ROWS: self.total(),
            layout.GEMM_ROUTINE: routines.gemm,
            layout.GEMV_ROUTINE: routines.gemv,
            layout.SMALL: SMALL if routines.gemm else EVERYTHING,
            layout.SMALL_TURNED: SMALL_TURNED if routines.gemm else EVERYTHING,
            layout.SMALL_TURNED_ROW: SMALL_TURNED_ROW if routines.gemm else EVERYTHING,
        }
        if self._wants_threads():
            header |= {layout.SET_THREADS: routines.set_threads, layout.GET_THREADS: routines.get_threads}
        table[list(header)] = list(header.values())
        return table

    def total(self) -> int:
        """The rows of all steps."""
        return int(self.rows[self.pads + 1 : self.pads + 1 + self.steps].sum())

    def products(self) -> Iterator[tuple[int, int, int, bool]]:
        """M, N, K of every product, at most, and whether its second matrix is turned."""
        for line in self.code[self.code[:, 0] == Kind.GEMM].tolist():
            m, n, k = (self.total() if size < 0 else size for size in line[6:9])
            yield m, n, k, bool(line[5])

    def has_large_products(self) -> bool:
        """Whether a product is too large for the machine's own loops."""
        return any(m * n * k > (SMALL_TURNED if turned else SMALL) for m, n, k, turned in self.products())

    def _wants_threads(self) -> bool:
        """Whether BLAS might share a product among threads."""
        return any(m * n * k > THREADED_PRODUCT or (m == 1 and n * k > THREADED_ROW) for m, n, k, _ in self.products())


def _check_packing(name: str, line: list[int]) -> None:
    rows, columns, apart, turned, row, column, k, n = line[3:11]
    if rows == k == -1:
        _require(row == 0 and not turned, f"{name}: the rows of the loop as they stand, from the first row on")
    else:
        _require(rows >= 1, f"{name}: rows ≥ 1, or −1 for them and for K, not {_number(rows)} and {_number(k)}")
        _require(row >= 0 and row + rows <= k, f"{name}: a block inside the matrix of {_number(k)} × {n}")
    _require(columns >= 1, f"{name}: columns ≥ 1, not {columns}")
    _require(column >= 0 and column + columns <= n, f"{name}: a block inside the matrix of {_number(k)} × {n}")
    width = rows if turned else columns
    _require(apart >= width, f"{name}: rows of the source at least {width} apart, not {apart}")


def _number(value: int) -> str:
    return str(value).replace("-", "−")


def _require(holds: Any, what: str) -> None:
    if not holds:
        raise ValueError(f"a program needs {what}")
