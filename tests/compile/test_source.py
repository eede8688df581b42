"""The text that is compiled: Python of one function a segment, in which no word is a user's."""

from __future__ import annotations

import ast
import re

import pytest

import autorecur as ar
from autorecur.compile.equations import NotCompilable
from autorecur.compile.fuse import Loop, Statement
from autorecur.compile.source import function
from autorecur.graph.node import Variable, as_it_is
from autorecur.ops.functions import tanh
from autorecur.ops.linear import matmul
from tests.compile.lowered import backward, every, forward


@pytest.mark.parametrize("name", sorted(ar.cells))
def test_every_program_is_python(name: str) -> None:
    """Both programs of every built-in cell: functions, each named once."""
    cell = ar.cells[name]
    for program in (forward(cell, cell.outputs), backward(cell, cell.outputs)):
        tree = ast.parse(program.source)
        names = [item.name for item in tree.body if isinstance(item, ast.FunctionDef)]
        assert names == [f.name for f in program.functions]
        assert len(set(names)) == len(names)


def test_names_of_a_cell_stand_in_comments_alone() -> None:
    """What is executed holds pointers, sizes and numbers under names of the compiler's."""
    cell = ar.cell(
        "import_os[t] = tanh(quit x[t] + U import_os[t-1] + exec_1)\n"
        "lambda_2[t] = softmax(import_os[t]) * mean(import_os[t])"
    )
    for program in (forward(cell, cell.outputs), backward(cell, cell.outputs)):
        assert "import_os" in program.source
        code = re.sub(r"#.*", "", program.source)
        for word in ("import_os", "quit", "exec_1", "lambda_2"):
            assert word not in code


@pytest.mark.parametrize("name", sorted(ar.cells))
def test_comments_end_with_their_line(name: str) -> None:
    """Each pointer is explained on a line of its own, and nothing else hangs on it."""
    for f in forward(ar.cells[name], ar.cells[name].outputs).functions:
        head = f.text.splitlines()[1 : 1 + len(f.pointers)]
        assert head == [f"    # p{i}: {pointer}" for i, pointer in enumerate(f.pointers)]


def test_the_text_does_not_depend_on_names_of_parameters() -> None:
    """The same cell under other names is the same code: only comments differ."""
    texts = [
        re.sub(r"#.*", "", forward(text, ["h"]).source)
        for text in ("h[t] = tanh(W x[t] + U h[t-1] + b)", "h[t] = tanh(A x[t] + B h[t-1] + d)")
    ]
    assert texts[0] == texts[1]


def test_a_number_that_is_known_is_not_read_again() -> None:
    """h of this step is used by the readout in the loop that computes it."""
    [f] = forward("h[t] = tanh(x[t] + h[t-1])\ny[t] = h[t] * h[t]", ["y"], every(ar.cell("y[t] = x[t]"))).functions[:1]
    assert f.text.count("tanh(") == 1


def test_an_expression_that_is_too_deep_is_refused() -> None:
    """In words, not with a RecursionError."""
    node = Variable(("n", 1), name="x", offset=0)
    for _ in range(5000):
        node = as_it_is(tanh, node)  # type: ignore[assignment]
    loop = Loop(("n",), [Statement("y", node, "each", ("n",))])
    with pytest.raises(NotCompilable, match="nested too deeply"):
        function("f", [loop], {"y"}, {}, {}, {})


def test_a_product_of_matrices_inside_an_expression_is_refused() -> None:
    """It has no loop there; what has no name is not guessed."""
    product = as_it_is(matmul, Variable(("m", "n"), name="W"), Variable(("n", 1), name="x", offset=0))
    loop = Loop(("m",), [Statement("y", as_it_is(tanh, product), "each", ("m",))])
    with pytest.raises(NotCompilable, match="a product of matrices inside an expression"):
        function("f", [loop], {"y"}, {}, {}, {})
