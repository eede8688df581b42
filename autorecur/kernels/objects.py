"""Machine code that needs no compiler: object files in one archive, which LLVM loads again in another process.

The archive's check sums find damage before anything of it is run. Loading takes a millisecond a function, and llvmlite in
place of numba, which takes many times longer to import.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from functools import cache
from typing import Any

_loaded: list[Any] = []
"""Engines own the memory in which their code lies: they live as long as the process."""


def pack(objects: Mapping[str, tuple[str, bytes]]) -> bytes:
    """An archive of functions: each name with its symbol and its object file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for name, (symbol, code) in objects.items():
            packed.writestr(zipfile.ZipInfo(f"{name}/{symbol}"), code)
    return archive.getvalue()


def load(archive: bytes) -> dict[str, int]:
    """The address of each function of an archive; any exception says that the archive is damaged.

    The addresses stay valid for the life of the process.
    """
    import llvmlite.binding as llvm

    addresses = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        for entry in packed.namelist():
            name, symbol = entry.split("/", 1)
            engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target().create_target_machine(jit=True))
            engine.add_object_file(llvm.ObjectFileRef.from_data(packed.read(entry)))
            engine.finalize_object()
            addresses[name] = engine.get_function_address(symbol)
            _loaded.append(engine)
    if not all(addresses.values()):
        raise ValueError(f"no code for {', '.join(name for name, address in addresses.items() if not address)}")
    return addresses


@cache
def _target() -> Any:
    import llvmlite.binding as llvm

    if llvm.llvm_version_info[0] < 20:  # newer ones need no first step, and say so
        llvm.initialize()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple()


@cache
def processor() -> str:
    """The name of this machine's processor and what it can do: code for one may not run on another."""
    import llvmlite.binding as llvm

    _target()
    try:
        features = llvm.get_host_cpu_features().flatten()
    except RuntimeError:
        features = ""
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {features}"
