"""Runs the equations of a cell over time, on tensors."""

from autorecur.recurrence.run import Run as Run
from autorecur.recurrence.run import run as run
