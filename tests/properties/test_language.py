"""Properties of the language over random trees, cells and texts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from autorecur.errors import CellError
from autorecur.language import Cell, cell, parse_expression, schedule
from autorecur.language.canonical import write
from autorecur.language.constants import constant
from autorecur.language.functions import arity, function_names
from autorecur.language.order import BothDirections, SameStepCycle
from autorecur.language.sizes import Size
from autorecur.language.syntax import Binary, Call, Expression, Name, Negative, Number, Power, Stack, Transpose
from autorecur.language.trees import children

NAMES = st.sampled_from(["a", "b_h", "W", "W_hh", "h", "x", "h_tilde", "Gamma_u", "alpha", "e3"])
NUMBERS = st.sampled_from(["0", "1", "2", "0.5", ".5", "1.", "1e-3", "12E4"]).map(Number)
LEAVES = st.builds(Name, NAMES, st.one_of(st.none(), st.integers(-3, 3))) | NUMBERS


def calls(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def of(function: str) -> st.SearchStrategy[Expression]:
        return st.tuples(*[inner] * arity(function)).map(lambda arguments: Call(function, arguments))

    return st.sampled_from(sorted(function_names())).flatmap(of)


def composites(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(Binary, st.sampled_from("+-*@"), inner, inner),
        st.builds(Binary, st.just("/"), inner, inner.filter(lambda divisor: constant(divisor) != 0)),
        st.builds(Negative, inner),
        st.builds(Transpose, inner),
        st.builds(Power, inner, st.integers(1, 9)),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: Stack(tuple(items))),
        calls(inner),
    )


TREES = st.recursive(LEAVES, composites, max_leaves=12)


@given(TREES)
@settings(max_examples=500, deadline=None)
def test_trees_print_and_parse_back(tree: Expression) -> None:
    """What is written is what was meant, for every operator inside every operator."""
    assert parse_expression(write(tree)) == tree


@given(TREES)
@settings(max_examples=200, deadline=None)
def test_every_bracket_is_needed(tree: Expression) -> None:
    """Without any one pair of round brackets the text means something else, or nothing, or is refused as ambiguous."""
    text = write(tree)
    for opener, closer in round_pairs(text):
        shorter = text[:opener] + " " + text[opener + 1 : closer] + " " + text[closer + 1 :]
        try:
            same = parse_expression(shorter) == tree
        except CellError:
            same = False
        assert not same or kept_for_the_reader(text, opener, closer)


def kept_for_the_reader(text: str, opener: int, closer: int) -> bool:
    """A minus behind an operator, what stands below a stroke, and what a power is taken of keep their brackets."""
    return text[opener + 1] == "-" or text[:opener].rstrip().endswith("/") or text.startswith("^", closer + 1)


def round_pairs(text: str) -> list[tuple[int, int]]:
    """Positions of grouping brackets, not of those behind a function."""
    stack, pairs = [], []
    for position, character in enumerate(text):
        if character == "(":
            stack.append(position)
        elif character == ")":
            opener = stack.pop()
            if not (opener and (text[opener - 1].isalnum())):
                pairs.append((opener, position))
    return pairs


@given(st.text(alphabet="abhxWtT_^{}[]()<>+-*/@.,=#:0123456789 \\\n·σ", max_size=60))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_cell_or_a_clear_error(text: str) -> None:
    """Nothing but a CellError ever comes out, and what is read is written back."""
    try:
        found = cell(text)
    except CellError:
        return
    assert cell(str(found)) == found


QUANTITIES = st.builds(Name, st.sampled_from(["h", "c", "y", "x", "z"]), st.integers(-2, 0))
PARAMETERS = st.sampled_from(["W", "U", "V", "b", "w", "alpha"]).map(Name)
PRODUCTS = st.builds(Binary, st.just("@"), st.sampled_from(["W", "U", "V"]).map(Name), QUANTITIES)
RIGHT_SIDES = st.recursive(PRODUCTS | QUANTITIES | PARAMETERS | NUMBERS, composites, max_leaves=5)


@given(st.dictionaries(st.sampled_from(["h", "c", "y"]), RIGHT_SIDES, min_size=1, max_size=3))
@settings(max_examples=500, deadline=None)
def test_random_cells_have_shapes_that_fit(equations: dict[str, Expression]) -> None:
    """Random equations are a cell in which both sides have one shape, or a clear error."""
    text = "\n".join(f"{name}[t] = {write(tree)}" for name, tree in equations.items())
    try:
        found = cell(text)
    except CellError:
        return
    assert cell(str(found)) == found
    for assignment in found.assignments:
        check(assignment.expression, found)
        assert same(found.shape_of(assignment.expression), found.shapes[assignment.name])


def check(tree: Expression, found: Cell) -> None:
    """Every operation inside works on shapes that fit, each by its own rule."""
    work = [tree]
    while work:
        node = work.pop()
        work.extend(children(node))
        if not isinstance(node, Binary):
            continue
        left, right = found.shape_of(node.left), found.shape_of(node.right)
        if (1, 1) not in (left, right):
            assert same(left[1:], right[:1]) if node.operator == "@" else same(left, right)


def same(one: tuple[Size, ...], two: tuple[Size, ...]) -> bool:
    """Equal sizes; the parts of a sum may stand in any order."""
    return [sorted(str(size).split(" + ")) for size in one] == [sorted(str(size).split(" + ")) for size in two]


GRAPHS = st.integers(1, 7).flatmap(
    lambda count: st.lists(
        st.lists(st.tuples(st.integers(0, count), st.integers(-2, 2)), max_size=4), min_size=count, max_size=count
    )
)


@given(GRAPHS)
@settings(max_examples=300, deadline=None)
def test_schedule_runs_every_name_after_what_it_needs(graph: list[list[tuple[int, int]]]) -> None:
    """Following the loops step by step, every value is there when it is read."""
    steps = 6
    reads = {f"v{i}": [(f"v{j}", offset) for j, offset in pairs] for i, pairs in enumerate(graph)}
    try:
        loops = schedule(reads)
    except (SameStepCycle, BothDirections):
        return
    done: set[tuple[str, int]] = set()
    for loop in loops:
        times = range(steps, 0, -1) if loop.direction < 0 else range(1, steps + 1)
        for t in times:
            for name in loop.names:
                for other, offset in reads[name]:
                    given_value = other not in reads or not 1 <= t + offset <= steps
                    assert given_value or (other, t + offset) in done
                done.add((name, t))
    assert len(done) == steps * len(reads)
