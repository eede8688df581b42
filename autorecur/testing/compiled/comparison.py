"""A call, computed in three ways: by compiled programs, on the tape, and from the equations that the derivation prints."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autorecur.language.cell import Cell
from autorecur.tape.tensor import Tensor
from autorecur.testing.compiled.calls import Call, Numbers

TOLERANCES = {"float64": 1e-9, "float32": 2e-3}
"""Of the largest number of an array, or of 1."""
WEIGHTS = 5
"""A seed for the numbers of the loss, Σ ⟨k, v⟩."""


class Refused(Exception):  # noqa: N818 - nothing is wrong
    """The cell cannot be compiled; the reason in words."""


def compare(call: Call, own: Cell | None = None) -> list[str]:
    """Where compiled and eager disagree: a line for each result and each gradient that differs. Raises Refused.

    The memory of the compiled run is full of NaN beforehand, so that a number that is read before it is written is seen.
    The truth is in float64 whatever the call's dtype.

    >>> from autorecur.testing.compiled import Call, compare
    >>> compare(Call("h[t] = tanh(W x[t] + U h[t-1])", (("n_x", 2), ("n_h", 3)), 4, wanted=("W", "U"), weighted=("h",)))
    []
    """
    own = own or call.cell()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".* cannot be compiled")
        try:
            computed(call, own, "compiled", poisoned=True)
            found = computed(call, own, "compiled")
        except UserWarning as warning:
            raise Refused(str(warning)) from None
    with np.errstate(all="ignore"):
        wanted = computed(call, own, "eager", dtype="float64")
    wrong_kind = [f"{name} is {array.dtype}" for name, array in found.items() if array.dtype != call.dtype]
    return wrong_kind + differences(found, wanted, TOLERANCES[call.dtype])


def computed(
    call: Call, own: Cell, backend: str, dtype: str | None = None, poisoned: bool = False
) -> dict[str, np.ndarray]:
    """Results, last values, gradients and recorded adjoints by name; a gradient that does not arrive is zero.

    A ``poisoned`` call is given NaN alone, for all initial states, too."""
    if poisoned:
        keys = [key for state in own.states for key in own.initial_keys(state)]
        call = replace(call, initial=tuple(key for key in keys if key not in own.parameters))
    leaves: dict[str, Any] = {}
    groups: list[dict[str, Any]] = []
    for arrays in call.arrays(own):
        groups.append({name: _leaf(array, name, call, dtype, poisoned) for name, array in arrays.items()})
        leaves |= groups[-1]
    parameters, inputs, initial = groups
    lengths = call.lengths if call.lengths is None or call.batch is not None else call.lengths[0]
    out = own.run(
        inputs or None, parameters, initial, lengths, call.steps, call.truncate, backend, call.record, call.outputs
    )
    results = {name: value.numpy() for name, value in out.items()}
    total: Any = 0.0
    for name, weights in _weights(call, {name: out[name].shape for name in call.weighted}).items():
        total = total + (out[name] * weights.astype(out[name].dtype)).sum()
        if call.last:
            total = total + (out.last[name] * weights[0].astype(out[name].dtype)).sum()
            results[f"last {name}"] = out.last[name].numpy()
    if isinstance(total, Tensor) and total.requires_grad:
        total.backward()
    for name in call.wanted:
        gradient = leaves[name].grad
        results[f"dL/d{name}"] = np.zeros_like(leaves[name].numpy()) if gradient is None else gradient.numpy()
    if call.record:
        results |= {f"adjoint {name}": adjoint.numpy() for name, adjoint in out.adjoint.items()}
    return results


def _leaf(array: np.ndarray, name: str, call: Call, dtype: str | None, poisoned: bool) -> Tensor:
    array = np.full_like(array, np.nan) if poisoned else array
    return Tensor(array.astype(dtype or array.dtype), requires_grad=name in call.wanted)


def _weights(call: Call, shapes: Mapping[str, tuple[int, ...]]) -> Numbers:
    generator = np.random.default_rng(WEIGHTS)
    return {name: generator.standard_normal(shape).astype(call.dtype) for name, shape in shapes.items()}


def differences(found: Numbers, wanted: Numbers, tolerance: float) -> list[str]:
    """A line for each array that is not the wanted one."""
    lines = [f"{name} is missing" for name in wanted if name not in found]
    for name, array in found.items():
        truth = wanted[name]
        if array.shape != truth.shape:
            lines.append(f"{name} has the shape {array.shape}, not {truth.shape}")
            continue
        allowed = tolerance * max(1.0, float(np.abs(truth).max(initial=0.0)))
        away = float(np.abs(array.astype(truth.dtype) - truth).max(initial=0.0))
        if not away <= allowed:
            lines.append(f"{name} is {away:.2g} away, {allowed:.2g} is allowed")
    return lines


def compare_with_derivation(call: Call, backend: str = "eager", verified: bool = True) -> list[str]:
    """Where a run differs from the numbers of the printed equations, and, if ``verified``, where these differ from true
    values, which a complex step gives.

    The call has no lengths and no truncation, all outputs, and a loss that reads outputs of the cell alone; anything else is
    no loss that the derivation has, and a ValueError.
    """
    own = call.cell()
    if (call.lengths, call.truncate, call.outputs, call.last) != (None, None, None, False):
        raise ValueError("lengths, truncate, outputs and last have no place in a derivation's loss")
    if not set(call.weighted) <= set(own.outputs):
        raise ValueError(f"{', '.join(call.weighted)} are not all outputs, {', '.join(own.outputs)}")
    derivation = own.derive(loss=None, at="all")
    found = computed(call, own, backend)
    parameters, inputs, initial = call.arrays(own)
    weights = dict(_weights(call, {name: found[name].shape for name in call.weighted}))
    keys = {f"k_{name}": weights.get(name, np.zeros_like(found[name])) for name in own.outputs}
    numbers = derivation.evaluate({**parameters, **inputs, **initial, **keys}, steps=call.steps)
    truth = {name: _over_time(numbers, name, call) for name in found if name in own.shapes}
    for name in call.wanted:
        if name in own.inputs:
            truth[f"dL/d{name}"] = _over_time(numbers, f"dL/d{name}", call)
            continue
        value = numbers[f"dL/d{_numbered(name, call.steps)}"]
        summed = name in initial and call.common and call.batch is not None
        truth[f"dL/d{name}"] = value.sum(axis=0) if summed else value
    lines = differences({name: found[name] for name in truth}, truth, 1e-8)
    if verified and not (report := derivation.verify(call.seed)):
        lines.append(f"the derivation is not verified:\n{report}")
    return lines


def _numbered(key: str, steps: int) -> str:
    """``g[T+1]`` as the step that it is."""
    name, bracket, step = key.partition("[T+")
    return f"{name}[{steps + int(step[:-1])}]" if bracket else key


def _over_time(numbers: Mapping[str, Any], name: str, call: Call) -> np.ndarray:
    return np.stack([numbers[f"{name}[{t}]"] for t in range(1, call.steps + 1)])
