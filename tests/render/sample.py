"""A page with every block and every node of a layout: the Elman network, shortened, with one hostile line."""

from __future__ import annotations

from itertools import pairwise

from autorecur.render.blocks import (
    DASHES,
    Arrow,
    Block,
    Box,
    Cell,
    Code,
    Coloured,
    Diagram,
    Disc,
    Display,
    Document,
    Emphasis,
    EquationRow,
    Heading,
    Label,
    LineBreak,
    Math,
    Paragraph,
    Polygon,
    Reference,
    RuleReference,
    RuleStatement,
    SectionReference,
    Shaded,
    Shape,
    SideNote,
    Span,
    Stroke,
    Strong,
    Table,
    Verbatim,
)
from autorecur.symbolic.layout import (
    Accent,
    Backward,
    Big,
    Bold,
    Cases,
    Fence,
    Fraction,
    Function,
    Future,
    Ident,
    Layout,
    Matrix,
    Num,
    Root,
    Row,
    Script,
    Sign,
    Space,
    Underbrace,
    Words,
    binary,
    relation,
    row,
)

THIN = Space("thin")
TOP = Sign("top")
T = Ident("T")


def i(name: str) -> Ident:
    return Ident(name)


def sub(name: str | Layout, index: str | Layout) -> Script:
    base = Ident(name) if isinstance(name, str) else name
    return Script(base, sub=step(index) if isinstance(index, str) else index)


def step(text: str) -> Layout:
    """``t-1`` as a layout."""
    for sign in "+-":
        if sign in text:
            left, right = text.split(sign)
            return row(step(left), binary(sign), step(right))
    return Num(text) if text.isdigit() else Ident(text)


def transposed(name: str, index: str) -> Script:
    return Script(Ident(name), sub=step(index), sup=TOP)


def bar(name: str | Layout, index: str | None = None, sup: Layout | None = None) -> Layout:
    accented = Accent("bar", Ident(name) if isinstance(name, str) else name)
    return accented if index is None else Script(accented, sub=step(index), sup=sup)


def hat_y(index: str) -> Script:
    return sub(Accent("hat", i("y")), index)


def y_bar(index: str) -> Layout:
    return bar(Accent("hat", i("y")), index)


def d(top: Layout, bottom: Layout, immediate: bool = False) -> Fraction:
    partial = Sign("partial")
    over: Layout = Script(partial, sup=Sign("+")) if immediate else partial
    return Fraction(row(over, top), row(partial, bottom))


def real(*sizes: Layout) -> Script:
    power: list[Layout] = []
    for size in sizes:
        power += [binary("times"), size]
    return Script(Ident("R", "blackboard"), sup=row(*power[1:]))


def member(name: Layout, *sizes: Layout) -> Math:
    return Math(row(name, relation("in"), real(*sizes)))


def equation(number: str, lhs: Layout, *lines: Layout, comment: str = "", note: tuple[object, ...] = ()) -> EquationRow:
    return EquationRow((Cell(lhs, lines),), (number,), (comment,) if comment else (), note)  # type: ignore[arg-type]


n_x, n_h, n_y = sub("n", "x"), sub("n", "h"), sub("n", "y")
h_t, x_t, a_t = sub("h", "t"), sub("x", "t"), sub("a", "t")
delta_t = sub("delta", "t")
W_h, W_x, W_y, b_h, b_y = sub("W", "h"), sub("W", "x"), sub("W", "y"), sub("b", "h"), sub("b", "y")
W_hT, W_xT, W_yT = transposed("W", "h"), transposed("W", "x"), transposed("W", "y")
NEXT = Bold(step("t+1"))


def sum_over_time(body: Layout) -> Layout:
    return row(Big("sum", row(i("t"), relation("="), Num("1")), T), body)


def cell_section() -> tuple[Block, ...]:
    argument = row(W_h, THIN, sub("h", "t-1"), binary("+"), W_x, THIN, x_t, binary("+"), b_h)
    return (
        Heading("1", "The cell"),
        SideNote(
            (
                ("Vectors are columns; ", Math(Sign("odot")), " is the elementwise product."),
                (
                    Math(d(i("u"), i("v"))),
                    " has one row for each component of ",
                    Math(i("u")),
                    " and one column for each of ",
                    Math(i("v")),
                    ".",
                ),
                (Math(Sign("partial")), " is total: along all paths."),
                (
                    Coloured(("Colour",)),
                    ", and dashes in the picture: backward. ",
                    Shaded(("Shaded",)),
                    ": from the step after.",
                ),
            ),
            title="Conventions of this document",
        ),
        Paragraph(
            (
                "The network reads ",
                Math(x_t),
                ", keeps one state ",
                Math(h_t),
                " and gives one output ",
                Math(hat_y("t")),
                ".",
            )
        ),
        Display(
            (
                equation("1", h_t, row(Function("tanh"), Fence(argument, size=1)), comment="hidden state"),
                equation("2", hat_y("t"), row(W_y, THIN, h_t, binary("+"), b_y), comment="output"),
            )
        ),
        Paragraph(("Gradients pass through the argument of ", Math(Function("tanh")), ", so we name it:")),
        Display(
            (
                equation("3", a_t, argument, comment="pre-activation"),
                EquationRow((Cell(h_t, (row(Function("tanh"), Fence(a_t)),)),), ("4",), (Reference("1"), " again")),
            )
        ),
        Table(
            header=(("vectors",), ("matrices",), ("biases",)),
            groups=(
                (
                    ((member(x_t, n_x),), (member(W_h, n_h, n_h),), (member(b_h, n_h),)),
                    ((member(row(h_t, Sign(",", "punct"), a_t), n_h),), (member(W_x, n_h, n_x),), (member(b_y, n_y),)),
                    ((member(hat_y("t"), n_y),), (member(W_y, n_y, n_h),), ()),
                ),
            ),
            align="lll",
            caption=("Parameters: ", Math(row(n_h, Fence(row(n_h, binary("+"), n_x, binary("+"), Num("1"))))), "."),
        ),
        Verbatim(
            "h[t] = tanh(W_h h[t-1] + W_x x[t] + b_h)    # hidden state\ny[t] = W_y h[t] + b_y                       # output"
        ),
    )


def picture() -> Diagram:
    shapes: list[Shape] = []
    radius, low, middle, high, top = 12.0, 14.0, 74.0, 136.0, 180.0
    states = {0: 14.0, 1: 160.0, 2: 306.0, 3: 452.0}
    shapes.append(Disc(states[0], middle, radius, sub("h", "0")))
    for t in (1, 2, 3):
        s = str(t)
        h, a, before = states[t], states[t] - 72.0, states[t - 1]
        shapes += [
            Disc(a, middle, radius, sub("a", s)),
            Disc(h, middle, radius, sub("h", s)),
            Disc(a, low, radius, sub("x", s)),
            Disc(h, high, radius, hat_y(s)),
            *edges(before, middle, a, middle, radius, W_h, row(W_hT, THIN, sub("delta", s))),
            *edges(a, middle, h, middle, radius, Function("tanh"), sub("delta", s)),
            *edges(a, low, a, middle, radius, W_x, row(W_xT, THIN, sub("delta", s))),
            *edges(h, middle, h, high, radius, W_y, row(W_yT, THIN, y_bar(s))),
            *edges(h, high, h, top + radius, radius, sub("ell", s), y_bar(s)),
        ]
    loss = row(i("L"), relation("="), sub("ell", "1"), binary("+"), sub("ell", "2"), binary("+"), sub("ell", "3"))
    shapes.append(Box(130.0, top, 344.0, 20.0, loss))
    for at, dash in enumerate(DASHES):
        shapes.append(Stroke(((2.0, 100.0 + 6 * at), (60.0, 104.0 + 6 * at)), dash, faint=at % 2 == 1))
    for at, fill in enumerate(("ink", "paper", "faint", "none")):
        left = 2.0 + 12 * at
        shapes.append(Polygon(((left, 140.0), (left + 8.0, 140.0), (left + 4.0, 147.0)), fill, outline=fill != "ink"))
    return Diagram(
        482.0,
        201.0,
        tuple(shapes),
        caption=(
            "Three steps. Solid: values, left to right and upwards. ",
            Coloured(("Dashed: adjoints",)),
            ", against the arrows; each carries what it adds to the adjoint of the vector at its head. ",
            "Two dashed edges arrive at ",
            Math(sub("h", "1")),
            " and at ",
            Math(sub("h", "2")),
            ", and only one at ",
            Math(sub("h", "3")),
            " and at ",
            Math(sub("h", "0")),
            ".",
        ),
        alt=("The network unrolled over three steps, with the adjoints that run against the arrows.",),
    )


def edges(
    x0: float, y0: float, x1: float, y1: float, radius: float, forward: Layout, backward: Layout
) -> tuple[Shape, ...]:
    """An edge and the adjoint edge beside it, with their names."""
    shift = 3.1
    if y0 == y1:
        left, right, x = x0 + radius, x1 - radius, (x0 + x1) / 2
        return (
            Arrow(((left, y0 + shift), (right, y0 + shift))),
            Arrow(((right, y0 - shift), (left, y0 - shift)), backward=True),
            Label(x, y0 + shift, forward, "above"),
            Label(x, y0 - shift, backward, "below", backward=True),
        )
    low, high, y = y0 + radius, y1 - radius, (y0 + y1) / 2
    return (
        Arrow(((x0 - shift, low), (x0 - shift, high))),
        Arrow(((x0 + shift, high), (x0 + shift, low)), backward=True),
        Label(x0 - shift, y, forward, "left"),
        Label(x0 + shift, y, backward, "right", backward=True),
    )


def loss_section() -> tuple[Block, ...]:
    norm = Script(Fence(row(hat_y("t"), binary("-"), sub("y", "t")), "norm", 1), sup=Num("2"))
    loss = row(
        sum_over_time(sub("ell", "t")),
        Sign(",", "punct"),
        Space("wide"),
        sub("ell", "t"),
        relation("="),
        Fraction(Num("1"), Num("2")),
        THIN,
        norm,
    )
    return (
        Heading("3", "The loss"),
        Paragraph(
            ("We compare the output with a target ", Math(sub("y", "t")), " at ", Emphasis(("every",)), " step.")
        ),
        Display(
            (
                equation("5", i("L"), loss),
                equation(
                    "6",
                    y_bar("t"),
                    row(hat_y("t"), binary("-"), sub("y", "t")),
                    note=(
                        "Half a squared norm, ",
                        RuleReference("R2"),
                        ".",
                        LineBreak(),
                        "Each ",
                        Math(hat_y("t")),
                        " is read by ",
                        Math(sub("ell", "t")),
                        " alone.",
                    ),
                ),
            )
        ),
        Heading("4", "What an adjoint is"),
        Paragraph(
            (
                "The adjoint ",
                Math(bar("v", "t")),
                " has the shape of ",
                Math(sub("v", "t")),
                ". It collects the derivative of ",
                Math(i("L")),
                " along every path from ",
                Math(sub("v", "t")),
                " to the loss, the paths through later steps included:",
            )
        ),
        Display(
            (
                equation(
                    "7",
                    bar("v", "t"),
                    row(
                        Script(Fence(d(i("L"), sub("v", "t")), size=1), sup=TOP),
                        Space("wide"),
                        Words("that is,"),
                        Space("wide"),
                        d(i("L"), sub("v", "t")),
                        THIN,
                        i("w"),
                        relation("="),
                        bar("v", "t", TOP),
                        i("w"),
                        Space("quad"),
                        Words("for every direction "),
                        i("w"),
                        Sign("."),
                    ),
                    note=(
                        Math(row(Sign("partial"), i("L"), Sign("/"), Sign("partial"), sub("v", "t"))),
                        " is a row,",
                        LineBreak(),
                        Math(bar("v", "t")),
                        " is a column.",
                    ),
                ),
            )
        ),
        Paragraph(
            (
                "One rule gives all that follows (",
                RuleReference("R1"),
                "): ",
                Emphasis(
                    ("the adjoint of ", Math(i("v")), " is the sum, over all equations that read ", Math(i("v")), ".")
                ),
                " A title such as ",
                Code(r"\catcode {{ 7*7 }} #import"),
                " is text, and so is </script> $1 100% _x_ *y* @ref.",
            )
        ),
    )


def backward_section() -> tuple[Block, ...]:
    return (
        Heading("5", "One step backwards"),
        Paragraph(
            ("We take the equations in reverse order, from ", Math(row(i("t"), relation("="), T)), " down to 1.")
        ),
        Paragraph(
            (
                Strong(("Hidden state.",)),
                " Two equations read ",
                Math(h_t),
                ": the output ",
                Reference("2"),
                " of the same step, and the pre-activation ",
                Reference("3"),
                " of the next. For ",
                Math(row(Num("1"), relation("le"), i("t"), relation("<"), T)),
                ",",
            )
        ),
        Display(
            (
                equation(
                    "8",
                    bar("h", "t"),
                    row(
                        Underbrace(row(W_yT, THIN, y_bar("t")), Words("through the output")),
                        binary("+"),
                        Underbrace(
                            Future(row(W_hT, THIN, sub("delta", NEXT))),
                            Backward(row(Words("from step "), i("t"), binary("+"), Num("1"))),
                        ),
                    ),
                    note=(
                        "Matrix products, ",
                        RuleReference("R3"),
                        ";",
                        LineBreak(),
                        "two readers, ",
                        RuleReference("R1"),
                        ".",
                    ),
                ),
            )
        ),
        Paragraph(("At the last step nothing comes from later, and the recursion starts:",)),
        Display(
            (
                equation(
                    "9",
                    bar("h", "T"),
                    row(W_yT, THIN, y_bar("T")),
                    note=("End condition: ", Math(sub("a", "T+1")), " does not exist."),
                ),
            )
        ),
        Paragraph((Strong(("Pre-activation.",)), " Only ", Reference("4"), " reads ", Math(a_t), ", so")),
        Display(
            (
                equation(
                    "10",
                    delta_t,
                    row(bar("h", "t"), binary("odot"), Fence(row(Num("1"), binary("-"), h_t, binary("odot"), h_t))),
                    note=(
                        "Elementwise function, ",
                        RuleReference("R4"),
                        ". A longer reason runs on over three or even four lines.",
                    ),
                ),
                equation(
                    "11", bar("x", "t"), row(W_xT, THIN, delta_t), note=("Matrix product, ", RuleReference("R3"), ".")
                ),
                equation(
                    "12",
                    bar("h", "0"),
                    Future(row(W_hT, THIN, sub("delta", Bold(Num("1"))))),
                    note=(
                        Reference("8"),
                        " at ",
                        Math(row(i("t"), relation("="), Num("0"))),
                        ": there is no output at step 0.",
                    ),
                ),
            )
        ),
        Paragraph(("A sum that is too long for the column breaks before an operator:",)),
        Display((equation("13", bar("c", "t"), long_sum(), note=("Four readers, ", RuleReference("R1"), ".")),)),
    )


def long_sum() -> Layout:
    terms: list[Layout] = []
    for gate in ("forget", "input", "output", "candidate"):
        body = row(bar("h", "t"), binary("odot"), sub("o", "t"), binary("odot"), Fence(row(Num("1"), binary("-"), a_t)))
        terms += [binary("+"), Underbrace(body, Words(f"through the {gate} gate"))]
    return row(*terms[1:])


def gradient_section() -> tuple[Block, ...]:
    def gradient(name: Layout, left: Layout, right: Layout | None) -> Cell:
        body = left if right is None else row(left, THIN, right)
        return Cell(name, (sum_over_time(body),))

    return (
        Heading("6", "Gradients"),
        Paragraph((Strong(("Parameters.",)), " Each step reads the same parameters, so each step contributes:")),
        Display(
            (
                EquationRow(
                    (
                        gradient(bar("W", "h"), delta_t, transposed("h", "t-1")),
                        gradient(bar("W", "x"), delta_t, transposed("x", "t")),
                        gradient(bar("b", "h"), delta_t, None),
                    ),
                    ("14", "15", "16"),
                    (),
                    (
                        "Through ",
                        Reference("3"),
                        ". Products ",
                        RuleReference("R3"),
                        ", shared over time ",
                        RuleReference("R1"),
                        ".",
                    ),
                ),
                EquationRow(
                    (
                        gradient(bar("W", "y"), y_bar("t"), transposed("h", "t")),
                        None,
                        gradient(bar("b", "y"), y_bar("t"), None),
                    ),
                    ("17", "18"),
                    (),
                    ("Through ", Reference("2"), ". The same rules."),
                ),
            )
        ),
    )


def path(loss: str, *steps: str) -> Layout:
    factors: list[Layout] = [d(sub("ell", loss), sub("h", steps[0]))]
    factors += [d(sub("h", a), sub("h", b)) for a, b in pairwise(steps)]
    factors.append(d(sub("h", steps[-1]), W_h, immediate=True))
    spaced: list[Layout] = []
    for factor in factors:
        spaced += [factor, THIN]
    names: list[Layout] = [sub("ell", loss)]
    for at in steps:
        names += [relation("to"), sub("h", at)]
    return Underbrace(row(*spaced[:-1]), Backward(row(*names)))


def paths_section() -> tuple[Block, ...]:
    plus = binary("+")
    jacobian = Matrix(((transposed("h", "k-1"), Num("0")), (Num("0"), transposed("h", "k-1"))))
    triangle = (
        EquationRow(
            tuple(Cell(None, (Words(f"visit at step {k}", small=True),), None) for k in (1, 2, 3)),
        ),
        EquationRow((Cell(d(i("L"), W_h), (path("1", "1"),)),)),
        EquationRow(
            (Cell(None, (path("2", "2", "1"),), plus), Cell(None, (path("2", "2"),), plus)),
            ("21",),
            (),
            (Reference("20"), " for three steps."),
        ),
        EquationRow(
            (
                Cell(None, (path("3", "3", "2", "1"),), plus),
                Cell(None, (path("3", "3", "2"),), plus),
                Cell(None, (path("3", "3"),), plus),
            )
        ),
    )
    product = row(
        Big("sum", row(i("t"), relation("="), Num("1")), T),
        Big("sum", row(i("k"), relation("="), Num("1")), i("t")),
        d(sub("ell", "t"), h_t),
        THIN,
        Fence(row(d(h_t, sub("h", "t-1")), Sign("cdots"), d(sub("h", "k+1"), sub("h", "k"))), size=1),
        d(sub("h", "k"), W_h, immediate=True),
    )
    norms = row(
        Big("prod", row(i("j"), relation("="), i("k"), binary("+"), Num("1")), i("t")),
        Fence(sub("D", "j"), "norm"),
        THIN,
        Fence(W_h, "norm"),
        relation("le"),
        Script(Fence(W_h, "norm"), sup=row(i("t"), binary("-"), i("k"))),
    )
    return (
        Heading("7", "The same gradient, seen as paths"),
        Display(
            (
                equation(
                    "19",
                    d(sub("h", "k"), W_h, immediate=True),
                    row(
                        sub("D", "k"),
                        jacobian,
                        Space("wide"),
                        Fence(row(n_h, binary("times"), Script(i("n"), i("h"), Num("2")))),
                    ),
                    note=(
                        "Row ",
                        Math(i("i")),
                        " of ",
                        Math(row(W_h, sub("h", "k-1"))),
                        " reads row ",
                        Math(i("i")),
                        " of ",
                        Math(W_h),
                        ".",
                    ),
                ),
                equation(
                    "20",
                    d(i("L"), W_h),
                    product,
                    note=("A row of components; put back row by row it is ", Math(bar("W", "h")), "."),
                ),
            )
        ),
        Paragraph((Strong(("Three steps, six paths.",)), " Rows collect a loss, columns a visit:")),
        Display(triangle),
        Paragraph(("The norm of a product is at most the product of the norms:",)),
        Display(
            (
                EquationRow(
                    (Cell(Fence(d(h_t, sub("h", "k")), "norm", 1), (norms,), relation("le")),),
                    ("22",),
                    (),
                    ("Spectral norm, ", RuleReference("R3"), "."),
                ),
            )
        ),
    )


def every_node() -> tuple[Block, ...]:
    """What the page above does not use."""
    cases = Cases(
        (
            (i("v"), row(Words("if "), i("v"), relation(">"), Num("0"))),
            (row(i("alpha"), THIN, i("v")), Words("else (50% of #1 & $2)")),
        )
    )
    numbers = row(
        Matrix(((Num("0.5"), Num("-0.3")), (Num("0.2"), Num("0.4"))), align="r"),
        Sign(",", "punct"),
        Space("quad"),
        Matrix(((Num("1"), Num("-1")),), "round"),
        Space("quad"),
        Matrix(((i("a"), i("b")),), "none"),
        Space("thick"),
        Num("3.4e-12"),
    )
    letters = row(
        Ident("h", "bold"),
        THIN,
        Ident("theta", "bold"),
        THIN,
        Ident("L", "script"),
        THIN,
        Ident("e", "upright"),
        THIN,
        Ident("speed"),
        THIN,
        *(row(Accent(kind, i("v")), THIN) for kind in ("bar", "hat", "tilde", "dot", "vec")),
        Accent("bar", Ident("speed")),
    )
    further = row(
        Root(row(i("a"), binary("+"), Script(i("b"), sup=Num("2")))),
        THIN,
        Function("softmax"),
        Fence(i("z")),
        THIN,
        *(row(Fence(i("u"), kind, 1), THIN) for kind in ("square", "brace", "bar", "floor")),
        Script(Function("tanh"), sup=Sign("prime")),
        Fence(i("v")),
    )
    return (
        Heading("8", "Further forms"),
        Display(
            (
                equation("23", row(i("f"), Fence(i("v"))), cases),
                equation("24", W_h, numbers),
                equation("25", i("u"), letters),
                equation("26", i("v"), further),
            )
        ),
    )


def checks_section() -> tuple[Block, ...]:
    def power(mantissa: str, exponent: str) -> tuple[Math, ...]:
        return (Math(row(Num(mantissa), binary("cdot"), Script(Num("10"), sup=row(Sign("-"), Num(exponent))))),)

    return (
        Heading("10", "The checks"),
        SideNote(
            (("Sizes ", Math(row(n_x, relation("="), Num("3"))), "; all values normal, seed 0."),), title="References"
        ),
        Paragraph(("Every right-hand side is evaluated at the true values of what stands in it.",)),
        Table(
            over=(Span((), 3), Span(("largest relative error",), 2)),
            header=(("equation",), ("quantity",), ("checks",), ("complex step",), ("central",)),
            groups=(
                (
                    (
                        (Reference("1"), "–", Reference("5")),
                        (Math(h_t), ", ", Math(hat_y("t"))),
                        ("5",),
                        Span(("loops: ", *power("3.7", "16")), 2),
                    ),
                    ((Reference("6"),), (Math(y_bar("t")),), ("2",), ("0",), power("2.9", "13")),
                ),
                (
                    (
                        (Reference("8"), ", ", Reference("9")),
                        (Math(bar("h", "t")),),
                        ("4",),
                        power("2.2", "16"),
                        power("3.2", "13"),
                    ),
                    ((Reference("10"),), (Math(delta_t),), ("2",), power("4.2", "16"), power("8.4", "13")),
                ),
            ),
            foot=((("32 equations",), (), ("62",), power("2.3", "15"), power("3.4", "12")),),
            align="llrrr",
            full=True,
        ),
        Table(
            header=(
                (Math(i("t")),),
                (Math(row(W_yT, y_bar("t"))),),
                (Math(Future(row(W_hT, sub("delta", NEXT)))),),
                (Math(bar("h", "t")), ", their sum"),
                (Math(row(Num("1"), binary("-"), h_t, binary("odot"), h_t)),),
                (Math(delta_t),),
            ),
            groups=(
                (
                    tuple(
                        (text,)
                        for text in (
                            "2",
                            "(1.0449, −1.0449)",
                            "—",
                            "(1.0449, −1.0449)",
                            "(0.4077, 0.9242)",
                            "(0.4260, −0.9657)",
                        )
                    ),
                    (
                        ("1",),
                        ("(0.7237, −0.7237)",),
                        (Math(Future(Fence(row(Num("0.0198"), Sign(",", "punct"), Num("-0.5141"))))),),
                        ("(0.7435, −1.2378)",),
                        ("(0.4200, 0.7864)",),
                        ("(0.3123, −0.9735)",),
                    ),
                ),
            ),
            align="cccccc",
        ),
    )


def rules_section() -> tuple[Block, ...]:
    u_bar, v_bar = bar("u"), bar("v")
    errors = ("complex step ", Math(Num("2.5e-16")), LineBreak(), "central ", Math(Num("2.7e-14")))
    sum_rule = row(
        Big("sum", row(i("i"), relation("="), Num("1")), i("m")),
        Script(Fence(d(sub("u", "i"), i("v"), immediate=True), size=1), sup=TOP),
        bar("u", "i"),
        Sign("."),
    )
    return (
        Heading("11", "Appendix: the rules"),
        RuleStatement(
            "R1",
            "Sum over the readers",
            (
                Paragraph(
                    ("If ", Math(i("L")), " depends on ", Math(i("v")), " through ", Math(sub("u", "i")), ", then")
                ),
                Display((EquationRow((Cell(v_bar, (sum_rule,)),)),)),
            ),
            (Paragraph(("Each path from ", Math(i("v")), " to ", Math(i("L")), " starts with exactly one reader.")),),
            errors,
        ),
        RuleStatement(
            "R2",
            "Half a squared norm",
            (
                Paragraph(
                    (
                        Math(
                            row(
                                i("ell"),
                                relation("="),
                                Fraction(Num("1"), Num("2")),
                                Script(Fence(i("u"), "norm"), sup=Num("2")),
                            )
                        ),
                        " sends ",
                        Math(row(u_bar, relation("gets"), i("u"))),
                        ".",
                    )
                ),
            ),
            (),
            errors,
        ),
        RuleStatement(
            "R3",
            "Matrix product",
            (
                Paragraph(
                    (
                        Math(row(i("u"), relation("="), i("W"), i("v"))),
                        " sends ",
                        Math(row(v_bar, relation("gets"), Script(i("W"), sup=TOP), u_bar)),
                        " and ",
                        Math(row(bar("W"), relation("gets"), u_bar, THIN, Script(i("v"), sup=TOP))),
                        ".",
                    )
                ),
            ),
            (
                Paragraph(
                    (
                        Math(
                            row(
                                sub("u", "i"),
                                relation("="),
                                Big("sum", i("j")),
                                Script(i("W"), sub=row(i("i"), i("j"))),
                                sub("v", "j"),
                            )
                        ),
                        ", row times column, and each component of the matrix occurs in one component of the product alone.",
                    )
                ),
            ),
            errors,
        ),
        RuleStatement(
            "R4",
            "Elementwise function",
            (
                Paragraph(
                    (
                        Math(row(i("u"), relation("="), Function("tanh"), Fence(i("v")))),
                        " sends ",
                        Math(
                            row(
                                v_bar,
                                relation("gets"),
                                u_bar,
                                binary("odot"),
                                Fence(row(Num("1"), binary("-"), i("u"), binary("odot"), i("u"))),
                            )
                        ),
                        ".",
                    )
                ),
            ),
            (),
            errors,
        ),
    )


def document() -> Document:
    return Document(
        title="Backpropagation through time\nfor the Elman network",
        subtitle=(
            ("J. L. Elman, ", Emphasis(("Finding structure in time",)), ", Cognitive Science 14 (1990)."),
            ("We derive every gradient of the half-squared error, summed over all steps.",),
        ),
        seal=SideNote(
            (
                (
                    Strong(("Verified.",)),
                    " Every numbered equation and every rule was evaluated and compared with independent numerical values: ",
                    Strong(("62 checks",)),
                    " of 32 equations, largest relative error ",
                    Math(Bold(Num("3.4e-12"))),
                    ", seed 0. Table in ",
                    SectionReference("10", "section 10"),
                    ".",
                ),
            )
        ),
        footer="Elman network, backpropagation through time",
        blocks=(
            *cell_section(),
            Heading("2", "The picture"),
            picture(),
            *loss_section(),
            *backward_section(),
            *gradient_section(),
            *paths_section(),
            *every_node(),
            *checks_section(),
            *rules_section(),
        ),
    )


ALL_NODES: tuple[type[Layout], ...] = (
    Row, Ident, Num, Sign, Script, Fraction, Fence, Accent, Big, Function, Underbrace, Backward, Future, Bold, Matrix,
    Cases, Root, Space, Words,
)  # fmt: skip
