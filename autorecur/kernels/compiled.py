"""From the text of a loop to machine code, which is kept on disk for the next process.

A kernel is one function ``kernel`` for one signature. Its file in the cache is named by the hash of everything that
it depends on, so that nothing stale is ever read; files are only written, never changed. What goes wrong with the
cache (a folder that cannot be written or trusted, a damaged file, a second process) costs time and nothing else.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from autorecur.kernels import angles, composed, doubles, elementary, singles
from autorecur.kernels.cache import discard, holds_code, kernel_file, protect
from autorecur.kernels.doubles import HALF, ROOT_HALF, real

Kernel = Callable[..., Any]
ROOMS: Mapping[str, tuple[ModuleType, ...]] = {
    "float64": (doubles, elementary, composed, angles),
    "float32": (singles, elementary, composed),
}
"""The scalar functions of a dtype; the first room has its constants."""
_lock = threading.RLock()
_known: dict[tuple[str, str, tuple[str, ...], bool], Kernel | None] = {}
_announced = False


def is_wanted() -> bool:
    """Whether the environment lets compiled code run."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")


@cache
def compiler() -> ModuleType | None:
    """numba, unless it is missing or disabled."""
    if not is_wanted():
        return None
    try:
        import numba
    except ImportError:
        return None
    return None if numba.config.DISABLE_JIT else numba


def scalar_functions(dtype: str, wrap: Callable[[Any], Any] = lambda function: function) -> dict[str, Any]:
    """The functions and constants of a dtype by name; each function, wrapped, sees the others as wrapped.

    The functions that both dtypes share are read with the constants of this one.
    """
    rooms = ROOMS[dtype]
    names = {name: value for name, value in vars(rooms[0]).items() if not name.startswith("_")}
    names["math"], names["__name__"] = math, __name__  # the second is the module that unpickling looks for
    for room in rooms:
        for name, value in vars(room).items():
            if isinstance(value, FunctionType) and value.__module__ == room.__name__:
                names[name] = wrap(FunctionType(value.__code__, names, name))
    return dict(names)


def interpreted(source: str, dtype: str) -> Kernel:
    """The kernel of a text as plain Python: slow, and the same numbers to rounding."""
    names = scalar_functions(dtype)
    exec(compile(source, "<kernel>", "exec"), names)
    kernel: Kernel = names["kernel"]
    return kernel


def compiled(source: str, dtype: str, arguments: tuple[str, ...], sums: bool = False) -> Kernel | None:
    """The kernel of a text, or None without a compiler.

    ``arguments`` are the types: ``"float64"`` for a number, ``"float64[]"`` for an array to write to, ``"const float64[]"``
    for one to read, both contiguous and with one axis (``[,]`` for two).
    ``sums`` lets the sums that stand in the loop itself be taken in another order.
    """
    key = (source, dtype, arguments, sums)
    if key not in _known:
        with _lock:
            if key not in _known:
                numba = compiler()
                _known[key] = None if numba is None else _made(numba, source, dtype, arguments, sums)
    return _known[key]


def _made(numba: ModuleType, source: str, dtype: str, arguments: tuple[str, ...], sums: bool) -> Kernel:
    """The kernel from the cache; else compiled and kept; if that fails, compiled."""
    depends_on = _depends_on(numba, dtype, arguments, sums)
    for _ in range(2):
        file = kernel_file(source, depends_on) if depends_on else None
        if file is None:
            break
        try:
            return _compiled(numba, source, dtype, arguments, sums, file)
        except Exception:  # whatever a damaged or vanished file leads to
            discard(file)
    return _compiled(numba, source, dtype, arguments, sums, None)


def _compiled(
    numba: ModuleType, source: str, dtype: str, arguments: tuple[str, ...], sums: bool, file: Path | None
) -> Kernel:
    names = scalar_functions(dtype, lambda function: _inner(numba, function))
    exec(compile(source, str(file or "<kernel>"), "exec"), names)
    if file is None or not holds_code(file):
        announce("kernels for large arrays", file is not None)
    order = {"reassoc", "nsz"} if sums else set()
    with beside_the_text(numba):
        kernel = numba.njit(error_model="numpy", fastmath=order, cache=file is not None)(names["kernel"])
    kernel.compile(_signature(numba, arguments))
    kernel.disable_compile()
    if file is not None and not kernel.stats.cache_hits:
        protect(file)
    made: Kernel = kernel
    return made


def _inner(numba: ModuleType, function: FunctionType, file: Path | None = None) -> Any:
    """A scalar function, compiled where it is called; in a file that is given its code is kept for other kernels.

    ``contract`` lets a product and a sum be one instruction. Sums must not be reordered: the shift that rounds would go.
    """
    code = _COMPILED_FORMS.get(function.__name__, function).__code__
    if file is not None:
        code = code.replace(co_filename=str(file))
    function.__code__ = code
    flags = {"nnan", "nsz"} if function.__name__ == "larger" else {"contract"}
    return numba.njit(error_model="numpy", fastmath=flags, forceinline=True, cache=file is not None)(function)


def library(numba: ModuleType, dtype: str, file: Path | None) -> dict[str, Any]:
    """The scalar functions of a dtype as :func:`scalar_functions` gives them, each compiled once and kept beside ``file``."""
    with beside_the_text(numba):
        return scalar_functions(dtype, lambda function: _inner(numba, function, file))


@contextmanager
def beside_the_text(numba: ModuleType) -> Iterator[None]:
    """Machine code goes into the folder of its text, whatever place numba was told to use for other programs."""
    wanted = {"CACHE_DIR": "", "CACHE_LOCATOR_CLASSES": "InTreeCacheLocator"}
    told = {name: getattr(numba.config, name) for name in wanted if hasattr(numba.config, name)}
    try:
        for name in told:
            setattr(numba.config, name, wanted[name])
        yield
    finally:
        for name, value in told.items():
            setattr(numba.config, name, value)


def _choose(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


def _erf(x: Any) -> Any:
    return real(math.erf(x))


def _normal_cdf(x: Any) -> Any:
    return HALF * real(math.erfc(-x * ROOT_HALF))


_COMPILED_FORMS = {"choose": _choose, "erf": _erf, "normal_cdf": _normal_cdf}
"""What the compiler reads in the place of functions that call NumPy's or SciPy's."""


def _signature(numba: ModuleType, arguments: tuple[str, ...]) -> Any:
    types = []
    for argument in arguments:
        name, _, axes = argument.removeprefix("const ").partition("[")
        element = numba.from_dtype(np.dtype(name))
        types.append(
            numba.types.Array(element, 1 + axes.count(","), "C", readonly=argument.startswith("const "))
            if axes
            else element
        )
    return numba.void(*types)


def announce(what: str, kept: bool) -> None:
    """Says once that there is something to wait for."""
    global _announced
    if not _announced:
        _announced = True
        often = "once" if kept else "for this process alone"
        print(f"autorecur: compiling {what}, {often}", file=sys.stderr, flush=True)


def _depends_on(numba: ModuleType, dtype: str, arguments: tuple[str, ...], sums: bool) -> tuple[str, ...]:
    """All that the machine code of a text depends on; nothing where that cannot be told."""
    try:
        return (dtype, *arguments, str(sums), numba.__version__, np.__version__, sys.version, library_text())
    except OSError:  # a package without its texts
        return ()


@cache
def library_text() -> str:
    """The texts that every kernel depends on: the scalar functions, and this one, with the compiler's flags."""
    files = [__file__, *(room.__file__ for rooms in ROOMS.values() for room in rooms)]
    return "".join(Path(str(file)).read_text(encoding="utf-8") for file in files)
