"""Errors that speak the user's language: what was wrong, where, and what to do.

Every error of the package descends from :class:`AutorecurError`. An error that points into a text carries
the text's name, its line and a span of columns, and prints the line with carets under the span.
"""

from __future__ import annotations

from dataclasses import dataclass


class AutorecurError(Exception):
    """The root of every error that this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class Place:
    """A span of columns on one line of a text; line and column count from 1, the end is exclusive."""

    line: int
    column: int
    end: int
    text: str
    """The whole line that the span lies on."""
    note: str = ""
    """What stands there, printed behind the carets, such as ``W_x x[t] is n_h``."""
    source: str = ""
    """The text's name where it is not the cell's own, such as ``the loss``."""


class CellError(AutorecurError, ValueError):
    """A cell's text cannot be understood.

    ``line`` and ``column`` (from 1) point at the first place; both are ``None`` where no text is at fault.
    """

    def __init__(self, message: str, *places: Place, hint: str = "") -> None:
        self.message = message
        self.places = places
        self.hint = hint
        self.line = places[0].line if places else None
        self.column = places[0].column if places else None
        super().__init__(message)

    def __str__(self) -> str:
        parts = [self.message]
        parts.extend(_quote(place) for place in self.places)
        if self.hint:
            parts.append(self.hint)
        return "\n".join(parts)


class NotationError(CellError):
    """A notation cannot be used: its file cannot be understood, or two symbols of a cell would print alike."""


class ShapeError(AutorecurError, ValueError):
    """Shapes do not fit: of an array that was passed in, or of two operands."""


class ArgumentError(AutorecurError, ValueError):
    """A number or a word is not one of those that an argument can have."""


class GradientError(AutorecurError, RuntimeError):
    """A derivative that was asked for does not exist or can no longer be computed."""


class DtypeError(AutorecurError, TypeError):
    """Numbers of a kind that an operation cannot take: text, objects, complex numbers where a gradient is asked for."""


class AnomalyError(AutorecurError, FloatingPointError):
    """A NaN or an infinity arose under :func:`autorecur.debug_anomalies`."""


class CheckError(AutorecurError, ArithmeticError):
    """An equation did not pass its checks, so no page is made of it."""


class CheckpointError(AutorecurError, ValueError):
    """A file of a training or of weights is missing, damaged, of another version or of another model."""


class RenderError(AutorecurError, RuntimeError):
    """A document cannot be set: a tool is missing, or it reported an error."""


def _quote(place: Place) -> str:
    """The line with its number, and carets under the span (tabs and long lines are cut to what is readable)."""
    width = 96
    start = 0 if place.end <= width else max(0, place.column - 1 - width // 3)
    shown = place.text[start : start + width].replace("\t", " ").rstrip("\r\n")
    gutter = f"  {place.source} | " if place.source else f"  line {place.line} | "
    carets = max(1, min(place.end - place.column, start + width - place.column + 1))
    pointer = " " * (len(gutter) + place.column - 1 - start) + "^" * carets
    return f"{gutter}{shown}\n{pointer}" + (f" {place.note}" if place.note else "")
