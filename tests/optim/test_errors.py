"""What an optimiser cannot work with is refused in one clear sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar

O = ar.optim
P = ar.nn.Parameter([1.0, 2.0])
LAYER = ar.nn.RNN(2, 3)


def used_up() -> Any:
    parameters = LAYER.parameters()
    list(parameters)
    return parameters


WRONG = {
    "SGD has no argument 'momentun'. Did you mean 'momentum'?": lambda: O.SGD([P], momentun=0.9),
    "Adam has no argument 'learning_rate'. Did you mean 'lr'?": lambda: O.Adam([P], learning_rate=0.1),
    "Adam has no argument 'beta_1'. Did you mean 'betas'?": lambda: O.Adam([P], beta_1=0.1),
    "Adam has no argument 'fused'. It chooses among PyTorch's implementations; here there is one": lambda: O.Adam(
        [P], fused=True
    ),
    "RAdam has no argument 'q'. It has params, lr, betas, eps, weight_decay, ": lambda: O.RAdam([P], q=1),
    "SGD has no argument 'lrr'. Did you mean 'lr'?": lambda: O.SGD([{"params": [P], "lrr": 1.0}]),
    "SGD: lr must be at least 0, and is -0.1": lambda: O.SGD([P], lr=-0.1),
    "SGD: lr is a number, not 'fast'": lambda: O.SGD([P], lr="fast"),
    "SGD: lr is a number, not nan": lambda: O.SGD([P], lr=float("nan")),
    "Adam: eps must be at least 0, and is -1.0": lambda: O.Adam([{"params": [P], "eps": -1.0}]),
    "Adam: betas are two numbers from 0 to below 1, not (0.9, 1.0)": lambda: O.Adam([P], betas=(0.9, 1.0)),
    "Adam: betas are two numbers from 0 to below 1, not 0.9": lambda: O.Adam([P], betas=0.9),
    "Adam: amsgrad is True or False, not 'yes'": lambda: O.Adam([P], amsgrad="yes"),
    "Adadelta: rho must be between 0 and 1, and is 1.5": lambda: O.Adadelta([P], rho=1.5),
    "SGD: nesterov needs a momentum above 0 and a dampening of 0": lambda: O.SGD([P], nesterov=True),
    "SGD was given no parameters: is the model empty, or was its parameters() used up already?": lambda: O.SGD([]),
    "SGD was given no parameters: is the model": lambda: O.SGD(used_up()),
    "SGD was given a group without parameters": lambda: O.SGD([{"params": []}]),
    "SGD: a group is a dict that holds 'params', not {'lr': 1}": lambda: O.SGD([{"lr": 1}]),
    "SGD takes parameters, and this is a module, RNN: give it its parameters()": lambda: O.SGD(LAYER),
    "SGD takes a list of parameters, not one tensor": lambda: O.SGD(P),
    "SGD takes a list of parameters, not 3": lambda: O.SGD(3),
    "SGD: parameter 1 is of type ndarray; a parameter or a tensor is needed": lambda: O.SGD([P, np.ones(2)]),
    "SGD: parameter 1 of group 0 is the same as parameter 0 of group 0": lambda: O.SGD([P, P]),
    "SGD: parameter 0 of group 1 is the same as parameter 0 of group 0": lambda: O.SGD([{"params": P}, {"params": P}]),
    "SGD: parameter 1 of group 0 ('b') is the same as parameter 0 of group 0 ('a')": lambda: O.SGD(
        [("a", P), ("b", P)]
    ),
    "SGD: in one group either all parameters have names or none has": lambda: O.SGD([("a", P), ar.nn.Parameter([1.0])]),
    "SGD: parameter 0 was computed by multiply; only leaves are stepped": lambda: O.SGD([P * 2.0]),
    "SGD: w was computed by multiply": lambda: O.SGD([("w", P * 2.0)]),
    "SGD: parameter 0 holds int64, and only float32 and float64 are stepped": lambda: O.SGD([ar.tensor([1, 2])]),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_makes_no_sense_is_refused(message: str) -> None:
    """With what was given, and what to do."""
    with pytest.raises(ar.AutorecurError) as raised:
        WRONG[message]()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_a_group_that_is_refused_is_not_there() -> None:
    """The optimiser stays as it was."""
    optimizer = O.SGD([P])
    for group in ({"params": [P]}, {"params": [ar.nn.Parameter([1.0])], "lr": -1}):
        with pytest.raises(ar.ArgumentError):
            optimizer.add_param_group(group)
    assert len(optimizer.param_groups) == 1
    P.grad = [1.0, 1.0]
    optimizer.step()
    P.grad = None
