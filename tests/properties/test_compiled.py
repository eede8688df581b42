"""Random calls of random cells: compiled, on the tape, and as the derivation prints them, the numbers are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from autorecur.compile import runner
from autorecur.testing.compiled import Call, Refused, compare, compare_with_derivation, drawn, search
from autorecur.testing.compiled.__main__ import main
from autorecur.testing.compiled.search import call_of, shrunk
from autorecur.testing.strategies.cells import FURTHER, texts

compiled = pytest.mark.skipif(
    not runner.is_available("float64"), reason="numba is missing or switched off: nothing is compiled"
)
# The same cells in every run: what was compiled once is found again. A failure is made smaller by Call.smaller.
fixed = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@st.composite
def calls(draw: st.DrawFn, max_states: int, max_depth: int) -> Call:
    def pick(options: Sequence[Any]) -> Any:
        return draw(st.sampled_from(options))

    text = draw(texts((1, max_states), max_depth, 2, True, tuple(FURTHER)))
    return drawn(pick, text, draw(st.integers(0, 99)))


def for_derivation(call: Call) -> Call:
    """The call without what a derivation's loss does not know."""
    outputs = call.cell().outputs
    weighted = tuple(name for name in call.weighted if name in outputs) or outputs
    plain = {"lengths": None, "truncate": None, "outputs": None, "last": False, "record": False, "dtype": "float64"}
    changed: dict[str, Any] = {**plain, "weighted": weighted}
    return replace(call, **changed)


def check_compiled(call: Call) -> None:
    def lines(call: Call) -> list[str]:
        try:
            return compare(call)
        except Refused as reason:
            assume("arrays at once" in str(reason))  # there is a limit to what one step may touch
            raise

    if lines(call):
        small = shrunk(call, lambda smaller: bool(lines(smaller)))
        pytest.fail("\n".join([small.text, repr(small), *lines(small)]))


@pytest.mark.parametrize("block", range(10))
def test_random_cells_run_as_derived(block: int) -> None:
    """300 cells: on the tape and by the printed equations, and these verified with a complex step; batches, initial states,
    any gradients, any cotangents."""
    for seed in range(30 * block, 30 * block + 30):
        call = for_derivation(call_of(seed, max_states=2, max_depth=1))
        assert compare_with_derivation(call) == [], f"seed {seed}: {call}"


@compiled
@given(calls(2, 1))
@settings(fixed, max_examples=20)
def test_random_cells_compile(call: Call) -> None:
    """Lengths, truncation, both dtypes, records; which gradients, which outputs, which cotangents; memory full of NaN."""
    check_compiled(call)


@compiled
@given(calls(3, 2))
@settings(fixed, max_examples=10)
def test_larger_random_cells_compile(call: Call) -> None:
    """Three states, expressions in expressions."""
    check_compiled(call)


@compiled
@given(calls(2, 1).map(for_derivation))
@settings(fixed, max_examples=5)
def test_compiled_cells_run_as_derived(call: Call) -> None:
    """Without the tape between."""
    assert compare_with_derivation(call, "compiled", verified=False) == []


@pytest.mark.long
@compiled
@pytest.mark.parametrize("block", range(10))
def test_many_random_cells_compile(block: int) -> None:
    """300 of those that the command tries."""
    for seed in range(1000 + 30 * block, 1000 + 30 * block + 30):
        check_compiled(call_of(seed))


@pytest.mark.long
@compiled
@given(calls(3, 2).map(for_derivation))
@settings(fixed, max_examples=60)
def test_many_compiled_cells_run_as_derived(call: Call) -> None:
    """More of them."""
    assert compare_with_derivation(call, "compiled") == []


def test_calls_reach_everything() -> None:
    """Among a few hundred calls there is each argument, each size, each group of gradients."""
    found = [call_of(seed) for seed in range(300)]
    assert {call.steps for call in found} == {1, 2, 3, 4, 7}
    assert {value for call in found for _, value in call.sizes} == {1, 2, 3, 5}
    assert {call.batch for call in found} == {None, 1, 2, 3}
    assert {call.truncate for call in found} == {None, 1, 2, 3}
    assert {call.dtype for call in found} == {"float64", "float32"}
    for name in ("lengths", "initial", "common", "outputs", "last", "record"):
        assert len({bool(getattr(call, name)) for call in found}) == 2, name
    assert any(call.wanted and all("[" in name for name in call.wanted) for call in found)
    assert any(set(call.wanted) == set(call.cell().inputs) for call in found)


@compiled
def test_the_command_repeats_a_seed(capsys: pytest.CaptureFixture[str]) -> None:
    """One cell, no failure, exit code 0."""
    assert main(["--only", "2", "--states", "1", "--depth", "0"]) == 0
    assert capsys.readouterr().out == "1 cells: 0 failed, 0 cannot be compiled\n"


@compiled
def test_seeds_are_shared_among_processes() -> None:
    """Each is tried once."""
    found = dict(search.results(range(2, 5), 1, 0, jobs=2))
    assert sorted(found) == [2, 3, 4]
    assert not any(result.lines or result.refusal for result in found.values())
    assert found[3].call == call_of(3, 1, 0)


def test_the_command_says_what_differs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With the seed, the cell, and a program that shows it in a small call; exit code 1."""

    def differs(call: Call) -> list[str]:
        return ["h is 1 away, 0 is allowed"] if call.steps > 1 else []

    monkeypatch.setattr(search, "compare", differs)
    seed = next(seed for seed in range(99) if call_of(seed).steps > 2)
    assert main(["--only", str(seed)]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith(f"seed {seed}:\n    ")
    assert "  h is 1 away, 0 is allowed\n" in shown
    assert "1 cells: 1 failed, 0 cannot be compiled\n" in shown
    [program] = [line for line in shown.splitlines() if line.startswith("print(compare(")]
    found = eval(program.removeprefix("print(compare(").removesuffix("))"), {"Call": Call})
    assert (found.steps, found.batch, found.text) == (2, None, call_of(seed).text)


def test_what_is_refused_is_no_failure(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is printed, and counted by itself; an exception is a failure."""

    def refuses(call: Call) -> list[str]:
        raise Refused("no program")

    def breaks(call: Call) -> list[str]:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(search, "compare", refuses)
    assert main(["--cells", "2", "--seed", "5"]) == 0
    assert (
        capsys.readouterr().out == "seed 5: no program\nseed 6: no program\n2 cells: 0 failed, 2 cannot be compiled\n"
    )
    monkeypatch.setattr(search, "compare", breaks)
    assert main(["--only", "5"]) == 1
    assert "ZeroDivisionError: division by zero" in capsys.readouterr().out


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """Every option with its default; what is no number is refused."""
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--cells", "--seed", "--only", "--states", "--depth", "--jobs"))
    with pytest.raises(SystemExit) as left:
        main(["--cells", "0"])
    assert left.value.code == 2


def test_a_seed_gives_the_same_call_again() -> None:
    """And another seed another one."""
    assert call_of(3) == call_of(3)
    assert call_of(3) != call_of(4)


def test_failures_are_made_smaller() -> None:
    """As long as they fail: here, while there is a truncation and more than one step."""
    call = call_of(next(seed for seed in range(99) if call_of(seed).truncate and call_of(seed).steps > 3))
    small = shrunk(call, lambda call: call.truncate is not None and call.steps > 1)
    assert (small.steps, small.batch, small.lengths, small.record, small.dtype) == (2, None, None, False, "float64")
    assert {value for _, value in small.sizes} == {1}


def test_what_a_derivation_does_not_know_is_refused() -> None:
    """Rather than compared with something else."""
    call = for_derivation(Call("h[t] = tanh(U h[t-1])\ny[t] = Q h[t]", (("n_h", 2), ("n_y", 1)), 2, weighted=("y",)))
    assert compare_with_derivation(call, verified=False) == []
    with pytest.raises(ValueError, match="lengths, truncate, outputs and last"):
        compare_with_derivation(replace(call, truncate=1))
    with pytest.raises(ValueError, match="h are not all outputs, y"):
        compare_with_derivation(replace(call, weighted=("h",)))
