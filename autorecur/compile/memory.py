"""Where everything lies for given sizes: steps and samples as rows, regions one after the other in one workspace.

Sequences of different lengths are sorted by falling length, so that at each step those that still run are the first rows;
then the rows of a step are as many as these, and nothing is computed for what is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autorecur.compile.storage import Region, Storage
from autorecur.language.sizes import resolve
from autorecur.ops import Shape

LINE = 8
"""Regions begin at multiples of so many numbers: 64 bytes of float64."""


@dataclass(frozen=True)
class Grid:
    """Steps and samples; ``rows[t - 1]`` samples have a step t."""

    steps: int
    batch: int
    rows: tuple[int, ...] | None
    """None: all samples have all steps."""
    pads: int
    """The largest distance in time at which anything is read."""

    @cached_property
    def active(self) -> np.ndarray:
        """How many rows there are at t = −pads … steps + pads; outside the sequence as many as samples."""
        found = np.full(self.steps + 2 * self.pads + 1, self.batch, np.int64)
        if self.rows is not None:
            found[self.pads + 1 : self.pads + 1 + self.steps] = self.rows
        return found

    @cached_property
    def starts(self) -> np.ndarray:
        """The row at which step t begins: in full storage, then in rolling storage for 1, 2, … steps."""
        full = np.concatenate([[0], np.cumsum(self.active)[:-1]])
        t = np.arange(-self.pads, self.steps + self.pads + 1)
        return np.stack([full, *((t % d) * self.batch for d in range(1, self.pads + 1))])

    def start(self, t: int) -> int:
        """The first row of step t in full storage."""
        return int(self.starts[0, t + self.pads])

    @property
    def total(self) -> int:
        """All rows of the steps 1 … T."""
        return self.start(self.steps) + int(self.active[self.steps + self.pads]) - self.start(1)


@dataclass(frozen=True)
class Spot:
    """Where a quantity lies in a workspace: the first number, the distance between rows, which starts count, steps away."""

    offset: int
    width: int
    table: int
    away: int

    def place(self, slot: int, itemsize: int) -> tuple[int, int, int, int, int]:
        return (slot, self.offset * itemsize, self.width * itemsize, self.table, self.away)


class Memory:
    """The regions of a workspace for given sizes. ``count`` numbers are needed."""

    def __init__(self, storage: Storage, shapes: Mapping[str, Shape], sizes: Mapping[str, int], grid: Grid) -> None:
        self.storage, self.shapes, self.sizes, self.grid = storage, shapes, sizes, grid
        self.count = 0
        self._begins: dict[int, int] = {}
        self._widths: dict[int, int] = {}
        for region in storage.regions:
            width = sum(self.components(name) for name in region.members)
            self._widths[id(region)] = width
            self._begins[id(region)] = self.taken(self.rows_of(region) * width)

    def components(self, name: str) -> int:
        rows, columns = self.shapes[name]
        return resolve(rows, self.sizes) * resolve(columns, self.sizes)

    def taken(self, count: int) -> int:
        """A stretch of memory for so many numbers: where it begins."""
        begin = self.count
        self.count += -(-count // LINE) * LINE
        return begin

    def rows_of(self, region: Region) -> int:
        if region.slots:
            return region.slots * self.grid.batch
        first, last = 1 - region.before, self.grid.steps + region.after
        return self.grid.start(last) + int(self.grid.active[last + self.grid.pads]) - self.grid.start(first)

    def holds(self, name: str) -> bool:
        return name in self.storage.stored

    def has_step(self, name: str, step: int) -> bool:
        """Whether there is memory for a quantity at a step 0, −1, … before the first, or 1, 2, … behind the last."""
        if not self.holds(name):
            return False
        region = self.storage.region_of(name)
        return region.slots == 0 and (1 - region.before <= step if step < 1 else step <= region.after)

    def spot(self, name: str, away: int = 0) -> Spot:
        """Where a quantity lies; rolling storage comes round to the same place."""
        region = self.storage.region_of(name)
        own = self.storage.places.get(name, name)
        width = self._widths[id(region)]
        column = sum(self.components(other) for other in region.members[: region.members.index(own)])
        begin = self._begins[id(region)] + column
        if region.slots:
            return Spot(begin, width, region.slots, 0)
        return Spot(begin - self.grid.start(1 - region.before) * width, width, 0, away)

    def block(self, workspace: Any, name: str, first: int, last: int) -> Any:
        """The numbers of the steps first … last as (rows, components), a view."""
        spot = self.spot(name)
        begin, end = self.grid.start(first), self.grid.start(last) + int(self.grid.active[last + self.grid.pads])
        return rows_in(workspace, spot.offset + begin * spot.width, end - begin, self.components(name), spot.width)

    def slot(self, workspace: Any, name: str, step: int) -> Any:
        """What rolling storage holds for a step, as (samples, components)."""
        spot, slots = self.spot(name), self.storage.region_of(name).slots
        begin = spot.offset + (step % slots) * self.grid.batch * spot.width
        return rows_in(workspace, begin, self.grid.batch, self.components(name), spot.width)

    def regions(self) -> Iterable[tuple[Region, int, int]]:
        """Each region with where it begins and how wide its rows are."""
        for region in self.storage.regions:
            yield region, self._begins[id(region)], self._widths[id(region)]


def rows_in(workspace: Any, begin: int, rows: int, components: int, width: int) -> Any:
    """A matrix inside a workspace, as a view."""
    itemsize = workspace.itemsize
    return np.ndarray((rows, components), workspace.dtype, workspace, begin * itemsize, (width * itemsize, itemsize))
