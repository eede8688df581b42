"""What every picture shares: themes, files, axes of one's own, and what happens without matplotlib."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import autorecur as ar
from autorecur.plot.themes import DARK, LIGHT, Theme, luminance
from autorecur.render.pdf import MissingToolError

SERIES = np.sin(np.arange(20.0))
SEEN = {
    "by all": np.eye(3),
    "without red cones": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "without green cones": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
}
"""Machado, Oliveira and Fernandes (2009), table 1: linear colours as they are seen."""


def linear(colour: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    f = np.cbrt(np.clip(to_xyz @ rgb / [0.9505, 1.0, 1.089], 1e-4, None))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(to_rgb(one)), luminance(to_rgb(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_everything_stands_out_from_the_paper(theme: Theme) -> None:
    """Type by 4.5 to 1, curves by 3 to 1 (WCAG 2)."""
    assert min(contrast(theme.paper, each) for each in (theme.ink, theme.faint)) > 4.5
    assert min(contrast(theme.paper, each) for each in (*theme.curves, theme.low, theme.high)) > 3


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("eye", SEEN)
def test_curves_are_told_apart(theme: Theme, eye: str) -> None:
    """Two curves differ in colour, as people with two kinds of cones see it, or in brightness; and in their dashes."""
    seen = [lab(np.clip(SEEN[eye] @ linear(colour), 0, 1)) for colour in theme.curves]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 12
    assert len({theme.curve(i) for i in range(30)}) == 30
    assert len({theme.curve(i)[1] for i in range(6)}) == 6


def test_themes_colour_paper_and_ink() -> None:
    """Light, dark, and by the settings of matplotlib."""
    light, dark = (ar.plot.forecast(SERIES, SERIES, theme=theme) for theme in ("light", "dark"))
    assert to_rgb(light.figure.get_facecolor()) == to_rgb(LIGHT.paper)
    assert to_rgb(dark.figure.get_facecolor()) == to_rgb(DARK.paper)
    assert to_rgb(dark.ax.xaxis.label.get_color()) == to_rgb(DARK.ink)
    assert ar.plot.forecast(SERIES, SERIES).theme is LIGHT
    with matplotlib.rc_context({"figure.facecolor": "black"}):
        assert ar.plot.forecast(SERIES, SERIES).theme is DARK
    with pytest.raises(ar.ArgumentError, match=r"there is no theme 'drak'\. Did you mean 'dark'"):
        ar.plot.forecast(SERIES, SERIES, theme="drak")


def test_axes_of_ones_own() -> None:
    """The picture is drawn into them, in the theme of their paper, and nowhere else."""
    figure = Figure()
    left, right = figure.subplots(1, 2)
    right.set_facecolor("black")
    plot = ar.plot.forecast(SERIES, SERIES, ax=right)
    assert plot.figure is figure
    assert plot.theme is DARK
    assert len(right.lines) == 2
    assert not left.lines
    with pytest.raises(ar.ArgumentError, match="ax is matplotlib's Axes, not str"):
        ar.plot.forecast(SERIES, SERIES, ax="left")
    with pytest.raises(ar.ArgumentError, match="this picture has 2 parts, and ax is one"):
        ar.plot.forecast(np.ones((4, 2)), np.ones((4, 2)), ax=left)


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF-")])
def test_files_by_their_suffix(tmp_path: Path, suffix: str, start: bytes) -> None:
    """The same picture is the same file, byte by byte."""
    paths = [tmp_path / f"{i}{suffix}" for i in range(2)]
    for path in paths:
        ar.plot.forecast(SERIES, SERIES[15:]).save(path)
    assert paths[0].read_bytes().startswith(start)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    """An unknown suffix or a missing folder is one sentence."""
    plot = ar.plot.forecast(SERIES, SERIES)
    with pytest.raises(ar.RenderError, match=r"a\.gif: a picture is written as \.png, \.svg and \.pdf"):
        plot.save(tmp_path / "a.gif")
    with pytest.raises(ar.RenderError, match="there is no folder"):
        plot.save(tmp_path / "none" / "a.png")


def test_a_notebook_shows_a_small_picture() -> None:
    """PNG, by the notebook's own protocol."""
    data = ar.plot.forecast(SERIES, SERIES)._repr_png_()
    assert data.startswith(b"\x89PNG")
    assert len(data) < 100_000


def test_no_window_and_no_global_figure() -> None:
    """Drawing loads no pyplot, and with it no window system."""
    drawn = "import sys, autorecur as ar; ar.plot.forecast([1.0, 2.0], [2.0])._repr_png_()"
    program = f"{drawn}; print('matplotlib.pyplot' in sys.modules)"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert finished.stdout.strip() == "False"


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence says how to get it; the command line counts it as a missing tool."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingToolError, match=r"pip install 'autorecur\[plot\]'"):
        ar.plot.forecast(SERIES, SERIES)
