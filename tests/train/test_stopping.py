"""Patience counts epochs in a row."""

from __future__ import annotations

import math

from autorecur.train.stopping import EarlyStopping
from tests.train.small import assert_same, model


def test_an_improvement_begins_the_count_anew() -> None:
    """Two epochs that were no better, in a row; as good as the best is no better, and neither is nan."""
    stopping, net = EarlyStopping(2), model()
    due = []
    for loss in (3.0, 4.0, 2.0, 5.0, 1.0, 1.0, math.nan):
        stopping.judge(loss, net)
        due.append(stopping.is_due)
    assert due == [False] * 6 + [True]
    assert stopping.best == 1.0


def test_the_weights_are_copies() -> None:
    """Those of the best epoch, though the model went on."""
    stopping, net = EarlyStopping(1), model()
    stopping.judge(1.0, net)
    kept = net.state_dict()
    net.readout.weight.data = net.readout.weight.numpy() + 1
    stopping.judge(2.0, net)
    stopping.restore(net)
    assert_same(net.state_dict(), kept)
