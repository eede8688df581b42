"""A slip in any printed equation is found, and blamed on that equation alone."""

from __future__ import annotations

from random import Random

import pytest

from autorecur.cells import cells
from tests.verify.mutants import Mutant, mutants

AT = ("last", "all")


def survivors(name: str, at: str, chosen: list[Mutant]) -> list[str]:
    """The mutants of a cell that verification does not blame on their own equation alone."""
    derivation = cells[name].derive(at=at)
    return [
        f"{mutant}: blamed {blamed or 'nothing'}"
        for mutant in chosen
        if (blamed := mutant.blamed(derivation)) != {mutant.equation.number} and not mutant.changes_nothing(derivation)
    ]


@pytest.mark.parametrize("at", AT)
@pytest.mark.parametrize("name", ["lstm", "gru", "rnn"])
def test_one_slip_in_each_equation_is_found(name: str, at: str) -> None:
    """For every equation of the three best known cells a slip drawn at random is blamed on that equation alone."""
    random = Random(f"{name} {at}")
    equations = cells[name].derive(at=at).equations
    chosen = [random.choice(found) for equation in equations if (found := list(mutants(equation)))]
    assert len(chosen) == len(equations)
    assert not survivors(name, at, chosen)


@pytest.mark.long
@pytest.mark.parametrize("at", AT)
@pytest.mark.parametrize("name", list(cells))
def test_every_slip_in_every_equation_is_found(name: str, at: str) -> None:
    """Every applicable slip at every place of every equation of every built-in cell is blamed on that equation alone."""
    equations = cells[name].derive(at=at).equations
    chosen = [mutant for equation in equations for mutant in mutants(equation)]
    assert len(chosen) > 5 * len(equations)
    assert not survivors(name, at, chosen)


@pytest.mark.long
@pytest.mark.parametrize("loss", ["ce", "bce", "squared", "half_squared", None, "sum(square(h[t])) + mean(y[t])"])
@pytest.mark.parametrize("name", ["gru", "rnn_no_bias"])
def test_every_slip_is_found_for_every_loss(name: str, loss: str | None) -> None:
    """The same holds whatever the loss is."""
    derivation = cells[name].derive(loss=loss, at="all")
    for equation in derivation.equations:
        for mutant in mutants(equation):
            blamed = mutant.blamed(derivation)
            assert blamed == {equation.number} or mutant.changes_nothing(derivation), mutant


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_find_slips_too(seed: int) -> None:
    """Finding a slip does not hang on one lucky point."""
    derivation = cells["rnn"].derive()
    random = Random(seed)
    for equation in derivation.equations:
        mutant = random.choice(list(mutants(equation)))
        assert mutant.blamed(derivation, seed) == {equation.number}


def test_mutants_know_when_they_change_nothing() -> None:
    """Swapping the two terms of a sum is no slip, a factor of 1.001 is one."""
    derivation = cells["rnn"].derive()
    equation = derivation["dL/dx"]
    assert Mutant(equation, "nothing", equation.rhs.func(*equation.rhs.args)).changes_nothing(derivation)
    assert not any(mutant.changes_nothing(derivation) for mutant in mutants(equation))
