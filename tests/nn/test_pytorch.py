"""The same names, arguments, values and derivatives as PyTorch, where PyTorch is installed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest

import autorecur as ar

torch = pytest.importorskip("torch", reason="PyTorch is not installed; without it the comparison with it is left out")
T, F = torch.nn.functional, ar.nn.functional
generator = np.random.default_rng(2)
REDUCTIONS = ["none", "mean", "sum"]


def compare(
    mine: Callable[..., Any], theirs: Callable[..., Any], *arrays: np.ndarray, second: bool = True, rough: bool = False
) -> None:
    """Value, gradients along a random cotangent, and their derivatives along random directions are the same.

    ``rough`` where PyTorch computes with a constant that was rounded to float32.
    """
    leaves = [torch.tensor(array, requires_grad=True) for array in arrays]
    value = theirs(*leaves)
    cotangent = generator.standard_normal(tuple(value.shape))
    directions = [generator.standard_normal(array.shape) for array in arrays]
    loss = (value * torch.tensor(cotangent)).sum()
    true = torch.autograd.grad(loss, leaves, create_graph=second)

    def weighed(*values: Any) -> Any:
        return (mine(*values) * cotangent).sum()

    everywhere = tuple(range(len(arrays)))
    np.testing.assert_allclose(mine(*arrays).numpy(), value.detach().numpy(), rtol=1e-12, atol=1e-14)
    for found, expected in zip(ar.grad(weighed, everywhere)(*arrays), true, strict=True):
        np.testing.assert_allclose(found.numpy(), expected.numpy(force=True), rtol=1e-6 if rough else 1e-11, atol=1e-13)
    if second:
        along = sum((g * torch.tensor(d)).sum() for g, d in zip(true, directions, strict=True))
        curved = torch.autograd.grad(along, leaves, allow_unused=True) if along.requires_grad else [None] * len(leaves)
        for found, expected in zip(ar.hvp(weighed, arrays, tuple(directions)), curved, strict=True):
            bend = 0.0 if expected is None else expected.numpy(force=True)
            np.testing.assert_allclose(found.numpy(), np.broadcast_to(bend, found.shape), rtol=1e-8, atol=1e-10)


SMOOTH = ["sigmoid", "tanh", "gelu", "silu", "mish", "softplus", "logsigmoid", "softsign", "elu", "selu", "celu"]
STRAIGHT = ["relu", "relu6", "leaky_relu", "hardtanh", "hardsigmoid", "hardswish"]
SIMPLE = [
    *product(SMOOTH + STRAIGHT, [{}]),
    ("leaky_relu", {"negative_slope": 0.2}),
    ("elu", {"alpha": 1.7}),
    ("elu", {"alpha": -0.3}),
    ("celu", {"alpha": 0.25}),
    ("gelu", {"approximate": "tanh"}),
    ("softplus", {"beta": 2.5}),
    ("softplus", {"beta": 0.5, "threshold": 1.0}),
    ("hardtanh", {"min_val": -0.5, "max_val": 2.0}),
    ("softmax", {"dim": 0}),
    ("softmax", {"dim": -1}),
    ("log_softmax", {"dim": 1}),
    ("log_softmax", {"dim": -2}),
]


@pytest.mark.parametrize(("name", "settings"), SIMPLE, ids=str)
def test_activations(name: str, settings: dict[str, Any]) -> None:
    """On numbers around 0 and far from it, with defaults and without."""
    x = np.concatenate([generator.standard_normal((3, 4)), 4 * generator.standard_normal((3, 4))])
    mine, theirs = partial(getattr(F, name), **settings), partial(getattr(T, name), **settings)
    compare(
        mine, theirs, x, second=name != "hardsigmoid", rough=name == "hardsigmoid"
    )  # it has no second derivative there
    far = np.array([[-1e4, 1e4], [-300.0, 300.0]])
    compare(mine, theirs, far, second=False)


@pytest.mark.parametrize(("name", "settings"), SIMPLE, ids=str)
def test_activations_in_float32(name: str, settings: dict[str, Any]) -> None:
    """Values and slopes in float32, to its precision."""
    x = (3 * generator.standard_normal((4, 5))).astype(np.float32)
    leaf, mine = torch.tensor(x, requires_grad=True), ar.tensor(x, requires_grad=True)
    value, found = getattr(T, name)(leaf, **settings), getattr(F, name)(mine, **settings)
    value.sum().backward()
    found.sum().backward()
    assert found.dtype == mine.grad.dtype == np.float32
    np.testing.assert_allclose(found.numpy(), value.detach().numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(mine.grad.numpy(), leaf.grad.numpy(), rtol=1e-5, atol=1e-6)


KINKS = {
    "relu": [0],
    "relu6": [0, 6],
    "leaky_relu": [0],
    "elu": [0],
    "selu": [0],
    "celu": [0],
    "softsign": [0],
    "softplus": [20],
    "hardsigmoid": [-3, 3],
    "hardtanh": [-1, 1],
    "hardswish": [-3, 3],
}


@pytest.mark.parametrize("name", KINKS)
def test_choices_at_kinks(name: str) -> None:
    """Where two branches meet, value and slope are PyTorch's."""
    compare(getattr(F, name), getattr(T, name), np.array(KINKS[name], float), second=False)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("mse_loss", {}),
        ("l1_loss", {}),
        ("huber_loss", {}),
        ("huber_loss", {"delta": 0.4}),
        ("smooth_l1_loss", {}),
        ("smooth_l1_loss", {"beta": 1.6}),
        ("smooth_l1_loss", {"beta": 0.0}),
    ],
    ids=str,
)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_distances(name: str, settings: dict[str, Any], reduction: str) -> None:
    """By input and target; also where both are equal, and where the branches meet."""
    settings = {**settings, "reduction": reduction}
    mine, theirs = partial(getattr(F, name), **settings), partial(getattr(T, name), **settings)
    compare(mine, theirs, *generator.standard_normal((2, 5, 3)))
    bend = settings.get("delta", settings.get("beta", 1.0))
    compare(mine, theirs, np.array([0.0, bend, -bend]), np.zeros(3))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_two_classes(reduction: str, weighted: bool) -> None:
    """From probabilities and from logits, with weights that stretch; certain probabilities as well."""
    x, y = generator.uniform(0.05, 0.95, (2, 4, 3))
    settings: dict[str, Any] = {"weight": generator.uniform(0.5, 2, 3)} if weighted else {}
    given = {role: torch.tensor(array) for role, array in settings.items()}
    for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
        logits = "logits" in name
        if logits and weighted:
            settings["pos_weight"] = generator.uniform(0.5, 2, (4, 1))
            given["pos_weight"] = torch.tensor(settings["pos_weight"])
        mine = partial(getattr(F, name), reduction=reduction, **settings)
        theirs = partial(getattr(T, name), reduction=reduction, **given)
        compare(mine, theirs, 5 * np.log(x / (1 - x)) if logits else x, y)
    sure = np.array([0.0, 0.0, 1.0, 1.0, 1e-13, 1e-60])
    y = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    compare(
        lambda p: F.binary_cross_entropy(p, y),
        lambda p: T.binary_cross_entropy(p, torch.tensor(y)),
        sure,
        second=False,
        rough=True,
    )


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 3, 4), (2, 3, 2, 3)], ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
def test_classes(shape: tuple[int, ...], reduction: str, smoothing: float, weighted: bool) -> None:
    """Class numbers (some of them ignored) and probabilities, with weights and smoothing, of every shape."""
    axis = 0 if len(shape) == 1 else 1
    logits, shares = generator.standard_normal(shape), generator.uniform(0.1, 1, shape)
    classes = np.asarray(generator.integers(0, 3, shape[:axis] + shape[axis + 1 :]))
    weight = generator.uniform(0.5, 2, 3) if weighted else None
    given = None if weight is None else torch.tensor(weight)
    numbers = torch.tensor(classes)
    for ignored in (-100, 1) if classes.ndim and set(classes.ravel()) != {1} else (-100,):
        settings: dict[str, Any] = {"reduction": reduction, "ignore_index": ignored}
        compare(
            partial(F.nll_loss, target=classes, weight=weight, **settings),
            partial(T.nll_loss, target=numbers, weight=given, **settings),
            logits,
        )
        settings["label_smoothing"] = smoothing
        compare(
            partial(F.cross_entropy, target=classes, weight=weight, **settings),
            partial(T.cross_entropy, target=numbers, weight=given, **settings),
            logits,
        )
    settings = {"reduction": reduction, "label_smoothing": smoothing}
    compare(
        partial(F.cross_entropy, weight=weight, **settings),
        partial(T.cross_entropy, weight=given, **settings),
        logits,
        shares,
    )


def test_layers() -> None:
    """Linear, layer norm and embedding, with every argument."""
    x, w, b = (generator.standard_normal(shape) for shape in ((2, 3, 4), (5, 4), (5,)))
    compare(F.linear, T.linear, x, w, b)
    compare(F.linear, T.linear, x, w[0])
    for last in ((4,), (3, 4)):
        weight, bias = generator.standard_normal((2, *last))
        compare(
            lambda x, w, b, last=last: F.layer_norm(x, last, w, b, 0.02),
            lambda x, w, b, last=last: T.layer_norm(x, last, w, b, 0.02),
            x,
            weight,
            bias,
        )
    rows = np.array([[1, 4, 4], [0, 1, 3]])
    for padding in (None, 1, -1):
        compare(
            lambda w, p=padding: F.embedding(rows, w, p), lambda w, p=padding: T.embedding(torch.tensor(rows), w, p), w
        )
    assert F.one_hot(rows).tolist() == T.one_hot(torch.tensor(rows)).tolist()
    assert F.one_hot(rows, 7).tolist() == T.one_hot(torch.tensor(rows), 7).tolist()


LEFT_OUT = {"inplace", "size_average", "reduce", "_stacklevel"}


@pytest.mark.parametrize("name", F.__all__)
def test_arguments(name: str) -> None:
    """Names, order and defaults are PyTorch's; what stands behind an argument that is left out is passed by keyword."""
    mine = list(inspect.signature(getattr(F, name)).parameters.values())
    try:
        signature = inspect.signature(getattr(T, name))
    except ValueError:
        stated = getattr(T, name).__doc__.strip().splitlines()[0].split("->")[0].replace(name, "f", 1)
        spelt: dict[str, Any] = {}
        exec(f"def {stated}: ...".replace(" :", ":"), spelt)
        signature = inspect.signature(spelt["f"])
    theirs = list(signature.parameters.values())
    defaults = {parameter.name: parameter.default for parameter in theirs}
    places = [parameter.name for parameter in theirs]
    for i, parameter in enumerate(mine):
        assert parameter.name in defaults
        assert parameter.default == defaults[parameter.name] or (name, parameter.name) in NO_DEFAULT
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
            assert places[i] == parameter.name


NO_DEFAULT = {("softmax", "dim"), ("log_softmax", "dim")}
"""PyTorch guesses these, with a warning."""
