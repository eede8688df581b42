"""Which numbers have memory, for how many steps, in whose place; and that no two of them lie in one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autorecur as ar
from autorecur.compile.memory import LINE, Grid, Memory
from autorecur.compile.program import Program, Wish
from autorecur.compile.storage import FULL
from tests.compile.lowered import backward, every, forward

LSTM = ar.cells["lstm"]
NOTHING = Wish((), (), ())


def test_what_backwards_reads_is_kept_for_all_steps() -> None:
    """The gates, c, tanh(c) and h of an LSTM: seven vectors a step."""
    storage = forward(LSTM, ["h"]).storage
    full = {name for name in storage.stored if storage.region_of(name).slots == FULL}
    assert {"i", "f", "o", "g", "c", "h"} <= full
    assert sum(len(region.members) for region in storage.regions) == 7


def test_without_gradients_less_is_kept() -> None:
    """Gates and tanh(c) are read in the loop that computes them; c lies in the place of a sum: five vectors a step."""
    storage = forward(LSTM, ["h"], NOTHING).storage
    assert sum(len(region.members) for region in storage.regions) == 5
    assert not [name for name in storage.stored if "~1" in name]


def test_a_gate_is_written_over_its_sum_of_products() -> None:
    """The sum is read once, in the loop that computes the gate."""
    storage = forward(LSTM, ["h"]).storage
    assert storage.places == {"i": "a_i~", "f": "a_f~", "o": "a_o~", "g": "a_g~"}
    [row] = [region for region in storage.regions if len(region.members) > 1]
    assert set(storage.names_in(row)) == {*storage.places, *storage.places.values()}


def test_a_sum_that_is_wanted_is_not_written_over() -> None:
    """It is read when the run is over."""
    storage = forward("a[t] = W x[t] + U h[t-1]\nh[t] = tanh(a[t])", ["a", "h"]).storage
    assert "h" not in storage.places
    assert {"a", "h"} <= storage.stored


def test_a_sum_that_two_loops_read_is_not_written_over() -> None:
    """The second would find something else there."""
    storage = forward("a[t] = W x[t] + U h[t-1]\nh[t] = tanh(a[t])\ny[t] = softmax(a[t])", ["h", "y"], NOTHING).storage
    assert "h" not in storage.places


def test_pre_activations_have_no_memory() -> None:
    """They are read where they are computed."""
    stored = forward(LSTM, ["h"]).storage.stored
    assert not stored & {"a_i", "a_f", "a_o", "a_g"}


def test_carries_have_memory_for_one_step() -> None:
    """Written over at each step; as many as the delay has steps."""
    storage = backward(LSTM, ["h"]).storage
    assert {storage.region_of(part).slots for part in ("dL/dh[t-1]@", "dL/dc[t-1]")} == {1}
    delayed = backward("h[t] = tanh(U h[t-3])", ["h"])
    [part] = [part for carry in delayed.carries for part in carry.parts]
    assert delayed.storage.region_of(part).slots == 3


def test_what_is_handed_on_within_a_step_has_memory_for_one_step() -> None:
    """Backwards in a GRU: what U_n sends to r ⊙ h."""
    storage = backward(ar.cells["gru"], ["h"]).storage
    assert storage.region_of("dL/ds_n").slots == 1


def test_initial_states_have_rows_before_the_first_step() -> None:
    """As many as the delay; behind the last step for time that runs backwards."""
    storage = forward("h[t] = tanh(U h[t-2] + W x[t])", ["h"]).storage
    assert (storage.region_of("h").before, storage.region_of("h").after) == (2, 0)
    storage = forward("g[t] = tanh(U g[t+1] + W x[t])", ["g"]).storage
    assert (storage.region_of("g").before, storage.region_of("g").after) == (0, 1)


def test_outputs_lie_alone() -> None:
    """Rows of an output follow each other, as the user sees them."""
    storage = forward(LSTM, ["h", "c", "y"]).storage
    assert [len(storage.region_of(name).members) for name in ("h", "c", "y")] == [1, 1, 1]


@pytest.mark.parametrize("name", sorted(ar.cells))
def test_whatever_the_backward_program_reads_was_kept(name: str) -> None:
    """At every step, of every built-in cell."""
    cell = ar.cells[name]
    first, second = forward(cell, cell.outputs), backward(cell, cell.outputs)
    own = {*second.equations.pointwise, *second.equations.sums}
    for read, _ in second.reads:
        if read not in own and not read.startswith("to ") and read not in cell.inputs:
            assert first.storage.region_of(read).slots == FULL, read


# ---------------------------------------------------------------- memory

PROGRAMS: list[Program] = [
    program(cell, outputs, every(cell))
    for cell, outputs in (
        (LSTM, ["h", "y"]),
        (ar.cells["gru"], ["h"]),
        (ar.cells["rnn_bidirectional"], list(ar.cells["rnn_bidirectional"].outputs)),
        (ar.cells["mlstm"], list(ar.cells["mlstm"].outputs)),
        (ar.cell("h[t] = tanh(U h[t-3] + V h[t-1] + W x[t])"), ["h"]),
    )
    for program in (forward, backward)
]


@st.composite
def grids(draw: st.DrawFn) -> tuple[Grid, list[int]]:
    """Steps and samples, of equal or of falling lengths; and sizes of vectors."""
    steps, batch = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    lengths = draw(st.none() | st.lists(st.integers(1, steps), min_size=batch, max_size=batch))
    rows = None
    if lengths is not None:
        rows = tuple(sum(length > t for length in lengths) for t in range(steps))
    return Grid(steps, batch, rows, 3), draw(st.lists(st.sampled_from([1, 2, 3, 5, 7, 8, 13]), min_size=6, max_size=6))


def memory_of(program: Program, grid: Grid, numbers: Sequence[int]) -> Memory:
    shapes = program.equations.shapes
    names = sorted({part for shape in shapes.values() for size in shape for part in str(size).split(" + ")})
    sizes = {name: numbers[i % len(numbers)] for i, name in enumerate(names) if not name.isdigit()}
    return Memory(program.storage, shapes, sizes, grid)


@given(st.sampled_from(PROGRAMS), grids())
@settings(max_examples=150, deadline=None)
def test_no_two_numbers_lie_in_one_place(program: Program, drawn: tuple[Grid, list[int]]) -> None:
    """Every component of every quantity at every step that it has: each place is taken once, and inside the workspace."""
    grid, numbers = drawn
    memory = memory_of(program, grid, numbers)
    taken = np.zeros(memory.count, np.int64)
    for region, _, _ in memory.regions():
        for name in region.members:
            spot = memory.spot(name)
            times = range(region.slots) if region.slots else range(1 - region.before, grid.steps + region.after + 1)
            for t in times:
                first = int(grid.starts[spot.table, t + grid.pads])
                count = grid.batch if region.slots else int(grid.active[t + grid.pads])
                for row in range(first, first + count):
                    begin = spot.offset + row * spot.width
                    assert begin >= 0
                    assert begin + memory.components(name) <= memory.count
                    taken[begin : begin + memory.components(name)] += 1
    assert taken.max(initial=0) <= 1


@given(st.sampled_from(PROGRAMS), grids())
@settings(max_examples=50, deadline=None)
def test_regions_begin_on_lines_of_memory(program: Program, drawn: tuple[Grid, list[int]]) -> None:
    """Each at a multiple of 64 bytes, one behind the other."""
    memory = memory_of(program, *drawn)
    begins = [begin for _, begin, _ in memory.regions()]
    assert all(begin % LINE == 0 for begin in begins)
    assert begins == sorted(begins)


@given(grids())
def test_rows_are_counted_once(drawn: tuple[Grid, list[int]]) -> None:
    """A step begins where the one before ends; all steps together are the samples' lengths."""
    grid, _ = drawn
    for t in range(1, grid.steps):
        assert grid.start(t + 1) == grid.start(t) + grid.active[t + grid.pads]
    assert grid.total == (sum(grid.rows) if grid.rows else grid.steps * grid.batch)


def test_a_block_is_a_view_of_the_workspace() -> None:
    """(rows, components) of some steps: what is written there is in the workspace."""
    memory = memory_of(forward(LSTM, ["h"]), Grid(3, 2, None, 1), [2, 3, 4, 5, 6, 7])
    workspace = np.zeros(memory.count)
    block = memory.block(workspace, "h", 2, 3)
    block[...] = 1
    assert block.shape == (4, memory.components("h"))
    assert workspace.sum() == block.size
    assert not memory.block(workspace, "h", 1, 1).any()
