"""Strategies for Hypothesis: shapes, arrays, sequences, random programs, random cells.

Options are keyword-only. All shrink to what is easiest to read: one step, size 1, zeros, one operation.
"""
