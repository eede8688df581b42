"""Tensors: arrays that remember how they were made.

``apply`` runs an op of the table and, where a gradient may be asked for later, leaves a record on the result: the op, the
tensors that went in, their numbers, the op's attributes. The records together are the tape; there is no other list.
A record holds arrays that nobody can change: results are read-only, and a writeable array of the user's is copied.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ContextDecorator
from itertools import count
from types import TracebackType
from typing import Any

import numpy as np

from autorecur.errors import DtypeError, GradientError, ShapeError
from autorecur.ops import Op
from autorecur.ops.arithmetic import add, divide, multiply, negative, power, subtract
from autorecur.ops.functions import raised
from autorecur.ops.linear import matmul

Array = Any
ArrayLike = Any
"""A tensor, an array, a number or a nested list of numbers."""
NOTHING: Mapping[str, Any] = {}
NUMBERS = "biufc"
"""The kinds of dtype that a tensor may hold: booleans, integers, floats, complex numbers."""


Record = tuple[Op, tuple[Any, ...], Sequence[Array], Mapping[str, Any], Sequence[int]]
"""How a tensor was made: op, inputs, the numbers they had, the op's attributes, which inputs require a gradient."""


class _State(threading.local):
    """What holds for the calls of one thread."""

    recording = True
    watch: Any = None
    """Looks at every value under :func:`autorecur.debug_anomalies`."""


state = _State()
_serials = count(1)
_new = object.__new__


class Tensor:
    """An n-dimensional array of numbers with a gradient. Make one with :func:`autorecur.tensor`.

    ``requires_grad`` tells whether :meth:`backward` reaches it, ``grad`` holds what arrived there.
    """

    __slots__ = ("__weakref__", "_array", "_hooks", "_record", "_serial", "_site", "grad", "requires_grad")

    _array: Array
    _record: Record | None
    """None for a leaf."""
    _serial: int
    """Results are numbered as they are made, so that a tensor's number is larger than those of its inputs; leaves have 0."""
    _hooks: tuple[Callable[[Any], Any], ...]
    _site: str
    grad: Tensor | None
    requires_grad: bool

    def __init__(self, array: Array, requires_grad: bool = False) -> None:
        """Takes an array that nobody else holds; use :func:`autorecur.tensor` for anything else."""
        array.flags.writeable = False
        self._array = array
        self._record = None
        self._serial = 0
        self._hooks = ()
        self._site = ""
        self.grad = None
        self.requires_grad = False
        if requires_grad:
            self.requires_grad_()

    @property
    def data(self) -> Array:
        """The numbers, as a read-only array. A leaf can be given new ones: ``p.data = array``."""
        return self._array

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
    def shape(self) -> tuple[int, ...]:
        return self._array.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._array.dtype  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        return self._array.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        return self._array.size  # type: ignore[no-any-return]

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
        return self._array

    def item(self) -> Any:
        """The only number, as a Python number; raises ShapeError if there are several."""
        if self._array.size != 1:
            raise ShapeError(f"a tensor of shape {self.shape} is not a single number")
        return self._array.item()

    def tolist(self) -> Any:
        return self._array.tolist()

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

    def retain_grad(self) -> None:
        """Keeps the gradient of a computed tensor in ``.grad`` as if it were a leaf."""

        def keep(gradient: Tensor) -> None:
            self.grad = gradient if self.grad is None else self.grad + gradient

        if self._record is not None:
            self.register_hook(keep)

    def __autorecur_apply__(self, op: Op, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Tensor:
        return apply(op, inputs, attributes)

    def __neg__(self) -> Tensor:
        return apply(negative, (self,))

    def __pos__(self) -> Tensor:
        return self

    def __add__(self, other: Any) -> Tensor:
        return apply(add, (self, other))

    def __radd__(self, other: Any) -> Tensor:
        return apply(add, (other, self))

    def __sub__(self, other: Any) -> Tensor:
        return apply(subtract, (self, other))

    def __rsub__(self, other: Any) -> Tensor:
        return apply(subtract, (other, self))

    def __mul__(self, other: Any) -> Tensor:
        return apply(multiply, (self, other))

    def __rmul__(self, other: Any) -> Tensor:
        return apply(multiply, (other, self))

    def __truediv__(self, other: Any) -> Tensor:
        return apply(divide, (self, other))

    def __rtruediv__(self, other: Any) -> Tensor:
        return apply(divide, (other, self))

    def __pow__(self, exponent: Any) -> Tensor:
        if isinstance(exponent, (int, float)):
            return apply(power, (self,), {"exponent": exponent})
        return apply(raised, (self, exponent))

    def __rpow__(self, base: Any) -> Tensor:
        return apply(raised, (base, self))

    def __matmul__(self, other: Any) -> Tensor:
        return apply(matmul, (self, other))

    def __rmatmul__(self, other: Any) -> Tensor:
        return apply(matmul, (other, self))

    __hash__ = object.__hash__


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
    return Tensor(as_array(data, dtype, copy=True), requires_grad)


def as_tensor(data: ArrayLike) -> Tensor:
    """The tensor itself, or a constant one of what was given; a writeable array is copied."""
    return data if isinstance(data, Tensor) else Tensor(frozen(as_array(data)))


def as_array(data: Any, dtype: Any = None, copy: bool = False) -> Array:
    """The numbers of a tensor, an array, a number or a nested list; raises DtypeError."""
    if isinstance(data, Tensor):
        data = data._array
    elif isinstance(data, (list, tuple)):
        data = _without_tensors(data)
    try:
        array = np.array(data, dtype=dtype) if copy else np.asarray(data, dtype=dtype)
    except (ValueError, TypeError) as error:
        if "inhomogeneous" in str(error):
            raise ShapeError("the rows of these nested lists have different lengths") from None
        raise DtypeError(f"no tensor can be made of {_described(data)}") from None
    if array.dtype.kind not in NUMBERS:
        raise DtypeError(f"no tensor can be made of {_described(data)}; a tensor holds numbers")
    return array


def _without_tensors(data: Any) -> Any:
    """Nested lists in which each tensor is its array; one with a gradient would lose it."""
    if isinstance(data, (list, tuple)):
        return [_without_tensors(part) for part in data]
    if isinstance(data, Tensor) and data.requires_grad and state.recording:
        raise GradientError(
            "a list cannot carry the gradients of the tensors in it: put them together with ar.stack(list)"
        )
    return data._array if isinstance(data, Tensor) else data


def _described(data: Any) -> str:
    return f"an array of {data.dtype}" if isinstance(data, np.ndarray) else f"{data!r:.60} ({type(data).__name__})"


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
    value.flags.writeable = False
    out = _new(Tensor)
    out._array = value
    out.grad = None
    out._hooks = ()
    out._site = ""
    if tracked:
        out.requires_grad = True
        out._record = (op, inputs, arrays, attributes, receivers)
        out._serial = next(_serials)
    else:
        out.requires_grad = False
        out._record = None
        out._serial = 0
    if state.watch is not None:
        state.watch.forward(out, op, arrays, attributes)
    return out


def frozen(array: Array) -> Array:
    """The array itself if nobody can change it, else a copy."""
    owner = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            array = array.copy()
            array.flags.writeable = False
            return array
        owner = owner.base
    return array


def unshared(value: Array, arrays: list[Array]) -> Array:
    """A value that shares no memory with a writeable array that the user passed in."""
    if value.base is None and not any(value is array for array in arrays):
        return value
    return frozen(value)


def misfit(op: Op, arrays: list[Array], attributes: Mapping[str, Any], error: Exception) -> Exception:
    """What is wrong with the arguments of an op, in its own words where it has some."""
    shapes = [np.shape(array) for array in arrays]
    try:
        op.shape(*shapes, **attributes)
    except (ShapeError, DtypeError) as better:
        return better
    if isinstance(error, (ShapeError, DtypeError, GradientError)):
        return error
    kinds = [str(getattr(array, "dtype", type(array).__name__)) for array in arrays]
    taken = ", ".join(f"{shape} of {kind}" for shape, kind in zip(shapes, kinds, strict=True))
    if isinstance(error, TypeError):
        return DtypeError(f"{op.name} cannot take {taken}")
    return ShapeError(f"{op.name} cannot take {taken}: {error}")


class no_grad(ContextDecorator):  # noqa: N801 - PyTorch's name
    """Inside, nothing is recorded; also a decorator.

    >>> import autorecur as ar
    >>> a = ar.tensor(2.0, requires_grad=True)
    >>> with ar.no_grad():
    ...     (a * a).requires_grad
    False
    """

    recording = False

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(state.recording)
        state.recording = self.recording

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        state.recording = self._before.pop()


class enable_grad(no_grad):  # noqa: N801 - PyTorch's name
    """Inside, operations are recorded again, even within :class:`no_grad`."""

    recording = True
