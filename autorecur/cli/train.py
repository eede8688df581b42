"""``autorecur train``: what it takes and what it teaches. What it does stands in :mod:`autorecur.cli.training`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from autorecur.cli.commands import Command
from autorecur.cli.options import Callback, one_of, positive_number, whole_number

TASKS = (
    "adding", "copy_memory", "parity", "sine", "mackey_glass", "lorenz", "logistic_map", "irregular", "dates", "sentiment",
    "tagging",
)  # fmt: skip
"""As :mod:`autorecur.data.tasks` has them, which is not loaded for the help."""
OPTIMIZERS = {
    name.lower(): name
    for name in ("Adam", "AdamW", "SGD", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam")
}
MOST = 10**9


def _whole(name: str, meaning: str, least: int = 1, default: str | None = None, metavar: str = "N") -> Any:
    check = whole_number(least, MOST, f"a whole number from {least}")
    return click.option(name, metavar=metavar, callback=check, default=default, help=meaning)


def _positive(name: str, meaning: str) -> Any:
    return click.option(name, metavar="X", callback=positive_number, help=meaning)


def _share(below: str) -> Callback:
    """Reads a share from 0 to less than 1."""

    def read(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
        if value is None:
            return None
        found = float(value) if re.fullmatch(r"[0-9]*\.?[0-9]+", value) else 1.0
        if not 0 <= found < 1:
            raise click.UsageError(f"{param.opts[-1]} is {below}, not '{value[:40]}'.", ctx)
        return found

    return read


def _file(name: str, meaning: str) -> Any:
    return click.option(name, metavar="FILE", type=click.Path(path_type=Path), help=meaning)


def _columns(ctx: click.Context, param: click.Parameter, value: str | None) -> list[str] | None:
    return None if value is None else [name.strip() for name in value.split(",")]


def _config(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """What the file says stands behind what was typed and before the defaults."""
    if value is not None:
        from autorecur.cli.settings import read

        ctx.default_map = read(value, ctx)
    return value


OPTIONS = (
    click.option("--cell", metavar="CELL", default="lstm", help="A built-in cell, or a .cell file; lstm by default."),
    _whole("--hidden", "The size of the hidden state; 32 by default.", default="32"),
    _whole("--layers", "So many layers stacked; 1 by default.", default="1"),
    click.option("--bidirectional", is_flag=True, help="A second copy of each layer that runs backwards in time."),
    _whole("--embedding", "Tokens become learned vectors of this size; by default one-hot vectors."),
    click.option("--dropout", metavar="P", callback=_share("a share from 0 to less than 1"), default="0",
                 help="The share of numbers that are dropped between layers and in front of the readout."),
    click.option("--optimizer", metavar="NAME", callback=one_of(tuple(OPTIMIZERS)), default="adam",
                 help=f"{', '.join(OPTIMIZERS)}; adam by default."),
    _positive("--lr", "The learning rate; by default the optimiser's own."),
    _positive("--momentum", "Of sgd and rmsprop."),
    _positive("--weight-decay", "Of the optimiser."),
    _positive("--clip", "Clip the gradient to this 2-norm."),
    _whole("--batch", "Sequences in a mini-batch, streams of a text; 32 by default.", default="32"),
    _whole("--epochs", "Passes through the data; 10 by default, if --updates does not say when to stop."),
    _whole("--updates", "Steps of the optimiser."),
    _whole("--truncate", "Run K steps at a time, an update each, and carry the state on.", metavar="K"),
    _whole("--patience", "Stop after so many epochs without a smaller loss, and keep the best weights."),
    _whole("--count", "Sequences of a task."),
    _whole("--length", "Steps of a sequence: of a task, of a window of a file (30 by default), of a piece of a text (100)."),
    _whole("--horizon", "How many steps ahead a series is to be known; 1 by default."),
    click.option("--validation", metavar="P", callback=_share("a share from 0 to less than 1"), default="0.2",
                 help="The share of the data that is kept for validation, of a series its end; 0.2 by default."),
    click.option("--target", metavar="COLUMN", help="The column of a CSV file to be predicted; all by default."),
    click.option("--columns", metavar="A,B,…", callback=_columns, help="The columns that are read; by default all others."),
    click.option("--group", metavar="COLUMN", help="Rows with the same value in this column are one sequence."),
    click.option("--time", metavar="COLUMN",
                 help="The time of a row, a number or a date; the model is told how much passed since the row before."),
    click.option("--kind", metavar="regression|classes", callback=one_of(("regression", "classes")),
                 help="What the target is; by default classes where it holds text."),
    _whole("--seed", "The seed of data, weights and order; 0 by default.", least=0, default="0", metavar="S"),
    click.option("--config", metavar="FILE.toml", type=click.Path(path_type=Path), callback=_config, is_eager=True,
                 expose_value=False, help="A file with any of these options, one a line: hidden = 64."),
    _file("--checkpoint", "Where the state of the training is kept, every ten seconds and at the end."),
    click.option("--resume", is_flag=True, help="Go on from the checkpoint, with the same options, to the same end."),
    _file("--load-weights", "Begin with these weights: safetensors with the names of PyTorch's state_dict."),
    _file("--save-weights", "Where the trained weights go, in the same format."),
    _file("--history", "Where the loss, gradient norm and learning rate of every update go, as JSON."),
    _file("--plot", "Where the loss curves go: .png, .pdf or .svg; needs the extra 'plot'."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output when it is over."),
)  # fmt: skip


def _with_options(command: Any) -> Any:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command(
    cls=Command,
    examples="""
    autorecur train adding --length 50 --cell gru --lr 0.01       # a task of the field, generated
    autorecur train parity --cell my.cell --hidden 16             # with a cell of your own
    autorecur train weather.csv --target rain --length 24         # a series: the next row from 24 before it
    autorecur train walks.csv --group who --target gait           # classes of sequences
    autorecur train book.txt --hidden 128 --length 100            # a text, character by character
    autorecur train adding --config run.toml --lr 0.001           # options from a file; what is typed counts
    autorecur train adding --checkpoint run.safetensors --resume  # go on where it stopped
    """,
)
@click.argument("task", metavar="TASK")
@_with_options
@click.pass_context
def train(ctx: click.Context, /, **settings: Any) -> int:
    """Train a small model on a TASK, and tell how well it does.

    TASK is adding, copy_memory, parity, sine, mackey_glass, lorenz, logistic_map, irregular, dates, sentiment or tagging,
    all generated; or a file of your own, .csv (the first line names the columns) or a text.

    Ctrl-C stops after the update that runs, leaves a checkpoint and says how to go on. The exit code is 1 if the training
    diverged.
    """
    from autorecur.cli import training

    return training.train(training.Request(**settings), again(ctx))


def again(ctx: click.Context) -> list[str]:
    """What was typed, to be typed again."""
    typed = ["autorecur", "train", ctx.params["task"]]
    for param in ctx.command.params:
        name = param.name or ""
        if ctx.get_parameter_source(name) is not click.core.ParameterSource.COMMANDLINE or name in ("task", "resume"):
            continue
        value = ctx.params.get(name)
        if isinstance(param, click.Option) and param.is_flag:
            typed.append(param.opts[-1])
        else:
            typed += [param.opts[-1], ",".join(value) if isinstance(value, list) else str(value)]
    return typed
