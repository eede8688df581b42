"""A teacher's own templates: what they may override, and what is said when one does not fit.

A file overrides the template of its name. It extends that very name and fills blocks, or stands for the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from jinja2 import Environment, TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError, meta, nodes

from autorecur.errors import RenderError
from autorecur.language.nearest import did_you_mean, nearest

BUILT_IN = "built-in"
SUFFIX = ".jinja"


def check_templates(environment: Environment, folder: Path, package: Path) -> None:
    """Raises where the folder holds a template that would change nothing, or that cannot be read."""
    if not folder.is_dir():
        raise RenderError(f"there is no folder {folder} with templates")
    known = sorted(path.name for path in package.glob(f"*{SUFFIX}"))
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    trees = {name: _parsed(environment, folder, name) for name in files if name.endswith(SUFFIX)}
    used = {name for tree in trees.values() for name in meta.find_referenced_templates(tree) if name}
    for name in files:
        _require_use(folder, name, known, used)
    if not any(name in known for name in trees):
        raise RenderError(f"the folder {folder} overrides nothing; the templates are {', '.join(known)}")
    for name, tree in trees.items():
        _require_blocks(environment, folder, name, tree)


def _require_use(folder: Path, name: str, known: list[str], used: set[str]) -> None:
    if name in known or name in used:
        return
    near = nearest(Path(name).name, known)
    if name.endswith(SUFFIX):
        hint = f" Did you mean '{near}'?" if near else f" The templates are {', '.join(known)}."
        raise RenderError(f"{folder / name} overrides no template, and none uses it.{hint}")
    if f"{name}{SUFFIX}" in known or re.sub(r"\.(j2|jinja2|txt)$", SUFFIX, name) in known:
        raise RenderError(f"{folder / name} overrides no template. Did you mean '{near}'?")


def _parsed(environment: Environment, folder: Path, name: str) -> nodes.Template:
    try:
        text = (folder / name).read_text(encoding="utf-8")
        return environment.parse(text, name)
    except TemplateSyntaxError as error:
        raise _fault(folder / name, error.lineno, f"{error.message}{_about_names(environment, error)}") from error
    except UnicodeDecodeError as error:
        raise RenderError(f"{folder / name} is not UTF-8") from error
    except OSError as error:
        raise RenderError(f"{folder / name} cannot be read: {error.strerror}") from error


def _require_blocks(environment: Environment, folder: Path, name: str, tree: nodes.Template) -> None:
    """A block that the extended template does not have would be printed nowhere; nor would what stands outside of blocks."""
    parents = [node.template for node in tree.body if isinstance(node, nodes.Extends)]
    if not parents:
        return
    if not isinstance(parents[0], nodes.Const):
        raise _fault(folder / name, parents[0].lineno, "the template that it extends must be named in quotes")
    known = _blocks_of(environment, folder, name, str(parents[0].value), parents[0].lineno)
    for node in tree.body:
        if isinstance(node, nodes.Block) and node.name not in known:
            hint = did_you_mean(node.name, known) or f" It has {', '.join(sorted(known))}."
            raise _fault(
                folder / name,
                node.lineno,
                f"{parents[0].value} has no block {node.name!r}, so nothing prints it.{hint}",
            )
        if isinstance(node, nodes.Output) and (stray := _stray(node)) is not None:
            raise _fault(
                folder / name, stray, "what stands outside of blocks is printed nowhere, since the file extends another"
            )


def _blocks_of(environment: Environment, folder: Path, name: str, parent: str, line: int) -> set[str]:
    """The names of all blocks of a template and of those that it extends."""
    found: set[str] = set()
    while parent:
        name, at = environment.join_path(parent, name), name
        try:
            source, _, _ = environment.loader.get_source(environment, name) if environment.loader else ("", None, None)
        except TemplateNotFound:
            known = [each for each in environment.list_templates() if not each.startswith(BUILT_IN)]
            raise _fault(
                folder / at, line, f"there is no template {parent!r} to extend.{did_you_mean(parent, known)}"
            ) from None
        tree = environment.parse(source, name)
        found |= {block.name for block in tree.find_all(nodes.Block)}
        extended = next(iter(tree.find_all(nodes.Extends)), None)
        parent = str(extended.template.value) if extended and isinstance(extended.template, nodes.Const) else ""
    return found


def _stray(output: nodes.Output) -> int | None:
    """The line of the first thing that would have been printed."""
    for node in output.nodes:
        if not isinstance(node, nodes.TemplateData):
            return node.lineno
        if node.data.strip():
            return node.lineno + node.data[: len(node.data) - len(node.data.lstrip())].count("\n")
    return None


@contextmanager
def told(environment: Environment, folder: Path, values: Mapping[str, Any]) -> Iterator[None]:
    """What goes wrong in a template is told with its line and with what it lacked."""
    try:
        yield
    except RenderError:
        raise
    except TemplateNotFound as error:
        known = [each for each in environment.list_templates() if not each.startswith(BUILT_IN)]
        path, line = _place(error.__traceback__, folder)
        raise _fault(
            path, line, f"there is no template {error.name!r}.{did_you_mean(str(error.name), known)}"
        ) from error
    except TemplateSyntaxError as error:
        path = Path(error.filename) if error.filename else folder / str(error.name)
        raise _fault(path, error.lineno, f"{error.message}{_about_names(environment, error)}") from error
    except UndefinedError as error:
        path, line = _place(error.__traceback__, folder)
        found = re.match(r"'(\w+)' is undefined", str(error.message))
        hint = "" if found is None else did_you_mean(found[1], values) or f" There are {', '.join(sorted(values))}."
        raise _fault(path, line, f"{error.message}.{hint}") from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        path, line = _place(error.__traceback__, folder)
        raise _fault(path, line, " ".join(str(error).split()) or type(error).__name__) from error


def _about_names(environment: Environment, error: TemplateSyntaxError) -> str:
    """The nearest filter, test or tag to one that there is not."""
    found = re.match(r"No (filter|test) named '(\w+)'|Encountered unknown (tag) '(\w+)'", str(error.message))
    if found is None:
        return ""
    kind, name = found[1] or found[3], found[2] or found[4]
    tags = ("block", "extends", "include", "for", "if", "set", "macro", "filter", "raw", "endblock", "endfor", "endif")
    known = {"filter": environment.filters, "test": environment.tests, "tag": tags}[kind]
    return did_you_mean(name, known)


def _place(trace: TracebackType | None, folder: Path) -> tuple[Path, int | None]:
    """The innermost line of a template that was at work."""
    place: tuple[Path, int | None] = (folder, None)
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.endswith(SUFFIX):
            place = Path(name), trace.tb_lineno
        trace = trace.tb_next
    return place


def _fault(path: Path, line: int | None, message: str) -> RenderError:
    where = f"{path}, line {line}" if line is not None else str(path)
    return RenderError(f"the template {where}: {message.rstrip('.') if message.endswith('..') else message}")
