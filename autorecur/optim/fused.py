"""An optimiser's rule as one loop over all numbers of a block.

The rule is written once, on arrays (``sgd.py``, ``adaptive.py``, ``adam.py``), and NumPy can run it as it stands. Here it is
run once on numbers of which only the names are known (``kernels/fused.py``), and the loop that it wrote down is compiled.
What holds for all components, such as a learning rate divided by 1 − β₁ᵗ, is computed before the loop, in double
precision, also where the parameters are float32.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from autorecur.compile.native import functions_of
from autorecur.kernels.fused import Trace, Traced

Rule = Callable[..., Sequence[Any]]
"""``rule(p, g, *states, **numbers)`` gives the new p and states; a state that is not in use is None, and stays so."""
Update = Callable[..., None]
LEAST = 1000
"""A block of fewer numbers is left to NumPy: it is not worth waiting for a compiler."""
_unused = ctypes.create_string_buffer(16)
"""Where compiled functions write what they return: nothing."""


class Uniform:
    """A number that is the same for all components; what is computed of such numbers stands before the loop."""

    __slots__ = ("head", "text")
    __array_ufunc__ = None

    def __init__(self, head: dict[str, str], text: str) -> None:
        self.head, self.text = head, text

    def _line(self, sign: str, other: Any, turned: bool = False) -> Any:
        if not isinstance(other, (Uniform, int, float)):
            return NotImplemented
        number = other.text if isinstance(other, Uniform) else repr(float(other))
        left, right = (number, self.text) if turned else (self.text, number)
        name = self.head.setdefault(f"{left} {sign} {right}", f"u{len(self.head)}")
        return Uniform(self.head, name)

    def __add__(self, other: Any) -> Any:
        return self._line("+", other)

    def __radd__(self, other: Any) -> Any:
        return self._line("+", other, turned=True)

    def __sub__(self, other: Any) -> Any:
        return self._line("-", other)

    def __rsub__(self, other: Any) -> Any:
        return self._line("-", other, turned=True)

    def __mul__(self, other: Any) -> Any:
        return self._line("*", other)

    def __rmul__(self, other: Any) -> Any:
        return self._line("*", other, turned=True)

    def __truediv__(self, other: Any) -> Any:
        return self._line("/", other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._line("/", other, turned=True)

    def __pow__(self, other: Any) -> Any:
        return self._line("**", other)


class Formula(Trace):
    """The lines of a loop, and those before it."""

    def __init__(self) -> None:
        super().__init__()
        self.head: dict[str, str] = {}

    def apply(self, name: str, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Traced:
        if name == "divide" and isinstance(inputs[1], Uniform):  # one division before the loop, a product in it
            name, inputs = "multiply", (inputs[0], 1 / inputs[1])
        return super().apply(name, inputs, attributes)

    def term(self, value: Any) -> str:
        if isinstance(value, Uniform):
            return self.head.setdefault(f"real({value.text})", f"u{len(self.head)}")
        return super().term(value)


def loop_of(rule: Rule, states: Sequence[bool], numbers: Mapping[str, Any]) -> str:
    """The text of a loop that does what a rule does to each component.

    ``states`` says which states are in use. Of ``numbers``, those that :func:`is_open` are read when the loop runs, the
    others decide which formula it is.

    >>> print(loop_of(lambda p, g, b, lr: (p - lr * g, None), [False], {"lr": 0.1}))
    def update(new, ps, gs, count, numbers):
        lr = numbers[0]
        u0 = real(lr)
        for i in range(count):
            p, g = ps[i], gs[i]
            v0 = u0 * g
            v1 = p - v0
            new[i] = v1
    <BLANKLINE>
    """
    trace = Formula()
    given = {name: Uniform(trace.head, name) if is_open(value) else value for name, value in numbers.items()}
    names = [f"s{i}" if used else None for i, used in enumerate(states)]
    results = rule(*(name and Traced(trace, name) for name in ("p", "g", *names)), **given)
    used = [name for name in names if name]
    stored = [trace.term(result) for result in results if result is not None]
    lines = [
        f"def update(new, {', '.join(f'{name}s' for name in ('p', 'g', *used))}, count, numbers):",
        *(f"    {name} = numbers[{i}]" for i, name in enumerate(name for name in given if is_open(numbers[name]))),
        *(f"    {name} = {text}" for text, name in trace.head.items()),
        *(f"    {name} = real({float.fromhex(digits)!r})" for digits, name in trace.constants.items()),
        "    for i in range(count):",
        f"        {', '.join(('p', 'g', *used))} = {', '.join(f'{name}s[i]' for name in ('p', 'g', *used))}",
        *(f"        {name} = {text}" for text, name in trace.lines.items()),
        *(
            f"        {place}[i] = {value}"
            for place, value in zip(["new", *(f"{n}s" for n in used)], stored, strict=True)
        ),
    ]
    return "\n".join(lines) + "\n"


def is_open(value: Any) -> bool:
    """Whether a number may change from step to step without another formula: not a truth value, not None, not zero."""
    return type(value) is float and value != 0


_updates: dict[Any, Update | None] = {}


def update_of(rule: Rule, dtype: str, states: Sequence[bool], numbers: Mapping[str, Any]) -> Update | None:
    """The compiled loop of a rule; None without a compiler.

    It takes the addresses of the new numbers, of the old, of the gradient and of each state in use, how many numbers each
    of them has, and the address of the open numbers in float64. States are changed in place.
    """
    key = (rule, dtype, *states, *["open" if is_open(value) else value for value in numbers.values()])
    if key not in _updates:
        _updates[key] = _compiled(rule, dtype, states, numbers)
    return _updates[key]


def _compiled(rule: Rule, dtype: str, states: Sequence[bool], numbers: Mapping[str, Any]) -> Update | None:
    pointers = 3 + sum(states)

    def signature(numba: ModuleType, count: int) -> Any:
        pointer = numba.types.CPointer(numba.from_dtype(np.dtype(dtype)))
        return numba.void(*[pointer] * count, numba.types.int64, numba.types.CPointer(numba.types.float64))

    text = f"# one step of {getattr(rule, '__name__', 'a rule')}\n{loop_of(rule, states, numbers)}"
    found = functions_of(text, {"update": pointers}, dtype, signature)
    if found is None:
        return None
    word = ctypes.c_void_p
    function = ctypes.CFUNCTYPE(ctypes.c_int, word, word, *[word] * pointers, ctypes.c_int64, word)(found["update"])
    nowhere = ctypes.addressof(_unused)

    def update(*arguments: int) -> None:
        function(nowhere, nowhere + 8, *arguments)

    return update
