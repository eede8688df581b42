"""Second pass: products that share an operand, or add up to one sum, become one larger product.

``U_i h``, ``U_f h``, … are one product of h with the weights on top of each other, if the sums that they belong to lie side
by side in memory. Backwards ``U_iᵀ δ_i + U_fᵀ δ_f + …`` is one product of the δ side by side. So first an order of the
quantities is sought in which as many groups as possible are neighbours, then the products are stacked as far as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from autorecur.compile.backward import Outer
from autorecur.compile.equations import Product
from autorecur.compile.hoist import Term
from autorecur.compile.order import Batch, Body
from autorecur.graph.node import Number

Row = tuple[str, ...]
"""Quantities that lie side by side, each sample's numbers in one row of memory."""
FEW = 6
"""Up to so many quantities every order is tried."""


@dataclass(frozen=True)
class Gemm:
    """``targets (+)= factor · operands · weights``: the weights side by side for several targets, on top of each other for
    several operands."""

    operands: Row
    offset: int
    targets: Row
    blocks: tuple[Product, ...]
    accumulate: bool
    cleared: Row = ()
    """Targets that hold no product yet, beside others that do: they are zeros when the program begins."""

    @property
    def factor(self) -> Number:
        return self.blocks[0].factor


@dataclass(frozen=True)
class Gradient:
    """``Σ leftsᵀ right`` over all steps: the gradients of several weights on top of each other."""

    outers: tuple[Outer, ...]


def rows_of(bodies: Iterable[Body], outers: Sequence[Outer]) -> tuple[Row, ...]:
    """Which quantities lie side by side, and in which order; those that lie alone are left out."""
    groups: list[Row] = []
    for body in bodies:
        for part in body.parts:
            if isinstance(part, Batch):
                by_operand, by_sum = _groups(part)
                groups += [_each(term.sum for term in terms) for terms in by_operand.values()]
                groups += [_each(term.product.operand for term in terms) for terms in by_sum.values()]
    by_right: dict[tuple[str, int], list[str]] = {}
    for outer in outers:
        by_right.setdefault(outer.right, []).append(outer.left[0])
    groups += [_each(lefts) for lefts in by_right.values()]
    groups = [group for group in groups if len(group) > 1]
    return tuple(_ordered(cluster, groups) for cluster in _clusters(groups))


def _each(names: Iterable[str]) -> Row:
    return tuple(dict.fromkeys(names))


def _groups(batch: Batch) -> tuple[dict[object, list[Term]], dict[object, list[Term]]]:
    """The products of a batch that share an operand, and those of the others that add up to one sum."""
    by_operand: dict[object, list[Term]] = {}
    for term in batch.terms:
        product = term.product
        by_operand.setdefault((product.operand, product.offset, product.factor), []).append(term)
    by_sum: dict[object, list[Term]] = {}
    for terms in by_operand.values():
        if len({term.sum for term in terms}) < 2:
            for term in terms:
                by_sum.setdefault((term.sum, term.product.offset, term.product.factor), []).append(term)
    return by_operand, by_sum


def _clusters(groups: Sequence[Row]) -> list[Row]:
    """Groups that overlap, joined."""
    clusters: list[Row] = []
    for group in groups:
        touched = [cluster for cluster in clusters if set(cluster) & set(group)]
        clusters = [cluster for cluster in clusters if not set(cluster) & set(group)]
        clusters.append(_each(name for names in (*touched, group) for name in names))
    return clusters


def _ordered(cluster: Row, groups: Sequence[Row]) -> Row:
    """The order in which the groups fall into the fewest runs; that of the equations, if it is free."""
    own = [group for group in groups if set(group) <= set(cluster)]
    candidates = [cluster, tuple(sorted(cluster, key=lambda name: tuple(name not in group for group in own)))]
    if len(cluster) <= FEW:
        candidates += permutations(cluster)
    return min(candidates, key=lambda row: sum(len(_runs(row, group)) for group in own))


def _runs(row: Row, group: Iterable[str]) -> list[Row]:
    """The members of a group as stretches of neighbours."""
    inside = set(group)
    runs: list[list[str]] = []
    before = False
    for name in row:
        if name in inside:
            if before:
                runs[-1].append(name)
            else:
                runs.append([name])
        before = name in inside
    return [tuple(run) for run in runs]


def _stretches(names: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """Quantities as stretches of neighbours in memory, each once."""
    found: list[Row] = []
    left = dict.fromkeys(names)
    for row in rows:
        here = [name for name in row if name in left]
        found += _runs(row, here)
        for name in here:
            del left[name]
    return found + [(name,) for name in left]


def _alike_runs(names: list[str], rows: Sequence[Row], written: Collection[str], lasting: Collection[str]) -> list[Row]:
    """Sums as stretches of neighbours. Those that hold a product already and those that do not stand together only if what
    does not can be cleared beforehand: if each of its steps has memory of its own."""
    found: list[Row] = []
    for run in _stretches(names, rows):
        if len({name in written for name in run}) == 1 or all(name in written or name in lasting for name in run):
            found.append(run)
        else:
            for again in (False, True):
                found += _stretches([name for name in run if (name in written) is again], rows)
    return found


def stacked(batch: Batch, rows: Sequence[Row], written: set[str], lasting: Collection[str] = frozenset()) -> list[Gemm]:
    """The products of a batch, stacked; ``written`` are the sums that hold a product already, and grows; ``lasting`` those that
    are kept for every step."""
    by_operand, by_sum = _groups(batch)
    gemms: list[Gemm] = []
    for terms in by_operand.values():
        of_sum = {term.sum: term for term in terms}
        if len(of_sum) < 2:
            continue
        for run in _alike_runs(list(of_sum), rows, written, lasting):
            blocks = tuple(of_sum[name].product for name in run)
            fresh = tuple(name for name in run if name not in written)
            cleared = fresh if len(fresh) < len(run) else ()
            again = len(fresh) < len(run)
            gemms.append(Gemm((blocks[0].operand,), blocks[0].offset, run, blocks, again, cleared))
        doubled = [term for term in terms if of_sum[term.sum] is not term]
        written.update(of_sum)
        gemms += [_single(term, written) for term in doubled]
    for terms in by_sum.values():
        of_operand = {term.product.operand: term for term in terms}
        for run in _stretches(list(of_operand), rows):
            blocks = tuple(of_operand[name].product for name in run)
            name = of_operand[run[0]].sum
            gemms.append(Gemm(run, blocks[0].offset, (name,), blocks, name in written))
            written.add(name)
        gemms += [_single(term, written) for term in terms if of_operand[term.product.operand] is not term]
    return gemms


def _single(term: Term, written: set[str]) -> Gemm:
    product = term.product
    again = term.sum in written
    written.add(term.sum)
    return Gemm((product.operand,), product.offset, (term.sum,), (product,), again)


def deferred(outers: Sequence[Outer], rows: Sequence[Row]) -> tuple[Gradient, ...]:
    """Fourth pass: the gradients of weights, each one product over all steps after the loops, stacked where their left
    factors lie side by side and the weights have blocks of the same columns."""
    groups: dict[object, list[Outer]] = {}
    for outer in outers:
        w = outer.weight
        whole_rows = w.axis == -1 or w.shape == w.whole
        key = (outer.right, outer.left[1], outer.factor, w.start if w.axis == -1 else 0, w.whole[1], whole_rows)
        groups.setdefault(key, []).append(outer)
    found: list[Gradient] = []
    for group in groups.values():
        by_left: Mapping[str, Outer] = {outer.left[0]: outer for outer in group}
        w = group[0].weight
        if not (w.axis == -1 or w.shape == w.whole):
            found += [Gradient((outer,)) for outer in group]
            continue
        for run in _stretches(list(by_left), rows):
            found.append(Gradient(tuple(by_left[name] for name in run)))
        found += [Gradient((outer,)) for outer in group if by_left[outer.left[0]] is not outer]
    return tuple(found)


def parameter_rows(gradients: Sequence[Gradient], names: Sequence[str]) -> tuple[tuple[str, ...], tuple[Gradient, ...]]:
    """An order of the parameters in which stacked gradients are neighbours, and the gradients, apart where they cannot be."""
    order: list[str] = []
    for gradient in gradients:
        members = [outer.weight.name for outer in gradient.outers]
        if len(set(members)) == len(members) and not set(members) & set(order):
            order += members
    order += [name for name in names if name not in order]
    found: list[Gradient] = []
    for gradient in gradients:
        members = [outer.weight.name for outer in gradient.outers]
        start = order.index(members[0])
        if order[start : start + len(members)] == members:
            found.append(gradient)
        else:
            found += [Gradient((outer,)) for outer in gradient.outers]
    return tuple(order), tuple(found)
