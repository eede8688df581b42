"""A cell's measured norms beside those of others, and beside its bound for the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from autorecur.graph.program import Array, plain
from autorecur.language.cell import Cell
from autorecur.symbolic.numbers import Evaluator
from autorecur.vanishing.flow import Flow, drawn, flow
from autorecur.vanishing.jacobians import Prepared

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation


def beside(
    derivation: Derivation, others: Sequence[Cell], steps: int, hidden: int, samples: int, seed: int
) -> tuple[Flow, Array | None]:
    """The flow of the cell and of others, and for each distance the cell's bound (None if there is none).

    Matrix states are measured with fewer components."""
    own = derivation.cell
    wide = hidden if all(1 in own.shapes[s] for s in own.states) else 4
    measured = flow(own, steps, wide, 1.0, seed, samples)
    known = _companions(tuple(others), steps, hidden, samples, seed)
    together = Flow((*measured.curves, *known.curves), steps, hidden, 1.0, seed, samples)
    return together, _bound(derivation, steps, wide, samples, seed)


@cache
def _companions(cells: tuple[Cell, ...], steps: int, hidden: int, samples: int, seed: int) -> Flow:
    return flow(cells, steps, hidden, 1.0, seed, samples)


def _bound(derivation: Derivation, steps: int, hidden: int, samples: int, seed: int) -> Array | None:
    """The geometric mean of the printed bound over the sequences."""
    bounds = derivation.bounds
    if not bounds.blocks or any(name.endswith("]") for name in derivation.cell.parameters):
        return None
    values = drawn(derivation.cell, steps, hidden, 1.0, seed, samples)
    prepared = Prepared.of(derivation.cell, derivation.step)
    evaluator = Evaluator(values.sizes, plain)
    with np.errstate(all="ignore"):
        prepared.simulated(values)
        count = len(bounds.states)
        rights = [(block, evaluator.compile(block.equation.rhs)) for block in bounds.blocks]
        for t in range(1, steps + 1):
            matrix = np.zeros((samples, count, count))
            for block, right in rights:
                entry = right(values, {"t": t, "T": steps})[..., 0, 0]
                matrix[:, bounds.states.index(block.top), bounds.states.index(block.bottom)] = entry
            values.quantities[bounds.letter, t] = matrix
        values.parameters[bounds.letter] = values.quantities[bounds.letter, 1]
        assert bounds.whole is not None
        whole = evaluator.compile(bounds.whole.rhs)
        found = [whole(values, {"t": steps, "T": steps, "k": k})[..., 0, 0] for k in range(steps, -1, -1)]
        return np.array([float(np.exp(np.mean(np.log(value)))) for value in found])
