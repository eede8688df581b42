"""What a comparison of gradients found: a row for each input, and, if something is wrong, what helps to find the slip."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log10

HEADINGS = ("input", "shape", "entries", "worst", "analytic", "numeric", "error", "tolerance", "reference", "")
Index = tuple[int, ...] | None
"""An entry of an input; None for a random direction through all of them."""


def shown_index(index: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, index)) + "]" if index else "()"


@dataclass(frozen=True)
class Comparison:
    """One input: the gradient that was computed (analytic) against the one that was measured (numeric)."""

    name: str
    order: int
    """1 for a gradient, 2 for the derivative of one."""
    shape: tuple[int, ...]
    dtype: str
    entries: int
    """How many entries were looked at: all, or a sample of a big input."""
    kinks: int
    """Entries at which the one-sided derivatives differ, and which were skipped for it."""
    edges: int
    """Entries at the edge of the domain: on one side the function is not defined, or not finite."""
    unresolved: int
    """Entries whose derivative differences cannot tell well enough."""
    wrong: int
    index: Index
    """The worst entry that was compared."""
    analytic: float
    numeric: float
    max_error: float
    """The largest difference over the largest numeric entry of this input."""
    tolerance: float
    reference: str
    problem: str = ""
    """What is wrong with the gradient as a whole, such as its shape."""

    @property
    def passed(self) -> bool:
        return not self.wrong and not self.problem

    @property
    def skipped(self) -> int:
        return self.kinks + self.edges + self.unresolved

    @property
    def compared(self) -> int:
        return 0 if self.problem else self.entries - self.skipped

    @property
    def label(self) -> str:
        """The input, and for a second derivative that it is one."""
        return self.name if self.order == 1 else f"{self.name}, 2nd"

    @property
    def where(self) -> str:
        if self.index is None:
            return "a direction" if self.compared else ""
        return shown_index(self.index)


@dataclass(frozen=True, repr=False)
class Report:
    """The result of :func:`autorecur.gradcheck`: true if something was compared and nothing is wrong; prints as a table.

    ``worst`` is the comparison with the largest error; ``diagnosis`` names the likely slip, ``curve`` shows the error of a
    plain central difference against its step at the worst entry, ``test`` is a test to paste. These three are empty if
    all is well.
    """

    comparisons: tuple[Comparison, ...]
    seed: int
    diagnosis: str = ""
    curve: tuple[tuple[float, float], ...] = ()
    test: str = ""

    @property
    def passed(self) -> bool:
        return all(c.passed for c in self.comparisons) and not self.empty

    def __bool__(self) -> bool:
        return self.passed

    @property
    def compared(self) -> int:
        return sum(c.compared for c in self.comparisons)

    @property
    def skipped(self) -> int:
        return sum(c.skipped for c in self.comparisons)

    @property
    def empty(self) -> bool:
        """Whether there were entries, all of them were skipped, and so nothing is known."""
        return self.skipped > 0 and self.compared == 0 and all(c.passed for c in self.comparisons)

    @property
    def worst(self) -> Comparison:
        """A failed comparison before any other, then the one with the largest error in units of its tolerance."""
        return max(self.comparisons, key=lambda c: (not c.passed, bool(c.problem), c.max_error / c.tolerance))

    @property
    def max_error(self) -> float:
        return max(c.max_error for c in self.comparisons)

    def with_hints(self, diagnosis: str, curve: tuple[tuple[float, float], ...], test: str) -> Report:
        return replace(self, diagnosis=diagnosis, curve=curve, test=test)

    def table(self) -> str:
        """A row for each input."""
        rows: list[tuple[str, ...]] = [HEADINGS]
        rows += [_row(c) for c in self.comparisons]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join(lines)

    def summary(self) -> str:
        skipped = ""
        if self.skipped:
            reasons = {
                "at a kink": sum(c.kinks for c in self.comparisons),
                "at the edge of the domain": sum(c.edges for c in self.comparisons),
                "not resolved by differences": sum(c.unresolved for c in self.comparisons),
            }
            skipped = f"; {self.skipped} skipped ({', '.join(f'{n} {why}' for why, n in reasons.items() if n)})"
        if self.empty:
            return f"nothing was compared{skipped}"
        wrong = sum(c.wrong for c in self.comparisons)
        if not self.passed:
            problems = "; ".join(f"{c.label}: {c.problem}" for c in self.comparisons if c.problem)
            counts = f"{wrong} of {self.compared} entries are wrong{skipped}" if wrong else ""
            return "; ".join(part for part in (problems, counts) if part)
        agree = "1 entry agrees" if self.compared == 1 else f"{self.compared} entries agree"
        return f"{agree}{skipped}; largest relative error {self.max_error:.1e}"

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        parts = [f"{self.table()}\n{self.summary()}"]
        if self.diagnosis:
            parts.append(self.diagnosis)
        if self.curve:
            parts.append(drawn(self.curve))
        if self.test:
            parts.append("A test to paste:\n\n" + self.test)
        return "\n\n".join(parts)


def _row(c: Comparison) -> tuple[str, ...]:
    verdict = "ok" if c.passed and c.compared else "FAILED" if not c.passed else "skipped" if c.skipped else "empty"
    known = bool(c.compared)
    return (
        c.label,
        str(c.shape),
        str(c.entries),
        c.where if known else "",
        f"{c.analytic:.10g}" if known else "",
        f"{c.numeric:.10g}" if known else "",
        f"{c.max_error:.1e}" if known else "",
        f"{c.tolerance:.0e}",
        c.reference if known else "",
        verdict,
    )


WIDTH = 40
"""Of the longest bar of a curve."""


def drawn(curve: tuple[tuple[float, float], ...]) -> str:
    """The error against the step, each as a bar on a logarithmic scale, and what its form tells."""
    lines = ["Distance of the central difference from the analytic value, relative, against its step:"]
    for step, error in curve:
        if error != error:
            lines.append(f"  {step:7.0e}  not defined")
            continue
        digits = 0.0 if error == 0 else min(1.0, max(0.0, 1 + log10(min(error, 1.0)) / 16))
        lines.append(f"  {step:7.0e}  {error:7.1e}  " + "#" * round(WIDTH * digits))
    lines.append(_reading([error for _, error in curve if error == error]))
    return "\n".join(line.rstrip() for line in lines)


def _reading(errors: list[float]) -> str:
    """A floor says that the rule is wrong; a valley, that differences and the rule agree as far as rounding lets them."""
    if not errors:
        return "The function is not defined next to this point."
    floor = sorted(errors)[min(2, len(errors) - 1)]
    flat = sum(floor / 1.5 <= error <= 1.5 * floor for error in errors)
    if floor > 3e-8 and flat >= 3:
        return f"A floor at {floor:.0e} that no step gets below: the rule is wrong by that much; rounding would fall and rise."
    if min(errors) < 1e-7:
        return f"A valley down to {min(errors):.0e}: what is left may be rounding."
    return f"The least is {min(errors):.0e}, neither a floor nor a deep valley: f may have a kink, or change fast, close by."
