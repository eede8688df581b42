"""Whatever is handed in: one clear message, exit code 2, no traceback, nothing half-written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine

GOOD = b"h[t] = tanh(W x[t] + U h[t-1])\n"


def refused(autorecur: CommandLine, *arguments: str, stdin: bytes = b"") -> str:
    """The message with which ``derive`` refuses; nothing is printed or written."""
    before = sorted(Path().rglob("*"))
    outcome = autorecur("derive", *arguments, stdin=stdin)
    assert (outcome.code, outcome.out) == (2, ""), outcome.err
    assert sorted(Path().rglob("*")) == before
    return outcome.message


def test_an_empty_file(autorecur: CommandLine) -> None:
    """A file without equations is named as such."""
    Path("a.cell").write_bytes(b"")
    assert refused(autorecur, "a.cell", "-o", "a.tex") == "'a.cell' is empty."


def test_only_comments(autorecur: CommandLine) -> None:
    """A comment is no equation."""
    assert "no equation" in refused(autorecur, "-", stdin=b"# a cell\n\n")


def test_a_binary_file(autorecur: CommandLine) -> None:
    """Zero bytes mean that this is no text."""
    Path("a.cell").write_bytes(bytes(range(256)))
    assert "binary" in refused(autorecur, "a.cell")


def test_a_file_that_is_not_utf8(autorecur: CommandLine) -> None:
    """Latin-1 is refused with the line that it stands in."""
    assert "line 2 is not UTF-8" in refused(autorecur, "-", stdin=GOOD + "# porte d'entrée".encode("latin-1"))


def test_a_missing_file(autorecur: CommandLine) -> None:
    """A path that does not exist is quoted."""
    assert "missing.cell" in refused(autorecur, "missing.cell")


def test_a_folder_as_cell(autorecur: CommandLine) -> None:
    """A folder is called a folder."""
    Path("a.cell").mkdir()
    assert "folder" in refused(autorecur, "a.cell")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no endless file on this system")
def test_an_endless_file(autorecur: CommandLine) -> None:
    """No more than the limit is read of a file that never ends."""
    assert "4 MB" in refused(autorecur, "/dev/zero")


def test_an_endless_standard_input(autorecur: CommandLine) -> None:
    """The limit holds for standard input, too."""
    assert "4 MB" in refused(autorecur, "-", stdin=b"# more\n" * 600_000)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="everything can be read here")
def test_a_file_that_must_not_be_read(autorecur: CommandLine) -> None:
    """A file without permission is named."""
    Path("a.cell").write_bytes(GOOD)
    Path("a.cell").chmod(0)
    assert "a.cell" in refused(autorecur, "a.cell")


@pytest.mark.parametrize(("typed", "meant"), [("lstn", "lstm"), ("LSTM", "lstm"), ("gru-chung", "gru_chung")])
def test_an_unknown_cell(autorecur: CommandLine, typed: str, meant: str) -> None:
    """The built-in cell that was most likely meant is named."""
    message = refused(autorecur, typed)
    assert typed in message
    assert meant in message


@pytest.mark.parametrize("cell", ["", "\0", "a\nb", "x" * 5000, "../../..", "é" * 300])
def test_a_strange_cell(autorecur: CommandLine, cell: str) -> None:
    """A name that can be neither a cell nor a path is refused like any other."""
    assert refused(autorecur, cell)


def test_an_error_in_the_text_points(autorecur: CommandLine) -> None:
    """Line, column and caret are on standard error."""
    outcome = autorecur("derive", "-", stdin=b"z[t] = sigmod(W x[t])\n")
    assert outcome.code == 2
    assert outcome.message.endswith("Did you mean 'sigmoid'?")
    line, caret = outcome.err.splitlines()[1:3]
    assert line == "  line 1 | z[t] = sigmod(W x[t])"
    assert caret[line.index("sigmod") :].startswith("^^^^^^")


def test_an_unknown_notation(autorecur: CommandLine) -> None:
    """What there is instead is said."""
    assert "notation 'fancy'" in refused(autorecur, "rnn", "--notation", "fancy", "-o", "a.tex")


def test_an_unknown_language(autorecur: CommandLine) -> None:
    """The languages that exist are listed, and the nearest is named."""
    assert "--lang is en or fr, not 'xx'" in refused(autorecur, "rnn", "--lang", "xx", "-o", "a.tex")
    assert "Did you mean 'fr'?" in refused(autorecur, "rnn", "--lang", "fra", "-o", "a.tex")


def test_an_unknown_loss(autorecur: CommandLine) -> None:
    """The loss that was most likely meant is named."""
    assert "there is no loss 'mes'" in refused(autorecur, "rnn", "--loss", "mes", "-o", "a.tex")


@pytest.mark.parametrize("loss", ["", "sum(", "mse(q)", "h[t]", "sum(y[t] - target[t]) +", "\\input{x}"])
def test_a_loss_that_makes_no_sense(autorecur: CommandLine, loss: str) -> None:
    """A loss is read as carefully as a cell."""
    assert refused(autorecur, "rnn", "--loss", loss, "-o", "a.tex")


def test_an_output_in_a_folder_that_is_not_there(autorecur: CommandLine) -> None:
    """The folder is named, before any work is done."""
    assert refused(autorecur, "rnn", "-o", "no/where.tex") == "no/where.tex cannot be written: there is no folder no"


def test_an_output_that_is_a_folder(autorecur: CommandLine) -> None:
    """A folder is not overwritten."""
    Path("a.tex").mkdir()
    assert "is a folder" in refused(autorecur, "rnn", "-o", "a.tex")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="everything can be written here")
def test_an_output_that_must_not_be_written(autorecur: CommandLine) -> None:
    """A folder without permission is named."""
    Path("locked").mkdir()
    Path("locked").chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert "locked" in refused(autorecur, "rnn", "-o", "locked/a.tex")


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="there is no folder that refuses everybody")
def test_an_output_that_nobody_can_write(autorecur: CommandLine) -> None:
    """A write that fails at the end is one message, too."""
    assert "/proc" in refused(autorecur, "rnn", "-o", "/proc/a.tex")


HOSTILE = [
    r"\input{/etc/passwd}",
    r"\write18{touch pwned}",
    r"\catcode`\%=12 \def\a{\a}\a",
    "{{ 7 * 7 }} {% for x in y %} {# c #}",
    r"\end{document} $ & % # _ ^ ~ { } \\",
    r"((( 7 * 7 ))) \VAR{7*7} \BLOCK{x}",
    '#read("/etc/passwd") #eval("1+1") `*_$@<l>',
    "<script>alert(1)</script> ![x](y) [a](javascript:b) | a | b |",
]


@pytest.mark.parametrize("markup", HOSTILE)
@pytest.mark.parametrize("suffix", [".tex", ".pdf", ".md", ".html", ".typ"])
def test_markup_in_a_title_is_text(autorecur: CommandLine, markup: str, suffix: str) -> None:
    """TeX, Jinja, Typst and HTML in a title, a source or a comment are printed, never run."""
    text = f"title: A {markup}\nsource: B {markup}\n".encode() + GOOD.replace(b"\n", f"  # {markup}\n".encode())
    outcome = autorecur("derive", "-", "-o", f"out{suffix}", "--pdf-engine", "typst", stdin=text)
    assert outcome.code == 0, outcome.err
    assert Path(f"out{suffix}").stat().st_size > 1000
    assert sorted(Path().iterdir()) == [Path(f"out{suffix}")]


def test_jinja_in_a_title_is_not_evaluated(autorecur: CommandLine) -> None:
    """What stands in double braces comes out as it is."""
    outcome = autorecur("derive", "-", stdin=b"title: {{ 7 * 7 }} and {{ config }}\n" + GOOD)
    assert outcome.code == 0
    assert "49" not in outcome.out.split(r"\begin{document}")[1][:600]
    assert r"\{\{ 7 * 7 \}\}" in outcome.out


def test_many_brackets(autorecur: CommandLine) -> None:
    """Five thousand brackets inside each other are refused, not a crash."""
    text = "h[t] = " + "(" * 5000 + "x[t]" + ")" * 5000
    assert "brackets" in refused(autorecur, "-", stdin=text.encode())


def test_a_megabyte(autorecur: CommandLine) -> None:
    """A text of a megabyte is refused with a reason."""
    assert refused(autorecur, "-", stdin=b"h[t] = x[t]" + b" + x[t]" * 150_000)


def test_two_thousand_equations(autorecur: CommandLine) -> None:
    """A cell of two thousand equations is read and printed in seconds; to derive it is refused."""
    text = "".join(f"h_{i}[t] = tanh(h_{i}[t-1] + x[t])\n" for i in range(2000))
    outcome = autorecur("cells", "-", stdin=text.encode())
    assert outcome.code == 0
    assert outcome.out.count(" = tanh(") == 2000
    assert "2,000 equations; a derivation takes at most 500" in refused(autorecur, "-", stdin=text.encode())


def test_a_hundred_equations(autorecur: CommandLine) -> None:
    """A cell of a hundred equations is derived and checked."""
    text = "".join(f"h_{i}[t] = tanh(h_{i}[t-1] + x[t])\n" for i in range(100))
    assert autorecur("check", "-", stdin=text.encode()).code == 0


@pytest.mark.parametrize(
    "arguments",
    [("x\x1b[31m",), ("no\x1b[31m/x.cell",), ("lstm", "-o", "no\x1b[31m/x.tex"), ("lstm", "-o", "a\x1b[31m")],
)
def test_what_was_typed_does_not_reach_the_terminal_raw(autorecur: CommandLine, arguments: tuple[str, ...]) -> None:
    """An escape in a name is shown, not obeyed."""
    assert "\x1b" not in refused(autorecur, *arguments)


@pytest.mark.parametrize("output", ["", ".", ".."])
def test_an_output_without_a_file_name(autorecur: CommandLine, output: str) -> None:
    """The message says that a folder was named."""
    assert "a file name is missing" in refused(autorecur, "lstm", "-o", output)
