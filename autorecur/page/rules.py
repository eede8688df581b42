"""Which rules a derivation used, in the order of the appendix, and the appendix itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from autorecur.ops import is_op, op_named
from autorecur.page.derivatives import derivative, has_formula
from autorecur.page.measured import Measured, measure
from autorecur.page.model import is_bias
from autorecur.render.blocks import Block, Inlines, Math, Paragraph, RuleStatement
from autorecur.symbolic.layout import Num, Row, Script, Sign, binary, row

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation
    from autorecur.page.context import Page

SQUARED_LOSSES = ("mse", "squared", "half_squared")
_SQUARED_OPS = frozenset({"multiply", "sum", "mean", "square", "subtract"})

ORDER = (
    "readers", "sum", "product", "scalar", "quotient", "power", "matmul", "transpose", "function", "choice", "stack",
    "squared_error", "sum_components", "mean", "max", "norm", "softmax", "logsumexp", "cross_entropy",
    "binary_cross_entropy", "shared", "chain", "decay",
)  # fmt: skip
"""Every rule there is, in the order of the appendix."""

_OF_OPS: Mapping[str, str] = {
    "add": "sum",
    "subtract": "sum",
    "negative": "sum",
    "multiply": "product",
    "divide": "quotient",
    "ratio": "quotient",
    "power": "power",
    "square": "power",
    "matmul": "matmul",
    "matrix_transpose": "transpose",
    "concatenate": "stack",
    "maximum": "choice",
    "minimum": "choice",
    "sum": "sum_components",
    "mean": "mean",
    "max": "max",
    "norm": "norm",
    "softmax": "softmax",
    "logsumexp": "logsumexp",
    "cross_entropy": "cross_entropy",
    "binary_cross_entropy": "binary_cross_entropy",
    "broadcast_to": "scalar",
    "sum_to": "scalar",
    "weight_decay": "decay",
}


def rule_of(op: str) -> str:
    """The rule behind an op of the table."""
    if op in _OF_OPS:
        return _OF_OPS[op]
    if is_op(op) and op_named(op).kind == "elementwise":
        return "function"
    raise KeyError(f"no rule is stated for the operation {op}")


def rule_keys(ops: Iterable[str], through: str, derivation: Derivation) -> list[str]:
    """The rules behind the ops of a term that came through an equation; a squared error counts as one."""
    found = list(ops)
    squared = derivation.loss.kind in SQUARED_LOSSES and through == derivation.loss.name
    if squared and "subtract" in found and set(found) <= _SQUARED_OPS:
        return ["squared_error"]
    return list(dict.fromkeys(rule_of(op) for op in found))


def functions_behind(derivation: Derivation, name: str) -> list[str]:
    """The elementwise functions of the table that the contributions to a quantity were pulled back through."""
    adjoint = derivation.adjoints.get(name)
    ops = [op for part in adjoint.contributions for op in part.ops] if adjoint else []
    return [op for op in dict.fromkeys(ops) if rule_of(op) == "function"]


@dataclass(frozen=True)
class RuleBook:
    """The rules of one derivation with their names R1, R2, …, and the functions that the elementwise rule stands for."""

    keys: tuple[str, ...]
    functions: tuple[str, ...] = ()
    row: bool = False
    measured: Mapping[str, Measured] = field(default_factory=dict)

    def name(self, key: str) -> str | None:
        return f"R{self.keys.index(key) + 1}" if key in self.keys else None


def rule_book(derivation: Derivation) -> RuleBook:
    """Every rule that the derivation used, each measured."""
    used = {"readers"}
    functions: dict[str, None] = {}
    for name, adjoint in derivation.adjoints.items():
        for part in adjoint.contributions:
            used.update(rule_keys(part.ops, ">".join(part.through), derivation))
        functions.update(dict.fromkeys(functions_behind(derivation, name)))
        if adjoint.shape == (1, 1) and _scales(derivation, name):
            used.add("scalar")
    if derivation.section("parameters"):
        used.add("shared")
    if derivation.paths.equations:
        used.add("chain")
    if derivation.decay is not None:
        used.add("decay")
    keys = tuple(key for key in ORDER if key in used)
    measured = {key: measure(key, tuple(functions)) for key in keys}
    return RuleBook(keys, tuple(functions), derivation.cell.convention == "row", measured)


def _scales(derivation: Derivation, name: str) -> bool:
    """A single number that a larger quantity reads."""
    adjoint = derivation.adjoints[name]
    readers = {part.through[0] for part in adjoint.contributions}
    return any(derivation.nodes[reader].shape != (1, 1) for reader in readers if reader != derivation.loss.name)


# -------------------------------------------------------------------------------------------------------- appendix


def appendix(page: Page) -> Iterator[Block]:
    """Each rule: stated, proved by components, with the errors of its own check."""
    yield Paragraph(page.words("rules.opening"))
    for key in page.rules.keys:
        name = page.rules.name(key)
        assert name is not None
        yield RuleStatement(
            name=name,
            title=page.words.text(f"rule.{key}.title"),
            body=tuple(_paragraphs(page, f"rule.{key}.statement", key)),
            proof=tuple(_paragraphs(page, f"rule.{key}.proof", key)),
            note=_note(page, key),
            proof_word=page.words.text("rules.proof"),
        )


def _paragraphs(page: Page, entry: str, key: str) -> Iterator[Block]:
    if entry == "rule.chain.statement" and page.other_layout:
        entry = f"notation.chain_{page.other_layout}"
    special = f"{entry}_rows"
    chosen = special if page.in_rows and page.words.has(special) else entry
    if key == "function" and not _functions(page) and page.words.has(f"{entry}_open"):
        chosen = f"{entry}_open"
    decay = page.derivation.decay
    symbols = {} if decay is None else {"coefficient": page.name(decay.coefficient, None)}
    yield Paragraph(page.words(chosen, functions=_functions(page), bias=_bias(page), **_links(page), **symbols))


def _bias(page: Page) -> Inlines:
    found = any(is_bias(page, name) for name in page.derivation.cell.parameters)
    return (" ", *page.words("gradients.bias")) if found else ()


def _functions(page: Page) -> Inlines:
    """The derivatives of the functions that this cell holds."""
    known = [f for f in page.rules.functions if has_formula(f)]
    return page.words.listed([Math(derivative(f, page.composer)) for f in known])


def _links(page: Page) -> dict[str, Inlines]:
    return {f"rule_{key}": page.rule_names([key]) for key in ("readers", "matmul", "sum")}


def _note(page: Page, key: str) -> Inlines:
    found = page.rules.measured[key]
    return page.words(
        "rules.note", complex=scientific(page, found.complex_step), central=scientific(page, found.central)
    )  # fmt: skip


def scientific(page: Page, error: float | None) -> Inlines:
    """``2.3 · 10⁻¹⁵``, 0 or a dash."""
    return scientific_number(error)


def scientific_number(error: float | None) -> Inlines:
    """A number as :func:`scientific` prints it, where there is no page yet."""
    if error is None or not isfinite(error):
        return ("—",)
    if error == 0:
        return (Math(Num("0")),)
    digits, exponent = f"{error:.1e}".split("e")
    power = Script(
        Num("10"), None, row(Sign("-"), Num(str(-int(exponent)))) if int(exponent) < 0 else Num(str(int(exponent)))
    )
    return (Math(Row((Num(digits), binary("cdot"), power))),)
