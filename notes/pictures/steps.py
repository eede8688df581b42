"""The picture of the lesson on finite differences: the error of a derivative against the step.

python notes/pictures/steps.py    (needs matplotlib: pip install 'autorecur[plot]')
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent
POINT = 1.0


def f(x: Any) -> Any:
    """The function that is differentiated: smooth, analytic, of the size of 1."""
    return np.exp(np.sin(x))


TRUE = np.cos(POINT) * np.exp(np.sin(POINT))


def forward(h: Any) -> Any:
    return (f(POINT + h) - f(POINT)) / h


def central(h: Any) -> Any:
    return (f(POINT + h) - f(POINT - h)) / (2 * h)


def richardson(h: Any) -> Any:
    """The steps h, h/2 and h/4, weighted so that the errors in h² and h⁴ cancel."""
    return (central(h) - 20 * central(h / 2) + 64 * central(h / 4)) / 45


def complex_step(h: Any) -> Any:
    return np.imag(f(POINT + 1j * h)) / h


def single(h: Any) -> Any:
    """The central difference with the 24 bits of float32."""
    x, h = np.float32(POINT), np.float32(h)
    return (f(x + h) - f(x - h)) / ((x + h) - (x - h))


CURVES: dict[str, Callable[[Any], Any]] = {
    "forward": forward,
    "central": central,
    "central, float32": single,
    "Richardson": richardson,
    "complex step": complex_step,
}
COLOURS = ("#d55e00", "#0072b2", "#56b4e9", "#009e73", "#000000")
LINES = {"complex step": (0, (4, 2))}
STEPS = 2.0 ** -np.arange(0, 53.5, 0.5)


def error(estimate: Callable[[Any], Any], h: Any) -> float:
    """The relative error, as far as floats can tell."""
    with np.errstate(all="ignore"):
        found = abs(float(estimate(h)) - float(TRUE)) / float(TRUE)
    return max(found, 2.0**-53)


def best(estimate: Callable[[Any], Any]) -> tuple[float, float]:
    """The smallest error, and the step that gives it."""
    return min((error(estimate, h), float(h)) for h in STEPS)


def main() -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    pyplot.rcParams.update({"svg.hashsalt": "steps", "font.size": 10, "path.simplify": True})
    figure, axes = pyplot.subplots(figsize=(7.5, 4.5), layout="constrained")
    for (name, estimate), colour in zip(CURVES.items(), COLOURS, strict=True):
        found = np.array([error(estimate, h) for h in STEPS])
        shown = np.isfinite(found) & (found < 3)
        axes.loglog(STEPS[shown], found[shown], color=colour, label=name, linewidth=1.4, linestyle=LINES.get(name, "-"))
    axes.set(xlabel="step h", ylabel="relative error of the derivative", xlim=(1, 1e-16), ylim=(5e-17, 3))
    axes.grid(color="#dddddd", linewidth=0.6)
    figure.legend(loc="outside upper center", ncols=5, frameon=False)
    figure.savefig(FOLDER / "steps.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
