"""Tensors: arrays that remember how they were made.

``apply`` runs an op of the table and, where a gradient may be asked for later, leaves a record on the result: the op, the
tensors that went in, their numbers, the op's attributes. The records together are the tape; there is no other list.
A record holds arrays that nobody can change: results are read-only, and a writeable array of the user's is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.errors import GradientError, ShapeError
from autorecur.ops import Op
from autorecur.ops.arithmetic import add, divide, multiply, subtract
from autorecur.ops.linear import matmul
from autorecur.tape.explanations import misfit
from autorecur.tape.modes import refuse_to_cut, state
from autorecur.tape.numbers import Array, frozen, unshared
from autorecur.tape.numbers import ArrayLike as ArrayLike
from autorecur.tape.numbers import as_array as as_array

NOTHING: Mapping[str, Any] = {}
Record = tuple[Op, tuple[Any, ...], Sequence[Array], Mapping[str, Any], Sequence[int]]
"""How a tensor was made: op, inputs, the numbers they had, the op's attributes, which inputs require a gradient."""


_serials = count(1)
_new = object.__new__


def next_serial() -> int:
    """A number larger than that of every tensor so far."""
    return next(_serials)


if TYPE_CHECKING:
    from autorecur.arrays.methods import Manners
else:
    Manners = object  # given when the functions of arrays/ are there


class Tensor(Manners):
    """An n-dimensional array of numbers with a gradient. Make one with :func:`autorecur.tensor`.

    ``requires_grad`` tells whether :meth:`backward` reaches it, ``grad`` holds what arrived there.
    """

    __slots__ = ("__weakref__", "_array", "_grad", "_hooks", "_record", "_serial", "_site", "requires_grad")

    _array: Array
    _record: Record | None
    """None for a leaf."""
    _serial: int
    """Results are numbered as they are made, so that a tensor's number is larger than those of its inputs; leaves have 0."""
    _hooks: tuple[Callable[[Any], Any], ...]
    _site: str
    _grad: Any
    """An array that a sweep brought becomes a tensor when somebody looks."""
    requires_grad: bool

    def __init__(self, array: Array, requires_grad: bool = False) -> None:
        """Takes an array that nobody else holds; use :func:`autorecur.tensor` for anything else."""
        array.flags.writeable = False
        self._array = array
        self._record = None
        self._serial = 0
        self._hooks = ()
        self._site = ""
        self._grad = None
        self.requires_grad = False
        if requires_grad:
            self.requires_grad_()

    @property
    def data(self) -> Array:
        """The numbers, as a read-only array. A leaf can be given new ones: ``p.data = array``."""
        return self._array.view()

    @data.setter
    def data(self, value: Any) -> None:
        if self._record is not None:
            raise GradientError("only a leaf can be given new numbers; this tensor was computed by " + self.made_by)
        array = np.array(value, dtype=self._array.dtype)
        if array.shape != self._array.shape:
            raise ShapeError(f"a tensor of shape {self._array.shape} cannot be given numbers of shape {array.shape}")
        array.flags.writeable = False
        self._array = array

    @property
    def grad(self) -> Tensor | None:
        """What backward passes have brought here; None, an array or a tensor of this shape can be put in its place."""
        if self._grad is not None and not isinstance(self._grad, Tensor):
            self._grad = unrecorded(np.asarray(self._grad))
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        gradient = None if value is None else as_tensor(value)
        if gradient is not None and (gradient.shape != self.shape or gradient.dtype.kind != "f"):
            raise ShapeError(
                f"a tensor of shape {self.shape} cannot have a gradient of {gradient.dtype} of shape {gradient.shape}"
            )
        self._grad = gradient

    shape = property(lambda self: self._array.shape)
    dtype = property(lambda self: self._array.dtype)
    ndim = property(lambda self: self._array.ndim)
    size = property(lambda self: self._array.size)

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was not computed from one that requires a gradient."""
        return self._record is None

    @property
    def made_by(self) -> str:
        """The name of the op that computed this tensor; empty for a leaf."""
        return self._record[0].name if self._record is not None else ""

    def numpy(self) -> Array:
        """The numbers, read-only and without history; ``np.array(t)`` is a copy that can be written to."""
        return self._array.view()  # a view of what is read-only cannot be made writeable

    def detach(self) -> Tensor:
        """The same numbers without history."""
        return Tensor(self._array)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Asks for a gradient of this leaf, in place; raises GradientError where there can be none."""
        if requires_grad and self._array.dtype.kind != "f":
            raise GradientError(
                f"only floats have a gradient, and this tensor holds {self._array.dtype}: astype(float) makes floats of it"
            )
        if not requires_grad and self._record is not None:
            raise GradientError(
                f"a result of {self.made_by} requires a gradient because its inputs do; detach() gives one that does not"
            )
        self.requires_grad = requires_grad
        return self

    def backward(
        self, gradient: Any = None, retain_graph: bool = False, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Adds to ``.grad`` of every leaf behind this tensor the derivative of ⟨gradient, self⟩.

        ``gradient`` is the cotangent, of this tensor's shape; a single number needs none. The graph is freed afterwards
        unless ``retain_graph``; with ``create_graph`` the gradients can be differentiated again. ``inputs`` names the only
        leaves that are asked for. Raises GradientError or ShapeError.
        """
        from autorecur.tape.sweep import backward

        backward(self, gradient, retain_graph or create_graph, create_graph, inputs)

    def register_hook(self, hook: Callable[[Tensor], Any]) -> Callable[[], None]:
        """Calls ``hook(gradient)`` once the gradient of this tensor is known in a backward pass.

        What it returns, if anything, takes the gradient's place. The result of ``register_hook`` removes the hook.
        """
        if not self.requires_grad:
            raise GradientError("a hook needs a tensor that requires a gradient")
        self._hooks = (*self._hooks, hook)

        def remove() -> None:
            self._hooks = tuple(known for known in self._hooks if known is not hook)

        return remove

    def __autorecur_apply__(self, op: Op, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Tensor:
        return apply(op, inputs, attributes)

    __hash__ = object.__hash__


_SIGNS = {"add": add, "sub": subtract, "mul": multiply, "truediv": divide, "matmul": matmul}
for _sign, _op in _SIGNS.items():
    setattr(Tensor, f"__{_sign}__", lambda self, other, op=_op: apply(op, (self, other)))
    setattr(Tensor, f"__r{_sign}__", lambda self, other, op=_op: apply(op, (other, self)))


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor with a copy of ``data``: an array, a number, nested lists, or another tensor.

    NumPy's dtype is kept (lists of floats become float64). Raises DtypeError for what is no number, GradientError if a
    gradient is asked for of anything but floats.

    >>> import autorecur as ar
    >>> a = ar.tensor([1.0, 2.0], requires_grad=True)
    >>> (a * a).sum().backward()
    >>> a.grad
    tensor([2., 4.])
    """
    if isinstance(data, Tensor):
        refuse_to_cut(data, "ar.tensor")
    return Tensor(as_array(data, dtype, copy=True), requires_grad)


def as_tensor(data: ArrayLike) -> Tensor:
    """The tensor itself, or a constant one of what was given; a writeable array is copied."""
    return data if isinstance(data, Tensor) else Tensor(frozen(as_array(data)))


_PLAIN = {float, int, bool, np.float64, np.float32, np.int64, np.bool_}


def apply(op: Op, inputs: tuple[Any, ...], attributes: Mapping[str, Any] = NOTHING) -> Tensor:
    """``op(*inputs, **attributes)`` as a tensor; recorded if an input requires a gradient."""
    arrays: list[Array] = []
    receivers: list[int] = []
    foreign = False
    for x in inputs:
        if isinstance(x, Tensor):
            if x.requires_grad:
                receivers.append(len(arrays))
            arrays.append(x._array)
        elif type(x) in _PLAIN:
            arrays.append(x)
        else:
            foreign = True
            arrays.append(as_array(x))
    tracked = receivers and op.differentiable and state.recording
    if foreign and tracked:
        arrays = [a if isinstance(x, Tensor) else frozen(a) for x, a in zip(inputs, arrays, strict=True)]
    try:
        value = op.kernel(*arrays, **attributes)
    except (ValueError, TypeError, IndexError) as error:
        raise misfit(op, arrays, attributes, error) from None
    if type(value) is not np.ndarray:
        value = np.asarray(value)
    elif foreign and not tracked:
        value = unshared(value, arrays)
    out = recorded(value, op, inputs, arrays, attributes, receivers if tracked else ())
    if state.watch is not None:
        state.watch.forward(out, op, arrays, attributes)
    return out


def recorded(
    value: Array,
    op: Op,
    inputs: tuple[Any, ...],
    arrays: Sequence[Array],
    attributes: Mapping[str, Any],
    receivers: Sequence[int],
) -> Tensor:
    """What an op computed, with its record if one of the inputs receives a gradient; ``value`` becomes read-only."""
    out = unrecorded(value)
    if receivers and state.recording:
        out.requires_grad = True
        out._record = (op, inputs, arrays, attributes, receivers)
        out._serial = next(_serials)
    return out


def unrecorded(value: Array) -> Tensor:
    """A tensor of an array that nobody else will change: without history, read-only."""
    value.setflags(False)
    out = _new(Tensor)
    out._array = value
    out._record = out._grad = None
    out._serial = 0
    out._hooks = ()
    out._site = ""
    out.requires_grad = False
    return out
