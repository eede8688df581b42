"""Escaping: text that looks like markup is printed, never run."""

from __future__ import annotations

import pytest

from autorecur.render.documents.environment import fill
from autorecur.render.source import (
    LatexSource,
    MarkdownSource,
    TypstSource,
    latex_text,
    markdown_text,
    typst_string,
    typst_text,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\catcode", r"\textbackslash{}catcode"),
        (r"\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ("{{ 7*7 }}", r"\{\{ 7*7 \}\}"),
        ("#import", r"\#import"),
        ("</script>", r"\textless{}/script\textgreater{}"),
        ("50 % & $x_1$ ^ ~", r"50 \% \& \$x\_1\$ \textasciicircum{} \textasciitilde{}"),
        ("a--b '' ,,", "a-{}-b '{}' ,{},"),
        ("état ß", "état ß"),
        ("∂σ", r"\ensuremath{\partial}\ensuremath{\sigma}"),
        ("中", "[U+4E2D]"),
        ("a\nb\tc\x00", "a b c"),
    ],
)
def test_latex_prints_the_text(text: str, expected: str) -> None:
    """Character by character, so that nothing is escaped twice; what the fonts lack is printed as its code."""
    assert latex_text(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#import", r"\#import"),
        ("$x_1$ *b* @ref <l>", r"\$x\_1\$ \*b\* \@ref \<l\>"),
        ("{{ 7*7 }}", r"\{\{ 7\*7 \}\}"),
        (r"\catcode", r"\\catcode"),
        ("// no comment", r"\/\/ no comment"),
        ("pre-activation", "pre-activation"),
        ("- no list", r"\- no list"),
        ("a--b", r"a\-#h(0pt);\-b"),
        ("1. no list", r"1\. no list"),
        ("...", r"\.\.\."),
        ("中", r"\[U\+4E2D\]"),
    ],
)
def test_typst_prints_the_text(text: str, expected: str) -> None:
    """Neither code, nor labels, nor shorthands."""
    assert typst_text(text) == expected


def test_typst_strings_hold_quotes_and_backslashes() -> None:
    """The two characters that could end or change a string literal are escaped."""
    assert typst_string('a "b" \\') == r'"a \"b\" \\"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("</script>", "&lt;/script&gt;"),
        ("*a* _b_ `c` $d$ [e](f)", r"\*a\* \_b\_ \`c\` \$d\$ \[e\](f)"),
        ("# no title", r"\# no title"),
        ("- no list", r"\- no list"),
        ("1. no list", r"1\. no list"),
        ("a | b", r"a \| b"),
    ],
)
def test_markdown_prints_the_text(text: str, expected: str) -> None:
    """Neither HTML, nor emphasis, nor mathematics, nor a cell of a table."""
    assert markdown_text(text) == expected


@pytest.mark.parametrize(
    ("kind", "escape"),
    [(LatexSource, latex_text), (TypstSource, typst_text), (MarkdownSource, markdown_text)],
)
def test_a_template_cannot_forget_to_escape(kind: type, escape: object) -> None:
    """Only the type of the format's own source passes as it is; another format's source does not."""
    template = "markdown.md.jinja"
    foreign = TypstSource if kind is LatexSource else LatexSource
    shown = fill(template, kind, escape, title="#a_b", subtitle=[], seal=None, body=foreign("#c_d"))  # type: ignore[arg-type]
    assert str(escape("#a_b")) in shown  # type: ignore[operator]
    assert str(escape("#c_d")) in shown  # type: ignore[operator]
    assert kind("#e_f") in fill(template, kind, escape, title="", subtitle=[], seal=None, body=kind("#e_f"))  # type: ignore[arg-type]
