"""Recurrent layers: the built-in cells with PyTorch's weights, and any cell as a layer."""

from autorecur.nn.recurrent.any_cell import Recurrent as Recurrent
from autorecur.nn.recurrent.cells import GRUCell as GRUCell
from autorecur.nn.recurrent.cells import LSTMCell as LSTMCell
from autorecur.nn.recurrent.cells import RNNCell as RNNCell
from autorecur.nn.recurrent.layers import GRU as GRU
from autorecur.nn.recurrent.layers import LSTM as LSTM
from autorecur.nn.recurrent.layers import RNN as RNN
from autorecur.nn.recurrent.recording import record as record
