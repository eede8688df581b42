"""A checkpoint is one file, written whole; a damaged one is noticed whatever the damage, and the one before it is used."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import autorecur as ar
from autorecur.train import archive, checkpoints, training
from tests.train.small import Trained, assert_same, model

STATE = {
    "model": {"w": np.arange(6.0).reshape(2, 3), "b": np.array(0.1, np.float32)},
    "optimizer": {"state": {0: {"step": 3, "exp_avg": np.ones(2)}, 1: {}}, "param_groups": [{"betas": (0.9, 0.999)}]},
    "random": {"state": 2**127 + 1, "name": "PCG64"},
    "carried": ({"h": np.zeros((2, 1))}, None, [np.int64(3)]),
    "numbers": [0.1, -1e-300, float("inf"), True],
    "@": {"@": "a dict with the mark"},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A checkpoint, and another one before it."""
    path = tmp_path / "run.safetensors"
    checkpoints.save(path, {**STATE, "update": 1})
    checkpoints.save(path, {**STATE, "update": 2})
    return path


def same(one: Any, other: Any) -> bool:
    """Equal, arrays with their dtypes, tuples as tuples, numbers as keys."""
    if isinstance(one, dict):
        return isinstance(other, dict) and list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (np.ndarray, np.generic)):
        return isinstance(other, np.ndarray) and other.dtype == one.dtype and np.array_equal(one, other)
    return type(one) is type(other) and one == other


def test_a_state_comes_back_as_it_was(path: Path) -> None:
    """Arrays, numbers, big integers, tuples, dicts with numbers as keys; a tensor as an array."""
    assert same({**STATE, "update": 2}, checkpoints.load(path))
    checkpoints.save(path, {"h": ar.tensor([1.0, 2.0])})
    assert same({"h": np.array([1.0, 2.0])}, checkpoints.load(path))


def test_the_file_is_safetensors(path: Path) -> None:
    """Other programs read its arrays and its texts; there is nothing in it that could be run."""
    arrays = load_file(path)
    np.testing.assert_array_equal(arrays["model/w"], STATE["model"]["w"])
    assert arrays["optimizer/state/0/exp_avg"].tolist() == [1.0, 1.0]
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    texts = header["__metadata__"]
    assert (texts["format"], texts["version"]) == ("autorecur.checkpoint", "1")
    assert json.loads(texts["state"])["random"]["state"] == 2**127 + 1


def test_the_one_before_is_kept_and_nothing_else(path: Path) -> None:
    """Two files, the newest under its name."""
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name, path.name + ".previous"]
    assert checkpoints.load(path)["update"] == 2
    assert checkpoints.load(archive.previous(path))["update"] == 1


def test_every_flipped_bit_is_noticed(path: Path) -> None:
    """In the length, the table of contents, the state, the arrays: it is no checkpoint any more."""
    data = path.read_bytes()
    for place in [*range(8), *range(8, len(data), 5)]:
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        with pytest.raises(ar.train.CheckpointError, match=r"damaged|no safetensors|no checkpoint|of version"):
            checkpoints.load(path)


def test_every_cut_is_noticed(path: Path) -> None:
    """From nothing at all to the last byte missing, or one too many."""
    data = path.read_bytes()
    for length in [*range(0, len(data), 7), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(ar.train.CheckpointError, match=r"damaged|no safetensors"):
            checkpoints.load(path)
    path.write_bytes(data + b"\0")
    with pytest.raises(ar.train.CheckpointError, match="bytes where"):
        checkpoints.load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps({"model": 1}), "no safetensors file"),
        (b"h[t] = tanh(U h[t-1])\n", "no safetensors file"),
        (archive.encoded({"w": np.ones(2)}, {"format": "pt"}, False), "no checkpoint of a training; .*load_weights"),
        (archive.encoded({}, {"format": "autorecur.checkpoint", "version": "7", "state": "{}"}, True), "of version 7"),
        (archive.encoded({}, {"format": "autorecur.checkpoint", "version": "1", "state": "{}"}, False), "no checksum"),
        (archive.encoded({}, {"format": "autorecur.checkpoint", "version": "1", "state": "["}, True), "do not belong"),
        (
            archive.encoded(
                {}, {"format": "autorecur.checkpoint", "version": "1", "state": '{"w": {"@": "array"}}'}, True
            ),
            "do not belong together",
        ),
        (
            archive.encoded({}, {"format": "autorecur.checkpoint", "version": "1", "state": "[" * 100_000}, True),
            "do not belong together",
        ),
        (
            (58).to_bytes(8, "little") + b'{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,1e999]}}',
            "its header makes no sense",
        ),
    ],
    ids=[
        "pickle",
        "text",
        "weights",
        "version",
        "checksum",
        "state",
        "arrays",
        "nested",
        "infinite",
    ],  # contents are not the same in each process
)
def test_what_is_no_checkpoint_is_told(content: bytes, message: str, tmp_path: Path) -> None:
    """A pickle, a text, weights alone, another version, an empty one."""
    path = tmp_path / "run"
    path.write_bytes(content)
    with pytest.raises(ar.train.CheckpointError, match=message):
        checkpoints.load(path)
    with pytest.raises(ar.train.CheckpointError, match="there is none before it"):
        checkpoints.latest(path)


def test_the_newest_that_can_be_read(path: Path) -> None:
    """The file itself; the one before if it is damaged or gone; an error if both are; nothing if there are none."""
    assert checkpoints.latest(path)[0]["update"] == 2
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    state, found, problem = checkpoints.latest(path)
    assert (state["update"], found.name) == (1, path.name + ".previous")
    assert problem.startswith(f"{path} is damaged: it has {len(whole) - 1:,} bytes where")
    path.unlink()
    assert checkpoints.latest(path)[0]["update"] == 1
    archive.previous(path).write_bytes(b"")
    with pytest.raises(ar.train.CheckpointError, match=r"the one before it does not help: .* it is empty"):
        checkpoints.latest(path)
    archive.previous(path).unlink()
    assert checkpoints.latest(path) == (None, path, "")


def test_a_training_goes_on_from_the_one_before(tmp_path: Path) -> None:
    """It says so, and gives what an unbroken run gives."""
    whole, run = Trained("plain", tmp_path), Trained("plain", tmp_path)
    history = whole.fit(epochs=3)
    run.fit(epochs=3, updates=7, checkpoint=run.path, checkpoint_every=3)
    run.path.write_bytes(run.path.read_bytes()[:-9])
    with pytest.warns(RuntimeWarning, match=r"is damaged: .*; going on from .*\.previous, the one before, at update 6"):
        again = run.fit(epochs=3, checkpoint=run.path, resume=True)
    assert again == history
    assert_same(run.numbers(), whole.numbers())


STAGES = ["open", "fsync", "unlink", "link", "replace", "replace again", "sync the folder"]


@pytest.mark.parametrize("stage", STAGES)
def test_whenever_it_ends_there_is_a_whole_checkpoint(stage: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies before one of its calls to the system: the old one or the new one, and the next can be written."""

    class Killed(BaseException):
        """No handler of the package sees it."""

    left = 2 if "again" in stage else 1

    def die(original: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if not left:
                raise Killed
            return original(*arguments, **named)

        return call

    owner, name = {
        "open": (archive, "open"),
        "unlink": (archive.Path, "unlink"),
        "sync the folder": (archive, "_sync_folder"),
    }.get(stage, (archive.os, stage.split()[0]))
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, die(getattr(owner, name, open)), raising=False)
        with pytest.raises(Killed):
            checkpoints.save(path, {**STATE, "update": 3})
    state, found, problem = checkpoints.latest(path)
    assert (found, problem) == (path, "")
    assert state["update"] == (3 if stage == "sync the folder" else 2)
    checkpoints.save(path, {**STATE, "update": 4})
    assert checkpoints.latest(path)[0]["update"] == 4
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name, path.name + ".previous"]


def test_weights_are_taken_from_a_checkpoint(tmp_path: Path) -> None:
    """The best ones, which are those that the model has in the end."""
    run = Trained("plain", tmp_path)
    run.fit(epochs=5, checkpoint=run.path)
    other = model(seed=3)
    ar.train.load_weights(other, run.path)
    assert_same(other.state_dict(), run.numbers())


def test_the_last_checkpoint_knows_how_the_last_epoch_was_judged(tmp_path: Path) -> None:
    """Also if one was written behind its last update: the best weights may be those."""
    run = Trained("plain", tmp_path)
    for every in (1, 4):
        history = run.fit(epochs=3, checkpoint=run.path, checkpoint_every=every)
        state = checkpoints.load(run.path)
        assert len(state["history"]["epochs"]) == 3
        other = model(seed=3)
        ar.train.load_weights(other, run.path)
        assert_same(other.state_dict(), run.numbers())
        assert history.best.validation == state["best"]["best"]


def test_a_checkpoint_is_written_every_so_many_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless updates are counted; then behind each of so many."""
    seen: list[int] = []
    monkeypatch.setattr(training.checkpoints, "save", lambda path, state: seen.append(state["update"]))
    run = Trained("list", tmp_path)
    run.fit(epochs=2, checkpoint=run.path)
    assert seen == [6]
    monkeypatch.setattr(training, "BETWEEN_CHECKPOINTS", 0.0)
    run.fit(epochs=2, checkpoint=run.path)
    assert seen[1:] == [1, 2, 3, 4, 5, 6, 6]
    run.fit(epochs=2, checkpoint=run.path, checkpoint_every=4)
    assert seen[8:] == [4, 6]
    run.fit(updates=4, checkpoint=run.path, checkpoint_every=4)
    assert seen[10:] == [4]


def test_a_checkpoint_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """In the middle of a training it is a warning; at the beginning it is an error."""
    folder = tmp_path / "folder"
    folder.mkdir()
    run = Trained("list", folder)

    def remove(training: Any) -> None:
        shutil.rmtree(folder, ignore_errors=True)

    vanishing = type("Vanishing", (), {"on_update": lambda self, training: remove(training)})()
    with pytest.warns(RuntimeWarning, match="there is no folder .*; the training goes on without this checkpoint"):
        assert len(run.fit(epochs=2, checkpoint=run.path, checkpoint_every=2, callbacks=vanishing).epochs) == 2
    with pytest.raises(ar.train.CheckpointError, match="there is no folder"):
        run.fit(epochs=2, checkpoint=run.path)


def test_a_state_that_cannot_be_stored_is_told(tmp_path: Path) -> None:
    """By its path; and no file is half written."""
    with pytest.raises(ar.DtypeError, match=r"callbacks/0/f: a state that is to be stored holds .*, no function"):
        checkpoints.save(tmp_path / "run", {"callbacks": [{"f": lambda: None}]})
    with pytest.raises(ar.DtypeError, match="w: an array of complex128 cannot be stored"):
        checkpoints.save(tmp_path / "run", {"w": np.array([1j])})
    assert not list(tmp_path.iterdir())


def test_a_file_system_without_links_keeps_the_one_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a copy."""

    def refuse(*names: Any) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(archive.os, "link", refuse)
    checkpoints.save(path, {"update": 3})
    assert checkpoints.load(archive.previous(path))["update"] == 2


def test_paths_that_read_alike_are_kept_apart(tmp_path: Path) -> None:
    """A key with a slash, and a number beside its digits."""
    state = {"a": {"b": np.ones(1)}, "a/b": np.zeros(1), "n": {1: np.ones(2), "1": np.zeros(2), "1#2": np.arange(2)}}
    checkpoints.save(tmp_path / "run", {"s": state})
    assert same(state, checkpoints.load(tmp_path / "run")["s"])


def test_what_a_link_points_at_is_replaced(tmp_path: Path) -> None:
    """The link stays, and the one before lies beside the file."""
    (tmp_path / "disk").mkdir()
    link = tmp_path / "run"
    link.symlink_to(tmp_path / "disk" / "run")
    for update in (1, 2):
        checkpoints.save(link, {"update": update})
    assert link.is_symlink()
    assert checkpoints.load(tmp_path / "disk" / "run")["update"] == 2
    assert sorted(each.name for each in tmp_path.rglob("run*")) == ["run", "run", "run.previous"]
    (tmp_path / "disk" / "run").write_bytes(b"")
    assert checkpoints.latest(link)[0] == {"update": 1}


@pytest.mark.parametrize("part", ["model", "update", "mean", "optimizer", "history", "data"])
@pytest.mark.parametrize("wrong", [None, 5, "x", [1]])
def test_a_state_with_a_strange_part_is_told(part: str, wrong: Any, tmp_path: Path) -> None:
    """In a whole file with the right checksum."""
    run = Trained("list", tmp_path)
    run.fit(epochs=1, checkpoint=run.path)
    if (part, wrong) == ("update", 5):
        return
    checkpoints.save(run.path, {**checkpoints.load(run.path), part: wrong})
    archive.previous(run.path).unlink()
    with pytest.raises(ar.train.CheckpointError):
        run.fit(epochs=2, checkpoint=run.path, resume=True)


def test_a_disk_that_is_full_leaves_what_was_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is the system's, in a sentence; the newest checkpoint is as it was."""

    def refuse(handle: int) -> None:
        raise OSError(28, "No space left on device")

    before = path.read_bytes()
    monkeypatch.setattr(archive.os, "fsync", refuse)
    with pytest.raises(ar.train.CheckpointError, match="cannot be written: No space left on device"):
        checkpoints.save(path, {"update": 3})
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 2
