"""Adam and what was made of it: steps of a running mean of gradients over the root of one of their squares.

In all rules g is the gradient, m and v are the running means, and a hat marks a mean whose bias towards its zero at the
beginning is taken out: divided by 1 − βᵗ, the weight that all gradients so far have in it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from autorecur.ops.functions import absolute, maximum, sqrt
from autorecur.optim.blocks import Block
from autorecur.optim.groups import Options
from autorecur.optim.optimizer import Optimizer
from autorecur.optim.sgd import penalised


def decayed(
    p: Any, g: Any, lr: Any, weight_decay: Any, decoupled_weight_decay: bool, maximize: bool
) -> tuple[Any, Any]:
    """Weight decay as a term of the gradient, or decoupled from it: p ← p − η λ p, then the step.

    Loshchilov and Hutter (2019), Decoupled weight decay regularization, algorithm 2.
    """
    if weight_decay == 0 or not decoupled_weight_decay:
        return p, penalised(p, g, weight_decay, maximize)
    return (1 - lr * weight_decay) * p, -g if maximize else g


def means(g: Any, m: Any, v: Any, beta1: Any, beta2: Any) -> tuple[Any, Any]:
    """m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²."""
    return beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2


def adam(
    p: Any, g: Any, m: Any, v: Any, top: Any, *, t: Any, lr: Any, beta1: Any, beta2: Any, eps: Any, **decay: Any
) -> tuple[Any, ...]:
    """p ← p − η m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ).

    Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 1. With AMSGrad the largest v so far stands
    in the place of v: Reddi, Kale and Kumar (2018), On the convergence of Adam and beyond, algorithm 2; as in PyTorch the
    largest is taken before the bias is taken out.
    """
    p, g = decayed(p, g, lr, **decay)
    m, v = means(g, m, v, beta1, beta2)
    top = None if top is None else maximum(top, v)
    m_hat = m / (1 - beta1**t)
    v_hat = (v if top is None else top) / (1 - beta2**t)
    return p - lr * m_hat / (sqrt(v_hat) + eps), m, v, top


def adamax(
    p: Any,
    g: Any,
    m: Any,
    u: Any,
    *,
    t: Any,
    lr: Any,
    beta1: Any,
    beta2: Any,
    eps: Any,
    weight_decay: Any,
    maximize: bool,
) -> tuple[Any, ...]:
    """u ← max(β₂ u, |g| + ε),  p ← p − η m̂ / u.

    Kingma and Ba (2015), algorithm 2; the ε, which keeps u from zero, is PyTorch's.
    """
    g = penalised(p, g, weight_decay, maximize)
    m = beta1 * m + (1 - beta1) * g
    u = maximum(beta2 * u, absolute(g) + eps)
    return p - lr * (m / (1 - beta1**t)) / u, m, u


def nadam(
    p: Any,
    g: Any,
    m: Any,
    v: Any,
    *,
    t: Any,
    lr: Any,
    beta1: Any,
    beta2: Any,
    eps: Any,
    mu: Any,
    mu_next: Any,
    mu_product: Any,
    **decay: Any,
) -> tuple[Any, ...]:
    """p ← p − η m̄ / (√v̂ + ε), with m̄ = μₜ₊₁ m / (1 − μ₁ … μₜ₊₁) + (1 − μₜ) g / (1 − μ₁ … μₜ).

    Dozat (2016), Incorporating Nesterov momentum into Adam, algorithm 2; ``mu_product`` is μ₁ … μₜ.
    """
    p, g = decayed(p, g, lr, **decay)
    m, v = means(g, m, v, beta1, beta2)
    m_bar = m * (mu_next / (1 - mu_product * mu_next)) + g * ((1 - mu) / (1 - mu_product))
    v_hat = v / (1 - beta2**t)
    return p - lr * m_bar / (sqrt(v_hat) + eps), m, v


def radam(
    p: Any,
    g: Any,
    m: Any,
    v: Any,
    *,
    t: Any,
    lr: Any,
    beta1: Any,
    beta2: Any,
    eps: Any,
    rectification: Any,
    **decay: Any,
) -> tuple[Any, ...]:
    """p ← p − η r m̂ √(1 − β₂ᵗ) / (√v + ε), or p ← p − η m̂ while v is made of too few gradients for r to exist.

    Liu, Jiang, He, Chen, Liu, Gao and Han (2020), On the variance of the adaptive learning rate and beyond, algorithm 2.
    """
    p, g = decayed(p, g, lr, **decay)
    m, v = means(g, m, v, beta1, beta2)
    m_hat = m / (1 - beta1**t)
    if rectification is None:
        return p - lr * m_hat, m, v
    return p - (lr * rectification * (1 - beta2**t) ** 0.5) * m_hat / (sqrt(v) + eps), m, v


# -------------------------------------------------------------------- the optimisers


class _OfMeans(Optimizer):
    """What the optimisers of this page share."""

    STATES: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_avg_sq")
    DECAY: ClassVar[tuple[str, ...]] = ("weight_decay", "decoupled_weight_decay", "maximize")

    def numbers(self, group: Options, block: Block) -> dict[str, Any]:
        beta1, beta2 = group["betas"]
        found = {"t": block.steps, "lr": group["lr"], "beta1": beta1, "beta2": beta2, "eps": group["eps"]}
        return found | {name: group[name] for name in self.DECAY}


class Adam(_OfMeans):
    """Adaptive moments: every number has a step length of its own, about ``lr`` at first. (PyTorch's ``Adam``.)

    ``betas`` are the weights of the past in the running means of the gradient and of its square. ``amsgrad`` never lets the
    second mean fall. Weight decay is a term of the gradient, unless ``decoupled_weight_decay``. ``maximize`` climbs.

    >>> import autorecur as ar
    >>> p = ar.nn.Parameter([3.0, -4.0])
    >>> optimizer = ar.optim.Adam([p], lr=0.1)
    >>> (p**2).sum().backward()
    >>> optimizer.step()
    >>> p
    parameter([ 2.9, -3.9])
    """

    RULE = staticmethod(adam)
    STATES: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad}
        super().__init__(params, options | {"maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay})

    def in_use(self, group: Options) -> tuple[str | None, ...]:
        return self.STATES if group["amsgrad"] else (*self.STATES[:2], None)


class AdamW(Adam):
    """:class:`Adam` with decoupled weight decay: p ← p − η λ p beside each step. (PyTorch's ``AdamW``.)

    >>> import autorecur as ar
    >>> p = ar.nn.Parameter([1.0])
    >>> p.grad = [0.0]
    >>> ar.optim.AdamW([p], lr=0.1, weight_decay=0.5).step()
    >>> p
    parameter([0.95])
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)


class Adamax(_OfMeans):
    """:class:`Adam` with the largest gradient in place of the root of the mean square. (PyTorch's ``Adamax``.)"""

    RULE = staticmethod(adamax)
    STATES: ClassVar[tuple[str, ...]] = ("exp_avg", "exp_inf")
    DECAY: ClassVar[tuple[str, ...]] = ("weight_decay", "maximize")

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options)


class NAdam(_OfMeans):
    """:class:`Adam` with Nesterov's momentum, which grows: μₜ = β₁ (1 − ½ 0.96^(t ψ)), ψ = ``momentum_decay``.

    (PyTorch's ``NAdam``. It keeps the product of all μ in its default dtype, float32 unless that was changed; here it is
    float64.)
    """

    RULE = staticmethod(nadam)
    SCALARS: ClassVar[tuple[str, ...]] = ("mu_product",)

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay}
        super().__init__(params, options | {"maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay})

    def numbers(self, group: Options, block: Block) -> dict[str, Any]:
        def momentum(t: int) -> float:
            return float(group["betas"][0] * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"])))

        mu, mu_next = momentum(block.steps), momentum(block.steps + 1)
        block.scalars["mu_product"] = product = block.scalars.get("mu_product", 1.0) * mu
        return super().numbers(group, block) | {"mu": mu, "mu_next": mu_next, "mu_product": product}


class RAdam(_OfMeans):
    """:class:`Adam` with a step that is shorter while few gradients are known. (PyTorch's ``RAdam``.)

    ρ∞ = 2 / (1 − β₂) − 1 and ρₜ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ) count the gradients that v is a mean of; the factor
    r = √((ρₜ − 4)(ρₜ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρₜ)) is used where ρₜ > 5.
    """

    RULE = staticmethod(radam)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, options | {"maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay})

    def numbers(self, group: Options, block: Block) -> dict[str, Any]:
        beta2, t = group["betas"][1], block.steps
        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
        r = None
        if rho > 5:
            r = ((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)) ** 0.5
        return super().numbers(group, block) | {"rectification": r}
