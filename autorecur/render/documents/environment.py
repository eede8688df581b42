"""Jinja as the documents use it: delimiters that no format uses, nothing undefined, and text escaped on its way out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined

from autorecur.render.source import Source

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def fill(template: str, source: type[Source], escape: Callable[[str], Source], **values: Any) -> str:
    """The template with its values; a value that is not source of this format is escaped, whatever the template says."""
    return _environment(source, escape).get_template(template).render(**values)


@cache
def _environment(source: type[Source], escape: Callable[[str], Source]) -> Environment:
    def finalize(value: Any) -> Any:
        return value if isinstance(value, (source, Undefined)) else escape(str(value))

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
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
