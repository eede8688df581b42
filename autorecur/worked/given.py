"""What a worked example starts from: small decimals for parameters, inputs, initial states and targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from autorecur.derive.results import load
from autorecur.errors import ShapeError
from autorecur.graph.clocks import last_step
from autorecur.graph.program import Values
from autorecur.symbolic import carriers as c
from autorecur.worked import rounding

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation


@dataclass(frozen=True)
class Given:
    """``numbers`` by name and step; a parameter has no step. ``parameters`` lists what is learned: for an initial state
    ``"h[0]"`` where it stands among the quantities, ``("h", 0)``."""

    numbers: Mapping[tuple[str, int | None], c.Numbers]
    parameters: Mapping[str, tuple[str, int] | None]
    sizes: Mapping[str, int]
    steps: int
    """Of a frame those of its parts, a :class:`~autorecur.graph.clocks.Horizon`."""
    rate: Fraction
    rounded: bool = False
    """Whether numbers of the user's were rounded to be printed."""

    def values(self) -> Values:
        """The printed numbers as floats, for the exact gradient."""
        made = Values(self.sizes, self.steps)
        for (name, step), numbers in self.numbers.items():
            array = rounding.floats(numbers)
            if step is None:
                made.parameters[name] = array
            else:
                made.quantities[name, step] = array
        return made


def given(derivation: Derivation, values: Any, digits: int) -> Given:
    """The user's values, or pleasant ones."""
    from autorecur.worked.pleasant import pleasant
    from autorecur.worked.reading import checked, placed, require_small

    if values is None:
        return pleasant(derivation, digits)
    arrays, steps, rate, source = checked(derivation, values)
    try:
        found = made(derivation, arrays, steps, rate, digits)
    except ShapeError as error:
        raise placed(source, error) from None
    require_small(source, found.sizes, found.steps)
    return found


def made(derivation: Derivation, arrays: Mapping[str, Any], steps: Any, rate: Fraction, digits: int) -> Given:
    """The arrays in the shapes of the equations, as printed numbers; raises ShapeError where they do not fit."""
    loaded, _ = load(derivation, arrays, steps)
    numbers: dict[tuple[str, int | None], c.Numbers] = {
        (name, None): rounding.given(array, digits) for name, array in loaded.parameters.items()
    }
    numbers.update({key: rounding.given(array, digits) for key, array in loaded.quantities.items()})
    changed = any(
        abs(rounding.floats(made) - array).max(initial=0.0) > 0
        for source in (loaded.parameters, loaded.quantities)
        for key, array in source.items()
        for made in [numbers[key if isinstance(key, tuple) else (key, None)]]
    )
    places = {name: _place(derivation, name, loaded.steps) for name in derivation.cell.parameters}
    return Given(numbers, places, loaded.sizes, loaded.steps, rate, changed)


def _place(derivation: Derivation, name: str, steps: int) -> tuple[str, int] | None:
    """Where a learned initial state stands among the quantities."""
    if not name.endswith("]"):
        return None
    state = name.partition("[")[0]
    for equation in derivation.section("initial"):
        if equation.label == f"dL/d{name}" and equation.steps is not None:
            return state, equation.steps.first.at(last_step(steps, state))
    raise KeyError(name)
