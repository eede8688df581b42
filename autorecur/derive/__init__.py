from autorecur.derive.derivation import Derivation as Derivation
from autorecur.derive.derivation import derive as derive
