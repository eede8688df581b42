"""How the weights of a product come to it: read where they are, copied into one matrix, or packed in panels once a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autorecur.compile import panels
from autorecur.compile.equations import Weight
from autorecur.compile.layout import Kind
from autorecur.compile.memory import Memory
from autorecur.compile.stack import Gemm
from autorecur.language.sizes import resolve

TURNED = 1 << 16
"""Weights of up to so many numbers are packed the way round in which the machine's own loops are fast."""
Place = tuple[int, int, int, int, int]


class Weights:
    """The weights of one direction; what is packed lies in its workspace, and is packed by instructions that are added to
    ``preparation``."""

    def __init__(
        self,
        memory: Memory,
        slot: int,
        itemsize: int,
        parameters: Mapping[str, int],
        place: Callable[[Place], int],
        preparation: list[list[int]],
    ) -> None:
        self.memory, self.slot, self.itemsize, self.sizes = memory, slot, itemsize, memory.sizes
        self.parameters, self.place, self.preparation = parameters, place, preparation
        self._matrices: dict[Any, tuple[int, int]] = {}
        self._panels: dict[Any, int] = {}

    def as_matrix(self, gemm: Gemm) -> tuple[int, int, bool]:
        """The place of the weights of a product, how far their rows are apart, and whether they are read transposed."""
        blocks = gemm.blocks
        small = sum(rows * columns for rows, columns in map(self.rows_and_columns, _weights(gemm))) <= TURNED
        if len(blocks) == 1 and not (small and blocks[0].transposed):
            return self.place(self.block(blocks[0].weight)), self.whole_columns(blocks[0].weight), blocks[0].transposed
        turned = all(block.transposed for block in blocks) and not small
        key = _key(gemm)
        if key not in self._matrices:
            self._matrices[key] = self._copied(gemm, turned)
        place, apart = self._matrices[key]
        return place, apart, turned

    def _copied(self, gemm: Gemm, turned: bool) -> tuple[int, int]:
        """Copies the blocks into one matrix: (taken in, given out), or the other way round if ``turned``."""
        rows, columns, corners = self._stacked(gemm)
        apart = rows if turned else columns
        begin = self.memory.taken(rows * columns)
        for block, (row, column) in zip(gemm.blocks, corners, strict=True):
            found = self._at(begin + (column * apart + row if turned else row * apart + column))
            source, lds = self.place(self.block(block.weight)), self.whole_columns(block.weight)
            flip = int(block.transposed != turned)
            sides = self.rows_and_columns(block.weight)
            self.preparation.append([Kind.PACK, source, found, *sides, lds, apart, flip])
        return self._at(begin), apart

    def in_panels(self, gemm: Gemm) -> int:
        """The place of the weights of a product, packed in panels."""
        key = _key(gemm)
        if key not in self._panels:
            rows, columns, corners = self._stacked(gemm)
            begin = self.memory.taken(rows * panels.padded(columns, self.itemsize))
            found = self._panels[key] = self._at(begin)
            for block, corner in zip(gemm.blocks, corners, strict=True):
                source, lds = self.place(self.block(block.weight)), self.whole_columns(block.weight)
                taken, given = self.rows_and_columns(block.weight)[:: -1 if block.transposed else 1]
                turned = int(block.transposed)
                self.preparation.append(
                    [Kind.PANEL_PACK, source, found, taken, given, lds, turned, *corner, rows, columns]
                )
        return self._panels[key]

    def _stacked(self, gemm: Gemm) -> tuple[int, int, list[tuple[int, int]]]:
        """The rows and columns of all blocks together, and where each begins: side by side or on top of each other."""
        ins = [resolve(block.taken_in, self.sizes) for block in gemm.blocks]
        outs = [resolve(block.given_out, self.sizes) for block in gemm.blocks]
        if len(gemm.targets) > 1:
            return ins[0], sum(outs), [(0, sum(outs[:i])) for i in range(len(outs))]
        return sum(ins), outs[0], [(sum(ins[:i]), 0) for i in range(len(ins))]

    def _at(self, begin: int) -> int:
        return self.place((self.slot, begin * self.itemsize, 0, 0, 0))

    def block(self, weight: Weight) -> Place:
        """Where a block of a parameter lies."""
        return (self.parameters[weight.name], self.begin(weight) * self.itemsize, 0, 0, 0)

    def begin(self, weight: Weight) -> int:
        """Where a block begins in its parameter."""
        start = resolve(weight.start, self.sizes)
        return start if weight.axis == -1 else start * self.whole_columns(weight)

    def rows_and_columns(self, weight: Weight) -> tuple[int, int]:
        return resolve(weight.shape[0], self.sizes), resolve(weight.shape[1], self.sizes)

    def whole_columns(self, weight: Weight) -> int:
        return resolve(weight.whole[1], self.sizes)


def _weights(gemm: Gemm) -> Sequence[Weight]:
    return [block.weight for block in gemm.blocks]


def _key(gemm: Gemm) -> Any:
    return tuple((block.weight, block.transposed) for block in gemm.blocks), len(gemm.targets) > 1
