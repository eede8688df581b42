"""The backward sweep: from results to leaves, each tensor once, after everything that was computed from it.

Tensors are numbered as they are made, so "after everything computed from it" is "by falling number": no recursion, and a
tensor that is reached by many paths is pulled back once, when all its cotangents have been added up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from autorecur.errors import GradientError, ShapeError
from autorecur.ops import pull_back
from autorecur.ops.shape import astype
from autorecur.tape.explanations import freed, needs_cotangent, new_numbers, no_gradient_of
from autorecur.tape.modes import recording, state
from autorecur.tape.numbers import as_array, frozen
from autorecur.tape.tensor import Record, Tensor, as_tensor, unrecorded


def reachable(roots: Collection[Tensor], stops: Collection[Tensor] = (), oldest: int = 0) -> list[Tensor]:
    """Every tensor that requires a gradient behind the roots, the youngest first.

    What stands behind one of the ``stops``, or behind a tensor older than ``oldest``, is not looked at.
    """
    seen: set[Tensor] = set()
    leaves: dict[Tensor, None] = {}
    stops = set(stops)  # not a list: in it, "in" would compare numbers
    pending = list(roots)
    while pending:
        t = pending.pop()
        if t in seen or not t.requires_grad:
            continue
        record = t._record
        if record is None:
            leaves[t] = None
            continue
        seen.add(t)
        if t in stops or t._serial < oldest:
            continue
        _, inputs, _, _, receivers = record
        if not inputs:
            raise GradientError(freed(t.made_by))
        for i in receivers:
            x = inputs[i]
            if x._record is None:
                leaves[x] = None
            else:
                pending.append(x)
    return [*sorted(seen, key=attrgetter("_serial"), reverse=True), *leaves]


def leading_to(wanted: Collection[Tensor], order: list[Tensor]) -> set[Tensor]:
    """Those tensors of a sweep that depend on one of the wanted ones."""
    found = set(wanted)
    for t in reversed(order):
        if t._record is not None:
            _, inputs, _, _, receivers = t._record
            if any(inputs[i] in found for i in receivers):
                found.add(t)
    return found


@np.errstate(all="ignore")
def sweep(
    order: list[Tensor],
    cotangents: Mapping[Tensor, Any],
    wanted: Collection[Tensor] | None = None,
    differentiable: bool = False,
    release: bool = False,
    useful: Collection[Tensor] | None = None,
    boundary: bool = False,
) -> dict[Tensor, Any]:
    """The cotangents that arrive at the ``wanted`` tensors (at all leaves, for None).

    The rules run on arrays, or, where the result is to be ``differentiable``, on tensors. ``release`` frees the records
    as they are used. ``useful`` are the tensors through which something wanted can be reached. If the wanted tensors are
    a ``boundary``, another sweep goes on from there: it runs their hooks and pulls their cotangents further back.
    """
    pending: dict[Tensor, Any] = dict(cotangents)
    wanted = None if wanted is None else set(wanted)
    arrived: dict[Tensor, Any] = {}
    own: set[Tensor] = set()  # tensors whose pending array nobody else holds, so that it can be added to in place
    out: Any
    values: Any
    watch = state.watch
    for t in order:
        record = t._record
        if record is None:  # the leaves come last
            break
        g = pending.pop(t, None)
        if g is None:
            continue
        goal = wanted is not None and t in wanted
        if t._hooks and not (goal and boundary):
            g = _hooked(t, g, differentiable)
        if goal:
            arrived[t] = g
            if boundary:
                continue
        op, inputs, arrays, attributes, receivers = record
        out, values = (t, _recorded_inputs(t, record)) if differentiable else (t._array, arrays)
        joint = op.joint and op.joint(g, out, *values, wanted=receivers, **attributes)
        in_place = op.into is not None and not differentiable and watch is None
        for i in receivers:
            x = inputs[i]
            if useful is not None and x not in useful:
                continue
            if in_place:
                if x not in own:
                    pending[x] = np.array(pending[x]) if x in pending else np.zeros(x.shape, x.dtype)
                    own.add(x)
                op.into(pending[x], g, **attributes)  # type: ignore[misc]
                continue
            cotangent = joint[i] if joint else pull_back(op, i, g, out, values, attributes)
            if cotangent is None:
                continue
            dtype = x._array.dtype
            if cotangent.dtype is not dtype and cotangent.dtype != dtype:
                cotangent = astype(cotangent, dtype=dtype)
            if watch is not None:
                watch.backward(t, i, cotangent)
            if x not in pending:
                pending[x] = cotangent
            elif x in own:
                pending[x] += cotangent
            else:
                pending[x] = pending[x] + cotangent
                if x.ndim and not differentiable:
                    own.add(x)
        if release:
            t._record = (op, (), (), {}, ())
    for t, g in pending.items():
        if wanted is None or t in wanted:
            arrived[t] = _hooked(t, g, differentiable) if t._hooks and not boundary else g
    return arrived


def _recorded_inputs(t: Tensor, record: Record) -> tuple[Any, ...]:
    """The inputs as tensors, with their history; numbers that are not those of the record are an error."""
    values = []
    for x, array in zip(record[1], record[2], strict=True):
        if not isinstance(x, Tensor):
            values.append(array)
            continue
        if x._array is not array:
            raise GradientError(new_numbers(x.shape, t.made_by))
        values.append(x)
    return tuple(values)


def _hooked(t: Tensor, g: Any, differentiable: bool) -> Any:
    for hook in t._hooks:
        shown = g if isinstance(g, Tensor) else Tensor(frozen(np.asarray(g)))
        changed = hook(shown)
        if changed is None:
            continue
        array = as_array(changed)
        if array.shape != t.shape:
            raise ShapeError(f"a hook returned a gradient of shape {array.shape} for a tensor of shape {t.shape}")
        g = changed if differentiable else array.astype(t.dtype, copy=False)
    return g


def cotangent_for(root: Tensor, gradient: Any, caller: str) -> Any:
    """The cotangent to start from: what was given, of the root's shape and dtype; 1 for a single number."""
    shape, dtype = root._array.shape, root._array.dtype
    if not root.requires_grad or dtype.kind != "f":
        raise GradientError(no_gradient_of(dtype, caller))
    if gradient is None:
        if root.size != 1:
            raise GradientError(needs_cotangent(shape, caller))
        return np.ones(shape, dtype)
    array = gradient if type(gradient) is np.ndarray and gradient.dtype == dtype else as_array(gradient)
    if array.shape != shape:
        raise ShapeError(f"the cotangent has shape {array.shape}, and the tensor {shape}")
    if isinstance(gradient, Tensor):
        return gradient if gradient.dtype == dtype else astype(gradient, dtype=dtype)
    return frozen(array.astype(dtype, copy=False))


def backward(root: Tensor, gradient: Any, retain: bool, differentiable: bool, inputs: Any = None) -> None:
    """Adds to the gradients of the leaves what one result sends them."""
    start = cotangent_for(root, gradient, "backward()")
    order = reachable([root])
    wanted = None if inputs is None else {inputs} if isinstance(inputs, Tensor) else set(inputs)
    useful = None if wanted is None else leading_to(wanted, order)
    if differentiable and not isinstance(start, Tensor):
        start = Tensor(frozen(start))
    elif not differentiable and isinstance(start, Tensor):
        start = start._array
    with recording(differentiable or state.recording):
        for leaf, g in sweep(order, {root: start}, wanted, differentiable, not retain, useful).items():
            if leaf._grad is None:
                leaf._grad = g
            else:
                before = as_tensor(leaf.grad)
                leaf._grad = before + g if differentiable else before._array + g


def constant(array: Any) -> Tensor:
    """A tensor of an array that the sweep computed."""
    return unrecorded(np.asarray(array))
