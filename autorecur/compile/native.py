"""From the text of functions on bare memory to the addresses of their machine code.

The functions take pointers, no arrays, and are called by address, so that what calls them is compiled once for all.
Their code is kept in the cache (``kernels/cache.py``) as object files; a second process loads it without numba.
"""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from autorecur.kernels.cache import discard, keep, kernel_file, kernel_path, packed, protect
from autorecur.kernels.compiled import announce, compiler, is_wanted, library, library_text
from autorecur.kernels.objects import load, pack, processor

ARITIES = (4, 8, 12, 16, 24, 32, 48, 64, 96)
"""So many pointers can be handed over; the parameters of a function are filled up to the next of these."""
MOST_POINTERS = ARITIES[-1]
SECONDS = 1.5
"""Compiling for longer than this is said."""
_BARE = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Nothing in the code has to do with Python's objects. What it calls must be a part of it: the loader finds no more."""
_lock = threading.RLock()
_known: dict[Any, Mapping[str, int] | None] = {}
_libraries: dict[str, tuple[Path | None, dict[str, Any]]] = {}


def addresses(source: str, functions: Mapping[str, int], dtype: str) -> Mapping[str, int] | None:
    """The address of the machine code of each of a text's functions; None without a compiler.

    ``functions`` says how many pointers each takes; its parameters are these, ``rows`` and ``sizes``. In the text the scalar
    functions and constants of ``kernels`` are known by name. No two pointers of a call may lead to the same memory,
    unless nothing is written there. A function whose name ends in ``_sums`` may add up in another order than written.
    The code is called by numba's convention: a pointer to write a result to, one for an error, then the arguments.
    """

    def signature(numba: ModuleType, count: int) -> Any:
        pointer = numba.types.CPointer(numba.from_dtype(np.dtype(dtype)))
        sizes = numba.types.CPointer(numba.types.int64)
        return numba.void(*[pointer] * count, numba.types.int64, sizes)

    text, filled = _filled(source, tuple(functions.items()))
    return functions_of(text, filled, dtype, signature)


def module_path(source: str, functions: Mapping[str, int], dtype: str) -> Path | None:
    """Where :func:`addresses` keeps a text, or will keep it; None where that cannot be told. Nothing is written."""
    text, filled = _filled(source, tuple(functions.items()))
    identity = _identity(text, filled, dtype, "")
    try:
        return kernel_path(*identity) if identity else None
    except RuntimeError:  # there is no home
        return None


@lru_cache(256)
def _filled(source: str, functions: tuple[tuple[str, int], ...]) -> tuple[str, Mapping[str, int]]:
    """The text with as many parameters as functions are called with, and how many these are."""
    filled = {name: arity(count) for name, count in functions}
    return _with_more_pointers(source, {name: filled[name] - count for name, count in functions}), filled


def arity(count: int) -> int:
    """With how many pointers a function of ``count`` pointers is called.

    >>> arity(13)
    16
    """
    found = next((arity for arity in ARITIES if arity >= count), None)
    if found is None:
        raise ValueError(
            f"a function that takes {count} pointers cannot be called: at most {MOST_POINTERS} are handed over"
        )
    return found


def _with_more_pointers(source: str, more: Mapping[str, int]) -> str:
    """The text with so many unused parameters before ``rows`` in each function."""
    if not any(more.values()):
        return source
    lines = source.split("\n")
    for function in ast.parse(source).body:
        if isinstance(function, ast.FunctionDef) and more.get(function.name):
            rows = function.args.args[-2]
            line = lines[rows.lineno - 1].encode()
            unused = "".join(f"unused{i}, " for i in range(more[function.name]))
            lines[rows.lineno - 1] = f"{line[: rows.col_offset].decode()}{unused}{line[rows.col_offset :].decode()}"
    return "\n".join(lines)


def functions_of(
    source: str,
    functions: Mapping[str, Any],
    dtype: str,
    signature: Callable[[ModuleType, Any], Any],
    also: str = "",
) -> Mapping[str, int] | None:
    """The same for any signatures: ``signature(numba, functions[name])``; ``also`` is a text that the code depends on.

    Other functions of the text are compiled into those that call them. The names of the dtype stand above the text's own.
    """
    key = (source, *sorted(functions.items()), dtype)
    if key not in _known:
        with _lock:
            if key not in _known:
                making = _Making(source, functions, dtype, signature, also)
                _known[key] = making.addresses() if is_wanted() else None
    return _known[key]


def _identity(source: str, functions: Mapping[str, Any], dtype: str, also: str) -> tuple[str, tuple[str, ...]] | None:
    """The text of a module as it is kept, and what its machine code depends on besides; None where that cannot be told."""
    rest = _depends_on(dtype)
    first, _, rest_of_text = source.partition("\n")
    title, body = (first[2:], rest_of_text) if first.startswith("# ") else (", ".join(functions), source)
    text = f"# {title} ({dtype})\n{body}"
    return (text, (*rest, repr(sorted(functions.items())), also)) if rest else None


class _Making:
    """One text on its way to addresses."""

    def __init__(self, source: str, functions: Mapping[str, Any], dtype: str, signature: Any, also: str):
        self.source, self.functions, self.dtype = source, functions, dtype
        self.signature, self.also = signature, also

    def addresses(self) -> Mapping[str, int] | None:
        """From the cache; else compiled and kept; if that fails, compiled."""
        identity = _identity(self.source, self.functions, self.dtype, self.also)
        file = kernel_file(*identity) if identity else None
        if file is not None and packed(file).exists():
            try:
                return load(packed(file).read_bytes())
            except Exception:  # whatever a damaged file leads to
                discard(file)
        numba = compiler()
        if numba is None:
            return None
        archive = pack(self.objects(numba, file))
        found = load(archive)
        if file is not None:
            keep(file, archive)
            protect(file)
        return found

    def objects(self, numba: ModuleType, file: Path | None) -> dict[str, tuple[str, bytes]]:
        """Every function's symbol and object file, with the library from the cache if that is sound."""
        for _ in range(2):
            kept, names = _library(numba, self.dtype, keep_it=file is not None)
            if kept is None:
                break
            try:
                with _said(kept):
                    return self.compiled(numba, names, file)
            except Exception:  # a damaged library; a text that is wrong fails once more below
                discard(kept)
                _libraries.clear()
            finally:
                protect(kept)
        with _said(None):
            return self.compiled(numba, library(numba, self.dtype, None), file)

    def compiled(self, numba: ModuleType, library: dict[str, Any], file: Path | None) -> dict[str, tuple[str, bytes]]:
        names: dict[str, Any] = {"__name__": __name__, **library}
        exec(compile(self.source, str(file or "<functions>"), "exec"), names)
        for name, value in names.items():
            if isinstance(value, FunctionType) and value.__globals__ is names:
                flags = {"contract", "reassoc", "nsz"} if name.endswith("_sums") else {"contract"}
                inner = {"forceinline": True} if name not in self.functions else _BARE
                names[name] = numba.njit(
                    error_model="numpy", fastmath=flags, pipeline_class=_without_aliases(), **inner
                )(value)
        names.update(library)
        objects = {}
        for name, described in self.functions.items():
            names[name].compile(self.signature(numba, described))
            (result,) = names[name].overloads.values()
            objects[name] = (result.fndesc.llvm_func_name, result.library.serialize_using_object_code()[2][0])
        return objects


def _library(numba: ModuleType, dtype: str, keep_it: bool) -> tuple[Path | None, dict[str, Any]]:
    """The scalar functions, compiled once for this machine, and the file beside which their code lies."""
    text = f"# {dtype}: the functions of single numbers\n{library_text()}"
    file = kernel_file(text, _depends_on(dtype)) if keep_it else None
    if dtype not in _libraries or _libraries[dtype][0] != file:
        _libraries[dtype] = file, library(numba, dtype, file)
    return _libraries[dtype]


@cache
def _without_aliases() -> type:
    """numba's compiler, told that no two pointers of a call lead to the same memory."""
    from numba.core.compiler import Compiler

    class WithoutAliases(Compiler):
        def define_pipelines(self) -> Any:
            self.state.flags.noalias = True
            return super().define_pipelines()

    return WithoutAliases


@contextmanager
def _said(library: Path | None) -> Iterator[None]:
    """A line about what takes long: at once if nothing is there yet, else after a while."""
    what = "kernels for recurrences", library is not None
    if library is None or not any(library.parent.glob(f"__pycache__/{library.stem}.*")):
        announce(*what)
    waiting = threading.Timer(SECONDS, announce, what)
    waiting.daemon = True
    waiting.start()
    try:
        yield
    finally:
        waiting.cancel()


@cache
def _depends_on(dtype: str) -> tuple[str, ...]:
    """All that machine code depends on beside its text; nothing where that cannot be told.

    numba's version is read, not asked for: importing it takes longer than everything else.
    """
    found = find_spec("numba")
    if found is None or found.origin is None:
        return ()
    try:
        texts = [Path(found.origin).with_name("_version.py"), Path(__file__)]
        read = [text.read_text(encoding="utf-8") for text in texts]
        return (dtype, *read, library_text(), processor(), np.__version__, sys.version)
    except (OSError, ImportError):
        return ()
