"""Modules: parameters and other modules under names, and what is computed with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self, TypeVar

import numpy as np

from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.language.nearest import did_you_mean
from autorecur.nn.misfits import LayersError
from autorecur.nn.parameter import Parameter, plain_numbers
from autorecur.tape.tensor import Tensor, as_tensor

if TYPE_CHECKING:
    from autorecur.nn.summary import Summary

Part = TypeVar("Part")
Hook = Callable[["Module", tuple[Any, ...], Any], Any]


class Incompatible(NamedTuple):
    """What :meth:`Module.load_state_dict` did not find here or there."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def _no_forward(self: Module, *arguments: Any, **named: Any) -> NoReturn:
    raise NotImplementedError(f"{type(self).__name__} has no forward, which says what it computes")


class Module:
    """A function with parameters: subclass it, give it attributes, and write ``forward``. (PyTorch's ``nn.Module``.)

    An attribute that is a :class:`Parameter` is learned, one that is a Module brings its own parameters along; both are
    named by the attributes on the way to them, ``decoder.weight``. Calling the module calls ``forward``.

    >>> import autorecur as ar
    >>> class Scale(ar.nn.Module):
    ...     def __init__(self):
    ...         self.factor = ar.nn.Parameter([1.0, 2.0])
    ...
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> scale = Scale()
    >>> scale([3.0, 4.0]).sum().backward()
    >>> scale.factor.grad
    tensor([3., 4.])
    >>> scale.state_dict()
    {'factor': array([1., 2.])}
    """

    training: bool
    """Whether what differs in training, such as a dropout, does what it does there; see :meth:`train`."""
    _parameters: dict[str, Parameter]
    _buffers: dict[str, Tensor]
    _modules: dict[str, Module]
    _hooks: tuple[Hook, ...]

    def __new__(cls, *arguments: Any, **named: Any) -> Self:
        module = super().__new__(cls)
        parts: dict[str, Any] = {"_parameters": {}, "_buffers": {}, "_modules": {}, "_hooks": ()}
        vars(module).update(parts, training=True)  # so that no subclass has to remember it
        return module

    forward: Callable[..., Any] = _no_forward
    """What the module computes; every subclass has its own."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        try:
            out = self.forward(*arguments, **named)
        except LayersError as error:
            error.seen_from(self)
            raise
        for hook in self._hooks:
            changed = hook(self, arguments, out)
            out = out if changed is None else changed
        return out

    def register_forward_hook(self, hook: Hook) -> Callable[[], None]:
        """Calls ``hook(module, arguments, output)`` after each call of this module.

        What it returns, unless that is None, takes the output's place. The result of this method removes the hook.

        >>> import autorecur as ar
        >>> layer, seen = ar.nn.Linear(3, 2), []
        >>> remove = layer.register_forward_hook(lambda module, arguments, output: seen.append(output.shape))
        >>> _ = layer([[1.0, 2.0, 3.0]])
        >>> seen
        [(1, 2)]
        """
        self._hooks = (*self._hooks, hook)

        def remove() -> None:
            self._hooks = tuple(known for known in self._hooks if known is not hook)

        return remove

    # ---------------------------------------------------------------- attributes

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, (Parameter, Module)):
            self._hold(name, value)
            return
        if name in self._buffers:
            self._buffers[name] = as_tensor(value)
            return
        if name not in vars(self):
            if value is not None and (name in self._parameters or name in self._modules):
                self._refuse(name, value)
            self._forget(name)
        object.__setattr__(self, name, value)

    def _hold(self, name: str, value: Parameter | Module) -> None:
        own, called = type(self), type(self).__name__
        if hasattr(own, name):
            raise ArgumentError(f"{called}.{name} has a meaning already, so that nothing else can be called {name}")
        if isinstance(value, Module) and any(part is self for part in value.modules()):
            raise ArgumentError(f"a {called} cannot hold itself, as {name} would")
        known: dict[str, Any] = self._parameters if isinstance(value, Parameter) else self._modules
        if name not in known:  # one that is replaced keeps its place in the order
            self._forget(name)
            vars(self).pop(name, None)
        known[name] = value

    def _refuse(self, name: str, value: Any) -> NoReturn:
        what, instead = (
            ("parameter", f"give it new numbers by {name}.data, or a Parameter, or None")
            if name in self._parameters
            else ("module", "give it another Module, or None")
        )
        raise DtypeError(
            f"{type(self).__name__}.{name} is a {what}, and this {type(value).__name__} cannot take its place: {instead}"
        )

    def _forget(self, name: str) -> None:
        self._parameters.pop(name, None)
        self._buffers.pop(name, None)
        self._modules.pop(name, None)

    def register_buffer(self, name: str, tensor: Any) -> None:
        """Numbers that are not learned but belong to the state, such as the weights of classes; None is no buffer."""
        if tensor is None:
            setattr(self, name, None)
            return
        if hasattr(self, name):
            raise ArgumentError(f"{type(self).__name__}.{name} has a meaning already: a buffer needs a name of its own")
        self._buffers[name] = as_tensor(tensor)

    def __getattr__(self, name: str) -> Any:
        for kind in ("_parameters", "_modules", "_buffers"):
            known = vars(self).get(kind, {})
            if name in known:
                return known[name]
        raise AttributeError(f"{type(self).__name__} has no {name!r}.{did_you_mean(name, dir(self))}")

    def __delattr__(self, name: str) -> None:
        if name in self._parameters or name in self._modules or name in self._buffers:
            self._forget(name)
        else:
            object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})

    # ---------------------------------------------------------------- parts by name

    def _everywhere(self) -> Iterator[tuple[str, Module]]:
        """This module and all within, with their paths, as often as they stand somewhere."""
        yield "", self
        for name, child in self._modules.items():
            for path, module in child._everywhere():
                yield _joined(name, path), module

    def _all_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter with its path, as often as it stands somewhere."""
        for path, module in self._everywhere():
            for name, parameter in module._parameters.items():
                yield _joined(path, name), parameter

    def _whole_state(self) -> Iterator[tuple[str, Tensor]]:
        """Every parameter and buffer with its path, as often as it stands somewhere."""
        for path, module in self._everywhere():
            for name, tensor in (*module._parameters.items(), *module._buffers.items()):
                yield _joined(path, name), tensor

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """This module, under the empty name, and all within, each once, with their dotted names."""
        return _each_once(self._everywhere())

    def modules(self) -> Iterator[Module]:
        """This module and all within, each once."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules that are attributes of this one, each once."""
        return _each_once(iter(self._modules.items()))

    def children(self) -> Iterator[Module]:
        """The modules that are attributes of this one, each once."""
        return (module for _, module in self.named_children())

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter of this module and of those within, each once, with its dotted name.

        >>> import autorecur as ar
        >>> [name for name, _ in ar.nn.RNN(3, 4, bias=False).named_parameters()]
        ['weight_ih_l0', 'weight_hh_l0']
        """
        return _each_once(self._all_parameters())

    def parameters(self) -> Iterator[Parameter]:
        """Every parameter of this module and of those within, each once."""
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """Every buffer of this module and of those within, each once, with its dotted name."""
        found = ((_joined(path, name), t) for path, each in self._everywhere() for name, t in each._buffers.items())
        return _each_once(found)

    def buffers(self) -> Iterator[Tensor]:
        """Every buffer of this module and of those within, each once."""
        return (tensor for _, tensor in self.named_buffers())

    def get_submodule(self, target: str) -> Module:
        """The module of this dotted name; the empty name is this one. Raises ArgumentError, with the nearest name."""
        known = dict(self._everywhere())
        if target not in known:
            raise ArgumentError(f"{type(self).__name__} has no module {target!r}.{did_you_mean(target, known)}")
        return known[target]

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of this dotted name, the only way to those whose names are no attributes, such as ``h[0]``.

        Raises ArgumentError, with the nearest name, if there is none.
        """
        known = dict(self._all_parameters())
        if target not in known:
            raise ArgumentError(f"{type(self).__name__} has no parameter {target!r}.{did_you_mean(target, known)}")
        return known[target]

    # ---------------------------------------------------------------- all parameters at once

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """Copies of the numbers of all parameters and buffers, by dotted name; a shared one stands under each of its names."""
        return {name: np.array(tensor.data) for name, tensor in self._whole_state()}

    def load_state_dict(self, arrays: Mapping[str, Any], strict: bool = True) -> Incompatible:
        """Gives all parameters new numbers: arrays, tensors, or PyTorch's ``state_dict()``, by dotted name.

        The numbers are copied in this module's dtype. Raises ArgumentError that lists the names that are missing or
        have no place here (unless ``strict`` is False) and ShapeError that lists the shapes that do not fit; then
        nothing has changed. Returns the names, as ``missing_keys`` and ``unexpected_keys``.

        >>> import autorecur as ar
        >>> one, other = ar.nn.GRU(3, 4), ar.nn.GRU(3, 4)
        >>> other.load_state_dict(one.state_dict())
        Incompatible(missing_keys=[], unexpected_keys=[])
        """
        if not isinstance(arrays, Mapping):
            raise DtypeError(f"a state is a mapping from names to arrays, not {type(arrays).__name__}")
        own = dict(self._whole_state())
        missing = [name for name in own if name not in arrays]
        unexpected = [name for name in arrays if name not in own]
        found = {name: plain_numbers(arrays[name]) for name in own if name in arrays}
        problems = [f"{_listed(missing)} {_are(missing)} missing"] if missing and strict else []
        if unexpected and strict:
            problems.append(f"there is no {' or '.join(map(repr, unexpected))} here")
        misfits = [
            f"{name!r} has shape {array.shape} where {own[name].shape} is needed"
            for name, array in found.items()
            if array.shape != own[name].shape
        ]
        if problems or misfits:
            kind = ArgumentError if problems else ShapeError
            raise kind(f"this state does not fit {type(self).__name__}: {'; '.join([*problems, *misfits])}")
        for name, array in found.items():
            own[name].data = array
        return Incompatible(missing, unexpected)

    def train(self, mode: bool = True) -> Self:
        """For training, or, with ``mode=False``, for use: sets ``training`` here and within."""
        for module in self.modules():
            module.training = bool(mode)
        return self

    def eval(self) -> Self:
        """For use: ``train(False)``."""
        return self.train(False)

    def float(self) -> Self:
        """Turns all parameters, and their gradients, into float32."""
        return self._become(np.float32)

    def double(self) -> Self:
        """Turns all parameters, and their gradients, into float64."""
        return self._become(np.float64)

    def _become(self, dtype: Any) -> Self:
        for module in self.modules():
            module._turn_into(np.dtype(dtype))
        return self

    def _turn_into(self, dtype: Any) -> None:
        """What this module itself holds, in another dtype of floats."""
        for parameter in self._parameters.values():
            parameter.become(dtype)
        for name, tensor in self._buffers.items():
            if tensor.dtype.kind == "f":
                self._buffers[name] = Tensor(np.array(tensor.data, dtype))

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Calls ``function(module)`` for every module within, the innermost first, then for this one.

        >>> import autorecur as ar
        >>> def start(module):
        ...     if isinstance(module, ar.nn.Linear):
        ...         ar.nn.init.zeros_(module.bias)
        >>> ar.nn.Sequential(ar.nn.Linear(3, 2), ar.nn.Tanh()).apply(start)[0].bias
        parameter([0., 0.])
        """
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    def zero_grad(self) -> None:
        """Forgets the gradients of all parameters: they become None."""
        for parameter in self.parameters():
            parameter.grad = None

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Asks for gradients of all parameters, or, with False, freezes them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    # ---------------------------------------------------------------- as text

    def summary(self, *inputs: Any, **named: Any) -> Summary:
        """The table of :func:`autorecur.nn.summary`: parts, shapes of their outputs, numbers of parameters."""
        from autorecur.nn.summary import summary

        return summary(self, *inputs, **named)

    def _output_shape(self) -> str:
        """What a summary shows as the shape of the output of a module that has not been called; empty if that is open."""
        return ""

    def extra_repr(self) -> str:
        """What stands between the brackets beside the modules within, such as the sizes."""
        return ""

    def __repr__(self) -> str:
        name, settings = type(self).__name__, self.extra_repr()
        if not self._modules:
            return f"{name}({settings})"
        inner = [f"({key}): {module!r}" for key, module in self._modules.items()]
        lines = "\n".join([*([settings] if settings else []), *inner]).replace("\n", "\n  ")
        return f"{name}(\n  {lines}\n)"


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _each_once(named: Iterator[tuple[str, Part]]) -> Iterator[tuple[str, Part]]:
    seen: dict[int, Part] = {}
    for name, part in named:
        if id(part) not in seen:
            seen[id(part)] = part
            yield name, part


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names[:-1])) + (" and " if names[1:] else "") + repr(names[-1])


def _are(names: list[str]) -> str:
    return "are" if names[1:] else "is"
