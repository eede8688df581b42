"""The signs, Greek letters and named functions that a layout may use, with their spelling in LaTeX and in Typst."""

from __future__ import annotations

from dataclasses import dataclass

from autorecur.errors import RenderError


@dataclass(frozen=True, slots=True)
class Symbol:
    """One sign: its two spellings, the kind that TeX gives it, and its width in em."""

    latex: str
    typst: str
    kind: str
    width: float


def _table(kind: str, width: float, text: str) -> dict[str, Symbol]:
    """Lines ``name typst [latex]``; the LaTeX command is the name with a backslash unless it is given."""
    table = {}
    for line in text.split("\n"):
        if not line.strip():
            continue
        name, typst, *latex = line.split()
        table[name] = Symbol(latex[0] if latex else "\\" + name, typst, kind, width)
    return table


_DOTS = {"cdots": "dots.c", "ldots": "dots.h", "dots": "dots.h"}
SIGNS: dict[str, Symbol] = {
    # Typst sets no space around dots, TeX a thin one.
    **{name: Symbol("\\" + name, f"thin {dots} thin", "ord", 1.5) for name, dots in _DOTS.items()},
    **_table("ord", 0.78, "vdots dots.v\nddots dots.down"),
    **_table(
        "ord",
        0.6,
        """
        partial partial
        nabla nabla
        infty oo
        top top
        bot bot
        forall forall
        exists exists
        emptyset nothing
        neg not
        ell ell
        hbar planck
        prime prime
        dagger dagger
        star star.op
        bullet bullet
        Re Re
        Im Im
        degree degree ^\\circ
        triangle triangle.stroked.t
        """,
    ),
    **_table("ord", 0.28, "| bar.v \\vert\nvert bar.v\nVert bar.v.double\nmid bar.v\n! ! !\n/ \\/ /\n? ? ?"),
    **_table("ord", 0.5, "_ \\_ \\_\n% % \\%\n# \\# \\#\n& \\& \\&\n$ \\$ \\$\n' prime '\n@ \\@ @"),
    **_table("open", 0.39, "( \\( (\n[ \\[ [\n{ \\{ \\lbrace\nlangle chevron.l"),
    **_table("close", 0.39, ") \\) )\n] \\] ]\n} \\} \\rbrace\nrangle chevron.r"),
    **_table("punct", 0.45, ", \\, ,\n; \\; ;\n: \\: {:}\ncolon \\:"),
    **_table("ord", 0.28, ". \\. ."),
    **_table(
        "binary",
        1.22,
        """
        + + +
        plus + +
        - - -
        minus - -
        pm plus.minus
        mp minus.plus
        times times
        cdot dot.op
        * * *
        ast ast.op
        div div
        odot dot.o
        oplus plus.o
        ominus minus.o
        otimes times.o
        circ compose
        cup union
        cap inter
        setminus without
        land and
        lor or
        wedge and
        vee or
        """,
    ),
    **_table(
        "relation",
        1.33,
        """
        = = =
        eq = =
        < < <
        > > >
        lt < <
        gt > >
        ne !=
        neq !=
        le <=
        leq <=
        ge >=
        geq >=
        ll <<
        gg >>
        approx approx
        equiv equiv
        sim tilde.op
        simeq tilde.eq
        cong tilde.equiv
        propto prop
        in in
        notin in.not
        subset subset
        subseteq subset.eq
        to arrow.r
        rightarrow arrow.r
        gets arrow.l
        leftarrow arrow.l
        leftrightarrow arrow.l.r
        Rightarrow arrow.r.double
        Leftarrow arrow.l.double
        Leftrightarrow arrow.l.r.double
        implies arrow.r.double.long
        iff arrow.l.r.double.long
        mapsto mapsto
        longrightarrow arrow.r.long
        uparrow arrow.t
        downarrow arrow.b
        parallel parallel
        perp perp
        := colon.eq {:=}
        coloneqq colon.eq {:=}
        """,
    ),
}

# Typst's plain names are the curly forms of epsilon and phi and the usual forms of the others; TeX's are the reverse.
_ALIKE = (
    "alpha beta gamma delta zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon chi psi omega "
    "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
GREEK: dict[str, tuple[str, str]] = {name: ("\\" + name, name) for name in _ALIKE.split()} | {
    "epsilon": ("\\epsilon", "epsilon.alt"),
    "varepsilon": ("\\varepsilon", "epsilon"),
    "phi": ("\\phi", "phi.alt"),
    "varphi": ("\\varphi", "phi"),
    "vartheta": ("\\vartheta", "theta.alt"),
    "varrho": ("\\varrho", "rho.alt"),
    "varsigma": ("\\varsigma", "sigma.alt"),
    "varpi": ("\\varpi", "pi.alt"),
    "ell": ("\\ell", "ell"),
    "omicron": ("o", "o"),
    "Alpha": ("\\mathrm{A}", "upright(A)"),
    "Beta": ("\\mathrm{B}", "upright(B)"),
    "Epsilon": ("\\mathrm{E}", "upright(E)"),
    "Zeta": ("\\mathrm{Z}", "upright(Z)"),
    "Eta": ("\\mathrm{H}", "upright(H)"),
    "Iota": ("\\mathrm{I}", "upright(I)"),
    "Kappa": ("\\mathrm{K}", "upright(K)"),
    "Mu": ("\\mathrm{M}", "upright(M)"),
    "Nu": ("\\mathrm{N}", "upright(N)"),
    "Omicron": ("\\mathrm{O}", "upright(O)"),
    "Rho": ("\\mathrm{P}", "upright(P)"),
    "Tau": ("\\mathrm{T}", "upright(T)"),
    "Chi": ("\\mathrm{X}", "upright(X)"),
}

_NAMED = (
    "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim ln log max min Pr sec sin sinh "
    "sup tan tanh"
)
LATEX_FUNCTIONS = frozenset(_NAMED.split())

BIG: dict[str, tuple[str, str]] = {
    "sum": ("\\sum", "sum"),
    "prod": ("\\prod", "product"),
    "int": ("\\int", "integral"),
    "bigoplus": ("\\bigoplus", "plus.o.big"),
}

# kind: LaTeX opening and closing, Typst opening and closing.
FENCES: dict[str, tuple[str, str, str, str]] = {
    "round": ("(", ")", "\\(", "\\)"),
    "square": ("[", "]", "\\[", "\\]"),
    "brace": ("\\lbrace", "\\rbrace", "\\{", "\\}"),
    "bar": ("\\lvert", "\\rvert", "bar.v", "bar.v"),
    "norm": ("\\lVert", "\\rVert", "bar.v.double", "bar.v.double"),
    "floor": ("\\lfloor", "\\rfloor", "floor.l", "floor.r"),
    "ceil": ("\\lceil", "\\rceil", "ceil.l", "ceil.r"),
    "angle": ("\\langle", "\\rangle", "chevron.l", "chevron.r"),
    # Only behind: the bar at which a derivative is taken. In LaTeX a dot is no bracket, where brackets grow.
    "evaluated": (".", "\\vert", "", "bar.v"),
}

SPACES: dict[str, tuple[str, str, float]] = {
    "thin": ("\\,", "thin", 0.167),
    "medium": ("\\:", "med", 0.222),
    "thick": ("\\;", "thick", 0.278),
    "quad": ("\\quad", "quad", 1.0),
    "wide": ("\\qquad", "wide", 2.0),
}


def sign(name: str) -> Symbol:
    """The sign of that name; an unknown one is an error, never a guess."""
    try:
        return SIGNS[name]
    except KeyError:
        raise RenderError(f"no printer knows the sign {name!r}") from None
