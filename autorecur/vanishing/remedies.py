"""What is done against vanishing and exploding gradients, each measured on a small network: fast, and the same every time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np

from autorecur.cells import cells
from autorecur.graph.adjoint import adjoint_name, pull_backs
from autorecur.graph.node import Variable
from autorecur.graph.program import Array, Compute, Values, compile_node, plain
from autorecur.language.building import cell as read
from autorecur.language.cell import Cell
from autorecur.vanishing.flow import drawn
from autorecur.vanishing.jacobians import Prepared, StepJacobians, groups_of, spectral

STEPS, HIDDEN, SAMPLES = 24, 8, 2
WIDE = 16
"""Components where entries of weights are random: in fewer, one draw differs too much from another."""
BIASES = (0, 1, 2, 4)
GAINS = (0.5, 1.0, 1.5, 2.5)
Adjust = Callable[[Values], None]


def norms(
    cell: Cell, adjust: Adjust | None = None, state: str | None = None, hidden: int = HIDDEN
) -> tuple[float, ...]:
    """The geometric mean of ‖∂s_T/∂s_k‖ over the sequences, for T−k = 0, 1, …; ``adjust`` changes the weights first."""
    prepared = Prepared.of(cell)
    values = drawn(cell, STEPS, hidden, 1.0, 0, SAMPLES)
    if adjust is not None:
        adjust(values)
    with np.errstate(all="ignore"):
        prepared.simulated(values)
        jacobians = StepJacobians(prepared, values, groups_of(cell)[0])
        found = spectral(jacobians.of_all() if state is None else jacobians.of_state(state))
        return tuple(float(x) for x in np.exp(np.mean(np.log(found), axis=1)))


def orthogonal(size: int = HIDDEN) -> Array:
    matrix = np.random.default_rng(3).standard_normal((size, size))
    return np.linalg.qr(matrix)[0]


def elman(function: str) -> Cell:
    """The recurrent network with a function of one's choice."""
    return read(f"h[t] = {function}(W x[t] + U h[t-1])", function)


def recurrent(matrix: Array, inputs: float = 0.1) -> Adjust:
    """Sets the recurrent weight, and inputs so small that little saturates."""

    def adjust(values: Values) -> None:
        values.parameters["U"] = matrix
        values.parameters["W"] = inputs * values.parameters["W"]

    return adjust


@cache
def by_function() -> Mapping[str, tuple[float, ...]]:
    """One orthogonal weight, other functions: only their slopes differ."""
    weight = orthogonal()
    return {name: norms(elman(name), recurrent(weight, 1.0)) for name in ("sigmoid", "tanh", "relu")}


@cache
def by_initialisation() -> Mapping[str, tuple[float, ...]]:
    """Weights of other sizes: entries of variance 1/(3n), Glorot's 1/n, He's 2/n with a rectifier, and orthogonal ones."""
    normal = np.random.default_rng(8).standard_normal((WIDE, WIDE)) / np.sqrt(WIDE)
    small, he, glorot = normal / np.sqrt(3), normal * np.sqrt(2), normal
    return {
        "small": norms(elman("tanh"), recurrent(small), hidden=WIDE),
        "glorot": norms(elman("tanh"), recurrent(glorot), hidden=WIDE),
        "he": norms(elman("relu"), recurrent(he, 1.0), hidden=WIDE),
        "orthogonal": norms(elman("tanh"), recurrent(orthogonal(WIDE)), hidden=WIDE),
    }


@cache
def by_gain() -> Mapping[float, tuple[float, ...]]:
    """An orthogonal weight times a number, in a linear recurrence, where the bound is reached: powers of the number."""
    weight = orthogonal()
    return {gain: norms(elman("tanh"), recurrent(gain * weight, 0.01)) for gain in GAINS}


@cache
def clipped(most: float = 4.0) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The norm of a gradient that explodes with the number of steps, and of the same gradient clipped by its norm."""
    raw = by_gain()[1.5]
    return raw, tuple(min(norm, most) for norm in raw)


@cache
def by_forget_bias() -> Mapping[int, tuple[float, ...]]:
    """The LSTM's ‖∂c_T/∂c_k‖ for some biases of the forget gate."""

    def adjust(bias: int) -> Adjust:
        def change(values: Values) -> None:
            values.parameters["b_f"] = np.full_like(values.parameters["b_f"], float(bias))

        return change

    return {bias: norms(cells["lstm"], adjust(bias), "c") for bias in BIASES}


@cache
def by_truncation(names: Sequence[str] = ("rnn", "lstm")) -> Mapping[str, tuple[tuple[int, ...], tuple[float, ...]]]:
    """How much of the gradient of the recurrent weights is lost if it is cut behind k steps, relative to the whole."""
    return {name: _lost(cells[name]) for name in names}


def _lost(cell: Cell, steps: int = 20) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The loss is at the last step, so that what is left after a cut at k comes from the last k steps."""
    prepared = Prepared.of(cell)
    values = drawn(cell, steps, HIDDEN, 1.0, 0, 1)
    prepared.simulated(values)
    jacobians = StepJacobians(prepared, values, groups_of(cell)[0])
    cotangent = np.random.default_rng(1).standard_normal(jacobians.size)
    sweep = _Sweep(jacobians)
    parts = [
        sweep.added(steps - distance, cotangent @ whole[0])
        for distance, whole in zip(range(steps), jacobians.products(), strict=False)
    ]
    total = np.cumsum(parts, axis=0)
    size = float(np.linalg.norm(total[-1]))
    depths = tuple(range(1, steps))
    return depths, tuple(float(np.linalg.norm(total[-1] - total[depth - 1])) / size for depth in depths)


class _Sweep:
    """What each step adds to the gradient of the matrices that multiply a state: the pull-back of that step alone."""

    def __init__(self, jacobians: StepJacobians) -> None:
        self.jacobians, prepared = jacobians, jacobians.prepared
        self.values = jacobians.values.copy()
        self.computes: dict[str, list[tuple[Variable, Compute]]] = {}
        for name in prepared.order:
            assignment = prepared.step.assignments[name]
            own = Variable(assignment.node.shape, name=adjoint_name(name), offset=0)
            recurrent = any(leaf.name in prepared.cell.states and leaf.offset == -1 for leaf, _ in prepared.pulls[name])
            sent = pull_backs(assignment.node, own, assignment.variable)
            self.computes[name] = [
                (leaf, compile_node(node, self.values.sizes, plain))
                for leaf, (node, _) in sent.items()
                if (leaf.offset == 0 and leaf.name in prepared.pulls)
                or (leaf.offset is None and recurrent and 1 not in leaf.shape)
            ]

    def added(self, step: int, adjoint: Array) -> Array:
        jacobians = self.jacobians
        received: dict[str, Array] = {}
        for state in jacobians.group.states:
            place = jacobians.places[state, 0]
            received[state] = adjoint[place : place + jacobians.counts[state]].reshape(1, -1, 1)
        found: list[Array] = []
        for name in reversed(jacobians.prepared.order):
            if name not in received:
                continue
            self.values.quantities[adjoint_name(name), step] = received[name]
            for leaf, compute in self.computes[name]:
                sent = compute(self.values, {"t": step, "T": self.values.steps})
                if leaf.offset is None:
                    found.append(np.ravel(sent))
                else:
                    received[leaf.name] = received[leaf.name] + sent if leaf.name in received else sent
        return np.concatenate(found)
