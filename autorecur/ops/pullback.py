"""The generic pull-back: an op's own rule, and broadcasting undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autorecur.kernels.choice import LEAST_ROWS, LEAST_TO_FUSE
from autorecur.kernels.fused import fused
from autorecur.kernels.rows import rows_fused
from autorecur.ops.op import Op, shape_of
from autorecur.ops.reductions import sum_to


def pull_back(
    op: Op, wanted: int, g: Any, out: Any, inputs: tuple[Any, ...], attributes: Mapping[str, Any]
) -> Any | None:
    """The cotangent that ``op`` sends to its input number ``wanted``; None where there is no derivative.

    Broadcasting is undone here and nowhere else. (An op with a joint rule undoes its own.)
    """
    if op.arity < 0:
        rule, attributes = op.pullbacks[0], {**attributes, "wanted": wanted}
    else:
        rule = op.pullbacks[wanted]
    if rule is None:
        return None
    if type(out) is np.ndarray and out.size >= LEAST_ROWS:
        cotangent = None
        if op.kind == "componentwise":
            cotangent = rows_fused(op, g, out, inputs[0], attributes["axis"])
        elif op.broadcasts and out.size >= LEAST_TO_FUSE:
            cotangent = fused(op, wanted, g, out, inputs, attributes)
        if cotangent is not None:
            return cotangent
    cotangent = rule(g, out, *inputs, **attributes)
    if not op.broadcasts:
        return cotangent
    target = shape_of(inputs[wanted])
    return cotangent if shape_of(cotangent) == target else sum_to(cotangent, shape=target)
