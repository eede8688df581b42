"""What is asked of the arguments of recurrent layers, and how it is said that they do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.tape.tensor import Tensor, as_tensor


def whole_from_one(layer: str, argument: str, value: Any) -> int:
    """Raises ArgumentError unless ``value`` is a whole number from 1."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or index(value) < 1:
        raise ArgumentError(f"{layer}: {argument} is a whole number from 1, not {value!r}")
    return index(value)


def fraction(layer: str, argument: str, value: Any) -> float:
    """Raises ArgumentError unless ``value`` is a number between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ArgumentError(f"{layer}: {argument} is a number between 0 and 1, not {value!r}")
    return float(value)


def real_input(layer: str, x: Any, names: Sequence[str], size: int) -> Tensor:
    """The input as a tensor of real numbers; raises ShapeError unless it has the axes ``names`` and then ``size``.

    The batch, whose name is ``batch``, may be left out.
    """
    given = as_tensor(x)
    if given.dtype.kind not in "biuf":
        raise DtypeError(f"{layer}: the input holds {given.dtype}, and has to hold real numbers")
    if given.ndim not in (len(names), len(names) + 1) or given.shape[-1] != size:
        whole = f"({', '.join([*names, str(size)])})"
        alone = f"({', '.join([*(name for name in names if name != 'batch'), str(size)])})".replace(
            f"({size})", f"({size},)"
        )
        raise ShapeError(
            f"{layer}: the input has shape {given.shape}, and has to have {whole} or, without a batch, {alone}"
        )
    if not given.size:
        raise ShapeError(
            f"{layer}: the input has shape {given.shape}; there has to be at least one step and one sequence"
        )
    return given


def initial_state(layer: str, name: str, value: Any, wanted: tuple[int, ...], meaning: str) -> Tensor:
    """An initial state as a tensor; raises ShapeError unless its shape is the one that is wanted."""
    given = as_tensor(value)
    if given.shape != wanted:
        raise ShapeError(f"{layer}: {name} has shape {given.shape}, and has to have {wanted}, which is {meaning}")
    return given


def pair(layer: str, hx: Any) -> tuple[Any, Any]:
    """The two initial states of an LSTM; raises ArgumentError for anything but two."""
    if not isinstance(hx, (tuple, list)) or len(hx) != 2:
        found = f"{len(hx)} of them" if isinstance(hx, (tuple, list)) else type(hx).__name__
        raise ArgumentError(f"{layer}: hx is a pair, (h_0, c_0), not {found}")
    return hx[0], hx[1]
