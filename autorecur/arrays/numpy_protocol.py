"""NumPy's own functions on tensors: ``np.tanh(t)`` is ``ar.tanh(t)``, and what has no rule says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autorecur.errors import DtypeError, GradientError
from autorecur.tape.tensor import Tensor

REDUCTIONS = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_or": "any",
    "logical_and": "all",
}
"""What ``ufunc.reduce`` is called."""
NAMES = {
    "absolute": "abs", "amax": "max", "amin": "min", "concat": "concatenate", "divmod": "", "permute_dims": "transpose",
    "pow": "power", "rint": "round", "true_divide": "divide", "acos": "arccos", "asin": "arcsin", "atan": "arctan",
    "acosh": "arccosh", "asinh": "arcsinh", "atanh": "arctanh", "atan2": "arctan2",
}  # fmt: skip
"""NumPy's names for functions that have another one here."""
PLAIN = {
    "allclose",
    "argsort",
    "argpartition",
    "argwhere",
    "array2string",
    "array_equal",
    "array_equiv",
    "array_repr",
    "array_str",
    "broadcast_shapes",
    "can_cast",
    "common_type",
    "copyto",
    "count_nonzero",
    "digitize",
    "flatnonzero",
    "histogram",
    "isclose",
    "iscomplexobj",
    "isrealobj",
    "lexsort",
    "may_share_memory",
    "min_scalar_type",
    "ndim",
    "nonzero",
    "result_type",
    "searchsorted",
    "shape",
    "shares_memory",
    "size",
    "unique",
    "save",
    "savez",
    "savetxt",
    "savez_compressed",
    "array_api_str",
    "testing",
}
"""Functions that give no number which depends smoothly on the tensor: they see its bare numbers."""


def protocol(functions: Mapping[str, Callable[..., Any]]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The methods ``__array_ufunc__`` and ``__array_function__``, for the functions of this room."""

    def array_ufunc(self: Tensor, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        name = ufunc.__name__
        if out is not None:
            raise GradientError(
                f"np.{name} cannot write a tensor's numbers into an array that is there already, because the tape could "
                f"not see it: write b = np.{name}(…) without out=, and b = b + t for b += t"
            )
        if method == "reduce":
            name = REDUCTIONS.get(name, "")
            options = {"axis": 0, **{k: v for k, v in options.items() if k not in ("initial", "where") or v is None}}
        elif method == "accumulate":
            name = {"add": "cumsum", "multiply": "cumprod"}.get(name, "")
            options = {"axis": 0, **options}
        elif method != "__call__":
            name = "" if method != "outer" or name != "multiply" else "outer"
        function = functions.get(NAMES.get(name, name))
        if function is None:
            raise _no_rule(f"{ufunc.__name__}" + (f".{method}" if method != "__call__" else ""))
        return function(*inputs, **options)

    def array_function(
        self: Tensor, function: Callable[..., Any], types: Any, arguments: Sequence[Any], options: Mapping[str, Any]
    ) -> Any:
        name = function.__name__
        if name in PLAIN:
            return function(*_bare(arguments), **{key: _bare(value) for key, value in options.items()})
        ours = functions.get(NAMES.get(name, name))
        room = getattr(function, "__module__", "") or ""
        if ours is None or (room.startswith("numpy.") and name != "norm"):
            raise _no_rule(name)
        return ours(*arguments, **{key: value for key, value in options.items() if value is not np._NoValue})

    return array_ufunc, array_function


def _no_rule(name: str) -> DtypeError:
    return DtypeError(
        f"np.{name} has no derivative rule for tensors; np.{name}(t.numpy()) gives plain numbers without a gradient, "
        "and @ar.primitive makes an op of it with a rule of your own"
    )


def _bare(value: Any) -> Any:
    """Arguments with each tensor as its array."""
    if isinstance(value, Tensor):
        return value.data
    if isinstance(value, (list, tuple)):
        return type(value)(_bare(part) for part in value)
    return value
