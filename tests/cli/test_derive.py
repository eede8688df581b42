"""``autorecur derive``: the document, if and only if every check passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from autorecur.derive import Derivation
from autorecur.render import pdf
from tests.cli.conftest import CommandLine

ELMAN = b"h[t] = tanh(W x[t] + U h[t-1] + b)   # hidden state\n"


def test_latex_on_standard_output_and_the_rest_on_standard_error(autorecur: CommandLine) -> None:
    """Without ``-o`` the LaTeX is printed; the table of checks does not mix with it."""
    outcome = autorecur("derive", "-", stdin=ELMAN)
    assert outcome.code == 0
    assert "\\documentclass" in outcome.out[:200]
    assert outcome.out.rstrip().endswith("\\end{document}")
    assert "complex step" in outcome.err
    assert "equations passed; largest relative error" in outcome.err


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.tex", b"%"), ("a.md", b"# "), ("a.PDF", b"%PDF-"), ("a.html", b"<!DOCTYPE html>"), ("a.typ", b"")],
)
def test_the_suffix_chooses_the_format(autorecur: CommandLine, name: str, start: bytes) -> None:
    """One file of that format is written, and nothing is printed on standard output."""
    outcome = autorecur("derive", "rnn", "-o", name, "--pdf-engine", "typst")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.rstrip().endswith(f"written: {name}")
    assert Path(name).read_bytes().startswith(start)
    assert list(Path().iterdir()) == [Path(name)]


def test_the_file_holds_what_standard_output_shows(autorecur: CommandLine) -> None:
    """``-o a.tex`` and no ``-o`` give one document."""
    printed = autorecur("derive", "rnn").out
    autorecur("derive", "rnn", "-o", "a.tex")
    assert Path("a.tex").read_text(encoding="utf-8").rstrip() == printed.rstrip()


def test_a_fragment_has_no_preamble(autorecur: CommandLine) -> None:
    """``--fragment`` is for \\input: neither a class nor a document environment."""
    fragment = autorecur("derive", "rnn", "--fragment").out
    assert "\\documentclass" not in fragment
    assert "\\begin{document}" not in fragment
    assert "\\tanh" in fragment


def test_a_path_to_a_cell_file(autorecur: CommandLine) -> None:
    """A file is named after itself if its text gives no name."""
    Path("my own.cell").write_bytes(ELMAN)
    outcome = autorecur("derive", "my own.cell", "-o", "a.md")
    assert outcome.code == 0, outcome.err
    assert "tanh" in Path("a.md").read_text(encoding="utf-8")


def test_the_file_may_be_read_from_itself(autorecur: CommandLine) -> None:
    """An existing output is replaced."""
    Path("a.tex").write_text("old", encoding="utf-8")
    assert autorecur("derive", "rnn", "-o", "a.tex").code == 0
    assert Path("a.tex").read_text(encoding="utf-8") != "old"


@pytest.mark.parametrize(
    "options", [["--at", "all"], ["--loss", "ce"], ["--steps", "3"], ["--seed", "9"], ["--loss", "none"]]
)
def test_options_change_the_document(autorecur: CommandLine, options: list[str]) -> None:
    """Loss, steps and seed are seen on the page."""
    plain, changed = autorecur("derive", "rnn"), autorecur("derive", "rnn", *options)
    assert changed.code == 0, changed.err
    assert changed.out != plain.out


@pytest.mark.parametrize("detail", ["brief", "full"])
def test_details(autorecur: CommandLine, detail: str) -> None:
    """The page comes in three lengths."""
    lengths = {name: len(autorecur("derive", "lstm", "--detail", name).out) for name in ("standard", detail)}
    assert (lengths["standard"] < lengths[detail]) == (detail == "full")


def test_an_expression_as_loss(autorecur: CommandLine) -> None:
    """The loss of one step may be written in the language."""
    outcome = autorecur("derive", "rnn", "--loss", "sum(k[t] * h[t])", "--at", "all", "-o", "a.tex")
    assert outcome.code == 0, outcome.err


def test_the_largest_number_of_steps(autorecur: CommandLine) -> None:
    """Ten thousand steps are written out with an ellipsis."""
    assert autorecur("derive", "rnn", "--steps", "10000", "-o", "a.tex").code == 0


def test_nothing_is_written_if_a_check_fails(autorecur: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong equation is named, the exit code is 1, and no document appears, neither new nor over an old one."""
    whole = Derivation.verify

    def with_a_slip(self: Derivation, *arguments: object, **options: object) -> object:
        slip = self.replace("dL/dh", "dL/dh[t+1]")
        return whole(slip, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Derivation, "verify", with_a_slip)
    Path("old.tex").write_text("old", encoding="utf-8")
    for arguments in (["-o", "new.pdf"], ["-o", "old.tex"], []):
        outcome = autorecur("derive", "rnn", *arguments)
        assert (outcome.code, outcome.out) == (1, "")
        assert "dL/dh[t]" in outcome.err
        assert "FAILED" in outcome.err
        assert outcome.message == "the document is not written, because a check failed."
    assert list(Path().iterdir()) == [Path("old.tex")]
    assert Path("old.tex").read_text(encoding="utf-8") == "old"


def test_a_missing_tool_is_exit_code_3(autorecur: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is named, with how to get it."""
    monkeypatch.setattr(pdf.shutil, "which", lambda program: None)
    outcome = autorecur("derive", "rnn", "-o", "a.pdf", "--pdf-engine", "latex")
    assert outcome.code == 3
    assert "latexmk is not installed; install it with: apt-get install latexmk" in outcome.message
    assert not list(Path().iterdir())


def test_without_tex_the_pdf_is_set_all_the_same(autorecur: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """``auto`` falls back to the embedded typesetter."""
    monkeypatch.setattr(pdf.shutil, "which", lambda program: None)
    assert autorecur("derive", "rnn", "-o", "a.pdf").code == 0
    assert Path("a.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("command", ["derive", "check"])
def test_a_cell_without_a_state_gets_a_note(autorecur: CommandLine, command: str) -> None:
    """Nothing is wrong, but it is seldom meant; a cell with a state gets none."""
    note = "note: this cell has no state: nothing is passed from step to step.\n"
    outcome = autorecur(command, "-", stdin=b"h[t] = tanh(W x[t] + b)")
    assert outcome.code == 0
    assert outcome.err.count(note) == 1
    assert note not in outcome.out
    assert "note: " not in autorecur(command, "-", stdin=b"h[t] = tanh(W x[t] + U h[t-1])").err


def test_a_notation_of_ones_own(autorecur: CommandLine) -> None:
    """A file says how symbols print; a wrong key is told with its line and the nearest one, and nothing is written."""
    Path("mine.toml").write_text('[symbols]\nh = "a"\n[time]\nstyle = "angle"\n', encoding="utf-8")
    outcome = autorecur("derive", "rnn", "--notation", "mine.toml")
    assert outcome.code == 0
    assert "a^{\\langle t\\rangle}" in outcome.out
    Path("mine.toml").write_text('[time]\nstile = "angle"\n', encoding="utf-8")
    outcome = autorecur("derive", "rnn", "--notation", "mine.toml", "-o", "a.tex")
    assert outcome.code == 2
    assert "mine.toml, line 2: there is no key 'stile' in [time]. Did you mean 'style'?" in outcome.err
    assert not Path("a.tex").exists()


def test_weight_decay(autorecur: CommandLine) -> None:
    outcome = autorecur("derive", "rnn", "--decay", "lambda", "-o", "a.tex")
    assert outcome.code == 0
    assert r"\lambda" in Path("a.tex").read_text(encoding="utf-8")
    outcome = autorecur("check", "rnn", "--decay", "lambda W_hh")
    assert outcome.code == 2
    assert "Did you mean 'W_h'?" in outcome.err
