"""How many steps each part of a frame has: said by the user, or read off the inputs of the part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autorecur.errors import ShapeError
from autorecur.graph.clocks import ONCE, Clocks, Horizon
from autorecur.language.nearest import did_you_mean

if TYPE_CHECKING:
    from autorecur.graph.loading import Loader
    from autorecur.language.frame import Frame


def found_lengths(loader: Loader) -> Horizon:
    """The numbers of steps, from what was said or from the inputs; raises ShapeError for one that nothing tells."""
    clocks = loader.cell.clocks
    assert clocks is not None
    lengths = said_lengths(loader.cell, clocks, loader.steps)  # type: ignore[arg-type]
    for name in loader.inputs:
        clock = clocks.clock(name)
        if clock != ONCE and clock not in lengths and not loader.at_last(name):
            array = loader.require(name)
            if array.ndim and len(array):
                lengths[clock] = len(array)
    missing = [clock for clock in clocks.named if clock not in lengths]
    if missing:
        parts = {part.clock: part.name for part in loader.cell.parts}  # type: ignore[attr-defined]
        name = parts[missing[0]] or missing[0]
        raise ShapeError(
            f"the number of steps {missing[0]} is not known: pass steps={{{name!r}: …}}, "
            f"or an input of shape ({missing[0]}, n)."
        )
    return Horizon(clocks, lengths)


def said_lengths(frame: Frame, clocks: Clocks, steps: Any) -> dict[str, int]:
    """What ``steps`` says: one number for all, or a mapping from the names of parts (or of their numbers of steps)."""
    if steps is None:
        return {}
    if isinstance(steps, Horizon):
        return dict(steps.lengths)
    by_name = {name: part.clock for part in frame.parts if part.clock for name in (part.name, part.clock) if name}
    if not isinstance(steps, Mapping):
        steps = dict.fromkeys(clocks.named, steps)
    found = {}
    for name, value in steps.items():
        if name not in by_name:
            known = ", ".join(by_name)
            raise ShapeError(
                f"there is no part {name!r} that runs over time.{did_you_mean(str(name), by_name)} Known: {known}."
            )
        if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < 1:
            raise ShapeError(f"steps is a whole number from 1 for each part, not {value!r}.")
        found[by_name[name]] = value.__index__()
    return found
