"""The values that options take: each refuses what it cannot use, and says what it can."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

MOST_STEPS = 10_000
LARGEST_SEED_DIGITS = 300
LOSSES = ("mse", "squared", "half_squared", "ce", "bce")


class WholeNumber(click.ParamType):
    """A whole number between two bounds, in decimal digits; ``what`` completes "is …" in the message."""

    name = "N"

    def __init__(self, least: int, most: int | None, what: str) -> None:
        self.least, self.most, self.what = least, most, what

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        number = int(text) if re.fullmatch(rf"-?[0-9]{{1,{LARGEST_SEED_DIGITS}}}", text) else None
        if number is None or number < self.least or (self.most is not None and number > self.most):
            shown = text if len(text) <= 40 else f"{text[:40]}…"
            raise click.UsageError(f"{_option(param)} is {self.what}, not '{shown}'.", ctx)
        return number


class OneOf(click.ParamType):
    """One of a few words, with near misses."""

    name = "word"

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self.name = "|".join(words)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return self.name

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if text not in self.words:
            from autorecur.language.nearest import did_you_mean

            hint = did_you_mean(text, self.words)
            raise click.UsageError(f"{_option(param)} is {_or(self.words)}, not '{text}'.{hint}", ctx)
        return text


def _or(words: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _option(param: click.Parameter | None) -> str:
    return param.opts[-1] if param is not None else "the value"
