"""Three rules name the quantities that a textbook would name, for any cell."""

from __future__ import annotations

import pytest

from autorecur.cells import cells
from autorecur.graph.node import Variable
from autorecur.graph.step import build, express
from autorecur.graph.walk import postorder
from autorecur.language.building import cell
from autorecur.language.syntax import Binary, Expression, Name


def named(text: str) -> list[tuple[str, str]]:
    """The names that the rules gave, with the author's equation that each was taken out of."""
    found = build(cells[text] if text in cells else cell(text)).assignments.values()
    return [(a.name, a.owner) for a in found if a.kind != "cell"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lstm", [("a_i", "i"), ("a_f", "f"), ("a_o", "o"), ("a_g", "g")]),
        ("gru", [("a_r", "r"), ("a_z", "z"), ("s_n", "n"), ("a_n", "n")]),
        ("gru_reset_after", [("a_r", "r"), ("a_z", "z"), ("m_n", "n"), ("a_n", "n")]),
        ("rnn", [("a", "h")]),
        ("rnn_row", [("z_a", "a"), ("z_y_bar", "y_bar")]),
        ("h[t] = tanh(W h[t-1]) * sigmoid(U x[t])", [("a_h", "h"), ("a_h_2", "h")]),
        ("h[t] = tanh(W h[t-1] + x[t]) * sigmoid(W h[t-1] + x[t])", [("a", "h")]),
        ("h[t] = tanh(W tanh(U h[t-1] + x[t]) + b)", [("a_h", "h"), ("s_h", "h"), ("a_h_2", "h")]),
        ("h[t] = tanh(u * h[t-1] + b)\n", [("a", "h")]),
        ("h[t] = tanh(h[t-1] * x[t])", []),
        ("p[t] = W h[t-1] + U x[t]\nh[t] = tanh(p[t])", []),
        ("h[t] = x[t] * (W h[t-1])", [("m_h", "h")]),
        ("h[t] = W (x[t] * h[t-1])", [("s_h", "h")]),
    ],
)
def test_names(text: str, expected: list[tuple[str, str]]) -> None:
    """Pre-activations, operands of products, factors that hold a product; nothing else, and inner ones first."""
    assert named(text) == expected


def test_a_stack_that_several_gates_read_has_one_name() -> None:
    """``[h[t-1], x[t]]`` is s, once; a stack of its own is named after its equation."""
    text = "h[t] = tanh(W [h[t-1], x[t]])\nz[t] = sigmoid(V [h[t-1], x[t]])\ny[t] = U [h[t], z[t]]"
    assert [name for name, _ in named(text)] == ["s", "a_h", "a_z", "s_y"]
    assert named("gru_concatenated")[0][0] == "s"


@pytest.mark.parametrize("name", list(cells))
def test_no_given_name_is_the_authors(name: str) -> None:
    """Given names differ from all names of the cell, and begin with no letter that the cell uses."""
    own = set(cells[name].shapes)
    given = [name for name, _ in named(name)]
    assert not own & set(given)
    assert len(set(given)) == len(given)
    assert not {n.split("_")[0] for n in own} & {n.split("_")[0] for n in given}


def test_letters_run_out_at_last() -> None:
    """A cell that uses a, z, p, q, v and u gets a1."""
    text = "\n".join(f"{v}[t] = tanh({v.upper()} {v}[t-1] + x[t])" for v in "azpqvu")
    assert named(text)[0] == ("a1_a", "a")


@pytest.mark.parametrize("name", list(cells))
def test_every_right_hand_side_is_made_of_names_that_come_before(name: str) -> None:
    """Within a step each named quantity is computed before it is read."""
    step = build(cells[name])
    seen: set[str] = set()
    for quantity, reads in step.reads().items():
        given = {n for n, offset in reads if offset == 0 and n in step.assignments and n not in cells[name].shapes}
        assert given <= seen
        seen.add(quantity)
    assert set(step.authored) <= set(step.assignments)


def test_products_are_taken_from_the_right() -> None:
    """``v kᵀ h`` is v (kᵀ h), a scaled vector: no matrix is formed on the way."""
    step = build(cell("h[t] = tanh(v[t] k[t]^T h[t-1])"))
    nodes = [node for a in step.assignments.values() for node in postorder(a.node)]
    assert all(1 in node.shape for node in nodes)


def test_a_deep_expression_is_no_trouble() -> None:
    """A tree of three thousand sums is walked with a stack."""
    tree: Expression = Name("x", 0)
    for _ in range(3000):
        tree = Binary("+", tree, Name("x", 0))
    node = express(tree, lambda name: Variable(("n", 1), name=name.name, offset=name.offset), row=False)
    assert sum(1 for _ in postorder(node)) == 6001
