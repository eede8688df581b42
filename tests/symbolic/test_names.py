"""Names print as a mathematician writes them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from autorecur.render.latex import latex
from autorecur.symbolic import carriers as c
from autorecur.symbolic.compose import Composer
from autorecur.symbolic.names import DEFAULT, Notation, name_layout, notation_of


def shown(name: str, notation: Notation = DEFAULT, step: Any = None) -> str:
    time = None if step is None else Composer(notation).at(step)
    return latex(name_layout(name, notation, time)).replace(" ", "").replace("{*}", "*").replace("{-}", "-")


@pytest.mark.parametrize(
    ("name", "alone", "before"),
    [
        ("h", "h", "h_{t-1}"),
        ("W_hh", "W_{hh}", "W_{hh,t-1}"),
        ("Gamma_u", r"\Gamma_u", r"\Gamma_{u,t-1}"),
        ("h_tilde", r"\tilde{h}", r"\tilde{h}_{t-1}"),
        ("h_tilde_1", r"\tilde{h}_1", r"\tilde{h}_{1,t-1}"),
        ("h_1_tilde", r"\tilde{h}_1", r"\tilde{h}_{1,t-1}"),
        ("W_h_tilde", r"W_{\tilde{h}}", r"W_{\tilde{h},t-1}"),
        ("W_Gamma_u", r"W_{\Gamma_u}", r"W_{\Gamma_u,t-1}"),
        ("y_hat", r"\hat{y}", r"\hat{y}_{t-1}"),
        ("alpha", r"\alpha", r"\alpha_{t-1}"),
        ("h1", "h_1", "h_{1,t-1}"),
        ("b_out", r"b_{\mathrm{out}}", r"b_{\mathrm{out},t-1}"),
        ("memory", r"\mathit{memory}", r"\mathit{memory}_{t-1}"),
        ("loss", r"\ell", r"\ell_{t-1}"),
        ("target", "y^{*}", "y_{t-1}^{*}"),
        ("dL/dh", r"\bar{h}", r"\bar{h}_{t-1}"),
        ("dL/dW_hh", r"\bar{W}_{hh}", r"\bar{W}_{hh,t-1}"),
        ("dL/dy_hat", r"\bar{\hat{y}}", r"\bar{\hat{y}}_{t-1}"),
    ],
)
def test_a_name_prints_alone_and_with_a_mark_of_time(name: str, alone: str, before: str) -> None:
    """Accents sit on the letter before them, subscripts and the time index share the subscript."""
    assert shown(name).replace("y^*", "y^{*}") == alone
    assert shown(name, step=c.t - 1).replace("^*", "^{*}") == before


def test_an_initial_state_carries_its_own_step() -> None:
    """Learned initial states are parameters named by their step."""
    assert [shown("h[0]"), shown("h[-1]"), shown("g[T+1]")] == ["h_0", "h_{-1}", "g_{T+1}"]


def test_the_adjoint_of_the_only_preactivation_is_a_bare_delta() -> None:
    """One pre-activation needs no subscript; several carry the subscripts of their names."""
    one = replace(DEFAULT, kinds={"a": "preactivation", "h": "cell"})
    assert shown("dL/da", one, c.t) == r"\delta_t"
    two = replace(
        DEFAULT,
        kinds={"a_i": "preactivation", "a_h_tilde": "preactivation"},
        owners={"a_i": "i", "a_h_tilde": "h_tilde"},
    )
    assert shown("dL/da_i", two, c.t) == r"\delta_{i,t}"
    assert shown("dL/da_h_tilde", two, c.t) == r"\delta_{\tilde{h},t}"
    assert shown("a_h_tilde", two, c.t) == r"a_{\tilde{h},t}"


def test_time_can_stand_above() -> None:
    """The mark of time is a choice of the notation."""
    above = replace(DEFAULT, time="superscript")
    assert shown("W_hh", above, c.t) == "W_{hh}^{(t)}"
    assert shown("h", replace(DEFAULT, time="angle"), c.t - 1) == r"h^{\langlet-1\rangle}"


def cell(*names: str, **facts: Any) -> Any:
    return SimpleNamespace(**{"shapes": dict.fromkeys(names, ("n", 1)), "target": None, "steps_name": "T", **facts})


def test_automatic_signs_keep_clear_of_the_cell() -> None:
    """A cell that uses δ, σ, ℓ or bars gets other signs for what is automatic."""
    busy = notation_of(cell("delta_1", "sigma", "y_bar", "h"))
    assert busy.preactivation == "epsilon"
    assert "sigmoid" not in busy.letters
    assert shown("dL/dh", busy) == r"\hat{h}"
    free = notation_of(cell("h"))
    assert (free.preactivation, free.adjoint, free.letters["sigmoid"]) == ("delta", "bar", "sigma")


def test_the_target_is_named_after_the_output() -> None:
    """The target of ŷ is y; that of y, or of ŷ where y is taken, has a star; the header decides if there is one."""
    assert notation_of(cell("y_hat", "h"), output="y_hat").target == "y"
    assert notation_of(cell("y_hat", "y"), output="y_hat").target == "y_star"
    assert notation_of(cell("y", "h"), output="y").target == "y_star"
    assert notation_of(cell("y", "h", target="d"), output="y").target == "d"


def test_two_names_never_print_alike() -> None:
    """``h1`` and ``h_1`` in one cell: the second prints as it is spelled."""
    notation = notation_of(cell("h_1", "h1"))
    assert shown("h_1", notation) != shown("h1", notation)


@pytest.mark.parametrize(
    ("names", "field", "expected"),
    [
        (("y", "y_star"), "target", "y_target"),
        (("ell", "Lambda"), "loss", "Xi"),
        (("h", "I"), "identity", "blackboard"),
        (("h", "k"), "indices", {"k": "m", "j": "j"}),
        (("k", "m", "j"), "indices", {"k": "q", "j": "i"}),
    ],
)
def test_what_is_automatic_keeps_clear_of_every_name(names: tuple[str, ...], field: str, expected: Any) -> None:
    """Target, loss, identity and the indices of paths are letters that the cell has no other use for."""
    assert getattr(notation_of(cell(*names), output="y"), field) == expected


def test_an_index_and_a_size_print_apart_from_names() -> None:
    """A state k beside the index of a path, a parameter ``n_x`` beside the size of x, in one notation."""
    notation = notation_of(cell("k", "n_x", shapes={"k": ("n_k", 1), "n_x": ("n_x", 1)}))
    assert latex(Composer(notation).at(c.k)) == "m"
    assert latex(Composer(notation).size("n_x")) == "n_x" != shown("n_x", notation)
