"""An op's own derivative rule as one loop over large arrays.

The rule is run once on :class:`Traced` numbers, which write down what is done to them. The text of a loop is made of that,
one line an operation, and compiled. NumPy takes a pass over memory for each operation; the loop takes one for all. What
the tracer does not know (a shape, an op of another kind, an axis) leaves the rule to NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Kernel = Callable[..., Any]
PLAIN: Mapping[str, str] = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "divide": "{} / {}",
    "negative": "-{}",
}
"""Ops that cost no more than reading a number."""
CALLS: Mapping[str, str] = {
    "reciprocal": "ONE / {}",
    "sqrt": "np.sqrt({})",
    "abs": "np.abs({})",
    "equal": "indicator({} == {})",
    **{
        name: name + "({})"
        for name in (
            *("exp", "expm1", "log", "log1p", "tanh", "sigmoid", "softplus", "silu", "elu"),
            *("sign", "heaviside", "half_step", "normal_pdf", "relu", "leaky_relu", "softsign"),
        )
    },
    **{name: name + "({}, {})" for name in ("ratio", "maximum", "minimum")},
}
"""How the other ops are written with the scalar functions of this room."""
OF_THE_C_LIBRARY: Mapping[str, str] = {
    "sin": "np.sin({})",
    "cos": "np.cos({})",
    "erf": "erf({})",
    "normal_cdf": "normal_cdf({})",
    "gelu": "gelu({})",
    "raised": "{} ** {}",
}
"""Right, and no faster than NumPy: for loops that hold much else."""
POWERS = {
    0: "ONE",
    1: "{0}",
    2: "{0} * {0}",
    3: "{0} * {0} * {0}",
    4: "({0} * {0}) * ({0} * {0})",
    0.5: "np.sqrt({0})",
    -1: "ONE / {0}",
    -2: "ONE / ({0} * {0})",
}
PLANS = 1000
"""So many rules are remembered."""


def scalar_form(name: str, attributes: Mapping[str, Any]) -> str | None:
    """An op of single numbers as text, with ``{}`` for each operand; None if it has no such form.

    >>> scalar_form("sigmoid", {}), scalar_form("power", {"exponent": 2}), scalar_form("matmul", {})
    ('sigmoid({})', '{0} * {0}', None)
    """
    if name == "power":
        exponent = attributes["exponent"]
        return POWERS.get(exponent, f"{{0}} ** real({float(exponent)!r})")
    if attributes:
        return None
    if name == "square":
        return POWERS[2]
    if name == "where":
        return "choose({} != ZERO, {}, {})"
    return PLAIN.get(name) or CALLS.get(name) or OF_THE_C_LIBRARY.get(name)


class Unknown(Exception):  # noqa: N818 - nothing went wrong
    """The rule does something that a loop over single numbers cannot."""


class Trace:
    """The lines of a loop."""

    def __init__(self) -> None:
        self.lines: dict[str, str] = {}
        self.constants: dict[str, str] = {}
        self.used: set[str] = set()
        self.passes = 0
        """How many passes NumPy would take; a function counts for two."""

    def apply(self, name: str, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Traced:
        if name == "square" and not attributes:
            name, attributes = "power", {"exponent": 2}
        if name == "power":
            exponent = attributes["exponent"]
            if exponent not in POWERS:
                raise Unknown
            return self.line(POWERS[exponent], inputs, 1)
        if name == "where":
            condition = inputs[0]
            test = "{}" if isinstance(condition, Traced) and condition.boolean else "{} != ZERO"
            return self.line(f"choose({test}, {{}}, {{}})", inputs, 2)
        if attributes or (name not in PLAIN and name not in CALLS):
            raise Unknown
        return self.line(PLAIN[name], inputs, 1) if name in PLAIN else self.line(CALLS[name], inputs, 2)

    def line(self, form: str, inputs: tuple[Any, ...], passes: int) -> Traced:
        text = form.format(*map(self.term, inputs))
        if text not in self.lines:
            self.lines[text] = f"v{len(self.lines)}"
            self.passes += passes
        return Traced(self, self.lines[text])

    def term(self, value: Any) -> str:
        """How a number of the rule is written: an argument or a line by its name, a constant by its digits."""
        if isinstance(value, Traced):
            self.used.add(value.text)
            return value.text
        if isinstance(value, (bool, int, float, np.integer, np.floating)):
            return self.constants.setdefault(float(value).hex(), f"c{len(self.constants)}")
        raise Unknown


class Traced:
    """A number of which only the name is known."""

    __slots__ = ("boolean", "text", "trace")
    __array_ufunc__ = None

    def __init__(self, trace: Trace, text: str, boolean: bool = False) -> None:
        self.trace, self.text, self.boolean = trace, text, boolean

    @property
    def shape(self) -> Any:
        raise Unknown

    ndim = size = shape

    def __autorecur_apply__(self, op: Any, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Traced:
        return self.trace.apply(op.name, inputs, attributes)

    def __neg__(self) -> Traced:
        return self.trace.apply("negative", (self,), {})

    def __add__(self, other: Any) -> Traced:
        return self.trace.apply("add", (self, other), {})

    def __radd__(self, other: Any) -> Traced:
        return self.trace.apply("add", (other, self), {})

    def __sub__(self, other: Any) -> Traced:
        return self.trace.apply("subtract", (self, other), {})

    def __rsub__(self, other: Any) -> Traced:
        return self.trace.apply("subtract", (other, self), {})

    def __mul__(self, other: Any) -> Traced:
        return self.trace.apply("multiply", (self, other), {})

    def __rmul__(self, other: Any) -> Traced:
        return self.trace.apply("multiply", (other, self), {})

    def __truediv__(self, other: Any) -> Traced:
        return self.trace.apply("divide", (self, other), {})

    def __rtruediv__(self, other: Any) -> Traced:
        return self.trace.apply("divide", (other, self), {})

    def __pow__(self, exponent: Any) -> Traced:
        return self.trace.apply("power", (self,), {"exponent": exponent})


Plan = tuple[Kernel, tuple[int, ...]]
"""A compiled loop, and which of (g, out, inputs …) it reads."""
_plans: dict[Any, Plan | None] = {}
_never: set[tuple[Any, int]] = set()
"""Rules of which no loop can be made, or none that gains anything."""


def fused(op: Any, wanted: int, g: Any, out: Any, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Any | None:
    """The cotangent of one input by a compiled loop; None where NumPy has to do it.

    For large contiguous arrays of one shape and one floating dtype, and single numbers beside them.
    """
    if (op, wanted) in _never:
        return None
    dtype, shape = out.dtype, out.shape
    if dtype.char not in "df" or type(inputs[wanted]) is not np.ndarray or inputs[wanted].shape != shape:
        return None
    values, kinds = [], ""
    for value in (g, out, *inputs):
        value, kind = _argument(value, shape, dtype)
        if not kind:
            return None
        values.append(value)
        kinds += kind
    key = (op, wanted, dtype.char, kinds, *attributes.items())
    try:
        plan = _plans.get(key, _plans)
    except TypeError:  # an attribute that cannot be hashed
        return None
    if plan is _plans:
        if len(_plans) >= PLANS:
            _plans.clear()
        plan = _plans[key] = _planned(op.pullbacks[wanted], dtype, kinds, attributes)
        if plan is None and not attributes:
            _never.add((op, wanted))
    if plan is None:
        return None
    kernel, slots = plan
    found = np.empty(shape, dtype)
    if len(shape) == 1:
        kernel(found, *[values[slot] for slot in slots])
    else:
        kernel(found.reshape(-1), *[values[slot].reshape(-1) if kinds[slot] != "s" else values[slot] for slot in slots])
    return found


def _argument(value: Any, shape: tuple[int, ...], dtype: Any) -> tuple[Any, str]:
    """What a loop is given, and its kind: an array, one of truth values, a single number; "" for anything else."""
    if type(value) is not np.ndarray:
        return (dtype.type(value), "s") if isinstance(value, (float, int)) else (None, "")
    own = value.dtype
    if value.shape == shape and value.flags.c_contiguous:
        return value, "a" if own is dtype or own == dtype else "b" if own.char == "?" else ""
    if own == dtype and (value.size == 1 or (value.shape == shape and not any(value.strides))):
        return value[(0,) * value.ndim], "s"  # a single number, or one that is seen from everywhere
    return None, ""


def _planned(rule: Callable[..., Any], dtype: Any, kinds: str, attributes: Mapping[str, Any]) -> Plan | None:
    written = loop_of(rule, kinds, attributes)
    if written is None:
        return None
    from autorecur.kernels.compiled import compiled

    source, slots = written
    types = {"a": f"const {dtype.name}[]", "b": "const bool[]", "s": dtype.name}
    kernel = compiled(source, dtype.name, (f"{dtype.name}[]", *(types[kinds[slot]] for slot in slots)))
    return None if kernel is None else (kernel, slots)


def loop_of(rule: Callable[..., Any], kinds: str, attributes: Mapping[str, Any]) -> tuple[str, tuple[int, ...]] | None:
    """The text of a loop that does what a rule does, and which arguments it reads; None if a loop gains nothing.

    ``kinds`` says of g, out and the inputs whether each is an array ("a"), one of truth values ("b") or a number ("s").
    """
    trace = Trace()
    names = ["g", "out", *(f"x{i}" for i in range(len(kinds) - 2))]
    arguments = [Traced(trace, name, kind == "b") for name, kind in zip(names, kinds, strict=True)]
    try:
        result = trace.term(rule(*arguments, **attributes))
    except (Unknown, TypeError, AttributeError, ValueError):
        return None
    slots = tuple(i for i, name in enumerate(names) if name in trace.used)
    if trace.passes < 2 or not any(kinds[i] == "a" for i in slots):
        return None
    arrays = {names[i]: f"{names[i]}s" for i in slots if kinds[i] != "s"}
    lines = [
        *(f"{name} = real(float.fromhex('{digits}'))" for digits, name in trace.constants.items()),
        f"def kernel(results, {', '.join(arrays.get(names[i], names[i]) for i in slots)}):",
        "    for i in range(results.size):",
        *(f"        {name} = {array}[i]" for name, array in arrays.items()),
        *(f"        {name} = {text}" for text, name in trace.lines.items()),
        f"        results[i] = {result}",
    ]
    return "\n".join(lines) + "\n", slots
