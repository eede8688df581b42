"""A frame: several recurrences, each with its own number of steps, and equations without time that join them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import EllipsisType, MappingProxyType
from typing import TYPE_CHECKING, Any

from autorecur.errors import CellError
from autorecur.language.canonical import write
from autorecur.language.cell import Cell
from autorecur.language.headers import write_titles
from autorecur.language.syntax import Absolute, Expression, Name
from autorecur.language.trees import rewritten

if TYPE_CHECKING:
    from autorecur.compile.explain import Explanation
    from autorecur.derive.derivation import Derivation
    from autorecur.derive.frames import FrameDerivation
    from autorecur.graph.clocks import Clocks
    from autorecur.recurrence import Run

ONCE = "1"
"""The clock of what has no time."""


@dataclass(frozen=True)
class Part:
    """A stretch of a frame's text: its name (empty if the text has no parts), its clock, what its equations give.

    ``clock`` is the name of its number of steps (empty if nothing in it runs over time). ``headers`` are its own.
    """

    name: str
    clock: str
    names: tuple[str, ...]
    inputs: tuple[str, ...]
    headers: Mapping[str, str]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Frame(Cell):
    """A text with parts or absolute times; made by :func:`autorecur.cell`, with the surface of a cell.

    ``parts`` stand in the order of the text. ``clock_of`` maps every quantity and input to the name of its number of steps
    (``"1"`` if it has no time), ``starts`` the initial values that have equations, ``"s[0]"``, to state and step.
    ``written`` are the right-hand sides as they stand in the text; in ``assignments`` each name without time that is
    computed or given counts one step.
    """

    parts: tuple[Part, ...]
    clock_of: Mapping[str, str]
    starts: Mapping[str, tuple[str, bool, int]] = field(default_factory=dict)  # type: ignore[misc]
    written: tuple[Expression, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("clock_of", "starts"):
            object.__setattr__(self, key, MappingProxyType(dict(getattr(self, key))))

    @property
    def clocks(self) -> Clocks:
        """Whose steps each quantity counts, for the graph."""
        from autorecur.graph.clocks import Clocks
        from autorecur.graph.range import Bound

        starts = {key: (state, Bound(end, step)) for key, (state, end, step) in self.starts.items()}
        return Clocks({**self.clock_of, **dict.fromkeys(starts, ONCE)}, starts)

    def clock(self, name: str) -> str:
        return self.clocks.clock(name)

    @property
    def untimed(self) -> tuple[str, ...]:
        """What is computed or given once."""
        return tuple(name for name, clock in self.clock_of.items() if clock == ONCE)

    @property
    def equations(self) -> tuple[str, ...]:
        count = len(self.written)
        pairs = zip(self.assignments[:count], self.written, strict=True)
        return tuple(f"{self._target(a.name)} = {write(tree)}" for a, tree in pairs)

    def _target(self, name: str) -> str:
        return name if name in self.untimed or name in self.starts else f"{name}[t]"

    def part_of(self, name: str) -> Part:
        """The part whose equation gives a quantity, or that reads an input."""
        return next(part for part in self.parts if name in part.names or name in part.inputs)

    def extended(
        self, equations: Mapping[str, str | Expression], titles: Mapping[str, Mapping[str, str]] | None = None
    ) -> Frame:
        """This frame with further equations behind its own; each counts the steps of what it reads."""
        from autorecur.language.extending import extend
        from autorecur.language.parser import Parser
        from autorecur.language.text import prepare

        lowered: dict[str, str | Expression] = {}
        for name, text in equations.items():
            tree: Expression | str = text
            if isinstance(text, str) and text.strip():
                source = prepare(text, "the loss" if name == "loss" else name)
                end = len(source.text.rstrip())
                parser = Parser(
                    source, 0, end, self.scalars, quantities=self.untimed, functions=self.functions
                )  # fmt: skip
                tree = parser.whole()
            if isinstance(tree, Expression):
                tree = rewritten(tree, self._timed)
                text = write(tree)
            lowered[name] = text
        found = extend(self, lowered, titles)
        clocks = dict(self.clock_of)
        for assignment in found.assignments[len(self.assignments) :]:
            read = {
                name.name for name in _names(assignment.expression) if name.name in clocks and name.offset is not None
            }
            clock = next((clocks[name] for name in read), ONCE)
            clocks[assignment.name] = clock
            for leaf in _names(assignment.expression):
                if leaf.offset is not None:
                    clocks.setdefault(leaf.name, clock)
        assert isinstance(found, Frame)
        return replace(found, clock_of=clocks)

    def _timed(self, leaf: Expression) -> Expression:
        """A name without time that is computed once, as the quantity of one step that it is inside."""
        if isinstance(leaf, Name) and leaf.offset is None and (leaf.name in self.untimed or leaf.name == "target"):
            return Name(leaf.name, 0, span=leaf.span)
        return leaf

    def derive(
        self,
        steps: Any = None,
        loss: str | EllipsisType | None = ...,
        at: str = "last",
        notation: Any = None,
        language: str = "en",
        truncate: int | None = None,
        decay: str | EllipsisType | None = ...,
    ) -> FrameDerivation | Derivation:
        """All equations of backpropagation through the parts of this frame, from the last to the first."""
        from autorecur.derive import derive

        if truncate is not None:
            raise CellError(
                f"{self.name} has parts with steps of their own: a truncation is derived for one cell.",
                hint="Derive the cell of one part by itself.",
            )
        return derive(self, steps=steps, loss=loss, at=at, notation=notation, language=language, decay=decay)

    def run(
        self,
        x: Any = None,
        params: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        lengths: Any = None,
        steps: Any = None,
        truncate: int | None = None,
        backend: str = "auto",
        record: bool = False,
        outputs: Sequence[str] | None = None,
    ) -> Run:
        """Runs the parts one after the other on tensors; the result maps each state and output to (T, B, n).

        Arguments are those of :meth:`Cell.run`: ``x`` maps inputs of all parts to (T, B, n) or (T, n), one that is given once
        to (B, n) or (n,); each part counts its own T. ``steps={"encoder": 4, "decoder": 3}`` says what no input tells. A
        quantity without time is (B, n). The last states of a part are the initial ones of another on the tape, so gradients
        go through all parts. It runs op by op (``backend`` is ``"auto"`` or ``"eager"``); ``lengths`` and ``truncate`` are for
        the cell of one part. Raises CellError, ShapeError.

        >>> import autorecur as ar
        >>> frame = ar.cell("h[t] = tanh(W x[t] + U h[t-1])\\ny = V h[T]")
        >>> params = {"W": ar.tensor([[1.0]], requires_grad=True), "U": [[0.5]], "V": [[2.0]]}
        >>> out = frame.run([[1.0], [0.0]], params)
        >>> out["h"].shape, out["y"].shape
        ((2, 1), (1,))
        >>> out["y"].sum().backward()
        >>> params["W"].grad.shape
        (1, 1)
        """
        for name, value in (("lengths", lengths), ("truncate", truncate)):
            if value is not None:
                raise CellError(
                    f"{self.name} has parts with steps of their own: {name} is for the run of one cell.",
                    hint="Make a cell of the part, and hand over its last states as initial={...}.",
                )
        from autorecur.recurrence.frames import run

        return run(self, x, params, initial, steps, record, outputs, backend)

    def explain_compilation(self, *arguments: Any, **options: Any) -> Explanation:
        """Refused: what is compiled is the cell of a part."""
        raise CellError(f"{self.name} is a frame: what is compiled is the cell of one part.")

    # ---------------------------------------------------------------- as text

    def __str__(self) -> str:
        lines = [f"name: {self.name}"]
        lines += [f"{'title' if code == 'en' else f'title.{code}'}: {text}" for code, text in self.titles.items()]
        lines += [f"{key}: {value}" for key, value in self.headers.items() if key != "name"]
        equations = dict(zip((a.name for a in self.assignments), self.equations, strict=False))
        titles = {a.name: write_titles(a.titles) for a in self.assignments}
        width = min(80, max(map(len, equations.values())))
        for part in self.parts:
            if part.name:
                lines.append(f"--- {part.name}")
            lines += [f"{key}: {value}" for key, value in part.headers.items()]
            for name in part.names:
                equation, title = equations[name], titles[name]
                lines.append(f"{equation.ljust(width)}  # {title}" if title else equation)
        return "\n".join(lines) + "\n"

    def __repr__(self) -> str:
        return f"<frame {self.name}: {', '.join(self.equations[:8])}{', …' if len(self.assignments) > 8 else ''}>"

    def _identity(self) -> tuple[object, ...]:
        return (*super()._identity(), self.parts, self.written)

    def __hash__(self) -> int:
        return hash(str(self))


def _names(tree: Expression) -> list[Name]:
    from autorecur.language.trees import names_in

    return names_in(tree)


def absolutes(tree: Expression) -> Sequence[Absolute]:
    """The quantities that an expression reads at steps that do not move."""
    from autorecur.language.trees import leaves_of

    return [leaf for leaf in leaves_of(tree) if isinstance(leaf, Absolute)]
