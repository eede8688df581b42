"""Notations as data: how a course writes the same mathematics."""
