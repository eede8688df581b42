"""The keys of a notation's file: in which table each stands, what it can be, what it means. The notes repeat this table."""

from __future__ import annotations

from dataclasses import dataclass

SYMBOL, TABLE, LISTS, TEXT, TRUTH = "a symbol", "a table", "a table of lists", "text", "true or false"


@dataclass(frozen=True)
class Key:
    """``kind`` is one of the words above, or empty where ``choices`` lists the values; ``field`` is the one of the profile."""

    table: str
    name: str
    meaning: str
    choices: tuple[str | int, ...] = ()
    kind: str = ""
    field: str = ""

    @property
    def path(self) -> str:
        return f"{self.table}.{self.name}" if self.table and self.name else self.table or self.name

    @property
    def values(self) -> str:
        """The values in words."""
        return self.kind or ", ".join(str(choice) for choice in self.choices)


KEYS: tuple[Key, ...] = (
    Key("", "base", "the notation that this one starts from: one that ships", kind=TEXT),
    Key("", "title", "a few words for people", kind=TEXT, field="title"),
    Key("letters", "steps", "the number of steps", kind=SYMBOL, field="steps"),
    Key("letters", "target", "the target", kind=SYMBOL, field="target"),
    Key("letters", "loss", "the loss", kind=SYMBOL, field="loss"),
    Key("letters", "step_loss", "the loss of one step", kind=SYMBOL, field="step_loss"),
    Key("letters", "preactivations", "the letter of pre-activations", kind=SYMBOL, field="preactivations"),
    Key("letters", "sigmoid", "the logistic function as a letter or as a word", ("sigma", "sigmoid"), field="sigmoid"),
    Key(
        "time",
        "style",
        "h_t, h^{(t)}, h^{⟨t⟩}, h(t)",
        ("subscript", "superscript", "angle", "parenthesis"),
        field="time",
    ),
    Key("time", "first", "the number of the first step", (1, 0), field="first"),
    Key("time", "layers", "the number behind a name: h_1 or h^{[1]}", ("subscript", "bracket"), field="layers"),
    Key(
        "signs",
        "hadamard",
        "the elementwise product: ⊙, ∘, *, · or ×",
        ("odot", "circ", "*", "cdot", "times"),
        field="hadamard",
    ),
    Key("signs", "derivative", "∂L/∂h or dL/dh", ("partial", "d"), field="derivative"),
    Key("signs", "transpose", "W^⊤, W^T or ᵗW", ("top", "T", "prescript"), field="transpose"),
    Key(
        "signs",
        "concatenation",
        "[h, x], (h, x), [h; x] or one above the other",
        ("square", "round", "semicolon", "column"),
        field="concatenation",
    ),
    Key("signs", "bold", "vectors in bold", kind=TRUTH, field="bold"),
    Key(
        "adjoints",
        "style",
        "an accent on the letter, δh, dh or ∂L/∂h",
        ("bar", "hat", "tilde", "dot", "delta", "d", "fraction"),
        field="adjoint",
    ),
    Key(
        "adjoints",
        "preactivation",
        "a letter of its own for the adjoint of a pre-activation, or none",
        ("delta", "epsilon", "none"),
        field="preactivation",
    ),
    Key(
        "adjoints",
        "immediate",
        "a derivative through one step alone: ∂⁺h, or a bar behind it that names the step",
        ("plus", "bar"),
        field="immediate",
    ),
    Key(
        "equations",
        "jacobian",
        "∂u/∂v has a row for each component of u (numerator) or of v (denominator)",
        ("numerator", "denominator"),
        field="jacobian",
    ),
    Key(
        "equations",
        "components",
        "each equation also by components with sums, or not",
        ("none", "beside"),
        field="components",
    ),
    Key("mathematics", "vectors", "vectors are columns or rows", ("column", "row")),
    Key(
        "mathematics",
        "weights",
        "a weight as the author wrote it, transposed (W^⊤ h; in rows h W^⊤), or plain (W h; in rows to the right, h W)",
        ("as written", "transposed", "right"),
    ),
    Key("mathematics", "concatenate", "join U h + W x to W [h, x], or take such products apart", kind=TRUTH),
    Key("symbols", "", "name of the cell = how it prints", kind=TABLE, field="symbols"),
    Key("sizes", "", "name of a size, such as n_h = how it prints", kind=TABLE, field="sizes"),
    Key(
        "blocks",
        "",
        'weight of a concatenation = what its blocks are called: W_a = ["W_aa", "W_ax"]',
        kind=LISTS,
        field="blocks",
    ),
)
"""A key without a name is a table whose keys are free."""

TABLES = tuple(dict.fromkeys(key.table for key in KEYS if key.table))
FREE = {key.table: key for key in KEYS if not key.name}
KNOWN = {(key.table, key.name): key for key in KEYS if key.name}
