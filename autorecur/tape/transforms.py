"""Derivatives of functions: ``grad``, ``vjp``, ``jvp``, ``hvp``, ``jacobian``, ``hessian``, nested to any order.

A function is traced once, on fresh tensors that stand for its arguments; then the sweep runs from its result to these.
If the result depends on any other tensor that requires a gradient (an argument of an outer transform, a parameter), the
sweep itself is recorded, so that the outer derivative sees it; otherwise it runs on bare arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from autorecur.errors import ArgumentError, GradientError, ShapeError
from autorecur.ops.linear import stack
from autorecur.ops.shape import reshape
from autorecur.tape.explanations import no_gradient_of
from autorecur.tape.modes import enable_grad, no_grad, state, tracing
from autorecur.tape.numbers import as_array, frozen
from autorecur.tape.sweep import constant, leading_to, reachable, sweep
from autorecur.tape.tensor import Tensor, apply, next_serial
from autorecur.tape.trees import flatten, flatten_like

Function = Callable[..., Any]


class _StandIn(Tensor):
    """A leaf that stands for an argument. Once its trace is ``done``, nobody else asks for its derivative."""

    __slots__ = ("done",)
    done: bool


class Trace:
    """One call of a function on tensors that stand for its arguments, ready to be swept."""

    def __init__(self, f: Function, arguments: Sequence[Any], argnums: Sequence[int], has_aux: bool, name: str) -> None:
        self.name = name
        self.outer = state.recording
        start = next_serial()
        leaves, self.arranged = flatten([arguments[i] for i in argnums])
        owners = [i for i in argnums for _ in flatten(arguments[i])[0]]
        with enable_grad():
            self.leaves = [self._stand_in(leaf, i) for leaf, i in zip(leaves, owners, strict=True)]
            given = list(arguments)
            for i, tree in zip(argnums, self.arranged(self.leaves), strict=True):
                given[i] = tree
            with tracing():
                result = f(*given)
        aux = None
        if has_aux:
            if not (isinstance(result, tuple) and len(result) == 2):
                raise GradientError(f"{name} with has_aux needs a function that returns a pair (value, aux)")
            result, aux = result
        self.result = result
        outputs, self.put_together = flatten(result)
        self.outputs = [x if isinstance(x, Tensor) else constant(as_array(x)) for x in outputs]
        self.order = reachable(self.outputs, self.leaves, start)
        own = set(self.leaves)
        self.useful = leading_to(own, self.order)
        others = reachable([x for x in flatten(aux)[0] if isinstance(x, Tensor)], self.leaves, start)
        older = [t for t in [*self.order, *others] if t not in own and t._serial < start]
        foreign = any(not (isinstance(t, _StandIn) and t.done) for t in older)
        self.nested = self.outer and (foreign or any(t._record is not None for t in self.leaves))
        for leaf in self.leaves:
            if isinstance(leaf, _StandIn):
                leaf.done = True
        self.aux = self._outside(aux)

    def _stand_in(self, value: Any, argument: int) -> Tensor:
        """A tensor for an argument: connected to it where the argument itself is being differentiated."""
        array = as_array(value)
        if array.dtype.kind != "f":
            raise GradientError(
                f"{self.name}: argument {argument} holds {array.dtype}, and only floats have a derivative: "
                "write 1.0 for 1, or astype(float)"
            )
        if isinstance(value, Tensor) and value.requires_grad and self.outer:
            return apply(reshape, (value,), {"shape": value.shape})
        leaf = _StandIn(frozen(array), requires_grad=True)
        leaf.done = False
        return leaf

    def value(self) -> Any:
        """What the function returned."""
        return self.put_together(self._outside(self.outputs))

    def _outside(self, tree: Any) -> Any:
        """A tree of results as the caller sees it: without the history that ends at our own leaves."""
        leaves, rebuild = flatten(tree)
        return rebuild([x.detach() if isinstance(x, Tensor) and not self.nested else x for x in leaves])

    def cotangents(
        self, gradients: Sequence[Any], differentiable: bool | None = None, outputs: Sequence[Tensor] | None = None
    ) -> list[Tensor]:
        """The cotangents of the leaves for those of the outputs; zero where nothing depends on a leaf."""
        differentiable = self.nested if differentiable is None else differentiable
        given = gradients if differentiable else [as_array(g) for g in gradients]
        start = _added(self.outputs if outputs is None else outputs, given)
        with enable_grad() if differentiable else no_grad():
            arrived = sweep(self.order, start, self.leaves, differentiable, useful=self.useful)
        zeros = (np.zeros(leaf.shape, leaf.dtype) for leaf in self.leaves)
        found = [arrived.get(leaf, zero) for leaf, zero in zip(self.leaves, zeros, strict=True)]
        return [g if isinstance(g, Tensor) else constant(g) for g in found]

    def scalar(self) -> Tensor:
        """The only output, which is a single number."""
        if len(self.outputs) != 1 or self.outputs[0].shape != ():
            shapes = ", ".join(str(x.shape) for x in self.outputs) or "none (did it forget to return?)"
            raise GradientError(
                f"{self.name} needs a function with a single number as its value, of shape (); this one has {shapes}: "
                "take a .sum(), or use ar.jacobian"
            )
        if self.outputs[0].dtype.kind != "f":
            raise GradientError(no_gradient_of(self.outputs[0].dtype, self.name))
        return self.outputs[0]


def _added(tensors: Sequence[Tensor], cotangents: Sequence[Any]) -> dict[Tensor, Any]:
    """The cotangent of each tensor; one that stands in several places gets the sum."""
    found: dict[Tensor, Any] = {}
    for t, g in zip(tensors, cotangents, strict=True):
        found[t] = found[t] + g if t in found else g
    return found


def _positions(argnums: int | Sequence[int], count: int, name: str) -> list[int]:
    wanted = [argnums] if isinstance(argnums, int) else list(argnums)
    if not all(isinstance(i, int) for i in wanted) or len({i % count for i in wanted if count}) < len(wanted):
        raise ArgumentError(f"{name}: argnums is a number, or different numbers, of arguments, not {argnums!r:.60}")
    for i in wanted:
        if not -count <= i < count:
            raise GradientError(f"{name}: there is no argument number {i}; the function was called with {count}")
    return [i % count for i in wanted]


def value_and_grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """A function that returns ``(f(...), gradient)``; with ``has_aux``, f returns ``(value, aux)`` and so does the first part.

    Arguments are floats, arrays, tensors, or nested dicts, lists and tuples of these; the gradient is arranged like the
    argument, or is a tuple of gradients if ``argnums`` lists several. Further arguments, and those passed by keyword, are
    constants. Raises GradientError for a value that is no single number.

    >>> import autorecur as ar
    >>> ar.value_and_grad(lambda p: (p["w"] ** 2).sum())({"w": ar.tensor([1.0, 3.0])})
    (tensor(10.), {'w': tensor([2., 6.])})
    """

    @wraps(f)
    def differentiated(*arguments: Any, **constants: Any) -> Any:
        positions = _positions(argnums, len(arguments), "grad")
        trace = Trace(lambda *values: f(*values, **constants), arguments, positions, has_aux, "grad")
        one = np.ones((), trace.scalar().dtype)
        gradients = trace.arranged(trace.cotangents([Tensor(one)]))
        gradient = gradients[0] if isinstance(argnums, int) else tuple(gradients)
        value = trace.value()
        return ((value, trace.aux) if has_aux else value), gradient

    return differentiated


def grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """The gradient of a function whose value is a single number, as a function; see :func:`value_and_grad`.

    With ``has_aux`` the result is ``(gradient, aux)``.

    >>> import autorecur as ar
    >>> ar.grad(ar.grad(ar.grad(lambda x: x**4)))(2.0)
    tensor(48.)
    """
    both = value_and_grad(f, argnums, has_aux)

    @wraps(f)
    def gradient_of(*arguments: Any, **constants: Any) -> Any:
        value, gradient = both(*arguments, **constants)
        return (gradient, value[1]) if has_aux else gradient

    return gradient_of


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    """``(value, pull)``: f at the primals, and the function that sends a cotangent of the value to those of the primals.

    ``pull(cotangent)`` returns a tuple, one tree for each primal. With ``has_aux`` the result is ``(value, pull, aux)``.

    >>> import autorecur as ar
    >>> value, pull = ar.vjp(lambda x, y: x * y, 3.0, ar.tensor([1.0, 2.0]))
    >>> pull([1.0, 10.0])
    (tensor(21.), tensor([ 3., 30.]))
    """
    trace = Trace(f, primals, range(len(primals)), has_aux, "vjp")

    def pull(cotangent: Any) -> tuple[Any, ...]:
        parts = flatten_like(trace.result, cotangent, "cotangent")
        gradients = [_fitting(part, x, "cotangent") for part, x in zip(parts, trace.outputs, strict=True)]
        watched = state.recording and any(g.requires_grad for g in gradients)
        return tuple(trace.arranged(trace.cotangents(gradients, trace.nested or watched)))

    return (trace.value(), pull, trace.aux) if has_aux else (trace.value(), pull)


def _fitting(value: Any, primal: Tensor, role: str) -> Tensor:
    array = as_array(value)
    if array.shape != primal.shape:
        raise ShapeError(f"the {role} has shape {array.shape}, and what it belongs to {primal.shape}")
    if isinstance(value, Tensor) and value.dtype == primal.dtype:
        return value
    return Tensor(frozen(array.astype(primal.dtype)))


def jvp(f: Function, primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """``(value, tangent)``: f at the primals, and its derivative along the tangents.

    ``primals`` and ``tangents`` are tuples with one entry for each argument of f (or, for one argument, that argument).
    The rules are linear in the cotangent, so the derivative of the pull-back by it is the push-forward.

    >>> import autorecur as ar
    >>> ar.jvp(lambda x: x**3, (2.0,), (1.0,))
    (tensor(8.), tensor(12.))
    """
    points, tangents = _paired(primals, tangents, "jvp")
    trace = Trace(f, points, range(len(points)), has_aux, "jvp")
    directions = [_fitting(d, leaf, "tangent") for d, leaf in zip(tangents, trace.leaves, strict=True)]
    probes = [Tensor(np.zeros(x.shape, x.dtype), requires_grad=x.dtype.kind == "f") for x in trace.outputs]
    pulled = trace.cotangents(probes, differentiable=True)
    order = reachable(pulled, probes)
    nested = trace.nested or (trace.outer and any(d.requires_grad for d in directions))
    start = _added(pulled, [d if nested else d.data for d in directions])
    with enable_grad() if nested else no_grad():
        found = sweep(order, start, probes, nested, useful=leading_to(probes, order))
    pushed = [found.get(probe, np.zeros(probe.shape, probe.dtype)) for probe in probes]
    tangent = trace.put_together([p if isinstance(p, Tensor) else constant(p) for p in pushed])
    return (trace.value(), tangent, trace.aux) if has_aux else (trace.value(), tangent)


def _paired(primals: Any, tangents: Any, name: str) -> tuple[tuple[Any, ...], list[Any]]:
    """The primals as a tuple, and the tangent of each of their leaves."""
    if not isinstance(primals, tuple):
        primals, tangents = (primals,), (tangents,)
    return primals, flatten_like(primals, tangents, f"tangents of {name}")


def hvp(f: Function, primals: Any, v: Any) -> Any:
    """The Hessian of f at the primals times v, arranged like the primals, without building the Hessian.

    The Hessian is symmetric, so the pull-back of the gradient is its product.

    >>> import autorecur as ar
    >>> ar.hvp(lambda x: (x**3).sum(), ar.tensor([1.0, 2.0]), [1.0, 0.0])
    tensor([6., 0.])
    """
    if not isinstance(primals, tuple):
        return vjp(grad(f), primals)[1](v)[0]
    return vjp(grad(f, tuple(range(len(primals)))), *primals)[1](v)


def jacobian(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """The derivative of every output by every input, as a function: shape ``output.shape + input.shape``.

    Arranged like the output, and inside like the argument. One sweep for each number of the output.

    >>> import autorecur as ar
    >>> ar.jacobian(lambda x: x**2)(ar.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @wraps(f)
    def differentiated(*arguments: Any, **constants: Any) -> Any:
        positions = _positions(argnums, len(arguments), "jacobian")
        trace = Trace(lambda *values: f(*values, **constants), arguments, positions, has_aux, "jacobian")
        blocks = []
        for output in trace.outputs:
            arranged = trace.arranged(_rows(trace, output))
            blocks.append(arranged[0] if isinstance(argnums, int) else tuple(arranged))
        result = trace.put_together(blocks)
        return (result, trace.aux) if has_aux else result

    return differentiated


def _rows(trace: Trace, output: Tensor) -> list[Tensor]:
    """The Jacobian of one output by each leaf."""
    rows: list[list[Tensor]] = []
    for index in np.ndindex(output.shape):
        unit = np.zeros(output.shape, output.dtype)
        unit[index] = 1
        rows.append(trace.cotangents([Tensor(unit)], outputs=[output]))
    if not rows:
        return [Tensor(np.zeros(output.shape + leaf.shape, leaf.dtype)) for leaf in trace.leaves]
    with enable_grad() if trace.nested else no_grad():
        columns = [stack(*column, axis=0) for column in zip(*rows, strict=True)]
        shapes = [output.shape + leaf.shape for leaf in trace.leaves]
        return [reshape(column, shape=shape) for column, shape in zip(columns, shapes, strict=True)]


def hessian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The matrix of second derivatives, as a function: the Jacobian of the gradient.

    >>> import autorecur as ar
    >>> ar.hessian(lambda x: x[0] * x[1] ** 2)(ar.tensor([1.0, 2.0]))
    tensor([[0., 4.],
            [4., 2.]])
    """
    return jacobian(grad(f, argnums), argnums)
