"""The picture of a gradient flow: ‖∂s_T/∂s_k‖ against the steps between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autorecur.errors import ArgumentError
from autorecur.plot.canvas import Plot, canvas, label, legend, mathematical, named, whole_ticks
from autorecur.vanishing.flow import Curve, Flow

DEEPEST = 1e-18
"""Below this part of the largest norm nothing is left that training could feel."""


def flow(measured: Flow | Mapping[str, Flow], *, band: bool = True, theme: str = "auto", ax: Any = None) -> Plot:
    """The norms that :func:`autorecur.flow` measured: the geometric mean of each curve, and the range over the sequences.

    Several flows by name, such as before and after a training, stand in one picture. ``band=False`` leaves the ranges out.

    >>> import autorecur as ar
    >>> plot = ar.plot.flow(ar.flow(["rnn", "lstm"], steps=20))
    >>> plot.axes[0].get_legend_handles_labels()[1]
    ['rnn', 'lstm']
    """
    plot = canvas(ax, theme, 6.6, 3.6)
    states = set()
    curves = list(_curves(named(measured)))
    highest = 1.0
    for number, (name, curve, state) in enumerate(curves):
        states.add(state or (curve.states[0] if len(curve.states) == 1 else "s"))
        colour, dash = plot.theme.curve(number)
        plot.ax.plot(curve.distances, curve.mean, color=colour, linestyle=dash, linewidth=1.7, label=name)
        if band and curve.norms.shape[1] > 1:
            low, high = curve.norms.min(axis=1), curve.norms.max(axis=1)
            plot.ax.fill_between(curve.distances, low, high, color=colour, alpha=0.15, linewidth=0)
        finite = curve.norms[np.isfinite(curve.norms)]
        highest = max(highest, float(finite.max(initial=1.0)))
    plot.ax.set_yscale("log", nonpositive="mask")
    low, high = plot.ax.get_ylim()
    plot.ax.set_ylim(max(low, highest * DEEPEST), min(high, 10 * highest))
    symbol = states.pop() if len(states) == 1 else "s"
    late, early = mathematical(symbol, time="T"), mathematical(symbol, time="k")
    label(plot, r"steps between, $T-k$", rf"$\|\partial {late}/\partial {early}\|$")
    whole_ticks(plot.ax.xaxis)
    legend(plot)
    return plot


def _curves(flows: Mapping[str, Any]) -> list[tuple[str, Curve, str | None]]:
    found = []
    for title, measured in flows.items():
        if not isinstance(measured, Flow):
            raise ArgumentError(f"what ar.flow(…) measured is wanted, not {type(measured).__name__}")
        for curve in measured:
            name = curve.label if not title else title if len(measured) == 1 else f"{curve.label}, {title}"
            found.append((name, curve, measured.state))
    return found
