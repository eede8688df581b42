"""Click's commands with near misses that compare names without their dashes, and examples in the help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click


class Command(click.Command):
    """A command whose help ends with ``examples`` and that knows what a mistyped option, or one word too many, meant."""

    allow_extra_args = True  # refused below, with a hint

    def __init__(self, *arguments: Any, examples: str = "", **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise click.UsageError(_no_such_option(error.option_name, self.get_params(ctx)), ctx) from None
        if rest and not ctx.resilient_parsing:
            raise click.UsageError(_too_many(rest, self.get_params(ctx)), ctx)
        return rest

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_examples(self.examples, formatter)


class Program(click.Group):
    """The group of commands; ``examples`` end its help."""

    command_class = Command

    def __init__(self, *arguments: Any, examples: str = "", **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            click.echo(self.get_help(ctx))
            ctx.exit()
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise click.UsageError(_no_such_option(error.option_name, self.get_params(ctx)), ctx) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            from autorecur.language.nearest import did_you_mean

            known = self.list_commands(ctx)
            hint = did_you_mean(name, known) or f" There are {', '.join(known)}."
            raise click.UsageError(f"there is no command '{name}'.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the source: the main job first."""
        return list(self.commands)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_examples(self.examples, formatter)


def _no_such_option(name: str, parameters: Sequence[click.Parameter]) -> str:
    from autorecur.language.nearest import nearest

    known = [option.lstrip("-") for p in parameters if isinstance(p, click.Option) for option in p.opts]
    meant = nearest(name.lstrip("-"), (option for option in known if len(option) > 1))
    return f"there is no option '{name}'." + (f" Did you mean '--{meant}'?" if meant else "")


def _too_many(rest: Sequence[str], parameters: Sequence[click.Parameter]) -> str:
    """A file to write is named behind -o."""
    from autorecur.render.formats import SUFFIXES

    message = f"'{rest[0]}' is one argument too many."
    writes = any("-o" in parameter.opts for parameter in parameters)
    if writes and rest[0].lower().endswith(SUFFIXES):
        message += f" To write it, put -o before it: -o {rest[0]}"
    return message


def _write_examples(examples: str, formatter: click.HelpFormatter) -> None:
    """Each line ``command  # meaning`` as two that can be copied into a shell."""
    if examples:
        with formatter.section("Examples"):
            for line in examples.strip().splitlines():
                command, _, meaning = line.strip().partition("  # ")
                formatter.write(f"  # {meaning.strip()}\n" if meaning else "")
                formatter.write(f"  {command.strip()}\n")
