"""What is wrong, in a sentence: the errors of the tape that need more than one line to be put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autorecur.errors import DtypeError, GradientError, ShapeError
from autorecur.ops import Op


def described(data: Any) -> str:
    """A value that is no number, cut to what is readable."""
    return f"an array of {data.dtype}" if isinstance(data, np.ndarray) else f"{data!r:.60} ({type(data).__name__})"


def misfit(op: Op, arrays: Sequence[Any], attributes: Mapping[str, Any], error: Exception) -> Exception:
    """Why a kernel refused its arguments: the words of the op's shape rule, if it has any."""
    if op.kind == "primitive":
        return error
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


def no_gradient_of(dtype: np.dtype[Any], caller: str) -> str:
    """Why there is no derivative of a constant."""
    if dtype.kind != "f":
        return (
            f"{caller} of a tensor of {dtype}: only floats have a gradient; "
            "comparisons, rounding to integers and indices have none"
        )
    return (
        f"{caller} of a tensor that does not depend on any tensor that requires a gradient: make one with "
        "ar.tensor(..., requires_grad=True), and look for detach(), no_grad(), numpy() or a comparison on the way"
    )


def cut(how: str) -> str:
    """Why a function that is being differentiated cannot make plain numbers of a tensor."""
    return (
        f"{how} would cut the gradient of a tensor inside a function that is being differentiated: use ar functions "
        "(ar.stack, ar.where, …), or say so with detach(), item() or numpy() if the number is meant as a constant"
    )


def freed(name: str) -> str:
    """Why a graph cannot be used again."""
    return (
        f"the graph behind this result of {name} was freed by an earlier backward(); "
        "give that one retain_graph=True to use the graph again, or cut what is carried over from an earlier step: "
        "state = ar.detach(state)"
    )


def new_numbers(shape: tuple[int, ...], name: str) -> str:
    """Why a record no longer fits its tensors."""
    return (
        f"a tensor of shape {shape} was given new numbers after {name} had used it; a second derivative "
        "needs the old ones: differentiate first, then change them"
    )


def needs_cotangent(shape: tuple[int, ...], caller: str) -> str:
    """Why a gradient needs a cotangent."""
    return (
        f"{caller} of a tensor of shape {shape} needs a cotangent of that shape; "
        "only a single number has a gradient without one: did you forget .sum() or .mean()?"
    )


def outline(tree: Any) -> str:
    """A nested structure in a few words."""
    if isinstance(tree, Mapping):
        return "a dict with the keys " + ", ".join(map(str, tree))
    if isinstance(tree, (list, tuple)):
        return f"a {type(tree).__name__} of {len(tree)}"
    return "nothing" if tree is None else "an array"
