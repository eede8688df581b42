"""Softmax and its like along contiguous rows: a loop over the rows, and in it loops over the numbers of one row.

The derivative comes from the op's own rule, as in ``fused.py``; a sum over the row in it becomes a loop of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autorecur.kernels.choice import LEAST_ROWS
from autorecur.kernels.fused import Kernel, Trace, Traced, Unknown

TOP_OF_ROW = """\
def kernel(results, xs):
    for r in range(results.shape[0]):
        top = xs[r, 0]
        for i in range(results.shape[1]):
            top = larger(xs[r, i], top)
        total = ZERO
"""
FORWARD: Mapping[str, str] = {
    "softmax": TOP_OF_ROW
    + """\
        for i in range(results.shape[1]):
            e = exp(xs[r, i] - top)
            results[r, i] = e
            total += e
        for i in range(results.shape[1]):
            results[r, i] /= total
""",
    "log_softmax": TOP_OF_ROW
    + """\
        for i in range(results.shape[1]):
            below = xs[r, i] - top
            results[r, i] = below
            total += exp(below)
        below = log(total)
        for i in range(results.shape[1]):
            results[r, i] -= below
""",
}


def _is_row(x: Any, axis: tuple[int, ...]) -> bool:
    return (
        type(x) is np.ndarray
        and x.size >= LEAST_ROWS
        and x.dtype.char in "df"
        and len(axis) == 1
        and axis[0] in (-1, x.ndim - 1)
        and x.flags.c_contiguous
    )


_loops: dict[tuple[str, Any], Kernel | None] = {}


def along_rows(name: str, x: Any, axis: tuple[int, ...]) -> Any | None:
    """The value of an op of :data:`FORWARD` by a compiled loop; None where NumPy has to do it."""
    if not _is_row(x, axis):
        return None
    key = (name, x.dtype)
    if key not in _loops:
        from autorecur.kernels.compiled import compiled

        dtype = x.dtype.name
        _loops[key] = compiled(FORWARD[name], dtype, (f"{dtype}[,]", f"const {dtype}[,]"), sums=True)
    kernel = _loops[key]
    if kernel is None:
        return None
    rows = x if x.ndim == 2 else x.reshape(-1, x.shape[-1])
    found = np.empty(rows.shape, x.dtype)
    kernel(found, rows)
    return found if x.ndim == 2 else found.reshape(x.shape)


class RowTrace(Trace):
    """A trace in which a sum over the row may stand."""

    def __init__(self, axis: tuple[int, ...]) -> None:
        super().__init__()
        self.axis = axis
        self.sums: list[tuple[str, str, int]] = []
        """The name of each sum, what is summed, and how many lines stand before it."""

    def apply(self, name: str, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Traced:
        if name != "sum":
            return super().apply(name, inputs, attributes)
        if tuple(attributes.get("axis", ())) != self.axis or not attributes.get("keepdims", True):
            raise Unknown
        total = f"t{len(self.sums)}"
        self.sums.append((total, self.term(inputs[0]), len(self.lines)))
        return Traced(self, total)


def rows_of(rule: Callable[..., Any], axis: tuple[int, ...]) -> tuple[str, tuple[int, ...]] | None:
    """The text of the loops that do what the rule of an op of one input does, and which of (g, out, x) they read."""
    trace = RowTrace(axis)
    names = ["g", "out", "x0"]
    try:
        result = trace.term(rule(*(Traced(trace, name) for name in names), axis=axis))
    except (Unknown, TypeError, AttributeError, ValueError):
        return None
    slots = tuple(i for i, name in enumerate(names) if name in trace.used)
    lines = [
        *(f"{name} = real(float.fromhex('{digits}'))" for digits, name in trace.constants.items()),
        f"def kernel(results, {', '.join(names[i] + 's' for i in slots)}):",
        "    for r in range(results.shape[0]):",
    ]
    numbered = [(name, text) for text, name in trace.lines.items()]
    for total, summand, before in [*trace.sums, ("", result, len(numbered))]:
        if total:
            lines.append(f"        {total} = ZERO")
        lines.append("        for i in range(results.shape[1]):")
        lines += [f"            {names[i]} = {names[i]}s[r, i]" for i in slots]
        lines += [f"            {name} = {text}" for name, text in numbered[:before]]
        lines.append(f"            {total} += {summand}" if total else f"            results[r, i] = {summand}")
    return "\n".join(lines) + "\n", slots


_plans: dict[Any, tuple[Kernel, tuple[int, ...]] | None] = {}


def rows_fused(op: Any, g: Any, out: Any, x: Any, axis: tuple[int, ...]) -> Any | None:
    """The cotangent of the only input of an op along rows by compiled loops; None where NumPy has to do it."""
    if not _is_row(x, axis) or g.shape != x.shape or g.dtype != x.dtype or not out.flags.c_contiguous:
        return None
    key = (op, x.dtype.char, axis)
    if key not in _plans:
        from autorecur.kernels.compiled import compiled

        written, dtype = rows_of(op.pullbacks[0], axis), x.dtype.name
        found = written and compiled(
            written[0], dtype, (f"{dtype}[,]", *[f"const {dtype}[,]"] * len(written[1])), sums=True
        )
        _plans[key] = (found, written[1]) if found and written else None
    plan = _plans[key]
    if plan is None:
        return None
    kernel, slots = plan
    result = np.empty(x.shape, x.dtype)
    values = [np.ascontiguousarray((g, out, x)[slot]).reshape(-1, x.shape[-1]) for slot in slots]
    kernel(result.reshape(-1, x.shape[-1]), *values)
    return result
