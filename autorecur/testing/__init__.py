"""Tests of gradients for one's own functions and rules, of this package or of any other.

``assert_gradients`` and ``assert_vjp`` compare with numbers; ``mutants`` are wrong rules that a good test rejects; the
strategies for Hypothesis (``shapes``, ``broadcastable``, ``tensors``, ``programs``, ``cells``, ``sequences``) draw inputs.
Only the strategies need Hypothesis: ``pip install 'autorecur[test]'``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autorecur.testing.assertions import assert_gradients as assert_gradients
from autorecur.testing.assertions import assert_vjp as assert_vjp
from autorecur.testing.checking import gradcheck as gradcheck
from autorecur.testing.report import Comparison as Comparison
from autorecur.testing.report import Report as Report
from autorecur.testing.slips import Mutant as Mutant
from autorecur.testing.slips import assert_mutants_rejected as assert_mutants_rejected
from autorecur.testing.slips import mutants as mutants

if TYPE_CHECKING:
    from autorecur.testing.strategies.arrays import broadcastable as broadcastable
    from autorecur.testing.strategies.arrays import sequences as sequences
    from autorecur.testing.strategies.arrays import shapes as shapes
    from autorecur.testing.strategies.arrays import tensors as tensors
    from autorecur.testing.strategies.cells import cells as cells
    from autorecur.testing.strategies.programs import programs as programs

__all__ = [
    "Comparison",
    "Mutant",
    "Report",
    "assert_gradients",
    "assert_mutants_rejected",
    "assert_vjp",
    "broadcastable",
    "cells",
    "gradcheck",
    "mutants",
    "programs",
    "sequences",
    "shapes",
    "tensors",
]

_STRATEGIES = {
    "broadcastable": "arrays",
    "cells": "cells",
    "programs": "programs",
    "sequences": "arrays",
    "shapes": "arrays",
    "tensors": "arrays",
}
"""Where each strategy lives; loaded on first use, as Hypothesis is not needed for the rest."""


def __getattr__(name: str) -> Any:
    if name not in _STRATEGIES:
        raise AttributeError(f"module 'autorecur.testing' has no attribute {name!r}")
    try:
        import_module("hypothesis")
    except ImportError as error:
        raise ImportError(
            f"ar.testing.{name} draws with Hypothesis, which is not installed: pip install 'autorecur[test]'"
        ) from error
    value = getattr(import_module(f"autorecur.testing.strategies.{_STRATEGIES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
