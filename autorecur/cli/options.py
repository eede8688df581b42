"""The values that options take: each refuses what it cannot use, and says what it can."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import click

from autorecur.languages import languages

MOST_STEPS = 10_000
MOST_DIGITS = 300
LANGUAGES = languages()
TOPOLOGIES = ("one-to-one", "one-to-many", "many-to-one", "many-to-many", "encoder-decoder")
AT_EVERY_STEP = ("one-to-many", "many-to-many", "encoder-decoder")
"""Topologies whose loss stands at every step, if nothing else is said."""
READOUTS = ("linear", "softmax", "sigmoid")
MOST_LAYERS = 20
LOSSES = ("mse", "squared", "half_squared", "ce", "bce")

Callback = Callable[[click.Context, click.Parameter, str | None], int | str | None]


def whole_number(least: int, most: int | None, what: str) -> Callback:
    """Reads a whole number between two bounds, in decimal digits; ``what`` completes "is …" in the message."""

    def read(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
        if value is None:
            return None
        number = int(value) if re.fullmatch(rf"-?[0-9]{{1,{MOST_DIGITS}}}", value) else None
        if number is None or number < least or (most is not None and number > most):
            shown = value if len(value) <= 40 else f"{value[:40]}…"
            raise click.UsageError(f"{param.opts[-1]} is {what}, not '{shown}'.", ctx)
        return number

    return read


def positive_number(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Reads a number above zero in decimal digits."""
    if value is None:
        return None
    written = re.fullmatch(r"[0-9]{0,30}\.?[0-9]{0,30}([eE][+-]?[0-9]{1,3})?", value) and re.search(r"[0-9]", value)
    number = _float(value) if written else 0.0
    if not 0 < number < float("inf"):
        shown = value if len(value) <= 40 else f"{value[:40]}…"
        raise click.UsageError(f"{param.opts[-1]} is a positive number such as 1.5, not '{shown}'.", ctx)
    return number


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def one_of(words: Sequence[str]) -> Callback:
    """Reads one of a few words, with near misses."""

    def read(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
        if value is None or value in words:
            return value
        from autorecur.language.nearest import did_you_mean

        known = f"{', '.join(words[:-1])} or {words[-1]}"
        raise click.UsageError(f"{param.opts[-1]} is {known}, not '{value}'.{did_you_mean(value, words)}", ctx)

    return read
