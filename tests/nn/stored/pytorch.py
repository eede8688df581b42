"""The same layers by PyTorch. ``python -m tests.nn.stored.pytorch`` writes what it computes beside this file.

The file holds PyTorch's version and, for each case, what was given and what came out, so that the comparison runs without.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.nn.stored.cases import CASES, UNIT, Arrays, Case, drawn, flat, named_results, weights_of

STORED = Path(__file__).parent / "recurrent.npz"


def theirs(case: Case, given: Arrays) -> Arrays:
    """Results of PyTorch's layer, and the gradients of ⟨cotangents, results⟩ by everything that was given."""
    layer = case.layer_of(torch.nn).double().train(case.training)
    layer.load_state_dict({name: torch.tensor(array) for name, array in weights_of(given).items()})
    leaves = {
        name: torch.tensor(array, requires_grad=True) for name, array in given.items() if name in ("x", "h_0", "c_0")
    }
    hx: Any = tuple(leaves[f"{state}_0"] for state in case.states) if case.started else None
    if hx and len(hx) == 1:
        hx = hx[0]
    results = named_results(case, _called(case, layer, leaves["x"], hx))
    loss: Any = sum((value * torch.tensor(given[f"cotangent {name}"])).sum() for name, value in results.items())
    loss.backward()
    leaves |= {f"weight {name}": parameter for name, parameter in layer.named_parameters()}
    return {
        **{name: value.numpy(force=True) for name, value in results.items()},
        **{f"gradient {name}": leaf.grad.numpy() for name, leaf in leaves.items()},
    }


def _called(case: Case, layer: Any, x: Any, hx: Any) -> Any:
    if case.lengths is None:
        return layer(x, hx)
    first = bool(case.settings.get("batch_first"))
    packed = pack_padded_sequence(x, torch.tensor(case.lengths), first, enforce_sorted=False)
    output, last = layer(packed, hx)
    return pad_packed_sequence(output, first, total_length=case.steps)[0], last


def main() -> None:
    arrays: Arrays = {"PyTorch": np.array(torch.__version__)}
    for seed, (name, case) in enumerate(CASES.items()):
        given = drawn(case, seed)
        arrays[f"{name}/given"] = (flat(given) / UNIT).astype(np.int8)
        arrays[f"{name}/found"] = flat(theirs(case, given))
    np.savez_compressed(STORED, **arrays)


if __name__ == "__main__":
    main()
