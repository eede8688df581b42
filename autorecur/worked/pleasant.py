"""Numbers that a person likes to compute with: one decimal, different from each other, no zeros, nothing saturated.

A few candidates are drawn and tried in double precision; the first at which every quantity and every gradient is neither
too small to be seen nor too large is taken, else the best of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.derive.results import calculate, forward, load
from autorecur.graph.adjoint import adjoint_name
from autorecur.graph.clocks import Horizon, last_step
from autorecur.graph.program import Values
from autorecur.graph.walk import postorder
from autorecur.language.sizes import names_in, resolve
from autorecur.symbolic.numbers import Evaluator
from autorecur.worked.absent import NoExampleError
from autorecur.worked.given import Given, made

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

UNITS = 2
FEW, SHORT, LONG = 5, 2, 3
"""A cell of few quantities is run for more steps."""
FEW_OF_FRAME = 14
MOST_STEPS = 3
MOST_STEPS_CUT = 5
"""Of a truncated gradient, so that a cut lies within; behind many steps no example reaches it."""
TRIES, SIGNED = 40, 30
"""The last ones are positive, for cells with logarithms and roots."""
WEIGHTS = ("0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8")
BIASES = ("0.1", "0.2", "0.3")
INPUTS = ("0.5", "1", "0.8", "0.6", "0.4")
STATES = ("0.1", "0.2", "0.3", "0.4")
RATES = tuple(Fraction(x) for x in ("0.5", "0.2", "0.1", "0.05", "0.01"))
LEAST, LEAST_GRADIENT = 0.02, 0.004
LARGEST, NEAR_ONE = 3.0, 0.95


def pleasant(derivation: Derivation, digits: int) -> Given:
    """The default values of a derivation's worked example; always the same for the same equations.

    They are drawn for the cell as written. Raises NoExampleError where every attempt leaves some function undefined."""
    sizes = _sizes(derivation)
    steps = _steps(derivation)
    best: tuple[float, dict[str, Any], Values] | None = None
    for attempt in range(TRIES):
        arrays = dict(_draw(derivation, sizes, steps, _Stream(attempt)))
        values, _ = load(derivation, arrays, steps)
        quality = _forward(derivation, values)[0]
        if quality > 0:
            # Adjoints cost most: they are computed where they can still decide.
            if best is not None and quality <= best[0]:
                continue
            whole = calculate(derivation, values)
            quality *= _quality_of_gradients(derivation, whole)
        if best is None or quality > best[0]:
            best = quality, arrays, values
        if quality >= 1:
            break
    if best is None or best[0] < 0:
        raise NoExampleError("numbers", "no small numbers were found at which every function of this cell has a value.")
    rate = _rate(derivation, best[2])
    return made(derivation, best[1], steps, rate, digits)


def _sizes(derivation: Derivation) -> dict[str, int]:
    """Two units; inputs and outputs have one component, unless something joins the components of a vector."""
    cell = derivation.extended
    large = {name for state in cell.states for size in cell.shapes[state] for name in names_in(size)}
    for root in derivation.nodes.values():
        for node in postorder(root):
            if node.op is not None and node.op.kind in ("componentwise", "reduction"):
                if node.op.name in ("sum", "mean"):
                    continue
                large |= {name for size in node.inputs[0].shape for name in names_in(size)}
    if derivation.loss.kind == "ce":
        large |= {name for size in cell.shapes["target"] for name in names_in(size)}
    hidden = [a.name for a in derivation.cell.assignments if a.name not in derivation.cell.outputs]
    large |= {name for quantity in hidden for size in cell.shapes[quantity] for name in names_in(size)}
    large = large or set(cell.sizes)
    return {name: UNITS if name in large else 1 for name in cell.sizes}


def _steps(derivation: Derivation) -> int:
    """T; of a frame one for each part, not all the same where few quantities are computed."""
    least = _least(derivation)
    if derivation.clocks is None:
        return least
    first, *others = derivation.clocks.named or ("",)
    longer = bool(others) and len(derivation.step.assignments) <= FEW_OF_FRAME
    return Horizon(derivation.clocks, {first: least + longer, **dict.fromkeys(others, least)} if first else {})


def _least(derivation: Derivation) -> int:
    if derivation.steps is not None and derivation.steps <= MOST_STEPS:
        return derivation.steps
    longest = max((abs(o) for used in derivation.extended.offsets.values() for o in used), default=0)
    several = derivation.clocks is not None and len(derivation.clocks.named) > 1
    few = len(derivation.step.assignments) <= FEW and not several
    least = max(longest + 1, LONG if few else SHORT)
    beyond = (derivation.truncate or 0) + (2 if few else 1)
    return max(least, beyond) if derivation.truncate and beyond <= MOST_STEPS_CUT else least


@dataclass
class _Stream:
    """Numbers that look random and are the same everywhere."""

    state: int

    def below(self, n: int) -> int:
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 16) % n

    def pick(self, words: Sequence[str], count: int, signed: bool = True) -> list[float]:
        """Different ones as long as there are any; every second number is negative, more or less."""
        found: list[float] = []
        pool: list[str] = []
        for _ in range(count):
            pool = pool or list(words)
            number = float(pool.pop(self.below(len(pool))))
            found.append(-number if signed and self.below(5) < 2 else number)
        return found


def _draw(derivation: Derivation, sizes: dict[str, int], steps: int, stream: _Stream) -> Iterator[tuple[str, Any]]:
    cell = derivation.written
    positive = stream.state >= SIGNED

    def array(words: Sequence[str], shape: Sequence[int | str], *lead: int) -> np.ndarray:
        whole = (*lead, *(resolve(size, sizes) for size in shape if size != 1))
        count = int(np.prod(whole, dtype=int))
        return np.array(stream.pick(words, count, not positive)).reshape(whole)

    for name, shape in cell.parameters.items():
        weight = len(shape) == 2 and 1 not in shape
        yield name, array(WEIGHTS if weight else STATES if name.endswith("]") else BIASES, shape)
    for name in (*derivation.cell.inputs, *derivation.loss.inputs):
        once = derivation.is_once(name) or (name == "target" and derivation.loss.at == "last")
        lead = () if once else (last_step(steps, name),)
        if name == "target":
            yield name, _target(derivation, array(INPUTS, cell.shapes[name], *lead), stream)
        else:
            yield name, array(INPUTS, cell.shapes[name], *lead)
    for state in cell.states:
        for key in cell.initial_keys(state):
            if key not in cell.parameters and key not in cell.starts:
                yield key, array(STATES, cell.shapes[state])


def _target(derivation: Derivation, drawn: np.ndarray, stream: _Stream) -> np.ndarray:
    """One class of a cross entropy, zeros and ones of a binary one."""
    if derivation.loss.kind == "ce":
        flat = np.zeros((drawn.size // UNITS, UNITS))
        for line in flat:
            line[stream.below(UNITS)] = 1.0
        return flat.reshape(drawn.shape)
    if derivation.loss.kind == "bce":
        return np.array([float(stream.below(2)) for _ in range(drawn.size)]).reshape(drawn.shape)
    return drawn


def _forward(derivation: Derivation, values: Values) -> tuple[float, float]:
    """How pleasant the forward quantities are, and the loss."""
    evaluator = Evaluator(values.sizes)
    forward(derivation, values, evaluator)
    loss = evaluator.compile(derivation["L"].rhs)(values, values.index(0))
    return _quality(derivation, values), float(np.sum(loss))


def _quality(derivation: Derivation, values: Values) -> float:
    """1 if nothing is too small, too large or saturated; less by how much the worst is missed."""
    parts: list[float] = []
    for (name, _), array in values.quantities.items():
        if name not in derivation.nodes or not np.all(np.isfinite(array)):
            if name in derivation.nodes:
                return -1.0
            continue
        size = np.abs(array)
        parts.append(min(1.0, float(size.max(initial=0.0)) / LEAST))
        parts.append(min(1.0, LARGEST / max(LARGEST, float(size.max(initial=0.0)))))
        op = derivation.nodes[name].op
        if op is not None and op.name in ("tanh", "sigmoid", "softmax"):
            parts.append(min(1.0, (1 - float(size.max())) / (1 - NEAR_ONE)))
            parts.append(min(1.0, float(size.min()) / LEAST))
    return float(np.prod(parts)) if parts else 1.0


def _quality_of_gradients(derivation: Derivation, values: Values) -> float:
    """The same for the gradients of the parameters; negative if one is undefined."""
    parts: list[float] = []
    for name in derivation.cell.parameters:
        gradient = values.parameters.get(adjoint_name(name))
        if gradient is not None and name in derivation.adjoints:
            if not np.all(np.isfinite(gradient)):
                return -1.0
            parts.append(min(1.0, float(np.abs(gradient).max(initial=0.0)) / LEAST_GRADIENT))
    return float(np.prod(parts)) if parts else 1.0


def _rate(derivation: Derivation, values: Values) -> Fraction:
    """The largest of a few learning rates at which the loss falls."""
    whole = calculate(derivation, values.copy())
    before = float(np.sum(whole.parameters["L"]))
    for rate in RATES:
        moved = values.copy()
        for name in values.parameters:
            if adjoint_name(name) in whole.parameters:
                moved.parameters[name] = values.parameters[name] - float(rate) * whole.parameters[adjoint_name(name)]
        if _loss(derivation, moved) < before:
            return rate
    return RATES[2]


def _loss(derivation: Derivation, values: Values) -> float:
    return _forward(derivation, values)[1]
