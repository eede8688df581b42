"""Learning rates for each number, from the squares of its gradients so far: Adagrad, RMSprop, Adadelta."""

from __future__ import annotations

from typing import Any, ClassVar

from autorecur.ops.functions import sqrt
from autorecur.optim.blocks import Block
from autorecur.optim.groups import Options
from autorecur.optim.optimizer import Optimizer
from autorecur.optim.sgd import penalised


def adagrad(
    p: Any, g: Any, s: Any, *, t: Any, lr: Any, lr_decay: Any, eps: Any, weight_decay: Any, maximize: bool
) -> Any:
    """s ← s + g²,  p ← p − ηₜ g / (√s + ε), with ηₜ = η / (1 + (t − 1) ``lr_decay``).

    Duchi, Hazan and Singer (2011), Adaptive subgradient methods for online learning and stochastic optimization, figure 1
    with the diagonal of the matrix; the decay is PyTorch's.
    """
    g = penalised(p, g, weight_decay, maximize)
    s = s + g**2
    return p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps), s


def rmsprop(
    p: Any,
    g: Any,
    s: Any,
    b: Any,
    mean: Any,
    *,
    lr: Any,
    alpha: Any,
    eps: Any,
    weight_decay: Any,
    momentum: Any,
    maximize: bool,
) -> Any:
    """s ← α s + (1 − α) g²,  p ← p − η g / (√s + ε).

    Tieleman and Hinton (2012), Lecture 6.5 of Neural networks for machine learning. Centered, √(s − mean²) stands in the
    place of √s: Graves (2013), Generating sequences with recurrent neural networks, equations 38–41. With momentum the
    step goes through b ← μ b + g / (√s + ε) first.
    """
    g = penalised(p, g, weight_decay, maximize)
    s = alpha * s + (1 - alpha) * g**2
    variance = s
    if mean is not None:
        mean = alpha * mean + (1 - alpha) * g
        variance = s - mean**2
    step = g / (sqrt(variance) + eps)
    if b is not None:
        step = b = momentum * b + step
    return p - lr * step, s, b, mean


def adadelta(p: Any, g: Any, s: Any, d: Any, *, lr: Any, rho: Any, eps: Any, weight_decay: Any, maximize: bool) -> Any:
    """s ← ρ s + (1 − ρ) g²,  Δ = √(d + ε) / √(s + ε) g,  d ← ρ d + (1 − ρ) Δ²,  p ← p − η Δ.

    Zeiler (2012), Adadelta: an adaptive learning rate method, algorithm 1; the η is PyTorch's.
    """
    g = penalised(p, g, weight_decay, maximize)
    s = rho * s + (1 - rho) * g**2
    step = sqrt(d + eps) / sqrt(s + eps) * g
    d = rho * d + (1 - rho) * step**2
    return p - lr * step, s, d


# -------------------------------------------------------------------- the optimisers


class Adagrad(Optimizer):
    """Learning rates that fall with the sum of all squared gradients. (PyTorch's ``Adagrad``.)"""

    RULE = staticmethod(adagrad)
    STATES: ClassVar[tuple[str, ...]] = ("sum",)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        super().__init__(
            params, options | {"initial_accumulator_value": initial_accumulator_value, "maximize": maximize}
        )

    def first(self, name: str, group: Options) -> float:
        return float(group["initial_accumulator_value"])

    def numbers(self, group: Options, block: Block) -> dict[str, Any]:
        return {"t": block.steps} | {
            name: group[name] for name in ("lr", "lr_decay", "eps", "weight_decay", "maximize")
        }


class RMSprop(Optimizer):
    """Gradients over the root of the running mean of their squares. (PyTorch's ``RMSprop``.)

    ``alpha`` is the weight of the past in the mean; ``centered`` takes the square of the mean gradient off it.

    >>> import autorecur as ar
    >>> p = ar.nn.Parameter([3.0, -4.0])
    >>> optimizer = ar.optim.RMSprop([p], lr=0.1, alpha=0.99)
    >>> (p**2).sum().backward()
    >>> optimizer.step()
    >>> p
    parameter([ 2.00000002, -3.00000001])
    """

    RULE = staticmethod(rmsprop)
    STATES: ClassVar[tuple[str, ...]] = ("square_avg", "momentum_buffer", "grad_avg")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered}
        super().__init__(params, options | {"weight_decay": weight_decay, "maximize": maximize})

    def in_use(self, group: Options) -> tuple[str | None, ...]:
        squares, buffer, mean = self.STATES
        return squares, buffer if group["momentum"] > 0 else None, mean if group["centered"] else None

    def numbers(self, group: Options, block: Block) -> dict[str, Any]:
        return {name: group[name] for name in ("lr", "alpha", "eps", "weight_decay", "momentum", "maximize")}


class Adadelta(Optimizer):
    """Steps of the length that earlier steps had, in the units of the parameter. (PyTorch's ``Adadelta``.)"""

    RULE = staticmethod(adadelta)
    STATES: ClassVar[tuple[str, ...]] = ("square_avg", "acc_delta")

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize})

    def numbers(self, group: Options, block: Block) -> dict[str, Any]:
        return {name: group[name] for name in ("lr", "rho", "eps", "weight_decay", "maximize")}
