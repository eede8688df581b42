"""Proof by numbers: see :func:`verify`."""

from autorecur.verify.report import Check as Check
from autorecur.verify.report import Report as Report
from autorecur.verify.verify import verify as verify
