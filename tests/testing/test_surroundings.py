"""What the room loads, what it needs, and how it behaves on the first run of a machine."""

from __future__ import annotations

import doctest
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import autorecur as ar

PUBLIC = ("checking", "assertions", "slips", "strategies.arrays", "strategies.programs", "strategies.cells")


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )


@pytest.mark.parametrize("module", PUBLIC)
def test_examples_of_the_documentation_run(module: str) -> None:
    """Every public function shows how it is used."""
    failed, attempted = doctest.testmod(importlib.import_module(f"autorecur.testing.{module}"))
    assert attempted
    assert not failed


def test_every_public_name_has_a_text_and_is_there() -> None:
    """``dir`` lists them."""
    assert set(ar.testing.__all__) <= set(dir(ar.testing))
    assert all(getattr(ar.testing, name).__doc__ for name in ar.testing.__all__)
    with pytest.raises(AttributeError, match=r"module 'autorecur\.testing' has no attribute 'tensor'"):
        ar.testing.tensor  # noqa: B018


def test_importing_loads_no_hypothesis_and_nothing_heavy() -> None:
    """Neither does a check."""
    finished = run(
        "import sys, numpy as np, autorecur as ar\n"
        "assert ar.gradcheck(lambda x: x * x, np.ones(3))\n"
        "ar.testing.assert_vjp(np.sin, lambda g, out, x: g * np.cos(x), np.ones(3))\n"
        "print(sorted({'hypothesis', 'sympy', 'numba', 'torch', 'pytest'} & set(sys.modules)))"
    )
    assert finished.stdout == "[]\n", finished.stderr


def test_without_hypothesis_checks_work_and_strategies_say_what_to_install() -> None:
    """In one sentence."""
    finished = run(
        "import sys; sys.modules['hypothesis'] = None\n"
        "import numpy as np, autorecur as ar\n"
        "assert ar.gradcheck(lambda x: x * x, np.ones(3))\n"
        "try: ar.testing.assert_vjp(np.abs, lambda g, out, x: g, np.zeros(1))\n"
        "except ar.GradientError as error: print(error)\n"
        "try: ar.testing.tensors\n"
        "except ImportError as error: print(error)"
    )
    assert finished.stdout.splitlines() == [
        "nothing was compared; 1 skipped (1 at a kink): choose other inputs",
        "ar.testing.tensors draws with Hypothesis, which is not installed: pip install 'autorecur[test]'",
    ], finished.stderr


COLD = """
import autorecur as ar
from hypothesis import given, settings
from autorecur.testing import assert_gradients, programs, tensors

@settings(derandomize=True)
@given(programs(), tensors((3, 3)))
def check(program, x):
    assert_gradients(program, *program.inputs)
    assert_gradients(lambda x: ar.tanh(ar.exp(x) @ x), x, order=2)

check()
print("passed")
"""


def test_default_deadlines_pass_with_a_cold_cache(tmp_path: Path) -> None:
    """The first example may compile; that is not held against it."""
    home = {"NUMBA_CACHE_DIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    finished = run(f"import os; os.chdir({str(tmp_path)!r})\n{COLD}", **home)
    assert finished.stdout == "passed\n", finished.stderr
