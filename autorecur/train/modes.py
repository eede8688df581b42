"""A model in training or in use for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from autorecur.nn.module import Module


@contextmanager
def mode(model: Module, training: bool) -> Iterator[None]:
    """Inside, every part of the model is in this mode; then each is in its own again."""
    before = [(module, module.training) for module in model.modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, was in before:
            module.training = was
