"""``autorecur doctor``: what is installed here, and what of it works."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib import metadata

from autorecur import __version__
from autorecur.cli import terminal
from autorecur.cli.failures import ExitCode

LIBRARIES = ("numpy", "scipy", "sympy", "mpmath", "jinja2", "numba", "typst", "click", "rich")


def examine() -> int:
    """Prints versions, the cache folder and the ways to a PDF; the exit code is 3 if there is no way to a PDF."""
    from autorecur.render.pdf import engines

    routes = engines()
    rows = [*_versions(), ("cache folder", _cache())]
    rows += [(f"PDF by {route.name}", route.version if route.works else f"no: {route.advice}") for route in routes]
    width = max(len(name) for name, _ in rows)
    terminal.put("\n".join(f"{name:<{width}}  {value}" for name, value in rows))
    return ExitCode.DONE if any(route.works for route in routes) else ExitCode.TOOL_MISSING


def _versions() -> Iterator[tuple[str, str]]:
    yield "autorecur", __version__
    yield "Python", f"{platform.python_version()} ({platform.system()} {platform.machine()})"
    for name in LIBRARIES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            yield name, "not installed"


def _cache() -> str:
    from autorecur.kernels.cache import cache_folder

    folder = cache_folder()
    if not folder.is_absolute():
        return "none: there is no home folder"
    existing = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    return f"{folder}" if os.access(existing, os.W_OK) else f"{folder} (cannot be written)"
