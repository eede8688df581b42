"""Inputs as Python source, and the test that shows a failure again."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autorecur.testing.point import Point, maker_for, numbers

LARGEST = 400
"""Arrays with more numbers are described, not written out."""


def literal(value: Any) -> str:
    """Source that makes the value again: arrays of NumPy, also for tensors, in nested dicts, lists and tuples."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {literal(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        parts = ", ".join(literal(part) for part in value)
        return f"[{parts}]" if isinstance(value, list) else f"({parts},)" if len(value) == 1 else f"({parts})"
    if value is None or isinstance(value, (str, bool, int)):
        return repr(value)
    array = numbers(value)
    return repr(value) if array.dtype == object else _array(array)


def _array(array: Any) -> str:
    standard = array.dtype in (np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_))
    dtype = "" if standard else f", dtype=np.{array.dtype}"
    if array.size > LARGEST:
        return f"...  # {array.dtype} of shape {array.shape}, from {array.min()} to {array.max()}: too large to print"
    if array.dtype.kind == "f" and not np.any(array) and not np.signbit(array).any():
        return f"np.zeros({array.shape}{dtype})"
    if array.size == 0:
        return f"np.zeros({array.shape}, dtype=np.{array.dtype})"
    return f"np.array({_nested(array)}{dtype})"


def _nested(array: Any) -> str:
    if array.ndim:
        return "[" + ", ".join(_nested(part) for part in array) + "]"
    number = array.item()
    if isinstance(number, float) and not np.isfinite(number):
        return "np.nan" if np.isnan(number) else "np.inf" if number > 0 else "-np.inf"
    return repr(number) if array.dtype.itemsize >= 8 or array.dtype.kind != "f" else str(array[()])


def written_test(point: Point, order: int = 1, vjp: Callable[..., Any] | None = None) -> str:
    """A test to paste: the inputs, and the assertion on them."""
    name = "assert_gradients" if vjp is None else "assert_vjp"
    f, comments = _named(point.f, "f")
    called = [f]
    if vjp is not None:
        rule, more = _named(vjp, "vjp")
        called.append(rule)
        comments += more
    lines = ["import numpy as np", f"from autorecur.testing import {name}", "", ""]
    source = getattr(point.f, "source", "")
    if source:
        lines = ["import autorecur as ar", *lines[:3], "", *source.splitlines(), "", ""]
    lines += [f"def test_the_gradient_of_{f}():"]
    lines += [f"    # {comment}" for comment in comments if not source]
    for i, given in enumerate(point.given):
        lines.append(f"    x{i} = {_written(given)}")
        called.append(f"x{i}")
    if order == 2:
        called.append("order=2")
    return "\n".join([*lines, f"    {name}({', '.join(called)})"])


def _written(given: Any) -> str:
    text = literal(given)
    library = type(given).__module__.partition(".")[0]
    return f"torch.tensor({text})" if library == "torch" and maker_for(given) is not np.array else text


def _named(f: Callable[..., Any], stand_in: str) -> tuple[str, list[str]]:
    """A name to call a function by, and, if it has none, where it stands."""
    name = getattr(f, "__name__", stand_in)
    if name.isidentifier():
        return name, []
    try:
        line = inspect.getsourcelines(f)[1]
        place = f" in line {line} of {Path(inspect.getsourcefile(f) or '').name}"
    except (OSError, TypeError):
        place = ""
    return stand_in, [f"{stand_in} is the lambda{place}"]
