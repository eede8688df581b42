"""One picture for each cell and dtype: the times of all, on a logarithmic axis, over the sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recurrent_candidates import FLOOR, JAX, LAYER, OURS, PYTORCH

STYLES: dict[str, dict[str, Any]] = {
    OURS: {"color": "#d55e00", "marker": "o"},
    LAYER: {"color": "#d55e00", "marker": "s", "linestyle": "--", "markerfacecolor": "white"},
    PYTORCH: {"color": "#0072b2", "marker": "^"},
    JAX: {"color": "#009e73", "marker": "v"},
    FLOOR: {"color": "#000000", "marker": "_", "linestyle": ":"},
}
NAMES = {FLOOR: "floor: the matrix products alone", JAX: "JAX, jitted scan"}


def draw(rows: Sequence[Any], header: Mapping[str, str], folder: Path) -> None:
    """Writes ``CELL-DTYPE.svg`` for each cell and dtype among the rows, with the header below, and says so."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    pyplot.rcParams.update({"svg.hashsalt": "recurrent", "font.size": 10})
    folder.mkdir(parents=True, exist_ok=True)
    for cell, dtype in dict.fromkeys((row.cell, row.dtype) for row in rows):
        figure, axes = pyplot.subplots(figsize=(7.5, 4.5), layout="constrained")
        panel(axes, [row for row in rows if (row.cell, row.dtype) == (cell, dtype)])
        axes.set_title(f"{cell}, {dtype}: forward and backward")
        figure.supxlabel("\n".join(f"{name}: {text}" for name, text in header.items()), fontsize=6, color="#666666")
        path = folder / f"{cell}-{dtype}.svg"
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)
        print(f"wrote {path}")


def panel(axes: Any, rows: Sequence[Any]) -> None:
    for group, style in STYLES.items():
        found = [(place, row.best(group)) for place, row in enumerate(rows)]
        points = [(place, best.min * 1e3) for place, best in found if best is not None]
        if points:
            name = next(best.name for _, best in found if best is not None)
            axes.plot(*zip(*points, strict=True), label=NAMES.get(group, name), markersize=7, **style)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xticks(
        range(len(rows)), [f"{r.size.steps}, {r.size.batch}\n{r.size.inputs}, {r.size.hidden}" for r in rows]
    )
    axes.set_xlabel("steps T, batch B; inputs I, hidden units H")
    axes.set_ylabel("smallest time, ms")
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False, loc="best")
