"""Near misses: the known name that a mistyped one most likely meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to ``name``, or None if nothing is close; letters' case does not count."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    matches = get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None


def did_you_mean(name: str, known: Iterable[str], quote: str = "'") -> str:
    """``" Did you mean 'tanh'?"``, or nothing if no known name is close."""
    found = nearest(name, known)
    return f" Did you mean {quote}{found}{quote}?" if found else ""
