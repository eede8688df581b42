"""The one source of random numbers: whatever the package draws, such as the mask of a dropout, is drawn from here.

Without :func:`manual_seed` it starts anew in every process.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from typing import Any

import numpy as np

from autorecur.errors import DtypeError

generator = np.random.Generator(np.random.PCG64())
"""The generator; it stays the same object, and a seed or a state is given to it."""


def manual_seed(seed: int) -> None:
    """Starts the random numbers at ``seed``, any integer: the same seed gives the same numbers.

    Raises DtypeError for what is no integer.

    >>> import autorecur as ar
    >>> ar.manual_seed(0)
    >>> ar.nn.functional.dropout([1.0, 1.0, 1.0, 1.0])
    tensor([2., 0., 0., 0.])
    """
    try:
        whole = index(seed)
    except TypeError:
        raise DtypeError(f"a seed is an integer, not {seed!r:.60} ({type(seed).__name__})") from None
    generator.bit_generator.state = np.random.PCG64(whole % 2**64).state


def state() -> dict[str, Any]:
    """Where the random numbers stand: a dict of strings and integers, for :func:`set_state`.

    >>> from autorecur import random
    >>> before = random.state()
    >>> first = random.generator.random()
    >>> random.set_state(before)
    >>> random.generator.random() == first
    True
    """
    return dict(generator.bit_generator.state)


def set_state(state: Mapping[str, Any]) -> None:
    """Goes back to where the random numbers stood when :func:`state` was called; raises DtypeError for anything else."""
    try:
        generator.bit_generator.state = state
    except (KeyError, TypeError, ValueError):
        raise DtypeError(
            f"no state of the random numbers: {state!r:.60}; give what autorecur.random.state() returned"
        ) from None
