"""What is no argument of a run is told in a sentence, with the name that it was given under."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar

CELL = ar.cell("h[t] = tanh(W x[t] + U h[t-1])")
X = [[1.0]]
PARAMS = {"W": [[1.0]], "U": [[0.5]]}


@pytest.mark.parametrize("params", [[1, 2], "W", 3.0])
def test_parameters_are_given_by_name(params):
    with pytest.raises(ar.AutorecurError, match=r"params is a mapping from names to arrays, such as \{'W': …\}"):
        CELL.run(X, params)


def test_a_key_that_is_no_name_is_shown():
    with pytest.raises(ar.AutorecurError, match="1 is no name"):
        CELL.run(X, {1: 2.0})


@pytest.mark.parametrize("initial", [[0.0], np.zeros(1)])
def test_initial_states_are_given_by_name(initial):
    with pytest.raises(ar.AutorecurError, match=r"initial is a mapping from names to arrays, such as \{'h': …\}"):
        CELL.run(X, PARAMS, initial=initial)


def test_outputs_are_names():
    with pytest.raises(ar.AutorecurError, match="outputs are names"):
        CELL.run(X, PARAMS, outputs=3)


@pytest.mark.parametrize("value", ["a", None, object()])
def test_what_holds_no_numbers_is_named_by_its_key(value):
    with pytest.raises(ar.AutorecurError, match=r"^U: no tensor can be made of"):
        CELL.run(X, {"W": [[1.0]], "U": value})


def test_results_are_found_by_name():
    with pytest.raises(AttributeError, match=r"write out\['h'\]"):
        CELL.run(X, PARAMS).h  # noqa: B018
