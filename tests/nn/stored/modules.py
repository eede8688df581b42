"""Layers, activations and losses in settings of PyTorch's, and their values and gradients by either library.

``python -m tests.nn.stored.modules`` writes those of PyTorch beside this file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import autorecur as ar

STORED = Path(__file__).parent / "modules.npz"
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Case:
    """A module by PyTorch's name, the shape of its input, and, for a loss, its target."""

    kind: str
    arguments: tuple[Any, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] = (4, 3)
    tokens: int = 0
    """The input are integers below this."""
    target: str = ""
    """numbers, classes, bits"""

    def made(self, library: Any, array: Any) -> Any:
        settings = {name: array(v) if isinstance(v, list) else v for name, v in self.settings.items()}
        return getattr(library, self.kind)(*self.arguments, **settings)

    def drawn(self, seed: int) -> Arrays:
        """Input, target, weights, and a cotangent."""
        generator = np.random.default_rng(seed)
        given: Arrays = {"x": np.round(generator.standard_normal(self.shape), 3)}
        if self.tokens:
            given["x"] = generator.integers(0, self.tokens, self.shape)
        if self.kind in ("BCELoss", "NLLLoss"):
            given["x"] = np.round(generator.uniform(0.05, 0.95, self.shape), 3)
        if self.target:
            bits = generator.integers(0, 2, self.shape).astype(float)
            numbers = np.round(generator.standard_normal(self.shape), 3)
            classes = generator.integers(0, 3, self.shape[:1] + self.shape[2:])
            given["target"] = {"bits": bits, "numbers": numbers, "classes": classes}[self.target]
        for name, weight in self.made(ar.nn, np.array).state_dict().items():
            drawn = np.round(generator.standard_normal(weight.shape), 3)
            given[f"weight {name}"] = weight if self.target else drawn
        return given


SIMPLE = ("Tanh", "Sigmoid", "ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Softsign", "Hardswish", "LogSigmoid", "Identity")
"""Without Hardsigmoid, whose slope is 1/6 in single precision in PyTorch, also for doubles."""
CASES = {
    "linear": Case("Linear", (3, 5)),
    "linear without bias": Case("Linear", (3, 5), {"bias": False}, (2, 4, 3)),
    "embedding": Case("Embedding", (7, 3), {}, (5, 2), tokens=7),
    "embedding with padding": Case("Embedding", (7, 3), {"padding_idx": 2}, (9, 2), tokens=4),
    "layer norm": Case("LayerNorm", (3,)),
    "layer norm of a matrix": Case("LayerNorm", ([4, 3],), {"eps": 0.1, "bias": False}, (2, 4, 3)),
    "layer norm alone": Case("LayerNorm", (3,), {"elementwise_affine": False}),
    **{name: Case(name) for name in SIMPLE},
    "LeakyReLU": Case("LeakyReLU", (0.2,)),
    "ELU": Case("ELU", (1.5,)),
    "GELU": Case("GELU"),
    "GELU by tanh": Case("GELU", (), {"approximate": "tanh"}),
    "Softplus": Case("Softplus", (2.0, 1.0)),
    "Hardtanh": Case("Hardtanh", (-0.5, 0.25)),
    "Softmax": Case("Softmax", (), {"dim": 1}, (2, 3, 2)),
    "LogSoftmax": Case("LogSoftmax", (), {"dim": -1}),
    "mse": Case("MSELoss", target="numbers"),
    "l1": Case("L1Loss", (), {"reduction": "sum"}, target="numbers"),
    "huber": Case("HuberLoss", (), {"delta": 0.5}, target="numbers"),
    "smooth l1": Case("SmoothL1Loss", (), {"beta": 0.5, "reduction": "none"}, target="numbers"),
    "cross entropy": Case("CrossEntropyLoss", target="classes"),
    "cross entropy with weights": Case(
        "CrossEntropyLoss",
        (),
        {"weight": [0.5, 2.0, 1.0], "ignore_index": 1, "label_smoothing": 0.1},
        (4, 3, 2),
        target="classes",
    ),
    "nll": Case("NLLLoss", (), {"weight": [0.5, 2.0, 1.0], "reduction": "sum"}, target="classes"),
    "bce": Case("BCELoss", (), {"weight": [0.5, 2.0, 1.0]}, target="bits"),
    "bce of logits": Case("BCEWithLogitsLoss", (), {"pos_weight": [0.5, 2.0, 1.0]}, target="bits"),
}


def computed(case: Case, given: Arrays, module: Any, leaf: Any, array: Any) -> Arrays:
    """The output, the gradients of Σ k·output with k = 1, 2, …, and the names in ``state_dict``."""
    module.load_state_dict({n.removeprefix("weight "): array(v) for n, v in given.items() if n.startswith("weight ")})
    x = array(given["x"]) if case.tokens else leaf(given["x"])
    y = module(x, array(given["target"])) if case.target else module(x)
    k = np.arange(1.0, 1.0 + int(np.prod(y.shape))).reshape(tuple(y.shape))
    (y * array(k)).sum().backward()
    found = {"y": plain(y)} | ({} if case.tokens else {"gradient x": plain(x.grad)})
    return found | {f"gradient {name}": plain(p.grad) for name, p in module.named_parameters()}


def plain(value: Any) -> np.ndarray:
    return np.array(value.detach().numpy())


def ours(case: Case, given: Arrays) -> Arrays:
    return computed(
        case, given, case.made(ar.nn, np.array), lambda a: ar.tensor(a, requires_grad=True), lambda a: ar.tensor(a)
    )


def theirs(case: Case, given: Arrays) -> Arrays:
    import torch

    module = case.made(torch.nn, lambda numbers: torch.tensor(numbers, dtype=torch.float64)).double()
    return computed(case, given, module, lambda a: torch.tensor(a, requires_grad=True), torch.tensor)


def main() -> None:
    import torch

    arrays: Arrays = {"PyTorch": np.array(torch.__version__)}
    for seed, (name, case) in enumerate(CASES.items()):
        given = case.drawn(seed)
        arrays |= {f"{name}/given/{key}": array for key, array in given.items()}
        arrays |= {f"{name}/found/{key}": array for key, array in theirs(case, given).items()}
    np.savez_compressed(STORED, **arrays)


if __name__ == "__main__":
    main()
