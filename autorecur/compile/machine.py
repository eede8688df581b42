"""The machine that runs a table of instructions: compiled once for each dtype; it is read by the compiler, not imported.

``layout.py`` describes the program. ``run`` goes through its loops over time. Nothing is allocated here and nothing checked:
that was done when the program was put together. The text is float64's; for float32 ``real`` and the constants are exchanged.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autorecur.compile.layout import (
    CODE,
    COLUMNS,
    FUNCTIONS,
    GEMM_ROUTINE,
    GEMV_ROUTINE,
    GET_THREADS,
    HANDLERS,
    INTS,
    LOOPS,
    NUMBER_OF_LOOPS,
    NUMBERS,
    PADS,
    PLACES,
    ROWS,
    SET_THREADS,
    SMALL,
    SMALL_TURNED,
    SMALL_TURNED_ROW,
    STARTS,
    STEPS,
    TOTAL_ROWS,
    TRUNCATE,
    WIDTH_OF_CODE,
    WIDTH_OF_LOOP,
    WIDTH_OF_PLACE,
)
from autorecur.compile.microkernel import (
    MOST_ROWS,
    address_of,
    itemsize,
    lanes,
    multiply_panel,
    padded,
    scratch,
    vectors,
)
from autorecur.compile.pointers import ask, call, call_blas, perform, pointer, stack, tell
from autorecur.kernels.doubles import ONE, ZERO, real

NORMAL, TRANSPOSED = np.uint8(ord("N")), np.uint8(ord("T"))
BAND, DEPTH = 96, 256
"""Rows of A whose numbers stay in the second cache, and rows of a panel that stay in the first, while they are multiplied."""


def run(program: Any, bases: Any) -> None:
    """Every loop of a program, with one BLAS thread while it runs: more cost small products more than they give."""
    threads = 1
    if program[GET_THREADS] != 0:
        threads = ask(program[GET_THREADS])
        if threads > 1:
            tell(program[SET_THREADS], 1)
    for j in range(program[NUMBER_OF_LOOPS]):
        loop = program[LOOPS] + j * WIDTH_OF_LOOP
        direction = program[loop + 2]
        over_time = direction == 1 or direction == -1
        t = program[STEPS] if direction == -1 else np.int64(1)
        for _ in range(program[STEPS] if over_time else 1):
            rows = active(program, t) if over_time else program[TOTAL_ROWS]
            for i in range(program[loop], program[loop + 1]):
                code = program[CODE] + i * WIDTH_OF_CODE
                perform(program[HANDLERS + program[code]], program, bases, code, t, rows)
            t += direction
    if threads > 1:
        tell(program[SET_THREADS], threads)


def active(program: Any, t: Any) -> Any:
    """How many samples have a step t."""
    return program[program[ROWS] + t + program[PADS]]


def exists(program: Any, t: Any) -> Any:
    return t >= 1 and t <= program[STEPS]


def address(program: Any, bases: Any, place: Any, t: Any) -> Any:
    """Where a place begins at step t."""
    p = program[PLACES] + place * WIDTH_OF_PLACE
    start = program[STARTS] + program[p + 3] * program[COLUMNS] + t + program[p + 4] + program[PADS]
    return bases[program[p]] + program[p + 1] + program[start] * program[p + 2]


def crosses(program: Any, t: Any, reach: Any) -> Any:
    """Whether a cut lies between step t and step t + reach, both of which exist."""
    apart = program[TRUNCATE]
    if apart == 0 or reach == 0 or not exists(program, t + reach):
        return False
    return (t + reach - 1) // apart != (t - 1) // apart


def call_function(program: Any, bases: Any, code: Any, t: Any, rows: Any) -> None:
    places = stack()
    for i in range(program[code + 3]):
        places[i] = address(program, bases, program[code + 2] + i, t)
    sizes = pointer(program[INTS] + 8 * program[code + 4], np.int64)
    call(program[program[FUNCTIONS] + program[code + 1]], program[code + 5], places, rows, sizes)


def multiply(program: Any, bases: Any, code: Any, t: Any, rows: Any) -> None:
    a = pointer(address(program, bases, program[code + 1], t), real)
    b = pointer(address(program, bases, program[code + 2], t), real)
    c = pointer(address(program, bases, program[code + 3], t), real)
    a_turned, b_turned = program[code + 4], program[code + 5]
    m, n, k = program[code + 6], program[code + 7], program[code + 8]
    m = rows if m < 0 else m
    k = rows if k < 0 else k
    lda, ldb, ldc = program[code + 9], program[code + 10], program[code + 11]
    accumulate = program[code + 12] != 0
    alpha = real(np.int64(program[program[NUMBERS] + program[code + 13]]).view(np.float64))
    if m == 0 or n == 0:
        return
    small = program[SMALL]
    if b_turned:
        small = program[SMALL_TURNED_ROW] if m == 1 else program[SMALL_TURNED]
    if m * n * k <= small:
        if not accumulate:
            clear(c, m, n, ldc)
        if b_turned == 0:
            add_product(a, b, c, m, n, k, 1 if a_turned else lda, lda if a_turned else 1, ldb, ldc, alpha)
        else:
            add_product_sums(a, b, c, m, n, k, 1 if a_turned else lda, lda if a_turned else 1, ldb, ldc, alpha)
        return
    kept = ONE if accumulate else ZERO
    if m == 1:  # BLAS counts columns first: our rows are its columns
        turn, first, second = (TRANSPOSED, k, n) if b_turned else (NORMAL, n, k)
        apart = lda if a_turned else 1
        call_blas(program[GEMV_ROUTINE], (turn, first, second, alpha, b, ldb, a, apart, kept, c, 1))
    else:
        turns = TRANSPOSED if b_turned else NORMAL, TRANSPOSED if a_turned else NORMAL
        call_blas(program[GEMM_ROUTINE], (turns[0], turns[1], n, m, k, alpha, b, ldb, a, lda, kept, c, ldc))


def multiply_panels(program: Any, bases: Any, code: Any, t: Any, rows: Any) -> None:
    """``multiply`` with B in panels: a piece of a panel stays in the first cache while the rows of A go over it."""
    a = address(program, bases, program[code + 1], t)
    b = address(program, bases, program[code + 2], t)
    c = address(program, bases, program[code + 3], t)
    m, n, k = program[code + 4], program[code + 5], program[code + 6]
    m = rows if m < 0 else m
    k = rows if k < 0 else k
    lda, ldc, accumulate, turned = program[code + 7], program[code + 8], program[code + 9] != 0, program[code + 11] != 0
    alpha = real(np.int64(program[program[NUMBERS] + program[code + 10]]).view(np.float64))
    if k == 0:
        if not accumulate:
            clear(pointer(c, real), m, n, ldc)
        return
    size, sums = itemsize(alpha), scratch(alpha)
    depth = k if m <= MOST_ROWS else DEPTH
    for top in range(0, m, BAND):
        bottom = min(m, top + BAND)
        for p in range(0, k, depth):
            long, add = min(k - p, depth), accumulate or p > 0
            column, left = 0, padded(n, size) // lanes(size)
            while left > 0:
                wide = vectors(left)
                width = wide * lanes(size)
                panel, inside = b + (column * k + p * width) * size, column + width <= n
                for i in range(top, bottom, MOST_ROWS):
                    high, from_a, found = (
                        min(bottom - i, MOST_ROWS),
                        a + (p * lda + i if turned else i * lda + p) * size,
                        c + (i * ldc + column) * size,
                    )
                    into, apart = (found, ldc) if inside else (address_of(sums), width)
                    multiply_panel(turned, high, wide, from_a, lda, panel, long, alpha, into, apart, add and inside)
                    if not inside:
                        take_part(sums, pointer(found, real), high, n - column, width, ldc, add)
                column += width
                left -= wide


def take_part(sums: Any, c: Any, rows: Any, columns: Any, apart: Any, ldc: Any, accumulate: Any) -> None:
    """C (+)= the first columns of what a panel gave: C ends within its last vector."""
    for i in range(rows):
        for j in range(columns):
            c[i * ldc + j] = sums[i * apart + j] + (c[i * ldc + j] if accumulate else ZERO)


def clear(c: Any, rows: Any, width: Any, ld: Any) -> None:
    for i in range(rows):
        for j in range(width):
            c[i * ld + j] = ZERO


def add_product(
    a: Any, b: Any, c: Any, m: Any, n: Any, k: Any, row: Any, column: Any, ldb: Any, ldc: Any, alpha: Any
) -> None:
    """C += alpha · A B, where A[i, p] stands at ``a[i·row + p·column]``: four rows of B at a time, along the rows of C."""
    whole = k - k % 4
    for i in range(m):
        for p in range(0, whole, 4):
            a0 = alpha * a[i * row + p * column]
            a1 = alpha * a[i * row + (p + 1) * column]
            a2 = alpha * a[i * row + (p + 2) * column]
            a3 = alpha * a[i * row + (p + 3) * column]
            for j in range(n):
                first = a0 * b[p * ldb + j] + a1 * b[(p + 1) * ldb + j]
                c[i * ldc + j] += first + (a2 * b[(p + 2) * ldb + j] + a3 * b[(p + 3) * ldb + j])
        for p in range(whole, k):
            a0 = alpha * a[i * row + p * column]
            for j in range(n):
                c[i * ldc + j] += a0 * b[p * ldb + j]


def add_product_sums(
    a: Any, b: Any, c: Any, m: Any, n: Any, k: Any, row: Any, column: Any, ldb: Any, ldc: Any, alpha: Any
) -> None:
    """The same for a transposed B, whose rows are as long as those of A: sums along both."""
    for i in range(m):
        for j in range(n):
            total = ZERO
            if column == 1:
                for p in range(k):
                    total += a[i * row + p] * b[j * ldb + p]
            else:
                for p in range(k):
                    total += a[i * row + p * column] * b[j * ldb + p]
            c[i * ldc + j] += alpha * total


def fill(program: Any, bases: Any, code: Any, t: Any, rows: Any) -> None:
    reach = program[code + 5]
    if reach == 0 or crosses(program, t, reach):
        place = pointer(address(program, bases, program[code + 1], t), real)
        clear(place, rows if program[code + 2] < 0 else program[code + 2], program[code + 3], program[code + 4])


def pack(program: Any, bases: Any, code: Any, t: Any, rows: Any) -> None:
    source = pointer(address(program, bases, program[code + 1], t), real)
    found = pointer(address(program, bases, program[code + 2], t), real)
    height, width, lds, ldf = program[code + 3], program[code + 4], program[code + 5], program[code + 6]
    if program[code + 7] == 0:
        take(source, found, 0, height, width, lds, ldf)
    else:
        turn(source, found, height, width, lds, ldf)


def pack_panels(program: Any, bases: Any, code: Any, t: Any, rows: Any) -> None:
    source = pointer(address(program, bases, program[code + 1], t), real)
    found = pointer(address(program, bases, program[code + 2], t), real)
    height, columns, lds, turned = program[code + 3], program[code + 4], program[code + 5], program[code + 6]
    row, first, k, n = program[code + 7], program[code + 8], program[code + 9], program[code + 10]
    height = rows if height < 0 else height
    k = rows if k < 0 else k
    size = itemsize(ZERO)
    begin, left = 0, padded(n, size) // lanes(size)
    while left > 0:
        width = vectors(left) * lanes(size)
        low, high = max(first, begin), min(first + columns, begin + width)
        for p in range(height):
            line = begin * k + (row + p) * width - begin
            if turned:
                for j in range(low, high):
                    found[line + j] = source[(j - first) * lds + p]
            else:
                for j in range(low, high):
                    found[line + j] = source[p * lds + j - first]
            if first + columns == n:
                for j in range(n, begin + width):
                    found[line + j] = ZERO
        begin += width
        left -= vectors(left)


def take(source: Any, found: Any, first: Any, past: Any, width: Any, lds: Any, ldf: Any) -> None:
    for i in range(first, past):
        for j in range(width):
            found[i * ldf + j] = source[i * lds + j]


def turn(source: Any, found: Any, rows: Any, columns: Any, lds: Any, ldf: Any) -> None:
    for j in range(columns):
        for i in range(rows):
            found[j * ldf + i] = source[i * lds + j]


def copy(program: Any, bases: Any, code: Any, t: Any, rows: Any) -> None:
    source = pointer(address(program, bases, program[code + 1], t), real)
    found = pointer(address(program, bases, program[code + 2], t), real)
    width, lds, ldf, away = program[code + 3], program[code + 4], program[code + 5], program[code + 6]
    if exists(program, t + away):
        shared = min(rows, active(program, t + away))
        beyond = program[code + 7]
        if beyond >= 0 and shared < rows:
            others = pointer(address(program, bases, beyond, t), real)
            take(others, found, shared, rows, width, program[code + 9] if program[code + 9] else width, ldf)
            rows = shared
    else:
        shared = rows if program[code + 8] else 0
    take(source, found, 0, shared, width, lds, ldf)
    for i in range(shared, rows):
        for j in range(width):
            found[i * ldf + j] = ZERO
