"""Dimensions whose sizes are found by unification: equal ones are merged, some are 1, some are sums of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

Dimension = int
"""An index into the tables of :class:`Dimensions`; only its representative counts."""

MOST_PARTS = 400


class Clash(Exception):  # noqa: N818 (it is no error yet: who catches it makes one)
    """Two sizes that cannot be equal."""


class Dimensions:
    """A union-find of dimensions. Dimension 0 is the size 1.

    A class may be *large* (not 1, because it counts the components of a vector), *guarded* (an inner dimension of a
    parameter's product, never bound to 1), the sum of other dimensions, or fixed to a name.
    """

    ONE: Dimension = 0

    def __init__(self) -> None:
        self.parent = [0]
        self.large = [False]
        self.guard: list[Any] = [None]
        self.parts: list[tuple[Dimension, ...] | None] = [None]
        self.name: list[str | None] = [None]
        self.watchers: list[list[Any]] = [[]]
        self.changed: list[Any] = []
        self.equal_sums: list[tuple[tuple[Dimension, ...], tuple[Dimension, ...]]] = []

    def new(self, parts: tuple[Dimension, ...] | None = None, name: str | None = None) -> Dimension:
        self.parent.append(len(self.parent))
        self.large.append(parts is not None or name is not None)
        self.guard.append(None)
        self.parts.append(parts)
        self.name.append(name)
        self.watchers.append([])
        return len(self.parent) - 1

    def find(self, dimension: Dimension) -> Dimension:
        parent = self.parent
        while parent[dimension] != dimension:
            parent[dimension] = parent[parent[dimension]]
            dimension = parent[dimension]
        return dimension

    def is_one(self, dimension: Dimension) -> bool:
        return self.find(dimension) == self.ONE

    def is_large(self, dimension: Dimension) -> bool:
        return self.large[self.find(dimension)]

    def is_open(self, dimension: Dimension) -> bool:
        """Neither 1 nor known to be more."""
        root = self.find(dimension)
        return root != self.ONE and not self.large[root]

    def is_settled(self, root: Dimension) -> bool:
        """Known to be 1, or known to be more: whoever waits for that has been told."""
        return root == self.ONE or self.large[root]

    def guard_of(self, dimension: Dimension) -> Any:
        return self.guard[self.find(dimension)]

    def watch(self, dimension: Dimension, watcher: Any) -> None:
        self.watchers[self.find(dimension)].append(watcher)

    def may_unify(self, first: Dimension, second: Dimension) -> bool:
        a, b = self.find(first), self.find(second)
        if a == b:
            return True
        if self.ONE in (a, b):
            other = b if a == self.ONE else a
            return not self.large[other] and self.guard[other] is None
        return not (self.name[a] and self.name[b])

    def unify(self, first: Dimension, second: Dimension) -> None:
        a, b = self.find(first), self.find(second)
        if a == b:
            return
        if not self.may_unify(a, b):
            raise Clash
        if b == self.ONE or (a != self.ONE and len(self.watchers[a]) < len(self.watchers[b])):
            a, b = b, a
        self._merge(a, b)

    def _merge(self, a: Dimension, b: Dimension) -> None:
        one, two = self.parts[a], self.parts[b]
        if one and two:
            self.equal_sums.append((one, two))
        self.parent[b] = a
        self.parts[a] = one or two
        self.name[a] = self.name[a] or self.name[b]
        self.guard[a] = self.guard[a] if self.guard[a] is not None else self.guard[b]
        for root, other in ((a, b), (b, a)):
            if not self.is_settled(root) and self.is_settled(other):
                self.changed.extend(self.watchers[root])
        self.large[a] = self.large[a] or self.large[b]
        if self.is_settled(a):
            self.watchers[a] = []
        else:
            self.watchers[a].extend(self.watchers[b])
        self.watchers[b] = []

    def bind_one(self, dimension: Dimension) -> None:
        self.unify(self.ONE, dimension)

    def enlarge(self, dimension: Dimension) -> None:
        """Say that this dimension counts components."""
        root = self.find(dimension)
        if root == self.ONE:
            raise Clash
        if not self.large[root]:
            self.large[root] = True
            self.changed.extend(self.watchers[root])
            self.watchers[root] = []

    def protect(self, dimension: Dimension, reason: Any) -> None:
        """Never let this dimension be 1."""
        root = self.find(dimension)
        if root == self.ONE:
            raise Clash
        if self.guard[root] is None:
            self.guard[root] = reason

    # ---------------------------------------------------------------- sums

    def expand(self, dimension: Dimension) -> list[Dimension]:
        """The dimensions that this one is the sum of, itself if it is no sum; a sum of itself is a Clash."""
        found: list[Dimension] = []
        work: list[tuple[Dimension, frozenset[Dimension]]] = [(dimension, frozenset())]
        while work:
            here, above = work.pop()
            root = self.find(here)
            parts = self.parts[root]
            if root in above:
                raise Clash("endless")
            if len(found) > MOST_PARTS:
                raise Clash(f"more than {MOST_PARTS} parts")
            if parts is None:
                found.append(root)
            else:
                work.extend((part, above | {root}) for part in reversed(parts))
        return found

    def solve_sums(self, last: bool = False) -> None:
        """Cancel what equal sums have in common; with ``last``, what remains is paired in order."""
        progress = True
        while progress and self.equal_sums:
            progress = False
            pending, self.equal_sums = self.equal_sums, []
            for one, two in pending:
                left, right = self._rest(one, two)
                if len(left) == len(right) and (len(left) <= 1 or last):
                    for a, b in zip(left, right, strict=True):
                        self.unify(a, b)
                    progress = True
                elif not left or not right or last:
                    raise Clash
                else:
                    self.equal_sums.append((one, two))

    def _rest(self, one: Sequence[Dimension], two: Sequence[Dimension]) -> tuple[list[Dimension], list[Dimension]]:
        left = [part for dimension in one for part in self.expand(dimension)]
        right = [part for dimension in two for part in self.expand(dimension)]
        shared = Counter(left) & Counter(right)
        return _without(left, shared), _without(right, shared)

    def check_sums(self, complain: Callable[[Dimension, str], Exception]) -> None:
        """No dimension may be a sum in which it stands itself."""
        for dimension, parts in enumerate(self.parts):
            if parts is not None and self.parent[dimension] == dimension:
                try:
                    self.expand(dimension)
                except Clash as clash:
                    raise complain(dimension, str(clash)) from None


def _without(items: list[Dimension], gone: Counter[Dimension]) -> list[Dimension]:
    left = Counter(gone)
    kept = []
    for item in items:
        if left[item]:
            left[item] -= 1
        else:
            kept.append(item)
    return kept
