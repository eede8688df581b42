"""Notations are files: read, checked key by key, and put on a cell."""

from __future__ import annotations

from pathlib import Path

import pytest

import autorecur as ar
from autorecur.derive import Derivation
from autorecur.errors import NotationError
from autorecur.notations import NAMES, Profile, load

RNN = ar.cells["rnn"]


def own(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> str:
    with pytest.raises(NotationError) as caught:
        RNN.derive(notation=own(folder, text))
    return str(caught.value)


def shown(derivation: Derivation, label: str) -> str:
    return derivation[label].latex().replace(" ", "").replace("\\,", "").replace("{{*}}", "*")


@pytest.mark.parametrize("name", NAMES)
def test_what_ships_can_be_read(name: str) -> None:
    """Each has a title; a profile that is there already is itself."""
    profile = load(name)
    assert profile.name == name
    assert profile.title
    assert load(profile) is profile


def test_a_file_starts_from_one_that_ships(tmp_path: Path) -> None:
    """Keys that the file does not set are those of its base; its own symbols join them."""
    path = own(tmp_path, 'base = "bracket-time"\n[signs]\nhadamard = "circ"\n[symbols]\nh = "a"\n')
    profile = load(path)
    assert (profile.name, profile.time, profile.hadamard) == ("mine", "angle", "circ")
    assert profile.mathematics.concatenate is True
    assert load(str(path)) == profile


def test_without_a_notation_nothing_changes() -> None:
    """A profile that says nothing prints the cell as its author wrote it."""
    assert RNN.derive(notation=Profile("nothing")).to_latex() == RNN.derive().to_latex()


def test_symbols_letters_and_sizes(tmp_path: Path) -> None:
    """Names print as the file says, in adjoints and subscripts, too; what was taken moves away."""
    text = """
        [symbols]
        h = "a"
        W_h = "W_{aa}"
        [letters]
        loss = '\\mathcal{L}'
        sigmoid = "sigmoid"
        steps = "N"
        [sizes]
        n_h = "n_a"
        [adjoints]
        style = "fraction"
    """
    derivation = RNN.derive(notation=own(tmp_path, text))
    assert shown(derivation, "h") == r"a_t=\tanh(W_{aa}a_{t-1}+W_xx_t+b_a)"
    assert shown(derivation, "L") == r"\mathcal{L}=\ell_N"
    assert shown(derivation, "dL/dh@T") == (
        r"\frac{\partial\mathcal{L}}{\partiala_N}=W_y^{\top}\frac{\partial\mathcal{L}}{\partial\hat{y}_N}"
    )
    assert shown(derivation, "a").startswith("z_t=")
    assert "n_a" in derivation.to_latex()
    assert derivation.verify().passed


def test_the_target_follows_its_output(tmp_path: Path) -> None:
    """An output with another symbol gives its target that symbol, too."""
    derivation = RNN.derive(notation=own(tmp_path, '[symbols]\ny_hat = "o"\n'))
    assert r"o_t-o_t^*" in shown(derivation, "loss")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[time]\nstile = "angle"', "line 2: there is no key 'stile' in [time]. Did you mean 'style'?"),
        (
            'style = "angle"',
            "line 1: there is no key 'style' outside the tables. It belongs into [time] or [adjoints].",
        ),
        ('[sign]\nhadamard = "*"', "line 1: there is no table [sign]. Did you mean signs?"),
        ('[time]\nstyle = "angel"', "line 2: time.style is 'subscript', 'superscript', 'angle' or 'parenthesis', not"),
        ('time.style = "angel"', "line 1: time.style is"),
        ("[time]\nfirst = true", "line 2: time.first is 1 or 0, not True."),
        ("[time]\nfirst = 1.0", "line 2: time.first is 1 or 0, not 1.0."),
        ('base = "colum"', "line 1: the base 'colum' is no notation that ships. Did you mean 'column'?"),
        ("[symbols]\nh = 3", "line 2: symbols.h is a symbol in quotes, not 3."),
        ('[symbols]\nh = "\\\\input{x}"', "line 2: '\\\\input{x}' is no symbol"),
        ('[signs]\nbold = "yes"', "line 2: signs.bold is true or false, not 'yes'."),
        ('[blocks]\nW_h = ["a"]', "line 2: the blocks of W_h are a list of names"),
        ("x = = 3", "line 1: this is no TOML"),
        ('[symbols]\nH = "a"', "line 2: the cell has no symbol 'H'. Did you mean 'h'?"),
        ('[sizes]\nn_H = "a"', "line 2: the cell has no size 'n_H'. Did you mean 'n_h'?"),
        ('[adjoints]\nstyle = "delta"\npreactivation = "delta"', "line 3: the letter δ for pre-activations"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    """File, line, near miss; the line itself is quoted."""
    told = refused(tmp_path, text)
    assert told.startswith("mine.toml, ")
    assert message in told
    assert f"| {text.splitlines()[int(told.split('line ')[1][0]) - 1]}" in told


@pytest.mark.parametrize(
    ("text", "one", "two", "look"),
    [
        ('[symbols]\nh = "x"', "h", "x", "x"),
        ('[symbols]\nW_h = "W_x"', "W_h", "W_x", "W_x"),
        ('[symbols]\nW_h = "W_{x}"', "W_h", "W_x", "W_x"),
        ('[letters]\nloss = "h"', "h", "the loss", "h"),
        ('[letters]\ntarget = "x"', "x", "the target", "x"),
        ('[symbols]\nx = "T"', "x", "the number of steps", "T"),
        ('[symbols]\nx = "\\\\bar h"', "x", "the adjoint of h", r"\bar{h}"),
        ('[sizes]\nn_h = "d"\nn_x = "d"', "the size n_h", "the size n_x", "d"),
    ],
)
def test_two_symbols_that_print_alike(tmp_path: Path, text: str, one: str, two: str, look: str) -> None:
    """Which two, and as what both print."""
    told = refused(tmp_path, text)
    assert f"both print as {look}." in told
    assert sorted(told.split(", ", 1)[1].split(" both ")[0].split(" and ")) == sorted([one, two])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rov", "there is no notation 'rov'. Did you mean 'row'?"),
        ("bracket_time", "there is no notation 'bracket_time'. Did you mean 'bracket-time'?"),
        ("nothing.toml", "there is no file 'nothing.toml'."),
    ],
)
def test_an_unknown_notation(name: str, message: str) -> None:
    """Near misses, and what there is."""
    with pytest.raises(NotationError) as caught:
        load(name)
    assert message in str(caught.value)
    assert ", ".join(NAMES) in str(caught.value)


def test_blocks_of_a_weight_have_names(tmp_path: Path) -> None:
    """Where the file gives them, and where a joined weight would have the name of one of its parts."""
    own_names = own(tmp_path, '[blocks]\nW_a = ["W_{aa}", "W_{ax}"]\n')
    derivation = ar.cells["rnn_concatenated"].derive(notation=own_names)
    assert derivation.verify().passed
    assert "W_{aa}" in derivation["da/da[t-1]"].latex()
    assert "W_a = [W_{aa}" in derivation.to_markdown()
    joined = ar.cells["lstm"].derive(notation="bracket-time").to_markdown()
    assert "W_i &= [W_{ih}" in joined


def test_blocks_are_as_many_as_the_weight_has(tmp_path: Path) -> None:
    """Three names for two blocks are an error, at their line; so are blocks of a weight of one vector."""
    for text, message in (
        ('[blocks]\nW_a = ["A", "B", "C"]', "line 2: W_a has 2 blocks (n_a × n_a + n_x), not 3."),
        ('[blocks]\nW_y = ["A", "B"]', "line 2: W_y has no blocks (n_y × n_a), not 2."),
    ):
        with pytest.raises(NotationError) as caught:
            ar.cells["rnn_concatenated"].derive(notation=own(tmp_path, text))
        assert message in str(caught.value)
