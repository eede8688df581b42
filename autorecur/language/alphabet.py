"""The spellings that mean one thing: Greek letters, LaTeX commands, signs of multiplication, accents."""

from __future__ import annotations

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho",
    "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
    "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi",
    "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
GREEK_COMMANDS = {name: name for name in GREEK.values()} | {
    "varepsilon": "epsilon",
    "varphi": "phi",
    "varsigma": "sigma",
}
ACCENTS = {
    "tilde": "tilde", "widetilde": "tilde", "hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar",
}  # fmt: skip
STYLES = frozenset({
    "mathbf", "boldsymbol", "bm", "mathrm", "mathit", "mathcal", "mathsf", "mathbb", "text", "textrm", "textbf", "textit",
    "operatorname", "vec",
})  # fmt: skip
BLANKS = frozenset({
    "left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "bigg", "Bigg", "biggl", "biggr", "Biggl", "Biggr",
    "quad", "qquad", "displaystyle", "limits",
})  # fmt: skip
OPERATOR_COMMANDS = {
    "odot": "*", "circ": "*", "ast": "*", "cdot": "dot", "times": "dot", "lbrack": "[", "rbrack": "]",
}  # fmt: skip
SIGNS = {
    "+": "+", "-": "-", "−": "-", "*": "*", "⊙": "*", "∘": "*", "∗": "*", "/": "/", "@": "@", "(": "(", ")": ")",
    "[": "[", "]": "]", ",": ",", "=": "=", "·": "dot", "⋅": "dot", "×": "dot",
}  # fmt: skip
SUPERSCRIPT_DIGITS = {"²": 2, "³": 3}
SUBSCRIPT_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-")
