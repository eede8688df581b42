"""Source text of each format as a type of its own, and the escaping that turns plain text into it.

A template prints only values of its format's type as they are; everything else is escaped on the way out. Escaping maps
character by character, so nothing is escaped twice.
"""

from __future__ import annotations

import re
import unicodedata


class Source(str):
    """Text that already is markup of some format."""

    __slots__ = ()


class LatexSource(Source):
    __slots__ = ()


class TypstSource(Source):
    __slots__ = ()


class MarkdownSource(Source):
    __slots__ = ()


class HtmlSource(Source):
    __slots__ = ()


_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    '"': r"\textquotedbl{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "-": "-",
    "\u00a0": "~",
    "\u2002": r"\enspace{}",
    "\u2009": r"\,",
    "\u202f": r"\,",
    "\u2019": "'",
    "\u2212": "$-$",
    "\u2032": r"\ensuremath{'}",
}

# What T1 and the input encoding set without a further package.
_LATEX_DIRECT = frozenset("–—‘“”„…«»¡¿§¶©®°±×÷¹²³½¼¾·€•†‡ŒœŠšŽžŸ") | {
    chr(code) for code in (*range(0xC0, 0xD7), *range(0xD8, 0xF7), *range(0xF8, 0x100))
}
_LATEX_EXTENDED = frozenset("ĂăĄąĆćČčĎďĐđĘęĚěĞğĹĺĽľŁłŃńŇňŐőŔŕŘřŚśŞşŤťŢţŮůŰűŹźŻżİı")
_MATHS_COMMANDS = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon varphi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega partial nabla infty in notin odot otimes oplus circ le ge "
    "ne approx rightarrow leftarrow Rightarrow sum prod surd top ell cdot"
)
_LATEX_MATHS = dict(
    zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ∂∇∞∈∉⊙⊗⊕∘≤≥≠≈→←⇒∑∏√⊤ℓ⋅", _MATHS_COMMANDS.split(), strict=True)
)


def latex_text(text: str) -> LatexSource:
    """Plain text as LaTeX that prints it; a character that T1 fonts lack is printed as its code, ``[U+4E2D]``."""
    return LatexSource(_break_ligatures("".join(_latex_character(c) for c in _one_line(text))))


def latex_plain(text: str) -> LatexSource:
    """Plain text as LaTeX for the title of a PDF, which holds no markup: letters with accents, digits, plain signs."""
    spaced = re.sub(r"[\s\u00a0\u202f]+", " ", text.replace("\u2019", "'"))
    return LatexSource(
        re.sub(r"[^A-Za-zÀ-ÖØ-öø-ÿŒœŠšŽžĂ-ęĚěĹĺĽľŁłŃńŇňŐőŔŕŘřŚśŞşŤťŢţŮůŰűŹźŻż0-9 .:;?!,()'/«»–—-]+", " ", spaced)
    )


def _latex_character(character: str) -> str:
    if character in _LATEX:
        return _LATEX[character]
    if " " <= character <= "~" or character in _LATEX_DIRECT or character in _LATEX_EXTENDED:
        return character
    if character in _LATEX_MATHS:
        return rf"\ensuremath{{\{_LATEX_MATHS[character]}}}"
    return f"[U+{ord(character):04X}]"


def _break_ligatures(text: str) -> str:
    """``--`` and ``''`` stand for themselves; a dash is written as a dash."""
    return re.sub(r"(?<=-)(?=-)|(?<=')(?=')|(?<=,)(?=,)", "{}", text).replace("?'", "?{}'").replace("!'", "!{}'")


_TYPST_SPECIAL = frozenset("\\#$*_`<>@[]~\"=+/{}'^|")


def typst_text(text: str) -> TypstSource:
    """Plain text as Typst markup that prints it."""
    escaped = "".join("\\" + c if c in _TYPST_SPECIAL else _covered(c) for c in _one_line(text))
    escaped = escaped.replace("\\'", "\u2019")
    escaped = re.sub(r"-(?=[?\d])|(?<=-)-|^-|-(?=-)", r"\\-", escaped)
    # The font itself joins dashes.
    escaped = escaped.replace("\\-\\-", "\\-#h(0pt);\\-").replace("\\-\\-", "\\-#h(0pt);\\-")
    escaped = re.sub(r"\.(?=\.)|(?<=\.)\.|(?<=^\d)\.|(?<=^\d\d)\.", r"\\.", escaped)
    return TypstSource(re.sub(r":(?=\w)", r"\\:", escaped))


def _covered(character: str) -> str:
    """Beyond Latin, Greek, Cyrillic and the signs the embedded fonts have nothing: the code stands for the character."""
    code = ord(character)
    return character if code < 0x530 or 0x1E00 <= code < 0x2C00 else f"\\[U\\+{code:04X}\\]"


def typst_string(text: str) -> TypstSource:
    """A Typst string literal with the text in it."""
    escaped = _one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return TypstSource(f'"{escaped}"')


_MARKDOWN_SPECIAL = frozenset("\\`*_{}[]#$~|!")


def markdown_text(text: str) -> MarkdownSource:
    """Plain text as GitHub-flavoured Markdown that prints it."""
    escaped = "".join("\\" + c if c in _MARKDOWN_SPECIAL else c for c in _one_line(text))
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return MarkdownSource(re.sub(r"^(\s*)([-+])|^(\s*\d+)([.)])", r"\1\3\\\2\4", escaped))


_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def html_text(text: str) -> HtmlSource:
    """Plain text as HTML or MathML that prints it, in an element or in the quotes of an attribute."""
    return HtmlSource(_one_line(text).translate(_HTML))


def _one_line(text: str) -> str:
    """Line ends and tabs become spaces; other control characters, which no format can hold, are dropped."""
    spaced = re.sub(r"[\r\n\t\u2028\u2029]+", " ", text)
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn") and c != "\ufeff")
