"""From characters to tokens: numbers, signs, and names with all that belongs to them (subscripts, accents, time index)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from autorecur.errors import CellError
from autorecur.language import alphabet
from autorecur.language.functions import function_names, listed_functions
from autorecur.language.nearest import nearest
from autorecur.language.syntax import Span
from autorecur.language.text import Source

LONGEST_NAME = 64
LARGEST_DELAY = 1000
LARGEST_EXPONENT = 100
LARGEST_DECIMAL_EXPONENT = 300

_ENVIRONMENT = (
    r"\\(?:begin|end)\s*\{(?:align|aligned|equation|gather|gathered|split|eqnarray|multline|displaymath)\*?\}"
)
BLANK = re.compile(
    r"(?:[ \t\u00a0\u2009\u202f~&$]|\\[,;:! ]|\\\\(?:\[[^\]\n]*\])?|\\[\[\]]|"
    rf"{_ENVIRONMENT}|\\(?:nonumber|notag)(?![A-Za-z])|\\label\{{[^{{}}\n]*\}})+"
)
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_LETTER = r"(?:(?![²³¹⁰⁴-⁹])\w)"
_WORD = re.compile(rf"[^\W\d_]{_LETTER}*")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_TIME = r"\s*t\s*(?:([+\-−])\s*(\d+)\s*)?"
_INDEX = re.compile(rf"\s*\[{_TIME}\]", re.ASCII)
ABSOLUTE = re.compile(r"\s*\[\s*(?:(T)\s*(?:([+\-−])\s*(\d+)\s*)?|([+\-−]?\s*\d+)\s*)\]", re.ASCII)
_PART = re.compile(r"([^\W\d_]\w*)\.(?!T\s*\[)(?=[^\W\d_]\w*\s*\[)")
_ROUND_INDEX = re.compile(rf"\({_TIME}\)", re.ASCII)
_SUPERSCRIPT_TIME = re.compile(
    rf"\^\s*(?:\{{\s*(?:<|\(|\[|\\langle\b)?{_TIME}(?:>|\)|\]|\\rangle)?\s*\}}|<{_TIME}>|\({_TIME}\)|t(?!\w))", re.ASCII
)
_SUBSCRIPT_TIME = re.compile(rf"(?:(.*?),)?{_TIME}", re.ASCII)
_UNICODE_TIME = re.compile("ₜ(?:([₊₋])([₀-₉]+))?")
_TRANSPOSE = re.compile(
    r"\^\s*(?:T(?!\w)|⊤|\\top(?![A-Za-z])|\\intercal(?![A-Za-z])|"
    r"\\(?:mathsf|mathrm|mathbf|mathtt|text)(?:\s*\{\s*T\s*\}|\s+T(?!\w))|"
    r"\{\s*(?:\\!)?\s*(?:T|⊤|\\top|\\intercal|\\(?:mathsf|mathrm|text)\s*\{?\s*T\s*\}?)\s*\})|\.T(?!\w)|[ᵀ⊤]"
)
_POWER = re.compile(r"(?:\^|\*\*)\s*(?:\{\s*([+-]?\d+)\s*\}|([+-]?\d+)(?![\d.]))|([²³])(?![²³¹⁰⁴-⁹])", re.ASCII)
_STEP_BEHIND = re.compile(r"[-+−]\d+", re.ASCII)
_DOTTED = re.compile(r"((?:[^\W\d]\w*\.)+)([^\W\d]\w*)\s*\(")
_PLAIN = re.compile(rf"{_LETTER}+")
_DERIVATIVE = re.compile(r"dL\s*/\s*d(?=[^\W\d_]|\\)")


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is ``number``, ``name``, ``transpose``, ``power``, ``end`` or the sign itself (``dot`` for ``·`` and ``×``)."""

    kind: str
    span: Span
    name: str = ""
    """The name, or the digits of a number."""
    offset: int | None = None
    """A name's time index relative to t; the exponent of a power."""
    step: tuple[bool, int] | None = None
    """A name's absolute time: whether it counts from T, and how far."""
    part: str = ""
    """The part of a frame that a name is said to belong to."""


class Lexer:
    """Reads one line, or one expression, of ``source`` between two positions."""

    def __init__(
        self,
        source: Source,
        start: int,
        end: int,
        derivatives: bool = False,
        parts: Collection[str] | None = None,
    ) -> None:
        self.source = source
        self.text = source.text
        self.position = start
        self.end = end
        self.derivatives = derivatives
        self.parts = parts
        """The parts of a frame, in whose text absolute times are legal; None in the text of a cell."""

    def next(self) -> Token:
        if blank := BLANK.match(self.text, self.position, self.end):
            self.position = blank.end()
        start = self.position
        if start >= self.end:
            return Token("end", Span(self.end, self.end))
        if postfix := self._postfix(start):
            return postfix
        if number := _NUMBER.match(self.text, start, self.end):
            return self._number(number)
        sign = alphabet.SIGNS.get(self.text[start])
        if sign:
            return self._advance(sign, start, start + 1)
        if self.text.startswith(".*", start):
            return self._advance("*", start, start + 2)
        if command := _COMMAND.match(self.text, start, self.end):
            return self._command(command)
        if self.text[start].isalpha():
            return self._name(start)
        raise self._unknown(start)

    def _advance(self, kind: str, start: int, end: int, name: str = "", offset: int | None = None) -> Token:
        self.position = end
        return Token(kind, Span(start, end), name, offset)

    def _postfix(self, start: int) -> Token | None:
        if found := _TRANSPOSE.match(self.text, start, self.end):
            return self._advance("transpose", start, found.end())
        if found := _POWER.match(self.text, start, self.end):
            digits = found[1] or found[2]
            if digits and not 0 < int(digits[:9]) <= LARGEST_EXPONENT:
                raise self.source.error(
                    f"an exponent is a whole number from 1 to {LARGEST_EXPONENT}; ^ works on each component.",
                    Span(start, found.end()),
                    hint="For a reciprocal write 1 / (…), for a root sqrt(…).",
                )
            if index := _INDEX.match(self.text, found.end(), self.end):
                raise self.source.error(
                    "a time index stands before the power.",
                    Span(*index.span()),
                    hint="Write x[t]^2 for the square of x[t].",
                )
            exponent = int(digits) if digits else alphabet.SUPERSCRIPT_DIGITS[found[3]]
            return self._advance("power", start, found.end(), offset=exponent)
        if self.text[start] in "²³¹⁰⁴⁵⁶⁷⁸⁹":
            raise self.source.error(
                "of the raised digits, only a single ² or ³ is read.",
                Span(start, start + 1),
                hint="Write the power as ^ and a whole number, as in x[t]^4.",
            )
        if self.text[start] == "^":
            raise self.source.error(
                "after ^ stands T (the transpose) or a whole number (a power of each component).",
                Span(start, min(start + 2, self.end)),
                hint="A time index is written h[t-1]; the number of a layer belongs to the name, as in h_1[t].",
            )
        return None

    def _number(self, number: re.Match[str]) -> Token:
        span = Span(*number.span())
        digits, _, exponent = number[0].lower().partition("e")
        power = int(exponent or 0) if len(number[0]) <= LONGEST_NAME else LARGEST_DECIMAL_EXPONENT + 1
        if power > LARGEST_DECIMAL_EXPONENT or float(number[0]) == float("inf"):
            raise self.source.error("this number is too large.", span)
        if power < -LARGEST_DECIMAL_EXPONENT or (float(number[0]) == 0 and digits.strip("0.")):
            raise self.source.error("this number is so small that it counts as zero.", span)
        return self._advance("number", *number.span(), name=number[0])

    def _command(self, command: re.Match[str]) -> Token:
        word = command[1]
        if word in alphabet.OPERATOR_COMMANDS:
            return self._advance(alphabet.OPERATOR_COMMANDS[word], *command.span())
        if word in alphabet.BLANKS:
            self.position = command.end()
            return self.next()
        return self._name(command.start())

    def _unknown(self, start: int) -> CellError:
        character = self.text[start]
        span = Span(start, start + 1)
        if character == "." and (error := self._dotted(start)):
            return error
        if character in "{}":
            return self.source.error(
                f"'{character}' has a meaning only behind _ and ^.",
                span,
                hint="For grouping, write round brackets ( ).",
            )
        if character == ":" and self.text.startswith(":=", start):
            return self.source.error("an equation has a plain =.", Span(start, start + 2), hint="Write = for := here.")
        if character == "'":
            return self.source.error("' has no meaning here.", span, hint="For the transpose write ^T; or name it h_2.")
        return self.source.error(f"'{character}' has no meaning in an equation.", span)

    def _dotted(self, point: int) -> CellError | None:
        """``np.tanh(…)``: functions are called by their own names."""
        start = point
        while start > 0 and (self.text[start - 1].isalnum() or self.text[start - 1] == "_"):
            start -= 1
        found = _DOTTED.match(self.text, start, self.end)
        if found is None:
            return None
        name = found[2] if found[2] in function_names() else nearest(found[2], function_names())
        hint = f"Write {name}(…)." if name else listed_functions()
        return self.source.error(
            f"functions stand alone here, without '{found[1]}'.", Span(start, found.end(2)), hint=hint
        )

    # ---------------------------------------------------------------- names

    def _name(self, start: int) -> Token:
        prefix, part = "", ""
        if self.parts is not None and (said := _PART.match(self.text, start, self.end)):
            part = self._part(said)
        if self.derivatives and (found := _DERIVATIVE.match(self.text, start, self.end)):
            prefix = "dL/d"
            self.position = found.end()
        name = prefix + self._base(self.position)
        offset: int | None = None
        while True:
            here = self.position
            more, index = self._suffix(here, prefix)
            if self.position == here:
                break
            name += more
            if index is not None:
                if offset is not None:
                    raise self.source.error(f"{name} has two time indices.", Span(start, self.position))
                offset = index
        if not prefix and name.endswith("_t") and len(name) > 2:
            if offset is not None:
                raise self.source.error(f"{name[:-2]} has two time indices.", Span(start, self.position))
            name, offset = self._trailing_t(name), 0
        if self.parts is not None and offset is None and (found := ABSOLUTE.match(self.text, self.position, self.end)):
            self.position = found.end()
            step = _absolute(found)
            return Token("name", Span(start, self.position), name, None, step, part)
        return replace(self._finish(name, offset, start), part=part)

    def _part(self, said: re.Match[str]) -> str:
        """``encoder.`` before a name."""
        assert self.parts is not None
        if said[1] not in self.parts:
            close = nearest(said[1], self.parts)
            known = f"The parts are {', '.join(self.parts)}." if self.parts else "This text has no parts."
            raise self.source.error(
                f"there is no part '{said[1]}'.",
                Span(*said.span(1)),
                hint=f"Did you mean '{close}'?" if close else f"{known} A part begins with a line --- {said[1]}.",
            )
        self.position = said.end()
        return said[1]

    def _finish(self, name: str, offset: int | None, start: int) -> Token:
        span = Span(start, self.position)
        if len(name) > LONGEST_NAME:
            raise self.source.error(f"a name has at most {LONGEST_NAME} characters.", Span(start, start + LONGEST_NAME))
        if offset is not None and abs(offset) > LARGEST_DELAY:
            raise self.source.error(f"a time index is at most {LARGEST_DELAY} steps away from t.", span)
        if offset is None:
            self._refuse_bad_index(name, start)
        return Token("name", span, name, offset)

    def _base(self, start: int) -> str:
        """The first part of a name, with its accent; ``self.position`` moves behind it."""
        if command := _COMMAND.match(self.text, start, self.end):
            return self._named_by_command(command)
        word = _WORD.match(self.text, start, self.end)
        if word is None:
            raise self._unknown(start)
        text = word[0]
        cut = text.find("ₜ")
        if cut > 0:
            text = text[:cut]
        stripped = text.rstrip("_") if self.text[start + len(text) : start + len(text) + 1] in ("{", "\\") else text
        self.position = start + len(stripped)
        greek = alphabet.GREEK.get(stripped[0])
        if greek and (len(stripped) == 1 or stripped[1] == "_"):
            stripped = greek + stripped[1:]
        return stripped

    def _named_by_command(self, command: re.Match[str]) -> str:
        word = command[1]
        self.position = command.end()
        if word in alphabet.GREEK_COMMANDS:
            return alphabet.GREEK_COMMANDS[word]
        if word in alphabet.ACCENTS:
            return f"{self._argument(command)}_{alphabet.ACCENTS[word]}"
        if word in alphabet.STYLES:
            return self._argument(command)
        if word in function_names():
            return word
        raise self._unknown_command(command)

    def _argument(self, command: re.Match[str]) -> str:
        """The name in ``\\hat{y}`` or ``\\hat y``."""
        start = self.position
        while start < self.end and self.text[start] in " \t":
            start += 1
        span = Span(command.start(), command.end())
        if start < self.end and self.text[start] == "{":
            close = self.text.find("}", start, self.end)
            if close < 0:
                raise self.source.error("this '{' is never closed.", Span(start, start + 1))
            name = self._base(self._skip_spaces(start + 1))
            while self._skip_spaces(self.position) != close:
                here = self.position
                more, index = self._suffix(here, "")
                if self.position == here or index is not None or here > close:
                    raise self.source.error(
                        f"what stands in the braces of {command[0]} is no name.", Span(start, close + 1)
                    )
                name += more
            self.position = close + 1
            return name
        if start < self.end and (self.text[start] == "\\" or not self.text[start].isalpha()):
            nested = _COMMAND.match(self.text, start, self.end)
            if nested and nested[1] in alphabet.GREEK_COMMANDS.keys() | alphabet.STYLES:
                return self._named_by_command(nested)
            raise self.source.error(
                f"{command[0]} needs a name behind it.", span, hint=r"Write \hat{y}_t, for example."
            )
        if start >= self.end:
            raise self.source.error(
                f"{command[0]} needs a name behind it.", span, hint=r"Write \hat{y}_t, for example."
            )
        self.position = start + 1
        return alphabet.GREEK.get(self.text[start], self.text[start])

    def _skip_spaces(self, start: int) -> int:
        while start < self.end and self.text[start] in " \t":
            start += 1
        return start

    def _suffix(self, start: int, prefix: str) -> tuple[str, int | None]:
        """A subscript or a time index at ``start``: what it adds to the name, and the offset from t."""
        text = self.text
        for pattern in (_INDEX, _ROUND_INDEX, _SUPERSCRIPT_TIME, _UNICODE_TIME):
            if found := pattern.match(text, start, self.end):
                self.position = found.end()
                signs = [group for group in found.groups() if group]
                return "", _offset(*signs) if signs else 0
        if not text.startswith("_", start):
            return "", None
        if text.startswith("{", start + 1):
            return self._braced(start)
        if command := _COMMAND.match(text, start + 1, self.end):
            if command[1] in alphabet.GREEK_COMMANDS:
                self.position = command.end()
                return f"_{alphabet.GREEK_COMMANDS[command[1]]}", None
            raise self._unknown_command(command)
        if word := _PLAIN.match(text, start + 1, self.end):
            self.position = word.end()
            return ("", 0) if word[0] == "t" and not prefix else (f"_{word[0]}", None)
        raise self.source.error("nothing stands behind this _.", Span(start, start + 1))

    def _braced(self, start: int) -> tuple[str, int | None]:
        close = self.text.find("}", start, self.end)
        depth_close = self._matching_brace(start + 1)
        if close < 0 or depth_close < 0:
            raise self.source.error("this '{' is never closed.", Span(start + 1, start + 2))
        inside = self.text[start + 2 : depth_close]
        self.position = depth_close + 1
        found = _SUBSCRIPT_TIME.fullmatch(inside)
        if found:
            label = self._label(found[1], start) if found[1] else ""
            return label, _offset(found[2], found[3]) if found[2] else 0
        return self._label(inside, start), None

    def _matching_brace(self, start: int) -> int:
        depth = 0
        for position in range(start, self.end):
            depth += {"{": 1, "}": -1}.get(self.text[position], 0)
            if not depth:
                return position
        return -1

    def _label(self, inside: str, start: int) -> str:
        """``hh`` of ``W_{hh}`` as part of a plain name; styles, spaces and commas go."""
        plain = re.sub(r"\\([A-Za-z]+)", lambda found: "" if found[1] in alphabet.STYLES else f" {found[1]} ", inside)
        plain = "".join(alphabet.GREEK.get(character, character) for character in plain)
        parts = [part for part in re.split(r"[\s,{}]+", plain) if part]
        if not parts or not all(_PLAIN.fullmatch(part) for part in parts):
            hint = (
                "A time index is t, t-1, t+1, …" if re.search(r"[+\-*/]|\bt\b", plain) else "Letters and digits work."
            )
            raise self.source.error("this subscript cannot be read.", Span(start, self.position), hint=hint)
        return "_" + "_".join(parts)

    def _trailing_t(self, name: str) -> str:
        """``h_t`` is h at step t; ``h_t-1`` is read in two ways, so it is refused."""
        short = name[:-2]
        if found := _STEP_BEHIND.match(self.text, self.position, self.end):
            step = found[0].replace("−", "-")
            raise self.source.error(
                f"{name}{step} is read in two ways.",
                Span(self.position - 2, found.end()),
                hint=f"Write {short}[t{step}] for another step, or {short}[t] {step[0]} {step[1:]} for a sum.",
            )
        return short

    def _refuse_bad_index(self, name: str, start: int) -> None:
        """``h[5]`` and ``h[t*2]`` are no time indices; ``W[h[t-1], x[t]]`` is a product with a stack."""
        here = self.position
        if not self.text.startswith("[", here):
            return
        close = self.text.find("]", here, self.end)
        inside = self.text[here + 1 : close if close >= 0 else self.end]
        if close < 0 or re.search(r"[\[_^(\\ₜ]", inside):
            return
        raise self.source.error(
            f"[{inside}] is no time index.",
            Span(here, close + 1),
            hint=f"A time index is t, or t and a whole number of steps: {name}[t], {name}[t-1], {name}[t+1].",
        )

    def _unknown_command(self, command: re.Match[str]) -> CellError:
        span = Span(*command.span())
        if command[1] == "frac":
            return self.source.error(
                r"\frac is not read.", span, hint="Write a / b, with brackets where they are needed."
            )
        known = [
            *alphabet.GREEK_COMMANDS, *alphabet.ACCENTS, *alphabet.STYLES, *alphabet.OPERATOR_COMMANDS, *function_names(),
        ]  # fmt: skip
        close = nearest(command[1], known)
        hint = f"Did you mean \\{close}?" if close else ""
        return self.source.error(f"the command {command[0]} is unknown.", span, hint=hint)


def _absolute(found: re.Match[str]) -> tuple[bool, int]:
    """``T-1`` and ``0`` as (counted from the end, how far)."""
    if found[1]:
        return True, _offset(found[2], found[3]) if found[2] else 0
    return False, int(found[4].replace("−", "-").replace(" ", "")[:9])


def _offset(sign: str, digits: str) -> int:
    value = int(digits.translate(alphabet.SUBSCRIPT_DIGITS)[:9])
    return value if sign in "+₊" else -value
