"""The text of a cell before it is read: decoding, what characters may stand in it, and places to point at."""

from __future__ import annotations

import re
from dataclasses import dataclass

from autorecur.errors import CellError, Place
from autorecur.language.syntax import Span

MAXIMUM_BYTES = 4_000_000

_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters, C0 and C1, but for tab and line ends
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"  # invisible, bidirectional, surrogates
)


@dataclass(frozen=True, slots=True)
class Source:
    """A text that errors point into; ``name`` is empty for the cell itself, else such as ``the loss``."""

    text: str
    name: str = ""

    def place(self, span: Span, note: str = "") -> Place:
        """The part of ``span`` that lies on its first line, as something an error can print."""
        start = self.text.rfind("\n", 0, span.start) + 1
        end = self.text.find("\n", span.start)
        end = len(self.text) if end < 0 else end
        column = span.start - start + 1
        stop = max(column + 1, min(span.end, end) - start + 1)
        line = self.text.count("\n", 0, span.start) + 1
        return Place(line, column, stop, self.text[start:end], note, self.name)

    def error(self, message: str, span: Span, note: str = "", hint: str = "") -> CellError:
        return CellError(message, self.place(span, note), hint=hint)

    def slice(self, span: Span) -> str:
        return self.text[span.start : span.end]


def decode(data: bytes) -> str:
    """The text in the bytes of a cell file, or a CellError that says why it is none."""
    if len(data) > MAXIMUM_BYTES:
        raise CellError(_TOO_LONG)
    if b"\0" in data:
        raise CellError("this is a binary file, not the text of a cell.", hint="A cell is a text in UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CellError(
            f"line {line} is not UTF-8: byte {error.start + 1} of the file, 0x{data[error.start]:02x}, fits no character.",
            hint="Save the file as UTF-8.",
        ) from None


def prepare(text: str, name: str = "") -> Source:
    """The source to read: line ends made equal, sizes and characters checked; nothing else is changed."""
    if len(text) > MAXIMUM_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAXIMUM_BYTES:
        raise CellError(_TOO_LONG)
    source = Source(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), name)
    if found := _FORBIDDEN.search(source.text):
        raise _forbidden(source, found.start())
    return source


_TOO_LONG = "this text is longer than 4 MB, more than any cell needs."


def _forbidden(source: Source, position: int) -> CellError:
    character = source.text[position]
    place = source.place(Span(position, position + 1), f"U+{ord(character):04X}")
    shown = Place(place.line, place.column, place.end, _FORBIDDEN.sub("�", place.text), place.note, place.source)
    kind = "a control character" if character < "\xa0" else "an invisible character"
    return CellError(f"{kind}, U+{ord(character):04X}, stands in the text.", shown, hint="Delete it.")
