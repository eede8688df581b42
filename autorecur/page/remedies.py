"""What is done against vanishing and exploding gradients: a short text and two plots for each pair of remedies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from autorecur.page.context import Page
from autorecur.render.blocks import Block, Diagram, Paragraph
from autorecur.render.plot import Curve, Plot, side_by_side, styled
from autorecur.symbolic.layout import Num, Words

WIDTH, HEIGHT = 134.0, 80.0
CLIP = 4


def remedies(page: Page) -> Iterator[Block]:
    """Size of the weight and clipping; activation and initialisation; forget-gate bias and truncation."""
    from autorecur.vanishing import remedies as measured

    words = page.words
    fields = {"hidden": Num(str(measured.HIDDEN)), "steps": Num(str(measured.STEPS))}
    yield Paragraph(words("vanishing.remedies.title", **fields))
    raw, cut = measured.clipped(CLIP)
    clipping = {words.text("vanishing.remedies.raw"): raw, words.text("vanishing.remedies.clipped", value=CLIP): cut}
    gains = {
        words.text("vanishing.remedies.gain", value=_decimal(page, gain)): norms
        for gain, norms in measured.by_gain().items()
    }
    yield Paragraph(words("vanishing.remedies.first"))
    yield _pair(page, _plot(page, gains), _plot(page, clipping))
    names = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU"}
    functions = {names[name]: norms for name, norms in measured.by_function().items()}
    starts = {words.text(f"vanishing.remedies.{name}"): n for name, n in measured.by_initialisation().items()}
    yield Paragraph(words("vanishing.remedies.second"))
    yield _pair(page, _plot(page, functions), _plot(page, starts))
    biases = {words.text("vanishing.remedies.bias", value=b): n for b, n in measured.by_forget_bias().items()}
    lost = [Curve(depths, parts, Words(name.upper())) for name, (depths, parts) in measured.by_truncation().items()]
    yield Paragraph(words("vanishing.remedies.third"))
    right = _drawn(page, lost, "vanishing.remedies.depth", "vanishing.remedies.lost")
    yield _pair(page, _plot(page, biases), right)


def _plot(page: Page, named: Mapping[str, Sequence[float]]) -> Plot:
    curves = [Curve(range(len(norms)), norms, Words(name)) for name, norms in named.items()]
    return _drawn(page, curves, "vanishing.remedies.steps", "vanishing.remedies.norm")


def _drawn(page: Page, curves: Sequence[Curve], x: str, y: str) -> Plot:
    across, upwards = (Words(page.words.text(key)) for key in (x, y))
    return Plot(styled(curves), across, upwards, WIDTH, HEIGHT, logarithmic=True, legend="below")


def _pair(page: Page, left: Plot, right: Plot) -> Diagram:
    return side_by_side([left, right], [None, None], alt=page.words("vanishing.remedies.alt"))


def _decimal(page: Page, value: float) -> str:
    return f"{value:g}".replace(".", page.words.typography.decimal)
