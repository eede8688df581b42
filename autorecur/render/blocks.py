"""The document model: what a page consists of, before any format.

A page is a sequence of blocks, a block's prose a sequence of inline pieces. Plain strings are data: every writer escapes
them. Numbers of equations, sections and rules come from the caller as strings, so that they agree in every format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from autorecur.symbolic.layout import Layout, Sign

# ------------------------------------------------------------------------------------------------------------ prose


@dataclass(frozen=True, slots=True)
class Math:
    """A formula in the line."""

    layout: Layout


@dataclass(frozen=True, slots=True)
class Reference:
    """A link to an equation, printed ``(12)``; ``number`` is ``"12"`` (brackets around it are ignored)."""

    number: str


@dataclass(frozen=True, slots=True)
class RuleReference:
    """A link to a rule of the appendix, printed as its name, ``R3``."""

    name: str


@dataclass(frozen=True, slots=True)
class SectionReference:
    """A link to a section; ``text`` is what is printed, ``section 10``."""

    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    inlines: Inlines


@dataclass(frozen=True, slots=True)
class Emphasis:
    inlines: Inlines


@dataclass(frozen=True, slots=True)
class Coloured:
    """Words in the accent colour, which means: backward."""

    inlines: Inlines


@dataclass(frozen=True, slots=True)
class Shaded:
    """Words shaded as a term from another step is."""

    inlines: Inlines


@dataclass(frozen=True, slots=True)
class Code:
    text: str


@dataclass(frozen=True, slots=True)
class LineBreak:
    """A new line within a paragraph."""


Inline: TypeAlias = (
    "str | Math | Reference | RuleReference | SectionReference"
    " | Strong | Emphasis | Coloured | Shaded | Code | LineBreak"
)
Inlines: TypeAlias = "tuple[Inline, ...]"

# ----------------------------------------------------------------------------------------------------------- blocks

EQUALS = Sign("=", "relation")


@dataclass(frozen=True, slots=True)
class Heading:
    """A section's number and title; the number is also the target of a SectionReference."""

    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    inlines: Inlines


@dataclass(frozen=True, slots=True)
class Cell:
    """``lhs relation rhs``, aligned at the relation. A line after the first starts with its operator, ``(binary("+"), …)``.

    A sum that is too wide for the column is broken by the writers; ``lines`` holds more than one line where the author of
    the page wants the breaks. Either side and the relation may be missing (a continued row: relation ``binary("+")``).
    """

    lhs: Layout | None
    lines: tuple[Layout, ...]
    relation: Layout | None = EQUALS


@dataclass(frozen=True, slots=True)
class EquationRow:
    """One row of a display: cells side by side, at the right edge their number(s), in the side column the reason.

    ``numbers`` is ``("12",)``, printed (12), or ``("11", "12", "13")``, printed (11–13); each is the target of a Reference.
    ``comment`` stands beside the equation (a quantity's name), ``note`` in the side column on the equation's baseline.
    ``space`` is added above the row, in points; the writers fill it so that notes keep apart.
    """

    cells: tuple[Cell | None, ...]
    numbers: tuple[str, ...] = ()
    comment: Inlines = ()
    note: Inlines = ()
    space: float = 0.0


@dataclass(frozen=True, slots=True)
class Display:
    rows: tuple[EquationRow, ...]


@dataclass(frozen=True, slots=True)
class SideNote:
    """A note in the side column beside what follows, with a bold title; each item of ``items`` starts a line."""

    items: tuple[Inlines, ...]
    title: str = ""
    drop: float = 0.0
    """How far below the following line it starts, in points; the writers fill it so that notes keep apart."""


@dataclass(frozen=True, slots=True)
class Span:
    """A table cell that covers several columns."""

    inlines: Inlines
    columns: int
    align: str = "c"


TableCell: TypeAlias = "Inlines | Span"
TableRow: TypeAlias = "tuple[TableCell, ...]"


@dataclass(frozen=True, slots=True)
class Table:
    """``groups`` of rows are set apart by a little space; ``foot`` stands below a rule; ``over`` is a row above the header.

    ``align`` has one of l, c, r for each column. ``full`` stretches the table to the text's width; a ``long`` one may go on
    on the next page, its header repeated.
    """

    header: TableRow
    groups: tuple[tuple[TableRow, ...], ...]
    align: str
    over: TableRow = ()
    foot: tuple[TableRow, ...] = ()
    caption: Inlines = ()
    full: bool = False
    long: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its lower left corner."""

    x: float
    y: float
    width: float
    height: float
    label: Layout | None = None


@dataclass(frozen=True, slots=True)
class Disc:
    """A circle by its centre."""

    x: float
    y: float
    radius: float
    label: Layout | None = None


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the first point to the last, by straight lines; with ``curved``, four points are a Bézier curve."""

    points: tuple[tuple[float, float], ...]
    backward: bool = False
    curved: bool = False
    head: bool = True


@dataclass(frozen=True, slots=True)
class Label:
    """A formula at a point; ``anchor`` says where it stands from there: center, above, below, left, right."""

    x: float
    y: float
    layout: Layout
    anchor: str = "center"
    backward: bool = False
    small: bool = True


DASHES: dict[str, tuple[float, ...]] = {
    "solid": (),
    "dashed": (4.0, 2.2),
    "dotted": (0.9, 1.7),
    "dashdot": (5.0, 1.8, 0.9, 1.8),
    "long": (8.0, 2.4),
}
"""The styles of a line: how many points it is drawn and left out in turn."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """Straight lines through the points, as in a plot; ``dash`` is a key of :data:`DASHES`, ``faint`` ones are grey."""

    points: tuple[tuple[float, float], ...]
    dash: str = "solid"
    width: float = 0.8
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline: the mark of a plotted line, or an area; ``fill`` is ink, paper, faint or none."""

    points: tuple[tuple[float, float], ...]
    fill: str = "ink"
    outline: bool = True


Shape: TypeAlias = "Box | Disc | Arrow | Label | Stroke | Polygon"


@dataclass(frozen=True, slots=True)
class Diagram:
    """Geometry in points, y upwards, from (0, 0) to (width, height). ``alt`` stands for it where no picture can.

    One that ``floats`` goes to the head of the next page if this one has no room for it, and the text goes on before it."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    caption: Inlines = ()
    alt: Inlines = ()
    floats: bool = False


@dataclass(frozen=True, slots=True)
class RuleStatement:
    """A rule: its name (R3), its title, the statement, the proof, and in the side column how far it was checked."""

    name: str
    title: str
    body: tuple[Block, ...]
    proof: tuple[Block, ...] = ()
    note: Inlines = ()
    proof_word: str = "Proof."


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text to be seen as it is, such as the source of a cell."""

    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Space down the page, in points."""

    height: float


@dataclass(frozen=True, slots=True)
class Need:
    """Room that must be left on the page, in points, else a new page begins. Writers put it where a side note hangs."""

    height: float


@dataclass(frozen=True, slots=True)
class Reasons:
    """Notes that found no room in the side column, in small type below their display, each after its number."""

    items: tuple[tuple[str, Inlines], ...]


Block: TypeAlias = (
    "Heading | Paragraph | Display | SideNote | Table | Diagram | RuleStatement | Verbatim | Gap | Need | Reasons"
)


@dataclass(frozen=True, slots=True)
class Screen:
    """The words that only a page on a screen needs: names of its controls, and a sentence for those who search."""

    description: str
    contents: str
    skip: str
    theme: str
    copy: str
    copied: str


@dataclass(frozen=True, slots=True)
class Document:
    """``title`` may hold line ends; ``seal`` is the side note beside it; ``footer`` stands at the foot of each page."""

    title: str
    blocks: tuple[Block, ...]
    subtitle: tuple[Inlines, ...] = ()
    seal: SideNote | None = None
    footer: str = ""
    language: str = "en"
    decimal: str = "."
    screen: Screen | None = None
    """Without it a page on a screen has no controls."""
    joint: str = ": "
    """Between the lines of the title where it stands on one line."""
    patterns: str = ""
    """What TeX calls the language's patterns of hyphenation; English ones are always there."""
    even_spaces: bool = False
    """Whether the space behind a full stop is as wide as any other."""
    close: bool = False
    """Whether the rows of displays stand closer, so that more of them are seen at once."""

    def one_line(self) -> str:
        """The title without line ends."""
        return self.joint.join(" ".join(line.split()) for line in self.title.splitlines() if line.strip())

    def foot(self) -> str:
        """The footer, cut to one line."""
        return self.footer if len(self.footer) <= _FOOT else self.footer[: _FOOT - 1].rstrip() + "…"


_FOOT = 90
