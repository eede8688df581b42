"""How weights lie for the machine's own products: packed once, in panels that its vectors read one after the other.

A panel holds up to three vectors of columns, row by row, so that a product reads it straight through. BLAS lays a matrix
out in this way at every call (Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008); the weights
of a recurrence are the same at every step. What is missing in the last vector is filled with zeros.
The gradients of weights, sums over all steps, are of small cells multiplied in this way, too.

Measured in a loop over steps against what ``machine.py`` does otherwise (``blas.py``: OpenBLAS 0.3.30, or its own loops for
the smallest products), on AVX2 with one thread, time over time, float64 and float32; B stands as it is in the first five
lines, transposed in the others:

=========  ==========  ==========  ==========  ==========  ==========  ==========  ==========
K, N       1 row       2           4           8           16          32          100
=========  ==========  ==========  ==========  ==========  ==========  ==========  ==========
8, 32      2.0, 1.6    1.3, 1.3    0.89, 0.91  0.85, 0.77  0.78, 0.65  0.74, 0.54  0.72, 0.66
16, 64     1.9, 1.6    1.2, 1.1    0.86, 0.79  0.85, 0.72  0.64, 0.45  0.67, 0.53  0.71, 0.70
32, 128    1.6, 1.5    0.87, 1.03  0.32, 0.18  0.50, 0.27  0.62, 0.41  0.69, 0.54  0.70, 0.65
128, 512   1.1, 1.0    0.24, 0.13  0.39, 0.25  0.52, 0.31  0.60, 0.44  0.68, 0.55  0.75, 0.74
256, 1024  1.2, 1.1    0.34, 0.23  0.40, 0.24  0.60, 0.32  0.66, 0.44  0.73, 0.60  0.81, 0.82
32, 8      1.2, 1.2    0.26, 0.19  0.33, 0.29  0.41, 0.36  0.48, 0.50  0.46, 0.62  0.50, 0.83
128, 32    1.0, 0.8    0.18, 0.09  0.28, 0.16  0.48, 0.25  0.59, 0.38  0.61, 0.51  0.60, 0.62
512, 128   1.0, 0.9    0.26, 0.12  0.36, 0.23  0.58, 0.35  0.68, 0.45  0.74, 0.56  0.83, 0.74
1024, 256  1.1, 1.1    0.38, 0.22  0.38, 0.27  0.64, 0.34  0.72, 0.45  0.77, 0.58  0.86, 0.80
=========  ==========  ==========  ==========  ==========  ==========  ==========  ==========

Over all steps at once (1600 rows or more) it is 0.6 to 1.1. Packing takes 0.2 to 2 ns a number. For the gradients of
weights (A transposed, as many columns as gates) it is 0.4 to 0.8 with 8 or 16 hidden units, 0.8 with 32, and 1 or more where A
is too large for the second cache.
"""

from __future__ import annotations

BYTES = 32
"""A vector: four numbers of float64, eight of float32. LLVM splits it where the processor's are shorter."""
MOST_VECTORS = 3
"""With four rows, three vectors of sums and what they are made of fill sixteen registers."""
FEWEST_ROWS, LEAST_WORK, LEAST_USE = 4, 8192, 64
LARGEST = 1 << 20
"""Where panels pay: from so many rows at once, or two with that many multiplications; and packed for so many rows.
A transposed A of more bytes does not come from the second cache."""


def pay(rows: int, uses: int, columns: int, depth: int) -> bool:
    """Whether a product of ``rows`` rows by a matrix (``depth``, ``columns``) takes less time with the matrix in panels.

    ``uses`` are the rows of all steps, for which it is packed once. A single row reads every weight once: nothing is gained.

    >>> pay(8, 400, 128, 32), pay(1, 400, 128, 32)
    (True, False)
    """
    enough = rows >= FEWEST_ROWS or (rows > 1 and rows * columns * depth >= LEAST_WORK)
    return enough and uses >= LEAST_USE


def pay_transposed(rows: int, columns: int, depth: int, itemsize: int) -> bool:
    """The same for a transposed A (``depth``, ``rows``) and a B (``depth``, ``columns``) that is packed for this product alone.

    >>> pay_transposed(128, 32, 400, 8), pay_transposed(1024, 256, 3200, 8)
    (True, False)
    """
    return rows >= FEWEST_ROWS and columns >= lanes(itemsize) and rows * depth * itemsize <= LARGEST


def lanes(itemsize: int) -> int:
    """Numbers in a vector."""
    return BYTES // itemsize


def padded(columns: int, itemsize: int) -> int:
    """The columns of all panels together: whole vectors.

    >>> padded(30, 8)
    32
    """
    return -(-columns // lanes(itemsize)) * lanes(itemsize)


def vectors(left: int) -> int:
    """How many vectors wide the next panel is when so many are left: four are two and two, not three and a slow single one.

    >>> [vectors(left) for left in (7, 4, 2)]
    [3, 2, 2]
    """
    return 2 if left == 4 else min(left, MOST_VECTORS)
