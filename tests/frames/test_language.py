"""The text of a frame: parts, absolute times, and errors that point at what is wrong."""

from __future__ import annotations

import pytest

import autorecur as ar
from autorecur.language.cell import Cell
from autorecur.language.frame import Frame
from tests.frames.texts import ALL, CAPTION, CLASSIFIER, TRANSLATOR


@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
def test_a_frame_written_out_reads_back(text: str) -> None:
    frame = ar.cell(text)
    assert isinstance(frame, Frame)
    assert ar.cell(str(frame)) == frame
    assert str(ar.cell(str(frame))) == str(frame)


def test_a_text_without_parts_and_absolute_times_is_a_cell() -> None:
    assert type(ar.cell("h[t] = tanh(W x[t] + U h[t-1])  # not h[T]")) is Cell


def test_names_are_sorted() -> None:
    frame = ar.cell(TRANSLATOR)
    assert (frame.states, frame.inputs, frame.outputs) == (("h", "s"), ("x", "v"), ("y",))
    assert frame.parameters["W_0"] == ("n_s", "n_h")
    assert frame.equations[1] == "s[0] = tanh(W_0 encoder.h[T] + b_0)"
    assert [(part.name, part.clock) for part in frame.parts] == [("encoder", "T_x"), ("decoder", "T_y")]


def test_what_a_matrix_multiplies_once_is_an_input_without_time() -> None:
    frame = ar.cell(CAPTION)
    assert frame.inputs == ("x",)
    assert "x" not in frame.parameters
    assert frame.clock_of["x"] == "1"


def test_an_input_may_be_read_at_its_first_step_alone() -> None:
    frame = ar.cell("h[0] = W_0 x[1]\nh[t] = tanh(U h[t-1])")
    assert frame.inputs == ("x",)
    assert frame.clock_of["x"] == "1"


def test_parts_name_their_numbers_of_steps() -> None:
    text = TRANSLATOR.replace("--- encoder\n", "--- encoder\nsteps: N\n").replace(
        "--- decoder\n", "--- decoder\nsteps: M\n"
    )
    assert [part.clock for part in ar.cell(text).parts] == ["N", "M"]
    assert ar.cell(str(ar.cell(text))) == ar.cell(text)


ERRORS = {
    "no such part": (
        TRANSLATOR.replace("encoder.h[T]", "encodr.h[T]"),
        "there is no part 'encodr'.",
        "Did you mean 'encoder'?",
    ),
    "another part with relative time": (
        TRANSLATOR.replace("+ d)", "+ C h[t-1])"),
        "h[t-1] belongs to the part encoder, which has steps of its own.",
        "Another part is read at an absolute time: encoder.h[T] is the last one.",
    ),
    "another part, named, with relative time": (
        TRANSLATOR.replace("+ d)", "+ C encoder.h[t])"),
        "another part is read at a step of its own, not at t.",
        "For its last value write encoder.h[T].",
    ),
    "a name in two parts": (
        TRANSLATOR.replace("y[t] =", "h[t] ="),
        "h stands in two parts, encoder and decoder: names are unique over the frame.",
        "Give one of the two another name, such as h_d.",
    ),
    "an input of two parts": (
        TRANSLATOR.replace("v[t]", "x[t]"),
        "x is an input of two parts, encoder and decoder: each has steps of its own.",
        "Give one of the two another name, such as x_d.",
    ),
    "parts that need each other": (
        TRANSLATOR.replace("+ b)", "+ B decoder.s[T])"),
        "the parts decoder and encoder need each other: s[0] needs encoder.h[T], which needs s[0].",
        "Parts are computed one after the other, each from earlier ones.",
    ),
    "the end before the beginning": (
        "h[t] = tanh(W x[t] + U h[T])",
        "h needs h[T], which needs h: the last step would have to be known before the first.",
        "Parts are computed one after the other, each from earlier ones.",
    ),
    "a step that need not exist": (
        CLASSIFIER.replace("h[T]", "h[7]"),
        "h[7] may lie outside the steps, which run from 1 to T.",
        "Absolute times are 0, 1 and T; other steps are counted from t.",
    ),
    "an initial value of nothing": (
        "h[t] = tanh(W x[t] + U h[t-1])\ns[0] = h[T]",
        "s[0] is the initial value of a state, but no equation gives s[t].",
        "For a quantity without time write s = …",
    ),
    "no such initial value": (
        "h[t] = tanh(W x[t] + U h[t-1])\nh[-3] = W_0 z",
        "h[-3] is no initial value of h.",
        "Its initial values are h[0].",
    ),
    "a learned value with an equation": (
        "learned: h\nh[0] = W_0 z\nh[t] = tanh(W x[t] + U h[t-1])",
        "h[0] has an equation: it is not learned.",
        "Drop one of the two.",
    ),
    "a quantity without its time": (
        CLASSIFIER.replace("h[T]", "h[T] + h"),
        "h has a time: say at which step.",
        "Write h[t], h[T] or another step.",
    ),
    "a time for what has none": (
        CLASSIFIER + "z = V y[T]",
        "y has no time: it is computed once.",
        "Write y without an index.",
    ),
    "a header of the whole text": (
        TRANSLATOR.replace("--- decoder", "--- decoder\nloss: mse"),
        "the header 'loss' belongs to the whole text, before the first part.",
        "A part of its own may have steps, learned, output.",
    ),
    "two parts of one name": (
        TRANSLATOR.replace("--- decoder", "--- encoder"),
        "there are two parts 'encoder'.",
        "Give each a name of its own.",
    ),
    "an equation before the parts": (
        "z = W_0 u\n--- a\nh[t] = tanh(W x[t] + U h[t-1])",
        "this equation stands before the first part.",
        "Begin with a line such as --- encoder",
    ),
}


@pytest.mark.parametrize(("text", "message", "hint"), ERRORS.values(), ids=ERRORS)
def test_errors_say_what_where_and_what_to_do(text: str, message: str, hint: str) -> None:
    with pytest.raises(ar.CellError) as caught:
        ar.cell(text)
    assert caught.value.message == message
    assert caught.value.hint == hint
    assert caught.value.line is not None
    assert "^" in str(caught.value)
