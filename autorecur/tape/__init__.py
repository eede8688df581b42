"""Tensors that remember how they were made, and the sweep that turns this memory into derivatives."""
