"""Names taken apart: ``h_tilde_1`` is the letter h with a tilde and the subscript 1; so is ``\\tilde h_1`` in a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

ACCENTS = ("hat", "tilde", "bar", "vec", "dot")
OWN_ACCENTS = ACCENTS[:3]
"""Those that a name of the language can have."""
STYLES = {"mathcal": "script", "mathbf": "bold", "boldsymbol": "bold", "mathrm": "upright", "mathbb": "blackboard"}
_GREEK = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi
omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"""
GREEK = frozenset(_GREEK.split())
_VARIANTS = frozenset({"ell", "varphi", "varepsilon", "vartheta", "varrho"})


@dataclass(frozen=True)
class Spelling:
    """A letter (or a word) with what stands on it and beside it; an empty style is the usual one."""

    letter: str
    accents: tuple[str, ...]
    subscripts: tuple[str, ...]
    star: bool = False
    style: str = ""


def split(name: str, owner: str | None = None) -> Spelling:
    """A name of the language: an accent belongs to the piece before it; digits behind the letter are a subscript."""
    letter, *pieces = name.split("_")
    if owner and name.startswith(f"{letter}_{owner}"):
        rest = [piece for piece in name[len(letter) + len(owner) + 1 :].split("_") if piece]
        return Spelling(letter, (), (owner, *rest))
    accents: list[str] = []
    subscripts: list[str] = []
    star = bool(pieces) and pieces[-1] == "star"
    if digits := re.fullmatch(r"([^\W\d_]+)(\d+)", letter):
        letter = digits[1]
        subscripts.append(digits[2])
    for piece in pieces[: len(pieces) - star]:
        if piece in OWN_ACCENTS and (not subscripts or subscripts[-1].isdigit()):
            accents.append(piece)
        elif piece in OWN_ACCENTS or (subscripts and subscripts[-1] in GREEK):
            subscripts[-1] += f"_{piece}"
        elif piece:
            subscripts.append(piece)
    return Spelling(letter, tuple(accents), tuple(subscripts), star)


_TOKEN = re.compile(r"\s*(\\[A-Za-z]+|[^\W_]|[_^{}*,])")


class SpellingError(ValueError):
    """A symbol that cannot be read."""


def read_symbol(text: str) -> Spelling:
    r"""A symbol in a notation's file: a name of the language, ``W_{aa}``, ``\tilde c``, ``\Gamma_u``, ``\mathcal{L}``, ``y^*``.

    >>> read_symbol(r"\tilde{c}_1")
    Spelling(letter='c', accents=('tilde',), subscripts=('1',), star=False, style='')
    """
    if re.fullmatch(r"[^\W\d]\w*", text):
        return split(text)
    return _Symbol(text).whole()


def letters_of(symbols: Mapping[str, str]) -> frozenset[str]:
    """The letters that the symbols of a notation take."""
    return frozenset(read_symbol(text).letter for text in symbols.values())


class _Symbol:
    """Reads the few marks of LaTeX that a symbol can have."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = []
        position = 0
        while found := _TOKEN.match(text, position):
            self.tokens.append(found[1])
            position = found.end()
        if text[position:].strip() or not self.tokens:
            raise self.wrong(
                f"{text[position:].strip()!r} cannot be read" if text[position:].strip() else "it is empty"
            )

    def wrong(self, why: str) -> SpellingError:
        return SpellingError(why)

    def take(self, wanted: str | None = None) -> str:
        if not self.tokens or (wanted is not None and self.tokens[0] != wanted):
            raise self.wrong(f"{wanted!r} is missing" if wanted else "it ends too early")
        return self.tokens.pop(0)

    def whole(self) -> Spelling:
        letter, accents, style = self.decorated()
        subscripts: list[str] = []
        star = False
        while self.tokens:
            mark = self.take()
            if mark == "_" and not subscripts:
                subscripts.extend(self.subscripts())
            elif mark == "^" and not star and self.group() == "*":
                star = True
            else:
                raise self.wrong("behind the letter stand a subscript and a star, no more")
        return Spelling(letter, tuple(accents), tuple(subscripts), star, style)

    def decorated(self) -> tuple[str, list[str], str]:
        """A letter inside accents and styles."""
        token = self.take()
        command = token[1:]
        if token[0] == "\\" and (command in ACCENTS or command in STYLES):
            braced = bool(self.tokens) and self.tokens[0] == "{"
            if braced:
                self.take("{")
            letter, accents, style = self.decorated()
            if braced:
                letter += self.rest_of_word() if letter.isalpha() and len(letter) == 1 else ""
                self.take("}")
            if command in STYLES:
                return letter, accents, STYLES[command]
            return letter, [*accents, command], style
        if token[0] == "\\":
            if command not in GREEK | _VARIANTS:
                raise self.wrong(f"{token} is no letter, accent or style that a symbol can have")
            return command, [], ""
        if not token.isalpha():
            raise self.wrong("it does not begin with a letter")
        return token, [], ""

    def rest_of_word(self) -> str:
        word = ""
        while self.tokens and self.tokens[0].isalnum():
            word += self.take()
        return word

    def group(self) -> str:
        """What stands in braces, or one token, spelled as in the language."""
        if not self.tokens:
            raise self.wrong("it ends too early")
        if self.tokens[0] != "{":
            return self.take().lstrip("\\")
        self.take("{")
        text = ""
        while self.tokens and self.tokens[0] != "}":
            token = self.take()
            if token == "{":
                raise self.wrong("a script holds no further braces")
            text += token.lstrip("\\")
        self.take("}")
        return text

    def subscripts(self) -> list[str]:
        return [piece for piece in self.group().split(",") if piece]
