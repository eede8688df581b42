"""Schedules: learning rates that change from epoch to epoch, or from update to update, whatever ``step()`` counts.

Most schedules are one function of time, the factor f(t) that stands before the learning rate that a group began with.
``step()`` multiplies what the group has by f(t) / f(t − 1), so that several schedules can act on one optimiser at once.
"""

from autorecur.optim.lr_scheduler.plateau import ReduceLROnPlateau as ReduceLROnPlateau
from autorecur.optim.lr_scheduler.scheduler import LRScheduler as LRScheduler
from autorecur.optim.lr_scheduler.sequential import SequentialLR as SequentialLR
from autorecur.optim.lr_scheduler.times import ConstantLR as ConstantLR
from autorecur.optim.lr_scheduler.times import CosineAnnealingLR as CosineAnnealingLR
from autorecur.optim.lr_scheduler.times import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from autorecur.optim.lr_scheduler.times import ExponentialLR as ExponentialLR
from autorecur.optim.lr_scheduler.times import LambdaLR as LambdaLR
from autorecur.optim.lr_scheduler.times import LinearLR as LinearLR
from autorecur.optim.lr_scheduler.times import MultiStepLR as MultiStepLR
from autorecur.optim.lr_scheduler.times import StepLR as StepLR
