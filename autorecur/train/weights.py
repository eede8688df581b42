"""Weights to and from safetensors files, with the names of ``state_dict``: those of PyTorch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autorecur.errors import CheckpointError, DtypeError
from autorecur.language.nearest import nearest
from autorecur.nn.module import Incompatible, Module
from autorecur.tape.numbers import Array
from autorecur.train import archive

SHOWN = 6
"""As many names an error lists."""


def save_weights(model: Module, path: str | os.PathLike[str]) -> None:
    """Writes the parameters of a model as a safetensors file, as ``safetensors.torch.load_file`` reads it.

    The names are those of ``model.state_dict()``, the arrays have the model's dtype. The file is replaced when the new one
    is complete. Raises CheckpointError where the file cannot be written.

    >>> import autorecur as ar, tempfile
    >>> layer, folder = ar.nn.GRU(3, 4), tempfile.TemporaryDirectory()
    >>> ar.train.save_weights(layer, folder.name + "/gru.safetensors")
    >>> ar.train.load_weights(ar.nn.GRU(3, 4), folder.name + "/gru.safetensors")
    Incompatible(missing_keys=[], unexpected_keys=[])
    """
    if not isinstance(model, Module):
        raise DtypeError(f"save_weights: weights are those of an ar.nn.Module, not of {type(model).__name__}")
    archive.write(Path(path), archive.encoded(model.state_dict(), {"format": "pt"}, checksum=False), keep=False)


def load_weights(model: Module, path: str | os.PathLike[str], strict: bool = True) -> Incompatible:
    """Gives a model the parameters in a safetensors file, such as PyTorch's: ``save_file(net.state_dict(), path)``.

    A checkpoint of :func:`fit` works as well: the best weights in it are taken where validation kept some, else the last.
    The numbers are copied in the model's dtype. Raises CheckpointError for a file that is missing or damaged, and, unless
    ``strict`` is False, for one of another model: which keys differ and which shapes. Then nothing has changed. Returns what
    was missing and what was left over, as :meth:`Module.load_state_dict`.
    """
    if not isinstance(model, Module):
        raise DtypeError(f"load_weights: weights are given to an ar.nn.Module, not to {type(model).__name__}")
    arrays, _ = archive.read(Path(path))
    for part in ("best/weights/", "model/"):  # a checkpoint's, in the order of preference
        inside = {name.removeprefix(part): array for name, array in arrays.items() if name.startswith(part)}
        if inside:
            arrays = inside
            break
    return give(model, _with_shared(model, arrays), str(path), strict)


def give(model: Module, arrays: Mapping[str, Array], source: str, strict: bool = True) -> Incompatible:
    """``load_state_dict``, or a CheckpointError that tells this model from that of the file."""
    problem = differences({name: p.shape for name, p in model._all_parameters()}, arrays, strict)
    if problem:
        raise CheckpointError(f"{source} holds another model than this {type(model).__name__}: {problem}")
    return model.load_state_dict(arrays, strict)


def differences(own: Mapping[str, tuple[int, ...]], arrays: Mapping[str, Array], strict: bool = True) -> str:
    """What stands here but not there, there but not here, and in another shape; empty if the keys and shapes agree."""
    missing = [name for name in own if name not in arrays] if strict else []
    unexpected = [name for name in arrays if name not in own] if strict else []
    shapes = [
        f"{name!r} is {array.shape} in the file and {own[name]} here"
        for name, array in arrays.items()
        if name in own and array.shape != own[name]
    ]
    parts = []
    if missing:
        parts.append(f"the file lacks {_listed([repr(name) for name in missing])}")
    if unexpected:
        parts.append(f"the model lacks {_listed([_with_nearest(name, missing) for name in unexpected])}")
    if shapes:
        parts.append(_listed(shapes))
    return "; ".join(parts)


def _with_nearest(name: str, missing: Sequence[str]) -> str:
    close = nearest(name, missing)
    return f"{name!r} (is it {close!r}?)" if close else repr(name)


def _listed(items: Sequence[str]) -> str:
    more = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _with_shared(model: Module, arrays: dict[str, Array]) -> dict[str, Array]:
    """A parameter that stands under several names may be stored under one, as ``safetensors.torch.save_model`` does."""
    by_parameter: dict[int, Array] = {}
    named: list[tuple[str, Any]] = list(model._all_parameters())
    for name, parameter in named:
        if name in arrays:
            by_parameter.setdefault(id(parameter), arrays[name])
    shared = {name: by_parameter[id(p)] for name, p in named if name not in arrays and id(p) in by_parameter}
    return {**arrays, **shared}
