"""States as they come, nested dicts, lists and tuples of arrays, numbers and texts: as JSON and arrays, and back, to the bit.

An array becomes ``{"@": "array"}`` at its place, and stands among the arrays under the path to it, such as
``optimizer/state/0/exp_avg``, or, if two paths read alike, under a ``"name"`` that is written beside. What JSON does not
know is marked in the same way: tuples, and dicts whose keys are numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import numpy as np

from autorecur.errors import DtypeError
from autorecur.tape.numbers import Array
from autorecur.tape.tensor import Tensor

MARK = "@"


def pack(tree: Any, path: str, arrays: dict[str, Array]) -> Any:
    """The tree as JSON; its arrays and tensors are added to ``arrays``. Raises DtypeError for what can be neither."""
    if tree is None or isinstance(tree, (bool, int, float, str)):
        return tree
    if isinstance(tree, (Tensor, np.ndarray, np.generic)):
        return _pack_array(tree, path, arrays)
    if isinstance(tree, Mapping):
        items = {key: pack(value, f"{path}/{key}", arrays) for key, value in tree.items()}
        if all(isinstance(key, str) for key in tree) and MARK not in tree:
            return items
        return {MARK: "dict", "items": [[key, value] for key, value in items.items()]}
    if isinstance(tree, (list, tuple)):
        parts = [pack(value, f"{path}/{i}", arrays) for i, value in enumerate(tree)]
        return parts if isinstance(tree, list) else {MARK: "tuple", "items": parts}
    raise DtypeError(f"{path}: a state that is to be stored holds arrays, numbers and texts, no {type(tree).__name__}")


def _pack_array(value: Any, path: str, arrays: dict[str, Array]) -> Any:
    array = np.asarray(value.data if isinstance(value, Tensor) else value)
    if array.dtype.kind not in "biuf" or array.itemsize > 8:
        raise DtypeError(f"{path}: an array of {array.dtype} cannot be stored")
    if path not in arrays:
        arrays[path] = array
        return {MARK: "array"}
    name = next(f"{path}#{i}" for i in count(2) if f"{path}#{i}" not in arrays)
    arrays[name] = array
    return {MARK: "array", "name": name}


def unpack(packed: Any, path: str, arrays: Mapping[str, Array]) -> Any:
    """The tree again, with arrays in place of tensors; raises KeyError, TypeError or ValueError for what is none."""
    if isinstance(packed, list):
        return [unpack(value, f"{path}/{i}", arrays) for i, value in enumerate(packed)]
    if not isinstance(packed, dict):
        return packed
    kind = packed.get(MARK)
    if kind is None:
        return {key: unpack(value, f"{path}/{key}", arrays) for key, value in packed.items()}
    if kind == "array":
        return arrays[packed.get("name", path)]
    if kind == "tuple":
        return tuple(unpack(value, f"{path}/{i}", arrays) for i, value in enumerate(packed["items"]))
    return {key: unpack(value, f"{path}/{key}", arrays) for key, value in packed["items"]}
