"""What leaves the loop over time, what is stacked, and what shares a loop over components."""

from __future__ import annotations

import pytest

import autorecur as ar
from autorecur.compile.fuse import loops_of, statement
from autorecur.compile.hoist import hoisted
from autorecur.compile.order import Batch, Segment, bodies
from autorecur.compile.program import Wish
from autorecur.compile.stack import rows_of
from tests.compile.lowered import backward, calls, forward, gemms, lowered

LSTM, GRU = ar.cells["lstm"], ar.cells["gru"]


# ---------------------------------------------------------------- hoist


def directions(text: str, outputs: list[str]) -> list[tuple[int, set[str]]]:
    """The phases of a cell: direction, and the operands of the products there."""
    own = lowered(text)
    schedule = hoisted(own.forward(outputs, Wish((), (), ())).equations)
    found = []
    for phase in schedule.phases:
        terms = [schedule.terms[item].product.weight.name for item in phase.items if item in schedule.terms]
        found.append((phase.direction, set(terms)))
    return found


def test_products_of_an_input_are_computed_before_the_loop() -> None:
    """All four of an LSTM, for all steps at once; those of h stay inside."""
    first, second = forward(LSTM, ["h"]).schedule.phases
    assert (first.direction, second.direction) == (0, 1)
    assert all(item.endswith("#0") for item in first.items)
    [before], [inside] = gemms(forward(LSTM, ["h"]), 0), gemms(forward(LSTM, ["h"]), 1)
    assert (before.operands, inside.operands) == (("x",), ("h",))


def test_a_readout_comes_after_the_loop() -> None:
    """y is computed for all steps at once, of all h."""
    phases = directions("h[t] = tanh(W x[t] + U h[t-1])\ny[t] = V h[t]", ["h", "y"])
    assert phases == [(0, {"W"}), (1, {"U"}), (0, {"V"})]


def test_a_layer_below_is_an_input() -> None:
    """Its loop is over before the next begins, so that the product between them needs no loop."""
    stacked = "h[t] = tanh(W x[t] + U h[t-1])\ns[t] = tanh(V h[t] + R s[t-1])"
    assert directions(stacked, ["s"]) == [(0, {"W"}), (1, {"U"}), (0, {"V"}), (1, {"R"})]


def test_two_directions_are_two_loops() -> None:
    """One over rising t, one over falling t."""
    both = "h[t] = tanh(W x[t] + U h[t-1])\ng[t] = tanh(V x[t] + R g[t+1])\ny[t] = A h[t] + B g[t]"
    phases = directions(both, ["y"])
    assert phases[0] == (0, {"W", "V"})
    assert [phase for phase in phases if phase[0]] == [(1, {"U"}), (-1, {"R"})]
    assert {"A", "B"} == set().union(*(weights for direction, weights in phases[1:] if direction == 0))


def test_states_that_need_each_other_share_a_loop() -> None:
    """There is no order in which one could come first."""
    phases = directions("h[t] = tanh(U s[t-1] + W x[t])\ns[t] = tanh(V h[t-1])", ["h", "s"])
    assert phases == [(0, {"W"}), (1, {"U", "V"})]


def test_backwards_the_gradient_of_an_input_comes_after_the_loop() -> None:
    """From all δ at once."""
    program = backward(LSTM, ["h"])
    assert [part.direction for part in program.parts] == [-1, 0]
    [product] = gemms(program, 0)
    assert product.targets == ("dL/dx",)


# ---------------------------------------------------------------- order


def test_a_product_waits_for_its_operand() -> None:
    """GRU: r ⊙ h is computed before U_n meets it."""
    [_, body] = bodies(forward(GRU, ["h"]).schedule)
    kinds = [(type(part), {t.product.weight.name for t in part.terms} if isinstance(part, Batch) else set(part.names))
             for part in body.parts]  # fmt: skip
    assert [kind for kind, _ in kinds] == [Batch, Segment, Batch, Segment]
    assert kinds[0][1] == {"U_r", "U_z"}
    assert "s_n" in kinds[1][1]
    assert kinds[2][1] == {"U_n"}
    assert "h" in kinds[3][1]


@pytest.mark.parametrize("name", sorted(ar.cells))
def test_nothing_is_read_before_it_is_written(name: str) -> None:
    """Within a step of every built-in cell, in both programs."""
    cell = ar.cells[name]
    for program in (forward(cell, cell.outputs), backward(cell, cell.outputs)):
        known: set[str] = set()
        for body in bodies(program.schedule, program.carries):
            inside = {item for part in body.parts for item in _items(part)}
            for part in body.parts:
                for item in _items(part) if isinstance(part, Segment) else ():
                    known.add(item)
                    here = [o for o, offset in program.schedule.reads[item] if offset == 0 and o in inside]
                    assert set(here) <= known, item
                if isinstance(part, Batch):
                    for item in _items(part):
                        here = [o for o, offset in program.schedule.reads[item] if offset == 0 and o in inside]
                        assert set(here) <= known, item
                    known.update(_items(part))


def _items(part: Segment | Batch) -> list[str]:
    return list(part.names) if isinstance(part, Segment) else [term.name for term in part.terms]


# ---------------------------------------------------------------- stack


def test_products_of_one_operand_are_one() -> None:
    """LSTM: the four weights of x as one product, the four of h as another."""
    program = forward(LSTM, ["h"])
    [of_x], [of_h] = gemms(program, 0), gemms(program, 1)
    assert of_x.targets == of_h.targets
    assert sorted(block.weight.name for block in of_h.blocks) == ["U_f", "U_g", "U_i", "U_o"]
    assert [block.weight.name[-1] for block in of_h.blocks] == [target[2] for target in of_h.targets]
    assert (of_x.accumulate, of_h.accumulate) == (False, True)


def test_products_that_add_up_are_one() -> None:
    """LSTM backwards: the four δ side by side meet the weights on top of each other."""
    [product] = gemms(backward(LSTM, ["h"]), -1)
    assert product.targets == ("dL/dh[t-1]@",)
    assert [name[-1] for name in product.operands] == [block.weight.name[-1] for block in product.blocks]
    assert len(product.operands) == 4


def test_gradients_of_stacked_weights_are_one_product() -> None:
    """All W of x, all U of h; the parameters lie in memory as the δ do."""
    program = backward(LSTM, ["h"])
    names = [[outer.weight.name for outer in gradient.outers] for gradient in program.gradients]
    assert [sorted(group) for group in names] == [["W_f", "W_g", "W_i", "W_o"], ["U_f", "U_g", "U_i", "U_o"]]
    assert [name[-1] for name in names[0]] == [name[-1] for name in names[1]]
    assert program.parameters[:8] == (*names[0], *names[1])
    [row] = [region.members for region in program.storage.regions if len(region.members) > 1]
    assert [name[-1] for name in row] == [name[-1] for name in names[0]]


def test_gru_with_reset_after_the_product_stacks_r_and_z_beside_both_others() -> None:
    """x has three neighbours and h has three: r and z lie between what x and what h send to the new gate."""
    program = forward(ar.cells["gru_reset_after"], ["h"])
    [of_x], [of_h] = gemms(program, 0), gemms(program, 1)
    assert (len(of_x.targets), len(of_h.targets)) == (3, 3)
    assert set(of_x.targets) & set(of_h.targets) == {"a_r~", "a_z~"}
    [row] = [region.members for region in program.storage.regions if len(region.members) > 1]
    assert set(row[1:3]) == {"a_r~", "a_z~"}
    assert {row[0], row[3]} == set(of_x.targets) ^ set(of_h.targets)


def test_gru_with_reset_before_it_has_two() -> None:
    """The new gate reads r ⊙ h[t−1]; all three read x at once."""
    program = forward(GRU, ["h"])
    assert [(g.operands, len(g.blocks)) for g in gemms(program, 1)] == [(("h",), 2), (("s_n",), 1)]
    assert [(g.operands, len(g.blocks)) for g in gemms(program, 0)] == [(("x",), 3)]


def test_rows_are_an_order_that_suits_every_group() -> None:
    """Backwards, r and z of the GRU are neighbours among the three that x shares."""
    program = backward(GRU, ["h"])
    [row] = rows_of(bodies(program.schedule, program.carries), [o for g in program.gradients for o in g.outers])
    assert abs(row.index("dL/da_r") - row.index("dL/da_z")) == 1
    assert set(row) == {"dL/da_r", "dL/da_z", "dL/da_n"}


def test_a_weight_that_stands_twice_in_a_sum_is_two_products() -> None:
    """The second adds to the first."""
    found = gemms(forward("h[t] = tanh(W h[t-1] + W (h[t-1] * x[t]))", ["h"]), 1)
    assert [len(g.blocks) for g in found] == [1, 1]
    assert sorted(g.accumulate for g in found) == [False, True]


# ---------------------------------------------------------------- fuse


@pytest.mark.parametrize("name", ["lstm", "lstm_peephole", "rnn", "gru_reset_after"])
def test_a_step_is_one_loop(name: str) -> None:
    """Every gate, the states, and what backwards reads: one loop over components, forwards and backwards."""
    for program, direction in ((forward(ar.cells[name], ["h"]), 1), (backward(ar.cells[name], ["h"]), -1)):
        functions = calls(program, direction)
        assert [f.text.count("for i in") for f in functions] == [1]


def test_a_sum_ends_its_loop() -> None:
    """What reads a softmax's sum stands in a later loop: maximum, sum of exponentials, quotient."""
    equations = forward("y[t] = softmax(x[t])", ["y"]).equations
    loops = loops_of([statement(name, node) for name, node in equations.pointwise.items()], {})
    homes = {s.name: i for i, loop in enumerate(loops) for s in loop.statements}
    scalars = [s for loop in loops for s in loop.statements if s.scalar]
    assert [s.kind for s in scalars] == ["max", "sum"]
    assert homes[scalars[0].name] < homes[scalars[1].name] < homes["y"]


def test_vectors_of_two_sizes_have_loops_of_their_own() -> None:
    """The components of one do not belong to those of the other."""
    equations = forward("h[t] = tanh(U h[t-1]) * mean(s[t-1])\ns[t] = tanh(V s[t-1])", ["h", "s"]).equations
    loops = loops_of([statement(name, node) for name, node in equations.pointwise.items()], {})
    extents = {s.name: loop.extent for loop in loops for s in loop.statements}
    assert (extents["h"], extents["s"]) == (("n_h",), ("n_s",))
    assert all(s.extent == loop.extent for loop in loops for s in loop.statements)


def test_a_matrix_state_has_a_loop_over_rows_and_columns() -> None:
    """And a product with it is a loop of its own."""
    program = forward("C[t] = 0.5 * C[t-1] + k[t] v[t]^T\nq[t] = C[t] k[t]", ["q"])
    text = program.source
    assert "for r in" in text
    assert "for c in" in text
    assert "for k in" in text
