"""A layout of any acyclic graph in layers from left to right (Sugiyama, Tagawa and Toda 1981).

The layer of a node is the longest way to it; an edge over several layers runs through a point in each. Nodes of a layer are put
in the order of their neighbours' means, the best of several sweeps; their heights come nearest to the means of their neighbours
that distances allow, which is a regression on a rising sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]
Edge = tuple[str, str]
SWEEPS = 12
ROUNDS = 40
BEND = 10.0
"""The height that an edge needs where it passes a layer."""


@dataclass(frozen=True)
class Size:
    """Half the room that a node takes to each side, and up and down."""

    x: float
    y: float


@dataclass(frozen=True)
class Layout:
    """Where the middles of nodes are, and the points that each edge passes, its ends left out."""

    places: Mapping[str, Point]
    bends: Mapping[Edge, Sequence[Point]]
    layers: int


def layered(nodes: Mapping[str, Size], edges: Sequence[Edge], across: float, apart: float) -> Layout:
    """Places for the nodes of an acyclic graph: ``across`` between layers, ``apart`` between neighbours in one."""
    ranks = _ranks(nodes, edges)
    count = max(ranks.values(), default=-1) + 1
    sizes = dict(nodes)
    grid: list[list[str]] = [[] for _ in range(count)]
    for node, rank in ranks.items():
        grid[rank].append(node)
    short: list[Edge] = []
    passes: dict[Edge, list[str]] = {}
    for edge in dict.fromkeys(edges):
        chain = [edge[0]]
        for rank in range(ranks[edge[0]] + 1, ranks[edge[1]]):
            bend = f"{edge[0]} {edge[1]} {rank}"
            sizes[bend] = Size(0.0, BEND / 2)
            grid[rank].append(bend)
            chain.append(bend)
        passes[edge] = chain[1:]
        chain.append(edge[1])
        short += pairwise(chain)
    before: dict[str, list[str]] = {name: [] for name in sizes}
    behind: dict[str, list[str]] = {name: [] for name in sizes}
    for a, b in short:
        behind[a].append(b)
        before[b].append(a)
    grid = _ordered(grid, before, behind)
    ys = _heights(grid, sizes, {n: [*before[n], *behind[n]] for n in sizes}, apart)
    xs = _columns(grid, sizes, across)
    places = {name: (xs[rank], ys[name]) for rank, layer in enumerate(grid) for name in layer}
    bends = {edge: [places[bend] for bend in chain] for edge, chain in passes.items()}
    return Layout({name: places[name] for name in nodes}, bends, count)


def _ranks(nodes: Mapping[str, Size], edges: Sequence[Edge]) -> dict[str, int]:
    """The longest way to each node, in an order in which edges lead forward."""
    entering = dict.fromkeys(nodes, 0)
    leaving: dict[str, list[str]] = {name: [] for name in nodes}
    for a, b in edges:
        entering[b] += 1
        leaving[a].append(b)
    ranks = dict.fromkeys(nodes, 0)
    ready = [name for name, count in entering.items() if not count]
    while ready:
        a = ready.pop(0)
        for b in leaving[a]:
            ranks[b] = max(ranks[b], ranks[a] + 1)
            entering[b] -= 1
            if not entering[b]:
                ready.append(b)
    return ranks


def _ordered(
    grid: list[list[str]], before: Mapping[str, list[str]], behind: Mapping[str, list[str]]
) -> list[list[str]]:
    """The order in each layer with the fewest crossings that was met."""
    best, least = [list(layer) for layer in grid], _crossings(grid, behind)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        neighbours = before if forward else behind
        ranks = range(1, len(grid)) if forward else range(len(grid) - 2, -1, -1)
        for rank in ranks:
            beside = grid[rank - 1 if forward else rank + 1]
            at = {name: i for i, name in enumerate(beside)}
            means = {
                name: sum(at[n] for n in neighbours[name]) / len(neighbours[name]) if neighbours[name] else float(i)
                for i, name in enumerate(grid[rank])
            }
            grid[rank] = sorted(grid[rank], key=means.__getitem__)
        crossings = _crossings(grid, behind)
        if crossings < least:
            best, least = [list(layer) for layer in grid], crossings
    return best


def _crossings(grid: list[list[str]], behind: Mapping[str, list[str]]) -> int:
    count = 0
    for layer, following in pairwise(grid):
        at = {name: i for i, name in enumerate(following)}
        ends = [at[b] for a in layer for b in sorted(behind[a], key=at.__getitem__)]
        count += sum(x > y for i, x in enumerate(ends) for y in ends[i + 1 :])
    return count


def _heights(
    grid: list[list[str]], sizes: Mapping[str, Size], neighbours: Mapping[str, list[str]], apart: float
) -> dict[str, float]:
    """Heights from the first in a layer at the top; each as near to the mean of its neighbours as distances allow."""
    steps = [_distances(layer, sizes, apart) for layer in grid]
    ys = {
        name: -at
        for layer, distances in zip(grid, steps, strict=True)
        for name, at in zip(layer, distances, strict=True)
    }
    middles = [sum(ys[name] for name in layer) / len(layer) for layer in grid]
    for layer, middle in zip(grid, middles, strict=True):
        for name in layer:
            ys[name] -= middle
    for rounds in range(ROUNDS):
        order = range(len(grid)) if rounds % 2 == 0 else range(len(grid) - 1, -1, -1)
        for rank in order:
            layer, distances = grid[rank], steps[rank]
            wanted = [sum(ys[n] for n in neighbours[m]) / len(neighbours[m]) if neighbours[m] else ys[m] for m in layer]
            rising = _rising([-y - d for y, d in zip(wanted, distances, strict=True)])
            for name, y, distance in zip(layer, rising, distances, strict=True):
                ys[name] = -(y + distance)
    return ys


def _distances(layer: Sequence[str], sizes: Mapping[str, Size], apart: float) -> list[float]:
    """How far below the first each node of a layer stands at least."""
    found = [0.0]
    for a, b in pairwise(layer):
        found.append(found[-1] + sizes[a].y + sizes[b].y + apart)
    return found


def _rising(values: Sequence[float]) -> list[float]:
    """The rising sequence nearest to some values: neighbours that fall are pooled to their mean."""
    pools: list[tuple[float, int]] = []
    for value in values:
        mean, count = value, 1
        while pools and pools[-1][0] > mean:
            other, many = pools.pop()
            mean, count = (mean * count + other * many) / (count + many), count + many
        pools.append((mean, count))
    return [mean for mean, count in pools for _ in range(count)]


def _columns(grid: list[list[str]], sizes: Mapping[str, Size], across: float) -> list[float]:
    halves = [max(sizes[name].x for name in layer) for layer in grid]
    xs = halves[:1]
    for before, half in pairwise(halves):
        xs.append(xs[-1] + before + across + half)
    return xs
