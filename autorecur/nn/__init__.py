"""Building blocks of neural networks, with PyTorch's names: modules, layers, models, :mod:`autorecur.nn.functional`."""

from autorecur.nn import functional as functional
from autorecur.nn import init as init
from autorecur.nn import utils as utils
from autorecur.nn.containers import ModuleList as ModuleList
from autorecur.nn.containers import Sequential as Sequential
from autorecur.nn.layers import *  # noqa: F403
from autorecur.nn.models import EncoderDecoder as EncoderDecoder
from autorecur.nn.models import RecurrentStack as RecurrentStack
from autorecur.nn.models import SequenceModel as SequenceModel
from autorecur.nn.module import Module as Module
from autorecur.nn.parameter import Parameter as Parameter
from autorecur.nn.recurrent import GRU as GRU
from autorecur.nn.recurrent import LSTM as LSTM
from autorecur.nn.recurrent import RNN as RNN
from autorecur.nn.recurrent import GRUCell as GRUCell
from autorecur.nn.recurrent import LSTMCell as LSTMCell
from autorecur.nn.recurrent import Recurrent as Recurrent
from autorecur.nn.recurrent import RNNCell as RNNCell
from autorecur.nn.recurrent import record as record
from autorecur.nn.summary import summary as summary
