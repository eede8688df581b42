"""Are compiled recurrences right? A random call of a random cell, compiled, beside the tape and beside the printed equations.

``python -m autorecur.testing.compiled --cells 1000`` tries as many as one likes.
"""

from autorecur.testing.compiled.calls import Call as Call
from autorecur.testing.compiled.calls import drawn as drawn
from autorecur.testing.compiled.comparison import Refused as Refused
from autorecur.testing.compiled.comparison import compare as compare
from autorecur.testing.compiled.comparison import compare_with_derivation as compare_with_derivation
