"""Widths, and sums that are broken before an operator."""

from __future__ import annotations

import pytest

from autorecur.errors import RenderError
from autorecur.render.blocks import Cell, Display, EquationRow
from autorecur.render.breaking import broken, fit
from autorecur.render.displays import lines
from autorecur.render.latex import latex
from autorecur.render.measure import extent, is_tall, is_wide, text_width, width
from autorecur.render.prose import line_count, number_text
from autorecur.symbolic.layout import (
    Accent,
    Fence,
    Fraction,
    Function,
    Ident,
    Layout,
    Matrix,
    Num,
    Row,
    Script,
    Sign,
    Space,
    Underbrace,
    binary,
    relation,
    row,
)

a = Ident("a")


def sum_of(count: int, operator: str = "+") -> Layout:
    terms: list[Layout] = []
    for at in range(count):
        terms += [binary(operator), Script(a, sub=Num(str(at)))]
    return row(*terms[1:])


def test_a_short_formula_is_one_line() -> None:
    """What fits is left alone."""
    assert fit(sum_of(3), 20) == (sum_of(3),)


def test_a_long_sum_breaks_before_an_operator() -> None:
    """Each further line starts with its operator, and none is wider than the room."""
    pieces = fit(sum_of(20), 12)
    assert len(pieces) > 1
    assert all(width(piece) <= 12 for piece in pieces)
    assert all(latex(piece).startswith("+") for piece in pieces[1:])
    assert " ".join(map(latex, pieces)) == latex(sum_of(20))


def test_products_break_only_where_there_is_no_sum() -> None:
    """The outermost level is broken first."""
    product = sum_of(20, "odot")
    assert all(latex(piece).startswith(r"\odot") for piece in fit(product, 12)[1:])


def test_a_long_argument_breaks_inside_its_brackets() -> None:
    """Brackets open for a break when nothing outside them helps."""
    pieces = fit(row(Function("tanh"), Fence(sum_of(20), size=1)), 12)
    assert len(pieces) > 1
    assert latex(pieces[0]).startswith(r"\tanh(a_0")
    assert latex(pieces[-1]).endswith(")")


def test_what_cannot_be_broken_stays_whole() -> None:
    """No break is invented."""
    name = row(*[a] * 60)
    assert fit(name, 5) == (name,)


def test_a_cell_counts_its_left_side() -> None:
    """The room for the right-hand side is what the left side leaves."""
    alone = broken(Cell(None, (sum_of(9),)), 16)
    beside = broken(Cell(row(*[a] * 12), (sum_of(9),)), 16)
    assert len(alone.lines) < len(beside.lines)


def test_the_number_stands_on_the_last_line_and_the_reason_on_the_first() -> None:
    """A broken equation has one number and one note."""
    given = lines(Display((EquationRow((Cell(a, (sum_of(40),)),), ("12",), ("name",), ("why",)),)))
    assert len(given) > 1
    assert [line.numbers for line in given] == [()] * (len(given) - 1) + [("12",)]
    assert given[0].note == ("why",)
    assert all(not line.note and not line.comment for line in given[1:])


def test_a_comment_that_leaves_no_room_becomes_a_note() -> None:
    """The formula comes first."""
    comment = "a name of a quantity that is much too long"
    (line,) = lines(Display((EquationRow((Cell(a, (sum_of(10),)),), ("1",), (comment,)),)))
    assert line.comment == ()
    assert line.note == (comment,)


def test_fractions_are_tall_and_words_are_wide() -> None:
    """Brackets grow around what is tall, accents stretch over what is wide."""
    assert is_tall(Fraction(a, a))
    assert not is_tall(row(a, relation("="), Script(a, sub=a)))
    assert is_wide(Ident("speed"))
    assert not is_wide(Accent("hat", a))


def test_scripts_are_smaller() -> None:
    """Operators in a script have no space around them."""
    inside = row(a, binary("+"), a)
    assert width(Script(a, sub=inside)) < width(a) + 0.8 * width(inside)


def test_width_is_close_to_the_true_one() -> None:
    """Within two per cent of what TeX measures: tanh(W_h h_{t-1} + W_x x_t + b_h) is 12.30 em wide."""
    thin = Space("thin")

    def sub(name: str, index: Layout) -> Layout:
        return Script(Ident(name), sub=index)

    h, t, x = Ident("h"), Ident("t"), Ident("x")
    past = row(t, binary("-"), Num("1"))
    argument = row(
        sub("W", h), thin, sub("h", past), binary("+"), sub("W", x), thin, sub("x", t), binary("+"), sub("b", h)
    )
    assert width(row(Function("tanh"), Fence(argument))) == pytest.approx(12.30, rel=0.02)


def test_text_is_as_wide_as_its_letters() -> None:
    """Accented letters are as wide as plain ones."""
    assert text_width("é") == text_width("e")
    assert text_width("mm") > text_width("ii")


def test_lines_of_prose_are_counted_by_words() -> None:
    """A word that does not fit starts a line."""
    assert line_count(("two words",), 30) == 1
    assert line_count(("two words",), 3) == 2
    assert line_count(("a", "b"), 0.6) == 1


def test_numbers_are_shown_as_ranges() -> None:
    """Consecutive numbers are a range, others a list."""
    assert number_text(("12",)) == "(12)"
    assert number_text(("(11)", "(12)", "(13)")) == "(11–13)"
    assert number_text(("1", "3")) == "(1, 3)"
    assert number_text(("11′", "12′", "13′")) == "(11′–13′)"
    assert number_text(("11′", "12", "13′")) == "(11′, 12, 13′)"


def test_the_size_of_the_unknown_is_an_error() -> None:
    """No size is guessed."""
    with pytest.raises(RenderError):
        extent(Layout())


def test_a_product_under_a_brace_is_broken_between_its_factors() -> None:
    """A brace holds its product together; one too long goes on in a second line under the same brace."""
    factor = Fence(row(*(Ident("a"), Sign("odot", "binary")) * 8, Ident("b")))
    product = Underbrace(row(factor, Space(), factor, Space(), factor), Ident("p"))
    term = row(Sign("+", "binary"), product)
    assert fit(term, width(term)) == (term,)
    (line,) = fit(term, 0.7 * width(term))
    assert width(line) <= 0.7 * width(term)
    assert isinstance(line, Row)
    folded = line.items[-1]
    assert isinstance(folded, Underbrace)
    assert isinstance(folded.body, Matrix)
    assert len(folded.body.rows) == 2
    assert fit(line, 0.7 * width(term)) == (line,)


@pytest.mark.parametrize("sign", ["odot", "circ", "*", "cdot", "times"])
def test_a_product_breaks_between_its_factors_whatever_its_sign(sign: str) -> None:
    """Not inside the brackets of a factor."""
    factor = Fence(row(Num("1"), binary("-"), a))
    last = row(binary(sign), factor)
    first, second = fit(row(a, binary(sign), a, last), width(last) + 0.1)
    assert second == last
    assert width(first) < width(second)
