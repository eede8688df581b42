"""Recurrences as machine code: a cell's equations over time as a table of instructions, and what runs it."""
