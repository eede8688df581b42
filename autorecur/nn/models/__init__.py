"""Models for sequences: a recurrence between what reads tokens and what gives answers."""

from autorecur.nn.models.encoder_decoder import EncoderDecoder as EncoderDecoder
from autorecur.nn.models.sequence_model import SequenceModel as SequenceModel
from autorecur.nn.models.stack import RecurrentStack as RecurrentStack
