"""The same walks by PyTorch. ``python -m tests.optim.stored.pytorch`` writes them beside this file.

PyTorch keeps NAdam's product of momenta in its default dtype; that is float64 here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.optim.stored.cases import BEGIN, CASES, STEPS, trail

STORED = Path(__file__).parent / "trajectories.npz"


def theirs(
    name: str, options: dict[str, Any], begin: list[np.ndarray] = BEGIN, dtype: str = "float64", steps: int = STEPS
) -> np.ndarray:
    """Where PyTorch's optimiser leads, one row a step."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        parameters = [torch.nn.Parameter(torch.tensor(array.astype(dtype))) for array in begin]
        optimizer = getattr(torch.optim, name)(parameters, **options)
        return trail(parameters, optimizer, lambda p: p.numpy(force=True), torch.tensor, steps)
    finally:
        torch.set_default_dtype(before)


def main() -> None:
    walks = {key: theirs(*case) for key, case in CASES.items()}
    np.savez_compressed(STORED, PyTorch=np.array(torch.__version__), **walks)


if __name__ == "__main__":
    main()
