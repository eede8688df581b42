"""The one table of operations: derivation, engine and compiler all read their rules here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from autorecur.ops import (
    arithmetic,
    comparisons,
    einsum,
    exponentials,
    functions,
    indexing,
    linear,
    losses,
    reductions,
    rounding,
    scans,
    shape,
    trigonometry,
)
from autorecur.ops.op import Op as Op
from autorecur.ops.op import Shape as Shape
from autorecur.ops.op import Size as Size
from autorecur.ops.op import shape_of as shape_of
from autorecur.ops.open import PRIME, is_open, open_function
from autorecur.ops.pullback import pull_back as pull_back

TABLE: Mapping[str, Op] = MappingProxyType(
    {
        value.name: value
        for room in (
            arithmetic,
            functions,
            reductions,
            linear,
            shape,
            indexing,
            einsum,
            losses,
            exponentials,
            trigonometry,
            comparisons,
            rounding,
            scans,
        )
        for value in vars(room).values()
        if isinstance(value, Op)
    }
)
"""Every op by its name."""


def is_op(name: str) -> bool:
    """Whether an op has this name: one of the table, or a function that is left open."""
    return name in TABLE or is_open(name)


def op_named(name: str) -> Op:
    """The op of the table, or the open function, or a derivative of that."""
    found = TABLE.get(name)
    if found is not None:
        return found
    base = name.rstrip(PRIME)
    return open_function(base, len(name) - len(base))


_LANGUAGE = """sigmoid tanh relu leaky_relu elu silu gelu softplus softsign exp expm1 log log1p sqrt square abs sin cos erf
maximum minimum sum mean max norm softmax logsumexp"""

FUNCTIONS: Mapping[str, Op] = MappingProxyType({name: TABLE[name] for name in _LANGUAGE.split()})
"""The functions that a cell's text may call, by the name they have there."""

_BEHIND_CELLS = """add subtract multiply divide negative power matmul matrix_transpose concatenate block place broadcast_to
sum_to ratio heaviside half_step sign equal normal_pdf normal_cdf cross_entropy binary_cross_entropy"""

CELL_OPS: Mapping[str, Op] = MappingProxyType(
    {name: TABLE[name] for name in [*FUNCTIONS, *(op.name for op in FUNCTIONS.values()), *_BEHIND_CELLS.split()]}
)
"""Every op that a cell's equations and their derivatives can hold: these have a symbolic form, the others need none."""
