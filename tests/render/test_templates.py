"""Templates of a teacher's own: blocks, whole files, what they see, and what is said when one does not fit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import autorecur as ar
from autorecur.cli import run
from autorecur.errors import RenderError
from autorecur.render.blocks import Document, Heading, Paragraph, Screen
from autorecur.render.documents.environment import TEMPLATES, check_folder
from autorecur.render.formats import text_of

NOTE = (Path(__file__).resolve().parents[2] / "notes" / "templates.md").read_text(encoding="utf-8")
NAMES = {"tex": "latex.tex.jinja", "typ": "typst.typ.jinja", "md": "markdown.md.jinja", "html": "html.html.jinja"}
PAGE = Document(
    "A <title> & more_",
    (Heading("1", "One"), Paragraph(("Text.",))),
    subtitle=(("A source.",),),
    footer="Foot",
    screen=Screen(*["word"] * 6),
)


def folder(path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        target = path / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return path


def single(path: Path, text: str, suffix: str = "tex") -> str:
    (path / NAMES[suffix]).write_text(text, encoding="utf-8")
    return text_of(PAGE, suffix, templates=path)


@pytest.mark.parametrize("suffix", NAMES)
def test_a_file_that_changes_nothing_changes_nothing(tmp_path: Path, suffix: str) -> None:
    """Extending a template is the template; so is printing what stood in each block."""
    name = NAMES[suffix]
    blocks = set(re.findall(r"<%-? block (\w+)", (TEMPLATES / name).read_text(encoding="utf-8")))
    given = f'<% extends "{name}" %>\n' + "".join(
        f"<% block {b} %><< super() >><% endblock %>\n" for b in sorted(blocks)
    )
    assert single(tmp_path, given, suffix) == text_of(PAGE, suffix)


@pytest.mark.parametrize("suffix", NAMES)
def test_the_note_lists_every_block(suffix: str) -> None:
    """What is written for teachers is what the templates have."""
    row = next(line for line in NOTE.splitlines() if line.startswith(f"| `{NAMES[suffix]}`"))
    blocks = re.findall(r"<%-? block (\w+)", (TEMPLATES / NAMES[suffix]).read_text(encoding="utf-8"))
    assert re.findall(r"`(\w+)`", row.split("|")[3]) == blocks


def test_the_example_of_the_note_works(tmp_path: Path) -> None:
    """Written as it stands there, by the command that stands there."""
    for name, text in re.findall(r"^```jinja (\S+)\n(.*?)^```", NOTE, re.M | re.S):
        (tmp_path / name).write_text(text, encoding="utf-8")
    d = ar.cells["rnn"].derive()
    d.save(tmp_path / "rnn.html", detail="brief", templates=tmp_path)
    d.save(tmp_path / "rnn.tex", detail="brief", templates=tmp_path)
    html, tex = ((tmp_path / f"rnn.{suffix}").read_text(encoding="utf-8") for suffix in ("html", "tex"))
    assert html.index("<p>Course on sequences, week 7</p>") < html.index("<h1>Elman")
    assert html.index("--back: #8e1b0c") < html.index("--back: #003399")
    assert tex.index(r"{\small Course on sequences") < tex.index("Elman network", tex.index(r"\begin{document}"))
    assert tex.index("{8E1B0C}") < tex.index("{003399}") < tex.index(r"\begin{document}")
    assert r"\usepackage{setspace}" in tex


def test_a_part_may_be_overridden_alone(tmp_path: Path) -> None:
    """And one's own files may be included."""
    folder(
        tmp_path,
        {"colour.tex.jinja": '% mine <% include "parts/more.tex.jinja" %>', "parts/more.tex.jinja": "and more"},
    )
    assert "% mine and more" in text_of(PAGE, "tex", templates=tmp_path)
    assert "% mine and more" in text_of(PAGE, "tex", templates=tmp_path, fragment=True)


@pytest.mark.parametrize(
    ("suffix", "shown"), [("tex", r"\textless{}title\textgreater{} \& more\_"), ("html", "A &lt;title&gt; &amp; more_")]
)
def test_values_are_escaped_in_templates_of_ones_own(tmp_path: Path, suffix: str, shown: str) -> None:
    """A template prints text as text, once; filters do not undo that."""
    assert (
        shown in single(tmp_path, "<< plain_title if false else title[0] >>|<< title | join >>", suffix).split("|")[0]
    )
    assert "<title>" not in single(tmp_path, "<< title | join >><< title | first | e >>", suffix)


def test_a_script_of_ones_own_is_let_run(tmp_path: Path) -> None:
    """The policy of the page names its sum; others are not."""
    source = single(tmp_path, '<% extends "html.html.jinja" %><% block script %>alert(1)<% endblock %>', "html")
    assert "<script>alert(1)</script>" in source
    assert "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='" in source


FAULTS = [
    ("<< titel >>", r"latex\.tex\.jinja, line 1: 'titel' is undefined\. Did you mean 'title'\?"),
    ("\n\n<< xyzzy >>", r"line 3: 'xyzzy' is undefined\. There are body, "),
    ("a\n<% for line in title %>", r"line \d: Unexpected end of template"),
    ("<< title | uper >>", r"line 1: No filter named 'uper'\. Did you mean 'upper'\?"),
    ("<% blok x %>", r"line 1: Encountered unknown tag 'blok'\. .*Did you mean 'block'\?"),
    (
        '<% extends "latx.tex.jinja" %>',
        r"line 1: there is no template 'latx\.tex\.jinja' to extend\. Did you mean 'latex\.tex\.jinja'\?",
    ),
    (
        '\n<% include "colours.tex.jinja" %>',
        r"line 2: there is no template 'colours\.tex\.jinja'\. Did you mean 'colour\.tex\.jinja'\?",
    ),
    (
        '<% extends "latex.tex.jinja" %>\n<% block preambel %><% endblock %>',
        r"line 2: latex\.tex\.jinja has no block 'preambel', so nothing prints it\. Did you mean 'preamble'\?",
    ),
    ('<% extends "latex.tex.jinja" %>\n\n\\usepackage{x}', r"line 3: what stands outside of blocks is printed nowhere"),
    ("<% extends title %>", r"line 1: the template that it extends must be named in quotes"),
    ("<< title.__class__ >>", r"line 1: access to attribute '__class__' of 'list' object is unsafe"),
    ("<< body.upper() >>", r"line 1: access to attribute 'upper' of 'LatexSource' object is unsafe"),
    ("<< ''.__class__.__mro__ >>", r"line 1: access to attribute"),
    ("<< 'a' * 1000000000 >>", r"line 1: a template does not calculate \(\*\)"),
    ("<< body() >>", r"line 1: .*not callable"),
    ("<< title[0] / 2 >>", r"line 1: unsupported operand"),
    ("<% macro m() %><< m() >><% endmacro %><< m() >>", r"line 1: maximum recursion depth exceeded"),
]


@pytest.mark.parametrize(("text", "message"), FAULTS, ids=[str(at) for at in range(len(FAULTS))])
def test_a_template_that_fails_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    """And with what it lacked, or what is nearest to it."""
    with pytest.raises(RenderError, match=message):
        single(tmp_path, text)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"latx.tex.jinja": ""},
            r"latx\.tex\.jinja overrides no template, and none uses it\. Did you mean 'latex\.tex\.jinja'\?",
        ),
        ({"latex.tex": ""}, r"latex\.tex overrides no template\. Did you mean 'latex\.tex\.jinja'\?"),
        ({"README": "notes"}, r"overrides nothing; the templates are colour\.tex\.jinja, "),
    ],
)
def test_a_file_that_overrides_nothing_is_an_error(tmp_path: Path, files: dict[str, str], message: str) -> None:
    """It was meant to do something."""
    with pytest.raises(RenderError, match=message):
        check_folder(folder(tmp_path, files))


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """So is a template that is no text."""
    with pytest.raises(RenderError, match="there is no folder"):
        check_folder(tmp_path / "none")
    (tmp_path / "latex.tex.jinja").write_bytes(b"\xff\xfe")
    with pytest.raises(RenderError, match=r"latex\.tex\.jinja is not UTF-8"):
        check_folder(tmp_path)


def test_the_command_refuses_before_it_derives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bad input: one message, no file, exit code 2."""
    monkeypatch.chdir(tmp_path)
    folder(tmp_path, {"latex.tex.jinja": "<% for %>"})
    assert run(["derive", "no such cell", "--templates", ".", "-o", "a.tex"]) == 2
    assert "the template latex.tex.jinja, line 1: " in capsys.readouterr().err
    assert not Path("a.tex").exists()


def test_the_command_takes_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the contract says."""
    monkeypatch.chdir(tmp_path)
    folder(tmp_path, {"markdown.md.jinja": '<% extends "markdown.md.jinja" %><% block foot %>Mine.<% endblock %>'})
    assert run(["derive", "rnn", "--detail", "brief", "--templates", ".", "-o", "a.md"]) == 0
    assert Path("a.md").read_text(encoding="utf-8").rstrip().endswith("Mine.")
