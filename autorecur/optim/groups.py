"""What an optimiser is given: parameters, options, states; and what is wrong with them, in one sentence."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from autorecur.errors import ArgumentError, DtypeError, GradientError
from autorecur.language.nearest import did_you_mean
from autorecur.nn.module import Module
from autorecur.tape.tensor import Tensor

Options = dict[str, Any]
OTHER_WORDS = {
    "learning_rate": "lr",
    "step_size": "lr",
    "epsilon": "eps",
    "decay": "weight_decay",
    "l2": "weight_decay",
    "beta_1": "betas",
    "beta_2": "betas",
    "beta1": "betas",
    "beta2": "betas",
    "parameters": "params",
}
"""What other libraries call the options."""
OF_PYTORCH = frozenset({"foreach", "fused", "capturable", "differentiable"})
"""Options that choose among PyTorch's implementations; here there is one, which is fused."""


def refuse_unknown(optimizer: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raises ArgumentError for the first name that is no option of an optimiser."""
    known = list(known)
    for name in names:
        if name in known:
            continue
        if name in OF_PYTORCH:
            hint = " It chooses among PyTorch's implementations; here there is one, which is fused."
        elif OTHER_WORDS.get(name) in known:
            hint = f" Did you mean {OTHER_WORDS[name]!r}?"
        else:
            hint = did_you_mean(name, known) or f" It has {', '.join(known)}."
        raise ArgumentError(f"{optimizer} has no argument {name!r}.{hint}")


def arguments_of(optimizer: type, names: Iterable[str]) -> None:
    """Raises ArgumentError for a name that the constructor of an optimiser does not know."""
    signature = inspect.signature(vars(optimizer).get("__init__", getattr(optimizer, "__init__")))  # noqa: B009
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        refuse_unknown(optimizer.__name__, names, list(signature.parameters)[1:])


def checked(optimizer: str, options: Mapping[str, Any]) -> None:
    """Raises ArgumentError for an option that no rule can be run with."""
    for name, value in options.items():
        if name == "betas":
            _check_betas(optimizer, value)
        elif name in FLAGS:
            if not isinstance(value, bool):
                raise ArgumentError(f"{optimizer}: {name} is True or False, not {value!r}")
        elif name in BOUNDS:
            _check_number(optimizer, name, value, *BOUNDS[name])
    if options.get("nesterov") and (options["momentum"] <= 0 or options["dampening"] != 0):
        raise ArgumentError(f"{optimizer}: nesterov needs a momentum above 0 and a dampening of 0")


FLAGS = frozenset({"nesterov", "maximize", "amsgrad", "centered", "decoupled_weight_decay"})
LARGE = float("inf")
BOUNDS: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("lr", "momentum", "weight_decay", "eps", "alpha"), (0.0, LARGE)),
    **dict.fromkeys(("lr_decay", "initial_accumulator_value", "momentum_decay"), (0.0, LARGE)),
    "dampening": (-LARGE, LARGE),
    "rho": (0.0, 1.0),
}


def is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and value == value


def _check_number(optimizer: str, name: str, value: Any, least: float, most: float) -> None:
    if not is_number(value):
        raise ArgumentError(f"{optimizer}: {name} is a number, not {value!r:.60}")
    if not least <= value <= most or value in (LARGE, -LARGE):
        bound = f"at least {least:g}" if most == LARGE else f"between {least:g} and {most:g}"
        raise ArgumentError(f"{optimizer}: {name} must be {'finite' if least == -LARGE else bound}, and is {value!r}")


def _check_betas(optimizer: str, value: Any) -> None:
    pair = list(value) if isinstance(value, (tuple, list)) else []
    if len(pair) != 2 or not all(is_number(beta) and 0 <= beta < 1 for beta in pair):
        raise ArgumentError(f"{optimizer}: betas are two numbers from 0 to below 1, not {value!r:.60}")


# -------------------------------------------------------------------- parameters


def groups_of(optimizer: str, params: Any) -> list[Options]:
    """Groups, as dicts with ``"params"``, of whatever the parameters were given as."""
    given = [params] if isinstance(params, Mapping) else _listed(optimizer, params)
    if not given:
        raise ArgumentError(
            f"{optimizer} was given no parameters: is the model empty, or was its parameters() used up already?"
        )
    if all(isinstance(each, Mapping) for each in given):
        return [dict(group) for group in given]
    return [{"params": given}]


def tensors_of(optimizer: str, params: Any) -> tuple[list[Tensor], list[str]]:
    """The parameters of a group, each fit to be stepped, and their names, if they came with names."""
    given = [params] if isinstance(params, Tensor) else _listed(optimizer, params)
    if not given:
        raise ArgumentError(f"{optimizer} was given a group without parameters")
    named = [_named(each) for each in given]
    if len({bool(name) for name, _ in named}) > 1:
        raise ArgumentError(f"{optimizer}: in one group either all parameters have names or none has")
    for position, (name, p) in enumerate(named):
        _check_parameter(optimizer, name or f"parameter {position}", p)
    return [p for _, p in named], [name for name, _ in named if name]


def _listed(optimizer: str, params: Any) -> list[Any]:
    if isinstance(params, Module):
        raise DtypeError(
            f"{optimizer} takes parameters, and this is a module, {type(params).__name__}: give it its parameters()"
        )
    if isinstance(params, Tensor) or not isinstance(params, Iterable):
        what = "one tensor" if isinstance(params, Tensor) else f"{params!r:.60}"
        raise DtypeError(f"{optimizer} takes a list of parameters, not {what}")
    return list(params)


def _named(value: Any) -> tuple[str, Any]:
    pair = isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)
    return (value[0], value[1]) if pair else ("", value)


def _check_parameter(optimizer: str, what: str, p: Any) -> None:
    if not isinstance(p, Tensor):
        raise DtypeError(f"{optimizer}: {what} is of type {type(p).__name__}; a parameter or a tensor is needed")
    if not p.is_leaf:
        raise GradientError(
            f"{optimizer}: {what} was computed by {p.made_by}; only leaves are stepped, "
            "such as nn.Parameter or a tensor with requires_grad=True"
        )
    if p.dtype.char not in "fd":
        raise DtypeError(f"{optimizer}: {what} holds {p.dtype}, and only float32 and float64 are stepped")


def refuse_twice(optimizer: str, groups: Sequence[Mapping[str, Any]]) -> None:
    """Raises ArgumentError for a parameter that stands twice."""
    seen: dict[int, str] = {}
    for number, group in enumerate(groups):
        names = group.get("param_names") or [""] * len(group["params"])
        for position, (name, p) in enumerate(zip(names, group["params"], strict=True)):
            where = f"parameter {position} of group {number}" + (f" ({name!r})" if name else "")
            if id(p) in seen:
                raise ArgumentError(f"{optimizer}: {where} is the same as {seen[id(p)]}, and would be stepped twice")
            seen[id(p)] = where


def called_once(closure: Callable[[], Any] | None) -> Any:
    """The loss that a closure computes, recorded whatever holds outside."""
    if closure is None:
        return None
    from autorecur.tape.modes import enable_grad

    with enable_grad():
        return closure()
