"""The cells that ``recurrent.py`` measures: as a text for autorecur, and as one step for the libraries that need one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import autorecur as ar

Weights = Mapping[str, Any]
State = tuple[Any, ...]


@dataclass(frozen=True)
class Functions:
    """What a step is written with, in PyTorch or JAX."""

    sigmoid: Callable[[Any], Any]
    tanh: Callable[[Any], Any]
    split: Callable[[Any, int], Any]
    """Equal parts of the last axis."""
    affine: Callable[[Any, Any, Any], Any]
    """``affine(a, h, U)`` is a + h U."""


Step = Callable[[Functions, Weights, Any, State], State]
"""The next state from the projected input ``a`` and the state; h comes first. Matrices stand on the right of a product."""


@dataclass(frozen=True)
class Recurrence:
    """A cell, and how a person who knows PyTorch or JAX would write it: gates that share a product stand in one matrix.

    ``stacks`` says which parameters of the cell make up which array of the step, one below the other; ``W`` and ``b`` belong
    to the input. ``layer`` is the class of PyTorch that is this cell, if there is one.
    """

    name: str
    cell: Any
    stacks: Mapping[str, tuple[str, ...]]
    states: int
    step: Step
    layer: str | None = None

    def shape(self, parameter: str, n_x: int, n_h: int) -> tuple[int, ...]:
        sizes = {"n_x": n_x, "n_h": n_h}
        return tuple(sizes[size] for size in self.cell.parameters[parameter])

    def stacked(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {stack: np.concatenate([arrays[name] for name in names]) for stack, names in self.stacks.items()}

    def unstacked(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {
            name: part
            for stack, names in self.stacks.items()
            for name, part in zip(names, np.split(arrays[stack], len(names)), strict=True)
        }


def gates(letters: str, **others: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The stacks of gates that all have an input matrix W, a recurrent one U and a bias b, unless ``others`` say otherwise."""
    return {kind: tuple(f"{kind}_{gate}" for gate in letters) for kind in "WUb"} | others


def lstm(f: Functions, w: Weights, a: Any, state: State) -> State:
    h, c = state
    i, forget, g, o = f.split(f.affine(a, h, w["U"]), 4)
    c = f.sigmoid(forget) * c + f.sigmoid(i) * f.tanh(g)
    return f.sigmoid(o) * f.tanh(c), c


def gru_reset_after(f: Functions, w: Weights, a: Any, state: State) -> State:
    (h,) = state
    a_r, a_z, a_n = f.split(a, 3)
    u_r, u_z, u_n = f.split(h @ w["U"], 3)
    n = f.tanh(a_n + f.sigmoid(a_r + u_r) * (u_n + w["c"]))
    return (n + f.sigmoid(a_z + u_z) * (h - n),)


def rnn(f: Functions, w: Weights, a: Any, state: State) -> State:
    return (f.tanh(f.affine(a, state[0], w["U"])),)


def gru(f: Functions, w: Weights, a: Any, state: State) -> State:
    (h,) = state
    a_r, a_z, a_n = f.split(a, 3)
    u_r, u_z = f.split(h @ w["U"], 2)
    n = f.tanh(f.affine(a_n, f.sigmoid(a_r + u_r) * h, w["U_n"]))
    return (n + f.sigmoid(a_z + u_z) * (h - n),)


def lstm_peephole(f: Functions, w: Weights, a: Any, state: State) -> State:
    h, c = state
    i, forget, g, o = f.split(f.affine(a, h, w["U"]), 4)
    p_i, p_f = f.split(w["p"], 2)
    c = f.sigmoid(forget + p_f * c) * c + f.sigmoid(i + p_i * c) * f.tanh(g)
    return f.sigmoid(o + w["p_o"] * c) * f.tanh(c), c


TWO_SPEEDS = """
name: two_speeds
title: A fast and a slow memory behind one write gate
k[t] = sigmoid(W_k x[t] + U_k h[t-1] + b_k)                   # write gate
q[t] = sigmoid(W_q x[t] + U_q h[t-1] + p_q * s[t-1] + b_q)    # read gate, which sees the slow memory
g[t] = tanh(W_g x[t] + U_g (q[t] * h[t-1]) + b_g)             # candidate
c[t] = c[t-1] + k[t] * (g[t] - c[t-1])                        # fast memory
s[t] = s[t-1] + k[t]^2 * (g[t] - s[t-1])                      # slow memory
h[t] = q[t] * tanh(c[t] + s[t])                               # hidden state
"""
"""Nobody's cell: it stands for the one that a student makes up."""


def two_speeds(f: Functions, w: Weights, a: Any, state: State) -> State:
    h, c, s = state
    a_k, a_q, a_g = f.split(a, 3)
    u_k, u_q = f.split(h @ w["U"], 2)
    k = f.sigmoid(a_k + u_k)
    q = f.sigmoid(a_q + u_q + w["p"] * s)
    g = f.tanh(f.affine(a_g, q * h, w["U_g"]))
    c = c + k * (g - c)
    s = s + k * k * (g - s)
    return q * f.tanh(c + s), c, s


def recurrences() -> dict[str, Recurrence]:
    """Three cells that the frameworks have fused, and three that none has."""
    built_in = ar.cells
    found = (
        Recurrence("lstm", built_in["lstm"], gates("ifgo"), 2, lstm, "LSTM"),
        Recurrence("gru_reset_after", built_in["gru_reset_after"], gates("rzn", c=("c_n",)), 1, gru_reset_after, "GRU"),
        Recurrence("rnn", built_in["rnn"], {"W": ("W_x",), "U": ("W_h",), "b": ("b_h",)}, 1, rnn, "RNN"),
        Recurrence("gru", built_in["gru"], gates("rzn", U=("U_r", "U_z"), U_n=("U_n",)), 1, gru),
        Recurrence(
            "lstm_peephole", built_in["lstm_peephole"], gates("ifgo", p=("p_i", "p_f"), p_o=("p_o",)), 2, lstm_peephole
        ),
        Recurrence(
            "two_speeds",
            ar.cell(TWO_SPEEDS),
            gates("kqg", U=("U_k", "U_q"), U_g=("U_g",), p=("p_q",)),
            3,
            two_speeds,
        ),
    )
    return {recurrence.name: recurrence for recurrence in found}
