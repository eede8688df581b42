"""One call of ``cell.run`` with everything that it depends on, so that it can be drawn, printed, repeated and made smaller."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autorecur.language.building import cell
from autorecur.language.cell import Cell

Pick = Callable[[Sequence[Any]], Any]
Numbers = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Call:
    """A run of the cell ``text`` and a backward pass; equal calls compute equal numbers."""

    text: str
    sizes: tuple[tuple[str, int], ...]
    steps: int
    batch: int | None = None
    lengths: tuple[int, ...] | None = None
    """One for each sample; without a batch a single one. What stands behind an end is NaN."""
    truncate: int | None = None
    dtype: str = "float64"
    initial: tuple[str, ...] = ()
    """The initial states that are given, by step."""
    common: bool = False
    """Whether all samples start from the same initial state."""
    wanted: tuple[str, ...] = ()
    """Parameters, inputs and initial states that require a gradient."""
    outputs: tuple[str, ...] | None = None
    weighted: tuple[str, ...] = ()
    """The results that the loss reads."""
    last: bool = False
    """Whether the loss reads ``out.last`` as well."""
    record: bool = False
    seed: int = 0

    def cell(self) -> Cell:
        return cell(self.text)

    def arrays(self, own: Cell) -> tuple[Numbers, Numbers, Numbers]:
        """Parameters, inputs and initial states, of this call's dtype."""
        sizes, generator = dict(self.sizes), np.random.default_rng(self.seed)
        batch = () if self.batch is None else (self.batch,)
        inputs = {
            name: generator.standard_normal((self.steps, *batch, *shape_of(own, name, sizes))) for name in own.inputs
        }
        if self.lengths is not None:
            for array in inputs.values():
                array[self.behind()] = np.nan
        initial = {
            key: 0.5
            * generator.standard_normal((*(() if self.common else batch), *shape_of(own, key.split("[")[0], sizes)))
            for key in self.initial
        }
        parameters = own.init(sizes, self.seed)
        return tuple(  # type: ignore[return-value]
            {name: np.asarray(array, self.dtype) for name, array in found.items()}
            for found in (parameters, inputs, initial)
        )

    def behind(self) -> np.ndarray:
        """(T, B), or (T,): which steps of which sample lie behind its end."""
        assert self.lengths is not None
        found = np.arange(self.steps)[:, None] >= np.array(self.lengths)
        return found if self.batch is not None else found[:, 0]

    def smaller(self) -> Iterator[Call]:
        """Calls that are easier to read, the easiest first."""
        plain = {
            "lengths": None, "truncate": None, "dtype": "float64", "initial": (), "common": False, "outputs": None,
            "last": False, "record": False, "seed": 0,
        }  # fmt: skip
        for name, value in plain.items():
            if getattr(self, name) != value:
                keys = [key for key in self.wanted if "[" not in key]
                changed: dict[str, Any] = {name: value} | ({"wanted": tuple(keys)} if name == "initial" else {})
                yield replace(self, **changed)
        if self.batch is not None and self.lengths is None:
            yield replace(self, batch=None if self.batch == 1 else self.batch - 1)
        if self.steps > 1:
            lengths = self.lengths and tuple(min(end, self.steps - 1) for end in self.lengths)
            yield replace(self, steps=self.steps - 1, lengths=lengths)
        for size, value in self.sizes:
            if value > 1:
                yield replace(self, sizes=tuple((s, v - 1 if s == size else v) for s, v in self.sizes))
        for names in ("wanted", "weighted"):
            members = getattr(self, names)
            for name in members if len(members) > 1 else ():
                changed = {names: tuple(other for other in members if other != name)}
                yield replace(self, **changed)


def shape_of(own: Cell, name: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """One sample of a vector or matrix."""
    named = [size for size in own.shapes[name] if size != 1]
    return tuple(sizes[size] if isinstance(size, str) else int(size) for size in named)


def drawn(pick: Pick, text: str, seed: int = 0) -> Call:
    """A random call of a random cell: sizes with 1 and primes, a batch or none, lengths, a truncation, which gradients."""
    own = cell(text)
    sizes = tuple((name, pick([2, 1, 3, 5])) for name in own.sizes)
    steps = pick([3, 1, 2, 4, 7])
    batch = pick([None, 2, 1, 3])
    lengths = None
    if "[t+2]" not in text and pick([False, False, True]):
        lengths = tuple(pick(range(1, steps + 1)) for _ in range(batch or 1))
    keys = [key for state in own.states for key in own.initial_keys(state)]
    initial = tuple(key for key in keys if pick([False, True]))
    computed = tuple(dict.fromkeys(assignment.name for assignment in own.assignments))
    outputs = _some(pick, computed) if pick([False, False, False, True]) else None
    shown = outputs or tuple(name for name in computed if name in own.states or name in own.outputs)
    everything = (*own.parameters, *own.inputs, *initial)
    groups = [everything, tuple(own.parameters), own.inputs, initial or everything, _some(pick, everything)]
    return Call(
        text,
        sizes,
        steps,
        batch,
        lengths,
        truncate=pick([None, None, 1, 2, 3]),
        dtype=pick(["float64", "float64", "float32"]),
        initial=initial,
        common=pick([False, False, True]),
        wanted=pick(groups),
        outputs=outputs,
        weighted=pick([shown, _some(pick, shown)]),
        last=pick([False, True]),
        record=pick([False, False, False, True]),
        seed=seed,
    )


def _some(pick: Pick, names: Sequence[str]) -> tuple[str, ...]:
    """A part of the names, at least one."""
    found = tuple(name for name in names if pick([False, True]))
    return found or (pick(names),)
