"""Jinja as the documents use it: delimiters that no format uses, nothing undefined, text escaped on its way out.

Templates of a teacher's own stand before the package's. They are data: they see the values of the page and no Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined, Undefined
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from autorecur.render.blocks import Screen
from autorecur.render.documents.overrides import BUILT_IN, check_templates, told
from autorecur.render.source import Source

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def fill(
    template: str, source: type[Source], escape: Callable[[str], Source], templates: Path | None = None, **values: Any
) -> str:
    """The template with its values; a value that is not source of this format is escaped, whatever the template says."""
    environment = _environment(source, escape, templates)
    if templates is None:
        return environment.get_template(template).render(**values)
    check_templates(environment, templates, TEMPLATES)
    with told(environment, templates, values):
        return environment.get_template(template).render(**values)


def check_folder(templates: Path) -> None:
    """What can be known of a folder of templates before there is a page."""
    check_templates(_environment(Source, Source, templates), templates, TEMPLATES)


class PageEnvironment(ImmutableSandboxedEnvironment):
    """No attributes but a loop's and those of the page's own values; no arithmetic that could run away."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self, source: type[Source], loader: BaseLoader, finalize: Callable[[Any], Any]) -> None:
        super().__init__(
            loader=loader,
            block_start_string="<%",
            block_end_string="%>",
            variable_start_string="<<",
            variable_end_string=">>",
            comment_start_string="<#",
            comment_end_string="#>",
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            undefined=StrictUndefined,
            finalize=finalize,
            autoescape=False,
        )
        self.globals = {}
        # What a block or a macro gives is markup already.
        self.concat = lambda parts: source("".join(parts))  # type: ignore[method-assign]

    def join_path(self, template: str, parent: str) -> str:
        """A template that extends its own name extends the package's."""
        return f"{BUILT_IN}/{template}" if template == parent else template

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return isinstance(obj, (LoopContext, Screen)) and super().is_safe_attribute(obj, attr, value)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError(f"a template does not calculate ({operator})")


@cache
def _environment(source: type[Source], escape: Callable[[str], Source], templates: Path | None) -> PageEnvironment:
    def finalize(value: Any) -> Any:
        return value if isinstance(value, (source, Undefined)) else escape(str(value))

    package = FileSystemLoader(TEMPLATES)
    own: Iterable[BaseLoader] = () if templates is None else (FileSystemLoader(templates),)
    loader = ChoiceLoader([*own, package, PrefixLoader({BUILT_IN: package})])
    return PageEnvironment(source, loader, finalize)
