"""What a verification found: one check per equation and reference, and whether all passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Check:
    """One equation against one reference. ``max_error`` is the largest difference over the largest true value."""

    equation: str
    label: str
    quantity: str
    reference: str
    max_error: float
    tolerance: float
    section: str = ""
    shape: tuple[int | str, ...] = ()
    entries: int = 0
    """How many numbers were compared."""

    @property
    def passed(self) -> bool:
        return self.max_error <= self.tolerance

    def as_dict(self) -> dict[str, Any]:
        return {
            "equation": self.equation,
            "label": self.label,
            "quantity": self.quantity,
            "reference": self.reference,
            "max_error": self.max_error,
            "tolerance": self.tolerance,
            "passed": self.passed,
        }


class Note(str):
    """Something to know about a report: an English sentence, and what a page in any language makes it from."""

    key: str
    fields: Mapping[str, int]

    def __new__(cls, text: str, key: str, **fields: int) -> Note:
        note = super().__new__(cls, text)
        note.key, note.fields = key, fields
        return note


@dataclass(frozen=True)
class Report:
    """The checks of one derivation at one random point; ``notes`` say what was sampled or left out, and why."""

    cell: str
    seed: int
    steps: int
    """The T that was asked for, or that of the equations."""
    equation_steps: int
    """The T at which each equation was checked by itself."""
    sizes: Mapping[str, int]
    batch: int
    checks: tuple[Check, ...]
    equations: int
    notes: tuple[Note, ...] = field(default=())
    functions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What each function that the cell leaves open was, at one point after the other."""

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)

    def __bool__(self) -> bool:
        return self.passed

    @property
    def failures(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.passed)

    @property
    def max_error(self) -> float:
        return max((check.max_error for check in self.checks), default=0.0)

    def worst(self) -> Iterator[Check]:
        """For each section and reference its worst check, in the order of the page."""
        groups: dict[tuple[str, str], Check] = {}
        for check in self.checks:
            key = (check.section, check.reference)
            if key not in groups or not check.max_error <= groups[key].max_error:
                groups[key] = check
        yield from groups.values()

    def summary(self) -> str:
        if self.passed:
            return (
                f"{len(self.checks)} checks of {self.equations} equations passed; "
                f"largest relative error {self.max_error:.1e}, seed {self.seed}."
            )
        wrong = dict.fromkeys(f"{check.equation} {check.quantity}" for check in self.failures)
        return f"{len(self.failures)} of {len(self.checks)} checks failed: {', '.join(wrong)}."

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "cell": self.cell,
            "passed": self.passed,
            "seed": self.seed,
            "steps": self.steps,
            "equations": self.equations,
            "checks": [check.as_dict() for check in self.checks],
        }
        if self.functions:
            found["functions"] = {name: list(each) for name, each in self.functions.items()}
        return found

    def __str__(self) -> str:
        """A table: the failures if there are any, else the worst check of each kind."""
        shown = list(self.failures) or list(self.worst())
        rows = [("equation", "quantity", "reference", "error", "tolerance", "")]
        rows += [
            (
                c.equation,
                c.quantity,
                c.reference,
                f"{c.max_error:.1e}",
                f"{c.tolerance:.0e}",
                "ok" if c.passed else "FAILED",
            )
            for c in shown
        ]
        widths = [max(len(row[i]) for row in rows) for i in range(6)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        functions = [f"{name} was left open: it was {', '.join(each)}." for name, each in self.functions.items()]
        return "\n".join([*lines, self.summary(), *functions, *self.notes])
