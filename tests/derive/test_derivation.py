"""The equations of a derivation: their order and number, labels, terms, what each uses."""

from __future__ import annotations

import pytest
from sympy import preorder_traversal
from sympy.matrices.expressions import MatAdd, MatMul, Transpose

from autorecur.cells import cells
from autorecur.derive.derivation import Derivation, derive
from autorecur.derive.losses import NAMES
from autorecur.errors import CellError
from autorecur.language.building import cell
from autorecur.symbolic import carriers as c

LOSSES = [*NAMES, None, "sum(square({y}[t])) / 2", "mse({y})", "sum(weight[t] * {y}[t]) + mean({y}[t])"]
SECTIONS = ["cell", "names", "loss", "backward", "parameters", "inputs", "initial", "paths"]

every_cell = pytest.mark.parametrize("name", list(cells))


def derived(name: str, at: str = "last", loss: str | None = "mse") -> Derivation:
    found = cells[name]
    return found.derive(at=at, loss=loss and loss.format(y=found.outputs[-1]))


@pytest.mark.parametrize("at", ["last", "all"])
@pytest.mark.parametrize("loss", LOSSES)
@every_cell
def test_equations_are_complete_and_in_the_order_of_the_page(name: str, loss: str | None, at: str) -> None:
    """Numbers count from (1), labels are unique, sections follow each other, every lhs has the shape of its rhs;
    there is a gradient for every parameter, input and initial state."""
    d = derived(name, at, loss)
    assert [e.number for e in d.equations] == [f"({i})" for i in range(1, len(d.equations) + 1)]
    assert len({e.label for e in d.equations}) == len(d.equations)
    order = [SECTIONS.index(e.section) for e in d.equations]
    assert order == sorted(order)
    for e in d.equations:
        assert e.lhs.shape == e.rhs.shape
        assert e is d[e.label]
        assert e is d[e.number]
    wanted = {*d.cell.parameters, *d.cell.inputs, *(k for s in d.cell.states for k in d.cell.initial_keys(s))}
    assert set(d.gradients) == wanted
    assert all(d.gradients[key].label.startswith(f"dL/d{key}") for key in wanted)


@every_cell
def test_the_right_hand_side_is_the_sum_of_the_terms(name: str) -> None:
    """In their order; no term is a sum, a product of one, or has a double transpose or a factor 1."""
    for at in ("last", "all"):
        for e in derived(name, at).equations:
            assert e.rhs == c.total([term.expression for term in e.terms], e.shape)
            for node in preorder_traversal(e.rhs):
                assert not (isinstance(node, Transpose) and isinstance(node.arg, Transpose)), e.label
                assert not (isinstance(node, MatMul) and 1 in node.args), e.label
                assert not (isinstance(node, MatMul | MatAdd) and len(node.args) < 2), e.label


@every_cell
def test_each_term_of_an_adjoint_says_where_it_comes_from(name: str) -> None:
    """``through`` names quantities of the cell, the last of which the term's own adjoint belongs to, ``offset`` steps on."""
    d = derived(name, "all")
    for e in (*d.section("backward"), *d.section("inputs"), *d.section("initial")):
        for term in e.terms:
            assert term.through is not None
            readers = term.through.split(">")
            assert set(readers) <= set(d.step.assignments)
            assert term.rules
            assert term.steps == e.steps
            found = [a for a in preorder_traversal(term.expression) if isinstance(a, c.Quantity)]
            adjoints = {(a.name, a.step) for a in found if a.name.startswith("dL/d")}
            if readers[-1] != d.loss.name:
                assert adjoints == {(f"dL/d{readers[-1]}", e.lhs.step + term.offset)}, e.label


@every_cell
def test_each_term_of_a_parameters_gradient_comes_through_one_equation(name: str) -> None:
    """As many terms as equations that read the parameter."""
    d = derived(name, "all")
    reads = {quantity: {v.name for v in _variables(d, quantity)} for quantity in d.nodes}
    for label, e in d.gradients.items():
        if e.section == "parameters":
            readers = {quantity for quantity, names in reads.items() if label in names}
            assert {str(term.through).split(">")[0] for term in e.terms} == readers


def _variables(d: Derivation, quantity: str) -> list:
    from autorecur.graph.walk import variables

    return variables(d.nodes[quantity])


@every_cell
def test_uses_are_the_labels_of_what_stands_on_the_right(name: str) -> None:
    """No label is used that is not an equation's, none that does not occur, and no equation uses itself."""
    d = derived(name, "all")
    labels = {e.label for e in d.equations}
    for e in d.equations:
        assert set(e.uses) <= labels - {e.label}
        if e.section != "paths":
            standing = {a.name for a in preorder_traversal(e.rhs) if isinstance(a, c.Quantity)}
            assert set(e.uses) == (standing & labels) - {e.label}


@pytest.mark.parametrize(
    ("name", "least", "most"), [("lstm", 25, 30), ("rnn", 9, 13), ("gru", 22, 28), ("lstm_peephole", 25, 33)]
)
def test_there_are_as_many_equations_as_in_a_textbook(name: str, least: int, most: int) -> None:
    """Beside the author's own and the path form: named quantities, the loss, adjoints, gradients."""
    d = derived(name)
    shown = [e for e in d.equations if e.section not in ("paths", "cell")]
    assert least <= len(shown) <= most + len(d.section("initial"))


def test_the_lstm_reads_as_in_a_textbook() -> None:
    """dL/dc through the next step and through the hidden state; the gates' adjoints at their pre-activations."""
    d = derived("lstm")
    assert {(t.through, t.offset) for t in d["dL/dc"].terms} == {("c", 1), ("h", 0)}
    assert [(t.through, t.offset) for t in d["dL/dc@T"].terms] == [("h", 0)]
    assert str(d["dL/dW_f"].rhs) == "TimeSum(dL/da_f[t]*x[t].T, t, 1, T)"
    assert str(d["dL/dU_f"].rhs) == "TimeSum(dL/da_f[t]*h[t - 1].T, t, 1, T)"
    assert str(d["dL/dh[0]"].rhs).count("U_") == 4


def test_an_output_that_reaches_no_loss_has_the_gradient_zero() -> None:
    """Its parameters too; and everything verifies."""
    d = derive(cell("h[t] = tanh(W h[t-1] + x[t])\nq[t] = Q h[t]\ny[t] = V h[t]"), loss="mse(y)")
    assert d["dL/dq"].terms == ()
    assert d["dL/dQ"].terms == ()
    assert d.verify()


@pytest.mark.parametrize("at", ["last", "all"])
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("ce", "y[t] = softmax(V h[t])"),
        ("ce", "y[t] = V h[t]"),
        ("bce", "y[t] = sigmoid(V h[t])"),
        ("bce", "y[t] = V h[t]"),
    ],
)
def test_cross_entropies_are_differentiated_through_the_logits(kind: str, text: str, at: str) -> None:
    """No quotient and no logarithm is left in the seed, whether y is a probability or a logit."""
    d = derive(cell(f"h[t] = tanh(W h[t-1] + x[t])\n{text}"), loss=kind, at=at)
    first = next(e for e in d.section("loss") if e.label.startswith("dL/d"))
    assert not [node for node in preorder_traversal(first.rhs) if isinstance(node, c.Quotient)]
    assert "log" not in str(first.rhs)
    assert d.verify()


def test_a_probability_that_is_read_elsewhere_keeps_its_adjoint() -> None:
    """Where y is fed back, the loss cannot go around it."""
    d = derive(cells["rnn_jordan"], loss="bce", at="all")
    assert d.loss.bypassed is None
    assert len(d["dL/dy"].terms) == 2
    assert d.verify()


@pytest.mark.parametrize(
    ("name", "reason"),
    [("lstm", ""), ("rnn_stacked", ""), ("rnn_bidirectional", "both"), ("rnn", ""), ("gru", ""), ("mlstm", "matrix")],
)
def test_the_path_form_exists_or_says_why_not(name: str, reason: str) -> None:
    """Vectors with a delay of one have a path form, one or several."""
    form = derived(name).paths
    assert form.reason == reason
    assert bool(form.equations) == (not reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("h[t] = tanh(W h[t-2] + x[t])", "delay"),
        ("h[t] = tanh(W h[t+1] + x[t])", "backward"),
        ("y[t] = W x[t]", "none"),
        ("\n".join(f"h_{i}[t] = tanh(W_{i} h_{i}[t-1] + x[t])" for i in range(5)), "many"),
        ("C[t] = w * C[t-1] + x[t] x[t]^T\ny[t] = C[t] x[t]", "matrix"),
    ],
)
def test_cells_without_a_path_form(text: str, reason: str) -> None:
    """Longer delays, time that runs backwards, no state, matrix states, too many; the rest verifies."""
    d = derive(cell(text))
    assert d.paths.reason == reason
    assert d.verify()


ROW_LSTM = """
f[t] = sigmoid(x[t] W_f + h[t-1] U_f + b_f)
o[t] = sigmoid(x[t] W_o + h[t-1] U_o + c[t] * p_o + b_o)
c[t] = f[t] * c[t-1] + (1 - f[t]) * tanh(x[t] W_c + h[t-1] U_c + b_c)
h[t] = o[t] * tanh(c[t])
y[t] = h[t] W_y + b_y
"""
THREE_LAYERS = """
h_1[t] = tanh(W_1 x[t] + U_1 h_1[t-1])
h_2[t] = tanh(W_2 h_1[t] + U_2 h_2[t-1])
s[t] = tanh(W_3 h_2[t] + V_3 h_1[t] + U_3 s[t-1])
y[t] = W_y s[t] + V_y h_1[t]
"""


@pytest.mark.parametrize("at", ["last", "all"])
@pytest.mark.parametrize("text", [ROW_LSTM, THREE_LAYERS], ids=["row", "three"])
def test_blocks_of_jacobians_verify_in_rows_and_with_states_that_read_each_other(text: str, at: str) -> None:
    """In rows the blocks stand the other way round; a state may be read twice in its own step; the stack's letter is free."""
    d = derive(cell(text), at=at)
    assert d.paths.stacked
    assert d.paths.state not in d.cell.shapes
    report = d.verify()
    assert report
    checked = {check.label for check in report.checks}
    assert {e.label for e in d.paths.equations} <= checked


SCALED = "h[t] = tanh(W x[t] + U h[t-1] + 2 * (e^T h[t-1]) * e)"
SCALED_ROW = "h[t] = tanh(x[t] W + h[t-1] U + 2 * (h[t-1] e^T) * e)"
GATED = "scalar: k alpha\nk[t] = sigmoid(e^T h[t-1])\nh[t] = tanh(W x[t] + U h[t-1] + 2 * 3 * alpha * k[t] * h[t-1])"


@pytest.mark.parametrize("text", [SCALED, SCALED_ROW, GATED])
def test_a_number_that_scales_a_vector_is_a_factor_of_the_path_form(text: str) -> None:
    """The Jacobian of k v by k is v itself, a row in rows; numbers stand in front."""
    d = derive(cell(text))
    assert d.paths.equations
    assert d.verify().passed
    wanted = {SCALED: r"2\, \operatorname{diag}(1 - h_t \odot h_t)\, e\, e^{\top}", SCALED_ROW: r"2\, e^{\top}\, e\,"}
    assert wanted.get(text, r"6\, \alpha\, k_t\, (1 - k_t)\, ") in d["dh/dh[t-1]"].latex()


def test_a_block_of_jacobians_is_named_once_where_it_is_long() -> None:
    """Of the LSTM: diag(f) stands in the matrix, the blocks by h[t-1] and ∂⁺h/∂c have names; that h[t] reads c[t] counts."""
    d = derived("lstm")
    one = d["ds/ds[t-1]"].rhs
    assert [str(part.func.__name__) for part in one.parts] == ["Derivative", "MatMul", "Derivative", "Diagonal"]
    assert {"d+h/dc", "d+c/dh[t-1]", "d+h/dh[t-1]"} == {
        e.label for e in d.paths.equations if e.rule in ("within", "block")
    }
    assert "c" in [t.through for t in d["d+h/dh[t-1]"].terms]


def test_replacing_gives_a_new_derivation() -> None:
    """By text (at the equation's step), by SymPy, by number; the original stays, the copy knows that it was altered."""
    d = derived("rnn")
    same = d.replace("dL/dh", "W_h^T dL/da[t+1]")
    assert str(same["dL/dh"].rhs) == str(d["dL/dh"].rhs)
    assert same.verify()
    at_end = d.replace("dL/dh@T", "W_y^T dL/dy_hat[t]")
    assert at_end["dL/dh@T"].rhs == d["dL/dh@T"].rhs
    wrong = d.replace(d["dL/dh"].number, c.negated(d["dL/dh"].rhs))
    assert not wrong.verify()
    assert wrong["dL/dh"].altered
    assert not d["dL/dh"].altered
    assert d.verify()


def test_replacing_under_a_sum_over_time() -> None:
    """The text for a parameter's gradient is what stands under the sum."""
    d = derived("rnn")
    assert d.replace("dL/dW_h", "dL/da[t] h[t-1]^T")["dL/dW_h"].rhs == d["dL/dW_h"].rhs
    assert not d.replace("dL/dW_h", "dL/da[t] h[t]^T").verify()


def test_an_unknown_label_is_an_error() -> None:
    """With the nearest one."""
    with pytest.raises(CellError, match=r"no equation 'dL/dWh'\. Did you mean 'dL/dW_h'\?"):
        derived("rnn")["dL/dWh"]
