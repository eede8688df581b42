"""Strategies for Hypothesis: shapes, arrays, sequences, random programs, random cells.

Options are keyword-only. All shrink to what is easiest to read: one step, size 1, zeros, one operation.
"""

from __future__ import annotations

from hypothesis import HealthCheck, currently_in_test_context, find, settings
from hypothesis import strategies as st


def _prepare() -> None:
    """Draws one number before any test does.

    The first draw of a process may take seconds (Hypothesis collects constants from the source of local modules), and a
    test that draws first would be accused of it.
    """
    calm = settings(database=None, deadline=None, max_examples=1, suppress_health_check=list(HealthCheck))
    if not currently_in_test_context():
        find(st.floats(), lambda _: True, settings=calm)


_prepare()
