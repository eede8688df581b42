"""A cell in another notation against the cell as written: the same loss has the same gradients, mapped back.

The two are run from the same numbers. Each gradient of the printed equations, end to end and back in the names and shapes of
the cell as written, is compared with the derivative of the written cell's own loss along a random direction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autorecur.derive.results import calculate
from autorecur.verify.long import LANES, along, by_complex_step, directions, given, size_along
from autorecur.verify.points import Point
from autorecur.verify.report import Check

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

REFERENCE = "cell as written"
TOLERANCE = 1e-8


def as_written(derivation: Derivation, point: Point, seed: int) -> list[Check]:
    """One check for each gradient by its name in the cell as written; none where the cell is printed as written."""
    rewriting = derivation.rewriting
    if rewriting is None:
        return []
    written = derivation.as_written
    printed = given(derivation, point.values)
    values = rewriting.to_written(printed)
    own = rewriting.to_written(calculate(derivation, printed))
    asked = directions(written, values, np.random.default_rng([seed, 3]))
    parts = [asked[i : i + LANES] for i in range(0, len(asked), LANES)]
    true = np.concatenate([by_complex_step(written, values, part) for part in parts])
    checks = []
    for found, (equation, direction) in zip(true, asked, strict=True):
        scale = max(abs(found), size_along(own, equation, direction), 1e-30)
        error = abs(along(own, equation, direction) - found) / scale
        name = equation.label.removeprefix("dL/d").split("@")[0]
        shown = derivation.gradients[name]
        checks.append(
            Check(
                shown.number,
                shown.label,
                equation.quantity,
                REFERENCE,
                float(error) if np.isfinite(error) else float("inf"),
                TOLERANCE,
                equation.section,
                equation.shape,
                1,
            )
        )
    return checks
