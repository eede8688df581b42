"""``fit``: arguments that make sense, then a training."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Mapping
from operator import index
from pathlib import Path
from typing import Any

from autorecur import random
from autorecur.errors import ArgumentError, CheckpointError, DtypeError
from autorecur.nn.module import Module
from autorecur.train import archive, checkpoints
from autorecur.train.batches import Source, validation_source
from autorecur.train.callbacks import Callbacks
from autorecur.train.calling import Caller, Forward, check_layout
from autorecur.train.history import History
from autorecur.train.losses import loss_of
from autorecur.train.metrics import measures_of
from autorecur.train.progress import Progress
from autorecur.train.schedule import Schedule
from autorecur.train.stopping import EarlyStopping
from autorecur.train.training import Plan, Training
from autorecur.train.weights import differences


def fit(
    model: Module,
    data: Any,
    optimizer: Any,
    loss: Any = "mse",
    *,
    epochs: int | None = None,
    updates: int | None = None,
    validation: Any = None,
    metrics: Any = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    truncate: int | None = None,
    patience: int | None = None,
    scheduler: Any = None,
    scheduler_every: str = "epoch",
    callbacks: Any = (),
    forward: Forward | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int | None = None,
    resume: bool = False,
    progress: bool | None = None,
    seed: int | None = None,
) -> History:
    """Trains a model: for each batch the loss, its gradients, and a step of the optimiser. Returns the :class:`History`.

    * ``data``: an :class:`autorecur.data.Loader`, a list of pairs (x, y) with time first, or one pair.
    * ``loss``: ``"mse"``, ``"cross_entropy"`` (y: classes, −100 is ignored), ``"bce"`` (of logits), each a mean that leaves
      padding out; or a function of (output, batch) that returns one tensor.
    * ``epochs`` passes through the data, or ``updates`` steps, or whichever is done first.
    * ``validation``: data after each epoch, also an :class:`autorecur.data.Sequences`; ``metrics``: ``"accuracy"``, ``"exact"``
      (whole sequences), ``"mae"``, ``"mse"``, several of them, or a mapping from names to functions of (output, batch) that
      return a number. They are measured on the validation data, without any on what is trained on.
    * ``clip_norm``, ``clip_value``: gradients are clipped by their common 2-norm, by value; with both, by value first.
    * ``truncate=k``: sequences are run k steps at a time, an update each; the state goes on, the gradient does not (truncated
      backpropagation through time, Williams and Peng 1990). A loader with ``steps=k`` gives such pieces itself.
    * ``patience``: epochs without a smaller loss (of validation, if there is any) before it stops; whenever it ends, the model
      gets the weights of the best epoch.
    * ``scheduler``: stepped behind each ``scheduler_every``, ``"epoch"`` or ``"update"``.
    * ``callbacks``: see :class:`Callback`. ``forward``: a function of (model, batch) in place of ``model(batch.x, …)``.
    * ``checkpoint``: a file to which the whole state goes every ``checkpoint_every`` updates (by default every ten seconds) and
      at the end; the one before is kept. ``resume=True`` goes on from there, to exactly what an unbroken run would have given;
      if there is no checkpoint yet, it begins. Ctrl-C stops behind the update that runs, and what is done is returned.
    * ``progress``: None shows a bar in a terminal or notebook, lines elsewhere, after two seconds; False shows nothing.
    * ``seed`` of the random numbers, such as those of dropout; that of the data is the loader's.

    While it runs the model is in training mode, then in the mode that it had before. Raises :class:`Diverged`, after the
    model was given its last good weights, when a loss or gradient is not finite or has exploded; CheckpointError for a
    checkpoint that is damaged (if the one before is as well) or of another model; ArgumentError, DtypeError, ShapeError.

    >>> import numpy as np
    >>> import autorecur as ar
    >>> ar.manual_seed(0)
    >>> x = np.sin(np.arange(33) / 3)[:, None, None]  # (steps, batch, inputs)
    >>> model = ar.nn.SequenceModel("gru", 1, 8, 1)
    >>> optimizer = ar.optim.Adam(model.parameters(), lr=0.02)
    >>> history = ar.train.fit(model, (x[:-1], x[1:]), optimizer, epochs=50)
    >>> len(history.updates), history.updates[-1].loss < history.updates[0].loss / 10
    (50, True)
    """
    if not isinstance(model, Module):
        raise DtypeError(f"fit: the model is an ar.nn.Module, not {type(model).__name__}")
    plan = _plan(loss, epochs, updates, clip_norm, clip_value, truncate, checkpoint, checkpoint_every)
    weighted = loss_of(loss)
    if resume and plan.checkpoint is None:
        raise ArgumentError("fit: resume=True goes on from a checkpoint; say which one: checkpoint='run.safetensors'")
    source, call = Source(data), Caller(model, forward)
    examined = None if validation is None else validation_source(validation)
    for each in (source, examined):
        if each is not None:
            check_layout(call, each)
    if truncate is not None:
        _check_truncation(model, source)
    _check_optimizer(model, optimizer)
    training = Training(
        call,
        source,
        optimizer,
        weighted,
        plan,
        validation=examined,
        measures=measures_of(metrics),
        stopping=None if patience is None else EarlyStopping(_whole("patience", patience)),
        schedule=Schedule(scheduler, scheduler_every),
        callbacks=Callbacks(callbacks),
        progress=Progress(progress),
    )
    if seed is not None:
        random.manual_seed(seed)
    if plan.checkpoint is not None:
        archive.check_writable(plan.checkpoint)
    if resume and plan.checkpoint is not None:
        _go_on(training, plan.checkpoint)
    return training.run()


def _plan(
    loss: Any,
    epochs: Any,
    updates: Any,
    clip_norm: Any,
    clip_value: Any,
    truncate: Any,
    checkpoint: Any,
    checkpoint_every: Any,
) -> Plan:
    if epochs is None and updates is None:
        raise ArgumentError("fit: say how long: epochs=10, or updates=1000")
    if checkpoint is None and checkpoint_every is not None:
        raise ArgumentError("fit: checkpoint_every says how often; say where, too: checkpoint='run.safetensors'")
    return Plan(
        loss=loss if isinstance(loss, str) else getattr(loss, "__name__", "function"),
        epochs=None if epochs is None else _whole("epochs", epochs),
        updates=None if updates is None else _whole("updates", updates),
        clip_norm=None if clip_norm is None else _positive("clip_norm", clip_norm),
        clip_value=None if clip_value is None else _positive("clip_value", clip_value),
        truncate=None if truncate is None else _whole("truncate", truncate),
        checkpoint=None if checkpoint is None else Path(checkpoint),
        checkpoint_every=None if checkpoint_every is None else _whole("checkpoint_every", checkpoint_every),
    )


def _whole(name: str, value: Any) -> int:
    try:
        number = index(value)
    except TypeError:
        raise DtypeError(f"fit: {name} is a whole number, not {value!r:.60}") from None
    if number < 1 or isinstance(value, bool):
        raise ArgumentError(f"fit: {name} is at least 1, not {value!r}")
    return number


def _positive(name: str, value: Any) -> float:
    if isinstance(value, bool) or (not isinstance(value, (int, float)) and not hasattr(value, "__float__")):
        raise DtypeError(f"fit: {name} is a number, not {value!r:.60}")
    number = float(value)
    if not 0 < number < math.inf:
        raise ArgumentError(f"fit: {name} is larger than 0, not {value!r}")
    return number


def _check_truncation(model: Module, source: Source) -> None:
    if source.batch_first:
        raise ArgumentError("fit: truncate cuts along time, which comes first; the loader has batch_first=True")
    for name, module in model.named_modules():
        if getattr(module, "bidirectional", False):
            where = f" ({name})" if name else ""
            raise ArgumentError(
                f"fit: truncate carries the state forwards, and a direction of this model{where} runs backwards"
            )


def _check_optimizer(model: Module, optimizer: Any) -> None:
    """An optimiser of other parameters would leave the model as it is, without a word."""
    for method in ("step", "zero_grad", "param_groups"):
        if not hasattr(optimizer, method):
            raise DtypeError(
                f"fit: the optimizer is one of ar.optim, such as ar.optim.Adam(model.parameters()), not {optimizer!r:.60}"
            )
    stepped = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if not any(id(p) in stepped for p in model.parameters()):
        raise ArgumentError("fit: the optimizer has none of the model's parameters; make it from model.parameters()")


def _go_on(training: Training, path: Path) -> None:
    state, found, problem = checkpoints.latest(path)
    if state is None:
        return
    if problem:
        warnings.warn(
            f"{problem}; going on from {found}, the one before, at update {state['update']}",
            RuntimeWarning,
            stacklevel=3,
        )
    try:
        _check_same_model(training.model, state["model"], found)
        changed = [f"{name}={here!r} in place of {there!r}" for name, here, there in training.differences(state)]
        training.load_state_dict(state)
    except CheckpointError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{found} is a checkpoint of another training: {error}") from error
    if changed:
        told = f"going on from {found} with {', '.join(changed)}: this is not what an unbroken run would give"
        warnings.warn(told, RuntimeWarning, stacklevel=3)


def _check_same_model(model: Module, arrays: Mapping[str, Any], path: Path) -> None:
    own = model.state_dict()
    problem = differences({name: array.shape for name, array in own.items()}, arrays)
    for name, array in own.items():
        if not problem and arrays[name].dtype != array.dtype:
            problem = f"{name!r} is {arrays[name].dtype} in the file and {array.dtype} here"
    if problem:
        raise CheckpointError(f"{path} is a checkpoint of another model than this {type(model).__name__}: {problem}")
