"""NumPy's own functions on tensors: ``np.tanh(t)`` is ``ar.tanh(t)``, and what has no rule says so."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from inspect import Parameter, signature
from operator import and_, invert, or_, xor
from typing import Any

import numpy as np

from autorecur.errors import ArgumentError, DtypeError, GradientError
from autorecur.tape.tensor import Tensor, as_tensor

REDUCTIONS = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_or": "any",
    "logical_and": "all",
}
"""What ``ufunc.reduce`` is called."""
BITS: Mapping[str, Callable[..., Any]] = {"bitwise_and": and_, "bitwise_or": or_, "bitwise_xor": xor, "invert": invert}
"""What ``array & tensor`` asks for."""
SCANS = {"add": "cumsum", "multiply": "cumprod"}
"""What ``ufunc.accumulate`` is called."""
NAMES = {
    "np.around": "round",
    "np.linalg.matmul": "matmul",
    "np.linalg.norm": "norm",
    "np.linalg.tensordot": "tensordot",
    "np.linalg.vecdot": "vecdot",
    "np.linalg.vector_norm": "norm",
}
"""NumPy's functions that have another name here, or stand in another of its modules."""
DEFAULTS = {"where": True, "casting": "same_kind", "order": "K", "subok": True, "keepdims": False}
"""What a ufunc does if it is told nothing else."""
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
        path = _path_of_ufunc(ufunc)
        if out is not None:
            raise GradientError(
                f"{path} cannot write a tensor's numbers into an array that is there already, because the tape could "
                f"not see it: write b = {path}(…) without out=, and b = b + t for b += t"
            )
        name = ufunc.__name__ if "." in path else ""
        if method == "reduce":
            name, options = REDUCTIONS.get(name, ""), {"axis": 0, **options}
        elif method == "accumulate":
            name, options = SCANS.get(name, ""), {"axis": 0, **options}
        elif method == "outer":
            first, second = map(as_tensor, inputs)
            inputs = (functions["reshape"](first, first.shape + (1,) * second.ndim), second)
        elif method != "__call__":
            name = ""
        elif name in BITS and not options:
            return BITS[name](as_tensor(inputs[0]), *inputs[1:])
        path += "" if method == "__call__" else f".{method}"
        if name not in functions:
            raise _no_rule(path)
        return _called(path, functions[name], inputs, options, DEFAULTS)

    def array_function(
        self: Tensor, function: Callable[..., Any], types: Any, arguments: Sequence[Any], options: Mapping[str, Any]
    ) -> Any:
        name, path = function.__name__, _path(function)
        if name in PLAIN:
            return function(*_bare(arguments), **{key: _bare(value) for key, value in options.items()})
        name = NAMES.get(path, name if path == f"np.{name}" else "")
        if name not in functions:
            raise _no_rule(path)
        ours = functions[name]
        positional, named = _by_name(function, ours, arguments)
        if path == "np.linalg.norm":
            _refuse_norm_of_matrix({**dict(zip(_defaults(function), positional, strict=False)), **named, **options})
        return _called(path, ours, positional, {**named, **options}, _defaults(function))

    return array_ufunc, array_function


def _path(function: Callable[..., Any]) -> str:
    """The name under which a user calls a function of NumPy."""
    module = getattr(function, "__module__", None) or "numpy"
    return f"{module.replace('numpy', 'np', 1)}.{function.__name__}"


def _path_of_ufunc(ufunc: np.ufunc) -> str:
    """The same for a ufunc; one that somebody else made has only its own name."""
    name = ufunc.__name__
    for short, module in (("np", "numpy"), ("scipy.special", "scipy.special")):
        if getattr(sys.modules.get(module), name, None) is ufunc:
            return f"{short}.{name}"
    return name


@lru_cache(maxsize=1024)
def _parameters(function: Callable[..., Any]) -> Mapping[str, Parameter]:
    try:
        return signature(function).parameters
    except ValueError:
        return {}


@lru_cache(maxsize=1024)
def _defaults(function: Callable[..., Any]) -> Mapping[str, Any]:
    return {name: parameter.default for name, parameter in _parameters(function).items()}


def _by_name(
    function: Callable[..., Any], ours: Callable[..., Any], arguments: Sequence[Any]
) -> tuple[Sequence[Any], dict[str, Any]]:
    """Arguments by place as far as NumPy's order is ours; from there on by NumPy's names."""
    same, rest = _order(function, ours)
    if same is None:
        return arguments, {}
    return arguments[:same], dict(zip(rest, arguments[same:], strict=False))


@lru_cache(maxsize=1024)
def _order(function: Callable[..., Any], ours: Callable[..., Any]) -> tuple[int | None, Sequence[str]]:
    """How many arguments have the same place in both (None: all of them), and the names of the others in NumPy's order."""
    theirs, own = list(_parameters(function).values()), list(_parameters(ours))
    for place, parameter in enumerate(theirs):
        if parameter.kind is Parameter.VAR_POSITIONAL:
            return None, ()
        if parameter.kind is not Parameter.POSITIONAL_ONLY and own[place : place + 1] != [parameter.name]:
            return place, [parameter.name for parameter in theirs[place:]]
    return len(theirs) or None, ()


def _called(
    path: str, ours: Callable[..., Any], inputs: Sequence[Any], options: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Any:
    """Our function with the arguments that it has; raises ArgumentError for any other that would change the result."""
    known = _parameters(ours)
    given = {}
    for name, value in options.items():
        if value is np._NoValue:
            continue
        if name in known:
            given[name] = value
        elif not _idle(name, value, defaults.get(name)):
            raise ArgumentError(f"{path} of a tensor has no argument {name}; it takes {', '.join(known)}")
    try:
        return ours(*inputs, **given)
    except TypeError:
        try:
            signature(ours).bind(*inputs, **given)
        except TypeError as error:
            raise ArgumentError(f"{path} of a tensor: {error}; it takes {', '.join(known)}") from None
        raise


def _idle(name: str, value: Any, default: Any) -> bool:
    """Whether an argument says only what holds without it."""
    if value is None or name == "optimize" or (name, value) == ("order", "C"):
        return True
    return type(value) in (bool, str, int) and (value == default or (name == "where" and value is True))


def _refuse_norm_of_matrix(given: Mapping[str, Any]) -> None:
    """NumPy's norms of matrices have the names of norms of vectors."""
    ord, axis = given.get("ord"), given.get("axis")
    ndim = as_tensor(given["x"]).ndim if axis is None else len(axis) if isinstance(axis, (tuple, list)) else 1
    if ord is not None and ndim != 1 and not (ndim == 2 and isinstance(ord, str) and ord == "fro"):
        raise ArgumentError(
            f"np.linalg.norm of a tensor with {ndim} axes has no derivative rule for ord={ord!r}, a norm of matrices; "
            "ar.norm takes all numbers as one vector"
        )


def _no_rule(path: str) -> DtypeError:
    return DtypeError(
        f"{path} has no derivative rule for tensors; {path}(t.numpy()) gives plain numbers without a gradient, "
        "and @ar.primitive makes an op of it with a rule of your own"
    )


def _bare(value: Any) -> Any:
    """Arguments with each tensor as its array."""
    if isinstance(value, Tensor):
        return value.data
    if isinstance(value, (list, tuple)):
        return type(value)(_bare(part) for part in value)
    return value
