"""Functions on bare memory: every scalar form against the op's kernel, and machine code that outlives its process."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autorecur.compile import native
from autorecur.kernels import objects
from autorecur.kernels.compiled import compiler, interpreted
from autorecur.kernels.fused import scalar_form
from autorecur.ops import CELL_OPS, TABLE

needs_compiler = pytest.mark.skipif(
    compiler() is None, reason="numba is missing or switched off: there is no machine code"
)
several_users = pytest.mark.skipif(not hasattr(os, "getuid"), reason="files here have no owner and no mode")
DTYPES = ["float64", "float32"]
POWERS = [0, 1, 2, 3, 4, 5, 7, -1, -2, -3, 0.5, -0.5, 1.7, 1 / 3, 2.0]
CASES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name, op in CELL_OPS.items() if op.kind in ("elementwise", "arithmetic") and name != "power"),
    *(("power", {"exponent": exponent}) for exponent in POWERS),
    *((name, {}) for name in ("raised", "where", "reciprocal")),
]
"""Every op that single numbers of a cell can meet."""
LOOSE = {"gelu": 1e-13, "normal_cdf": 1e-13, "raised": 1e-14, "power": 1e-14}
"""Relative errors beyond a few units of the last place: where two libraries differ far out in a tail."""


def call(address: int, arrays: list[np.ndarray], rows: int, sizes: list[int]) -> None:
    """Calls a function of ``native.addresses`` as the machine does, with unused pointers at the end."""
    count = native.arity(len(arrays))
    result = ctypes.create_string_buffer(16)
    kinds = [ctypes.c_void_p] * (2 + count)
    function = ctypes.CFUNCTYPE(ctypes.c_int, *kinds, ctypes.c_int64, ctypes.c_void_p)(address)
    numbers = np.array(sizes, np.int64)
    pointers = [array.ctypes.data for array in arrays] + [0] * (count - len(arrays))
    assert function(ctypes.addressof(result), ctypes.addressof(result) + 8, *pointers, rows, numbers.ctypes.data) == 0


def operands(count: int, dtype: str) -> list[np.ndarray]:
    """Ordinary and extreme numbers, in all pairs where there are two."""
    limits = np.finfo(dtype)
    extremes = [0.0, -0.0, np.inf, -np.inf, np.nan, limits.max, -limits.max, limits.tiny, -limits.tiny, limits.eps]
    ordinary = np.random.default_rng(2).standard_normal(13) * 3
    points = np.array([*extremes, 1.0, -1.0, 0.5, -2.0, 3.0, 40.0, -40.0, 700.0, -700.0, *ordinary]).astype(dtype)
    if count == 1:
        return [np.concatenate([points, np.linspace(-9, 9, 401).astype(dtype)])]
    grids = np.meshgrid(*[points] * min(count, 2))
    flat = [np.ascontiguousarray(grid.reshape(-1)) for grid in grids]
    return flat if count == 2 else [(flat[0] > 0).astype(dtype), *flat]


def form(name: str, attributes: Mapping[str, Any]) -> str:
    found = scalar_form(name, attributes)
    assert found is not None
    return found


def agree(name: str, attributes: dict[str, Any], found: np.ndarray, arrays: list[np.ndarray]) -> None:
    """The same numbers as the op's kernel: NaN where it has NaN, infinities and zeros where it has them."""
    with np.errstate(all="ignore"):
        true = np.asarray(TABLE[name].kernel(*arrays, **attributes)).astype(found.dtype)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(true))
    eps = float(np.finfo(found.dtype).eps)
    rtol = max(16 * eps, LOOSE.get(name, 0) if found.dtype == np.float64 else 40 * eps)
    smallest = np.finfo(found.dtype).tiny
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(found, true, rtol=rtol, atol=4 * float(smallest))


def named(case: Any) -> str:
    return case if isinstance(case, str) else "".join(f"{value:.3g}" for value in case.values())


@pytest.mark.parametrize(("name", "attributes"), CASES, ids=named)
@pytest.mark.parametrize("dtype", DTYPES)
def test_uncompiled_scalar_forms_are_the_kernels(name: str, attributes: dict[str, Any], dtype: str) -> None:
    """Run by NumPy on whole arrays, the text of an op gives what its kernel gives, at ordinary and extreme numbers."""
    arrays = operands(TABLE[name].arity, dtype)
    letters = "abc"[: len(arrays)]
    text = f"def kernel(found, {', '.join(letters)}):\n    found[:] = {form(name, attributes).format(*letters)}\n"
    found = np.empty_like(arrays[0])
    with np.errstate(all="ignore"):
        interpreted(text, dtype)(found, *arrays)
    agree(name, attributes, found, arrays)


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
def test_compiled_scalar_forms_are_the_kernels(dtype: str) -> None:
    """So does the machine code, for every op of the table."""
    texts, functions = [], {}
    for number, (name, attributes) in enumerate(CASES):
        letters = "abc"[: TABLE[name].arity]
        value = form(name, attributes).format(*[f"{letter}[i]" for letter in letters])
        texts.append(f"def op{number}(found, {', '.join(letters)}, rows, sizes):\n    for i in range(rows):")
        texts.append(f"        found[i] = {value}")
        functions[f"op{number}"] = 1 + len(letters)
    addresses = native.addresses("\n".join(texts) + "\n", functions, dtype)
    assert addresses is not None
    for number, (name, attributes) in enumerate(CASES):
        arrays = operands(TABLE[name].arity, dtype)
        found = np.empty_like(arrays[0])
        call(addresses[f"op{number}"], [found, *arrays], found.size, [])
        agree(name, attributes, found, arrays)


def test_what_is_no_function_of_single_numbers_has_no_form() -> None:
    """Products, sums, and ops with attributes that the form would not show."""
    assert scalar_form("matmul", {}) is None
    assert scalar_form("sum", {"axis": (-1,)}) is None
    assert scalar_form("softmax", {"axis": (-2, -1)}) is None


SUMS = """
def weighted(x, w, y, rows, sizes):
    for r in range(rows):
        total = ZERO
        for i in range(sizes[0]):
            total += exp(x[r * sizes[0] + i]) * w[i]
        y[r] = total
"""


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
def test_sums_in_another_order_leave_the_functions_in_them_alone(dtype: str) -> None:
    """Where sums may be reordered, the rounding inside exp is not: each term is exact to a few units of the last place."""
    rng = np.random.default_rng(0)
    x, w = (rng.standard_normal((7, 1001)) * 20).astype(dtype), rng.random(1001).astype(dtype)
    with np.errstate(all="ignore"):
        terms = np.exp(x) * w
    for name in ("weighted", "weighted_sums"):
        addresses = native.addresses(SUMS.replace("weighted", name), {name: 3}, dtype)
        assert addresses is not None
        y = np.empty(7, dtype)
        call(addresses[name], [x, w, y], 7, [1001])
        np.testing.assert_allclose(y, terms.sum(axis=1, dtype=np.float64), rtol=200 * np.finfo(dtype).eps)
        single = np.empty(1001, dtype)  # one term a sum: nothing to reorder, so the term itself is seen
        one = np.ones(1, dtype)
        call(addresses[name], [x[0].copy(), one, single], 1001, [1])
        np.testing.assert_allclose(single, np.exp(x[0]), rtol=8 * np.finfo(dtype).eps)


@needs_compiler
def test_loops_are_vectorised() -> None:
    """A text with exp, tanh and a choice becomes code on vectors: there is no call and no branch in the way."""
    import llvmlite.binding as llvm

    if "ymm" not in _assembly("float64") and "avx" not in str(llvm.get_host_cpu_features().flatten()):
        pytest.skip("this processor has no AVX: other registers would have to be looked for")
    assert _assembly("float64").count("ymm") > 20


def _assembly(dtype: str) -> str:
    numba = compiler()
    assert numba is not None
    text = "def f(x, y, rows, sizes):\n    for i in range(rows):\n        y[i] = choose(x[i] > ZERO, tanh(x[i]), exp(x[i]))\n"
    from autorecur.kernels.compiled import library

    names = library(numba, dtype, None)
    exec(text, names)
    pointer = numba.types.CPointer(numba.from_dtype(np.dtype(dtype)))
    function = numba.njit(error_model="numpy", fastmath={"contract"}, pipeline_class=native._without_aliases())(
        names["f"]
    )
    function.compile(numba.void(pointer, pointer, numba.types.int64, numba.types.CPointer(numba.types.int64)))
    (assembly,) = function.inspect_asm().values()
    return str(assembly)


@needs_compiler
def test_other_functions_of_the_text_and_constants() -> None:
    """A text may have functions that others call, and constants at its top."""
    text = """
c0 = real(float.fromhex('0x1.8p+1'))
def thrice(x):
    return x * c0
def f(x, y, rows, sizes):
    for i in range(rows):
        y[i] = thrice(x[i])
"""
    addresses = native.addresses(text, {"f": 2}, "float64")
    assert addresses is not None
    assert list(addresses) == ["f"]
    x, y = np.arange(5.0), np.empty(5)
    call(addresses["f"], [x, y], 5, [])
    np.testing.assert_array_equal(y, 3 * x)


def test_too_many_pointers() -> None:
    """What cannot be called is refused before it is compiled."""
    with pytest.raises(ValueError, match="97 pointers cannot be called: at most 96"):
        native.addresses("", {"f": 97}, "float64")


@needs_compiler
def test_a_text_that_is_wrong_says_so() -> None:
    """The compiler's error comes through."""
    with pytest.raises(Exception, match="nowhere"):
        native.addresses("def f(x, rows, sizes):\n    x[0] = nowhere\n", {"f": 1}, "float64")


PROGRAM = """
import ctypes, json, sys
import numpy as np
from autorecur.compile import native
found = native.addresses("def f(x, rows, sizes):\\n    x[0] = sigmoid(x[0])\\n", {"f": 1}, "float64")
x = np.zeros(1)
if found:
    none, kinds = ctypes.create_string_buffer(16), [ctypes.c_void_p] * 6
    f = ctypes.CFUNCTYPE(ctypes.c_int, *kinds, ctypes.c_int64, ctypes.c_void_p)(found["f"])
    f(ctypes.addressof(none), ctypes.addressof(none) + 8, x.ctypes.data, 0, 0, 0, 1, 0)
print(json.dumps([x[0] if found else None, "numba" in sys.modules]))
"""
COMPILED, LOADED = [0.5, True], [0.5, False]
ONCE = "autorecur: compiling kernels for recurrences, once"
ALWAYS = "autorecur: compiling kernels for recurrences, for this process alone"


def start(folder: Path, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "AUTORECUR_CACHE_DIR": str(folder), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, **variables: str) -> tuple[list[Any], str]:
    """What a fresh process found, and what it said on the side."""
    out, told = start(folder, **variables).communicate()
    return json.loads(out), told.strip()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("native") / "full"
    assert run(folder) == (COMPILED, ONCE)
    return folder


@pytest.fixture
def folder(full: Path, tmp_path: Path) -> Path:
    """A copy of a folder with sound code."""
    return Path(shutil.copytree(full, tmp_path / "cache"))


def archive(folder: Path) -> Path:
    (found,) = folder.glob("__pycache__/*.zip")
    return found


@needs_compiler
def test_a_second_process_loads_the_code_without_the_compiler(folder: Path) -> None:
    """It does not even import numba, and says nothing."""
    assert run(folder) == (LOADED, "")


def overwritten(path: Path) -> None:
    path.write_bytes(b"no archive")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flipped(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(bytes(whole))


@needs_compiler
@pytest.mark.parametrize("damage", [overwritten, cut, flipped])
def test_damaged_code_is_never_run(folder: Path, damage: Callable[[Path], None]) -> None:
    """A check sum finds a single wrong bit; the code is made anew, and kept."""
    damage(archive(folder))
    assert run(folder)[0] == COMPILED
    assert run(folder) == (LOADED, "")


@needs_compiler
def test_a_damaged_library_is_replaced(folder: Path) -> None:
    """The scalar functions that others are built of are compiled again."""
    archive(folder).unlink()
    for path in folder.glob("__pycache__/*.nb*"):
        path.write_bytes(b"no code")
    assert run(folder)[0] == COMPILED
    kept = [path.read_bytes() for path in folder.glob("__pycache__/*.nb*")]
    assert kept
    assert b"no code" not in kept
    assert run(folder) == (LOADED, "")


@needs_compiler
@several_users
def test_a_folder_that_others_may_write_to_is_not_used(folder: Path) -> None:
    """Neither read nor written: every process compiles for itself, and says so."""
    before = archive(folder).read_bytes()
    overwritten(archive(folder))
    folder.chmod(0o777)
    assert run(folder) == (COMPILED, ALWAYS)
    assert archive(folder).read_bytes() != before


@needs_compiler
@several_users
def test_a_file_that_others_may_write_to_is_removed_unread(folder: Path) -> None:
    """It is made anew, for its owner alone."""
    archive(folder).chmod(0o666)
    assert run(folder)[0] == COMPILED
    assert archive(folder).stat().st_mode & 0o077 == 0
    assert run(folder)[0] == LOADED


@needs_compiler
def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Every process compiles for itself."""
    (tmp_path / "file").write_text("")
    assert run(tmp_path / "file" / "cache") == (COMPILED, ALWAYS)


@needs_compiler
def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Code that cannot be kept works, and no piece of it stays behind."""
    monkeypatch.setenv("AUTORECUR_CACHE_DIR", str(tmp_path))

    def no_room(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("autorecur.kernels.cache.os.replace", no_room)
    text = "def f(x, rows, sizes):\n    x[0] = ONE\n"
    addresses = native.addresses(text, {"f": 1}, "float64")
    assert addresses is not None
    x = np.zeros(1)
    call(addresses["f"], [x], 1, [])
    assert x[0] == 1
    assert not [path for path in tmp_path.rglob("tmp*") if path.suffix == ".zip"]


@needs_compiler
def test_two_processes_at_once(tmp_path: Path) -> None:
    """Both get the right number, and what they leave is sound."""
    for process in [start(tmp_path), start(tmp_path)]:
        out, _ = process.communicate()
        assert json.loads(out)[0] == 0.5
    assert run(tmp_path) == (LOADED, "")


def test_without_a_compiler_there_are_no_addresses(tmp_path: Path) -> None:
    """NUMBA_DISABLE_JIT counts, also where code lies ready."""
    assert run(tmp_path, NUMBA_DISABLE_JIT="1")[0][0] is None


@needs_compiler
def test_the_kept_text_can_be_read(folder: Path) -> None:
    """Beside the code lies what it was made of."""
    text = (folder / f"{archive(folder).stem}.py").read_text(encoding="utf-8")
    assert "x[0] = sigmoid(x[0])" in text


@needs_compiler
def test_another_processor_has_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code for one is not loaded by another, nor that of another version or flag."""
    first = native._depends_on.__wrapped__("float64")
    assert first
    monkeypatch.setattr(native, "processor", lambda: "another")
    assert native._depends_on.__wrapped__("float64") != first
    monkeypatch.undo()
    changed = tmp_path / "native.py"
    changed.write_text(Path(native.__file__).read_text(encoding="utf-8") + "#", encoding="utf-8")
    monkeypatch.setattr(native, "__file__", str(changed))
    assert native._depends_on.__wrapped__("float64") != first
    monkeypatch.setattr(native, "__file__", str(tmp_path / "nowhere"))
    assert native._depends_on.__wrapped__("float64") == ()


@needs_compiler
def test_an_archive_without_the_function(folder: Path) -> None:
    """A symbol that is not there is damage, not an address."""
    with zipfile.ZipFile(archive(folder)) as packed:
        (entry,) = packed.namelist()
        code = packed.read(entry)
    assert list(objects.load(objects.pack({"f": (entry.split("/")[1], code)}))) == ["f"]
    with pytest.raises(ValueError, match="no code for f"):
        objects.load(objects.pack({"f": ("another", code)}))
