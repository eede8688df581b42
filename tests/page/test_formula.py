"""Formulas in the catalogue are read into layouts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autorecur.errors import RenderError
from autorecur.page.formula import formula
from autorecur.render.latex import latex
from autorecur.symbolic.layout import Ident
from autorecur.symbolic.names import DEFAULT


def shown(text: str, **fields: Ident) -> str:
    return latex(formula(text, DEFAULT, fields)).replace(" ", "").replace(r"\,", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"u_i = \sum_j W_{ij} v_j", r"u_i=\sum_{j}W_{ij}v_j"),
        (r"W^\top \adj{u}", r"W^{\top}\bar{u}"),
        (r"\adj{v}_t", r"\bar{v}_t"),
        (r"\frac{1}{n}", r"\frac{1}{n}"),
        (r"\norm u-y\endnorm^2", r"\lVertu-y\rVert^2"),
        (r"t=1,\dots,\steps", r"t=1,\dots,T"),
        (r"\sigmoid(v)", r"\sigma(v)"),
        (r"\fn{ReLU}'(v)", r"\operatorname{ReLU}'(v)"),
        (r"@h^\top", r"h^{\top}"),
        (r"-u", "-u"),
    ],
)
def test_formulas(text: str, expected: str) -> None:
    """Scripts, fractions, sums, accents, fences, functions and fields."""
    assert shown(text, h=Ident("h")).replace("{-}", "-") == expected


def test_the_notation_decides_the_accent_and_the_sign() -> None:
    """The adjoint's accent, the name of T and the sign of the elementwise product are those of the cell."""
    notation = replace(DEFAULT, adjoint="hat", steps="N", hadamard="circ")
    text = latex(formula(r"\adj{v} \odot \steps", notation)).replace(" ", "")
    assert text == r"\hat{v}\circN"


@pytest.mark.parametrize("text", [r"\unknown", "@nothing", "(a", "{a", "~"])
def test_what_cannot_be_read_is_an_error(text: str) -> None:
    """Unknown commands and fields, and groups that are never closed."""
    with pytest.raises(RenderError):
        formula(text, DEFAULT)
