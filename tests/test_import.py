"""Importing the package, and asking the command line for help, loads nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import autorecur as ar
from autorecur.arrays import FUNCTIONS

HEAVY = {
    "numba",
    "llvmlite",
    "sympy",
    "mpmath",
    "scipy",
    "numpy",
    "jinja2",
    "typst",
    "rich",
    "click",
    "safetensors",
    "matplotlib",
}
PRINT_LOADED = "; import sys, json; print(json.dumps(sorted(name for name in sys.modules if '.' not in name)))"


def loaded_by(statement: str) -> set[str]:
    finished = subprocess.run(
        [sys.executable, "-c", statement + PRINT_LOADED], capture_output=True, check=True, text=True
    )
    return set(json.loads(finished.stdout.splitlines()[-1]))


def test_importing_the_package_loads_nothing_heavy() -> None:
    """``import autorecur`` loads no library but the standard one."""
    assert not loaded_by("import autorecur") & HEAVY


def test_the_command_lines_help_loads_only_click() -> None:
    """``autorecur derive --help`` needs neither NumPy nor SymPy."""
    assert loaded_by("from autorecur.cli import run; run(['derive', '--help'])") & HEAVY == {"click"}


def test_reading_a_cell_loads_no_sympy() -> None:
    """A cell's text is parsed and its shapes are inferred without SymPy, SciPy and numba."""
    loaded = loaded_by("import autorecur as ar; ar.cell('h[t] = tanh(U h[t-1])')")
    assert not loaded & {"sympy", "mpmath", "numba", "scipy"}


def test_a_derivation_loads_no_compiler() -> None:
    """Deriving, checking and printing need no numba; without an error function, they need no SciPy."""
    loaded = loaded_by("import autorecur as ar; ar.cells['lstm'].derive().to_latex()")
    assert not loaded & {"numba", "llvmlite", "scipy"}


def test_pictures_load_matplotlib_when_one_is_drawn() -> None:
    """``ar.plot`` can be looked at without matplotlib."""
    assert "matplotlib" not in loaded_by("import autorecur as ar; ar.plot.loss")


def test_every_public_name_is_there() -> None:
    """Each name of ``__all__`` can be used; ``dir`` shows these and NumPy's functions."""
    assert all(hasattr(ar, name) for name in ar.__all__)
    assert dir(ar) == sorted({*ar.__all__, *FUNCTIONS})


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt public name fails as it does for any module."""
    with pytest.raises(AttributeError, match="module 'autorecur' has no attribute 'cel'"):
        ar.cel  # noqa: B018


def test_errors_descend_from_one_root_and_from_what_python_calls_them() -> None:
    """``except ar.AutorecurError`` catches all; ``except ValueError`` catches bad input."""
    for error, builtin in (
        (ar.CellError, ValueError),
        (ar.ShapeError, ValueError),
        (ar.GradientError, RuntimeError),
        (ar.RenderError, RuntimeError),
    ):
        assert issubclass(error, ar.AutorecurError)
        assert issubclass(error, builtin)
