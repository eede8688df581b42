"""``autorecur train``: a small experiment from the command line."""

from __future__ import annotations

import importlib.util
import json
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.cli.train import TASKS
from autorecur.data.batches import Batch
from tests.cli.conftest import CommandLine, Outcome

SMALL = ["--cell", "rnn", "--hidden", "4", "--batch", "8", "--lr", "0.01"]
QUICK = ["adding", "--count", "40", "--length", "6", "--epochs", "2", *SMALL]


def told(done: Outcome) -> dict[str, Any]:
    """The object of ``--json``, which stands alone on standard output."""
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


@pytest.fixture
def weather(tmp_path: Path) -> Path:
    path = tmp_path / "weather.csv"
    rows = [f"{day},{10 + 8 * np.sin(day / 5):.3f},{day % 3}" for day in range(90)]
    path.write_text("\n".join(["day,temperature,rain", *rows]))
    return path


@pytest.fixture
def walks(tmp_path: Path) -> Path:
    path = tmp_path / "walks.csv"
    rows = [
        f"p{who},{t + 0.1 * who},{who % 2 + 0.1 * t},{'run' if who % 2 else 'walk'}"
        for who in range(20)
        for t in range(2 + who % 3)
    ]
    path.write_text("\n".join(["who,time,speed,gait", *rows]))
    return path


def test_the_losses_are_a_table_with_what_a_guesser_has(autorecur: CommandLine) -> None:
    """Rows of epochs, the loss on validation, and the loss of who knows nothing."""
    done = autorecur("train", *QUICK)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split()[:3] == ["epoch", "loss", "validation"]
    assert [line.split()[0] for line in lines[1:3]] == ["1", "2"]
    assert lines[-1].startswith("on the validation data: loss ")
    assert lines[-1].endswith("who knows nothing has a loss of 0.1667")
    assert "rnn: 37 parameters; 8 sequences for validation" in done.err


def test_json_is_one_object(autorecur: CommandLine) -> None:
    """Everything that the table says, for a program; standard error is empty."""
    done = autorecur("train", *QUICK, "--json")
    found = told(done)
    assert done.err == ""
    assert (found["task"], found["cell"], found["stopped"], found["updates"]) == ("adding", "rnn", "epochs", 8)
    assert found["sequences"] == {"train": 32, "validation": 8}
    assert [row["epoch"] for row in found["epochs"]] == [1, 2]
    assert found["loss"] == pytest.approx(found["epochs"][-1]["validation"])
    assert found["baseline"] == pytest.approx(1 / 6)


def test_a_seed_fixes_everything(autorecur: CommandLine) -> None:
    """The same losses twice, others with another seed."""
    losses = [[row["loss"] for row in told(autorecur("train", *QUICK, "--json", "--seed", s))["epochs"]] for s in "112"]
    assert losses[0] == losses[1] != losses[2]


def test_every_task_of_the_library_is_one_of_the_command() -> None:
    """The help lists them without loading them."""
    assert tuple(ar.data.tasks.TASKS) == TASKS


@pytest.mark.parametrize(
    "task", ["copy_memory", "parity", "sine", "lorenz", "irregular", "dates", "sentiment", "tagging"]
)
def test_a_task_finds_its_model_and_its_loss(autorecur: CommandLine, task: str) -> None:
    """Tokens, classes, numbers, gaps in time, translation: one command for all."""
    length = [] if task in ("dates", "sentiment", "tagging") else ["--length", "6"]
    found = told(autorecur("train", task, "--count", "20", "--updates", "2", *length, *SMALL, "--json"))
    assert found["updates"] == 2
    assert found["loss"] > 0
    assert ("accuracy" in found["metrics"]) == (task not in ("sine", "lorenz", "irregular"))
    assert ("exact" in found["metrics"]) == (task == "dates")


def test_a_cell_of_ones_own_learns(autorecur: CommandLine, tmp_path: Path) -> None:
    """From a file, in two layers and both directions; it beats who knows nothing."""
    cell = tmp_path / "mine.cell"
    cell.write_text("h[t] = tanh(W x[t] + U h[t-1] + b)\n")
    task = ["parity", "--length", "2", "--count", "100", "--cell", str(cell), "--hidden", "8"]
    found = told(autorecur("train", *task, "--epochs", "30", "--lr", "0.03", "--json"))
    assert found["loss"] < 0.3 < found["baseline"]
    assert found["metrics"]["accuracy"] == 1.0
    deep = ["--layers", "2", "--bidirectional", "--updates", "1", "--json"]
    assert told(autorecur("train", *task, *deep))["parameters"] > 2 * found["parameters"]


def test_a_series_is_forecast_from_a_csv_file(autorecur: CommandLine, weather: Path) -> None:
    """All columns read, one predicted, the end for validation; losses in units of the training part."""
    task = ["train", str(weather), "--target", "temperature", "--length", "5", "--epochs", "8", *SMALL]
    found = told(autorecur(*task, "--json"))
    assert found["sequences"]["train"] + found["sequences"]["validation"] < 90 - 5
    assert found["loss"] < found["baseline"]
    done = autorecur(*task, "--time", "day")
    assert done.out.splitlines()[-1] == "losses are in units of the training part's variance"


def test_sequences_of_a_csv_file_are_classified(autorecur: CommandLine, walks: Path) -> None:
    """Rows of a group are a sequence, with the time between them."""
    found = told(
        autorecur(
            "train",
            str(walks),
            "--target",
            "gait",
            "--group",
            "who",
            "--time",
            "time",
            "--epochs",
            "20",
            *SMALL,
            "--json",
        )
    )
    assert found["sequences"] == {"train": 16, "validation": 4}
    assert found["metrics"]["accuracy"] == 1.0


def test_rows_of_a_csv_file_are_tagged(autorecur: CommandLine, walks: Path) -> None:
    """A target of text without groups: a class a row, in pieces of the one sequence."""
    found = told(
        autorecur(
            "train",
            str(walks),
            "--target",
            "gait",
            "--columns",
            "speed",
            "--length",
            "8",
            "--epochs",
            "2",
            *SMALL,
            "--json",
        )
    )
    assert found["sequences"]["train"] > 1
    assert "accuracy" in found["metrics"]


def test_a_text_is_read_in_streams(autorecur: CommandLine, tmp_path: Path) -> None:
    """Characters, a piece at a time with the state carried on: a text of two letters in turn is soon known."""
    text = tmp_path / "text.txt"
    text.write_text("ab" * 150)
    found = told(
        autorecur("train", str(text), "--cell", "gru", "--hidden", "8", "--length", "10", "--batch", "4", "--lr", "0.05",
                  "--epochs", "6", "--json")
    )  # fmt: skip
    assert found["metrics"]["accuracy"] == 1.0
    assert found["loss"] < 0.2 < found["baseline"] == pytest.approx(np.log(2), rel=0.01)
    assert found["updates"] == 6 * 6


def test_options_come_from_a_file_and_what_is_typed_counts(autorecur: CommandLine, tmp_path: Path) -> None:
    """Every option, with dashes or underscores; the task, too."""
    config = tmp_path / "run.toml"
    config.write_text(
        'task = "adding"\ncell = "rnn"\nhidden = 4\ncount = 40\nlength = 6\nepochs = 3\nlr = 1e-2\n'
        "weight_decay = 0.1\njson = true\n"
    )
    found = told(autorecur("train", "--config", str(config), "--epochs", "1"))
    assert (found["parameters"], len(found["epochs"])) == (37, 1)
    plain = config.read_text().replace("weight_decay = 0.1\n", "")
    config.write_text(plain)
    assert told(autorecur("train", "--config", str(config), "--epochs", "1"))["loss"] != found["loss"]


@pytest.mark.parametrize(
    ("text", "message", "quoted"),
    [
        (
            "cell = 'gru'\nhiden = 8\n",
            "run.toml, line 2: there is no option 'hiden'. Did you mean 'hidden'?",
            "hiden = 8",
        ),
        ("hidden = -8\n", "run.toml, line 1: hidden is a whole number from 1, not '-8'.", "hidden = -8"),
        ("optimizer = 'adm'\n", "run.toml, line 1: optimizer is adam, adamw, ", "optimizer = 'adm'"),
        ("bidirectional = 3\n", "run.toml, line 1: bidirectional is true or false, not 3.", "bidirectional = 3"),
        ("hidden = true\n", "run.toml, line 1: hidden is a text or a number, not true.", "hidden = true"),
        ("\n[model]\nhidden = 8\n", "run.toml, line 2: 'model' is a table, and options stand in none.", "[model]"),
        ("cell = \n", "run.toml, line 1: this is no TOML: invalid value.", "cell = "),
    ],
)
def test_what_is_wrong_in_a_file_of_options_is_shown(
    autorecur: CommandLine, tmp_path: Path, text: str, message: str, quoted: str
) -> None:
    """File, line, near miss, and the line itself with a caret."""
    (tmp_path / "run.toml").write_text(text)
    done = autorecur("train", "adding", "--config", "run.toml")
    assert done.code == 2
    assert done.message.startswith(message)
    assert f"| {quoted}" in done.err


def test_weights_and_history_are_kept(autorecur: CommandLine) -> None:
    """Saved weights are where another training begins; the history has every update."""
    first = told(autorecur("train", *QUICK, "--save-weights", "w.safetensors", "--history", "h.json", "--json"))
    assert first["written"] == {"weights": "w.safetensors", "history": "h.json"}
    assert len(ar.train.History.load("h.json").updates) == 8
    second = told(autorecur("train", *QUICK, "--load-weights", "w.safetensors", "--json"))
    assert second["epochs"][0]["loss"] < first["epochs"][0]["loss"]
    other = autorecur("train", *QUICK, "--hidden", "5", "--load-weights", "w.safetensors")
    assert other.code == 2
    assert "w.safetensors holds another model than this SequenceModel" in other.message


def interrupted(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Ctrl-C while batch number ``at`` is being made."""
    made = 0
    give = ar.data.Loader.__iter__

    def batches(self: ar.data.Loader) -> Iterator[Batch]:
        nonlocal made
        for batch in give(self):
            made += self.shuffle
            if self.shuffle and made == at:
                signal.raise_signal(signal.SIGINT)
            yield batch

    monkeypatch.setattr(ar.data.Loader, "__iter__", batches)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(
    autorecur: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says, typed as it stands, gives exactly the unbroken run; nothing that is there is written over."""
    unbroken = told(autorecur("train", *QUICK, "--json"))
    Path("adding-rnn.safetensors").write_text("mine")
    with monkeypatch.context() as patch:
        interrupted(patch, 6)
        done = autorecur("train", *QUICK)
    assert done.code == 130
    assert "interrupted after 6 updates. To go on:" in done.err
    typed = shlex.split(done.err.splitlines()[-1])
    assert typed[-3:] == ["--checkpoint", "adding-rnn-2.safetensors", "--resume"]
    assert Path("adding-rnn.safetensors").read_text() == "mine"
    resumed = told(autorecur(*typed[1:], "--json"))
    assert [row["loss"] for row in resumed["epochs"]] == [row["loss"] for row in unbroken["epochs"]]
    assert resumed["loss"] == unbroken["loss"]


def test_a_checkpoint_is_where_it_was_asked_for_and_nowhere_else(
    autorecur: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ordinary run leaves no file; with --checkpoint, --resume and more epochs go on from there."""
    told(autorecur("train", *QUICK, "--json"))
    assert list(Path().iterdir()) == []
    first = told(autorecur("train", *QUICK, "--checkpoint", "run.safetensors", "--json"))
    assert first["written"] == {"checkpoint": "run.safetensors"}
    longer = told(autorecur("train", *QUICK, "--epochs", "3", "--checkpoint", "run.safetensors", "--resume", "--json"))
    assert [row["loss"] for row in longer["epochs"]][:2] == [row["loss"] for row in first["epochs"]]
    assert len(longer["epochs"]) == 3


def test_a_training_that_diverges_fails(autorecur: CommandLine) -> None:
    """Exit code 1, with the update, the parameter and options to try."""
    done = autorecur("train", *QUICK, "--optimizer", "sgd", "--lr", "1e30")
    assert done.code == 1
    assert done.message.startswith("training diverged at update 2: ")
    assert "try --clip 1 or a smaller --lr" in done.message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "TASK is missing: a task such as adding, or a .csv or text file of your own."),
        (["adng"], "there is no task and no file 'adng'."),
        (["adding", "--hiden", "3"], "there is no option '--hiden'. Did you mean '--hidden'?"),
        (["adding", "--cell", "lsmt"], "there is no built-in cell 'lsmt'; did you mean 'lstm'?"),
        (["adding", "--optimizer", "adm"], "--optimizer is adam, adamw, sgd, "),
        (["adding", "--momentum", "0.9"], "--momentum is for sgd and rmsprop, and --optimizer is adam."),
        (["adding", "--embedding", "4"], "--embedding is for tokens, and the inputs of this task are numbers"),
        (["adding", "--target", "x"], "--target has no meaning for a task such as 'adding'"),
        (["adding", "--validation", "1"], "--validation is a share from 0 to less than 1, not '1'."),
        (["adding", "--horizon", "2"], "the task adding has no horizon, only count, length, seed, spread."),
        (["adding", "--resume"], "--resume goes on from a checkpoint; say which one: --checkpoint run.safetensors."),
        (["adding", "--history", "no/h.json"], "no/h.json cannot be written: there is no folder no"),
        (["adding", "--config", "run.toml"], "run.toml: No such file or directory."),
        (["dates", "--count", "20", "--truncate", "5"], "truncate"),
        (["weather.csv", "--target", "temprature"], "weather.csv, line 1: there is no column 'temprature'."),
        (["weather.csv", "--count", "3"], "--count has no meaning for a file such as 'weather.csv'"),
        (["weather.csv", "--length", "100"], "the longest sequence has 90 steps, and a window of 100"),
        (["text.txt", "--truncate", "5"], "--truncate has no meaning for a text such as 'text.txt'"),
        (["text.txt", "--batch", "50"], "the series has 8 steps, and 50 streams with a target 1 ahead take 51"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(
    autorecur: CommandLine, weather: Path, arguments: list[str], message: str
) -> None:
    """And the exit code is 2, before any training."""
    Path("text.txt").write_text("abcabcabca")
    done = autorecur("train", *arguments)
    assert done.code == 2
    assert message in done.message


def test_a_plot_needs_its_extra(autorecur: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without matplotlib: exit code 3, how to get it, and no training."""
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "matplotlib" else found(name))
    done = autorecur("train", "adding", "--plot", "loss.png")
    assert done.code == 3
    assert "pip install 'autorecur[plot]'" in done.message


def test_the_losses_are_drawn(autorecur: CommandLine) -> None:
    """As the suffix says; another kind of file is refused before any training."""
    done = autorecur("train", *QUICK, "--plot", "loss.jpeg")
    assert done.code == 2
    assert done.message == "--plot writes .png, .pdf, .svg, by the suffix of the file, not 'loss.jpeg'."
    pytest.importorskip("matplotlib")
    pytest.importorskip("autorecur.plot")
    assert told(autorecur("train", *QUICK, "--plot", "loss.svg", "--json"))["written"] == {"plot": "loss.svg"}
    assert "</svg>" in Path("loss.svg").read_text()
