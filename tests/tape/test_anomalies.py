"""Where the first NaN or infinity comes from."""

from __future__ import annotations

import re

import numpy as np
import pytest

import autorecur as ar


def test_a_value_is_traced_to_op_index_and_line() -> None:
    """Forward: the op that made it."""
    x = ar.tensor([[1.0, 2.0], [0.0, 3.0]])
    with pytest.raises(ar.AnomalyError) as caught, np.errstate(all="ignore"), ar.debug_anomalies():
        ar.log(x) * 2  # the line
    text = str(caught.value)
    assert re.fullmatch(r"log gave -inf at index \(1, 0\)\n  in .*test_anomalies\.py, line \d+: .*# the line", text)


def test_a_gradient_is_traced_to_the_line_of_the_forward_op() -> None:
    """Backward: the op whose derivative it is, and where it ran."""
    x = ar.tensor([4.0, 0.0], requires_grad=True)
    with ar.debug_anomalies():
        y = ar.sqrt(x)  # forward
        with pytest.raises(ar.AnomalyError) as caught:
            y.sum().backward()
    text = str(caught.value)
    assert text.startswith("the derivative of sqrt by its input 0 gave inf at index (1,)\n  which ran in ")
    assert text.endswith("y = ar.sqrt(x)  # forward")


def test_an_input_that_is_not_finite_is_named() -> None:
    """The op is not to blame."""
    with (
        pytest.raises(ar.AnomalyError, match=r"^input 1 of multiply holds nan at index \(2,\)\n"),
        ar.debug_anomalies(),
    ):
        ar.tensor([1.0, 2.0, 3.0]) * np.array([1.0, 2.0, np.nan])


def test_outside_nothing_is_looked_at() -> None:
    """Not before and not after, also after an error."""
    x = ar.tensor([0.0])
    with np.errstate(all="ignore"):
        with pytest.raises(ar.AnomalyError), ar.debug_anomalies():
            ar.log(x)
        assert ar.log(x).tolist() == [-np.inf]


def test_it_is_a_floating_point_error() -> None:
    """Who catches FloatingPointError catches it."""
    assert issubclass(ar.AnomalyError, FloatingPointError)


def test_the_line_is_the_users_in_a_second_derivative() -> None:
    """Not one of NumPy's decorators."""
    with pytest.raises(ar.AnomalyError) as caught, ar.debug_anomalies():
        ar.grad(ar.grad(lambda x: ar.sqrt(x) * x))(0.0)
    assert "test_anomalies.py" in str(caught.value)
