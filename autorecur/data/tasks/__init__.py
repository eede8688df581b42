"""Tasks of the field, generated: each a function of ``count`` and ``seed`` that returns :class:`autorecur.data.Sequences`.

The same arguments give the same data. ``data.kind`` and ``data.loss`` say what is asked for, ``data.baseline`` which loss
somebody reaches who has learned nothing.

    >>> import autorecur as ar
    >>> data = ar.data.tasks.adding(count=100, length=50, seed=0)
    >>> data, data.loss, round(data.baseline, 3)
    (<100 sequences of 50 steps of 2 numbers; 1 number, one a sequence>, 'mse', 0.167)
"""

from collections.abc import Callable
from inspect import signature
from typing import Any

from autorecur.data.sequences import Sequences
from autorecur.data.tasks.language import dates as dates
from autorecur.data.tasks.language import sentiment as sentiment
from autorecur.data.tasks.language import tagging as tagging
from autorecur.data.tasks.memory import adding as adding
from autorecur.data.tasks.memory import copy_memory as copy_memory
from autorecur.data.tasks.memory import parity as parity
from autorecur.data.tasks.series import irregular as irregular
from autorecur.data.tasks.series import logistic_map as logistic_map
from autorecur.data.tasks.series import lorenz as lorenz
from autorecur.data.tasks.series import mackey_glass as mackey_glass
from autorecur.data.tasks.series import sine as sine
from autorecur.errors import ArgumentError
from autorecur.language.nearest import did_you_mean

TASKS: dict[str, Callable[..., Sequences]] = {
    task.__name__: task
    for task in (
        adding, copy_memory, parity, sine, mackey_glass, lorenz, logistic_map, irregular, dates, sentiment, tagging,
    )
}  # fmt: skip
"""Every task by its name."""

__all__ = ["TASKS", "make", *TASKS]


def make(name: str, **arguments: Any) -> Sequences:
    """The data of the task with this name.

    Raises ArgumentError, with near misses, for an unknown task or one that does not know an argument.

    >>> make("parity", count=10, length=5)
    <10 sequences of 5 steps of 1 number; 2 classes, one a sequence>
    """
    if name not in TASKS:
        hint = did_you_mean(name, TASKS) if isinstance(name, str) else ""
        raise ArgumentError(f"there is no task {name!r:.60}." + (hint or f" There are {', '.join(TASKS)}."))
    known = signature(TASKS[name]).parameters
    unknown = next((each for each in arguments if each not in known), None)
    if unknown is not None:
        listed = ", ".join(known)
        raise ArgumentError(f"the task {name} has no {unknown}, only {listed}.{did_you_mean(unknown, known)}")
    return TASKS[name](**arguments)
