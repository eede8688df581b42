"""What the language needs to know of a function: that it exists, how many arguments it takes, what shape it gives.

The table itself is that of :mod:`autorecur.ops`.
"""

from __future__ import annotations

from functools import lru_cache

from autorecur.ops import FUNCTIONS, TABLE


@lru_cache(maxsize=1)
def function_names() -> frozenset[str]:
    return frozenset(FUNCTIONS)


def listed_functions() -> str:
    """A sentence with all of them."""
    return f"Functions are {', '.join(FUNCTIONS)}."


def arity(function: str) -> int:
    """How many arguments it takes; a function that is left open takes one."""
    return FUNCTIONS[function].arity if function in FUNCTIONS else 1


def is_reduction(function: str) -> bool:
    """From the components of a vector to one number."""
    return function in FUNCTIONS and FUNCTIONS[function].kind == "reduction"


def mixes_components(function: str) -> bool:
    """Keeps the shape, but each component of the result depends on all (softmax)."""
    return function in FUNCTIONS and FUNCTIONS[function].kind == "componentwise"


def is_taken(function: str) -> bool:
    """Whether an operation has this name, so that no other function can."""
    return function in TABLE


def fills(function: str) -> bool:
    """Whether an open function may stand for this one: one argument, component by component."""
    return function in FUNCTIONS and FUNCTIONS[function].arity == 1 and FUNCTIONS[function].kind == "elementwise"


def fillings() -> tuple[str, ...]:
    """All that :func:`fills`."""
    return tuple(function for function in FUNCTIONS if fills(function))
