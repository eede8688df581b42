"""The losses of :mod:`autorecur.nn.functional` as modules: ``loss(input, target)``."""

from __future__ import annotations

from typing import Any

from autorecur.nn import functional
from autorecur.nn.functional.reduction import check_reduction
from autorecur.nn.module import Module
from autorecur.tape.tensor import Tensor


class _Loss(Module):
    """A loss with settings that are arguments of the function, too."""

    _function = ""

    def __init__(self, reduction: str, **settings: Any) -> None:
        check_reduction(type(self).__name__, reduction)
        self.reduction = reduction
        self._settings = settings
        vars(self).update(settings)

    def forward(self, input: Any, target: Any) -> Tensor:
        given = {**self._settings, **self._buffers}
        loss: Tensor = getattr(functional, self._function)(input, target, reduction=self.reduction, **given)
        return loss

    def extra_repr(self) -> str:
        reduction = {} if self.reduction == "mean" else {"reduction": self.reduction}
        return ", ".join(f"{name}={value!r}" for name, value in {**self._settings, **reduction}.items())


class MSELoss(_Loss):
    """The mean of (input − target)².

    >>> import autorecur as ar
    >>> ar.nn.MSELoss()([1.0, 4.0], [1.0, 2.0])
    tensor(2.)
    """

    _function = "mse_loss"

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)


class L1Loss(_Loss):
    """The mean of |input − target|.

    >>> import autorecur as ar
    >>> ar.nn.L1Loss()([1.0, 4.0], [1.0, 2.0])
    tensor(1.)
    """

    _function = "l1_loss"

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)


class HuberLoss(_Loss):
    """A square up to differences of ``delta``, straight beyond; see :func:`autorecur.nn.functional.huber_loss`.

    >>> import autorecur as ar
    >>> ar.nn.HuberLoss()([0.5, 4.0], [0.0, 1.0])
    tensor(1.3125)
    """

    _function = "huber_loss"

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction, delta=delta)


class SmoothL1Loss(_Loss):
    """A square up to differences of ``beta``, of slope 1 beyond; see :func:`autorecur.nn.functional.smooth_l1_loss`.

    >>> import autorecur as ar
    >>> ar.nn.SmoothL1Loss()([0.5, 4.0], [0.0, 1.0])
    tensor(1.3125)
    """

    _function = "smooth_l1_loss"

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction, beta=beta)


class CrossEntropyLoss(_Loss):
    """−log softmax(input) of the class that is right; see :func:`autorecur.nn.functional.cross_entropy`.

    ``weight``, the importance of each class, is a buffer: it stands in ``state_dict`` as in PyTorch.

    >>> import autorecur as ar
    >>> ar.nn.CrossEntropyLoss()([[2.0, 1.0, 0.0]], [0])
    tensor(0.40760596)
    """

    _function = "cross_entropy"

    def __init__(
        self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(reduction, ignore_index=ignore_index, label_smoothing=label_smoothing)
        self.register_buffer("weight", weight)


class NLLLoss(_Loss):
    """−input at the class that is right, for logarithms of probabilities.

    >>> import autorecur as ar
    >>> ar.nn.NLLLoss()([[-0.5, -2.0]], [0])
    tensor(0.5)
    """

    _function = "nll_loss"

    def __init__(self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction, ignore_index=ignore_index)
        self.register_buffer("weight", weight)


class BCELoss(_Loss):
    """The binary cross entropy of probabilities.

    >>> import autorecur as ar
    >>> ar.nn.BCELoss()([0.5], [1.0])
    tensor(0.69314718)
    """

    _function = "binary_cross_entropy"

    def __init__(self, weight: Any = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)


class BCEWithLogitsLoss(_Loss):
    """The binary cross entropy of σ(input), computed without σ.

    >>> import autorecur as ar
    >>> ar.nn.BCEWithLogitsLoss()([0.0], [1.0])
    tensor(0.69314718)
    """

    _function = "binary_cross_entropy_with_logits"

    def __init__(self, weight: Any = None, *, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)
