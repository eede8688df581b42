"""Trigonometric and hyperbolic functions and their inverses, element by element, with NumPy's names."""

from __future__ import annotations

from autorecur.ops import functions, trigonometry
from autorecur.tape.tensor import ArrayLike, Tensor, apply


def sin(x: ArrayLike) -> Tensor:
    """The sine of each angle.

    >>> import autorecur as ar
    >>> ar.sin([0.0, 0.5])
    tensor([0.        , 0.47942554])
    """
    return apply(functions.sin, (x,))


def cos(x: ArrayLike) -> Tensor:
    """The cosine of each angle.

    >>> import autorecur as ar
    >>> ar.cos([0.0, 0.5])
    tensor([1.        , 0.87758256])
    """
    return apply(functions.cos, (x,))


def tan(x: ArrayLike) -> Tensor:
    """The tangent of each angle.

    >>> import autorecur as ar
    >>> ar.tan([0.0, 0.5])
    tensor([0.        , 0.54630249])
    """
    return apply(trigonometry.tan, (x,))


def arcsin(x: ArrayLike) -> Tensor:
    """The angle between −π/2 and π/2 of each sine; at ±1 the derivative is infinite.

    >>> import autorecur as ar
    >>> ar.arcsin([0.0, 0.5])
    tensor([0.        , 0.52359878])
    """
    return apply(trigonometry.arcsin, (x,))


def arccos(x: ArrayLike) -> Tensor:
    """The angle between 0 and π of each cosine; at ±1 the derivative is infinite.

    >>> import autorecur as ar
    >>> ar.arccos([1.0, 0.5])
    tensor([0.        , 1.04719755])
    """
    return apply(trigonometry.arccos, (x,))


def arctan(x: ArrayLike) -> Tensor:
    """The angle between −π/2 and π/2 of each tangent.

    >>> import autorecur as ar
    >>> ar.arctan([0.0, 1.0])
    tensor([0.        , 0.78539816])
    """
    return apply(trigonometry.arctan, (x,))


def arctan2(y: ArrayLike, x: ArrayLike) -> Tensor:
    """The angle of each point (x, y), between −π and π; at the origin the derivative is 0.

    >>> import autorecur as ar
    >>> ar.arctan2([1.0, -1.0], [1.0, -1.0])
    tensor([ 0.78539816, -2.35619449])
    """
    return apply(trigonometry.arctan2, (y, x))


def hypot(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """√(x1² + x2²), number by number, without overflow.

    At the origin the derivative is taken as 0, and derivatives of order two have no meaning there.

    >>> import autorecur as ar
    >>> ar.hypot(3.0, [4.0, 0.0])
    tensor([5., 3.])
    """
    return apply(trigonometry.hypot, (x1, x2))


def sinh(x: ArrayLike) -> Tensor:
    """The hyperbolic sine of each number.

    >>> import autorecur as ar
    >>> ar.sinh([0.0, 1.0])
    tensor([0.        , 1.17520119])
    """
    return apply(trigonometry.sinh, (x,))


def cosh(x: ArrayLike) -> Tensor:
    """The hyperbolic cosine of each number.

    >>> import autorecur as ar
    >>> ar.cosh([0.0, 1.0])
    tensor([1.        , 1.54308063])
    """
    return apply(trigonometry.cosh, (x,))


def tanh(x: ArrayLike) -> Tensor:
    """The hyperbolic tangent of each number.

    >>> import autorecur as ar
    >>> ar.tanh([0.0, 1.0])
    tensor([0.        , 0.76159416])
    """
    return apply(functions.tanh, (x,))


def arcsinh(x: ArrayLike) -> Tensor:
    """The number of each hyperbolic sine.

    >>> import autorecur as ar
    >>> ar.arcsinh([0.0, 1.0])
    tensor([0.        , 0.88137359])
    """
    return apply(trigonometry.arcsinh, (x,))


def arccosh(x: ArrayLike) -> Tensor:
    """The number of each hyperbolic cosine; at 1 the derivative is infinite.

    >>> import autorecur as ar
    >>> ar.arccosh([1.0, 2.0])
    tensor([0.       , 1.3169579])
    """
    return apply(trigonometry.arccosh, (x,))


def arctanh(x: ArrayLike) -> Tensor:
    """The number of each hyperbolic tangent.

    >>> import autorecur as ar
    >>> ar.arctanh([0.0, 0.5])
    tensor([0.        , 0.54930614])
    """
    return apply(trigonometry.arctanh, (x,))
