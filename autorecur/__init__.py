"""Write a recurrent cell once. Read its gradient, run its gradient, prove that they agree.

    >>> import autorecur as ar
    >>> d = ar.cells["lstm"].derive()
    >>> d.verify().passed
    True

NumPy's functions are here under their own names (``ar.exp``, ``ar.einsum``), on tensors that can be differentiated.
Importing the package is cheap: what a name needs is loaded when the name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autorecur.errors import AnomalyError as AnomalyError
from autorecur.errors import ArgumentError as ArgumentError
from autorecur.errors import AutorecurError as AutorecurError
from autorecur.errors import CellError as CellError
from autorecur.errors import DtypeError as DtypeError
from autorecur.errors import GradientError as GradientError
from autorecur.errors import RenderError as RenderError
from autorecur.errors import ShapeError as ShapeError

if TYPE_CHECKING:
    from autorecur import data as data
    from autorecur import nn as nn
    from autorecur import optim as optim
    from autorecur import plot as plot
    from autorecur import testing as testing
    from autorecur import topologies as topologies
    from autorecur import train as train
    from autorecur.arrays import *  # noqa: F403
    from autorecur.cells import cells as cells
    from autorecur.cells import load as load
    from autorecur.language.building import cell as cell
    from autorecur.random import manual_seed as manual_seed
    from autorecur.tape.anomalies import debug_anomalies as debug_anomalies
    from autorecur.tape.checkpoint import checkpoint as checkpoint
    from autorecur.tape.detach import detach as detach
    from autorecur.tape.modes import enable_grad as enable_grad
    from autorecur.tape.modes import no_grad as no_grad
    from autorecur.tape.primitive import primitive as primitive
    from autorecur.tape.tensor import Tensor as Tensor
    from autorecur.tape.tensor import tensor as tensor
    from autorecur.tape.transforms import grad as grad
    from autorecur.tape.transforms import hessian as hessian
    from autorecur.tape.transforms import hvp as hvp
    from autorecur.tape.transforms import jacobian as jacobian
    from autorecur.tape.transforms import jvp as jvp
    from autorecur.tape.transforms import value_and_grad as value_and_grad
    from autorecur.tape.transforms import vjp as vjp
    from autorecur.testing.checking import gradcheck as gradcheck
    from autorecur.vanishing.flow import flow as flow

__version__ = "0.1.0"

__all__ = [
    "AnomalyError",
    "ArgumentError",
    "AutorecurError",
    "CellError",
    "DtypeError",
    "GradientError",
    "RenderError",
    "ShapeError",
    "Tensor",
    "__version__",
    "cell",
    "cells",
    "checkpoint",
    "data",
    "debug_anomalies",
    "detach",
    "enable_grad",
    "flow",
    "grad",
    "gradcheck",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "load",
    "manual_seed",
    "nn",
    "no_grad",
    "optim",
    "plot",
    "primitive",
    "tensor",
    "testing",
    "topologies",
    "train",
    "value_and_grad",
    "vjp",
]

_ROOMS = {
    "cell": "language.building",
    "cells": "cells",
    "load": "cells",
    "Tensor": "tape.tensor",
    "tensor": "tape.tensor",
    "no_grad": "tape.modes",
    "enable_grad": "tape.modes",
    "grad": "tape.transforms",
    "value_and_grad": "tape.transforms",
    "vjp": "tape.transforms",
    "jvp": "tape.transforms",
    "hvp": "tape.transforms",
    "jacobian": "tape.transforms",
    "hessian": "tape.transforms",
    "primitive": "tape.primitive",
    "checkpoint": "tape.checkpoint",
    "debug_anomalies": "tape.anomalies",
    "detach": "tape.detach",
    "manual_seed": "random",
    "gradcheck": "testing.checking",
    "flow": "vanishing.flow",
}
"""Where each name that is loaded on first use lives; NumPy's functions live in ``arrays``."""
_WHOLE_ROOMS = {"data", "nn", "optim", "plot", "testing", "topologies", "train"}
"""Rooms that are entered by their own name."""


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module 'autorecur' has no attribute {name!r}")
    if name in _WHOLE_ROOMS:
        return import_module(f"autorecur.{name}")
    room = _ROOMS.get(name, "arrays")
    if room.startswith("tape"):
        import_module("autorecur.arrays")  # gives tensors their methods
    module = import_module(f"autorecur.{room}")
    if not hasattr(module, name):
        raise AttributeError(f"module 'autorecur' has no attribute {name!r}")
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *import_module("autorecur.arrays").__all__})
