"""Training: :func:`fit` runs a model over data until it is done, stopped, or no longer learns, and can go on another day."""

from autorecur.errors import CheckpointError as CheckpointError
from autorecur.train.callbacks import Callback as Callback
from autorecur.train.divergence import Diverged as Diverged
from autorecur.train.evaluation import evaluate as evaluate
from autorecur.train.fitting import fit as fit
from autorecur.train.history import Epoch as Epoch
from autorecur.train.history import History as History
from autorecur.train.history import Update as Update
from autorecur.train.training import Training as Training
from autorecur.train.weights import load_weights as load_weights
from autorecur.train.weights import save_weights as save_weights
