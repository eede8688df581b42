"""Gives tensors the functions of this room as methods, and the manners of a Python container."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.arrays import comparisons, elementwise, linear, picking, reductions, rounding, shapes, trigonometry
from autorecur.arrays.indexing import At, item
from autorecur.arrays.numpy_protocol import protocol
from autorecur.errors import DtypeError, GradientError, ShapeError
from autorecur.ops.arithmetic import negative, power
from autorecur.ops.functions import raised
from autorecur.ops.shape import astype as astype_op
from autorecur.tape.modes import refuse_to_cut, state
from autorecur.tape.numbers import as_array
from autorecur.tape.tensor import Tensor, apply, tensor

OPERATORS = {
    "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
    "floordiv": "floor_divide", "mod": "mod",
}  # fmt: skip
"""Signs that stand for a function of two arguments."""
BITS = {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}
"""Signs between booleans or integers, which have no derivative."""

OF_EVERY_CLASS = set(
    "__module__ __dict__ __weakref__ __doc__ __firstlineno__ __static_attributes__ __annotations__".split()  # noqa: SIM905
)


class Manners:
    """What :class:`Tensor` can do beside differentiation; its functions become methods of it."""

    isfinite = comparisons.isfinite
    isinf = comparisons.isinf
    isnan = comparisons.isnan
    abs = elementwise.abs
    erf = elementwise.erf
    exp = elementwise.exp
    expm1 = elementwise.expm1
    log = elementwise.log
    log10 = elementwise.log10
    log1p = elementwise.log1p
    log2 = elementwise.log2
    reciprocal = elementwise.reciprocal
    sigmoid = elementwise.sigmoid
    sign = elementwise.sign
    sqrt = elementwise.sqrt
    square = elementwise.square
    diagonal = linear.diagonal
    dot = linear.dot
    trace = linear.trace
    flip = picking.flip
    pad = picking.pad
    repeat = picking.repeat
    roll = picking.roll
    take = picking.take
    all = reductions.all
    any = reductions.any
    argmax = reductions.argmax
    argmin = reductions.argmin
    cumprod = reductions.cumprod
    cumsum = reductions.cumsum
    log_softmax = reductions.log_softmax
    logsumexp = reductions.logsumexp
    max = reductions.max
    mean = reductions.mean
    min = reductions.min
    norm = reductions.norm
    prod = reductions.prod
    softmax = reductions.softmax
    std = reductions.std
    sum = reductions.sum
    var = reductions.var
    ceil = rounding.ceil
    clip = rounding.clip
    floor = rounding.floor
    round = rounding.round
    expand_dims = shapes.expand_dims
    moveaxis = shapes.moveaxis
    ravel = shapes.ravel
    squeeze = shapes.squeeze
    swapaxes = shapes.swapaxes
    arccos = trigonometry.arccos
    arccosh = trigonometry.arccosh
    arcsin = trigonometry.arcsin
    arcsinh = trigonometry.arcsinh
    arctan = trigonometry.arctan
    arctanh = trigonometry.arctanh
    cos = trigonometry.cos
    cosh = trigonometry.cosh
    sin = trigonometry.sin
    sinh = trigonometry.sinh
    tan = trigonometry.tan
    tanh = trigonometry.tanh

    def reshape(self: Any, *shape: Any) -> Tensor:
        """The same numbers in another shape: ``t.reshape(2, 3)``, ``t.reshape((2, -1))``."""
        return shapes.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self: Any, *axes: Any) -> Tensor:
        """The axes in reverse, or in the order given: ``t.transpose(1, 0)``, ``t.transpose((1, 0))``."""
        return shapes.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def flatten(self: Any) -> Tensor:
        """All numbers in one row."""
        return shapes.ravel(self)

    def astype(self: Any, dtype: Any) -> Tensor:
        """The numbers in another dtype; integers and booleans have no gradient."""
        dtype = np.dtype(dtype)
        if dtype.kind == "f" and self.dtype.kind == "f":
            return self if dtype == self.dtype else apply(astype_op, (self,), {"dtype": dtype})
        return Tensor(self.data.astype(as_array([], dtype).dtype))

    def item(self: Any) -> Any:
        """The only number, as a Python number; raises ShapeError if there are several."""
        if self.size != 1:
            raise ShapeError(f"a tensor of shape {self.shape} is not a single number")
        return self.data.item()

    def tolist(self: Any) -> Any:
        """Nested lists of Python numbers."""
        return self.data.tolist()

    def retain_grad(self: Any) -> None:
        """Keeps the gradient of a computed tensor in ``.grad`` as if it were a leaf."""

        def keep(gradient: Tensor) -> None:
            self.grad = gradient if self.grad is None else self.grad + gradient

        if not self.is_leaf:
            self.register_hook(keep)

    def copy(self: Any) -> Tensor:
        """A tensor with the same numbers and the same history; numbers never change, so nothing is copied."""
        return self + 0 if self.requires_grad else Tensor(self.data)

    T = property(lambda self: self.transpose(), doc="The axes in reverse.")
    mT = property(lambda self: shapes.swapaxes(self, -1, -2), doc="The last two axes exchanged.")  # noqa: N815
    at = property(At, doc="``t.at[index].set(v)``, ``.add(v)``: a tensor like t but for the numbers at an index.")

    def __getitem__(self: Any, index: Any) -> Tensor:
        return item(self, index)

    def __setitem__(self: Any, index: Any, value: Any) -> None:
        raise GradientError(
            "a tensor cannot be changed in place, because the tape may still need its numbers: "
            "write t = t.at[index].set(value), or .add(value) for +="
        )

    def __len__(self: Any) -> int:
        if not self.shape:
            raise DtypeError("a tensor of shape () is a single number and has no length")
        return int(self.shape[0])

    def __iter__(self: Any) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self: Any, value: Any) -> bool:
        return bool(np.any(self.data == as_array(value)))

    def __bool__(self: Any) -> bool:
        if self.size != 1:
            raise ShapeError(f"a tensor of shape {self.shape} is neither true nor false: use .any() or .all()")
        return bool(self.data.item())

    def __float__(self: Any) -> float:
        refuse_to_cut(self, "float()")
        return float(self.item())

    def __int__(self: Any) -> int:
        return int(self.item())

    def __index__(self: Any) -> int:
        if self.dtype.kind not in "iu" or self.shape:
            raise DtypeError(
                f"only a single integer can be an index, not a tensor of {self.dtype} of shape {self.shape}"
            )
        return int(self.data)

    def __pos__(self: Any) -> Tensor:
        return elementwise.positive(self)

    def __neg__(self: Any) -> Tensor:
        return apply(negative, (self,))

    def __pow__(self: Any, exponent: Any) -> Tensor:
        if isinstance(exponent, (int, float)):
            return apply(power, (self,), {"exponent": exponent})
        return apply(raised, (self, exponent))

    def __rpow__(self: Any, base: Any) -> Tensor:
        return apply(raised, (base, self))

    def __abs__(self: Any) -> Tensor:
        return elementwise.abs(self)

    def __invert__(self: Any) -> Tensor:
        return _bitwise(np.invert, self)

    def __round__(self: Any, digits: int = 0) -> Tensor:
        return rounding.round(self, digits)

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> Any:
        refuse_to_cut(self, "a NumPy array")
        return np.array(self.data, dtype=dtype) if copy else np.asarray(self.data, dtype=dtype)

    def __repr__(self: Any) -> str:
        numbers = np.array2string(self.data, separator=", ", prefix="tensor(")
        dtype = "" if self.dtype in (np.float64, np.int64, np.bool_) else f", dtype={self.dtype}"
        return f"tensor({numbers}{dtype}{', requires_grad=True' if self.requires_grad else ''})"

    def __format__(self: Any, form: str) -> str:
        if not form:
            return str(self)
        if not self.shape:
            return format(self.data.item(), form)
        return np.array2string(self.data, separator=", ", formatter={"all": lambda number: format(number, form)})

    def __reduce__(self: Any) -> tuple[Any, ...]:
        if not self.is_leaf:
            raise GradientError(f"a result of {self.made_by} cannot be copied with its history: detach() it first")
        return tensor, (np.array(self.data), None, self.requires_grad)

    if TYPE_CHECKING:

        def _sign(self, other: Any) -> Tensor: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _sign
        __matmul__ = __rmatmul__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _sign
        __lt__ = __le__ = __gt__ = __ge__ = __and__ = __or__ = __xor__ = _sign


def _bitwise(function: Callable[..., Any], *values: Any) -> Tensor:
    arrays = [as_array(value) for value in values]
    if any(array.dtype.kind not in "biu" for array in arrays):
        kinds = " and ".join(str(array.dtype) for array in arrays)
        raise DtypeError(f"& | ^ ~ are for booleans and integers, not for {kinds}")
    return Tensor(np.asarray(function(*arrays)))


def _signed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Tensor, other: Any) -> Any:
        if other is None or isinstance(other, str):
            return NotImplemented
        return function(self, other)

    method.__name__ = name
    return method


def _exchanged(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b: function(b, a)


def give_methods(functions: Mapping[str, Callable[..., Any]]) -> None:
    """Called once, when the room is first entered."""
    for name, method in vars(Manners).items():
        if name not in OF_EVERY_CLASS:
            setattr(Tensor, name, method)
    for sign, name in OPERATORS.items():
        setattr(Tensor, f"__{sign}__", _signed(f"__{sign}__", functions[name]))
    for sign in ("floordiv", "mod"):
        setattr(Tensor, f"__r{sign}__", _signed(f"__r{sign}__", _exchanged(functions[OPERATORS[sign]])))
    for sign, bits in BITS.items():
        setattr(Tensor, f"__{sign}__", lambda self, other, f=bits: _bitwise(f, self, other))
        setattr(Tensor, f"__r{sign}__", lambda self, other, f=bits: _bitwise(f, other, self))
    ufunc, function = protocol(functions)
    Tensor.__array_ufunc__ = ufunc  # type: ignore[attr-defined]
    Tensor.__array_function__ = function  # type: ignore[attr-defined]


def _renewed(t: Any, result: Tensor, sign: str) -> Tensor:
    """``t -= …``: a new tensor under the old name, but for a leaf with a gradient, which is a parameter. Under no_grad such a
    leaf is given the new numbers; else the statement would leave the parameter as it was, without a word."""
    if not (t.requires_grad and t.is_leaf):
        return result
    if state.recording:
        raise GradientError(
            f"a leaf that requires a gradient cannot be changed by {sign}= while operations are recorded: "
            f"do it inside ar.no_grad(), or write p.data = p.data {sign} …"
        )
    t.data = result.data
    renewed: Tensor = t
    return renewed


for _sign, _name in {"+": "add", "-": "sub", "*": "mul", "/": "truediv"}.items():
    setattr(
        Manners,
        f"__i{_name}__",
        lambda self, other, sign=_sign, name=_name: _renewed(self, getattr(self, f"__{name}__")(other), sign),
    )
