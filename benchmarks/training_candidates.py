"""Who takes part in ``training.py``: each trains the same model from the same weights on the same batches.

A step is all of training: the batch is gathered by its indices, the model runs forward and backward, gradients are clipped by
their norm, Adam makes its step. It returns the loss. PyTorch and JAX gather a batch from one array, the fastest way they have;
ours comes from an ``ar.data.Loader``, as everybody would use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, cycle
from typing import Any, NamedTuple

import numpy as np
from recurrent_candidates import peer

import autorecur as ar

OURS, PYTORCH, JAX = "autorecur", "PyTorch", "JAX"
CELLS = {"rnn": ("RNN", 1), "gru": ("GRU", 3), "lstm": ("LSTM", 4)}
"""The class of the layer, and how many gates stand in one matrix."""
INPUTS, LETTERS, WIDTH = 8, 64, 64
"""Components of a series; characters, and the width of their embedding."""
BATCHES = 8
CLIP, RATE = 1.0, 1e-3
BETAS, EPS = (0.9, 0.999), 1e-8
Weights = Mapping[str, np.ndarray]
Step = Callable[[], Any]


class Size(NamedTuple):
    steps: int
    batch: int
    hidden: int

    def __str__(self) -> str:
        return ",".join(map(str, self))


@dataclass(frozen=True)
class Task:
    """What is trained: a series of numbers, or (``letters``) the next character of a text."""

    cell: str
    size: Size
    dtype: str
    letters: bool = False

    def __str__(self) -> str:
        return f"{'characters, ' if self.letters else ''}{self.cell} T,B,H = {self.size} {self.dtype}"

    def weights(self) -> Weights:
        """As PyTorch draws them: recurrent and linear ones uniform within ±1/√H, embeddings normal."""
        draw = np.random.default_rng(0)
        hidden, inputs = self.size.hidden, WIDTH if self.letters else INPUTS
        rows, outputs = CELLS[self.cell][1] * hidden, LETTERS if self.letters else 1
        shapes = {
            "layer.weight_ih_l0": (rows, inputs),
            "layer.weight_hh_l0": (rows, hidden),
            "layer.bias_ih_l0": (rows,),
            "layer.bias_hh_l0": (rows,),
            "readout.weight": (outputs, hidden),
            "readout.bias": (outputs,),
        }
        found = {name: draw.uniform(-1, 1, shape) / hidden**0.5 for name, shape in shapes.items()}
        if self.letters:
            found = {"embedding.weight": draw.standard_normal((LETTERS, WIDTH)), **found}
        return {name: array.astype(self.dtype) for name, array in found.items()}

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Sequences and targets, time first."""
        draw, (steps, batch, _) = np.random.default_rng(1), self.size
        count = BATCHES * batch
        if self.letters:
            text = draw.integers(0, LETTERS, (steps + 1, count))
            return text[:-1], text[1:]
        x = draw.standard_normal((steps, count, INPUTS)).astype(self.dtype)
        return x, np.cumsum(x[..., :1], axis=0) * self.size.steps**-0.5

    def loader(self) -> Any:
        """Our data set, whose order the others follow."""
        x, y = self.data()
        parts = [list(np.ascontiguousarray(np.swapaxes(array, 0, 1))) for array in (x, y)]
        return ar.data.Loader(ar.data.Sequences(*parts), self.size.batch, shuffle=True)

    def orders(self) -> Iterator[np.ndarray]:
        """The numbers of the sequences of each batch, without end; the passes repeat after some."""
        loader = self.loader()
        return cycle([index for epoch in range(10) for index in loader.order(epoch)])


def candidates(task: Task) -> Iterator[tuple[str, Step]]:
    """All that are installed, ours first; each step trains one batch further."""
    yield OURS, ours(task)
    torch = peer("torch", PYTORCH)
    if torch is not None:
        torch.set_num_threads(1)
        yield PYTORCH, pytorch(task, torch)
    jax = peer("jax", JAX)
    if jax is not None:
        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_cpu_enable_async_dispatch", False)
        yield JAX, in_jax(task, jax)


# -------------------------------------------------------------------- ours and PyTorch's


def model_of(nn: Any, task: Task) -> Any:
    """The model in the words that both libraries share."""

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            if task.letters:
                self.embedding = nn.Embedding(LETTERS, WIDTH)
            layer = getattr(nn, CELLS[task.cell][0])
            self.layer = layer(WIDTH if task.letters else INPUTS, task.size.hidden)
            self.readout = nn.Linear(task.size.hidden, LETTERS if task.letters else 1)

        def forward(self, x: Any) -> Any:
            return self.readout(self.layer(self.embedding(x) if task.letters else x)[0])

    return Model()


def loss_of(functional: Any, task: Task, y: Any, target: Any) -> Any:
    if task.letters:
        return functional.cross_entropy(y.reshape((-1, LETTERS)), target.reshape((-1,)))
    return functional.mse_loss(y, target)


def ours(task: Task) -> Step:
    model = model_of(ar.nn, task)
    model = model.float() if task.dtype == "float32" else model
    model.load_state_dict(task.weights())
    optimizer = ar.optim.Adam(model.parameters(), lr=RATE, betas=BETAS, eps=EPS)
    loader = task.loader()
    batches = chain.from_iterable(_passes(loader))

    def step() -> Any:
        batch = next(batches)
        optimizer.zero_grad()
        loss = loss_of(ar.nn.functional, task, model(batch.x), batch.y)
        loss.backward()
        ar.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        return loss

    return step


def _passes(loader: Any) -> Iterator[Any]:
    while True:
        if loader.epoch == 10:
            loader.epoch = 0
        yield loader


def pytorch(task: Task, torch: Any) -> Step:
    model = model_of(torch.nn, task).to(getattr(torch, task.dtype))
    model.load_state_dict({name: torch.tensor(array) for name, array in task.weights().items()})
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, betas=BETAS, eps=EPS)
    x, y = map(torch.tensor, task.data())
    orders = cycle([torch.tensor(index) for index, _ in zip(task.orders(), range(10 * BATCHES), strict=False)])

    def step() -> Any:
        index = next(orders)
        optimizer.zero_grad()
        loss = loss_of(torch.nn.functional, task, model(x[:, index]), y[:, index])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        return loss.detach()

    return step


# -------------------------------------------------------------------- JAX


def in_jax(task: Task, jax: Any) -> Step:
    """The whole step in one function that XLA compiles; only the gathering of a batch is NumPy's."""
    jnp, (x, y), orders = jax.numpy, task.data(), task.orders()
    update = jax.jit(partial(_update, jax, partial(_loss_in_jax, jax, task)))
    weights = {name: jnp.asarray(array) for name, array in task.weights().items()}
    zeros = {name: jnp.zeros_like(array) for name, array in weights.items()}
    held = [(weights, zeros, zeros, 0.0)]

    def step() -> Any:
        index = next(orders)
        held[0], loss = update(held[0], x[:, index], y[:, index])
        return loss.block_until_ready()

    return step


def _update(jax: Any, loss_of: Callable[..., Any], held: Any, x: Any, y: Any) -> Any:
    jnp, tree = jax.numpy, jax.tree_util.tree_map
    weights, m, v, t = held
    loss, g = jax.value_and_grad(loss_of)(weights, x, y)
    norm = jnp.sqrt(sum(jnp.sum(part**2) for part in g.values()))
    g = tree(lambda part: part * jnp.minimum(1.0, CLIP / (norm + 1e-6)), g)
    t, (beta1, beta2) = t + 1.0, BETAS
    m = tree(lambda m, g: beta1 * m + (1 - beta1) * g, m, g)
    v = tree(lambda v, g: beta2 * v + (1 - beta2) * g**2, v, g)
    rate, root = RATE / (1 - beta1**t), jnp.sqrt(1 - beta2**t)
    stepped = tree(lambda p, m, v: (p - rate * m / (jnp.sqrt(v) / root + EPS)).astype(p.dtype), weights, m, v)
    return (stepped, m, v, t), loss


def _loss_in_jax(jax: Any, task: Task, w: Any, x: Any, y: Any) -> Any:
    jnp, sigmoid = jax.numpy, jax.nn.sigmoid
    x = w["embedding.weight"][x] if task.letters else x
    a = x @ w["layer.weight_ih_l0"].T + w["layer.bias_ih_l0"]
    U, c = w["layer.weight_hh_l0"].T, w["layer.bias_hh_l0"]

    def over(state: Any, a: Any) -> Any:
        h = state[0]
        u = h @ U + c
        if task.cell == "rnn":
            h = jnp.tanh(a + u)
            return (h,), h
        if task.cell == "gru":
            (a_r, a_z, a_n), (u_r, u_z, u_n) = jnp.split(a, 3, -1), jnp.split(u, 3, -1)
            n = jnp.tanh(a_n + sigmoid(a_r + u_r) * u_n)
            h = n + sigmoid(a_z + u_z) * (h - n)
            return (h,), h
        i, f, g, o = jnp.split(a + u, 4, -1)
        memory = sigmoid(f) * state[1] + sigmoid(i) * jnp.tanh(g)
        h = sigmoid(o) * jnp.tanh(memory)
        return (h, memory), h

    zero = jnp.zeros((x.shape[1], task.size.hidden), a.dtype)
    _, h = jax.lax.scan(over, (zero,) * (2 if task.cell == "lstm" else 1), a)
    out = h @ w["readout.weight"].T + w["readout.bias"]
    if not task.letters:
        return jnp.mean((out - y) ** 2)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(out, -1), y[..., None], -1))


# -------------------------------------------------------------------- the optimiser alone

SHAPES: Sequence[tuple[int, ...]] = [(64, 64), (64,)] * 5
OPTIMIZERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "Adam": ("Adam", {}),
    "SGD with momentum": ("SGD", {"momentum": 0.9}),
    "RMSprop": ("RMSprop", {}),
}


def optimizers(name: str, dtype: str) -> Iterator[tuple[str, Step]]:
    """Steps of one optimiser on ten small tensors; each returns the first of them."""
    kind, options = OPTIMIZERS[name]
    draw = np.random.default_rng(0)
    numbers = [[draw.standard_normal(shape).astype(dtype) for shape in SHAPES] for _ in range(2)]

    def stepping(optimizer: Any, first: Any) -> Step:
        def step() -> Any:
            optimizer.step()
            return first

        return step

    parameters = [ar.nn.Parameter(array) for array in numbers[0]]
    for p, g in zip(parameters, numbers[1], strict=True):
        p.grad = g
    yield OURS, stepping(getattr(ar.optim, kind)(parameters, lr=RATE, **options), parameters[0])
    torch = peer("torch", PYTORCH)
    if torch is not None:
        torch.set_num_threads(1)
        leaves = [torch.nn.Parameter(torch.tensor(array)) for array in numbers[0]]
        for p, g in zip(leaves, numbers[1], strict=True):
            p.grad = torch.tensor(g)
        yield PYTORCH, stepping(getattr(torch.optim, kind)(leaves, lr=RATE, **options), leaves[0])
