"""Where the first NaN or infinity comes from."""

from __future__ import annotations

import contextlib
import linecache
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from autorecur.errors import AnomalyError
from autorecur.ops import Op
from autorecur.tape.modes import state
from autorecur.tape.tensor import Tensor

NOT_THE_USERS = (
    str(Path(__file__).resolve().parent.parent),
    str(Path(np.__file__).resolve().parent),
    contextlib.__file__,
)
"""Where a call passes through on its way to the tape: this package, NumPy, and decorators of the standard library."""


def _line_of_the_user() -> str:
    """File, line and code of the innermost call that stands outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(NOT_THE_USERS):
        frame = frame.f_back
    name, line = frame.f_code.co_filename, frame.f_lineno
    code = linecache.getline(name, line).strip()
    return f"{name}, line {line}" + (f": {code}" if code else "")


def _first(array: Any) -> tuple[str, Any] | None:
    """Index and value of the first number that is not finite."""
    if np.asarray(array).dtype.kind not in "fc" or np.isfinite(array).all():
        return None
    place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
    where = f"at index {place}" if place else "(a single number)"
    return where, np.asarray(array)[place]


class _Watch:
    """Looks at every value on its way forward and at every cotangent on its way back."""

    def forward(self, out: Tensor, op: Op, arrays: Sequence[Any], attributes: Mapping[str, Any]) -> None:
        out._site = _line_of_the_user()
        found = _first(out.data)
        if found is None:
            return
        for i, array in enumerate(arrays):
            already = _first(array)
            if already is not None:
                raise AnomalyError(f"input {i} of {op.name} holds {already[1]} {already[0]}\n  in {out._site}")
        raise AnomalyError(f"{op.name} gave {found[1]} {found[0]}\n  in {out._site}")

    def backward(self, t: Tensor, i: int, cotangent: Any) -> None:
        found = _first(cotangent.data if isinstance(cotangent, Tensor) else cotangent)
        if found is not None:
            place = f"\n  which ran in {t._site}" if t._site else ""
            raise AnomalyError(f"the derivative of {t.made_by} by its input {i} gave {found[1]} {found[0]}{place}")


@contextmanager
def debug_anomalies() -> Iterator[None]:
    """Inside, the first NaN or infinity raises AnomalyError, which names the op, the index, and the line of your code.

    It holds for values and, in :meth:`Tensor.backward`, for gradients; the derivative of an op is traced to the line where
    the op ran if that was inside as well. Everything is slower.

    >>> import autorecur as ar
    >>> x = ar.tensor([1.0, 0.0], requires_grad=True)
    >>> with ar.debug_anomalies():
    ...     ar.sqrt(x).sum().backward()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
      ...
    autorecur.errors.AnomalyError: the derivative of sqrt by its input 0 gave inf at index (1,)
      which ran in ...
    """
    before, state.watch = state.watch, _Watch()
    try:
        yield
    finally:
        state.watch = before
