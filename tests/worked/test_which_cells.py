"""Which derivations have an example in numbers, and what a page says of the others."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from autorecur.page import document
from autorecur.render.formats import text_of
from autorecur.worked import NoExampleError

HEADING = {"en": "By hand, with numbers", "fr": "À la main, avec des nombres"}
LOGARITHM = "h[t] = log(W x[t] + U h[t-1] + b)"
FRAME = """
--- encoder
h[t] = tanh(W_h h[t-1] + W_x x[t])
--- decoder
s[0] = tanh(W_0 encoder.h[T])
s[t] = tanh(W_s s[t-1])
y[t] = W_y s[t]
"""


def full(derivation: ar.Derivation, language: str = "en") -> str:
    return text_of(document(derivation, "full", language), "md")


def section(text: str, language: str = "en") -> str:
    start = text.index(HEADING[language])
    return text[start : text.index("\n## ", start)]


# --------------------------------------------------------------------------------------------------- truncated gradients


def test_a_truncated_gradient_is_cut_in_numbers() -> None:
    """Nothing comes back over a cut: with a loss at the last step, what stands before it is zero."""
    found = ar.cells["rnn"].derive(truncate=2).worked_example()
    assert found.cuts == (2,)
    assert found.steps == 4
    assert found["dL/dh[3]"].value.any()
    assert not found["dL/dh[2]"].value.any()
    assert found["dL/dh[2]"].symbols == "0"
    whole = ar.cells["rnn"].derive().worked_example()
    assert np.abs(whole["dL/dh[2]"].value).max() > 0.001


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_says_where_the_gradient_is_cut(language: str) -> None:
    words = {
        "en": ("is cut behind $t=1$ and $t=2$:", "there is no cut"),
        "fr": ("est coupé après $t=1$ et $t=2$", "aucun"),
    }
    cut, uncut = words[language]
    assert cut in section(full(ar.cells["rnn"].derive(truncate=1), language), language).replace(" = ", "=")
    assert uncut in section(full(ar.cells["rnn"].derive(truncate=9), language), language)


# -------------------------------------------------------------------------------------------------------- open functions


def test_open_functions_are_chosen_and_named() -> None:
    """The page says what they are and what their slopes are; numbers stand behind the open names."""
    cell = ar.cell("function: g_1 g_2\nh[t] = g_1(W x[t] + U h[t-1])\ny[t] = g_2(V h[t])")
    found = cell.derive().worked_example()
    assert found.functions == {"g_1": "tanh", "g_2": "sigmoid"}
    assert found["h[1]"].symbols.startswith("g_1(")
    assert found["h[1]"].numbers.startswith("g_1")
    assert found["h[1]"].value == pytest.approx(np.tanh(found["a_h[1]"].value), abs=1e-4)
    text = section(full(cell.derive()))
    assert r"$g_1 = \tanh$, with $(\tanh(v))' = 1 - \tanh^2(v)$" in text
    assert r"$g_2 = \sigma$" in text


def test_an_open_function_is_what_the_values_say() -> None:
    cell = ar.cell("function: g\nh[t] = w * g(h[t-1]) + x[t]")
    values = {"w": [0.5], "x": [[1.0]], "h[0]": [0.3], "target": [0.2]}
    found = cell.derive(loss="squared").worked_example({**values, "functions": {"g": "sin"}})
    assert found["h[1]"].value[0, 0] == pytest.approx(1 + 0.5 * np.sin(0.3), abs=1e-4)
    with pytest.raises(ar.CellError, match=r"'sine'.*'sin'"):
        cell.derive().worked_example({**values, "functions": {"g": "sine"}})
    with pytest.raises(ar.CellError, match="leaves no function 'f' open"):
        cell.derive().worked_example({**values, "functions": {"f": "sin"}})
    with pytest.raises(ar.CellError, match="where names of functions are needed"):
        cell.derive().worked_example({**values, "functions": ["tanh"]})


def test_an_open_function_below_a_logarithm_is_positive() -> None:
    """Where one choice has no numbers, the next is tried."""
    cell = ar.cell("function: g\nh[t] = log(g(-square(x[t]))) + u * h[t-1]")
    assert cell.derive().worked_example().functions == {"g": "sigmoid"}


# ------------------------------------------------------------------------------------------------------- other notations


@pytest.mark.parametrize("notation", ["row", "transposed", "bracket-time", "index", "column"])
@pytest.mark.parametrize("name", ["rnn", "gru", "rnn_row"])
def test_every_notation_has_an_example(name: str, notation: str) -> None:
    """Its gradient, mapped back, is that of the cell as written, at the same point."""
    found = ar.cells[name].derive(notation=notation).worked_example()
    assert 0 < found.distance < 0.01
    assert set(found.given.parameters) == set(found.derivation.cell.parameters)


def test_numbers_of_ones_own_are_those_of_the_cell_as_written() -> None:
    """Keys and shapes do not depend on the notation; the page shows its own weights, the loss is the same."""
    text = "h[t] = tanh(W x[t] + U h[t-1] + b)"
    values = {
        "W": [[0.3], [0.2]],
        "U": [[0.1, 0.2], [-0.3, 0.4]],
        "b": [0.1, 0.2],
        "x": [[0.5], [1]],
        "target": [0.1, 0.2],
    }
    plain = ar.cell(text).derive().worked_example(values)
    joined = ar.cell(text).derive(notation="bracket-time").worked_example(values)
    rows = ar.cell(text).derive(notation="row").worked_example(values)
    assert plain.loss == joined.loss == rows.loss
    assert list(plain.given.parameters) == ["W", "U", "b"]
    assert list(joined.given.parameters) == ["W", "b"]
    assert np.array_equal(rows["dL/dU"].value, plain["dL/dU"].value.T)
    with pytest.raises(ar.CellError, match=r"'W' of shape \(n_h, n_x\) is missing"):
        ar.cell(text).derive(notation="bracket-time").worked_example({k: v for k, v in values.items() if k != "W"})


# ------------------------------------------------------------------------------------------------------ several parts


def test_each_part_of_a_frame_counts_its_own_steps() -> None:
    """Forward in the order of the parts, backward in the opposite one; what joins them is a row of its own."""
    found = ar.cell(FRAME).derive(at="all").worked_example()
    lengths = [(part.clock, part.step) for part in found.of("forward")]
    assert lengths == [("T_x", 1), ("T_x", 2), ("T_x", 3), ("1", None), ("T_y", 1), ("T_y", 2), ("T", None)]
    assert [(part.clock, part.step) for part in found.of("backward")] == lengths[-2::-1]
    assert found["s[0]"].symbols == r"\tanh(a_{s0})"
    assert found["dL/dh[3]"].symbols.startswith(r"W_0^{\top}\, ")


def test_numbers_of_a_frame_may_be_given() -> None:
    """Each part has as many steps as are said, or as its inputs tell; what does not fit is refused by name."""
    derivation = ar.cell(FRAME).derive()
    values = {
        "W_h": [[0.5]],
        "W_x": [[0.3]],
        "W_0": [[0.8]],
        "W_s": [[0.4]],
        "W_y": [[1]],
        "x": [[1], [0.5]],
        "h[0]": [0.2],
        "target": [0.3],
    }
    with pytest.raises(ar.ShapeError, match="number of steps T_y is not known"):
        derivation.worked_example(values)
    found = derivation.worked_example({**values, "steps": {"decoder": 3}})
    assert dict(found.steps.lengths) == {"T_x": 2, "T_y": 3, "1": 1}
    assert found["h[1]"].numbers.startswith(r"\tanh(0.4)")
    with pytest.raises(ar.CellError, match=r"s\[0\]' is no parameter, input or initial state"):
        derivation.worked_example({**values, "s[0]": [0.1]})
    with pytest.raises(ar.ShapeError, match="there is no part 'decodr'"):
        derivation.worked_example({**values, "steps": {"decodr": 3}})


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_of_a_frame_names_the_part_of_each_step(language: str) -> None:
    found = section(full(ar.cell(FRAME).derive(), language), language).replace(" = ", "=")
    wanted = {
        "en": ("**encoder, step $t=3$**", "**once**"),
        "fr": ("**encodeur, instant $t=3$**", "**une seule fois**"),
    }
    assert all(words in found for words in wanted[language])
    assert "$T_x=3$" in found


# --------------------------------------------------------------------------------------------------------------- without


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(("text", "why"), [(LOGARITHM, "numbers")])
def test_a_page_without_an_example_says_why(text: str, why: str, language: str) -> None:
    """The section is there, with one sentence and no table."""
    derivation = ar.cell(text).derive()
    with pytest.raises(NoExampleError) as raised:
        derivation.worked_example()
    assert raised.value.reason == why
    found = section(full(derivation, language), language)
    assert {"en": "is left out", "fr": "est omis"}[language] in found
    assert "|" not in found


def test_values_at_which_a_function_is_undefined_are_refused() -> None:
    """The error names the row."""
    derivation = ar.cell("h[t] = log(w * h[t-1] + x[t])").derive(loss="squared")
    with pytest.raises(ar.CellError, match=r"h\[2\] has no finite value"):
        derivation.worked_example({"w": [1.0], "x": [[1.0], [-3]], "h[0]": [0.0], "target": [0.0]})


def test_a_cell_that_nobody_computes_by_hand_has_none() -> None:
    lines = "\n".join(f"h_{i}[t] = tanh(w_{i} * h_{i}[t-1] + x[t])" for i in range(40))
    with pytest.raises(NoExampleError) as raised:
        ar.cell(lines + "\ny[t] = " + " + ".join(f"h_{i}[t]" for i in range(40))).derive().worked_example()
    assert raised.value.reason == "large"
