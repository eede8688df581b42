"""Questions about a layout's structure that more than one printer asks."""

from __future__ import annotations

from dataclasses import replace

from autorecur.symbolic.layout import Backward, Bold, Fence, Layout, Row, Words


def holds_words(node: Layout) -> bool:
    """Whether plain words stand in it, perhaps coloured."""
    if isinstance(node, (Backward, Bold)):
        return holds_words(node.body)
    return isinstance(node, Words) or (isinstance(node, Row) and any(holds_words(part) for part in node.items))


def holds_fence(node: Layout) -> bool:
    """Whether brackets stand at its outermost level, so that brackets around it should be larger."""
    return isinstance(node, Fence) or (isinstance(node, Row) and any(holds_fence(part) for part in node.items))


def without_backward(node: Layout) -> Layout:
    """What comes from another step is coloured already; a second colour inside it would be noise."""
    if isinstance(node, Backward):
        return node.body
    if isinstance(node, Row):
        return replace(node, items=tuple(without_backward(part) for part in node.items))
    return node
