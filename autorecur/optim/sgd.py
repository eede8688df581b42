"""Gradient descent, with momentum."""

from __future__ import annotations

from typing import Any, ClassVar

from autorecur.optim.blocks import Block
from autorecur.optim.groups import Options
from autorecur.optim.optimizer import Optimizer


def penalised(p: Any, g: Any, weight_decay: Any, maximize: bool) -> Any:
    """The gradient of what is made small: of −L for ``maximize``, and with it that of the penalty ½ λ ‖p‖²."""
    g = -g if maximize else g
    return g + weight_decay * p if weight_decay != 0 else g


def sgd(
    p: Any, g: Any, b: Any, *, lr: Any, momentum: Any, dampening: Any, weight_decay: Any, nesterov: bool, maximize: bool
) -> Any:
    """b ← μ b + (1 − τ) g,  p ← p − η b,  or, with Nesterov's momentum,  p ← p − η (g + μ b).

    Sutskever, Martens, Dahl and Hinton (2013), On the importance of initialization and momentum in deep learning, equations
    1–4; the learning rate stands outside of b, as in PyTorch. Without momentum there is no b.
    """
    g = penalised(p, g, weight_decay, maximize)
    if b is None:
        return p - lr * g, None
    b = momentum * b + (1 - dampening) * g
    return p - lr * (g + momentum * b if nesterov else b), b


class SGD(Optimizer):
    """Gradient descent with momentum μ, dampening τ and weight decay λ. (PyTorch's ``SGD``.)

    The first step has no dampening: the momentum buffer begins as the gradient. ``maximize`` climbs.

    >>> import autorecur as ar
    >>> p = ar.nn.Parameter([3.0, -4.0])
    >>> optimizer = ar.optim.SGD([p], lr=0.1)
    >>> (p**2).sum().backward()
    >>> optimizer.step()
    >>> p
    parameter([ 2.4, -3.2])
    """

    RULE = staticmethod(sgd)
    STATES: ClassVar[tuple[str, ...]] = ("momentum_buffer",)
    COUNTED: ClassVar[bool] = False

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, options | {"nesterov": nesterov, "maximize": maximize})

    def in_use(self, group: Options) -> tuple[str | None, ...]:
        return ("momentum_buffer" if group["momentum"] != 0 else None,)

    def numbers(self, group: Options, block: Block) -> dict[str, Any]:
        begins = "momentum_buffer" not in block.states
        return {
            "lr": group["lr"],
            "momentum": group["momentum"],
            "dampening": 0 if begins else group["dampening"],
            "weight_decay": group["weight_decay"],
            "nesterov": group["nesterov"],
            "maximize": group["maximize"],
        }
