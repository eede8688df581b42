"""Tasks that need a long memory: adding, copying, parity."""

from __future__ import annotations

import numpy as np

from autorecur.data.arguments import whole
from autorecur.data.sequences import Sequences
from autorecur.errors import ArgumentError


def adding(count: int = 1000, length: int = 100, seed: int = 0, spread: float = 0.0) -> Sequences:
    """The adding problem: two of T random numbers are marked, and their sum is asked for at the end.

    x (T, 2): a number drawn from [0, 1], and a mark that is 1 once in each half. y: the sum of the two marked numbers.
    ``spread=0.1`` draws lengths from T to 1.1 T, as the paper does.

    Who always answers 1 has a mean squared error of 1/6 (``baseline``): below, something was remembered over T/2 steps.

    Source: Hochreiter & Schmidhuber (1997), Long short-term memory, experiment 4; ranges as in Le, Jaitly & Hinton (2015)
    and Arjovsky, Shah & Bengio (2016).

    >>> data = adding(count=3, length=10, seed=1)
    >>> x, y, _ = data[0]
    >>> bool(np.isclose((x[:, 0] * x[:, 1]).sum(), y[0]))
    True
    """
    draw = _generator(count, seed)
    shortest = whole("length", length, 2)
    if not 0 <= spread <= 10:
        raise ArgumentError(f"spread is a share of the length, 0 to 10, not {spread!r}")
    x, y = [], []
    for steps in draw.integers(shortest, int(shortest * (1 + spread)) + 1, count).tolist():
        numbers, marks = draw.random(steps), np.zeros(steps)
        places = [draw.integers(0, steps // 2), draw.integers(steps // 2, steps)]
        marks[places] = 1.0
        x.append(np.stack([numbers, marks], axis=1))
        y.append(numbers[places].sum())
    return Sequences(x, y, names=("number", "mark"), readout="last", baseline=1 / 6)


def copy_memory(count: int = 1000, length: int = 100, seed: int = 0, symbols: int = 8, memory: int = 10) -> Sequences:
    """The copy task: ``memory`` symbols come first, and are asked for ``length`` steps later, after a signal.

    x (length + 2 memory,) tokens: the symbols 1 … K, blanks 0, the signal K + 1 ``memory`` + 1 steps before the end, blanks.
    y at every step: blank, and at the last ``memory`` steps the symbols in their order; K + 1 classes.

    Who forgets everything but knows when to answer has a cross entropy of memory · ln K / (length + 2 memory)
    (``baseline``): blanks are certain, and each symbol is a guess.

    Source: Hochreiter & Schmidhuber (1997); in this form Arjovsky, Shah & Bengio (2016), Unitary evolution recurrent
    neural networks, section 4.1 (K = 8, memory = 10, T = length).

    >>> data = copy_memory(count=1, length=3, symbols=2, memory=2, seed=0)
    >>> data.x[0].tolist(), data.y[0].tolist()
    ([2, 2, 0, 0, 3, 0, 0], [0, 0, 0, 0, 0, 2, 2])
    """
    draw = _generator(count, seed)
    length, symbols, memory = whole("length", length), whole("symbols", symbols, 2), whole("memory", memory)
    steps = length + 2 * memory
    drawn = draw.integers(1, symbols + 1, (count, memory))
    x, y = np.zeros((count, steps), dtype=np.int64), np.zeros((count, steps), dtype=np.int64)
    x[:, :memory], x[:, steps - memory - 1] = drawn, symbols + 1
    y[:, steps - memory :] = drawn
    guessing = memory * np.log(symbols) / steps
    return Sequences(x, y, kind="tokens", readout="every", classes=symbols + 1, baseline=guessing)


def parity(count: int = 1000, length: int = 20, seed: int = 0, every: bool = False) -> Sequences:
    """Parity: is the number of ones odd? x (T, 1) of zeros and ones, y the class 1 if so, at the end or at ``every`` step.

    Every bit counts, so that whoever misses one knows nothing: who guesses has a cross entropy of ln 2 (``baseline``).

    Source: Minsky & Papert (1969), Perceptrons; bit by bit, for recurrent networks, Hochreiter & Schmidhuber (1996),
    Bridging long time lags by weight guessing.

    >>> data = parity(count=1, length=5, seed=2, every=True)
    >>> data.x[0].ravel().tolist(), data.y[0].tolist()
    ([1.0, 0.0, 0.0, 0.0, 0.0], [1, 1, 1, 1, 1])
    """
    draw = _generator(count, seed)
    bits = draw.integers(0, 2, (count, whole("length", length)))
    odd = np.cumsum(bits, axis=1) % 2
    return Sequences(
        bits[..., None].astype(np.float64),
        odd if every else odd[:, -1],
        names=("bit",),
        readout="every" if every else "last",
        labels=("even", "odd"),
        baseline=float(np.log(2)),
    )


def _generator(count: int, seed: int) -> np.random.Generator:
    whole("count", count)
    return np.random.default_rng(whole("seed", seed, 0))
