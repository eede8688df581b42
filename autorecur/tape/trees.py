"""Nested dicts, lists and tuples of arrays, taken apart into a list and put together again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autorecur.errors import ShapeError
from autorecur.tape.explanations import outline

Tree = Any
Rebuild = Callable[[Sequence[Any]], Tree]


def flatten(tree: Tree) -> tuple[list[Any], Rebuild]:
    """The leaves of a tree, and the function that puts other leaves in their places; None is an empty tree."""
    if tree is None:
        return [], lambda _: None
    if isinstance(tree, Mapping):
        keys = list(tree)
        leaves, rebuild = flatten([tree[key] for key in keys])
        return leaves, lambda values: dict(zip(keys, rebuild(values), strict=True))
    if isinstance(tree, (list, tuple)):
        return _flatten_sequence(tree)
    return [tree], lambda values: values[0]


def _flatten_sequence(tree: Sequence[Any]) -> tuple[list[Any], Rebuild]:
    parts = [flatten(part) for part in tree]
    kind: Any = type(tree)

    def rebuild(values: Sequence[Any]) -> Tree:
        built, start = [], 0
        for leaves, put_together in parts:
            built.append(put_together(values[start : start + len(leaves)]))
            start += len(leaves)
        return kind(*built) if hasattr(kind, "_fields") else kind(built)

    return [leaf for leaves, _ in parts for leaf in leaves], rebuild


def flatten_like(tree: Tree, other: Tree, role: str) -> list[Any]:
    """What stands in ``other`` at the places of the leaves of ``tree``; raises ShapeError if it is arranged differently."""
    if tree is None and other is None:
        return []
    if isinstance(tree, Mapping):
        if isinstance(other, Mapping) and set(other) == set(tree):
            return [leaf for key in tree for leaf in flatten_like(tree[key], other[key], role)]
    elif isinstance(tree, (list, tuple)):
        if isinstance(other, (list, tuple)) and len(other) == len(tree):
            return [leaf for part, like in zip(tree, other, strict=True) for leaf in flatten_like(part, like, role)]
    elif tree is not None:
        return [other]
    raise ShapeError(f"the {role} must be arranged like what it belongs to: {outline(tree)}, not {outline(other)}")
