"""Random recurrent cells, written in the equation language: gates, products, delays, stacks, time that runs backwards.

What is drawn hangs on one function, ``pick``, which takes one of several options. Hypothesis gives one that shrinks;
``random.Random(seed).choice`` is one that a seed repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import strategies as st

from autorecur.language import Cell
from autorecur.testing.strategies.arrays import require_range

BOUNDED = ("tanh", "sigmoid", "sin", "erf")
SMOOTH = ("tanh", "sigmoid", "softplus", "silu", "sin", "cos", "erf", "gelu")
KINDS = ("leaf", "call", "+", "-", "*", "gate", "/", "product", "stack", "power", "mean")
FURTHER = {
    "rows": "vectors are rows and weights stand on the right",
    "layers": "states of two layers, each of a size of its own; the second reads the first",
    "directions": "with layers, one of them may run against the other",
    "shared": "a weight may stand in several places",
    "scalars": "a parameter that is one number",
    "numbers": "numbers that stand by themselves, and products and quotients of two of them",
    "reductions": "sum, max, norm and logsumexp",
    "softmax": "softmax of a vector",
    "pieces": "stacks of three, of expressions, and stacks that have a name",
    "inputs": "a second input u, and inputs of the step before",
    "matrices": "a state that is a matrix, written by products of two vectors",
}
"""What cells may have beside what is always drawn."""
NUMBERS = ("0.1", "-0.5", "2", "3", "-1", "0.25")
STATES = ("h", "c", "g", "s", "m", "n")
Pick = Callable[[Sequence[Any]], Any]


@dataclass(frozen=True)
class _Layer:
    """States of one size that run one way."""

    states: tuple[str, ...]
    sign: str
    delays: tuple[int, ...]


@dataclass
class _Writer:
    """Writes expressions for vectors of one layer; a weight has a name of its own unless it is shared."""

    pick: Pick
    also: Collection[str]
    layers: tuple[_Layer, ...]
    rows: bool = False
    place: int = 0
    """Which layer is being written."""
    now: list[str] = field(default_factory=list)
    memory: str = ""
    """How a state that is a matrix is read."""
    lines: list[str] = field(default_factory=list)
    numbers: count[int] = field(default_factory=lambda: count(1))
    weights: dict[tuple[str, int], list[str]] = field(default_factory=dict)

    @property
    def layer(self) -> _Layer:
        return self.layers[self.place]

    def fresh(self, letter: str, source: int = -1) -> str:
        """A parameter that leads from the layer ``source`` (−1: the input) to this one."""
        known = self.weights.setdefault((f"{letter}{self.place}", source), [])
        if known and "shared" in self.also and self.pick([False, True]):
            return str(self.pick(known))
        known.append(f"{letter}_{next(self.numbers)}")
        return known[-1]

    def product(self, weight: str, vector: str) -> str:
        return f"{vector} {weight}" if self.rows else f"{weight} {vector}"

    def outer(self, left: str, right: str) -> str:
        return f"({left})^T ({right})" if self.rows else f"({left}) ({right})^T"

    def past(self, name: str, layer: _Layer) -> str:
        return f"{name}[t{layer.sign}{self.pick(layer.delays)}]"

    def state(self) -> str:
        return self.past(self.pick(self.layer.states), self.layer)

    def input(self) -> str:
        if "inputs" not in self.also:
            return "x[t]"
        return str(self.pick(["x[t]", "u[t]", "x[t-1]"]))

    def recurrent(self) -> str:
        """A product with a state, of this layer or of one below."""
        source = self.pick(range(self.place, -1, -1))
        layer = self.layers[source]
        vector = self.past(self.pick(layer.states), layer)
        return self.product(self.fresh("U", source), vector)

    def leaf(self) -> str:
        kinds = ["input", "recurrent", "state", "bias"]
        mine = [name for name in self.now if name in self.layer.states]
        kinds += ["now"] if mine else []
        kinds += ["memory"] if self.memory and self.place == 0 else []
        match self.pick(kinds):
            case "input":
                vector = self.input()
                return self.product(self.fresh("W" if vector[0] == "x" else "A"), vector)
            case "recurrent":
                return self.recurrent()
            case "state":
                return self.state()
            case "now":
                return f"{self.pick(mine)}[t]"
            case "memory":
                return self.product(self.memory, self.state())
        return f"{self.fresh('b')}"

    def vector(self, depth: int) -> str:
        """An expression of at most ``depth`` levels, in brackets where it may need some."""
        if depth == 0:
            return self.leaf()
        inner = self.vector(depth - 1)
        further = [name for name in ("reductions", "softmax", "scalars", "numbers", "pieces") if name in self.also]
        match self.pick([*KINDS, *further]):
            case "call":
                return f"{self.pick(SMOOTH)}({inner})"
            case "+" | "-" | "*" as operator:
                return f"({inner}) {operator} ({self.vector(depth - 1)})"
            case "gate":
                return f"(1 - sigmoid({inner})) * ({self.vector(depth - 1)})"
            case "/":
                return f"({self.leaf()}) / (2 + ({inner})^2)"
            case "product":
                return self.product(self.fresh("V"), f"({self.state()} * ({inner}))")
            case "stack":
                return self.product(self.fresh("R"), f"[{self.state()}, x[t]]")
            case "power":
                return f"({inner})^{self.pick([2, 3])}"
            case "mean":
                return f"mean({self.state()}) * ({inner})"
            case "reductions":
                # The state ties down the size; the bias keeps away from zeros, where norm has no derivative and max several.
                function = self.pick(["sum", "max", "norm", "logsumexp"])
                return f"{function}(({inner}) + {self.state()} + {self.fresh('b')}) * ({self.leaf()})"
            case "softmax":
                return f"softmax({inner})"
            case "scalars":
                return f"alpha * ({inner})"
            case "numbers":
                return f"({inner}) {self.pick(['+', '-', '*', '/'])} ({self.number()})"
            case "pieces":
                return self.pieces(inner)
        return inner

    def number(self) -> str:
        one, two = self.pick(NUMBERS), self.pick(NUMBERS)
        return str(self.pick([one, f"{one} * {two}", f"{one} / {two}", f"{one} * 2 - {two}"]))

    def pieces(self, inner: str) -> str:
        """A product with a stack of three, which may have a name; the state ties down how long ``inner`` is."""
        stack = f"[{self.state()}, x[t], {self.state()} * ({inner})]"
        if self.pick([False, True]):
            name = f"z_{next(self.numbers)}"
            self.lines.append(f"{name}[t] = {stack}")
            stack = f"{name}[t]"
        return self.product(self.fresh("S"), stack)

    def equation(self, name: str, depth: int) -> str:
        function = self.pick(BOUNDED)
        own = self.product(self.fresh("U", self.place), f"{name}[t{self.layer.sign}{self.layer.delays[0]}]")
        below = [other for layer in self.layers[: self.place] for other in layer.states]
        if below:
            source = self.pick(below)
            index = next(i for i, layer in enumerate(self.layers) if source in layer.states)
            own += f" + {self.product(self.fresh('D', index), f'{source}[t]')}"
        else:
            own += f" + {self.product(self.fresh('W'), 'x[t]')}"
        return f"{name}[t] = {function}({own} + {self.vector(depth)})"

    def matrix(self, name: str) -> str:
        """A state that is a matrix, and bounded."""
        left, right = (f"tanh({self.state()} + {self.vector(0)})" for _ in range(2))
        kept = self.pick(["0.5", f"mean(sigmoid({self.state()} + {self.vector(0)}))"])
        return f"{name}[t] = {kept} * {self.memory} + {self.outer(left, right)}"


def written(
    pick: Pick,
    equations: tuple[int, int],
    max_depth: int,
    max_delay: int,
    backwards: bool,
    also: Collection[str] = (),
) -> str:
    """The text of a cell: bounded quantities and a readout y, as :func:`cells` says."""
    names = STATES[: pick(range(equations[0], equations[1] + 1))]
    writer = _Writer(pick, also, _layers(pick, names, max_delay, backwards, also))
    writer.rows = "rows" in also and pick([False, True])
    if "matrices" in also and pick([False, True]):
        writer.memory = f"M[t{writer.layer.sign}1]"
    for place, layer in enumerate(writer.layers):
        writer.place = place
        for name in layer.states:
            line = writer.equation(name, pick(range(max_depth + 1)))
            writer.lines.append(line)
            writer.now.append(name)
    if writer.memory:
        writer.place = 0
        writer.lines.append(writer.matrix("M"))
    read = [f"{pick(layer.states)}[t]" for layer in writer.layers]
    readout = " + ".join(writer.product(letter, vector) for letter, vector in zip("QP", read, strict=False))
    if "softmax" in also and pick([False, True]):
        readout = f"softmax({readout})"
    writer.lines.append(f"y[t] = {readout}")
    scalar = ["scalar: alpha"] if any("alpha *" in line for line in writer.lines) else []
    return "\n".join([*scalar, *writer.lines])


def _layers(
    pick: Pick, names: tuple[str, ...], max_delay: int, backwards: bool, also: Collection[str]
) -> tuple[_Layer, ...]:
    delays = pick([(1,), *((d,) for d in range(2, max_delay + 1)), tuple(range(1, max_delay + 1))])
    sign = pick("-+" if backwards else "-")
    if "layers" not in also or len(names) < 2 or not pick([False, True]):
        return (_Layer(names, sign, delays),)
    cut = pick(range(1, len(names)))
    other = pick("-+") if "directions" in also and backwards else sign
    return _Layer(names[:cut], sign, delays), _Layer(names[cut:], other, delays)


@st.composite
def texts(
    draw: st.DrawFn,
    equations: tuple[int, int],
    max_depth: int,
    max_delay: int,
    backwards: bool,
    also: Collection[str] = (),
) -> str:
    """The text of a cell, as Hypothesis draws it."""
    return written(
        lambda options: draw(st.sampled_from(options)), equations, max_depth, max_delay, backwards, frozenset(also)
    )


def cells(
    *,
    min_states: int = 1,
    max_states: int = 3,
    max_depth: int = 2,
    max_delay: int = 2,
    backwards: bool = True,
    also: Collection[str] = (),
) -> st.SearchStrategy[Cell]:
    """Random recurrent cells with ``min_states`` to ``max_states`` states of n_h components, an input x, and a readout y.

    ``max_depth`` bounds how deep their expressions are nested, ``max_delay`` how far back they reach; with ``backwards``
    some run backwards in time. ``str(cell)`` is the text. All states are bounded, so that long sequences stay finite.
    Shrinks to one state, a delay of one, no gates, time that runs forwards.

    ``also`` names what some of the cells may have beside: ``"rows"`` (vectors are rows), ``"layers"`` (two, of different
    sizes) and ``"directions"`` (the layers may run against each other), ``"shared"`` (weights that stand in several places),
    ``"scalars"``, ``"numbers"`` (bare ones, products of two), ``"reductions"`` (sum, max, norm, logsumexp), ``"softmax"``,
    ``"pieces"`` (stacks of three, and with a name), ``"inputs"`` (a second one, u, and x one step before) and
    ``"matrices"`` (a state that is a matrix). Raises ValueError for a name that is none of these.

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
    for name in also:
        if name not in FURTHER:
            raise ValueError(f"also={name!r} is none of {', '.join(FURTHER)}")
    return texts((min_states, max_states), max_depth, max_delay, backwards, also).map(cell)
