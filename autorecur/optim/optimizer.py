"""What all optimisers share: groups of parameters, the step, the state that can be kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np

from autorecur.errors import ArgumentError
from autorecur.optim import states
from autorecur.optim.blocks import Block
from autorecur.optim.fused import Rule
from autorecur.optim.groups import (
    Options,
    arguments_of,
    called_once,
    checked,
    groups_of,
    refuse_twice,
    refuse_unknown,
    tensors_of,
)
from autorecur.tape.tensor import Tensor


class Optimizer(ABC):
    """Changes parameters by their gradients; the subclasses say how. (PyTorch's ``optim.Optimizer``.)

    ``params`` is a list of parameters or leaf tensors, of pairs (name, parameter), or of dicts with ``"params"`` and
    options of that group. ``param_groups`` shows the groups; an option that is changed there holds from the next step on.
    A parameter without gradient, or one that is frozen, is passed over: its numbers, states and number of steps stay.

    A subclass gives ``defaults`` to ``__init__`` and says in ``RULE`` what a step does: a function of the numbers of a
    parameter, its gradient and its states, ``STATES`` by name, as ``autorecur/optim/sgd.py`` shows.

    Raises ArgumentError for an option that does not exist or cannot be, for no parameters, and for one that stands twice;
    DtypeError for what is no parameter of floats; GradientError for a tensor that was computed from others.
    """

    RULE: ClassVar[Rule]
    STATES: ClassVar[tuple[str, ...]] = ()
    """The arrays that are kept for each parameter, by PyTorch's names, in the order in which the rule takes them."""
    SCALARS: ClassVar[tuple[str, ...]] = ()
    """The single numbers that are kept for each parameter beside."""
    COUNTED: ClassVar[bool] = True
    """Whether the number of steps is a part of the state."""

    def __new__(cls, *arguments: Any, **named: Any) -> Self:
        arguments_of(cls, named)
        return super().__new__(cls)

    def __init__(self, params: Any, defaults: Options) -> None:
        self.defaults = dict(defaults)
        self.param_groups: list[Options] = []
        self._blocks: list[list[Block]] = []
        """Of each group, its parameters as they are stepped together."""
        checked(self._name, self.defaults)
        for group in groups_of(self._name, params):
            self.add_param_group(group)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Further parameters: a dict with ``"params"`` and the options in which this group differs from the defaults."""
        if not isinstance(param_group, Mapping) or "params" not in param_group:
            raise ArgumentError(f"{self._name}: a group is a dict that holds 'params', not {param_group!r:.60}")
        own = [*self.defaults, "params", "param_names", "initial_lr"]
        refuse_unknown(self._name, param_group, own)
        parameters, names = tensors_of(self._name, param_group["params"])
        group = {"params": parameters, **({"param_names": names} if names else {})}
        group |= self.defaults | {name: value for name, value in param_group.items() if name != "params"}
        checked(self._name, group)
        refuse_twice(self._name, [*self.param_groups, group])
        self.param_groups.append(group)
        self._blocks.append(states.blocks_of(parameters))

    # ---------------------------------------------------------------- what a subclass may say

    def in_use(self, group: Options) -> tuple[str | None, ...]:
        """The states that a group has, None in the place of each that its options do not need."""
        return self.STATES

    @abstractmethod
    def numbers(self, group: Options, block: Block) -> dict[str, Any]:
        """What the rule is given by name. The step that is being made is ``block.steps``, from 1."""

    def first(self, name: str, group: Options) -> float:
        """What a state is filled with before the first step."""
        return 0.0

    # ---------------------------------------------------------------- use

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets all gradients: they become None, or, with ``set_to_none=False``, zeros where there was one."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p._grad = None
                elif p._grad is not None:
                    p._grad = np.zeros(p.shape, p.dtype)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of every parameter that has a gradient.

        ``closure`` is called first; it clears the gradients, computes the loss, calls ``backward()`` and returns the loss,
        which ``step`` then returns.
        """
        loss = called_once(closure)
        for group, blocks in zip(self.param_groups, self._blocks, strict=True):
            alike = states.stepped_alike(blocks)
            blocks[:] = [block for block, _ in alike]
            for block, gradients in alike:
                if gradients[0] is not None:
                    self._step(group, block, gradients)
        return loss

    def _step(self, group: Options, block: Block, gradients: list[Any]) -> None:
        block.steps += 1
        numbers = self.numbers(group, block)
        used = self.in_use(group)
        for name in used:
            if name is not None and name not in block.states:
                block.states[name] = np.full(block.size, self.first(name, group), block.dtype)
        block.step(type(self).RULE, gradients, used, numbers)

    # ---------------------------------------------------------------- what can be kept

    @property
    def state(self) -> dict[Tensor, dict[str, Any]]:
        """Copies of the states of each parameter that has been stepped, by PyTorch's names."""
        return {
            p: found
            for blocks in self._blocks
            for block in blocks
            for i, p in enumerate(block.parameters)
            if (found := states.shown(block, i, self.COUNTED))
        }

    def state_dict(self) -> dict[str, Any]:
        """Copies of all states and options, in PyTorch's layout: numbers and arrays, parameters numbered through all groups.

        >>> import autorecur as ar
        >>> p = ar.nn.Parameter([1.0, 2.0])
        >>> optimizer = ar.optim.SGD([p], lr=0.5, momentum=0.9)
        >>> p.grad = [1.0, -1.0]
        >>> optimizer.step()
        >>> optimizer.state_dict()["state"]
        {0: {'momentum_buffer': array([ 1., -1.])}}
        """
        return states.saved(self)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Goes on from a kept state, ours or PyTorch's: options, states, numbers of steps. The parameters stay as they are.

        Raises ArgumentError for the state of another model or optimiser, ShapeError where an array has another shape than
        its parameter; then nothing has changed.
        """
        states.load(self, state_dict)

    def __repr__(self) -> str:
        lines = [f"{self._name} ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines += [f"    {name}: {value}" for name, value in sorted(group.items()) if not name.startswith("param")]
        return "\n".join([*lines, ")"])
