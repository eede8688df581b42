"""Optimisers, with PyTorch's names, arguments and trajectories, and schedules of their learning rates."""

from autorecur.optim import lr_scheduler as lr_scheduler
from autorecur.optim.adam import Adam as Adam
from autorecur.optim.adam import Adamax as Adamax
from autorecur.optim.adam import AdamW as AdamW
from autorecur.optim.adam import NAdam as NAdam
from autorecur.optim.adam import RAdam as RAdam
from autorecur.optim.adaptive import Adadelta as Adadelta
from autorecur.optim.adaptive import Adagrad as Adagrad
from autorecur.optim.adaptive import RMSprop as RMSprop
from autorecur.optim.optimizer import Optimizer as Optimizer
from autorecur.optim.sgd import SGD as SGD
