"""The innermost product, in vectors: up to four rows times a panel of weights (``panels.py``), all sums in registers.

Importing this module imports numba. LLVM's vectors work on every processor: it splits them where the registers are shorter,
and multiplies and adds in two steps where there is no fused instruction.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from llvmlite import ir
from numba import core, extending

from autorecur.compile import panels
from autorecur.compile.panels import BYTES, MOST_VECTORS
from autorecur.compile.pointers import BYTES as POINTER
from autorecur.compile.pointers import INT, WORD

numba: Any = core
types, cgutils, intrinsic = numba.types, numba.cgutils, extending.intrinsic
MOST_ROWS = 4
MOST_SUMS = MOST_ROWS * MOST_VECTORS
"""Registers for sums. Few rows share them among several steps of K, since a sum has to wait for the one before it."""
LINE = 64
AHEAD = 24
"""Weights are asked for so many rows of the panel before they are needed."""


def _multiply_panel(
    typing: Any,
    turned: Any,
    rows: Any,
    vectors: Any,
    a: Any,
    lda: Any,
    panel: Any,
    depth: Any,
    alpha: Any,
    c: Any,
    ldc: Any,
    accumulate: Any,
) -> Any:
    """``multiply_panel(turned, rows, vectors, a, lda, panel, depth, alpha, c, ldc, accumulate)``: C (+)= alpha · A · panel.

    Where ``turned``, A stands transposed: a row for each step of K.
    ``a``, ``panel`` and ``c`` are addresses, the distances between rows are counted in numbers; ``depth`` is K; alpha's type
    is that of the numbers. C is as wide as the panel.
    """

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        turned, height, width, *rest = arguments
        done = builder.append_basic_block("done")
        number = builder.add(builder.shl(height, WORD(2)), width)
        choice = builder.switch(builder.or_(builder.shl(builder.zext(turned, WORD), WORD(5)), number), done)
        for across, r, v in product((False, True), range(1, MOST_ROWS + 1), range(1, MOST_VECTORS + 1)):
            block = builder.append_basic_block(f"{'turned' if across else ''}rows{r}vectors{v}")
            choice.add_case(ir.Constant(WORD, 32 * across + 4 * r + v), block)
            builder.position_at_end(block)
            _Kernel(builder, across, r, v, rest).emit()
            builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    word = types.int64
    return types.void(types.boolean, word, word, word, word, word, word, alpha, word, word, types.boolean), code


class _Kernel:
    """The code for one number of rows and vectors, and A as it stands or transposed."""

    def __init__(self, builder: Any, turned: bool, rows: int, vectors: int, values: Sequence[Any]) -> None:
        a, self.lda, panel, self.depth, self.alpha, c, ldc, self.accumulate = values
        self.builder, self.turned, self.rows, self.vectors = builder, turned, rows, vectors
        self.itemsize = 8 if self.alpha.type == ir.DoubleType() else 4
        self.lanes = BYTES // self.itemsize
        self.vector = ir.VectorType(self.alpha.type, self.lanes)
        self.panel = builder.inttoptr(panel, self.alpha.type.as_pointer())
        self.a, self.c = self.row_pointers(a, WORD(1) if turned else self.lda), self.row_pointers(c, ldc)
        # llvm.fma would be a call of the C library where there is no such instruction
        self.multiply_add = self.intrinsic(
            f"llvm.fmuladd.v{self.lanes}f{8 * self.itemsize}", self.vector, [self.vector] * 3
        )
        self.prefetch = self.intrinsic("llvm.prefetch.p0", ir.VoidType(), [POINTER, INT, INT, INT])

    def intrinsic(self, name: str, result: Any, given: Sequence[Any]) -> Any:
        return cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(result, given), name)

    def row_pointers(self, begin: Any, apart: Any) -> list[Any]:
        first = self.builder.inttoptr(begin, self.alpha.type.as_pointer())
        return [self.builder.gep(first, [self.builder.mul(apart, ir.Constant(WORD, row))]) for row in range(self.rows)]

    def emit(self) -> None:
        """The sums over K, several steps at a time, then what is left, then C."""
        for begin in self.c:
            self.ask_for(begin, 0)
        count = self.rows * self.vectors
        steps = max(s for s in (1, 2, 4) if s * count <= MOST_SUMS)
        zero = ir.Constant(self.vector, [ir.Constant(self.alpha.type, 0)] * self.lanes)
        whole = self.builder.and_(self.depth, ir.Constant(WORD, -steps))
        begin = ir.Constant(WORD, 0)
        sums = self.loop(begin, whole, steps, [[zero] * count for _ in range(steps)])
        while len(sums) > 1:
            half = len(sums) // 2
            sums = [
                [self.builder.fadd(x, y) for x, y in zip(sums[i], sums[i + half], strict=True)] for i in range(half)
            ]
        if steps > 1:
            sums = self.loop(whole, self.depth, 1, sums)
        self.store(sums[0])

    def loop(self, first: Any, past: Any, steps: int, sums: list[list[Any]]) -> list[list[Any]]:
        """``steps`` rows of the panel at each turn, each with sums of its own; tested before the first turn."""
        builder = self.builder
        before = builder.block
        head, body, end = (builder.append_basic_block(name) for name in ("head", "body", "end"))
        builder.branch(head)
        builder.position_at_end(head)
        p = builder.phi(WORD)
        p.add_incoming(first, before)
        phis = [[builder.phi(self.vector) for _ in own] for own in sums]
        builder.cbranch(builder.icmp_signed("<", p, past), body, end)
        builder.position_at_end(body)
        added = [self.step(builder.add(p, ir.Constant(WORD, s)), own) for s, own in enumerate(phis)]
        p.add_incoming(builder.add(p, ir.Constant(WORD, steps)), body)
        for own, old, new in zip(phis, sums, added, strict=True):
            for phi, x, y in zip(own, old, new, strict=True):
                phi.add_incoming(x, before)
                phi.add_incoming(y, body)
        builder.branch(head)
        builder.position_at_end(end)
        return phis

    def step(self, p: Any, sums: list[Any]) -> list[Any]:
        """Row p of the panel times column p of A."""
        builder, found = self.builder, list(sums)
        row = builder.gep(self.panel, [builder.mul(p, ir.Constant(WORD, self.vectors * self.lanes))])
        weights = [self.load(row, v) for v in range(self.vectors)]
        self.ask_for(row, AHEAD * self.vectors * self.lanes)
        in_row = builder.mul(p, self.lda) if self.turned else p
        for i in range(self.rows):
            number = self.everywhere(builder.load(builder.gep(self.a[i], [in_row])))
            for v, weight in enumerate(weights):
                at = i * self.vectors + v
                found[at] = builder.call(self.multiply_add, [number, weight, found[at]])
        return found

    def store(self, sums: list[Any]) -> None:
        """C is read only if it is added to."""
        alpha = self.everywhere(self.alpha)
        with self.builder.if_else(self.accumulate) as (add, write):
            with add:
                for at, total in enumerate(sums):
                    i, v = divmod(at, self.vectors)
                    self.put(i, v, self.builder.call(self.multiply_add, [alpha, total, self.load(self.c[i], v)]))
            with write:
                for at, total in enumerate(sums):
                    self.put(*divmod(at, self.vectors), self.builder.fmul(alpha, total))

    def ask_for(self, begin: Any, ahead: int) -> None:
        """The lines of a row of a panel or of C come from memory while something else is computed."""
        builder = self.builder
        for line in range(0, self.vectors * BYTES, LINE):
            later = builder.gep(begin, [ir.Constant(WORD, ahead + line // self.itemsize)])
            reading, near, data = (ir.Constant(INT, x) for x in (0, 3, 1))
            builder.call(self.prefetch, [builder.bitcast(later, POINTER), reading, near, data])

    def load(self, begin: Any, v: int) -> Any:
        found = self.builder.load(self.place(begin, v))
        found.align = self.itemsize
        return found

    def put(self, row: int, v: int, value: Any) -> None:
        self.builder.store(value, self.place(self.c[row], v)).align = self.itemsize

    def place(self, begin: Any, v: int) -> Any:
        at = self.builder.gep(begin, [ir.Constant(WORD, v * self.lanes)])
        return self.builder.bitcast(at, self.vector.as_pointer())

    def everywhere(self, number: Any) -> Any:
        """A vector of one number."""
        none = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(none, number, ir.Constant(INT, 0))
        mask = ir.Constant(ir.VectorType(INT, self.lanes), None)
        return self.builder.shuffle_vector(first, none, mask)


def _itemsize(typing: Any, number: Any) -> Any:
    """``itemsize(number)``: how many bytes a number has."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(WORD, number.bitwidth // 8)

    return types.int64(number), code


def _scratch(typing: Any, number: Any) -> Any:
    """``scratch(number)``: memory for the sums of a panel that is wider than C."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        count = ir.Constant(WORD, MOST_SUMS * BYTES * 8 // number.bitwidth)
        return cgutils.alloca_once(builder, arguments[0].type, size=count)

    return types.CPointer(number)(number), code


def _address_of(typing: Any, pointer: Any) -> Any:
    """``address_of(pointer)``."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], WORD)

    return types.int64(pointer), code


multiply_panel, itemsize, scratch, address_of = map(intrinsic, (_multiply_panel, _itemsize, _scratch, _address_of))
lanes, padded, vectors = map(
    extending.register_jitable(forceinline=True), (panels.lanes, panels.padded, panels.vectors)
)
