"""A small LSTM whose weights are simple numbers, in every width; run as a program, this writes its file with PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def numbers(shape: tuple[int, ...], start: int) -> Any:
    """Multiples of 1/16 between −2 and 2: exact in every dtype."""
    return (np.arange(start, start + int(np.prod(shape))) % 64 - 32).reshape(shape) / 16


def same_numbers(layer: Any) -> bool:
    """Whether a layer has the weights of the stored file."""
    return all(np.array_equal(a, numbers(a.shape, i)) for i, a in enumerate(layer.state_dict().values()))


if __name__ == "__main__":
    import torch
    from safetensors.torch import save_file

    layer = torch.nn.LSTM(3, 2)
    dtypes = [torch.bfloat16, torch.float16, torch.float32, torch.float64]
    state = {
        name: torch.tensor(numbers(tuple(p.shape), i)).to(dtype)
        for i, ((name, p), dtype) in enumerate(zip(layer.state_dict().items(), dtypes, strict=True))
    }
    save_file(state, Path(__file__).parent / "lstm.safetensors")
