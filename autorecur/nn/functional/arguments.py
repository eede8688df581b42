"""What is asked of the arguments of these functions, and how it is said that they do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.language.nearest import did_you_mean
from autorecur.tape.numbers import Array
from autorecur.tape.tensor import ArrayLike, Tensor, as_tensor

CLASSES, ROWS = ("class", "classes"), ("row", "rows")


def check_word(function: str, argument: str, word: Any, known: Sequence[str]) -> None:
    """Raises ArgumentError, with the nearest word, unless ``word`` is one of those known."""
    if word not in known:
        listed = ", ".join(repr(each) for each in known[:-1]) + f" and {known[-1]!r}"
        hint = did_you_mean(word, known) if isinstance(word, str) else ""
        raise ArgumentError(f"{function}: there is no {argument} {word!r}, only {listed}.{hint}")


def check_fraction(function: str, argument: str, number: float | Tensor) -> None:
    """Raises ArgumentError unless ``number`` lies between 0 and 1."""
    if not 0 <= number <= 1:
        raise ArgumentError(f"{function}: {argument} is {number}, and it has to lie between 0 and 1")


def check_positive(function: str, argument: str, number: float | Tensor) -> None:
    """Raises ArgumentError unless ``number`` is larger than 0."""
    if not number > 0:
        raise ArgumentError(f"{function}: {argument} is {number}, and it has to be larger than 0")


def check_probabilities(function: str, role: str, x: Tensor) -> None:
    """Raises ArgumentError, with the place, for a number below 0 or above 1; what is not a number passes."""
    outside = (x.data < 0) | (x.data > 1)
    if outside.any():
        place = first_place(outside)
        hint = "; for logits take binary_cross_entropy_with_logits" if role == "input" else ""
        raise ArgumentError(
            f"{function}: the {role} holds {x.data[place]}{at(place)}, and probabilities lie between 0 and 1{hint}"
        )


def check_whole(function: str, role: str, x: Tensor) -> None:
    """Raises DtypeError unless a tensor holds integers."""
    if x.dtype.kind not in "iu":
        raise DtypeError(f"{function}: the {role} holds {x.dtype}, and has to hold integers: astype(int) makes them")


def check_range(
    function: str, role: str, numbers: Array, size: int, counted: tuple[str, str], besides: int | None = None
) -> None:
    """Raises ShapeError, with the place, unless all integers lie in 0 … size − 1 or are the one allowed ``besides``.

    ``counted`` says what they number, one and many.
    """
    one, many = counted
    outside = numbers.astype(np.uintp) >= size  # a negative number becomes a large one
    if besides is not None and outside.any():
        outside &= numbers != besides
    if not outside.any():
        return
    place = first_place(outside)
    if numbers[place] < 0:
        reason = f"{many} count from 0"
    elif size > 1:
        reason = f"there are {size} {many}, 0 to {size - 1}"
    else:
        reason = f"there is 1 {one}" if size else f"there are no {many}"
    raise ShapeError(f"{function}: the {role} holds {numbers[place]}{at(place)}, and {reason}")


def input_and_target(function: str, input: ArrayLike, target: ArrayLike) -> tuple[Tensor, Tensor]:
    """Both as tensors of one shape, unless one is a single number; raises ShapeError: stretching is no one's intention.

    A target of integers or booleans takes the dtype of the input, so that float32 stays float32.
    """
    x, goal = as_tensor(input), as_tensor(target)
    if x.shape != goal.shape and x.shape and goal.shape:
        raise ShapeError(
            f"{function}: the input has shape {x.shape} and the target {goal.shape}; give both the same shape"
        )
    if goal.dtype.kind in "biu" and x.dtype.kind == "f":
        goal = Tensor(goal.data.astype(x.dtype))
    return x, goal


def first_place(found: Array) -> tuple[int, ...]:
    """The index of the first number for which something holds."""
    return tuple(int(i) for i in np.argwhere(found)[0])


def at(place: tuple[int, ...]) -> str:
    """`` at index (1, 2)``; nothing for a single number, which has no index."""
    return f" at index {place if len(place) > 1 else place[0]}" if place else ""
