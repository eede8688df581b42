"""Functions of single numbers, element by element, with NumPy's names: arithmetic, powers, exponentials, choices."""

from __future__ import annotations

from autorecur.ops import arithmetic, exponentials, functions
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor


def add(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Sums, number by number, of what is broadcast together.

    >>> import autorecur as ar
    >>> ar.add([1.0, 2.0], 3.0)
    tensor([4., 5.])
    """
    return apply(arithmetic.add, (x1, x2))


def subtract(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Differences, number by number.

    >>> import autorecur as ar
    >>> ar.subtract([1.0, 2.0], 3.0)
    tensor([-2., -1.])
    """
    return apply(arithmetic.subtract, (x1, x2))


def multiply(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Products, number by number.

    >>> import autorecur as ar
    >>> ar.multiply([1.0, 2.0], 3.0)
    tensor([3., 6.])
    """
    return apply(arithmetic.multiply, (x1, x2))


def divide(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Quotients, number by number; those of integers are floats.

    >>> import autorecur as ar
    >>> ar.divide([1, 2], 4)
    tensor([0.25, 0.5 ])
    """
    return apply(arithmetic.divide, (x1, x2))


true_divide = divide


def negative(x: ArrayLike) -> Tensor:
    """Each number with the other sign.

    >>> import autorecur as ar
    >>> ar.negative([1.0, -2.0])
    tensor([-1.,  2.])
    """
    return apply(arithmetic.negative, (x,))


def positive(x: ArrayLike) -> Tensor:
    """The numbers as they are.

    >>> import autorecur as ar
    >>> ar.positive([1.0, -2.0])
    tensor([ 1., -2.])
    """
    return as_tensor(x)


def reciprocal(x: ArrayLike) -> Tensor:
    """One divided by each number; of integers the whole part, as in NumPy.

    >>> import autorecur as ar
    >>> ar.reciprocal([2.0, -4.0])
    tensor([ 0.5 , -0.25])
    """
    return apply(arithmetic.reciprocal, (x,))


def power(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """``x1 ** x2``, number by number.

    The derivative of x**0 is 0 everywhere, and so are both derivatives of 0**0. The derivative by an exponent is 0 where the
    base is 0, and NaN where it is negative. Raises DtypeError for a negative power of integers.

    >>> import autorecur as ar
    >>> ar.power([1.0, 2.0, 3.0], 2)
    tensor([1., 4., 9.])
    """
    if isinstance(x2, (int, float)):
        return apply(arithmetic.power, (as_tensor(x1),), {"exponent": x2})
    return apply(functions.raised, (x1, x2))


def abs(x: ArrayLike) -> Tensor:
    """The size of each number without its sign; at 0 the derivative is 0.

    >>> import autorecur as ar
    >>> ar.abs([-1.5, 2.0])
    tensor([1.5, 2. ])
    """
    return apply(functions.absolute, (x,))


absolute = abs


def sign(x: ArrayLike) -> Tensor:
    """−1, 0 or 1 for negative numbers, zeros and positive numbers; the derivative is 0 everywhere.

    >>> import autorecur as ar
    >>> ar.sign([-1.5, 0.0, 2.0])
    tensor([-1.,  0.,  1.])
    """
    return apply(functions.sign, (x,))


def sqrt(x: ArrayLike) -> Tensor:
    """The square root of each number; at 0 the derivative is infinite, as in PyTorch.

    >>> import autorecur as ar
    >>> ar.sqrt([4.0, 2.25])
    tensor([2. , 1.5])
    """
    return apply(functions.sqrt, (x,))


def square(x: ArrayLike) -> Tensor:
    """The square of each number.

    >>> import autorecur as ar
    >>> ar.square([1.0, -3.0])
    tensor([1., 9.])
    """
    return apply(functions.square, (x,))


def exp(x: ArrayLike) -> Tensor:
    """eˣ of each number.

    >>> import autorecur as ar
    >>> ar.exp([0.0, 1.0])
    tensor([1.        , 2.71828183])
    """
    return apply(functions.exp, (x,))


def exp2(x: ArrayLike) -> Tensor:
    """2ˣ of each number.

    >>> import autorecur as ar
    >>> ar.exp2([3.0, -1.0])
    tensor([8. , 0.5])
    """
    return apply(exponentials.exp2, (x,))


def expm1(x: ArrayLike) -> Tensor:
    """eˣ − 1 of each number, exact near 0.

    >>> import autorecur as ar
    >>> ar.expm1([0.0, 1e-10])
    tensor([0.e+00, 1.e-10])
    """
    return apply(functions.expm1, (x,))


def log(x: ArrayLike) -> Tensor:
    """The natural logarithm of each number.

    >>> import autorecur as ar
    >>> ar.log([1.0, 10.0])
    tensor([0.        , 2.30258509])
    """
    return apply(functions.log, (x,))


def log2(x: ArrayLike) -> Tensor:
    """The logarithm of each number to the base 2.

    >>> import autorecur as ar
    >>> ar.log2([8.0, 0.5])
    tensor([ 3., -1.])
    """
    return apply(exponentials.log2, (x,))


def log10(x: ArrayLike) -> Tensor:
    """The logarithm of each number to the base 10.

    >>> import autorecur as ar
    >>> ar.log10([1000.0, 0.1])
    tensor([ 3., -1.])
    """
    return apply(exponentials.log10, (x,))


def log1p(x: ArrayLike) -> Tensor:
    """log(1 + x) of each number, exact near 0.

    >>> import autorecur as ar
    >>> ar.log1p([0.0, 1e-10])
    tensor([0.e+00, 1.e-10])
    """
    return apply(functions.log1p, (x,))


def logaddexp(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """log(eᵃ + eᵇ), number by number, without overflow; −∞ adds nothing.

    Of two equal infinities the derivative is NaN, as in PyTorch.

    >>> import autorecur as ar
    >>> ar.logaddexp([0.0, 1000.0], [-float("inf"), 1000.0])
    tensor([   0.        , 1000.69314718])
    """
    return apply(exponentials.logaddexp, (x1, x2))


def erf(x: ArrayLike) -> Tensor:
    """The error function of each number.

    >>> import autorecur as ar
    >>> ar.erf([0.0, 1.0])
    tensor([0.        , 0.84270079])
    """
    return apply(functions.erf, (x,))


def erfc(x: ArrayLike) -> Tensor:
    """1 − erf(x) of each number, exact where erf comes near 1.

    >>> import autorecur as ar
    >>> ar.erfc([0.0, 10.0])
    tensor([1.00000000e+00, 2.08848758e-45])
    """
    return apply(exponentials.erfc, (x,))


def sigmoid(x: ArrayLike) -> Tensor:
    """1 / (1 + e⁻ˣ) of each number, without overflow.

    >>> import autorecur as ar
    >>> ar.sigmoid([0.0, 2.0, -10000.0])
    tensor([0.5       , 0.88079708, 0.        ])
    """
    return apply(functions.sigmoid, (x,))


def softplus(x: ArrayLike) -> Tensor:
    """log(1 + eˣ) of each number, without overflow.

    >>> import autorecur as ar
    >>> ar.softplus([0.0, 10000.0])
    tensor([6.93147181e-01, 1.00000000e+04])
    """
    return apply(functions.softplus, (x,))


def relu(x: ArrayLike) -> Tensor:
    """The larger of 0 and each number; at 0 the derivative is 0.

    >>> import autorecur as ar
    >>> ar.relu([-1.0, 2.0])
    tensor([0., 2.])
    """
    return apply(functions.relu, (x,))


def maximum(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """The larger of two numbers, number by number; a tie sends half of the derivative to each.

    >>> import autorecur as ar
    >>> ar.maximum([1.0, 5.0], [3.0, 4.0])
    tensor([3., 5.])
    """
    return apply(functions.maximum, (x1, x2))


def minimum(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """The smaller of two numbers, number by number; a tie sends half of the derivative to each.

    >>> import autorecur as ar
    >>> ar.minimum([1.0, 5.0], [3.0, 4.0])
    tensor([1., 4.])
    """
    return apply(functions.minimum, (x1, x2))


def where(condition: ArrayLike, x: ArrayLike, y: ArrayLike) -> Tensor:
    """Numbers of x where the condition holds, else of y; the three are broadcast together.

    >>> import autorecur as ar
    >>> ar.where([True, False], [1.0, 2.0], 0.0)
    tensor([1., 0.])
    """
    return apply(functions.where, (condition, x, y))
