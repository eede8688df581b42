"""What the language needs to know of a function: that it exists, how many arguments it takes, what shape it gives.

The table itself is that of :mod:`autorecur.ops`.
"""

from __future__ import annotations

from functools import lru_cache

from autorecur.ops import FUNCTIONS


@lru_cache(maxsize=1)
def function_names() -> frozenset[str]:
    return frozenset(FUNCTIONS)


def listed_functions() -> str:
    """A sentence with all of them."""
    return f"Functions are {', '.join(FUNCTIONS)}."


def arity(function: str) -> int:
    return FUNCTIONS[function].arity


def is_reduction(function: str) -> bool:
    """From the components of a vector to one number."""
    return FUNCTIONS[function].kind == "reduction"


def mixes_components(function: str) -> bool:
    """Keeps the shape, but each component of the result depends on all (softmax)."""
    return FUNCTIONS[function].kind == "componentwise"
