"""Gradients and parameters of a whole model at once, with the names of PyTorch's ``nn.utils``."""

from autorecur.nn.utils import rnn as rnn
from autorecur.nn.utils.clipping import clip_grad_norm_ as clip_grad_norm_
from autorecur.nn.utils.clipping import clip_grad_value_ as clip_grad_value_
from autorecur.nn.utils.clipping import get_total_norm as get_total_norm
from autorecur.nn.utils.vectors import parameters_to_vector as parameters_to_vector
from autorecur.nn.utils.vectors import vector_to_parameters as vector_to_parameters
