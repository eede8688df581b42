"""The states of an optimiser in PyTorch's layout, and back: everything is looked at before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.nn.parameter import plain_numbers
from autorecur.optim.blocks import Block
from autorecur.optim.groups import OF_PYTORCH, checked
from autorecur.tape.tensor import Tensor

if TYPE_CHECKING:
    from autorecur.optim.optimizer import Optimizer

OF_SCHEDULERS = frozenset({"initial_lr", "max_lr", "min_lr", "base_momentum", "max_momentum"})


def blocks_of(parameters: Sequence[Tensor]) -> list[Block]:
    """New parameters as blocks: those of one dtype together."""
    kinds = dict.fromkeys(p.dtype for p in parameters)
    return [Block([p for p in parameters if p.dtype == dtype]) for dtype in kinds]


def stepped_alike(blocks: Sequence[Block]) -> list[tuple[Block, list[Any]]]:
    """The blocks with their gradients, taken apart where only some parameters of a block have one."""
    pending, found = list(blocks[::-1]), []
    while pending:
        block = pending.pop()
        gradients, together = block.gradients()
        if together:
            found.append((block, gradients))
        else:
            pending += block.apart(gradients)[::-1]
    return found


def shown(block: Block, i: int, counted: bool) -> dict[str, Any]:
    """The states of one parameter of a block; none before its first step."""
    counter = {"step": block.steps} if counted and block.steps else {}
    return counter | block.state_of(i)


def saved(optimizer: Optimizer) -> dict[str, Any]:
    """What :meth:`Optimizer.state_dict` gives."""
    found = {id(p): state for p, state in optimizer.state.items()}
    state: dict[int, Any] = {}
    groups, number = [], 0
    for group in optimizer.param_groups:
        numbers = range(number, number + len(group["params"]))
        state |= {i: found[id(p)] for i, p in zip(numbers, group["params"], strict=True) if id(p) in found}
        groups.append({name: value for name, value in group.items() if name != "params"} | {"params": list(numbers)})
        number = numbers.stop
    return {"state": state, "param_groups": groups}


def load(optimizer: Optimizer, given: Mapping[str, Any]) -> None:
    """What :meth:`Optimizer.load_state_dict` does."""
    name = type(optimizer).__name__
    if not isinstance(given, Mapping) or not {"state", "param_groups"} <= given.keys():
        raise ArgumentError(
            f"the state of an optimiser is a mapping with 'state' and 'param_groups', not {given!r:.60}"
        )
    groups, own = list(given["param_groups"]), optimizer.param_groups
    if len(groups) != len(own):
        raise ArgumentError(
            f"this state does not fit {name}: it has {_counted(len(groups), 'group')} of parameters, not {len(own)}"
        )
    options, blocks = [], []
    for number, (group, mine) in enumerate(zip(groups, own, strict=True)):
        if not isinstance(group, Mapping) or "params" not in group:
            raise ArgumentError(f"group {number} of this state is a mapping with 'params', not {group!r:.60}")
        if len(group["params"]) != len(mine["params"]):
            raise ArgumentError(
                f"this state is one of another model: group {number} has {_counted(len(group['params']), 'parameter')} "
                f"there and {len(mine['params'])} here"
            )
        options.append(_options(name, group, mine))
        kept = [
            _states(optimizer, given["state"], key, p) for key, p in zip(group["params"], mine["params"], strict=True)
        ]
        blocks.append(_together(mine["params"], kept))
    for mine, found in zip(own, options, strict=True):
        mine.update(found)
    optimizer._blocks = blocks


def _options(name: str, group: Mapping[str, Any], mine: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a kept group. Those that only choose among PyTorch's implementations say nothing here."""
    known = {*mine, *OF_PYTORCH, *OF_SCHEDULERS, "params", "param_names"}
    strange = [key for key in group if key not in known]
    if strange:
        raise ArgumentError(
            f"this state is one of another optimiser: {name} has no {' and no '.join(map(repr, strange))}"
        )
    found = {key: value for key, value in group.items() if key not in {*OF_PYTORCH, "params", "param_names"}}
    found = {key: value.item() if hasattr(value, "item") else value for key, value in found.items()}
    if "betas" in found:
        found["betas"] = tuple(float(beta) for beta in found["betas"])
    checked(name, dict(mine) | found)
    return found


def _states(optimizer: Optimizer, state: Mapping[Any, Any], key: Any, p: Tensor) -> dict[str, Any]:
    """The states of one parameter: arrays of its shape in its dtype, and single numbers."""
    name = type(optimizer).__name__
    given = state.get(key, state.get(str(key), {}))  # JSON knows no other keys than texts
    found: dict[str, Any] = {}
    for what, value in given.items():
        if value is None:
            continue
        if what not in (*optimizer.STATES, *optimizer.SCALARS, *(["step"] if optimizer.COUNTED else [])):
            raise ArgumentError(f"this state is one of another optimiser: {name} keeps no {what!r}")
        array = plain_numbers(value)
        if what in optimizer.STATES:
            if array.shape != p.shape:
                raise ShapeError(
                    f"this state is one of another model: {what!r} of parameter {key} has shape {array.shape}, "
                    f"and the parameter {p.shape}"
                )
            found[what] = array
        elif array.size != 1:
            raise DtypeError(f"{what!r} of parameter {key} is a single number, not an array of shape {array.shape}")
        else:
            found[what] = float(array.item())
    return found


def _together(parameters: Sequence[Tensor], kept: Sequence[Mapping[str, Any]]) -> list[Block]:
    """The parameters of a group with the states that were kept: those that are stepped alike as one block."""
    alike: dict[Any, list[int]] = {}
    for i, (p, states) in enumerate(zip(parameters, kept, strict=True)):
        kind = [(name, value) for name, value in states.items() if not isinstance(value, np.ndarray)]
        alike.setdefault((p.dtype, tuple(sorted(states)), *kind), []).append(i)
    blocks = []
    for places in alike.values():
        block, first = Block([parameters[i] for i in places]), kept[places[0]]
        for name, value in first.items():
            if isinstance(value, np.ndarray):
                rows = [np.asarray(kept[i][name], block.dtype) for i in places]
                block.states[name] = np.concatenate(rows, axis=None)
            elif name != "step":
                block.scalars[name] = value
        block.steps = int(first.get("step", 0))
        blocks.append(block)
    return blocks


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
