"""Who takes part in ``recurrent.py``: each runs forward and backward on the same weights, and says what it found.

What is computed is the same for all: h[t] at every step, and the gradients of ⟨cotangent, h⟩ in the input and in every
parameter. The floor is the matrix products of that and nothing else. They cannot be left out, so with large matrices no
time of the same library is below it; with small ones it is the price of a call from Python, and a compiled loop pays less.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from recurrent_cells import Functions, Recurrence, Weights

import autorecur as ar

OURS = "autorecur"
ARRAYS = "autorecur, arrays"
LAYER = "autorecur.nn"
PYTORCH = "PyTorch"
BY_OPS = "PyTorch, op by op"
JAX = "JAX"
FLOOR = "floor"


class Size(NamedTuple):
    steps: int
    batch: int
    inputs: int
    hidden: int

    def __str__(self) -> str:
        return ",".join(map(str, self))


@dataclass(frozen=True)
class Problem:
    """One cell at one size: the numbers that every candidate is given."""

    recurrence: Recurrence
    size: Size
    x: np.ndarray
    parameters: Mapping[str, np.ndarray]
    cotangent: np.ndarray

    @classmethod
    def draw(cls, recurrence: Recurrence, size: Size, dtype: str) -> Problem:
        """Weights as PyTorch draws them, uniform within ±1/√H; a normal input and cotangent."""
        generator = np.random.default_rng(0)
        bound = size.hidden**-0.5
        parameters = {
            name: generator.uniform(-bound, bound, recurrence.shape(name, size.inputs, size.hidden)).astype(dtype)
            for names in recurrence.stacks.values()
            for name in names
        }
        x = generator.standard_normal((size.steps, size.batch, size.inputs)).astype(dtype)
        cotangent = generator.standard_normal((size.steps, size.batch, size.hidden)).astype(dtype)
        return cls(recurrence, size, x, parameters, cotangent)

    @property
    def stacked(self) -> dict[str, np.ndarray]:
        return self.recurrence.stacked(self.parameters)

    def found(self, h: Any, x: Any, stacked: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """What was computed, under the names of the cell."""
        gradients = self.recurrence.unstacked({name: np.asarray(value) for name, value in stacked.items()})
        return {"h": np.asarray(h), "dL/dx": np.asarray(x)} | {f"dL/d{name}": g for name, g in gradients.items()}


@dataclass(frozen=True)
class Candidate:
    """``run`` does the work; ``found`` turns its result into numbers to compare, and is None for the floor.

    Of several ways to the same goal, those of one ``group``, the fastest counts.
    """

    name: str
    group: str
    run: Callable[[], Any]
    found: Callable[[Any], dict[str, np.ndarray]] | None = None


def candidates(problem: Problem, backend: str, threads: int) -> Iterator[Candidate]:
    """All that are installed, ours first."""
    yield ours(problem, backend)
    yield our_arrays(problem)
    if problem.recurrence.layer and hasattr(ar.nn, problem.recurrence.layer):
        yield our_layer(problem, getattr(ar.nn, problem.recurrence.layer))
    torch = peer("torch", PYTORCH)
    if torch is not None:
        torch.set_num_threads(threads)
        yield pytorch_layer(problem, torch) if problem.recurrence.layer else pytorch_by_ops(problem, torch)
    jax = peer("jax", JAX)
    if jax is not None:
        jax.config.update("jax_enable_x64", True)
        # On a thread of its own the work of a call takes part of a second core, and longer where it is short.
        jax.config.update("jax_cpu_enable_async_dispatch", threads > 1)
        yield jax_scan(problem, jax, hoisted=True)
        yield jax_scan(problem, jax, hoisted=False)
    yield floor(problem, "NumPy", numpy_product, packed=True)
    yield floor(problem, "SciPy", scipy_product(problem.x.dtype), packed=False)


@cache
def peer(module: str, name: str) -> ModuleType | None:
    try:
        return importlib.import_module(module)
    except ImportError:
        print(f"{name} is not installed and is left out (pip install 'autorecur[peers]')")
        return None


# -------------------------------------------------------------------- ours


def ours(problem: Problem, backend: str) -> Candidate:
    cell = problem.recurrence.cell
    parameters = {name: ar.tensor(array, requires_grad=True) for name, array in problem.parameters.items()}
    x = ar.tensor(problem.x, requires_grad=True)
    leaves = [x, *parameters.values()]

    def run() -> Any:
        for leaf in leaves:
            leaf.grad = None
        h = cell.run(x, parameters, outputs=("h",), backend=backend)["h"]
        h.backward(problem.cotangent)
        return h

    def found(h: Any) -> dict[str, np.ndarray]:
        gradients = {f"dL/d{name}": parameter.grad.numpy() for name, parameter in parameters.items()}
        return {"h": h.numpy(), "dL/dx": x.grad.numpy()} | gradients

    return Candidate(OURS, OURS, run, found)


def our_arrays(problem: Problem) -> Candidate:
    """What JAX is asked for: from arrays to arrays, with nothing recorded."""
    cell = problem.recurrence.cell
    parameters = {name: np.array(array) for name, array in problem.parameters.items()}

    def run() -> Any:
        return cell.value_and_grad(problem.x, parameters, {"h": problem.cotangent})

    def found(result: Any) -> dict[str, np.ndarray]:
        outs, gradients = result
        return {"h": outs["h"]} | {f"dL/d{name}": gradient for name, gradient in gradients.items()}

    return Candidate(ARRAYS, OURS, run, found)


def our_layer(problem: Problem, kind: Callable[..., Any]) -> Candidate:
    layer = kind(problem.size.inputs, problem.size.hidden)
    layer = layer.float() if problem.x.dtype == np.float32 else layer
    layer.load_state_dict(in_a_layer(problem))
    x = ar.tensor(problem.x, requires_grad=True)
    return Candidate(LAYER, LAYER, *with_layer(problem, layer, x, problem.cotangent))


# -------------------------------------------------------------------- PyTorch


def pytorch_layer(problem: Problem, torch: Any) -> Candidate:
    layer = getattr(torch.nn, problem.recurrence.layer or "")(problem.size.inputs, problem.size.hidden)
    layer = layer.to(torch.from_numpy(problem.x).dtype)
    layer.load_state_dict({name: torch.tensor(array) for name, array in in_a_layer(problem).items()})
    x = torch.tensor(problem.x, requires_grad=True)
    return Candidate(PYTORCH, PYTORCH, *with_layer(problem, layer, x, torch.tensor(problem.cotangent)))


def in_a_layer(problem: Problem) -> dict[str, np.ndarray]:
    """The parameters under PyTorch's names. Of its two biases the second is zero, but for the one inside the GRU's reset."""
    stacked = problem.stacked
    second = np.zeros_like(stacked["b"])
    if "c" in stacked:
        second[-len(stacked["c"]) :] = stacked["c"]
    arrays = (stacked["W"], stacked["U"], stacked["b"], second)
    return dict(zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), arrays, strict=True))


def with_layer(problem: Problem, layer: Any, x: Any, cotangent: Any) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    """Forward and backward of a layer, PyTorch's or ours, and what it found."""
    parameters = dict(layer.named_parameters())
    leaves = [x, *parameters.values()]

    def run() -> Any:
        for leaf in leaves:
            leaf.grad = None
        h = layer(x)[0]
        h.backward(cotangent)
        return h

    def found(h: Any) -> dict[str, np.ndarray]:
        gradients = {name: parameter.grad.numpy() for name, parameter in parameters.items()}
        stacked = {
            "W": gradients["weight_ih_l0"],
            "U": gradients["weight_hh_l0"],
            "b": gradients["bias_ih_l0"],
            "c": gradients["bias_hh_l0"][-problem.size.hidden :],
        }
        asked = {name: stacked[name] for name in problem.recurrence.stacks}
        return problem.found(h.detach().numpy(), x.grad.numpy(), asked)

    return run, found


def pytorch_by_ops(problem: Problem, torch: Any) -> Candidate:
    """A loop over time of PyTorch's operations: the input projected for all steps at once, gates in one product."""
    f = Functions(torch.sigmoid, torch.tanh, lambda a, parts: a.chunk(parts, -1), torch.addmm)
    recurrence, size = problem.recurrence, problem.size
    parameters = {name: torch.tensor(array, requires_grad=True) for name, array in problem.stacked.items()}
    x = torch.tensor(problem.x, requires_grad=True)
    cotangent = torch.tensor(problem.cotangent)
    leaves = [x, *parameters.values()]

    def run() -> Any:
        for leaf in leaves:
            leaf.grad = None
        w = on_the_right(parameters)
        projected = torch.addmm(w["b"], x.reshape(-1, size.inputs), w["W"]).reshape(size.steps, size.batch, -1)
        state = (x.new_zeros(size.batch, size.hidden),) * recurrence.states
        outputs = []
        for a in projected.unbind():
            state = recurrence.step(f, w, a, state)
            outputs.append(state[0])
        h = torch.stack(outputs)
        h.backward(cotangent)
        return h

    def found(h: Any) -> dict[str, np.ndarray]:
        gradients = {name: parameter.grad.numpy() for name, parameter in parameters.items()}
        return problem.found(h.detach().numpy(), x.grad.numpy(), gradients)

    return Candidate(BY_OPS, PYTORCH, run, found)


def on_the_right(parameters: Weights) -> dict[str, Any]:
    """Matrices as a product of rows needs them."""
    return {name: array.T if array.ndim == 2 else array for name, array in parameters.items()}


# -------------------------------------------------------------------- JAX


def jax_scan(problem: Problem, jax: Any, hoisted: bool) -> Candidate:
    """A jitted ``lax.scan``; the input's product before the scan or inside it, for neither is always the faster."""
    f = Functions(jax.nn.sigmoid, jax.numpy.tanh, lambda a, n: jax.numpy.split(a, n, -1), lambda a, h, U: a + h @ U)
    recurrence, size = problem.recurrence, problem.size
    parameters = {name: jax.numpy.asarray(array) for name, array in problem.stacked.items()}
    x, cotangent = jax.numpy.asarray(problem.x), jax.numpy.asarray(problem.cotangent)

    def loss(parameters: Weights, x: Any, cotangent: Any) -> tuple[Any, Any]:
        w = on_the_right(parameters)

        def project(x: Any) -> Any:
            return x @ w["W"] + w["b"]

        def step(state: Any, a: Any) -> Any:
            state = recurrence.step(f, w, a if hoisted else project(a), state)
            return state, state[0]

        zeros = jax.numpy.zeros((size.batch, size.hidden), x.dtype)
        _, h = jax.lax.scan(step, (zeros,) * recurrence.states, project(x) if hoisted else x)
        return (h * cotangent).sum(), h

    gradient = jax.jit(jax.value_and_grad(loss, (0, 1), has_aux=True))

    def run() -> Any:
        return jax.block_until_ready(gradient(parameters, x, cotangent))

    def found(result: Any) -> dict[str, np.ndarray]:
        (_, h), (gradients, of_x) = result
        return problem.found(h, of_x, gradients)

    return Candidate(JAX if hoisted else f"{JAX}, product inside", JAX, run, found)


# -------------------------------------------------------------------- the floor

Product = Callable[[np.ndarray, np.ndarray, np.ndarray], object]
"""``product(a, b, out)`` writes a b to ``out``."""


def numpy_product(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> object:
    return np.matmul(a, b, out=out)


def scipy_product(dtype: Any) -> Product:
    """BLAS without NumPy's checks. It counts by columns, so the transposed equation is handed over, without a copy."""
    blas = importlib.import_module("scipy.linalg.blas")
    gemm = blas.sgemm if dtype == np.float32 else blas.dgemm

    def product(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> object:
        turned_b, turned_a = not b.flags.c_contiguous, not a.flags.c_contiguous
        return gemm(1.0, b if turned_b else b.T, a if turned_a else a.T, 0.0, out.T, turned_b, turned_a, 1)

    return product


def floor(problem: Problem, library: str, product: Product, packed: bool) -> Candidate:
    """The products of one forward and backward pass. h[0] is zero, so those of the recurrence begin at step 2.

    Forward: x Wᵀ for all steps, h Uᵀ at each. Backward: δ U at each, then dW = δᵀx, dU = δᵀh, dx = δ W for all steps.
    ``packed``: the recurrent matrix is there transposed as well, which some libraries multiply faster.
    """
    generator = np.random.default_rng(0)
    size, stacks = problem.size, problem.stacked
    rows = size.steps * size.batch

    def drawn(*shape: int) -> np.ndarray:
        return generator.standard_normal(shape).astype(problem.x.dtype)

    W, x = stacks["W"], problem.x.reshape(rows, size.inputs)
    recurrent = [array for name, array in stacks.items() if name != "W" and array.ndim == 2]
    forward: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = [(x, W.T, drawn(rows, len(W)))]
    backward, deferred = [], []
    for U in recurrent:
        turned = np.ascontiguousarray(U.T) if packed else U.T
        h, a, delta = (drawn(size.steps, size.batch, width) for width in (size.hidden, len(U), len(U)))
        dh = drawn(size.batch, size.hidden)
        forward += [(h[t - 1], turned, a[t]) for t in range(1, size.steps)]
        backward += [(delta[t], U, dh) for t in range(size.steps - 1, 0, -1)]
        deferred.append((delta[1:].reshape(-1, len(U)).T, h[:-1].reshape(-1, size.hidden), np.empty_like(U)))
    delta = drawn(rows, len(W))
    deferred += [(delta.T, x, np.empty_like(W)), (delta, W, np.empty_like(x))]
    products = forward + backward + deferred

    def run() -> None:
        for a, b, out in products:
            product(a, b, out)

    return Candidate(f"{FLOOR}, {library}", FLOOR, run)
