"""The derivative of a function, as the op table has it: the rule is run on a variable, and what comes out is printed."""

from __future__ import annotations

from autorecur.graph.node import Variable, number
from autorecur.ops import op_named, pull_back
from autorecur.ops.open import is_open
from autorecur.symbolic.compose import Composer
from autorecur.symbolic.express import express
from autorecur.symbolic.layout import Fence, Layout, Script, Sign, relation, row


def has_formula(name: str) -> bool:
    """One variable, and not left open: of an open function the derivative is a symbol, and nothing more to say."""
    return op_named(name).arity == 1 and not is_open(name)


def derivative(name: str, composer: Composer) -> Layout:
    """``(tanh(v))′ = 1 − tanh²(v)`` for an elementwise function of one variable."""
    v = Variable(("n", 1), name="v")
    out = op_named(name)(v)
    partial = pull_back(op_named(name), 0, number(1), out, (v,), {})
    assert partial is not None
    primed = Script(Fence(composer(express(out))), None, Sign("prime"))
    return row(primed, relation("="), composer(express(partial)))
