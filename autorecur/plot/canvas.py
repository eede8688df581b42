"""What every picture shares: a figure without a window, the theme, saving, and what is said where matplotlib is missing."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.errors import ArgumentError, DtypeError, RenderError
from autorecur.language.nearest import did_you_mean
from autorecur.plot.themes import LIGHT, THEMES, Theme, luminance
from autorecur.tape.tensor import Tensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
TEXT, SMALL = 10.0, 8.5
"""Sizes of type, in points."""
RESOLUTION = {"screen": 100, "file": 200}
"""Dots per inch, in a notebook and in a file."""


class Plot:
    """A picture: matplotlib's ``figure`` with its ``axes``, one or several. A notebook shows it; no window opens.

    >>> import autorecur as ar
    >>> plot = ar.plot.forecast([1.0, 2.0, 3.0], [2.5, 3.5], theme="dark")
    >>> plot.axes[0].get_xlabel()
    'step t'
    """

    def __init__(self, figure: Figure, axes: Sequence[Axes], theme: Theme) -> None:
        self.figure, self.axes, self.theme = figure, tuple(axes), theme

    @property
    def ax(self) -> Axes:
        """The only axes, or the first."""
        return self.axes[0]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes .png, .svg or .pdf, as the suffix says; whole or not at all, the same numbers as the same bytes.

        Raises RenderError for another suffix and for a file that cannot be written.
        """
        from autorecur.render.writing import check_writable, write_bytes

        suffix = Path(path).suffix.lower()
        if suffix not in SUFFIXES:
            known = f"{', '.join(SUFFIXES[:-1])} and {SUFFIXES[-1]}"
            raise RenderError(f"{Path(path).name}: a picture is written as {known}, by the suffix of its name")
        check_writable(path)
        write_bytes(path, self.data(suffix.removeprefix("."), RESOLUTION["file"]))

    def data(self, kind: str, resolution: int) -> bytes:
        """The picture as PNG, SVG or PDF."""
        import matplotlib

        undated: dict[str, Any] = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
        written = io.BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": "autorecur", "svg.fonttype": "path"}):
            self.figure.savefig(written, format=kind, dpi=resolution, metadata=undated[kind])
        return written.getvalue()

    def _repr_png_(self) -> bytes:
        return self.data("png", RESOLUTION["screen"])

    def __repr__(self) -> str:
        titles = [axes.get_title() or axes.get_ylabel() for axes in self.axes]
        return f"<Plot: {', '.join(titles)}>"


def canvas(ax: Any, theme: str, width: float, height: float, rows: int = 1, heights: Sequence[float] = ()) -> Plot:
    """Empty axes, ``rows`` of them below each other with one axis of time, or those that were given; dressed."""
    require_matplotlib()
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    if ax is not None:
        if not isinstance(ax, Axes):
            raise ArgumentError(f"ax is matplotlib's Axes, not {type(ax).__name__}")
        if rows > 1:
            raise ArgumentError(f"this picture has {rows} parts, and ax is one: choose one of them, or leave ax out")
        figure: Any = ax.figure
        plot = Plot(getattr(figure, "figure", figure), [ax], _theme(theme, ax))  # a subfigure belongs to a figure
    else:
        chosen = _theme(theme, None)
        figure = Figure(figsize=(width, height), layout="constrained", facecolor=chosen.paper)
        ratios = list(heights) or [1.0] * rows
        axes = figure.subplots(rows, 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": ratios})[:, 0]
        plot = Plot(figure, list(axes), chosen)
    for each in plot.axes:
        _dress(each, plot.theme)
    return plot


def label(plot: Plot, x: str | None, y: str, at: int = 0) -> None:
    """What the axes show."""
    axes = plot.axes[at]
    if x is not None:
        plot.axes[-1].set_xlabel(x, color=plot.theme.ink, fontsize=TEXT)
    axes.set_ylabel(y, color=plot.theme.ink, fontsize=TEXT)


def legend(plot: Plot, at: int = 0, least: int = 2) -> None:
    """Names of the curves, where they hide least; none for a curve that stands alone."""
    handles, names = plot.axes[at].get_legend_handles_labels()
    if len(handles) < least:
        return
    found = plot.axes[at].legend(handles, names, fontsize=SMALL, frameon=True, framealpha=0.85, handlelength=2.6)
    found.get_frame().set(facecolor=plot.theme.paper, edgecolor=plot.theme.grid)
    for text in found.get_texts():
        text.set_color(plot.theme.ink)


def named(given: Any, kind: type | tuple[type, ...] | None = None) -> dict[str, Any]:
    """Several things by their names, or one without a name."""
    if isinstance(given, Mapping) and not (kind and isinstance(given, kind)):
        if not given:
            raise ArgumentError("there is nothing to draw: the mapping is empty")
        return {str(name): each for name, each in given.items()}
    return {"": given}


def mathematical(name: str, *, time: str = "") -> str:
    r"""A quantity's name as matplotlib sets it, ``c_tilde`` as :math:`\tilde c`; with a mark of time."""
    from autorecur.render.latex import latex
    from autorecur.symbolic.layout import Ident
    from autorecur.symbolic.names import DEFAULT, name_layout

    return latex(name_layout(name, DEFAULT, Ident(time) if time else None))


def numbers(what: str, given: Any) -> Any:
    """An array of numbers from what a person may pass."""
    try:
        array = np.asarray(given.numpy() if isinstance(given, Tensor) else given)
    except ValueError:
        raise ArgumentError(f"{what}: rows of different lengths are no array") from None
    if array.dtype.kind not in "biuf":
        raise DtypeError(f"{what} are numbers, not {array.dtype}")
    return array


def scale(theme: Theme, around_zero: bool) -> Any:
    """From the paper to one colour, or through the paper from one colour to the other."""
    from matplotlib.colors import LinearSegmentedColormap

    ends = [theme.low, theme.paper, theme.high] if around_zero else [theme.paper, theme.high]
    return LinearSegmentedColormap.from_list("paper", ends)


def whole_ticks(axis: Any) -> None:
    """Ticks of steps, updates and epochs stand at whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))


def require_matplotlib() -> None:
    """Raises MissingToolError, a RenderError, where matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        from autorecur.render.pdf import MissingToolError

        raise MissingToolError(
            "pictures are drawn by matplotlib, which is not installed; install it with: pip install 'autorecur[plot]'"
        ) from None


def _theme(name: str, ax: Axes | None) -> Theme:
    """The theme of a name; ``auto`` looks at the paper."""
    import matplotlib
    from matplotlib.colors import to_rgba

    if name in THEMES:
        return THEMES[name]
    if name != "auto":
        near = did_you_mean(str(name), [*THEMES, "auto"]) or " There are 'light', 'dark' and 'auto'."
        raise ArgumentError(f"there is no theme {name!r}.{near}")
    *paper, opacity = to_rgba(ax.get_facecolor() if ax is not None else matplotlib.rcParams["figure.facecolor"])
    dark = opacity > 0 and luminance((paper[0], paper[1], paper[2])) < 0.2
    return THEMES["dark"] if dark else LIGHT


def _dress(axes: Axes, theme: Theme) -> None:
    """Paper, ink, frame and grid of a theme; the frame is open at the top and on the right."""
    axes.set_facecolor(theme.paper)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(theme.faint)
    axes.tick_params(which="both", colors=theme.faint, labelcolor=theme.ink, labelsize=SMALL)
    axes.grid(True, color=theme.grid, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.title.set(color=theme.ink, fontsize=TEXT)
