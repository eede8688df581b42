"""Which kernel runs is decided by op, dtype, size and contiguity alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from autorecur.kernels import choice
from autorecur.kernels.compiled import compiler, interpreted
from autorecur.ops import TABLE


@pytest.mark.parametrize("name", choice.LEAST)
def test_large_and_small_arrays_agree(name: str) -> None:
    """The compiled loop gives NumPy's numbers to a few units of the last place, in both dtypes and any shape."""
    kernel = TABLE[name].kernel
    x = np.abs(np.random.default_rng(0).standard_normal(30_000)) + 0.05
    for dtype in (np.float64, np.float32):
        whole = kernel(x.astype(dtype).reshape(3, 100, 100))
        parts = np.concatenate([kernel(part) for part in np.split(x.astype(dtype), 300)])
        assert whole.dtype == dtype
        np.testing.assert_allclose(whole.reshape(-1), parts, rtol=20 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_compiled_relu_is_exact(dtype: str) -> None:
    """NumPy's maximum of x and 0 number by number, a NaN and the infinities among them."""
    x = np.random.default_rng(0).standard_normal((30, 100)).astype(dtype)
    x[0, :5] = np.nan, np.inf, -np.inf, 0.0, -0.0
    found = TABLE["relu"].kernel(x)
    assert found.dtype == x.dtype
    np.testing.assert_array_equal(found, np.maximum(x, 0))
    parts = [interpreted(choice.map_of("relu"), dtype), *filter(None, [choice._loop("relu", dtype)])]
    for loop in parts:
        row = np.empty(5, dtype)
        loop(row, x[0, :5].copy())
        np.testing.assert_array_equal(row, np.array([np.nan, np.inf, 0, 0, 0], dtype))


@pytest.mark.parametrize("name", choice.LEAST)
def test_other_layouts_and_dtypes_are_left_to_numpy(name: str) -> None:
    """Strided arrays, integers and complex numbers have no loop."""
    kernel = TABLE[name].kernel
    x = np.linspace(0.1, 1, 4000)
    np.testing.assert_allclose(kernel(x[::2]), kernel(x)[::2], rtol=1e-14)
    np.testing.assert_allclose(kernel(np.ones(4000, int)), kernel(np.ones(4)).repeat(1000), rtol=1e-14)
    np.testing.assert_allclose(kernel(x + 0j).real, kernel(x), rtol=1e-12)


def test_the_choice_has_no_memory() -> None:
    """The same array gives the same bits, whatever came before it."""
    x = np.linspace(-3, 3, 5000)
    kernel = TABLE["tanh"].kernel
    first = kernel(x)
    kernel(x[:10])
    kernel(x.astype(np.float32))
    np.testing.assert_array_equal(kernel(x), first)


def test_small_arrays_load_no_compiler() -> None:
    """Programs on small arrays never wait for numba."""
    program = (
        "import autorecur as ar, sys; a = ar.tensor([1.0, 2.0], requires_grad=True); "
        "ar.tanh(a).sum().backward(); print('numba' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_without_a_compiler_numpy_does_everything() -> None:
    """NUMBA_DISABLE_JIT=1 costs time and nothing else, and numba is not even loaded."""
    program = (
        "import autorecur as ar, numpy as np, sys; a = ar.tensor(np.linspace(-1, 1, 20000), requires_grad=True); "
        "ar.tanh(a).sum().backward(); "
        "print(np.allclose(a.grad.numpy(), 1 - np.tanh(a.numpy()) ** 2), 'numba' in sys.modules)"
    )
    environment = {"NUMBA_DISABLE_JIT": "1", "PATH": ""}
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert told.stdout.split() == ["True", "False"]


def test_the_compiler_is_numba() -> None:
    """Unless it is disabled or missing."""
    numba = compiler()
    assert numba is None or numba.__name__ == "numba"
