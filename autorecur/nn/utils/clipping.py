"""Gradients cut down, all together by their norm or each number by itself. (Pascanu et al. 2013, algorithm 1.)

Gradients are never changed in place: one array may be that of two parameters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autorecur.errors import ArgumentError, DtypeError, GradientError
from autorecur.nn.module import Module
from autorecur.tape.tensor import Tensor

Named = list[tuple[str, Tensor]]
SMALLEST = 1e-6
"""Added to the norm before it divides, as in PyTorch."""
ALONE = 8192
"""Of so many numbers OpenBLAS takes a product by itself. For more it wakes threads, late on a busy machine."""


def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Scales all gradients by max_norm / norm if their common norm is larger than ``max_norm``; returns the norm before.

    ``parameters``: tensors, one tensor, pairs (name, tensor) such as ``model.named_parameters()``, or a module; those
    without a gradient are passed over. The norm is that of all numbers as one vector: ``norm_type`` p gives
    (Σ|g|ᵖ)^(1/p), ``inf`` the largest |g|. The factor is max_norm / (norm + 10⁻⁶), as in PyTorch. With
    ``error_if_nonfinite`` a norm that is inf or nan raises GradientError, which names the parameters, and nothing is
    scaled; else such a factor scales everything, as in PyTorch.

    >>> import autorecur as ar
    >>> p = ar.nn.Parameter([0.0, 0.0])
    >>> p.grad = [3.0, 4.0]
    >>> ar.nn.utils.clip_grad_norm_([p], 1.0)
    tensor(5.)
    >>> p.grad
    tensor([0.59999988, 0.79999984])
    """
    if math.isnan(max_norm):
        raise ArgumentError("clip_grad_norm_: max_norm is nan")
    named = _with_gradients(parameters)
    gradients = [_array(p._grad) for _, p in named]
    total = _norm(gradients, norm_type)
    if error_if_nonfinite and not math.isfinite(total):
        raise GradientError(_not_finite(named, gradients, norm_type, total))
    factor = max_norm / (total + SMALLEST)
    if not factor >= 1.0:
        with np.errstate(all="ignore"):
            for (_, p), gradient in zip(named, gradients, strict=True):
                p._grad = gradient * gradient.dtype.type(factor)
    return Tensor(np.array(total))


def get_total_norm(tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False) -> Tensor:
    """The norm of all numbers of some tensors, such as gradients, as one vector.

    >>> import autorecur as ar
    >>> ar.nn.utils.get_total_norm([ar.tensor([3.0]), ar.tensor([4.0])])
    tensor(5.)
    """
    given = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    arrays = [_array(tensor) for tensor in given]
    total = _norm(arrays, norm_type)
    if error_if_nonfinite and not math.isfinite(total):
        raise GradientError(_not_finite([("", tensor) for tensor in given], arrays, norm_type, total))
    return Tensor(np.array(total))


def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Cuts every number of every gradient to −clip_value … clip_value. ``parameters`` as for :func:`clip_grad_norm_`.

    >>> import autorecur as ar
    >>> p = ar.nn.Parameter([0.0, 0.0])
    >>> p.grad = [3.0, -0.25]
    >>> ar.nn.utils.clip_grad_value_([p], 0.5)
    >>> p.grad
    tensor([ 0.5 , -0.25])
    """
    bound = float(clip_value)
    if not bound >= 0:
        raise ArgumentError(f"clip_grad_value_: clip_value is {clip_value}, and has to be a number from 0")
    for _, p in _with_gradients(parameters):
        p._grad = np.clip(_array(p._grad), -bound, bound)


def named_parameters_of(parameters: Any) -> Named:
    """What was given as parameters, each with its name, which is empty where it has none."""
    if isinstance(parameters, Tensor):
        return [("", parameters)]
    if isinstance(parameters, Module):
        return list(parameters.named_parameters())
    if not isinstance(parameters, Iterable):
        raise DtypeError(f"parameters are tensors, pairs (name, tensor) or a module, not {type(parameters).__name__}")
    found: Named = []
    for each in parameters:
        if isinstance(each, Tensor):
            found.append(("", each))
        elif isinstance(each, Module):
            found += each.named_parameters()
        elif isinstance(each, tuple) and len(each) == 2 and isinstance(each[0], str) and isinstance(each[1], Tensor):
            found.append(each)
        else:
            raise DtypeError(f"parameters are tensors, pairs (name, tensor) or a module, not {type(each).__name__}")
    return found


def _with_gradients(parameters: Any) -> Named:
    return [(name, p) for name, p in named_parameters_of(parameters) if p._grad is not None]


def _array(gradient: Any) -> Any:
    return gradient._array if isinstance(gradient, Tensor) else np.asarray(gradient)


def _norm(arrays: Sequence[Any], p: float) -> float:
    """The norm of all numbers together."""
    if not p > 0:
        raise ArgumentError(f"the norm of a gradient has a p larger than 0, or inf, not {p}")
    arrays = [array for array in arrays if array.size]
    if not arrays:
        return 0.0
    with np.errstate(all="ignore"):
        if p == math.inf:
            return float(np.max([max(array.max(), -array.min()) for array in arrays]))
        if p == 2:
            total = math.sqrt(sum([_sum_of_squares(array) for array in arrays]))
            if (1e-150 if arrays[0].dtype.itemsize == 8 else 1e-18) < total < math.inf:  # else squares have vanished
                return total
        largest = _norm(arrays, math.inf)
        if not 0 < largest < math.inf:
            return largest
        scaled = [np.abs(array.astype(np.float64)) / largest for array in arrays]  # no power overflows
        return float(largest * sum(float((array**p).sum()) for array in scaled) ** (1 / p))


def _sum_of_squares(array: Any) -> float:
    if array.size <= ALONE:
        return float(np.vdot(array, array))
    flat = array.ravel()
    return float(sum([np.vdot(part, part) for part in (flat[i : i + ALONE] for i in range(0, flat.size, ALONE))]))


def _not_finite(named: Named, gradients: Sequence[Any], p: float, total: float) -> str:
    """What is wrong with which gradient."""
    culprits = []
    for number, ((name, _), gradient) in enumerate(zip(named, gradients, strict=True)):
        wrong = np.argwhere(~np.isfinite(gradient))
        if len(wrong):
            place = tuple(int(i) for i in wrong[0])
            label = name or f"number {number}"
            culprits.append(f"{label} ({gradient[place]} at index {place if len(place) != 1 else place[0]})")
    which = f": {', '.join(culprits)}" if culprits else ", though every number of it is finite: it is too large"
    return f"the gradient's norm (p = {p:g}) is {total}{which}; nothing was clipped"
