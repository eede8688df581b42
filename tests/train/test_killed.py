"""A process that is killed in the middle of a checkpoint loses at most what came after the last one."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from autorecur.train import History, checkpoints
from tests.train.killed import train
from tests.train.small import assert_same

ROOT = Path(__file__).resolve().parent.parent.parent


def run_until_killed(folder: Path, count: int, updates: int, draw: random.Random) -> bool:
    """Starts the program and kills it at a random moment behind so many updates; False if it was done before."""
    command = [sys.executable, "-W", "error", "-m", "tests.train.killed", str(folder), str(count)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for done, _ in enumerate(process.stdout, 1):
            if done == updates:
                time.sleep(draw.random() * 0.03)
                process.kill()
                break
        process.stdout.read()
    return process.returncode < 0


def check(folder: Path, count: int, kills: int, seed: int) -> None:
    whole, history = train(folder, count)
    (folder / "history.json").unlink()
    draw = random.Random(seed)
    killed = sum(run_until_killed(folder, count, draw.randint(1, 4), draw) for _ in range(kills))
    assert killed == kills
    state, _, problem = checkpoints.latest(folder / "cut.safetensors")
    assert state is not None
    assert not problem  # there is a complete one under the first name, always
    assert not run_until_killed(folder, count, 1000, draw)
    assert History.load(folder / "history.json") == history
    with np.load(folder / "weights.npz") as found:
        assert_same(dict(found), whole.numbers())


def test_killed_in_the_middle_of_a_checkpoint(tmp_path: Path) -> None:
    """Weights and history are those of a run that nobody killed, to the bit."""
    check(tmp_path, 200_000, kills=1, seed=0)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_killed_many_times(seed: int, tmp_path: Path) -> None:
    """The same with checkpoints of some megabytes, killed again and again."""
    check(tmp_path, 1_000_000, kills=5, seed=seed)
