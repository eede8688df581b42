"""Building blocks of neural networks, with PyTorch's names: :mod:`autorecur.nn.functional`."""

from autorecur.nn import functional as functional
