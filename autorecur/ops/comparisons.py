"""Ops that answer with truth values or with indices; no derivative passes through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autorecur.errors import ShapeError
from autorecur.ops.arithmetic import elementwise
from autorecur.ops.op import Op, Shape, shown


def _comparison(name: str, kernel: Callable[..., Any], arity: int = 2) -> Op:
    return elementwise(name, kernel, *(None,) * arity, kind="comparison")


equal_to = _comparison("equal_to", np.equal)
not_equal = _comparison("not_equal", np.not_equal)
less = _comparison("less", np.less)
less_equal = _comparison("less_equal", np.less_equal)
greater = _comparison("greater", np.greater)
greater_equal = _comparison("greater_equal", np.greater_equal)
logical_and = _comparison("logical_and", np.logical_and)
logical_or = _comparison("logical_or", np.logical_or)
logical_xor = _comparison("logical_xor", np.logical_xor)
logical_not = _comparison("logical_not", np.logical_not, arity=1)
isnan = _comparison("isnan", np.isnan, arity=1)
isinf = _comparison("isinf", np.isinf, arity=1)
isfinite = _comparison("isfinite", np.isfinite, arity=1)

isclose = elementwise(
    "isclose",
    lambda a, b, rtol, atol, equal_nan: np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan),
    None,
    None,
    kind="comparison",
)


def _joined(name: str, kernel: Callable[..., Any]) -> Op:
    """A truth value, or an index, for all that stands along the axes."""

    def shape(given: Shape, axis: Any, keepdims: bool = True) -> Shape:
        axes = {a % len(given) for a in (axis if isinstance(axis, tuple) else (axis,))} if given else set()
        if name.startswith("arg") and any(given[a] == 0 for a in axes):
            raise ShapeError(f"{name}: there is no number along axis {axis} of a tensor of shape {shown(given)}")
        if keepdims:
            return tuple(1 if i in axes else size for i, size in enumerate(given))
        return tuple(size for i, size in enumerate(given) if i not in axes)

    return Op(name, "search", shape, kernel, (None,))


_any: Any = np.logical_or.reduce
_all: Any = np.logical_and.reduce
any_of = _joined("any", lambda x, axis, keepdims=True: _any(x, axis, None, None, keepdims))
all_of = _joined("all", lambda x, axis, keepdims=True: _all(x, axis, None, None, keepdims))
argmax = _joined("argmax", lambda x, axis, keepdims=True: np.argmax(x, axis=axis, keepdims=keepdims))
argmin = _joined("argmin", lambda x, axis, keepdims=True: np.argmin(x, axis=axis, keepdims=keepdims))
"""The index of the first of the largest or smallest numbers along one axis."""
