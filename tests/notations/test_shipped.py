"""Every notation that ships, on the built-in cells: derived, checked, printed, with no two symbols alike."""

from __future__ import annotations

import pytest

import autorecur as ar
from autorecur.notations import NAMES, Profile

SAMPLE = [
    ("bracket-time", "lstm"),
    ("index", "rnn_stacked"),
    ("row", "gru"),
    ("transposed", "rnn_jordan"),
    ("column", "rnn_row"),
]
ROWS_NEED_VECTORS = ("mlstm",)
"""Cells with a matrix from step to step, which has no row."""
STYLES = [
    Profile(
        "a", time="angle", immediate="bar", transpose="prescript", bold=True, adjoint="d", layers="bracket", first=0
    ),
    Profile("b", time="parenthesis", adjoint="fraction", derivative="d", concatenation="column", hadamard="circ"),
    Profile("c", time="superscript", adjoint="delta", transpose="T", sigmoid="sigmoid", jacobian="denominator"),
]


def goes_well(notation: str | Profile, name: str) -> None:
    derivation = ar.cells[name].derive(notation=notation)
    assert derivation.verify().passed
    assert derivation.to_latex()
    assert derivation.to_markdown()
    assert derivation.to_html()


@pytest.mark.parametrize(("notation", "name"), SAMPLE)
def test_a_sample(notation: str, name: str) -> None:
    """One cell for each notation."""
    goes_well(notation, name)


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(ar.cells))
@pytest.mark.parametrize("notation", NAMES)
def test_every_notation_on_every_cell(notation: str, name: str) -> None:
    """But for rows of cells whose quantities are matrices, which are refused."""
    if notation == "row" and name in ROWS_NEED_VECTORS:
        with pytest.raises(ar.CellError, match="matrix"):
            ar.cells[name].derive(notation=notation)
        return
    goes_well(notation, name)


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(ar.cells))
@pytest.mark.parametrize("profile", STYLES, ids=lambda profile: profile.name)
def test_every_sign_on_every_cell(profile: Profile, name: str) -> None:
    """Three profiles that together choose every sign otherwise than the house."""
    goes_well(profile, name)


@pytest.mark.parametrize("profile", STYLES, ids=lambda profile: profile.name)
def test_every_sign_on_a_cell_with_a_stack(profile: Profile) -> None:
    """The same in short."""
    goes_well(profile, "rnn_concatenated")
