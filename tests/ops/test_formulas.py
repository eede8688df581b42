"""The kernel, the symbolic form and the rule of a function say the same."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

from autorecur.graph.adjoint import pull_backs
from autorecur.graph.node import Variable, apply
from autorecur.graph.program import Values, compile_node
from autorecur.ops import FUNCTIONS, TABLE, Op, pull_back
from autorecur.ops.reductions import total
from autorecur.symbolic.numbers import complex_kernel, defined, precise_kernel, real
from tests.ops.numerical import error, gradient
from tests.ops.samples import DIFFERENTIABLE, OF_CELLS, SCALAR, Sample, smooth_samples

POINTS = (-3.1, -1.7, -0.6, -0.013, 0.02, 0.4, 1.1, 2.9)
POSITIVE_POINTS = (0.013, 0.4, 0.98, 1.7, 12.5)
ULPS = 8


def points(op: Op) -> list[tuple[float, ...]]:
    """Real arguments away from kinks, in the function's domain."""
    line = POSITIVE_POINTS if op.name in ("log", "sqrt", "log1p") else POINTS
    return [(x,) for x in line] if op.arity == 1 else [(x, y) for x in line for y in line if x != y]


def symbols(op: Op) -> Any:
    return sympy.symbols(f"x:{op.arity}", real=True)


def by_mpmath(expression: sympy.Expr, names: Any, values: tuple[Any, ...]) -> Any:
    with mpmath.workdps(50):
        return sympy.lambdify(names, expression, "mpmath")(*(mpmath.mpmathify(value) for value in values))


def arrays(values: tuple[Any, ...]) -> list[np.ndarray]:
    return [np.array([[value]]) for value in values]


every_formula = pytest.mark.parametrize("op", SCALAR, ids=str)


@every_formula
def test_the_kernel_is_the_formula_to_a_few_units_of_the_last_place(op: Op) -> None:
    """At real points, against 50 digits."""
    names = symbols(op)
    for values in points(op):
        true = by_mpmath(op.formula(sympy, *names), names, values)
        own = float(op.kernel(*arrays(values))[0, 0])
        assert abs(own - float(true)) <= ULPS * np.spacing(abs(float(true))), values


@every_formula
def test_precise_kernels_keep_their_digits(op: Op) -> None:
    """For mpmath numbers the value comes from the formula, with all 50 digits."""
    names = symbols(op)
    with mpmath.workdps(50):
        for values in points(op)[:3]:
            exact = [np.array([[mpmath.mpf(value)]], dtype=object) for value in values]
            true = by_mpmath(op.formula(sympy, *names), names, values)
            assert abs(precise_kernel(op)(*exact)[0, 0] - true) < mpmath.mpf(10) ** -45


@pytest.mark.parametrize("op", [op for op in SCALAR if op.kink is None], ids=str)
def test_complex_kernels_are_the_formula(op: Op) -> None:
    """For complex arguments too."""
    names = sympy.symbols(f"x:{op.arity}")
    for (x,) in points(op):
        for y in (0.3, -1.1):
            value = complex(x, y)
            true = complex(by_mpmath(op.formula(sympy, *names), names, (value,)))
            assert complex(complex_kernel(op)(np.array([[value]]))[0, 0]) == pytest.approx(true, rel=1e-12)


@pytest.mark.parametrize("op", [op for op in SCALAR if op.kink is not None], ids=str)
def test_functions_with_a_kink_branch_on_the_real_part(op: Op) -> None:
    """A small imaginary part changes no branch."""
    for values in points(op):
        moved = [array + 1e-30j for array in arrays(values)]
        assert np.real(op.kernel(*moved)) == pytest.approx(op.kernel(*arrays(values)), rel=1e-15)


@pytest.mark.parametrize("op", [op for op in SCALAR if op in DIFFERENTIABLE], ids=str)
def test_the_rule_is_what_sympy_derives_from_the_formula(op: Op) -> None:
    """SymPy's derivative of the formula, in numbers, is the pull-back of 1."""
    names = symbols(op)
    for values in points(op):
        given = tuple(arrays(values))
        for i, name in enumerate(names):
            true = float(by_mpmath(sympy.diff(op.formula(sympy, *names), name), names, values))
            own = pull_back(op, i, np.ones((1, 1)), op.kernel(*given), given, {})
            assert float(own[0, 0]) == pytest.approx(true, rel=1e-13, abs=1e-15), (values, i)


@pytest.mark.parametrize("op", [op for op in SCALAR if op in DIFFERENTIABLE and op.arity == 1], ids=str)
def test_rules_run_on_nodes_give_the_second_derivative(op: Op) -> None:
    """The rule of the rule: what a graph of nodes makes of it is SymPy's second derivative."""
    (name,) = symbols(op)
    second = sympy.diff(op.formula(sympy, name), name, 2)
    x = Variable((1, 1), name="x")
    node = x
    for _ in range(2):
        node = apply(op, (x,), {}) if node is x else node
        found = pull_backs(node, Variable((1, 1), name="one"), node)
        node = found[x][0] if x in found else Variable((1, 1), name="zero")
    compute = compile_node(node, {})
    for values in points(op):
        known = {"x": np.array([[values[0]]]), "one": np.ones((1, 1)), "zero": np.zeros((1, 1))}
        own = compute(Values({}, 1, known), {})
        assert float(own[0, 0]) == pytest.approx(float(by_mpmath(second, (name,), values)), rel=1e-12, abs=1e-14)


def is_a_node(sample: Sample) -> bool:
    """Whether a quantity of a cell could be called like this: matrices, whose two axes are joined and stay."""
    matrices = all(array.ndim == 2 for array in sample.arrays)
    return matrices and "keepdims" not in sample.attributes and sample.attributes.get("axis") != (-1,)


@pytest.mark.parametrize("op", [op for op in OF_CELLS if op not in SCALAR or op.arity > 1], ids=str)
def test_rules_run_on_nodes_can_be_differentiated_again(op: Op) -> None:
    """The gradient, as a graph of nodes, has the gradient that differences of the pull-back's numbers have."""
    tried = [sample for sample in smooth_samples(op) if is_a_node(sample)]
    assert tried
    for sample in tried:
        names = [Variable(array.shape, name=f"x{j}") for j, array in enumerate(sample.arrays)]
        out = apply(op, tuple(names), sample.attributes)
        g, v = sample.cotangent(), sample.direction()
        known = {"g": g, "one": np.ones((1, 1))} | {f"x{j}": array for j, array in enumerate(sample.arrays)}
        sent = Variable(out.shape, name="g")
        for k, i in enumerate(sample.floats):
            along = Variable(names[i].shape, name="v")
            node = total(along * pull_back(op, i, sent, out, tuple(names), sample.attributes), axis=(-2, -1))
            found = pull_backs(node, Variable((1, 1), name="one"), node)
            leaves = [names[j] for j in sample.floats]
            values = Values({}, 1, {**known, "v": v[k]})
            own = [compile_node(found[x][0], {})(values, {}) if x in found else np.zeros(x.shape) for x in leaves]
            true = gradient(lambda *x, k=k, s=sample: float(np.sum(v[k] * s.pulled(g, *x)[k])), sample.primals)  # noqa: B023
            assert max(error(o, t) for o, t in zip(own, true, strict=True)) < 1e-8, sample


@pytest.mark.parametrize("op", [op for op in TABLE.values() if op.definition is not None], ids=str)
def test_a_definition_in_other_ops_is_the_kernel(op: Op) -> None:
    """norm, softmax, logsumexp and the cross entropies are what their definitions say."""
    for sample in filter(is_a_node, smooth_samples(op)):
        through = defined(op, real)(*sample.arrays, **sample.attributes)
        assert error(through, sample.value(*sample.arrays)) < 1e-14


def test_every_function_of_the_language_has_a_symbolic_value() -> None:
    """A formula, a definition, or a reduction that any arithmetic can run."""
    for op in FUNCTIONS.values():
        assert op.formula is not None or op.definition is not None or op.kind == "reduction"
