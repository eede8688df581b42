"""The checks of a derivation, as a table for people and as an object for programs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from autorecur.cli.failures import ExitCode

if TYPE_CHECKING:
    from autorecur.derive import Derivation
    from autorecur.verify.report import Report


class Failed(click.ClickException):
    """An equation did not pass its checks."""

    exit_code = ExitCode.CHECK_FAILED


def as_object(derivation: Derivation, report: Report) -> dict[str, Any]:
    """What ``check --json`` prints; an error that is no number is null."""
    return {
        "cell": derivation.cell.name,
        "passed": report.passed,
        "seed": report.seed,
        "steps": report.steps,
        "equations": len(derivation.equations),
        "checks": [
            {
                "equation": check.equation.number,
                "label": check.equation.label,
                "quantity": check.quantity,
                "reference": check.reference,
                "max_error": check.max_error if math.isfinite(check.max_error) else None,
                "tolerance": check.tolerance,
                "passed": bool(check.passed),
            }
            for check in report.checks
        ],
    }
