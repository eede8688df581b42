"""Pictures of recorded runs: gates over a text, gradients over time, the flow between steps."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from autorecur.recurrence import Run

TEXT = "a $b_c"
STEPS = len(TEXT)


def recorded(name: str = "lstm", batch: tuple[int, ...] = (), lengths: list[int] | None = None) -> Run:
    cell = ar.cells[name]
    params = {
        key: ar.tensor(value, requires_grad=True) for key, value in cell.init({"n_x": 2, "n_h": 3, "n_y": 1}).items()
    }
    x = np.random.default_rng(0).standard_normal((STEPS, *batch, 2))
    return cell.run(x, params, lengths=lengths, record=True)


def test_a_row_for_each_unit_a_column_for_each_character() -> None:
    """The gates of the cell are drawn, each under its name, with the numbers of the run."""
    run = recorded()
    plot = ar.plot.gates(run, TEXT)
    parts = plot.axes[:3]
    assert [axes.get_title(loc="left") for axes in parts] == [
        "input gate $i_t$",
        "forget gate $f_t$",
        "output gate $o_t$",
    ]
    for name, axes in zip("ifo", parts, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), run[name].numpy().T)
        assert axes.images[0].get_clim() == (0, 1)
    assert [tick.get_text() for tick in parts[-1].get_xticklabels()] == ["a", "␣", r"\$", "b", "_", "c"]


def test_a_list_is_read_by_word_and_quantities_are_chosen() -> None:
    """States are drawn around zero."""
    run = recorded("gru")
    words = ["It", "was", "not", "good", "at", "all"]
    plot = ar.plot.gates(run, words, names="h")
    assert [tick.get_text() for tick in plot.ax.get_xticklabels()] == words
    assert plot.ax.images[0].get_clim() == (-1, 1)
    assert plot.ax.get_title(loc="left") == "hidden state $h_t$"


def test_a_cell_without_gates_shows_its_states() -> None:
    """And without a text, steps are numbered."""
    run = recorded("rnn")
    plot = ar.plot.gates(run)
    np.testing.assert_array_equal(plot.ax.images[0].get_array(), run["h"].numpy().T)
    assert plot.ax.get_xlabel() == "step t"


def test_a_sequence_of_a_batch_up_to_its_end() -> None:
    """What stands behind the end is not drawn."""
    run = recorded(batch=(2,), lengths=[STEPS, 4])
    plot = ar.plot.gates(run, "abcd", names="f", sample=1)
    np.testing.assert_array_equal(plot.ax.images[0].get_array(), run["f"].numpy()[:4, 1].T)


def test_a_record_of_one_layer_is_a_run() -> None:
    """The only run of a record is taken; of several, one is to be chosen."""
    layer = ar.nn.GRU(2, 3, num_layers=2)
    x = np.ones((4, 2))
    with ar.nn.record() as runs:
        layer(x)
    with pytest.raises(ar.ArgumentError, match="choose one of 'gru_reset_after_l0', 'gru_reset_after_l1'"):
        ar.plot.gates(runs)
    assert len(ar.plot.gates({"one": runs["gru_reset_after_l0"]}).axes) == 2


def test_gradients_at_every_step() -> None:
    """The curve is the norm of the adjoint; of a batch the mean over the sequences that have the step."""
    run = recorded(batch=(2,), lengths=[STEPS, 4])
    run["h"].sum().backward()
    plot = ar.plot.gradient_through_time(run, "c")
    norms = np.linalg.norm(run.adjoint["c"].numpy(), axis=-1)
    expected = np.where(np.arange(STEPS) < 4, norms.mean(axis=1), norms[:, 0])
    np.testing.assert_allclose(plot.ax.lines[0].get_ydata(), expected)
    np.testing.assert_array_equal(plot.ax.lines[0].get_xdata(), np.arange(1, STEPS + 1))
    assert plot.ax.get_ylabel() == r"$\|\partial L/\partial c_t\|$"
    assert plot.ax.get_yscale() == "log"


def test_gradients_of_several_runs() -> None:
    """Each under its name."""
    runs = {name: recorded(name) for name in ("rnn", "gru")}
    for run in runs.values():
        run.last["h"].sum().backward()
    plot = ar.plot.gradient_through_time(runs, log=False)
    assert plot.ax.get_legend_handles_labels()[1] == ["rnn", "gru"]
    assert plot.ax.get_yscale() == "linear"


def test_the_flow_is_drawn_as_it_was_measured() -> None:
    """Mean and range of each curve; two flows stand side by side under their names."""
    before, after = ar.flow(recorded("gru", (3,))), ar.flow(recorded("rnn", (3,)))
    plot = ar.plot.flow({"before": before, "after": after})
    for line, curve in zip(plot.ax.lines, [*before, *after], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), curve.mean)
    assert plot.ax.get_legend_handles_labels()[1] == ["before", "after"]
    assert len(plot.ax.collections) == 2
    assert plot.ax.get_xlabel() == "steps between, $T-k$"
    assert ar.plot.flow(before).ax.get_ylabel() == r"$\|\partial h_T/\partial h_k\|$"
    assert ar.plot.flow(ar.flow(recorded())).ax.get_ylabel() == r"$\|\partial s_T/\partial s_k\|$"


def test_what_cannot_be_drawn_is_said() -> None:
    """Names, texts and runs that do not fit."""
    run = recorded()
    with pytest.raises(ar.ShapeError, match="the text has 3 characters, the sequence of the run 6 steps"):
        ar.plot.gates(run, "abc")
    with pytest.raises(ar.ArgumentError, match=r"the run holds no 'ff'\. Did you mean 'f'"):
        ar.plot.gates(run, names=["ff"])
    with pytest.raises(ar.ArgumentError, match="from 0 to 0, not 3"):
        ar.plot.gates(run, sample=3)
    with pytest.raises(ar.ArgumentError, match=r"the run holds no 'forget', but .*'f'"):
        ar.plot.gates(run, names="forget")
    with pytest.raises(ar.ArgumentError, match=r"a recorded run is wanted, of .*with ar\.nn\.record\(\) as runs"):
        ar.plot.gates(np.ones((3, 3)))
    with pytest.raises(ar.ArgumentError, match="call backward"):
        ar.plot.gradient_through_time(run)
    cell = ar.cells["rnn"]
    bare = cell.run(np.ones((3, 2)), cell.init({"n_x": 2, "n_h": 3, "n_y": 1}))
    with pytest.raises(ar.ArgumentError, match="pass record=True"):
        ar.plot.gradient_through_time(bare)
    with pytest.raises(ar.ArgumentError, match=r"what ar.flow\(…\) measured is wanted, not str"):
        ar.plot.flow("rnn")
