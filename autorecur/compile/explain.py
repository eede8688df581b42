"""``cell.explain_compilation``: what the compiler made of a cell, as objects and as a text for people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from autorecur.compile.account import (
    FUNCTION,
    DeferredProduct,
    Direction,
    FusedLoop,
    StackedProduct,
    StoredRow,
    added_up,
    direction,
)
from autorecur.compile.backward import Carry
from autorecur.compile.equations import Equations, NotCompilable, needed_by
from autorecur.compile.program import Lowered, Wish
from autorecur.compile.storage import FULL
from autorecur.compile.wording import Wording, size_text
from autorecur.errors import ArgumentError, ShapeError
from autorecur.graph.adjoint import adjoint_name
from autorecur.graph.step import build
from autorecur.graph.walk import variables
from autorecur.kernels.compiled import is_wanted
from autorecur.language.cell import Cell
from autorecur.language.nearest import did_you_mean
from autorecur.ops import Shape

ITEMSIZE = {"float64": 8, "float32": 4}
FEW = 6
"""More parameters than these are counted in the first line, not named."""
WIDEST = 100
"""Longer equations are cut in the text; :class:`~autorecur.compile.account.FusedEquation` has them whole."""


@dataclass(frozen=True, repr=False)
class Explanation:
    """The plan of a compiled cell; ``str`` gives it as a text.

    ``forward`` and ``backward`` are accounts of the two programs (:class:`~autorecur.compile.account.Direction`), None if the
    cell cannot be compiled; then ``reason`` says why. ``backward`` is also None if no gradient is asked for. ``gradients``
    are those asked for, ``sizes``, ``steps`` and ``batch`` what was passed, or None.
    """

    cell: str
    dtype: str
    outputs: tuple[str, ...]
    gradients: tuple[str, ...]
    forward: Direction | None
    backward: Direction | None
    reason: str | None
    sizes: Mapping[str, int] | None
    steps: int | None
    batch: int | None
    pads: int
    """How many steps before the first and behind the last have memory."""
    parameters: Mapping[str, Shape]
    """Those with a gradient, as (rows, columns)."""

    @property
    def compilable(self) -> bool:
        return self.reason is None

    @property
    def directions(self) -> tuple[Direction, ...]:
        return tuple(found for found in (self.forward, self.backward) if found is not None)

    @property
    def bytes_per_step(self) -> int:
        """Stored for each step of each sample, forward and backward together; needs sizes."""
        return sum(found.numbers(self._known()) for found in self.directions) * ITEMSIZE[self.dtype]

    @property
    def bytes(self) -> int:
        """The workspaces of both directions, the stacked weights and the gradients of parameters, for all steps and samples
        (one of each where none was said); needs sizes."""
        sizes, steps, batch = self._known(), self.steps or 1, self.batch or 1
        count = sum(prod(added_up([size], sizes) for size in shape) for shape in self.parameters.values())
        for found in self.directions:
            count += found.workspace(sizes, steps, batch, self.pads)
            stacks = [product for product in found.products if product.count > 1]
            count += sum(added_up(p.taken_in, sizes) * added_up(p.given_out, sizes) for p in stacks)
        return count * ITEMSIZE[self.dtype]

    @property
    def flops_per_step(self) -> int:
        """Additions and multiplications for each step of each sample, forward and backward; needs sizes."""
        sizes = self._known()
        return sum(found.product_flops(sizes) + found.other_flops(sizes) for found in self.directions)

    @property
    def flops(self) -> int:
        """The same for all steps and samples."""
        return self.flops_per_step * (self.steps or 1) * (self.batch or 1)

    @property
    def share_of_products(self) -> float:
        """The part of the flops that products have, from 0 to 1; needs sizes."""
        products = sum(found.product_flops(self._known()) for found in self.directions)
        return products / self.flops_per_step if self.flops_per_step else 0.0

    def _known(self) -> Mapping[str, int]:
        if self.sizes is None:
            raise ArgumentError("this explanation has no sizes; pass them: explain_compilation(sizes={…})")
        return self.sizes

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return f"```text\n{self}\n```"


# ---------------------------------------------------------------- from the arguments to the programs


def explain(
    cell: Cell,
    sizes: Mapping[str, int] | None = None,
    steps: int | None = None,
    batch: int | None = None,
    gradients: str | Collection[str] | None = "all",
    outputs: Sequence[str] | None = None,
    dtype: str = "float64",
) -> Explanation:
    """What :meth:`autorecur.language.cell.Cell.explain_compilation` does."""
    if dtype not in ITEMSIZE:
        raise ArgumentError(f"there are programs for float64 and float32, not for {dtype!r}")
    for name, number in (("steps", steps), ("batch", batch)):
        if number is not None and (isinstance(number, bool) or not hasattr(number, "__index__") or number < 1):
            raise ArgumentError(f"{name} is a whole number from 1, not {number!r}")
    if sizes is None and (steps is not None or batch is not None):
        raise ArgumentError("steps and batch say how much memory is taken only together with sizes")
    known = None if sizes is None else cell.checked_sizes(sizes, cell.sizes)
    names = _outputs(cell, outputs)
    reason, forward, backward = None, None, None
    wish, pads = Wish((), (), ()), 1
    try:
        lowered = Lowered(build(cell))
        pads = lowered.pads
        wish = _wish(cell, gradients, needed_by(names, lowered.equations))
        forward, backward = _directions(cell, lowered, names, wish, dtype)
    except NotCompilable as why:
        reason = str(why)
    asked = (*wish.parameters, *wish.inputs, *(key for name in wish.initial for key in cell.initial_keys(name)))
    shapes = {name: cell.shapes[name] for name in wish.parameters}
    return Explanation(cell.name, dtype, names, asked, forward, backward, reason, known, steps, batch, pads, shapes)


def _outputs(cell: Cell, outputs: Sequence[str] | None) -> tuple[str, ...]:
    """States and outputs, unless something else is asked for."""
    assigned = tuple(dict.fromkeys(assignment.name for assignment in cell.assignments))
    if outputs is None:
        return tuple(name for name in assigned if name in cell.states or name in cell.outputs)
    for name in outputs:
        if name not in assigned:
            raise ShapeError(f"{cell.name} does not compute {name!r}.{did_you_mean(name, assigned)}")
    return tuple(outputs)


def _wish(cell: Cell, gradients: str | Collection[str] | None, equations: Equations) -> Wish:
    """The gradients asked for, of what the equations read."""
    read = {v.name for node in equations.pointwise.values() for v in variables(node)}
    read |= {name for products in equations.sums.values() for p in products for name in (p.weight.name, p.operand)}
    parameters = tuple(name for name in cell.parameters if name in read)
    states = tuple(
        name
        for name in cell.states
        if any(name == other and away for own in equations.names() for other, away in equations.reads(own))
    )
    everything = Wish(parameters, tuple(name for name in cell.inputs if name in read), states)
    words = {"all": everything, "parameters": Wish(parameters, (), ()), "none": Wish((), (), ())}
    if gradients is None:
        return words["none"]
    if isinstance(gradients, str):
        if gradients not in words:
            close = did_you_mean(gradients, words)
            raise ArgumentError(
                f"gradients are 'all', 'parameters', 'none' or a list of names, not {gradients!r}.{close}"
            )
        return words[gradients]
    keys = {key: name for name in cell.states for key in (name, *cell.initial_keys(name))}
    known = (*cell.parameters, *cell.inputs, *keys)
    for name in gradients:
        if name not in known:
            raise ArgumentError(f"{name!r} is no parameter, input or initial state.{did_you_mean(name, known)}")
    wanted = {keys.get(name, name) for name in gradients}
    return Wish(*(tuple(n for n in some if n in wanted) for some in (parameters, everything.inputs, states)))


def _directions(
    cell: Cell, lowered: Lowered, names: tuple[str, ...], wish: Wish, dtype: str
) -> tuple[Direction, Direction | None]:
    rows = cell.convention == "row"
    forward = lowered.forward(names, wish)
    readers: dict[str, list[str]] = {name: ["an output"] for name in names}
    if not wish:
        return direction("forward", forward, Wording(rows), dtype, readers), None
    backward = lowered.backward(names, wish)
    for name, _ in sorted(backward.reads):
        readers.setdefault(name, []).append("read backwards")
    arriving = {adjoint_name(name): [f"the gradient of {name}"] for name in wish.inputs}
    for carry in backward.carries:
        arriving.update(_readers_of(carry))
    return (
        direction("forward", forward, Wording(rows), dtype, readers),
        direction("backward", backward, Wording(rows, backward.carries), dtype, arriving),
    )


def _readers_of(carry: Carry) -> dict[str, list[str]]:
    away = abs(carry.offset)
    return {part: [f"the adjoint of {carry.state}, {away} step{'s' * (away > 1)} on"] for part in carry.parts}


# ---------------------------------------------------------------- the text


def _lines(e: Explanation) -> Iterator[str]:
    if e.reason is not None:
        yield f"{e.cell} cannot be compiled: {e.reason}."
        yield "cell.run computes it op by op on the tape."
        return
    yield f"{e.cell} as compiled for {e.dtype}: outputs {', '.join(e.outputs)}; {_wished(e)}"
    if not is_wanted() or (e.forward is not None and e.forward.loops and e.forward.module is None):
        yield "numba is missing or switched off here, or there is no home for its code: cell.run may go op by op."
    for found in e.directions:
        yield ""
        yield from _direction(found)
    yield ""
    yield "names: a~ is the sum of the products in a; h~1 a part of h that is computed by itself."
    if e.backward is not None:
        yield "given(h[t]): the cotangent of h[t] from outside."
        yield "carry(h[t-1]): what step t adds to dL/dh[t-1]; carry~(h[t-1]): what it adds by products."
    if e.sizes is not None:
        yield ""
        yield from _amounts(e)


def _wished(e: Explanation) -> str:
    if not e.gradients:
        return "no gradients"
    others = [name for name in e.gradients if name not in e.parameters]
    parameters = list(e.parameters) if len(e.parameters) <= FEW else [f"{len(e.parameters)} parameters"]
    return f"gradients of {', '.join([*parameters, *others])}"


def _direction(d: Direction) -> Iterator[str]:
    yield d.name.upper()
    yield from filter(
        None, (_of_products(d.hoisted, "for all steps at once"), _of_products(d.per_step, "at each step"))
    )
    pointwise = sum(len(loop.equations) for loop in d.loops)
    yield f"  {_counted(pointwise, 'equation')} fused into {_counted(len(d.loops), 'loop')}"
    if d.deferred:
        weights = sum(len(product.weights) for product in d.deferred)
        yield f"  {_counted(weights, 'gradient')} of weights deferred to {_counted(len(d.deferred), 'product')} at the end"
    for stage in d.stages:
        yield f"  {stage.when}"
        for action in stage.actions:
            yield from _product(action) if isinstance(action, StackedProduct) else _loop(action)
    if d.deferred:
        yield "  at the end, over all steps and samples"
        for product in d.deferred:
            yield from _deferred(product)
    yield "  memory of one step of one sample"
    yield from _columns([_stored(row) for row in d.stored], indent=4)
    if d.in_registers:
        yield f"    none at all: {_listed(d.in_registers)}"
    if d.module is not None:
        yield f"  generated module: {d.module.name} in the cache folder, from the first run on"


def _of_products(products: Sequence[StackedProduct], when: str) -> str:
    """How many products of the equations are computed when, and as how many."""
    written = sum(product.count for product in products)
    stacked = f", stacked into {len(products)}" if len(products) < written else ""
    hoisted = "hoisted: computed " if any(product.hoisted for product in products) else ""
    return f"  {_counted(written, 'product')} {hoisted}{when}{stacked}" if products else ""


def _product(p: StackedProduct) -> Iterator[str]:
    about = f"{size_text(p.taken_in)} → {size_text(p.given_out)}"
    stacked = f", {p.count} stacked" if p.count > 1 else ""
    yield f"    product  {_cut(p.text)}    ({about}{stacked})"


def _deferred(p: DeferredProduct) -> Iterator[str]:
    stacked = f", {len(p.weights)} stacked" if len(p.weights) > 1 else ""
    yield f"    product  {_cut(p.text)}    ({size_text(p.rows)} × {p.columns}{stacked})"


def _loop(loop: FusedLoop) -> Iterator[str]:
    over = " × ".join(map(str, loop.extent))
    functions = ", ".join(f"{loop.functions.count(name)} {name}" for name in dict.fromkeys(loop.functions))
    work = f"{_counted(loop.operations, 'operation')}{f', {functions}' if functions else ''}"
    for_each = f"over {over} components" if over else "one number a sample"
    yield f"    loop     {for_each}: {_counted(len(loop.equations), 'equation')}, {work} each"
    yield from _columns([(_cut(eq.text), eq.memory) for eq in loop.equations], indent=6)


def _stored(row: StoredRow) -> tuple[str, ...]:
    kept = "all steps" if row.steps == FULL else _counted(row.steps, "step")
    over = f"written over {' '.join(row.over)}" if row.over else ""
    return " ".join(row.names), _numbers(row.shapes), kept, "; ".join(filter(None, (over, ", ".join(row.readers))))


def _numbers(shapes: Iterable[Shape]) -> str:
    """How many numbers: ``4 n_h``, ``n_v·n_k`` for a matrix."""
    texts = ["·".join(f"({size})" if " " in str(size) and len(own) > 1 else str(size) for size in own) or "1"
             for own in ([size for size in shape if size != 1] for shape in shapes)]  # fmt: skip
    return size_text(texts) if not any("·" in text for text in texts) else " + ".join(texts)


def _amounts(e: Explanation) -> Iterator[str]:
    sizes = e._known()
    given = ", ".join(f"{name} = {number:,}" for name, number in sizes.items())
    yield f"WITH {given}"
    rows: list[tuple[str, ...]] = [("", "products", "everything else", "numbers stored")]
    for d in e.directions:
        flops = d.product_flops(sizes), d.other_flops(sizes), d.numbers(sizes)
        rows.append((d.name, *(f"{number:,}" for number in flops)))
    yield f"  flops and memory for one step of one sample (a function counts as {FUNCTION} flops)"
    yield from _columns(rows, indent=4)
    yield f"  products have {e.share_of_products:.0%} of {e.flops_per_step:,} flops; {e.bytes_per_step:,} bytes are stored"
    if e.steps is not None or e.batch is not None:
        steps, batch = e.steps or 1, e.batch or 1
        yield (
            f"  in all, for {_counted(steps, 'step')} of {_counted(batch, 'sample')}: {e.flops:,} flops, {e.bytes:,} bytes "
            "(quantities, stacked weights, gradients of parameters)"
        )


def _columns(rows: Sequence[Sequence[str]], indent: int) -> Iterator[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield (" " * indent + "   ".join(cells)).rstrip()


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _listed(names: Iterable[str]) -> str:
    return _cut(" ".join(names))


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
