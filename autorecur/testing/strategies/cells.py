"""Random recurrent cells, written in the equation language: gates, products, delays, stacks, time that runs backwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from hypothesis import strategies as st

from autorecur.language import Cell
from autorecur.testing.strategies.arrays import require_range

BOUNDED = ("tanh", "sigmoid", "sin", "erf")
SMOOTH = ("tanh", "sigmoid", "softplus", "silu", "sin", "cos", "erf", "gelu")
KINDS = ("leaf", "call", "+", "-", "*", "gate", "/", "product", "stack", "power", "mean")
STATES = ("h", "c", "g", "s", "m", "n")


@dataclass
class _Writer:
    """Writes expressions for vectors of n_h components; every weight that it needs has a name of its own."""

    draw: st.DrawFn
    states: tuple[str, ...]
    sign: str
    delays: tuple[int, ...]
    now: list[str] = field(default_factory=list)
    numbers: count[int] = field(default_factory=lambda: count(1))

    def fresh(self, letter: str) -> str:
        return f"{letter}_{next(self.numbers)}"

    def state(self) -> str:
        name = self.draw(st.sampled_from(self.states))
        return f"{name}[t{self.sign}{self.draw(st.sampled_from(self.delays))}]"

    def leaf(self) -> str:
        kinds = ["input", "recurrent", "state", "bias", *(["now"] if self.now else [])]
        match self.draw(st.sampled_from(kinds)):
            case "input":
                return f"{self.fresh('W')} x[t]"
            case "recurrent":
                return f"{self.fresh('U')} {self.state()}"
            case "state":
                return self.state()
            case "now":
                return f"{self.draw(st.sampled_from(self.now))}[t]"
        return f"{self.fresh('b')}"

    def vector(self, depth: int) -> str:
        """An expression of at most ``depth`` levels, in brackets where it may need some."""
        if depth == 0:
            return self.leaf()
        inner = self.vector(depth - 1)
        match self.draw(st.sampled_from(KINDS)):
            case "call":
                return f"{self.draw(st.sampled_from(SMOOTH))}({inner})"
            case "+" | "-" | "*" as operator:
                return f"({inner}) {operator} ({self.vector(depth - 1)})"
            case "gate":
                return f"(1 - sigmoid({inner})) * ({self.vector(depth - 1)})"
            case "/":
                return f"({self.leaf()}) / (2 + ({inner})^2)"
            case "product":
                return f"{self.fresh('V')} ({self.state()} * ({inner}))"
            case "stack":
                return f"{self.fresh('R')} [{self.state()}, x[t]]"
            case "power":
                return f"({inner})^{self.draw(st.sampled_from([2, 3]))}"
            case "mean":
                return f"mean({self.state()}) * ({inner})"
        return inner


@st.composite
def texts(draw: st.DrawFn, equations: tuple[int, int], max_depth: int, max_delay: int, backwards: bool) -> str:
    """The text of a cell: bounded quantities, all of n_h components, and a readout y."""
    names = STATES[: draw(st.integers(*equations))]
    delays = draw(st.sampled_from([(1,), *((d,) for d in range(2, max_delay + 1)), tuple(range(1, max_delay + 1))]))
    writer = _Writer(draw, names, draw(st.sampled_from("-+" if backwards else "-")), delays)
    lines = []
    for name in names:
        function = draw(st.sampled_from(BOUNDED))
        own = f"{writer.fresh('U')} {name}[t{writer.sign}{delays[0]}] + {writer.fresh('W')} x[t]"
        lines.append(f"{name}[t] = {function}({own} + {writer.vector(draw(st.integers(0, max_depth)))})")
        writer.now.append(name)
    lines.append(f"y[t] = Q {draw(st.sampled_from(names))}[t]")
    return "\n".join(lines)


def cells(
    *,
    min_states: int = 1,
    max_states: int = 3,
    max_depth: int = 2,
    max_delay: int = 2,
    backwards: bool = True,
) -> st.SearchStrategy[Cell]:
    """Random recurrent cells with ``min_states`` to ``max_states`` states of n_h components, an input x, and a readout y.

    ``max_depth`` bounds how deep their expressions are nested, ``max_delay`` how far back they reach; with ``backwards``
    some run backwards in time. ``str(cell)`` is the text. All states are bounded, so that long sequences stay finite.
    Shrinks to one state, a delay of one, no gates, time that runs forwards.

    >>> import autorecur as ar
    >>> from hypothesis import given
    >>> @given(ar.testing.cells(max_states=1))
    ... def test_a_cell_is_bounded(cell):
    ...     assert cell.states == ("h",)
    >>> test_a_cell_is_bounded()
    """
    from autorecur.language.building import cell

    require_range("states", min_states, max_states, 1)
    if max_states > len(STATES):
        raise ValueError(f"max_states={max_states} is larger than {len(STATES)}")
    if max_depth < 0:
        raise ValueError(f"max_depth={max_depth} is less than 0")
    if max_delay < 1:
        raise ValueError(f"max_delay={max_delay} is less than 1")
    return texts((min_states, max_states), max_depth, max_delay, backwards).map(cell)
