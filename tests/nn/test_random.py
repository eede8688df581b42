"""The source of random numbers: seeds and states."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import autorecur as ar
from autorecur import random
from autorecur.errors import DtypeError


def test_a_seed_starts_the_numbers_anew() -> None:
    """The same seed gives the same numbers, another one others; negative and NumPy's integers are seeds as well."""
    drawn = []
    for seed in (3, np.int64(3), 4, -1, 2**64 - 1):
        ar.manual_seed(seed)
        drawn.append(random.generator.random())
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[3] == drawn[4]


def test_a_state_can_be_kept_and_taken_up() -> None:
    """After ``set_state`` the numbers continue as they did after ``state``; a state survives being written as JSON."""
    ar.manual_seed(0)
    random.generator.standard_normal(7)
    kept = json.loads(json.dumps(random.state()))
    first = random.generator.random(5).tolist()
    random.generator.random(3)
    random.set_state(kept)
    assert random.generator.random(5).tolist() == first


def test_the_generator_stays_the_same_object() -> None:
    """Whoever holds the generator sees the seed."""
    held = random.generator
    ar.manual_seed(5)
    assert held is random.generator
    assert held.bit_generator.state == random.state()


def test_without_a_seed_every_process_draws_others() -> None:
    """Two processes do not share their numbers by accident."""
    statement = "from autorecur import random; print(random.generator.random())"
    drawn = {subprocess.run([sys.executable, "-c", statement], capture_output=True, check=True).stdout for _ in "ab"}
    assert len(drawn) == 2


def test_what_is_no_seed_and_no_state() -> None:
    """Both are refused in words, and leave the numbers where they stood."""
    before = random.state()
    with pytest.raises(DtypeError) as caught:
        ar.manual_seed(1.5)  # type: ignore[arg-type]
    assert str(caught.value) == "a seed is an integer, not 1.5 (float)"
    with pytest.raises(DtypeError) as caught:
        random.set_state({"x": 1})
    assert str(caught.value) == (
        "no state of the random numbers: {'x': 1}; give what autorecur.random.state() returned"
    )
    assert random.state() == before
