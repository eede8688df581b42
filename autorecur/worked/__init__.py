"""A worked example: the derivation's own equations in small decimal numbers, to be redone with a pocket calculator."""

from autorecur.worked.absent import NoExampleError as NoExampleError
from autorecur.worked.example import WorkedExample as WorkedExample
from autorecur.worked.example import worked_example as worked_example
