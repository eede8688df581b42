"""What the compiler does to the LSTM, in numbers and texts; run as a script, it writes them into the pages beside it.

python notes/compiler/pages.py

A page is written by hand, except for its fenced blocks: behind the backticks stand a language and the name of a piece, and what
is between the fences is that piece. Everything is taken from the compiler itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

import autorecur as ar
from autorecur.compile.account import Direction
from autorecur.compile.backward import share_name
from autorecur.compile.explain import Explanation
from autorecur.compile.layout import Kind
from autorecur.compile.plan import Plan, Setting
from autorecur.compile.program import Lowered, Program, Wish
from autorecur.compile.stack import Gradient
from autorecur.compile.wording import Wording
from autorecur.graph.adjoint import adjoint_name
from autorecur.graph.node import Number
from autorecur.graph.step import build
from autorecur.graph.walk import postorder, variables

FOLDER = Path(__file__).resolve().parent
FENCE = re.compile(r"^```(\w+) ([\w.-]+)\n(.*?)^```$", re.M | re.S)
LSTM = ar.cells["lstm"]
SIZES = {"n_x": 64, "n_h": 128, "n_y": 10}
STEPS, BATCH = 50, 32


@cache
def plan(gradients: str | tuple[str, ...] = "all", outputs: tuple[str, ...] | None = None) -> Explanation:
    return LSTM.explain_compilation(SIZES, STEPS, BATCH, gradients, outputs)


def directions() -> tuple[Direction, Direction]:
    whole = plan()
    assert whole.forward is not None
    assert whole.backward is not None
    return whole.forward, whole.backward


def table(rows: Iterable[Sequence[object]]) -> str:
    """Columns of numbers behind a column of words."""
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in texts) for i in range(len(texts[0]))]
    lines = (
        "   ".join(
            [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in texts
    )
    return "\n".join(line.rstrip() for line in lines)


# ---------------------------------------------------------------- equations and their adjoint


def forward_equations() -> str:
    return "\n".join(_equations(directions()[0].program, Wording()))


def backward_equations() -> str:
    program = directions()[1].program
    words = Wording(carries=program.carries)
    outers = [outer for gradient in program.gradients for outer in gradient.outers]
    return "\n".join([*_equations(program, words), *(words.deferred(Gradient((outer,))) for outer in outers)])


def _equations(program: Program, words: Wording) -> Iterable[str]:
    shares = {share_name(name): name for name in program.parameters}
    for name, products in program.equations.sums.items():
        yield f"{words.quantity(name)} = {words.sum(products)}"
    for name, node in program.equations.pointwise.items():
        left = f"{adjoint_name(shares[name])} = Σ" if name in shares else f"{words.quantity(name)} ="
        yield f"{left} {words.expression(node)}"


def equation_counts() -> str:
    def counts(d: Direction) -> tuple[int, ...]:
        equations = d.program.equations
        products = sum(map(len, equations.sums.values()))
        return len(equations.pointwise), len(equations.sums), products, sum(len(p.weights) for p in d.deferred)

    names = "equations, number by number", "sums of products", "products in them", "gradients that are products"
    rows = zip(names, *map(counts, directions()), strict=True)
    return table([(f"{len(LSTM.equations)} equations in the text", "forward", "backward"), *rows])


# ---------------------------------------------------------------- hoist, stack


def hoisting() -> str:
    both = directions()
    left = [sum(p.count for p in d.per_step) for d in both]
    out = [sum(p.count for p in d.hoisted) for d in both]
    return table([
        ("", "forward", "backward"),
        ("products in the equations", *(a + b for a, b in zip(left, out, strict=True))),
        ("  still in the loop over time", *left),
        ("  one product over all steps", *out),
        (f"products computed in a run of {STEPS} steps", "", ""),
        ("  all in the loop", *(STEPS * (a + b) for a, b in zip(left, out, strict=True))),
        ("  hoisted", *(STEPS * a + b for a, b in zip(left, out, strict=True))),
    ])  # fmt: skip


def stages() -> str:
    forward, _ = directions()
    schedule = forward.program.schedule
    lines = []
    for stage, phase in zip(forward.stages, schedule.phases, strict=True):
        lines.append(stage.when)
        lines += [
            f"  {Wording().sum([schedule.terms[name].product])}" for name in phase.items if name in schedule.terms
        ]
    return "\n".join(lines)


def stacking() -> str:
    both = directions()
    before = [(sum(p.count for p in d.hoisted), sum(p.count for p in d.per_step)) for d in both]
    after = [(len(d.hoisted), len(d.per_step)) for d in both]
    deferred = both[1].deferred
    return table([
        ("", "forward", "backward", "gradients"),
        ("products, hoisted", *(sum(pair) for pair in before), sum(len(p.weights) for p in deferred)),
        ("stacked", *(sum(pair) for pair in after), len(deferred)),
        ("  of these at each step", *(pair[1] for pair in after), 0),
        (f"computed in a run of {STEPS} steps", *(out + STEPS * inside for out, inside in after), len(deferred)),
    ])  # fmt: skip


def stacked_products() -> str:
    return "\n".join(product.text for d in directions() for product in d.products)


# ---------------------------------------------------------------- fuse


def fused_text() -> str:
    return _largest(directions()[0].program).rstrip()


def _largest(program: Program) -> str:
    return max((f.text for f in program.functions), key=len)


def fusing() -> str:
    def counts(d: Direction) -> tuple[int, ...]:
        function = max(d.program.functions, key=lambda f: len(f.text))
        nodes = [s.node for loop in function.loops for s in loop.statements]
        done = list(dict.fromkeys(node for root in nodes for node in postorder(root) if node.op is not None))
        apart = sum(1 + sum(not isinstance(part, Number) for part in node.inputs) for node in done)
        reads = sum(1 + len(variables(node)) for node in nodes)
        touched = len(re.findall(r"^ +v\d+ = p\d+\[|^ +p\d+\[", function.text, re.M))
        return len(done), apart, len(nodes), reads, len(function.loops), touched

    names = (
        "loops, one an operation", "  arrays read and written",
        "loops, one an equation", "  arrays read and written",
        "loops, fused", "  arrays read and written",
    )  # fmt: skip
    return table([("", "forward", "backward"), *zip(names, *map(counts, directions()), strict=True)])


# ---------------------------------------------------------------- storage


def storing() -> str:
    def counts(d: Direction) -> tuple[int | str, ...]:
        equations = d.program.equations
        shapes = [(name, equations.shapes[name]) for name in equations.names()]
        parameters = set(map(share_name, d.program.parameters))
        timed = [shape for name, shape in shapes if name not in parameters]
        everything = sum(SIZES.get(str(rows), 1) for rows, _ in timed)
        kept = d.numbers(SIZES)
        return (
            len(timed),
            sum(len(row.names) for row in d.stored if row.steps == 0),
            sum(len(row.names) for row in d.stored if row.steps),
            sum(len(row.over) for row in d.stored),
            len(set(d.in_registers) - parameters),
            everything,
            kept,
            f"{everything * STEPS * BATCH * 8 / 1e6:.1f} MB",
            f"{kept * STEPS * BATCH * 8 / 1e6:.1f} MB",
        )

    names = (
        "quantities of a step", "  in memory for all steps", "  in memory for one step", "  written over by another",
        "  never in memory", "numbers of one step and sample, all stored", "  stored for all steps",
        f"{STEPS} steps of {BATCH} samples, all stored", "  stored for all steps",
    )  # fmt: skip
    return table([("", "forward", "backward"), *zip(names, *map(counts, directions()), strict=True)])


def memory() -> str:
    lines = str(plan()).splitlines()
    found: list[str] = []
    for i, line in enumerate(lines):
        if line.startswith("  memory of one step"):
            found.append("FORWARD" if not found else "BACKWARD")
            found += [own[2:] for own in _while_indented(lines[i + 1 :])]
    return "\n".join(found)


def _while_indented(lines: Sequence[str]) -> list[str]:
    count = next((i for i, line in enumerate(lines) if not line.startswith("    ")), len(lines))
    return list(lines[:count])


# ---------------------------------------------------------------- defer, dead code


def deferring() -> str:
    _, backward = directions()
    weights = sum(len(p.weights) for p in backward.deferred)
    numbers = sum(p.flops(SIZES) for p in backward.deferred) // 2
    return table([
        ("", "in the loop", "deferred"),
        ("products", STEPS * weights, len(backward.deferred)),
        ("samples that one product adds up", BATCH, STEPS * BATCH),
        ("numbers of the gradients read and written", 2 * STEPS * numbers, numbers),
        ("flops", 2 * STEPS * BATCH * numbers, 2 * STEPS * BATCH * numbers),
    ])  # fmt: skip


def deferred_products() -> str:
    _, backward = directions()
    summed = [f"dL/d{name}" for name in backward.summed]
    return "\n".join([*(p.text for p in backward.deferred), f"in the fused loops: {', '.join(summed)}"])


def dead_code() -> str:
    def counts(what: str, found: Explanation) -> tuple[object, ...]:
        equations = sum(d.equations for d in found.directions)
        products = sum(len(d.products) + len(d.deferred) for d in found.directions)
        return what, equations, products, found.bytes_per_step // 8, found.flops_per_step

    return table([
        ("gradients of", "equations", "products", "stored", "flops"),
        counts("everything", plan()),
        counts("parameters", plan("parameters")),
        counts("parameters, output h alone", plan("parameters", ("h",))),
        counts("U_f alone, output h alone", plan(("U_f",), ("h",))),
        counts("nothing", plan("none")),
    ])  # fmt: skip


# ---------------------------------------------------------------- the machine


def instructions() -> str:
    """The tables of the forward program; this piece alone needs the compiler."""
    lowered = Lowered(build(LSTM))
    names = plan().outputs
    wish = Wish(tuple(LSTM.parameters), LSTM.inputs, LSTM.states)
    setting = Setting(
        tuple(SIZES.items()), STEPS, BATCH, None, "float64", 0, LSTM.inputs, tuple(LSTM.parameters), frozenset(),
        frozenset(LSTM.states),
    )  # fmt: skip
    made = Plan(lowered.forward(names, wish), setting, {**LSTM.shapes, **lowered.shapes}, lowered.pads)
    when = {2: "once", 0: "all steps at once", 1: f"t = 1 … {STEPS}", -1: f"t = {STEPS} … 1"}
    functions = [f.name for f in made.program.functions]
    lines = []
    for first, past, direction in made.tables.loops:
        texts = [_instruction(line, functions, direction) for line in made.tables.code[first:past]]
        lines.append(when[direction])
        for text in dict.fromkeys(texts):
            lines.append(f"  {text}{f'   ({texts.count(text)} times)' if texts.count(text) > 1 else ''}")
    return "\n".join(lines)


def _instruction(line: Sequence[int], functions: Sequence[str], direction: int) -> str:
    rows = BATCH if direction else STEPS * BATCH
    kind = Kind(line[0])
    if kind is Kind.GEMM:
        m, n, k = (rows if size < 0 else size for size in line[6:9])
        return f"GEMM  C {'+=' if line[12] else '='} A B, {m} × {k} times {k} × {n}"
    if kind is Kind.CALL:
        return f"CALL  {functions[line[1]]}, {line[3]} pointers, {rows} rows"
    if kind is Kind.PACK:
        return f"PACK  {line[3]} × {line[4]}{', transposed' if line[7] else ''}"
    return f"{kind.name}  {line[2]} × {line[3]}"


PIECES: dict[str, Callable[[], str]] = {
    "equations.counts": equation_counts,
    "equations.forward": forward_equations,
    "equations.backward": backward_equations,
    "hoist.stages": stages,
    "hoist.counts": hoisting,
    "stack.products": stacked_products,
    "stack.counts": stacking,
    "fuse.text": fused_text,
    "fuse.counts": fusing,
    "storage.counts": storing,
    "storage.rows": memory,
    "defer.products": deferred_products,
    "defer.counts": deferring,
    "dead-code.counts": dead_code,
    "machine.instructions": instructions,
}
NEED_A_COMPILER = frozenset({"machine.instructions"})


def refreshed(text: str, left: Iterable[str] = ()) -> str:
    """A page with its pieces made anew, except those named in ``left``."""

    def piece(match: re.Match[str]) -> str:
        language, name, old = match.groups()
        return f"```{language} {name}\n{old if name in left else PIECES[name]() + chr(10)}```"

    return FENCE.sub(piece, text)


def main() -> None:
    for path in sorted(FOLDER.glob("*.md")):
        path.write_text(refreshed(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
        print(path.name)


if __name__ == "__main__":
    main()
