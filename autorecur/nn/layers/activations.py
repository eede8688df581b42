"""The activations of :mod:`autorecur.nn.functional` as modules, to stand between layers."""

from __future__ import annotations

from typing import Any

from autorecur.nn import functional
from autorecur.nn.module import Module
from autorecur.tape.tensor import Tensor


class _Elementwise(Module):
    """A function of every number by itself, with settings that are arguments of the function, too."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        vars(self).update(settings)

    def forward(self, x: Any) -> Tensor:
        y: Tensor = getattr(functional, self._function())(x, **self._settings)
        return y

    @classmethod
    def _function(cls) -> str:
        return cls.__name__.lower()

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self._settings.items())


class Tanh(_Elementwise):
    """The hyperbolic tangent.

    >>> import autorecur as ar
    >>> ar.nn.Tanh()([0.0, 1000.0])
    tensor([0., 1.])
    """

    def __init__(self) -> None:
        super().__init__()


class Sigmoid(_Elementwise):
    """1 / (1 + e⁻ˣ).

    >>> import autorecur as ar
    >>> ar.nn.Sigmoid()([0.0, 1000.0])
    tensor([0.5, 1. ])
    """

    def __init__(self) -> None:
        super().__init__()


class ReLU(_Elementwise):
    """max(x, 0).

    >>> import autorecur as ar
    >>> ar.nn.ReLU()([-2.0, 3.0])
    tensor([0., 3.])
    """

    def __init__(self) -> None:
        super().__init__()


class ReLU6(_Elementwise):
    """min(max(x, 0), 6).

    >>> import autorecur as ar
    >>> ar.nn.ReLU6()([-2.0, 7.0])
    tensor([0., 6.])
    """

    def __init__(self) -> None:
        super().__init__()


class LeakyReLU(_Elementwise):
    """x for x > 0, else ``negative_slope``·x.

    >>> import autorecur as ar
    >>> ar.nn.LeakyReLU(0.1)([-2.0, 3.0])
    tensor([-0.2,  3. ])
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__(negative_slope=negative_slope)

    @classmethod
    def _function(cls) -> str:
        return "leaky_relu"


class ELU(_Elementwise):
    """x for x > 0, else ``alpha``·(eˣ − 1).

    >>> import autorecur as ar
    >>> ar.nn.ELU(2.0)([-1000.0, 3.0])
    tensor([-2.,  3.])
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__(alpha=alpha)


class SELU(_Elementwise):
    """1.0507…·elu(x, 1.6732…), which keeps mean 0 and variance 1.

    >>> import autorecur as ar
    >>> ar.nn.SELU()([1.0])
    tensor([1.05070099])
    """

    def __init__(self) -> None:
        super().__init__()


class GELU(_Elementwise):
    """x·Φ(x), or its approximation by ``"tanh"``.

    >>> import autorecur as ar
    >>> ar.nn.GELU()([1.0])
    tensor([0.84134475])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__(approximate=approximate)


class SiLU(_Elementwise):
    """x·σ(x).

    >>> import autorecur as ar
    >>> ar.nn.SiLU()([0.0, 1000.0])
    tensor([   0., 1000.])
    """

    def __init__(self) -> None:
        super().__init__()


class Mish(_Elementwise):
    """x·tanh(log(1 + eˣ)).

    >>> import autorecur as ar
    >>> ar.nn.Mish()([0.0, 1.0])
    tensor([0.        , 0.86509839])
    """

    def __init__(self) -> None:
        super().__init__()


class Softplus(_Elementwise):
    """log(1 + e^(beta·x)) / beta, and x itself where beta·x is larger than ``threshold``.

    >>> import autorecur as ar
    >>> ar.nn.Softplus()([0.0])
    tensor([0.69314718])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta=beta, threshold=threshold)


class Softsign(_Elementwise):
    """x / (1 + |x|).

    >>> import autorecur as ar
    >>> ar.nn.Softsign()([-1.0, 3.0])
    tensor([-0.5 ,  0.75])
    """

    def __init__(self) -> None:
        super().__init__()


class Hardtanh(_Elementwise):
    """min(max(x, ``min_val``), ``max_val``).

    >>> import autorecur as ar
    >>> ar.nn.Hardtanh()([-2.0, 0.5])
    tensor([-1. ,  0.5])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        super().__init__(min_val=min_val, max_val=max_val)


class Hardsigmoid(_Elementwise):
    """min(max(x + 3, 0), 6) / 6.

    >>> import autorecur as ar
    >>> ar.nn.Hardsigmoid()([-4.0, 0.0])
    tensor([0. , 0.5])
    """

    def __init__(self) -> None:
        super().__init__()


class Hardswish(_Elementwise):
    """x·hardsigmoid(x).

    >>> import autorecur as ar
    >>> ar.nn.Hardswish()([1.5, 4.0])
    tensor([1.125, 4.   ])
    """

    def __init__(self) -> None:
        super().__init__()


class LogSigmoid(_Elementwise):
    """log σ(x).

    >>> import autorecur as ar
    >>> ar.nn.LogSigmoid()([0.0])
    tensor([-0.69314718])
    """

    def __init__(self) -> None:
        super().__init__()


class Softmax(_Elementwise):
    """eˣ divided by the sum of eˣ along the axis ``dim``, the last one if it is not given.

    (PyTorch's default depends on the number of axes, and is deprecated.)

    >>> import autorecur as ar
    >>> ar.nn.Softmax(dim=0)([1000.0, 1000.0])
    tensor([0.5, 0.5])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)


class LogSoftmax(_Elementwise):
    """The logarithm of :class:`Softmax` along the axis ``dim``.

    >>> import autorecur as ar
    >>> ar.nn.LogSoftmax(dim=-1)([0.0, 10000.0])
    tensor([-10000.,      0.])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)

    @classmethod
    def _function(cls) -> str:
        return "log_softmax"
