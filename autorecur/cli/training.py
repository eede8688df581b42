"""``autorecur train``: trains a model, keeps what was asked for, and tells how well it does."""

from __future__ import annotations

import json
import math
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autorecur.cli import terminal
from autorecur.cli.experiments import Data, data_of, model_of
from autorecur.cli.failures import ExitCode
from autorecur.cli.train import OPTIMIZERS

if TYPE_CHECKING:
    from autorecur.nn import Module
    from autorecur.train import History

EPOCHS = 10
METRICS = {"classes": ("accuracy",), "tokens": ("accuracy",), "regression": ()}
"""What is measured beside the loss, by kind of target; of translations also how many are right as a whole."""
WITH_MOMENTUM = ("sgd", "rmsprop")
PICTURES = (".png", ".pdf", ".svg")


class Failed(click.ClickException):
    """The training diverged."""

    exit_code = ExitCode.CHECK_FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was typed."""

    task: str
    cell: str
    hidden: int
    layers: int
    bidirectional: bool
    embedding: int | None
    dropout: float
    optimizer: str
    lr: float | None
    momentum: float | None
    weight_decay: float | None
    clip: float | None
    batch: int
    epochs: int | None
    updates: int | None
    truncate: int | None
    patience: int | None
    count: int | None
    length: int | None
    horizon: int | None
    validation: float
    target: str | None
    columns: list[str] | None
    group: str | None
    time: str | None
    kind: str | None
    seed: int
    checkpoint: Path | None
    resume: bool
    load_weights: Path | None
    save_weights: Path | None
    history: Path | None
    plot: Path | None
    as_json: bool


def train(request: Request, typed: Sequence[str]) -> int:
    """Trains, writes the files that were asked for, and prints a table or an object. ``typed`` is the command itself."""
    from autorecur import manual_seed
    from autorecur.train import Diverged

    _require(request)
    data = data_of(request)
    manual_seed(request.seed)
    model = model_of(request, data.train)
    if request.load_weights is not None:
        from autorecur.train import load_weights

        load_weights(model, request.load_weights)
    _announce(request, data, model)
    with tempfile.TemporaryDirectory(prefix="autorecur-") as folder:
        checkpoint = request.checkpoint or Path(folder, "checkpoint.safetensors")
        try:
            history = _fitted(request, data, model, checkpoint)
        except Diverged as error:
            if request.history is not None:
                error.history.save(request.history)
            raise Failed(_in_options(str(error))) from None
        stopped = history.stopped == "interrupted"
        if stopped and request.checkpoint is None:
            checkpoint = _kept(checkpoint, request)
    _write(request, model, history)
    _tell(request, data, model, history, checkpoint if stopped or request.checkpoint else None)
    if stopped:
        terminal.say(terminal.harmless(_how_to_go_on(request, history, checkpoint, typed)))
        return ExitCode.INTERRUPTED
    return ExitCode.DONE


def _require(request: Request) -> None:
    """What can be known before any work."""
    from autorecur.render.writing import check_writable

    if request.momentum is not None and request.optimizer not in WITH_MOMENTUM:
        raise click.UsageError(
            f"--momentum is for {' and '.join(WITH_MOMENTUM)}, and --optimizer is {request.optimizer}."
        )
    if request.resume and request.checkpoint is None:
        raise click.UsageError("--resume goes on from a checkpoint; say which one: --checkpoint run.safetensors.")
    for path in (request.checkpoint, request.save_weights, request.history, request.plot):
        if path is not None:
            check_writable(path)
    if request.plot is not None:
        _require_plots(request.plot)


def _require_plots(path: Path) -> None:
    """Raises MissingToolError where matplotlib is not installed, UsageError for a picture of another kind."""
    from importlib.util import find_spec

    from autorecur.render.pdf import MissingToolError

    if path.suffix.lower() not in PICTURES:
        raise click.UsageError(f"--plot writes {', '.join(PICTURES)}, by the suffix of the file, not '{path.name}'.")
    if find_spec("matplotlib") is None:
        raise MissingToolError("--plot draws with matplotlib, which is not installed: pip install 'autorecur[plot]'")


def _fitted(request: Request, data: Data, model: Module, checkpoint: Path) -> History:
    from autorecur import optim
    from autorecur.train import fit

    given = {"lr": request.lr, "momentum": request.momentum, "weight_decay": request.weight_decay}
    options = {name: value for name, value in given.items() if value is not None}
    epochs = EPOCHS if request.epochs is None and request.updates is None else request.epochs
    return fit(
        model,
        data.loader,
        getattr(optim, OPTIMIZERS[request.optimizer])(model.parameters(), **options),
        data.train.loss,
        epochs=epochs,
        updates=request.updates,
        validation=data.validation,
        metrics=_metrics(data),
        clip_norm=request.clip,
        truncate=request.truncate,
        patience=request.patience,
        checkpoint=checkpoint,
        resume=request.resume,
        progress=False if request.as_json else None,
    )


def _kept(checkpoint: Path, request: Request) -> Path:
    """The checkpoint of a training that was interrupted, moved to where the user is, over nothing that is there."""
    name = f"{Path(request.task).stem}-{Path(request.cell).stem or 'cell'}"
    target, number = Path(f"{name}.safetensors"), 1
    while target.exists():
        number += 1
        target = Path(f"{name}-{number}.safetensors")
    shutil.move(checkpoint, target)
    return target


def _how_to_go_on(request: Request, history: History, checkpoint: Path, typed: Sequence[str]) -> str:
    command = list(typed)
    if request.checkpoint is None:
        command += ["--checkpoint", str(checkpoint)]
    return f"interrupted after {len(history.updates)} updates. To go on:\n{shlex.join([*command, '--resume'])}"


def _write(request: Request, model: Module, history: History) -> None:
    if request.save_weights is not None:
        from autorecur.train import save_weights

        save_weights(model, request.save_weights)
    if request.history is not None:
        history.save(request.history)
    if request.plot is not None:
        from autorecur import plot

        plot.loss(history).save(request.plot)


# ---------------------------------------------------------------- what is said


def _in_options(message: str) -> str:
    """Advice about arguments of Python as advice about options."""
    return message.replace("clip_norm=1.0", "--clip 1").replace("a smaller learning rate", "a smaller --lr")


def _size(model: Module) -> int:
    return sum(int(parameter.size) for parameter in model.parameters())


def _announce(request: Request, data: Data, model: Module) -> None:
    if request.as_json:
        return
    held = f"; {len(data.validation)} sequences for validation" if data.validation is not None else ""
    text = f"{request.task}: {str(data.train)[1:-1]}\n{request.cell}: {_size(model):,} parameters{held}"
    terminal.say(terminal.harmless(text))


def _measured(data: Data, model: Module, history: History) -> dict[str, float]:
    """The loss and the metrics of the model as it is now, on what it has not learned from, if there is any."""
    from autorecur.train import evaluate

    return evaluate(model, data.validation or data.train, data.train.loss, _metrics(data))


def _metrics(data: Data) -> tuple[str, ...] | None:
    whole = ("exact",) if data.train.readout == "own" else ()
    return (*METRICS[data.train.kind or "regression"], *whole) or None


def _baseline(data: Data) -> float:
    return data.train.baseline_on(data.validation or data.train)


def _tell(request: Request, data: Data, model: Module, history: History, checkpoint: Path | None) -> None:
    found = _measured(data, model, history)
    if request.as_json:
        terminal.put(json.dumps(_as_dict(request, data, model, history, found, checkpoint), ensure_ascii=False))
        return
    where = "on the validation data" if data.validation is not None else "on the training data"
    metrics = "".join(f", {name} {value:.4g}" for name, value in found.items() if name != "loss")
    lines = [
        str(history),
        f"{where}: loss {found['loss']:.4g}{metrics}; who knows nothing has a loss of {_baseline(data):.4g}",
    ]
    lines += [data.note] if data.note else []
    for path in (request.save_weights, request.history, request.plot, checkpoint):
        lines += [f"written: {path}"] if path is not None else []
    terminal.put(terminal.harmless("\n".join(lines)))


def _as_dict(
    request: Request, data: Data, model: Module, history: History, found: dict[str, float], checkpoint: Path | None
) -> dict[str, Any]:
    """The object of ``--json``."""
    epochs = [{**row._asdict(), "metrics": dict(row.metrics)} for row in history.epochs]
    written = {
        "checkpoint": checkpoint,
        "weights": request.save_weights,
        "history": request.history,
        "plot": request.plot,
    }
    return {
        "task": request.task,
        "cell": request.cell,
        "parameters": _size(model),
        "sequences": {"train": len(data.train), "validation": len(data.validation or ())},
        "loss": _finite(found.pop("loss")),
        "metrics": {name: _finite(value) for name, value in found.items()},
        "baseline": _baseline(data),
        "updates": len(history.updates),
        "epochs": [{name: _finite(value) for name, value in row.items()} for row in epochs],
        "stopped": history.stopped,
        "seconds": round(history.updates[-1].seconds, 3) if len(history.updates) else 0.0,
        "written": {name: str(path) for name, path in written.items() if path is not None},
    }


def _finite(value: Any) -> Any:
    """JSON has no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
