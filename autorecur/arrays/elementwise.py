"""Functions of single numbers, element by element, with NumPy's names."""

from __future__ import annotations

from autorecur.ops import functions
from autorecur.tape.tensor import ArrayLike, Tensor, apply


def exp(x: ArrayLike) -> Tensor:
    """eˣ of each number.

    >>> import autorecur as ar
    >>> ar.exp([0.0, 1.0])
    tensor([1.        , 2.71828183])
    """
    return apply(functions.exp, (x,))


def tanh(x: ArrayLike) -> Tensor:
    """The hyperbolic tangent of each number.

    >>> import autorecur as ar
    >>> ar.tanh(0.0)
    tensor(0.)
    """
    return apply(functions.tanh, (x,))
