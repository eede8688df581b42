"""The commands: what they take and what they teach. What they do stands in :mod:`autorecur.cli.jobs`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from autorecur import __version__
from autorecur.cli.commands import Command, Program
from autorecur.cli.options import (
    LANGUAGES,
    LOSSES,
    MOST_LAYERS,
    MOST_STEPS,
    READOUTS,
    TOPOLOGIES,
    one_of,
    positive_number,
    whole_number,
)
from autorecur.cli.train import train


def _steps(meaning: str) -> Callable[[Any], Any]:
    check = whole_number(1, MOST_STEPS, f"a whole number from 1 to {MOST_STEPS:,}")
    return click.option("--steps", metavar="T", callback=check, help=meaning)


def _seed() -> Callable[[Any], Any]:
    check = whole_number(0, None, "a whole number that is not negative")
    meaning = "The seed of the random numbers of the checks; 0 by default."
    return click.option("--seed", metavar="S", callback=check, default="0", help=meaning)


def _choice(name: str, *words: str, meaning: str) -> Callable[[Any], Any]:
    """An option that takes one of a few words; the first is the default."""
    shown = "|".join(words)
    return click.option(name, metavar=shown, callback=one_of(words), default=words[0], help=meaning)


def _truncate() -> Callable[[Any], Any]:
    check = whole_number(1, 100, "a whole number of steps from 1 to 100")
    meaning = "Cut the gradient behind every K steps, and derive what is lost."
    return click.option("--truncate", metavar="K", callback=check, help=meaning)


def _loss() -> Callable[[Any], Any]:
    known = ", ".join(LOSSES)
    return click.option(
        "--loss",
        metavar="NAME|EXPR",
        help=f"The loss of one step: {known}; 'mse(y)' puts it on y; or an expression such as "
        "'sum(square(h[t] - target[t]))'; none is a general linear loss. By default the one of the cell's "
        "header 'loss:', else mse.",
    )


def _at() -> Callable[[Any], Any]:
    meaning = (
        "At the last step (the default), or summed over all (the default of topologies with an output at every step)."
    )
    return click.option("--at", metavar="last|all", callback=one_of(("last", "all")), help=meaning)


def _decay() -> Callable[[Any], Any]:
    meaning = (
        "Weight decay: NAME/2 times the squares of all weight matrices is added to the loss, as in --decay lambda; "
        "'lambda W U' for these parameters alone. By default what the cell's header 'decay:' says."
    )
    return click.option("--decay", metavar="NAME", help=meaning)


def _notation() -> Callable[[Any], Any]:
    meaning = (
        "How the mathematics is written: column, row, transposed, bracket-time, index, or a file of your own; "
        "by default as the author of the cell wrote it."
    )
    return click.option("--notation", metavar="NAME|FILE.toml", help=meaning)


def _topology(command: Any) -> Any:
    """The options that make a model around a cell."""
    check = whole_number(1, MOST_LAYERS, f"a whole number from 1 to {MOST_LAYERS}")
    options = (
        click.option(
            "--topology",
            metavar="NAME",
            callback=one_of(TOPOLOGIES),
            help=f"A model around CELL: {', '.join(TOPOLOGIES)}. 'autorecur cells CELL --topology …' shows its text.",
        ),
        click.option("--layers", metavar="N", callback=check, help=f"So many layers stacked, 1 to {MOST_LAYERS}."),
        click.option("--bidirectional", is_flag=True, help="A second copy that runs backwards in time."),
        click.option("--learned", is_flag=True, help="Initial states are parameters."),
        click.option("--embedding", is_flag=True, help="An embedding e[t] = E x[t] in front."),
        click.option(
            "--readout", metavar="|".join(READOUTS), callback=one_of(READOUTS), help="The function of the output."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    examples="""
    autorecur derive lstm -o lstm.pdf         # the whole derivation of the LSTM, checked, as a PDF
    autorecur derive my.cell -o my.tex        # the same for a cell of your own
    autorecur check my.cell                   # only the checks: is every equation right?
    autorecur cells                           # the cells that are built in
    autorecur cells gru                       # one of them, as a text to start from
    autorecur train adding --cell my.cell     # a small experiment: does it learn?
    """,
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def program() -> None:
    """Backpropagation through time for a recurrent cell, from its equations.

    Write the cell as it stands in the paper; autorecur derives every gradient step by step, checks each
    equation against numbers, and prints the page.
    """


@program.command(
    cls=Command,
    examples="""
    autorecur derive lstm -o lstm.pdf                      # a PDF; with TeX if it is there, else without
    autorecur derive gru --steps 3 --at all -o gru.pdf     # also written out for three steps, a loss at each
    autorecur derive lstm --detail brief -o page.pdf       # on one page
    autorecur derive gru --notation row -o gru.pdf         # in the notation of your course: row vectors
    autorecur derive lstm -o lstm.html                     # a page for a browser, in one file
    autorecur derive lstm --lang fr -o lstm.pdf            # in French
    autorecur derive my.cell --loss ce                     # LaTeX on standard output
    autorecur derive rnn --values my.toml -o rnn.pdf       # with an example by hand, in your own numbers
    autorecur derive rnn --fragment -o rnn.tex             # to \\input into a document of your own
    echo 'h[t] = tanh(W x[t] + U h[t-1])' | autorecur derive - -o rnn.md      # from standard input
    """,
)
@click.argument("cell", metavar="CELL")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to write; the suffix is the format: .tex, .pdf, .html, .md, .typ.",
)
@_steps("Also write the equations out for T steps, 1 to 10,000.")
@_loss()
@_at()
@_topology
@_notation()
@click.option(
    "--lang",
    metavar="|".join(LANGUAGES),
    callback=one_of(LANGUAGES),
    default="en",
    help="The language of the page: titles that the cell has in it are used, others stay as they are.",
)
@_choice(
    "--detail", "standard", "brief", "full", meaning="How much is shown: standard is the default, brief fits a page."
)
@click.option("--fragment", is_flag=True, help="LaTeX without a preamble, for a document of your own.")
@_choice(
    "--pdf-engine",
    "auto",
    "latex",
    "typst",
    meaning="What sets the PDF: auto takes TeX if it is there, else the embedded typst.",
)
@click.option(
    "--templates",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A folder of templates of your own, or of single blocks; see notes/templates.md.",
)
@_truncate()
@_decay()
@click.option(
    "--values",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Numbers of your own for the worked example: parameters, inputs, initial states and target, as TOML or JSON. "
    "--detail full has one in any case.",
)
@_seed()
def derive(**settings: Any) -> int:
    """Derive every gradient of CELL, check it, and print the page.

    CELL is a built-in name (lstm), the path of a .cell file, or - for standard input. The suffix of the file
    chooses the format; without -o the LaTeX goes to standard output. Every equation is evaluated and compared
    with numerical derivatives first: if one fails, nothing is written and the exit code is 1.
    """
    from autorecur.cli import jobs

    return jobs.derive(jobs.Request(**settings))


@program.command(
    cls=Command,
    examples="""
    autorecur check lstm                        # every equation of the LSTM, with its error
    autorecur check my.cell --seed 7            # with other random numbers
    autorecur check gru --notation row          # the equations of another notation
    autorecur check gru --topology many-to-one --layers 2      # of a model around it
    autorecur check my.cell --json              # for a program to read
    autorecur check my.cell && echo correct     # the exit code is 0 only if all passed
    """,
)
@click.argument("cell", metavar="CELL")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
@_steps("The number of steps to check with; by default as many as the cell's delays need.")
@_loss()
@_at()
@_topology
@_notation()
@_truncate()
@_decay()
@_seed()
def check(**settings: Any) -> int:
    """Check every equation of CELL against numbers.

    CELL is a built-in name (lstm), the path of a .cell file, or - for standard input. The exit code is 0 if all
    passed and 1 if one failed.
    """
    from autorecur.cli import jobs

    as_json = settings.pop("as_json")
    return jobs.check(jobs.Request(**settings), as_json)


@program.command(
    cls=Command,
    examples="""
    autorecur cells                     # what is built in
    autorecur cells gru                 # the equations of the GRU
    autorecur cells gru > my.cell       # a text to start from
    autorecur cells gru --topology encoder-decoder      # the text of a model around it
    """,
)
@click.argument("cell", metavar="[CELL]", required=False)
@_topology
def cells(cell: str | None, **model: Any) -> int:
    """List the built-in cells, or print the equations of one."""
    from autorecur.cli import jobs

    return jobs.cells(cell, jobs.Model(**model))


@program.command(
    cls=Command,
    examples="""
    autorecur flow rnn gru lstm                         # how far gradients reach, as a table
    autorecur flow rnn gru my.cell -o flow.pdf          # the plot; .tex, .md and .typ, too
    autorecur flow rnn --scale 3 --steps 100            # larger weights, more steps
    autorecur flow lstm lstm_peephole --state c         # of one state alone
    autorecur flow rnn lstm --json                      # for a program to read
    """,
)
@click.argument("cells", metavar="CELL...", nargs=-1)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to write the plot; the suffix is the format, as for derive.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
@click.option(
    "--steps",
    metavar="T",
    callback=whole_number(1, MOST_STEPS, f"a whole number from 1 to {MOST_STEPS:,}"),
    default="50",
    help="The length of the sequences; 50 by default.",
)
@click.option(
    "--hidden",
    metavar="N",
    callback=whole_number(1, 512, "a whole number from 1 to 512"),
    help="The number of components of every vector; 16 by default, 6 in a cell with matrix states.",
)
@click.option(
    "--scale", metavar="X", callback=positive_number, default="1", help="The weight matrices are multiplied by it."
)
@click.option("--state", metavar="NAME", help="One state instead of all of a cell; its derivatives are total.")
@click.option("--lang", metavar="LANG", default="en", help="The language of the page.")
@_choice("--pdf-engine", "auto", "latex", "typst", meaning="What sets the PDF, as for derive.")
@_seed()
def flow(**settings: Any) -> int:
    """Measure how gradients flow through time in one CELL or several, and plot it.

    CELL is a built-in name (lstm), the path of a .cell file, or - for standard input. Weights and sequences are
    random; the Jacobians between steps are exact. The plot shows their norms against the number of steps between, on
    a logarithmic scale; without -o the norms are printed as a table.
    """
    from autorecur.cli import flows

    return flows.flow(flows.Request(**settings))


@program.command(
    cls=Command,
    examples="""
    autorecur compare lstm gru -o compare.pdf     # two cells side by side on one page
    autorecur compare rnn my.cell -o compare.html
    autorecur compare lstm gru                    # Markdown on standard output
    """,
)
@click.argument("first", metavar="CELL")
@click.argument("second", metavar="CELL")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to write the page; the suffix is the format, as for derive.",
)
@click.option("--lang", metavar="LANG", default="en", help="The language of the page.")
@_choice("--pdf-engine", "auto", "latex", "typst", meaning="What sets the PDF, as for derive.")
@_seed()
def compare(**settings: Any) -> int:
    """Compare two cells: equations, counts, gradient paths with their bounds, measured gradients.

    CELL is a built-in name (lstm), the path of a .cell file, or - for standard input. Both derivations are checked
    first; if a check fails, nothing is written.
    """
    from autorecur.cli import flows

    return flows.compare(**settings)


program.add_command(train)


@program.command(cls=Command, examples="autorecur doctor  # what is installed here, and what works")
def doctor() -> int:
    """Versions, the cache folder, and which ways to a PDF work here."""
    from autorecur.cli.doctor import examine

    return examine()


@program.command(
    cls=Command,
    examples="""
    autorecur cache              # what is kept, how large it is, when it was made
    autorecur cache --clear      # remove it; what is needed again is compiled again
    """,
)
@click.option("--list", "wants_list", is_flag=True, help="List the kernels; so does the command without an option.")
@click.option("--clear", "wants_clear", is_flag=True, help="Remove them, and nothing else that lies in the folder.")
def cache(wants_list: bool, wants_clear: bool) -> int:
    """The compiled kernels that are kept on disk."""
    from autorecur.cli import kept

    if wants_list or not wants_clear:
        kept.show()
    return kept.clear() if wants_clear else 0
