"""Topologies: from a cell to the text of a model around it, in the language itself.

Each function takes a cell and gives the cell or frame of a text that can be read, printed and changed:

>>> import autorecur as ar
>>> cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1] + b)")
>>> print(ar.topologies.many_to_one(cell, readout="softmax"))
name: cell_many_to_one
h[t] = tanh(W x[t] + U h[t-1] + b)
y = softmax(W_y h[T] + b_y)         # output | sortie
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from autorecur.errors import CellError
from autorecur.language.building import cell as read
from autorecur.language.canonical import write, write_absolute
from autorecur.language.cell import Cell
from autorecur.language.functions import function_names
from autorecur.language.headers import write_titles
from autorecur.language.nearest import nearest
from autorecur.language.syntax import Absolute, Binary, Call, Expression, Name, Stack
from autorecur.language.trees import leaves_of, names_in, rewritten

READOUTS = ("linear", "softmax", "sigmoid")
MOST_LAYERS = 20


def one_to_one(cell: Cell, **options: object) -> Cell:
    """One step: an input, the states given before it, an output; nothing runs over time."""
    return _made(cell, "one-to-one", options)


def one_to_many(cell: Cell, **options: object) -> Cell:
    """The input enters once, as the output of step 0; then each step reads the output of the step before.

    With ``feedback=False`` every step reads the same input instead.
    """
    return _made(cell, "one-to-many", options)


def many_to_one(cell: Cell, **options: object) -> Cell:
    """The cell reads every step; the readout stands behind the last one alone."""
    return _made(cell, "many-to-one", options)


def many_to_many(cell: Cell, **options: object) -> Cell:
    """A readout at every step."""
    return _made(cell, "many-to-many", options)


def encoder_decoder(cell: Cell, **options: object) -> Cell:
    """Two copies with names of their own: the last states of the first are the initial states of the second."""
    return _made(cell, "encoder-decoder", options)


@dataclass(frozen=True)
class Options:
    """``layers`` are stacked; ``bidirectional`` adds a copy that runs backwards, ``learned`` makes initial states parameters,
    ``embedding`` puts ``e[t] = E x[t]`` in front, ``readout`` is linear, softmax or sigmoid (None: as the author wrote it)."""

    layers: int = 1
    bidirectional: bool = False
    learned: bool = False
    embedding: bool = False
    readout: str | None = None
    feedback: bool = True


def with_topology(cell: Cell, topology: str, **options: object) -> Cell:
    """The model of a topology by its name, such as ``"many-to-one"``; see :class:`Options`."""
    return _made(cell, topology, options)


def _made(cell: Cell, topology: str, options: Mapping[str, object]) -> Cell:
    if topology not in TOPOLOGIES:
        close = nearest(topology, TOPOLOGIES)
        hint = f"Did you mean {close!r}?" if close else f"Known are {', '.join(TOPOLOGIES)}."
        raise CellError(f"there is no topology {topology!r}.", hint=hint)
    unknown = [key for key in options if key not in Options.__dataclass_fields__]
    if unknown:
        close = nearest(unknown[0], tuple(Options.__dataclass_fields__))
        raise TypeError(f"a topology has no option {unknown[0]!r}" + (f"; did you mean {close!r}?" if close else ""))
    chosen = Options(**options)  # type: ignore[arg-type]
    if (
        isinstance(chosen.layers, bool)
        or not hasattr(chosen.layers, "__index__")
        or not 1 <= chosen.layers <= MOST_LAYERS
    ):
        raise CellError(f"layers is a whole number from 1 to {MOST_LAYERS}, not {chosen.layers!r}.")
    if chosen.readout not in (None, *READOUTS):
        raise CellError(f"there is no readout {chosen.readout!r}; known are {', '.join(READOUTS)}.")
    model = _Model(cell, topology, chosen)
    return read(model.text(), model.name)


Equation = tuple[str, Expression, Mapping[str, str]]
"""Left-hand side as text, right-hand side, titles."""


@dataclass
class _Model:
    """A cell taken apart into what runs over time and what only reads it, and put together again."""

    cell: Cell
    topology: str
    options: Options
    lines: list[Equation] = field(default_factory=list)

    def __post_init__(self) -> None:
        cell = self.cell
        self.name = f"{cell.name}_{self.topology.replace('-', '_')}"
        if cell.clocks is not None:
            raise self.error("it is a frame already", "Topologies are made from a cell.")
        if not cell.states:
            raise self.error("it has no state", "Nothing passes from step to step.")
        self.taken = {*cell.shapes, *function_names(), "t", "T", "L", "target", "loss"}
        self.core = _needed(cell)
        self.readout = [a for a in cell.assignments if a.name not in self.core]
        self.hidden = self._hidden()
        self.current: Expression | None = None
        self.forward: dict[str, str] = {}
        offsets = [offset for state in cell.states for offset in cell.offsets[state]]
        self.backwards = max(offsets) > 0
        self.longest = max(-min(offsets), max(offsets))
        if self.options.bidirectional and self.backwards:
            raise self.error("it runs backwards in time already", "Leave the second direction out.")
        if (self.options.layers > 1 or self.options.embedding or self.topology != "many-to-many") and not self.input:
            what = f"it has the inputs {', '.join(cell.inputs)}" if cell.inputs else "it has no input"
            raise self.error(what, "One input is needed.")

    def error(self, why: str, hint: str) -> CellError:
        return CellError(f"{self.cell.name} cannot be {self.topology}: {why}.", hint=hint)

    @property
    def input(self) -> str:
        """The only input, or nothing."""
        return self.cell.inputs[0] if len(self.cell.inputs) == 1 else ""

    def _hidden(self) -> str:
        """What a readout reads: what the author's reads, or the last output or state of the recurrence."""
        read = [n.name for a in self.readout for n in names_in(a.expression) if n.name in self.core and n.offset == 0]
        if read:
            return read[0]
        names = [a.name for a in self.cell.assignments if a.name in self.core]
        shown = [name for name in names if name in self.cell.outputs or name in self.cell.states]
        return shown[-1]

    def free(self, *candidates: str) -> str:
        """The first name that is not taken; it is taken from now on."""
        found = next((c for c in candidates if c not in self.taken), None)
        found = found or next(c for i in range(2, 999) if (c := f"{candidates[0]}_{i}") not in self.taken)
        self.taken.add(found)
        return found

    # ---------------------------------------------------------------- the text

    def text(self) -> str:
        build: Callable[[], None] = getattr(self, f"_{self.topology.replace('-', '_')}")
        self.scalars = list(self.cell.scalars)
        self.learned: list[str] = list(self.cell.learned)
        self.outputs: list[str] = []
        self.given: list[str] = []
        build()
        return "\n".join([*self._headers(), *(_line(each) for each in self.lines)]) + "\n"

    def _headers(self) -> list[str]:
        cell = self.cell
        lines = [f"name: {self.name}"]
        words = {"en": f"{cell.title}, {self.topology.replace('-to-', ' to ')}"}
        # A title in one language alone serves both; what is said of the topology does not.
        words["fr"] = f"{cell.titles.get('fr', cell.title)}, {_FRENCH[self.topology]}"
        if cell.titles:
            lines += [f"{'title' if code == 'en' else f'title.{code}'}: {text}" for code, text in words.items()]
        if len((cell.decay or "").split()) > 1:
            raise CellError(
                f"the header 'decay' of {cell.name} lists parameters, which have other names in a model of it.",
                hint="Let all matrices decay (decay: lambda), or name them for the model: --decay 'lambda W U'.",
            )
        for key in ("source", "loss", "target", "steps", "decay"):
            if key in cell.headers and not (key == "steps" and self.topology == "encoder-decoder"):
                lines.append(f"{key}: {cell.headers[key]}")
        used = {leaf.name for _, tree, _ in self.lines for leaf in leaves_of(tree)}
        for key, names in (("scalar", self.scalars), ("learned", self.learned), ("input", self.given)):
            kept = [name for name in dict.fromkeys(names) if name in used or key == "learned"]
            if kept:
                lines.append(f"{key}: {' '.join(kept)}")
        return lines

    def add(self, target: str, tree: Expression, titles: Mapping[str, str] | None = None) -> None:
        self.lines.append((target, tree, dict(titles or {})))

    # ---------------------------------------------------------------- what all of them are made of

    def recurrence(self, source: Expression | None, suffix: str = "", outer: bool = True) -> Expression:
        """The layers of the recurrence on an input; gives what a readout reads at step t."""
        options = self.options
        if options.embedding and source is not None:
            embedded, matrix = self.free("e" + suffix), self.free("E" + suffix)
            self.add(f"{embedded}[t]", Binary("@", Name(matrix), source), _EMBEDDING)
            source = Name(embedded, 0)
        self.current = source
        hidden: Expression = Name(self.hidden, 0)
        for layer in range(1, options.layers + 1):
            own = f"{suffix}_{layer}" if options.layers > 1 else suffix
            hidden = self.copy(source, own, 1)
            if options.bidirectional:
                hidden = Stack((hidden, self.copy(source, f"{own}_b", -1)))
            source = hidden
        return hidden

    def copy(self, source: Expression | None, suffix: str, direction: int) -> Expression:
        """One copy of the core, its names with a suffix, its states in one direction of time."""
        renamed: dict[str, str] = {}
        for name in (*self.core, *self._core_parameters()):
            renamed[name] = self.free(name + suffix) if suffix else name
        self.scalars += [renamed[name] for name in self.cell.scalars if name in renamed]
        self.learned = [name for name in self.learned if name not in renamed or not suffix]
        if self.options.learned or self.cell.learned:
            states = [
                s for s in self.cell.states if s in self.core and (self.options.learned or s in self.cell.learned)
            ]
            self.learned += [renamed[state] for state in states]

        def leaf(each: Expression) -> Expression:
            assert isinstance(each, Name)
            if each.name == self.input and source is not None:
                return source if each.offset == 0 else _moved(source, each.offset or 0)
            offset = each.offset * direction if each.offset is not None and each.name in self.core else each.offset
            return Name(renamed.get(each.name, each.name), offset)

        for a in self.cell.assignments:
            if a.name in self.core:
                self.add(f"{renamed[a.name]}[t]", rewritten(a.expression, leaf), a.titles)
        if direction > 0:
            self.forward = renamed
        return Name(renamed[self.hidden], 0)

    def _core_parameters(self) -> list[str]:
        read = {n.name for a in self.cell.assignments if a.name in self.core for n in names_in(a.expression)}
        return [name for name in self.cell.parameters if name in read]

    def read_out(self, hidden: Expression, place: Callable[[Name], Expression], timed: bool = True) -> str:
        """The author's readout, or a linear one, on what the recurrence gives; ``place`` says at which step."""
        mark = "[t]" if timed else ""
        at = rewritten(hidden, lambda each: place(each) if isinstance(each, Name) else each)
        output = ""
        own = {a.name for a in self.readout}

        def leaf(each: Expression) -> Expression:
            assert isinstance(each, Name)
            if each.name == self.hidden and each.offset == 0:
                return at
            if each.name in own or each.offset is None:
                return Name(each.name, each.offset if timed else None)
            if each.name == self.input and each.offset == 0 and self.current is not None:
                return rewritten(self.current, lambda one: place(one) if isinstance(one, Name) else one)
            return place(Name(self.forward.get(each.name, each.name), each.offset))

        for a in self.readout:
            tree = rewritten(a.expression, leaf)
            last = a is self.readout[-1]
            self.add(a.name + mark, _ended(tree, self.options.readout) if last else tree, a.titles)
            output = a.name
        if not self.readout:
            output = self.free("y", "y_hat", "out")
            product = Binary("@", Name(self.free(f"W_{output}")), at)
            if self.cell.convention == "row":
                product = Binary("@", at, product.left)
            tree = Binary("+", product, Name(self.free(f"b_{output}")))
            self.add(output + mark, _ended(tree, self.options.readout), _OUTPUT)
        return output

    def source(self) -> Expression | None:
        return Name(self.input, 0) if self.input else None

    # ---------------------------------------------------------------- the topologies

    def _many_to_many(self) -> None:
        self.read_out(self.recurrence(self.source()), lambda each: each)

    def _many_to_one(self) -> None:
        if self.backwards:
            raise self.error("it runs backwards in time", "Its last value is that of step 1: write the text by hand.")
        hidden = self.recurrence(self.source())
        self.read_out(hidden, self._end, timed=False)

    def _end(self, each: Name) -> Expression:
        """The end of a direction of time: T, or 1 for a copy that runs backwards."""
        if each.offset is None:
            return each
        return Absolute(each.name, True, 0) if not each.name.endswith("_b") else Absolute(each.name, False, 1)

    def _one_to_one(self) -> None:
        if self.options.bidirectional:
            raise self.error("one step has no second direction", "Leave the second direction out.")
        if any(1 not in self.cell.shapes[state] for state in self.cell.states):
            raise self.error("it keeps a matrix", "What is given once is a vector.")
        hidden = self.recurrence(self.source())
        self.read_out(hidden, lambda each: each)
        computed = {target.removesuffix("[t]") for target, _, _ in self.lines}
        given: dict[str, str] = {}

        def leaf(each: Expression) -> Expression:
            assert isinstance(each, Name)
            if each.name in computed and each.offset:
                if each.name not in given:
                    given[each.name] = self.free(f"{each.name}_0", f"{each.name}_before")
                return Name(given[each.name])
            return Name(each.name)

        self.lines = [
            (target.removesuffix("[t]"), rewritten(tree, leaf), titles) for target, tree, titles in self.lines
        ]
        self.given = [self.input, *given.values()]
        self.learned = []

    def _one_to_many(self) -> None:
        if self.backwards or self.options.bidirectional:
            raise self.error("a model that makes its own input runs forwards", "Leave the second direction out.")
        if not self.options.feedback:
            self.read_out(self.recurrence(Name(self.input)), lambda each: each)
            self.given = [self.input]
            return
        output = self.readout[-1].name if self.readout else self.free("y", "y_hat", "out")
        self.taken.discard(output)
        begin = len(self.lines)
        made = self.read_out(self.recurrence(Name(output, -1)), lambda each: each)
        assert made == output
        self.lines.insert(begin, (write_absolute(Absolute(output, False, 0)), Name(self.input), _ENTERS))
        self.given = [self.input]
        self.learned = [name for name in self.learned if name != output]

    def _encoder_decoder(self) -> None:
        if self.backwards or self.options.bidirectional:
            raise self.error("its last state would be that of step 1", "A decoder starts where an encoder ends, at T.")
        if self.longest > 1:
            raise self.error(
                f"it reads {self.longest} steps back, more than its last state", "Write the boundary by hand."
            )
        self.add("--- encoder", Name(""))
        begin = len(self.lines)
        self.recurrence(self.source())
        encoder = [target.removesuffix("[t]") for target, _, _ in self.lines[begin:]]
        self.add("--- decoder", Name(""))
        place = len(self.lines)
        forced = self.free("v", f"{self.input}_d", "u")
        hidden = self.recurrence(Name(forced, 0), "_d")
        self.read_out(hidden, lambda each: each)
        starts = []
        for target, _, _ in self.lines[place:]:
            name = target.removesuffix("[t]")
            other = self._without_d(name)
            if other in encoder and self._is_state(other):
                starts.append((f"{name}[0]", Absolute(other, True, 0, "encoder"), _JOINED))
        self.lines[place:place] = starts
        self.learned = [name for name in self.learned if name in encoder]

    def _without_d(self, name: str) -> str:
        stem, _, layer = name.rpartition("_d")
        return f"{stem}{layer}" if stem else ""

    def _is_state(self, name: str) -> bool:
        stem = name.rsplit("_", 1)[0] if self.options.layers > 1 else name
        return stem in self.cell.states or name in self.cell.states


TOPOLOGIES = ("one-to-one", "one-to-many", "many-to-one", "many-to-many", "encoder-decoder")
_FRENCH = {
    "one-to-one": "un vers un",
    "one-to-many": "un vers plusieurs",
    "many-to-one": "plusieurs vers un",
    "many-to-many": "plusieurs vers plusieurs",
    "encoder-decoder": "encodeur-décodeur",
}
_EMBEDDING = {"en": "embedding", "fr": "plongement"}
_OUTPUT = {"en": "output", "fr": "sortie"}
_ENTERS = {"en": "only input", "fr": "entrée unique"}
_JOINED = {"en": "initial state of the decoder", "fr": "état initial du décodeur"}


def _needed(cell: Cell) -> tuple[str, ...]:
    """What the states need: the recurrence without its readout."""
    by_name = {a.name: a for a in cell.assignments}
    found: set[str] = set()
    pending = list(cell.states)
    while pending:
        name = pending.pop()
        if name in found or name not in by_name:
            continue
        found.add(name)
        pending.extend(n.name for n in names_in(by_name[name].expression) if n.offset is not None)
    return tuple(a.name for a in cell.assignments if a.name in found)


def _moved(source: Expression, offset: int) -> Expression:
    def leaf(each: Expression) -> Expression:
        assert isinstance(each, Name)
        return each if each.offset is None else replace(each, offset=each.offset + offset)

    return rewritten(source, leaf)


def _ended(tree: Expression, readout: str | None) -> Expression:
    """The expression under the function of a readout, in the place of the author's."""
    if readout is None:
        return tree
    inner = tree.arguments[0] if isinstance(tree, Call) and tree.function in READOUTS else tree
    return inner if readout == "linear" else Call(readout, (inner,))


def _line(equation: Equation) -> str:
    target, tree, titles = equation
    if target.startswith("---"):
        return target
    comment = write_titles(dict(titles))
    text = f"{target} = {write(tree)}"
    return f"{text}  # {comment}" if comment else text
