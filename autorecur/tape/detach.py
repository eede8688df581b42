"""Values without their history, in whatever they are arranged: for truncated backpropagation by hand."""

from __future__ import annotations

from typing import Any

from autorecur.tape.tensor import Tensor
from autorecur.tape.trees import flatten


def detach(x: Any) -> Any:
    """The same numbers without history, so that no gradient flows past this point.

    ``x`` is a tensor, or a nested dict, list, tuple or other mapping of tensors, such as the last states of a run; a
    mapping comes back as a dict. Each tensor is replaced by a new one that shares its numbers and requires no gradient, as by
    :meth:`Tensor.detach`; anything else is returned as it is. Inside ``ar.grad`` and the other transforms the result
    is a constant.

    Training on a long sequence piece by piece, where the states of one piece begin the next (truncated backpropagation
    through time, Williams and Peng 1990):

    >>> import numpy as np
    >>> import autorecur as ar
    >>> cell = ar.cells["rnn"]
    >>> params = {name: ar.tensor(p, requires_grad=True) for name, p in cell.init({"n_x": 2, "n_h": 3, "n_y": 1}).items()}
    >>> states = None
    >>> for piece in np.split(np.ones((12, 4, 2)), 3):
    ...     out = cell.run(piece, params, initial=states)
    ...     out["h"].sum().backward()
    ...     states = ar.detach({name: out.last[name] for name in cell.states})
    >>> states["h"].shape, states["h"].requires_grad
    ((4, 3), False)
    """
    leaves, rebuild = flatten(x)
    return rebuild([leaf.detach() if isinstance(leaf, Tensor) else leaf for leaf in leaves])
