"""A strategy for small random cells: gates, products, delays, stacks, time that runs backwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from hypothesis import strategies as st

BOUNDED = ("tanh", "sigmoid", "sin", "erf")
SMOOTH = ("tanh", "sigmoid", "softplus", "silu", "sin", "cos", "erf", "gelu")


@dataclass
class Writer:
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
        match self.draw(
            st.sampled_from(["leaf", "call", "+", "-", "*", "gate", "/", "product", "stack", "power", "mean"])
        ):
            case "call":
                return f"{self.draw(st.sampled_from(SMOOTH))}({inner})"
            case "+" | "-" | "*" as operator:
                return f"({inner}) {operator} ({self.vector(depth - 1)})"
            case "gate":
                return f"(1 - {BOUNDED[1]}({inner})) * ({self.vector(depth - 1)})"
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
def cell_texts(draw: st.DrawFn, max_equations: int = 3, max_depth: int = 2) -> str:
    """The text of a cell with one to ``max_equations`` bounded quantities, all of n_h components, and a readout y.

    Shrinks towards one equation without a product, a delay of one, time that runs forwards.
    """
    names = ("h", "c", "g")[: draw(st.integers(1, max_equations))]
    delays = draw(st.sampled_from([(1,), (2,), (1, 2)]))
    writer = Writer(draw, names, draw(st.sampled_from("-+")), delays)
    lines = []
    for name in names:
        function = draw(st.sampled_from(BOUNDED))
        own = f"{writer.fresh('U')} {name}[t{writer.sign}{delays[0]}] + {writer.fresh('W')} x[t]"
        lines.append(f"{name}[t] = {function}({own} + {writer.vector(draw(st.integers(0, max_depth)))})")
        writer.now.append(name)
    lines.append(f"y[t] = Q {draw(st.sampled_from(names))}[t]")
    return "\n".join(lines)
