"""Signs and letters as Unicode, for MathML: what LaTeX and Typst call by name stands there as a character."""

from __future__ import annotations

from autorecur.errors import RenderError
from autorecur.render.symbols import sign as _known


def _table(text: str) -> dict[str, str]:
    """Pairs ``name character``."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


SIGNS: dict[str, str] = {
    **{c: c for c in "!/?_%#&$@.()[]{},;:+*=<>|"},
    **_table(
        """
        cdots ⋯  ldots …  dots …  vdots ⋮  ddots ⋱  partial ∂  nabla ∇  infty ∞  top ⊤  bot ⊥  forall ∀  exists ∃
        emptyset ∅  neg ¬  ell ℓ  hbar ℏ  prime ′  ' ′  dagger †  star ⋆  bullet ∙  Re ℜ  Im ℑ  degree °  triangle △
        vert |  Vert ‖  mid |  langle ⟨  rangle ⟩  colon :  plus +  - −  minus −  pm ±  mp ∓  times ×  cdot ⋅  ast ∗
        div ÷  odot ⊙  oplus ⊕  ominus ⊖  otimes ⊗  circ ∘  cup ∪  cap ∩  setminus ∖  land ∧  wedge ∧  lor ∨  vee ∨
        eq =  lt <  gt >  ne ≠  neq ≠  le ≤  leq ≤  ge ≥  geq ≥  ll ≪  gg ≫  approx ≈  equiv ≡  sim ∼  simeq ≃  cong ≅
        propto ∝  in ∈  notin ∉  subset ⊂  subseteq ⊆  to →  rightarrow →  gets ←  leftarrow ←  leftrightarrow ↔
        Rightarrow ⇒  Leftarrow ⇐  Leftrightarrow ⇔  implies ⟹  iff ⟺  mapsto ↦  longrightarrow ⟶  uparrow ↑
        downarrow ↓  parallel ∥  perp ⊥  := ≔  coloneqq ≔
        """
    ),
}

GREEK: dict[str, str] = _table(
    """
    alpha α  beta β  gamma γ  delta δ  epsilon ϵ  varepsilon ε  zeta ζ  eta η  theta θ  vartheta ϑ  iota ι  kappa κ
    lambda λ  mu μ  nu ν  xi ξ  omicron ο  pi π  varpi ϖ  rho ρ  varrho ϱ  sigma σ  varsigma ς  tau τ  upsilon υ
    phi ϕ  varphi φ  chi χ  psi ψ  omega ω  ell ℓ
    Alpha Α  Beta Β  Gamma Γ  Delta Δ  Epsilon Ε  Zeta Ζ  Eta Η  Theta Θ  Iota Ι  Kappa Κ  Lambda Λ  Mu Μ  Nu Ν  Xi Ξ
    Omicron Ο  Pi Π  Rho Ρ  Sigma Σ  Tau Τ  Upsilon Υ  Phi Φ  Chi Χ  Psi Ψ  Omega Ω
    """
)

BIG: dict[str, str] = {"sum": "∑", "prod": "∏", "int": "∫", "bigoplus": "⨁"}

FENCES: dict[str, tuple[str, str]] = {
    "round": ("(", ")"),
    "square": ("[", "]"),
    "brace": ("{", "}"),
    "bar": ("|", "|"),
    "norm": ("‖", "‖"),
    "floor": ("⌊", "⌋"),
    "ceil": ("⌈", "⌉"),
    "angle": ("⟨", "⟩"),
    "evaluated": ("", "|"),
}

ACCENTS: dict[str, str] = {"bar": "¯", "hat": "^", "tilde": "~", "dot": "˙", "vec": "→"}

# Where the mathematical alphabets begin; letters that Unicode had before stand elsewhere.
_STARTS = {
    "italic": (0x1D434, 0x1D44E),
    "bold": (0x1D400, 0x1D41A),
    "bold italic": (0x1D468, 0x1D482),
    "blackboard": (0x1D538, 0x1D552),
    "script": (0x1D49C, 0x1D4B6),
}
_ELSEWHERE = {
    "italic": {"h": "ℎ"},
    "blackboard": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "script": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
}
_GREEK_STARTS = {"bold": (0x1D6A8, 0x1D6C2), "bold italic": (0x1D71C, 0x1D736)}
_GREEK_VARIANTS = "∂ϵϑϰϕϱϖ"


def sign(name: str) -> str:
    """The character of a sign; an unknown one is an error, never a guess."""
    _known(name)
    try:
        return SIGNS[name]
    except KeyError:
        raise RenderError(f"the MathML printer has no character for the sign {name!r}") from None


def styled(text: str, style: str) -> str:
    """Letters and digits in a mathematical alphabet: ``R`` in blackboard is ℝ. What an alphabet lacks stays as it is."""
    return "".join(_styled(c, style) for c in text)


def _styled(character: str, style: str) -> str:
    if style not in _STARTS:
        return character
    if character in _ELSEWHERE.get(style, {}):
        return _ELSEWHERE[style][character]
    capitals, smalls = _STARTS[style]
    if "A" <= character <= "Z":
        return chr(capitals + ord(character) - ord("A"))
    if "a" <= character <= "z":
        return chr(smalls + ord(character) - ord("a"))
    if style.startswith("bold") and "0" <= character <= "9":
        return chr(0x1D7CE + ord(character) - ord("0"))
    return _greek(character, style)


def _greek(character: str, style: str) -> str:
    if style not in _GREEK_STARTS:
        return character
    capitals, smalls = _GREEK_STARTS[style]
    if "Α" <= character <= "Ω":
        return chr(capitals + ord(character) - ord("Α"))
    if "α" <= character <= "ω":
        return chr(smalls + ord(character) - ord("α"))
    at = _GREEK_VARIANTS.find(character)
    return character if at < 0 else chr(smalls + 25 + at)
