"""A measured gradient flow as a page: the plot, and its numbers in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecur.page.catalogue import Words
from autorecur.page.rules import scientific_number
from autorecur.render.blocks import Diagram, Document, Inline, Inlines, Math, Paragraph, Table, TableRow
from autorecur.render.plot import Curve as Drawn
from autorecur.render.plot import Plot, styled
from autorecur.symbolic.layout import Ident, Layout, Num
from autorecur.symbolic.layout import Words as Text
from autorecur.symbolic.names import DEFAULT, name_layout
from autorecur.vanishing.flow import shown_distances

if TYPE_CHECKING:
    from autorecur.vanishing.flow import Curve, Flow

LONGEST = 22
"""Longer names of curves are cut."""


def flow_page(flow: Flow, language: str = "en") -> Document:
    """The document that ``autorecur flow`` writes."""
    words = Words(language)
    names = words.listed([curve.label for curve in flow])
    opening = words("flow.opening" if flow.state is None else "flow.opening_state", **_ends(flow))
    return words.document(
        title=words.text("flow.title"),
        blocks=(Paragraph(opening), flow_plot(flow, words), flow_table(flow, words)),
        subtitle=(words("flow.derived", cells=names),),
        footer=words.text("flow.title"),
    )


def flow_plot(flow: Flow, words: Words, width: float = 230.0, height: float = 150.0) -> Diagram:
    """The norms of every curve against the distance."""
    drawn = styled([Drawn(c.distances, c.mean, Text(_label(c, words))) for c in flow])
    axis = words("flow.axis", **_ends(flow))
    plot = Plot(drawn, _layout(words("flow.distance")), _layout(axis), width, height, logarithmic=True)
    return plot.diagram(_caption(flow, words), words("flow.alt"))


def _caption(flow: Flow, words: Words) -> Inlines:
    """What was measured on what weights."""
    samples = str(max(curve.norms.shape[1] for curve in flow))
    hidden = words.listed([str(n) for n in sorted({c.hidden for c in flow})], "or")
    if all(curve.recorded for curve in flow):
        return words("flow.caption_recorded", samples=samples, hidden=hidden)
    scale = words("flow.scaled", scale=Math(Num(f"{flow.scale:g}"))) if flow.scale != 1 else ()
    return words("flow.caption", samples=samples, hidden=hidden, seed=str(flow.seed), scaled=scale)


def flow_table(flow: Flow, words: Words) -> Table:
    """The norms at some distances, and the factor a step."""
    marks = shown_distances(flow.steps)
    titles = [words(f"flow.column.{name}") for name in ("cell", "states", "factor", "verdict")]
    header: TableRow = (*titles[:2], *((Math(Num(str(d))),) for d in marks), *titles[2:])
    rows = tuple(_row(curve, marks, words) for curve in flow)
    return Table(header, (rows,), "ll" + "r" * (len(marks) + 1) + "l", caption=words("flow.table"), full=True)


def _row(curve: Curve, marks: list[int], words: Words) -> TableRow:
    states: list[Inline] = []
    for name in curve.states:
        layout = Math(name_layout(name, DEFAULT))
        states.extend((", ", layout) if states else (layout,))
    mean = curve.mean
    numbers = [scientific_number(float(mean[d])) if d < len(mean) else () for d in marks]
    factor: Inlines = (Math(Num(f"{curve.factor:.3f}")),) if curve.factor == curve.factor else ()
    verdict = words(f"flow.verdict.{curve.verdict.removeprefix('is ')}")
    return ((_label(curve, words),), tuple(states), *numbers, factor, verdict)


def _label(curve: Curve, words: Words) -> str:
    name = curve.label if len(curve.label) <= LONGEST else curve.label[: LONGEST - 1] + "…"
    return words.text("flow.backward", name=name) if curve.backward else name


def _ends(flow: Flow) -> dict[str, Layout]:
    """What is differentiated, and by what: the states at the two steps."""
    name = flow.state or "s"
    last = name_layout(DEFAULT.steps, DEFAULT)
    return {"late": name_layout(name, DEFAULT, last), "early": name_layout(name, DEFAULT, Ident("k"))}


def _layout(inlines: Inlines) -> Layout:
    """The one formula of an entry."""
    (piece,) = inlines
    assert isinstance(piece, Math)
    return piece.layout
