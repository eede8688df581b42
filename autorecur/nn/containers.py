"""Modules of modules: one after the other, and in a list."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from operator import index
from typing import Any, Self

from autorecur.errors import ArgumentError, ShapeError
from autorecur.nn.layers.activations import _Elementwise
from autorecur.nn.layers.dropout import Dropout
from autorecur.nn.layers.embedding import Embedding, OneHot
from autorecur.nn.layers.linear import Identity, Linear
from autorecur.nn.layers.normalization import LayerNorm
from autorecur.nn.misfits import LayersError
from autorecur.nn.module import Module
from autorecur.nn.recurrent.any_cell import Recurrent
from autorecur.nn.recurrent.layers import GRU, LSTM, RNN
from autorecur.tape.tensor import Tensor


class _Numbered(Module):
    """Modules in an order, most of them named by their number."""

    def _key(self, place: Any) -> str:
        names = list(self._modules)
        if isinstance(place, str):
            if place not in names:
                raise ArgumentError(f"{type(self).__name__} has no {place!r}, only {', '.join(names) or 'nothing'}")
            return place
        number = index(place)
        if not -len(names) <= number < len(names):
            raise IndexError(f"{type(self).__name__} holds {len(names)} modules, and there is no number {number}")
        return names[number]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(list(self._modules.values()))

    def __contains__(self, module: object) -> bool:
        return any(each is module for each in self._modules.values())

    def __setitem__(self, place: int | str, module: Module) -> None:
        self._modules[self._key(place)] = self._checked(module)

    def __delitem__(self, place: int | str | slice) -> None:
        gone = list(self._modules)[place] if isinstance(place, slice) else [self._key(place)]
        left = [(key, module) for key, module in self._modules.items() if key not in gone]
        self._modules.clear()
        for number, (key, module) in enumerate(left):
            self._modules[str(number) if key.isdigit() else key] = module

    def append(self, module: Module) -> Self:
        """Puts a module behind the last one."""
        self._modules[str(len(self))] = self._checked(module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Puts modules behind the last one."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, place: int, module: Module) -> None:
        """Puts a module in front of the one at ``place``."""
        modules = list(self)
        modules.insert(place, self._checked(module))
        self._modules.clear()
        for each in modules:
            self._modules[str(len(self))] = each

    def _checked(self, module: Any) -> Module:
        name = type(self).__name__
        if not isinstance(module, Module):
            raise ArgumentError(f"{name} holds modules, and this is {type(module).__name__}: {module!r:.60}")
        if any(part is self for part in module.modules()):
            raise ArgumentError(f"a {name} cannot hold itself")
        return module


class ModuleList(_Numbered):
    """A list of modules, whose parameters are found; it computes nothing itself. (PyTorch's ``nn.ModuleList``.)

    >>> import autorecur as ar
    >>> layers = ar.nn.ModuleList([ar.nn.Linear(3, 4), ar.nn.Linear(4, 2)])
    >>> [name for name, _ in layers.named_parameters()]
    ['0.weight', '0.bias', '1.weight', '1.bias']
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(modules)

    def __getitem__(self, place: int | slice) -> Any:
        return ModuleList(list(self)[place]) if isinstance(place, slice) else self._modules[self._key(place)]


class Sequential(_Numbered):
    """Modules one after the other: each is given what the one before computed. (PyTorch's ``nn.Sequential``.)

    ``Sequential(first, second, …)`` names them ``0``, ``1``, …; a dict gives them names, which are attributes, too.
    ``model[0]`` and ``model["name"]`` are modules, ``model[:2]`` a Sequential of the same ones. Of a recurrent layer's
    results the output goes on, without the last states; ``lengths`` go to all recurrent layers, ``model(x, lengths=[5,
    3])``.

    Two layers whose sizes cannot fit are refused (ShapeError, with both paths), in most cases when they are put
    together.

    >>> import autorecur as ar
    >>> model = ar.nn.Sequential(ar.nn.Embedding(10, 3), ar.nn.LSTM(3, 4), ar.nn.Linear(4, 2))
    >>> model([[1, 2], [3, 4], [5, 6]]).shape
    (3, 2, 2)
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        named: Mapping[str, Any]
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            named = modules[0]
        else:
            named = OrderedDict((str(number), module) for number, module in enumerate(modules))
        for name, module in named.items():
            if not isinstance(name, str) or not name or "." in name or hasattr(type(self), name):
                raise ArgumentError(
                    f"Sequential: {name!r} cannot be the name of a module: it is empty, taken, or has a dot"
                )
            self._modules[name] = self._checked(module)
        self._check_sizes()

    def __getitem__(self, place: int | str | slice) -> Any:
        if isinstance(place, slice):
            return type(self)(OrderedDict(list(self._modules.items())[place]))
        return self._modules[self._key(place)]

    def append(self, module: Module) -> Self:
        """Puts a module behind the last one; raises ShapeError, and changes nothing, if it cannot stand there."""
        super().append(module)
        try:
            self._check_sizes()
        except ShapeError:
            self._modules.popitem()
            raise
        return self

    def forward(self, x: Any, lengths: Any = None) -> Any:
        before: tuple[str, Module] | None = None
        for name, module in self._modules.items():
            try:
                x = self._called(module, x, lengths)
            except LayersError:
                raise
            except ShapeError as error:
                if before is None or not isinstance(x, Tensor) or _fits(x.shape, sizes(module)[0]):
                    raise
                first = f"{before[0]} ({_kind(before[1])})", f"gives {x.shape}"
                raise LayersError(self, first, (f"{name} ({_kind(module)})", f"cannot take that. {error}")) from None
            if not isinstance(module, PASSING):
                before = name, module
        return x

    def _called(self, module: Module, x: Any, lengths: Any) -> Any:
        if not isinstance(module, (RNN, GRU, LSTM, Recurrent, Sequential)):
            return module(x)
        out = module(x, lengths=lengths)
        if isinstance(module, Sequential):
            return out
        return out[0][shown(module)] if isinstance(module, Recurrent) else out[0]

    def _check_sizes(self) -> None:
        """Raises LayersError where the last axis of one layer's output is not what the next one takes."""
        before, last = "", None
        for name, module in self._modules.items():
            takes, gives = sizes(module)
            if last is not None and takes is not None and not _fits(last, takes):
                there = self._modules[before]
                raise LayersError(
                    self,
                    (f"{before} ({_kind(there)})", f"gives {_axes(last)}"),
                    (f"{name} ({_kind(module)})", f"takes {_axes(takes)}"),
                )
            if not isinstance(module, PASSING):
                before, last = name, gives

    def _output_shape(self) -> str:
        known = [module._output_shape() for module in self if not isinstance(module, PASSING)]
        return known[-1] if known else ""


PASSING = (_Elementwise, Dropout, Identity)
"""What gives the shape that it takes."""
Axes = tuple[int, ...] | None
"""The sizes of the last axes; None where they are open."""


def sizes(module: Module) -> tuple[Axes, Axes]:
    """The last axes that a module takes, and those that it gives, as far as this is known before it is called."""
    if isinstance(module, Linear):
        return (module.in_features,), (module.out_features,)
    if isinstance(module, Embedding):
        return None, (module.embedding_dim,)
    if isinstance(module, OneHot):
        return None, (module.num_classes,)
    if isinstance(module, LayerNorm):
        return module.normalized_shape, module.normalized_shape[-1:]
    if isinstance(module, (RNN, GRU, LSTM)):
        return (module.input_size,), (module.hidden_size * (2 if module.bidirectional else 1),)
    if isinstance(module, Sequential) and len(module):
        known = [sizes(each) for each in module if not isinstance(each, PASSING)]
        return (known[0][0], known[-1][1]) if known else (None, None)
    return None, None


def _fits(given: tuple[int, ...], taken: Axes) -> bool:
    """Whether the last axes are those that are taken, as far as both are known."""
    return taken is not None and all(a == b for a, b in zip(reversed(given), reversed(taken), strict=False))


def shown(layer: Recurrent) -> str:
    """The name of what a layer of any cell gives to the next one: the first of its ``outputs``, else the cell's own output."""
    return layer.outputs[0] if layer.outputs else layer.cell.outputs[0]


def _kind(module: Module) -> str:
    return repr(module) if not module._modules else type(module).__name__


def _axes(last: tuple[int, ...]) -> str:
    return f"(…, {', '.join(map(str, last))})"
