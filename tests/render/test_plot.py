"""Plots: what is drawn lies in the frame, ticks are round numbers, and every format takes them."""

from __future__ import annotations

import pytest

from autorecur.render.blocks import DASHES, Diagram, Document, Label, Polygon, Stroke
from autorecur.render.documents.latex import latex_document
from autorecur.render.documents.typst import typst_document
from autorecur.render.plot import STYLES, Curve, Plot, mark, side_by_side, styled
from autorecur.symbolic.layout import Ident, Num, Script, Words

FALLING = Curve(range(6), [10.0**-x for x in range(6)], Words("falling"))


def strokes(plot: Plot) -> list[Stroke]:
    return [shape for shape in plot.shapes() if isinstance(shape, Stroke) and len(shape.points) > 2]


def ticks(plot: Plot, anchor: str) -> list[object]:
    return [s.layout for s in plot.shapes() if isinstance(s, Label) and s.anchor == anchor]


def test_a_power_is_a_straight_line_on_a_logarithmic_axis() -> None:
    (line,) = strokes(Plot([FALLING], logarithmic=True, width=100.0, height=50.0))
    assert [y for _, y in line.points] == pytest.approx([50.0 - 10.0 * i for i in range(6)])


def test_decades_are_printed_as_powers_of_ten() -> None:
    plot = Plot([FALLING], logarithmic=True, height=120.0)
    assert ticks(plot, "left") == [*(Script(Num("10"), None, Num(str(n))) for n in range(-5, 0)), Num("1")]


def test_ticks_of_a_plain_axis_are_round_numbers() -> None:
    plot = Plot([Curve([0, 100], [0.0, 0.9])], width=200.0, height=60.0)
    assert ticks(plot, "below") == [Num(str(n)) for n in (0, 20, 40, 60, 80, 100)]
    assert ticks(plot, "left") == [Num("0"), Num("0.5")]


def test_a_curve_is_cut_where_it_leaves_the_frame_and_broken_where_it_has_no_value() -> None:
    cut = Plot([Curve([0, 1, 2], [0.0, 1.0, 0.0])], y_range=(0.0, 0.5), width=100.0, height=10.0, grid=False)
    pieces = [s.points for s in cut.shapes() if isinstance(s, Stroke) and s.width == 0.8]
    assert pieces == [((0.0, 0.0), (25.0, 10.0)), ((75.0, 10.0), (100.0, 0.0))]
    gap = Plot([Curve([0, 1, 2, 3], [1.0, 0.1, 0.0, 0.1])], logarithmic=True, grid=False)
    assert len([s for s in gap.shapes() if isinstance(s, Stroke) and s.width == 0.8]) == 1


def test_the_curves_of_a_plot_differ_without_colour() -> None:
    curves = styled([FALLING] * len(STYLES))
    assert len({(curve.dash, curve.mark) for curve in curves}) == len(STYLES)
    assert all(curve.dash in DASHES for curve in curves)
    assert len({mark(m, (0.0, 0.0)) for _, m in STYLES}) == len({m for _, m in STYLES})


def test_everything_lies_in_the_picture() -> None:
    plot = Plot(styled([FALLING, FALLING]), Ident("x"), Ident("y"), logarithmic=True)
    for picture in (plot.diagram(), side_by_side([plot, plot], [Words("a"), None])):
        assert isinstance(picture, Diagram)
        for shape in picture.shapes:
            points = shape.points if isinstance(shape, (Stroke, Polygon)) else ((shape.x, shape.y),)  # type: ignore[union-attr]
            assert all(-1e-6 <= x <= picture.width + 1e-6 and -1e-6 <= y <= picture.height + 1e-6 for x, y in points)


def test_both_pdf_routes_print_a_plot() -> None:
    document = Document("Plot", (Plot(styled([FALLING]), logarithmic=True).diagram(("Caption",), ("alt",)),))
    latex, typst = latex_document(document), typst_document(document)
    assert "line join=round" in latex
    assert "\\path[fill=black" in latex
    assert "lined((" in typst
    assert "outlined((" in typst
