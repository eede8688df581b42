"""Colours on light and on dark paper, told apart by people who see few colours; dashes tell apart what is left."""

from __future__ import annotations

from dataclasses import dataclass

Dash = str | tuple[float, tuple[float, ...]]

DASHES: tuple[Dash, ...] = (
    "-",
    (0, (5, 1.6)),
    (0, (1, 1.2)),
    (0, (6, 1.5, 1, 1.5)),
    (0, (9, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
)
"""Of the curves of a picture, in order: they can be told apart without any colour."""


@dataclass(frozen=True)
class Theme:
    """The colours of one kind of paper."""

    name: str
    paper: str
    ink: str
    faint: str
    """Ticks, frames and remarks."""
    grid: str
    curves: tuple[str, ...]
    """After Okabe and Ito (2008), darkened or lightened until they stand out from the paper."""
    low: str
    high: str
    """The two ends of a scale through zero, whose middle is the paper."""

    def curve(self, number: int) -> tuple[str, Dash]:
        """The colour and the dashes of a curve, counted from 0; with more curves than colours, pairs are new for long."""
        return self.curves[number % len(self.curves)], DASHES[(number + number // len(self.curves)) % len(DASHES)]


LIGHT = Theme(
    "light",
    paper="#ffffff",
    ink="#1a1a1a",
    faint="#5c5c5c",
    grid="#e2e2e2",
    curves=("#0072b2", "#e06c10", "#14a37f", "#8a2f6b", "#6b4c00", "#1a1a1a"),
    low="#b35806",
    high="#0a5d9c",
)
DARK = Theme(
    "dark",
    paper="#15181c",
    ink="#ececec",
    faint="#a6abb2",
    grid="#30353c",
    curves=("#56b4e9", "#ff9248", "#2fc59b", "#e79ac6", "#f0e442", "#f4f4f4"),
    low="#ffa04d",
    high="#62baf0",
)
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


def luminance(colour: tuple[float, float, float]) -> float:
    """Of red, green and blue from 0 to 1, as the eye weighs them (WCAG 2, relative luminance)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
