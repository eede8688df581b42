"""What a Cell knows about its names, and how it is written, compared, extended and filled with numbers."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from autorecur.errors import CellError, ShapeError
from autorecur.language import Loop, cell

GRU = """\
name: gru
title: Gated recurrent unit, reset before the product
title.fr: GRU
source: Cho et al. (2014)
loss: squared
target: y
steps: N
learned: h
r[t] = sigmoid(W_r x[t] + U_r h[t-1] + b_r)        # reset gate | porte de réinitialisation
z[t] = sigmoid(W_z x[t] + U_z h[t-1] + b_z)        # update gate
n[t] = tanh(W_n x[t] + U_n (r[t] * h[t-1]) + b_n)  # | candidat
h[t] = (1 - z[t]) * n[t] + z[t] * h[t-1]
y_hat[t] = W_y h[t] + b_y
"""


def test_headers_and_titles() -> None:
    """Headers and comments are kept, per language."""
    c = cell(GRU)
    assert (c.name, c.source, c.loss, c.target, c.steps_name) == ("gru", "Cho et al. (2014)", "squared", "y", "N")
    assert c.title == "Gated recurrent unit, reset before the product"
    assert c.titles["fr"] == "GRU"
    assert [each.titles for each in c.assignments[:4]] == [
        {"en": "reset gate", "fr": "porte de réinitialisation"},
        {"en": "update gate"},
        {"fr": "candidat"},
        {},
    ]


def test_roles() -> None:
    """States, inputs, outputs and parameters, in order of appearance."""
    c = cell(GRU)
    assert (c.states, c.inputs, c.outputs) == (("h",), ("x",), ("y_hat",))
    assert list(c.parameters)[:3] == ["W_r", "U_r", "b_r"]
    assert c.offsets == {"x": (0,), "h": (-1, 0)}
    assert c.loops == (Loop(("r", "z", "n", "h"), 1), Loop(("y_hat",), 0))


def test_without_headers() -> None:
    """Every header has a default."""
    c = cell("h[t] = tanh(W x[t] + U h[t-1])")
    assert (c.name, c.title, c.source, c.loss, c.target, c.steps_name) == ("cell", "cell", "", None, None, "T")
    assert (c.learned, c.scalars) == ((), ())


def test_text_of_a_cell_is_canonical() -> None:
    """``str`` gives the text that a careful author writes, and parses back to an equal cell."""
    assert str(cell(GRU)) == GRU
    messy = cell("h_t=\\tanh ( W_{hh}x_t+U  h_{t-1})  #  state|état\r\n\r\n  y [t]= V h[ t ]")
    assert str(messy) == "name: cell\nh[t] = tanh(W_hh x[t] + U h[t-1])  # state | état\ny[t] = V h[t]\n"
    assert cell(str(messy)) == messy


def test_equality() -> None:
    """Cells are equal when they say the same; hashes agree."""
    assert cell(GRU) == cell(GRU.replace("W_r x[t]", "W_{r}  x_t"))
    assert hash(cell(GRU)) == hash(cell(GRU))
    assert cell(GRU) != cell(GRU.replace("tanh", "relu"))
    assert cell(GRU) != "gru"


def test_a_cell_does_not_change() -> None:
    """Attributes and mappings are read-only."""
    c = cell(GRU)
    with pytest.raises(AttributeError):
        c.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        c.parameters["W"] = ("n_h",)  # type: ignore[index]


def test_a_cell_can_be_pickled_and_copied() -> None:
    """Worker processes get the same cell."""
    c = cell(GRU).extended({"loss": "mean(square(y_hat[t] - target[t]))"})
    assert pickle.loads(pickle.dumps(c)) == c
    assert copy.deepcopy(c) == c


def test_learned_initial_states() -> None:
    """A learned initial state is one more parameter, keyed by its step."""
    c = cell("learned: h g\nh[t] = tanh(W x[t] + U h[t-1] + V h[t-2])\ng[t] = tanh(A g[t+1] + B h[t])")
    assert c.learned == ("h", "g")
    assert {key: c.parameters[key] for key in ("h[0]", "h[-1]", "g[T+1]")} == {
        "h[0]": ("n_h",),
        "h[-1]": ("n_h",),
        "g[T+1]": ("n_g",),
    }


def test_several_outputs_and_the_header() -> None:
    """Outputs are what nobody reads at the same step, or what the header says."""
    text = "a[t] = W x[t] + A a[t-1]\nb[t] = V x[t]\nc[t] = b[t] * b[t]"
    assert cell(text).outputs == ("a", "c")
    assert cell("output: b, c\n" + text).outputs == ("b", "c")


def test_inputs_may_be_delayed() -> None:
    """A delayed input is no state."""
    c = cell("h[t] = tanh(W x[t] + V x[t-2])")
    assert (c.states, c.inputs, c.offsets["x"], c.loops[0].direction) == ((), ("x",), (-2, 0), 0)


def test_a_comment_alone_and_empty_lines_are_nothing() -> None:
    """Comments before equations do not name anything."""
    assert cell("# a cell\n\nh[t] = W x[t]\n# the end\n").assignments[0].titles == {}


def test_markup_in_titles_is_text() -> None:
    """Whatever a title says is kept as it stands."""
    c = cell("title: \\input{x} {{ 7*7 }} $%&\nname: a<b>\nh[t] = W x[t]")
    assert (c.title, c.name) == ("\\input{x} {{ 7*7 }} $%&", "a<b>")
    assert cell(str(c)) == c


def test_a_hash_in_a_header() -> None:
    """It begins a comment behind names, and is text in a title."""
    c = cell("title: #1 of C# cells\nloss: mse  # the mean\nh[t] = W x[t]")
    assert (c.title, c.loss) == ("#1 of C# cells", "mse")


# ---------------------------------------------------------------- numbers


def test_init_gives_every_parameter() -> None:
    """Uniform within ±1/√n, reproducible, float64."""
    c = cell(GRU)
    values = c.init({"n_x": 3, "n_h": 4, "n_y": 2}, seed=1)
    assert {name: value.shape for name, value in values.items()} == {
        name: tuple({"n_x": 3, "n_h": 4, "n_y": 2}[size] for size in shape) for name, shape in c.parameters.items()
    }
    assert all(value.dtype == np.float64 for value in values.values())
    assert np.abs(values["U_n"]).max() <= 0.5
    again = c.init({"n_x": 3, "n_h": 4, "n_y": 2}, seed=1)
    assert all(np.array_equal(values[name], again[name]) for name in values)


def test_init_of_sums_and_numbers() -> None:
    """A stack's size is the sum; a number has shape ()."""
    values = cell("scalar: alpha\nh[t] = alpha * tanh(W [h[t-1], x[t]])").init({"n_h": 2, "n_x": 3})
    assert (values["W"].shape, values["alpha"].shape) == ((2, 5), ())


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"n_x": 3}, "the size n_h, n_y is missing; gru has the sizes n_h, n_x, n_y."),
        ({"n_hh": 3, "n_x": 3}, "there is no size 'n_hh'; gru has the sizes n_h, n_x, n_y. Did you mean 'n_h'?"),
        ({"hidden": 3}, "there is no size 'hidden'; gru has the sizes n_h, n_x, n_y."),
        ({"n_x": 3, "n_h": 0, "n_y": 1}, "the size n_h is 0; a size is a whole number from 1."),
        ({"n_x": 3, "n_h": 2.5, "n_y": 1}, "the size n_h is 2.5; a size is a whole number from 1."),
    ],
)
def test_sizes_that_do_not_work(sizes: dict[str, int], message: str) -> None:
    """A missing or senseless size is named."""
    with pytest.raises(ShapeError) as caught:
        cell(GRU).init(sizes)
    assert str(caught.value) == message


@pytest.mark.parametrize("sizes", [3, "n_h", [("n_h", 3)], None])
def test_sizes_are_a_mapping(sizes: object) -> None:
    """A number alone does not say what it is the size of."""
    with pytest.raises(TypeError) as caught:
        cell(GRU).init(sizes)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"sizes are a mapping from names to numbers, such as {{'n_h': 3}}, not {type(sizes).__name__}"
    )


# ---------------------------------------------------------------- losses


def test_extending_with_a_loss() -> None:
    """A loss is one more equation; what is new in it becomes an input or a parameter."""
    c = cell(GRU)
    e = c.extended({"loss": "mean(square(y_hat[t] - target[t])) + sum(k[t] * h[t])"})
    assert e.inputs == ("x", "target", "k")
    assert (e.shapes["target"], e.shapes["k"], e.shapes["loss"]) == (("n_y", 1), ("n_h", 1), (1, 1))
    assert e.outputs == c.outputs
    assert e.loops[-1] == Loop(("loss",), 0)
    assert {name: e.parameters[name] for name in c.parameters} == dict(c.parameters)


def test_extending_does_not_change_shapes_of_the_cell() -> None:
    """Two sizes of the cell stay two sizes."""
    with pytest.raises(CellError, match="in the loss"):
        cell(GRU).extended({"loss": "sum(h[t] * y_hat[t])"})


def test_extending_in_rows() -> None:
    """The loss is read in the convention of the cell."""
    e = cell("a[t] = tanh(a[t-1] W + x[t] V)").extended({"loss": "sum(k[t] * a[t])"})
    assert e.shapes["k"] == (1, "n_a")


def test_extending_with_a_matrix() -> None:
    """A matrix state is paired with a matrix."""
    e = cell("scalar: f\nC[t] = f[t] * C[t-1] + v[t] k[t]^T").extended({"loss": "sum(K[t] * C[t])"})
    assert e.shapes["K"] == ("n_v", "n_k")


@pytest.mark.parametrize(
    ("equations", "message"),
    [
        ({"loss": ""}, "the loss is empty."),
        ({"loss": "sum(y_hat[t]"}, "this '(' is never closed."),
        ({"loss": "sum(dL[t])"}, "dL reads as a derivative of the loss: this name cannot be used for something else."),
        ({"loss": "sum(loss[t-1])"}, "the loss of one step stands on the left only."),
        ({"h": "x[t]"}, "h has a meaning in this cell already."),
    ],
)
def test_bad_extensions(equations: dict[str, str], message: str) -> None:
    """What is wrong in an added equation is an error of its text."""
    with pytest.raises(CellError) as caught:
        cell(GRU).extended(equations)
    assert caught.value.message == message


# ---------------------------------------------------------------- input


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_ends(end: str) -> None:
    """Line ends of any system, and a byte order mark, change nothing."""
    assert cell("\ufeff" + GRU.replace("\n", end)) == cell(GRU)


def test_a_cell_is_made_from_text() -> None:
    """Bytes are refused."""
    with pytest.raises(TypeError):
        cell(b"h[t] = x[t]")  # type: ignore[arg-type]


def test_names_are_not_normalised() -> None:
    """Composed and decomposed letters are two names; nothing is changed behind the author's back."""
    c = cell("é[t] = W x[t]")
    assert c.outputs == ("é",)


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x85", "\u200b", "\u2066", "\u2028"])
def test_control_characters(character: str) -> None:
    """What cannot be seen is refused, also in comments."""
    with pytest.raises(CellError, match="U\\+"):
        cell(f"h[t] = W x[t]  # {character}")


@pytest.mark.parametrize(
    "text",
    [
        "x" * 4_000_001,
        "#\n" * 1_000_000,
        "\n".join(f"h{i}[t] = W{i} x[t]" for i in range(30_000)),
        "h[t] = " + "W [" * 300_000,
    ],
)
def test_huge_texts_are_refused(text: str) -> None:
    """A megabyte is answered in seconds."""
    with pytest.raises(CellError):
        cell(text)


def test_two_thousand_equations() -> None:
    """A large cell is read in seconds, whatever way its equations refer to each other."""
    lines = [f"h_{i}[t] = tanh(W_{i} h_{i}[t-1] + U_{i} h_{i + 1}[t] * s_{i}[t] + b_{i})" for i in range(2000)]
    c = cell("\n".join(lines))
    assert len(c.loops) == 2000
    assert c.loops[0].names == ("h_1999",)


def test_import_is_light() -> None:
    """Reading cells needs neither sympy nor numba."""
    code = "import sys, autorecur.cells; print({'sympy', 'numba', 'scipy'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
