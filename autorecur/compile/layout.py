"""How a program lies in memory: one array of 64-bit integers, which begins with a header that says where everything is.

A *place* is (slot, byte offset, bytes a row, table of starts, steps away): at step t it begins at
``bases[slot] + offset + starts[table, t + steps away + pads] · bytes a row``.
A *loop* is (first instruction, past the last, direction): 1 for t = 1 … T, −1 for t = T … 1, with the rows of step t; 0 once
with the rows of all steps together; 2 once, for what has nothing to do with time.
An *instruction* is its kind and what stands beside :class:`Kind`; −1 rows are the rows of the loop's step. Sizes and
distances between rows are counted in numbers, not bytes; matrices lie row by row.
"""

from __future__ import annotations

from enum import IntEnum

CALL, GEMM, FILL, PACK, COPY, PANEL_GEMM, PANEL_PACK = range(7)


class Kind(IntEnum):
    """What an instruction does.

    ==========  ===========================================================================================
    CALL        function, first place, number of places, start in ``ints``: calls a function on the loop's rows
    GEMM        A, B, C, transposed A, transposed B, M, N, K, row length of A, B, C, accumulate, alpha:
                C (+)= alpha · A B
    FILL        place, rows, width, row length, reach: zeros; with a reach r, only where truncation cuts between the
                steps t and t + r
    PACK        source, destination, rows, columns, row length of both, transpose: copies a matrix
    COPY        source, destination, width, row length of both, k, beyond, outside, row length of beyond (0: the
                width): the rows that exist at both t and t + k come from the source, the others from ``beyond``
                (−1: zeros); where t + k is no step, all come from the source if ``outside``, else they are zeros
    PANEL_GEMM  A, B, C, M, N, K, row length of A and C, accumulate, alpha, transposed A: GEMM with B in panels
    PANEL_PACK  source, destination, rows, columns, row length of the source, transposed, row, column, K, N: lays
                rows × columns numbers of B, from this row and column on, into the panels of B (K × N); the
                source has them in this order or transposed. The last columns are followed by zeros
    ==========  ===========================================================================================
    """

    CALL = CALL
    GEMM = GEMM
    FILL = FILL
    PACK = PACK
    COPY = COPY
    PANEL_GEMM = PANEL_GEMM
    PANEL_PACK = PANEL_PACK


WIDTH_OF_CODE, WIDTH_OF_PLACE, WIDTH_OF_LOOP = 16, 5, 3

(
    LOOPS,
    NUMBER_OF_LOOPS,
    CODE,
    PLACES,
    STARTS,
    COLUMNS,
    ROWS,
    INTS,
    FUNCTIONS,
    NUMBERS,
    PADS,
    STEPS,
    TRUNCATE,
    TOTAL_ROWS,
    GEMM_ROUTINE,
    GEMV_ROUTINE,
    SET_THREADS,
    GET_THREADS,
    SMALL,
    SMALL_TURNED,
    SMALL_TURNED_ROW,
    HANDLERS,
) = range(22)
LENGTH_OF_HEADER = HANDLERS + len(Kind)
"""The words of the header: offsets of tables and their sizes; from PADS on, numbers and addresses of functions.

Products of at most SMALL multiplications are computed by the machine itself (SMALL_TURNED where B is transposed, and
SMALL_TURNED_ROW if A is a single row). Without
GET_THREADS the number of threads is left alone. From HANDLERS on, the address of what carries out each kind of instruction.
"""
