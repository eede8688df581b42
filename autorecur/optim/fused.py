"""An optimiser's rule as one loop over all numbers of a block.

The rule is written once, on arrays (``sgd.py``, ``adaptive.py``, ``adam.py``), and NumPy can run it as it stands. Here it is
run once on numbers of which only the names are known (``kernels/fused.py``), and the loop that it wrote down is compiled.
What holds for all components, such as a learning rate divided by 1 − β₁ᵗ, is computed before the loop, in double
precision, also where the parameters are float32.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autorecur.compile import native
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

    def __rpow__(self, other: Any) -> Any:
        return self._line("**", other, turned=True)


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
    def update(new, ps, gradients, sizes, count, numbers):
        lr = numbers[0]
        u0 = real(lr)
        begin = 0
        for j in range(count):
            gs = pointer(gradients[j], real)
            for i in range(sizes[j]):
                k = begin + i
                p, g = ps[k], gs[i]
                v0 = u0 * g
                v1 = p - v0
                new[k] = v1
            begin += sizes[j]
    <BLANKLINE>
    """
    trace = Formula()
    given = {name: Uniform(trace.head, name) if is_open(value) else value for name, value in numbers.items()}
    names = [f"s{i}" if used else None for i, used in enumerate(states)]
    results = rule(*(name and Traced(trace, name) for name in ("p", "g", *names)), **given)
    used = [name for name in names if name]
    places = ["new[k]", *(f"{name}s[k]" for name in used)]
    stored = [trace.term(result) for result in results if result is not None]
    lines = [
        f"def update(new, {', '.join(f'{name}s' for name in ('p', *used))}, gradients, sizes, count, numbers):",
        *(f"    {name} = numbers[{i}]" for i, name in enumerate(name for name in given if is_open(numbers[name]))),
        *(f"    {name} = {text}" for text, name in trace.head.items()),
        *(f"    {name} = real({float.fromhex(digits)!r})" for digits, name in trace.constants.items()),
        "    begin = 0",
        "    for j in range(count):",
        "        gs = pointer(gradients[j], real)",
        "        for i in range(sizes[j]):",
        "            k = begin + i",
        f"            {', '.join(('p', 'g', *used))} = {', '.join(('ps[k]', 'gs[i]', *(f'{n}s[k]' for n in used)))}",
        *(f"            {name} = {text}" for text, name in trace.lines.items()),
        *(f"            {place} = {value}" for place, value in zip(places, stored, strict=True)),
        "        begin += sizes[j]",
    ]
    return "\n".join(lines) + "\n"


def is_open(value: Any) -> bool:
    """Whether a number may change from step to step without another formula: not a truth value, not None, not zero."""
    return type(value) is float and value != 0


_updates: dict[Any, Update | None] = {}


def update_of(
    rule: Rule, dtype: str, states: Sequence[bool], numbers: Mapping[str, Any], kind: Any = None
) -> Update | None:
    """The compiled loop of a rule; None without a compiler.

    It takes the addresses of the new numbers, of the old and of each state in use, all parameters side by side; the address
    of the addresses of their gradients, of how many numbers each has, and how many parameters there are; and the address of
    the open numbers in float64. States are changed in place. ``kind`` stands for the formula that the numbers decide.
    """
    key = (rule, dtype, *states, *(kind or sorted_out(numbers)[2]))
    if key not in _updates:
        _updates[key] = _compiled(rule, dtype, states, numbers)
    return _updates[key]


def sorted_out(numbers: Mapping[str, Any]) -> tuple[dict[str, Any], list[float], list[Any]]:
    """Numbers as floats, those of them that are open, and what of the others decides which formula it is."""
    floats, values, kind = {}, [], []
    for name, value in numbers.items():
        if value is not None and value is not True and value is not False:
            value = float(value)
            if value != 0:
                values.append(value)
                floats[name] = value
                kind.append("open")
                continue
        floats[name] = value
        kind.append(value)
    return floats, values, kind


def _compiled(rule: Rule, dtype: str, states: Sequence[bool], numbers: Mapping[str, Any]) -> Update | None:
    rows = 2 + sum(states)

    def signature(numba: ModuleType, count: int) -> Any:
        types = numba.types
        row, words = types.CPointer(numba.from_dtype(np.dtype(dtype))), types.CPointer(types.int64)
        return numba.void(*[row] * count, words, words, types.int64, types.CPointer(types.float64))

    name = getattr(rule, "__name__", "a rule")
    text = f"# one step of {name}\nfrom autorecur.compile.pointers import pointer\n{loop_of(rule, states, numbers)}"
    pointers = Path(native.__file__).with_name("pointers.py").read_text(encoding="utf-8")
    found = functions_of(text, {"update": rows}, dtype, signature, pointers)
    if found is None:
        return None
    word = ctypes.c_void_p
    arguments = [*[word] * rows, word, word, ctypes.c_int64, word]
    function = ctypes.CFUNCTYPE(ctypes.c_int, word, word, *arguments)(found["update"])
    nowhere = ctypes.addressof(_unused)

    def update(*arguments: int) -> None:
        function(nowhere, nowhere + 8, *arguments)

    return update
