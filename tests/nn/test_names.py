"""The room as a whole: every promised name is there, described, with an example, and loaded only when it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import autorecur as ar

F = ar.nn.functional
PROMISED = """sigmoid relu leaky_relu elu selu celu gelu silu mish softplus softsign hardsigmoid hardtanh logsigmoid softmax
log_softmax linear layer_norm dropout embedding one_hot mse_loss l1_loss huber_loss smooth_l1_loss cross_entropy nll_loss
binary_cross_entropy binary_cross_entropy_with_logits"""


def test_promised_names() -> None:
    """No name is missing."""
    assert set(PROMISED.split()) <= set(F.__all__)


@pytest.mark.parametrize("name", F.__all__)
def test_descriptions(name: str) -> None:
    """Each function says what it does and shows an example."""
    assert ">>> import autorecur as ar" in (getattr(F, name).__doc__ or "")


def test_the_room_is_loaded_when_it_is_used() -> None:
    """``import autorecur`` loads neither this room nor the random numbers; ``ar.nn`` needs no further import."""
    statement = (
        "import autorecur as ar, sys; before = set(sys.modules); ar.nn.functional.relu(1.0); ar.manual_seed(1);"
        "print([name in before for name in ('autorecur.nn', 'autorecur.random', 'numpy')], 'scipy' in sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", statement], capture_output=True, check=True, text=True)
    assert finished.stdout.strip() == "[False, False, False] False"
