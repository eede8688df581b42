"""How weights lie for the machine's own products: packed once, in panels that its vectors read one after the other.

A panel holds up to three vectors of columns, row by row, so that a product reads it straight through. BLAS lays a matrix
out in this way at every call (Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008); the weights
of a recurrence are the same at every step. What is missing in the last vector is filled with zeros.
"""

from __future__ import annotations

BYTES = 32
"""A vector: four numbers of float64, eight of float32. LLVM splits it where the processor's are shorter."""
MOST_VECTORS = 3
"""With four rows, three vectors of sums and what they are made of fill sixteen registers."""
FEWEST_ROWS, LEAST_WORK, LEAST_USE = 4, 8192, 64
"""Where panels pay: from so many rows at once, or two with that many multiplications; and packed for so many rows."""


def pay(rows: int, uses: int, columns: int, depth: int) -> bool:
    """Whether a product of ``rows`` rows by a matrix (``depth``, ``columns``) takes less time with the matrix in panels.

    ``uses`` are the rows of all steps, for which it is packed once. A single row reads every weight once: nothing is gained.

    >>> pay(8, 400, 128, 32), pay(1, 400, 128, 32)
    (True, False)
    """
    enough = rows >= FEWEST_ROWS or (rows > 1 and rows * columns * depth >= LEAST_WORK)
    return enough and uses >= LEAST_USE


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


def last_panel(columns: int, itemsize: int) -> tuple[int, int]:
    """The first column of the last panel, and how many columns it has.

    >>> last_panel(62, 8), last_panel(29, 8)
    ((56, 8), (24, 8))
    """
    begin, left = 0, padded(columns, itemsize) // lanes(itemsize)
    while left > vectors(left):
        begin += vectors(left) * lanes(itemsize)
        left -= vectors(left)
    return begin, left * lanes(itemsize)
