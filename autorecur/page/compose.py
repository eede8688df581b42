"""A derivation as a document: which sections it has, in which order, under which numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from autorecur.errors import RenderError
from autorecur.ops.open import filled
from autorecur.page.backward import backward, brief
from autorecur.page.catalogue import Words
from autorecur.page.checks import checks, seal
from autorecur.page.components import beside
from autorecur.page.context import BRIEF, DETAILS, FULL, Page, require_passed
from autorecur.page.gradients import inputs_and_initial, parameters
from autorecur.page.loss import adjoint, loss
from autorecur.page.model import model
from autorecur.page.parts import where_of_loss
from autorecur.page.paths import paths
from autorecur.page.picture import picture
from autorecur.page.rules import appendix, rule_book
from autorecur.page.stacked import stacked
from autorecur.page.truncation import truncation
from autorecur.page.unrolled import unrolled
from autorecur.page.vanishing import vanishing
from autorecur.page.worked import worked
from autorecur.render.blocks import Block, Document, Heading, Inlines

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation
    from autorecur.worked import NoExampleError, WorkedExample

Section = Callable[[Page], Iterator[Block]]


def document(
    derivation: Derivation, detail: str = "standard", language: str = "en", seed: int = 0, values: Any = None
) -> Document:
    """The page of a derivation, which must have passed its checks. ``detail`` is brief, standard or full.

    ``values`` are numbers for the worked example, which ``full`` shows in any case."""
    if detail not in DETAILS:
        raise RenderError(f"there is no detail {detail!r}; known: {', '.join(DETAILS)}")
    if values is not None and detail == BRIEF:
        raise RenderError("the brief page has no room for a worked example; take the detail standard or full for it")
    report = derivation.verify(seed, bounds=detail == FULL)
    require_passed(report)
    notation = derivation.naming.low if detail == BRIEF else derivation.naming
    example, no_example = _example(derivation, values) if detail == FULL or values is not None else (None, None)
    numbers: dict[str, str] = {}
    words = Words(language, notation.in_line, numbers)
    page = Page(derivation, notation, words, detail, report, rule_book(derivation), example, no_example)
    found = _sections(page)
    numbers.update((key, str(number)) for number, (key, _) in enumerate(found, 1))
    blocks: list[Block] = []
    with filled({name: functions[0] for name, functions in report.functions.items()}):
        for key, section in found:
            blocks.append(Heading(numbers[key], _section_title(page, key)))
            blocks.extend(beside(page, section(page)))
    return words.document(
        title=words.text("head.title", title=page.headline()),
        blocks=tuple(blocks),
        subtitle=_subtitle(page),
        seal=seal(page),
        footer=words.text("head.footer", title=page.headline()),
        screen=page.words.screen(page.words.text("screen.description", title=page.headline())),
        close=page.brief and bool(page.by_components),
    )


def _example(derivation: Derivation, values: Any) -> tuple[WorkedExample | None, NoExampleError | None]:
    """Numbers of one's own that do not fit are refused; where none were given, the page says why it has no example."""
    from autorecur.worked import NoExampleError

    try:
        return derivation.worked_example(values), None
    except NoExampleError as error:
        if values is not None:
            raise
        return None, error


def _sections(page: Page) -> list[tuple[str, Section]]:
    """The sections of this page; the brief one keeps the equations alone."""
    if page.detail == BRIEF:
        return [("model", model), ("brief", _brief)]
    if page.derivation.clocks is not None:
        return [pair for pair in _sections_of_frame(page) if pair[0] != "picture" or page.derivation.clocks.named]
    found: list[tuple[str, Section]] = [
        ("model", model),
        ("picture", picture),
        ("loss", loss),
        ("adjoint", adjoint),
        ("backward", backward),
        ("gradients", _gradients),
    ]
    if page.derivation.steps is not None:
        found.append(("unrolled", unrolled))
    if page.derivation.truncate is not None:
        found.append(("truncation", truncation))
    else:
        found.append(("paths", stacked if page.derivation.paths.stacked else paths))
    if page.detail == FULL:
        found.append(("vanishing", vanishing))
    return [*found, *_by_hand(page), ("checks", checks), ("rules", appendix)]


def _section_title(page: Page, key: str) -> str:
    frame = key == "model" and page.derivation.clocks is not None
    return page.words.text("frames.model" if frame else f"section.{key}")


def _by_hand(page: Page) -> list[tuple[str, Section]]:
    return [("worked", worked)] if page.example is not None or page.no_example is not None else []


def _sections_of_frame(page: Page) -> list[tuple[str, Section]]:
    return [
        ("model", model),
        ("picture", picture),
        ("loss", loss),
        ("adjoint", adjoint),
        ("backward", backward),
        ("gradients", _gradients),
        *_by_hand(page),
        ("checks", checks),
        ("rules", appendix),
    ]


def _brief(page: Page) -> Iterator[Block]:
    yield from brief(page)
    yield from _gradients(page)


def _gradients(page: Page) -> Iterator[Block]:
    yield from parameters(page)
    yield from inputs_and_initial(page)


def _subtitle(page: Page) -> tuple[Inlines, ...]:
    """The source, and what is derived."""
    found = page.derivation.loss
    kind = found.kind if page.words.has(f"head.loss.{found.kind}") else "expression"
    name = page.words(f"head.loss.{kind}")
    what = page.words(
        "head.derived",
        loss=name if page.derivation.decay is None else page.words("decay.head", loss=name),
        where=where_of_loss(page)
        if page.derivation.clocks is not None
        else page.words(f"head.at.{found.at}", last=page.last_step()),
    )
    source = page.derivation.cell.source
    return ((source,), what) if source else (what,)
