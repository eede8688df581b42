"""Notations as data: how a course writes the same mathematics. Files are read by :func:`load`."""

from autorecur.notations.loading import NAMES, load
from autorecur.notations.profile import Mathematics, Profile

__all__ = ["NAMES", "Mathematics", "Profile", "load"]
