"""A training that runs: updates within epochs, what is looked at between them, and its whole state."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autorecur import random
from autorecur.data.batches import Batch
from autorecur.errors import ArgumentError, CheckpointError, GradientError
from autorecur.nn.module import Module
from autorecur.nn.utils import clip_grad_norm_, clip_grad_value_
from autorecur.tape.detach import detach
from autorecur.tape.tensor import Tensor
from autorecur.train import checkpoints
from autorecur.train.batches import Source, pieces
from autorecur.train.callbacks import Callbacks
from autorecur.train.calling import Caller
from autorecur.train.divergence import Guard
from autorecur.train.evaluation import Mean, averaged
from autorecur.train.history import Epoch, History
from autorecur.train.interruption import Interruption
from autorecur.train.losses import Weighted
from autorecur.train.metrics import Measure
from autorecur.train.modes import mode
from autorecur.train.progress import Progress
from autorecur.train.schedule import Schedule
from autorecur.train.stopping import EarlyStopping

BETWEEN_CHECKPOINTS = 10.0
"""Seconds, unless ``checkpoint_every`` says how many updates."""


@dataclass(frozen=True)
class Plan:
    """What was asked for, in numbers."""

    loss: str
    """Its name; that of a function of the user's."""
    epochs: int | None
    updates: int | None
    clip_norm: float | None
    clip_value: float | None
    truncate: int | None
    checkpoint: Path | None
    checkpoint_every: int | None


class Training:
    """One call of :func:`fit`; callbacks see it.

    ``update`` and ``epoch`` are the numbers of those that run or ran last, ``loss`` and ``gradient_norm`` of the last update,
    ``batch`` what it was made with.
    """

    def __init__(
        self,
        call: Caller,
        source: Source,
        optimizer: Any,
        loss: Weighted,
        plan: Plan,
        *,
        validation: Source | None = None,
        measures: Mapping[str, Measure] | None = None,
        stopping: EarlyStopping | None = None,
        schedule: Schedule | None = None,
        callbacks: Callbacks | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.model: Module = call.model
        self.optimizer = optimizer
        self.history = History()
        self.update, self.epoch = 0, 1
        self.loss = self.gradient_norm = math.nan
        self.batch: Batch | None = None
        self._call, self._source, self._loss, self._plan = call, source, loss, plan
        self._validation, self._measures = validation, dict(measures or {})
        self._stopping, self._schedule = stopping, schedule or Schedule(None)
        self._callbacks, self._progress = callbacks or Callbacks(()), progress or Progress(False)
        self._beside = _parameters_beside(self.model, optimizer)
        self._named = [*self.model.named_parameters(), *self._beside]
        self._guard = Guard(self._named, clipped=plan.clip_norm is not None or plan.clip_value is not None)
        self._mean = Mean()
        self._carries = plan.truncate is not None or getattr(source.batches, "steps", True) is not None
        self._carried: Any = None
        self._piece = 0
        """Pieces of the batch that are done."""
        self._before: Any = None
        """Where the data stood before the batch that is being cut into pieces."""
        self._reason = ""
        self._first, self._written = 0, (-1, 0)
        """The update before the first one of this call; updates and epochs that were done at the last checkpoint."""
        self._interruption = Interruption()
        self._begun = self._saved = time.perf_counter()

    # ---------------------------------------------------------------- the course of it

    def stop(self, reason: str = "stopped") -> None:
        """Ends the training behind the update or epoch that runs."""
        self._reason = self._reason or reason

    def run(self) -> History:
        """Until enough is done; the history is complete whatever the reason."""
        self._begun = time.perf_counter() - (self.history.updates[-1].seconds if self.history.updates else 0.0)
        self._saved = time.perf_counter()
        self._first = self.update
        try:
            with self._interruption, mode(self.model, training=True):
                if self._stopping is not None and self._stopping.is_due:
                    self.stop("patience")
                while not self._is_enough():
                    self._pass()
                self._end()
        finally:
            self._progress.end(repr(self.history)[1:-1])
        return self.history

    def _is_enough(self) -> bool:
        if self._plan.epochs is not None and len(self.history.epochs) >= self._plan.epochs:
            self.stop("epochs")
        if self._plan.updates is not None and self.update >= self._plan.updates:
            self.stop("updates")
        return bool(self._reason)

    def _pass(self) -> None:
        """The rest of an epoch, or as much of it as is wanted."""
        self.epoch = len(self.history.epochs) + 1
        batches = self._source.rest()
        kept = self._plan.truncate is not None and self._plan.checkpoint is not None
        while True:
            self._before = self._source.state_dict() if kept else None
            batch = next(batches, None)
            if batch is None:
                break
            if self._plan.truncate is None:
                self._step(batch)
            else:
                self._in_pieces(batch, self._plan.truncate)
            if self._reason and not (self._source.is_over and not self._piece):
                return
        if not self._mean.sums:
            raise ArgumentError("fit: the data have no batch")
        self._end_epoch()

    def _in_pieces(self, batch: Batch, steps: int) -> None:
        count = -(-batch.x.shape[0] // steps)
        for i, piece in enumerate(pieces(batch, steps)):
            if i < self._piece:
                continue
            self._piece = (i + 1) % count
            self._step(piece)
            if self._reason:
                return

    def _step(self, batch: Batch) -> None:
        """One update and what belongs to it."""
        rate = self._schedule.rate(self.optimizer)
        self._learn(batch)
        now = time.perf_counter()
        self.history.add_update(self.update, self.epoch, self.loss, self.gradient_norm, rate, now - self._begun)
        self._schedule.on_update()
        for callback in self._callbacks.on_update:
            callback(self)
        if self._interruption.asked:
            self.stop("interrupted")
        if self.update == self._plan.updates:
            self.stop("updates")
        if self.update == self._first + 1:  # what was compiled for the first one is not to be waited for again
            self._progress.begin(self._part())
        if now >= self._progress.next:
            self._show()
        if self._plan.checkpoint is not None and not self._reason and self._is_due(now):
            self._save()

    def _learn(self, batch: Batch) -> None:
        """Forward, backward, clip, and the step of the optimiser."""
        if batch.continues and self._carried is None and (self.update or self._carries):
            self._refuse_to_go_on()
        self.batch = batch
        self.optimizer.zero_grad()
        output, last = self._call(batch, self._carried if batch.continues else None)
        loss, weight = self._loss(output, batch)
        self.update += 1
        self.loss, self.gradient_norm = float(loss.data), math.nan
        wrong = self._guard.finds(self.loss, 0.0)
        if not wrong:
            loss.backward()
            self.gradient_norm = self._clip()
            wrong = self._guard.finds(self.loss, self.gradient_norm)
        if wrong:
            self._diverge(wrong, batch)
        self._guard.keep(self.loss, self.gradient_norm)
        self.optimizer.step()
        self._mean.add("loss", self.loss, weight)
        if self._carries:
            self._carried = detach(last)
        if self._measures and self._validation is None:
            for name, measure in self._measures.items():
                self._mean.add(name, *measure(output, batch))

    def _clip(self) -> float:
        """The norm before anything is clipped; nan or infinite, and nothing is clipped."""
        plan = self._plan
        first = math.inf if plan.clip_norm is None or plan.clip_value is not None else plan.clip_norm
        try:
            norm = float(clip_grad_norm_(self._named, first, error_if_nonfinite=True).data)
        except GradientError:
            return math.nan
        if plan.clip_value is not None:
            clip_grad_value_(self._named, plan.clip_value)
            if plan.clip_norm is not None:
                clip_grad_norm_(self._named, plan.clip_norm)
        return norm

    def _end_epoch(self) -> None:
        means = self._mean.values()
        loss, validation = means.pop("loss"), None
        if self._validation is not None:
            means = averaged(self._call, self._validation, self._loss, self._measures)
            validation = means.pop("loss", math.nan)
        seconds = time.perf_counter() - self._begun
        rate = self._schedule.rate(self.optimizer)
        self.history.epochs.append(Epoch(self.epoch, self.update, loss, validation, means, rate, seconds))
        self._mean = Mean()
        judged = loss if validation is None else validation
        self._schedule.on_epoch(judged)
        if self._stopping is not None:
            self._stopping.judge(judged, self.model)
            if self._stopping.is_due:
                self.stop("patience")
        for callback in self._callbacks.on_epoch:
            callback(self)

    def _end(self) -> None:
        """The last checkpoint has the last weights; then the model gets the best ones."""
        self.history.stopped = self._reason
        if self._plan.checkpoint is not None and self._written != self._done():
            self._save()
        if self._stopping is not None:
            self._stopping.restore(self.model)
        for callback in self._callbacks.on_end:
            callback(self)
        if self._reason == "interrupted":
            on = "; its checkpoint is written, and resume=True goes on" if self._plan.checkpoint is not None else ""
            self._progress.say(f"stopped by Ctrl-C at update {self.update}{on}")

    def _diverge(self, wrong: str, batch: Batch) -> None:
        rate, seconds = self._schedule.rate(self.optimizer), time.perf_counter() - self._begun
        self.history.add_update(self.update, self.epoch, self.loss, self.gradient_norm, rate, seconds)
        self.history.stopped = "diverged"
        error = self._guard.report(wrong, self.update, batch, self.history)
        self._guard.restore()
        raise error

    def _refuse_to_go_on(self) -> None:
        raise ArgumentError(
            f"the state of one piece is where the next begins, and {type(self.model).__name__} returns none: "
            "it has to return (output, last)"
        )

    # ---------------------------------------------------------------- what is told

    def _part(self) -> float:
        """How much is done of what was asked for, from 0 to 1; nan if that is not known."""
        parts = []
        if self._plan.updates is not None:
            parts.append(self.update / self._plan.updates)
        if self._plan.epochs is not None:
            within = self._source.taken / self._source.length if self._source.length else 0.0
            parts.append((len(self.history.epochs) + within) / self._plan.epochs)
        return max(parts)

    def _where(self) -> str:
        epochs = "" if self._plan.epochs is None else f"epoch {self.epoch}/{self._plan.epochs}"
        updates = "" if self._plan.updates is None else f"update {self.update}/{self._plan.updates}"
        return f"{epochs}  {updates}".strip()

    def _show(self) -> None:
        mean = self._mean.values().get("loss", math.nan)
        validation = self.history.epochs[-1].validation if self.history.epochs else None
        self._progress.show(self._part(), self._where(), mean, self.gradient_norm, validation)

    # ---------------------------------------------------------------- its state

    def _is_due(self, now: float) -> bool:
        every = self._plan.checkpoint_every
        return now - self._saved >= BETWEEN_CHECKPOINTS if every is None else self.update % every == 0

    def _save(self) -> None:
        """Writes a checkpoint; one that cannot be written is told, and the training goes on."""
        assert self._plan.checkpoint is not None
        try:
            checkpoints.save(self._plan.checkpoint, self.state_dict())
        except CheckpointError as error:
            warnings.warn(f"{error}; the training goes on without this checkpoint", RuntimeWarning, stacklevel=4)
        self._saved, self._written = time.perf_counter(), self._done()

    def _done(self) -> tuple[int, int]:
        """An epoch ends behind its last update: what it was judged by is no part of a checkpoint of that update."""
        return self.update, len(self.history.epochs)

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides how it goes on, as arrays and JSON."""
        return {
            "settings": self._settings(),
            "model": self.model.state_dict(),
            "beside": [np.array(p.data) for _, p in self._beside],
            "best": None if self._stopping is None else self._stopping.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self._schedule.state_dict(),
            "random": random.state(),
            "data": self._before if self._piece else self._source.state_dict(),
            "piece": self._piece,
            "validation": None if self._validation is None else self._validation.state_dict(),
            "carried": self._carried,
            "update": self.update,
            "mean": self._mean.sums,
            "guard": self._guard.state_dict(),
            "history": self.history.state_dict(),
            "callbacks": self._callbacks.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes to where :meth:`state_dict` was called."""
        self.optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["scheduler"])
        if self._stopping is not None and state["best"] is not None:
            self._stopping.load_state_dict(state["best"])
        random.set_state(state["random"])
        self._source.load_state_dict(state["data"])
        if self._validation is not None and state["validation"] is not None:
            self._validation.load_state_dict(state["validation"])
        self.model.load_state_dict(state["model"])
        for (_, parameter), array in zip(self._beside, state["beside"], strict=True):
            parameter.data = array
        self._piece, self._carried, self.update = state["piece"], state["carried"], int(state["update"])
        self._mean.sums = {name: list(sums) for name, sums in state["mean"].items()}
        self._guard.load_state_dict(state["guard"])
        self.history.load_state_dict(state["history"])
        self.history.stopped = ""
        self.epoch = len(self.history.epochs) + 1
        self._callbacks.load_state_dict(state["callbacks"])
        self._written = self._done()

    def _settings(self) -> dict[str, Any]:
        """What has to be the same for a run that goes on to be an unbroken one."""
        plan = self._plan
        return {
            "optimizer": type(self.optimizer).__name__,
            "loss": plan.loss,
            "clip_norm": plan.clip_norm,
            "clip_value": plan.clip_value,
            "truncate": plan.truncate,
            "validation": self._validation is not None,
        }

    def differences(self, state: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
        """What is set otherwise than it was in a state; raises ArgumentError for another optimiser."""
        there = state["settings"]
        differ = [(name, here, there[name]) for name, here in self._settings().items() if here != there[name]]
        if differ and differ[0][0] == "optimizer":
            raise ArgumentError(f"it was made with {differ[0][2]}, and the optimizer here is {differ[0][1]}")
        return differ


def _parameters_beside(model: Module, optimizer: Any) -> list[tuple[str, Tensor]]:
    """What the optimiser steps that is no part of the model, such as parameters of a loss."""
    known = {id(p) for p in model.parameters()}
    stepped = [p for group in optimizer.param_groups for p in group["params"]]
    return [(f"number {i} of the optimizer", p) for i, p in enumerate(stepped) if id(p) not in known]
